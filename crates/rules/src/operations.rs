//! Every operation, one file each (or one for a few that belong together): its fields, what must
//! be loaded, which checks hold, what it posts, and how an entry of it is told again.

pub(crate) mod activate;
mod adjust;
pub(crate) mod capture;
mod coupon;
mod decide_concern;
pub(crate) mod earn;
mod erase;
pub(crate) mod exchange;
mod freeze;
pub(crate) mod hold;
mod merge;
mod open;
mod pay_lines;
mod pay_with_points;
mod pool;
mod profile;
mod recover;
pub(crate) mod redeem;
mod redeem_reward;
mod refuse;
pub(crate) mod release;
mod remind;
pub(crate) mod reverse;
pub(crate) mod review;
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
pub use earn::Earn;
pub use erase::Erase;
pub use exchange::{Exchange, Partner};
pub use freeze::{Freeze, Restore};
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
pub use set_level::SetLevel;
pub use settle::{Settle, Upgrade};
pub use transfer::Transfer;
