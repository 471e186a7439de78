//! `touch`: decides which members are told what on a day, by the published playbook.
//!
//! Once a local day, a walk over all members decides what is due by its end. It is written down piece
//! by piece, and a touch is known by a key. So a run may be killed anywhere, and what two at once
//! write is the same. The day counts as decided when the walk has seen everybody; a day without a
//! walk is decided by the next one.
//!
//! Facts tell of most members that nothing can be due. The rest of what is known is read of the
//! others alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ledger::local_minute;
use reach::playbook::{Compiled, Known, KnownGrant, KnownTemplate, Playbook};
use reach::touch::{Left, Reason, Recipient, Terms, budget_period, decide, may_concern};
use reach::{Channel, Cuts, Facts, Family, Today};
use serde_json::{Value as Json, json};
use store::{
    DecidedTouch, Error, ProgrammeRef, RareState, Reachability, Sql, TouchRun, facts_after,
    forget_touches, list_sets, programmes, put_touches, rare_states, reachability, rfm_cuts,
    step_touch_run, touch_run, touches_of_members, used_budgets,
};

use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::customers::{Databases, MEMBERS, Moment, Piece, Wanted};
use crate::pace::Pace;

/// Rows that one statement writes.
const ROWS: Pace = Pace::between(50, 2_000);
/// Members of whom all is read that is known, at a time: each may have hundreds of touches.
const CONCERNED: usize = 250;
/// Chunks of a programme before it is the next one's turn.
const TURN: u32 = 20;
/// No walk begins before this minute of the local day. Points that ended at midnight are swept, and
/// tags are brought up to date by then.
const STARTS_AT: i64 = 60;
/// Touches are kept for so many days: for results, and for the report of a year.
pub const TOUCH_DAYS: i64 = 400;
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
}

/// The figures of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TouchReport {
    /// False if there is more to do: call again.
    pub done: bool,
    /// Members that the walk has seen.
    pub members: u64,
    /// Touches that were decided and are due.
    pub touches: u64,
    /// What is not told, by the reason. Those that the strategy was not for are counted, not kept.
    pub suppressed: BTreeMap<&'static str, u64>,
    /// Playbooks and programmes that could not be read. Nobody is told anything there.
    pub failed: u64,
    /// The last failure of these; for the log.
    pub last_failure: Option<String>,
}

impl TouchReport {
    fn fail(&mut self, text: String) {
        self.failed += 1;
        self.last_failure = Some(text);
    }

    /// True if the run found nothing to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *self == Self { done: true, ..Self::default() }
    }

    /// The report as the API shows it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "job": "touch",
            "done": self.done,
            "members": self.members,
            "touches": self.touches,
            "suppressed": self.suppressed,
            "failed": self.failed,
        })
    }
}

/// Decides the touches of a programme; of all when there is none. `messaging` tells what a programme
/// has published, by its number.
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
    let mut turns: VecDeque<ProgrammeRef> =
        all.into_iter().filter(|of| programme_no.is_none_or(|no| no == of.no)).collect();
    let mut pace = ROWS;
    while let Some(programme) = turns.pop_front() {
        let (no, id) = (programme.no, programme.id.clone());
        let databases = Databases { ledger, reach, programme_no: no };
        let mut turn = limit.split(TURN);
        let mut run = Run { databases, pace, report: &mut report };
        let outcome = match ledger.with_retries(async || messaging(no).await).await {
            Ok(messaging) => run.programme(programme.clone(), &messaging, &mut turn).await,
            Err(error) => Err(error),
        };
        pace = run.pace;
        let is_over = turn.left() > 0;
        limit.give_back(turn);
        match outcome {
            Ok(true) => {}
            Ok(false) if is_over || limit.left() == 0 => {
                report.done = false;
                break;
            }
            Ok(false) => turns.push_back(programme),
            // What is wrong with one programme costs no other one.
            Err(Error::Corrupt(what)) => report.fail(format!("programme {id}: {what}")),
            Err(error) => return Err(error),
        }
    }
    let before = (ledger.now)().plus_ms(-TOUCH_DAYS * DAY_MS);
    while limit.take_chunk((ledger.now)()) {
        let rows = pace.rows();
        let forgotten =
            pace.write(reach, async || forget_touches(reach.sql, before, rows).await).await?;
        if i64::try_from(forgotten).is_ok_and(|count| count < rows) {
            break;
        }
    }
    Ok(report)
}

struct Run<'a, 'c, L, R> {
    databases: Databases<'a, 'c, L, R>,
    pace: Pace,
    report: &'a mut TouchReport,
}

/// What all members of a programme are decided by.
struct Day<'a> {
    messaging: &'a Messaging,
    known: Known,
    compiled: Compiled,
    salt: String,
    shared_days: BTreeSet<i32>,
    decided_through: i32,
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
        }
    }
}

impl<L: Sql, R: Sql> Run<'_, '_, L, R> {
    /// True when nothing is left to do today.
    async fn programme(
        &mut self,
        programme: ProgrammeRef,
        messaging: &Messaging,
        limit: &mut WorkLimit,
    ) -> Result<bool, Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        if messaging.playbook.strategies.is_empty() {
            return Ok(true);
        }
        let id = programme.id.clone();
        let active = ActiveProgramme::open(ledger, programme).await?;
        let zone = active.book.zone();
        let today = Today::at((ledger.now)(), zone);
        let run = reach.with_retries(async || touch_run(reach.sql, no).await).await?;
        let (day, mut position) = match run {
            Some(TouchRun { walk: Some((day, position)), .. }) => (day, position),
            Some(run) if run.decided_through >= today.day => return Ok(true),
            _ if local_minute((ledger.now)(), zone) < STARTS_AT => return Ok(true),
            _ => {
                self.step(today.day, None, Some(0)).await?;
                (today.day, 0)
            }
        };
        let decided_through =
            run.map_or(day.saturating_sub(1), |run| run.decided_through.min(day - 1));
        let compiled = match messaging.playbook.compile() {
            Ok(compiled) => compiled,
            // Of a version of this software that knew more.
            Err(faults) => {
                let fault = faults.first().map_or("", |fault| fault.detail.as_str());
                self.report.fail(format!("playbook of programme {id}: {fault}"));
                return Ok(true);
            }
        };
        let cuts = reach.with_retries(async || rfm_cuts(reach.sql, no).await).await?;
        let grants = active.book.grants().iter().map(|(name, grant)| {
            (name.clone(), KnownGrant { points: grant.points, coupon: grant.coupon.clone() })
        });
        let known = Known {
            templates: messaging.templates.clone(),
            grants: grants.collect(),
            ..Known::default()
        };
        let day_of = Day {
            messaging,
            known,
            compiled,
            salt: id,
            shared_days: active.book.shared_ends(today.day, today.day.saturating_add(AHEAD_DAYS)),
            decided_through,
            cuts: cuts.and_then(|stored| stored.cuts),
            sets: self.sets().await?,
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
            let today = Today::at((ledger.now)(), zone);
            let terms = day_of.terms();
            let concerned: Vec<(i64, Facts)> = members
                .into_iter()
                .filter(|(_, facts)| may_concern(&terms, facts, today))
                .collect();
            let mut concerned = concerned.into_iter();
            loop {
                let some: Vec<(i64, Facts)> = concerned.by_ref().take(CONCERNED).collect();
                if some.is_empty() {
                    break;
                }
                self.decide(&day_of, some, today).await?;
            }
            let next = last.filter(|_| !is_last);
            if !self.step(day, Some(position), next).await? {
                // Another run was faster: it goes on from where that one is.
                let run = reach.with_retries(async || touch_run(reach.sql, no).await).await?;
                match run.and_then(|run| run.walk).filter(|(of, _)| *of == day) {
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
            for touch in decide(&day.terms(), &recipient, &mut left) {
                match touch.reason() {
                    None => self.report.touches += 1,
                    Some(reason) => self.count(reason),
                }
                if touch.reason().is_some_and(Reason::is_not_for_the_member) {
                    continue;
                }
                let period = periods.get(touch.key.strategy.as_str()).cloned();
                decided.push(DecidedTouch { member_no: *member_no, touch, period });
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

/// What is known of some members besides facts, by their numbers.
struct Rest {
    ways: BTreeMap<i64, Reachability>,
    rare: BTreeMap<i64, RareState>,
    touches: BTreeMap<i64, Vec<reach::touch::Touch>>,
}

impl Rest {
    fn recipient<'a>(
        &'a self,
        piece: &'a Piece,
        (member_no, facts): (i64, &'a Facts),
        moment: Moment<'a>,
        sets: &'a BTreeMap<i64, (Family, String)>,
    ) -> Recipient<'a> {
        let ways = self.ways.get(&member_no).cloned().unwrap_or_default();
        let rare = self.rare.get(&member_no);
        let held = piece.held(member_no).iter().filter(|held| held.counts(moment.now));
        let mut customer = piece.customer((member_no, facts), moment);
        let mut segments = BTreeSet::new();
        for held in held {
            match sets.get(&held.set_no) {
                Some((Family::Tag, path)) => customer.tags.push(path),
                Some((Family::Segment, id)) => drop(segments.insert(id.as_str())),
                None => {}
            }
        }
        Recipient {
            customer,
            segments,
            contacts: ways.contacts,
            consents: ways.consents,
            quiet: ways.quiet,
            coupons: rare.map(|rare| rare.coupons.clone()).unwrap_or_default(),
            occasions: Vec::new(),
            controls: BTreeSet::new(),
            is_frozen: rare.is_some_and(|rare| rare.is_frozen),
            is_erased: false,
            touches: self.touches.get(&member_no).map_or(&[], Vec::as_slice),
        }
    }
}
