//! `coupon_redeem`, and the coupons that entries of several kinds issue, end or put back.

use serde::{Deserialize, Serialize};

use super::payload::names_nothing;
use crate::array::as_array;
use crate::calendar::Timestamp;
use crate::id::{EntryId, Hash, ProgrammeId};

/// What a `coupon_redeem` entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponRedeemed {
    /// What the coupon took off an order.
    pub discount: Discount,
}
names_nothing!(CouponRedeemed);

/// What a coupon took off an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discount {
    /// What the order came to, in minor units.
    pub order_minor: i64,
    /// What is taken off, in minor units.
    pub off_minor: i64,
}
as_array!(Discount [order_minor, off_minor]);

/// A coupon of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    /// What it is known by: 16 digits and letters.
    pub code: String,
    /// The rulebook's name of its kind.
    pub name: String,
    /// What it is good for.
    pub terms: CouponTerms,
    /// From when on it can no longer be used; `None` is never.
    pub expires_at: Option<Timestamp>,
}
as_array!(Coupon [code, name, terms, expires_at]);

impl Coupon {
    /// True from `expires_at` on.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// What a coupon is good for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CouponTerms {
    /// Money off, in minor units; 0 when it is a share.
    pub off_minor: i64,
    /// Percent off; 0 when it is an amount.
    pub off_percent: i64,
    /// The most that a share may come to, in minor units.
    pub max_off_minor: Option<i64>,
    /// What the order must come to at least, in minor units.
    pub min_minor: i64,
    /// Categories whose lines count; any when empty.
    pub categories: Vec<String>,
    /// Sales channels it can be used in; any when empty.
    pub channels: Vec<String>,
    /// Stores it can be used in; any when empty.
    pub stores: Vec<String>,
    /// Whether it can be used for an order that another coupon was used for.
    pub stacks: bool,
}
as_array!(CouponTerms [off_minor, off_percent, max_off_minor, min_minor, categories, channels,
    stores] then [stacks]);

/// Digits of a code: Crockford's base 32, which has no letters that look like digits.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The code of the coupon that an entry issues as its `index`th. Nobody can tell it without the
/// entry.
#[must_use]
pub fn coupon_code(programme: &ProgrammeId, entry: EntryId, index: usize) -> String {
    let mut text = b"accrue.coupon.v1".to_vec();
    text.extend_from_slice(programme.as_str().as_bytes());
    text.push(0);
    text.extend_from_slice(&entry.0.to_be_bytes());
    text.extend_from_slice(&(index as u64).to_be_bytes());
    let Hash(bytes) = Hash::of(&text);
    let digit = |byte: &u8| DIGITS.get(usize::from(byte & 31)).map(|digit| char::from(*digit));
    bytes.iter().take(16).filter_map(digit).collect()
}
