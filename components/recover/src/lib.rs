//! Returns points that a thief has spent or given away.
//!
//! The last [approval](../../adjust/src/lib.rs) that its points require executes it. It executes at
//! once for the operator.

use shell::{
    App, Problem, RecoverBody, Reply, Request, authenticated_body, parse_json, resolve_member_id,
    stolen, submit_as,
};

shell::component! { shell::api::recover::ROUTES {
    "POST /v1/members/{id}/recover" => recover(id),
} }

async fn recover(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = authenticated_body(app, request).await?;
    let body: RecoverBody = parse_json(text)?;
    let id = resolve_member_id(app, &caller, id).await?;
    let stolen = stolen(app, caller.programme.no, &id, &body.entries()?).await?;
    submit_as(app, request, &caller, |actor| body.submission(&id, stolen, &key, actor, &caller))
        .await
}
