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

mod hear;
mod report;
mod rest;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ledger::{Timestamp, Zone, local_minute};
use reach::playbook::{Compiled, Known, KnownGrant, KnownTemplate, Playbook};
use reach::touch::{
    Left, Occasion, Reason, Terms, Touch, budget_period, decide, may_concern, planned,
};
use reach::{Channel, Cuts, Facts, Family, Today};
use store::{
    DecidedTouch, Error, Sql, TouchRun, facts_after, facts_of_members, forget_deliveries,
    forget_links, forget_occasions, forget_touches, list_sets, new_occasions, occasions_asked,
    occasions_of_members, programmes, put_touches, rare_states, reachability, rfm_cuts,
    step_touch_run, touch_run, touches_of_members, used_budgets,
};

use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::customers::{Databases, MEMBERS, Moment, Piece, Wanted};
use crate::pace::Pace;
use hear::{Listening, hear_entries, hear_sets};
pub use report::TouchReport;
pub(crate) use rest::Rest;

/// Rows that one statement writes.
const ROWS: Pace = Pace::between(50, 2_000);
/// Members of whom all is read that is known, at a time: each may have hundreds of touches.
const CONCERNED: usize = 250;
/// New occasions that are asked for at a time.
const NEW: i64 = 250;
/// Chunks of a programme before it is the next one's turn.
const TURN: u32 = 20;
/// No walk begins before this minute of the local day. Points that ended at midnight are swept, and
/// tags are brought up to date by then.
const STARTS_AT: i64 = 60;
/// Touches are kept for so many days, with their attempts, links and clicks: for results, and for
/// the report of a year.
pub const TOUCH_DAYS: i64 = 400;
/// Reports of messages that nobody knows are kept for so many days.
const EARLY_DAYS: i64 = 3;
const DAY_MS: i64 = 86_400_000;
/// Sets of a family, at most.
const SETS: i64 = 1_000;
/// How far ahead strategies look, with the days over which messages are spread.
const AHEAD_DAYS: i32 = 400;

/// What a programme has published for messages.
#[derive(Debug, Clone, Default)]
pub struct Messaging {
    /// The playbook in force.
    pub playbook: Playbook,
    /// Its version.
    pub version: i64,
    /// The programme's templates.
    pub templates: BTreeMap<String, KnownTemplate>,
    /// What a message costs by its channel, in minor units.
    pub cost_minor: BTreeMap<Channel, i64>,
    /// When each strategy was first published, by its id. Without it, what was heard for another
    /// strategy before that counts as well.
    pub since: BTreeMap<String, Timestamp>,
}

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
    let mut opened = Vec::new();
    for programme in all.into_iter().filter(|of| programme_no.is_none_or(|no| no == of.no)) {
        let (no, id) = (programme.no, programme.id.clone());
        let found = async {
            let messaging = ledger.with_retries(async || messaging(no).await).await?;
            if messaging.playbook.strategies.is_empty() {
                return Ok(None);
            }
            let active = ActiveProgramme::open(ledger, programme).await?;
            Ok(Some(Listening { active, messaging }))
        };
        match found.await {
            Ok(found) => opened.extend(found),
            // What is wrong with one programme costs no other one.
            Err(Error::Corrupt(what)) => report.fail(format!("programme {id}: {what}")),
            Err(error) => return Err(error),
        }
    }
    // A run for one programme leaves the cursor of all to the others.
    if programme_no.is_none() && !hear_entries(ledger, reach, &opened, &mut limit).await? {
        report.done = false;
    }
    let mut pace = ROWS;
    let mut turns: VecDeque<&Listening> = opened.iter().collect();
    while let Some(listening) = turns.pop_front() {
        let programme_no = listening.active.programme.no;
        let databases = Databases { ledger, reach, programme_no };
        let mut turn = limit.split(TURN);
        let mut run = Run { databases, pace, report: &mut report };
        let outcome = run.programme(listening, &mut turn).await;
        pace = run.pace;
        let is_over = turn.left() > 0;
        limit.give_back(turn);
        match outcome {
            Ok(true) => {}
            Ok(false) if is_over || limit.left() == 0 => {
                report.done = false;
                break;
            }
            Ok(false) => turns.push_back(listening),
            Err(Error::Corrupt(what)) => {
                let id = &listening.active.programme.id;
                report.fail(format!("programme {id}: {what}"));
            }
            Err(error) => return Err(error),
        }
    }
    while limit.take_chunk((ledger.now)()) {
        let (rows, now) = (pace.rows(), (ledger.now)());
        let forgotten =
            pace.write(reach, async || forget_occasions(reach.sql, now, rows).await).await?;
        if i64::try_from(forgotten).is_ok_and(|count| count < rows) {
            break;
        }
    }
    forget_old(reach, (ledger.now)(), &mut pace, &mut limit).await?;
    Ok(report)
}

/// Forgets touches whose time is over, with the attempts to deliver them and their links.
async fn forget_old<R: Sql>(
    reach: &JobContext<'_, R>,
    now: Timestamp,
    pace: &mut Pace,
    limit: &mut WorkLimit,
) -> Result<(), Error> {
    let before = now.plus_ms(-TOUCH_DAYS * DAY_MS);
    let early = now.plus_ms(-EARLY_DAYS * DAY_MS);
    for old in [Old::Touches, Old::Links, Old::Deliveries] {
        while limit.take_chunk((reach.now)()) {
            let rows = pace.rows();
            let forget = async || match old {
                Old::Touches => forget_touches(reach.sql, before, rows).await,
                Old::Links => forget_links(reach.sql, before, rows).await,
                Old::Deliveries => forget_deliveries(reach.sql, (before, early), rows).await,
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
    Touches,
    Links,
    Deliveries,
}

struct Run<'a, 'c, L, R> {
    databases: Databases<'a, 'c, L, R>,
    pace: Pace,
    report: &'a mut TouchReport,
}

/// What all members of a programme are decided by.
struct Day<'a> {
    messaging: &'a Messaging,
    /// The playbook with nobody held out: who is, is asked by it as well.
    without_holdouts: Playbook,
    known: Known,
    compiled: Compiled,
    salt: String,
    shared_days: BTreeSet<i32>,
    decided_through: i32,
    zone: Zone,
    /// Whether a strategy has nodes days after something happened.
    has_later_nodes: bool,
    cuts: Option<Cuts>,
    /// Names of sets by their numbers.
    sets: BTreeMap<i64, (Family, String)>,
}

impl Day<'_> {
    fn terms(&self) -> Terms<'_> {
        Terms {
            playbook: &self.messaging.playbook,
            compiled: &self.compiled,
            version: self.messaging.version,
            known: &self.known,
            salt: &self.salt,
            shared_days: &self.shared_days,
            cost_minor: &self.messaging.cost_minor,
            decided_through: self.decided_through,
            since: &self.messaging.since,
        }
    }
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
        let zone = listening.active.book.zone();
        let today = Today::at((ledger.now)(), zone);
        let run = reach.with_retries(async || touch_run(reach.sql, no).await).await?;
        let is_walked = run.is_some_and(|run| run.walk.is_none())
            && run.is_some_and(|run| run.decided_through >= today.day);
        let is_early = local_minute((ledger.now)(), zone) < STARTS_AT;
        let waits = is_walked || (is_early && run.is_none_or(|run| run.walk.is_none()));
        let mut new = self.new_occasions().await?;
        if waits && new.is_empty() {
            return Ok(true);
        }
        let Some(day) = self.day(listening, run, today).await? else { return Ok(true) };
        while !new.is_empty() {
            if !limit.take_chunk((ledger.now)()) {
                return Ok(false);
            }
            self.answer(&day, &new).await?;
            new = self.new_occasions().await?;
        }
        if waits { Ok(true) } else { self.walk(&day, run, today, limit).await }
    }

    /// What a day is decided by; `None` where the playbook cannot be read.
    async fn day<'a>(
        &mut self,
        listening: &'a Listening,
        run: Option<TouchRun>,
        today: Today,
    ) -> Result<Option<Day<'a>>, Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        let Listening { active, messaging } = listening;
        let compiled = match messaging.playbook.compile() {
            Ok(compiled) => compiled,
            // Of a version of this software that knew more.
            Err(faults) => {
                let fault = faults.first().map_or("", |fault| fault.detail.as_str());
                self.report.fail(format!("playbook of programme {}: {fault}", active.programme.id));
                return Ok(None);
            }
        };
        let cuts = reach.with_retries(async || rfm_cuts(reach.sql, no).await).await?;
        let known = Known {
            templates: messaging.templates.clone(),
            grants: KnownGrant::of_rulebook(active.book.grants()),
            ..Known::default()
        };
        Ok(Some(Day {
            messaging,
            without_holdouts: messaging.playbook.without_holdouts(),
            known,
            compiled,
            salt: active.programme.id.clone(),
            shared_days: active.book.shared_ends(today.day, today.day.saturating_add(AHEAD_DAYS)),
            zone: today.zone,
            has_later_nodes: messaging.playbook.strategies.iter().any(|of| {
                let nodes = of.sequence.iter().flat_map(|sequence| &sequence.nodes);
                nodes.into_iter().any(|node| node.offset_days() > 0)
            }),
            decided_through: run.map_or(today.day.saturating_sub(1), |run| run.decided_through),
            cuts: cuts.and_then(|stored| stored.cuts),
            sets: self.sets().await?,
        }))
    }

    async fn new_occasions(&mut self) -> Result<Vec<(i64, i64)>, Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        reach.with_retries(async || new_occasions(reach.sql, no, NEW).await).await
    }

    /// Decides about the members to whom something new happened.
    async fn answer(&mut self, day: &Day<'_>, new: &[(i64, i64)]) -> Result<(), Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        let numbers: Vec<i64> = new.iter().map(|(no, _)| *no).collect();
        let members: BTreeSet<i64> = new.iter().map(|(_, member)| *member).collect();
        let members: Vec<i64> = members.into_iter().collect();
        let found =
            reach.with_retries(async || facts_of_members(reach.sql, no, &members).await).await?;
        let mut facts: BTreeMap<i64, Facts> = found.into_iter().collect();
        let members =
            members.iter().map(|member| (*member, facts.remove(member).unwrap_or_default()));
        let today = Today::at((ledger.now)(), day.zone);
        self.decide(day, members.collect(), today).await?;
        reach.with_retries(async || occasions_asked(reach.sql, &numbers).await).await
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
        let (walked, mut position) = match run.and_then(|run| run.walk) {
            Some(walk) => walk,
            None => {
                self.step(today.day, None, Some(0)).await?;
                (today.day, 0)
            }
        };
        loop {
            if !limit.take_chunk((ledger.now)()) {
                return Ok(false);
            }
            let members = reach
                .with_retries(async || facts_after(reach.sql, no, position, MEMBERS, 1).await)
                .await?;
            let last = members.last().map(|(no, _)| *no);
            let is_last = i64::try_from(members.len()).is_ok_and(|count| count < MEMBERS);
            self.report.members += u64::try_from(members.len()).unwrap_or(0);
            let today = Today::at((ledger.now)(), day.zone);
            let terms = day.terms();
            let numbers: Vec<i64> = members.iter().map(|(no, _)| *no).collect();
            let open = match day.has_later_nodes {
                true => self.occasions(&numbers).await?,
                false => BTreeMap::new(),
            };
            let is_one = |(no, facts): &(i64, Facts)| {
                open.contains_key(no) || may_concern(&terms, facts, today)
            };
            let mut concerned = members.into_iter().filter(is_one);
            loop {
                let some: Vec<(i64, Facts)> = concerned.by_ref().take(CONCERNED).collect();
                if some.is_empty() {
                    break;
                }
                self.decide(day, some, today).await?;
            }
            let next = last.filter(|_| !is_last);
            if !self.step(walked, Some(position), next).await? {
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
        }
    }

    async fn occasions(&mut self, members: &[i64]) -> Result<BTreeMap<i64, Vec<Occasion>>, Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        let now = (ledger.now)();
        reach.with_retries(async || occasions_of_members(reach.sql, no, members, now).await).await
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

    async fn sets(&mut self) -> Result<BTreeMap<i64, (Family, String)>, Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        let mut sets = BTreeMap::new();
        for family in [Family::Tag, Family::Segment] {
            let found = reach
                .with_retries(async || list_sets(reach.sql, no, family, "", SETS).await)
                .await?;
            sets.extend(found.into_iter().map(|set| (set.no, (family, set.wish.name))));
        }
        Ok(sets)
    }

    /// Decides about some members, and writes it down.
    async fn decide(
        &mut self,
        day: &Day<'_>,
        members: Vec<(i64, Facts)>,
        today: Today,
    ) -> Result<(), Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        let numbers: Vec<i64> = members.iter().map(|(no, _)| *no).collect();
        let wanted = Wanted { ledger: true, held: true };
        let piece = Piece::of(&self.databases, members, wanted).await?;
        let known = Rest {
            occasions: self.occasions(&numbers).await?,
            ways: reach.with_retries(async || reachability(reach.sql, no, &numbers).await).await?,
            rare: ledger.with_retries(async || rare_states(ledger.sql, &numbers).await).await?,
            touches: reach
                .with_retries(async || touches_of_members(reach.sql, no, &numbers).await)
                .await?,
        };
        let now = (ledger.now)();
        let moment = Moment { now, today, cuts: day.cuts.as_ref() };
        let playbook = &day.messaging.playbook;
        let periods: BTreeMap<&str, String> = playbook
            .strategies
            .iter()
            .filter_map(|of| Some((of.id.as_str(), budget_period(of.budget.as_ref()?, now, today))))
            .collect();
        let asked: Vec<(&str, String)> =
            periods.iter().map(|(id, period)| (*id, period.clone())).collect();
        let used = reach.with_retries(async || used_budgets(reach.sql, no, &asked).await).await?;
        let mut left = Left::default();
        for strategy in &playbook.strategies {
            if let Some(uses) = used.get(&strategy.id) {
                left.take(strategy, *uses);
            }
        }
        let mut decided = Vec::new();
        for (member_no, facts) in &piece.members {
            let rare = known.rare.get(member_no);
            // What the second database does not know yet.
            if rare.is_some_and(|rare| rare.is_erased || rare.is_merged) {
                continue;
            }
            let recipient = known.recipient(&piece, (*member_no, facts), moment, &day.sets);
            let before = left.clone();
            let touches = decide(&day.terms(), &recipient, &mut left);
            let is_held_out = |touch: &Touch| touch.reason().is_some_and(Reason::is_held_out);
            let otherwise = match touches.iter().any(is_held_out) {
                true => {
                    let terms = Terms { playbook: &day.without_holdouts, ..day.terms() };
                    decide(&terms, &recipient, &mut { before })
                }
                false => Vec::new(),
            };
            let plans = planned(&touches, &otherwise);
            for (touch, planned) in touches.into_iter().zip(plans) {
                match touch.reason() {
                    None => self.report.touches += 1,
                    Some(reason) => self.count(reason),
                }
                if touch.reason().is_some_and(Reason::is_not_for_the_member) {
                    continue;
                }
                let period = periods.get(touch.key.strategy.as_str()).cloned();
                let (member_no, planned_day) = (*member_no, today.day_of(planned.at));
                decided.push(DecidedTouch { member_no, touch, period, planned, planned_day });
            }
        }
        let mut rows = decided.as_slice();
        while !rows.is_empty() {
            let (now, later) = rows.split_at(self.pace.size().min(rows.len()));
            self.pace.write(reach, async || put_touches(reach.sql, no, now).await).await?;
            rows = later;
        }
        Ok(())
    }

    fn count(&mut self, reason: Reason) {
        *self.report.suppressed.entry(reason.as_str()).or_default() += 1;
    }
}
