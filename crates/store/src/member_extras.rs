//! What belongs to a member's state and few members have: one JSON object in a column of its own,
//! null for all others.
//!
//! Field names are part of the stored format; new fields are optional.

use ledger::{
    AdjustmentRequest, Closed, Coupon, EntryId, Frozen, Hold, Member, MemberId, OpenReview,
    Reference, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::adjustments::{RequestRow, request, request_row};
use crate::coupons::{CouponRow, coupon, coupon_row};
use crate::member_row::{draws, instant, pairs};
use crate::reviews::{OpenReviewRow, open_review, open_review_row};

/// Entry id, document, until, lots.
type HoldRow = (String, Option<String>, i64, Vec<(i64, i64)>);

/// An unknown field is of a later version: whoever does not know it must not write the member.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberExtras {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holds: Vec<HoldRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requests: Vec<RequestRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reviews: Vec<OpenReviewRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    coupons: Vec<CouponRow>,
    /// Earning, spending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    frozen: Option<(bool, bool)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pool: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pooled: Vec<String>,
    /// Member, until.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    invitations: Vec<(String, i64)>,
    /// The member that it became part of; empty when it was forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed: Option<String>,
}

impl MemberExtras {
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|_| Error::Corrupt("state"))
    }

    pub(crate) fn holds(&self) -> Result<Vec<Hold>, Error> {
        let hold = |(id, reference, until, lots): &HoldRow| {
            let reference = reference.as_ref().map(Reference::new).transpose().ok()?;
            Some(Hold {
                id: EntryId::parse(id)?,
                reference,
                until: instant(*until),
                lots: draws(lots),
            })
        };
        self.holds.iter().map(hold).collect::<Option<_>>().ok_or(Error::Corrupt("holds"))
    }

    pub(crate) fn reviews(&self) -> Result<Vec<OpenReview>, Error> {
        self.reviews
            .iter()
            .cloned()
            .map(open_review)
            .collect::<Option<_>>()
            .ok_or(Error::Corrupt("reviews"))
    }

    pub(crate) fn pool(&self) -> Result<Option<MemberId>, Error> {
        self.pool.as_ref().map(|id| member_id(id)).transpose()
    }

    pub(crate) fn pooled(&self) -> Result<Vec<MemberId>, Error> {
        self.pooled.iter().map(|id| member_id(id)).collect()
    }

    pub(crate) fn invitations(&self) -> Result<Vec<(MemberId, Timestamp)>, Error> {
        self.invitations.iter().map(|(id, until)| Ok((member_id(id)?, instant(*until)))).collect()
    }

    pub(crate) fn closed(&self) -> Result<Option<Closed>, Error> {
        match self.closed.as_deref() {
            None => Ok(None),
            Some("") => Ok(Some(Closed::Erased)),
            Some(into) => Ok(Some(Closed::Merged(member_id(into)?))),
        }
    }

    pub(crate) fn coupons(&self) -> Vec<Coupon> {
        self.coupons.iter().cloned().map(coupon).collect()
    }

    pub(crate) fn frozen(&self) -> Frozen {
        self.frozen.map_or(Frozen::default(), |(earning, spending)| Frozen { earning, spending })
    }

    pub(crate) fn requests(self) -> Result<Vec<AdjustmentRequest>, Error> {
        self.requests
            .into_iter()
            .map(request)
            .collect::<Option<_>>()
            .ok_or(Error::Corrupt("requests"))
    }
}

fn member_id(id: &str) -> Result<MemberId, Error> {
    MemberId::stored(id).map_err(|_| Error::Corrupt("member id"))
}

/// The text that is stored; `None` when there is nothing to say.
pub(crate) fn write(member: &Member) -> Result<Option<String>, Error> {
    let hold = |h: &Hold| {
        (h.id.to_string(), h.reference.as_ref().map(ToString::to_string), h.until.0, pairs(&h.lots))
    };
    let more = MemberExtras {
        holds: member.holds.iter().map(hold).collect(),
        requests: member.requests.iter().map(request_row).collect(),
        coupons: member.coupons.iter().map(coupon_row).collect(),
        reviews: member.reviews.iter().map(open_review_row).collect(),
        pool: member.pool.as_ref().map(ToString::to_string),
        pooled: member.pooled.iter().map(ToString::to_string).collect(),
        invitations: member
            .invitations
            .iter()
            .map(|(id, until)| (id.to_string(), until.0))
            .collect(),
        closed: member.closed.as_ref().map(|closed| match closed {
            Closed::Merged(into) => into.to_string(),
            Closed::Erased => String::new(),
        }),
        frozen: Some(member.frozen)
            .filter(|frozen| frozen.any())
            .map(|frozen| (frozen.earning, frozen.spending)),
    };
    if more == MemberExtras::default() {
        return Ok(None);
    }
    serde_json::to_string(&more).map(Some).map_err(|_| Error::Corrupt("state to be written"))
}
