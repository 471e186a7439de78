//! What figures of two groups say about each other: rates with intervals, what a strategy brought
//! against members who were left alone, and how many members it takes to see it.
//!
//! Owns: [`Rate`], [`Interval`] and [`Lift`]. Counting is the business of `reach` and `store`.
//!
//! Architecture invariant: pure: no clock, chance, database or environment. Floats stand here and
//! in no crate that moves points.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod lift;
mod rate;

pub use lift::{Estimate, Lift, Side, WORTH_SEEING};
pub use rate::{Interval, Needed, Rate, difference, needed};
