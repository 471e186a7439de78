//! One run over one endpoint: takes its lease, sends wave after wave, and records the result of
//! each.
//!
//! A run that is killed repeats the events of its last wave, so delivery is at least once, under
//! the same ids.

use channels::{WebhookSecret as Secret, sign_webhook as sign};
use ledger::{Timestamp, Zone};
use store::{
    Claimed, Error, OpenEvent, Parked, Parking, Sql, Wave, claim_endpoint, due_events, member_sums,
    new_events, record_wave, rulebook_text, zone_of,
};

use super::address::{AddressPolicy, WebhookUrl};
use super::event::body;
use super::outbound::{Outbound, Post, Reply};
use super::schedule::{DOWN_AFTER, SPANS, TIMEOUT_MS, next_attempt, pause, retry_after_ms};
use super::seal::open_secret;
use super::wave::{Outgoing, Stream, WIDTH, parked};
use crate::context::{JobContext, WorkLimit};
use crate::report::Report;

/// New events read at a time.
const MAX_READ: i64 = 32;
/// Entry numbers scanned at a time, as entries of other programmes are in between.
const MAX_SCAN: i64 = 20_000;
/// Max characters of a stored error.
const ERROR_LENGTH: usize = 200;
const GONE: u16 = 410;

/// Sends the open events to the endpoint. True when no event is left that could be sent now.
pub(crate) async fn deliver<S: Sql, O: Outbound>(
    context: &JobContext<'_, S>,
    outbound: &O,
    policy: AddressPolicy,
    (programme_no, id): (i64, &str),
    limit: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    if limit.left() == 0 {
        return Ok(false);
    }
    let (now, token) = ((context.now)(), (context.fresh)().id.to_string());
    let claim = async || claim_endpoint(context.sql, programme_no, id, &token, now, SPANS).await;
    let Some(endpoint) = context.with_retries(claim).await? else { return Ok(true) };
    let state =
        Wave { position: endpoint.position, failures: endpoint.failures, ..Wave::default() };
    let mut run = Run { context, endpoint, state, zone: None };
    // The earlier secret stays valid for a while beside the new one, so that receivers can switch
    // without a gap.
    let stored = std::iter::once(&run.endpoint.secret).chain(&run.endpoint.secret_before);
    let secrets: Option<Vec<Secret>> =
        stored.map(|stored| open_secret(stored, (programme_no, id))).collect();
    let (url, secrets) = match (WebhookUrl::parse(&run.endpoint.url, policy), secrets) {
        (Ok(url), Some(secrets)) => (url, secrets),
        (Err(refused), _) => return run.disable(refused.to_string(), report).await,
        (_, None) => return run.disable("its secret cannot be read".to_owned(), report).await,
    };
    let target = Target { outbound, url, secrets };
    loop {
        if !limit.take_chunk((context.now)()) {
            run.record(true).await?;
            return Ok(false);
        }
        match run.next_wave(&target, report).await? {
            Next::Wave => {}
            Next::Finished => return Ok(true),
        }
    }
}

struct Target<'a, O> {
    outbound: &'a O,
    url: WebhookUrl,
    secrets: Vec<Secret>,
}

struct Run<'a, S> {
    context: &'a JobContext<'a, S>,
    endpoint: Claimed,
    /// The endpoint's state; its events are those of the current wave.
    state: Wave,
    /// The programme's zone, read with the first event.
    zone: Option<Zone>,
}

enum Next {
    Wave,
    Finished,
}

impl<S: Sql> Run<'_, S> {
    async fn next_wave<O: Outbound>(
        &mut self,
        target: &Target<'_, O>,
        report: &mut Report,
    ) -> Result<Next, Error> {
        // An endpoint that failed gets one event at a time until it accepts one.
        let width = if self.state.failures == 0 { WIDTH } else { 1 };
        let outgoing = self.fill(width).await?;
        let is_through = outgoing.is_empty() && outgoing.position >= self.endpoint.last_entry_no;
        self.state.position.no = outgoing.position;
        self.state.settled.clear();
        self.state.parked = outgoing.waiting;
        let replies = self.send(target, &outgoing.events).await?;
        let stop = self.apply_replies(&outgoing.events, outgoing.again, replies, report);
        let finished = is_through || stop;
        let is_ours = self.record(finished).await?;
        Ok(if finished || !is_ours { Next::Finished } else { Next::Wave })
    }

    async fn fill(&self, width: usize) -> Result<Outgoing, Error> {
        let (context, endpoint, now) = (self.context, &self.endpoint, (self.context.now)());
        let max = i64::try_from(2 * width).unwrap_or(1);
        let due = context
            .with_retries(async || due_events(context.sql, endpoint, now, SPANS, max).await)
            .await?;
        let from = self.state.position.no;
        let until = endpoint.last_entry_no.min(from.saturating_add(MAX_SCAN));
        let events = context
            .with_retries(async || new_events(context.sql, endpoint, from, until, MAX_READ).await)
            .await?;
        // A full answer may have left entries out, so it only reaches as far as its last one.
        let is_full = i64::try_from(events.len()).unwrap_or(0) >= MAX_READ;
        let reached =
            events.last().filter(|_| is_full).map_or(until.max(from), |event| event.entry_no);
        Ok(Outgoing::fill(due, Stream { events, from, until: reached }, width))
    }

    async fn zone(&mut self) -> Result<Zone, Error> {
        if let Some(zone) = self.zone {
            return Ok(zone);
        }
        let (context, endpoint) = (self.context, &self.endpoint);
        let (programme_no, version) = (endpoint.programme_no, endpoint.rulebook_version);
        let text = context
            .with_retries(async || rulebook_text(context.sql, programme_no, version).await)
            .await?;
        Ok(*self.zone.insert(zone_of(&text)?))
    }

    async fn send<O: Outbound>(
        &mut self,
        target: &Target<'_, O>,
        events: &[OpenEvent],
    ) -> Result<Vec<Result<Reply, String>>, Error> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let zone = self.zone().await?;
        let now = (self.context.now)();
        let timestamp = now.0.div_euclid(1000);
        // A failure to read the sums must not keep the event from being sent.
        let members: Vec<i64> = events.iter().map(|event| event.member_no).collect();
        let sums = member_sums(self.context.sql, &members, now).await.unwrap_or_default();
        let post = |event: &OpenEvent| {
            let (id, body) =
                (event.entry.id.to_string(), body(&event.entry, zone, sums.get(&event.member_no)));
            let signatures =
                target.secrets.iter().map(|secret| sign(secret, &id, timestamp, &body));
            let signature = signatures.collect::<Vec<_>>().join(" ");
            let headers = vec![
                ("content-type", "application/json".to_owned()),
                ("user-agent", concat!("accrue/", env!("CARGO_PKG_VERSION")).to_owned()),
                ("webhook-id", id),
                ("webhook-timestamp", timestamp.to_string()),
                ("webhook-signature", signature),
            ];
            Post { url: target.url.to_string(), headers, body }
        };
        Ok(target.outbound.post_all(events.iter().map(post).collect(), TIMEOUT_MS).await)
    }

    /// Decides the next step of each event. True when the endpoint must pause.
    fn apply_replies(
        &mut self,
        events: &[OpenEvent],
        again: usize,
        replies: Vec<Result<Reply, String>>,
        report: &mut Report,
    ) -> bool {
        let now = (self.context.now)();
        let (mut failed, mut accepted, mut requested) = (0, 0, None);
        for (index, event) in events.iter().enumerate() {
            let reply = replies.get(index).cloned().unwrap_or_else(|| Err("no answer".to_owned()));
            if matches!(&reply, Ok(reply) if (200..300).contains(&reply.status)) {
                accepted += 1;
                if index < again {
                    self.state.settled.push((event.entry_no, event.member_no));
                }
                continue;
            }
            failed += 1;
            let wait = requested_delay(&reply, now);
            requested = requested.max(wait);
            self.state.parked.push(self.park(event, &reply, wait, now));
            if matches!(&reply, Ok(reply) if reply.status == GONE) {
                self.state.disabled_because = Some("it answered 410 Gone".to_owned());
            }
        }
        report.delivered += accepted;
        report.refused += failed;
        report.dead +=
            u64::try_from(self.state.parked.iter().filter(|p| p.parking == Parking::Dead).count())
                .unwrap_or(0);
        report.disabled += u64::from(self.state.disabled_because.is_some());
        self.state.failures = match (accepted, failed) {
            (0, 0) => self.state.failures,
            (0, failed) if self.state.failures == 0 => {
                DOWN_AFTER.min(i64::try_from(failed).unwrap_or(DOWN_AFTER))
            }
            (0, _) => self.state.failures.saturating_add(1),
            _ => 0,
        };
        let is_down = failed > 0 && self.state.failures >= DOWN_AFTER;
        let stop = is_down || requested.is_some() || self.state.disabled_because.is_some();
        if stop {
            self.state.retry_at =
                pause(now, self.state.failures, requested, (self.context.fresh)().id);
        }
        stop
    }

    fn park(
        &self,
        event: &OpenEvent,
        reply: &Result<Reply, String>,
        requested: Option<i64>,
        now: Timestamp,
    ) -> Parked {
        let attempts = event.attempts.saturating_add(1);
        let next = next_attempt(now, attempts, requested, (self.context.fresh)().id);
        let reason = match reply {
            Ok(reply) => format!("answered {}", reply.status),
            Err(text) => text.chars().take(ERROR_LENGTH).collect(),
        };
        parked(event, next.map_or(Parking::Dead, Parking::Retry), attempts, reason)
    }

    /// Records the wave, and releases the lease after the last one. False if the lease was lost,
    /// and then this run must stop.
    async fn record(&mut self, is_last: bool) -> Result<bool, Error> {
        let (context, now) = (self.context, (self.context.now)());
        let until = if is_last { Timestamp(0) } else { now.plus_ms(SPANS.lease_ms) };
        let (endpoint, state) = (&self.endpoint, &self.state);
        let is_ours = context
            .with_retries(async || record_wave(context.sql, endpoint, state, now, until).await)
            .await?;
        self.state.settled.clear();
        self.state.parked.clear();
        Ok(is_ours)
    }

    async fn disable(mut self, reason: String, report: &mut Report) -> Result<bool, Error> {
        self.state.disabled_because = Some(reason);
        report.disabled += 1;
        self.record(true).await?;
        Ok(true)
    }
}

/// How long the receiver asked us to wait. It counts only with status 429 or 503.
fn requested_delay(reply: &Result<Reply, String>, now: Timestamp) -> Option<i64> {
    let reply = reply.as_ref().ok().filter(|reply| matches!(reply.status, 429 | 503))?;
    retry_after_ms(reply.retry_after.as_deref()?, now)
}
