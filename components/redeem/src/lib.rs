//! Spending points.

use shell::{App, Problem, RedeemBody, Reply, Request, parse_json, single};

shell::component! { shell::routes::REDEEM {
    "POST /v1/redeem" => redeem(),
} }

async fn redeem(app: &App, request: &Request) -> Result<Reply, Problem> {
    single(app, request, |body, key, actor| parse_json::<RedeemBody>(body)?.submission(key, actor))
        .await
}
