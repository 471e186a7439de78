//! Subscription messages of a WeChat mini-programme (订阅消息): `message/subscribe/send`, and the
//! events that tell what became of them.
//!
//! Each message uses up one consent that the member gave in the mini-programme.

pub(crate) mod answers;

use reach::Channel;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::adapter::{Adapter, Context, one};
use crate::answer::{Answer, Heard};
use crate::callback::{Callback, Received, Refusal, Report, Reported, failed};
use crate::capability::{Capability, Link, Repeat};
use crate::check::{Faults, is_plain, origin};
use crate::encode::percent;
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::message::{Message, is_token};
use crate::outcome::Said;
use crate::table::Table;
use crate::token::TokenOutcome;
use crate::vendor::wechat::{self, ORIGIN, Secrets};
use crate::xml;

/// For whom a message opens the mini-programme.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Everybody.
    #[default]
    Formal,
    /// Those who try it out.
    Trial,
    /// Those who develop it.
    Developer,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    app_id: String,
    /// The page that a message opens.
    #[serde(default)]
    page: Option<String>,
    #[serde(default)]
    state: State,
    #[serde(default)]
    base_url: Option<String>,
}

/// A mini-programme of WeChat.
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
            link: Link::Fixed,
            batch: 1,
            repeat: Repeat::Never,
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
        let Settings { app_id, page, base_url, .. } = &self.settings;
        faults.setting(is_plain(app_id, 64), "app_id", "must be an id");
        let is_path = page.as_ref().is_none_or(|page| is_token(page, 512));
        faults.setting(is_path, "page", "must be a path of the mini-programme");
        faults.base(base_url.as_ref());
        self.secrets.check(faults);
    }

    fn request(&self, messages: &[Message], context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let message = one(messages)?;
        let state = match self.settings.state {
            State::Formal => "formal",
            State::Trial => "trial",
            State::Developer => "developer",
        };
        let mut body = json!({
            "touser": message.to,
            "template_id": message.template()?,
            "data": wechat::data(message),
            "miniprogram_state": state,
        });
        if let (Some(page), Some(fields)) = (&self.settings.page, body.as_object_mut()) {
            fields.insert("page".to_owned(), page.as_str().into());
        }
        let token = percent(context.token()?);
        let url = format!("{}/cgi-bin/message/subscribe/send?access_token={token}", self.origin());
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

/// What became of a message. That a member switches one template off is not read: it says nothing
/// of the others, and the next message to it is refused.
fn report(message: &str) -> Option<Report> {
    if xml::event(message)? != "subscribe_msg_sent_event" {
        return None;
    }
    let at =
        xml::text(message, "CreateTime").and_then(|at| at.parse::<i64>().ok()?.checked_mul(1000));
    let code = xml::text(message, "ErrorCode").unwrap_or_default();
    let report = match code.as_str() {
        "0" => Report::new(Reported::Delivered, "was delivered"),
        _ => failed(&answers::TABLE, &code),
    };
    let (id, from) = (xml::text(message, "MsgID"), xml::text(message, "FromUserName"));
    let once = id.as_ref().map(|id| format!("{id}/{code}"));
    report.at(at).once(once.as_deref()).of(id.as_deref(), None, from.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_names() {
        for name in ["formal", "trial", "developer"] {
            assert!(serde_json::from_value::<State>(json!(name)).is_ok(), "{name}");
        }
    }
}
