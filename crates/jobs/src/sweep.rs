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
    context: &JobContext<'_, S>,
    active: &mut ActiveProgramme,
    limit: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    let now = (context.now)();
    // The position moves on over members that cannot be settled, so this ends whatever they hold.
    let mut after = (i64::MIN, 0);
    while limit.take((context.now)()) {
        let no = active.programme.no;
        let due = context
            .with_retries(async || expiring_members(context.sql, no, now, after, MEMBERS).await)
            .await?;
        let Some((_, last)) = due.last() else { return Ok(true) };
        after = *last;
        let is_last = i64::try_from(due.len()).unwrap_or(0) < MEMBERS;
        let members: Vec<_> = due.into_iter().map(|(member, _)| member).collect();
        execute_chunk(context, active, &members, &Command::Settle, report).await?;
        if is_last {
            return Ok(true);
        }
    }
    Ok(false)
}
