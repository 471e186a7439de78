//! Passes: what a shop gives the browser of a member that it knows, so that the browser sees that
//! member's own account for a while.

use ledger::{Closed, Member, MemberId, Refusal};
use serde_json::json;
use shell::{
    App, Bearer, FieldError, Problem, Reply, Request, actor_of, authenticate, authenticated_body,
    device_of, ends_of_pass, holder, is_shops_own, new_pass, noted_of_staff, now,
    only_the_shops_own, resolve_member_id,
};
use store::{Caller, LoadRequest, Lots, PassMaker, Scope, end_pass, end_passes, load, make_pass};

shell::component! { shell::api::pass::ROUTES {
    "POST /v1/members/{id}/passes" => make(id),
    "DELETE /v1/members/{id}/passes" => end(id),
    "DELETE /v1/me/pass" => leave(),
} }

/// A retry makes another pass, as the first one can never be shown again.
async fn make(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let member = open_account(app, &caller, id).await?;
    noted_of_staff(app, request, &caller, ("pass_made", member.id.as_str()), None).await?;
    let no_randomness = || Problem::Internal("the host gives no randomness".to_owned());
    let (pass, hash) = new_pass().ok_or_else(no_randomness)?;
    let now = now();
    let (expires_at, until) = ends_of_pass(now);
    let of = (&member.id, member.sequence);
    let may_write = is_shops_own(&caller);
    let device = device_of(app, request)?;
    let actor = actor_of(request)?;
    let device = device.as_deref();
    let by = PassMaker { actor: &actor, lineage: &caller.lineage, may_write, device };
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
        "may_write": may_write,
    });
    Ok(Reply::json(201, &made).private())
}

async fn end(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, ..) = authenticated_body(app, request).await?;
    let member = named(app, &caller, id).await?;
    noted_of_staff(app, request, &caller, ("passes_ended", member.as_str()), None).await?;
    end_passes(&app.sql, caller.programme.no, member.as_str()).await?;
    Ok(Reply::empty(204))
}

/// The member leaves: by this browser, or by all of them, as when a phone is lost. A pass that
/// staff made ends itself alone: who ends the others is noted, and has a key for that.
async fn leave(app: &App, request: &Request) -> Result<Reply, Problem> {
    let pass = holder(app, request).await?;
    if !request.flag("all")? {
        end_pass(&app.sql, Bearer::of(request)?.hash()).await?;
    } else if pass.may_write {
        end_passes(&app.sql, pass.programme.no, pass.member.as_str()).await?;
    } else {
        return Err(only_the_shops_own());
    }
    Ok(Reply::empty(204).private())
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

fn not_found() -> Problem {
    Problem::refused(Refusal::MemberNotFound)
}
