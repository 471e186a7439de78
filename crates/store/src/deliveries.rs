//! What a delivery run reads and writes: the lease of an endpoint, the entries it has not heard of
//! yet, the events it did not take.
//!
//! Knows no HTTP: sending, retry times and signatures are the business of `jobs`. What became of a
//! wave of events is written in one statement that fails as a whole once another run holds the
//! lease.

use ledger::{Entry, Timestamp};
use serde_json::json;

use crate::Error;
use crate::cursor::Cursor;
use crate::entry_row;
use crate::sql::{Row, Sql, Value};
use crate::statement::statement;

/// How long claims on an endpoint may last; anything longer was written by a clock that has been
/// set back since.
#[derive(Debug, Clone, Copy)]
pub struct Spans {
    /// How long a lease lasts without being renewed.
    pub lease_ms: i64,
    /// The longest pause of an endpoint or of an event.
    pub pause_ms: i64,
}

/// The endpoints of a programme, or of all, that can be delivered to now and have something to
/// deliver: the programme's number, the id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn waiting_endpoints(
    sql: &impl Sql,
    programme_no: Option<i64>,
    now: Timestamp,
    spans: Spans,
) -> Result<Vec<(i64, String)>, Error> {
    let programme = programme_no.map_or(Value::Null, Value::from);
    let values = vec![programme, now.0.into(), spans.lease_ms.into(), spans.pause_ms.into()];
    let rows = sql.query(statement!("queries/endpoint_waiting"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.integer(0)?, row.text(1)?))).collect()
}

/// An endpoint whose lease is held.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its programme's number.
    pub programme_no: i64,
    /// Its id.
    pub id: String,
    /// The token of the lease.
    pub lease: String,
    /// Where events are sent.
    pub url: String,
    /// What they are signed with.
    pub secret: String,
    /// What they are signed with as well: the secret before, for a while.
    pub secret_before: Option<String>,
    /// The kinds it wants, as stored.
    pub kinds: Option<String>,
    /// The last entry that was delivered or parked.
    pub position: Cursor,
    /// Attempts that failed since the last that succeeded.
    pub failures: i64,
    /// The last entry number there was when the lease was taken.
    pub last_entry_no: i64,
    /// The version of the programme's published rulebook.
    pub rulebook_version: i64,
}

/// Takes the lease of an endpoint. `None` when another run holds it, it is paused or disabled, or
/// gone.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn claim_endpoint(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    token: &str,
    now: Timestamp,
    spans: Spans,
) -> Result<Option<Claimed>, Error> {
    let values = vec![
        programme_no.into(),
        id.into(),
        token.into(),
        now.0.into(),
        spans.lease_ms.into(),
        spans.pause_ms.into(),
    ];
    let mut rows = sql.query(statement!("queries/endpoint_claim"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    Ok(Some(Claimed {
        programme_no,
        id: id.to_owned(),
        lease: token.to_owned(),
        url: row.text(0)?,
        secret: row.text(1)?,
        kinds: row.optional_text(2)?,
        position: Cursor::at(row.integer(3)?),
        failures: row.integer(4)?,
        last_entry_no: row.integer(5)?,
        secret_before: row.optional_text(6)?,
        rulebook_version: row.integer(7)?,
    }))
}

/// An entry on its way to an endpoint.
#[derive(Debug, Clone)]
pub struct OpenEvent {
    /// The entry.
    pub entry: Entry,
    /// Its number: the order of events.
    pub entry_no: i64,
    /// Its member's row number.
    pub member_no: i64,
    /// How often it was sent in vain.
    pub attempts: i64,
    /// True when an earlier event of its member is parked, so that it must wait.
    pub blocked: bool,
}

/// Entries that the endpoint wants, with numbers after `after` up to `until`, in order.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn new_events(
    sql: &impl Sql,
    endpoint: &Claimed,
    after: i64,
    until: i64,
    most: i64,
) -> Result<Vec<OpenEvent>, Error> {
    let values = vec![
        endpoint.programme_no.into(),
        after.into(),
        until.into(),
        endpoint.id.as_str().into(),
        endpoint.kinds.clone().into(),
        most.into(),
    ];
    let rows = sql.query(statement!("queries/endpoint_events"), values).await?;
    let read = |mut row: Row| {
        let blocked = row.integer(15)? != 0;
        read_event(&mut row, 0, blocked)
    };
    rows.into_iter().map(read).collect()
}

/// Parked events of the endpoint whose time has come, at most one of each member but after a
/// replay.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn due_events(
    sql: &impl Sql,
    endpoint: &Claimed,
    now: Timestamp,
    spans: Spans,
    most: i64,
) -> Result<Vec<OpenEvent>, Error> {
    let values = vec![
        endpoint.programme_no.into(),
        endpoint.id.as_str().into(),
        now.0.into(),
        spans.pause_ms.into(),
        most.into(),
    ];
    let rows = sql.query(statement!("queries/parked_due"), values).await?;
    let read = |mut row: Row| {
        let attempts = row.integer(15)?;
        read_event(&mut row, attempts, false)
    };
    rows.into_iter().map(read).collect()
}

fn read_event(row: &mut Row, attempts: i64, blocked: bool) -> Result<OpenEvent, Error> {
    let (entry_no, member_no) = (row.integer(13)?, row.integer(14)?);
    Ok(OpenEvent { entry: entry_row::read(row, 0)?, entry_no, member_no, attempts, blocked })
}

/// What is to become of an event that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parking {
    /// Sent again at that instant.
    Retry(Timestamp),
    /// Sent once the events of its member before it are.
    Waiting,
    /// Given up.
    Dead,
}

/// An event that is to be parked.
#[derive(Debug, Clone)]
pub struct Parked {
    /// Its number.
    pub entry_no: i64,
    /// Its member's row number.
    pub member_no: i64,
    /// What is to become of it.
    pub parking: Parking,
    /// How often it was sent in vain.
    pub attempts: i64,
    /// What the last attempt came to; for the merchant.
    pub last_error: String,
}

/// What became of a wave of events.
#[derive(Debug, Clone, Default)]
pub struct Wave {
    /// The last entry that is now delivered or parked.
    pub position: Cursor,
    /// Attempts that failed since the last that succeeded.
    pub failures: i64,
    /// From when on the endpoint may be tried again.
    pub retry_at: Timestamp,
    /// Why no further event may be sent.
    pub disabled_because: Option<String>,
    /// Parked events (entry and member number) that were delivered.
    pub settled: Vec<(i64, i64)>,
    /// Events to be parked.
    pub parked: Vec<Parked>,
}

/// Writes down what became of a wave and renews the lease until `leased_until`. False when another
/// run holds the lease: then nothing is written, and the caller must stop.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn record_wave(
    sql: &impl Sql,
    endpoint: &Claimed,
    wave: &Wave,
    now: Timestamp,
    leased_until: Timestamp,
) -> Result<bool, Error> {
    let parked: Vec<_> = wave.parked.iter().map(parked_row).collect();
    let values = vec![
        endpoint.programme_no.into(),
        endpoint.id.as_str().into(),
        endpoint.lease.as_str().into(),
        now.0.into(),
        leased_until.0.into(),
        i64::from(wave.position.stream).into(),
        wave.position.no.into(),
        wave.failures.into(),
        wave.retry_at.0.into(),
        wave.disabled_because.clone().into(),
        json!(wave.settled).to_string().into(),
        json!(parked).to_string().into(),
    ];
    Ok(!sql.query(statement!("queries/endpoint_progress"), values).await?.is_empty())
}

fn parked_row(event: &Parked) -> serde_json::Value {
    let (state, next_attempt_at) = match event.parking {
        Parking::Retry(at) => ("retry", at.0),
        Parking::Waiting => ("waiting", 0),
        Parking::Dead => ("dead", 0),
    };
    json!([
        event.entry_no,
        event.member_no,
        state,
        event.attempts,
        next_attempt_at,
        event.last_error
    ])
}
