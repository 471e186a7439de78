//! `tier-upgrade`: ends of tier periods, and one pass over all members after a new rulebook.
//!
//! An upgrade normally happens inside the earn that reaches the level. Only a new ladder can leave
//! members below their level.

use rules::operations::{Settle, Upgrade};
use store::{Error, Sql, all_members, ended_tiers, job_position, move_job};

use crate::chunk::{MAX_MEMBERS, execute_chunk};
use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::report::Report;

const POSITION: &str = "tier-upgrade";

/// Closes tiers whose period is over. True when none is left.
pub(crate) async fn close_tiers<S: Sql>(
    context: &JobContext<'_, S>,
    active: &mut ActiveProgramme,
    limit: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    let now = (context.now)();
    // Without a ladder no tier ends: the stored ends wait for the next rulebook that has one.
    while !active.book.levels().is_empty() {
        if !limit.take_chunk((context.now)()) {
            return Ok(false);
        }
        let no = active.programme.no;
        let members = context
            .with_retries(async || ended_tiers(context.sql, no, now, MAX_MEMBERS).await)
            .await?;
        let before = report.entries;
        execute_chunk(context, active, &members, Settle, report).await?;
        let is_last = i64::try_from(members.len()).unwrap_or(0) < MAX_MEMBERS;
        // Members that cannot be settled would be listed again for ever.
        if is_last || report.entries == before {
            break;
        }
    }
    Ok(true)
}

/// Moves members up whom the published rulebook places higher, once for each version. True when the
/// pass is done.
pub(crate) async fn upgrade<S: Sql>(
    context: &JobContext<'_, S>,
    active: &mut ActiveProgramme,
    limit: &mut WorkLimit,
    report: &mut Report,
) -> Result<bool, Error> {
    let no = active.programme.no;
    let mut position = position(context, active).await?;
    while !position.done {
        if !limit.take_chunk((context.now)()) {
            return Ok(false);
        }
        let after = position.after;
        let members = if active.book.levels().is_empty() {
            Vec::new()
        } else {
            context
                .with_retries(async || all_members(context.sql, no, after, MAX_MEMBERS).await)
                .await?
        };
        position.done = i64::try_from(members.len()).unwrap_or(0) < MAX_MEMBERS;
        position.after = members.last().map_or(after, |(_, number)| *number);
        let members: Vec<_> = members.into_iter().map(|(member, _)| member).collect();
        execute_chunk(context, active, &members, Upgrade, report).await?;
        if position.version != active.book.version() {
            // A rulebook was published during the pass: start over under the new rules.
            position = Position::read("", active.book.version());
        }
        let text = position.to_string();
        context
            .with_retries(async || {
                move_job(context.sql, no, POSITION, &text, (context.now)()).await
            })
            .await?;
    }
    Ok(true)
}

/// Whether the published rulebook still has members to move up.
pub(crate) async fn is_pass_open<S: Sql>(
    context: &JobContext<'_, S>,
    active: &ActiveProgramme,
) -> Result<bool, Error> {
    Ok(!active.book.levels().is_empty() && !position(context, active).await?.done)
}

async fn position<S: Sql>(
    context: &JobContext<'_, S>,
    active: &ActiveProgramme,
) -> Result<Position, Error> {
    let no = active.programme.no;
    let stored =
        context.with_retries(async || job_position(context.sql, no, POSITION).await).await?;
    Ok(Position::read(&stored, active.book.version()))
}

/// The position of the pass for one version of the rulebook.
#[derive(Debug, PartialEq, Eq)]
struct Position {
    version: i64,
    after: i64,
    done: bool,
}

impl Position {
    /// Text of another version, or unreadable text, gives the start.
    fn read(text: &str, version: i64) -> Self {
        let mut parts = text.split(' ');
        let stored: Option<i64> = parts.next().and_then(|part| part.parse().ok());
        let after = parts.next().and_then(|part| part.parse().ok());
        let done = parts.next() == Some("done");
        match after {
            Some(after) if stored == Some(version) => Self { version, after, done },
            _ => Self { version, after: 0, done: false },
        }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {} {}",
            self.version,
            self.after,
            if self.done { "done" } else { "under-way" }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_belongs_to_a_version() {
        let begin = Position { version: 3, after: 0, done: false };
        for (text, expected) in [
            ("", begin),
            ("2 70 done", Position { version: 3, after: 0, done: false }),
            ("3 70 under-way", Position { version: 3, after: 70, done: false }),
            ("3 70 done", Position { version: 3, after: 70, done: true }),
            ("3 x done", Position { version: 3, after: 0, done: false }),
        ] {
            assert_eq!(Position::read(text, 3), expected, "{text}");
        }
        let position = Position { version: 3, after: 70, done: true };
        assert_eq!(Position::read(&position.to_string(), 3), position);
    }
}
