//! An application of WeCom (企业微信): `message/send` to one member of the company, and what it posts
//! when somebody leaves the application.
//!
//! WeCom drops the same text to the same member where it comes again within the span that is asked
//! for.

pub(crate) mod answers;

use reach::Channel;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::adapter::{Adapter, Context, one};
use crate::answer::{Answer, Heard};
use crate::callback::{Callback, Received, Refusal, Report, Reported};
use crate::capability::{Capability, Link, Repeat};
use crate::check::{Faults, is_plain, origin};
use crate::encode::{percent, query};
use crate::encrypted::{self, Keys, Posted};
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::message::Message;
use crate::outcome::Said;
use crate::secret::Secret;
use crate::table::Table;
use crate::token::{self, TokenOutcome};
use crate::xml;

/// Seconds within which the same message is dropped: the longest that WeCom takes.
const DROPS_WITHIN_S: i64 = 4 * 3_600;
/// The longest text and the longest text of a card, in bytes.
const MAX_TEXT: usize = 2_048;
const MAX_CARD: usize = 512;
/// The longest title of a card, in bytes.
const MAX_TITLE: usize = 128;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    corp_id: String,
    agent_id: u32,
    #[serde(default)]
    base_url: Option<String>,
}

/// An application of WeCom.
#[derive(Debug, Clone)]
pub struct Account {
    settings: Settings,
    secret: Secret,
    callback_token: Secret,
    encoding_aes_key: Secret,
}

impl Account {
    pub(crate) fn read(settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
        let names = [("secret", true), ("callback_token", false), ("encoding_aes_key", false)];
        let secrets = form::secrets(secrets, names);
        let (settings, [secret, callback_token, encoding_aes_key]) =
            form::both(form::settings(settings), secrets)?;
        Ok(Self { settings, secret, callback_token, encoding_aes_key })
    }
}

impl Adapter for Account {
    fn capability(&self) -> Capability {
        Capability {
            channel: Channel::Wecom,
            link: Link::PerMessage,
            batch: 1,
            repeat: Repeat::SameId { within_s: DROPS_WITHIN_S },
            templates: false,
            token: true,
            reports: true,
        }
    }

    fn table(&self) -> &'static Table {
        &answers::TABLE
    }

    fn origin(&self) -> &str {
        origin(self.settings.base_url.as_ref(), "https://qyapi.weixin.qq.com")
    }

    fn check(&self, faults: &mut Faults) {
        faults.setting(is_plain(&self.settings.corp_id, 64), "corp_id", "must be an id");
        faults.base(self.settings.base_url.as_ref());
        faults.plain_secret(&self.secret, "secret", 128);
        faults.plain_secret(&self.callback_token, "callback_token", 64);
        let key = &self.encoding_aes_key;
        let is_key = key.is_empty() || encrypted::is_key(key);
        faults.secret(is_key, "encoding_aes_key", "must be the 43 characters that WeCom shows");
        let is_pair = self.callback_token.is_empty() == key.is_empty();
        faults.secret(is_pair, "encoding_aes_key", "must be given with callback_token");
    }

    fn request(&self, messages: &[Message], context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let message = one(messages)?;
        let mut body = json!({
            "touser": message.to,
            "agentid": self.settings.agent_id,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": DROPS_WITHIN_S,
        });
        let (kind, content) = match &message.link {
            Some(link) if !message.title.is_empty() => {
                let is_short = message.title.len() <= MAX_TITLE;
                if !is_short || message.text.is_empty() || message.text.len() > MAX_CARD {
                    return Err(Fault::new(
                        "/text",
                        "must be a title of 128 and a text of 512 bytes",
                    ));
                }
                let card =
                    json!({"title": message.title, "description": message.text, "url": link});
                ("textcard", card)
            }
            _ => ("text", json!({"content": text(message)?})),
        };
        if let Some(fields) = body.as_object_mut() {
            fields.insert("msgtype".to_owned(), kind.into());
            fields.insert(kind.to_owned(), content);
        }
        let token = percent(context.token()?);
        let url = format!("{}/cgi-bin/message/send?access_token={token}", self.origin());
        Ok(HttpRequest::json(url, &body))
    }

    fn read(&self, _messages: &[Message], answer: &Answer) -> Vec<Said> {
        let json = answer.json();
        let code = json.get("errcode").unwrap_or(&Json::Null);
        if *code != 0 {
            return vec![Said::code(code)];
        }
        // Taken, but not for whom it was.
        let named =
            |name: &str| json.get(name).and_then(Json::as_str).is_some_and(|s| !s.is_empty());
        let missing = ["invaliduser", "unlicenseduser"].into_iter().find(|name| named(name));
        vec![match missing {
            Some(name) => Said::Code(name.to_owned()),
            None => Said::Taken(json.get("msgid").and_then(Json::as_str).map(str::to_owned)),
        }]
    }

    fn token_request(&self, _now_ms: i64) -> Option<Result<HttpRequest, Fault>> {
        let pairs =
            [("corpid", self.settings.corp_id.as_str()), ("corpsecret", self.secret.reveal())];
        let url = format!("{}/cgi-bin/gettoken?{}", self.origin(), query(&pairs));
        Some(Ok(HttpRequest::get(url)))
    }

    fn token_outcome(&self, heard: &Heard) -> Option<TokenOutcome> {
        let code = |json: &Json| Said::code(json.get("errcode").unwrap_or(&Json::Null));
        Some(token::read(&answers::TABLE, heard, code))
    }

    fn callback(&self, callback: &Callback<'_>) -> Result<Received, Refusal> {
        let keys = Keys {
            token: &self.callback_token,
            aes_key: &self.encoding_aes_key,
            receiver: &self.settings.corp_id,
        };
        Ok(match encrypted::open(keys, callback)? {
            Posted::Echo(echo) => Received::text(Vec::new(), echo),
            Posted::Message(message) => Received::text(report(&message).into_iter().collect(), ""),
        })
    }
}

/// A text with its link behind it.
fn text(message: &Message) -> Result<String, Fault> {
    let mut text = message.text.clone();
    if let Some(link) = &message.link {
        text.push('\n');
        text.push_str(link);
    }
    let holds = !message.text.is_empty() && text.len() <= MAX_TEXT;
    holds.then_some(text).ok_or_else(|| Fault::new("/text", "must be 1 to 2,048 bytes"))
}

fn report(message: &str) -> Option<Report> {
    let is_leaving = xml::event(message)? == "unsubscribe";
    let at =
        xml::text(message, "CreateTime").and_then(|at| at.parse::<i64>().ok()?.checked_mul(1000));
    let from = xml::text(message, "FromUserName");
    let report = Report::new(Reported::Unsubscribed, "left the application");
    report.at(at).of(None, None, from.as_deref()).filter(|_| is_leaving)
}
