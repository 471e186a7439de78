//! The kinds of entries: one table with all that the product knows of each.
//!
//! The ledger, the audit, reports, events and the documents read this table. A new kind is a row
//! here, and a file in `kind/` for what only its entries say.

mod adjusted;
mod coupon;
mod donated;
mod earned;
mod exchanged;
mod frozen;
mod granted;
mod held;
mod joint;
mod payload;
mod redeemed;
mod reminded;
mod repeated;
mod reversed;
mod row;
mod tier;

pub use adjusted::{
    Adjustment, AdjustmentRequested, AdjustmentTerms, Approval, Concern, Person, RequestDecided,
    ReviewApproved, Undone,
};
pub use coupon::{Coupon, CouponRedeemed, CouponTerms, Discount, coupon_code};
pub use donated::Donated;
pub use earned::{Award, Earned, LineAward, Review, SkippedRules};
pub use exchanged::{Exchange, Exchanged};
pub use frozen::{FreezeChanged, Frozen};
pub use granted::Granted;
pub use held::{Held, HoldEnded, Reservation};
pub use joint::{Absorbed, ClosedInto, PoolChange, PoolChanged, PoolInvited, Transferred};
pub use redeemed::{PointsPayment, Redeemed, RewardTaken};
pub use reminded::{Reminded, Reminder};
pub use repeated::Repeated;
pub use reversed::{LineReturn, Reversal, Reversed};
pub use row::{Coupons, Draws, KindRow, RecordedAs, UndoneAs};
pub use tier::{Claim, ClaimPeriod, Opened, TierChanged, TierMove};

use crate::entry::{Fields, Unreadable, Writer};
use crate::fault::Fault;
use payload::Payload;
use row::row;

/// Makes [`Kind`], [`KINDS`], the rows and [`What`] of one table. A line is the kind, then what its
/// entries say, then its row. Where a kind says several things, the field after `if` tells in which
/// bodies it says the first.
macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $kind:ident { $(
            $(#[$of:meta])*
            $what:ident $(($part:ident: $payload:ty))? $(if $field:literal)?
        ),+ $(,)? } = $row:expr;
    )+) => {
        /// What kind of thing happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
        }

        /// Every kind, in the order of the documentation.
        pub const KINDS: [Kind; [$(Kind::$kind),+].len()] = [$(Kind::$kind),+];

        impl Kind {
            /// Its row of the table.
            #[must_use]
            pub fn row(self) -> &'static KindRow {
                match self {
                    $(Self::$kind => {
                        const ROW: KindRow = $row;
                        &ROW
                    })+
                }
            }
        }

        /// What happened, with what only entries of that kind say.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum What {
            $($(
                #[doc = concat!("[`Kind::", stringify!($kind), "`].")]
                $(#[$of])*
                $what $(($payload))?,
            )+)+
            /// What was done by hand in another history and is done again in a back-test. Never
            /// stored.
            Repeated(Repeated),
        }

        impl What {
            /// The kind of entry that says this.
            #[must_use]
            pub fn kind(&self) -> Kind {
                match self {
                    $($(Self::$what { .. } => Kind::$kind,)+)+
                    Self::Repeated(repeated) => repeated.of,
                }
            }

            fn payload(&self) -> Option<&dyn Payload> {
                match self {
                    $($(Self::$what $(($part))? => None $(.or(Some($part as &dyn Payload)))?,)+)+
                    Self::Repeated(_) => None,
                }
            }

            pub(crate) fn write(&self, body: &mut Writer) -> Result<(), Fault> {
                match self {
                    $($(Self::$what $(($part))? => {
                        $(body.add($part)?;)?
                        Ok(())
                    })+)+
                    Self::Repeated(_) => Ok(()),
                }
            }

            pub(crate) fn read(kind: Kind, body: &mut Fields<'_>) -> Result<Self, Unreadable> {
                Ok(match kind {
                    $($(
                        Kind::$kind $(if body.has($field))? => {
                            Self::$what $((body.take::<$payload>()?))?
                        }
                    )+)+
                })
            }
        }
    };
}

kinds! {
    /// What the member brought along from another system: points, a debt, a tier.
    Opening { Opening(opened: Opened) } = KindRow {
        grants: true,
        owes: true,
        qualifies: true,
        ..row("opening", Some("opening"), "member.opened")
    };
    /// Points granted for a purchase or an action.
    Earn { Earn(earned: Earned) } = KindRow {
        grants: true,
        dates: true,
        qualifies: true,
        tallies: true,
        coupons: Coupons::Issues,
        is_activity: true,
        recorded_as: RecordedAs::Event,
        undone_as: UndoneAs::Earned,
        ..row("earn", Some("issued"), "points.earned")
    };
    /// Points or a coupon given to a member who did nothing for them.
    Grant { Grant(granted: Granted) } = KindRow {
        grants: true,
        tallies: true,
        coupons: Coupons::Issues,
        found_by_id: true,
        recorded_as: RecordedAs::Named("grant"),
        undone_as: UndoneAs::Earned,
        ..row("grant", Some("issued"), "points.granted")
    };
    /// Points spent.
    Redeem { Redeem(redeemed: Redeemed) } = KindRow {
        draws: Draws::Spendable,
        dates: true,
        tallies: true,
        coupons: Coupons::Issues,
        found_by_id: true,
        is_activity: true,
        recorded_as: RecordedAs::Named("redeem"),
        undone_as: UndoneAs::Spent,
        always_draws: true,
        ..row("redeem", Some("redeemed"), "points.redeemed")
    };
    /// Points given to a charity.
    Donate { Donate(donated: Donated) } = KindRow {
        draws: Draws::Spendable,
        dates: true,
        always_draws: true,
        tallies: true,
        found_by_id: true,
        is_activity: true,
        recorded_as: RecordedAs::Named("donate"),
        undone_as: UndoneAs::Spent,
        ..row("donate", Some("donated"), "points.donated")
    };
    /// Points set aside for a redemption. Moves none.
    Hold { Hold(held: Held) } = KindRow {
        dates: true,
        found_by_id: true,
        is_activity: true,
        undone_as: UndoneAs::Held,
        ..row("hold", None, "points.held")
    };
    /// Points of a hold spent; what it leaves is free again.
    Capture { Capture(ended: HoldEnded) } = KindRow {
        draws: Draws::Held,
        dates: true,
        corrects: true,
        found_by_id: true,
        is_activity: true,
        recorded_as: RecordedAs::Named("redeem"),
        undone_as: UndoneAs::Spent,
        always_draws: true,
        ..row("capture", Some("redeemed"), "points.redeemed")
    };
    /// A hold given up, or timed out. Moves no points.
    Release { Release(ended: HoldEnded) } = KindRow {
        corrects: true,
        ..row("release", None, "points.released")
    };
    /// An earn or a redemption undone, wholly or in part.
    Reverse { Reverse(reversed: Reversed) } = KindRow {
        grants: true,
        draws: Draws::Living,
        returns: true,
        owes: true,
        qualifies: true,
        tallies: true,
        coupons: Coupons::Undoes,
        corrects: true,
        recorded_as: RecordedAs::Named("reverse"),
        ..row("reverse", Some("reversed"), "points.reversed")
    };
    /// Points that went to pay off a debt. Moves none, as the debt was part of the balance.
    Repay { Repay } = KindRow {
        draws: Draws::Spendable,
        pays: true,
        takes_effect_when_due: true,
        always_draws: true,
        ..row("repay", None, "debt.repaid")
    };
    /// An adjustment by hand is asked for. Moves no points.
    AdjustmentRequest { AdjustmentRequest(requested: AdjustmentRequested) } = KindRow {
        tallies: true,
        found_by_id: true,
        recorded_as: RecordedAs::Named("request"),
        ..row("request", None, "adjustment.requested")
    };
    /// Somebody approved of a request, or of an earn under review.
    Approve {
        /// Of a request.
        Approve(decided: RequestDecided) if "adjustment",
        /// Of an earn under review.
        ApproveReview(approved: ReviewApproved),
    } = KindRow {
        activates: true,
        dates: true,
        qualifies: true,
        tallies: true,
        corrects: true,
        other_event: Some("review.approved"),
        ..row("approve", None, "adjustment.approved")
    };
    /// Somebody turned a request down.
    Reject { Reject(decided: RequestDecided) } = KindRow {
        corrects: true,
        ..row("reject", None, "adjustment.rejected")
    };
    /// A request was taken back by the person who made it.
    Withdraw { Withdraw(decided: RequestDecided) } = KindRow {
        corrects: true,
        ..row("withdraw", None, "adjustment.withdrawn")
    };
    /// A request that nobody decided in time.
    Lapse { Lapse(decided: RequestDecided) } = KindRow {
        corrects: true,
        ..row("lapse", None, "adjustment.lapsed")
    };
    /// An adjustment that was approved by all who had to.
    Adjust { Adjust(decided: RequestDecided) } = KindRow {
        grants: true,
        draws: Draws::Spendable,
        corrects: true,
        ..row("adjust", Some("adjusted"), "points.adjusted")
    };
    /// Points given to another member, or received from one.
    Transfer { Transfer(transferred: Transferred) } = KindRow {
        grants: true,
        draws: Draws::Spendable,
        found_by_id: true,
        recorded_as: RecordedAs::Named("transfer"),
        undone_as: UndoneAs::Recorded,
        ..row("transfer", Some("transferred"), "points.transferred")
    };
    /// Points given up for points of another programme of the group, or received for some.
    Exchange { Exchange(exchanged: Exchanged) } = KindRow {
        grants: true,
        draws: Draws::Spendable,
        recorded_as: RecordedAs::Named("exchange"),
        ..row("exchange", Some("exchanged"), "points.exchanged")
    };
    /// A member became part of another one: all it had goes there.
    Merge {
        /// Of the account that stays.
        Absorb(absorbed: Absorbed) if "carried",
        /// Of the account that is closed.
        CloseInto(closed: ClosedInto),
    } = KindRow {
        grants: true,
        draws: Draws::Living,
        owes: true,
        pays: true,
        coupons: Coupons::Moves,
        undone_as: UndoneAs::Recorded,
        ..row("merge", Some("transferred"), "member.merged")
    };
    /// A member joined a pool, or left it. Moves no points.
    Pool {
        /// The pool's head invites a member.
        Invite(invited: PoolInvited) if "invitation",
        /// A member joins or leaves.
        Pool(changed: PoolChanged),
    } = row("pool", None, "pool.changed");
    /// A person was erased; what was left is forfeited.
    Erase { Erase } = KindRow {
        draws: Draws::Everything,
        pays: true,
        coupons: Coupons::Ends,
        ..row("erase", Some("forfeited"), "member.erased")
    };
    /// Points whose lots reached their end.
    Expire { Expire } = KindRow {
        draws: Draws::Ended,
        takes_effect_when_due: true,
        always_draws: true,
        ..row("expire", Some("expired"), "points.expired")
    };
    /// Pending points that became spendable. Moves no points.
    Activate { Activate } = KindRow {
        activates: true,
        dates: true,
        takes_effect_when_due: true,
        ..row("activate", None, "points.activated")
    };
    /// A move on the tier ladder, with its gift if it has one.
    TierChange { TierChange(changed: TierChanged) } = KindRow {
        grants: true,
        coupons: Coupons::Issues,
        undone_as: UndoneAs::Recorded,
        ..row("tier_change", Some("issued"), "tier.changed")
    };
    /// A coupon is used. Moves no points.
    CouponRedeem { CouponRedeem(redeemed: CouponRedeemed) } = KindRow {
        coupons: Coupons::Ends,
        found_by_id: true,
        recorded_as: RecordedAs::Named("coupon"),
        undone_as: UndoneAs::Recorded,
        ..row("coupon_redeem", None, "coupon.redeemed")
    };
    /// A coupon is taken away. Moves no points.
    CouponCancel { CouponCancel } = KindRow {
        coupons: Coupons::Ends,
        ..row("coupon_cancel", None, "coupon.cancelled")
    };
    /// Coupons reached their end. Moves no points.
    CouponExpire { CouponExpire } = KindRow {
        coupons: Coupons::Ends,
        takes_effect_when_due: true,
        ..row("coupon_expire", None, "coupon.expired")
    };
    /// The account must not earn or not spend any more. Moves no points.
    Freeze { Freeze(changed: FreezeChanged) } = row("freeze", None, "account.frozen");
    /// It may again. Moves no points.
    Restore { Restore(changed: FreezeChanged) } = row("restore", None, "account.restored");
    /// A member was registered or its profile changed. Moves no points.
    Profile { Profile } = KindRow {
        other_event: Some("member.registered"),
        ..row("profile", None, "member.updated")
    };
    /// A warning that points will expire soon. Moves no points.
    Remind { Remind(reminded: Reminded) } = row("remind", None, "points.expiring");
}

impl Kind {
    /// The name used in the API, the database and the hash.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The account on the other side of the member's points; `None` for kinds that move none.
    #[must_use]
    pub fn contra_account(self) -> Option<&'static str> {
        self.row().contra_account
    }
}
