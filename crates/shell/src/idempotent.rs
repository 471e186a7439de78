//! Requests that write no entry, done once under their key: publications, endpoints, revocations.
//!
//! A command's entries are its receipt, written in one statement with it. Here the receipt follows
//! in a second one: a process that crashes in between does the same once more, and only then.

use serde::Serialize;
use serde::de::DeserializeOwned;
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
    let request = Keyed::of(app, caller, (operation, key), asked);
    if let Some((status, body)) = request.kept().await? {
        return Ok(replayed(Reply::new(status, "application/json", body)));
    }
    let reply = act().await?;
    request.keep(reply.status, reply.body.clone()).await?;
    Ok(reply)
}

/// As [`once`], for requests that tell of a member: nothing of what they tell is kept, so that an
/// erasure has nothing to look for here. `act` gives what alone cannot be told from the request
/// again; that is kept, and `shown` makes the answer of it and of the request.
///
/// # Errors
/// As [`once`].
pub async fn once_of_member<T: Serialize + DeserializeOwned>(
    app: &App,
    key: &str,
    caller: &Caller,
    (operation, asked): (&str, &impl Serialize),
    act: impl AsyncFnOnce() -> Result<T, Problem>,
    shown: impl FnOnce(T) -> Reply,
) -> Result<Reply, Problem> {
    let request = Keyed::of(app, caller, (operation, key), asked);
    let unreadable = |error: serde_json::Error| Problem::Internal(error.to_string());
    if let Some((_, kept)) = request.kept().await? {
        return Ok(replayed(shown(serde_json::from_str(&kept).map_err(unreadable)?)));
    }
    let done = act().await?;
    let kept = serde_json::to_string(&done).map_err(unreadable)?;
    let reply = shown(done);
    request.keep(reply.status, kept).await?;
    Ok(reply)
}

fn replayed(reply: Reply) -> Reply {
    reply.with("idempotent-replayed", "true")
}

/// A request under its key.
struct Keyed<'a> {
    app: &'a App,
    caller: &'a Caller,
    idem: String,
    fingerprint: String,
}

impl<'a> Keyed<'a> {
    fn of(
        app: &'a App,
        caller: &'a Caller,
        (operation, key): (&str, &str),
        asked: &impl Serialize,
    ) -> Self {
        let idem = scoped(caller, &format!("{operation}:{key}"));
        let fingerprint = app.salt.fingerprint(&fingerprint(asked));
        Self { app, caller, idem, fingerprint }
    }

    /// The status and the body that are kept.
    async fn kept(&self) -> Result<Option<(u16, String)>, Problem> {
        match receipt(&self.app.sql, self.caller.programme.no, &self.idem).await? {
            None => Ok(None),
            Some(kept) if is_fingerprint(&kept.fingerprint, &self.fingerprint) => {
                Ok(Some((kept.status, kept.body)))
            }
            Some(_) => Err(Problem::IdempotencyKeyReused),
        }
    }

    async fn keep(self, status: u16, body: String) -> Result<(), Problem> {
        let Self { app, caller, idem, fingerprint } = self;
        let answered = Receipt { fingerprint, status, body };
        keep_receipt(&app.sql, caller.programme.no, &idem, &answered, now()).await?;
        sealed(app, caller).await;
        Ok(())
    }
}
