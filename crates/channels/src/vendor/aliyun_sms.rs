//! Alibaba Cloud SMS: `SendSms` (version 2017-05-25), signed by ACS3-HMAC-SHA256, and its reports
//! `SmsReport` and `SmsUp`.
//!
//! One message a request: `SendBatchSms` gives one id for all of its numbers, so that reports could
//! be told apart by numbers only.

pub(crate) mod answers;

use reach::Channel;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::adapter::{Adapter, Context, one};
use crate::answer::Answer;
use crate::callback::{Callback, Received, Refusal, Report, Reported, asks_to_stop, failed};
use crate::capability::{Capability, Link, Repeat};
use crate::check::{Faults, host, is_name, is_plain, origin};
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::instant::local;
use crate::message::Message;
use crate::outcome::Said;
use crate::secret::Secret;
use crate::sigv4::acs3;
use crate::table::Table;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    access_key_id: String,
    sign_name: String,
    #[serde(default)]
    base_url: Option<String>,
}

/// An account of Alibaba Cloud SMS.
#[derive(Debug, Clone)]
pub struct Account {
    settings: Settings,
    access_key_secret: Secret,
}

impl Account {
    pub(crate) fn read(settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
        let secrets = form::secrets(secrets, [("access_key_secret", true)]);
        let (settings, [access_key_secret]) = form::both(form::settings(settings), secrets)?;
        Ok(Self { settings, access_key_secret })
    }
}

impl Adapter for Account {
    fn capability(&self) -> Capability {
        Capability {
            channel: Channel::Sms,
            link: Link::Fixed,
            batch: 1,
            repeat: Repeat::Never,
            templates: true,
            token: false,
            reports: true,
        }
    }

    fn table(&self) -> &'static Table {
        &answers::TABLE
    }

    fn origin(&self) -> &str {
        origin(self.settings.base_url.as_ref(), "https://dysmsapi.aliyuncs.com")
    }

    fn check(&self, faults: &mut Faults) {
        let Settings { access_key_id, sign_name, base_url } = &self.settings;
        faults.setting(is_plain(access_key_id, 64), "access_key_id", "must be an id");
        faults.setting(is_name(sign_name, 40), "sign_name", "must be 1 to 40 characters");
        faults.base(base_url.as_ref());
        faults.plain_secret(&self.access_key_secret, "access_key_secret", 128);
    }

    fn request(&self, messages: &[Message], context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let message = one(messages)?;
        let parameters: Map<String, Json> = message
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        let parameters = Json::Object(parameters).to_string();
        // Without its plus a number of North America is one of mainland China.
        if message.to.starts_with("+1") {
            return Err(Fault::new("/to", "must be of another country than +1"));
        }
        // Numbers of mainland China go without their prefix, others without the plus.
        let to = message.to.strip_prefix("+86").filter(|rest| rest.len() == 11);
        let to = to.unwrap_or_else(|| message.to.trim_start_matches('+'));
        let pairs = [
            ("PhoneNumbers", to),
            ("SignName", &self.settings.sign_name),
            ("TemplateCode", message.template()?),
            ("TemplateParam", &parameters),
            ("OutId", &message.id),
        ];
        Ok(acs3(
            (self.origin(), host(self.origin())),
            ("SendSms", "2017-05-25"),
            &pairs,
            None,
            (&self.settings.access_key_id, &self.access_key_secret),
            (context.now_ms, context.nonce),
        ))
    }

    fn read(&self, _messages: &[Message], answer: &Answer) -> Vec<Said> {
        let json = answer.json();
        let code = json.get("Code").unwrap_or(&Json::Null);
        let id = json.get("BizId").and_then(Json::as_str).map(str::to_owned);
        vec![if code == "OK" { Said::Taken(id) } else { Said::code(code) }]
    }

    fn callback(&self, callback: &Callback<'_>) -> Result<Received, Refusal> {
        let reports = callback.list(report)?;
        Ok(Received::json(reports, r#"{"code":0,"msg":"ok"}"#))
    }
}

/// A report of a message, or a text that a member sent back.
fn report(item: &Json) -> Option<Report> {
    let text = |name: &str| item.get(name).and_then(Json::as_str);
    let to = text("phone_number").and_then(number);
    if let Some(content) = text("content") {
        let report = Report::new(Reported::Unsubscribed, "answered that it wants no more");
        let at = text("send_time").and_then(|time| local(time, 8));
        let once = item.get("sequence_id").map(|id| format!("up/{id}"));
        let report = report.at(at).once(once.as_deref());
        return report.of(None, None, to.as_deref()).filter(|_| asks_to_stop(content));
    }
    let code = text("err_code").unwrap_or_default();
    let report = match item.get("success")?.as_bool()? {
        true => Report::new(Reported::Delivered, "was delivered"),
        false => failed(&answers::TABLE, code),
    };
    let at = text("report_time").and_then(|time| local(time, 8));
    let (id, out_id) = (text("biz_id"), text("out_id"));
    // The country of a number is a guess: where an id is named, the attempt tells the address.
    let to = to.filter(|_| id.is_none() && out_id.is_none());
    let once = id.or(out_id).map(|id| format!("{id}/{code}"));
    report.at(at).once(once.as_deref()).of(id, out_id, to.as_deref())
}

/// A number as reports write it, in the form of E.164.
fn number(text: &str) -> Option<String> {
    let digits = text.trim_start_matches('+');
    let is_number = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let is_mainland = digits.len() == 11 && digits.starts_with('1') && !text.starts_with('+');
    is_number.then(|| if is_mainland { format!("+86{digits}") } else { format!("+{digits}") })
}
