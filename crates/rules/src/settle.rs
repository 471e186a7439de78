//! What happens by the clock: each thing that fell due has the effect that it had at its own
//! instant, however late it is recorded.
//!
//! A night run and every command settle a member this way, and a look at a member plays it without
//! recording anything. Nothing here is asked for by anybody.

use ledger::{
    Context, EntryId, Fault, Journal, Member, Origin, ProgrammeId, Timestamp, activate, expire,
    expire_coupons, lapse, repay, time_out,
};

use crate::rulebook::Rulebook;
use crate::tiers;

/// The member as it is after all that fell due until now, recorded or not. A member whose lots are
/// not all at hand, or whose state is inconsistent, is returned as it is.
#[must_use]
pub fn by_the_clock(
    book: &Rulebook,
    programme: &ProgrammeId,
    member: &Member,
    now: Timestamp,
) -> Member {
    if next_due(member, None, now).is_none() || member.closed.is_some() {
        return member.clone();
    }
    let context = Context {
        programme: programme.clone(),
        spread: 1,
        rulebook_version: book.version(),
        now,
        first_id: EntryId(0),
        seed: ledger::Seed::default(),
    };
    let mut journal = Journal::new(member.clone(), context);
    match settle(&mut journal, book, "") {
        Ok(()) => journal.finish(0).1,
        Err(_) => member.clone(),
    }
}

/// Records what fell due until now: instant by instant, each in the order of the night run.
/// Activations come first, then ends of tiers, holds that timed out, requests that lapsed, coupons
/// that ended and lots that expired; what is spendable then pays off a debt. So a member who was
/// not touched for months is what it would be if somebody had looked every night.
///
/// # Errors
/// A [`Fault`] when the state is inconsistent.
pub fn settle(journal: &mut Journal, book: &Rulebook, actor: &str) -> Result<(), Fault> {
    let now = journal.now();
    let mut last = None;
    while let Some(at) = next_due(journal.member(), last, now) {
        settle_at(journal, book, at, &origin_of(actor))?;
        last = Some(at);
    }
    Ok(())
}

/// The first instant after `last` and until now at which something falls due.
fn next_due(member: &Member, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    // Mostly nothing is due, and then nobody has to look at the lots.
    let due = if member.is_due(now) { member.next_due_at() } else { None };
    // A tier stays past its end when the rulebook has no ladder any more.
    let tier_end = member.tier.as_ref().and_then(|tier| tier.until);
    due.into_iter().chain(tier_end).filter(|at| last < Some(*at) && *at <= now).min()
}

fn settle_at(
    journal: &mut Journal,
    book: &Rulebook,
    at: Timestamp,
    origin: &Origin,
) -> Result<(), Fault> {
    activate(journal, at, origin)?;
    tiers::close(journal, book, at, origin)?;
    time_out(journal, at, origin)?;
    lapse(journal, at, origin)?;
    expire_coupons(journal, at, origin)?;
    expire_and_repay_at(journal, book, at, origin)
}

/// What follows from points that came free with an operation: those past their end expire, the
/// others pay off a debt.
pub(crate) fn expire_and_repay(
    journal: &mut Journal,
    book: &Rulebook,
    origin: &Origin,
) -> Result<(), Fault> {
    expire_and_repay_at(journal, book, journal.now(), origin)
}

fn expire_and_repay_at(
    journal: &mut Journal,
    book: &Rulebook,
    at: Timestamp,
    origin: &Origin,
) -> Result<(), Fault> {
    expire(journal, at, origin)?;
    repay(journal, at, book.first_in_first_out(), origin)
}

pub(crate) fn origin_of(actor: &str) -> Origin {
    Origin { actor: actor.to_owned(), ..Origin::default() }
}
