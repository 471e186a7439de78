//! Whether somebody who signs in is the person that they name.

use crate::random::hash_of_recovery_code;
use crate::{password, totp};

/// What is known of the person that was named. Empty where there is none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Account<'a> {
    /// The stored password.
    pub password: Option<&'a str>,
    /// Whether nothing of theirs counts.
    pub is_suspended: bool,
    /// Whether they sign in with one-time codes.
    pub has_code: bool,
    /// The secret of these codes; `None` where the server cannot open it.
    pub secret: Option<&'a [u8]>,
    /// The step of the last code that was accepted.
    pub last_step: i64,
    /// The hashes of the recovery codes that are left.
    pub recovery: &'a [String],
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It is not the person, or they may not sign in.
    Failed,
    /// The password is right, and a code is missing.
    CodeNeeded,
    /// By the password alone.
    ByPassword,
    /// By the code of this step.
    ByCode(i64),
    /// By the recovery code with this hash, which counts no more.
    ByRecovery(String),
}

/// Compares password and code. It takes as long for a person who does not exist, has no password or
/// is suspended.
#[must_use]
pub fn prove(account: &Account<'_>, password: &str, code: Option<&str>, now_ms: i64) -> Proof {
    if !password::is_of(account.password, password) || account.is_suspended {
        return Proof::Failed;
    }
    if !account.has_code {
        return Proof::ByPassword;
    }
    let Some(code) = code else { return Proof::CodeNeeded };
    if totp::is_code(code) {
        let step =
            account.secret.and_then(|key| totp::accepted(key, code, now_ms, account.last_step));
        return step.map_or(Proof::Failed, Proof::ByCode);
    }
    let hash = hash_of_recovery_code(code);
    if account.recovery.contains(&hash) { Proof::ByRecovery(hash) } else { Proof::Failed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::recovery_code;

    #[test]
    fn sign_ins_and_their_outcomes() {
        const RIGHT: &str = "a-long-way-home";
        let stored = password::hash(RIGHT, [1; password::SALT]).unwrap();
        let secret = [9u8; totp::SECRET];
        let at = 1_767_000_000_000;
        let now = totp::step(at);
        let recovery = recovery_code([3; 10]);
        let left = [hash_of_recovery_code(&recovery)];
        let plain = Account { password: Some(&stored), ..Account::default() };
        let coded = Account {
            has_code: true,
            secret: Some(&secret),
            last_step: now - 5,
            recovery: &left,
            ..plain
        };
        let suspended = Account { is_suspended: true, ..coded };
        let locked_in = Account { secret: None, ..coded };
        let used = Account { last_step: now, ..coded };
        let code = totp::code(&secret, now);
        let (hash, typed) = (left[0].clone(), recovery.to_uppercase());
        let (code, typed) = (Some(code.as_str()), Some(typed.as_str()));
        for (what, account, password, code, outcome) in [
            ("nobody", Account::default(), RIGHT, None, Proof::Failed),
            ("nobody, with a code", Account::default(), RIGHT, code, Proof::Failed),
            ("right", plain, RIGHT, None, Proof::ByPassword),
            ("right, with a code too many", plain, RIGHT, code, Proof::ByPassword),
            ("wrong", plain, "a-long-way-hom", None, Proof::Failed),
            ("no password", plain, "", None, Proof::Failed),
            ("without the code", coded, RIGHT, None, Proof::CodeNeeded),
            ("wrong, without the code", coded, "wrong", None, Proof::Failed),
            ("with the code", coded, RIGHT, code, Proof::ByCode(now)),
            ("wrong, with the code", coded, "wrong", code, Proof::Failed),
            ("another code", coded, RIGHT, Some("000000"), Proof::Failed),
            ("the code again", used, RIGHT, code, Proof::Failed),
            ("an empty code", coded, RIGHT, Some(""), Proof::Failed),
            ("a recovery code", coded, RIGHT, typed, Proof::ByRecovery(hash.clone())),
            ("wrong, with a recovery code", coded, "wrong", typed, Proof::Failed),
            ("another recovery code", coded, RIGHT, Some("a4dq-obyh-a4dq-obyh"), Proof::Failed),
            ("suspended", suspended, RIGHT, code, Proof::Failed),
            ("suspended, without the code", suspended, RIGHT, None, Proof::Failed),
            ("the secret cannot be opened", locked_in, RIGHT, code, Proof::Failed),
            ("which a recovery code helps", locked_in, RIGHT, typed, Proof::ByRecovery(hash)),
        ] {
            assert_eq!(prove(&account, password, code, at), outcome, "{what}");
        }
    }
}
