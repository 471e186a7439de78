//! `activate` and `expire-sweep`: everything that is due, the longest due members first.
//!
//! Settling a member does all three in the order of the night: activations, ends of tiers,
//! expiries. So both jobs walk the same list. Each written entry shortens the list, so a killed run
//! simply starts over.

use rules::operations::Settle;
use store::{Error, Sql, expiring_members};

use crate::chunk::{Lanes, MAX_MEMBERS};
use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::report::Report;

/// Settles members with due lots. True when the list is done.
pub(crate) async fn sweep<S: Sql>(
    context: &JobContext<'_, S>,
    active: &mut ActiveProgramme,
    limit: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    let mut lanes = Lanes::new(context, Settle);
    let is_done = walk(context, &mut lanes, active, limit, report).await;
    lanes.finish(active, report).await?;
    is_done
}

async fn walk<S: Sql>(
    context: &JobContext<'_, S>,
    lanes: &mut Lanes<'_, '_, S>,
    active: &mut ActiveProgramme,
    limit: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    let now = (context.now)();
    // The position also passes members that cannot be settled, so this loop always ends.
    let mut after = (i64::MIN, 0);
    while limit.take_chunk((context.now)()) {
        let no = active.programme.no;
        let due = context
            .with_retries(async || expiring_members(context.sql, no, now, after, MAX_MEMBERS).await)
            .await?;
        let Some((_, last)) = due.last() else { return Ok(true) };
        after = *last;
        let is_last = i64::try_from(due.len()).unwrap_or(0) < MAX_MEMBERS;
        let members: Vec<_> = due.into_iter().map(|(member, _)| member).collect();
        lanes.start(active, &members, report).await?;
        if is_last {
            return Ok(true);
        }
    }
    Ok(false)
}
