//! Firebase Cloud Messaging, HTTP version 1. A token of OAuth 2 is fetched with a JSON Web Token
//! (RFC 7523).
//!
//! A message that comes twice is shown once: both have one tag on Android and one collapse id on
//! iOS.

pub(crate) mod answers;

use reach::Channel;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::adapter::{Adapter, Context, one};
use crate::answer::{Answer, Heard};
use crate::capability::{Capability, Link, Repeat};
use crate::check::{Faults, email, is_plain, origin};
use crate::encode::query;
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::message::Message;
use crate::outcome::Said;
use crate::rs256;
use crate::secret::Secret;
use crate::table::{DAY, Table};
use crate::token::{self, TokenOutcome};

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Seconds that an assertion counts.
const LASTS_S: i64 = 3_600;
/// The largest message, in bytes.
const MAX_BODY: usize = 4_096;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    project_id: String,
    client_email: String,
    #[serde(default)]
    private_key_id: Option<String>,
    #[serde(default)]
    base_url: Option<String>,
    /// Where tokens are fetched, if not at Google.
    #[serde(default)]
    token_url: Option<String>,
}

/// A project of Firebase.
#[derive(Debug, Clone)]
pub struct Account {
    settings: Settings,
    private_key: Secret,
}

impl Account {
    pub(crate) fn read(settings: &Json, secrets: &Json) -> Result<Self, Vec<Fault>> {
        let secrets = form::secrets(secrets, [("private_key", true)]);
        let (settings, [private_key]) = form::both(form::settings(settings), secrets)?;
        Ok(Self { settings, private_key })
    }

    fn token_url(&self) -> &str {
        self.settings.token_url.as_deref().unwrap_or(TOKEN_URL)
    }
}

impl Adapter for Account {
    fn capability(&self) -> Capability {
        Capability {
            channel: Channel::Push,
            link: Link::PerMessage,
            batch: 1,
            repeat: Repeat::SameId { within_s: DAY },
            templates: false,
            token: true,
            reports: false,
        }
    }

    fn table(&self) -> &'static Table {
        &answers::TABLE
    }

    fn origin(&self) -> &str {
        origin(self.settings.base_url.as_ref(), "https://fcm.googleapis.com")
    }

    fn check(&self, faults: &mut Faults) {
        let Settings { project_id, client_email, private_key_id, base_url, token_url } =
            &self.settings;
        faults.setting(is_plain(project_id, 64), "project_id", "must be an id");
        faults.setting(email(client_email), "client_email", "must be an e-mail address");
        let is_id = private_key_id.as_ref().is_none_or(|id| is_plain(id, 64));
        faults.setting(is_id, "private_key_id", "must be an id");
        let is_url = |url: &String| {
            url.starts_with("http") && url.contains("://") && crate::message::is_token(url, 512)
        };
        let is_url = token_url.as_ref().is_none_or(is_url);
        let is_bare = token_url.as_ref().is_none_or(|url| !url.contains('?'));
        faults.setting(is_url && is_bare, "token_url", "must be an address without a query");
        faults.base(base_url.as_ref());
        let is_key = rs256::is_key(&self.private_key);
        faults.secret(is_key, "private_key", "must be an RSA key of 2,048 bits or more in PEM");
    }

    fn request(&self, messages: &[Message], context: &Context<'_>) -> Result<HttpRequest, Fault> {
        let message = one(messages)?;
        if message.text.is_empty() {
            return Err(Fault::new("/text", "must not be empty"));
        }
        let mut data = json!({"id": message.id});
        if let (Some(link), Some(fields)) = (&message.link, data.as_object_mut()) {
            fields.insert("link".to_owned(), link.as_str().into());
        }
        let mut notification = json!({"body": message.text});
        if let Some(fields) = notification.as_object_mut().filter(|_| !message.title.is_empty()) {
            fields.insert("title".to_owned(), message.title.as_str().into());
        }
        let body = json!({"message": {
            "token": message.to,
            "notification": notification,
            "data": data,
            "android": {"notification": {"tag": message.id}},
            "apns": {"headers": {"apns-collapse-id": message.id}},
        }});
        if body.to_string().len() > MAX_BODY {
            return Err(Fault::new("/text", "must be at most 4,096 bytes with all else"));
        }
        let project = &self.settings.project_id;
        let url = format!("{}/v1/projects/{project}/messages:send", self.origin());
        Ok(HttpRequest::json(url, &body)
            .with("authorization", format!("Bearer {}", context.token()?)))
    }

    fn read(&self, _messages: &[Message], answer: &Answer) -> Vec<Said> {
        let json = answer.json();
        let name = json.get("name").and_then(Json::as_str).filter(|_| answer.is_success());
        if let Some(name) = name {
            return vec![Said::Taken(Some(name.to_owned()))];
        }
        let error = json.get("error").unwrap_or(&Json::Null);
        let details = error.get("details").and_then(Json::as_array);
        let named = details.into_iter().flatten().find_map(|detail| detail.get("errorCode"));
        let code = named.or_else(|| error.get("status")).unwrap_or(&Json::Null);
        // A wrong device and a wrong message have one code; a violated field tells them apart.
        let is_field = |detail: &Json| detail.get("fieldViolations").is_some();
        let of_field = details.into_iter().flatten().any(is_field);
        vec![match Said::code(code) {
            Said::Code(code) if code == "INVALID_ARGUMENT" && named.is_some() && !of_field => {
                Said::Code("INVALID_ARGUMENT of the device".to_owned())
            }
            said => said,
        }]
    }

    fn token_request(&self, now_ms: i64) -> Option<Result<HttpRequest, Fault>> {
        let second = now_ms.div_euclid(1000);
        let claims = json!({
            "iss": self.settings.client_email,
            "scope": SCOPE,
            "aud": self.token_url(),
            "iat": second,
            "exp": second.saturating_add(LASTS_S),
        });
        let id = self.settings.private_key_id.as_deref();
        let assertion = rs256::token(&claims, id, &self.private_key);
        Some(assertion.map(|assertion| {
            let form = query(&[("grant_type", GRANT), ("assertion", &assertion)]);
            let url = self.token_url().to_owned();
            HttpRequest::post(url, "application/x-www-form-urlencoded", form)
        }))
    }

    fn token_outcome(&self, heard: &Heard) -> Option<TokenOutcome> {
        let code = |json: &Json| Said::code(json.get("error").unwrap_or(&Json::Null));
        Some(token::read(&answers::TABLE, heard, code))
    }
}
