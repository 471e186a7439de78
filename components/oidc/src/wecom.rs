//! Sign-in by WeCom (企业微信), which speaks no OpenID Connect: where a browser is sent, and which user
//! was there. What its answers mean is told by `credential::wecom`.

use std::cell::RefCell;

use credential::wecom::{self, Then};
use serde_json::Value as Json;
use shell::now;

use crate::config::{back, is_address, variable, warn};
use crate::provider::{fetch_json, form};

/// Times that it is asked for one visit: once more after a token that is over, and once more while
/// it is busy.
const TIMES: usize = 3;

/// The company and its application, in whose name we ask WeCom.
#[derive(Debug, Clone)]
pub(crate) struct Wecom {
    /// What people call it, on the button.
    pub(crate) name: String,
    corp: String,
    agent: String,
    secret: String,
    /// Where it sends browsers back to.
    back: String,
    login: String,
    api: String,
    /// Whether having been there stands in for a one-time code.
    pub(crate) is_strong: bool,
}

/// The access token, of which company and secret, and until when it is used.
#[derive(Clone)]
struct Kept {
    whose: (String, String),
    token: String,
    until: i64,
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

impl Wecom {
    /// `None` where no company is named, or what is said cannot be used; the log tells what.
    pub(crate) async fn read() -> Option<Self> {
        let corp = variable("wecom_corp_id").await;
        if corp.is_empty() {
            return None;
        }
        let name = variable("wecom_name").await;
        let wecom = Self {
            name: if name.is_empty() { "企业微信".to_owned() } else { name },
            corp,
            agent: variable("wecom_agent_id").await,
            secret: variable("wecom_secret").await,
            back: back().await.unwrap_or_default(),
            login: variable("wecom_login_url").await,
            api: variable("wecom_api_url").await,
            is_strong: variable("wecom_strong").await == "true",
        };
        match wecom.wrong(variable("oidc_allow_http").await == "true") {
            None => Some(wecom),
            Some(wrong) => {
                warn(&format!("nobody signs in by WeCom: {wrong}"));
                None
            }
        }
    }

    fn wrong(&self, allows_http: bool) -> Option<&'static str> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !self.corp.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)) {
            return Some("wecom_corp_id must be letters, digits, _ and -");
        }
        if !is_number(&self.agent) || self.secret.is_empty() {
            return Some("wecom_agent_id must be a number, and wecom_secret must be set");
        }
        let is_plain = |text: &str| is_address(text, allows_http) && !text.contains(['?', '#']);
        if !is_plain(&self.login) || !is_plain(&self.api) {
            return Some("wecom_login_url and wecom_api_url must be https addresses");
        }
        self.back.is_empty().then_some("public_url must be https://, or http:// of this machine")
    }

    /// As whose the members of the company are known.
    pub(crate) fn provider(&self) -> String {
        format!("wecom:{}", self.corp)
    }

    /// The address that a browser is sent to.
    pub(crate) fn address_of(&self, state: &str) -> String {
        let query = form(&[
            ("login_type", "CorpApp"),
            ("appid", &self.corp),
            ("agentid", &self.agent),
            ("redirect_uri", &self.back),
            ("state", state),
        ]);
        format!("{}/wwlogin/sso/login?{query}", self.login)
    }

    /// The member who was there, for the code that the browser was given.
    ///
    /// # Errors
    /// What is wrong, for the log.
    pub(crate) async fn member(&self, code: &str) -> Result<String, String> {
        let (mut may_renew, mut may_ask_again) = (true, true);
        for _ in 0..TIMES {
            let token = self.token().await?;
            let query = form(&[("access_token", &token), ("code", code)]);
            let answer = self.ask(&format!("auth/getuserinfo?{query}")).await?;
            match wecom::then(&answer) {
                (Then::Read, _) => {
                    let nobody = || "the user is no member of the company".to_owned();
                    return wecom::member(&answer).ok_or_else(nobody);
                }
                (Then::OtherToken, _) if may_renew => {
                    may_renew = false;
                    // Unless another visit has renewed it meanwhile.
                    KEPT.with_borrow_mut(|kept| drop(kept.take_if(|kept| kept.token == token)));
                }
                (Then::Again, _) if may_ask_again => may_ask_again = false,
                (_, wrong) => return Err(wrong),
            }
        }
        Err("WeCom does not come to an answer".to_owned())
    }

    /// The access token, which WeCom wants to be kept while it lasts.
    async fn token(&self) -> Result<String, String> {
        let whose = (self.corp.clone(), self.secret.clone());
        let is_fresh = |kept: &Kept| kept.whose == whose && now().0 < kept.until;
        let kept = KEPT.with_borrow(|kept| kept.clone().filter(is_fresh));
        if let Some(kept) = kept {
            return Ok(kept.token);
        }
        let query = form(&[("corpid", &self.corp), ("corpsecret", &self.secret)]);
        let mut answer = Json::Null;
        for _ in 0..2 {
            answer = self.ask(&format!("gettoken?{query}")).await?;
            match wecom::then(&answer) {
                (Then::Read, _) => break,
                (Then::Again, _) => {}
                (_, wrong) => return Err(wrong),
            }
        }
        let (token, seconds) = wecom::token(&answer).ok_or("WeCom gives no access token")?;
        let until = now().0.saturating_add(seconds.saturating_mul(1_000));
        let kept = Kept { whose, token: token.to_owned(), until };
        KEPT.with_borrow_mut(|all| *all = Some(kept));
        Ok(token.to_owned())
    }

    async fn ask(&self, what: &str) -> Result<Json, String> {
        fetch_json(&format!("{}/cgi-bin/{what}", self.api)).await
    }
}
