//! Returns points that a thief has spent or given away.
//!
//! The last [approval](../../adjust/src/lib.rs) that its points require executes it. It executes at
//! once for the operator.

use shell::{
    App, Problem, RecoverBody, Reply, Request, asked, known_as, of_caller, parse_json, stolen,
};

shell::component! { shell::routes::RECOVER {
    "POST /v1/members/{id}/recover" => recover(id),
} }

async fn recover(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, text) = asked(app, request).await?;
    let body: RecoverBody = parse_json(text)?;
    let id = known_as(app, &caller, id).await?;
    let stolen = stolen(app, caller.programme.no, &id, &body.entries()?).await?;
    of_caller(app, request, &caller, |actor| body.submission(&id, stolen, &key, actor, &caller))
        .await
}
