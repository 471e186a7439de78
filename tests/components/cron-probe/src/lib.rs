//! Fixture of the host's tests: writes one row for each fire, with the values that it could read.
//! The variable `mode` makes it misbehave.
#![expect(unsafe_code, reason = "the world is exported by functions of C")]

use fermyon::spin::{
    key_value::Store,
    sqlite::{Connection, Value},
    variables,
};
use std::time::{SystemTime, UNIX_EPOCH};

wit_bindgen::generate!({ path: "../../../wit", world: "cron", generate_all });

struct CronProbe;
export!(CronProbe);

impl Guest for CronProbe {
    fn handle_cron_event(metadata: Metadata) -> Result<(), Error> {
        fire(&metadata).map_err(Error::Other)
    }
}

fn fire(metadata: &Metadata) -> Result<(), String> {
    let mode = variables::get("mode").unwrap_or_default();
    match mode.as_str() {
        "trap" => std::process::abort(),
        "error" => return Err("asked to fail".into()),
        "slow" => std::thread::sleep(std::time::Duration::from_millis(2500)),
        _ => {}
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(text)?.as_secs();
    let database = Connection::open("default").map_err(text)?;
    database
        .execute("CREATE TABLE IF NOT EXISTS fires (due INTEGER, seen INTEGER)", &[])
        .map_err(text)?;
    let row = [metadata.timestamp, now]
        .map(|seconds| Value::Integer(i64::try_from(seconds).unwrap_or(i64::MAX)));
    database.execute("INSERT INTO fires VALUES (?1, ?2)", &row).map_err(text)?;
    let store = Store::open("default").map_err(text)?;
    store.set("last-fire", now.to_string().as_bytes()).map_err(text)
}

fn text(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}
