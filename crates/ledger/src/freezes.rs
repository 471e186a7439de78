//! Freezing: an account that must not earn, or not spend, until somebody restores it.
//!
//! What a freeze forbids is the business of `rules`; points expire, come back and are adjusted all
//! the same.

use crate::entry::{Entry, Origin};
use crate::id::EntryId;
use crate::journal::Journal;
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::stop::Stop;

/// Which sides of an account are frozen, or are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Frozen {
    /// It must not be granted points for what it does.
    pub earning: bool,
    /// It must not spend, hold or give away points.
    pub spending: bool,
}

impl Frozen {
    /// True when either side is.
    #[must_use]
    pub fn any(self) -> bool {
        self.earning || self.spending
    }

    /// What either forbids.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { earning: self.earning || other.earning, spending: self.spending || other.spending }
    }

    fn without(self, other: Self) -> Self {
        Self { earning: self.earning && !other.earning, spending: self.spending && !other.spending }
    }
}

/// Freezes these sides of the account.
///
/// # Errors
/// [`Refusal::NothingToChange`] when they are frozen already; [`Stop::Fault`] when the member's
/// state is inconsistent.
pub fn freeze(journal: &mut Journal, sides: Frozen, origin: Origin) -> Result<EntryId, Stop> {
    let frozen = journal.member().frozen.and(sides);
    change(journal, Kind::Freeze, frozen, origin)
}

/// Restores these sides of the account.
///
/// # Errors
/// [`Refusal::NothingToChange`] when neither is frozen; [`Stop::Fault`] when the member's state is
/// inconsistent.
pub fn restore(journal: &mut Journal, sides: Frozen, origin: Origin) -> Result<EntryId, Stop> {
    let frozen = journal.member().frozen.without(sides);
    change(journal, Kind::Restore, frozen, origin)
}

fn change(
    journal: &mut Journal,
    kind: Kind,
    frozen: Frozen,
    origin: Origin,
) -> Result<EntryId, Stop> {
    if journal.member().frozen == frozen {
        return Err(Refusal::NothingToChange.into());
    }
    Ok(journal.post(Entry { frozen: Some(frozen), ..journal.draft(kind, origin) })?)
}
