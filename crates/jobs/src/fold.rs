//! `fold`: makes facts of entries, in the order of the books, by a cursor; and makes them anew.
//!
//! A piece is read from both databases, worked out, and written in one statement that also moves
//! the cursor. Where another run wrote meanwhile, it writes nothing. So a run may be killed
//! anywhere, and two at once do the work of one. A piece is bounded by entries, by what is read, by
//! what is written, and by how long writes take.
//!
//! Beside the cursor stands the hash of the entry that was folded last. Where the ledger has
//! another entry there, it was put back to an earlier copy. The fold then goes on behind the
//! ledger's last entry, and says that facts have to be made anew until every programme's are.

pub(crate) mod rebuild;
mod told;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ledger::{Hash, Member, Timestamp};
use reach::{Batch, Facts, Happened, NextTier, State, Today};
use rules::{Rulebook, TierBasis, projection};
use serde_json::{Value as Json, json};
use store::{
    Error, FoldPosition, FoldStep, FoldedState, ProgrammeRef, Sql, clear_departed, fold_position,
    forget_behaviour, forget_proofs, forget_verifications, is_of_history, last_entry,
    old_behaviour, programmes, read_facts, rebuilds_due, restart_fold, states_to_fold,
    write_fold_step,
};

use self::told::Told;
use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::pace::Pace;

/// Behaviour is kept for so many local days.
pub const BEHAVIOUR_DAYS: i32 = 180;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// Entries of a piece.
const ENTRIES: Pace = Pace::between(64, 2_000);
/// No more is read of a piece once bodies of entries, or facts, have come to so many bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Facts of one piece come to no more bytes, but for those of a single entry.
const MAX_WRITTEN: usize = 2 * 1024 * 1024;
/// Accounts that close in one piece. Whatever is kept of each goes or moves with it.
const CLOSED: usize = 16;
/// Members whose facts one statement reads.
const MEMBERS: usize = 16;
/// Members whose state one statement reads, each with up to 1,000 ends of points.
const STATES: usize = 100;
/// Rows of behaviour that one statement deletes or moves.
const ROWS: Pace = Pace::between(100, 2_000);

/// The figures of a fold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoldReport {
    /// False if there is more to do: call again.
    pub done: bool,
    /// Entries that were folded.
    pub entries: u64,
    /// Rows of members that were written.
    pub members: u64,
    /// Old events of behaviour that were deleted, but for those of erased persons.
    pub forgotten: u64,
    /// Entries that could not be read. What they tell is missing.
    pub failed: u64,
    /// Facts were made of another history than the ledger has, and have to be made anew.
    pub needs_rebuild: bool,
    /// The last failure; for the log.
    pub last_failure: Option<String>,
}

impl FoldReport {
    /// True if the run found nothing to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *self == Self { done: true, ..Self::default() }
    }

    /// The report as the API shows it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "job": "fold",
            "done": self.done,
            "entries": self.entries,
            "members": self.members,
            "forgotten": self.forgotten,
            "failed": self.failed,
            "needs_rebuild": self.needs_rebuild,
        })
    }
}

/// Folds what is new of all programmes, then deletes behaviour whose time is over. Counts what is
/// of that programme; of all when there is none.
///
/// # Errors
/// [`Error`] when a database keeps failing. What was written stays; the next run goes on.
pub async fn fold<L: Sql, R: Sql>(
    ledger: &JobContext<'_, L>,
    reach: &JobContext<'_, R>,
    programme_no: Option<i64>,
    mut limit: WorkLimit,
) -> Result<FoldReport, Error> {
    let mut run = Run::begin(ledger, reach, programme_no).await?;
    while limit.take_chunk((ledger.now)()) {
        if run.piece().await? {
            run.report.done = run.clear(&mut limit).await?;
            break;
        }
    }
    run.tell_of_rebuilds().await?;
    Ok(run.report)
}

struct Run<'a, 'c, L, R> {
    ledger: &'a JobContext<'c, L>,
    reach: &'a JobContext<'c, R>,
    programmes: Vec<ProgrammeRef>,
    /// The rules of programmes; `None` where they cannot be read.
    books: HashMap<i64, Option<ActiveProgramme>>,
    /// Whose entries are counted.
    counted: Option<i64>,
    /// The ledger has the entry that was folded last.
    is_of_history: bool,
    pace: Pace,
    report: FoldReport,
    /// What could not be read for the piece in hand, by programme. It counts once that is written.
    failures: Vec<(i64, String)>,
}

impl<'a, 'c, L: Sql, R: Sql> Run<'a, 'c, L, R> {
    async fn begin(
        ledger: &'a JobContext<'c, L>,
        reach: &'a JobContext<'c, R>,
        counted: Option<i64>,
    ) -> Result<Self, Error> {
        let programmes = ledger.with_retries(async || programmes(ledger.sql).await).await?;
        Ok(Self {
            ledger,
            reach,
            programmes,
            books: HashMap::new(),
            counted,
            is_of_history: false,
            pace: ENTRIES,
            report: FoldReport::default(),
            failures: Vec::new(),
        })
    }

    /// Folds one piece. True when nothing is left.
    async fn piece(&mut self) -> Result<bool, Error> {
        let at = self.position().await?;
        if !self.check_history(at).await? {
            return Ok(false);
        }
        let entries = self.entries(at.entry_no).await?;
        if entries.is_empty() {
            return Ok(true);
        }
        let mut told = self.told(&entries).await?;
        let closes =
            |of: &Told| matches!(of.happened, Some(Happened::Absorbed(_) | Happened::Erased));
        let closing = (0..told.len()).filter(|at| told.get(*at).is_some_and(closes)).nth(CLOSED);
        if let Some(place) = closing {
            told.truncate(place);
        }
        let step = loop {
            self.failures.clear();
            let step = self.made(&mut told).await?;
            if step.bytes() <= MAX_WRITTEN || told.len() < 2 {
                break step;
            }
            told.truncate(told.len() / 2);
        };
        let last = told.last().map_or((at.entry_no, at.hash), |of| (of.entry_no, Some(of.hash)));
        if self.write(at, last, &step).await? {
            self.count(told, &step);
        } else {
            // Another run told of them. A smaller piece is sooner done than that one's next.
            self.pace.slow_down();
        }
        Ok(false)
    }

    /// False where the ledger has another history than facts were made of: the cursor was moved.
    async fn check_history(&mut self, at: FoldPosition) -> Result<bool, Error> {
        if self.is_of_history {
            return Ok(true);
        }
        let (ledger, reach) = (self.ledger, self.reach);
        if ledger.with_retries(async || is_of_history(ledger.sql, at).await).await? {
            self.is_of_history = true;
            return Ok(true);
        }
        let last = ledger.with_retries(async || last_entry(ledger.sql).await).await?;
        let all: Vec<i64> = self.programmes.iter().map(|of| of.no).collect();
        reach.with_retries(async || restart_fold(reach.sql, at, last, &all).await).await?;
        Ok(false)
    }

    /// Says whose facts have to be made anew.
    async fn tell_of_rebuilds(&mut self) -> Result<(), Error> {
        let due = self.reach.with_retries(async || rebuilds_due(self.reach.sql).await).await?;
        let is_due = |of: &&ProgrammeRef| due.contains_key(&of.no) && self.is_counted(of.no);
        let due: Vec<&str> =
            self.programmes.iter().filter(is_due).map(|of| of.id.as_str()).take(10).collect();
        if !due.is_empty() {
            self.report.needs_rebuild = true;
            self.report.last_failure = Some(format!(
                "the ledger is another copy than the one that facts were made of: POST /v1/jobs/fold?rebuild=true for {}",
                due.join(", ")
            ));
        }
        Ok(())
    }

    /// What the entries come to. Where too many members are concerned, the rest is taken off the
    /// list and left for the next piece.
    async fn made(&mut self, told: &mut Vec<Told>) -> Result<FoldStep, Error> {
        let mut batch = Batch::default();
        let departed = self.load(told, &mut batch).await?;
        let (mut touched, mut homes) = (BTreeSet::new(), BTreeMap::new());
        let is_kept = |of: &&Told| !of.is_pool && !departed.contains(&of.member_no);
        for of in told.iter().filter(is_kept) {
            touched.insert(of.member_no);
            homes.insert(of.member_no, of.programme_no);
            homes.extend(of.other_no.map(|no| (no, of.programme_no)));
            if let Some(happened) = &of.happened {
                batch.apply(of.member_no, happened, of.other_no);
            }
        }
        self.step(batch, &touched, &homes).await
    }

    async fn position(&self) -> Result<FoldPosition, Error> {
        self.reach.with_retries(async || fold_position(self.reach.sql).await).await
    }

    async fn write(
        &mut self,
        at: FoldPosition,
        last: (i64, Option<Hash>),
        step: &FoldStep,
    ) -> Result<bool, Error> {
        let reach = self.reach;
        let write = async || write_fold_step(reach.sql, at, last, step, (reach.now)()).await;
        self.pace.write(reach, write).await
    }

    fn is_counted(&self, programme_no: i64) -> bool {
        self.counted.is_none_or(|counted| counted == programme_no)
    }

    fn count(&mut self, told: Vec<Told>, step: &FoldStep) {
        let entries = told.iter().filter(|of| self.is_counted(of.programme_no)).count();
        let members = step.members().filter(|(no, _)| self.is_counted(*no)).count();
        self.report.entries += u64::try_from(entries).unwrap_or(0);
        self.report.members += u64::try_from(members).unwrap_or(0);
        self.failures
            .extend(told.into_iter().filter_map(|of| Some((of.programme_no, of.failure?))));
        self.count_failures();
    }

    fn count_failures(&mut self) {
        for (no, text) in std::mem::take(&mut self.failures) {
            if self.is_counted(no) {
                self.report.failed += 1;
                self.report.last_failure = Some(text);
            }
        }
    }

    fn fail(&mut self, programme_no: i64, text: String) {
        self.failures.push((programme_no, text));
    }

    /// Loads the facts of all that is told of. Where they are too many, the rest is left for the
    /// next piece. Gives back the accounts that departed before.
    async fn load(
        &mut self,
        told: &mut Vec<Told>,
        batch: &mut Batch,
    ) -> Result<BTreeSet<i64>, Error> {
        let mut seen = BTreeSet::new();
        let mut wanted = Vec::new();
        for of in told.iter().filter(|of| !of.is_pool) {
            for no in std::iter::once(of.member_no).chain(of.other_no) {
                if seen.insert(no) {
                    wanted.push((of.programme_no, no));
                }
            }
        }
        let (mut departed, mut loaded, mut bytes) = (BTreeSet::new(), BTreeSet::new(), 0usize);
        for members in wanted.chunks(MEMBERS) {
            if bytes >= MAX_BYTES {
                break;
            }
            let found =
                self.reach.with_retries(async || read_facts(self.reach.sql, members).await).await?;
            for stored in found {
                loaded.insert(stored.member_no);
                bytes = bytes.saturating_add(stored.bytes);
                if stored.is_departed {
                    departed.insert(stored.member_no);
                    continue;
                }
                // One unreadable row must not hold back everybody else: it begins anew.
                let facts = stored.facts.unwrap_or_else(|error| {
                    let home = members.iter().find(|(_, no)| *no == stored.member_no);
                    let home = home.map_or(0, |(programme_no, _)| *programme_no);
                    self.fail(home, format!("member {}: {error}", stored.member_no));
                    Facts::default()
                });
                batch.members.insert(stored.member_no, facts);
            }
        }
        let is_loaded = |of: &Told| {
            of.is_pool
                || std::iter::once(of.member_no).chain(of.other_no).all(|no| loaded.contains(&no))
        };
        let whole = told.iter().take_while(|of| is_loaded(of)).count();
        told.truncate(whole);
        Ok(departed)
    }

    /// What is written of the members that were touched, with what the ledger has of them now.
    async fn step(
        &mut self,
        mut batch: Batch,
        touched: &BTreeSet<i64>,
        homes: &BTreeMap<i64, i64>,
    ) -> Result<FoldStep, Error> {
        let open: Vec<i64> =
            touched.iter().copied().filter(|no| batch.members.contains_key(no)).collect();
        let mut states = self.states(&open).await?;
        let mut step = FoldStep::default();
        for no in open {
            let (Some(programme_no), Some(mut facts)) =
                (homes.get(&no).copied(), batch.members.remove(&no))
            else {
                continue;
            };
            match states.remove(&no) {
                Some(Ok(state)) => self.set_state(programme_no, &mut facts, state).await?,
                Some(Err(error)) => self.fail(programme_no, format!("member {no}: {error}")),
                None => {}
            }
            step.know(programme_no, no, &facts)?;
        }
        for departed in batch.departed {
            step.departed.extend(homes.get(&departed.member_no).map(|no| (*no, departed)));
        }
        Ok(step)
    }

    async fn states(
        &self,
        members: &[i64],
    ) -> Result<BTreeMap<i64, Result<FoldedState, Error>>, Error> {
        let mut states = BTreeMap::new();
        for members in members.chunks(STATES) {
            let found = self
                .ledger
                .with_retries(async || states_to_fold(self.ledger.sql, members).await)
                .await?;
            states.extend(found);
        }
        Ok(states)
    }

    async fn set_state(
        &mut self,
        programme_no: i64,
        facts: &mut Facts,
        state: FoldedState,
    ) -> Result<(), Error> {
        let Some(today) = self.today(programme_no).await? else { return Ok(()) };
        let now = (self.ledger.now)();
        let Some(Some(active)) = self.books.get(&programme_no) else { return Ok(()) };
        let next_tier = next_tier(&active.book, &state.member, now);
        let tier = state.member.tier.map(|tier| (tier.id, tier.until));
        facts.set_state(State { points: state.points, ends: state.ends, tier, next_tier }, today);
        Ok(())
    }

    /// Today in that programme; `None` where its rulebook cannot be read.
    async fn today(&mut self, programme_no: i64) -> Result<Option<Today>, Error> {
        if !self.books.contains_key(&programme_no) {
            let is_it = |of: &&ProgrammeRef| of.no == programme_no;
            if !self.programmes.iter().any(|of| is_it(&of)) {
                self.programmes =
                    self.ledger.with_retries(async || programmes(self.ledger.sql).await).await?;
            }
            let book = match self.programmes.iter().find(is_it) {
                Some(programme) => {
                    match ActiveProgramme::open(self.ledger, programme.clone()).await {
                        Ok(active) => Some(active),
                        Err(Error::Corrupt(_)) => None,
                        Err(error) => return Err(error),
                    }
                }
                None => None,
            };
            self.books.insert(programme_no, book);
        }
        let Some(Some(active)) = self.books.get(&programme_no) else { return Ok(None) };
        Ok(Some(Today::at((self.ledger.now)(), active.book.zone())))
    }

    /// Deletes behaviour and proofs of consents whose time is over, and behaviour of accounts that
    /// departed. True when all is done.
    async fn clear(&mut self, limit: &mut WorkLimit) -> Result<bool, Error> {
        // A day more than is promised, as no zone is a whole day from UTC.
        let today = i32::try_from((self.ledger.now)().0.div_euclid(DAY_MS)).unwrap_or(i32::MAX);
        let first = today.saturating_sub(BEHAVIOUR_DAYS + 1);
        let before: Vec<_> = self.programmes.iter().map(|of| (of.no, first)).collect();
        let old =
            self.reach.with_retries(async || old_behaviour(self.reach.sql, &before).await).await?;
        let mut pace = ROWS;
        for (no, day) in old {
            loop {
                if !limit.take_chunk((self.ledger.now)()) {
                    return Ok(false);
                }
                let rows = pace.rows();
                let forgotten = pace
                    .write(self.reach, async || {
                        forget_behaviour(self.reach.sql, no, day, rows).await
                    })
                    .await?;
                if self.is_counted(no) {
                    self.report.forgotten += u64::try_from(forgotten).unwrap_or(0);
                }
                if i64::try_from(forgotten).is_ok_and(|count| count < rows) {
                    break;
                }
            }
        }
        loop {
            let (now, rows) = ((self.reach.now)(), pace.rows());
            let forget = async || {
                let made = now.plus_ms(-DAY_MS);
                let codes = forget_verifications(self.reach.sql, made, rows).await?;
                Ok(codes.max(forget_proofs(self.reach.sql, now, rows).await?))
            };
            let forgotten = pace.write(self.reach, forget).await?;
            if i64::try_from(forgotten).is_ok_and(|count| count < rows) {
                break;
            }
            if !limit.take_chunk(now) {
                return Ok(false);
            }
        }
        while limit.take_chunk((self.ledger.now)()) {
            let rows = pace.rows();
            if pace.write(self.reach, async || clear_departed(self.reach.sql, rows).await).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The level above a member's, and what is missing for it.
pub(crate) fn next_tier(book: &Rulebook, member: &Member, now: Timestamp) -> Option<NextTier> {
    let at = projection(book, member, now)?;
    let next = at.next?;
    let basis = match at.basis {
        TierBasis::Spend => "spend",
        TierBasis::Growth => "growth",
        TierBasis::Orders => "orders",
        TierBasis::AverageOrder => "average_order",
    };
    Some(NextTier { id: next.tier, basis: basis.to_owned(), missing: next.missing })
}
