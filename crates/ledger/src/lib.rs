//! The pure core of Accrue: what a member's points are and how they change.
//!
//! Owns: ids, points, money, time in a programme's zone, lots, entries, member state, the hash
//! chain, and the pair that is all there is to the ledger: a [`Journal`] decides (drafts become
//! sealed entries) and [`Member::apply`] replays a sealed entry.
//!
//! Architecture invariant: no clock, randomness, database, environment or async here. `now` and
//! ids are arguments, sums are checked integers. One file knows JSON, as the ledger seals the bytes
//! that are stored: `entry/body.rs`. How many points an event earns is the business
//! of the `rules` crate.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod adjustments;
mod array;
mod calendar;
mod commands;
mod coupons;
mod entry;
mod entry_hash;
mod exact;
mod exchanges;
mod expiry;
mod fault;
mod freezes;
mod grants;
mod holds;
mod home;
mod id;
mod joint;
mod journal;
mod kind;
mod lot;
mod member;
mod money;
mod openings;
mod qualification;
mod refusal;
mod repeated;
mod reversals;
mod reviews;
mod spending;
mod stop;
mod tally;
mod undo_index;
mod verify;
mod zone;

pub use adjustments::{ApprovalVerdict, Ruling, decide_request, end_requests, lapse, request};
pub use calendar::{
    Period, Timestamp, at_local_minute, day_number, from_day_number, last_valid_day, local_date,
    local_hour, local_minute, parse_day, start_of_day,
};
pub use commands::{
    Earn, Gift, Redeem, activate, activate_early, earn, enrol, expire, redeem, remind, tier_change,
};
pub use coupons::{
    MAX_COUPONS, cancel_coupon, expire_coupons, redeem_coupon, restore_coupon, with_coupons,
};
pub use entry::{
    Columns, Count, Effects, Entry, Fresh, LotDates, LotDraw, LotGrant, LotMoves, LotReturn,
    Origin, Seed, Texts, Unreadable,
};
pub use exact::{Exact, ParseExactError, Rate, Rounding};
pub use exchanges::{converted, give_up, least_for_one, take_in};
pub use expiry::ExpiryPolicy;
pub use fault::Fault;
pub use freezes::{freeze, restore};
pub use grants::{Grant, grant};
pub use holds::{MAX_HELD, capture, hold, release, time_out};
pub use home::{MAX_SPREAD, home};
pub use id::{EntryId, Hash, IdError, LotNumber, MemberId, ProgrammeId, Reference, Sequence};
pub use joint::{
    MAX_POOLED, MergedAccount, absorb, close_into, erase, give, invite, pool, receive,
};
pub use journal::{Context, Decision, Journal, MAX_LOTS, MAX_MEMBER_POINTS, MAX_NEW_LOTS, Posting};
pub use kind::*;
pub use lot::{Lot, LotState};
pub use member::{AdjustmentRequest, Closed, Counter, Hold, Member, OpenReview, Tier};
pub use money::{Currency, Money};
pub use openings::{Brought, is_opened, open};
pub use qualification::{Qualification, Qualifying, Totals};
pub use refusal::Refusal;
pub use repeated::repeat;
pub use reversals::{ClawBack, GiveBack, Shortfall, claw_back, give_back, repay};
pub use reviews::{MAX_REVIEWS, approve_review, may_decide};
pub use spending::{Spend, spend};
pub use stop::Stop;
pub use tally::{Counted, Tally};
pub use verify::{AuditReplay, Violation, verify};
pub use zone::{Difference, UnknownZone, Zone};
