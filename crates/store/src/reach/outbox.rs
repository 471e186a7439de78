//! The outbox: messages that wait for a channel, and what becomes of them.

use std::collections::BTreeMap;

use ledger::Timestamp;
use reach::Channel;
use reach::touch::{Reason, Touch};
use serde_json::{Value as Json, json};

use super::touches::read_touch;
use crate::Error;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// A run that sends a message for longer was lost, in milliseconds.
const LOST_MS: i64 = 600_000;

/// A message that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingTouch {
    /// The touch's number.
    pub no: i64,
    /// The member's number.
    pub member_no: i64,
    /// The touch, due as it is by the channel: what waits for room is asked before.
    pub touch: Touch,
}

/// What became of a message by one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// It is tried again at an instant.
    Later(Timestamp),
    /// Facts do not know the member's last entries. It is asked again at an instant.
    Behind(Timestamp),
    /// It waits for hours or for caps, and is asked again at an instant, from when on the channel
    /// has its time anew.
    Waits {
        /// When it is asked again.
        ask_at: Timestamp,
        /// When it is to go out, as far as is known.
        due_at: Timestamp,
    },
    /// It went out, or was done.
    Sent,
    /// It may have gone out, and why nobody knows.
    Unknown(String),
    /// It cannot go out by this channel, and why, for people.
    Failed(String),
    /// This channel does not take it; another one of the touch may.
    Passed(Reason),
    /// No channel takes it.
    Suppressed(Reason),
    /// It was settled before.
    Over,
}

impl Settlement {
    /// Whether it does not go out by the channel.
    #[must_use]
    pub fn ends(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Passed(_) | Self::Suppressed(_))
    }

    fn row(&self, touch_no: i64) -> Json {
        match self {
            Self::Later(at) => json!([touch_no, "later", null, at.0]),
            Self::Behind(at) => json!([touch_no, "behind", null, at.0]),
            Self::Waits { ask_at, due_at } => {
                json!([touch_no, "waits", null, ask_at.0, due_at.0])
            }
            Self::Sent => json!([touch_no, "sent"]),
            Self::Unknown(why) => json!([touch_no, "unknown", why]),
            Self::Failed(why) => json!([touch_no, "failed", why]),
            Self::Passed(reason) => json!([touch_no, "passed", reason.as_str()]),
            Self::Suppressed(reason) => json!([touch_no, "suppressed", reason.as_str()]),
            Self::Over => json!([touch_no, "over"]),
        }
    }
}

/// How a channel is named in the outbox: empty where a touch only acts.
fn name(channel: Option<Channel>) -> &'static str {
    channel.map_or("", Channel::as_str)
}

/// Up to `most` messages of a programme that are due by a channel, those that wait longest first;
/// without a channel, touches that only act.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn due_messages(
    reach: &impl Sql,
    programme_no: i64,
    channel: Option<Channel>,
    now: Timestamp,
    most: i64,
) -> Result<Vec<WaitingTouch>, Error> {
    let values = vec![programme_no.into(), name(channel).into(), now.0.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/outbox_due"), values).await?;
    let read = |mut row: Row| {
        let (member_no, no) = (row.integer(0)?, row.integer(25)?);
        Ok(WaitingTouch { no, member_no, touch: read_touch(&mut row)? })
    };
    rows.into_iter().map(read).collect()
}

/// Keeps what became of messages by a channel. What is told a second time changes nothing.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn settle_messages(
    reach: &impl Sql,
    channel: Option<Channel>,
    settled: &[(i64, Settlement)],
    now: Timestamp,
) -> Result<(), Error> {
    if settled.is_empty() {
        return Ok(());
    }
    let rows: Vec<Json> = settled.iter().map(|(touch_no, one)| one.row(*touch_no)).collect();
    let values = vec![name(channel).into(), now.0.into(), Json::Array(rows).to_string().into()];
    reach.query(statement!("queries/reach/outbox_settle"), values).await.map(drop)
}

/// Up to `most` messages whose channels have had their time: touches and channels, which are `None`
/// where the touch only acts. What a run sends at this moment is left out.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn late_messages(
    reach: &impl Sql,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(i64, Option<Channel>)>, Error> {
    let values = vec![now.0.into(), most.into(), now.plus_ms(-LOST_MS).0.into()];
    let rows = reach.query(statement!("queries/reach/outbox_late"), values).await?;
    let read = |mut row: Row| {
        let channel = row.text(1)?;
        let known = || Channel::parse(&channel).ok_or(Error::Corrupt("channel of a message"));
        Ok((row.integer(0)?, (!channel.is_empty()).then(known).transpose()?))
    };
    rows.into_iter().map(read).collect()
}

/// How far a message came by a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A run sends it at this moment.
    Sending,
    /// A vendor may have it, and takes its id again.
    Again,
    /// It is settled.
    Over(Settlement),
}

/// How far messages came by a channel, by their touches; those that no vendor has are missing.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn progress(
    reach: &impl Sql,
    channel: Channel,
    touches: &[i64],
    now: Timestamp,
) -> Result<BTreeMap<i64, Progress>, Error> {
    let values = vec![channel.as_str().into(), json!(touches).to_string().into()];
    let rows = reach.query(statement!("queries/reach/outbox_tried"), values).await?;
    let mut found = BTreeMap::new();
    for mut row in rows {
        let (touch_no, state) = (row.integer(0)?, row.text(1)?);
        let why = row.optional_text(2)?.unwrap_or_default();
        let is_recent = (now.0 - LOST_MS..=now.0).contains(&row.integer(3)?);
        let progress = match state.as_str() {
            "accepted" | "delivered" => Progress::Over(Settlement::Sent),
            "failed" | "bounced" => Progress::Over(Settlement::Failed(why)),
            "sending" if is_recent => Progress::Sending,
            "sending" | "unknown" => Progress::Over(Settlement::Unknown(why)),
            "again" => Progress::Again,
            _ => continue,
        };
        found.insert(touch_no, progress);
    }
    Ok(found)
}

/// Programmes with touches that only act and are due.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn programmes_that_act(reach: &impl Sql, now: Timestamp) -> Result<Vec<i64>, Error> {
    let rows = reach.query(statement!("queries/reach/outbox_acting"), vec![now.0.into()]).await?;
    rows.into_iter().map(|mut row| row.integer(0)).collect()
}

/// Where and how a member gets messages of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The address, sealed, and its digest.
    pub address: Option<(String, String)>,
    /// The language that the member chose.
    pub language: Option<String>,
    /// Whether offers may be based on what is known of the member.
    pub is_personalised: bool,
}

/// Where and how members get messages of a channel, by their numbers.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn destinations(
    reach: &impl Sql,
    programme_no: i64,
    channel: Channel,
    members: &[i64],
) -> Result<BTreeMap<i64, Destination>, Error> {
    let values =
        vec![programme_no.into(), channel.as_str().into(), json!(members).to_string().into()];
    let rows = reach.query(statement!("queries/reach/recipients"), values).await?;
    let read = |mut row: Row| {
        let destination = Destination {
            address: row.optional_text(1)?.zip(row.optional_text(2)?),
            language: row.optional_text(3)?,
            is_personalised: row.integer(4)? == 1,
        };
        Ok((row.integer(0)?, destination))
    };
    rows.into_iter().map(read).collect()
}

/// The numbers of the last entries of members, by the members' numbers.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn last_entries(ledger: &impl Sql, members: &[i64]) -> Result<BTreeMap<i64, i64>, Error> {
    let values = vec![json!(members).to_string().into()];
    let rows = ledger.query(statement!("queries/last_entries"), values).await?;
    let read = |mut row: Row| Ok((row.integer(0)?, row.optional_integer(1)?.unwrap_or(0)));
    rows.into_iter().map(read).collect()
}
