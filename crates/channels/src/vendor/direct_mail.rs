//! Alibaba Cloud DirectMail: `SingleSendMail` (version 2015-11-23), signed by ACS3-HMAC-SHA256, and
//! its events that EventBridge posts.

pub(crate) mod answers;

use reach::Channel;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::adapter::{Adapter, Context, one};
use crate::answer::Answer;
use crate::callback::{Callback, Received, Refusal, Report, Reported, failed};
use crate::capability::{Capability, Link, Repeat};
use crate::check::{Faults, email, host, is_name, is_plain, origin};
use crate::encode::query;
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::instant::rfc3339;
use crate::message::Message;
use crate::outcome::Said;
use crate::secret::Secret;
use crate::sigv4::acs3;
use crate::table::Table;

/// The longest body of a message, in bytes.
const MAX_BODY: usize = 80 * 1024;
/// The longest subject, in characters.
const MAX_SUBJECT: usize = 100;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    access_key_id: String,
    from: String,
    #[serde(default)]
    from_name: Option<String>,
    #[serde(default)]
    tag: Option<String>,
    #[serde(default)]
    base_url: Option<String>,
}

/// An account of Alibaba Cloud DirectMail.
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
        origin(self.settings.base_url.as_ref(), "https://dm.aliyuncs.com")
    }

    fn check(&self, faults: &mut Faults) {
        let Settings { access_key_id, from, from_name, tag, base_url } = &self.settings;
        faults.setting(is_plain(access_key_id, 64), "access_key_id", "must be an id");
        faults.setting(email(from), "from", "must be an e-mail address");
        let is_short = from_name.as_ref().is_none_or(|name| is_name(name, 14));
        faults.setting(is_short, "from_name", "must be 1 to 14 characters");
        let is_tag = tag.as_ref().is_none_or(|tag| is_plain(tag, 30));
        faults.setting(is_tag, "tag", "must be 1 to 30 letters, digits, - or _");
        faults.base(base_url.as_ref());
        faults.plain_secret(&self.access_key_secret, "access_key_secret", 128);
    }

    fn request(&self, messages: &[Message], context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let message = one(messages)?;
        if !is_name(&message.title, MAX_SUBJECT) {
            return Err(Fault::new("/title", "must be 1 to 100 characters"));
        }
        if message.text.is_empty() || message.text.len() > MAX_BODY {
            return Err(Fault::new("/text", "must be 1 to 81,920 bytes"));
        }
        let Settings { access_key_id, from, from_name, tag, .. } = &self.settings;
        let mut headers = json!({"X-Notify-Message-ID": message.id});
        if let (Some(link), Some(fields)) = (&message.unsubscribe_link, headers.as_object_mut()) {
            fields.insert("List-Unsubscribe".to_owned(), format!("<{link}>").into());
            let one_click = "List-Unsubscribe=One-Click".into();
            fields.insert("List-Unsubscribe-Post".to_owned(), one_click);
        }
        let headers = headers.to_string();
        let mut form = vec![
            ("AccountName", from.as_str()),
            ("AddressType", "1"),
            ("ReplyToAddress", "false"),
            ("ToAddress", &message.to),
            ("Subject", &message.title),
            ("HtmlBody", &message.text),
            ("Headers", &headers),
        ];
        if let Some(name) = from_name {
            form.push(("FromAlias", name));
        }
        if let Some(tag) = tag {
            form.push(("TagName", tag));
        }
        Ok(acs3(
            (self.origin(), host(self.origin())),
            ("SingleSendMail", "2015-11-23"),
            &[],
            Some(query(&form)),
            (access_key_id, &self.access_key_secret),
            (context.now_ms, context.nonce),
        ))
    }

    fn read(&self, _messages: &[Message], answer: &Answer) -> Vec<Said> {
        let json = answer.json();
        let id = json.get("EnvId").and_then(Json::as_str).filter(|_| answer.is_success());
        vec![match id {
            Some(id) => Said::Taken(Some(id.to_owned())),
            None => Said::code(json.get("Code").unwrap_or(&Json::Null)),
        }]
    }

    fn callback(&self, callback: &Callback<'_>) -> Result<Received, Refusal> {
        let event = callback.json()?;
        let reports = report(&event).into_iter().collect();
        Ok(Received::json(reports, "{}"))
    }
}

fn report(event: &Json) -> Option<Report> {
    let data = event.get("data")?;
    let text = |name: &str| data.get(name).and_then(Json::as_str);
    let report = match event.get("type")?.as_str()? {
        "dm:Deliver:Succeed" => Report::new(Reported::Delivered, "was delivered"),
        // A mailbox that does not exist is told apart by the kind of failure.
        "dm:Deliver:Fail" => match text("failed_type") {
            Some("SmtpNxBox") => Report::new(Reported::Bounced, "there is no such mailbox"),
            _ => failed(&answers::TABLE, text("err_code").unwrap_or_default()),
        },
        "dm:Feedback:FblReport" => Report::new(Reported::Complained, "its reader complained"),
        "dm:Feedback:UnSubscribe" => {
            Report::new(Reported::Unsubscribed, "its reader wants no more")
        }
        _ => return None,
    };
    let at = event.get("time").and_then(Json::as_str).and_then(rfc3339);
    let ours = data.get("header").and_then(|header| header.get("X-Notify-Message-ID")?.as_str());
    // An event of EventBridge has an id, and the message one for each of its events.
    let own = text("env_id").or(ours).zip(event.get("type").and_then(Json::as_str));
    let once = match event.get("id").and_then(Json::as_str).filter(|id| !id.is_empty()) {
        Some(id) => Some(id.to_owned()),
        None => own.map(|(id, kind)| format!("{id}/{kind}")),
    };
    report.at(at).once(once.as_deref()).of(text("env_id"), ours, text("rcpt"))
}
