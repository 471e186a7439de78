//! Talks to the provider: its metadata and keys, and what it tells of the user who was there. All
//! of it has bounds of size and time, and metadata and keys are kept for a while.

use std::cell::RefCell;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use credential::id_token::{self, Expected};
use futures::StreamExt;
use futures::future::{Either, select};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value as Json};
use shell::now;
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{FullBody, send};

use crate::config::Config;

/// Bytes of an answer.
const MAX_BYTES: usize = 256 * 1024;
const TIME: Duration = Duration::from_secs(5);
/// For so long metadata and keys are kept, in milliseconds.
const KEPT_MS: i64 = 3_600_000;
/// So often an unknown key makes us ask for the keys again: everybody may name one.
const AGAIN_MS: i64 = 60_000;
/// What stands in a query as it is (RFC 3986, unreserved).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a provider says about itself.
#[derive(Debug, Clone)]
pub(crate) struct Metadata {
    pub(crate) authorization: String,
    token: String,
    keys: String,
    /// Whether it always says who answers (RFC 9207).
    pub(crate) tells_issuer: bool,
    /// Whether it takes our secret in the body only.
    takes_body: bool,
}

#[derive(Default)]
struct Kept {
    issuer: String,
    metadata: Option<(i64, Metadata)>,
    keys: Option<(i64, Json)>,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::new(Kept::default());
}

fn is_fresh(at: i64, for_ms: i64) -> bool {
    (0..for_ms).contains(&now().0.saturating_sub(at))
}

/// What the provider says about itself (OpenID Connect Discovery 1.0, section 4).
///
/// # Errors
/// What is wrong, for the log.
pub(crate) async fn metadata(config: &Config) -> Result<Metadata, String> {
    let kept = KEPT.with_borrow_mut(|kept| {
        if kept.issuer != config.issuer {
            *kept = Kept { issuer: config.issuer.clone(), ..Kept::default() };
        }
        kept.metadata.clone().filter(|(at, _)| is_fresh(*at, KEPT_MS))
    });
    if let Some((_, metadata)) = kept {
        return Ok(metadata);
    }
    let issuer = config.issuer.trim_end_matches('/');
    let told = fetch_json(&format!("{issuer}/.well-known/openid-configuration")).await?;
    let text = |name: &str| told.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    if text("issuer") != config.issuer {
        return Err("the provider calls itself otherwise than oidc_issuer does".to_owned());
    }
    let address = |name: &str| {
        let found = text(name);
        let wrong = || format!("{name} of the provider is no https address");
        config.is_address(&found).then_some(found).ok_or_else(wrong)
    };
    let ways = told.get("token_endpoint_auth_methods_supported").and_then(Json::as_array);
    let metadata = Metadata {
        authorization: address("authorization_endpoint")?,
        token: address("token_endpoint")?,
        keys: address("jwks_uri")?,
        tells_issuer: told.get("authorization_response_iss_parameter_supported")
            == Some(&Json::Bool(true)),
        takes_body: ways.is_some_and(|ways| !ways.iter().any(|way| way == "client_secret_basic")),
    };
    KEPT.with_borrow_mut(|kept| kept.metadata = Some((now().0, metadata.clone())));
    Ok(metadata)
}

/// The address at the provider that a browser is sent to.
pub(crate) fn address_of(
    config: &Config,
    metadata: &Metadata,
    (state, nonce, verifier): (&str, &str, &str),
) -> String {
    let separator = if metadata.authorization.contains('?') { '&' } else { '?' };
    let challenge = id_token::challenge(verifier);
    let query = form(&[
        ("response_type", "code"),
        ("scope", "openid"),
        ("client_id", &config.client),
        ("redirect_uri", &config.back),
        ("state", state),
        ("nonce", nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    format!("{}{separator}{query}", metadata.authorization)
}

/// The user who was there, for the code that the provider gave the browser.
///
/// # Errors
/// What is wrong, for the log.
pub(crate) async fn claims(
    config: &Config,
    metadata: &Metadata,
    (code, nonce, verifier): (&str, &str, &str),
) -> Result<Map<String, Json>, String> {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &config.back),
        ("code_verifier", verifier),
    ];
    let mut request = http::Request::post(&metadata.token)
        .header("content-type", "application/x-www-form-urlencoded");
    if metadata.takes_body {
        fields.extend([("client_id", &*config.client), ("client_secret", &*config.secret)]);
    } else {
        let pair = format!("{}:{}", encoded(&config.client), encoded(&config.secret));
        request = request.header("authorization", format!("Basic {}", STANDARD.encode(pair)));
    }
    let body = form(&fields);
    // Without it the body would travel in chunks, which not every provider takes.
    let request = request.header("content-length", body.len());
    let told = fetch(request.body(body)).await?;
    let token = told.get("id_token").and_then(Json::as_str).unwrap_or_default();
    let expected = Expected {
        issuer: &config.issuer,
        client: &config.client,
        nonce,
        now: now().0.div_euclid(1_000),
    };
    let check = |keys: &Json| id_token::claims(token, keys, &expected);
    let (at, known) = keys(metadata, KEPT_MS).await?;
    let found = match check(&known) {
        // It may have a new key.
        Err(wrong) if wrong == id_token::UNKNOWN_KEY && !is_fresh(at, AGAIN_MS) => {
            check(&keys(metadata, AGAIN_MS).await?.1)
        }
        found => found,
    };
    found.map_err(|wrong| format!("the ID token {wrong}"))
}

/// The provider's keys, and when they were read.
async fn keys(metadata: &Metadata, for_ms: i64) -> Result<(i64, Json), String> {
    let kept = KEPT.with_borrow(|kept| kept.keys.clone().filter(|(at, _)| is_fresh(*at, for_ms)));
    if let Some(kept) = kept {
        return Ok(kept);
    }
    let read = (now().0, fetch_json(&metadata.keys).await?);
    KEPT.with_borrow_mut(|kept| kept.keys = Some(read.clone()));
    Ok(read)
}

pub(crate) async fn fetch_json(address: &str) -> Result<Json, String> {
    fetch(http::Request::get(address).body(String::new())).await
}

/// Sends a request; the answer must be 200 and JSON.
async fn fetch(request: http::Result<http::Request<String>>) -> Result<Json, String> {
    let request = request.map_err(|error| format!("the provider's address: {error}"))?;
    let request = request.map(|body| FullBody::new(Bytes::from(body)));
    let answer = async {
        let answer = send(request).await.map_err(|error| format!("the provider: {error:?}"))?;
        let (head, body) = answer.into_parts();
        let mut read = Vec::new();
        let mut chunks = body.stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| "the provider's answer did not arrive whole")?;
            if read.len() + chunk.len() > MAX_BYTES {
                return Err("the provider's answer is larger than 256 KiB".to_owned());
            }
            read.extend_from_slice(&chunk);
        }
        if head.status != 200 {
            return Err(format!("the provider answered {}", head.status.as_u16()));
        }
        serde_json::from_slice(&read).map_err(|_| "the provider's answer is no JSON".to_owned())
    };
    let late = spin_sdk::time::sleep(TIME);
    match select(Box::pin(answer), Box::pin(late)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err("the provider does not answer".to_owned()),
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", encoded(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}
