//! What an installation says about its provider, in variables.

use serde_json::json;

/// The provider, and the client that the installation is to it.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Its issuer, exactly as its tokens name it.
    pub(crate) issuer: String,
    /// What people call it, on the button.
    pub(crate) name: String,
    pub(crate) client: String,
    pub(crate) secret: String,
    /// Where the provider sends browsers back to.
    pub(crate) back: String,
    /// Of these `amr` values each stands in for a one-time code.
    pub(crate) strong: Vec<String>,
    /// Whether its addresses may be plain http.
    pub(crate) allows_http: bool,
}

impl Config {
    /// `None` where no provider is named, or what is said cannot be used; the log tells what.
    pub(crate) async fn read() -> Option<Self> {
        let issuer = variable("oidc_issuer").await;
        if issuer.is_empty() {
            return None;
        }
        let name = variable("oidc_name").await;
        let config = Self {
            name: if name.is_empty() { "OpenID Connect".to_owned() } else { name },
            client: variable("oidc_client_id").await,
            secret: variable("oidc_client_secret").await,
            back: back().await.unwrap_or_default(),
            strong: variable("oidc_amr").await.split_whitespace().map(str::to_owned).collect(),
            allows_http: variable("oidc_allow_http").await == "true",
            issuer,
        };
        match config.wrong() {
            None => Some(config),
            Some(wrong) => {
                warn(&format!("nobody signs in by a provider: {wrong}"));
                None
            }
        }
    }

    fn wrong(&self) -> Option<&'static str> {
        if !self.is_address(&self.issuer) || self.issuer.contains(['?', '#']) {
            return Some("oidc_issuer must be an https address without a query");
        }
        if self.client.is_empty() || self.secret.is_empty() {
            return Some("oidc_client_id and oidc_client_secret must be set");
        }
        let wrong = "public_url must be https://, or http:// of this machine";
        self.back.is_empty().then_some(wrong)
    }

    /// Whether an address may be called, or browsers be sent there.
    pub(crate) fn is_address(&self, text: &str) -> bool {
        is_address(text, self.allows_http)
    }
}

/// Whether an address may be called, or browsers be sent there.
pub(crate) fn is_address(text: &str, allows_http: bool) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://").filter(|_| allows_http));
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| (b'!'..=b'~').contains(&byte))
    })
}

/// Where a provider sends browsers back to; `None` where the installation does not say it, or what
/// it says is not safe.
pub(crate) async fn back() -> Option<String> {
    let back = format!("{}/v1/oidc/callback", variable("public_url").await);
    let host = back.strip_prefix("http://").unwrap_or_default();
    let is_here = ["127.0.0.1", "localhost"]
        .iter()
        .any(|here| host.strip_prefix(here).is_some_and(|rest| rest.starts_with([':', '/'])));
    let is_plain = !back.contains(['?', '#', ' ']);
    (is_plain && (is_here || back.starts_with("https://"))).then_some(back)
}

pub(crate) async fn variable(name: &str) -> String {
    spin_sdk::variables::get(name).await.unwrap_or_default()
}

/// Tells the operator of the installation; never a token, a code or a name.
pub(crate) fn warn(message: &str) {
    eprintln!("{}", json!({"level": "warn", "message": message}));
}
