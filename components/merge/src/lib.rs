//! Merges two accounts of one person.
//!
//! The last [approval](../../adjust/src/lib.rs) that its points require executes it. It executes at
//! once for the operator, and if the other account has no points.

use ledger::MemberId;
use shell::{
    App, MergeBody, Problem, Reply, Request, authenticated_body, parse_json, resolve_member_id,
    submit_as,
};
use store::{LoadRequest, Lots, Scope, load};

shell::component! { shell::api::merge::ROUTES {
    "POST /v1/members/{id}/merge" => merge(id),
} }

async fn merge(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: MergeBody = parse_json(text)?;
    // The approver must see which account is meant. A name that only another programme of the group
    // knows is resolved when the member is loaded.
    let from =
        resolve_member_id(app, &caller, &body.from_member_id).await.unwrap_or(body.from_member_id);
    let points = points_of(app, caller.programme.no, &from).await?;
    let body = MergeBody { from_member_id: from, reason: body.reason };
    submit_as(app, request, &caller, |actor| body.submission(id, (&key, actor), points, &caller))
        .await
}

/// Points in all lots of the member. The decision checks again, as they may grow meanwhile.
async fn points_of(app: &App, programme_no: i64, member: &str) -> Result<i64, Problem> {
    let Ok(member) = MemberId::new(member) else { return Ok(0) };
    let found =
        load(&app.sql, Scope::Programme(programme_no), &[LoadRequest::member(member)], Lots::All)
            .await?;
    let (_, _, loaded) = found.ok_or(Problem::Unauthorized)?;
    let lots = loaded.iter().flat_map(|loaded| &loaded.member.lots);
    Ok(lots.fold(0i64, |sum, lot| sum.saturating_add(lot.remaining)))
}
