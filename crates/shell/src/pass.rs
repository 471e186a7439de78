//! Passes of members: secrets that a shop gives a signed-in member's browser for a while, for that
//! member's own account and nothing else.
//!
//! A pass is no key: it has no role, and no other route knows it.

use ledger::Timestamp;
use store::{Caller, Pass, find_pass, pass_used};

use crate::admissions;
use crate::app::App;
use crate::auth::{Bearer, new_token};
use crate::ids::now;
use crate::problem::{FieldError, Problem};
use crate::request::Request;

/// What passes begin with.
const START: &str = "mem_";
/// A pass that is not used ends after so long.
const IDLE_MS: i64 = 15 * 60_000;
/// However much it is used, it ends after so long.
const LONGEST_MS: i64 = 4 * 3_600_000;
/// That it is used is written down once in so long.
const NOTED_MS: i64 = 60_000;

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

/// The member as who carries out a command: all idempotency keys of a member are one line.
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
