//! Signs a receipt for a till that is online, and draws its QR code. Writes nothing.

mod print;

use seal::Place;
use serde_json::json;
use shell::{
    App, FieldError, Problem, Receipt, Reply, Request, SlipBody, authenticate, may_see, now,
    opened_text, parse_json, published,
};
use store::{Caller, QrKey, registered_store, signing_key};

/// How far the clock of a till may run ahead.
const AHEAD_MS: i64 = 5 * 60_000;
/// A receipt counts for so long, so an older one is signed for nobody.
const LASTS_MS: i64 = 30 * 24 * 3_600_000;

shell::component! { shell::api::slip::ROUTES {
    "POST /v1/slips" => sign(),
} }

async fn sign(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: SlipBody = parse_json(request.body()?)?;
    let book = published(&app.sql, &caller.programme).await?;
    let slip = body.slip(&book.currency().to_string())?;
    let store = store_of(&caller, body.store_id.as_deref())?;
    let (key, secret) = key_of(app, &caller, store).await?;
    let (now, paid_at) = (now(), slip.paid_at.unwrap_or_else(now));
    if paid_at > now.plus_ms(AHEAD_MS) || paid_at < now.plus_ms(-LASTS_MS) {
        let detail = "must be within the last 30 days, and no more than 5 minutes ahead";
        return Err(FieldError::new("/occurred_at", detail).into());
    }
    let receipt = Receipt::sign((&key.kid, &secret), paid_at, &slip.contents, &slip.reference);
    let receipt = receipt.ok_or_else(|| Problem::Internal("nothing is signed".to_owned()))?;
    let url = Receipt::url(&body.host, &receipt);
    let svg = print::svg(&url).ok_or_else(|| {
        FieldError::new("/lines", "are too many for a QR code: send the amount instead")
    })?;
    let registered = registered_store(&app.sql, caller.programme.no, store).await?;
    let paper = print::Paper {
        store: registered.as_ref().map_or(store, |found| found.store.name.as_str()),
        reference: &slip.reference,
        paid_at,
        zone: book.zone(),
        total_minor: slip.total_minor,
        currency: book.currency(),
    };
    Ok(Reply::json(
        200,
        &json!({
            "receipt": receipt,
            "url": url,
            "svg": svg,
            "text_58": paper.text(32),
            "text_80": paper.text(48),
        }),
    ))
}

/// The store that is named, or the only one of the key.
fn store_of<'a>(caller: &'a Caller, named: Option<&'a str>) -> Result<&'a str, Problem> {
    match (named, caller.stores.as_deref()) {
        (Some(store), _) if may_see(caller, Some(store)) => Ok(store),
        (Some(_), _) => Err(Problem::StoreForbidden),
        (None, Some([only])) => Ok(only),
        (None, _) => Err(FieldError::new("/store_id", "must name the store").into()),
    }
}

async fn key_of(app: &App, caller: &Caller, store: &str) -> Result<(QrKey, String), Problem> {
    let no = caller.programme.no;
    let key = signing_key(&app.sql, no, store).await?.ok_or_else(|| {
        FieldError::new("/store_id", "has no QR key: an admin makes one by POST /v1/qr-keys")
    })?;
    let opened = opened_text(&key.secret, &Place::qr_key(no, &key.kid)).await;
    let secret = opened.ok_or_else(|| {
        let detail = format!("has the QR key {}, which the variable secrets_key does not open: retire it, and make another", key.kid);
        FieldError::new("/store_id", detail)
    })?;
    Ok((key, secret))
}
