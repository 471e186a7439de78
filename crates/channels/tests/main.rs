//! Tests of vendors' wire formats: signatures against the vendors' own libraries, answers row by
//! row, and input that nobody means well with.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken test stops the test"
)]

mod accounts;
mod answers;
mod hostile;
mod page;
mod posts;
mod properties;
mod requests;
mod support;
mod tokens;
