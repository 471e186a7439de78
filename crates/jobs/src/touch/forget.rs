//! What `touch` forgets, some rows at a time.

use ledger::Timestamp;
use store::{
    Error, Sql, forget_deliveries, forget_links, forget_occasions, forget_tasks, forget_touches,
};

use crate::context::{JobContext, WorkLimit};
use crate::pace::Pace;

/// Touches are kept for so many days, with their attempts, links and clicks: for results, and for
/// the report of a year.
pub const TOUCH_DAYS: i64 = 400;
/// Reports of messages that nobody knows are kept for so many days.
const EARLY_DAYS: i64 = 3;
const DAY_MS: i64 = 86_400_000;

/// Forgets occasions that nothing answers any more, and touches whose time is over, with the
/// attempts to deliver them, their links and tasks.
pub(super) async fn forget_old<R: Sql>(
    reach: &JobContext<'_, R>,
    now: Timestamp,
    pace: &mut Pace,
    limit: &mut WorkLimit,
) -> Result<(), Error> {
    let before = now.plus_ms(-TOUCH_DAYS * DAY_MS);
    let early = now.plus_ms(-EARLY_DAYS * DAY_MS);
    for old in [Old::Occasions, Old::Touches, Old::Links, Old::Deliveries, Old::Tasks] {
        while limit.take_chunk((reach.now)()) {
            let rows = pace.rows();
            let forget = async || match old {
                Old::Occasions => forget_occasions(reach.sql, now, rows).await,
                Old::Touches => forget_touches(reach.sql, before, rows).await,
                Old::Links => forget_links(reach.sql, before, rows).await,
                Old::Deliveries => forget_deliveries(reach.sql, (before, early), rows).await,
                Old::Tasks => forget_tasks(reach.sql, before, rows).await,
            };
            let forgotten = pace.write(reach, forget).await?;
            if i64::try_from(forgotten).is_ok_and(|count| count < rows) {
                break;
            }
        }
    }
    Ok(())
}

/// What is forgotten.
#[derive(Clone, Copy)]
enum Old {
    Occasions,
    Touches,
    Links,
    Deliveries,
    Tasks,
}
