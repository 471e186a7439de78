//! `exchange`: points given up for points of another programme, or received for them.

use serde::{Deserialize, Serialize};

use super::payload::names_nothing;
use crate::array::as_array;
use crate::exact::Rate;
use crate::id::ProgrammeId;

/// What an `exchange` entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchanged {
    /// Its other side.
    pub exchange: Exchange,
}
names_nothing!(Exchanged);

/// What an exchange was on its other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The other programme.
    pub programme: ProgrammeId,
    /// How many of its points, at least 1: received there for those that were given up here, or
    /// given up there for those that are received here.
    pub points: i64,
    /// Points received for one that is given up.
    pub rate: Rate,
}
as_array!(Exchange [programme, points, rate]);
