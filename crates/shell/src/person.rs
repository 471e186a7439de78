//! Persons as keys name them, and how two spellings of one person are told to be one.
//!
//! A person who may not decide alone must not become two by a capital letter, a space or a letter
//! of another alphabet. So a person's id is folded before it is compared, and a programme keeps the
//! first spelling it sees. Only the code that makes keys folds; all other code compares what is
//! kept.

use store::{Caller, person_spelling};
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::app::App;
use crate::problem::{FieldError, Problem};

/// The person that the operator's key is.
pub const OPERATOR: &str = "operator";
/// The person of a new programme's first key, and that id folded.
pub const FIRST_ADMIN: (&str, &str) = ("first-admin", "flrst-adrnln");

/// Characters of a person's id.
const MAX_CHARACTERS: usize = 100;

/// The person that the caller is, for what only a person may do.
///
/// # Errors
/// [`Problem::PersonNeeded`] where the key names nobody.
pub fn person(caller: &Caller) -> Result<&str, Problem> {
    caller.person.as_deref().ok_or(Problem::PersonNeeded)
}

/// A person of the caller's programme that a request names, in the spelling that the programme
/// keeps; `None` where it knows nobody of that id.
///
/// # Errors
/// [`Problem::InvalidRequest`] at `pointer`, and what the database does.
pub async fn named_person(
    app: &App,
    caller: &Caller,
    (pointer, name): (&str, &str),
) -> Result<Option<String>, Problem> {
    let folded = folded(name).map_err(|error| FieldError::new(pointer, error.detail))?;
    Ok(person_spelling(&app.sql, caller.programme.no, &folded).await?)
}

/// A person's id as it is compared: compatible characters are one (NFKC), so are capital and small
/// letters and letters that look alike (the skeleton of UTS 39, and `1`, `i` and `l`); spaces and
/// what nobody sees do not count.
///
/// # Errors
/// What is wrong with the id.
pub fn folded(person: &str) -> Result<String, FieldError> {
    let count = person.chars().count();
    if !(1..=MAX_CHARACTERS).contains(&count) || person.chars().any(char::is_control) {
        return Err(FieldError::new(
            "/person_id",
            "must have 1 to 100 characters and no control characters",
        ));
    }
    let plain: String = person.nfkc().filter(|c| is_seen(*c)).flat_map(small).collect();
    let alike: String = skeleton(&plain)
        .collect::<String>()
        .nfkc()
        .filter(|c| is_seen(*c))
        .flat_map(small)
        .collect();
    let folded: String =
        alike.chars().map(|c| if matches!(c, '1' | 'i' | '|') { 'l' } else { c }).collect();
    if folded.is_empty() {
        return Err(FieldError::new("/person_id", "must have a character that can be seen"));
    }
    Ok(folded)
}

/// By way of the capital letter, so that the several small forms of one (ς and σ) are one.
fn small(c: char) -> impl Iterator<Item = char> {
    c.to_uppercase().flat_map(char::to_lowercase)
}

/// Whether a character is neither space nor one of those that have no shape
/// (`Default_Ignorable_Code_Point`).
fn is_seen(c: char) -> bool {
    let is_ignorable = matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    !c.is_whitespace() && !is_ignorable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_spelling() {
        for spelling in [
            "Anna",
            "ANNA",
            " anna ",
            "an na",
            "a\u{200b}nna",
            "ann\u{ad}a",
            "\u{feff}anna",
            // Full width; Cyrillic; Greek capitals; tags; a blank of another script.
            "\u{ff21}\u{ff2e}\u{ff2e}\u{ff21}",
            "\u{430}nna",
            "\u{391}NN\u{391}",
            "anna\u{e0061}",
            "a\u{2800}nna",
        ] {
            assert_eq!(folded(spelling).unwrap(), "anna", "{spelling:?}");
        }
        for (one, other) in [
            ("Ivan", "lvan"),
            ("ivan", "1van"),
            ("bob", "b0b"),
            ("\u{df}en", "SSEN"),
            ("\u{3c3}\u{3b1}\u{3c2}", "\u{3a3}\u{391}\u{3a3}"),
            ("kim", "kirn"),
            ("e-101", "E-1O1"),
        ] {
            assert_eq!(folded(one).unwrap(), folded(other).unwrap(), "{one:?} {other:?}");
        }
        for (one, other) in [
            ("anna", "anne"),
            ("ben", "bert"),
            ("\u{674e}\u{96f7}", "\u{97e9}\u{6885}"),
            ("e-102", "e-103"),
        ] {
            assert_ne!(folded(one).unwrap(), folded(other).unwrap(), "{one:?} {other:?}");
        }
        for nobody in ["", " ", "\u{200b}", "a\nb"] {
            assert!(folded(nobody).is_err(), "{nobody:?}");
        }
        assert!(folded(&"a".repeat(101)).is_err());
        assert_eq!(folded(FIRST_ADMIN.0).unwrap(), FIRST_ADMIN.1);
    }
}
