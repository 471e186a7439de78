//! A programme in SQLite, a settable clock, and databases that fail or are raced on purpose.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

pub mod figures;
pub mod receiver;

use std::cell::{Cell, RefCell};

use futures::FutureExt;
use jobs::{AddressPolicy, Job, JobContext, Outbound, Report, WithoutNetwork, WorkLimit, run};
use ledger::{Currency, EntryId, Fresh, MemberId, Money, Origin, Seed, Timestamp};
use rules::operations::{Earn, Redeem};
use rules::{Document, EarnEvent, Line};
use store::{
    Error, Executor, Lots, Native, Rows, Scope, Sql, Submission, Value, execute, load, migrate,
    parse_rulebook, programme, rulebook_text, seed,
};

pub const OPEN: AddressPolicy = AddressPolicy { allow_http: true, allow_private: true };

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("everything here answers at once")
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub struct World {
    pub sql: Native,
    pub now: Cell<Timestamp>,
    ids: Cell<u128>,
}

impl World {
    pub fn new(start: &str) -> Self {
        Self::on(Native::in_memory().unwrap(), start)
    }

    pub fn on(sql: Native, start: &str) -> Self {
        wait(migrate(&sql)).unwrap();
        wait(seed(&sql, 0)).unwrap();
        Self { sql, now: Cell::new(at(start)), ids: Cell::new(1) }
    }

    pub fn set(&self, now: &str) -> &Self {
        self.now.set(at(now));
        self
    }

    pub fn later(&self, ms: i64) -> &Self {
        self.now.set(self.now.get().plus_ms(ms));
        self
    }

    pub fn publish(&self, change: impl FnOnce(&mut Document)) {
        let found = wait(programme(&self.sql, "default")).unwrap().unwrap();
        let mut document = found.document;
        change(&mut document);
        let version = found.reference.rulebook_version;
        let book = rules::Rulebook::new(&document, version + 1).unwrap();
        let now = self.now.get().0;
        wait(store::publish(
            &self.sql,
            "default",
            "Default",
            version,
            (&document, &book),
            now,
            "test",
        ))
        .unwrap();
    }

    pub fn fresh(&self) -> Fresh {
        Fresh { id: self.id(), seed: Seed([7; 32]) }
    }

    pub fn id(&self) -> EntryId {
        self.ids.set(self.ids.get() + 1024);
        EntryId(self.ids.get())
    }

    /// Earns for each of the members.
    pub fn earn(&self, members: impl IntoIterator<Item = String>, event: &EarnEvent) {
        let origin = Origin { actor: "test".into(), ..Origin::default() };
        let member = |id: String| {
            Submission::new(MemberId::new(id).unwrap(), Earn(event.clone()), origin.clone())
        };
        self.order(&members.into_iter().map(member).collect::<Vec<_>>(), Lots::None);
    }

    pub fn redeem(&self, member: &str, points: i64) {
        let origin = Origin { actor: "test".into(), ..Origin::default() };
        let member = MemberId::new(member).unwrap();
        self.order(&[Submission::new(member, Redeem { points }, origin)], Lots::First(64));
    }

    pub fn order(&self, orders: &[Submission], lots: Lots) {
        for outcome in self.try_order(orders, lots) {
            assert!(matches!(outcome, store::Outcome::Done(_)), "{outcome:?}");
        }
    }

    /// What becomes of orders that may be refused.
    pub fn try_order(&self, orders: &[Submission], lots: Lots) -> Vec<store::Outcome> {
        let mut outcomes = Vec::new();
        let found = wait(programme(&self.sql, "default")).unwrap().unwrap().reference;
        let text = wait(rulebook_text(&self.sql, found.no, found.rulebook_version)).unwrap();
        let book = parse_rulebook(&text, found.rulebook_version).unwrap();
        for orders in orders.chunks(500) {
            let wanted: Vec<_> = orders.iter().map(Submission::wanted).collect();
            let (_, _, loaded) =
                wait(load(&self.sql, Scope::Programme(found.no), &wanted, lots)).unwrap().unwrap();
            let mut executor = Executor {
                sql: &self.sql,
                programme: &found,
                book: &book,
                now: self.now.get(),
                fresh: || self.fresh(),
                abroad: None,
                in_flight: None,
            };
            outcomes.extend(wait(execute(&mut executor, orders, loaded)).unwrap());
        }
        outcomes
    }

    pub fn run(&self, job: Job) -> Report {
        self.run_on(&self.sql, &WithoutNetwork, job, u32::MAX).unwrap()
    }

    pub fn run_on<S: Sql>(
        &self,
        sql: &S,
        outbound: &impl Outbound,
        job: Job,
        chunks: u32,
    ) -> Result<Report, Error> {
        let found = wait(programme(&self.sql, "default")).unwrap().unwrap().reference;
        let (now, fresh) = (|| self.now.get(), || self.fresh());
        let context = JobContext { sql, now: &now, fresh: &fresh };
        wait(run(&context, outbound, OPEN, job, found, WorkLimit::chunks(chunks)))
    }

    pub fn number(&self, question: &str) -> i64 {
        self.sql.connection().query_row(question, [], |row| row.get(0)).unwrap()
    }

    pub fn texts(&self, question: &str) -> Vec<String> {
        let mut prepared = self.sql.connection().prepare(question).unwrap();
        prepared.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    /// The ledger's content without ids and hashes: two ways to the same state give the same books.
    pub fn books(&self) -> Vec<String> {
        self.texts(
            "SELECT m.id || ' ' || e.sequence || ' ' || e.kind || ' ' || e.points || ' ' || e.balance_after FROM entry AS e JOIN member AS m
             ON m.no = e.member_no ORDER BY m.id, e.sequence",
        )
    }

    pub fn assert_clean(&self) {
        let audit = wait(store::audit(&self.sql, 1, None, 0, 1_000_000)).unwrap();
        assert!(audit.violations.is_empty(), "{:?}", audit.violations.first());
    }
}

pub fn purchase(amount_minor: i64) -> EarnEvent {
    let amount = Money { amount_minor, currency: Currency::new("CNY").unwrap() };
    let line = Line { line: "1".into(), quantity: 1, amount, sku: None, category: None };
    EarnEvent { event: "purchase".into(), occurred_at: None, lines: vec![line], device: None }
}

pub fn action(name: &str) -> EarnEvent {
    EarnEvent { event: name.into(), occurred_at: None, lines: vec![], device: None }
}

pub fn members(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("m{n:05}"))
}

/// Purchases live for this many days, and there are no tiers to disturb the picture.
pub fn short_lived(days: u32) -> impl FnOnce(&mut Document) {
    move |document| {
        document.tiers = None;
        document.purchase.expiry = "short".into();
        document.expiry.insert("short".into(), rules::Expiry::Days { days, round_up_to: None });
    }
}

/// Answers a number of statements and then none any more, as after `kill -9`.
pub struct Dying<'a> {
    pub sql: &'a Native,
    pub statements_left: Cell<u32>,
}

impl Sql for Dying<'_> {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        let left =
            self.statements_left.get().checked_sub(1).ok_or(Error::Database("killed".into()))?;
        self.statements_left.set(left);
        self.sql.query(statement, values).await
    }
}

/// Runs another action before the first statement that contains `mark`.
pub struct Raced<'a, F> {
    pub sql: &'a Native,
    pub mark: &'static str,
    pub rival: RefCell<Option<F>>,
}

impl<F: FnOnce()> Sql for Raced<'_, F> {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        if statement.contains(self.mark)
            && let Some(rival) = self.rival.take()
        {
            rival();
        }
        self.sql.query(statement, values).await
    }
}
