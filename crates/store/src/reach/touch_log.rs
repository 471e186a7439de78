//! The log of touches, as people read it.

use std::collections::BTreeMap;

use ledger::Timestamp;
use serde_json::{Value as Json, json};

use crate::Error;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// What a touch is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedTouch {
    /// The local day that it was planned for.
    pub day: i32,
    /// Its number.
    pub no: i64,
    /// The member's number.
    pub member_no: i64,
    /// The strategy's id.
    pub strategy: String,
    /// What became of it.
    pub state: String,
    /// Why it was suppressed.
    pub reason: Option<String>,
    /// The node's days.
    pub node: i32,
}

/// Touches that were planned for a span of days, both ends with it, the latest first: those after
/// the place `before` (a day and a number) in that order, of one member or of all, at most so many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn logged_touches(
    reach: &impl Sql,
    programme_no: i64,
    member_no: Option<i64>,
    (from, to): (i32, i32),
    before: (i32, i64),
    most: i64,
) -> Result<Vec<LoggedTouch>, Error> {
    let mut values = vec![
        programme_no.into(),
        i64::from(from).into(),
        i64::from(to).into(),
        i64::from(before.0).into(),
        before.1.into(),
        most.into(),
    ];
    let statement = match member_no {
        None => statement!("queries/reach/touch_log"),
        Some(no) => {
            values.push(no.into());
            statement!("queries/reach/touch_log_member")
        }
    };
    let read = |mut row: Row| {
        Ok(LoggedTouch {
            day: i32::try_from(row.integer(0)?).map_err(|_| Error::Corrupt("day"))?,
            no: row.integer(1)?,
            member_no: row.integer(2)?,
            strategy: row.text(3)?,
            state: row.text(4)?,
            reason: row.optional_text(5)?,
            node: i32::try_from(row.integer(6)?).map_err(|_| Error::Corrupt("node"))?,
        })
    };
    reach.query(statement, values).await?.into_iter().map(read).collect()
}

/// A touch as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownTouch {
    /// The local day that it was planned for.
    pub day: i32,
    /// Its number.
    pub no: i64,
    /// The member's number.
    pub member_no: i64,
    /// The strategy's id.
    pub strategy: String,
    /// The node's days.
    pub node: i64,
    /// The occasion.
    pub cycle: String,
    /// The version of the playbook that decided it.
    pub playbook_version: i64,
    /// What it is for.
    pub purpose: String,
    /// What became of it.
    pub state: String,
    /// Why it was suppressed.
    pub reason: Option<String>,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// By which of the channels.
    pub mode: String,
    /// The channels.
    pub channels: Json,
    /// The template.
    pub template: Option<String>,
    /// What is done beside the message.
    pub action: Option<Json>,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// It goes out from then on.
    pub due_at: Timestamp,
    /// Before then.
    pub deadline_at: Timestamp,
    /// When it went out.
    pub sent_at: Option<Timestamp>,
    /// The channel that took it.
    pub channel: Option<String>,
    /// When the member first responded.
    pub responded_at: Option<Timestamp>,
}

/// Touches of a programme, by their numbers.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn shown_touches(
    reach: &impl Sql,
    programme_no: i64,
    numbers: &[i64],
) -> Result<BTreeMap<i64, ShownTouch>, Error> {
    let values = vec![programme_no.into(), json!(numbers).to_string().into()];
    let read = |mut row: Row| {
        let json = |text: String| serde_json::from_str(&text).map_err(|_| Error::Corrupt("touch"));
        let touch = ShownTouch {
            day: i32::try_from(row.integer(19)?).map_err(|_| Error::Corrupt("day"))?,
            no: row.integer(0)?,
            member_no: row.integer(1)?,
            strategy: row.text(2)?,
            node: row.integer(3)?,
            cycle: row.text(4)?,
            playbook_version: row.integer(5)?,
            purpose: row.text(6)?,
            state: row.text(7)?,
            reason: row.optional_text(8)?,
            error: row.optional_text(20)?,
            mode: row.text(9)?,
            channels: json(row.text(10)?)?,
            template: row.optional_text(11)?,
            action: row.optional_text(12)?.map(json).transpose()?,
            decided_at: Timestamp(row.integer(13)?),
            due_at: Timestamp(row.integer(14)?),
            deadline_at: Timestamp(row.integer(15)?),
            sent_at: row.optional_integer(16)?.map(Timestamp),
            channel: row.optional_text(17)?,
            responded_at: row.optional_integer(18)?.map(Timestamp),
        };
        Ok((touch.no, touch))
    };
    let rows = reach.query(statement!("queries/reach/touch_shown"), values).await?;
    rows.into_iter().map(read).collect()
}

/// A link of a touch with its visits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchLink {
    /// The channel.
    pub channel: String,
    /// Where it leads; empty where it only ends messages.
    pub target: String,
    /// Whether persons cannot see it.
    pub is_trap: bool,
    /// When it was made.
    pub made_at: Timestamp,
    /// Visits, doubtful ones with them.
    pub visits: i64,
    /// Clicks of persons.
    pub clicks: i64,
    /// The first and the last of these.
    pub between: Option<(Timestamp, Timestamp)>,
}

/// The links of a touch, at most so many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn links_of_touch(
    reach: &impl Sql,
    programme_no: i64,
    touch_no: i64,
    most: i64,
) -> Result<Vec<TouchLink>, Error> {
    let values = vec![programme_no.into(), touch_no.into(), most.into()];
    let read = |mut row: Row| {
        let between = row.optional_integer(7)?.zip(row.optional_integer(8)?);
        Ok(TouchLink {
            channel: row.text(1)?,
            target: row.text(2)?,
            is_trap: row.integer(3)? == 1,
            made_at: Timestamp(row.integer(4)?),
            visits: row.integer(5)?,
            clicks: row.integer(6)?,
            between: between.map(|(first, last)| (Timestamp(first), Timestamp(last))),
        })
    };
    let rows = reach.query(statement!("queries/reach/touch_links"), values).await?;
    rows.into_iter().map(read).collect()
}
