//! Freezing: an account that must not earn, or not spend, until somebody restores it.
//!
//! What a freeze forbids is the business of `rules`; points expire, come back and are adjusted all
//! the same.

use crate::entry::Origin;
use crate::id::EntryId;
use crate::journal::Journal;
use crate::kind::{FreezeChanged, Frozen, What};
use crate::refusal::Refusal;
use crate::stop::Stop;

/// Freezes these sides of the account.
///
/// # Errors
/// [`Refusal::NothingToChange`] when they are frozen already; [`Stop::Fault`] when the member's
/// state is inconsistent.
pub fn freeze(journal: &mut Journal, sides: Frozen, origin: Origin) -> Result<EntryId, Stop> {
    let frozen = journal.member().frozen.and(sides);
    change(journal, What::Freeze, frozen, origin)
}

/// Restores these sides of the account.
///
/// # Errors
/// [`Refusal::NothingToChange`] when neither is frozen; [`Stop::Fault`] when the member's state is
/// inconsistent.
pub fn restore(journal: &mut Journal, sides: Frozen, origin: Origin) -> Result<EntryId, Stop> {
    let frozen = journal.member().frozen.without(sides);
    change(journal, What::Restore, frozen, origin)
}

fn change(
    journal: &mut Journal,
    what: fn(FreezeChanged) -> What,
    frozen: Frozen,
    origin: Origin,
) -> Result<EntryId, Stop> {
    if journal.member().frozen == frozen {
        return Err(Refusal::NothingToChange.into());
    }
    Ok(journal.post(journal.draft(what(FreezeChanged { frozen }), origin))?)
}
