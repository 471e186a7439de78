//! The kinds of entries, and the account on the other side of each.

/// What kind of thing happened. The kind names the contra account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What the member brought along from another system: points, a debt, a tier.
    Opening,
    /// Points granted for a purchase or an action.
    Earn,
    /// Points spent.
    Redeem,
    /// Points set aside for a redemption. Moves none.
    Hold,
    /// Points of a hold spent; what it leaves is free again.
    Capture,
    /// A hold given up, or timed out. Moves no points.
    Release,
    /// An earn or a redemption undone, wholly or in part.
    Reverse,
    /// An adjustment by hand is asked for. Moves no points.
    Request,
    /// Somebody approved of a request, or of an earn under review.
    Approve,
    /// Somebody turned a request down.
    Reject,
    /// A request was taken back by who made it.
    Withdraw,
    /// A request that nobody decided in time.
    Lapse,
    /// An adjustment that was approved by all who had to.
    Adjust,
    /// Points that went to pay off a debt. Moves none, as the debt was part of the balance.
    Repay,
    /// Points given to another member, or got from one.
    Transfer,
    /// Points given up for points of another programme of the group, or got for some.
    Exchange,
    /// A member became part of another one: all it had goes there.
    Merge,
    /// A member joined a pool, or left it. Moves no points.
    Pool,
    /// A person was forgotten; what was left is forfeited.
    Erase,
    /// Points whose lots reached their end.
    Expire,
    /// Pending points that became spendable. Moves no points.
    Activate,
    /// A move on the tier ladder, with its gift if it has one.
    TierChange,
    /// A coupon is used. Moves no points.
    CouponRedeem,
    /// A coupon is taken away. Moves no points.
    CouponCancel,
    /// Coupons reached their end. Moves no points.
    CouponExpire,
    /// The account must not earn or not spend any more. Moves no points.
    Freeze,
    /// It may again. Moves no points.
    Restore,
    /// A member was registered or its profile changed. Moves no points.
    Profile,
    /// A warning that points will expire soon. Moves no points.
    Remind,
}

/// Every kind, in the order of the documentation.
pub const KINDS: [Kind; 29] = [
    Kind::Opening,
    Kind::Earn,
    Kind::Redeem,
    Kind::Hold,
    Kind::Capture,
    Kind::Release,
    Kind::Reverse,
    Kind::Repay,
    Kind::Request,
    Kind::Approve,
    Kind::Reject,
    Kind::Withdraw,
    Kind::Lapse,
    Kind::Adjust,
    Kind::Transfer,
    Kind::Exchange,
    Kind::Merge,
    Kind::Pool,
    Kind::Erase,
    Kind::Expire,
    Kind::Activate,
    Kind::TierChange,
    Kind::CouponRedeem,
    Kind::CouponCancel,
    Kind::CouponExpire,
    Kind::Freeze,
    Kind::Restore,
    Kind::Profile,
    Kind::Remind,
];

impl Kind {
    /// The name used in the API, the database and the hash.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Earn => "earn",
            Self::Redeem => "redeem",
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Release => "release",
            Self::Reverse => "reverse",
            Self::Repay => "repay",
            Self::Request => "request",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Withdraw => "withdraw",
            Self::Lapse => "lapse",
            Self::Adjust => "adjust",
            Self::Transfer => "transfer",
            Self::Exchange => "exchange",
            Self::Merge => "merge",
            Self::Pool => "pool",
            Self::Erase => "erase",
            Self::Expire => "expire",
            Self::Activate => "activate",
            Self::TierChange => "tier_change",
            Self::CouponRedeem => "coupon_redeem",
            Self::CouponCancel => "coupon_cancel",
            Self::CouponExpire => "coupon_expire",
            Self::Freeze => "freeze",
            Self::Restore => "restore",
            Self::Profile => "profile",
            Self::Remind => "remind",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The account on the other side of the member's points; `None` for kinds that move none.
    #[must_use]
    pub fn contra_account(self) -> Option<&'static str> {
        match self {
            Self::Opening => Some("opening"),
            Self::Earn | Self::TierChange => Some("issued"),
            Self::Redeem | Self::Capture => Some("redeemed"),
            Self::Reverse => Some("reversed"),
            Self::Expire => Some("expired"),
            Self::Adjust => Some("adjusted"),
            Self::Transfer | Self::Merge => Some("transferred"),
            Self::Exchange => Some("exchanged"),
            Self::Erase => Some("forfeited"),
            Self::Hold
            | Self::Release
            | Self::Repay
            | Self::Request
            | Self::Approve
            | Self::Reject
            | Self::Withdraw
            | Self::Lapse
            | Self::Activate
            | Self::Pool
            | Self::CouponRedeem
            | Self::CouponCancel
            | Self::CouponExpire
            | Self::Freeze
            | Self::Restore
            | Self::Profile
            | Self::Remind => None,
        }
    }
}
