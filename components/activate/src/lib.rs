//! Makes pending points spendable before their time.

use ledger::{LotGrant, Refusal};
use rules::operations::Activation;
use rules::{Past, meant};
use shell::{
    ActivateBody, App, Problem, Reply, Request, authenticated_body, in_force, parse_json,
    resolve_member_id, submit_as,
};
use store::{ProgrammeRef, records};

shell::component! { shell::api::activate::ROUTES {
    "POST /v1/activate" => activate(),
} }

async fn activate(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: ActivateBody = parse_json(text)?;
    let body =
        ActivateBody { member_id: resolve_member_id(app, &caller, &body.member_id).await?, ..body };
    let activation = earned(app, &caller.programme, &body).await?;
    submit_as(app, request, &caller, |actor| body.submission(&key, actor, activation)).await
}

/// The earn under the reference. An earn never changes, so it may be read before the member.
async fn earned(
    app: &App,
    programme: &ProgrammeRef,
    body: &ActivateBody,
) -> Result<Result<Option<Activation>, Refusal>, Problem> {
    let found = records(&app.sql, programme.no, &[body.source()]).await?.into_iter();
    let theirs = found.filter(|past: &Past| past.entry.member.as_str() == body.member_id);
    let entry = match meant(theirs.collect(), body.order_store_id.as_deref()) {
        Ok(meant) => meant.into_iter().next(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(entry) = entry else { return Ok(Ok(None)) };
    let book = in_force(&app.sql, programme, entry.rulebook_version).await?;
    // A source that is no event, such as `redeem`, granted no points.
    let is_event = book.expiry(&body.event).is_some();
    let life = |lot: &LotGrant| Some((lot.number, book.expiry(&lot.source)?.clone()));
    let activation =
        is_event.then(|| Activation { lots: entry.lots.grants.iter().filter_map(life).collect() });
    Ok(Ok(activation))
}
