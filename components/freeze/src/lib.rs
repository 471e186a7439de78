//! Freezes accounts: points can be neither earned nor spent until the account is restored.

use shell::{App, FreezeBody, Problem, Reply, Request, parse_json, submit};

shell::component! { shell::api::freeze::ROUTES {
    "POST /v1/members/{id}/freeze" => change(id, false),
    "POST /v1/members/{id}/restore" => change(id, true),
} }

async fn change(app: &App, request: &Request, id: &str, restores: bool) -> Result<Reply, Problem> {
    submit(app, request, |body, key, actor| {
        parse_json::<FreezeBody>(body)?.submission(id, restores, key, actor)
    })
    .await
}
