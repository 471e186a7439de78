//! `touch`: decides which members are told what on a day, by the published playbook.
//!
//! Once a local day, a walk over all members decides what is due by its end. It is written down
//! piece by piece, and a touch is known by a key. So a run may be killed anywhere, and what two at
//! once write is the same. The day counts as decided when the walk has seen everybody; a day
//! without a walk is decided by the next one.
//!
//! What happens is heard by cursors and asked for at once; nodes of later days with the walk.
//!
//! Facts tell of most members that nothing can be due. The rest of what is known is read of the
//! others alone.
//!
//! A programme whose day is decided rests until the next one begins. Until then its rulebook is
//! read only where something happened.

mod accounts;
mod back_test;
mod day;
mod forget;
mod hear;
mod messaging;
mod past;
mod rehearse;
mod report;
mod rest;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Timestamp, at_local_minute, from_day_number, local_minute};
use reach::playbook::Playbook;
use reach::touch::{Left, Reason, behaviours_asked, next_due};
use reach::{Facts, Today};
use store::{
    DecidedTouch, Error, NewOccasion, Sql, TouchRest, TouchRun, UsedBudget, facts_after,
    facts_of_members, new_occasions, occasions_asked, programmes, put_touches, rest_touches,
    resting_touches, step_touch_run, touch_run,
};

use crate::context::{JobContext, WorkLimit};
use crate::customers::{Databases, MEMBERS};
use crate::pace::Pace;
use crate::turns::{databases_answer, take_turns};
pub use back_test::{BackTestWish, LeftOut, TouchBackTest, back_test_touches};
use day::{Day, DecidedPiece};
pub use forget::TOUCH_DAYS;
use forget::forget_old;
use hear::{Listening, hear_behaviour, hear_entries, hear_sets};
pub use messaging::Messaging;
pub use rehearse::{TouchRehearsal, TouchWish, rehearse_touches};
pub use report::TouchReport;
pub(crate) use rest::{Rest, occasions};

/// Rows that one statement writes.
const ROWS: Pace = Pace::between(50, 2_000);
/// New occasions that are asked for at a time, with all others of their members.
const NEW: i64 = 250;
/// All of these, at most.
const NEW_OF_ALL: i64 = 10_000;
/// Touches of a piece that are kept: more of a member wait for the next piece.
const KEPT: usize = 5_000;
/// Chunks that a piece is worth after which there is more of a member: others wait for it.
const FULL_PIECE: u32 = 5;
/// No walk begins before this minute of the local day. Points that ended at midnight are swept, and
/// tags are brought up to date by then.
const STARTS_AT: i64 = 60;
/// What happened to an account that became part of another one is asked for again after so long.
const MERGED_MS: i64 = 60_000;
/// A walk writes down where it is after so many chunks, as each commit waits for the disk. A run
/// that is killed decides about their members again.
const STEP: u32 = 10;

/// Decides the touches of a programme; of all when there is none. `messaging` tells what a
/// programme has published, by its number.
///
/// # Errors
/// [`Error`] when a database keeps failing. What was written stays; the next run goes on.
pub async fn touch<L: Sql, R: Sql>(
    ledger: &JobContext<'_, L>,
    reach: &JobContext<'_, R>,
    programme_no: Option<i64>,
    messaging: impl AsyncFn(i64) -> Result<Messaging, Error>,
    mut limit: WorkLimit,
) -> Result<TouchReport, Error> {
    let mut report = TouchReport { done: true, ..TouchReport::default() };
    let all = ledger.with_retries(async || programmes(ledger.sql).await).await?;
    let resting = reach.with_retries(async || resting_touches(reach.sql).await).await?;
    let mut listening = Vec::new();
    for programme in all.into_iter().filter(|of| programme_no.is_none_or(|no| no == of.no)) {
        let (no, id) = (programme.no, &programme.id);
        match ledger.with_retries(async || messaging(no).await).await {
            Ok(messaging) if messaging.playbook.strategies.is_empty() => {}
            Ok(messaging) => {
                let rest = resting.get(&no).copied();
                listening.push(Listening::new(programme, messaging, rest));
            }
            // What is wrong with one programme costs no other one.
            Err(Error::Corrupt(what)) => report.fail(format!("programme {id}: {what}")),
            Err(error) => return Err(error),
        }
    }
    // A run for one programme leaves the cursor of all to the others.
    if programme_no.is_none() {
        report.done &= hear_entries(ledger, reach, &listening, &mut limit).await?;
        report.done &= hear_behaviour(reach, &listening, &mut limit).await?;
    }
    let mut pace = ROWS;
    let answers = async || databases_answer(ledger, reach).await;
    let turned = take_turns(
        &listening,
        (&mut limit, ledger.now),
        answers,
        async |listening: &&Listening, turn| {
            let programme_no = listening.programme.no;
            let databases = Databases { ledger, reach, programme_no };
            let mut run = Run { databases, pace, report: &mut report };
            let outcome = run.programme(listening, turn).await;
            pace = run.pace;
            outcome
        },
    );
    let turned = turned.await?;
    report.done &= turned.done;
    for (listening, error) in turned.failed {
        report.fail(format!("programme {}: {error}", listening.programme.id));
    }
    forget_old(reach, (ledger.now)(), &mut pace, &mut limit).await?;
    Ok(report)
}

/// What is decided at one instant and is not written down yet.
struct Batch<'a> {
    now: Timestamp,
    /// The periods of budgets, by strategy, and what is left of these.
    periods: BTreeMap<&'a str, String>,
    left: Left,
    budgets: Vec<UsedBudget>,
    touches: Vec<DecidedTouch>,
    /// How often something is not for a member, by the reason: that is counted, and not kept.
    silent: BTreeMap<Reason, u64>,
    /// Accounts that became part of others, which the fold does not know yet.
    merged: BTreeSet<i64>,
}

/// How far a piece of the walk came.
enum Piece {
    /// All of it is decided and written.
    Written,
    /// The work limit is reached.
    Stopped,
    /// Another run has used up of the budgets meanwhile: it is decided again.
    Beaten,
}

struct Run<'a, 'c, L, R> {
    databases: Databases<'a, 'c, L, R>,
    pace: Pace,
    report: &'a mut TouchReport,
}

impl<L: Sql, R: Sql> Run<'_, '_, L, R> {
    /// True when nothing is left to do today.
    async fn programme(
        &mut self,
        listening: &Listening,
        limit: &mut WorkLimit,
    ) -> Result<bool, Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        if !hear_sets(reach, listening, limit).await? {
            return Ok(false);
        }
        let mut new = self.new_occasions().await?;
        if new.is_empty() && listening.rests((ledger.now)()) {
            return Ok(true);
        }
        let book = listening.book(ledger).await?;
        let today = Today::at((ledger.now)(), book.zone());
        let run = reach.with_retries(async || touch_run(reach.sql, no).await).await?;
        let is_walking = run.is_some_and(|run| run.walk.is_some());
        let is_walked = !is_walking && run.is_some_and(|run| run.decided_through >= today.day);
        let is_early = local_minute((ledger.now)(), today.zone) < STARTS_AT;
        let waits = is_walked || (is_early && !is_walking);
        if !waits || !new.is_empty() {
            let decided_through =
                run.map_or(today.day.saturating_sub(1), |run| run.decided_through);
            let salt_and_book = (listening.programme.id.as_str(), &*book);
            let messaging = &listening.messaging;
            let day = Day::open(&self.databases, salt_and_book, messaging, decided_through, today);
            let day = match day.await? {
                Ok(day) => day,
                Err(fault) => {
                    let id = &listening.programme.id;
                    self.report.fail(format!("playbook of programme {id}: {fault}"));
                    return Ok(true);
                }
            };
            while !new.is_empty() {
                if !limit.take_chunk((ledger.now)()) {
                    return Ok(false);
                }
                self.answer(&day, &messaging.playbook, &new, limit).await?;
                new = self.new_occasions().await?;
            }
            if !waits && !self.walk(&day, run, today, limit).await? {
                return Ok(false);
            }
        }
        let begins_next = if is_early && !is_walked { today } else { tomorrow(today) };
        self.rest(listening, starts_at(begins_next)).await?;
        Ok(true)
    }

    /// Remembers that no walk begins before an instant.
    async fn rest(&mut self, listening: &Listening, until: Timestamp) -> Result<(), Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        let rest = TouchRest { until, rulebook_version: listening.programme.rulebook_version };
        if listening.rest == Some(rest) {
            return Ok(());
        }
        reach.with_retries(async || rest_touches(reach.sql, no, rest).await).await
    }

    async fn new_occasions(&mut self) -> Result<Vec<NewOccasion>, Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        let now = (reach.now)();
        reach
            .with_retries(async || new_occasions(reach.sql, no, now, (NEW, NEW_OF_ALL)).await)
            .await
    }

    /// Decides about the members to whom something new happened.
    async fn answer(
        &mut self,
        day: &Day<'_>,
        playbook: &Playbook,
        new: &[NewOccasion],
        limit: &mut WorkLimit,
    ) -> Result<(), Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        let members: BTreeSet<i64> = new.iter().map(|one| one.member_no).collect();
        let members: Vec<i64> = members.into_iter().collect();
        let now = (reach.now)();
        let open = match behaviours_asked(playbook).is_empty() {
            true => BTreeMap::new(),
            false => day.occasions(&self.databases, &members, now).await?,
        };
        let found =
            reach.with_retries(async || facts_of_members(reach.sql, no, &members).await).await?;
        let mut facts: BTreeMap<i64, Facts> = found.into_iter().collect();
        let members =
            members.iter().map(|member| (*member, facts.remove(member).unwrap_or_default()));
        let mut batch = self.begin(day).await?;
        let unfinished = self.decide(day, members.collect(), &mut batch, limit).await?;
        let merged = std::mem::take(&mut batch.merged);
        if !self.write(batch).await? {
            return Ok(());
        }
        let again = |one: &NewOccasion| {
            let next = match merged.contains(&one.member_no) {
                // By then the fold has taken it to the other account.
                true => Some(now.plus_ms(MERGED_MS)),
                // Later behaviour of the same day may be due later.
                false => open.get(&one.member_no).and_then(|of| next_due(playbook, &of.all, now)),
            };
            (*one, next)
        };
        let is_whole = |one: &&NewOccasion| !unfinished.iter().any(|(no, _)| *no == one.member_no);
        let asked: Vec<_> = new.iter().filter(is_whole).map(again).collect();
        reach.with_retries(async || occasions_asked(reach.sql, &asked).await).await
    }

    /// Walks over all members. True when it has seen everybody.
    async fn walk(
        &mut self,
        day: &Day<'_>,
        run: Option<TouchRun>,
        today: Today,
        limit: &mut WorkLimit,
    ) -> Result<bool, Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        let (walked, mut written) = match run.and_then(|run| run.walk) {
            Some(walk) => walk,
            None => {
                self.step(today.day, None, Some(0)).await?;
                (today.day, 0)
            }
        };
        let (mut position, mut chunks) = (written, 0);
        loop {
            if !limit.take_chunk((ledger.now)()) {
                self.stop(walked, written, position).await?;
                return Ok(false);
            }
            let members = reach
                .with_retries(async || facts_after(reach.sql, no, position, MEMBERS, 1).await)
                .await?;
            let last = members.last().map(|(no, _)| *no);
            let is_last = i64::try_from(members.len()).is_ok_and(|count| count < MEMBERS);
            let count = u64::try_from(members.len()).unwrap_or(0);
            let now = (ledger.now)();
            let concerned = day.concerned(&self.databases, members, now, false).await?;
            match self.decide_all(day, concerned, limit).await? {
                Piece::Written => self.report.members += count,
                Piece::Beaten => continue,
                Piece::Stopped => {
                    self.stop(walked, written, position).await?;
                    return Ok(false);
                }
            }
            let next = last.filter(|_| !is_last);
            chunks += 1;
            if let Some(next) = next.filter(|_| chunks < STEP) {
                position = next;
                continue;
            }
            if !self.step(walked, Some(written), next).await? {
                // Another run was faster: it goes on from where that one is.
                let run = reach.with_retries(async || touch_run(reach.sql, no).await).await?;
                match run.and_then(|run| run.walk).filter(|(of, _)| *of == walked) {
                    Some((_, seen)) => position = seen,
                    None => return Ok(true),
                }
            } else if let Some(next) = next {
                position = next;
            } else {
                return Ok(true);
            }
            (written, chunks) = (position, 0);
        }
    }

    /// Writes down where the next run goes on, where that is not known yet.
    async fn stop(&mut self, walked: i32, written: i64, position: i64) -> Result<(), Error> {
        if position != written {
            self.step(walked, Some(written), Some(position)).await?;
        }
        Ok(())
    }

    async fn step(
        &mut self,
        day: i32,
        before: Option<i64>,
        position: Option<i64>,
    ) -> Result<bool, Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        reach
            .with_retries(async || step_touch_run(reach.sql, no, day, before, position).await)
            .await
    }

    /// Decides about members, some at a time, and writes it down: as much at once as the pace
    /// allows, since each commit waits for the disk and writes the last page of each index anew.
    async fn decide_all(
        &mut self,
        day: &Day<'_>,
        pieces: Vec<Vec<(i64, Facts)>>,
        limit: &mut WorkLimit,
    ) -> Result<Piece, Error> {
        if pieces.is_empty() {
            return Ok(Piece::Written);
        }
        let mut batch = self.begin(day).await?;
        for mut some in pieces {
            loop {
                some = self.decide(day, some, &mut batch, limit).await?;
                // A decision that goes on reads what came of it before.
                if !some.is_empty() || batch.touches.len() >= self.pace.size() {
                    if !self.write(batch).await? {
                        return Ok(Piece::Beaten);
                    }
                    batch = self.begin(day).await?;
                }
                if some.is_empty() {
                    break;
                }
                if !limit.take_chunk((self.databases.ledger.now)()) {
                    return Ok(Piece::Stopped);
                }
            }
        }
        Ok(if self.write(batch).await? { Piece::Written } else { Piece::Beaten })
    }

    async fn begin<'d>(&self, day: &'d Day<'_>) -> Result<Batch<'d>, Error> {
        let now = (self.databases.ledger.now)();
        let periods = day.periods(now);
        let (budgets, left) = day.budgets(&self.databases, &periods).await?;
        let (touches, silent, merged) = Default::default();
        Ok(Batch { now, periods, left, budgets, touches, silent, merged })
    }

    /// Decides about some members. Those about whom there is more to decide.
    async fn decide(
        &mut self,
        day: &Day<'_>,
        members: Vec<(i64, Facts)>,
        batch: &mut Batch<'_>,
        limit: &mut WorkLimit,
    ) -> Result<Vec<(i64, Facts)>, Error> {
        let found = day.decide(&self.databases, members, batch.now, &mut batch.left, KEPT).await?;
        let DecidedPiece { decided, unfinished, merged } = found;
        batch.merged.extend(merged);
        for of in decided {
            for (touch, plan) in of.touches.into_iter().zip(of.plans) {
                if let Some(reason) = touch.reason().filter(|of| of.is_not_for_the_member()) {
                    *batch.silent.entry(reason).or_default() += 1;
                    continue;
                }
                let period = batch.periods.get(touch.key.strategy.as_str()).cloned();
                let member_no = of.member_no;
                let (planned, planned_day, settles_day) = plan;
                batch.touches.push(DecidedTouch {
                    member_no,
                    touch,
                    period,
                    planned,
                    planned_day,
                    settles_day,
                });
            }
        }
        if !unfinished.is_empty() {
            limit.take_more(FULL_PIECE - 1);
        }
        Ok(unfinished)
    }

    /// False where another run has used up of the budgets since they were read: what is not
    /// written by then is to be decided again.
    async fn write(&mut self, batch: Batch<'_>) -> Result<bool, Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        let Batch { mut budgets, touches, silent, .. } = batch;
        let mut touches = touches.as_slice();
        while !touches.is_empty() {
            let (now, later) = touches.split_at(self.pace.size().min(touches.len()));
            let put = async || put_touches(reach.sql, no, now, &budgets).await;
            if !self.pace.write(reach, put).await? {
                return Ok(false);
            }
            for decided in now {
                match decided.touch.reason() {
                    None => self.report.touches += 1,
                    Some(reason) => self.count(reason, 1),
                }
                let is_its = |of: &&mut UsedBudget| of.strategy == decided.touch.key.strategy;
                if let Some(budget) = budgets.iter_mut().find(is_its) {
                    budget.uses.add(decided.touch.uses);
                }
            }
            touches = later;
        }
        for (reason, count) in silent {
            self.count(reason, count);
        }
        Ok(true)
    }

    fn count(&mut self, reason: Reason, count: u64) {
        *self.report.suppressed.entry(reason.as_str()).or_default() += count;
    }
}

fn tomorrow(today: Today) -> Today {
    Today { day: today.day.saturating_add(1), ..today }
}

/// When the walk of a local day begins.
fn starts_at(of: Today) -> Timestamp {
    at_local_minute(from_day_number(of.day), STARTS_AT, of.zone)
}
