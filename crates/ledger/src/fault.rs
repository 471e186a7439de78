//! What means that the state or the code is wrong. Never reaches a caller in words.

use std::fmt;

/// Something that must not happen: state and entry do not fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The entry is not the next of this member.
    OutOfSequence,
    /// The entry does not follow the member's last hash, or its own hash is wrong.
    BrokenChain,
    /// A sum leaves `i64`.
    Overflow,
    /// The member would have more open lots, or be given more at once, than this.
    TooManyLots(i64),
    /// The entry touches a lot that is not open, or for more than it holds.
    Lot,
    /// The entry resolves a hold that is not open, or spends more than it holds.
    Hold,
    /// The entry decides on a request that is not open, or executes another one than was approved.
    Request,
    /// The account is closed, or would be closed with something in it.
    Closed,
    /// The entry changes a pool in a way that does not fit.
    Pool,
    /// Another member that the decision needs is not at hand, as things have changed.
    Moved,
    /// The entry uses a coupon that is not open, or issues one that it cannot.
    Coupon,
    /// Points, lots and balance of the entry do not add up.
    Unbalanced,
    /// A draft that no command makes, such as a negative amount.
    Draft,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfSequence => "the entry is not the next in its member's sequence",
            Self::BrokenChain => "the entry does not continue the hash chain",
            Self::Overflow => "a sum leaves the range of 64 bits",
            Self::TooManyLots(_) => "the member has too many open lots",
            Self::Lot => "the entry touches a lot that is not open or too small",
            Self::Hold => "the entry resolves a hold that is not open or too small",
            Self::Request => {
                "the entry decides on a request that is not open, or executes another one"
            }
            Self::Closed => "the account is closed, or would be with something in it",
            Self::Pool => "the entry changes a pool in a way that does not fit",
            Self::Moved => "another member that the decision needs is not at hand",
            Self::Coupon => {
                "the entry uses a coupon that is not open, or issues one that it cannot"
            }
            Self::Unbalanced => "points, lots and balance of the entry do not add up",
            Self::Draft => "the draft is not one that a command makes",
        })
    }
}

impl std::error::Error for Fault {}
