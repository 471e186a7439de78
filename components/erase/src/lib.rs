//! Erases the person of an account. The books keep their sums and their chain.

use ledger::MemberId;
use serde_json::Value as Json;
use shell::{App, EraseBody, Problem, Reply, Request, authenticate, parse_json, submit};
use store::{end_passes, forget_imported, redact};

shell::component! { shell::api::erase::ROUTES {
    "POST /v1/members/{id}/erase" => erase(id),
} }

/// A second statement deletes the texts. After a crash in between, a retry with the same key gets
/// the same answer and deletes them.
async fn erase(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let reply = submit(app, request, |body, key, actor| {
        parse_json::<EraseBody>(body)?.submission(id, key, actor)
    })
    .await?;
    // Uses the id of the answer, because a name from the request leads nowhere after the erasure.
    let shown: Json = serde_json::from_str(reply.body()).unwrap_or_default();
    let member = shown
        .pointer("/entry/member_id")
        .and_then(Json::as_str)
        .and_then(|id| MemberId::new(id).ok());
    if let Some(member) = member.filter(|_| request.flag("dry_run").is_ok_and(|dry| !dry)) {
        redact(&app.sql, caller.programme.no, &member).await?;
        forget_imported(&app.sql, caller.programme.no, &member).await?;
        // They count no more; their rows name a device.
        end_passes(&app.sql, caller.programme.no, member.as_str()).await?;
    }
    Ok(reply)
}
