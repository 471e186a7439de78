//! A message to one member by one account.

use std::fmt;

use reach::Channel;

use crate::check::{email, is_plain, one_line, phone};
use crate::fault::Fault;

/// Most characters of a title.
const MAX_TITLE: usize = 500;
/// Most bytes of a text.
const MAX_TEXT: usize = 200_000;
/// Most parameters.
const MAX_PARAMETERS: usize = 50;
/// Most characters of a parameter.
const MAX_PARAMETER: usize = 2_000;
/// Most characters of a link.
const MAX_LINK: usize = 2_048;

/// What is to be said to whom. `Debug` shows the id only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Ours, the same at each attempt: 1 to 64 letters, digits, `-` and `_`.
    pub id: String,
    /// The address, in the form of its channel.
    pub to: String,
    /// The subject of an e-mail or the title of a push message.
    pub title: String,
    /// The text; HTML in an e-mail.
    pub text: String,
    /// What the vendor calls the template that it has approved.
    pub vendor_template_id: Option<String>,
    /// Values for the template, in its order.
    pub parameters: Vec<(String, String)>,
    /// Where the message leads.
    pub link: Option<String>,
    /// Where one call ends such messages (RFC 8058).
    pub unsubscribe_link: Option<String>,
    /// What was reserved at the vendor for this message, see [`crate::Repeat::Reserved`].
    pub reserved: Option<String>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {}", self.id)
    }
}

impl Message {
    /// What no vendor may be sent.
    pub(crate) fn check(&self, channel: Channel) -> Result<(), Fault> {
        if !is_plain(&self.id, 64) {
            return Err(Fault::new("/id", "must be 1 to 64 letters, digits, - or _"));
        }
        check_address(&self.to, channel)?;
        if self.title.chars().count() > MAX_TITLE || !one_line(&self.title) {
            return Err(Fault::new("/title", "must be one line of at most 500 characters"));
        }
        let has_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if self.text.len() > MAX_TEXT || self.text.contains(has_control) {
            return Err(Fault::new("/text", "must be at most 200,000 bytes of text"));
        }
        if self.vendor_template_id.as_ref().is_some_and(|id| !is_token(id, 128)) {
            return Err(Fault::new("/vendor_template_id", "must be 1 to 128 characters"));
        }
        if self.reserved.as_ref().is_some_and(|id| !is_token(id, 128)) {
            return Err(Fault::new("/reserved", "must be 1 to 128 characters"));
        }
        if self.parameters.len() > MAX_PARAMETERS {
            return Err(Fault::new("/parameters", "must be at most 50"));
        }
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            let is_sound = !name.is_empty()
                && name.len() <= 64
                && one_line(name)
                && value.chars().count() <= MAX_PARAMETER
                && !value.contains(has_control);
            if !is_sound {
                let path = format!("/parameters/{index}");
                return Err(Fault::new(path, "must be a short name and at most 2,000 characters"));
            }
        }
        for (path, link) in [("/link", &self.link), ("/unsubscribe_link", &self.unsubscribe_link)] {
            if link.as_ref().is_some_and(|link| !is_link(link)) {
                return Err(Fault::new(path, "must be an https address"));
            }
        }
        Ok(())
    }

    /// Whether the address has the form of its channel.
    #[must_use]
    pub fn is_addressed(&self, channel: Channel) -> bool {
        check_address(&self.to, channel).is_ok()
    }

    /// The name of the vendor's template.
    pub(crate) fn template(&self) -> Result<&str, Fault> {
        let missing = || Fault::new("/vendor_template_id", "is needed by this vendor");
        self.vendor_template_id.as_deref().ok_or_else(missing)
    }
}

/// Printable ASCII without spaces.
pub(crate) fn is_token(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn is_link(link: &str) -> bool {
    let holds = link.bytes().all(|b| b.is_ascii_graphic() && !br#"<>"\^`{|}"#.contains(&b));
    link.len() <= MAX_LINK && holds && (link.starts_with("https://") && link.len() > 8)
}

fn check_address(to: &str, channel: Channel) -> Result<(), Fault> {
    let (holds, detail) = match channel {
        Channel::Sms | Channel::Phone => (phone(to), "must be + and 7 to 15 digits"),
        Channel::Email => (email(to), "must be one e-mail address"),
        Channel::Push => (is_token(to, 4_096), "must be the token of one device"),
        // Lists and groups (`a|b`, `@all`) would reach others.
        Channel::Wecom => (is_wecom_id(to), "must be one id of WeCom"),
        Channel::Wechat => (is_plain(to, 64), "must be one openid"),
    };
    if holds { Ok(()) } else { Err(Fault::new("/to", detail)) }
}

fn is_wecom_id(id: &str) -> bool {
    let holds = |b: u8| b.is_ascii_alphanumeric() || b"_-@.".contains(&b);
    (1..=64).contains(&id.len()) && !id.starts_with('@') && id.bytes().all(holds)
}
