//! Requests that write no entry, done once under their key: publications, endpoints, revocations.
//!
//! A command's entries are its receipt, written in one statement with it. Here the receipt follows
//! in a second one: whoever crashes in between does the same once more, and only then.

use serde::Serialize;
use store::{Caller, Receipt, is_fingerprint, keep_receipt, receipt};

use crate::answer::Reply;
use crate::api::common::fingerprint;
use crate::app::App;
use crate::audit::sealed;
use crate::ids::now;
use crate::keeping::scoped;
use crate::problem::Problem;

/// Gives the first answer again when the key has one; otherwise acts, and keeps the answer when it
/// is a success. `asked` is all that tells this request from another of the same operation.
///
/// # Errors
/// [`Problem::IdempotencyKeyReused`], what the database does, and what `act` gives.
pub async fn once(
    app: &App,
    key: &str,
    caller: &Caller,
    operation: &str,
    asked: &impl Serialize,
    act: impl AsyncFnOnce() -> Result<Reply, Problem>,
) -> Result<Reply, Problem> {
    let idem = scoped(caller, &format!("{operation}:{key}"));
    let fingerprint = app.salt.fingerprint(&fingerprint(asked));
    let programme = caller.programme.no;
    if let Some(kept) = receipt(&app.sql, programme, &idem).await? {
        if !is_fingerprint(&kept.fingerprint, &fingerprint) {
            return Err(Problem::IdempotencyKeyReused);
        }
        return Ok(Reply::new(kept.status, "application/json", kept.body)
            .with("idempotent-replayed", "true"));
    }
    let reply = act().await?;
    let answered = Receipt { fingerprint, status: reply.status, body: reply.body.clone() };
    keep_receipt(&app.sql, programme, &idem, &answered, now()).await?;
    sealed(app, caller).await;
    Ok(reply)
}
