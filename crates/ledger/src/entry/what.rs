//! What an entry says that only entries of its kind say.

use super::adjusted::{AdjustmentRequested, RequestDecided, ReviewApproved};
use super::body::{Fields, Unreadable, Writer};
use super::coupon::CouponRedeemed;
use super::earned::Earned;
use super::exchanged::Exchanged;
use super::frozen::FreezeChanged;
use super::held::{Held, HoldEnded};
use super::joint::{Absorbed, ClosedInto, PoolChanged, PoolInvited, Transferred};
use super::redeemed::Redeemed;
use super::reminded::Reminded;
use super::repeated::Repeated;
use super::reversed::Reversed;
use super::tier::{Opened, TierChanged};
use crate::fault::Fault;
use crate::id::{EntryId, MemberId};
use crate::kind::Kind;

/// What happened, with what only entries of that kind say. A kind has several variants where it
/// says several things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// [`Kind::Opening`].
    Opening(Opened),
    /// [`Kind::Earn`].
    Earn(Earned),
    /// [`Kind::Redeem`].
    Redeem(Redeemed),
    /// [`Kind::Hold`].
    Hold(Held),
    /// [`Kind::Capture`].
    Capture(HoldEnded),
    /// [`Kind::Release`].
    Release(HoldEnded),
    /// [`Kind::Reverse`].
    Reverse(Reversed),
    /// [`Kind::Repay`].
    Repay,
    /// [`Kind::AdjustmentRequest`].
    AdjustmentRequest(AdjustmentRequested),
    /// [`Kind::Approve`] of a request.
    Approve(RequestDecided),
    /// [`Kind::Approve`] of an earn under review.
    ApproveReview(ReviewApproved),
    /// [`Kind::Reject`].
    Reject(RequestDecided),
    /// [`Kind::Withdraw`].
    Withdraw(RequestDecided),
    /// [`Kind::Lapse`].
    Lapse(RequestDecided),
    /// [`Kind::Adjust`].
    Adjust(RequestDecided),
    /// [`Kind::Transfer`].
    Transfer(Transferred),
    /// [`Kind::Exchange`].
    Exchange(Exchanged),
    /// [`Kind::Merge`], of the account that is closed.
    CloseInto(ClosedInto),
    /// [`Kind::Merge`], of the account that stays.
    Absorb(Absorbed),
    /// [`Kind::Pool`], when a member joins or leaves.
    Pool(PoolChanged),
    /// [`Kind::Pool`], when the pool's head invites a member.
    Invite(PoolInvited),
    /// [`Kind::Erase`].
    Erase,
    /// [`Kind::Expire`].
    Expire,
    /// [`Kind::Activate`].
    Activate,
    /// [`Kind::TierChange`].
    TierChange(TierChanged),
    /// [`Kind::CouponRedeem`].
    CouponRedeem(CouponRedeemed),
    /// [`Kind::CouponCancel`].
    CouponCancel,
    /// [`Kind::CouponExpire`].
    CouponExpire,
    /// [`Kind::Freeze`].
    Freeze(FreezeChanged),
    /// [`Kind::Restore`].
    Restore(FreezeChanged),
    /// [`Kind::Profile`].
    Profile,
    /// [`Kind::Remind`].
    Remind(Reminded),
    /// What was done by hand in another history and is done again in a back-test. Never stored.
    Repeated(Repeated),
}

impl What {
    /// The kind of entry that says this.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Opening(_) => Kind::Opening,
            Self::Earn(_) => Kind::Earn,
            Self::Redeem(_) => Kind::Redeem,
            Self::Hold(_) => Kind::Hold,
            Self::Capture(_) => Kind::Capture,
            Self::Release(_) => Kind::Release,
            Self::Reverse(_) => Kind::Reverse,
            Self::Repay => Kind::Repay,
            Self::AdjustmentRequest(_) => Kind::AdjustmentRequest,
            Self::Approve(_) | Self::ApproveReview(_) => Kind::Approve,
            Self::Reject(_) => Kind::Reject,
            Self::Withdraw(_) => Kind::Withdraw,
            Self::Lapse(_) => Kind::Lapse,
            Self::Adjust(_) => Kind::Adjust,
            Self::Transfer(_) => Kind::Transfer,
            Self::Exchange(_) => Kind::Exchange,
            Self::CloseInto(_) | Self::Absorb(_) => Kind::Merge,
            Self::Pool(_) | Self::Invite(_) => Kind::Pool,
            Self::Erase => Kind::Erase,
            Self::Expire => Kind::Expire,
            Self::Activate => Kind::Activate,
            Self::TierChange(_) => Kind::TierChange,
            Self::CouponRedeem(_) => Kind::CouponRedeem,
            Self::CouponCancel => Kind::CouponCancel,
            Self::CouponExpire => Kind::CouponExpire,
            Self::Freeze(_) => Kind::Freeze,
            Self::Restore(_) => Kind::Restore,
            Self::Profile => Kind::Profile,
            Self::Remind(_) => Kind::Remind,
            Self::Repeated(repeated) => repeated.of,
        }
    }

    /// The earlier entry that it resolves or undoes, and the other account that it concerns.
    pub(super) fn names(&self) -> (Option<EntryId>, Option<&MemberId>) {
        match self {
            Self::Redeem(redeemed) => (None, redeemed.on_behalf_of.as_ref()),
            Self::Capture(ended) | Self::Release(ended) => (Some(ended.hold), None),
            Self::Reverse(reversed) => (Some(reversed.corrects), reversed.merged.as_ref()),
            Self::Approve(decided)
            | Self::Reject(decided)
            | Self::Withdraw(decided)
            | Self::Lapse(decided)
            | Self::Adjust(decided) => (Some(decided.request), None),
            Self::ApproveReview(approved) => (Some(approved.earn), None),
            Self::Transfer(transferred) => (None, Some(&transferred.other)),
            Self::CloseInto(closed) => (None, Some(&closed.into)),
            Self::Absorb(absorbed) => (None, Some(&absorbed.from)),
            Self::Pool(changed) => (None, Some(&changed.other)),
            Self::Invite(invited) => (None, Some(&invited.guest)),
            Self::Opening(_)
            | Self::Earn(_)
            | Self::Hold(_)
            | Self::Repay
            | Self::AdjustmentRequest(_)
            | Self::Exchange(_)
            | Self::Erase
            | Self::Expire
            | Self::Activate
            | Self::TierChange(_)
            | Self::CouponRedeem(_)
            | Self::CouponCancel
            | Self::CouponExpire
            | Self::Freeze(_)
            | Self::Restore(_)
            | Self::Profile
            | Self::Remind(_)
            | Self::Repeated(_) => (None, None),
        }
    }

    pub(super) fn write(&self, body: &mut Writer) -> Result<(), Fault> {
        match self {
            Self::Opening(part) => body.add(part),
            Self::Earn(part) => body.add(part),
            Self::Redeem(part) => body.add(part),
            Self::Hold(part) => body.add(part),
            Self::Capture(part) | Self::Release(part) => body.add(part),
            Self::Reverse(part) => body.add(part),
            Self::AdjustmentRequest(part) => body.add(part),
            Self::Approve(part)
            | Self::Reject(part)
            | Self::Withdraw(part)
            | Self::Lapse(part)
            | Self::Adjust(part) => body.add(part),
            Self::ApproveReview(part) => body.add(part),
            Self::Transfer(part) => body.add(part),
            Self::Exchange(part) => body.add(part),
            Self::CloseInto(part) => body.add(part),
            Self::Absorb(part) => body.add(part),
            Self::Pool(part) => body.add(part),
            Self::Invite(part) => body.add(part),
            Self::TierChange(part) => body.add(part),
            Self::CouponRedeem(part) => body.add(part),
            Self::Freeze(part) | Self::Restore(part) => body.add(part),
            Self::Remind(part) => body.add(part),
            Self::Repay
            | Self::Erase
            | Self::Expire
            | Self::Activate
            | Self::CouponCancel
            | Self::CouponExpire
            | Self::Profile
            | Self::Repeated(_) => Ok(()),
        }
    }

    pub(super) fn read(kind: Kind, body: &mut Fields<'_>) -> Result<Self, Unreadable> {
        Ok(match kind {
            Kind::Opening => Self::Opening(body.take()?),
            Kind::Earn => Self::Earn(body.take()?),
            Kind::Redeem => Self::Redeem(body.take()?),
            Kind::Hold => Self::Hold(body.take()?),
            Kind::Capture => Self::Capture(body.take()?),
            Kind::Release => Self::Release(body.take()?),
            Kind::Reverse => Self::Reverse(body.take()?),
            Kind::Repay => Self::Repay,
            Kind::AdjustmentRequest => Self::AdjustmentRequest(body.take()?),
            Kind::Approve if body.has("adjustment") => Self::Approve(body.take()?),
            Kind::Approve => Self::ApproveReview(body.take()?),
            Kind::Reject => Self::Reject(body.take()?),
            Kind::Withdraw => Self::Withdraw(body.take()?),
            Kind::Lapse => Self::Lapse(body.take()?),
            Kind::Adjust => Self::Adjust(body.take()?),
            Kind::Transfer => Self::Transfer(body.take()?),
            Kind::Exchange => Self::Exchange(body.take()?),
            Kind::Merge if body.has("carried") => Self::Absorb(body.take()?),
            Kind::Merge => Self::CloseInto(body.take()?),
            Kind::Pool if body.has("invitation") => Self::Invite(body.take()?),
            Kind::Pool => Self::Pool(body.take()?),
            Kind::Erase => Self::Erase,
            Kind::Expire => Self::Expire,
            Kind::Activate => Self::Activate,
            Kind::TierChange => Self::TierChange(body.take()?),
            Kind::CouponRedeem => Self::CouponRedeem(body.take()?),
            Kind::CouponCancel => Self::CouponCancel,
            Kind::CouponExpire => Self::CouponExpire,
            Kind::Freeze => Self::Freeze(body.take()?),
            Kind::Restore => Self::Restore(body.take()?),
            Kind::Profile => Self::Profile,
            Kind::Remind => Self::Remind(body.take()?),
        })
    }
}
