//! `remind`: one pass per local day over the members whose points expire soon.
//!
//! The rules decide whether to warn a member; they warn once per stage, however often the pass
//! runs. The position belongs to one local day and one rulebook. So a run that was killed or
//! bounded goes on, and a new day, or other reminder days, start over.

use ledger::{Timestamp, day_number, local_date};
use rules::operations::Remind;
use store::{Error, Sql, expiring_members, job_position, move_job};

use crate::chunk::{MAX_MEMBERS, execute_chunk};
use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::report::Report;

const POSITION: &str = "remind";
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Warns members whose points expire soon. True when today's pass is done.
pub(crate) async fn remind<S: Sql>(
    context: &JobContext<'_, S>,
    active: &mut ActiveProgramme,
    limit: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    let Some(days) = active.book.longest_reminder_days() else { return Ok(true) };
    let now = (context.now)();
    let until = horizon(now, days);
    let pass = (day_number(local_date(now, active.book.zone())), active.book.version());
    let no = active.programme.no;
    let stored =
        context.with_retries(async || job_position(context.sql, no, POSITION).await).await?;
    let mut position = read(&stored, pass);
    while let Some(after) = position {
        if !limit.take_chunk((context.now)()) {
            return Ok(false);
        }
        let found = context
            .with_retries(async || {
                expiring_members(context.sql, no, until, after, MAX_MEMBERS).await
            })
            .await?;
        let is_last = i64::try_from(found.len()).unwrap_or(0) < MAX_MEMBERS;
        position = found.last().map(|(_, last)| *last).filter(|_| !is_last);
        let members: Vec<_> = found.into_iter().map(|(member, _)| member).collect();
        execute_chunk(context, active, &members, Remind, report).await?;
        let text = write(pass, position);
        context
            .with_retries(async || move_job(context.sql, no, POSITION, &text, now).await)
            .await?;
    }
    Ok(true)
}

/// The last expiry for which a reminder is due today. The extra day covers the hours between the
/// stage's midnight and the expiry, and nights of daylight saving.
pub(crate) fn horizon(now: Timestamp, days: u32) -> Timestamp {
    now.plus_ms((i64::from(days) + 1) * DAY_MS)
}

/// The position of a pass (day, version): due instant and member number of the last member; `None`
/// when the pass is done.
fn read(text: &str, pass: (i32, i64)) -> Option<(i64, i64)> {
    const BEGINNING: (i64, i64) = (i64::MIN, 0);
    let mut parts = text.split(' ');
    let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok());
    if (number(), number()) != (Some(i64::from(pass.0)), Some(pass.1)) {
        return Some(BEGINNING);
    }
    match (number(), number()) {
        (Some(due_at), Some(no)) => Some((due_at, no)),
        _ => None,
    }
}

fn write((day, version): (i32, i64), position: Option<(i64, i64)>) -> String {
    match position {
        Some((due_at, no)) => format!("{day} {version} {due_at} {no}"),
        None => format!("{day} {version} done"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_belongs_to_a_day_and_a_version() {
        let today = (20_000, 2);
        for (text, expected) in [
            ("", Some((i64::MIN, 0))),
            ("19999 2 done", Some((i64::MIN, 0))),
            ("20000 1 done", Some((i64::MIN, 0))),
            ("20000 2 5 7", Some((5, 7))),
            ("20000 2 done", None),
        ] {
            assert_eq!(read(text, today), expected, "{text}");
        }
        for position in [None, Some((-5, 7))] {
            assert_eq!(read(&write(today, position), today), position);
        }
    }
}
