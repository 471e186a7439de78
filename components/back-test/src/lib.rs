//! Drafts tried out: on one event, and on what has happened. Nothing here writes to the books.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/rulebook/simulations` | what one event of a member would earn under a draft |
//! | `POST /v1/rulebook/back-tests` | begins to hold a draft against a period |
//! | `POST /v1/rulebook/back-tests/{id}/continue` | goes on with it |
//! | `GET /v1/rulebook/back-tests` | lists the newest of them |
//! | `GET /v1/rulebook/back-tests/{id}` | what one has found |

mod back_tests;

use shell::{
    App, Drafted, FieldError, Problem, Reply, Request, Response, Role, SimulationBody, authenticate, drafted,
    parse_json, serve, simulated,
};
use spin_sdk::http_service;

const WRITERS: [Role; 1] = [Role::Marketing];
const READERS: [Role; 2] = [Role::Marketing, Role::Finance];
const MOST_BYTES: usize = 256 * 1024;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    let Some(path) = path.strip_prefix(&["v1", "rulebook"]) else { return Err(Problem::RouteNotFound) };
    match (method, path) {
        ("POST", ["simulations"]) => simulate(app, request).await,
        ("GET", ["back-tests"]) => back_tests::list(app, request).await,
        ("POST", ["back-tests"]) => back_tests::begin(app, request).await,
        ("GET", ["back-tests", id]) => back_tests::get(app, request, id).await,
        ("POST", ["back-tests", id, "continue"]) => back_tests::go_on(app, request, id).await,
        (_, ["simulations"] | ["back-tests", _, "continue"]) => Err(Problem::MethodNotAllowed("POST")),
        (_, ["back-tests"]) => Err(Problem::MethodNotAllowed("GET, POST")),
        (_, ["back-tests", _]) => Err(Problem::MethodNotAllowed("GET")),
        _ => Err(Problem::RouteNotFound),
    }
}

async fn simulate(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &WRITERS).await?;
    request.allow_query(&[])?;
    let SimulationBody { draft, event } = parse_json(request.body_within(MOST_BYTES)?)?;
    let order = event.order("simulation", &caller.label).map_err(within_event)?;
    let Drafted { book, .. } = drafted(&app.sql, &caller.programme, &draft).await?;
    simulated(app, &caller, order, &book).await
}

fn within_event(problem: Problem) -> Problem {
    let Problem::InvalidRequest(errors) = problem else { return problem };
    let within = |error: FieldError| FieldError::new(format!("/event{}", error.pointer), error.detail);
    Problem::InvalidRequest(errors.into_iter().map(within).collect())
}
