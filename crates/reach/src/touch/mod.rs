//! Touches: which member is told what, when, and why not.
//!
//! Owns: the decision ([`decide()`]), the question that is asked again when a message is sent
//! ([`still_wanted`]), when accounts have sent what is due ([`drain()`]), and how an occasion ended
//! ([`settle()`]). A touch is known by its strategy, node, member and cycle, so it is decided once,
//! however often and however late a job asks.
//!
//! Architecture invariant: due times follow from the cycle and the playbook, never from when a job
//! ran.

mod again;
mod ahead;
mod asked;
mod budget;
mod caps;
mod compared;
mod cycle;
mod decide;
mod drain;
mod holdout;
mod hours;
mod occasion;
mod plan;
mod reason;
mod recipient;
mod settle;
mod told;

use ledger::Timestamp;

pub use again::{Verdict, ask_next, still_wanted};
pub use ahead::{Concern, day_of_occasion};
pub use budget::{Left, Uses, budget_period};
pub use caps::takes_room_of_caps;
pub use compared::{Planned, planned};
pub use cycle::Cycle;
pub use decide::{DecidedPart, decide, decide_some};
pub use drain::{Drained, Load, Speed, drain};
pub use holdout::{BUCKETS, programme_bucket, quarter_start, strategy_bucket};
pub use occasion::{
    Happening, ORDER, Occasion, TierMove, answered_for_ms, asked_at, behaviours_asked,
    entries_asked, next_due,
};
pub use reason::Reason;
pub use recipient::{Coupon, Recipient, Terms};
pub use settle::{Ended, Settled, settle, settles_on};

use crate::contact::{Channel, Purpose};
use crate::playbook::{Action, Mode};

/// Jobs look back so many local days for days that earlier runs left out.
pub const LOOK_BACK_DAYS: i32 = 31;

/// What a touch is known by, for one member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The id of the strategy.
    pub strategy: String,
    /// Local days from the day of the occasion to the node's: negative before it. 0 for a strategy
    /// without a sequence that answers what happened.
    pub node: i32,
    /// The occasion.
    pub cycle: Cycle,
}

/// A message that a member is to get or got, or the record of why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// What it is known by.
    pub key: Key,
    /// The version of the playbook that it was decided by.
    pub playbook_version: i64,
    /// What the message is for, by its template; marketing where there is no message.
    pub purpose: Purpose,
    /// The priority of the strategy.
    pub priority: i64,
    /// Its own time, before which it is never sent.
    pub from_at: Timestamp,
    /// When it is to go out: from its own time on, where there is room. This moves as it waits.
    pub due_at: Timestamp,
    /// From when on it must not be sent any more.
    pub deadline_at: Timestamp,
    /// By which of the channels.
    pub mode: Mode,
    /// The channels that reach the member, in order; of a suppressed one those of the strategy.
    /// None without a message.
    pub channels: Vec<Channel>,
    /// For how many hours a channel that needs a person has time.
    pub wait_hours: u32,
    /// The template; `None` without a message.
    pub template: Option<String>,
    /// What is done beside the message.
    pub action: Action,
    /// What it uses up of its strategy's budget; of a suppressed one nothing.
    pub uses: Uses,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// What became of it.
    pub state: State,
    /// When the message went out, or may have gone out.
    pub sent_at: Option<Timestamp>,
    /// The channel that took it.
    pub channel: Option<Channel>,
    /// When another of its channels took it as well, or may have.
    pub last_at: Option<Timestamp>,
    /// When the member first responded to it.
    pub responded_at: Option<Timestamp>,
}

/// What became of a touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits for its time.
    Due,
    /// It does not go out.
    Suppressed(Reason),
    /// It is being sent.
    Sending,
    /// A vendor took it.
    Sent,
    /// Nobody knows whether a vendor took it.
    Unknown,
    /// No vendor took it.
    Failed,
}

impl State {
    /// Its name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Suppressed(_) => "suppressed",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }

    /// That of a name, with the reason of a suppression.
    #[must_use]
    pub fn parse(name: &str, reason: Option<Reason>) -> Option<Self> {
        let of_reason = reason.map(Self::Suppressed);
        [Self::Due, Self::Sending, Self::Sent, Self::Unknown, Self::Failed]
            .into_iter()
            .chain(of_reason)
            .find(|state| state.as_str() == name)
    }

    /// Whether a message went out, or may have gone out.
    pub(crate) fn may_have_gone(self) -> bool {
        matches!(self, Self::Sending | Self::Sent | Self::Unknown)
    }
}

impl Touch {
    /// When the member sees it: when it last went out; now while it is being sent; else when it is
    /// due.
    pub(crate) fn seen_at(&self, now: Timestamp) -> Timestamp {
        let planned = if self.state == State::Sending { self.due_at.max(now) } else { self.due_at };
        self.last_at.max(self.sent_at).unwrap_or(planned)
    }

    /// Whether it takes room from a message of that priority: it went out or may have gone out, or
    /// waits and goes first.
    pub(crate) fn takes_room(&self, goes_first: impl Fn(&Self) -> bool) -> bool {
        let is_waiting = self.state == State::Due;
        self.template.is_some() && (self.state.may_have_gone() || is_waiting && goes_first(self))
    }

    /// Why it does not go out.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self.state {
            State::Suppressed(reason) => Some(reason),
            _ => None,
        }
    }
}
