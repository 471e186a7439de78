//! Amazon SES, version 2: `SendEmail`, signed by Signature Version 4, and its events that SNS
//! posts.
//!
//! A post of SNS is told by its topic and by the secret in our address; the certificate of its
//! signature would have to be fetched.

pub(crate) mod answers;

use reach::Channel;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::adapter::{Adapter, Context, one};
use crate::answer::Answer;
use crate::callback::{Callback, Received, Refusal, Report, Reported};
use crate::capability::{Capability, Link, Repeat};
use crate::check::{Faults, email, host, is_name, is_plain};
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::instant::rfc3339;
use crate::message::Message;
use crate::outcome::Said;
use crate::secret::Secret;
use crate::sigv4::aws4;
use crate::table::Table;

const PATH: &str = "/v2/email/outbound-emails";
/// The tag of a message with our id.
const TAG: &str = "accrue_id";
/// Most recipients of one event.
const MAX_RECIPIENTS: usize = 50;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    region: String,
    access_key_id: String,
    from: String,
    #[serde(default)]
    from_name: Option<String>,
    #[serde(default)]
    configuration_set: Option<String>,
    #[serde(default)]
    topic_arn: Option<String>,
    #[serde(default)]
    base_url: Option<String>,
}

/// An account of Amazon SES.
#[derive(Debug, Clone)]
pub struct Account {
    settings: Settings,
    origin: String,
    secret_access_key: Secret,
}

impl Account {
    pub(crate) fn read(settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
        let secrets = form::secrets(secrets, [("secret_access_key", true)]);
        let both = form::both(form::settings::<Settings>(settings), secrets);
        let (settings, [secret_access_key]) = both?;
        let usual = format!("https://email.{}.amazonaws.com", settings.region);
        let origin = settings.base_url.clone().unwrap_or(usual);
        Ok(Self { settings, origin, secret_access_key })
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
        &self.origin
    }

    fn check(&self, faults: &mut Faults) {
        let settings = &self.settings;
        faults.setting(is_plain(&settings.region, 32), "region", "must be a region");
        let is_id = is_plain(&settings.access_key_id, 64);
        faults.setting(is_id, "access_key_id", "must be an id");
        faults.setting(email(&settings.from), "from", "must be an e-mail address");
        faults.setting(
            settings.from_name.as_ref().is_none_or(|name| is_name(name, 100)),
            "from_name",
            "must be 1 to 100 characters",
        );
        faults.setting(
            settings.configuration_set.as_ref().is_none_or(|name| is_plain(name, 64)),
            "configuration_set",
            "must be 1 to 64 letters, digits, - or _",
        );
        let is_topic =
            |topic: &String| topic.starts_with("arn:aws") && crate::message::is_token(topic, 256);
        faults.setting(
            settings.topic_arn.as_ref().is_none_or(is_topic),
            "topic_arn",
            "must be arn:aws:sns:…",
        );
        faults.base(settings.base_url.as_ref());
        faults.plain_secret(&self.secret_access_key, "secret_access_key", 128);
    }

    fn request(&self, messages: &[Message], context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let message = one(messages)?;
        if message.title.is_empty() {
            return Err(Fault::new("/title", "must not be empty"));
        }
        if message.text.is_empty() {
            return Err(Fault::new("/text", "must not be empty"));
        }
        let Settings { from, from_name, region, access_key_id, configuration_set, .. } =
            &self.settings;
        let text = |data: &str| json!({"Data": data, "Charset": "UTF-8"});
        let mut simple = json!({
            "Subject": text(&message.title),
            "Body": {"Html": text(&message.text)},
        });
        if let (Some(link), Some(fields)) = (&message.unsubscribe_link, simple.as_object_mut()) {
            let headers = json!([
                {"Name": "List-Unsubscribe", "Value": format!("<{link}>")},
                {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
            ]);
            fields.insert("Headers".to_owned(), headers);
        }
        let mut body = json!({
            "FromEmailAddress": sender(from, from_name.as_deref()),
            "Destination": {"ToAddresses": [message.to]},
            "Content": {"Simple": simple},
            "EmailTags": [{"Name": TAG, "Value": message.id}],
        });
        if let (Some(name), Some(fields)) = (configuration_set, body.as_object_mut()) {
            fields.insert("ConfigurationSetName".to_owned(), name.as_str().into());
        }
        let url = format!("{}{PATH}", self.origin);
        let request = HttpRequest::post(url, "application/json", body.to_string());
        let key = (access_key_id.as_str(), &self.secret_access_key);
        Ok(aws4(request, (host(&self.origin), PATH), (region, "ses"), key, context.now_ms))
    }

    fn read(&self, _messages: &[Message], answer: &Answer) -> Vec<Said> {
        let json = answer.json();
        let id = json.get("MessageId").and_then(Json::as_str).filter(|_| answer.is_success());
        if let Some(id) = id {
            return vec![Said::Taken(Some(id.to_owned()))];
        }
        let code = answer.header("x-amzn-errortype").or_else(|| {
            let named = ["__type", "code"].iter().find_map(|name| json.get(name));
            named.and_then(Json::as_str)
        });
        // `TooManyRequestsException:http://…` or `com.amazon…#TooManyRequestsException`.
        let code = code.and_then(|code| code.split(':').next()?.rsplit('#').next());
        vec![code.map_or(Said::Nothing, |code| Said::Code(code.trim().to_owned()))]
    }

    fn callback(&self, callback: &Callback<'_>) -> Result<Received, Refusal> {
        let json = callback.json()?;
        let text = |name: &str| json.get(name).and_then(Json::as_str);
        let topic = self.settings.topic_arn.as_deref().ok_or(Refusal::NotExpected)?;
        if text("TopicArn") != Some(topic) {
            return Err(Refusal::Forged);
        }
        let mut received = Received::text(Vec::new(), "");
        match text("Type") {
            Some("SubscriptionConfirmation") => {
                let url = text("SubscribeURL").filter(|url| is_of_sns(url));
                received.confirm = Some(url.ok_or(Refusal::Forged)?.to_owned());
            }
            Some("Notification") => {
                let event = text("Message").unwrap_or_default();
                let event: Json = serde_json::from_str(event).map_err(|_| Refusal::Unreadable)?;
                received.reports = reports(&event, text("MessageId"));
            }
            _ => {}
        }
        Ok(received)
    }
}

/// The sender with its name. A name that is not plain is an encoded word (RFC 2047).
fn sender(from: &str, name: Option<&str>) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    match name {
        None => from.to_owned(),
        Some(name) if name.bytes().all(|b| b.is_ascii_alphanumeric() || b" -.".contains(&b)) => {
            format!("\"{name}\" <{from}>")
        }
        Some(name) => {
            // An encoded word has at most 75 characters: pieces of 42 bytes, cut between two.
            let mut words = vec![String::new()];
            for c in name.chars() {
                let is_full = words.last().is_none_or(|word| word.len() + c.len_utf8() > 42);
                if is_full {
                    words.push(String::new());
                }
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
            let words: Vec<String> =
                words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word))).collect();
            format!("{} <{from}>", words.join(" "))
        }
    }
}

/// An address of SNS in some region.
fn is_of_sns(url: &str) -> bool {
    let host = url.strip_prefix("https://sns.").and_then(|rest| rest.split('/').next());
    let host = host.map(|host| host.strip_suffix(".cn").unwrap_or(host));
    let region = host.and_then(|host| host.strip_suffix(".amazonaws.com"));
    region.is_some_and(|region| is_plain(region, 32)) && crate::message::is_token(url, 2_048)
}

/// What an event reports, each known by the id of the post.
fn reports(event: &Json, post: Option<&str>) -> Vec<Report> {
    let mail = event.get("mail").unwrap_or(&Json::Null);
    let id = mail.get("messageId").and_then(Json::as_str);
    let ours = mail.get("tags").and_then(|tags| tags.get(TAG)?.get(0)?.as_str());
    let kind = ["eventType", "notificationType"].iter().find_map(|name| event.get(name));
    let part = |name: &str| event.get(name).unwrap_or(&Json::Null);
    let (what, why, part, list) = match kind.and_then(Json::as_str) {
        Some("Delivery") => (Reported::Delivered, "was delivered", part("delivery"), "recipients"),
        Some("Bounce") => {
            let bounce = part("bounce");
            let is_final = bounce.get("bounceType").is_some_and(|kind| kind == "Permanent");
            let what = if is_final { Reported::Bounced } else { Reported::Failed(None) };
            let why = if is_final { "came back for good" } else { "came back" };
            (what, why, bounce, "bouncedRecipients")
        }
        Some("Complaint") => {
            let complaint = part("complaint");
            (Reported::Complained, "its reader complained", complaint, "complainedRecipients")
        }
        Some("Reject") => (Reported::Failed(None), "holds a virus", part("reject"), "none"),
        Some("Subscription") => {
            let part = part("subscription");
            (Reported::Unsubscribed, "its reader wants no more", part, "none")
        }
        _ => return Vec::new(),
    };
    let at = part.get("timestamp").and_then(Json::as_str).and_then(rfc3339);
    let named = part.get(list).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let address = |item: &Json| {
        item.as_str().or_else(|| item.get("emailAddress")?.as_str()).map(str::to_owned)
    };
    let mut to: Vec<_> = named.iter().take(MAX_RECIPIENTS).map(address).collect();
    if to.is_empty() {
        to.push(None);
    }
    let report = |(place, to): (usize, Option<String>)| {
        let once = post.map(|post| format!("{post}/{place}"));
        Report::new(what, why).at(at).once(once.as_deref()).of(id, ours, to.as_deref())
    };
    to.into_iter().enumerate().filter_map(report).collect()
}
