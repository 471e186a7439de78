//! Every operation, one file each (or one for a few that belong together): its fields, what must
//! be loaded, which checks hold, what it posts, and how an entry of it is told again.

use std::rc::Rc;

use ledger::{
    ApprovalVerdict, Concern, Currency, Entry, EntryId, Frozen, Kind, Member, MemberId, Money,
    Person, Refusal, Timestamp,
};

use crate::default::default_document;
use crate::document::{Document, GrantRule};
use crate::event::EarnEvent;
use crate::operation::Operation;
use crate::replay::{ReplayIndex, ReplayStep};
use crate::rulebook::Rulebook;

mod activate;
mod adjust;
mod capture;
mod coupon;
mod decide_concern;
mod donate;
mod earn;
mod erase;
pub(crate) mod exchange;
mod freeze;
mod grant;
mod hold;
mod merge;
mod open;
mod pay_lines;
mod pay_with_points;
mod pool;
mod profile;
mod recover;
mod redeem;
mod redeem_reward;
mod refuse;
mod release;
mod remind;
pub(crate) mod reverse;
mod review;
mod scan;
mod set_level;
mod settle;
mod transfer;

pub use activate::{Activate, Activation};
pub use adjust::{
    DecideAdjustment, NewAdjustment, RequestAdjustment, RequestConcern, person_subject,
};
pub use capture::Capture;
pub use coupon::{CancelCoupon, RedeemCoupon, RestoreCoupon};
pub use decide_concern::{Concerned, DecideConcern};
pub use donate::{DONATIONS, Donate, donated};
pub use earn::Earn;
pub use erase::Erase;
pub use exchange::{Exchange, Partner};
pub use freeze::{Freeze, Restore};
pub use grant::Grant;
pub use hold::Hold;
pub use merge::{Merge, MergeEmpty};
pub use open::{Open, Opening, OpeningLot, OpeningTier};
pub use pay_lines::PayLines;
pub use pay_with_points::PayWithPoints;
pub use pool::{Invite, Pool, RedeemPooled};
pub use profile::{Change, Enrol, MAX_ALIASES, MAX_ATTRIBUTES, ProfileChange};
pub use recover::{Recover, Stolen};
pub use redeem::Redeem;
pub use redeem_reward::RedeemReward;
pub use refuse::Refuse;
pub use release::Release;
pub use remind::{Remind, reminder};
pub use reverse::{Merged, Redemption, ReturnScope, Reverse, ToReverse};
pub use review::{ApproveReview, RejectReview};
pub use scan::Scan;
pub use set_level::SetLevel;
pub use settle::{Settle, Upgrade};
pub use transfer::Transfer;

/// What becomes of a recorded entry when its member's history is told again. Each kind is decided
/// on: a new one does not compile until somebody has.
pub(crate) fn replay(
    entry: &Entry,
    told: &ReplayIndex,
    member: &Member,
    book: &Rulebook,
) -> ReplayStep {
    match entry.kind() {
        // What a member or a till asked for is asked again.
        Kind::Earn => earn::replay(entry, book),
        Kind::Redeem => redeem::replay(entry),
        Kind::Donate => donate::replay(entry),
        Kind::Grant => grant::replay(entry),
        Kind::Hold => hold::replay(entry),
        Kind::Capture => capture::replay(entry, told),
        Kind::Release => release::replay(entry, told, member),
        Kind::Reverse => reverse::replay(entry, None, told, book),
        Kind::Activate => activate::replay(entry, told, book),
        Kind::Approve if entry.adjustment().is_none() => review::replay(entry, told, member, book),
        Kind::Erase => ReplayStep::ask(Erase),
        Kind::TierChange => settle::replay_tier(entry, told, book),
        // What somebody decided by hand is repeated as it was.
        Kind::Adjust
        | Kind::Opening
        | Kind::Transfer
        | Kind::Exchange
        | Kind::Merge
        | Kind::Freeze
        | Kind::Restore
        | Kind::Profile => ReplayStep::Repeat,
        // What follows by itself, or moves no points.
        Kind::AdjustmentRequest
        | Kind::Approve
        | Kind::Reject
        | Kind::Withdraw
        | Kind::Lapse
        | Kind::Repay
        | Kind::Pool
        | Kind::Expire
        | Kind::CouponRedeem
        | Kind::CouponCancel
        | Kind::CouponExpire
        | Kind::Remind => ReplayStep::Follows,
    }
}

/// One of each operation, a line each, for tests that walk them all: see
/// `crates/rules/tests/operations.rs`. What names an earlier entry names none that is there.
#[must_use]
pub fn samples() -> Vec<Rc<dyn Operation>> {
    all().unwrap_or_default()
}

/// The rulebook that samples are decided by: the default one, and what they need beyond it.
#[must_use]
pub fn sample_document() -> Document {
    let mut document = default_document();
    let bounds = document.transfers.iter();
    document.donations = bounds.map(|bounds| ("pandas".to_owned(), *bounds)).collect();
    document.grants.insert("birthday".to_owned(), birthday());
    document
}

fn birthday() -> GrantRule {
    let expiry = Some("campaign".to_owned());
    GrantRule { points: 10, expiry, coupon: None, limit: None, budgets: Vec::new() }
}

fn all() -> Option<Vec<Rc<dyn Operation>>> {
    let other = MemberId::new("other").ok()?;
    let by = || Person { actor: "key:anna".to_owned(), label: "anna".to_owned() };
    let role = || "approver".to_owned();
    let (request, hold) = (EntryId(0), EntryId(0));
    let new = || NewAdjustment {
        points: 10,
        reason_code: "goodwill".to_owned(),
        evidence: None,
        expiry: None,
        by: by(),
        undoes: None,
    };
    let event = "check_in".to_owned();
    let earned = EarnEvent { event, occurred_at: None, lines: Vec::new(), device: None };
    let order = Money { amount_minor: 10_000, currency: Currency::new("CNY")? };
    let both = Frozen { earning: true, spending: true };
    let verdict = ApprovalVerdict::Approve;
    let concerned = Concerned::Recover(Vec::new());
    let granted = Grant {
        grant: "birthday".to_owned(),
        strategy: None,
        store: None,
        by: String::new(),
        at_most: None,
    };
    Some(vec![
        Rc::new(Activate(None)),
        Rc::new(ApproveReview { earn: request, occurred_at: Timestamp(0), promises: vec![] }),
        Rc::new(CancelCoupon { code: String::new() }),
        Rc::new(Capture { hold, points: None }),
        Rc::new(Change(ProfileChange::default())),
        Rc::new(DecideAdjustment { request, verdict, by: by(), role: role() }),
        Rc::new(DecideConcern { request, verdict, by: by(), role: role(), concerned }),
        Rc::new(Donate { charity: "pandas".to_owned(), points: 10 }),
        Rc::new(Earn(earned.clone())),
        Rc::new(Enrol),
        Rc::new(Erase),
        Rc::new(Exchange { with: None, points: 10 }),
        Rc::new(Freeze(both)),
        Rc::new(granted),
        Rc::new(Hold { points: 10, minutes: 30 }),
        Rc::new(Invite { head: other.clone(), guest: other.clone() }),
        Rc::new(Merge { from: other.clone() }),
        Rc::new(MergeEmpty { from: other.clone() }),
        Rc::new(Open(Opening::default())),
        Rc::new(PayLines { lines: vec![("1".to_owned(), 1, 10)], minutes: None }),
        Rc::new(PayWithPoints { order, most: Some(100), minutes: None }),
        Rc::new(Pool { pool: MemberId::of_pool("home").ok()?, joins: true }),
        Rc::new(Recover(Vec::new())),
        Rc::new(Redeem { points: 10 }),
        Rc::new(RedeemCoupon { code: String::new(), lines: Vec::new(), of: None }),
        Rc::new(RedeemPooled { members: vec![other.clone()], points: 10, of: other.clone() }),
        Rc::new(RedeemReward { reward: "mug".to_owned(), quantity: 1 }),
        Rc::new(Refuse(Refusal::ReferenceNotFound)),
        Rc::new(RejectReview(Box::default())),
        Rc::new(Release { hold }),
        Rc::new(Remind),
        Rc::new(RequestAdjustment(new())),
        Rc::new(RequestConcern(new(), Concern::Merge(other.clone()))),
        Rc::new(Restore(both)),
        Rc::new(Reverse(None)),
        Rc::new(Scan { earn: Rc::new(Earn(earned)), too_old: None }),
        Rc::new(SetLevel { tier: "gold".to_owned(), until: None }),
        Rc::new(Settle),
        Rc::new(Transfer { to: other.clone(), points: 10 }),
        Rc::new(Upgrade),
    ])
}
