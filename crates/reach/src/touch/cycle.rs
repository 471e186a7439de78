//! An occasion, by which a strategy comes to a member once.

use std::fmt;

use ledger::Timestamp;

/// An occasion. Its text is part of the key of a touch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cycle {
    /// Points that end at an instant: `end:{milliseconds}`.
    End(Timestamp),
    /// A tier that ends at an instant: `tier:{milliseconds}`.
    Tier(Timestamp),
    /// An entry of the ledger: `entry:{id}`.
    Entry(String),
    /// A date of the member in a year: `date:{attribute}:{year}`.
    Date {
        /// The attribute that has the date.
        attribute: String,
        /// The year.
        year: i32,
    },
    /// A change of a tag or segment: `set:{number of the change}`.
    Set(i64),
    /// A coupon: `coupon:{id}`.
    Coupon(String),
    /// A local day, as a number since 1970-01-01: `day:{day}`.
    Day(i32),
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End(at) => write!(f, "end:{}", at.0),
            Self::Tier(at) => write!(f, "tier:{}", at.0),
            Self::Entry(id) => write!(f, "entry:{id}"),
            Self::Date { attribute, year } => write!(f, "date:{attribute}:{year}"),
            Self::Set(change) => write!(f, "set:{change}"),
            Self::Coupon(id) => write!(f, "coupon:{id}"),
            Self::Day(day) => write!(f, "day:{day}"),
        }
    }
}

impl Cycle {
    /// That of a text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        Some(match kind {
            "end" => Self::End(Timestamp(rest.parse().ok()?)),
            "tier" => Self::Tier(Timestamp(rest.parse().ok()?)),
            "entry" => Self::Entry(rest.to_owned()),
            "date" => {
                // The name of an attribute may have colons, a year has none.
                let (attribute, year) = rest.rsplit_once(':')?;
                Self::Date { attribute: attribute.to_owned(), year: year.parse().ok()? }
            }
            "set" => Self::Set(rest.parse().ok()?),
            "coupon" => Self::Coupon(rest.to_owned()),
            "day" => Self::Day(rest.parse().ok()?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        for text in [
            "end:1798732800000",
            "tier:1798732800000",
            "entry:01J9Z8",
            "date:birthday:2027",
            "date:wedding:day:2027",
            "set:42",
            "coupon:c-1",
            "day:20789",
        ] {
            assert_eq!(Cycle::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "end", "end:x", "date:birthday", "moon:1", "set:"] {
            assert_eq!(Cycle::parse(text), None, "{text}");
        }
    }
}
