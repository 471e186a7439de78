//! Webhook endpoints as merchants manage them, with the events that were given up.
//!
//! Knows no HTTP and no delivery: which events go out is the business of [`crate::claim_endpoint`]
//! and what follows it.

use ledger::{EntryId, Timestamp};
use serde_json::json;

use crate::Error;
use crate::audit_log::Who;
use crate::sql::{Row, Sql, Value};
use crate::statement::statement;

/// An endpoint as it is shown. Its secret never is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id, as the merchant names it.
    pub id: String,
    /// Where events are sent.
    pub url: String,
    /// The entry kinds it wants; `None` is all.
    pub kinds: Option<Vec<String>>,
    /// Attempts that failed since the last that succeeded.
    pub failures: i64,
    /// From when on it may be tried again.
    pub retry_at: Timestamp,
    /// When it was disabled, and why.
    pub disabled: Option<(Timestamp, String)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Events that are tried again, or wait behind one that is.
    pub parked: i64,
    /// Events that were given up.
    pub dead: i64,
}

/// What an endpoint is to be.
#[derive(Debug, Clone)]
pub struct EndpointWish<'a> {
    /// Its id.
    pub id: &'a str,
    /// Where events are sent; checked by the caller.
    pub url: &'a str,
    /// The entry kinds it wants; `None` is all.
    pub kinds: Option<&'a [String]>,
    /// The secret the caller chose; `None` keeps the one there is.
    pub secret: Option<&'a str>,
    /// The secret of a new endpoint whose caller chose none.
    pub fresh_secret: &'a str,
    /// Until when a secret that is replaced goes on.
    pub before_until: Timestamp,
    /// A fresh id: tells a new endpoint from a changed one.
    pub token: &'a str,
}

/// How many endpoints there are beside the one of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn other_endpoints(sql: &impl Sql, programme_no: i64, id: &str) -> Result<i64, Error> {
    let mut rows = sql
        .query(statement!("queries/endpoint_count"), vec![programme_no.into(), id.into()])
        .await?;
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}

/// Creates or changes an endpoint, which also enables it again. A new one hears of entries from now
/// on; then its secret is returned.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_endpoint(
    sql: &impl Sql,
    programme_no: i64,
    wish: &EndpointWish<'_>,
    now: Timestamp,
    who: Option<&Who>,
) -> Result<Option<String>, Error> {
    let kinds = wish.kinds.map(|kinds| json!(kinds).to_string());
    let values = vec![
        programme_no.into(),
        wish.id.into(),
        wish.url.into(),
        kinds.into(),
        wish.secret.into(),
        wish.fresh_secret.into(),
        wish.token.into(),
        now.0.into(),
        wish.before_until.0.into(),
        who.map(Who::text).into(),
    ];
    let mut rows = sql.query(statement!("queries/endpoint_put"), values).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("endpoint"))?;
    let (secret, lease) = (row.text(0)?, row.text(1)?);
    Ok((lease == wish.token).then_some(secret))
}

/// The secret of an endpoint as it is stored.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn endpoint_secret(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
) -> Result<Option<String>, Error> {
    let mut rows = sql
        .query(statement!("queries/endpoint_secret"), vec![programme_no.into(), id.into()])
        .await?;
    rows.first_mut().map(|row| row.text(0)).transpose()
}

/// Gives an endpoint another secret; the one it has goes on until some instant. False when there is
/// no such endpoint.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn rotate_secret(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    secret: &str,
    before_until: Timestamp,
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), id.into(), secret.into(), before_until.0.into()];
    Ok(!sql.query(statement!("queries/endpoint_rotate"), values).await?.is_empty())
}

/// Endpoints of a programme after the id `after`, at most `most`.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn list_endpoints(
    sql: &impl Sql,
    programme_no: i64,
    after: &str,
    most: i64,
) -> Result<Vec<Endpoint>, Error> {
    read_endpoints(sql, vec![programme_no.into(), Value::Null, after.into(), most.into()]).await
}

/// One endpoint of a programme.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn endpoint(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
) -> Result<Option<Endpoint>, Error> {
    Ok(read_endpoints(sql, vec![programme_no.into(), id.into(), "".into(), 1.into()]).await?.pop())
}

async fn read_endpoints(sql: &impl Sql, values: Vec<Value>) -> Result<Vec<Endpoint>, Error> {
    let rows = sql.query(statement!("queries/endpoint_list"), values).await?;
    rows.into_iter().map(|mut row| read_endpoint(&mut row)).collect()
}

fn read_endpoint(row: &mut Row) -> Result<Endpoint, Error> {
    let kinds = row.optional_text(2)?.map(|text| serde_json::from_str(&text)).transpose();
    let disabled = row.optional_integer(5)?.map(Timestamp).zip(row.optional_text(6)?);
    Ok(Endpoint {
        id: row.text(0)?,
        url: row.text(1)?,
        kinds: kinds.map_err(|_| Error::Corrupt("kinds"))?,
        failures: row.integer(3)?,
        retry_at: Timestamp(row.integer(4)?),
        disabled,
        created_at: Timestamp(row.integer(7)?),
        parked: row.integer(8)?,
        dead: row.integer(9)?,
    })
}

/// Removes an endpoint with its parked events. False when there is none with that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn delete_endpoint(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), id.into(), who.text().into()];
    Ok(!sql.query(statement!("queries/endpoint_delete"), values).await?.is_empty())
}

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadEvent {
    /// Its number: the cursor of the list.
    pub entry_no: i64,
    /// The entry's id.
    pub entry_id: String,
    /// The entry's kind.
    pub kind: String,
    /// The member.
    pub member: String,
    /// When the entry was written.
    pub recorded_at: Timestamp,
    /// How often it was sent in vain.
    pub attempts: i64,
    /// What the last attempt came to.
    pub last_error: String,
}

/// Events that were given up, after entry number `after`, at most `most`.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn dead_events(
    sql: &impl Sql,
    programme_no: i64,
    endpoint_id: &str,
    after: i64,
    most: i64,
) -> Result<Vec<DeadEvent>, Error> {
    let values = vec![programme_no.into(), endpoint_id.into(), after.into(), most.into()];
    let rows = sql.query(statement!("queries/parked_dead"), values).await?;
    let read = |mut row: Row| {
        Ok(DeadEvent {
            entry_no: row.integer(0)?,
            entry_id: row.entry_id(1)?.to_string(),
            kind: row.text(2)?,
            member: row.text(3)?,
            recorded_at: Timestamp(row.integer(4)?),
            attempts: row.integer(5)?,
            last_error: row.text(6)?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Sends dead events again from `now` on: the one of that entry, or all. Returns how many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn replay_dead(
    sql: &impl Sql,
    programme_no: i64,
    endpoint_id: &str,
    entry_id: Option<&str>,
    now: Timestamp,
) -> Result<usize, Error> {
    let entry_id = match entry_id.map(EntryId::parse) {
        Some(None) => return Ok(0),
        parsed => parsed.flatten(),
    };
    let values = vec![programme_no.into(), endpoint_id.into(), entry_id.into(), now.0.into()];
    Ok(sql.query(statement!("queries/parked_replay"), values).await?.len())
}
