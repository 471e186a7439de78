//! What a scheduled run does, over the store: the night's settling, tier passes, reminders, and the
//! delivery of events.
//!
//! Owns the order, chunks and resumption of jobs, and everything about webhooks but the socket. The
//! cron components and the route `/v1/jobs/{name}` are shells over [`run()`]. Synchronous databases
//! and clients work as well: their futures are ready at once.
//!
//! Architecture invariant: a job decides nothing. State is decided by the clock and unique keys; a
//! job only writes it down, so it may run twice, at once, late, or never, and be killed anywhere.
#![deny(missing_docs)]

mod chunk;
mod context;
mod forget;
#[cfg(feature = "guest")]
pub mod guest;
mod night;
mod notify;
mod rehearsal;
mod remind;
mod report;
mod run;
mod sweep;
mod tier_upgrade;

pub use context::{JobContext, WorkLimit};
pub use notify::address::{AddressPolicy, RefusedAddress, WebhookUrl};
pub use notify::event::event_type;
pub use notify::outbound::{Outbound, Post, Reply, WithoutNetwork, spell_error_code};
pub use notify::seal::{NONCE, Seals};
pub use notify::signature::{Secret, sign};
pub use rehearsal::{Rehearsal, rehearse};
pub use report::Report;
pub use run::{JOBS, Job, run, run_everywhere};
