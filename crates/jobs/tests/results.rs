//! What strategies brought: counted by the job, against what the tests planted.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a broken test stops the test"
)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::support::{Dying, Raced, World, purchase, wait};
use jobs::{JobContext, ResultReport, WorkLimit, fold, results};
use ledger::{Entry, Kind, MemberId, Origin, Timestamp};
use rules::operations::{Earn, Erase, Merge, Redeem, Redemption, Reverse, ToReverse};
use store::{
    Error, Lots, Native, Outcome, Sql, Submission, begin_reach, result_figures, result_sums,
};

/// 2026-01-10, 02:30 in Shanghai, where days begin at 16:00 UTC.
pub(crate) const START: &str = "2026-01-10T02:30:00+08:00";
pub(crate) const FIRST_DAY: i32 = 20_463;
pub(crate) const DAY_MS: i64 = 86_400_000;
pub(crate) const HOUR_MS: i64 = 3_600_000;
const QUARTER: (i32, i32) = (20_454, 20_543);

/// Members of a side, how many of them converted, their orders, the points that they redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Side {
    members: i64,
    converted: i64,
    orders: i64,
    points: i64,
}

impl Side {
    pub(crate) fn members(self) -> i64 {
        self.members
    }

    pub(crate) fn orders(self) -> i64 {
        self.orders
    }
}

/// Newcombe's interval of the difference of two rates, by the formulas of his article: what
/// `stats` is tested for elsewhere.
fn difference(first: Side, second: Side) -> (f64, f64) {
    let wilson = |side: Side| {
        let (z, of, hits) = (1.96_f64, side.members as f64, side.converted as f64);
        let root = z * (z * z + 4.0 * hits * (1.0 - hits / of)).sqrt();
        let ends = |sign: f64| (2.0 * hits + z * z + sign * root) / (2.0 * (of + z * z));
        (hits / of, ends(-1.0), ends(1.0))
    };
    let ((a, low_a, high_a), (b, low_b, high_b)) = (wilson(first), wilson(second));
    let below = ((a - low_a).powi(2) + (high_b - b).powi(2)).sqrt();
    let above = ((high_a - a).powi(2) + (b - low_b).powi(2)).sqrt();
    (a - b - below, a - b + above)
}

pub(crate) type Sums = BTreeMap<String, BTreeMap<String, i64>>;

pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) reach: Native,
}

/// A touch that the test plants.
#[derive(Clone, Copy)]
pub(crate) struct Planted<'a> {
    pub(crate) strategy: &'a str,
    pub(crate) node: i32,
    pub(crate) cycle: &'a str,
    pub(crate) state: &'a str,
    pub(crate) reason: Option<&'a str>,
    pub(crate) day: i32,
    pub(crate) is_compared: bool,
}

pub(crate) const SENT: Planted<'static> = Planted {
    strategy: "row",
    node: -7,
    cycle: "end:1",
    state: "sent",
    reason: None,
    day: FIRST_DAY,
    is_compared: true,
};
pub(crate) const HELD_OUT: Planted<'static> =
    Planted { state: "suppressed", reason: Some("holdout_strategy"), ..SENT };

impl Shop {
    pub(crate) fn new(members: usize) -> Self {
        let (world, reach) = (World::new(START), Native::in_memory().unwrap());
        wait(begin_reach(&reach, &reach)).unwrap();
        world.publish(|document| document.tiers = None);
        let shop = Self { world, reach };
        // They are members before anything is planned.
        shop.world.later(-DAY_MS);
        shop.world.earn((0..members).map(name), &purchase(10_000));
        shop.world.later(DAY_MS);
        shop
    }

    pub(crate) fn no(&self, member: &str) -> i64 {
        self.world.number(&format!("SELECT no FROM member WHERE id = '{member}'"))
    }

    pub(crate) fn write(&self, text: &str) {
        self.reach.connection().execute_batch(text).unwrap();
    }

    /// Plants a touch for a member at 10:00 of its day; its number.
    pub(crate) fn plant(&self, member: &str, of: Planted<'_>) -> i64 {
        let (no, at) = (self.no(member), ten_o_clock(of.day).0);
        let reason = of.reason.map_or("NULL".to_owned(), |reason| format!("'{reason}'"));
        let Planted { strategy, node, cycle, state, day, .. } = of;
        let is_compared = i64::from(of.is_compared);
        self.write(&format!(
            "INSERT INTO touch (programme_no, member_no, strategy, node, cycle, playbook_version, purpose, priority, due_at, deadline_at, state,
               reason, mode, channels, wait_hours, template, messages, cost_minor, points, decided_at, planned_at, planned_day, is_compared)
             VALUES (1, {no}, '{strategy}', {node}, '{cycle}', 1, 'marketing', 0, {at}, {at}, '{state}', {reason}, 'all', '[\"sms\"]', 24, 'news',
               1, 5, 0, {at} - 1000, {at}, {day}, {is_compared})"
        ));
        let touch = self.last("touch");
        if state == "due" {
            self.write(&format!(
                "INSERT INTO outbox (touch_no, channel, programme_no, due_at, until_at, planned_at, priority)
                 VALUES ({touch}, 'sms', 1, {at}, {at}, {at}, 0)"
            ));
        }
        touch
    }

    fn last(&self, table: &str) -> i64 {
        let text = format!("SELECT max(no) FROM {table}");
        self.reach.connection().query_row(&text, [], |row| row.get(0)).unwrap()
    }

    /// The touch was delivered by SMS at that instant.
    pub(crate) fn deliver(&self, touch: i64, at: Timestamp) {
        self.write(&format!(
            "INSERT INTO touch_delivery (programme_no, touch_no, member_no, channel, attempt, account_no, state, digest, started_at, settled_at)
             SELECT 1, no, member_no, 'sms', 1, 1, 'delivered', '', {0}, {0} FROM touch WHERE no = {touch}",
            at.0
        ));
    }

    pub(crate) fn link(&self, touch: i64) -> i64 {
        self.write(&format!(
            "INSERT INTO link (programme_no, member_no, touch_no, channel, purpose, target, made_at)
             SELECT 1, member_no, no, 'sms', 'marketing', 'https://shop.example/', planned_at FROM touch WHERE no = {touch}"
        ));
        self.last("link")
    }

    pub(crate) fn visit(&self, link: i64, at: Timestamp, doubt: Option<&str>) {
        let doubt = doubt.map_or("NULL".to_owned(), |doubt| format!("'{doubt}'"));
        self.write(&format!(
            "INSERT INTO click (link_no, no, at, doubt, is_pressed, network)
             SELECT {link}, 1 + coalesce((SELECT max(no) FROM click WHERE link_no = {link}), 0), {}, {doubt}, 0, ''",
            at.0
        ));
    }

    pub(crate) fn log_in(&self, member: &str, at: Timestamp) {
        let no = self.no(member);
        self.write(&format!(
            "INSERT INTO behaviour (programme_no, day, key, member_no, kind, occurred_at) VALUES (1, 0, 'a/{no}/{0}', {no}, 'login', {0})",
            at.0
        ));
    }

    pub(crate) fn buys(&self, member: &str, minor: i64, at: Timestamp) -> Entry {
        self.world.now.set(at);
        self.apply(member, Earn(purchase(minor)))
    }

    pub(crate) fn redeems(&self, member: &str, points: i64, at: Timestamp) -> Entry {
        self.world.now.set(at);
        self.apply(member, Redeem { points })
    }

    pub(crate) fn apply(&self, member: &str, operation: impl rules::Operation + 'static) -> Entry {
        let origin = Origin { actor: "test".into(), ..Origin::default() };
        let submission = Submission::new(MemberId::new(member).unwrap(), operation, origin);
        let mut outcomes = self.world.try_order(&[submission], Lots::All);
        let Some(Outcome::Done(answer)) = outcomes.pop() else { panic!("refused") };
        let of = |entry: &&Entry| matches!(entry.kind(), Kind::Earn | Kind::Redeem);
        let entry = answer.entries.iter().find(of).or(answer.entries.first());
        entry.unwrap().clone()
    }

    pub(crate) fn takes_back(&self, member: &str, wish: ToReverse, at: Timestamp) {
        self.world.now.set(at);
        self.apply(member, Reverse(Some(Box::new(wish))));
    }

    pub(crate) fn spent(&self, entry: &Entry) -> ToReverse {
        let lots = wait(store::drawn_lots(&self.world.sql, 1, entry)).unwrap();
        let redemption = Some(Redemption::new(entry.clone(), lots));
        ToReverse { redemption, ..ToReverse::default() }
    }

    pub(crate) fn fold(&self) {
        let (now, fresh) = (|| self.world.now.get(), || self.world.fresh());
        let ledger = JobContext { sql: &self.world.sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &self.reach, now: &now, fresh: &fresh };
        let report = wait(fold(&ledger, &reach, None, WorkLimit::chunks(10_000))).unwrap();
        assert!(report.done && report.failed == 0, "{report:?}");
    }

    pub(crate) fn run_on<R: Sql>(
        &self,
        reach: &R,
        limit: WorkLimit,
    ) -> Result<ResultReport, Error> {
        let (now, fresh) = (|| self.world.now.get(), || self.world.fresh());
        let ledger = JobContext { sql: &self.world.sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: reach, now: &now, fresh: &fresh };
        wait(results(&ledger, &reach, None, limit))
    }

    /// The night so many days after the first day.
    pub(crate) fn night(&self, days: i32) -> ResultReport {
        self.world
            .now
            .set(Timestamp(Timestamp::parse(START).unwrap().0 + i64::from(days) * DAY_MS));
        let report = self.run_on(&self.reach, WorkLimit::chunks(100_000)).unwrap();
        assert!(report.done && report.failed == 0, "{report:?}");
        report
    }

    pub(crate) fn sums(&self) -> Sums {
        wait(result_sums(&self.reach, 1, QUARTER)).unwrap()
    }

    pub(crate) fn figure(&self, strategy: &str, figure: &str) -> i64 {
        let sums = self.sums();
        sums.get(strategy).and_then(|of| of.get(figure)).copied().unwrap_or(0)
    }

    pub(crate) fn side(&self, strategy: &str, side: &str) -> Side {
        let figure = |name: &str| self.figure(strategy, &format!("{side}.{name}"));
        Side {
            members: figure("members"),
            converted: figure("converted"),
            orders: figure("orders"),
            points: figure("points"),
        }
    }

    fn lift(&self, strategy: &str) -> (f64, f64) {
        difference(self.side(strategy, "treated"), self.side(strategy, "held_out"))
    }

    /// Every row of results, as text.
    fn rows(&self) -> Vec<String> {
        let text = "SELECT day || ' ' || strategy || ' ' || node || ' ' || channel || ' ' || figure || ' ' || value
            FROM touch_result ORDER BY 1";
        let mut prepared = self.reach.connection().prepare(text).unwrap();
        prepared.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

pub(crate) fn name(member: usize) -> String {
    format!("m{member:04}")
}

pub(crate) fn ten_o_clock(day: i32) -> Timestamp {
    let first = Timestamp::parse("2026-01-10T10:00:00+08:00").unwrap();
    first.plus_ms(i64::from(day - FIRST_DAY) * DAY_MS)
}

pub(crate) fn after_hours(at: Timestamp, hours: i64) -> Timestamp {
    at.plus_ms(hours * HOUR_MS)
}

/// A small generator (SplitMix64): tests need numbers that look like chance, and are the same each
/// time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn is(&mut self, percent: u64) -> bool {
        self.next() % 10_000 < percent * 100
    }
}

/// A programme of 2,400 members in which a quarter is held out. So many percent log in by
/// themselves, and so many more because of a message.
fn simulated(shop: &Shop, strategy: &str, by_themselves: u64, brought: u64, chance: &mut Chance) {
    for member in 0..2_400 {
        let (member, is_held_out) = (name(member), chance.next().is_multiple_of(4));
        let of = if is_held_out { HELD_OUT } else { SENT };
        let day = FIRST_DAY + i32::try_from(chance.next() % 3).unwrap();
        let touch = shop.plant(&member, Planted { strategy, day, ..of });
        let at = after_hours(ten_o_clock(day), i64::try_from(chance.next() % 100).unwrap());
        if !is_held_out {
            shop.deliver(touch, after_hours(ten_o_clock(day), 0));
        }
        if chance.is(by_themselves) || (!is_held_out && chance.is(brought)) {
            shop.log_in(&member, at);
        }
    }
}

#[test]
fn a_true_lift_is_found_and_none_where_there_is_none() {
    let shop = Shop::new(2_400);
    let mut chance = Chance(7);
    simulated(&shop, "true", 10, 12, &mut chance);
    shop.night(20);
    let (low, high) = shop.lift("true");
    let (treated, held_out) = (shop.side("true", "treated"), shop.side("true", "held_out"));
    assert_eq!(treated.members + held_out.members, 2_400);
    assert!((500..700).contains(&held_out.members), "{held_out:?}");
    // 10 percent, and 12 of the other 90.
    assert!(low > 0.0 && low < 0.108 && high > 0.108, "{low} {high}");
    // 800 touches of a day are counted in two pieces, which two runs may share.
    let expected = shop.rows();
    shop.write("DELETE FROM touch_result; DELETE FROM touch_result_run");
    while !shop.run_on(&shop.reach, WorkLimit::chunks(1)).unwrap().done {
        let text = "SELECT coalesce(max(position), 0) FROM touch_result_run";
        let position: i64 = shop.reach.connection().query_row(text, [], |row| row.get(0)).unwrap();
        let rival = || drop(shop.run_on(&shop.reach, WorkLimit::chunks(1)).unwrap());
        let mark = "touch_result_step";
        let raced = Raced { sql: &shop.reach, mark, rival: RefCell::new(Some(rival)) };
        if position > 0 {
            shop.run_on(&raced, WorkLimit::chunks(1)).unwrap();
        }
    }
    assert_eq!(shop.rows(), expected);

    // The same without an effect. Members are credited as before.
    let shop = Shop::new(2_400);
    simulated(&shop, "none", 20, 0, &mut Chance(11));
    shop.night(20);
    let (low, high) = shop.lift("none");
    assert!(low < 0.0 && high > 0.0, "{low} {high}");
    assert!(shop.figure("none", "converted") > 100, "credit is given all the same");
}

/// 200 strategies without effect, over members who differ much in how often they log in, and who
/// get several messages each: intervals miss zero in about 5 of 100.
#[test]
fn intervals_miss_zero_as_seldom_as_they_say() {
    const STRATEGIES: usize = 200;
    const MEMBERS: usize = 400;
    let shop = Shop::new(MEMBERS);
    let mut chance = Chance(5);
    let (mut rows, mut logins) = (Vec::new(), Vec::new());
    let first = shop.no("m0000");
    for member in 0..MEMBERS {
        let no = first + i64::try_from(member).unwrap();
        let often = chance.next() % 60;
        for day in 0..12 {
            let at = after_hours(ten_o_clock(FIRST_DAY + day), 3).0;
            if chance.is(often) {
                logins.push(format!("(1, 0, 'a/{no}/{at}', {no}, 'login', {at})"));
            }
        }
        for strategy in 0..STRATEGIES {
            let (state, reason) = match chance.is(25) {
                true => ("suppressed", "'holdout_strategy'"),
                false => ("sent", "NULL"),
            };
            for day in [FIRST_DAY, FIRST_DAY + 3] {
                let at = ten_o_clock(day).0;
                rows.push(format!(
                    "(1, {no}, 's{strategy}', 0, 'day:{day}', 1, 'marketing', 0, 0, 0, '{state}', {reason}, 'all', '[]', 24, 0, 0, 0, 0, {at}, {day}, 1)"
                ));
            }
        }
    }
    for rows in rows.chunks(5_000) {
        shop.write(&format!(
            "INSERT INTO touch (programme_no, member_no, strategy, node, cycle, playbook_version, purpose, priority, due_at, deadline_at, state,
               reason, mode, channels, wait_hours, messages, cost_minor, points, decided_at, planned_at, planned_day, is_compared) VALUES {}",
            rows.join(",")
        ));
    }
    shop.write(&format!(
        "INSERT INTO behaviour (programme_no, day, key, member_no, kind, occurred_at) VALUES {}",
        logins.join(",")
    ));
    shop.night(12);
    let misses = (0..STRATEGIES).filter(|strategy| {
        let (low, high) = shop.lift(&format!("s{strategy}"));
        low > 0.0 || high < 0.0
    });
    let misses = misses.count();
    // 10 of 200 on average; 1 to 20 in 999 of 1,000 cases.
    assert!((1..=20).contains(&misses), "{misses}");
}

/// What is counted of sides does not depend on what was delivered, or stopped after the decision.
#[test]
fn sides_are_those_of_the_decision() {
    let shop = Shop::new(12);
    let planted = [
        SENT,
        Planted { state: "failed", ..SENT },
        // It was to go out, and then the member redeemed before it did.
        Planted { state: "suppressed", reason: Some("stopped"), ..SENT },
        Planted { state: "suppressed", reason: Some("frequency"), ..SENT },
        // These were never to get it.
        Planted { state: "suppressed", reason: Some("no_contact"), is_compared: false, ..SENT },
        Planted { state: "suppressed", reason: Some("stopped"), is_compared: false, ..SENT },
        HELD_OUT,
        Planted { is_compared: false, ..HELD_OUT },
        Planted { reason: Some("holdout_programme"), ..HELD_OUT },
        Planted { state: "due", ..SENT },
    ];
    for (member, of) in planted.into_iter().enumerate() {
        shop.plant(&name(member), of);
        shop.buys(&name(member), 1_000, after_hours(ten_o_clock(FIRST_DAY), 5));
    }
    shop.night(8);
    let side = |strategy: &str, side: &str| {
        let of = shop.side(strategy, side);
        (of.members, of.converted, of.orders)
    };
    assert_eq!(side("row", "treated"), (5, 5, 5));
    assert_eq!(side("row", "held_out"), (1, 1, 1));
    // Of all marketing, a member who is held out of one strategy may get others.
    assert_eq!(side("", "treated"), (6, 6, 6));
    assert_eq!(side("", "held_out"), (1, 1, 1));
    assert_eq!(shop.figure("row", "decided"), 10);
    assert_eq!(shop.figure("row", "suppressed.stopped"), 2);
    assert_eq!(shop.figure("row", "suppressed.holdout_strategy"), 2);
}

#[test]
fn a_member_counts_once_a_quarter_and_for_whole_days_only() {
    let shop = Shop::new(3);
    let again = |day: i32, node: i32, cycle| Planted { day: FIRST_DAY + day, node, cycle, ..SENT };
    shop.plant("m0000", again(0, -7, "end:1"));
    shop.plant("m0000", again(4, -3, "end:1"));
    shop.plant("m0000", again(5, -7, "end:2"));
    shop.log_in("m0000", after_hours(ten_o_clock(FIRST_DAY + 5), 1));
    // On the last day of the quarter, and on the first of the next one: a new occasion counts, a
    // later node of the old one does not.
    shop.plant("m0001", again(80, -7, "end:3"));
    shop.plant("m0001", again(81, -3, "end:3"));
    shop.plant("m0002", again(80, -7, "end:3"));
    shop.plant("m0002", again(81, -7, "end:4"));
    shop.night(1);
    assert_eq!((shop.figure("row", "decided"), shop.figure("row", "treated.open")), (1, 1));
    assert_eq!(shop.figure("row", "treated.members"), 0, "its time is not over");
    shop.night(7);
    assert_eq!(shop.figure("row", "treated.members"), 0);
    shop.night(8);
    assert_eq!(shop.figure("row", "treated.open"), 0);
    let of = |shop: &Shop| {
        let side = shop.side("row", "treated");
        (side.members, side.converted)
    };
    assert_eq!(of(&shop), (1, 1));
    shop.night(13);
    assert_eq!((shop.figure("row", "decided"), of(&shop)), (3, (1, 1)));
    shop.night(100);
    assert_eq!(of(&shop), (3, 1), "of the first quarter");
    let next = wait(result_sums(&shop.reach, 1, (QUARTER.1 + 1, QUARTER.1 + 90))).unwrap();
    assert_eq!(next["row"]["treated.members"], 1);
}

#[test]
fn the_last_click_of_a_person_is_credited_else_the_last_delivery() {
    let shop = Shop::new(4);
    let (day, at) = (FIRST_DAY, ten_o_clock(FIRST_DAY));
    let of = |strategy, day| Planted { strategy, day, ..SENT };
    // The first message is clicked, the second one only delivered.
    let first = shop.plant("m0000", of("clicked", day));
    let second = shop.plant("m0000", of("delivered", day + 1));
    shop.deliver(first, at);
    shop.deliver(second, after_hours(at, 24));
    let link = shop.link(first);
    shop.visit(link, after_hours(at, 2), None);
    shop.buys("m0000", 2_000, after_hours(at, 40));
    // A scanner counts for nothing: the later delivery is credited.
    let first = shop.plant("m0001", of("scanned", day));
    let second = shop.plant("m0001", of("after", day + 1));
    shop.deliver(first, at);
    shop.deliver(second, after_hours(at, 24));
    let link = shop.link(first);
    shop.visit(link, after_hours(at, 2), Some("agent"));
    shop.visit(link, after_hours(at, 3), Some("burst"));
    shop.buys("m0001", 2_000, after_hours(at, 40));
    // Three days after a delivery nothing is credited, seven after a click it is.
    let touch = shop.plant("m0002", of("late", day));
    shop.deliver(touch, at);
    shop.buys("m0002", 2_000, after_hours(at, 73));
    let touch = shop.plant("m0003", of("click_late", day));
    shop.deliver(touch, at);
    let link = shop.link(touch);
    shop.visit(link, after_hours(at, 1), None);
    shop.buys("m0003", 2_000, after_hours(at, 168));
    shop.night(31);
    let figures = |strategy: &str| {
        ["credited.order", "credited.by_click", "visits", "clicked", "converted"]
            .map(|figure| shop.figure(strategy, figure))
    };
    assert_eq!(figures("clicked"), [1, 1, 1, 1, 1]);
    assert_eq!(figures("delivered"), [0, 0, 0, 0, 0]);
    assert_eq!(figures("scanned"), [0, 0, 2, 0, 0]);
    assert_eq!(figures("after"), [1, 0, 0, 0, 1]);
    assert_eq!(figures("late"), [0, 0, 0, 0, 0]);
    assert_eq!(figures("click_late"), [1, 1, 1, 1, 1]);
    assert_eq!(shop.figure("clicked", "credited_minor"), 2_000);
    assert_eq!(shop.figure("clicked", "cost_minor"), 5, "as planned, where no vendor told");
    let by = wait(result_figures(&shop.reach, 1, "clicked", QUARTER)).unwrap();
    let sms = &by[&("-7".to_owned(), "sms".to_owned())];
    assert_eq!([sms["messages"], sms["delivered"], sms["clicked"]], [1, 1, 1]);
    assert_eq!(by[&("-7".to_owned(), String::new())]["credited.order"], 1);
}

#[test]
fn what_comes_back_takes_credit_back() {
    let shop = Shop::new(3);
    let at = ten_o_clock(FIRST_DAY);
    for member in ["m0000", "m0001", "m0002"] {
        let touch = shop.plant(member, SENT);
        shop.deliver(touch, at);
    }
    let order = shop.buys("m0000", 3_000, after_hours(at, 1));
    let spent = shop.redeems("m0001", 40, after_hours(at, 2));
    let other = shop.buys("m0002", 3_000, after_hours(at, 3));
    let of = |earn: Entry| ToReverse { earn: Some(earn), ..ToReverse::default() };
    let all = |shop: &Shop| {
        let of = shop.side("row", "treated");
        let credited = ["credited.order", "credited.redeem", "credited_points", "credited_minor"]
            .map(|figure| shop.figure("row", figure));
        (of.converted, of.orders, of.points, credited)
    };
    shop.night(8);
    assert_eq!(all(&shop), (3, 2, 40, [2, 1, 40, 6_000]));
    // After the second count, before the last.
    shop.takes_back("m0000", of(order), after_hours(at, 250));
    shop.takes_back("m0001", shop.spent(&spent), after_hours(at, 251));
    shop.night(31);
    assert_eq!(all(&shop), (1, 1, 0, [1, 0, 0, 3_000]));
    // Too late.
    shop.takes_back("m0002", of(other), after_hours(at, 800));
    shop.night(40);
    assert_eq!(all(&shop), (1, 1, 0, [1, 0, 0, 3_000]));
}

/// Members with touches on several days, who buy, redeem, click and log in.
fn busy() -> Shop {
    let shop = Shop::new(40);
    let mut chance = Chance(3);
    let mut buys = Vec::new();
    for day in 0..6 {
        for member in 0..40 {
            let (member, cycle) = (name(member), format!("day:{day}"));
            let of = if chance.is(20) { HELD_OUT } else { SENT };
            let strategy = if chance.is(50) { "one" } else { "two" };
            let of = Planted { strategy, cycle: &cycle, day: FIRST_DAY + day, ..of };
            let (touch, at) = (shop.plant(&member, of), ten_o_clock(of.day));
            if of.reason.is_none() && chance.is(70) {
                shop.deliver(touch, at);
                let link = shop.link(touch);
                if chance.is(40) {
                    shop.visit(link, after_hours(at, 1), None);
                }
            }
            if chance.is(15) {
                shop.log_in(&member, after_hours(at, 30));
            }
            if chance.is(20) {
                buys.push((after_hours(at, 12 + i64::from(day)), member));
            }
        }
    }
    buys.sort();
    for (at, member) in buys {
        shop.buys(&member, 1_500, at);
    }
    shop
}

const NIGHTS: [i32; 12] = [1, 2, 3, 4, 5, 6, 8, 9, 13, 14, 31, 37];

fn whole() -> Vec<String> {
    let shop = busy();
    for night in NIGHTS {
        shop.night(night);
    }
    let rows = shop.rows();
    assert!(rows.len() > 150, "{}", rows.len());
    rows
}

#[test]
fn twice_late_and_in_pieces_come_to_the_same() {
    let expected = whole();
    let twice = busy();
    for night in NIGHTS {
        twice.night(night);
        assert!(twice.night(night).is_idle());
        twice.world.later(15 * HOUR_MS);
        assert!(twice.run_on(&twice.reach, WorkLimit::chunks(100)).unwrap().is_idle());
    }
    assert_eq!(twice.rows(), expected);
    // One run, much later.
    let late = busy();
    late.night(60);
    assert_eq!(late.rows(), expected);
    let pieces = busy();
    for night in NIGHTS {
        pieces
            .world
            .now
            .set(Timestamp(Timestamp::parse(START).unwrap().0 + i64::from(night) * DAY_MS));
        let is_idle = night == 14;
        assert_eq!(pieces.run_on(&pieces.reach, WorkLimit::chunks(0)).unwrap().done, is_idle);
        while !pieces.run_on(&pieces.reach, WorkLimit::chunks(1)).unwrap().done {}
    }
    assert_eq!(pieces.rows(), expected);
    // Anew, from rows alone.
    pieces.write("DELETE FROM touch_result; DELETE FROM touch_result_run");
    pieces.night(60);
    assert_eq!(pieces.rows(), expected);
}

#[test]
fn a_run_that_is_killed_anywhere_counts_nothing_twice() {
    let expected = whole();
    let mut killed = 0;
    for statements in 0..400 {
        let (shop, was_killed) = (busy(), killed);
        for night in [9, 37] {
            shop.world
                .now
                .set(Timestamp(Timestamp::parse(START).unwrap().0 + i64::from(night) * DAY_MS));
            let dying = Dying { sql: &shop.reach, statements_left: Cell::new(statements) };
            killed += u32::from(shop.run_on(&dying, WorkLimit::chunks(10_000)).is_err());
            shop.night(night);
            assert!(shop.night(night).is_idle());
        }
        assert_eq!(shop.rows(), expected, "{statements}");
        // Enough statements for both nights.
        if was_killed == killed {
            break;
        }
    }
    assert!(killed > 30, "{killed}");
}

#[test]
fn two_runs_at_once_count_what_one_does() {
    let expected = whole();
    for mark in ["touch_result_step", "FROM some AS s", "FROM touch_result_run", "JOIN link AS"] {
        let (shop, mut raced_nights) = (busy(), 0);
        for night in NIGHTS {
            shop.world
                .now
                .set(Timestamp(Timestamp::parse(START).unwrap().0 + i64::from(night) * DAY_MS));
            let rival = || drop(shop.run_on(&shop.reach, WorkLimit::chunks(10_000)).unwrap());
            let raced = Raced { sql: &shop.reach, mark, rival: RefCell::new(Some(rival)) };
            shop.run_on(&raced, WorkLimit::chunks(10_000)).unwrap();
            raced_nights += u32::from(raced.rival.borrow().is_none());
            // In a run that is raced, some are left to the next.
            shop.night(night);
        }
        assert_eq!(shop.rows(), expected, "{mark}");
        assert!(raced_nights >= 8, "{mark}: {raced_nights}");
    }
}

#[test]
fn who_is_erased_is_counted_no_more_and_nothing_names_members() {
    let shop = Shop::new(2);
    let at = ten_o_clock(FIRST_DAY);
    for member in ["m0000", "m0001"] {
        let touch = shop.plant(member, SENT);
        shop.deliver(touch, at);
        let link = shop.link(touch);
        shop.visit(link, after_hours(at, 1), None);
        shop.buys(member, 1_000, after_hours(at, 2));
    }
    shop.night(1);
    assert_eq!(shop.figure("row", "decided"), 2);
    shop.apply("m0000", Erase);
    shop.fold();
    shop.night(8);
    assert_eq!(shop.figure("row", "decided"), 1);
    assert_eq!(shop.side("row", "treated").members, 1);
    let no = shop.no("m0000");
    for table in ["touch", "touch_delivery", "link", "touch_occasion"] {
        let text = format!("SELECT count(*) FROM {table} WHERE member_no = {no}");
        let left: i64 = shop.reach.connection().query_row(&text, [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{table}");
    }
    let text = "SELECT group_concat(name) FROM pragma_table_info('touch_result')";
    let columns: String = shop.reach.connection().query_row(text, [], |row| row.get(0)).unwrap();
    assert!(!columns.contains("member"), "{columns}");
}

#[test]
fn accounts_that_became_one_count_once_with_what_both_did() {
    let shop = Shop::new(3);
    let at = ten_o_clock(FIRST_DAY);
    // Both got the message; a second strategy told the one that is gone alone.
    let touch = shop.plant("m0000", SENT);
    shop.deliver(touch, at);
    shop.plant("m0001", Planted { day: FIRST_DAY + 1, cycle: "end:2", ..SENT });
    let touch = shop.plant("m0001", Planted { strategy: "other", ..SENT });
    shop.deliver(touch, at);
    shop.buys("m0001", 1_000, after_hours(at, 26));
    shop.log_in("m0001", after_hours(at, 27));
    shop.night(3);
    shop.apply("m0000", Merge { from: MemberId::new("m0001").unwrap() });
    shop.fold();
    shop.night(9);
    let side = |strategy: &str| {
        let of = shop.side(strategy, "treated");
        (of.members, of.converted, of.orders)
    };
    assert_eq!(side("row"), (1, 1, 1));
    assert_eq!(side("other"), (1, 1, 1));
    assert_eq!(side(""), (1, 1, 1));
    // One conversion is credited to one of the two messages: of one instant, to the later.
    assert_eq!(shop.figure("row", "credited.order") + shop.figure("other", "credited.order"), 1);
}

#[test]
fn figures_are_forgotten_after_their_time() {
    let shop = Shop::new(1);
    shop.plant("m0000", SENT);
    shop.night(31);
    assert!(!shop.rows().is_empty());
    shop.night(jobs::RESULT_DAYS);
    assert!(!shop.rows().is_empty());
    shop.night(jobs::RESULT_DAYS + 1);
    assert_eq!(shop.rows(), [""; 0]);
    // Nothing begins before two o'clock.
    let early = Shop::new(1);
    early.plant("m0000", SENT);
    early.world.set("2026-01-11T01:59:00+08:00");
    assert!(early.run_on(&early.reach, WorkLimit::chunks(10)).unwrap().is_idle());
    early.world.set("2026-01-11T02:00:00+08:00");
    assert_eq!(early.run_on(&early.reach, WorkLimit::chunks(10)).unwrap().days, 1);
}
