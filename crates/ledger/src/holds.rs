//! Holds: points set aside at checkout, then captured (wholly or in part), released, or timed out.
//! Exactly one of these, once.
//!
//! A hold names its lots, so that what it was promised cannot be spent twice, and stays good past
//! their end for as long as it lasts.

use crate::calendar::Timestamp;
use crate::commands::{Redeem, drawn_for, lasting, paid, taken};
use crate::entry::drawn;
use crate::entry::{Entry, LotDates, LotMoves, Origin};
use crate::fault::Fault;
use crate::id::EntryId;
use crate::journal::Journal;
use crate::kind::{Held, HoldEnded, Reservation, What};
use crate::refusal::Refusal;
use crate::stop::Stop;

/// The most open holds of a member, and the most open requests.
pub(crate) const MAX_OPEN: usize = 100;

/// The most lots that the open holds of a member name together. The list travels with every entry
/// of the member.
pub const MAX_HELD: usize = 1_000;

/// Sets points aside until that instant. All or nothing.
///
/// # Errors
/// As [`crate::redeem`]; [`Refusal::ReferenceAlreadyUsed`] while an open hold is for the same
/// document; [`Refusal::TooManyOpen`] and [`Refusal::TooManyLots`] when the member's row has no
/// room for it.
pub fn hold(
    journal: &mut Journal,
    wish: Redeem,
    until: Timestamp,
    origin: Origin,
) -> Result<EntryId, Stop> {
    if let Some(open) = journal.member().hold_for(&origin) {
        return Err(Refusal::ReferenceAlreadyUsed { entry: Some(open.id) }.into());
    }
    // What is open travels with every entry of the member.
    if journal.member().holds.len() >= MAX_OPEN {
        return Err(Refusal::TooManyOpen { most: MAX_OPEN as i64 }.into());
    }
    let lots = drawn_for(journal, wish.points, wish.first_in_first_out)?;
    let held: usize = journal.member().holds.iter().map(|hold| hold.lots.len()).sum();
    if lots.len() + held > MAX_HELD {
        return Err(Refusal::TooManyLots { most: MAX_HELD as i64 }.into());
    }
    let dates = lasting(journal.member(), wish.extends, &lots, None);
    let held = Held {
        reservation: Reservation { until, lots },
        lines: paid(wish.lines),
        payment: wish.payment,
    };
    let lots = LotMoves { dates, ..LotMoves::default() };
    Ok(journal.post(Entry { lots, ..journal.draft(What::Hold(held), origin) })?)
}

/// Spends points of a hold, all of them unless told otherwise, and frees the rest. `extends` are
/// later ends of open lots, as the member is active.
///
/// # Errors
/// [`Refusal::HoldResolved`]; [`Refusal::MoreThanLeft`] for more than it holds; a [`Fault`] when
/// the member's state is inconsistent.
pub fn capture(
    journal: &mut Journal,
    id: EntryId,
    points: Option<i64>,
    extends: Vec<LotDates>,
    origin: Origin,
) -> Result<EntryId, Stop> {
    let Some(hold) = journal.member().hold(id) else { return Err(Refusal::HoldResolved.into()) };
    let held = drawn(&hold.lots)?;
    let points = points.unwrap_or(held);
    if points < 1 {
        return Err(Fault::Draft.into());
    }
    if points > held {
        return Err(Refusal::MoreThanLeft { line: None, left: held }.into());
    }
    let origin = Origin { reference: hold.reference.clone(), ..origin };
    let draws = taken(&hold.lots, points);
    let dates = lasting(journal.member(), extends, &draws, Some(id));
    let lots = LotMoves { draws, dates, ..LotMoves::default() };
    let captured = What::Capture(HoldEnded { hold: id });
    Ok(journal.post(Entry { lots, ..journal.draft(captured, origin) })?)
}

/// Gives a hold up.
///
/// # Errors
/// [`Refusal::HoldResolved`]; a [`Fault`] when the member's state is inconsistent.
pub fn release(journal: &mut Journal, id: EntryId, origin: Origin) -> Result<EntryId, Stop> {
    if journal.member().hold(id).is_none() {
        return Err(Refusal::HoldResolved.into());
    }
    Ok(journal.post(journal.draft(What::Release(HoldEnded { hold: id }), origin))?)
}

/// Records which holds timed out by the instant `at`: a release each. One that was asked for
/// happened before the hold's end.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn time_out(journal: &mut Journal, at: Timestamp, origin: &Origin) -> Result<(), Fault> {
    let over = journal.member().holds.iter().filter(|hold| hold.until <= at);
    let over: Vec<EntryId> = over.map(|hold| hold.id).collect();
    for id in over {
        let released = What::Release(HoldEnded { hold: id });
        journal.post(journal.due(released, at, origin.clone()))?;
    }
    Ok(())
}
