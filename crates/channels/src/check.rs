//! Checks that settings and messages share.

use crate::fault::Fault;
use crate::secret::Secret;

/// What is wrong with an account, as it is found.
#[derive(Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl Faults {
    /// Adds a fault of a setting where something does not hold.
    pub(crate) fn setting(&mut self, holds: bool, name: &str, detail: &str) {
        if !holds {
            self.0.push(Fault::new(format!("/settings/{name}"), detail));
        }
    }

    /// Adds a fault of a secret where something does not hold.
    pub(crate) fn secret(&mut self, holds: bool, name: &str, detail: &str) {
        if !holds {
            self.0.push(Fault::new(format!("/secrets/{name}"), detail));
        }
    }

    /// A secret that goes into a header or a key: printable ASCII.
    pub(crate) fn plain_secret(&mut self, secret: &Secret, name: &str, longest: usize) {
        let text = secret.reveal();
        let holds = text.len() <= longest && text.bytes().all(|b| b.is_ascii_graphic());
        self.secret(holds, name, "must be printable ASCII without spaces");
    }

    /// Where the vendor's API is, if not at its usual place.
    pub(crate) fn base(&mut self, base: Option<&String>) {
        let holds = base.is_none_or(|base| is_origin(base));
        self.setting(holds, "base_url", "must be https://host[:port]");
    }
}

/// `https://host[:port]` without anything behind. Plain http is for tests on one machine; the
/// caller's policy of addresses decides.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        let holds = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
        (1..=255).contains(&host.len()) && host.bytes().all(holds)
    })
}

/// Where a vendor's API is: what the account says, or the usual place.
pub(crate) fn origin<'a>(base: Option<&'a String>, usual: &'a str) -> &'a str {
    base.map_or(usual, String::as_str)
}

/// The host of an origin, as requests name it.
pub(crate) fn host(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}

/// Letters, digits, `-` and `_`.
pub(crate) fn is_plain(text: &str, longest: usize) -> bool {
    let holds = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=longest).contains(&text.len()) && text.bytes().all(holds)
}

/// No line ends and no other control characters.
pub(crate) fn one_line(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// A name that people read, on one line.
pub(crate) fn is_name(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.chars().count()) && one_line(text)
}

/// A telephone number in the form of E.164.
pub(crate) fn phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// One e-mail address in ASCII, without comments, quotes, names or lists.
pub(crate) fn email(text: &str) -> bool {
    let is_local = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    let is_host = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
    text.split_once('@').is_some_and(|(local, host)| {
        (1..=64).contains(&local.len())
            && (3..=253).contains(&host.len())
            && local.bytes().all(is_local)
            && host.bytes().all(is_host)
            && host.contains('.')
            && !host.starts_with(['.', '-'])
            && !host.ends_with(['.', '-'])
            && !text.contains("..")
    })
}
