//! Requests of one instance that write in one statement, as on a host without group commit.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::channel::oneshot;
use futures::future::join_all;
use futures::task::noop_waker_ref;
use ledger::EntryId;
use store::{
    Error, Executor, Gather, InFlight, Outcome, Rows, Scope, Sql, Submission, Value, execute, load,
};

use super::support::{World, act, buy, fresh, redeem, told};

/// What statements fail with.
type Failure = fn() -> Error;

/// A database of an instance with many requests: each statement lets the others run before it.
struct Instance<'a> {
    world: &'a World,
    gather: Gather<oneshot::Sender<()>>,
    in_flight: InFlight,
    /// Postings in each statement that was sent.
    sent: RefCell<Vec<usize>>,
    /// Whether somebody else earns for `m` with every pause.
    is_busy: Cell<bool>,
    /// What the statements with this number of postings fail with.
    fails: Cell<Option<(usize, Failure)>>,
    ids: Cell<u128>,
}

impl Sql for Instance<'_> {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        let mut has_waited = false;
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        self.world.sql.query(statement, values).await
    }

    async fn post(&self, rows: Vec<Vec<Value>>) -> Result<Rc<HashSet<EntryId>>, Error> {
        let write = async |rows: Vec<Vec<Value>>| {
            self.sent.borrow_mut().push(rows.len());
            // So that others come meanwhile.
            self.query("SELECT 1", vec![]).await?;
            match self.fails.get() {
                Some((count, error)) if count == rows.len() => Err(error()),
                _ => self.world.sql.post(rows).await,
            }
        };
        if self.is_busy.get() && self.sent.borrow().len() < 3 {
            self.pause(0).await;
        }
        self.gather.post(rows, async || (), write, oneshot::channel).await
    }

    async fn pause(&self, _: u32) {
        if self.is_busy.get() {
            self.ids.set(self.ids.get() + 1000);
            let key = format!("else{}", self.ids.get());
            self.world.one(buy("m", &key, &key, 100));
        }
    }
}

impl Instance<'_> {
    fn new(world: &World) -> Instance<'_> {
        Instance {
            world,
            gather: Gather::default(),
            in_flight: InFlight::default(),
            sent: RefCell::default(),
            is_busy: Cell::default(),
            fails: Cell::default(),
            ids: Cell::new(1_000_000),
        }
    }

    async fn one(&self, order: Submission) -> Result<Outcome, Error> {
        let programme = &self.world.programme;
        let wanted = [order.wanted()];
        let found =
            load(self, Scope::Programme(programme.no), &wanted, order.lots()).await?.unwrap();
        let mut executor = Executor {
            sql: self,
            programme,
            book: &self.world.book,
            now: self.world.now.get(),
            fresh: || {
                self.ids.set(self.ids.get() + 1000);
                fresh(self.ids.get())
            },
            abroad: None,
            in_flight: Some(&self.in_flight),
        };
        Ok(execute(&mut executor, &[order], found.2).await?.pop().unwrap())
    }

    /// All of them side by side, in one thread.
    fn all(&self, orders: impl IntoIterator<Item = Submission>) -> Vec<Result<Outcome, Error>> {
        let mut all = std::pin::pin!(join_all(orders.into_iter().map(|order| self.one(order))));
        let mut context = Context::from_waker(noop_waker_ref());
        for _ in 0..10_000 {
            if let Poll::Ready(outcomes) = all.as_mut().poll(&mut context) {
                return outcomes;
            }
        }
        panic!("somebody waits for ever")
    }

    fn told(&self, orders: impl IntoIterator<Item = Submission>) -> Vec<String> {
        self.all(orders).iter().map(|outcome| told(outcome.as_ref().unwrap())).collect()
    }
}

#[test]
fn requests_that_come_during_a_write_share_the_next_one() {
    let world = World::new();
    let instance = Instance::new(&world);
    let orders = (0..16).map(|n| buy(&format!("m{n}"), &format!("k{n}"), &format!("o{n}"), 100));
    assert_eq!(instance.told(orders), vec!["earn +1"; 16]);
    assert_eq!(*instance.sent.borrow(), [1, 15]);
    assert_eq!(world.number("SELECT count(*) FROM entry"), 16);
    assert_eq!(instance.told([buy("m", "alone", "alone", 100)]), ["earn +1"]);
    assert_eq!(*instance.sent.borrow(), [1, 15, 1]);
}

#[test]
fn requests_of_one_statement_are_each_decided_rightly() {
    let world = World::new();
    let instance = Instance::new(&world);
    let outcomes = instance.told([
        buy("m", "k1", "o1", 100_000),
        buy("m", "k2", "o2", 100_000),
        buy("m", "k1", "o1", 100_000),
        buy("n", "k3", "o2", 100),
        act("p", "k4", "check_in"),
        act("p", "k5", "check_in"),
    ]);
    assert_eq!(
        outcomes,
        [
            "earn +1000",
            "earn +1000, tier_change +500",
            "again: earn +1000",
            "reference-of-another",
            "earn +5",
            "limit-reached"
        ]
    );
    assert_eq!(world.number("SELECT sum(points_in_lots) FROM member"), 2_505);
    // Ten of 48 redemptions have points.
    let instance = Instance::new(&world);
    world.one(redeem("m", "most", 2_490));
    let outcomes = instance.told((0..48).map(|n| redeem("m", &format!("r{n}"), 1)));
    let won = outcomes.iter().filter(|outcome| *outcome == "redeem -1").count();
    assert_eq!((won, outcomes.len()), (10, 48));
    assert_eq!(world.number("SELECT points_in_lots FROM member WHERE id = 'm'"), 0);
    // One effect for 32 requests with one key.
    let instance = Instance::new(&world);
    let outcomes = instance.told((0..32).map(|_| buy("q", "same", "same", 100)));
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "earn +1").count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "again: earn +1").count(), 31);
}

#[test]
fn one_that_the_database_refuses_does_not_take_others_along() {
    let world = World::new();
    let instance = Instance::new(&world);
    let orders = |name: &'static str| {
        (0..3).map(move |n| buy(name, &format!("{name}{n}"), &format!("{name}{n}"), 100))
    };
    instance.fails.set(Some((2, || Error::Database("CHECK constraint failed".into()))));
    assert_eq!(instance.told(orders("m")), ["earn +1"; 3]);
    assert_eq!(*instance.sent.borrow(), [1, 2, 1, 1]);
    // A lock that nobody got, and a full disk, are no matter of one request.
    let errors: [(&str, Failure); 2] = [("n", || Error::Busy), ("p", || Error::Full)];
    for (name, error) in errors {
        let instance = Instance::new(&world);
        instance.fails.set(Some((2, error)));
        let outcomes: Vec<bool> = instance.all(orders(name)).iter().map(Result::is_ok).collect();
        assert_eq!(outcomes, [true, false, false]);
        assert_eq!(*instance.sent.borrow(), [1, 2]);
    }
}

#[test]
fn a_pause_does_not_make_a_decision_stale() {
    let world = World::new();
    let instance = Instance::new(&world);
    instance.is_busy.set(true);
    assert_eq!(instance.told([buy("m", "k1", "o1", 100)]), ["earn +1"]);
    assert_eq!(*instance.sent.borrow(), [1, 1, 1, 1]);
}

#[test]
fn nobody_waits_for_a_request_that_has_ended() {
    let world = World::new();
    let instance = Instance::new(&world);
    {
        let mut first = std::pin::pin!(instance.one(buy("m", "k1", "o1", 100)));
        let mut context = Context::from_waker(noop_waker_ref());
        while instance.sent.borrow().is_empty() {
            assert!(first.as_mut().poll(&mut context).is_pending());
        }
    }
    assert_eq!(instance.told([buy("n", "k2", "o2", 100)]), ["earn +1"]);
    assert_eq!(instance.told([buy("m", "k1", "o1", 100)]), ["earn +1"]);
}
