//! Templates of messages: what a strategy writes to members, by channel and language.
//!
//! Owns: the shape of a [`Template`], its check before it is saved, and how it is rendered for a
//! member ([`render()`]). The vendors' requests are the business of `channels`, and what a member's
//! variables are that of the caller.
//!
//! Architecture invariant: pure: no clock, chance, database or environment. A template is text of a
//! stranger: whatever it says, it ends with a message or a [`Fault`], in bounded time and memory.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod check;
mod engine;
mod filters;
mod grammar;
mod html;
mod render;
mod sms;
mod template;
mod variables;
mod words;

pub use render::{Rendered, render};
pub use sms::{Encoding, Parts, parts};
pub use template::{
    Fault, Language, MAX_PARAMETER_CHARS, MAX_PARAMETERS, Parameter, Template, Text, bounds,
};
pub use variables::{Coupon, MAX_REWARDS, Reward, Variable, Variables};
