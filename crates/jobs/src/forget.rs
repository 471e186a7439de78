//! What is no entry goes once the rulebook's retention is over: some hundred rows at a time, so
//! that nobody waits for it.

use store::{Error, KEPT, Kept, Sql, forget};

use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::report::Report;

/// Rows that go in one statement.
const ROWS: i64 = 500;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Takes away what is older than it is kept. True when nothing is left to go.
pub(crate) async fn forget_old<S: Sql>(
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
            if !limit.take((context.now)()) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
