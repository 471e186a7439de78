//! SendGrid: `v3/mail/send`, and its event webhook, signed by ECDSA on P-256.

pub(crate) mod answers;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use reach::{Channel, ContactState};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::adapter::{Adapter, Context, one};
use crate::answer::Answer;
use crate::callback::{Callback, Received, Refusal, Report, Reported};
use crate::capability::{Capability, Link, Repeat};
use crate::check::{Faults, email, is_name, origin};
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::message::Message;
use crate::outcome::Said;
use crate::secret::Secret;
use crate::table::{DAY, HOUR, Table};

/// For so many seconds SendGrid posts again what was not taken, and an hour.
const POSTS_AGAIN_WITHIN_S: i64 = DAY + HOUR;
/// The argument of a message with our id, which events repeat.
const ARGUMENT: &str = "accrue_id";
/// What stands before the point in the key of a P-256 curve (SubjectPublicKeyInfo, RFC 5480).
const KEY_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    from: String,
    #[serde(default)]
    from_name: Option<String>,
    /// The key by which events are known, as SendGrid shows it.
    #[serde(default)]
    event_public_key: Option<String>,
    #[serde(default)]
    base_url: Option<String>,
}

/// An account of SendGrid.
#[derive(Debug, Clone)]
pub struct Account {
    settings: Settings,
    api_key: Secret,
}

impl Account {
    pub(crate) fn read(settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
        let secrets = form::secrets(secrets, [("api_key", true)]);
        let (settings, [api_key]) = form::both(form::settings(settings), secrets)?;
        Ok(Self { settings, api_key })
    }
}

fn key(text: &str) -> Option<VerifyingKey> {
    let bytes = STANDARD.decode(text.trim()).ok()?;
    VerifyingKey::from_sec1_bytes(bytes.strip_prefix(&KEY_HEAD)?).ok()
}

/// Reads the two numbers of a signature in DER (RFC 3279, 2.2.3).
fn signature(bytes: &[u8]) -> Option<Signature> {
    fn number(bytes: &[u8]) -> Option<([u8; 32], &[u8])> {
        let (&length, rest) = bytes.strip_prefix(&[0x02])?.split_first()?;
        let (number, rest) = rest.split_at_checked(usize::from(length))?;
        let number = number.strip_prefix(&[0x00]).unwrap_or(number);
        let mut padded = [0; 32];
        padded.get_mut(32_usize.checked_sub(number.len())?..)?.copy_from_slice(number);
        Some((padded, rest))
    }
    let (&length, rest) = bytes.strip_prefix(&[0x30])?.split_first()?;
    if usize::from(length) != rest.len() {
        return None;
    }
    let (r, rest) = number(rest)?;
    let (s, rest) = number(rest)?;
    if !rest.is_empty() {
        return None;
    }
    Signature::from_scalars(r, s).ok()
}

impl Adapter for Account {
    fn capability(&self) -> Capability {
        Capability {
            channel: Channel::Email,
            link: Link::PerMessage,
            batch: 1,
            repeat: Repeat::Never,
            templates: false,
            token: false,
            reports: true,
        }
    }

    fn table(&self) -> &'static Table {
        &answers::TABLE
    }

    fn origin(&self) -> &str {
        origin(self.settings.base_url.as_ref(), "https://api.sendgrid.com")
    }

    fn check(&self, faults: &mut Faults) {
        let Settings { from, from_name, event_public_key, base_url } = &self.settings;
        faults.setting(email(from), "from", "must be an e-mail address");
        let is_short = from_name.as_ref().is_none_or(|name| is_name(name, 100));
        faults.setting(is_short, "from_name", "must be 1 to 100 characters");
        let is_key = event_public_key.as_ref().is_none_or(|text| key(text).is_some());
        faults.setting(is_key, "event_public_key", "must be the base64 of a key on P-256");
        faults.base(base_url.as_ref());
        faults.plain_secret(&self.api_key, "api_key", 256);
    }

    fn request(&self, messages: &[Message], _context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let message = one(messages)?;
        if message.title.is_empty() {
            return Err(Fault::new("/title", "must not be empty"));
        }
        if message.text.is_empty() {
            return Err(Fault::new("/text", "must not be empty"));
        }
        let mut from = json!({"email": self.settings.from});
        if let (Some(name), Some(fields)) = (&self.settings.from_name, from.as_object_mut()) {
            fields.insert("name".to_owned(), name.as_str().into());
        }
        let off = json!({"enable": false});
        let mut body = json!({
            "personalizations": [{"to": [{"email": message.to}]}],
            "from": from,
            "subject": message.title,
            "content": [{"type": "text/html", "value": message.text}],
            "custom_args": {ARGUMENT: message.id},
            // Links are ours already, and counted by us.
            "tracking_settings": {"click_tracking": off, "open_tracking": off},
        });
        if let (Some(link), Some(fields)) = (&message.unsubscribe_link, body.as_object_mut()) {
            let headers = json!({
                "List-Unsubscribe": format!("<{link}>"),
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            });
            fields.insert("headers".to_owned(), headers);
        }
        Ok(HttpRequest::json(format!("{}/v3/mail/send", self.origin()), &body)
            .with("authorization", format!("Bearer {}", self.api_key.reveal())))
    }

    fn read(&self, _messages: &[Message], answer: &Answer) -> Vec<Said> {
        let id = answer.header("x-message-id").map(str::to_owned);
        vec![if answer.status == 202 { Said::Taken(id) } else { Said::Nothing }]
    }

    fn callback(&self, callback: &Callback<'_>) -> Result<Received, Refusal> {
        let key = self.settings.event_public_key.as_deref().and_then(key);
        let key = key.ok_or(Refusal::NotExpected)?;
        let sent = STANDARD.decode(callback.header("x-twilio-email-event-webhook-signature"));
        let sent = sent.ok().and_then(|bytes| signature(&bytes)).ok_or(Refusal::Forged)?;
        let instant = callback.header("x-twilio-email-event-webhook-timestamp");
        let signed = format!("{instant}{}", callback.body);
        key.verify(signed.as_bytes(), &sent).map_err(|_| Refusal::Forged)?;
        let second = instant.parse().map_err(|_| Refusal::Forged)?;
        callback.is_within(second, POSTS_AGAIN_WITHIN_S)?;
        let is_fresh = callback.is_fresh(second).is_ok();
        let counts = |report: &Report| is_fresh || report.counts_once();
        Ok(Received::text(callback.list(|item| report(item).filter(counts))?, ""))
    }
}

fn report(item: &Json) -> Option<Report> {
    let text = |name: &str| item.get(name).and_then(Json::as_str);
    let report = match text("event")? {
        "delivered" => Report::new(Reported::Delivered, "was delivered"),
        // A block is of the moment: the mailbox may be there.
        "bounce" if text("type") == Some("blocked") => {
            Report::new(Reported::Failed(None), "was blocked by the mailbox's server")
        }
        "bounce" => Report::new(Reported::Bounced, "came back for good"),
        "dropped" => match text("reason").unwrap_or_default() {
            "Bounced Address" => Report::new(Reported::Bounced, "had come back before"),
            "Spam Reporting Address" => {
                Report::new(Reported::Complained, "its reader had complained before")
            }
            "Unsubscribed Address" => {
                Report::new(Reported::Unsubscribed, "its reader wants no more")
            }
            "Invalid" => {
                Report::new(Reported::Failed(Some(ContactState::Invalid)), "the address is none")
            }
            _ => Report::new(Reported::Failed(None), "was dropped"),
        },
        "spamreport" => Report::new(Reported::Complained, "its reader complained"),
        "unsubscribe" | "group_unsubscribe" => {
            Report::new(Reported::Unsubscribed, "its reader wants no more")
        }
        _ => return None,
    };
    let at = item.get("timestamp").and_then(Json::as_i64).and_then(|at| at.checked_mul(1000));
    // The answer to a message has the part before the first point.
    let id = text("sg_message_id").and_then(|id| id.split('.').next());
    report.at(at).once(text("sg_event_id").filter(|id| !id.is_empty())).of(
        id,
        text(ARGUMENT),
        text("email"),
    )
}
