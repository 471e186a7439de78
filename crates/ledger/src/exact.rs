//! Exact decimals: rates of up to six decimals, and the unrounded points that rules arrive at.
//!
//! Rounding happens once, in [`Exact::round`]; everything before it is integer arithmetic in
//! `i128`.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Decimals of a [`Rate`].
const RATE_DECIMALS: u32 = 6;
/// Decimals of an [`Exact`]: a rate times a multiplier (6 + 6) of an amount with up to 4 decimals.
const EXACT_DECIMALS: u32 = 16;

const fn power_of_ten(exponent: u32) -> i128 {
    10i128.pow(exponent)
}

/// A text that is not a plain decimal of the allowed size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseExactError;

impl fmt::Display for ParseExactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a plain decimal such as \"1.5\", with at most 6 decimals")
    }
}

impl std::error::Error for ParseExactError {}

/// A non-negative decimal with at most six decimals: points per currency unit, or a multiplier. At
/// most 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(i64);

/// Gives a decimal the stored shape of a text.
macro_rules! as_text {
    ($type:ident, $parse:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $parse(&text).ok_or_else(|| D::Error::custom(ParseExactError))
            }
        }
    };
}
as_text!(Rate, |text| Rate::parse(text).ok());
as_text!(Exact, Exact::parse);

impl Rate {
    /// The rate 1.
    pub const ONE: Self = Self(1_000_000);

    /// Reads a plain decimal: digits, optionally a point and one to six more digits.
    ///
    /// # Errors
    /// [`ParseExactError`] for signs, exponents, blanks, more than six decimals or more than
    /// 1,000,000.
    pub fn parse(text: &str) -> Result<Self, ParseExactError> {
        let (whole, decimals) = match text.split_once('.') {
            Some((_, "")) => return Err(ParseExactError),
            Some((whole, decimals)) => (whole, decimals),
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 7
            || decimals.len() > 6
            || !digits(whole)
            || !digits(decimals)
        {
            return Err(ParseExactError);
        }
        let units = format!("{whole}{decimals:0<6}").parse::<i64>().map_err(|_| ParseExactError)?;
        if units > 1_000_000_000_000 { Err(ParseExactError) } else { Ok(Self(units)) }
    }

    /// Millionths.
    #[must_use]
    pub fn millionths(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, i128::from(self.0), RATE_DECIMALS)
    }
}

/// How an exact number of points becomes a whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Towards zero.
    Down,
    /// To the nearest; a half goes up.
    HalfUp,
}

/// An exact, unrounded, non-negative number of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Exact(i128);

impl Exact {
    /// No points.
    pub const ZERO: Self = Self(0);

    /// A whole number of points.
    #[must_use]
    pub fn whole(points: i64) -> Self {
        Self(i128::from(points) * power_of_ten(EXACT_DECIMALS))
    }

    /// `amount_minor` at `rate` points per major unit, times `multiplier`. `None` when it leaves
    /// the range of `i128`.
    #[must_use]
    pub fn of_amount(
        amount_minor: i64,
        currency_decimals: u32,
        rate: Rate,
        multiplier: Rate,
    ) -> Option<Self> {
        let scale = EXACT_DECIMALS.checked_sub(2 * RATE_DECIMALS + currency_decimals)?;
        i128::from(amount_minor)
            .checked_mul(i128::from(rate.0))?
            .checked_mul(i128::from(multiplier.0))?
            .checked_mul(power_of_ten(scale))
            .map(Self)
    }

    /// The sum, or `None` when it leaves the range.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// What is left of it after `other`, or `None` when that would be negative.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).filter(|rest| *rest >= 0).map(Self)
    }

    /// The one rounding. `None` when the result does not fit `i64`.
    #[must_use]
    pub fn round(self, rounding: Rounding) -> Option<i64> {
        let one = power_of_ten(EXACT_DECIMALS);
        let units = match rounding {
            Rounding::Down => self.0,
            Rounding::HalfUp => self.0.checked_add(one / 2)?,
        };
        // 128-bit division is slow on 32-bit machines, and nearly every number of points is small.
        match (i64::try_from(units), i64::try_from(one)) {
            (Ok(units), Ok(one)) => Some(units / one),
            _ => i64::try_from(units / one).ok(),
        }
    }

    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let missing = (EXACT_DECIMALS as usize).checked_sub(decimals.len())?;
        let units: i128 = format!("{whole}{decimals}").parse().ok()?;
        units.checked_mul(power_of_ten(u32::try_from(missing).ok()?)).map(Self)
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, self.0, EXACT_DECIMALS)
    }
}

/// Writes `units / 10^decimals` without trailing zeros.
fn write_decimal(f: &mut fmt::Formatter<'_>, units: i128, decimals: u32) -> fmt::Result {
    let one = power_of_ten(decimals);
    let (whole, rest) = match (i64::try_from(units), i64::try_from(one)) {
        (Ok(units), Ok(one)) => (i128::from(units / one), i128::from(units % one)),
        _ => (units / one, units % one),
    };
    let rest = rest.unsigned_abs();
    write!(f, "{whole}")?;
    if rest == 0 {
        return Ok(());
    }
    let digits = format!("{rest:0width$}", width = decimals as usize);
    write!(f, ".{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_plain_decimals() {
        for (text, millionths) in [
            ("1", Some(1_000_000)),
            ("0.1", Some(100_000)),
            ("1.000001", Some(1_000_001)),
            ("1000000", Some(1_000_000_000_000)),
            ("1000000.000001", None),
            ("1.0000001", None),
            ("-1", None),
            ("+1", None),
            ("1e3", None),
            ("1.", None),
            (".5", None),
            ("", None),
            (" 1", None),
        ] {
            assert_eq!(Rate::parse(text).ok().map(Rate::millionths), millionths, "{text}");
        }
    }

    #[test]
    fn sums_are_rounded_once() {
        // Three lines of 0.5 points are 1 point, not 0 (down each) and not 3 (up each).
        let half = Exact::of_amount(50, 2, Rate::ONE, Rate::ONE).unwrap();
        let sum = half.checked_add(half).and_then(|s| s.checked_add(half)).unwrap();
        assert_eq!((sum.round(Rounding::Down), sum.round(Rounding::HalfUp)), (Some(1), Some(2)));
        assert_eq!(sum.to_string(), "1.5");
        // 0.1 + 0.2 is 0.3 here.
        let tenth = |n| Exact::of_amount(n, 0, Rate::parse("0.1").unwrap(), Rate::ONE).unwrap();
        assert_eq!(tenth(1).checked_add(tenth(2)), Some(tenth(3)));
    }

    #[test]
    fn extremes_do_not_wrap() {
        let most = Rate::parse("1000000").unwrap();
        assert_eq!(Exact::of_amount(i64::MAX, 2, most, most), None);
        assert_eq!(Exact::whole(i64::MAX).round(Rounding::Down), Some(i64::MAX));
        let above = Exact::whole(i64::MAX).checked_add(Exact::whole(1)).unwrap();
        assert_eq!(above.round(Rounding::Down), None);
    }

    #[test]
    fn exact_reads_back() {
        for text in ["0", "12.85", "0.0000000000000001", "99999999999.5"] {
            assert_eq!(Exact::parse(text).map(|e| e.to_string()).as_deref(), Some(text));
        }
    }
}
