//! `fold`: makes facts of entries, in the order of the books, by a cursor; and makes them anew.
//!
//! A piece is read from both databases, worked out, and written in one statement that also moves
//! the cursor. Where another run wrote meanwhile, it writes nothing. So a run may be killed
//! anywhere, and two at once do the work of one.

pub(crate) mod rebuild;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use reach::{Batch, Facts, Happened, NextTier, State, Today};
use rules::{TierBasis, projection};
use serde_json::{Value as Json, json};
use store::{
    Error, FoldPosition, FoldStep, FoldedEntry, FoldedState, ProgrammeRef, Sql, clear_departed,
    entries_to_fold, fold_position, forget_behaviour, forget_proofs, last_entry_no, member_numbers,
    old_behaviour, programmes, read_facts, states_to_fold, undone, write_fold_step,
};

use crate::context::{ActiveProgramme, JobContext, WorkLimit};

/// Behaviour is kept for so many local days.
pub const BEHAVIOUR_DAYS: i32 = 180;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// Max entries of a piece.
const MAX_ENTRIES: usize = 1_000;
/// Entries that one statement reads, each as large as an order may be.
const PAGE: i64 = 250;
/// No more is read of a piece once bodies of entries, or facts, have come to so many bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Members whose facts one statement reads.
const MEMBERS: usize = 16;
/// Rows of behaviour that one statement deletes or moves.
const ROWS: i64 = 2_000;

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
    /// The last failure of these; for the log.
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
        })
    }

    fn fail(&mut self, text: String) {
        self.failed += 1;
        self.last_failure = Some(text);
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
    report: FoldReport,
}

/// What an entry tells, and of whom.
struct Told {
    entry_no: i64,
    programme_no: i64,
    member_no: i64,
    is_pool: bool,
    happened: Option<Happened>,
    other_no: Option<i64>,
}

impl<'a, 'c, L: Sql, R: Sql> Run<'a, 'c, L, R> {
    async fn begin(
        ledger: &'a JobContext<'c, L>,
        reach: &'a JobContext<'c, R>,
        counted: Option<i64>,
    ) -> Result<Self, Error> {
        let programmes = ledger.with_retries(async || programmes(ledger.sql).await).await?;
        let (books, report) = (HashMap::new(), FoldReport::default());
        Ok(Self { ledger, reach, programmes, books, counted, report })
    }

    /// Folds one piece. True when nothing is left.
    async fn piece(&mut self) -> Result<bool, Error> {
        let at = self.position().await?;
        let entries = self.entries(at.entry_no).await?;
        if entries.is_empty() {
            let last =
                self.ledger.with_retries(async || last_entry_no(self.ledger.sql).await).await?;
            if last < at.entry_no {
                // An older copy of the ledger was put back. Its new entries would be passed over.
                return Err(Error::Database(format!(
                    "facts are folded up to entry {}, and the ledger ends with {last}: put back both databases, or neither",
                    at.entry_no
                )));
            }
            return Ok(true);
        }
        let failed_before = (self.report.failed, self.report.last_failure.clone());
        let mut told = self.told(&entries).await?;
        let mut batch = Batch::default();
        let departed = self.load(&mut told, &mut batch).await?;
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
        let last = told.last().map_or(at.entry_no, |last| last.entry_no);
        let step = self.step(batch, &touched, &homes).await?;
        if self.write(at, last, &step).await? {
            self.count(&told, &step);
        } else {
            // Another run told of them.
            (self.report.failed, self.report.last_failure) = failed_before;
        }
        Ok(false)
    }

    async fn position(&self) -> Result<FoldPosition, Error> {
        self.reach.with_retries(async || fold_position(self.reach.sql).await).await
    }

    async fn write(&self, at: FoldPosition, last: i64, step: &FoldStep) -> Result<bool, Error> {
        self.reach
            .with_retries(async || {
                let now = (self.reach.now)();
                write_fold_step(self.reach.sql, at, last, step, now).await
            })
            .await
    }

    fn is_counted(&self, programme_no: i64) -> bool {
        self.counted.is_none_or(|counted| counted == programme_no)
    }

    fn count(&mut self, told: &[Told], step: &FoldStep) {
        let entries = told.iter().filter(|of| self.is_counted(of.programme_no)).count();
        let members = step.known.iter().filter(|(no, ..)| self.is_counted(*no)).count();
        self.report.entries += u64::try_from(entries).unwrap_or(0);
        self.report.members += u64::try_from(members).unwrap_or(0);
    }

    /// The next entries, as many as make a piece.
    async fn entries(&self, mut after: i64) -> Result<Vec<FoldedEntry>, Error> {
        let (mut entries, mut bytes) = (Vec::new(), 0usize);
        while entries.len() < MAX_ENTRIES && bytes < MAX_BYTES {
            let page = self
                .ledger
                .with_retries(async || entries_to_fold(self.ledger.sql, after, PAGE).await)
                .await?;
            let is_last = i64::try_from(page.len()).is_ok_and(|count| count < PAGE);
            after = page.last().map_or(after, |last| last.entry_no);
            bytes = page.iter().fold(bytes, |sum, entry| sum.saturating_add(entry.bytes));
            entries.extend(page);
            if is_last {
                break;
            }
        }
        Ok(entries)
    }

    /// What entries tell. Those that cannot be read tell nothing, and are counted.
    async fn told(&mut self, entries: &[FoldedEntry]) -> Result<Vec<Told>, Error> {
        let undone =
            self.ledger.with_retries(async || undone(self.ledger.sql, entries).await).await?;
        let mut told = Vec::with_capacity(entries.len());
        for of in entries {
            let mut happened = None;
            let today = self.today(of.programme_no).await?;
            match (&of.entry, today) {
                (Ok(None), Some(_)) => {}
                (Ok(Some(entry)), Some(today)) => {
                    let undone = undone.get(&of.entry_no);
                    if Happened::undone_by(entry).is_some() && undone.is_none() {
                        self.fail(
                            of.programme_no,
                            format!("entry {}: undoes nothing", of.entry_no),
                        );
                    }
                    happened = Happened::of(entry, undone, today);
                }
                // A closed account takes what is known of it along, whatever the rules are.
                (Err(_), _) if of.is_erasure => happened = Some(Happened::Erased),
                (Ok(Some(entry)), None) if Happened::of_account(entry).is_some() => {
                    happened = Happened::of_account(entry);
                }
                (_, None) => self.fail(
                    of.programme_no,
                    format!("entry {}: the rulebook of its programme is unreadable", of.entry_no),
                ),
                (Err(error), _) => {
                    self.fail(of.programme_no, format!("entry {}: {error}", of.entry_no));
                }
            }
            told.push(Told {
                entry_no: of.entry_no,
                programme_no: of.programme_no,
                member_no: of.member_no,
                is_pool: of.is_pool,
                happened,
                other_no: None,
            });
        }
        let mut others = Vec::new();
        for (place, of) in told.iter().enumerate() {
            if let Some(other) = of.happened.as_ref().and_then(Happened::other) {
                others.push((place, (of.programme_no, other.clone())));
            }
        }
        let wanted: Vec<_> = others.iter().map(|(_, (no, id))| (*no, id)).collect();
        let numbers = self
            .ledger
            .with_retries(async || member_numbers(self.ledger.sql, &wanted).await)
            .await?;
        for ((place, _), number) in others.iter().zip(numbers) {
            if let Some(of) = told.get_mut(*place) {
                of.other_no = number;
            }
        }
        Ok(told)
    }

    fn fail(&mut self, programme_no: i64, text: String) {
        if self.is_counted(programme_no) {
            self.report.fail(text);
        }
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
            step.known.push((programme_no, no, facts));
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
        self.ledger.with_retries(async || states_to_fold(self.ledger.sql, members).await).await
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
        let at = projection(&active.book, &state.member, now);
        let next_tier = at.and_then(|at| {
            let next = at.next?;
            let basis = match at.basis {
                TierBasis::Spend => "spend",
                TierBasis::Growth => "growth",
                TierBasis::Orders => "orders",
                TierBasis::AverageOrder => "average_order",
            };
            Some(NextTier { id: next.tier, basis: basis.to_owned(), missing: next.missing })
        });
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
        for (no, day) in old {
            loop {
                if !limit.take_chunk((self.ledger.now)()) {
                    return Ok(false);
                }
                let forgotten = self
                    .reach
                    .with_retries(async || forget_behaviour(self.reach.sql, no, day, ROWS).await)
                    .await?;
                if self.is_counted(no) {
                    self.report.forgotten += u64::try_from(forgotten).unwrap_or(0);
                }
                if i64::try_from(forgotten).is_ok_and(|count| count < ROWS) {
                    break;
                }
            }
        }
        loop {
            let now = (self.reach.now)();
            let over = async || forget_proofs(self.reach.sql, now, ROWS).await;
            let forgotten = self.reach.with_retries(over).await?;
            if i64::try_from(forgotten).is_ok_and(|count| count < ROWS) {
                break;
            }
            if !limit.take_chunk(now) {
                return Ok(false);
            }
        }
        while limit.take_chunk((self.ledger.now)()) {
            if self.reach.with_retries(async || clear_departed(self.reach.sql, ROWS).await).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
