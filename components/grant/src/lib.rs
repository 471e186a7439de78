//! Gives members points and coupons of the rulebook.

use shell::{App, GrantBody, Problem, Reply, Request, parse_json, submit};

shell::component! { shell::api::grant::ROUTES {
    "POST /v1/grants" => grant(),
} }

async fn grant(app: &App, request: &Request) -> Result<Reply, Problem> {
    submit(app, request, |body, key, actor| parse_json::<GrantBody>(body)?.submission(key, actor))
        .await
}
