//! `refresh`: brings members into tags and segments and out of them, and counts for the cuts of
//! scores.
//!
//! Sets that are refreshed on change are evaluated for members whose facts changed. A walk over all
//! members does the rest: daily, weekly, and after a definition changed. It is written down piece
//! by piece, and only what changes is written. So a run may be killed anywhere, and what two at
//! once write is the same.
//!
//! Where nothing is left to do in a programme, that is remembered until its local day ends. Until
//! then neither its rulebook nor its definitions are read, unless facts or definitions change.
//! Programmes with work take turns.

use std::collections::{BTreeMap, BTreeSet};

use reach::{Facts, Family, Histogram, Measures, MemberSet, Refresh, Today, changes};
use rules::{MAX_NAMED_TAGS, Rulebook, compile_member};
use serde_json::{Value as Json, json};
use store::{
    Error, ProgrammeRef, SetChange, SetScan, Sql, StoredSet, begin_set_scan, change_sets,
    changed_members, changed_members_done, clear_removed, closed_members, copied_tags, copies_done,
    due_copies, facts_after, facts_of_members, forget_set_changes, list_sets, mark_tags,
    programmes, rest_sets, resting_sets, rfm_cuts, set_scan, step_set_scan, walk_tag, write_copies,
};

use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::customers::{Databases, MEMBERS, Moment, Piece, Wanted};
use crate::pace::Pace;
use crate::turns::{databases_answer, take_turns};

/// Rows that one statement writes.
const ROWS: Pace = Pace::between(50, 2_000);
/// The most members whose tags the ledger is told of at a time.
const COPIED: i64 = 500;
/// Members whose facts changed, that are evaluated in one piece.
const CHANGED: i64 = 500;
/// The members who came and went are kept for so many days.
pub const CHANGE_DAYS: i64 = 180;
const DAY_MS: i64 = 86_400_000;
/// Sets of a family, at most.
const SETS: i64 = 1_000;
/// Whose decision a change is, where a condition made it, and where the time was over.
const BY_RULE: &str = "rule";
const ENDED: &str = "ended";

/// The figures of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefreshReport {
    /// False if there is more to do: call again.
    pub done: bool,
    /// Members that sets were evaluated for, each time they were.
    pub members: u64,
    /// Members that came into a set or left one.
    pub changes: u64,
    /// Members that were counted for the cuts of scores.
    pub counted: u64,
    /// Members whose tags the ledger was told, as rules name them.
    pub copied: u64,
    /// Definitions and programmes that could not be read. Their members stay as they are.
    pub failed: u64,
    /// The last failure of these; for the log.
    pub last_failure: Option<String>,
}

impl RefreshReport {
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
            "job": "refresh",
            "done": self.done,
            "members": self.members,
            "changes": self.changes,
            "counted": self.counted,
            "copied": self.copied,
            "failed": self.failed,
        })
    }
}

/// Refreshes the sets of a programme; of all when there is none.
///
/// # Errors
/// [`Error`] when a database keeps failing. What was written stays; the next run goes on.
pub async fn refresh<L: Sql, R: Sql>(
    ledger: &JobContext<'_, L>,
    reach: &JobContext<'_, R>,
    programme_no: Option<i64>,
    mut limit: WorkLimit,
) -> Result<RefreshReport, Error> {
    let mut report = RefreshReport { done: true, ..RefreshReport::default() };
    let all = ledger.with_retries(async || programmes(ledger.sql).await).await?;
    let resting = reach.with_retries(async || resting_sets(reach.sql).await).await?;
    let now = (ledger.now)();
    let rests = |of: &ProgrammeRef| {
        let rest = resting.get(&of.no);
        rest.is_some_and(|(until, version)| *until > now && *version == of.rulebook_version)
    };
    let due = all.into_iter().filter(|of| programme_no.is_none_or(|no| no == of.no) && !rests(of));
    let mut pace = ROWS;
    let answers = async || databases_answer(ledger, reach).await;
    let turned = take_turns(
        due,
        (&mut limit, ledger.now),
        answers,
        async |programme: &ProgrammeRef, turn| {
            let databases = Databases { ledger, reach, programme_no: programme.no };
            let mut run = Run { databases, pace, report: &mut report };
            let outcome = run.programme(programme.clone(), turn).await;
            pace = run.pace;
            outcome
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
    pace: Pace,
    report: &'a mut RefreshReport,
}

/// What a step of a walk came to.
enum Walk {
    /// There is nothing to walk for.
    Idle,
    /// It goes on.
    Goes,
    /// All members were seen.
    Ended,
}

/// The sets of a programme, and what their conditions ask for.
struct Sets {
    stored: Vec<StoredSet>,
    all: Vec<MemberSet>,
}

impl Sets {
    fn wanted(&self, asked: &dyn Fn(&MemberSet) -> bool) -> Wanted {
        let conditions =
            self.all.iter().filter(|set| asked(set)).filter_map(|set| set.condition.as_ref());
        let asks_the_ledger = conditions.map(rules::MemberCondition::asks_the_ledger);
        Wanted { ledger: asks_the_ledger.fold(false, |any, asks| any | asks), held: true }
    }

    /// Those that are due for all members, and their versions.
    fn due(&self, today: Today) -> Vec<(i64, i64)> {
        let is_due = |set: &&StoredSet| {
            let is_old =
                |of: fn(i32) -> i32| set.evaluated_day.is_none_or(|day| of(day) < of(today.day));
            if !is_decided(set) {
                return set.wish.lives_days.is_some() && is_old(|day| day);
            }
            set.evaluated_version != set.version
                || match set.wish.refresh {
                    Refresh::OnChange | Refresh::Daily => is_old(|day| day),
                    Refresh::Weekly => is_old(week),
                    Refresh::Manual => false,
                }
        };
        self.stored.iter().filter(is_due).map(|set| (set.no, set.version)).collect()
    }
}

/// Whether its condition decides which members are in it. Passive segments are only ever asked.
fn is_decided(set: &StoredSet) -> bool {
    set.wish.condition.is_some() && set.wish.kind != "passive"
}

/// Weeks since that of 1970-01-01, which was a Thursday. They begin on Mondays.
fn week(day: i32) -> i32 {
    day.saturating_add(3).div_euclid(7)
}

impl<L: Sql, R: Sql> Run<'_, '_, L, R> {
    /// True when nothing is left to do.
    async fn programme(
        &mut self,
        programme: ProgrammeRef,
        limit: &mut WorkLimit,
    ) -> Result<bool, Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        let (version, failed) = (programme.rulebook_version, self.report.failed);
        let active = ActiveProgramme::open(ledger, programme).await?;
        loop {
            if !limit.take_chunk((ledger.now)()) {
                return Ok(false);
            }
            let rows = self.pace.rows();
            if self.pace.write(reach, async || clear_removed(reach.sql, no, rows).await).await? {
                break;
            }
        }
        let today = || Today::at((ledger.now)(), active.book.zone());
        let mut sets = self.sets().await?;
        while self.changed(&sets, today()).await? {
            if !limit.take_chunk((ledger.now)()) {
                return Ok(false);
            }
        }
        let seen_on = loop {
            let today = today();
            match self.walk(&sets, today).await? {
                Walk::Idle => break today,
                Walk::Goes => {}
                // What was evaluated is no more due.
                Walk::Ended => sets = self.sets().await?,
            }
            if !limit.take_chunk((ledger.now)()) {
                return Ok(false);
            }
        };
        if !self.copy(&sets, &active.book, limit).await? {
            return Ok(false);
        }
        let before = (ledger.now)().plus_ms(-CHANGE_DAYS * DAY_MS);
        loop {
            let rows = self.pace.rows();
            let forgotten = self
                .pace
                .write(reach, async || forget_set_changes(reach.sql, no, before, rows).await)
                .await?;
            if i64::try_from(forgotten).is_ok_and(|count| count < rows) {
                break;
            }
            if !limit.take_chunk((ledger.now)()) {
                return Ok(false);
            }
        }
        // What cannot be read is told at each run.
        if self.report.failed == failed {
            let tomorrow = Today { day: seen_on.day.saturating_add(1), ..seen_on };
            let until = tomorrow.start_of(1);
            reach.with_retries(async || rest_sets(reach.sql, no, until, version).await).await?;
        }
        Ok(true)
    }

    /// Tells the ledger which members have the tags that the published rules name, as an earn asks
    /// nobody else. True when nothing is left to do.
    async fn copy(
        &mut self,
        sets: &Sets,
        book: &Rulebook,
        limit: &mut WorkLimit,
    ) -> Result<bool, Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        let named: Vec<String> = book.tags_named().into_keys().take(MAX_NAMED_TAGS).collect();
        let is_new = |set: &StoredSet| {
            set.wish.family == Family::Tag && set.is_copied != named.contains(&set.wish.name)
        };
        if sets.stored.iter().any(is_new) {
            reach.with_retries(async || mark_tags(reach.sql, no, &named).await).await?;
        }
        // What the ledger writes keeps tills waiting.
        let rows = self.pace.rows().min(COPIED);
        while !reach.with_retries(async || walk_tag(reach.sql, no, rows).await).await? {
            if !limit.take_chunk((ledger.now)()) {
                return Ok(false);
            }
        }
        let mut last = 0;
        loop {
            // Before anything is read: of two runs at once the ledger keeps what was read last.
            let at = (ledger.now)();
            let due =
                reach.with_retries(async || due_copies(reach.sql, no, last, rows).await).await?;
            let Some((last_due, _)) = due.last() else { return Ok(true) };
            last = *last_due;
            let members: Vec<i64> = due.iter().map(|(member, _)| *member).collect();
            let mut held =
                reach.with_retries(async || copied_tags(reach.sql, no, &members, at).await).await?;
            let copies: Vec<(i64, Vec<String>)> = members
                .iter()
                .map(|member| (*member, held.remove(member).unwrap_or_default()))
                .collect();
            let written =
                ledger.with_retries(async || write_copies(ledger.sql, &copies, at).await).await?;
            let closed = if written.len() < members.len() {
                ledger.with_retries(async || closed_members(ledger.sql, &members).await).await?
            } else {
                BTreeSet::new()
            };
            self.report.copied += u64::try_from(written.len()).unwrap_or(0);
            let done: Vec<(i64, i64)> = due
                .into_iter()
                .filter(|(member, _)| written.contains(member) || closed.contains(member))
                .collect();
            // Where a run that began later was faster, the note is left to the next one.
            if !done.is_empty() {
                reach.with_retries(async || copies_done(reach.sql, no, &done).await).await?;
            }
            if !limit.take_chunk((ledger.now)()) {
                return Ok(false);
            }
        }
    }

    async fn sets(&mut self) -> Result<Sets, Error> {
        let Databases { reach, programme_no, .. } = self.databases;
        let mut sets = Sets { stored: Vec::new(), all: Vec::new() };
        for family in [Family::Tag, Family::Segment] {
            let found = reach
                .with_retries(async || list_sets(reach.sql, programme_no, family, "", SETS).await)
                .await?;
            for set in found {
                let text = set.wish.condition.as_deref().filter(|_| is_decided(&set));
                let condition = match text.map(compile_member).transpose() {
                    Ok(condition) => condition,
                    // Of a version of this software that knew more. Its members stay.
                    Err(problem) => {
                        self.report.fail(format!("{}: {problem}", set.wish.name));
                        None
                    }
                };
                sets.all.push(MemberSet {
                    no: set.no,
                    family,
                    name: set.wish.name.clone(),
                    condition,
                    refresh: set.wish.refresh,
                    is_exclusive: set.wish.is_exclusive,
                    version: set.version,
                });
                sets.stored.push(set);
            }
        }
        Ok(sets)
    }

    /// Evaluates a piece of the members whose facts changed. False when there are none.
    async fn changed(&mut self, sets: &Sets, today: Today) -> Result<bool, Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        let due =
            reach.with_retries(async || changed_members(reach.sql, no, CHANGED).await).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let numbers: Vec<i64> = due.iter().map(|(no, _)| *no).collect();
        let members =
            reach.with_retries(async || facts_of_members(reach.sql, no, &numbers).await).await?;
        self.evaluate(sets, members, today, &|set| set.refresh == Refresh::OnChange).await?;
        let mut due = due.as_slice();
        while !due.is_empty() {
            let (now, later) = due.split_at(self.pace.size().min(due.len()));
            self.pace.write(reach, async || changed_members_done(reach.sql, no, now).await).await?;
            due = later;
        }
        Ok(true)
    }

    /// One step of a walk over all members; begins one where it is due.
    async fn walk(&mut self, sets: &Sets, today: Today) -> Result<Walk, Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        let scan = reach.with_retries(async || set_scan(reach.sql, no).await).await?;
        let Some(scan) = scan else { return self.begin(sets, today).await };
        let members = reach
            .with_retries(async || facts_after(reach.sql, no, scan.position, MEMBERS, 1).await)
            .await?;
        let last = members.last().map(|(no, _)| *no);
        let is_last = i64::try_from(members.len()).is_ok_and(|count| count < MEMBERS);
        let position = last.filter(|_| !is_last);
        let (mut counts, mut cuts) = (None, None);
        match &scan.sets {
            None => {
                // The day on which the walk began, for all members alike.
                let day = Today { day: scan.day, ..today };
                let mut histogram = counted(&scan)?;
                for (_, facts) in &members {
                    Measures::of(facts, day).into_iter().for_each(|of| histogram.add(of));
                }
                self.report.counted += u64::try_from(members.len()).unwrap_or(0);
                match position {
                    Some(_) => counts = Some(text_of(serde_json::to_string(&histogram))?),
                    None => cuts = Some(text_of(serde_json::to_string(&histogram.cuts()))?),
                }
            }
            Some(asked) => {
                let asked: BTreeMap<i64, i64> = asked.iter().copied().collect();
                self.evaluate(sets, members, today, &|set| asked.contains_key(&set.no)).await?;
            }
        }
        let results = (counts, cuts);
        reach
            .with_retries(async || {
                step_set_scan(reach.sql, no, &scan, position, results.clone()).await
            })
            .await?;
        Ok(if position.is_some() { Walk::Goes } else { Walk::Ended })
    }

    /// Begins a walk: first to count for the cuts of the day, then for all sets that are due.
    async fn begin(&mut self, sets: &Sets, today: Today) -> Result<Walk, Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        let cuts = reach.with_retries(async || rfm_cuts(reach.sql, no).await).await?;
        let due = if cuts.is_none_or(|cuts| cuts.day < today.day) {
            None
        } else {
            let due = sets.due(today);
            if due.is_empty() {
                return Ok(Walk::Idle);
            }
            Some(due)
        };
        reach
            .with_retries(async || begin_set_scan(reach.sql, no, today.day, due.as_deref()).await)
            .await?;
        Ok(Walk::Goes)
    }

    async fn evaluate(
        &mut self,
        sets: &Sets,
        members: Vec<(i64, Facts)>,
        today: Today,
        asked: &dyn Fn(&MemberSet) -> bool,
    ) -> Result<(), Error> {
        let Databases { ledger, reach, programme_no } = self.databases;
        let cuts = reach.with_retries(async || rfm_cuts(reach.sql, programme_no).await).await?;
        let cuts = cuts.and_then(|stored| stored.cuts);
        let piece = Piece::of(&self.databases, members, sets.wanted(asked)).await?;
        let moment = Moment { now: (ledger.now)(), today, cuts: cuts.as_ref() };
        let (mut decided, mut ended) = (Vec::new(), Vec::new());
        for (member_no, facts) in &piece.members {
            let customer = piece.customer((*member_no, facts), moment);
            for change in changes(&sets.all, asked, customer, piece.held(*member_no)) {
                let by_hand =
                    sets.all.iter().any(|of| of.no == change.set_no && of.condition.is_none());
                let row = SetChange { member_no: *member_no, change, until: None, score: None };
                if by_hand { ended.push(row) } else { decided.push(row) }
            }
        }
        self.report.members += u64::try_from(piece.members.len()).unwrap_or(0);
        for (rows, source) in [(decided, BY_RULE), (ended, ENDED)] {
            let mut rows = rows.as_slice();
            while !rows.is_empty() {
                let (now, later) = rows.split_at(self.pace.size().min(rows.len()));
                let written = self
                    .pace
                    .write(reach, async || {
                        change_sets(reach.sql, programme_no, now, source, moment.now).await
                    })
                    .await?;
                self.report.changes += u64::try_from(written).unwrap_or(0);
                rows = later;
            }
        }
        Ok(())
    }
}

fn counted(scan: &SetScan) -> Result<Histogram, Error> {
    let text = scan.counts.as_deref();
    let read = text.map(serde_json::from_str).transpose();
    read.map(Option::unwrap_or_default).map_err(|_| Error::Corrupt("counts of a walk"))
}

fn text_of(written: serde_json::Result<String>) -> Result<String, Error> {
    written.map_err(|_| Error::Corrupt("counts of a walk"))
}
