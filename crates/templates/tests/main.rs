//! All of these in one program.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod check;
mod hostile;
mod render;
mod sms;
