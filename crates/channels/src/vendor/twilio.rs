//! Twilio Programmable Messaging: `Messages.json` of API version 2010-04-01, reports of messages,
//! and answers of members, signed by `X-Twilio-Signature`.

pub(crate) mod answers;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reach::Channel;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::adapter::{Adapter, Context, one};
use crate::answer::Answer;
use crate::callback::{Callback, Received, Refusal, Report, Reported, asks_to_stop, failed};
use crate::capability::{Capability, Link, Repeat};
use crate::check::{Faults, origin, phone};
use crate::encode::{pairs, query};
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::message::Message;
use crate::outcome::Said;
use crate::secret::Secret;
use crate::sign::{hmac_sha1, same};
use crate::table::Table;

/// The name of our id of a message in the address for its reports.
const ID: &str = "m";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    account_sid: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    messaging_service_sid: Option<String>,
    #[serde(default)]
    base_url: Option<String>,
}

/// An account of Twilio.
#[derive(Debug, Clone)]
pub struct Account {
    settings: Settings,
    auth_token: Secret,
}

impl Account {
    pub(crate) fn read(settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
        let secrets = form::secrets(secrets, [("auth_token", true)]);
        let (settings, [auth_token]) = form::both(form::settings(settings), secrets)?;
        Ok(Self { settings, auth_token })
    }

    /// The signature of a form posted to an address: names and values, sorted, behind the address.
    fn signature(&self, url: &str, form: &[(String, String)]) -> String {
        let mut form: Vec<_> = form.iter().collect();
        form.sort_unstable();
        // A value that comes twice counts once.
        form.dedup();
        let mut text = url.to_owned();
        for (name, value) in form {
            text.push_str(name);
            text.push_str(value);
        }
        STANDARD.encode(hmac_sha1(self.auth_token.reveal().as_bytes(), text.as_bytes()))
    }
}

/// The two letters and 32 hexadecimal digits of Twilio's ids.
fn is_sid(text: &str, start: &str) -> bool {
    let digits = text.strip_prefix(start);
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl Adapter for Account {
    fn capability(&self) -> Capability {
        Capability {
            channel: Channel::Sms,
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
        origin(self.settings.base_url.as_ref(), "https://api.twilio.com")
    }

    fn check(&self, faults: &mut Faults) {
        let Settings { account_sid, from, messaging_service_sid, base_url } = &self.settings;
        let detail = "must be AC and 32 hexadecimal digits";
        faults.setting(is_sid(account_sid, "AC"), "account_sid", detail);
        let is_one = from.is_some() != messaging_service_sid.is_some();
        faults.setting(is_one, "from", "must be given, or messaging_service_sid, not both");
        let is_number = from.as_ref().is_none_or(|from| phone(from));
        faults.setting(is_number, "from", "must be + and 7 to 15 digits");
        let is_service = messaging_service_sid.as_ref().is_none_or(|sid| is_sid(sid, "MG"));
        let detail = "must be MG and 32 hexadecimal digits";
        faults.setting(is_service, "messaging_service_sid", detail);
        faults.base(base_url.as_ref());
        faults.plain_secret(&self.auth_token, "auth_token", 128);
    }

    fn request(&self, messages: &[Message], context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let message = one(messages)?;
        let Settings { account_sid, from, messaging_service_sid, .. } = &self.settings;
        let mut form = vec![("To", message.to.as_str()), ("Body", message.text.as_str())];
        if message.text.trim().is_empty() {
            return Err(Fault::new("/text", "must not be empty"));
        }
        if let Some(from) = from {
            form.push(("From", from));
        }
        if let Some(service) = messaging_service_sid {
            form.push(("MessagingServiceSid", service));
        }
        // Twilio signs the whole address: our id in it tells of messages whose answer was lost.
        let told = context.callback_url.map(|url| format!("{url}?{ID}={}", message.id));
        if let Some(url) = &told {
            form.push(("StatusCallback", url));
        }
        let url = format!("{}/2010-04-01/Accounts/{account_sid}/Messages.json", self.origin());
        let key = STANDARD.encode(format!("{account_sid}:{}", self.auth_token.reveal()));
        Ok(HttpRequest::post(url, "application/x-www-form-urlencoded", query(&form))
            .with("authorization", format!("Basic {key}")))
    }

    fn read(&self, _messages: &[Message], answer: &Answer) -> Vec<Said> {
        let json = answer.json();
        let id = json.get("sid").and_then(Json::as_str).filter(|_| answer.is_success());
        vec![match id {
            Some(id) => Said::Taken(Some(id.to_owned())),
            None => Said::code(json.get("code").unwrap_or(&Json::Null)),
        }]
    }

    fn callback(&self, callback: &Callback<'_>) -> Result<Received, Refusal> {
        let form = pairs(callback.body);
        let ours = self.signature(callback.url, &form);
        if !same(&ours, callback.header("x-twilio-signature")) {
            return Err(Refusal::Forged);
        }
        let ours = callback.query(ID);
        let ours = Some(ours.as_str()).filter(|ours| !ours.is_empty());
        Ok(Received::text(report(&form, ours).into_iter().collect(), ""))
    }
}

/// What a post reports; `ours` is our id of the message.
fn report(form: &[(String, String)], ours: Option<&str>) -> Option<Report> {
    let text =
        |name: &str| form.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let id = text("MessageSid");
    if let Some(content) = text("Body") {
        let wants = text("OptOutType") == Some("STOP") || asks_to_stop(content);
        let report = Report::new(Reported::Unsubscribed, "answered that it wants no more");
        return report.once(id).of(None, None, text("From")).filter(|_| wants);
    }
    let status = text("MessageStatus")?;
    let report = match status {
        "delivered" | "read" => Report::new(Reported::Delivered, "was delivered"),
        "undelivered" | "failed" => failed(&answers::TABLE, text("ErrorCode").unwrap_or_default()),
        _ => return None,
    };
    let once = id.map(|id| format!("{id}/{status}"));
    report.once(once.as_deref()).of(id, ours, text("To"))
}
