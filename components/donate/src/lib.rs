//! Gives points to charities of the rulebook, and reports what these were given.

use rules::operations::{DONATIONS, donated};
use serde_json::{Value as Json, json};
use shell::{App, DonateBody, Problem, Reply, Request, authenticate, parse_json, submit, wide};
use store::tallies;

shell::component! { shell::api::donate::ROUTES {
    "POST /v1/donations" => donate(),
    "GET /v1/donations" => report(),
} }

async fn donate(app: &App, request: &Request) -> Result<Reply, Problem> {
    submit(app, request, |body, key, actor| parse_json::<DonateBody>(body)?.submission(key, actor))
        .await
}

async fn report(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let counted = tallies(&app.sql, caller.programme.no, &[DONATIONS.to_owned()]).await?;
    let charities = donated(&counted).into_iter().map(|(charity, months)| {
        let points = wide(months.values().map(|points| i128::from(*points)).sum());
        let months = months.iter().rev();
        let months: Vec<Json> =
            months.map(|(month, points)| json!({"month": month, "points": points})).collect();
        json!({"charity": charity, "points": points, "months": months})
    });
    Ok(Reply::json(200, &json!({"charities": charities.collect::<Vec<_>>()})))
}
