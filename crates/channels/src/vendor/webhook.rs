//! A gateway of the merchant's, for vendors that are not known here: a post in the form of Standard
//! Webhooks 1.0, signed both ways with one secret.

pub(crate) mod answers;

use reach::{Channel, ContactState};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::adapter::{Adapter, Context, one};
use crate::answer::Answer;
use crate::callback::{Callback, Received, Refusal, Report, Reported};
use crate::capability::{Capability, Link, Repeat};
use crate::check::Faults;
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::message::{Message, is_token};
use crate::outcome::Said;
use crate::secret::Secret;
use crate::sign::same;
use crate::standard_webhook::{Secret as Key, sign};
use crate::table::{DAY, Table};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    url: String,
    channel: String,
}

/// A gateway of the merchant's.
#[derive(Debug, Clone)]
pub struct Account {
    settings: Settings,
    signing_secret: Secret,
}

impl Account {
    pub(crate) fn read(settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
        let secrets = form::secrets(secrets, [("signing_secret", true)]);
        let (settings, [signing_secret]) = form::both(form::settings(settings), secrets)?;
        Ok(Self { settings, signing_secret })
    }

    fn key(&self) -> Option<Key> {
        Key::parse(self.signing_secret.reveal())
    }
}

impl Adapter for Account {
    fn capability(&self) -> Capability {
        Capability {
            channel: Channel::parse(&self.settings.channel).unwrap_or(Channel::Sms),
            link: Link::PerMessage,
            batch: 1,
            repeat: Repeat::SameId { within_s: 3 * DAY },
            templates: false,
            token: false,
            reports: true,
        }
    }

    fn table(&self) -> &'static Table {
        &answers::TABLE
    }

    fn origin(&self) -> &str {
        &self.settings.url
    }

    fn check(&self, faults: &mut Faults) {
        let Settings { url, channel } = &self.settings;
        let is_url = url.starts_with("https://") || url.starts_with("http://");
        faults.setting(is_url && is_token(url, 2_048), "url", "must be an https address");
        // Settings are shown, and a query is where secrets of gateways stand.
        let detail = "must have no query: settings are shown, and signing_secret tells who sends";
        faults.setting(!url.contains('?'), "url", detail);
        let names: Vec<_> = Channel::ALL.iter().map(|channel| channel.as_str()).collect();
        let detail = format!("must be one of {}", names.join(", "));
        faults.setting(Channel::parse(channel).is_some(), "channel", &detail);
        let detail = "must be whsec_ and the base64 of 24 to 64 bytes";
        faults.secret(self.key().is_some(), "signing_secret", detail);
    }

    fn request(&self, messages: &[Message], context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let message = one(messages)?;
        let fault = || Fault::new("/secrets/signing_secret", "does not sign");
        let parameters: serde_json::Map<String, Json> = message
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        let body = json!({
            "type": "message",
            "channel": self.settings.channel,
            "id": message.id,
            "to": message.to,
            "title": message.title,
            "text": message.text,
            "vendor_template_id": message.vendor_template_id,
            "parameters": parameters,
            "link": message.link,
            "unsubscribe_link": message.unsubscribe_link,
            "callback_url": context.callback_url,
        });
        let second = context.now_ms.div_euclid(1000);
        let request =
            HttpRequest::post(self.settings.url.clone(), "application/json", body.to_string());
        let key = self.key().ok_or_else(fault)?;
        let signature = sign(&key, &message.id, second, &request.body);
        Ok(request
            .with("webhook-id", message.id.as_str())
            .with("webhook-timestamp", second.to_string())
            .with("webhook-signature", signature))
    }

    fn read(&self, _messages: &[Message], answer: &Answer) -> Vec<Said> {
        let id = answer.json().get("id").and_then(Json::as_str).map(str::to_owned);
        vec![if answer.is_success() { Said::Taken(id) } else { Said::Nothing }]
    }

    fn callback(&self, callback: &Callback<'_>) -> Result<Received, Refusal> {
        let key = self.key().ok_or(Refusal::NotExpected)?;
        let second = callback.header("webhook-timestamp").parse().map_err(|_| Refusal::Forged)?;
        let ours = sign(&key, callback.header("webhook-id"), second, callback.body);
        let mut sent = callback.header("webhook-signature").split(' ').take(16);
        if !sent.any(|sent| same(&ours, sent)) {
            return Err(Refusal::Forged);
        }
        callback.is_fresh(second)?;
        // The gateway keeps the id where it posts again (Standard Webhooks).
        let id = callback.header("webhook-id");
        let mut reports = callback.list(report)?;
        for (place, report) in reports.iter_mut().enumerate() {
            *report = report.clone().once(Some(&format!("{id}/{place}")));
        }
        Ok(Received::json(reports, "{}"))
    }
}

fn report(item: &Json) -> Option<Report> {
    let text = |name: &str| item.get(name).and_then(Json::as_str);
    let what = match text("state")? {
        "delivered" => Reported::Delivered,
        "failed" => {
            let contact = text("contact").and_then(ContactState::parse);
            Reported::Failed(contact.filter(|state| *state != ContactState::Open))
        }
        "bounced" => Reported::Bounced,
        "complained" => Reported::Complained,
        "unsubscribed" => Reported::Unsubscribed,
        _ => return None,
    };
    let at = item.get("at_ms").and_then(Json::as_i64);
    let report = Report::new(what, "says the gateway");
    report.at(at).of(text("provider_id"), text("id"), text("to"))
}
