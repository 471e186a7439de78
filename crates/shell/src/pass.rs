//! Passes of members: secrets that a shop gives a signed-in member's browser for a while, for that
//! member's own account and nothing else.
//!
//! A pass is no key: it has no role, and no other route knows it.

use ledger::Timestamp;
use store::{Caller, Pass, find_pass, pass_used, pass_writes};

use crate::admissions;
use crate::answer::Reply;
use crate::app::App;
use crate::auth::{Bearer, Role, new_token};
use crate::ids::now;
use crate::keeping::digest;
use crate::problem::{FieldError, Problem};
use crate::request::Request;
use crate::trace::trace_of;

/// What passes begin with.
const START: &str = "mem_";
/// A pass that is not used ends after so long.
const IDLE_MS: i64 = 15 * 60_000;
/// However much it is used, it ends after so long.
const LONGEST_MS: i64 = 4 * 3_600_000;
/// That it is used is written down once in so long.
const NOTED_MS: i64 = 60_000;
/// A pass writes so often in so long: guessing receipts is slow, and a member does less.
const MOST_WRITES: i64 = 30;
const WRITES_PER_MS: i64 = 10 * 60_000;

/// A fresh pass and what is stored of it; `None` when the host has no randomness.
#[must_use]
pub fn new_pass() -> Option<(String, String)> {
    let (token, _) = new_token()?;
    let secret = format!("{START}{token}");
    let hash = Bearer::parse(&secret)?.hash().to_owned();
    Some((secret, hash))
}

/// When a pass that begins now ends: unless it is used, and at the latest.
#[must_use]
pub fn ends_of_pass(now: Timestamp) -> (Timestamp, Timestamp) {
    (now.plus_ms(IDLE_MS), now.plus_ms(LONGEST_MS))
}

/// Whose pass the request bears; then checks the query's names. The pass goes on from now.
///
/// # Errors
/// [`Problem::Unauthorized`], what is wrong with query or headers, or what the database does.
pub async fn holder(app: &App, request: &Request) -> Result<Pass, Problem> {
    let bearer = Bearer::of(request)?;
    let now = now();
    let found = find_pass(&app.sql, bearer.hash(), now).await?;
    let mut pass = found.ok_or(Problem::Unauthorized)?;
    admissions::note(bearer.hash(), &pass.programme.id, now);
    request.check_query()?;
    // What members say of their device would be taken for what the shop knows.
    for name in ["device-id", "client-ip"] {
        if request.header(name).is_some() {
            return Err(FieldError::new(name, "is not for passes").into());
        }
    }
    let expires_at = now.plus_ms(IDLE_MS).min(pass.until);
    if expires_at.0 - pass.expires_at.0 >= NOTED_MS {
        pass.expires_at =
            pass_used(&app.sql, bearer.hash(), expires_at).await?.unwrap_or(expires_at);
    }
    Ok(pass)
}

/// Whether the caller is the shop's own system: a storefront without a person. What it tells of
/// members is what they said; staff would hide behind it.
#[must_use]
pub fn is_shops_own(caller: &Caller) -> bool {
    caller.role == Role::Storefront.as_str() && caller.person.is_none()
}

/// The digest of the device that the shop names in the header `Device-Id`.
///
/// # Errors
/// [`Problem::InvalidRequest`] where it is not one text of visible ASCII characters.
pub fn device_of(app: &App, request: &Request) -> Result<Option<String>, Problem> {
    let told = request.header("device-id").map(|text| text.unwrap_or_default().trim());
    let client = trace_of(("Device-Id", told), ("Client-Ip", None))?;
    Ok(client.device.map(|device| digest(app, &device)))
}

/// What a pass is told that staff made.
#[must_use]
pub fn only_the_shops_own() -> Problem {
    Problem::Forbidden("storefront, without a person, to make the pass".to_owned())
}

/// Lets the pass write, and counts it. Gives the seconds to wait where it has written too often.
///
/// # Errors
/// [`Problem::Forbidden`] where the pass reads only, or what the database does.
pub async fn writes(app: &App, request: &Request, pass: &Pass) -> Result<Option<i64>, Problem> {
    if !pass.may_write {
        return Err(only_the_shops_own());
    }
    let (hash, now) = (Bearer::of(request)?.hash(), now());
    if pass_writes(&app.sql, hash, now, (MOST_WRITES, WRITES_PER_MS)).await? {
        return Ok(None);
    }
    let wait_ms = pass.writes_from.0.saturating_add(WRITES_PER_MS).saturating_sub(now.0);
    Ok(Some(wait_ms.div_euclid(1_000).saturating_add(1).clamp(1, WRITES_PER_MS / 1_000)))
}

/// The answer to a pass that has written too often, in the form of the quotas of the host.
#[must_use]
pub fn too_many_writes(seconds: i64) -> Reply {
    let detail = "A pass scans receipts and consents 30 times in ten minutes. Nothing was done.";
    Reply::too_many(detail, seconds)
}

/// The member as the caller of a command: all idempotency keys of a member are one line.
#[must_use]
pub fn acting(pass: &Pass) -> Caller {
    Caller {
        programme: pass.programme.clone(),
        role: "member".to_owned(),
        operator: false,
        hash: String::new(),
        ends_at: None,
        label: "member".to_owned(),
        lineage: format!("member_{}", pass.member_no),
        person: None,
        last_used_at: 0,
        permissions: None,
        stores: None,
    }
}
