//! Fixture of the host's tests. `/probe/<verb>/<argument>`: `empty`, `echo`, `write` and `read`
//! (two statements and one, like an earn and a balance), `sql/<label>` (the body is the statement),
//! `bound/<label>` (each further line is a bound text), `transaction`, `store`, `variable`,
//! `clock`, `sleep`, `outbound`, `address` (of the caller), `scheme`. Misbehaviour: `compute` (for
//! milliseconds), `trap`, `spin`, `block`, `hog`, `silent` (no response).
//!
//! A key `<tenant>.<anything>` is valid, and one that begins with `bad` is not. A request without a
//! key has no tenant, and is served.

use bytes::Bytes;
use spin_sdk::{
    http::{FullBody, Request, Response, body::IncomingBodyExt, get},
    http_service,
    key_value::Store,
    sqlite::{Connection, Error, RowResult, Value},
    variables,
};
use std::{
    fmt::Debug,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

type Answer = Result<String, String>;

#[http_service]
async fn handle(request: Request) -> Result<Response<FullBody<Bytes>>, String> {
    let path = request.uri().path().to_owned();
    // The first segment is the route, which selects a component with other grants in the manifest.
    let mut parts = path.splitn(4, '/').skip(2);
    let (verb, argument) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if verb == "silent" {
        return Err("asked to give no response".into());
    }
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let key = header("authorization").unwrap_or_default();
    let key = key.strip_prefix("Bearer ").unwrap_or_default();
    if key.starts_with("bad") {
        let response = Response::builder().status(401).header("content-length", 0);
        return response.body(FullBody::new(Bytes::new())).map_err(text);
    }
    let tenant = key.split_once('.').map(|(tenant, _)| tenant.to_owned());
    let (address, scheme) =
        (header("spin-client-addr"), request.uri().scheme_str().map(str::to_owned));
    let body = request.into_body().bytes().await.map_err(text)?;
    let outcome = match verb {
        "address" => Ok(address.unwrap_or_default()),
        "scheme" => Ok(scheme.unwrap_or_default()),
        _ => run(verb, argument, &body).await,
    };
    let (status, body) = match outcome {
        Ok(body) => (200, body),
        Err(message) => (500, message),
    };
    let mut response = Response::builder().status(status).header("content-length", body.len());
    if let Some(tenant) = tenant {
        response = response.header("tenant", tenant);
    }
    response.body(FullBody::new(Bytes::from(body))).map_err(text)
}

async fn run(verb: &str, argument: &str, body: &[u8]) -> Answer {
    let body_text = || String::from_utf8_lossy(body).into_owned();
    match verb {
        "empty" => Ok("ok".into()),
        "echo" => Ok(body_text()),
        "write" => write(argument).await,
        "read" => read(argument).await,
        "sql" => {
            let connection = Connection::open(argument).await.map_err(text)?;
            execute(&connection, &body_text(), vec![]).await.map(|rows| format!("{rows:?}"))
        }
        "bound" => bound(argument, &body_text()).await,
        "transaction" => transaction(argument).await,
        "store" => store(argument, body).await,
        "variable" => variables::get(argument).await.map_err(text),
        "clock" => {
            Ok(SystemTime::now().duration_since(UNIX_EPOCH).map_err(text)?.as_secs().to_string())
        }
        "sleep" => {
            spin_sdk::time::sleep(milliseconds(argument)?).await;
            Ok("slept".into())
        }
        "outbound" => {
            let response = get(body_text()).await.map_err(text)?;
            let (status, location) =
                (response.status().as_u16(), response.headers().contains_key("location"));
            let body = response.into_body().bytes().await.map_err(text)?;
            Ok(format!("{status} {location} {}", String::from_utf8_lossy(&body)))
        }
        "compute" => Ok(compute(milliseconds(argument)?)),
        "trap" => std::process::abort(),
        "spin" => spin(),
        "block" => {
            std::thread::sleep(milliseconds(argument)?);
            Ok("blocked".into())
        }
        "hog" => Ok(hog().to_string()),
        _ => Err("no such verb".into()),
    }
}

/// The statements of an earn: one that reads, one that writes. Adds one to the member's count and
/// returns it.
async fn write(member: &str) -> Answer {
    const UPSERT: &str = "INSERT INTO counter (member, count) VALUES (?1, ?2) \
                          ON CONFLICT (member) DO UPDATE SET count = count + 1 RETURNING count";
    let connection = Connection::open_default().await.map_err(text)?;
    let key = || Value::Text(member.to_owned());
    let rows =
        execute(&connection, "SELECT count FROM counter WHERE member = ?1", vec![key()]).await?;
    let next = number(&rows).unwrap_or_default() + 1;
    let rows = execute(&connection, UPSERT, vec![key(), Value::Integer(next)]).await?;
    number(&rows).map(|count| count.to_string()).ok_or_else(|| "no row came back".into())
}

async fn read(member: &str) -> Answer {
    let connection = Connection::open_default().await.map_err(text)?;
    let key = vec![Value::Text(member.to_owned())];
    let rows = execute(&connection, "SELECT count FROM counter WHERE member = ?1", key).await?;
    Ok(number(&rows).unwrap_or_default().to_string())
}

async fn bound(label: &str, body: &str) -> Answer {
    let mut lines = body.lines();
    let sql = lines.next().unwrap_or_default();
    let values = lines.map(|line| Value::Text(line.to_owned())).collect();
    let connection = Connection::open(label).await.map_err(text)?;
    execute(&connection, sql, values).await.map(|rows| format!("{rows:?}"))
}

/// Ends with `commit`, `rollback` or `forget` (the connection is dropped in the middle).
async fn transaction(end: &str) -> Answer {
    let connection = Connection::open_default().await.map_err(text)?;
    execute(&connection, "BEGIN IMMEDIATE", vec![]).await?;
    for member in ["t1", "t2"] {
        execute(
            &connection,
            "INSERT INTO counter VALUES (?1, 1)",
            vec![Value::Text(member.into())],
        )
        .await?;
    }
    if end != "forget" {
        execute(&connection, end, vec![]).await?;
    }
    Ok(end.to_owned())
}

/// Sets the value of a key in the store of that name, then reads all of it back.
async fn store(label: &str, value: &[u8]) -> Answer {
    let store = Store::open(label).await.map_err(text)?;
    store.set("greeting", value).await.map_err(text)?;
    store.set("gone", b"x").await.map_err(text)?;
    store.delete("gone").await.map_err(text)?;
    let greeting = store.get("greeting").await.map_err(text)?.unwrap_or_default();
    let gone = store.exists("gone").await.map_err(text)?;
    Ok(format!("{} {gone}", String::from_utf8_lossy(&greeting)))
}

async fn execute(
    connection: &Connection,
    sql: &str,
    parameters: Vec<Value>,
) -> Result<Vec<RowResult>, String> {
    let result = connection.execute(sql, parameters).await.map_err(plain)?;
    result.collect().await.map_err(plain)
}

fn number(rows: &[RowResult]) -> Option<i64> {
    rows.first()?.get(0)
}

fn milliseconds(argument: &str) -> Result<Duration, String> {
    argument.parse().map(Duration::from_millis).map_err(text)
}

/// Keeps the processor busy for about this long, without a pause.
fn compute(time: Duration) -> String {
    let started = std::time::Instant::now();
    let mut turns = 0_u64;
    while started.elapsed() < time {
        for _ in 0..10_000 {
            turns = std::hint::black_box(turns.wrapping_add(1));
        }
    }
    turns.to_string()
}

fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

/// Allocates until no memory is left; the allocator then aborts.
fn hog() -> usize {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        taken.push(std::hint::black_box(vec![1; 1024 * 1024]));
        if taken.len() > 100_000 {
            return taken.len();
        }
    }
}

fn plain(error: Error) -> String {
    match error {
        Error::Io(message) => message,
        other => format!("{other:?}"),
    }
}

fn text(error: impl Debug) -> String {
    format!("{error:?}")
}
