//! Scheduled work over the store: settling members, tier passes, reminders, and the delivery of
//! events.
//!
//! Owns the order, chunks and resumption of jobs, and everything about webhooks but the socket. The
//! cron components and the route `/v1/jobs/{name}` call [`run()`]. Synchronous databases and
//! clients work as well: their futures are ready at once.
//!
//! Architecture invariant: a job decides nothing. The clock and unique keys decide the state, and a
//! job only records it. So a job may run twice, at once, late, or never, and may be killed
//! anywhere.
#![deny(missing_docs)]

mod audience;
mod chunk;
mod context;
mod customers;
mod deliver;
mod fold;
#[cfg(feature = "guest")]
pub mod guest;
mod night;
mod notify;
mod outbox;
mod pace;
mod refresh;
mod rehearsal;
mod remind;
mod report;
mod reseal;
mod results;
mod retention;
mod run;
mod sweep;
mod tier_upgrade;
mod touch;
mod turns;

pub use audience::{Audience, Count, FoundMembers, Other, Spread};
pub use channels::{WebhookSecret as Secret, sign_webhook as sign};
pub use context::{JobContext, WorkLimit};
pub use deliver::{
    DeliverReport, DeliverSettings, Due, DueTouch, SettledTouch, Touches, Vendors, capability,
    deliver, keep_reports, may_reach, send_single,
};
pub use fold::rebuild::rebuild;
pub use fold::{BEHAVIOUR_DAYS, FoldReport, fold};
pub use notify::address::{AddressPolicy, RefusedAddress, WebhookUrl};
pub use notify::event::event_type;
pub use notify::outbound::{Outbound, Post, Reply, WithoutNetwork, spell_error_code};
pub use notify::seal::keep_seals;
pub use outbox::{Outbox, OutboxSettings, link_key};
pub use refresh::{CHANGE_DAYS, RefreshReport, refresh};
pub use rehearsal::{Rehearsal, rehearse};
pub use report::Report;
pub use reseal::{ResealReport, reseal};
pub use results::{COUNTED_AFTER_DAYS, RESULT_DAYS, ResultReport, results};
pub use run::{JOBS, Job, run, run_everywhere};
pub use touch::{
    BackTestWish, LeftOut, Messaging, TOUCH_DAYS, TouchBackTest, TouchRehearsal, TouchReport,
    TouchWish, back_test_touches, rehearse_touches, touch,
};
