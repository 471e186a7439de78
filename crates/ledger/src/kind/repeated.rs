//! What a back-test does again: it was done by hand in another history.

use super::frozen::Frozen;
use super::payload::names_nothing;
use super::tier::TierMove;
use crate::kind::Kind;
use crate::qualification::Qualification;

/// What is done again beside lots and effects. The persons who asked for it or approved of it, and
/// the member on its other side, belong to the other history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    /// The kind of the entry of the other history.
    pub of: Kind,
    /// What is frozen after it.
    pub frozen: Option<Frozen>,
    /// What counts towards tiers of a member that became part of this one.
    pub carried: Option<Qualification>,
    /// The move on the tier ladder.
    pub tier: Option<TierMove>,
}
names_nothing!(Repeated);
