//! `night`: activate, close tiers, expire, forget what was kept for long enough, remind, in this
//! order.
//!
//! The first three are one settling per member, which keeps the order; the tier pass that follows
//! it finds members without due lots.

use store::{Error, Sql};

use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::forget::forget_old;
use crate::remind::remind;
use crate::report::Report;
use crate::sweep::sweep;
use crate::tier_upgrade::close_tiers;

/// The whole night of a programme. True when it is over.
pub(crate) async fn night<S: Sql>(
    floor: &JobContext<'_, S>,
    place: &mut ActiveProgramme,
    budget: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    Ok(settle(floor, place, budget, report).await? && remind(floor, place, budget, report).await?)
}

/// Everything of the night but the reminders.
pub(crate) async fn settle<S: Sql>(
    floor: &JobContext<'_, S>,
    place: &mut ActiveProgramme,
    budget: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    Ok(sweep(floor, place, budget, report).await?
        && close_tiers(floor, place, budget, report).await?
        && forget_old(floor, place, budget, report).await?)
}
