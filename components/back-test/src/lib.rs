//! Tries out drafts on one event, and on past events. No route here writes to the books.

mod back_tests;

use rules::Rulebook;
use shell::{
    App, FieldError, Problem, Reply, Request, SimulationBody, authenticate, drafted, parse_json,
    simulate_submission,
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
    let SimulationBody { draft, rulebook, event } = parse_json(request.body()?)?;
    let submission = event.submission("simulation", &caller.label).map_err(within_event)?;
    let book = match (draft, rulebook) {
        (Some(draft), None) => drafted(&app.sql, &caller.programme, &draft).await?.book,
        (None, Some(rulebook)) => Rulebook::new(&rulebook, caller.programme.rulebook_version + 1)
            .map_err(within_rulebook)?,
        _ => {
            let detail = "must be there, or else rulebook; not both";
            return Err(Problem::InvalidRequest(vec![FieldError::new("/draft", detail)]));
        }
    };
    simulate_submission(app, &caller, submission, &book).await
}

fn within_rulebook(problems: Vec<rules::Problem>) -> Problem {
    let within =
        |one: rules::Problem| FieldError::new(format!("/rulebook{}", one.pointer), one.detail);
    Problem::InvalidRequest(problems.into_iter().map(within).collect())
}

fn within_event(problem: Problem) -> Problem {
    let Problem::InvalidRequest(errors) = problem else { return problem };
    let within =
        |error: FieldError| FieldError::new(format!("/event{}", error.pointer), error.detail);
    Problem::InvalidRequest(errors.into_iter().map(within).collect())
}
