//! How messages reach vendors: what is sent to whom, how it is signed, and what answers mean.
//!
//! Owns, for each [`Vendor`]: the [`Account`] with its settings and secrets, the request for a
//! [`Message`], what an answer means ([`Outcome`]) by a [`Table`] of rows that are data, tokens,
//! and reports that vendors post ([`Report`]). It sends nothing and stores nothing.
//!
//! Architecture invariant: pure. The caller gives the instant and random texts, does what an
//! [`HttpRequest`] says, and hands back what it [`Heard`]. No secret, address or text of a member
//! is in `Debug` of anything here, nor in the reasons that are kept.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod account;
mod adapter;
mod answer;
mod callback;
mod capability;
mod check;
mod chinese;
mod encode;
mod encrypted;
mod fault;
mod form;
mod http;
mod instant;
mod message;
mod outcome;
mod rs256;
mod secret;
mod sign;
mod sigv4;
mod standard_webhook;
mod table;
mod token;
mod vendor;
mod xml;

pub use account::{Account, Vendor, goes_elsewhere};
pub use adapter::Context;
pub use answer::{Answer, Heard};
pub use callback::{Callback, Received, Refusal, Report, Reported, Response};
pub use capability::{Capability, Link, Repeat};
pub use chinese::in_chinese;
pub use fault::Fault;
pub use http::HttpRequest;
pub use message::Message;
pub use outcome::{Outcome, Scope};
pub use secret::Secret;
pub use standard_webhook::{Secret as WebhookSecret, sign as sign_webhook};
pub use table::{Row, Table, Then};
pub use token::{Token, TokenOutcome};
