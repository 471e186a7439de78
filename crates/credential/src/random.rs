//! Recovery codes, and what is stored of them and of other random texts: SHA-256. They are random,
//! so a slow hash would add nothing.

use sha2::{Digest, Sha256};

use crate::totp::base32;

/// Recovery codes of a person.
pub const RECOVERY_CODES: usize = 10;

/// A recovery code: 80 bits in four groups of four, such as `k5ge-2qow-ny7d-aarm`.
#[must_use]
pub fn recovery_code(random: [u8; 10]) -> String {
    let code = base32(&random).to_lowercase();
    code.as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect::<Vec<_>>()
        .join("-")
}

/// What is stored of a recovery code, however it was typed: 64 hexadecimal digits.
#[must_use]
pub fn hash_of_recovery_code(typed: &str) -> String {
    let plain: String = typed
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    hash(&plain)
}

/// What is stored of the token of an invitation: 64 hexadecimal digits.
#[must_use]
pub fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_may_be_typed_in_any_way() {
        let code = recovery_code([7; 10]);
        assert_eq!(code, "a4dq-obyh-a4dq-obyh");
        let stored = hash_of_recovery_code(&code);
        assert_eq!(stored.len(), 64);
        for typed in ["A4DQ-OBYH-A4DQ-OBYH", " a4dqobyha4dqobyh ", "a4dq obyh a4dq obyh"] {
            assert_eq!(hash_of_recovery_code(typed), stored, "{typed}");
        }
        assert_ne!(hash_of_recovery_code("a4dq-obyh-a4dq-obyg"), stored);
    }
}
