//! Runs one operation for many members: one statement loads a group, one commits it.
//!
//! Groups are bounded by members and by lots, so that memory does not grow with the lots of a
//! member, and other writers wait for milliseconds only. While the commit of one group is under
//! way, the next one is loaded and decided. If one member's state is inconsistent, the group is
//! retried member by member, so no other member waits for the next night.

use std::rc::Rc;

use futures::future::LocalBoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use ledger::{Member, MemberId};
use rules::Operation;
use store::{
    Error, Executor, LoadRequest, Outcome, ProgrammeRef, Rows, Scope, Sql, Submission, Value,
    execute, load, open_lots, refresh_due,
};

use crate::context::{ActiveProgramme, JobContext};
use crate::report::Report;

/// Max members in a chunk.
pub(crate) const MAX_MEMBERS: i64 = 500;
/// Max members in a group.
const GROUP_MEMBERS: usize = 250;
/// Max open lots in a group, unless one member alone has more.
const GROUP_LOTS: usize = 5_000;
/// Groups side by side: one is decided while the other one is committed.
const WIDTH: usize = 2;

/// Executes the operation for each of the members, and counts the written entries.
pub(crate) async fn execute_chunk<S: Sql>(
    context: &JobContext<'_, S>,
    active: &mut ActiveProgramme,
    members: &[MemberId],
    operation: impl Operation + 'static,
    report: &mut Report,
) -> Result<(), Error> {
    let mut lanes = Lanes::new(context, operation);
    let started = lanes.start(active, members, report).await;
    lanes.finish(active, report).await.and(started)
}

/// Groups of members whose entries are being written.
pub(crate) struct Lanes<'c, 'a, S> {
    context: &'c JobContext<'a, S>,
    operation: Rc<dyn Operation>,
    running: FuturesUnordered<LocalBoxFuture<'c, Lane>>,
}

/// What became of a group.
struct Lane {
    active: ActiveProgramme,
    report: Report,
    outcome: Result<(), Error>,
}

impl<'c, 'a, S: Sql> Lanes<'c, 'a, S> {
    pub(crate) fn new(context: &'c JobContext<'a, S>, operation: impl Operation + 'static) -> Self {
        Self { context, operation: Rc::new(operation), running: FuturesUnordered::new() }
    }

    /// Starts on these members. Returns when all of them are being written or are done.
    pub(crate) async fn start(
        &mut self,
        active: &mut ActiveProgramme,
        members: &[MemberId],
        report: &mut Report,
    ) -> Result<(), Error> {
        report.members += u64::try_from(members.len()).unwrap_or(0);
        for group in groups(self.context, active.programme.no, members).await? {
            while self.running.len() >= WIDTH {
                self.next(active, report).await?;
            }
            let (context, operation) = (self.context, self.operation.clone());
            let (mut active, mut report) = (active.clone(), Report::of(report.job));
            let group = group.to_vec();
            self.running.push(Box::pin(async move {
                let outcome =
                    execute_group(context, &mut active, &group, &operation, &mut report).await;
                Lane { active, report, outcome }
            }));
        }
        Ok(())
    }

    /// Waits for the groups that are being written, also when one of them fails.
    pub(crate) async fn finish(
        mut self,
        active: &mut ActiveProgramme,
        report: &mut Report,
    ) -> Result<(), Error> {
        let mut outcome = Ok(());
        while !self.running.is_empty() {
            outcome = outcome.and(self.next(active, report).await);
        }
        outcome
    }

    async fn next(
        &mut self,
        active: &mut ActiveProgramme,
        report: &mut Report,
    ) -> Result<(), Error> {
        let Some(lane) = self.running.next().await else { return Ok(()) };
        if lane.active.programme.rulebook_version > active.programme.rulebook_version {
            *active = lane.active;
        }
        report.add(lane.report);
        lane.outcome
    }
}

/// The database of a group. A group is decided in one go: two that take turns would have nothing
/// to decide while they are committed.
struct Steady<'s, S>(&'s S);

impl<S: Sql> Sql for Steady<'_, S> {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        self.0.query(statement, values).await
    }

    async fn look_up(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        self.0.look_up(statement, values).await
    }

    async fn pause(&self, attempt: u32) {
        self.0.pause(attempt).await;
    }
}

/// Splits members into groups that can be loaded at once.
pub(crate) async fn groups<'m, S: Sql>(
    context: &JobContext<'_, S>,
    programme_no: i64,
    members: &'m [MemberId],
) -> Result<Vec<&'m [MemberId]>, Error> {
    let lots =
        context.with_retries(async || open_lots(context.sql, programme_no, members).await).await?;
    let (mut rest, mut lots) = (members, lots.as_slice());
    let mut groups = Vec::new();
    while !rest.is_empty() {
        let size = group_size(lots).clamp(1, rest.len());
        let (group, after) = rest.split_at(size);
        groups.push(group);
        rest = after;
        lots = lots.get(size..).unwrap_or_default();
    }
    Ok(groups)
}

/// How many members from the front fit into one statement.
fn group_size(lots: &[usize]) -> usize {
    let mut sum = 0usize;
    lots.iter()
        .take(GROUP_MEMBERS)
        .take_while(|count| {
            sum = sum.saturating_add(**count);
            sum <= GROUP_LOTS
        })
        .count()
}

async fn execute_group<S: Sql>(
    context: &JobContext<'_, S>,
    active: &mut ActiveProgramme,
    group: &[MemberId],
    operation: &Rc<dyn Operation>,
    report: &mut Report,
) -> Result<(), Error> {
    match execute_with_retries(context, active, group, operation, report).await {
        Err(Error::Corrupt(_) | Error::Fault(_)) => {}
        outcome => return outcome,
    }
    for member in group {
        match execute_with_retries(context, active, std::slice::from_ref(member), operation, report)
            .await
        {
            Err(error @ (Error::Corrupt(_) | Error::Fault(_))) => {
                report.failed += 1;
                report.last_failure = Some(format!("member {member}: {error}"));
            }
            outcome => outcome?,
        }
    }
    Ok(())
}

async fn execute_with_retries<S: Sql>(
    context: &JobContext<'_, S>,
    active: &mut ActiveProgramme,
    members: &[MemberId],
    operation: &Rc<dyn Operation>,
    report: &mut Report,
) -> Result<(), Error> {
    // A new rulebook may be published between two chunks.
    for _ in 0..3 {
        let settled = context
            .with_retries(async || attempt(context, active, members, operation, report.job).await)
            .await?;
        match settled {
            Attempt::Settled(outcomes) => {
                return record_outcomes(context, active, outcomes, report).await;
            }
            Attempt::Outdated(programme) => {
                *active = ActiveProgramme::open(context, programme).await?
            }
        }
    }
    Err(Error::Busy)
}

enum Attempt {
    Settled(Vec<Outcome>),
    Outdated(ProgrammeRef),
}

async fn attempt<S: Sql>(
    context: &JobContext<'_, S>,
    active: &ActiveProgramme,
    members: &[MemberId],
    operation: &Rc<dyn Operation>,
    job: &str,
) -> Result<Attempt, Error> {
    let submissions: Vec<Submission> = members
        .iter()
        .map(|member| Submission::of_job(member.clone(), operation.clone(), job))
        .collect();
    let wanted: Vec<LoadRequest> = submissions.iter().map(Submission::wanted).collect();
    let lots = submissions.first().map_or(store::Lots::All, Submission::lots);
    let found = load(context.sql, Scope::Programme(active.programme.no), &wanted, lots).await?;
    let (programme, _, loaded) = found.ok_or(Error::Corrupt("programme"))?;
    if programme.rulebook_version != active.programme.rulebook_version {
        return Ok(Attempt::Outdated(programme));
    }
    let mut executor = Executor {
        sql: &Steady(context.sql),
        programme: &active.programme,
        book: &active.book,
        now: (context.now)(),
        fresh: || (context.fresh)(),
        abroad: None,
        in_flight: None,
    };
    execute(&mut executor, &submissions, loaded).await.map(Attempt::Settled)
}

/// Counts the written entries. A member on the due list may have nothing due, as the list holds a
/// lower bound; such a member gets its exact due instant.
async fn record_outcomes<S: Sql>(
    context: &JobContext<'_, S>,
    active: &ActiveProgramme,
    outcomes: Vec<Outcome>,
    report: &mut Report,
) -> Result<(), Error> {
    let now = (context.now)();
    let mut idle: Vec<Member> = Vec::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Done(answer) => answer.entries.iter().for_each(|entry| report.count(entry)),
            Outcome::Nothing(member) if member.is_due(now) => idle.push(*member),
            Outcome::Nothing(_) | Outcome::KeyReused => {}
            Outcome::Refused { refusal, .. } => {
                report.failed += 1;
                report.last_failure = Some(format!("refused: {}", refusal.slug()));
            }
        }
    }
    if idle.is_empty() {
        return Ok(());
    }
    context.with_retries(async || refresh_due(context.sql, active.programme.no, &idle).await).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_bounded_by_lots() {
        for (lots, size) in [
            (vec![10, 20, 30], 3),
            (vec![], 0),
            (vec![GROUP_LOTS, 1], 1),
            (vec![GROUP_LOTS + 1, 1], 0),
            (vec![GROUP_LOTS - 1, 1, 1], 2),
            (vec![usize::MAX, usize::MAX], 0),
            (vec![1; GROUP_MEMBERS + 1], GROUP_MEMBERS),
        ] {
            assert_eq!(group_size(&lots), size, "{lots:?}");
        }
    }
}
