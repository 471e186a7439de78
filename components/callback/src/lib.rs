//! What vendors post: reports of messages, answers of members, and checks of the address.
//!
//! The vendor that posts is known by the secret in the path, which is found by its digest, and by
//! the vendor's own signature where it has one. A post that comes twice changes nothing.

use bytes::Bytes;
use channels::{Account, Callback, Received, Refusal, Vendor};
use http_body_util::Full;
use jobs::keep_reports;
use seal::Place;
use serde_json::{Value as Json, json};
use shell::{App, Lookup, Problem, Reply, Request, digest, now, opened_text, reach};
use spin_sdk::http::send;
use store::{ChannelAccount, account_of_callback};

/// Header fields that vendors sign with.
const FIELDS: [&str; 6] = [
    "x-twilio-signature",
    "x-twilio-email-event-webhook-signature",
    "x-twilio-email-event-webhook-timestamp",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

shell::component! { shell::api::callback::ROUTES {
    "POST /v1/callbacks/{id}/{secret}" => take(id, secret),
    "GET /v1/callbacks/{id}/{secret}" => take(id, secret),
} }

async fn take(app: &App, request: &Request, id: &str, secret: &str) -> Result<Reply, Problem> {
    let reach = reach().await?;
    let found = account_of_callback(reach.as_ref(), &digest(app, secret)).await?;
    let kept = found.filter(|kept| kept.id == id).ok_or(Problem::ResourceNotFound)?;
    let account = opened(&kept).await?;
    let body = std::str::from_utf8(request.body()?)
        .map_err(|_| Problem::MalformedJson("it is not UTF-8".to_owned()))?;
    let received = read(request, &account, (id, secret), body).await?;
    // The key of digests is read only where an address may be looked for.
    let lookup = Lookup::of(&reach).await?;
    let digest_of = |to: &str| lookup.digest(kept.programme_no, kept.channel, to);
    keep_reports(reach.as_ref(), &kept, &received.reports, &digest_of, now()).await?;
    if let Some(address) = &received.confirm {
        confirm(address).await;
    }
    let Received { response, .. } = received;
    Ok(Reply::text(200, response.content_type, response.body).with("cache-control", "no-store"))
}

async fn read(
    request: &Request,
    account: &Account,
    (id, secret): (&str, &str),
    body: &str,
) -> Result<Received, Problem> {
    let origin = spin_sdk::variables::get("public_url").await.unwrap_or_default();
    let query = request.raw_query();
    let ask = if query.is_empty() { "" } else { "?" };
    let origin = origin.trim_end_matches('/');
    let url = format!("{origin}/v1/callbacks/{id}/{secret}{ask}{query}");
    let field = |name: &&str| Some(((*name).to_owned(), request.only_header(name)?.to_owned()));
    let headers: Vec<(String, String)> = FIELDS.iter().filter_map(field).collect();
    let method = request.route().method;
    let callback = Callback { method, url: &url, headers: &headers, body, now_ms: now().0 };
    account.callback(&callback).map_err(|refusal| match refusal {
        Refusal::NotExpected => Problem::ResourceNotFound,
        Refusal::Forged | Refusal::Old => Problem::Unauthorized,
        Refusal::Unreadable => Problem::MalformedJson("it is not what the vendor posts".to_owned()),
    })
}

async fn opened(kept: &ChannelAccount) -> Result<Account, Problem> {
    let unreadable = || Problem::Internal(format!("account {} cannot be read", kept.no));
    let text = opened_text(&kept.secrets, &Place::channel(kept.programme_no, &kept.id)).await;
    let secrets: Json =
        serde_json::from_str(&text.ok_or_else(unreadable)?).map_err(|_| unreadable())?;
    let vendor = Vendor::parse(&kept.vendor).ok_or_else(unreadable)?;
    Account::read(vendor, &kept.settings, &secrets).map_err(|_| unreadable())
}

/// Fetches an address by which a vendor checks the address. It posts again where that fails.
async fn confirm(address: &str) {
    let outcome = match http::Request::get(address).body(Full::new(Bytes::new())) {
        Ok(request) => send(request).await.map(drop).map_err(|error| format!("{error:?}")),
        Err(error) => Err(error.to_string()),
    };
    if outcome.is_err() {
        let message = "a subscription of a vendor could not be confirmed";
        eprintln!("{}", json!({"level": "warn", "message": message}));
    }
}
