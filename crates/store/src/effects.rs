//! What an entry does outside its member, as the command table takes it: one JSON object, absent for nearly every entry.
//!
//! What each field does in the database is in the trigger of migration 0006.

use ledger::{Entry, Kind, Tally};
use serde::Serialize;

use crate::Error;
use crate::order::Trace;

/// Subject, name, period, oldest period kept, amount, most.
pub(crate) type TallyRow = (String, String, i32, i32, i64, Option<i64>);

#[derive(Default, PartialEq, Serialize)]
struct Effects {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tallies: Vec<TallyRow>,
    /// Device and address.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<(Option<String>, Option<String>)>,
    /// The entry has to be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    review: Option<bool>,
    /// Codes of new coupons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    coupons: Vec<String>,
    /// The reward that is taken, and the version that it must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<(String, i64)>,
}

/// The text for the command table; `None` when there is nothing to do.
pub(crate) fn write(entry: &Entry, trace: Option<&Trace>) -> Result<Option<String>, Error> {
    let effects = Effects {
        tallies: entry.tallies.iter().map(tally_row).collect(),
        trace: trace.map(|trace| (trace.device.clone(), trace.ip.clone())),
        coupons: entry.coupons.iter().filter(|_| issues(entry.kind)).map(|coupon| coupon.code.clone()).collect(),
        reward: entry.reward.as_ref().map(|taken| (taken.reward.clone(), taken.version)),
        review: entry.review.as_ref().filter(|_| entry.kind == Kind::Earn).map(|_| true),
    };
    if effects == Effects::default() {
        return Ok(None);
    }
    serde_json::to_string(&effects).map(Some).map_err(|_| Error::Corrupt("effects to be written"))
}

/// Whether the coupons of an entry are new; all other kinds speak of older ones.
fn issues(kind: Kind) -> bool {
    !matches!(kind, Kind::CouponRedeem | Kind::CouponCancel | Kind::CouponExpire | Kind::Reverse)
}

pub(crate) fn tally_row(tally: &Tally) -> TallyRow {
    let Tally { subject, name, period, keep_from, amount, most } = tally.clone();
    (subject, name, period, keep_from, amount, most)
}

pub(crate) fn tally((subject, name, period, keep_from, amount, most): TallyRow) -> Tally {
    Tally { subject, name, period, keep_from, amount, most }
}
