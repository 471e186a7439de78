//! The rival over HTTP: what a team might run instead of Accrue. It puts the PL/pgSQL ledger of
//! xtask/bench/rival.sql behind the routes that the bench's load uses.
//!
//! This file starts the service. It says how to connect to the database by its only argument,
//! listens on a free port of loopback and prints its address.

mod answers;
mod ledger;
mod requests;

use answers::{Answer, Problem};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use ledger::Ledger;
use requests::{Caller, Purchase, Redemption, idempotency_key, member_number};
use std::process::ExitCode;
use tokio::net::TcpListener;

/// As of Accrue's earn.
const MAX_BODY: usize = 256 * 1024;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let Some(database) = std::env::args().nth(1) else {
        eprintln!("usage: rival \"host=FOLDER port=PORT user=USER dbname=DATABASE\"");
        return ExitCode::FAILURE;
    };
    match serve(&database).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(database: &str) -> Result<(), Box<dyn std::error::Error>> {
    let ledger = Ledger::connect(database)?;
    let routes = Router::new()
        .route("/v1/earn", post(earn))
        .route("/v1/redeem", post(redeem))
        .route("/v1/members/{member_id}", get(member))
        .fallback(async || Problem::ROUTE_NOT_FOUND)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(ledger);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("a connection sends small packets late: {error}");
        }
    });
    axum::serve(listener, routes).await?;
    Ok(())
}

type Body = Result<Bytes, BytesRejection>;

async fn earn(
    State(ledger): State<Ledger>,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer, Problem> {
    let caller = Caller::of(&headers)?;
    let key = idempotency_key(&headers)?;
    let body = body.map_err(|_| Problem::BODY_REFUSED)?;
    let purchase = Purchase::read(&body)?;
    let balance = ledger.earn(&caller, &purchase, key).await?;
    Answer::earned(&purchase, balance)
}

async fn redeem(
    State(ledger): State<Ledger>,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer, Problem> {
    let caller = Caller::of(&headers)?;
    let key = idempotency_key(&headers)?;
    let body = body.map_err(|_| Problem::BODY_REFUSED)?;
    let redemption = Redemption::read(&body)?;
    let balance = ledger.redeem(&caller, &redemption, key).await?;
    Answer::redeemed(&redemption, balance)
}

async fn member(
    State(ledger): State<Ledger>,
    headers: HeaderMap,
    Path(member_id): Path<String>,
) -> Result<Answer, Problem> {
    let caller = Caller::of(&headers)?;
    let number = member_number(&member_id)?;
    let standing = ledger.standing(&caller, number).await?;
    Answer::member(&member_id, standing)
}
