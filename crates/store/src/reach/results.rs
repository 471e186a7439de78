//! What results are counted from, and how far they are.

use std::collections::BTreeMap;

use ledger::Timestamp;
use reach::playbook::Attribution;
use reach::touch::{Cycle, Reason, State};
use reach::{Channel, Purpose, Touched};
use serde_json::json;

use crate::Error;
use crate::playbooks::parse_playbook;
use crate::sql::{Row, Sql, Value};
use crate::statement::statement;

/// A touch as results count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultTouch {
    /// Its number.
    pub no: i64,
    /// The member's number.
    pub member_no: i64,
    /// The strategy's id.
    pub strategy: String,
    /// The node's days.
    pub node: i32,
    /// The version of the playbook that decided it.
    pub playbook_version: i64,
    /// What it is for.
    pub purpose: Purpose,
    /// What became of it.
    pub state: State,
    /// When the member was to see it, or would have.
    pub planned_at: Timestamp,
    /// What it was to cost, in minor units.
    pub cost_minor: i64,
    /// What it was to grant.
    pub points: i64,
    /// Whether the member counts for the strategy by it.
    pub is_first: bool,
    /// Whether the member counts for all marketing by it.
    pub is_first_of_all: bool,
    /// The state of the task that it asked for.
    pub task: Option<String>,
    /// What it is about.
    pub cycle: Cycle,
    /// Whether it was planned for the day.
    pub is_of_day: bool,
    /// Whether it is the last one about an occasion that ended on the day, and is settled.
    pub is_last: bool,
}

/// Touches that were planned for a local day, and the last ones about occasions that ended on it,
/// with numbers after that one, in order. Members count by their first touch since the day `since`.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn result_touches(
    reach: &impl Sql,
    programme_no: i64,
    (day, since): (i32, i32),
    after: i64,
    most: i64,
) -> Result<Vec<ResultTouch>, Error> {
    const WHAT: Error = Error::Corrupt("touch");
    let values = vec![
        programme_no.into(),
        i64::from(day).into(),
        after.into(),
        most.into(),
        i64::from(since).into(),
    ];
    let rows = reach.query(statement!("queries/reach/result_touches"), values).await?;
    let read = |mut row: Row| {
        let reason = row.optional_text(7)?;
        let reason = reason.map(|name| Reason::parse(&name).ok_or(WHAT)).transpose()?;
        Ok(ResultTouch {
            no: row.integer(0)?,
            member_no: row.integer(1)?,
            strategy: row.text(2)?,
            node: i32::try_from(row.integer(3)?).map_err(|_| WHAT)?,
            playbook_version: row.integer(4)?,
            purpose: Purpose::parse(&row.text(5)?).ok_or(WHAT)?,
            state: State::parse(&row.text(6)?, reason).ok_or(WHAT)?,
            planned_at: Timestamp(row.integer(8)?),
            cost_minor: row.integer(9)?,
            points: row.integer(10)?,
            is_first: row.integer(11)? == 1,
            is_first_of_all: row.integer(12)? == 1,
            task: row.optional_text(13)?,
            cycle: Cycle::parse(&row.text(14)?).ok_or(WHAT)?,
            is_of_day: row.integer(15)? == 1,
            is_last: row.integer(16)? == 1,
        })
    };
    rows.into_iter().map(read).collect()
}

/// What became of the messages of a touch by a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultMessages {
    /// The touch's number.
    pub touch_no: i64,
    /// The channel.
    pub channel: Channel,
    /// Messages that a vendor took.
    pub taken: i64,
    /// Whether a vendor said that one arrived.
    pub is_delivered: bool,
    /// What those cost that a vendor took, where that is known.
    pub cost_minor: Option<i64>,
}

/// What became of messages of touches that began before an instant.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn result_messages(
    reach: &impl Sql,
    programme_no: i64,
    touches: &[i64],
    before: Timestamp,
) -> Result<Vec<ResultMessages>, Error> {
    let values = vec![programme_no.into(), json!(touches).to_string().into(), before.0.into()];
    let rows = reach.query(statement!("queries/reach/result_messages"), values).await?;
    let read = |mut row: Row| {
        Ok(ResultMessages {
            touch_no: row.integer(0)?,
            channel: channel(&mut row, 1)?,
            taken: row.integer(2)?,
            is_delivered: row.integer(3)? == 1,
            cost_minor: row.optional_integer(4)?,
        })
    };
    rows.into_iter().map(read).collect()
}

fn channel(row: &mut Row, column: usize) -> Result<Channel, Error> {
    Channel::parse(&row.text(column)?).ok_or(Error::Corrupt("channel"))
}

/// Visits of the links of a touch by a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultVisits {
    /// The touch's number.
    pub touch_no: i64,
    /// The channel.
    pub channel: Channel,
    /// All of them.
    pub visits: i64,
    /// Clicks of persons.
    pub clicks: i64,
}

/// Visits of links in messages of touches before an instant.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn result_visits(
    reach: &impl Sql,
    programme_no: i64,
    touches: &[i64],
    before: Timestamp,
) -> Result<Vec<ResultVisits>, Error> {
    let values = vec![programme_no.into(), json!(touches).to_string().into(), before.0.into()];
    let rows = reach.query(statement!("queries/reach/result_visits"), values).await?;
    let read = |mut row: Row| {
        Ok(ResultVisits {
            touch_no: row.integer(0)?,
            channel: channel(&mut row, 1)?,
            visits: row.integer(2)?,
            clicks: row.integer(3)?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// A message or a click, with its member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberTouched {
    /// The member's number.
    pub member_no: i64,
    /// When, and of which touch.
    pub touched: Touched,
}

fn read_touched(rows: Vec<Row>) -> Result<Vec<MemberTouched>, Error> {
    let read = |mut row: Row| {
        let (member_no, touch) = (row.integer(0)?, row.integer(1)?);
        let touched = Touched { at: Timestamp(row.integer(2)?), touch };
        Ok(MemberTouched { member_no, touched })
    };
    rows.into_iter().map(read).collect()
}

/// Messages to members that began within a span and that vendors have; of each member `most` of the
/// last attempts are looked at.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn result_deliveries(
    reach: &impl Sql,
    programme_no: i64,
    members: &[i64],
    span: (Timestamp, Timestamp),
    most: i64,
) -> Result<Vec<MemberTouched>, Error> {
    let values = of_members(programme_no, members, span, most);
    read_touched(reach.query(statement!("queries/reach/result_deliveries"), values).await?)
}

/// Clicks of persons by members within a span; of each member the last `most`.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn result_clicks(
    reach: &impl Sql,
    programme_no: i64,
    members: &[i64],
    span: (Timestamp, Timestamp),
    most: i64,
) -> Result<Vec<MemberTouched>, Error> {
    let values = of_members(programme_no, members, span, most);
    read_touched(reach.query(statement!("queries/reach/result_clicks"), values).await?)
}

fn of_members(
    programme_no: i64,
    members: &[i64],
    (from, before): (Timestamp, Timestamp),
    most: i64,
) -> Vec<Value> {
    let members = json!(members).to_string();
    vec![programme_no.into(), members.into(), from.0.into(), before.0.into(), most.into()]
}

/// Logins of members within a span, in order: number and instant; of each member the last `most`
/// instants, and in all no more logins than that for each of them.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn result_logins(
    reach: &impl Sql,
    programme_no: i64,
    members: &[i64],
    span: (Timestamp, Timestamp),
    most: i64,
) -> Result<Vec<(i64, Timestamp)>, Error> {
    let mut values = of_members(programme_no, members, span, most);
    let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
    values.push(most.saturating_mul(count).into());
    let rows = reach.query(statement!("queries/reach/result_logins"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.integer(0)?, Timestamp(row.integer(1)?)))).collect()
}

/// Accounts that became part of these members: by the part's number that of the whole; of each the
/// last `most`.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn account_parts(
    reach: &impl Sql,
    members: &[i64],
    most: i64,
) -> Result<BTreeMap<i64, i64>, Error> {
    let values = vec![json!(members).to_string().into(), most.into()];
    let rows = reach.query(statement!("queries/reach/account_parts"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.integer(0)?, row.integer(1)?))).collect()
}

/// The rule of attribution of a version of the playbook; the usual one where there is no such
/// version.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn attribution_of(
    ledger: &impl Sql,
    programme_no: i64,
    version: i64,
) -> Result<Attribution, Error> {
    let values = vec![programme_no.into(), version.into()];
    let mut rows = ledger.query(statement!("queries/playbook_of_version"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(Attribution::default()) };
    Ok(parse_playbook(&row.text(0)?)?.attribution)
}

/// When versions of the playbook came into force, at most the last `most`, in order.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn playbook_instants(
    ledger: &impl Sql,
    programme_no: i64,
    most: i64,
) -> Result<Vec<(i64, Timestamp)>, Error> {
    let values = vec![programme_no.into(), most.into()];
    let rows = ledger.query(statement!("queries/playbook_instants"), values).await?;
    let read = |mut row: Row| Ok((row.integer(0)?, Timestamp(row.integer(1)?)));
    rows.into_iter().rev().map(read).collect()
}

/// A figure of a day: strategy, node and channel, empty for all of them, its name, its value.
pub type Figure = (String, String, String, String, i64);

/// How far the days of a programme are counted, so many days after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultRun {
    /// The last day that is counted.
    pub done_through: i32,
    /// The count that is under way: its day, the last touch, and the figures up to there.
    pub count: Option<(i32, i64, Vec<Figure>)>,
}

/// How far the days of a programme are counted, by the number of days after them.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn result_runs(
    reach: &impl Sql,
    programme_no: i64,
) -> Result<BTreeMap<i32, ResultRun>, Error> {
    const WHAT: Error = Error::Corrupt("count of results");
    let rows =
        reach.query(statement!("queries/reach/result_run"), vec![programme_no.into()]).await?;
    let day = |number: i64| i32::try_from(number).map_err(|_| WHAT);
    let read = |mut row: Row| {
        let (position, counts) = (row.integer(3)?, row.text(4)?);
        let counts = || serde_json::from_str(&counts).map_err(|_| WHAT);
        let count = row.optional_integer(2)?.map(day).transpose()?;
        let count = count.map(|day| Ok::<_, Error>((day, position, counts()?))).transpose()?;
        Ok((day(row.integer(0)?)?, ResultRun { done_through: day(row.integer(1)?)?, count }))
    };
    rows.into_iter().map(read).collect()
}

/// The count of a day begins (`before` is `None`), goes on, or ends where `position` is `None`:
/// then the figures are those of the day. Whether it did; not where another run was faster.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn step_results(
    reach: &impl Sql,
    programme_no: i64,
    (after_days, day): (i32, i32),
    (before, position): (Option<i64>, Option<i64>),
    figures: &[Figure],
) -> Result<bool, Error> {
    let values = vec![
        programme_no.into(),
        i64::from(after_days).into(),
        i64::from(day).into(),
        before.into(),
        position.into(),
        json!(figures).to_string().into(),
    ];
    Ok(!reach.query(statement!("queries/reach/result_step"), values).await?.is_empty())
}

/// The first day after that one for which touches were planned.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn next_planned_day(
    reach: &impl Sql,
    programme_no: i64,
    after: i32,
) -> Result<Option<i32>, Error> {
    let values = vec![programme_no.into(), i64::from(after).into()];
    let mut rows = reach.query(statement!("queries/reach/result_next_day"), values).await?;
    let day = |row: &mut Row| i32::try_from(row.integer(0)?).map_err(|_| Error::Corrupt("day"));
    rows.first_mut().map(day).transpose()
}

/// Forgets figures of before that day, at most so many. How many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget_results(
    reach: &impl Sql,
    programme_no: i64,
    before: i32,
    most: i64,
) -> Result<usize, Error> {
    let values = vec![programme_no.into(), i64::from(before).into(), most.into()];
    Ok(reach.query(statement!("queries/reach/results_forget"), values).await?.len())
}

/// The figures of each strategy over a span of days, both ends with it; under the empty name those
/// of all marketing together.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn result_sums(
    reach: &impl Sql,
    programme_no: i64,
    (from, to): (i32, i32),
) -> Result<BTreeMap<String, BTreeMap<String, i64>>, Error> {
    let values = vec![programme_no.into(), i64::from(from).into(), i64::from(to).into()];
    let mut found: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for mut row in reach.query(statement!("queries/reach/result_sums"), values).await? {
        found.entry(row.text(0)?).or_default().insert(row.text(1)?, row.integer(2)?);
    }
    Ok(found)
}

/// The figures of a strategy over a span of days, both ends with it, by node and channel; empty for
/// all nodes, or all channels.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn result_figures(
    reach: &impl Sql,
    programme_no: i64,
    strategy: &str,
    (from, to): (i32, i32),
) -> Result<BTreeMap<(String, String), BTreeMap<String, i64>>, Error> {
    let values =
        vec![programme_no.into(), strategy.into(), i64::from(from).into(), i64::from(to).into()];
    let mut found: BTreeMap<(String, String), BTreeMap<String, i64>> = BTreeMap::new();
    for mut row in reach.query(statement!("queries/reach/result_figures"), values).await? {
        let place = (row.text(0)?, row.text(1)?);
        found.entry(place).or_default().insert(row.text(2)?, row.integer(3)?);
    }
    Ok(found)
}
