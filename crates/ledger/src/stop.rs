//! Why a decision stops before its end.

use std::fmt;

use crate::fault::Fault;
use crate::refusal::Refusal;

/// The one error of everything that decides. Nothing of a decision that stopped is written,
/// whatever its journal holds: throw the journal away.
///
/// `?` turns a [`Refusal`] or a [`Fault`] into a `Stop`. Functions that only check give a plain
/// [`Refusal`], and functions that cannot refuse give a plain [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The command is refused. This is an answer to the caller.
    Refused(Refusal),
    /// The member's state or the code is wrong. The caller gets no words for it.
    Fault(Fault),
}

impl Stop {
    /// The refusal, for a caller that can go on with a refusal but not with a fault.
    ///
    /// # Errors
    /// The [`Fault`], when it is one.
    pub fn refusal(self) -> Result<Refusal, Fault> {
        match self {
            Self::Refused(refusal) => Ok(refusal),
            Self::Fault(fault) => Err(fault),
        }
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for Stop {}
