//! `night`: activate, close tiers, expire, delete rows after their retention, remind, in this
//! order.
//!
//! The first three are one settling per member, which keeps the order. The tier pass that follows
//! finds members without due lots.

use store::{Error, Sql};

use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::remind::remind;
use crate::report::Report;
use crate::retention::delete_old;
use crate::sweep::sweep;
use crate::tier_upgrade::close_tiers;

/// Runs the whole night of a programme. True when it is done.
pub(crate) async fn night<S: Sql>(
    context: &JobContext<'_, S>,
    active: &mut ActiveProgramme,
    limit: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    Ok(settle(context, active, limit, report).await?
        && remind(context, active, limit, report).await?)
}

/// Everything of the night but the reminders.
pub(crate) async fn settle<S: Sql>(
    context: &JobContext<'_, S>,
    active: &mut ActiveProgramme,
    limit: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    Ok(sweep(context, active, limit, report).await?
        && close_tiers(context, active, limit, report).await?
        && delete_old(context, active, limit, report).await?)
}
