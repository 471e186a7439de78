//! A robot in a group of WeCom: `webhook/send`. It tells the group, and not the member that a
//! message is for, so it suits notes to staff.

pub(crate) mod answers;

use reach::Channel;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::adapter::{Adapter, Context, one};
use crate::answer::Answer;
use crate::capability::{Capability, Link, Repeat};
use crate::check::{Faults, is_plain, origin};
use crate::encode::query;
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::message::Message;
use crate::outcome::Said;
use crate::secret::Secret;
use crate::table::Table;

/// The longest text, in bytes.
const MAX_TEXT: usize = 2_048;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    base_url: Option<String>,
}

/// A robot of WeCom.
#[derive(Debug, Clone)]
pub struct Account {
    settings: Settings,
    key: Secret,
}

impl Account {
    pub(crate) fn read(settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
        let secrets = form::secrets(secrets, [("key", true)]);
        let (settings, [key]) = form::both(form::settings(settings), secrets)?;
        Ok(Self { settings, key })
    }
}

impl Adapter for Account {
    fn capability(&self) -> Capability {
        Capability {
            channel: Channel::Wecom,
            link: Link::PerMessage,
            batch: 1,
            repeat: Repeat::Never,
            templates: false,
            token: false,
            reports: false,
        }
    }

    fn table(&self) -> &'static Table {
        &answers::TABLE
    }

    fn origin(&self) -> &str {
        origin(self.settings.base_url.as_ref(), "https://qyapi.weixin.qq.com")
    }

    fn check(&self, faults: &mut Faults) {
        faults.base(self.settings.base_url.as_ref());
        faults.secret(is_plain(self.key.reveal(), 64), "key", "must be the key of the address");
    }

    fn request(&self, messages: &[Message], _context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let message = one(messages)?;
        let parts = [Some(&message.title), Some(&message.text), message.link.as_ref()];
        let parts: Vec<&str> = parts
            .into_iter()
            .flatten()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        let text = parts.join("\n");
        if text.is_empty() || text.len() > MAX_TEXT {
            return Err(Fault::new("/text", "must be 1 to 2,048 bytes with title and link"));
        }
        let key = query(&[("key", self.key.reveal())]);
        let url = format!("{}/cgi-bin/webhook/send?{key}", self.origin());
        Ok(HttpRequest::json(url, &json!({"msgtype": "text", "text": {"content": text}})))
    }

    fn read(&self, _messages: &[Message], answer: &Answer) -> Vec<Said> {
        let json = answer.json();
        let code = json.get("errcode").unwrap_or(&Json::Null);
        vec![if *code == 0 { Said::Taken(None) } else { Said::code(code) }]
    }
}
