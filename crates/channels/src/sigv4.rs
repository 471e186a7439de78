//! Signatures over a canonical request. AWS (Signature Version 4), Tencent (TC3) and Alibaba
//! (ACS3) share its form and differ in names, keys and instants.

use crate::encode::percent;
use crate::http::HttpRequest;
use crate::instant::utc;
use crate::secret::Secret;
use crate::sign::{hex, hmac_sha256, sha256_hex};

/// The names and values of a request that are signed, sorted by name.
struct Canonical {
    request: String,
    names: String,
}

fn canonical(
    method: &str,
    path: &str,
    query: &str,
    mut headers: Vec<(&str, &str)>,
    digest: &str,
) -> Canonical {
    headers.sort_unstable();
    let lines: String =
        headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let request = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{digest}");
    Canonical { request, names }
}

/// Signs a request to Alibaba Cloud (ACS3-HMAC-SHA256): adds the fields `x-acs-…` and
/// `authorization`. `pairs` are the query; `action` is operation and version.
pub(crate) fn acs3(
    (origin, host): (&str, &str),
    action: (&str, &str),
    pairs: &[(&str, &str)],
    body: Option<String>,
    (key_id, key): (&str, &Secret),
    (now_ms, nonce): (i64, &str),
) -> HttpRequest {
    let mut sorted: Vec<_> =
        pairs.iter().map(|(name, value)| (percent(name), percent(value))).collect();
    sorted.sort_unstable();
    let query =
        sorted.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let has_body = body.is_some();
    let body = body.unwrap_or_default();
    let digest = sha256_hex(body.as_bytes());
    let ask = if query.is_empty() { "" } else { "?" };
    let mut request = HttpRequest {
        method: "POST",
        url: format!("{origin}/{ask}{query}"),
        headers: Vec::new(),
        body,
    };
    if has_body {
        request = request.with("content-type", "application/x-www-form-urlencoded");
    }
    let request = request
        .with("x-acs-action", action.0)
        .with("x-acs-version", action.1)
        .with("x-acs-date", utc(now_ms, "%Y-%m-%dT%H:%M:%SZ"))
        .with("x-acs-signature-nonce", nonce)
        .with("x-acs-content-sha256", digest.clone());
    let mut signed: Vec<_> =
        request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    signed.push(("host", host));
    let Canonical { request: text, names } = canonical("POST", "/", &query, signed, &digest);
    let text = format!("ACS3-HMAC-SHA256\n{}", sha256_hex(text.as_bytes()));
    let signature = hex(&hmac_sha256(key.reveal().as_bytes(), text.as_bytes()));
    let authorization =
        format!("ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={signature}");
    request.with("authorization", authorization)
}

/// Signs a request to Tencent Cloud (TC3-HMAC-SHA256): adds `authorization` and the instant. The
/// type of the body and the host are signed.
pub(crate) fn tc3(
    request: HttpRequest,
    host: &str,
    service: &str,
    (key_id, key): (&str, &Secret),
    now_ms: i64,
) -> HttpRequest {
    let (second, day) = (now_ms.div_euclid(1000), utc(now_ms, "%Y-%m-%d"));
    let digest = sha256_hex(request.body.as_bytes());
    let signed = vec![("content-type", request.header("content-type")), ("host", host)];
    let Canonical { request: text, names } = canonical("POST", "/", "", signed, &digest);
    let scope = format!("{day}/{service}/tc3_request");
    let text = format!("TC3-HMAC-SHA256\n{second}\n{scope}\n{}", sha256_hex(text.as_bytes()));
    let first = format!("TC3{}", key.reveal());
    let signing = derived(&first, &[&day, service, "tc3_request"]);
    let signature = hex(&hmac_sha256(&signing, text.as_bytes()));
    let authorization = format!(
        "TC3-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    );
    request.with("x-tc-timestamp", second.to_string()).with("authorization", authorization)
}

/// Signs a request to AWS (Signature Version 4) for a service in a region: adds `x-amz-date` and
/// `authorization`.
pub(crate) fn aws4(
    request: HttpRequest,
    (host, path): (&str, &str),
    (region, service): (&str, &str),
    (key_id, key): (&str, &Secret),
    now_ms: i64,
) -> HttpRequest {
    let (instant, day) = (utc(now_ms, "%Y%m%dT%H%M%SZ"), utc(now_ms, "%Y%m%d"));
    let request = request.with("x-amz-date", instant.clone());
    let digest = sha256_hex(request.body.as_bytes());
    let signed = vec![
        ("content-type", request.header("content-type")),
        ("host", host),
        ("x-amz-date", instant.as_str()),
    ];
    let Canonical { request: text, names } = canonical("POST", path, "", signed, &digest);
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{instant}\n{scope}\n{}", sha256_hex(text.as_bytes()));
    let first = format!("AWS4{}", key.reveal());
    let signing = derived(&first, &[&day, region, service, "aws4_request"]);
    let signature = hex(&hmac_sha256(&signing, text.as_bytes()));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, \
         Signature={signature}"
    );
    request.with("authorization", authorization)
}

/// A key for one day, place and service.
fn derived(first: &str, steps: &[&str]) -> Vec<u8> {
    let start = first.as_bytes().to_vec();
    steps.iter().fold(start, |key, step| hmac_sha256(&key, step.as_bytes()))
}
