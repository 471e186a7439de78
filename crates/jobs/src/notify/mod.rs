//! `notify`: every entry reaches every endpoint that wants it, at least once, in order per member.
//!
//! An endpoint is a cursor over the entries, so nothing is queued for it but what it did not take.
//! See docs/adr/0300 and docs/reference/events.md.

pub(crate) mod address;
mod deliver;
pub(crate) mod event;
pub(crate) mod outbound;
mod schedule;
pub(crate) mod seal;
pub(crate) mod signature;
mod wave;

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

/// Endpoints that are delivered to side by side, at most.
const SIDE_BY_SIDE: usize = 128;
/// Those of one programme: its receivers may be slow, and hold their own events up at most.
const OF_ONE_PROGRAMME: usize = 16;
/// How often a run that waits for a slow receiver looks for what the others have been written
/// meanwhile.
const LOOK_AGAIN_MS: u32 = 1_000;

/// An endpoint: the number of its programme, its id.
type Name = (i64, String);

/// Sends what is open to the endpoints of a programme, or of all: side by side, so that a slow
/// receiver holds nobody's events but its own. Done when nothing is left that could be sent now.
/// Tells which programmes failed.
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
    let mut queue: VecDeque<Name> = list().await?.into();
    // Shared out evenly, so that a busy endpoint does not use up what the next one needs.
    let shares = u32::try_from(queue.len()).unwrap_or(u32::MAX).max(1);
    let share = limit.left().div_ceil(shares);
    let mut under_way: Vec<Name> = Vec::new();
    let mut running = FuturesUnordered::new();
    let mut failures = Vec::new();
    report.done = true;
    loop {
        while let Some(name) = next(&mut queue, &under_way) {
            under_way.push(name.clone());
            let mut own = limit.split(share);
            running.push(async move {
                let mut told = Report { done: true, ..Report::of("") };
                let outcome = deliver::deliver(
                    context,
                    outbound,
                    policy,
                    (name.0, &name.1),
                    &mut own,
                    &mut told,
                )
                .await;
                (name, own, told, outcome)
            });
        }
        let rest = pin!(outbound.rest(LOOK_AGAIN_MS));
        match select(running.next(), rest).await {
            Either::Left((None, _)) => break,
            Either::Left((Some((name, own, mut told, outcome)), _)) => {
                under_way.retain(|other| *other != name);
                limit.give_back(own);
                match outcome {
                    Ok(done) => told.done = done,
                    Err(error) => failures.push((name.0, error)),
                }
                report.add(told);
            }
            Either::Right(_) if limit.is_over((context.now)()) => {}
            Either::Right(_) => {
                // What is under way must be written down, whatever comes of another look.
                let found = list().await.unwrap_or_default();
                queue.extend(
                    found.into_iter().filter(|name| !under_way.contains(name)).collect::<Vec<_>>(),
                );
                queue = without_repeats(queue);
            }
        }
    }
    report.done &= queue.is_empty();
    Ok(failures)
}

/// The next endpoint that may be delivered to beside those under way.
fn next(queue: &mut VecDeque<Name>, under_way: &[Name]) -> Option<Name> {
    if under_way.len() >= SIDE_BY_SIDE {
        return None;
    }
    let of = |programme: i64| under_way.iter().filter(|(other, _)| *other == programme).count();
    let at = queue.iter().position(|(programme, _)| of(*programme) < OF_ONE_PROGRAMME)?;
    queue.remove(at)
}

fn without_repeats(queue: VecDeque<Name>) -> VecDeque<Name> {
    let mut seen = std::collections::HashSet::new();
    queue.into_iter().filter(|name| seen.insert(name.clone())).collect()
}
