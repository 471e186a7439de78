//! `notify`: every endpoint gets every entry that it subscribes to, at least once, in order per
//! member.
//!
//! An endpoint is a cursor over the entries, so only events that it did not accept are queued for
//! it. See docs/adr/0300 and docs/reference/events.md.

pub(crate) mod address;
mod deliver;
pub(crate) mod event;
pub(crate) mod outbound;
pub(crate) mod schedule;
pub(crate) mod seal;
pub(crate) mod wave;

use std::collections::VecDeque;
use std::pin::pin;

use futures::future::{Either, select};
use futures::stream::{FuturesUnordered, StreamExt};
use store::{Error, Sql, waiting_endpoints};

use crate::context::{JobContext, WorkLimit};
use crate::report::Report;
use address::AddressPolicy;
use outbound::Outbound;
use schedule::SPANS;

/// Max endpoints with deliveries at the same time.
const MAX_CONCURRENT: usize = 128;
/// The same for one programme: its slow receivers then delay only its own events.
const MAX_PER_PROGRAMME: usize = 16;
/// How often a run that waits for a slow receiver looks for new events of the other endpoints.
const POLL_INTERVAL_MS: u32 = 1_000;

/// An endpoint: the number of its programme, its id.
type EndpointKey = (i64, String);

/// Sends the open events to the endpoints of one programme, or of all. Endpoints run side by side,
/// so that a slow receiver delays only its own events. Done when no event is left that could be
/// sent now. Returns the programmes that failed.
pub(crate) async fn notify<S: Sql, O: Outbound>(
    context: &JobContext<'_, S>,
    outbound: &O,
    policy: AddressPolicy,
    programme_no: Option<i64>,
    limit: &mut WorkLimit,
    report: &mut Report,
) -> Result<Vec<(i64, Error)>, Error> {
    let list = async || {
        let now = (context.now)();
        context
            .with_retries(async || waiting_endpoints(context.sql, programme_no, now, SPANS).await)
            .await
    };
    let mut queue: VecDeque<EndpointKey> = list().await?.into();
    // Shared out evenly, so that a busy endpoint does not use up the chunks of the next one.
    let shares = u32::try_from(queue.len()).unwrap_or(u32::MAX).max(1);
    let share = limit.left().div_ceil(shares);
    let mut in_progress: Vec<EndpointKey> = Vec::new();
    let mut running = FuturesUnordered::new();
    let mut failures = Vec::new();
    report.done = true;
    loop {
        while let Some(name) = next_endpoint(&mut queue, &in_progress) {
            in_progress.push(name.clone());
            let mut own = limit.split(share);
            running.push(async move {
                let mut part = Report { done: true, ..Report::of("") };
                let outcome = deliver::deliver(
                    context,
                    outbound,
                    policy,
                    (name.0, &name.1),
                    &mut own,
                    &mut part,
                )
                .await;
                (name, own, part, outcome)
            });
        }
        let rest = pin!(outbound.rest(POLL_INTERVAL_MS));
        match select(running.next(), rest).await {
            Either::Left((None, _)) => break,
            Either::Left((Some((name, own, mut part, outcome)), _)) => {
                in_progress.retain(|other| *other != name);
                limit.give_back(own);
                match outcome {
                    Ok(done) => part.done = done,
                    Err(error) => failures.push((name.0, error)),
                }
                report.add(part);
            }
            Either::Right(_) if limit.is_over((context.now)()) => {}
            Either::Right(_) => {
                // Running deliveries must be recorded, even if this second look fails.
                let found = list().await.unwrap_or_default();
                queue.extend(
                    found
                        .into_iter()
                        .filter(|name| !in_progress.contains(name))
                        .collect::<Vec<_>>(),
                );
                queue = without_repeats(queue);
            }
        }
    }
    report.done &= queue.is_empty();
    Ok(failures)
}

/// The next endpoint that may start beside the running ones.
fn next_endpoint(
    queue: &mut VecDeque<EndpointKey>,
    in_progress: &[EndpointKey],
) -> Option<EndpointKey> {
    if in_progress.len() >= MAX_CONCURRENT {
        return None;
    }
    let of = |programme: i64| in_progress.iter().filter(|(other, _)| *other == programme).count();
    let at = queue.iter().position(|(programme, _)| of(*programme) < MAX_PER_PROGRAMME)?;
    queue.remove(at)
}

fn without_repeats(queue: VecDeque<EndpointKey>) -> VecDeque<EndpointKey> {
    let mut seen = std::collections::HashSet::new();
    queue.into_iter().filter(|name| seen.insert(name.clone())).collect()
}
