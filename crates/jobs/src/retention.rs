//! Deletes rows other than entries after the rulebook's retention. Each statement deletes some
//! hundred rows, so that other writers do not wait.

use store::{Error, KEPT, Kept, Sql, forget};

use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::report::Report;

/// Rows per statement.
const ROWS: i64 = 500;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Deletes rows that are older than the retention. True when none is left.
pub(crate) async fn delete_old<S: Sql>(
    context: &JobContext<'_, S>,
    active: &ActiveProgramme,
    limit: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    let retention = active.book.retention();
    for kept in KEPT {
        let days =
            if kept == Kept::Traces { retention.traces_days } else { retention.answers_days };
        let before = (context.now)().plus_ms(-DAY_MS.saturating_mul(i64::from(days)));
        loop {
            let gone = context
                .with_retries(async || {
                    forget(context.sql, active.programme.no, kept, before, ROWS).await
                })
                .await?;
            report.forgotten += u64::try_from(gone).unwrap_or(0);
            if i64::try_from(gone).unwrap_or(0) < ROWS {
                break;
            }
            if !limit.take_chunk((context.now)()) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
