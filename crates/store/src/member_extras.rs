//! What belongs to a member's state and few members have: one JSON object in a column of its own,
//! null for all others.
//!
//! Field names are part of the stored format; new fields are optional.

use std::borrow::Cow;

use ledger::{
    AdjustmentRequest, Closed, Coupon, Frozen, Hold, Member, MemberId, OpenReview, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::Error;

/// An unknown field is of a later version: a server that does not know it must not write the
/// member.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberExtras<'a> {
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) holds: Cow<'a, [Hold]>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) requests: Cow<'a, [AdjustmentRequest]>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) reviews: Cow<'a, [OpenReview]>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) coupons: Cow<'a, [Coupon]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) frozen: Option<Frozen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pool: Option<Cow<'a, MemberId>>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) pool_members: Cow<'a, [MemberId]>,
    /// Member, until.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) invitations: Cow<'a, [(MemberId, Timestamp)]>,
    /// The member that it became part of; empty when it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed: Option<Cow<'a, str>>,
}

impl MemberExtras<'static> {
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|_| Error::Corrupt("state"))
    }

    pub(crate) fn closed(&self) -> Result<Option<Closed>, Error> {
        match self.closed.as_deref() {
            None => Ok(None),
            Some("") => Ok(Some(Closed::Erased)),
            Some(into) => MemberId::stored(into)
                .map(|into| Some(Closed::Merged(into)))
                .map_err(|_| Error::Corrupt("member id")),
        }
    }
}

/// The text that is stored; `None` when there is nothing to say.
pub(crate) fn write(member: &Member) -> Result<Option<String>, Error> {
    let extras = MemberExtras {
        holds: Cow::Borrowed(&member.holds),
        requests: Cow::Borrowed(&member.requests),
        reviews: Cow::Borrowed(&member.reviews),
        coupons: Cow::Borrowed(&member.coupons),
        frozen: Some(member.frozen).filter(|frozen| frozen.any()),
        pool: member.pool.as_ref().map(Cow::Borrowed),
        pool_members: Cow::Borrowed(&member.pool_members),
        invitations: Cow::Borrowed(&member.invitations),
        closed: member.closed.as_ref().map(|closed| match closed {
            Closed::Merged(into) => Cow::Borrowed(into.as_str()),
            Closed::Erased => Cow::Borrowed(""),
        }),
    };
    if extras == MemberExtras::default() {
        return Ok(None);
    }
    serde_json::to_string(&extras).map(Some).map_err(|_| Error::Corrupt("state to be written"))
}
