//! Tries out drafts on one event, and on past events. No route here writes to the books.

mod back_tests;

use shell::{
    App, Drafted, FieldError, Problem, Reply, Request, SimulationBody, authenticate, drafted,
    parse_json, simulate_submission,
};

shell::component! { shell::api::back_test::ROUTES {
    "POST /v1/rulebook/simulations" => simulate(),
    "GET /v1/rulebook/back-tests" => back_tests::list(),
    "POST /v1/rulebook/back-tests" => back_tests::begin(),
    "GET /v1/rulebook/back-tests/{id}" => back_tests::get(id),
    "POST /v1/rulebook/back-tests/{id}/continue" => back_tests::go_on(id),
} }

async fn simulate(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let SimulationBody { draft, event } = parse_json(request.body()?)?;
    let submission = event.submission("simulation", &caller.label).map_err(within_event)?;
    let Drafted { book, .. } = drafted(&app.sql, &caller.programme, &draft).await?;
    simulate_submission(app, &caller, submission, &book).await
}

fn within_event(problem: Problem) -> Problem {
    let Problem::InvalidRequest(errors) = problem else { return problem };
    let within =
        |error: FieldError| FieldError::new(format!("/event{}", error.pointer), error.detail);
    Problem::InvalidRequest(errors.into_iter().map(within).collect())
}
