//! What members did that earns nothing: kept as it is reported, for a while.

use serde::Serialize;
use serde_json::json;

use crate::Error;
use crate::sql::{Rows, Sql, Value};
use crate::statement::statement;

/// One event, as it is kept: the columns of the command table, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BehaviourRow {
    /// The programme's number.
    pub programme_no: i64,
    /// The local day, as a number.
    pub day: i32,
    /// The idempotency key, with the line of API keys in front.
    pub key: String,
    /// The member's number.
    pub member_no: i64,
    /// What it was.
    pub kind: String,
    /// When it happened (milliseconds since 1970).
    pub occurred_at: i64,
    /// What it was about.
    pub item: Option<String>,
    /// The category of that.
    pub category: Option<String>,
    /// What it was worth, in minor units.
    pub value_minor: Option<i64>,
    /// Sales channel.
    pub channel: Option<String>,
    /// The caller's session.
    pub session: Option<String>,
}

impl BehaviourRow {
    fn columns(&self) -> impl Serialize + '_ {
        json!([
            self.programme_no,
            self.day,
            self.key,
            self.member_no,
            self.kind,
            self.occurred_at,
            self.item,
            self.category,
            self.value_minor,
            self.channel,
            self.session,
        ])
    }
}

/// Keeps events in one statement. Tells of each whether it is new: `false` where one with its key
/// is there for that day, or where its account was closed meanwhile.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn report_behaviour(
    reach: &impl Sql,
    events: &[BehaviourRow],
) -> Result<Vec<bool>, Error> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = events.iter().map(BehaviourRow::columns).collect();
    let text = serde_json::to_string(&rows).map_err(|_| Error::Corrupt("event to be written"))?;
    let mut new = std::collections::HashSet::new();
    for mut row in
        reach.query(statement!("queries/reach/behaviour_report"), vec![text.into()]).await?
    {
        new.insert((row.integer(0)?, row.text(1)?));
    }
    // Of two events of one call with one key the first is the new one.
    let is_new = |event: &BehaviourRow| new.remove(&(i64::from(event.day), event.key.clone()));
    Ok(events.iter().map(is_new).collect())
}

/// Of these programmes with a day each: those that have events of before it.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn old_behaviour(
    reach: &impl Sql,
    before: &[(i64, i32)],
) -> Result<Vec<(i64, i32)>, Error> {
    let values = vec![json!(before).to_string().into()];
    let rows = reach.query(statement!("queries/reach/behaviour_old"), values).await?;
    let read = |mut row: crate::Row| {
        let day = i32::try_from(row.integer(1)?).map_err(|_| Error::Corrupt("day"))?;
        Ok((row.integer(0)?, day))
    };
    rows.into_iter().map(read).collect()
}

/// Deletes up to `most` events of a programme of before a day, and tells of how many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget_behaviour(
    reach: &impl Sql,
    programme_no: i64,
    before: i32,
    most: i64,
) -> Result<usize, Error> {
    let values = vec![programme_no.into(), i64::from(before).into(), most.into()];
    Ok(reach.query(statement!("queries/reach/behaviour_forget"), values).await?.len())
}

/// Deletes or moves up to `most` events of accounts that departed. Whether all is done.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn clear_departed(reach: &impl Sql, most: i64) -> Result<bool, Error> {
    let mut open = Vec::new();
    for mut row in reach.query(statement!("queries/reach/departed_open"), vec![]).await? {
        open.push(row.integer(0)?);
    }
    if open.is_empty() {
        return Ok(true);
    }
    let accounts: Value = json!(open).to_string().into();
    let values = || vec![accounts.clone(), most.into()];
    let changed = |rows: Rows| i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let erased = reach.query(statement!("queries/reach/behaviour_erase"), values()).await?;
    let moved = reach.query(statement!("queries/reach/behaviour_move"), values()).await?;
    if changed(erased) < most && changed(moved) < most {
        reach.query(statement!("queries/reach/departed_done"), vec![accounts]).await?;
    }
    Ok(false)
}

/// An event as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBehaviour {
    /// The idempotency key, with the line of API keys in front.
    pub key: String,
    /// What it was.
    pub kind: String,
    /// When it happened (milliseconds since 1970).
    pub occurred_at: i64,
    /// What it was about.
    pub item: Option<String>,
    /// The category of that.
    pub category: Option<String>,
    /// What it was worth, in minor units.
    pub value_minor: Option<i64>,
    /// Sales channel.
    pub channel: Option<String>,
    /// The caller's session.
    pub session: Option<String>,
}

/// Up to `most` events of a member, newest first, before that instant and key.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn list_behaviour(
    reach: &impl Sql,
    member_no: i64,
    (before, key): (i64, &str),
    most: i64,
) -> Result<Vec<ListedBehaviour>, Error> {
    let values = vec![member_no.into(), before.into(), key.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/behaviour_list"), values).await?;
    let read = |mut row: crate::Row| {
        Ok(ListedBehaviour {
            key: row.text(0)?,
            kind: row.text(1)?,
            occurred_at: row.integer(2)?,
            item: row.optional_text(3)?,
            category: row.optional_text(4)?,
            value_minor: row.optional_integer(5)?,
            channel: row.optional_text(6)?,
            session: row.optional_text(7)?,
        })
    };
    rows.into_iter().map(read).collect()
}
