//! `notify`: every entry reaches every endpoint that wants it, at least once, in order per member.
//!
//! An endpoint is a cursor over the entries, so nothing is queued for it but what it did not take. See docs/adr/0300 and
//! docs/reference/events.md.

pub(crate) mod address;
mod deliver;
pub(crate) mod event;
pub(crate) mod outbound;
mod schedule;
pub(crate) mod signature;
mod wave;

use store::{Error, Sql, waiting_endpoints};

use crate::floor::{Budget, Floor};
use crate::report::Report;
use address::AddressPolicy;
use outbound::Outbound;
use schedule::SPANS;

/// Sends what is open to the endpoints of a programme. True when nothing is left that could be sent now.
pub(crate) async fn notify<S: Sql, O: Outbound>(
    floor: &Floor<'_, S>,
    outbound: &O,
    policy: AddressPolicy,
    programme_no: i64,
    budget: &mut Budget,
    report: &mut Report,
) -> Result<bool, Error> {
    let now = (floor.now)();
    let waiting = floor.patiently(async || waiting_endpoints(floor.sql, programme_no, now, SPANS).await).await?;
    // Shared out evenly, so that a busy endpoint does not use up what the next one needs.
    let shares = u32::try_from(waiting.len()).unwrap_or(u32::MAX).max(1);
    let share = budget.left().div_ceil(shares);
    let mut done = true;
    for id in waiting {
        let mut own = budget.split(share);
        done &= deliver::deliver(floor, outbound, policy, (programme_no, &id), &mut own, report).await?;
        budget.give_back(own);
    }
    Ok(done)
}
