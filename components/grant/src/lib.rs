//! Gives members points and coupons of the rulebook.

use shell::{App, GrantBody, Problem, Reply, Request, authenticated_body, parse_json, submit_as};

shell::component! { shell::api::grant::ROUTES {
    "POST /v1/grants" => grant(),
} }

async fn grant(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body = parse_json::<GrantBody>(body)?;
    submit_as(app, request, &caller, |actor| body.submission(&key, actor, &caller)).await
}
