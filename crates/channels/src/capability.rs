//! What a vendor can do.

use reach::Channel;

/// Where a link may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Each message has its own.
    PerMessage,
    /// The template has one address, and a parameter of the message ends it.
    Parameter,
    /// The template has one that is the same for all.
    Fixed,
    /// There is none.
    None,
}

/// Whether a message whose outcome is not known may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Never: the member could get it twice.
    Never,
    /// Under the same [`crate::Message::id`], for that many seconds: the member sees it once.
    SameId {
        /// Seconds from the first attempt.
        within_s: i64,
    },
    /// Under the same [`crate::Message::reserved`] text, where the message has one.
    Reserved {
        /// Seconds from the first attempt.
        within_s: i64,
    },
}

/// What a vendor can do with messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capability {
    /// Where its messages go.
    pub channel: Channel,
    /// Where a link may stand.
    pub link: Link,
    /// The most messages of one request.
    pub batch: usize,
    /// Whether an unknown outcome may be tried again.
    pub repeat: Repeat,
    /// Whether texts are templates that the vendor has approved, and only parameters are sent.
    pub templates: bool,
    /// Whether a token is fetched first.
    pub token: bool,
    /// Whether the vendor reports what became of a message, and this is read.
    pub reports: bool,
}
