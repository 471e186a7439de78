//! What can be done to a member. Each command posts to a [`Journal`]; whoever needs several (an earn that crosses a tier line) posts several.
//!
//! Whoever issues a command that moves points first activates and expires what fell due, in entries of their own, so a command never
//! meets a lot whose time has come, whether or not a sweep has run.

use crate::calendar::Timestamp;
use crate::entry::{
    Award, Count, Kind, LineAward, LotDates, LotDraw, LotGrant, Origin, Qualifying, Reminder, TierMove,
};
use crate::id::EntryId;
use crate::journal::{Draft, Journal, sum};
use crate::lot::{Lot, LotState};
use crate::refusal::{Fault, Refusal};

/// An earn whose points the rules have worked out.
#[derive(Debug, Clone)]
pub struct Earn {
    /// The event: `purchase` or an action.
    pub event: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Rules that fired; their granted points add up to those of `grants`.
    pub awards: Vec<Award>,
    /// What each order line earned.
    pub lines: Vec<LineAward>,
    /// Lots to open (numbers are ignored); empty when nothing is granted.
    pub grants: Vec<LotGrant>,
    /// Counters to add to.
    pub counts: Vec<Count>,
    /// What it adds to the tier qualification.
    pub qualifying: Option<Qualifying>,
}

/// A wish to spend points.
#[derive(Debug, Clone, Copy)]
pub struct Redeem {
    /// How many, at least 1.
    pub points: i64,
    /// Plain first-in-first-out instead of expiring first.
    pub first_in_first_out: bool,
}

/// Writes down which pending points became spendable. Posts nothing when none did.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn activate(journal: &mut Journal, origin: &Origin) -> Result<(), Fault> {
    let activations = due_lots(journal, |lot, now| lot.pending && lot.available_at <= now);
    if !activations.is_empty() {
        journal.post(Draft { activations, ..Draft::new(Kind::Activate, journal.now(), origin.clone()) }, None)?;
    }
    Ok(())
}

/// Makes pending lots spendable from now on, before their time, each with its new dates.
///
/// # Errors
/// A [`Fault`] when one of them is not pending, or the member's state is inconsistent.
pub fn activate_early(journal: &mut Journal, dates: Vec<LotDates>, origin: Origin) -> Result<EntryId, Fault> {
    let (member, now) = (journal.member(), journal.now());
    let lot = |dates: &LotDates| member.lots.iter().find(|lot| lot.number == dates.number && dates.available_at == now);
    let activation = |dates| lot(dates).map(|lot| LotDraw { number: lot.number, points: lot.remaining });
    let activations: Option<Vec<LotDraw>> = dates.iter().map(activation).collect();
    let activations = activations.filter(|lots| !lots.is_empty()).ok_or(Fault::Draft)?;
    journal.post(Draft { activations, dates, ..Draft::new(Kind::Activate, now, origin) }, None)
}

/// Takes away the points of lots that reached their end. Posts nothing when none did.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn expire(journal: &mut Journal, origin: &Origin) -> Result<(), Fault> {
    let draws = due_lots(journal, Lot::has_expired);
    if !draws.is_empty() {
        journal.post(Draft { draws, ..Draft::new(Kind::Expire, journal.now(), origin.clone()) }, None)?;
    }
    Ok(())
}

fn due_lots(journal: &Journal, due: fn(&Lot, Timestamp) -> bool) -> Vec<LotDraw> {
    let (member, now) = (journal.member(), journal.now());
    if !member.is_due(now) {
        return Vec::new();
    }
    let lots = member.lots.iter().filter(|lot| due(lot, now));
    lots.map(|lot| LotDraw { number: lot.number, points: lot.remaining }).collect()
}

/// Grants what the rules worked out.
///
/// # Errors
/// A [`Fault`] when awards and lots do not add up, or the member's state is inconsistent.
pub fn earn(journal: &mut Journal, earn: Earn, origin: Origin) -> Result<EntryId, Fault> {
    let awarded = sum(earn.awards.iter().map(|award| award.granted))?;
    if awarded != sum(earn.grants.iter().map(|lot| lot.points))? || earn.awards.iter().any(|award| award.granted < 0) {
        return Err(Fault::Draft);
    }
    let draft = Draft {
        event: Some(earn.event),
        awards: earn.awards,
        lines: earn.lines,
        grants: earn.grants,
        counts: earn.counts,
        qualifying: earn.qualifying,
        ..Draft::new(Kind::Earn, earn.occurred_at, origin)
    };
    journal.post(draft, None)
}

/// Spends points from the member's spendable lots. All or nothing.
///
/// # Errors
/// `Ok(Err(refusal))` when the member does not exist or cannot spend that many; `Err` when the state is inconsistent.
pub fn redeem(journal: &mut Journal, redeem: Redeem, origin: Origin) -> Result<Result<EntryId, Refusal>, Fault> {
    let now = journal.now();
    if !journal.member().exists() {
        return Ok(Err(Refusal::MemberNotFound));
    }
    if redeem.points < 1 {
        return Err(Fault::Draft);
    }
    let mut lots: Vec<&Lot> = journal.member().lots.iter().filter(|lot| lot.state(now) == LotState::Active).collect();
    if redeem.first_in_first_out {
        lots.sort_by_key(|lot| lot.first_in_first_out());
    } else {
        lots.sort_by_key(|lot| lot.expiring_first());
    }
    let mut missing = redeem.points;
    let mut draws = Vec::new();
    for lot in &lots {
        let points = missing.min(lot.remaining);
        if points == 0 {
            break;
        }
        missing -= points;
        draws.push(LotDraw { number: lot.number, points });
    }
    if missing > 0 {
        let balance = sum(lots.iter().map(|lot| lot.remaining))?;
        return Ok(Err(Refusal::InsufficientPoints { balance, missing }));
    }
    journal.post(Draft { draws, ..Draft::new(Kind::Redeem, now, origin) }, None).map(Ok)
}

/// Registers a member or notes that its profile changed. Moves no points.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn enrol(journal: &mut Journal, origin: Origin) -> Result<EntryId, Fault> {
    let now = journal.now();
    journal.post(Draft::new(Kind::Profile, now, origin), None)
}

/// Moves the member on the tier ladder, with the gift's lot when there is one.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn tier_change(
    journal: &mut Journal,
    tier: TierMove,
    gift: Option<LotGrant>,
    origin: Origin,
    cause: Option<EntryId>,
) -> Result<EntryId, Fault> {
    let now = journal.now();
    let grants = gift.into_iter().collect();
    journal.post(Draft { tier: Some(tier), grants, ..Draft::new(Kind::TierChange, now, origin) }, cause)
}

/// Records a warning about lots that expire soon. Moves no points.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn remind(journal: &mut Journal, reminder: Reminder, origin: Origin) -> Result<EntryId, Fault> {
    let now = journal.now();
    journal.post(Draft { reminder: Some(reminder), ..Draft::new(Kind::Remind, now, origin) }, None)
}
