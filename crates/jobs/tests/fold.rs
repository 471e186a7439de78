//! Facts that are folded from entries, against what the documents of the same orders add up to.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::support::{Dying, Raced, World, wait};
use jobs::{FoldReport, JobContext, WorkLimit, fold, rebuild};
use ledger::{Currency, Entry, Kind, MemberId, Money, Origin, Timestamp, Zone};
use reach::{Facts, Today};
use rules::operations::{
    Earn, Erase, Merge, Redeem, Redemption, RejectReview, ReturnScope, Reverse, ToReverse,
};
use rules::{EarnEvent, Line, Operation};
use store::{
    BehaviourRow, Error, Lots, Native, Outcome, Rows, Sql, Submission, Value, begin_reach,
    report_behaviour,
};

const START: &str = "2026-01-10T10:00:00+08:00";
const DAY_MS: i64 = 24 * 3600 * 1000;

fn reach() -> Native {
    let reach = Native::in_memory().unwrap();
    wait(begin_reach(&reach, &reach)).unwrap();
    reach
}

fn run_on<R: Sql>(world: &World, reach: &R, limit: WorkLimit) -> Result<FoldReport, Error> {
    let (now, fresh) = (|| world.now.get(), || world.fresh());
    let ledger = JobContext { sql: &world.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: reach, now: &now, fresh: &fresh };
    wait(fold(&ledger, &reach, None, limit))
}

fn folded(world: &World, reach: &Native) -> FoldReport {
    let report = run_on(world, reach, WorkLimit::chunks(1_000)).unwrap();
    assert!(report.done && report.failed == 0, "{report:?}");
    report
}

fn anew(world: &World, reach: &Native) {
    let (now, fresh) = (|| world.now.get(), || world.fresh());
    let ledger = JobContext { sql: &world.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: reach, now: &now, fresh: &fresh };
    let mut after = Some(0);
    while let Some(from) = after {
        // One piece a call, so that calls go on where others ended.
        let (report, next) = wait(rebuild(&ledger, &reach, 1, from, WorkLimit::chunks(1))).unwrap();
        assert_eq!(report.failed, 0, "{report:?}");
        after = next;
    }
}

/// All rows of facts, as they are stored.
fn rows(reach: &Native) -> Vec<String> {
    let mut prepared = reach
        .connection()
        .prepare(
            "SELECT member_no || ' ' || known || ' ' || json_array(next_expiry_at, tier_until, last_order_at, last_login_at, last_seen_at)
             FROM facts ORDER BY member_no",
        )
        .unwrap();
    prepared.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn count(reach: &Native, question: &str) -> i64 {
    reach.connection().query_row(question, [], |row| row.get(0)).unwrap()
}

fn no_of(world: &World, member: &str) -> i64 {
    world.number(&format!("SELECT no FROM member WHERE id = '{member}'"))
}

fn facts(world: &World, reach: &Native, member: &str) -> Facts {
    wait(store::read_facts(reach, &[(1, no_of(world, member))])).unwrap().remove(0).facts.unwrap()
}

fn today(world: &World) -> Today {
    Today::at(world.now.get(), "Asia/Shanghai".parse::<Zone>().unwrap())
}

fn yuan(amount_minor: i64) -> Money {
    Money { amount_minor, currency: Currency::new("CNY").unwrap() }
}

fn submission(member: &str, operation: impl Operation + 'static, actor: &str) -> Submission {
    let origin = Origin { actor: actor.into(), ..Origin::default() };
    Submission::new(MemberId::new(member).unwrap(), operation, origin)
}

/// Lines: category, units, price of a unit in minor units.
fn buy(world: &World, member: &str, lines: &[(Option<&str>, i64, i64)]) -> Entry {
    let line = |(at, (category, quantity, price)): (usize, &(Option<&str>, i64, i64))| Line {
        line: at.to_string(),
        quantity: *quantity,
        amount: yuan(quantity * price),
        sku: None,
        category: category.map(str::to_owned),
    };
    let lines = lines.iter().enumerate().map(line).collect();
    let event = EarnEvent { event: "purchase".into(), occurred_at: None, lines, device: None };
    done(world.try_order(&[submission(member, Earn(event), "test")], Lots::None))
}

/// The entry that was asked for: what fell due meanwhile stands before it.
fn done(mut outcomes: Vec<Outcome>) -> Entry {
    let Some(Outcome::Done(answer)) = outcomes.pop() else { panic!("refused") };
    let is_asked =
        |entry: &&Entry| matches!(entry.kind(), Kind::Earn | Kind::Redeem | Kind::Reverse);
    answer.entries.iter().find(is_asked).unwrap().clone()
}

fn undo(world: &World, member: &str, wish: ToReverse) -> Entry {
    done(world.try_order(&[submission(member, Reverse(Some(Box::new(wish))), "test")], Lots::All))
}

fn give_back(world: &World, member: &str, earn: &Entry, part: ReturnScope) -> Entry {
    undo(world, member, ToReverse { earn: Some(earn.clone()), part, ..ToReverse::default() })
}

fn units(lines: &[(usize, i64)]) -> ReturnScope {
    ReturnScope::Lines(lines.iter().map(|(line, units)| (line.to_string(), *units)).collect())
}

fn spend(world: &World, member: &str, points: i64) -> Entry {
    done(world.try_order(&[submission(member, Redeem { points }, "test")], Lots::All))
}

fn redemption(world: &World, entry: &Entry) -> Redemption {
    Redemption::new(entry.clone(), wait(store::drawn_lots(&world.sql, 1, entry)).unwrap())
}

fn merge(world: &World, into: &str, from: &str) {
    let from = MemberId::new(from).unwrap();
    world.order(&[submission(into, Merge { from }, "test")], Lots::All);
}

fn login(world: &World, reach: &Native, member: i64, key: &str, at: Timestamp) -> bool {
    let event = BehaviourRow {
        programme_no: 1,
        day: today(world).day_of(at),
        key: key.into(),
        member_no: member,
        kind: "login".into(),
        occurred_at: at.0,
        item: None,
        category: None,
        value_minor: None,
        channel: None,
        session: None,
    };
    wait(report_behaviour(reach, &[event])).unwrap() == [true]
}

/// Rows as a fold of everything at once gives them.
fn folded_at_once(world: &World) -> Vec<String> {
    let fresh = reach();
    folded(world, &fresh);
    rows(&fresh)
}

#[test]
fn a_return_is_of_the_day_of_its_order() {
    let (world, reach) = (World::new(START), reach());
    let first =
        buy(&world, "m", &[(Some("tea"), 3, 1_000), (None, 1, 500), (Some("cups"), 2, 250)]);
    let spent = spend(&world, "m", 20);
    world.later(10 * DAY_MS);
    buy(&world, "m", &[(Some("tea"), 1, 700)]);
    world.later(10 * DAY_MS);
    let figures = |days| {
        folded(&world, &reach);
        let (facts, today) = (facts(&world, &reach, "m"), today(&world));
        (
            facts.orders(days, today),
            facts.spend_minor(days, today),
            facts.category_spend_minor("tea", days, today),
            facts.redeemed(days, today),
        )
    };
    assert_eq!(figures(30), (2, 4_700, 3_700, 20));
    assert_eq!(figures(20), (1, 700, 700, 0), "the first day is 20 days back");
    assert_eq!(figures(21), (2, 4_700, 3_700, 20));
    // Two of three pots, then money for the cups that stay.
    give_back(&world, "m", &first, units(&[(0, 2)]));
    assert_eq!(figures(30), (2, 2_700, 1_700, 20));
    give_back(&world, "m", &first, ReturnScope::Money(vec![(Some("2".into()), yuan(100))]));
    assert_eq!(figures(30), (2, 2_600, 1_700, 20));
    // All goods: the order is none any more. Points that had paid come back to their day.
    give_back(&world, "m", &first, ReturnScope::Rest);
    assert_eq!(figures(30), (1, 700, 700, 20));
    undo(
        &world,
        "m",
        ToReverse { redemption: Some(redemption(&world, &spent)), ..ToReverse::default() },
    );
    assert_eq!(figures(30), (1, 700, 700, 0));
    let facts = facts(&world, &reach, "m");
    assert_eq!((facts.orders_ever, facts.spend_ever_minor), (1, 700));
    assert_eq!(facts.first_order_at, Some(first.occurred_at), "it was placed all the same");
    assert_eq!(facts.days_since_order(today(&world)), Some(10));
    assert_eq!(rows(&reach), folded_at_once(&world));
}

#[test]
fn an_order_that_is_turned_down_is_none() {
    let (world, reach) = (World::new(START), reach());
    world.publish(|book| book.risk.review_above_points = Some(10));
    let earn = buy(&world, "m", &[(Some("tea"), 1, 5_000)]);
    assert!(earn.review().is_some());
    folded(&world, &reach);
    assert_eq!(facts(&world, &reach, "m").orders(1, today(&world)), 1);
    let wish = ToReverse { earn: Some(earn), ..ToReverse::default() };
    world.order(&[submission("m", RejectReview(Box::new(wish)), "somebody")], Lots::All);
    folded(&world, &reach);
    let found = facts(&world, &reach, "m");
    assert_eq!((found.orders_ever, found.spend_ever_minor), (0, 0));
    assert_eq!(found.category_spend_minor("tea", 1, today(&world)), 0);
}

#[test]
fn facts_tell_what_the_account_has() {
    let (world, reach) = (World::new(START), reach());
    buy(&world, "m", &[(None, 1, 300_000)]);
    folded(&world, &reach);
    let (found, now) = (facts(&world, &reach, "m"), world.now.get());
    let columns =
        "SELECT points_in_lots - debt, coalesce(tier, ''), coalesce(tier_until, 0) FROM member";
    let (points, tier, until): (i64, String, i64) = world
        .sql
        .connection()
        .query_row(columns, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    assert_eq!(found.balance(today(&world)), points);
    assert_eq!(found.tier_at(now), Some(tier.as_str()).filter(|tier| !tier.is_empty()));
    assert_eq!(found.tier_until.map_or(0, |at| at.0), until);
    let end = world.number("SELECT min(expires_at) FROM lot");
    assert_eq!(found.next_expiry_at, Some(Timestamp(end)));
    let (last_day, ending) = found.next_expiry(today(&world)).unwrap();
    let those = format!("SELECT sum(remaining) FROM lot WHERE expires_at = {end}");
    assert_eq!(ending, world.number(&those));
    assert_eq!(last_day, today(&world).day_of(Timestamp(end - 1)));
    let book = wait(store::programme(&world.sql, "default")).unwrap().unwrap().document;
    let next = found.next_tier.unwrap();
    let ladder = book.tiers.unwrap();
    let level = ladder.levels.iter().find(|level| level.id == next.id).unwrap();
    assert!(next.missing > 0 && next.missing < level.from, "{next:?}");
}

#[test]
fn members_that_merge_have_one_row_and_the_erased_have_none() {
    let (world, reach) = (World::new(START), reach());
    for member in ["a", "b", "c"] {
        buy(&world, member, &[(Some("tea"), 1, 1_000)]);
    }
    folded(&world, &reach);
    let now = world.now.get();
    let [a, b, c] = ["a", "b", "c"].map(|member| no_of(&world, member));
    for (at, no) in [a, b, c].into_iter().enumerate() {
        assert!(login(&world, &reach, no, &format!("k{at}"), now.plus_ms(at as i64)));
    }
    merge(&world, "b", "a");
    merge(&world, "c", "b");
    folded(&world, &reach);
    assert_eq!(rows(&reach).len(), 1);
    let found = facts(&world, &reach, "c");
    assert_eq!((found.orders_ever, found.spend_ever_minor), (3, 3_000));
    assert_eq!(found.category_spend_minor("tea", 1, today(&world)), 3_000);
    assert_eq!(found.last_login_at, Some(now.plus_ms(2)));
    assert_eq!(count(&reach, &format!("SELECT count(*) FROM behaviour WHERE member_no = {c}")), 3);
    // What is reported late of an account that is closed is not kept.
    assert!(!login(&world, &reach, a, "late", now));
    let before = rows(&reach);
    anew(&world, &reach);
    assert_eq!(rows(&reach), before);

    world.order(&[submission("c", Erase, "test")], Lots::All);
    folded(&world, &reach);
    assert_eq!(rows(&reach), Vec::<String>::new());
    assert_eq!(count(&reach, "SELECT count(*) FROM behaviour"), 0);
    assert_eq!(count(&reach, "SELECT count(*) FROM departed WHERE is_done = 0"), 0);
    for no in [a, b, c] {
        assert!(!login(&world, &reach, no, "later", now));
    }
    anew(&world, &reach);
    assert_eq!(rows(&reach), Vec::<String>::new());
}

#[test]
fn two_runs_at_once_fold_once() {
    let world = World::new(START);
    for n in 0..40 {
        buy(&world, &format!("m{}", n % 7), &[(Some("tea"), 1, 100 + n)]);
    }
    let expected = folded_at_once(&world);
    // Another run is faster, between what this one reads and what it writes.
    for mark in ["FROM facts", "departed AS d", "fold_step"] {
        let reach = reach();
        let rival = || {
            folded(&world, &reach);
        };
        let raced = Raced { sql: &reach, mark, rival: RefCell::new(Some(rival)) };
        let report = run_on(&world, &raced, WorkLimit::chunks(1_000)).unwrap();
        assert_eq!(rows(&reach), expected, "{mark}");
        assert!(report.done && report.entries <= 40, "{report:?}");
    }
}

#[test]
fn a_run_may_be_killed_anywhere() {
    let world = World::new(START);
    for n in 0..40 {
        buy(&world, &format!("m{}", n % 7), &[(None, 1, 100 + n)]);
    }
    let expected = folded_at_once(&world);
    for statements in 0..12 {
        let reach = reach();
        let dying = Dying { sql: &reach, statements_left: Cell::new(statements) };
        drop(run_on(&world, &dying, WorkLimit::chunks(1_000)));
        folded(&world, &reach);
        assert_eq!(rows(&reach), expected, "killed after {statements} statements");
    }
}

#[test]
fn one_file_holds_both() {
    let world = World::new(START);
    wait(begin_reach(&world.sql, &world.sql)).unwrap();
    buy(&world, "m", &[(None, 1, 100)]);
    folded(&world, &world.sql);
    assert_eq!(rows(&world.sql), folded_at_once(&world));
}

#[test]
fn a_ledger_of_an_older_copy_is_noticed() {
    let (world, reach) = (World::new(START), reach());
    buy(&world, "m", &[(None, 1, 100)]);
    buy(&world, "m", &[(None, 1, 100)]);
    folded(&world, &reach);
    let older = World::new(START);
    buy(&older, "m", &[(None, 1, 100)]);
    let error = run_on(&older, &reach, WorkLimit::chunks(10)).unwrap_err().to_string();
    assert!(error.contains("put back both"), "{error}");
}

#[test]
fn old_behaviour_is_forgotten() {
    let (world, reach) = (World::new(START), reach());
    buy(&world, "m", &[(None, 1, 100)]);
    folded(&world, &reach);
    let no = no_of(&world, "m");
    let first = world.now.get();
    login(&world, &reach, no, "old", first);
    world.later(180 * DAY_MS);
    login(&world, &reach, no, "new", world.now.get());
    folded(&world, &reach);
    assert_eq!(count(&reach, "SELECT count(*) FROM behaviour"), 2, "180 days are kept");
    world.later(2 * DAY_MS);
    let report = folded(&world, &reach);
    assert_eq!((report.forgotten, count(&reach, "SELECT count(*) FROM behaviour")), (1, 1));
    // The same key on the same day is the same event.
    assert!(!login(&world, &reach, no, "new", world.now.get().plus_ms(-2 * DAY_MS)));
    assert!(login(&world, &reach, no, "new", world.now.get()));
}

/// How long each statement took that writes a piece.
struct Timed<'a> {
    sql: &'a Native,
    writes: RefCell<Vec<Duration>>,
}

impl Sql for Timed<'_> {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        let begun = Instant::now();
        let outcome = self.sql.query(statement, values).await;
        if statement.contains("INTO fold_step") {
            self.writes.borrow_mut().push(begun.elapsed());
        }
        outcome
    }
}

#[test]
#[ignore = "prints figures: 60,000 orders of 20,000 members, in files"]
fn figures() {
    let folder = std::env::temp_dir().join(format!("accrue-fold-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let world = World::on(Native::open(&folder.join("default.db")).unwrap(), START);
    let reach = Native::open(&folder.join("reach.db")).unwrap();
    wait(begin_reach(&reach, &reach)).unwrap();
    let mut dice = Dice(1);
    for round in 0..3 {
        for first in (0..20_000i64).step_by(500) {
            let orders: Vec<Submission> = (first..first + 500)
                .map(|number| {
                    let line = |at: usize| Line {
                        line: at.to_string(),
                        quantity: 1,
                        amount: yuan(500 + (number * 7 + at as i64 * 13) % 9_000),
                        sku: Some(format!("sku-{at}")),
                        category: Some(format!("c{}", (number + at as i64) % 20)),
                    };
                    let lines = (0..=dice.roll(4)).map(line).collect();
                    let event = EarnEvent {
                        event: "purchase".into(),
                        occurred_at: None,
                        lines,
                        device: None,
                    };
                    submission(&format!("m{number}"), Earn(event), "test")
                })
                .collect();
            world.order(&orders, Lots::None);
        }
        world.later((round + 1) * 9 * DAY_MS);
    }
    let timed = Timed { sql: &reach, writes: RefCell::default() };
    let begun = Instant::now();
    let report = run_on(&world, &timed, WorkLimit::chunks(1_000)).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let mut writes = timed.writes.into_inner();
    writes.sort();
    println!(
        "{} entries in {seconds:.1} s: {:.0} a second; {} writes, median {:?}, longest {:?}",
        report.entries,
        report.entries as f64 / seconds,
        writes.len(),
        writes[writes.len() / 2],
        writes[writes.len() - 1]
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

// ── Random histories ────────────────────────────────────────────────────────────────────────────

struct Order {
    owner: String,
    day: i32,
    lines: Vec<(Option<&'static str>, i64, i64)>,
    back: Vec<i64>,
    earn: Entry,
    /// Bought by an account that is part of another one by now: given back through routes only.
    moved: bool,
}

struct Spent {
    owner: String,
    day: i32,
    points: i64,
    entry: Entry,
    moved: bool,
}

/// What the documents say, kept as documents.
#[derive(Default)]
struct Documents {
    orders: Vec<Order>,
    spent: Vec<Spent>,
}

impl Documents {
    fn figures(
        &self,
        member: &str,
        days: i32,
        today: i32,
    ) -> (i64, i64, i64, BTreeMap<String, i64>) {
        let within = |day: i32| day > today - days && day <= today;
        let (mut orders, mut minor, mut categories) = (0, 0, BTreeMap::new());
        for order in self.orders.iter().filter(|o| o.owner == member && within(o.day)) {
            let left = |(at, line): (usize, &(Option<_>, i64, i64))| line.1 - order.back[at];
            orders += i64::from(order.lines.iter().enumerate().any(|line| left(line) > 0));
            for (at, line) in order.lines.iter().enumerate() {
                let spend = left((at, line)) * line.2;
                minor += spend;
                if let Some(category) = line.0.filter(|_| spend > 0) {
                    *categories.entry(category.to_owned()).or_default() += spend;
                }
            }
        }
        let spent = self.spent.iter().filter(|s| s.owner == member && within(s.day));
        (orders, minor, spent.map(|s| s.points).sum(), categories)
    }
}

/// A small generator of its own: the same numbers for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

#[test]
fn random_histories_fold_to_what_their_documents_say() {
    for seed in 0..40 {
        history(seed);
    }
}

fn history(seed: u64) {
    let (world, reach) = (World::new(START), reach());
    let mut dice = Dice(seed);
    let mut documents = Documents::default();
    let mut open: Vec<String> = Vec::new();
    for step in 0..120 {
        match dice.roll(16) {
            0..=4 => {
                let member = format!("m{}", dice.roll(6) + 10 * (step / 60));
                if !open.contains(&member) {
                    if world.number(&format!("SELECT count(*) FROM member WHERE id = '{member}'"))
                        > 0
                    {
                        continue;
                    }
                    open.push(member.clone());
                }
                let lines: Vec<_> = (0..=dice.roll(3))
                    .map(|_| {
                        let category = [None, Some("tea"), Some("cups"), Some("茶")][dice.roll(4)];
                        (category, dice.roll(3) as i64 + 1, dice.roll(90_000) as i64 + 1)
                    })
                    .collect();
                let earn = buy(&world, &member, &lines);
                let (day, back) = (today(&world).day, vec![0; lines.len()]);
                documents.orders.push(Order {
                    owner: member,
                    day,
                    lines,
                    back,
                    earn,
                    moved: false,
                });
            }
            5..=7 => {
                let is_open = |o: &Order| {
                    !o.moved
                        && open.contains(&o.owner)
                        && (0..o.lines.len()).any(|at| o.back[at] < o.lines[at].1)
                };
                let candidates: Vec<usize> = (0..documents.orders.len())
                    .filter(|at| is_open(&documents.orders[*at]))
                    .collect();
                if candidates.is_empty() {
                    continue;
                }
                let order = &mut documents.orders[candidates[dice.roll(candidates.len())]];
                if dice.roll(3) == 0 {
                    give_back(&world, &order.owner, &order.earn, ReturnScope::Rest);
                    order.back = order.lines.iter().map(|line| line.1).collect();
                    continue;
                }
                let at =
                    (0..order.lines.len()).find(|at| order.back[*at] < order.lines[*at].1).unwrap();
                give_back(&world, &order.owner, &order.earn, units(&[(at, 1)]));
                order.back[at] += 1;
            }
            8..=9 => {
                let member = open.get(dice.roll(open.len().max(1))).cloned();
                let Some(member) = member else { continue };
                let points = dice.roll(40) as i64 + 1;
                let outcome =
                    world.try_order(&[submission(&member, Redeem { points }, "test")], Lots::All);
                if matches!(outcome.first(), Some(Outcome::Done(_))) {
                    let (entry, day) = (done(outcome), today(&world).day);
                    documents.spent.push(Spent { owner: member, day, points, entry, moved: false });
                }
            }
            10 => {
                let found = documents
                    .spent
                    .iter_mut()
                    .rev()
                    .find(|s| s.points > 0 && !s.moved && open.contains(&s.owner));
                let Some(spent) = found else { continue };
                let redemption = Some(redemption(&world, &spent.entry));
                undo(&world, &spent.owner, ToReverse { redemption, ..ToReverse::default() });
                spent.points = 0;
            }
            11 => {
                if open.len() < 2 || dice.roll(2) == 0 {
                    continue;
                }
                let from = open.remove(dice.roll(open.len()));
                let into = open[dice.roll(open.len())].clone();
                merge(&world, &into, &from);
                for order in documents.orders.iter_mut().filter(|o| o.owner == from) {
                    (order.owner, order.moved) = (into.clone(), true);
                }
                for spent in documents.spent.iter_mut().filter(|s| s.owner == from) {
                    (spent.owner, spent.moved) = (into.clone(), true);
                }
            }
            12 => {
                if open.len() < 3 || dice.roll(3) > 0 {
                    continue;
                }
                let member = open.remove(dice.roll(open.len()));
                world.order(&[submission(&member, Erase, "test")], Lots::All);
            }
            13 => {
                world.later((dice.roll(40) as i64 * 24 + dice.roll(24) as i64) * 3_600_000);
            }
            _ => {
                folded(&world, &reach);
            }
        }
    }
    folded(&world, &reach);
    let found = rows(&reach);
    assert_eq!(found.len(), open.len(), "seed {seed}");
    for member in &open {
        let (facts, now) = (facts(&world, &reach, member), today(&world));
        for days in [1, 7, 30, 90, 365] {
            let (orders, minor, redeemed, categories) = documents.figures(member, days, now.day);
            let found =
                (facts.orders(days, now), facts.spend_minor(days, now), facts.redeemed(days, now));
            assert_eq!(found, (orders, minor, redeemed), "seed {seed}: {member}, {days} days");
            let all: BTreeMap<String, i64> = facts
                .top_categories(days, 99, now)
                .into_iter()
                .map(|(name, minor)| (name.to_owned(), minor))
                .collect();
            assert_eq!(all, categories, "seed {seed}: {member}, {days} days");
        }
        let (orders, minor, ..) = documents.figures(member, 100_000, now.day);
        assert_eq!((facts.orders_ever, facts.spend_ever_minor), (orders, minor), "seed {seed}");
    }
    // The same rows at once, and anew.
    let at_once = folded_at_once(&world);
    assert_eq!(without_goals(&rows(&reach)), without_goals(&at_once), "seed {seed}");
    anew(&world, &reach);
    assert_eq!(rows(&reach), at_once, "seed {seed}");
}

/// What is missing for the next tier is as of the fold that touched the member last.
fn without_goals(rows: &[String]) -> Vec<String> {
    let without = |row: &String| {
        let Some(from) = row.find(",\"next_tier\"") else { return row.clone() };
        let to = row[from..].find('}').map_or(row.len(), |end| from + end + 1);
        format!("{}{}", &row[..from], &row[to..])
    };
    rows.iter().map(without).collect()
}

/// What cannot be read of one member or programme holds back nobody else, and no erasure.
#[test]
fn one_that_cannot_be_read_holds_back_nobody() {
    let (world, reach) = (World::new(START), reach());
    let orders = |member: &str| facts(&world, &reach, member).orders_ever;
    buy(&world, "li", &[(None, 1, 100)]);
    buy(&world, "wang", &[(None, 1, 100)]);
    folded(&world, &reach);
    assert_eq!((orders("li"), orders("wang")), (1, 1));
    let run = || run_on(&world, &reach, WorkLimit::chunks(1_000)).unwrap();
    // The ledger's row of one member.
    let standing = |text: &str| {
        let statement = format!("UPDATE member SET standing = '{text}' WHERE id = 'li'");
        world.sql.connection().execute(&statement, []).unwrap();
    };
    let text = |question: &str| -> String {
        world.sql.connection().query_row(question, [], |row| row.get(0)).unwrap()
    };
    buy(&world, "li", &[(None, 1, 100)]);
    buy(&world, "wang", &[(None, 1, 100)]);
    let kept = text("SELECT standing FROM member WHERE id = 'li'");
    standing("no JSON");
    let report = run();
    assert!(report.done && report.failed == 1, "{report:?}");
    assert_eq!((orders("li"), orders("wang")), (2, 2));
    standing(&kept);
    // The facts of one member: they begin anew, until somebody has them rebuilt.
    reach
        .connection()
        .execute("UPDATE facts SET known = 'no JSON' WHERE member_no = ?1", [no_of(&world, "li")])
        .unwrap();
    buy(&world, "li", &[(None, 1, 100)]);
    buy(&world, "wang", &[(None, 1, 100)]);
    let report = run();
    assert!(report.done && report.failed == 1, "{report:?}");
    assert_eq!((orders("li"), orders("wang")), (1, 3));
    anew(&world, &reach);
    assert_eq!((orders("li"), orders("wang")), (3, 3));
    // The rules of the programme: who is erased leaves nothing all the same.
    world.order(&[submission("li", Erase, "test")], Lots::All);
    world.sql.connection().execute("UPDATE rulebook SET document = '{}'", []).unwrap();
    let report = run();
    assert!(report.done, "{report:?}");
    let li = no_of(&world, "li");
    assert_eq!(count(&reach, &format!("SELECT count(*) FROM facts WHERE member_no = {li}")), 0);
    assert_eq!(count(&reach, &format!("SELECT count(*) FROM departed WHERE member_no = {li}")), 1);
}
