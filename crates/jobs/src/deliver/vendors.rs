//! The interface of an HTTP client for vendors, and of what is due. The client follows no redirects
//! and keeps no cookies.

use channels::{Heard, HttpRequest, Message};
use ledger::Timestamp;
use store::{ChannelAccount, Error};

/// An HTTP client that reads answers.
#[expect(async_fn_in_trait, reason = "guests are single-threaded, so the futures need not be Send")]
pub trait Vendors {
    /// Sends all of them at once, each for at most `timeout_ms`, and returns what was heard, in
    /// their order.
    async fn send_all(&self, requests: Vec<HttpRequest>, timeout_ms: u32) -> Vec<Heard>;

    /// Waits that long.
    async fn rest(&self, ms: u32);
}

/// A touch that is due, asked again and rendered: only then its text exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueTouch {
    /// The touch's number.
    pub touch_no: i64,
    /// The member's number.
    pub member_no: i64,
    /// The digest of the address.
    pub digest: String,
    /// When it comes too late.
    pub deadline: Timestamp,
    /// What is said. Its id and what is reserved for it are filled in by the run.
    pub message: Message,
}

/// Touches that are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Those that may go now.
    pub touches: Vec<DueTouch>,
    /// The last attempt that was known when they were asked.
    pub known_attempt: i64,
    /// Whether no others are due now.
    pub is_all: bool,
}

/// What becomes of a touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettledTouch {
    /// The vendor has it.
    Sent,
    /// It is due again at an instant.
    Later(Timestamp),
    /// It will not go by this channel.
    Failed(String),
    /// The vendor may have it, and it is not sent again.
    Unknown(String),
}

/// The touches that are due.
#[expect(async_fn_in_trait, reason = "guests are single-threaded, so the futures need not be Send")]
pub trait Touches {
    /// Up to `most` touches that are due by the account's channel. Each was asked again just now:
    /// consent, stop, caps, quiet hours. The same ones come again until they are settled.
    ///
    /// # Errors
    /// [`Error`] when a database fails.
    async fn due(&self, account: &ChannelAccount, most: usize) -> Result<Due, Error>;

    /// Keeps what became of touches by the account's channel. May come twice.
    ///
    /// # Errors
    /// [`Error`] when a database fails.
    async fn settle(
        &self,
        account: &ChannelAccount,
        touches: &[(i64, SettledTouch)],
        now: Timestamp,
    ) -> Result<(), Error>;
}
