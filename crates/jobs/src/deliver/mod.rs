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
mod turns;
mod vendors;

use channels::Capability;
use futures::future::Either;
use futures::stream::{FuturesUnordered, StreamExt as _};
use ledger::Timestamp;
use seal::{NONCE, Seals};
use serde_json::{Value as Json, json};
use store::{DueChannel, Error, Sql, due_channels};

use crate::context::{JobContext, WorkLimit};
use crate::notify::address::AddressPolicy;
pub use account::may_reach;
pub use reports::keep_reports;
use run::{AccountRun, Next, Turn};
pub use single::{capability, send_single};
use turns::Turns;
pub use vendors::{Due, DueTouch, SettledTouch, Touches, Vendors};

/// Accounts that are looked for at once.
const ACCOUNTS: i64 = 100;
/// Waves of a turn.
const WAVES: u32 = 5;

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
    let run = &AccountRun { context, touches, vendors, settings };
    let (mut turns, mut steps) = (Turns::default(), FuturesUnordered::new());
    loop {
        if turns.asks() {
            turns.list(listed(context, programme_no).await?);
        }
        let has_time = !limit.is_over((context.now)());
        while has_time
            && limit.left() > 0
            && let Some(account_no) = turns.next()
        {
            steps.push(Either::Left(turn(run, account_no, limit.split(WAVES))));
        }
        // An account that sends when the time is over ends its turn.
        if !turns.is_running() && (!has_time || limit.left() == 0) {
            report.done &= turns.is_done();
            return Ok(report);
        }
        match steps.next().await {
            None => return Ok(report),
            Some(Step::Rested(account_no)) => turns.rested(account_no),
            Some(Step::Ended(account_no, ended)) => {
                report.add(ended.report);
                limit.give_back(ended.left);
                match ended.outcome {
                    // What waits for something else than a turn is asked in the next run.
                    Ok(Next::Done) => turns.is_over(account_no),
                    Ok(Next::More) => turns.ended(account_no),
                    Ok(Next::Waits(ms)) => {
                        turns.rests(account_no);
                        steps.push(Either::Right(rest(vendors, account_no, ms)));
                    }
                    Err(error) => {
                        turns.is_over(account_no);
                        report.done = false;
                        report.last_failure = Some(format!("account {account_no}: {error}"));
                    }
                }
            }
        }
    }
}

/// What ends while accounts send.
enum Step {
    /// An account had its turn.
    Ended(i64, Turn),
    /// An account may send again.
    Rested(i64),
}

async fn turn<S: Sql, T: Touches, V: Vendors>(
    run: &AccountRun<'_, S, T, V>,
    account_no: i64,
    limit: WorkLimit,
) -> Step {
    Step::Ended(account_no, run.turn(account_no, limit).await)
}

async fn rest<V: Vendors>(vendors: &V, account_no: i64, ms: u32) -> Step {
    vendors.rest(ms).await;
    Step::Rested(account_no)
}

/// The accounts that may send now.
async fn listed<S: Sql>(
    context: &JobContext<'_, S>,
    programme_no: Option<i64>,
) -> Result<Vec<DueChannel>, Error> {
    let (sql, now) = (context.sql, (context.now)());
    let (mut all, mut after) = (Vec::new(), DueChannel::default());
    loop {
        let page = async || due_channels(sql, (now, programme_no), after, ACCOUNTS).await;
        let found = context.with_retries(page).await?;
        let is_last = i64::try_from(found.len()).is_ok_and(|count| count < ACCOUNTS);
        after = found.last().copied().unwrap_or(after);
        all.extend(found);
        if is_last {
            return Ok(all);
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
