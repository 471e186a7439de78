//! The kinds of entries: one table with all that the product knows of each.
//!
//! The ledger, the audit, reports, events and the documents read this table. A new kind is a row
//! here, a variant of [`crate::What`], and a file in `entry/` for what it says.

/// What the product knows of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindRow {
    /// The name used in the API, the database and the hash.
    pub name: &'static str,
    /// The account on the other side of the member's points; `None` for kinds that move none.
    pub contra_account: Option<&'static str>,
    /// The type of its events.
    pub event: &'static str,
    /// The type of its events where it says something else: an earn under review is approved, a
    /// member is registered.
    pub other_event: Option<&'static str>,
    /// Whether it may open lots.
    pub grants: bool,
    /// Which lots it may draw from.
    pub draws: Draws,
    /// Whether it may put points back into lots.
    pub returns: bool,
    /// Whether it may make pending lots spendable.
    pub activates: bool,
    /// Whether it may give lots other dates.
    pub dates: bool,
    /// Whether it may add to the debt.
    pub owes: bool,
    /// Whether it may take from the debt.
    pub pays: bool,
    /// Whether it may add to the tier qualification.
    pub qualifies: bool,
    /// Whether it may add to counters of the programme.
    pub tallies: bool,
    /// What it does with coupons.
    pub coupons: Coupons,
    /// Whether it resolves or undoes an earlier entry, which it then names.
    pub corrects: bool,
    /// Whether queries look it up by its id.
    pub found_by_id: bool,
    /// Whether it is an activity of the member, which extends lots of a sliding expiry.
    pub is_activity: bool,
    /// Whether it falls due by the clock, and has the effect of that instant.
    pub falls_due: bool,
}

/// Which lots a kind may draw from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draws {
    /// None.
    Nothing,
    /// Lots that can be spent.
    Spendable,
    /// Lots of a hold, before the end of the hold.
    Held,
    /// Lots that have not ended, pending ones too.
    Living,
    /// Lots that have ended, with all that no hold keeps.
    Ended,
    /// Every lot.
    Everything,
}

/// What a kind does with coupons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coupons {
    /// Nothing.
    Nothing,
    /// It issues new ones.
    Issues,
    /// It uses them, or takes them away.
    Ends,
    /// It takes away what the undone entry issued, or puts back what the undone entry used.
    Undoes,
    /// It moves them from one account to another.
    Moves,
}

const fn row(
    name: &'static str,
    contra_account: Option<&'static str>,
    event: &'static str,
) -> KindRow {
    KindRow {
        name,
        contra_account,
        event,
        other_event: None,
        grants: false,
        draws: Draws::Nothing,
        returns: false,
        activates: false,
        dates: false,
        owes: false,
        pays: false,
        qualifies: false,
        tallies: false,
        coupons: Coupons::Nothing,
        corrects: false,
        found_by_id: false,
        is_activity: false,
        falls_due: false,
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $row:expr;)+) => {
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
    };
}

kinds! {
    /// What the member brought along from another system: points, a debt, a tier.
    Opening = KindRow {
        grants: true,
        owes: true,
        qualifies: true,
        ..row("opening", Some("opening"), "member.opened")
    };
    /// Points granted for a purchase or an action.
    Earn = KindRow {
        grants: true,
        dates: true,
        qualifies: true,
        tallies: true,
        coupons: Coupons::Issues,
        is_activity: true,
        ..row("earn", Some("issued"), "points.earned")
    };
    /// Points spent.
    Redeem = KindRow {
        draws: Draws::Spendable,
        dates: true,
        tallies: true,
        coupons: Coupons::Issues,
        found_by_id: true,
        is_activity: true,
        ..row("redeem", Some("redeemed"), "points.redeemed")
    };
    /// Points set aside for a redemption. Moves none.
    Hold = KindRow {
        dates: true,
        found_by_id: true,
        is_activity: true,
        ..row("hold", None, "points.held")
    };
    /// Points of a hold spent; what it leaves is free again.
    Capture = KindRow {
        draws: Draws::Held,
        dates: true,
        corrects: true,
        found_by_id: true,
        is_activity: true,
        ..row("capture", Some("redeemed"), "points.redeemed")
    };
    /// A hold given up, or timed out. Moves no points.
    Release = KindRow { corrects: true, ..row("release", None, "points.released") };
    /// An earn or a redemption undone, wholly or in part.
    Reverse = KindRow {
        grants: true,
        draws: Draws::Living,
        returns: true,
        owes: true,
        qualifies: true,
        tallies: true,
        coupons: Coupons::Undoes,
        corrects: true,
        ..row("reverse", Some("reversed"), "points.reversed")
    };
    /// Points that went to pay off a debt. Moves none, as the debt was part of the balance.
    Repay = KindRow {
        draws: Draws::Spendable,
        pays: true,
        falls_due: true,
        ..row("repay", None, "debt.repaid")
    };
    /// An adjustment by hand is asked for. Moves no points.
    AdjustmentRequest = KindRow {
        tallies: true,
        found_by_id: true,
        ..row("request", None, "adjustment.requested")
    };
    /// Somebody approved of a request, or of an earn under review.
    Approve = KindRow {
        activates: true,
        dates: true,
        qualifies: true,
        tallies: true,
        corrects: true,
        other_event: Some("review.approved"),
        ..row("approve", None, "adjustment.approved")
    };
    /// Somebody turned a request down.
    Reject = KindRow { corrects: true, ..row("reject", None, "adjustment.rejected") };
    /// A request was taken back by who made it.
    Withdraw = KindRow { corrects: true, ..row("withdraw", None, "adjustment.withdrawn") };
    /// A request that nobody decided in time.
    Lapse = KindRow { corrects: true, ..row("lapse", None, "adjustment.lapsed") };
    /// An adjustment that was approved by all who had to.
    Adjust = KindRow {
        grants: true,
        draws: Draws::Spendable,
        corrects: true,
        ..row("adjust", Some("adjusted"), "points.adjusted")
    };
    /// Points given to another member, or received from one.
    Transfer = KindRow {
        grants: true,
        draws: Draws::Spendable,
        found_by_id: true,
        ..row("transfer", Some("transferred"), "points.transferred")
    };
    /// Points given up for points of another programme of the group, or received for some.
    Exchange = KindRow {
        grants: true,
        draws: Draws::Spendable,
        ..row("exchange", Some("exchanged"), "points.exchanged")
    };
    /// A member became part of another one: all it had goes there.
    Merge = KindRow {
        grants: true,
        draws: Draws::Living,
        owes: true,
        pays: true,
        coupons: Coupons::Moves,
        ..row("merge", Some("transferred"), "member.merged")
    };
    /// A member joined a pool, or left it. Moves no points.
    Pool = row("pool", None, "pool.changed");
    /// A person was erased; what was left is forfeited.
    Erase = KindRow {
        draws: Draws::Everything,
        pays: true,
        coupons: Coupons::Ends,
        ..row("erase", Some("forfeited"), "member.erased")
    };
    /// Points whose lots reached their end.
    Expire = KindRow {
        draws: Draws::Ended,
        falls_due: true,
        ..row("expire", Some("expired"), "points.expired")
    };
    /// Pending points that became spendable. Moves no points.
    Activate = KindRow {
        activates: true,
        dates: true,
        falls_due: true,
        ..row("activate", None, "points.activated")
    };
    /// A move on the tier ladder, with its gift if it has one.
    TierChange = KindRow {
        grants: true,
        coupons: Coupons::Issues,
        ..row("tier_change", Some("issued"), "tier.changed")
    };
    /// A coupon is used. Moves no points.
    CouponRedeem = KindRow {
        coupons: Coupons::Ends,
        found_by_id: true,
        ..row("coupon_redeem", None, "coupon.redeemed")
    };
    /// A coupon is taken away. Moves no points.
    CouponCancel = KindRow {
        coupons: Coupons::Ends,
        ..row("coupon_cancel", None, "coupon.cancelled")
    };
    /// Coupons reached their end. Moves no points.
    CouponExpire = KindRow {
        coupons: Coupons::Ends,
        falls_due: true,
        ..row("coupon_expire", None, "coupon.expired")
    };
    /// The account must not earn or not spend any more. Moves no points.
    Freeze = row("freeze", None, "account.frozen");
    /// It may again. Moves no points.
    Restore = row("restore", None, "account.restored");
    /// A member was registered or its profile changed. Moves no points.
    Profile = KindRow {
        other_event: Some("member.registered"),
        ..row("profile", None, "member.updated")
    };
    /// A warning that points will expire soon. Moves no points.
    Remind = row("remind", None, "points.expiring");
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
