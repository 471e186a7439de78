//! Two accounts of one person become one.
//!
//! It is done with the last [approval](../../adjust/src/lib.rs) that as many points take; at once
//! when the other has none, and for the operator.

use ledger::MemberId;
use shell::{App, MergeBody, Problem, Reply, Request, asked, known_as, of_caller, parse_json};
use store::{LoadRequest, Lots, Scope, load};

shell::component! { shell::routes::MERGE {
    "POST /v1/members/{id}/merge" => merge(id),
} }

async fn merge(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = asked(app, request).await?;
    let body: MergeBody = parse_json(text)?;
    // Who approves must see who is meant. A name that is known elsewhere in the group only is
    // resolved when the member is loaded.
    let from = known_as(app, &caller, &body.from_member_id).await.unwrap_or(body.from_member_id);
    let points = points_of(app, caller.programme.no, &from).await?;
    let body = MergeBody { from_member_id: from, reason: body.reason };
    of_caller(app, request, &caller, |actor| body.order(id, (&key, actor), points, &caller)).await
}

/// Points in all lots of the member. When it gets more meanwhile, the decision tells.
async fn points_of(app: &App, programme_no: i64, member: &str) -> Result<i64, Problem> {
    let Ok(member) = MemberId::new(member) else { return Ok(0) };
    let found =
        load(&app.sql, Scope::Programme(programme_no), &[LoadRequest::member(member)], Lots::All)
            .await?;
    let (_, _, loaded) = found.ok_or(Problem::Unauthorized)?;
    let lots = loaded.iter().flat_map(|loaded| &loaded.member.lots);
    Ok(lots.fold(0i64, |sum, lot| sum.saturating_add(lot.remaining)))
}
