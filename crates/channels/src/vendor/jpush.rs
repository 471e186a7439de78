//! JPush (极光): `v3/push` to one device. A `cid` that was reserved before makes a second attempt
//! safe for a day.
//!
//! Receipts are not read: JPush gives their fields to paying customers only.

pub(crate) mod answers;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reach::Channel;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::adapter::{Adapter, Context, one};
use crate::answer::Answer;
use crate::capability::{Capability, Link, Repeat};
use crate::check::{Faults, is_plain, origin};
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::message::{Message, is_token};
use crate::outcome::Said;
use crate::secret::Secret;
use crate::table::{DAY, Table};

/// Most that one request reserves: more is for paying customers only.
const MAX_RESERVED: usize = 10;
/// The largest notification, in bytes of its texts: 2,000 for all, less what stands around them.
const MAX_TEXT: usize = 1_500;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    app_key: String,
    /// Whether iOS devices are those of the App Store.
    #[serde(default = "yes")]
    production: bool,
    /// Seconds that a device may be away.
    #[serde(default = "day")]
    time_to_live_s: i64,
    #[serde(default)]
    base_url: Option<String>,
}

fn yes() -> bool {
    true
}

fn day() -> i64 {
    DAY
}

/// An application of JPush.
#[derive(Debug, Clone)]
pub struct Account {
    settings: Settings,
    master_secret: Secret,
}

impl Account {
    pub(crate) fn read(settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
        let secrets = form::secrets(secrets, [("master_secret", true)]);
        let (settings, [master_secret]) = form::both(form::settings(settings), secrets)?;
        Ok(Self { settings, master_secret })
    }

    fn authorization(&self) -> String {
        let key = format!("{}:{}", self.settings.app_key, self.master_secret.reveal());
        format!("Basic {}", STANDARD.encode(key))
    }
}

impl Adapter for Account {
    fn capability(&self) -> Capability {
        Capability {
            channel: Channel::Push,
            link: Link::PerMessage,
            batch: 1,
            repeat: Repeat::Reserved { within_s: DAY },
            templates: false,
            token: false,
            reports: false,
        }
    }

    fn table(&self) -> &'static Table {
        &answers::TABLE
    }

    fn origin(&self) -> &str {
        origin(self.settings.base_url.as_ref(), "https://api.jpush.cn")
    }

    fn check(&self, faults: &mut Faults) {
        let Settings { app_key, time_to_live_s, base_url, .. } = &self.settings;
        faults.setting(is_plain(app_key, 64), "app_key", "must be an id");
        let is_span = (0..=10 * DAY).contains(time_to_live_s);
        faults.setting(is_span, "time_to_live_s", "must be 0 to 864,000");
        faults.base(base_url.as_ref());
        faults.plain_secret(&self.master_secret, "master_secret", 128);
    }

    fn request(&self, messages: &[Message], _context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let message = one(messages)?;
        if message.text.is_empty() || message.title.len() + message.text.len() > MAX_TEXT {
            return Err(Fault::new("/text", "must be 1 to 1,500 bytes with the title"));
        }
        let Settings { production, time_to_live_s, .. } = self.settings;
        let mut extras = json!({"id": message.id});
        if let (Some(link), Some(fields)) = (&message.link, extras.as_object_mut()) {
            fields.insert("link".to_owned(), link.as_str().into());
        }
        let mut android = json!({"alert": message.text, "extras": extras});
        let mut ios = json!({"alert": message.text, "extras": extras, "sound": "default"});
        if !message.title.is_empty() {
            if let Some(fields) = android.as_object_mut() {
                fields.insert("title".to_owned(), message.title.as_str().into());
            }
            if let Some(fields) = ios.as_object_mut() {
                let alert = json!({"title": message.title, "body": message.text});
                fields.insert("alert".to_owned(), alert);
            }
        }
        let mut body = json!({
            "platform": "all",
            "audience": {"registration_id": [message.to]},
            "notification": {"android": android, "ios": ios},
            "options": {"time_to_live": time_to_live_s, "apns_production": production},
        });
        if let (Some(cid), Some(fields)) = (&message.reserved, body.as_object_mut()) {
            fields.insert("cid".to_owned(), cid.as_str().into());
        }
        Ok(HttpRequest::json(format!("{}/v3/push", self.origin()), &body)
            .with("authorization", self.authorization()))
    }

    fn read(&self, _messages: &[Message], answer: &Answer) -> Vec<Said> {
        let json = answer.json();
        let id = json.get("msg_id").filter(|_| answer.is_success());
        vec![match (id, json.get("error").and_then(|error| error.get("code"))) {
            (Some(Json::String(id)), None) => Said::Taken(Some(id.clone())),
            (Some(Json::Number(id)), None) => Said::Taken(Some(id.to_string())),
            (_, Some(code)) => Said::code(code),
            _ => Said::Nothing,
        }]
    }

    fn reservation_request(&self, count: usize) -> Option<HttpRequest> {
        let count = count.clamp(1, MAX_RESERVED);
        let request = HttpRequest::get(format!("{}/v3/push/cid?count={count}", self.origin()));
        Some(request.with("authorization", self.authorization()))
    }

    fn reservations(&self, answer: &Answer) -> Vec<String> {
        let json = answer.json();
        let list = json.get("cidlist").and_then(Json::as_array).filter(|_| answer.is_success());
        let texts = list.into_iter().flatten().filter_map(Json::as_str);
        texts.filter(|text| is_token(text, 128)).take(MAX_RESERVED).map(str::to_owned).collect()
    }
}
