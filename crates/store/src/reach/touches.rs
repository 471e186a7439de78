//! Touches: what jobs decide about many members, and what they read for it.

use std::collections::BTreeMap;

use ledger::{Closed, Timestamp};
use reach::playbook::{Action, Mode};
use reach::touch::{Coupon, Cycle, Key, Reason, State, Touch, Uses};
use reach::{Channel, ContactState, Decision, Purpose};
use serde_json::json;

use crate::Error;
use crate::member_extras::MemberExtras;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// The touches of these members, by their numbers.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn touches_of_members(
    reach: &impl Sql,
    programme_no: i64,
    members: &[i64],
) -> Result<BTreeMap<i64, Vec<Touch>>, Error> {
    let values = vec![programme_no.into(), json!(members).to_string().into()];
    let mut found: BTreeMap<i64, Vec<Touch>> = BTreeMap::new();
    for mut row in reach.query(statement!("queries/reach/touches_of"), values).await? {
        let member_no = row.integer(0)?;
        found.entry(member_no).or_default().push(read_touch(&mut row)?);
    }
    Ok(found)
}

fn unreadable<T>(read: Option<T>) -> Result<T, Error> {
    read.ok_or(Error::Corrupt("touch"))
}

/// A touch from the columns of `touches_of`; the first of them is the member.
pub(super) fn read_touch(row: &mut Row) -> Result<Touch, Error> {
    let reason = row.optional_text(10)?;
    let reason = reason.map(|name| unreadable(Reason::parse(&name))).transpose()?;
    let channels: Vec<Channel> = unreadable(serde_json::from_str(&row.text(12)?).ok())?;
    let action = row.optional_text(15)?;
    let action = action.map(|text| unreadable(serde_json::from_str::<Action>(&text).ok()));
    let channel = row.optional_text(21)?;
    Ok(Touch {
        key: Key {
            strategy: row.text(1)?,
            node: unreadable(i32::try_from(row.integer(2)?).ok())?,
            cycle: unreadable(Cycle::parse(&row.text(3)?))?,
        },
        playbook_version: row.integer(4)?,
        purpose: unreadable(Purpose::parse(&row.text(5)?))?,
        priority: row.integer(6)?,
        due_at: Timestamp(row.integer(7)?),
        deadline_at: Timestamp(row.integer(8)?),
        state: unreadable(State::parse(&row.text(9)?, reason))?,
        mode: unreadable(Mode::parse(&row.text(11)?))?,
        channels,
        wait_hours: unreadable(u32::try_from(row.integer(13)?).ok())?,
        template: row.optional_text(14)?,
        action: action.transpose()?.unwrap_or_default(),
        uses: Uses {
            messages: row.integer(16)?,
            cost_minor: row.integer(17)?,
            points: row.integer(18)?,
        },
        decided_at: Timestamp(row.integer(19)?),
        sent_at: row.optional_integer(20)?.map(Timestamp),
        channel: channel.map(|name| unreadable(Channel::parse(&name))).transpose()?,
        responded_at: row.optional_integer(22)?.map(Timestamp),
        from_at: Timestamp(row.integer(23)?),
        last_at: row.optional_integer(24)?.map(Timestamp),
    })
}

/// How a member can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reachability {
    /// The state of the addresses that there are.
    pub contacts: BTreeMap<Channel, ContactState>,
    /// What the member said last.
    pub consents: BTreeMap<(Purpose, Channel), Decision>,
    /// The member's own quiet hours, minutes of the local day.
    pub quiet: Option<(i64, i64)>,
}

/// How these members can be reached, by their numbers; those of whom nothing is known are missing.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn reachability(
    reach: &impl Sql,
    programme_no: i64,
    members: &[i64],
) -> Result<BTreeMap<i64, Reachability>, Error> {
    let values = vec![programme_no.into(), json!(members).to_string().into()];
    let mut found = BTreeMap::new();
    for mut row in reach.query(statement!("queries/reach/touch_recipients"), values).await? {
        let (contacts, consents) = (row.optional_text(1)?, row.optional_text(2)?);
        let quiet = (row.optional_integer(3)?, row.optional_integer(4)?);
        let contacts = contacts.iter().flat_map(|text| text.split(','));
        let consents = consents.iter().flat_map(|text| text.split(','));
        let of = Reachability {
            contacts: contacts.map(contact).collect::<Option<_>>().ok_or(UNREADABLE)?,
            consents: consents.map(consent).collect::<Option<_>>().ok_or(UNREADABLE)?,
            quiet: match quiet {
                (None, _) => None,
                (from, until) => Some(from.zip(until).ok_or(UNREADABLE)?),
            },
        };
        if of != Reachability::default() {
            found.insert(row.integer(0)?, of);
        }
    }
    Ok(found)
}

const UNREADABLE: Error = Error::Corrupt("contact or consent");

fn contact(text: &str) -> Option<(Channel, ContactState)> {
    let (channel, state) = text.split_once(' ')?;
    Some((Channel::parse(channel)?, ContactState::parse(state)?))
}

fn consent(text: &str) -> Option<((Purpose, Channel), Decision)> {
    let (purpose, rest) = text.split_once(' ')?;
    let (channel, decision) = rest.split_once(' ')?;
    Some(((Purpose::parse(purpose)?, Channel::parse(channel)?), Decision::parse(decision)?))
}

/// What the ledger keeps of few members, as far as messages ask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RareState {
    /// Whether the account is frozen.
    pub is_frozen: bool,
    /// Whether it was erased.
    pub is_erased: bool,
    /// Whether it became part of another one.
    pub is_merged: bool,
    /// Coupons that were not used yet.
    pub coupons: Vec<Coupon>,
}

/// The same of these members, by their numbers; those who have nothing of it are missing.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn rare_states(
    ledger: &impl Sql,
    members: &[i64],
) -> Result<BTreeMap<i64, RareState>, Error> {
    let values = vec![json!(members).to_string().into()];
    let rows = ledger.query(statement!("queries/touch_members"), values).await?;
    let read = |mut row: Row| {
        let extras = MemberExtras::read(&row.text(1)?)?;
        let closed = extras.closed()?;
        let coupon = |coupon: &ledger::Coupon| Coupon {
            id: coupon.code.clone(),
            kind: coupon.name.clone(),
            ends_at: coupon.expires_at,
        };
        let state = RareState {
            is_frozen: extras.frozen.is_some_and(ledger::Frozen::any),
            is_erased: closed == Some(Closed::Erased),
            is_merged: matches!(closed, Some(Closed::Merged(_))),
            coupons: extras.coupons.iter().map(coupon).collect(),
        };
        Ok((row.integer(0)?, state))
    };
    rows.into_iter().map(read).collect()
}

/// What strategies have used up in these periods of their budgets; those that are missing used
/// nothing.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn used_budgets(
    reach: &impl Sql,
    programme_no: i64,
    periods: &[(&str, String)],
) -> Result<BTreeMap<String, Uses>, Error> {
    if periods.is_empty() {
        return Ok(BTreeMap::new());
    }
    let values = vec![programme_no.into(), json!(periods).to_string().into()];
    let rows = reach.query(statement!("queries/reach/touch_used"), values).await?;
    let read = |mut row: Row| {
        let uses = Uses {
            messages: row.integer(1)?,
            cost_minor: row.integer(2)?,
            points: row.integer(3)?,
        };
        Ok((row.text(0)?, uses))
    };
    rows.into_iter().map(read).collect()
}

/// How far the days of a programme are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TouchRun {
    /// The last local day of which everything was decided for all members.
    pub decided_through: i32,
    /// The walk over all members that is under way: its local day, and the last member seen.
    pub walk: Option<(i32, i64)>,
}

/// How far the days of a programme are decided; `None` before the first walk.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn touch_run(reach: &impl Sql, programme_no: i64) -> Result<Option<TouchRun>, Error> {
    let rows =
        reach.query(statement!("queries/reach/touch_run"), vec![programme_no.into()]).await?;
    let day = |number: i64| i32::try_from(number).map_err(|_| Error::Corrupt("day"));
    let read = |mut row: Row| {
        let (position, walk) = (row.integer(2)?, row.optional_integer(1)?.map(day).transpose()?);
        Ok(TouchRun {
            decided_through: day(row.integer(0)?)?,
            walk: walk.map(|day| (day, position)),
        })
    };
    rows.into_iter().next().map(read).transpose()
}

/// The walk of a local day begins (`before` is `None`), goes on, or ends where `position` is
/// `None`: then the day is decided. Whether it did; not where another run was faster.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn step_touch_run(
    reach: &impl Sql,
    programme_no: i64,
    day: i32,
    before: Option<i64>,
    position: Option<i64>,
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), i64::from(day).into(), before.into(), position.into()];
    Ok(!reach.query(statement!("queries/reach/touch_run_step"), values).await?.is_empty())
}

/// Until when no walk of a programme begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TouchRest {
    /// When the next one does.
    pub until: Timestamp,
    /// The version of the rulebook, which has the zone, that it was worked out by.
    pub rulebook_version: i64,
}

/// Until when no walks begin, by the programme's number.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn resting_touches(reach: &impl Sql) -> Result<BTreeMap<i64, TouchRest>, Error> {
    let rows = reach.query(statement!("queries/reach/touch_rests"), vec![]).await?;
    let read = |mut row: Row| {
        let until = Timestamp(row.integer(1)?);
        Ok((row.integer(0)?, TouchRest { until, rulebook_version: row.integer(2)? }))
    };
    rows.into_iter().map(read).collect()
}

/// Remembers until when no walk of a programme begins.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn rest_touches(
    reach: &impl Sql,
    programme_no: i64,
    rest: TouchRest,
) -> Result<(), Error> {
    let values = vec![programme_no.into(), rest.until.0.into(), rest.rulebook_version.into()];
    reach.query(statement!("queries/reach/touch_rest"), values).await.map(drop)
}

/// Forgets touches that were decided before that instant and are not due, among the `most` oldest.
/// How many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget_touches(
    reach: &impl Sql,
    before: Timestamp,
    most: i64,
) -> Result<usize, Error> {
    let values = vec![before.0.into(), most.into()];
    Ok(reach.query(statement!("queries/reach/touches_forget"), values).await?.len())
}
