//! What each vendor's file implements.

use crate::answer::{Answer, Heard};
use crate::callback::{Callback, Received, Refusal};
use crate::capability::Capability;
use crate::check::Faults;
use crate::fault::Fault;
use crate::http::HttpRequest;
use crate::message::Message;
use crate::outcome::Said;
use crate::secret::Secret;
use crate::table::Table;
use crate::token::TokenOutcome;

/// What a request needs beside account and message.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The instant, in milliseconds since 1970.
    pub now_ms: i64,
    /// A fresh random text of letters and digits.
    pub nonce: &'a str,
    /// The token, for vendors that want one.
    pub token: Option<&'a Secret>,
    /// Where the vendor posts reports, for vendors that are told with each message.
    pub callback_url: Option<&'a str>,
}

impl Context<'_> {
    /// The token.
    pub(crate) fn token(&self) -> Result<&str, Fault> {
        self.token.map(Secret::reveal).ok_or_else(|| Fault::new("/token", "is needed"))
    }
}

/// A vendor's wire format.
pub(crate) trait Adapter {
    /// What it can do.
    fn capability(&self) -> Capability;

    /// What its answers mean.
    fn table(&self) -> &'static Table;

    /// Where requests go: `https://host`.
    fn origin(&self) -> &str;

    /// What is wrong with settings and secrets.
    fn check(&self, faults: &mut Faults);

    /// Whether a message may stand in the request of another one, where the vendor takes batches.
    fn may_share(&self, first: &Message, other: &Message) -> bool {
        first.vendor_template_id == other.vendor_template_id && first.parameters == other.parameters
    }

    /// The request for these messages: one, or up to the batch.
    fn request(&self, messages: &[Message], context: &Context<'_>) -> Result<HttpRequest, Fault>;

    /// What an answer says of each message, in their order.
    fn read(&self, messages: &[Message], answer: &Answer) -> Vec<Said>;

    /// The request for a token.
    fn token_request(&self, _now_ms: i64) -> Option<Result<HttpRequest, Fault>> {
        None
    }

    /// What came of the request for a token.
    fn token_outcome(&self, _heard: &Heard) -> Option<TokenOutcome> {
        None
    }

    /// The request that reserves what makes that many messages repeatable.
    fn reservation_request(&self, _count: usize) -> Option<HttpRequest> {
        None
    }

    /// What was reserved.
    fn reservations(&self, _answer: &Answer) -> Vec<String> {
        Vec::new()
    }

    /// What a vendor posts to us.
    fn callback(&self, _callback: &Callback<'_>) -> Result<Received, Refusal> {
        Err(Refusal::NotExpected)
    }
}

/// The one message of a request.
pub(crate) fn one(messages: &[Message]) -> Result<&Message, Fault> {
    match messages {
        [message] => Ok(message),
        _ => Err(Fault::new("", "must be one message")),
    }
}
