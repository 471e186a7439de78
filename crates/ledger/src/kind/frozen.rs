//! `freeze` and `restore`: what an account must not do.

use serde::{Deserialize, Serialize};

use super::payload::names_nothing;
use crate::array::as_array;

/// What a `freeze` or a `restore` entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezeChanged {
    /// What is frozen after it.
    pub frozen: Frozen,
}
names_nothing!(FreezeChanged);

/// Which sides of an account are frozen, or are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Frozen {
    /// It must not be granted points for what it does.
    pub earning: bool,
    /// It must not spend, hold or give away points.
    pub spending: bool,
}
as_array!(Frozen [earning, spending]);

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

    pub(crate) fn without(self, other: Self) -> Self {
        Self { earning: self.earning && !other.earning, spending: self.spending && !other.spending }
    }
}
