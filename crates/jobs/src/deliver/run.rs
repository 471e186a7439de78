//! One run over one account: takes its lease, settles what a lost run left, and sends wave after
//! wave.

use std::collections::HashMap;

use channels::{Account, Context, Heard, HttpRequest, Message, Outcome, Repeat};
use ledger::Timestamp;
use reach::ContactState;
use store::{
    AccountState, ChannelAccount, Error, Sql, TriedTouch, WaveOutcome, WaveTouch, begin_wave,
    claim_channel, deliveries_by_channel, drop_channel_token, end_wave, last_attempts, settle_lost,
    tried_touches,
};

use super::account::{self, TIMEOUT_MS};
use super::doubt;
use super::pace::{Bucket, WAVE, WIDTH, rests_until};
use super::settled::{Settled, count, repeats_until, settled_as, settled_by};
use super::token::{self, Found, Token};
use super::vendors::{Due, DueTouch, SettledTouch, Touches, Vendors};
use super::{DeliverReport, DeliverSettings, again_since};
use crate::context::{JobContext, WorkLimit};
use crate::notify::schedule::DOWN_AFTER;

/// A lease lasts several times as long as a wave.
const LEASE_MS: i64 = 60_000;
/// No wave of a turn begins later than this after its start, in milliseconds: vendors may be slow.
const TURN_MS: i64 = 5_000;
/// What runs that were lost left is settled in pieces of this many.
const LOST: usize = 1_000;
/// How many are reserved at once.
const RESERVED: i64 = 10;

pub(super) struct AccountRun<'a, S, T, V> {
    pub(super) context: &'a JobContext<'a, S>,
    pub(super) touches: &'a T,
    pub(super) vendors: &'a V,
    pub(super) settings: &'a DeliverSettings<'a>,
}

/// An account while it is sent by.
pub(super) struct Sending {
    pub(super) account: Account,
    pub(super) kept: ChannelAccount,
    lease: String,
    /// Where the vendor posts reports.
    callback_url: Option<String>,
    bucket: Bucket,
    state: AccountState,
    token: Option<Token>,
    /// A token was renewed in this run: another refusal pauses the account.
    pub(super) has_renewed: bool,
}

enum Wave {
    Sent,
    Finished(Next),
}

/// What an account does after a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing is left that could go now.
    Done,
    /// It has more to send.
    More,
    /// It may send again in so many milliseconds.
    Waits(u32),
}

/// What a turn of an account came to, with what is left of its work.
pub(super) struct Turn {
    pub(super) outcome: Result<Next, Error>,
    pub(super) report: DeliverReport,
    pub(super) left: WorkLimit,
}

/// One touch of a wave, until it is settled.
pub(super) struct Going {
    pub(super) due: DueTouch,
    pub(super) tried: Option<TriedTouch>,
    pub(super) no: i64,
}

impl<S: Sql, T: Touches, V: Vendors> AccountRun<'_, S, T, V> {
    /// A turn of an account: some waves of what is due.
    pub(super) async fn turn(&self, account_no: i64, mut limit: WorkLimit) -> Turn {
        let mut report = DeliverReport::default();
        let now = (self.context.now)();
        if limit.is_over(now) {
            return Turn { outcome: Ok(Next::More), report, left: limit };
        }
        limit = limit.not_after(now.plus_ms(TURN_MS));
        let outcome = self.waves(account_no, &mut limit, &mut report).await;
        Turn { outcome, report, left: limit }
    }

    async fn waves(
        &self,
        account_no: i64,
        limit: &mut WorkLimit,
        report: &mut DeliverReport,
    ) -> Result<Next, Error> {
        let (sql, now) = (self.context.sql, (self.context.now)());
        let lease = (self.context.fresh)().id.to_string();
        let claim =
            async || claim_channel(sql, (account_no, &lease), now, now.plus_ms(LEASE_MS)).await;
        let Some(claimed) = self.context.with_retries(claim).await? else { return Ok(Next::Done) };
        report.accounts += 1;
        let kept = claimed.account;
        let bucket = Bucket {
            left_milli: claimed.left_milli,
            at: claimed.left_at,
            per_second: kept.per_second,
            burst: kept.burst,
        };
        let mut state = AccountState { failures: kept.failures, ..AccountState::default() };
        let account = match account::open(&kept, self.settings.seals, self.settings.policy) {
            Ok(account) => account,
            Err(why) => {
                report.paused += 1;
                state.paused_because = Some(why);
                self.end((kept.no, &lease), &[], &state).await?;
                return Ok(Next::Done);
            }
        };
        let sealed = claimed.callback_secret.as_deref();
        let DeliverSettings { seals, public_url, .. } = *self.settings;
        let callback_url = account::callback_url(&kept, sealed, seals, public_url);
        let (token, has_renewed) = (None, false);
        let mut run =
            Sending { account, kept, lease, callback_url, bucket, state, token, has_renewed };
        self.settle_lost(&run, report).await?;
        let next = loop {
            if !limit.take_chunk((self.context.now)()) {
                break Next::More;
            }
            // A vendor that fails may be slow to say so: others go on meanwhile.
            let failures = run.state.failures;
            match self.wave(&mut run, report).await? {
                Wave::Sent if run.state.failures > failures => break Next::More,
                Wave::Sent => {}
                Wave::Finished(next) => break next,
            }
        };
        run.state.leased_until = 0;
        self.end((run.kept.no, &run.lease), &[], &run.state).await?;
        Ok(next)
    }

    async fn end(
        &self,
        of: (i64, &str),
        outcomes: &[WaveOutcome],
        state: &AccountState,
    ) -> Result<(), Error> {
        let now = (self.context.now)();
        let end = async || end_wave(self.context.sql, of, now, outcomes, state).await;
        self.context.with_retries(end).await
    }

    async fn settle_lost(&self, run: &Sending, report: &mut DeliverReport) -> Result<(), Error> {
        loop {
            let now = (self.context.now)();
            let again = again_since(&run.account.capability(), now);
            let of = (run.kept.no, run.lease.as_str());
            let settle = async || settle_lost(self.context.sql, of, again, now).await;
            let lost = self.context.with_retries(settle).await?;
            let is_last = lost.len() < LOST;
            let settled: Vec<(i64, SettledTouch)> = lost
                .into_iter()
                .map(|(touch_no, state)| (touch_no, settled_as(&state, None, now)))
                .collect();
            for (_, touch) in &settled {
                count(report, touch);
            }
            if !settled.is_empty() {
                self.touches.settle(&run.kept, &settled, now).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn wave(&self, run: &mut Sending, report: &mut DeliverReport) -> Result<Wave, Error> {
        run.bucket = run.bucket.later((self.context.now)());
        let capability = run.account.capability();
        let mut most = run.bucket.whole();
        if most == 0 {
            return Ok(Wave::Finished(Next::Waits(run.bucket.rest_ms())));
        }
        // An account that failed gets one request at a time until one succeeds.
        let width = if run.state.failures == 0 { WIDTH } else { 1 };
        most = most.min(width.saturating_mul(i64::try_from(capability.batch).unwrap_or(1)));
        most = most.min(WAVE);
        if matches!(capability.repeat, Repeat::Reserved { .. }) {
            most = most.min(RESERVED);
        }
        let due = self.touches.due(&run.kept, usize::try_from(most).unwrap_or(1)).await?;
        if due.touches.is_empty() {
            let next = if due.is_all { Next::Done } else { Next::More };
            return Ok(Wave::Finished(next));
        }
        if capability.token && run.token.is_none() && !self.fetch_token(run, report).await? {
            return Ok(Wave::Finished(Next::Done));
        }
        let Some(going) = self.begin(run, due, report).await? else {
            return Ok(Wave::Finished(Next::Done));
        };
        let settled = self.send(run, &going).await;
        let stop = self.record(run, settled, report).await?;
        Ok(if stop { Wave::Finished(Next::Done) } else { Wave::Sent })
    }

    /// A token for the run. False where there is none: the account rests or is paused.
    async fn fetch_token(
        &self,
        run: &mut Sending,
        report: &mut DeliverReport,
    ) -> Result<bool, Error> {
        let of = (&run.account, &run.kept);
        match token::obtained(self.context, self.vendors, self.settings, of).await? {
            Found::Token(token) => {
                run.token = Some(token);
                return Ok(true);
            }
            Found::Wait(seconds) => {
                run.state.failures = run.state.failures.saturating_add(1);
                let (now, jitter) = ((self.context.now)(), (self.context.fresh)().id);
                let until = rests_until(now, run.state.failures, Some(seconds), jitter);
                run.state.rests_until = until.0;
            }
            Found::Pause(why) => {
                report.paused += 1;
                run.state.paused_because = Some(why);
            }
        }
        Ok(false)
    }

    /// Writes which touches are about to go. `None` where the lease is lost, or others have all of
    /// them on their way.
    async fn begin(
        &self,
        run: &mut Sending,
        due: Due,
        report: &mut DeliverReport,
    ) -> Result<Option<Vec<Going>>, Error> {
        let (sql, now) = (self.context.sql, (self.context.now)());
        let Due { touches: due, known_attempt, .. } = due;
        let numbers: Vec<i64> = due.iter().map(|due| due.touch_no).collect();
        let read = async || tried_touches(sql, run.kept.no, &numbers).await;
        let tried = self.context.with_retries(read).await?;
        let mut tried: HashMap<i64, TriedTouch> =
            tried.into_iter().map(|tried| (tried.touch_no, tried)).collect();
        let (mut going, mut settled) = (Vec::with_capacity(due.len()), Vec::new());
        for due in due {
            let tried = tried.remove(&due.touch_no);
            // The vendor may have it, and would no longer know it by its id.
            let is_over = tried.as_ref().is_some_and(|tried| {
                let ends = |first_at| now > repeats_until(&run.account, first_at);
                tried.is_uncertain && tried.first_at.is_some_and(ends)
            });
            if is_over {
                let why = "no answer came in time".to_owned();
                settled.push((due.touch_no, SettledTouch::Unknown(why)));
            } else {
                going.push(Going { due, tried, no: 0 });
            }
        }
        self.reserve(run, &mut going).await;
        for one in &mut going {
            one.due.message.id = format!("{}-{}", one.due.touch_no, run.kept.channel.as_str());
        }
        let rows: Vec<WaveTouch> = going
            .iter()
            .map(|one| WaveTouch {
                touch_no: one.due.touch_no,
                member_no: one.due.member_no,
                reserved: one.due.message.reserved.clone(),
                digest: one.due.digest.clone(),
                known_attempt,
            })
            .collect();
        let count_of = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let bucket = run.bucket.without(count_of);
        let begin =
            async || begin_wave(sql, &run.kept, &run.lease, (now, bucket.left_milli), &rows).await;
        // The run that has the lease now settles what is known of these touches.
        let Some(attempts) = self.context.with_retries(begin).await? else { return Ok(None) };
        run.bucket = bucket;
        let attempts: HashMap<i64, i64> =
            attempts.into_iter().map(|attempt| (attempt.touch_no, attempt.no)).collect();
        let mut may_go = Vec::new();
        for mut one in going {
            match attempts.get(&one.due.touch_no) {
                Some(no) => {
                    one.no = *no;
                    may_go.push(one);
                }
                // A run died after it had written what became of it, or another run has it.
                None => {
                    let touch = self.settled_before(run, one.due.touch_no).await?;
                    settled.extend(touch.map(|touch| (one.due.touch_no, touch)));
                }
            }
        }
        if may_go.is_empty() && settled.is_empty() {
            return Ok(None);
        }
        if !settled.is_empty() {
            settled.iter().for_each(|(_, touch)| count(report, touch));
            self.touches.settle(&run.kept, &settled, now).await?;
        }
        Ok(Some(may_go))
    }

    /// What attempts tell of a touch that may not go now. `None`: another run has it on its way, or
    /// its member is to be asked again.
    async fn settled_before(
        &self,
        run: &Sending,
        touch_no: i64,
    ) -> Result<Option<SettledTouch>, Error> {
        let (sql, channel) = (self.context.sql, run.kept.channel);
        let read = async || deliveries_by_channel(sql, touch_no, channel).await;
        let found = self.context.with_retries(read).await?;
        Ok(settled_by(&found, run.kept.no, (self.context.now)()))
    }

    /// Fills in what makes messages repeatable, where the vendor has such a thing. What was
    /// reserved too long ago makes nothing repeatable any more.
    async fn reserve(&self, run: &Sending, going: &mut [Going]) {
        let now = (self.context.now)();
        let counts = |at: &Timestamp| now <= repeats_until(&run.account, *at);
        let reserved_before = |one: &Going| {
            let tried =
                one.tried.as_ref().filter(|tried| tried.first_at.as_ref().is_some_and(counts));
            tried.and_then(|tried| tried.reserved.clone())
        };
        let lacking = going.iter().filter(|one| reserved_before(one).is_none()).count();
        let mut reserved = Vec::new();
        if lacking > 0
            && let Some(request) = run.account.reservation_request(lacking)
        {
            let heard = self.vendors.send_all(vec![request], TIMEOUT_MS).await;
            if let Some(Heard::Answer(answer)) = heard.first() {
                reserved = run.account.reservations(answer);
            }
        }
        for one in going {
            one.due.message.reserved = reserved_before(one).or_else(|| reserved.pop());
        }
    }

    async fn send(&self, run: &Sending, going: &[Going]) -> Settled {
        let (sql, now) = (self.context.sql, (self.context.now)());
        let mut settled = Settled::default();
        let mut groups: Vec<Vec<&Going>> = Vec::new();
        let mut requests: Vec<HttpRequest> = Vec::new();
        for group in grouped(&run.account, going) {
            let nonce = (self.context.fresh)().id.to_string();
            let token = run.token.as_ref().map(|token| &token.text);
            let callback_url = run.callback_url.as_deref();
            let context = Context { now_ms: now.0, nonce: &nonce, token, callback_url };
            let messages: Vec<Message> = group.iter().map(|one| one.due.message.clone()).collect();
            match run.account.request(&messages, &context) {
                Ok(request) => {
                    requests.push(request);
                    groups.push(group);
                }
                Err(fault) => {
                    // An address that only this vendor does not take stays open.
                    let channel = run.kept.channel;
                    let contact = (fault.path == "/to"
                        && group.iter().any(|one| !one.due.message.is_addressed(channel)))
                    .then_some(ContactState::Invalid);
                    let why = format!("{} {}", fault.path, fault.detail);
                    for one in group {
                        let is_doubtful = false;
                        let outcome = Outcome::Refused { contact, is_doubtful, why: why.clone() };
                        settled.add(run, one, outcome, now);
                    }
                }
            }
        }
        let heard = match requests.is_empty() {
            true => Vec::new(),
            false => self.vendors.send_all(requests, TIMEOUT_MS).await,
        };
        let now = (self.context.now)();
        let mut heard = heard.into_iter();
        let mut outcomes: Vec<(&Going, Outcome)> = Vec::with_capacity(going.len());
        for group in groups {
            let heard = heard.next().unwrap_or(Heard::Nothing);
            let messages: Vec<Message> = group.iter().map(|one| one.due.message.clone()).collect();
            outcomes.extend(group.into_iter().zip(run.account.outcome(&messages, &heard)));
        }
        if doubt::is_in_doubt(&outcomes) {
            let read = async || last_attempts(sql, run.kept.no, doubt::LOOKED_AT).await;
            // What became of the wave is written, whatever is known of those before.
            let last = self.context.with_retries(read).await.unwrap_or_default();
            doubt::decide(&mut outcomes, &last);
        }
        for (one, outcome) in outcomes {
            settled.add(run, one, outcome, now);
        }
        settled
    }

    /// Writes what became of a wave. True when the account must stop.
    async fn record(
        &self,
        run: &mut Sending,
        settled: Settled,
        report: &mut DeliverReport,
    ) -> Result<bool, Error> {
        let (sql, now) = (self.context.sql, (self.context.now)());
        run.state.failures = match (settled.accepted, settled.failed) {
            (0, 0) => run.state.failures,
            (0, failed) if run.state.failures == 0 => DOWN_AFTER.min(failed),
            (0, _) => run.state.failures.saturating_add(1),
            _ => 0,
        };
        let jitter = (self.context.fresh)().id;
        // Successes end a row of failures, but what the vendor asks for holds.
        let failures = if settled.failed > 0 { run.state.failures } else { 0 };
        run.state.rests_until = rests_until(now, failures, settled.asked_s, jitter).0;
        run.state.paused_because = settled.paused_because;
        run.state.leased_until = now.plus_ms(LEASE_MS).0;
        self.end((run.kept.no, &run.lease), &settled.outcomes, &run.state).await?;
        settled.touches.iter().for_each(|(_, touch)| count(report, touch));
        report.paused += u64::from(run.state.paused_because.is_some());
        self.touches.settle(&run.kept, &settled.touches, now).await?;
        if settled.renews {
            run.has_renewed = true;
            if let Some(token) = run.token.take() {
                let forget = async || drop_channel_token(sql, run.kept.no, &token.stored).await;
                self.context.with_retries(forget).await?;
            }
        }
        Ok(run.state.paused_because.is_some() || run.state.rests_until > now.0)
    }
}

/// Messages of one request each, or, where the vendor takes batches, those that may share one.
fn grouped<'a>(account: &Account, going: &'a [Going]) -> Vec<Vec<&'a Going>> {
    let most = account.capability().batch;
    let mut groups: Vec<Vec<&Going>> = Vec::new();
    for one in going {
        let is_alike = |group: &&mut Vec<&Going>| {
            let alike = |first: &&Going| account.may_share(&first.due.message, &one.due.message);
            // Answers tell numbers apart, not messages.
            let has_number = |other: &&Going| other.due.message.to == one.due.message.to;
            group.len() < most && group.first().is_some_and(alike) && !group.iter().any(has_number)
        };
        match groups.iter_mut().find(is_alike).filter(|_| most > 1) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}
