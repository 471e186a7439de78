//! `deliver`: touches that are due go out by the accounts of their channels.
//!
//! One run at a time has an account, by a lease. A wave is written before it goes, so that what a
//! killed run left on its way is known: it goes again only where the vendor delivers an id once.
//! What is due, and what it says, is asked of [`Touches`] just before; no text is stored.

mod account;
mod doubt;
mod pace;
mod reports;
mod run;
mod settled;
mod single;
mod token;
mod vendors;

use std::collections::VecDeque;

use channels::Capability;
use futures::stream::{FuturesUnordered, StreamExt as _};
use ledger::Timestamp;
use seal::{NONCE, Seals};
use serde_json::{Value as Json, json};
use store::{Error, Sql, due_channels};

use crate::context::{JobContext, WorkLimit};
use crate::notify::address::AddressPolicy;
pub use account::may_reach;
pub use reports::keep_reports;
use run::{AccountRun, Next};
pub use single::{capability, send_single};
pub use vendors::{Due, DueTouch, SettledTouch, Touches, Vendors};

/// Accounts that are looked for at once.
const ACCOUNTS: i64 = 100;
/// Accounts that send side by side.
const SIDE_BY_SIDE: usize = 8;
/// Waves of an account before it is the next one's turn.
const TURN: u32 = 5;

/// What a run needs beside the database.
pub struct DeliverSettings<'a> {
    /// The keys that open secrets.
    pub seals: &'a Seals,
    /// To which addresses requests may go.
    pub policy: AddressPolicy,
    /// The address of the installation, for vendors that are told with each message where to post.
    pub public_url: Option<&'a str>,
    /// Gives fresh bytes to seal tokens with; nothing where there are none.
    pub random: &'a dyn Fn() -> Option<[u8; NONCE]>,
}

/// The figures of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliverReport {
    /// False if there is more to do: call again.
    pub done: bool,
    /// Turns of accounts that sent or tried to.
    pub accounts: u64,
    /// Messages that vendors took.
    pub accepted: u64,
    /// Messages that go again.
    pub again: u64,
    /// Messages that will not go.
    pub failed: u64,
    /// Messages that vendors may have.
    pub unknown: u64,
    /// Accounts that were paused.
    pub paused: u64,
    /// The last failure, for the log.
    pub last_failure: Option<String>,
}

impl DeliverReport {
    /// Whether nothing happened.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let counts = [self.accepted, self.again, self.failed, self.unknown, self.paused];
        counts.iter().all(|count| *count == 0) && self.last_failure.is_none()
    }

    fn add(&mut self, other: Self) {
        self.accounts += other.accounts;
        self.accepted += other.accepted;
        self.again += other.again;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.paused += other.paused;
    }

    /// The report as the log and the API show it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "job": "deliver",
            "done": self.done,
            "accounts": self.accounts,
            "accepted": self.accepted,
            "again": self.again,
            "failed": self.failed,
            "unknown": self.unknown,
            "paused": self.paused,
        })
    }
}

/// Sends what is due by the accounts of a programme, or of all, for as long as the limit allows.
///
/// # Errors
/// [`Error`] when the list of accounts cannot be read. A failure of one account is counted, and the
/// others go on.
pub async fn deliver<S: Sql, T: Touches, V: Vendors>(
    context: &JobContext<'_, S>,
    (touches, vendors): (&T, &V),
    settings: &DeliverSettings<'_>,
    programme_no: Option<i64>,
    mut limit: WorkLimit,
) -> Result<DeliverReport, Error> {
    let mut report = DeliverReport { done: true, ..DeliverReport::default() };
    let mut turns: VecDeque<i64> = VecDeque::new();
    let mut after = 0;
    loop {
        let now = (context.now)();
        let list = async || due_channels(context.sql, (now, programme_no), after, ACCOUNTS).await;
        let found = context.with_retries(list).await?;
        let Some(last) = found.last() else { break };
        after = *last;
        turns.extend(found);
    }
    // Accounts take turns, some side by side: a vendor that is slow, or a long row of messages,
    // costs no other account its time.
    let run = &AccountRun { context, touches, vendors, settings };
    let (mut running, mut resting) = (FuturesUnordered::new(), Vec::new());
    loop {
        while running.len() < SIDE_BY_SIDE
            && let Some(account_no) = turns.pop_front()
        {
            if limit.is_over((context.now)()) || limit.left() == 0 {
                report.done = false;
                turns.clear();
                resting.clear();
                break;
            }
            let part = limit.split(TURN);
            running.push(async move { (account_no, run.turn(account_no, part).await) });
        }
        let Some((account_no, turn)) = running.next().await else {
            // All that are left wait until they may send again.
            let Some(shortest) = resting.iter().map(|(_, ms)| *ms).min() else { return Ok(report) };
            vendors.rest(shortest).await;
            turns.extend(resting.drain(..).map(|(account_no, _)| account_no));
            continue;
        };
        report.add(turn.report);
        limit.give_back(turn.left);
        match turn.outcome {
            Ok(Next::Done) => {}
            Ok(Next::More) => turns.push_back(account_no),
            Ok(Next::Waits(ms)) => resting.push((account_no, ms)),
            Err(error) => {
                report.done = false;
                report.last_failure = Some(format!("account {account_no}: {error}"));
            }
        }
    }
}

/// From when on an attempt may go again under the same id.
fn again_since(capability: &Capability, now: Timestamp) -> store::Again {
    use channels::Repeat;
    let since = |within_s: i64| now.plus_ms(-within_s.saturating_mul(1_000));
    match capability.repeat {
        Repeat::Never => store::Again::Never,
        Repeat::SameId { within_s } => store::Again::After(since(within_s)),
        Repeat::Reserved { within_s } => store::Again::ReservedAfter(since(within_s)),
    }
}
