//! Passes: what a shop gives the browser of a member that it knows, so that the browser sees that
//! member's own account for a while.

use ledger::{Closed, Member, MemberId, Refusal};
use serde_json::json;
use shell::{
    App, FieldError, Problem, Reply, Request, Role, actor_of, authenticate, authenticated_body,
    ends_of_pass, new_pass, noted, now, resolve_member_id,
};
use store::{Caller, LoadRequest, Lots, PassMaker, Scope, end_passes, load, make_pass};

shell::component! { shell::api::pass::ROUTES {
    "POST /v1/members/{id}/passes" => make(id),
    "DELETE /v1/members/{id}/passes" => end(id),
} }

/// A retry makes another pass, as the first one can never be shown again.
async fn make(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let member = open_account(app, &caller, id).await?;
    noted_for_staff(app, request, &caller, "pass_made", &member.id).await?;
    let no_randomness = || Problem::Internal("the host gives no randomness".to_owned());
    let (pass, hash) = new_pass().ok_or_else(no_randomness)?;
    let now = now();
    let (expires_at, until) = ends_of_pass(now);
    let of = (&member.id, member.sequence);
    // Who scans by a pass of the shop's own system is the member; staff would hide behind it.
    let may_scan = caller.role == Role::Storefront.as_str() && caller.person.is_none();
    let actor = actor_of(request)?;
    let by = PassMaker { actor: &actor, lineage: &caller.lineage, may_scan };
    let ends = (now, expires_at, until);
    if !make_pass(&app.sql, caller.programme.no, of, &hash, ends, by).await? {
        return Err(not_found());
    }
    let made = json!({
        "pass": pass,
        "path": format!("/m#pass={pass}"),
        "member_id": member.id.as_str(),
        "expires_at": expires_at.to_string(),
        "until": until.to_string(),
        "may_scan": may_scan,
    });
    Ok(Reply::json(201, &made).private())
}

async fn end(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, ..) = authenticated_body(app, request).await?;
    let member = named(app, &caller, id).await?;
    noted_for_staff(app, request, &caller, "passes_ended", &member).await?;
    end_passes(&app.sql, caller.programme.no, member.as_str()).await?;
    Ok(Reply::empty(204))
}

async fn named(app: &App, caller: &Caller, id: &str) -> Result<MemberId, Problem> {
    let wrong = |error: ledger::IdError| FieldError::new("member_id", error.to_string());
    let id = MemberId::new(id).map_err(wrong)?;
    let id = resolve_member_id(app, caller, id.as_str()).await?;
    MemberId::new(id).map_err(|error| wrong(error).into())
}

/// The member, whose account is open on both sides.
async fn open_account(app: &App, caller: &Caller, id: &str) -> Result<Member, Problem> {
    let wanted = [LoadRequest::member(named(app, caller, id).await?)];
    let scope = Scope::Programme(caller.programme.no);
    let found = load(&app.sql, scope, &wanted, Lots::None).await?;
    let loaded = found.and_then(|(_, _, mut loaded)| loaded.pop());
    let member = loaded.map(|loaded| loaded.member);
    let is_person = |member: &Member| member.exists() && !member.id.is_pool();
    let member = member.filter(is_person).ok_or_else(not_found)?;
    let refusal = match &member.closed {
        Some(Closed::Merged(into)) => Refusal::MemberMerged { into: into.to_string() },
        Some(Closed::Erased) => Refusal::MemberErased,
        None if member.frozen.spending => Refusal::MemberFrozen { side: "spending" },
        None if member.frozen.earning => Refusal::MemberFrozen { side: "earning" },
        None => return Ok(member),
    };
    Err(Problem::refused(refusal))
}

/// Shops make passes all day; staff who make one read an account with it.
async fn noted_for_staff(
    app: &App,
    request: &Request,
    caller: &Caller,
    action: &str,
    member: &MemberId,
) -> Result<(), Problem> {
    if caller.role == Role::Storefront.as_str() {
        return Ok(());
    }
    noted(app, request, caller, (action, member.as_str()), None).await
}

fn not_found() -> Problem {
    Problem::refused(Refusal::MemberNotFound)
}
