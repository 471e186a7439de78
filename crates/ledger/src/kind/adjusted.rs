//! `request`, `approve`, `reject`, `withdraw`, `lapse` and `adjust`: a change by hand, from its
//! request to its execution.

use serde::{Deserialize, Serialize};

use super::payload::{Payload, names_nothing};
use crate::array::as_array;
use crate::calendar::Timestamp;
use crate::id::{EntryId, LotNumber, MemberId};

/// What a `request` entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustmentRequested {
    /// What is asked for, by whom.
    pub adjustment: Adjustment,
}
names_nothing!(AdjustmentRequested);

/// What a decision on a request says, and the adjustment that executes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestDecided {
    /// The request.
    #[serde(rename = "corrects")]
    pub request: EntryId,
    /// What was asked for, and the persons who approved so far.
    pub adjustment: Adjustment,
}

impl Payload for RequestDecided {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (Some(self.request), None)
    }
}

/// What an `approve` entry of an earn under review says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewApproved {
    /// The earn.
    #[serde(rename = "corrects")]
    pub earn: EntryId,
}

impl Payload for ReviewApproved {
    fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        (Some(self.earn), None)
    }
}

/// What was asked for, the person who asked, and the persons who approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// What is or was asked for.
    pub terms: AdjustmentTerms,
    /// What proves it: a ticket, a receipt, a link. It stands in [`crate::Entry::texts`] and not in
    /// the body.
    pub evidence: Option<String>,
    /// The person who asked.
    pub by: Person,
    /// Approvals so far, this one included.
    pub approvals: Vec<Approval>,
}
as_array!(Adjustment [terms, by, approvals] without [evidence]);

/// A person as the books name one: the key they used, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `key:` and the key's prefix.
    pub actor: String,
    /// The person's id, in the one spelling that the programme has for it.
    pub label: String,
}
as_array!(Person [actor, label]);

impl Person {
    /// All keys of one person are that person.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.actor == other.actor || self.label == other.label
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentTerms {
    /// Points to be granted, or (negative) taken; not 0.
    pub points: i64,
    /// Why, as one of the merchant's codes.
    pub reason_code: String,
    /// From when on granted points can no longer be spent; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// The roles that have to approve, in this order; at least one.
    pub steps: Vec<String>,
    /// From when on it can no longer be decided.
    pub until: Timestamp,
    /// The grant that it undoes, when it does.
    pub undoes: Option<Undone>,
    /// What is done with the last approval, in place of an adjustment.
    pub concern: Option<Concern>,
}
as_array!(AdjustmentTerms [points, reason_code, expires_at, steps, until]
    then [undoes, concern]);

/// A grant by hand that an adjustment undoes: it takes from the lot of that grant, and from no
/// other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undone {
    /// The adjustment that granted it.
    pub entry: EntryId,
    /// Its lot.
    pub lot: LotNumber,
}
as_array!(Undone [entry, lot]);

/// What else moves points by hand and takes the same approvals; the terms tell how many points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Concern {
    /// These redemptions and gifts are given back.
    Recover(Vec<EntryId>),
    /// This member becomes part of the one that is asked for.
    Merge(MemberId),
}

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The person.
    pub by: Person,
    /// As what.
    pub role: String,
    /// When.
    pub at: Timestamp,
}
as_array!(Approval [by, role, at]);
