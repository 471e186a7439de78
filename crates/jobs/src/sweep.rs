//! `activate` and `expire-sweep`: everything that fell due, members longest due first.
//!
//! Settling a member does all three in the order of the night: activations, ends of tiers,
//! expiries. So both jobs walk the same list; the list shrinks by what is written, and a killed run
//! simply starts at its head again.

use rules::Command;
use store::{Error, Sql, expiring_members};

use crate::chunk::{MEMBERS, execute_chunk};
use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::report::Report;

/// Settles members whose lots fell due. True when the list is through.
pub(crate) async fn sweep<S: Sql>(
    floor: &JobContext<'_, S>,
    place: &mut ActiveProgramme,
    budget: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    let now = (floor.now)();
    // The position moves on over members that cannot be settled, so this ends whatever they hold.
    let mut after = (i64::MIN, 0);
    while budget.take((floor.now)()) {
        let no = place.programme.no;
        let due = floor
            .with_retries(async || expiring_members(floor.sql, no, now, after, MEMBERS).await)
            .await?;
        let Some((_, last)) = due.last() else { return Ok(true) };
        after = *last;
        let is_last = i64::try_from(due.len()).unwrap_or(0) < MEMBERS;
        let members: Vec<_> = due.into_iter().map(|(member, _)| member).collect();
        execute_chunk(floor, place, &members, &Command::Settle, report).await?;
        if is_last {
            return Ok(true);
        }
    }
    Ok(false)
}
