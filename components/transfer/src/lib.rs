//! Gives points to another member. The points keep their dates.

use shell::{App, Problem, Reply, Request, TransferBody, parse_json, submit};

shell::component! { shell::api::transfer::ROUTES {
    "POST /v1/transfers" => transfer(),
} }

async fn transfer(app: &App, request: &Request) -> Result<Reply, Problem> {
    submit(app, request, |body, key, actor| {
        parse_json::<TransferBody>(body)?.submission(key, actor)
    })
    .await
}
