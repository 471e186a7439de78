//! What a payload tells readers that do not know its kind.

use super::What;
use crate::id::{EntryId, MemberId};

/// What only entries of one kind say.
pub(super) trait Payload {
    /// The earlier entry that it resolves or undoes, and the other account that it concerns.
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>);

    /// The field of the API that tells what the points were for, and its value.
    fn subject(&self) -> Option<(&'static str, &str)> {
        None
    }
}

/// Payloads that name neither an entry nor an account.
macro_rules! names_nothing {
    ($($payload:ty),+) => {
        $(impl $crate::kind::payload::Payload for $payload {
            fn names(&self) -> (Option<$crate::EntryId>, Option<&$crate::MemberId>) {
                (None, None)
            }
        })+
    };
}
pub(super) use names_nothing;

impl What {
    /// The earlier entry that it resolves or undoes.
    pub(crate) fn corrects(&self) -> Option<EntryId> {
        self.payload()?.names().0
    }

    /// The other account that it concerns.
    pub(crate) fn counterparty(&self) -> Option<&MemberId> {
        self.payload()?.names().1
    }

    /// The field of the API that tells what the points were for, and its value: the event of an
    /// earn.
    #[must_use]
    pub fn subject(&self) -> Option<(&'static str, &str)> {
        self.payload()?.subject()
    }
}
