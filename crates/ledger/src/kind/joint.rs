//! `transfer`, `merge` and `pool`: one side of what concerns two members.

use serde::{Deserialize, Serialize};

use super::frozen::Frozen;
use super::payload::Payload;
use crate::array::as_array;
use crate::calendar::Timestamp;
use crate::id::{EntryId, MemberId};
use crate::qualification::Qualification;

/// What a `transfer` entry says; whether points were given or received follows from its lots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transferred {
    /// The other member.
    #[serde(rename = "counterparty")]
    pub other: MemberId,
}

impl Payload for Transferred {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (None, Some(&self.other))
    }
}

/// What a `merge` entry says of the account that is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedInto {
    /// The member that it becomes part of.
    #[serde(rename = "counterparty")]
    pub into: MemberId,
}

impl Payload for ClosedInto {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (None, Some(&self.into))
    }
}

/// What a `merge` entry says of the account that stays; its cause is the other account's entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absorbed {
    /// The account that was closed.
    #[serde(rename = "counterparty")]
    pub from: MemberId,
    /// What counted towards its tiers.
    pub carried: Qualification,
    /// What is frozen after it, when that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Frozen>,
}

impl Payload for Absorbed {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (None, Some(&self.from))
    }
}

/// What a `pool` entry says when a member joins or leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolChanged {
    /// The member, on the pool's side; the pool, on the member's.
    #[serde(rename = "counterparty")]
    pub other: MemberId,
    /// The change.
    pub pool: PoolChange,
}

impl Payload for PoolChanged {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (None, Some(&self.other))
    }
}

/// What a `pool` entry says when the pool's head invites a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolInvited {
    /// The member.
    #[serde(rename = "counterparty")]
    pub guest: MemberId,
    /// Until when it may join.
    #[serde(rename = "invitation")]
    pub until: Timestamp,
}

impl Payload for PoolInvited {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (None, Some(&self.guest))
    }
}

/// A change of the members of a pool, on one of its two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolChange {
    /// True on the side of the pool, false on that of the member.
    pub is_pool: bool,
    /// Whether the member joins or leaves.
    pub joins: bool,
}
as_array!(PoolChange [is_pool, joins]);
