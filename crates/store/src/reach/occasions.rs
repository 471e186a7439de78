//! What happened to members that strategies ask for: heard by cursors, and kept while a message
//! about it may be due.

use std::collections::BTreeMap;

use ledger::Timestamp;
use reach::touch::{Happening, Occasion};
use serde_json::json;

use crate::Error;
use crate::sql::{Row, Sql, Value};
use crate::statement::statement;

/// What happened to a member, as a source tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The programme's number.
    pub programme_no: i64,
    /// The member's number.
    pub member_no: i64,
    /// The source that told of it, with the number there: it is kept once.
    pub source: String,
    /// What happened.
    pub occasion: Occasion,
    /// Until when it may be answered.
    pub until: Timestamp,
    /// When it is to be asked for. Where a source tells again of what is kept, the earlier one
    /// counts.
    pub ask_at: Timestamp,
}

/// How far a source was heard; `None` before it begins.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn heard_until(reach: &impl Sql, source: &str) -> Result<Option<i64>, Error> {
    let mut rows =
        reach.query(statement!("queries/reach/touch_cursor"), vec![source.into()]).await?;
    rows.first_mut().map(|row| row.integer(0)).transpose()
}

/// A source was heard up to `position`, and this of it is asked for. Does nothing where another run
/// was faster; whether it did.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn hear(
    reach: &impl Sql,
    source: &str,
    before: Option<i64>,
    position: i64,
    heard: &[Heard],
) -> Result<bool, Error> {
    let row = |of: &Heard| {
        let what = json!(of.occasion.what).to_string();
        let at = of.occasion.at.0;
        json!([of.programme_no, of.member_no, of.source, at, what, of.until.0, of.ask_at.0])
    };
    let rows: Vec<_> = heard.iter().map(row).collect();
    let heard = Value::from(json!(rows).to_string());
    let values = vec![source.into(), before.into(), position.into(), heard];
    Ok(!reach.query(statement!("queries/reach/touch_heard"), values).await?.is_empty())
}

/// The number of the last change of a tag or segment; 0 without one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn last_set_change(reach: &impl Sql, programme_no: i64) -> Result<i64, Error> {
    let values = vec![programme_no.into()];
    let mut rows = reach.query(statement!("queries/reach/touch_last_change"), values).await?;
    rows.first_mut().map_or(Ok(0), |row| row.integer(0))
}

/// An entry, as far as triggers ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardEntry {
    /// Its number, the programme's and the member's.
    pub no: i64,
    /// The programme's number.
    pub programme_no: i64,
    /// The member's number.
    pub member_no: i64,
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Points gained or lost.
    pub points: i64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The tier before and after, where it is about the tier.
    pub tier: Option<(Option<String>, String)>,
    /// Whether a strategy wrote it.
    pub is_of_strategy: bool,
}

/// Entries of all programmes after that number, at most so many.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn entries_to_hear(
    ledger: &impl Sql,
    after: i64,
    most: i64,
) -> Result<Vec<HeardEntry>, Error> {
    let values = vec![after.into(), most.into()];
    let read = |mut row: Row| {
        let (from, to) = (row.optional_text(7)?, row.optional_text(8)?);
        Ok(HeardEntry {
            no: row.integer(0)?,
            programme_no: row.integer(1)?,
            member_no: row.integer(2)?,
            id: row.entry_id(3)?.to_string(),
            kind: row.text(4)?,
            points: row.integer(5)?,
            at: Timestamp(row.integer(6)?),
            tier: to.map(|to| (from, to)),
            is_of_strategy: row.integer(9)? == 1,
        })
    };
    let rows = ledger.query(statement!("queries/touch_entries"), values).await?;
    rows.into_iter().map(read).collect()
}

/// What happened and is to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewOccasion {
    /// Its number.
    pub no: i64,
    /// The member's number.
    pub member_no: i64,
    /// How often it was told.
    pub told: i64,
}

/// What happened and is to be asked for by now: of the members of the first `most`, all of it, so
/// that a member is asked about once, but `most_of_all` at most.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn new_occasions(
    reach: &impl Sql,
    programme_no: i64,
    now: Timestamp,
    (most, most_of_all): (i64, i64),
) -> Result<Vec<NewOccasion>, Error> {
    let values = vec![programme_no.into(), most.into(), now.0.into(), most_of_all.into()];
    let rows = reach.query(statement!("queries/reach/touch_new"), values).await?;
    let read = |mut row: Row| {
        let (no, member_no) = (row.integer(0)?, row.integer(1)?);
        Ok(NewOccasion { no, member_no, told: row.integer(2)? })
    };
    rows.into_iter().map(read).collect()
}

/// These were asked for, and when each is to be asked for again. What was told once more since
/// stays as it is.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn occasions_asked(
    reach: &impl Sql,
    asked: &[(NewOccasion, Option<Timestamp>)],
) -> Result<(), Error> {
    let row = |(of, again): &(NewOccasion, Option<Timestamp>)| {
        json!([of.no, of.told, again.map(|again| again.0)])
    };
    let rows: Vec<_> = asked.iter().map(row).collect();
    let values = vec![json!(rows).to_string().into()];
    reach.query(statement!("queries/reach/touch_asked"), values).await.map(drop)
}

/// Behaviour, as far as triggers ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardBehaviour {
    /// Its number, in the order in which events came.
    pub no: i64,
    /// The programme's number.
    pub programme_no: i64,
    /// The member's number.
    pub member_no: i64,
    /// The local day.
    pub day: i64,
    /// Its kind.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
}

/// Behaviour of all programmes after that number, at most so much.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn behaviour_to_hear(
    reach: &impl Sql,
    after: i64,
    most: i64,
) -> Result<Vec<HeardBehaviour>, Error> {
    let values = vec![after.into(), most.into()];
    let read = |mut row: Row| {
        Ok(HeardBehaviour {
            no: row.integer(0)?,
            programme_no: row.integer(1)?,
            member_no: row.integer(2)?,
            day: row.integer(3)?,
            kind: row.text(4)?,
            at: Timestamp(row.integer(5)?),
        })
    };
    let rows = reach.query(statement!("queries/reach/behaviour_to_hear"), values).await?;
    rows.into_iter().map(read).collect()
}

/// The highest number of behaviour that there is or was heard.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn last_behaviour(reach: &impl Sql) -> Result<i64, Error> {
    let mut rows = reach.query(statement!("queries/reach/behaviour_last"), vec![]).await?;
    rows.first_mut().map_or(Ok(0), |row| row.integer(0))
}

/// What members did since an instant, of these kinds: of each member and kind the last `most`
/// events at most. By their numbers.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn behaviour_of_members(
    reach: &impl Sql,
    members: &[i64],
    kinds: &[&str],
    (since, most): (Timestamp, i64),
) -> Result<BTreeMap<i64, Vec<(String, Timestamp)>>, Error> {
    let (members, kinds) = (json!(members).to_string(), json!(kinds).to_string());
    let values = vec![members.into(), kinds.into(), since.0.into(), most.into()];
    let read = |mut row: Row| {
        let events: Vec<i64> =
            serde_json::from_str(&row.text(2)?).map_err(|_| Error::Corrupt("behaviour"))?;
        Ok::<_, Error>((row.integer(0)?, row.text(1)?, events))
    };
    let mut found: BTreeMap<i64, Vec<(String, Timestamp)>> = BTreeMap::new();
    for row in reach.query(statement!("queries/reach/behaviour_of"), values).await? {
        let (member_no, kind, events) = read(row)?;
        let events = events.into_iter().map(|at| (kind.clone(), Timestamp(at)));
        found.entry(member_no).or_default().extend(events);
    }
    Ok(found)
}

/// An entry of a member, as far as it may follow something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowingEntry {
    /// The member's number.
    pub member_no: i64,
    /// Its kind.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// Whether it is a purchase.
    pub is_order: bool,
    /// Its number in the account.
    pub sequence: i64,
}

/// Entries of members that were recorded since an instant: of each of the `most` before a number of
/// its account, of the last ones without one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn following_entries(
    ledger: &impl Sql,
    members: &[(i64, Option<i64>)],
    (since, most): (Timestamp, i64),
) -> Result<Vec<FollowingEntry>, Error> {
    let values = vec![json!(members).to_string().into(), since.0.into(), most.into()];
    let read = |mut row: Row| {
        Ok(FollowingEntry {
            member_no: row.integer(0)?,
            kind: row.text(1)?,
            at: Timestamp(row.integer(2)?),
            is_order: row.integer(3)? == 1,
            sequence: row.integer(4)?,
        })
    };
    let rows = ledger.query(statement!("queries/touch_followed"), values).await?;
    rows.into_iter().map(read).collect()
}

/// What happened to a member and may be answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenOccasions {
    /// All of it.
    pub all: Vec<Occasion>,
    /// Whether some of it is to be asked for by now.
    pub has_new: bool,
}

/// What happened to these members and may be answered, by their numbers.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn occasions_of_members(
    reach: &impl Sql,
    programme_no: i64,
    members: &[i64],
    now: Timestamp,
) -> Result<BTreeMap<i64, OpenOccasions>, Error> {
    let values = vec![programme_no.into(), json!(members).to_string().into(), now.0.into()];
    let mut found: BTreeMap<i64, OpenOccasions> = BTreeMap::new();
    for mut row in reach.query(statement!("queries/reach/touch_occasions_of"), values).await? {
        let what: Happening =
            serde_json::from_str(&row.text(2)?).map_err(|_| Error::Corrupt("occasion"))?;
        let occasion = Occasion { at: Timestamp(row.integer(1)?), what };
        let of = found.entry(row.integer(0)?).or_default();
        of.all.push(occasion);
        of.has_new |= row.integer(3)? == 1;
    }
    Ok(found)
}

/// Forgets what can be answered no more, at most so many. How many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget_occasions(reach: &impl Sql, now: Timestamp, most: i64) -> Result<usize, Error> {
    let values = vec![now.0.into(), most.into()];
    Ok(reach.query(statement!("queries/reach/touch_occasions_forget"), values).await?.len())
}
