//! Tencent Cloud SMS: `SendSms` (version 2021-01-11), signed by TC3-HMAC-SHA256, and its reports.
//!
//! A batch has one set of parameters for all numbers, and one status for each number under HTTP
//! 200. Its numbers are all of mainland China, or all of other countries.

pub(crate) mod answers;

use reach::Channel;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::adapter::{Adapter, Context};
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
use crate::sigv4::tc3;
use crate::table::Table;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    secret_id: String,
    sdk_app_id: String,
    sign_name: String,
    #[serde(default = "region")]
    region: String,
    #[serde(default)]
    base_url: Option<String>,
}

fn region() -> String {
    "ap-guangzhou".to_owned()
}

/// An account of Tencent Cloud SMS.
#[derive(Debug, Clone)]
pub struct Account {
    settings: Settings,
    secret_key: Secret,
}

impl Account {
    pub(crate) fn read(settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
        let secrets = form::secrets(secrets, [("secret_key", true)]);
        let (settings, [secret_key]) = form::both(form::settings(settings), secrets)?;
        Ok(Self { settings, secret_key })
    }
}

impl Adapter for Account {
    fn capability(&self) -> Capability {
        Capability {
            channel: Channel::Sms,
            link: Link::Fixed,
            batch: 200,
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
        origin(self.settings.base_url.as_ref(), "https://sms.tencentcloudapi.com")
    }

    fn check(&self, faults: &mut Faults) {
        let Settings { secret_id, sdk_app_id, sign_name, region, base_url } = &self.settings;
        faults.setting(is_plain(secret_id, 64), "secret_id", "must be an id");
        let is_number = sdk_app_id.bytes().all(|b| b.is_ascii_digit());
        faults.setting(is_number && is_plain(sdk_app_id, 20), "sdk_app_id", "must be digits");
        faults.setting(is_name(sign_name, 40), "sign_name", "must be 1 to 40 characters");
        faults.setting(is_plain(region, 32), "region", "must be a region");
        faults.base(base_url.as_ref());
        faults.plain_secret(&self.secret_key, "secret_key", 128);
    }

    fn may_share(&self, first: &Message, other: &Message) -> bool {
        first.vendor_template_id == other.vendor_template_id
            && first.parameters == other.parameters
            && is_mainland(&first.to) == is_mainland(&other.to)
    }

    fn request(&self, messages: &[Message], context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let first = messages.first().ok_or_else(|| Fault::new("", "must be a message"))?;
        let is_alike = |message: &Message| {
            message.vendor_template_id == first.vendor_template_id
                && message.parameters == first.parameters
        };
        if !messages.iter().all(is_alike) {
            return Err(Fault::new("/parameters", "must be those of the whole batch"));
        }
        if !messages.iter().all(|message| is_mainland(&message.to) == is_mainland(&first.to)) {
            let detail = "must be of mainland China, or of other countries, as the whole batch";
            return Err(Fault::new("/to", detail));
        }
        let numbers: Vec<&str> = messages.iter().map(|message| message.to.as_str()).collect();
        let values: Vec<&str> = first.parameters.iter().map(|(_, value)| value.as_str()).collect();
        let body = json!({
            "PhoneNumberSet": numbers,
            "SmsSdkAppId": self.settings.sdk_app_id,
            "SignName": self.settings.sign_name,
            "TemplateId": first.template()?,
            "TemplateParamSet": values,
            "SessionContext": first.id,
        });
        let request = HttpRequest::json(format!("{}/", self.origin()), &body)
            .with("x-tc-action", "SendSms")
            .with("x-tc-version", "2021-01-11")
            .with("x-tc-region", self.settings.region.as_str());
        let key = (self.settings.secret_id.as_str(), &self.secret_key);
        Ok(tc3(request, host(self.origin()), "sms", key, context.now_ms))
    }

    fn read(&self, messages: &[Message], answer: &Answer) -> Vec<Said> {
        let json = answer.json();
        let response = json.get("Response").unwrap_or(&Json::Null);
        if let Some(error) = response.get("Error") {
            let said = match Said::code(error.get("Code").unwrap_or(&Json::Null)) {
                Said::Code(code) => Said::Whole(code),
                said => said,
            };
            return vec![said; messages.len()];
        }
        let statuses = response.get("SendStatusSet").and_then(Json::as_array);
        let statuses = statuses.map(Vec::as_slice).unwrap_or_default();
        let numbers: Vec<String> = messages.iter().map(|message| digits(&message.to)).collect();
        let of_status = |status: &Json| {
            digits(status.get("PhoneNumber").and_then(Json::as_str).unwrap_or_default())
        };
        let is_of_another = |status: &&Json| numbers.contains(&of_status(status));
        let of = |(index, number): (usize, &String)| {
            let named = statuses.iter().find(|status| of_status(status) == *number);
            // A number may be written in another form; then the order tells, where it can.
            let in_order = || {
                let same = statuses.get(index).filter(|_| statuses.len() == messages.len());
                same.filter(|status| !is_of_another(status))
            };
            named.or_else(in_order).map_or(Said::Nothing, status)
        };
        numbers.iter().enumerate().map(of).collect()
    }

    fn callback(&self, callback: &Callback<'_>) -> Result<Received, Refusal> {
        let json = callback.json()?;
        // Reports come as a list, an answer of a member as one object.
        let reports = match json.as_object() {
            Some(_) => reply(&json).into_iter().collect(),
            None => callback.list(report)?,
        };
        Ok(Received::json(reports, r#"{"result":0,"errmsg":"OK"}"#))
    }
}

/// Tencent takes numbers of mainland China and all others in requests of their own.
fn is_mainland(number: &str) -> bool {
    number.starts_with("+86")
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

fn status(status: &Json) -> Said {
    let code = status.get("Code").unwrap_or(&Json::Null);
    let id = status.get("SerialNo").and_then(Json::as_str).map(str::to_owned);
    if code == "Ok" { Said::Taken(id) } else { Said::code(code) }
}

fn number(item: &Json) -> Option<String> {
    let text = |name: &str| item.get(name).and_then(Json::as_str);
    let (country, mobile) = (text("nationcode")?, text("mobile")?);
    let number = format!("+{country}{mobile}");
    crate::check::phone(&number).then_some(number)
}

fn report(item: &Json) -> Option<Report> {
    let text = |name: &str| item.get(name).and_then(Json::as_str);
    let code = text("errmsg").unwrap_or_default();
    let report = match text("report_status")? {
        "SUCCESS" => Report::new(Reported::Delivered, "was delivered"),
        _ => failed(&answers::TABLE, code),
    };
    let at = text("user_receive_time").and_then(|time| local(time, 8));
    let once = text("sid").map(|sid| format!("{sid}/{code}"));
    report.at(at).once(once.as_deref()).of(text("sid"), None, number(item).as_deref())
}

fn reply(item: &Json) -> Option<Report> {
    let content = item.get("text").and_then(Json::as_str)?;
    let at = item.get("time").and_then(Json::as_i64).and_then(|at| at.checked_mul(1000));
    let report = Report::new(Reported::Unsubscribed, "answered that it wants no more");
    report.at(at).of(None, None, number(item).as_deref()).filter(|_| asks_to_stop(content))
}
