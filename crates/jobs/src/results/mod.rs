//! `results`: counts what strategies brought, day by day.
//!
//! The touches that were planned for a local day are counted three times: the day after, when what
//! members do within the days of the attribution is over, and when most of what comes back has come
//! back. Each count makes the figures of the day anew from rows. It goes on piece by piece, and
//! what is counted so far stands beside its place. So a run may be killed anywhere, come late or
//! twice, and of two at once one counts.
//!
//! Occasions that ended on the day, and that a strategy settles, are counted with it.
//!
//! A count asks for clicks, and for what members did, until so many days after its day, whenever it
//! is made.

mod count;
mod figures;
mod report;
mod rules;
mod settled;

use ledger::{Timestamp, from_day_number, local_minute, start_of_day};
use reach::Today;
use reach::touch::quarter_start;
use store::{
    Error, ProgrammeRef, ResultRun, Sql, forget_results, next_planned_day, programmes, result_runs,
    result_touches, step_results,
};

use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::customers::Databases;
use crate::pace::Pace;
use crate::turns::{databases_answer, take_turns};
use count::Counting;
use figures::Figures;
pub use report::ResultReport;
use rules::Rules;

/// So many days after a day its touches are counted. After the first one it is known what went out,
/// after the second what members did within the usual 7 days, after the third also what they did
/// within up to 30 days, and most of what came back.
pub const COUNTED_AFTER_DAYS: [i32; 3] = [1, 8, 31];
/// Figures are kept for so many days. They name no members.
pub const RESULT_DAYS: i32 = 1_100;
/// No count begins before this minute of the local day.
const STARTS_AT: i64 = 120;
/// Touches of a piece.
const PIECE: i64 = 500;
/// Rows that one statement forgets.
const ROWS: Pace = Pace::between(50, 2_000);

/// Counts what strategies of a programme brought; of all programmes when there is none.
///
/// # Errors
/// [`Error`] when a database keeps failing. What was written stays; the next run goes on.
pub async fn results<L: Sql, R: Sql>(
    ledger: &JobContext<'_, L>,
    reach: &JobContext<'_, R>,
    programme_no: Option<i64>,
    mut limit: WorkLimit,
) -> Result<ResultReport, Error> {
    let mut report = ResultReport { done: true, ..ResultReport::default() };
    let all = ledger.with_retries(async || programmes(ledger.sql).await).await?;
    let asked = all.into_iter().filter(|of| programme_no.is_none_or(|no| no == of.no));
    let answers = async || databases_answer(ledger, reach).await;
    let turned = take_turns(
        asked,
        (&mut limit, ledger.now),
        answers,
        async |programme: &ProgrammeRef, turn| {
            let databases = Databases { ledger, reach, programme_no: programme.no };
            let mut run = Run { databases, rules: Rules::default(), report: &mut report };
            run.programme(programme.clone(), turn).await
        },
    );
    let turned = turned.await?;
    report.done = turned.done;
    for (programme, error) in turned.failed {
        report.fail(format!("programme {}: {error}", programme.id));
    }
    Ok(report)
}

struct Run<'a, 'c, L, R> {
    databases: Databases<'a, 'c, L, R>,
    rules: Rules,
    report: &'a mut ResultReport,
}

/// How a part of the work ended.
enum Went {
    /// It is done.
    Done,
    /// Another run does it. The next run goes on from there.
    Elsewhere,
    /// The limit was reached.
    Out,
}

/// A count of a day: so many days after it.
#[derive(Clone, Copy)]
struct Turn {
    after_days: i32,
    day: i32,
}

impl<L: Sql, R: Sql> Run<'_, '_, L, R> {
    /// True when nothing is left to do today.
    async fn programme(
        &mut self,
        programme: ProgrammeRef,
        limit: &mut WorkLimit,
    ) -> Result<bool, Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        let runs = reach.with_retries(async || result_runs(reach.sql, no).await).await?;
        // Where nothing was ever planned, no rulebook is read.
        if runs.is_empty() && self.next_day(0).await?.is_none() {
            return Ok(true);
        }
        let active = ActiveProgramme::open(ledger, programme).await?;
        let now = (ledger.now)();
        let today = Today::at(now, active.book.zone());
        if local_minute(now, today.zone) < STARTS_AT {
            return Ok(true);
        }
        // A day is counted the second time only after the first: figures take the place of those
        // before.
        for after_days in COUNTED_AFTER_DAYS {
            let run = runs.get(&after_days);
            match self.days(after_days, run, today, limit).await? {
                Went::Done => {}
                Went::Elsewhere => return Ok(true),
                Went::Out => return Ok(false),
            }
        }
        self.forget(today, limit).await
    }

    async fn next_day(&self, after: i32) -> Result<Option<i32>, Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        reach.with_retries(async || next_planned_day(reach.sql, no, after).await).await
    }

    /// Counts the days that are over for so many days.
    async fn days(
        &mut self,
        after_days: i32,
        run: Option<&ResultRun>,
        today: Today,
        limit: &mut WorkLimit,
    ) -> Result<Went, Error> {
        let mut done = run.map_or(0, |run| run.done_through);
        let mut under_way = run.and_then(|run| run.count.clone());
        loop {
            let (day, position, figures) = match under_way.take() {
                Some((day, position, counts)) => (day, position, Figures::read(counts)),
                None => match self.next_day(done).await? {
                    Some(day) if day <= today.day.saturating_sub(after_days) => {
                        if !limit.take_chunk((self.databases.ledger.now)()) {
                            return Ok(Went::Out);
                        }
                        let of = Turn { after_days, day };
                        if !self.step(of, (None, Some(0)), &Figures::default()).await? {
                            return Ok(Went::Elsewhere);
                        }
                        (day, 0, Figures::default())
                    }
                    _ => return Ok(Went::Done),
                },
            };
            match self.day(Turn { after_days, day }, position, figures, today, limit).await? {
                Went::Done => done = day,
                other => return Ok(other),
            }
        }
    }

    /// Counts a day from a touch on.
    async fn day(
        &mut self,
        of: Turn,
        mut position: i64,
        mut figures: Figures,
        today: Today,
        limit: &mut WorkLimit,
    ) -> Result<Went, Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        let start = |day: i32| start_of_day(from_day_number(day), today.zone);
        let span = (start(of.day), start(of.day.saturating_add(of.after_days)));
        loop {
            if !limit.take_chunk((ledger.now)()) {
                return Ok(Went::Out);
            }
            let days = (of.day, quarter_start(of.day));
            let touches = reach
                .with_retries(async || result_touches(reach.sql, no, days, position, PIECE).await)
                .await?;
            let is_last = i64::try_from(touches.len()).is_ok_and(|count| count < PIECE);
            let last = touches.last().map(|touch| touch.no);
            self.report.touches += u64::try_from(touches.len()).unwrap_or(0);
            let versions = touches.iter().map(|touch| touch.playbook_version).collect();
            self.rules.read(ledger, no, versions, span).await?;
            let after_days = u32::try_from(of.after_days).unwrap_or(0);
            let (databases, rules) = (self.databases, &self.rules);
            let day_end = start(of.day.saturating_add(1));
            let counting = Counting { databases, rules, span, day_end, after_days };
            counting.add(&touches, &mut figures).await?;
            let next = last.filter(|_| !is_last);
            if !self.step(of, (Some(position), next), &figures).await? {
                return Ok(Went::Elsewhere);
            }
            let Some(next) = next else {
                self.report.days += 1;
                return Ok(Went::Done);
            };
            position = next;
        }
    }

    async fn step(
        &self,
        of: Turn,
        places: (Option<i64>, Option<i64>),
        figures: &Figures,
    ) -> Result<bool, Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        let (days, rows) = ((of.after_days, of.day), figures.rows());
        reach.with_retries(async || step_results(reach.sql, no, days, places, &rows).await).await
    }

    async fn forget(&mut self, today: Today, limit: &mut WorkLimit) -> Result<bool, Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        let (before, mut pace) = (today.day.saturating_sub(RESULT_DAYS), ROWS);
        loop {
            let rows = pace.rows();
            let forget = async || forget_results(reach.sql, no, before, rows).await;
            let forgotten = pace.write(reach, forget).await?;
            if i64::try_from(forgotten).is_ok_and(|count| count < rows) {
                return Ok(true);
            }
            if !limit.take_chunk((ledger.now)()) {
                return Ok(false);
            }
        }
    }
}

/// Within a span of instants.
type Span = (Timestamp, Timestamp);
