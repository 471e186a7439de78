//! Ids and other names of members: which ids may be given, and how one address or number is always
//! spelt alike.

use ledger::{Member, MemberId, Refusal};

use crate::rulebook::Rulebook;

/// Names whose spelling is made alike.
const PHONE: &str = "phone";
const EMAIL: &str = "email";

/// Whether an id is a mistake or an attack wherever it turns up: a step in a path, a formula, or a
/// number whose digits a spreadsheet has lost.
#[must_use]
pub fn is_mistaken(id: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match id.as_bytes().first() {
        _ if matches!(id, "." | "..") => true,
        Some(b'=' | b'@' | b'-') => true,
        // Telephone numbers are ids for many.
        Some(b'+') => !id.strip_prefix('+').is_some_and(is_number),
        Some(b'0'..=b'9') => {
            let Some((mantissa, exponent)) = id.split_once(['e', 'E']) else { return false };
            let signed = exponent.strip_prefix(['+', '-']);
            let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
            // Without sign and point it may be a code, such as 3E123.
            let is_told = signed.is_some() || mantissa.contains('.');
            is_told && is_number(whole) && is_number(part) && is_number(signed.unwrap_or(exponent))
        }
        _ => false,
    }
}

/// Whether an account may be opened under that id: it is no mistake, and of one of the programme's
/// patterns.
#[must_use]
pub fn may_be_id(book: &Rulebook, id: &str) -> bool {
    let patterns = &book.document.members.id_patterns;
    let fits = || {
        patterns.is_empty()
            || patterns.iter().any(|pattern| matches(pattern.as_bytes(), id.as_bytes()))
    };
    !is_mistaken(id) && fits()
}

/// Why no account may be opened under that id. Accounts that are there keep theirs.
pub(crate) fn may_open(book: &Rulebook, member: &Member) -> Result<(), Refusal> {
    let is_new = !member.exists() && !member.id.is_alias();
    if is_new && !may_be_id(book, member.id.as_str()) {
        Err(Refusal::MemberIdRefused)
    } else {
        Ok(())
    }
}

/// `#` is a digit, `&` a letter, `?` any character, `*` any number of them; all else stands for
/// itself.
fn matches(pattern: &[u8], id: &[u8]) -> bool {
    let (mut pattern_at, mut id_at) = (0, 0);
    // The last star, and what of the id it has taken: all that may have to be tried again.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = id.get(id_at) {
        let fits = match pattern.get(pattern_at) {
            Some(b'*') => {
                star = Some((pattern_at, id_at));
                pattern_at += 1;
                continue;
            }
            Some(b'#') => byte.is_ascii_digit(),
            Some(b'&') => byte.is_ascii_alphabetic(),
            Some(b'?') => true,
            Some(other) => other == byte,
            None => false,
        };
        match (fits, star) {
            (true, _) => (pattern_at, id_at) = (pattern_at + 1, id_at + 1),
            (false, Some((at, taken))) => {
                star = Some((at, taken + 1));
                (pattern_at, id_at) = (at + 1, taken + 1);
            }
            (false, None) => return false,
        }
    }
    pattern.get(pattern_at..).is_none_or(|rest| rest.iter().all(|byte| *byte == b'*'))
}

/// A name (`phone:13800000000`) as it is kept, so that one address is one person: e-mail addresses
/// in small letters, telephone numbers as in E.164. `country_code` is that of numbers which do not
/// tell theirs. `None` for what is no such address or number.
#[must_use]
pub fn normalised(name: &str, country_code: Option<&str>) -> Option<String> {
    let (kind, value) = name.split_once(':')?;
    match kind {
        EMAIL => {
            let (local, domain) = value.split_once('@')?;
            let is_address = !local.is_empty() && domain.contains('.') && !domain.contains('@');
            is_address.then(|| name.to_ascii_lowercase())
        }
        PHONE => Some(format!("{PHONE}:{}", phone(value, country_code)?)),
        _ => Some(name.to_owned()),
    }
}

fn phone(value: &str, country_code: Option<&str>) -> Option<String> {
    let (is_international, rest) = match (value.strip_prefix('+'), value.strip_prefix("00")) {
        (Some(rest), _) | (None, Some(rest)) => (true, rest),
        (None, None) => (false, value),
    };
    let digits: String = rest.chars().filter(|c| !matches!(c, '-' | '.')).collect();
    if !(3..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let Some(code) = country_code.filter(|_| !is_international) else {
        return if is_international {
            (!digits.starts_with('0')).then(|| format!("+{digits}"))
        } else {
            Some(digits)
        };
    };
    // The country's own code without a plus: what is left is a whole number.
    let has_code = digits.strip_prefix(code).is_some_and(|rest| rest.len() >= 9);
    let national = digits.strip_prefix('0').unwrap_or(&digits);
    Some(if has_code { format!("+{digits}") } else { format!("+{code}{national}") })
}

/// How else a name may be kept from before its spelling was made alike; without the one that is
/// asked for.
#[must_use]
pub fn other_spellings(name: &str, country_code: Option<&str>) -> Vec<String> {
    let mut spellings: Vec<String> = normalised(name, country_code).into_iter().collect();
    if let Some(number) =
        spellings.first().and_then(|name| name.strip_prefix("phone:+")).map(str::to_owned)
    {
        let national = country_code.and_then(|code| number.strip_prefix(code));
        spellings.extend(national.map(|national| format!("{PHONE}:{national}")));
        spellings.push(format!("{PHONE}:{number}"));
        spellings.push(format!("{PHONE}:00{number}"));
    }
    spellings.retain(|spelling| spelling != name);
    spellings
}

/// The same for an id in a request: `~phone:…`.
#[must_use]
pub fn spellings_of(id: &MemberId, country_code: Option<&str>) -> Vec<MemberId> {
    let name = id.as_str().strip_prefix('~');
    let spellings = name.map(|name| other_spellings(name, country_code)).unwrap_or_default();
    spellings.into_iter().filter_map(|name| MemberId::new(format!("~{name}")).ok()).collect()
}

/// Whether names of that kind are spelt alike.
#[must_use]
pub fn has_spellings(id: &MemberId) -> bool {
    id.as_str()
        .strip_prefix('~')
        .and_then(|name| name.split_once(':'))
        .is_some_and(|(kind, _)| matches!(kind, PHONE | EMAIL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_no_ids() {
        for id in [
            ".", "..", "=1+1", "@SUM", "-1", "-x", "+1+1", "+", "+1-2", "1.39E+10", "1E+10",
            "1.5e7", "2e-3",
        ] {
            assert!(is_mistaken(id), "{id}");
        }
        for id in [
            "m-1",
            "+8613800000000",
            "007001",
            "3E123",
            "9e12345678",
            "a@b.example",
            "1.5",
            "e+1",
            "...",
            "1Ex+1",
        ] {
            assert!(!is_mistaken(id), "{id}");
        }
    }

    #[test]
    fn patterns_fit_whole_ids() {
        for (pattern, id, fits) in [
            ("1##########", "13800000000", true),
            ("1##########", "1380000000", false),
            ("1##########", "138000000000", false),
            ("1##########", "1.39E+10", false),
            ("M-&#*", "M-x7", true),
            ("M-&#*", "M-x7yz", true),
            ("M-&#*", "M-77", false),
            ("*-?", "a-b-c", true),
            ("*-?", "a-b-", false),
            ("*", "", true),
            ("*a*b*", "xxaxxaxxb", true),
            ("*a*b*", "xxbxxa", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), id.as_bytes()), fits, "{pattern} {id}");
        }
    }

    #[test]
    fn one_number_is_spelt_in_one_way() {
        for (name, code, kept) in [
            ("phone:13800000000", Some("86"), Some("phone:+8613800000000")),
            ("phone:+8613800000000", Some("86"), Some("phone:+8613800000000")),
            ("phone:8613800000000", Some("86"), Some("phone:+8613800000000")),
            ("phone:008613800000000", Some("86"), Some("phone:+8613800000000")),
            ("phone:138-0000-0000", Some("86"), Some("phone:+8613800000000")),
            ("phone:010-12345678", Some("86"), Some("phone:+861012345678")),
            ("phone:0171.2345678", Some("49"), Some("phone:+491712345678")),
            ("phone:+12125550100", Some("86"), Some("phone:+12125550100")),
            ("phone:13800000000", None, Some("phone:13800000000")),
            ("phone:+8613800000000", None, Some("phone:+8613800000000")),
            ("phone:1.39E+10", Some("86"), None),
            ("phone:666", Some("86"), Some("phone:+86666")),
            ("phone:+0138", Some("86"), None),
            ("phone:x", None, None),
            ("email:Li.Lei@Example.COM", None, Some("email:li.lei@example.com")),
            ("email:li", None, None),
            ("card:AbC", Some("86"), Some("card:AbC")),
        ] {
            assert_eq!(normalised(name, code).as_deref(), kept, "{name} {code:?}");
        }
        assert_eq!(
            other_spellings("phone:+8613800000000", Some("86")),
            ["phone:13800000000", "phone:8613800000000", "phone:008613800000000"]
        );
        assert_eq!(other_spellings("email:A@b.c", None), ["email:a@b.c"]);
        assert!(other_spellings("card:x", Some("86")).is_empty());
    }
}
