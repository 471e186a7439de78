//! Template messages of a WeChat official account (公众号): `message/template/send`, and the events
//! that tell what became of them.
//!
//! They are for services that a member knows of: WeChat forbids marketing in them.

pub(crate) mod answers;

use reach::{Channel, ContactState};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::adapter::{Adapter, Context, one};
use crate::answer::{Answer, Heard};
use crate::callback::{Callback, Received, Refusal, Report, Reported};
use crate::capability::{Capability, Link, Repeat};
use crate::check::{Faults, is_plain, origin};
use crate::encode::percent;
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::message::Message;
use crate::outcome::Said;
use crate::table::Table;
use crate::token::TokenOutcome;
use crate::vendor::wechat::{self, ORIGIN, Secrets};
use crate::xml;

/// Seconds within which WeChat sends the same id to the same member once.
const ONCE_WITHIN_S: i64 = 600;
/// The longest id that is sent along, in characters.
const MAX_ID: usize = 32;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    app_id: String,
    #[serde(default)]
    base_url: Option<String>,
}

/// An official account of WeChat.
#[derive(Debug, Clone)]
pub struct Account {
    settings: Settings,
    secrets: Secrets,
}

impl Account {
    pub(crate) fn read(settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
        let (settings, secrets) = form::both(form::settings(settings), Secrets::read(secrets))?;
        Ok(Self { settings, secrets })
    }
}

impl Adapter for Account {
    fn capability(&self) -> Capability {
        Capability {
            channel: Channel::Wechat,
            link: Link::PerMessage,
            batch: 1,
            repeat: Repeat::SameId { within_s: ONCE_WITHIN_S },
            templates: true,
            token: true,
            reports: true,
        }
    }

    fn table(&self) -> &'static Table {
        &answers::TABLE
    }

    fn origin(&self) -> &str {
        origin(self.settings.base_url.as_ref(), ORIGIN)
    }

    fn check(&self, faults: &mut Faults) {
        faults.setting(is_plain(&self.settings.app_id, 64), "app_id", "must be an id");
        faults.base(self.settings.base_url.as_ref());
        self.secrets.check(faults);
    }

    fn request(&self, messages: &[Message], context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let message = one(messages)?;
        if message.id.len() > MAX_ID {
            return Err(Fault::new("/id", "must be at most 32 characters"));
        }
        let mut body = json!({
            "touser": message.to,
            "template_id": message.template()?,
            "client_msg_id": message.id,
            "data": wechat::data(message),
        });
        if let (Some(link), Some(fields)) = (&message.link, body.as_object_mut()) {
            fields.insert("url".to_owned(), link.as_str().into());
        }
        let token = percent(context.token()?);
        let url = format!("{}/cgi-bin/message/template/send?access_token={token}", self.origin());
        Ok(HttpRequest::json(url, &body))
    }

    fn read(&self, _messages: &[Message], answer: &Answer) -> Vec<Said> {
        wechat::read(answer)
    }

    fn token_request(&self, _now_ms: i64) -> Option<Result<HttpRequest, Fault>> {
        Some(Ok(self.secrets.token_request(self.origin(), &self.settings.app_id)))
    }

    fn token_outcome(&self, heard: &Heard) -> Option<TokenOutcome> {
        Some(wechat::token_outcome(&answers::TABLE, heard))
    }

    fn callback(&self, callback: &Callback<'_>) -> Result<Received, Refusal> {
        self.secrets.callback(&self.settings.app_id, callback, report)
    }
}

fn report(message: &str) -> Option<Report> {
    let event = xml::event(message)?;
    let at =
        xml::text(message, "CreateTime").and_then(|at| at.parse::<i64>().ok()?.checked_mul(1000));
    let from = xml::text(message, "FromUserName");
    let (report, id) = match event.as_str() {
        "TEMPLATESENDJOBFINISH" => {
            let status = xml::text(message, "Status").unwrap_or_default();
            let report = match status.as_str() {
                "success" => Report::new(Reported::Delivered, "was delivered"),
                "failed:user block" | "failed: user block" => {
                    let blocked = Reported::Failed(Some(ContactState::Blocked));
                    Report::new(blocked, "its reader has switched messages off")
                }
                _ => Report::new(Reported::Failed(None), "was not delivered"),
            };
            (report, xml::text(message, "MsgID"))
        }
        "unsubscribe" => {
            (Report::new(Reported::Unsubscribed, "follows the account no longer"), None)
        }
        _ => return None,
    };
    // Some messages are reported as number 0.
    let id = id.filter(|id| id != "0");
    let once = id.as_ref().map(|id| format!("{id}/{}", report.why));
    report.at(at).once(once.as_deref()).of(id.as_deref(), None, from.as_deref())
}
