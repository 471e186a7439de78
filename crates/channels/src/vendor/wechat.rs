//! What official accounts and mini-programmes of WeChat share: ids, secrets, tokens, and posts.

use serde_json::{Value as Json, json};

use crate::answer::{Answer, Heard};
use crate::callback::{Callback, Received, Refusal, Report};
use crate::check::Faults;
use crate::encrypted::{self, Keys, Posted};
use crate::fault::Fault;
use crate::form;
use crate::http::HttpRequest;
use crate::message::Message;
use crate::outcome::Said;
use crate::secret::Secret;
use crate::table::Table;
use crate::token::{self, TokenOutcome};

/// Where WeChat's API is.
pub(super) const ORIGIN: &str = "https://api.weixin.qq.com";

/// What an account keeps to itself.
#[derive(Debug, Clone)]
pub(super) struct Secrets {
    app_secret: Secret,
    callback_token: Secret,
    encoding_aes_key: Secret,
}

impl Secrets {
    pub(super) fn read(secrets: &Json) -> Result<Self, Vec<Fault>> {
        let names = [("app_secret", true), ("callback_token", false), ("encoding_aes_key", false)];
        let [app_secret, callback_token, encoding_aes_key] = form::secrets(secrets, names)?;
        Ok(Self { app_secret, callback_token, encoding_aes_key })
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        faults.plain_secret(&self.app_secret, "app_secret", 128);
        faults.plain_secret(&self.callback_token, "callback_token", 64);
        let key = &self.encoding_aes_key;
        let is_key = key.is_empty() || encrypted::is_key(key);
        faults.secret(is_key, "encoding_aes_key", "must be the 43 characters that WeChat shows");
        let is_pair = key.is_empty() == self.callback_token.is_empty();
        faults.secret(is_pair, "encoding_aes_key", "must be given with callback_token");
    }

    /// The stable token: fetching it leaves the token of others as it is.
    pub(super) fn token_request(&self, origin: &str, app_id: &str) -> HttpRequest {
        let body = json!({
            "grant_type": "client_credential",
            "appid": app_id,
            "secret": self.app_secret.reveal(),
            "force_refresh": false,
        });
        HttpRequest::json(format!("{origin}/cgi-bin/stable_token"), &body)
    }

    /// Reads a post; `report` reads its XML.
    pub(super) fn callback(
        &self,
        app_id: &str,
        callback: &Callback<'_>,
        report: fn(&str) -> Option<Report>,
    ) -> Result<Received, Refusal> {
        let keys =
            Keys { token: &self.callback_token, aes_key: &self.encoding_aes_key, receiver: app_id };
        Ok(match encrypted::open(keys, callback)? {
            Posted::Echo(echo) => Received::text(Vec::new(), echo),
            Posted::Message(message) => {
                Received::text(report(&message).into_iter().collect(), "success")
            }
        })
    }
}

/// What came of the request for a token.
pub(super) fn token_outcome(table: &'static Table, heard: &Heard) -> TokenOutcome {
    token::read(table, heard, |json| Said::code(json.get("errcode").unwrap_or(&Json::Null)))
}

/// What an answer says: `errcode` 0, or a code.
pub(super) fn read(answer: &Answer) -> Vec<Said> {
    let json = answer.json();
    let code = json.get("errcode").unwrap_or(&Json::Null);
    let id = match json.get("msgid") {
        Some(Json::Number(id)) => Some(id.to_string()),
        Some(Json::String(id)) => Some(id.clone()),
        _ => None,
    };
    vec![if *code == 0 { Said::Taken(id) } else { Said::code(code) }]
}

/// Parameters as both kinds of messages want them: `{"name": {"value": …}}`.
pub(super) fn data(message: &Message) -> Json {
    let pair = |(name, value): &(String, String)| (name.clone(), json!({"value": value}));
    Json::Object(message.parameters.iter().map(pair).collect())
}
