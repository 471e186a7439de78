//! Spending points.

use shell::{App, Problem, RedeemBody, Reply, Request, parse_json, submit};

shell::component! { shell::api::redeem::ROUTES {
    "POST /v1/redeem" => redeem(),
} }

async fn redeem(app: &App, request: &Request) -> Result<Reply, Problem> {
    submit(app, request, |body, key, actor| parse_json::<RedeemBody>(body)?.submission(key, actor))
        .await
}
