//! The keys by which the tills of a store sign receipts: made, listed and retired. Only the call
//! that makes a key shows its secret.

use seal::{Place, Seals};
use serde_json::{Value as Json, json};
use shell::{
    App, Bearer, FieldError, Page, Problem, QrKeyBody, QrKeyRetirementBody, Reply, Request,
    authenticate, authenticated_body, new_token, now, once, parse_json, parse_optional_json,
    random, sealed, sealed_text, who,
};
use store::{
    Caller, NewQrKey, QrKey, list_qr_keys, make_qr_key, qr_key, registered_store, retire_qr_key,
};

/// Max keys of a store that are not retired.
const MAX_KEYS: i64 = 10;
/// Names are read aloud and typed: no letters that look like others.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const NAME_LENGTH: usize = 8;

shell::component! { shell::api::qr_key::ROUTES {
    "GET /v1/qr-keys" => list(),
    "POST /v1/qr-keys" => make(),
    "POST /v1/qr-keys/{kid}/retire" => retire(kid),
} }

/// A retry makes another key, as the first one can never be shown again.
async fn make(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, _, body) = authenticated_body(app, request).await?;
    // A browser is easier to take over than a key, and its session ends soon: it makes no key that
    // lasts.
    if Bearer::of(request)?.is_session() {
        return Err(Problem::Forbidden("admin, as an API key and not in a session".to_owned()));
    }
    let body: QrKeyBody = parse_json(body)?;
    body.check()?;
    let no = caller.programme.no;
    if registered_store(&app.sql, no, &body.store_id).await?.is_none() {
        return Err(FieldError::new("/store_id", "is no store of the registry").into());
    }
    let letter = |byte: &u8| LETTERS.get(usize::from(byte & 31)).map(|c| char::from(*c));
    let kid: String = random::<NAME_LENGTH>()?.iter().filter_map(letter).collect();
    let (token, _) = new_token().ok_or_else(no_randomness)?;
    let secret = format!("qrs_{token}");
    let place = Place::qr_key(no, &kid);
    let stored = sealed_text(&secret, &place, "the secret of a QR key").await?;
    let wish = NewQrKey {
        kid: &kid,
        store: &body.store_id,
        label: &body.label,
        secret: &stored,
        by: caller.name(),
    };
    if !make_qr_key(&app.sql, no, &wish, MAX_KEYS, &who(request, &caller)).await? {
        let detail = "has 10 keys that are not retired: retire one first";
        return Err(FieldError::new("/store_id", detail).into());
    }
    sealed(app, &caller).await;
    let made = existing(app, &caller, &kid).await?;
    Ok(Reply::json(201, &shown(&made)).and("secret", secret.into()).private())
}

fn no_randomness() -> Problem {
    Problem::Internal("the host gives no randomness".to_owned())
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let after = page.cursor.as_deref().unwrap_or_default();
    let store = request.query("store_id");
    let found = list_qr_keys(&app.sql, caller.programme.no, store, after, page.limit + 1).await?;
    Ok(page.reply(found, shown, |last| last.kid.clone()))
}

async fn retire(app: &App, request: &Request, kid: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: QrKeyRetirementBody = parse_optional_json(body)?;
    let retire = async || {
        let leaked_at = body.leaked_at(now())?;
        existing(app, &caller, kid).await?;
        let (no, by) = (caller.programme.no, caller.name());
        retire_qr_key(&app.sql, no, kid, leaked_at, by, &who(request, &caller)).await?;
        Ok(Reply::json(200, &shown(&existing(app, &caller, kid).await?)))
    };
    once(app, &key, &caller, "qr-key-retire", &(kid, &body), retire).await
}

/// The key, when it is of the caller's programme.
async fn existing(app: &App, caller: &Caller, kid: &str) -> Result<QrKey, Problem> {
    let found = qr_key(&app.sql, kid).await?;
    found.filter(|key| key.programme_no == caller.programme.no).ok_or(Problem::ResourceNotFound)
}

fn shown(key: &QrKey) -> Json {
    let (retired_at, retired_by) = key.retired.clone().unzip();
    json!({
        "kid": key.kid,
        "store_id": key.store,
        "label": key.label,
        "is_sealed": Seals::is_sealed(&key.secret),
        "created_at": key.created_at.to_string(),
        "created_by": key.created_by,
        "retired_at": retired_at.map(|at| at.to_string()),
        "retired_by": retired_by,
        "compromised_from": key.leaked_at.map(|at| at.to_string()),
    })
}
