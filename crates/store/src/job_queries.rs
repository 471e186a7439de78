//! Which members a scheduled job has to look at, and where it goes on. Every list is short and read
//! through an index.

use ledger::{Member, MemberId, Timestamp};
use serde_json::json;

use crate::Error;
use crate::sql::{Row, Rows, Sql, Value};
use crate::statement::statement;

/// Members whose tier ended by `now`.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn ended_tiers(
    sql: &impl Sql,
    programme_no: i64,
    now: Timestamp,
    most: i64,
) -> Result<Vec<MemberId>, Error> {
    ids(sql
        .query(
            statement!("queries/ended_tiers"),
            vec![programme_no.into(), now.0.into(), most.into()],
        )
        .await?)
}

/// Members after the one with row number `after`, with their row numbers.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn all_members(
    sql: &impl Sql,
    programme_no: i64,
    after: i64,
    most: i64,
) -> Result<Vec<(MemberId, i64)>, Error> {
    numbered(
        sql.query(
            statement!("queries/all_members"),
            vec![programme_no.into(), after.into(), most.into()],
        )
        .await?,
    )
}

/// Members for whom something falls due by `until`, after the position `after` (due instant, row
/// number), with their positions.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn expiring_members(
    sql: &impl Sql,
    programme_no: i64,
    until: Timestamp,
    after: (i64, i64),
    most: i64,
) -> Result<Vec<(MemberId, (i64, i64))>, Error> {
    let values =
        vec![programme_no.into(), until.0.into(), after.0.into(), after.1.into(), most.into()];
    positions(sql.query(statement!("queries/expiring_members"), values).await?)
}

/// Members whose tier ends by `until.0` and for whom nothing else falls due by `until.1`, after a
/// position (end, row number), with their positions.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn tiers_alone(
    sql: &impl Sql,
    programme_no: i64,
    until: (Timestamp, Timestamp),
    after: (i64, i64),
    most: i64,
) -> Result<Vec<(MemberId, (i64, i64))>, Error> {
    let (tier, due) = until;
    let values = vec![
        programme_no.into(),
        tier.0.into(),
        due.0.into(),
        after.0.into(),
        after.1.into(),
        most.into(),
    ];
    positions(sql.query(statement!("queries/rehearsal_tiers"), values).await?)
}

/// Members whose tier does not end by `until.0` and for whom nothing falls due by `until.1`, after
/// a row number, with their row numbers.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn nothing_due(
    sql: &impl Sql,
    programme_no: i64,
    until: (Timestamp, Timestamp),
    after: i64,
    most: i64,
) -> Result<Vec<(MemberId, i64)>, Error> {
    let values =
        vec![programme_no.into(), until.0.0.into(), until.1.0.into(), after.into(), most.into()];
    numbered(sql.query(statement!("queries/rehearsal_others"), values).await?)
}

/// At least as many as the open lots of each of the members, in order: how much loading them takes.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn open_lots(
    sql: &impl Sql,
    programme_no: i64,
    members: &[MemberId],
) -> Result<Vec<usize>, Error> {
    let ids: Vec<&str> = members.iter().map(MemberId::as_str).collect();
    let values = vec![programme_no.into(), json!(ids).to_string().into()];
    let rows = sql.query(statement!("queries/open_lots"), values).await?;
    let read = |mut row: Row| {
        let lots = row.optional_integer(0)?.unwrap_or(0);
        usize::try_from(lots).map_err(|_| Error::Corrupt("number of lots"))
    };
    rows.into_iter().map(read).collect()
}

/// Writes the due instants of members that are on the list of due members without need: a due
/// instant is a lower bound until all lots are seen. All lots of these must be loaded.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn refresh_due(
    sql: &impl Sql,
    programme_no: i64,
    members: &[Member],
) -> Result<(), Error> {
    let row = |member: &Member| {
        let due_at = member.next_due_at().map(|at| at.0);
        json!([member.id.as_str(), member.head.to_string(), due_at])
    };
    let rows: Vec<_> = members.iter().map(row).collect();
    let values = vec![programme_no.into(), json!(rows).to_string().into()];
    sql.query(statement!("queries/refresh_due"), values).await.map(|_| ())
}

/// Where a job goes on; empty at its beginning.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn job_position(sql: &impl Sql, programme_no: i64, job: &str) -> Result<String, Error> {
    let mut rows = sql
        .query(statement!("queries/job_position"), vec![programme_no.into(), job.into()])
        .await?;
    rows.first_mut().map_or(Ok(String::new()), |row| row.text(0))
}

/// Remembers where a job goes on.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn move_job(
    sql: &impl Sql,
    programme_no: i64,
    job: &str,
    position: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let values: Vec<Value> = vec![programme_no.into(), job.into(), position.into(), now.0.into()];
    sql.query(statement!("queries/job_move"), values).await.map(|_| ())
}

/// Members with their row numbers.
fn numbered(rows: Rows) -> Result<Vec<(MemberId, i64)>, Error> {
    rows.into_iter().map(|mut row| Ok((member_id(row.text(0)?)?, row.integer(1)?))).collect()
}

/// Where a member is in a list by instants: instant, row number.
type Position = (i64, i64);

/// Members with their positions in a list by instants.
fn positions(rows: Rows) -> Result<Vec<(MemberId, Position)>, Error> {
    rows.into_iter()
        .map(|mut row| Ok((member_id(row.text(0)?)?, (row.integer(1)?, row.integer(2)?))))
        .collect()
}

fn ids(rows: Rows) -> Result<Vec<MemberId>, Error> {
    rows.into_iter().map(|mut row| member_id(row.text(0)?)).collect()
}

fn member_id(text: String) -> Result<MemberId, Error> {
    MemberId::stored(text).map_err(|_| Error::Corrupt("member id"))
}
