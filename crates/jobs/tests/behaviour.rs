//! What members are told after they did something: by the job, against a naive reading of what
//! happened.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::cell::{Cell, RefCell};

use crate::outbox::{shop as with_channel, taken};
use crate::support::{Dying, Raced, at, purchase, wait};
use crate::touch::{DAY_MS, HOUR_MS, Shop, messaging};
use jobs::WorkLimit;
use ledger::{MemberId, Timestamp};
use reach::{Channel, Purpose};
use rules::operations::{Erase, Merge};
use serde_json::{Value as Json, json};
use store::{BehaviourRow, report_behaviour};

const MINUTE_MS: i64 = 60_000;
/// Shanghai is eight hours ahead.
const ZONE_MS: i64 = 8 * HOUR_MS;

fn day_of(at: Timestamp) -> i64 {
    (at.0 + ZONE_MS).div_euclid(DAY_MS)
}

impl Shop {
    /// A member did something at an instant, and it is reported now.
    pub(crate) fn did_at(&self, member: &str, kind: &str, when: Timestamp) {
        let row = BehaviourRow {
            programme_no: 1,
            day: i32::try_from(day_of(when)).unwrap(),
            key: format!("{member} {kind} {}", when.0),
            member_no: self.no(member),
            kind: kind.into(),
            occurred_at: when.0,
            item: None,
            category: None,
            value_minor: None,
            channel: None,
            session: None,
        };
        assert_eq!(wait(report_behaviour(&self.reach, &[row])).unwrap(), [true]);
    }

    pub(crate) fn did(&self, member: &str, kind: &str) {
        self.did_at(member, kind, self.world.now.get());
    }

    pub(crate) fn run(&self) {
        let report = self.run_on(&self.reach, WorkLimit::chunks(10_000)).unwrap();
        assert!(report.done && report.failed == 0, "{report:?}");
    }

    /// To the local time of a day of January 2026.
    pub(crate) fn clock(&self, when: &str) -> &Self {
        self.world.now.set(at(&format!("2026-01-{when}:00+08:00")));
        self
    }

    /// Strategy, cycle's day in January, state, reason and due time of each touch.
    pub(crate) fn answers(&self) -> Vec<String> {
        self.rows(
            "SELECT strategy || ' ' || strftime('%d', substr(cycle, 5) * 86400, 'unixepoch') || ' ' || state ||
             coalesce(' ' || reason, '') || strftime(' %d %H:%M', due_at / 1000 + 28800, 'unixepoch')
             FROM touch ORDER BY due_at, strategy",
        )
    }
}

pub(crate) fn cart(more: &Json) -> Json {
    let mut trigger =
        json!({"kind": "behaviour", "behaviour": "add_to_cart", "after_minutes": 120});
    for (name, value) in more.as_object().unwrap() {
        trigger[name] = value.clone();
    }
    let strategy = json!({"id": "cart", "trigger": trigger,
        "send": {"channels": ["push"], "template": "notice"}});
    json!({"quiet_hours": null, "strategies": [strategy]})
}

/// One member, in the middle of a day on which the job has run.
pub(crate) fn quiet_shop(playbook: Json) -> Shop {
    let shop = Shop::new(playbook, 1);
    shop.clock("20T02:00").run();
    shop
}

#[test]
fn who_puts_five_things_into_the_cart_gets_one_message() {
    let shop = quiet_shop(cart(&json!({"unless_entry": "order"})));
    for when in ["20T10:00", "20T10:01", "20T10:30", "20T11:40", "20T11:59"] {
        shop.clock(when).did("m00", "add_to_cart");
        shop.run();
    }
    assert_eq!(shop.answers(), [""; 0], "nobody is told before the time is over");
    shop.clock("20T11:59").run();
    assert_eq!(shop.answers(), [""; 0]);
    shop.clock("20T12:00").run();
    assert_eq!(shop.answers(), ["cart 20 due 20 12:00"]);
    shop.clock("20T14:30").did("m00", "add_to_cart");
    for when in ["20T14:30", "20T16:30", "20T23:59", "21T02:00"] {
        shop.clock(when).run();
    }
    assert_eq!(shop.answers().len(), 1, "one message about a day");
    shop.clock("21T09:00").did("m00", "add_to_cart");
    shop.clock("21T11:01").run();
    assert_eq!(shop.answers(), ["cart 20 due 20 12:00", "cart 21 due 21 11:01"]);
}

#[test]
fn what_is_done_around_midnight_is_one_occasion() {
    let shop = quiet_shop(cart(&json!({})));
    for when in ["20T23:50", "21T00:10", "21T01:49"] {
        shop.clock(when).did("m00", "add_to_cart");
        shop.run();
    }
    for when in ["21T01:50", "21T02:10", "21T04:00", "21T12:00"] {
        shop.clock(when).run();
    }
    assert_eq!(shop.answers(), ["cart 20 due 21 01:50"]);
    shop.clock("21T12:00").did("m00", "add_to_cart");
    shop.clock("21T14:00").run();
    assert_eq!(shop.answers(), ["cart 20 due 21 01:50", "cart 21 due 21 14:00"]);
}

#[test]
fn with_the_same_kind_the_last_time_counts() {
    let shop = quiet_shop(cart(&json!({"unless": "add_to_cart"})));
    for when in ["20T10:00", "20T11:59", "20T13:30"] {
        shop.clock(when).run();
        shop.did("m00", "add_to_cart");
    }
    for when in ["20T13:59", "20T15:29"] {
        shop.clock(when).run();
        assert_eq!(shop.answers(), [""; 0], "{when}");
    }
    shop.clock("20T15:30").run();
    assert_eq!(shop.answers(), ["cart 20 due 20 15:30"]);
}

#[test]
fn an_order_within_the_time_leaves_the_member_alone() {
    // Which kind the purchase is called by, whether another kind of entry counts.
    for (unless, expected) in [
        (json!({"unless_entry": "order"}), vec![]),
        (json!({"unless_entry": "earn"}), vec![]),
        (json!({"unless_entry": "redeem"}), vec!["cart 20 due 20 12:00"]),
        (json!({"unless": "paid"}), vec!["cart 20 due 20 12:00"]),
        (json!({}), vec!["cart 20 due 20 12:00"]),
    ] {
        let shop = quiet_shop(cart(&unless));
        shop.clock("20T10:00").did("m00", "add_to_cart");
        shop.clock("20T11:00").world.earn(["m00".into()], &purchase(100));
        shop.clock("20T12:00").run();
        assert_eq!(shop.answers(), expected, "{unless}");
        // What is put into the cart after the order is another matter.
        shop.clock("20T12:30").did("m00", "add_to_cart");
        shop.run();
        shop.clock("20T14:30").run();
        assert_eq!(shop.answers().len(), 1, "{unless}");
    }
}

#[test]
fn nothing_from_before_the_publication_is_answered() {
    let mut shop = quiet_shop(json!({"strategies": []}));
    shop.clock("20T10:00").did("m00", "add_to_cart");
    shop.run();
    shop.clock("20T10:30").did("m00", "add_to_cart");
    // Published at 11:00; the job comes a minute later. What came in between counts.
    shop.messaging = messaging(cart(&json!({})));
    shop.messaging.since = [("cart".to_owned(), at("2026-01-20T11:00:00+08:00"))].into();
    shop.clock("20T11:01").run();
    shop.clock("20T13:00").run();
    assert_eq!(shop.answers(), [""; 0]);
    // Reported late: it was before.
    shop.did_at("m00", "add_to_cart", at("2026-01-20T10:59:00+08:00"));
    shop.clock("20T13:01").run();
    assert_eq!(shop.answers(), [""; 0]);
    shop.did_at("m00", "add_to_cart", at("2026-01-20T11:00:30+08:00"));
    shop.run();
    assert_eq!(shop.answers(), ["cart 20 due 20 13:01"]);
}

#[test]
fn what_came_between_the_publication_and_the_next_run_is_heard() {
    let mut shop = quiet_shop(json!({"strategies": []}));
    shop.clock("20T11:00").run();
    shop.messaging = messaging(cart(&json!({})));
    shop.messaging.since = [("cart".to_owned(), at("2026-01-20T11:00:10+08:00"))].into();
    shop.world.later(30_000);
    shop.did("m00", "add_to_cart");
    shop.clock("20T11:01").run();
    shop.clock("20T13:01").run();
    assert_eq!(shop.answers(), ["cart 20 due 20 13:01"]);
}

/// Numbers without order, always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: i64) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % most
    }
}

/// What members do over three days: minute, member, whether it is an order.
fn days(seed: u64) -> Vec<(i64, usize, bool)> {
    let mut dice = Dice(seed);
    let mut events: Vec<(i64, usize, bool)> = (0..60)
        .map(|_| {
            let member = usize::try_from(dice.below(4)).unwrap();
            (dice.below(3 * 1_440), member, dice.below(3) == 0)
        })
        .collect();
    events.sort_unstable();
    events.dedup_by_key(|event| (event.0, event.1));
    events
}

/// Plays the days: the job runs each `every` minutes.
fn played(playbook: &Json, events: &[(i64, usize, bool)], every: i64, run: &dyn Fn(&Shop)) -> Shop {
    let shop = Shop::new(playbook.clone(), 4);
    shop.clock("20T00:00");
    run(&shop);
    let start = shop.world.now.get();
    let mut events = events.iter().peekable();
    for minute in 0..=4 * 1_440 {
        shop.world.now.set(start.plus_ms(minute * MINUTE_MS));
        while let Some((_, member, is_order)) = events.next_if(|event| event.0 == minute) {
            let member = format!("m{member:02}");
            match is_order {
                true => shop.world.earn([member], &purchase(100)),
                false => shop.did(&member, "add_to_cart"),
            }
        }
        if minute % every == 0 {
            run(&shop);
        }
    }
    shop
}

/// The same read from the events alone: member, local day, whether it was stopped, minute.
fn naive(events: &[(i64, usize, bool)], after: i64, every: i64) -> Vec<(usize, i64, bool, i64)> {
    let mut found = Vec::new();
    for member in 0..4 {
        let of = |order: bool| -> Vec<i64> {
            let its = events.iter().filter(|event| event.1 == member && event.2 == order);
            its.map(|event| event.0).collect()
        };
        let (carts, orders) = (of(false), of(true));
        let mut open: Option<(i64, i64)> = None;
        for cart in &carts {
            let is_cancelled = orders.iter().any(|order| (*cart..=cart + after).contains(order));
            let day = cart / 1_440;
            let is_same = open.is_some_and(|(of, due)| of == day || *cart <= due);
            if is_cancelled || is_same {
                continue;
            }
            let due = cart + after;
            open = Some((day, due));
            let run = (due + every - 1) / every * every;
            let of_day = carts.iter().filter(|at| **at / 1_440 == day && **at <= run);
            let is_stopped =
                of_day.clone().all(|at| orders.iter().any(|order| order >= at && *order <= run));
            found.push((member, day, is_stopped, if is_stopped { due } else { run }));
        }
    }
    found.sort_unstable();
    found
}

#[test]
fn the_job_answers_what_a_naive_reading_says() {
    let playbook = cart(&json!({"unless_entry": "order"}));
    let (mut told, mut stopped) = (0, 0);
    for seed in 1..9 {
        let events = days(seed);
        for every in [1, 10, 45] {
            let shop = played(&playbook, &events, every, &Shop::run);
            let first = shop.no("m00");
            let start = at("2026-01-20T00:00:00+08:00");
            let expected: Vec<String> = naive(&events, 120, every)
                .into_iter()
                .map(|(member, day, is_stopped, minute)| {
                    let no = first + i64::try_from(member).unwrap();
                    let cycle = day_of(start) + day;
                    let state = if is_stopped { "suppressed stopped" } else { "due " };
                    let at = start.plus_ms(minute * MINUTE_MS).0;
                    format!("{no} {cycle} {state} {at}")
                })
                .collect();
            let mut found = shop.rows(
                "SELECT member_no || ' ' || substr(cycle, 5) || ' ' || state || ' ' || coalesce(reason, '') || ' ' || due_at FROM touch",
            );
            found.sort();
            let mut sorted = expected.clone();
            sorted.sort();
            assert_eq!(found, sorted, "seed {seed}, every {every} minutes");
            stopped += expected.iter().filter(|row| row.contains("stopped")).count();
            told += expected.len();
        }
    }
    assert!(told > 100 && stopped > 0 && stopped < told / 4, "{told} {stopped}");
}

#[test]
fn twice_and_killed_anywhere_come_to_the_same() {
    let playbook = cart(&json!({"unless_entry": "order"}));
    let events = days(3);
    let once = played(&playbook, &events, 60, &Shop::run);
    assert!(!once.touches().is_empty());
    let twice = played(&playbook, &events, 60, &|shop| {
        shop.run();
        shop.run();
    });
    assert_eq!(twice.touches(), once.touches());
    for statements in 0..30 {
        let killed = played(&playbook, &events, 60, &|shop| {
            let dying = Dying { sql: &shop.reach, statements_left: Cell::new(statements) };
            let _killed = shop.run_on(&dying, WorkLimit::chunks(10_000));
            shop.run();
        });
        assert_eq!(killed.touches(), once.touches(), "{statements}");
    }
}

#[test]
fn a_run_that_comes_late_tells_what_still_makes_sense() {
    let shop = quiet_shop(cart(&json!({"unless_entry": "order"})));
    shop.clock("20T10:00").did("m00", "add_to_cart");
    shop.clock("21T15:00").did("m00", "add_to_cart");
    // Nobody came for two days.
    shop.clock("22T09:00").run();
    assert_eq!(shop.answers(), ["cart 20 suppressed missed 20 12:00", "cart 21 due 22 09:00"]);
    shop.clock("23T10:00").did("m00", "add_to_cart");
    shop.clock("29T09:00").run();
    assert_eq!(shop.answers()[2..], ["cart 23 suppressed missed 23 12:00"], "72 hours are over");
}

#[test]
fn an_order_between_decision_and_sending_stops_the_message() {
    let mut playbook = cart(&json!({"unless_entry": "order"}));
    playbook["quiet_hours"] = json!({"from": "21:00", "until": "09:00"});
    let mut shop = with_channel(playbook, 2);
    shop.template("notice", Purpose::Service, "购物车里还有商品");
    shop.gateway(Channel::Push);
    shop.clock("20T02:00").run();
    shop.clock("20T20:00").did("m00", "add_to_cart");
    shop.did("m01", "add_to_cart");
    shop.clock("20T22:00").run();
    assert_eq!(shop.answers(), ["cart 20 due 21 09:00"; 2]);
    shop.clock("21T08:00").world.earn(["m00".into()], &purchase(100));
    shop.fold();
    shop.clock("21T09:01");
    assert_eq!(shop.send(taken).len(), 1);
    let (m00, m01) = (shop.no("m00"), shop.no("m01"));
    assert_eq!(
        shop.outcomes(),
        [format!("{m00} cart 0 suppressed stopped"), format!("{m01} cart 0 sent push")]
    );
}

#[test]
fn accounts_that_close_take_what_they_did_along() {
    let shop = Shop::new(cart(&json!({})), 3);
    shop.clock("20T02:00").run();
    for member in ["m00", "m01", "m02"] {
        shop.clock("20T10:00").did(member, "add_to_cart");
    }
    shop.run();
    shop.apply("m00", Merge { from: MemberId::new("m01").unwrap() });
    shop.apply("m02", Erase);
    shop.fold();
    shop.clock("20T12:00").run();
    assert_eq!(shop.answers(), ["cart 20 due 20 12:00"]);
    let no = shop.no("m00");
    assert_eq!(shop.rows("SELECT DISTINCT member_no || '' FROM touch"), [no.to_string()]);
    let left = "SELECT count(*) || '' FROM touch_occasion WHERE member_no NOT IN (SELECT member_no FROM touch)";
    assert_eq!(shop.rows(left), ["0"]);
}

/// What is reported while a run asks is asked for, too.
#[test]
fn nothing_is_lost_between_asking_and_writing_it_down() {
    let shop = quiet_shop(cart(&json!({"unless_entry": "order"})));
    shop.clock("20T10:00").did("m00", "add_to_cart");
    shop.clock("20T10:30").world.earn(["m00".into()], &purchase(100));
    shop.clock("20T12:00");
    let rival = || {
        shop.did_at("m00", "add_to_cart", at("2026-01-20T11:50:00+08:00"));
        shop.run();
    };
    let mark = "UPDATE touch_occasion SET ask_at";
    let raced = Raced { sql: &shop.reach, mark, rival: RefCell::new(Some(rival)) };
    shop.run_on(&raced, WorkLimit::chunks(10_000)).unwrap();
    assert!(raced.rival.borrow().is_none());
    assert_eq!(shop.answers(), [""; 0]);
    shop.clock("20T13:49").run();
    assert_eq!(shop.answers(), [""; 0]);
    shop.clock("20T13:50").run();
    assert_eq!(shop.answers(), ["cart 20 due 20 13:50"]);
}

/// Numbers of what is gone are given again, and what has them is heard all the same.
#[test]
fn what_comes_after_an_erasure_is_heard() {
    let shop = Shop::new(cart(&json!({})), 2);
    shop.clock("20T02:00").run();
    shop.clock("20T10:00").did("m01", "add_to_cart");
    shop.run();
    shop.apply("m01", Erase);
    shop.fold();
    assert_eq!(shop.rows("SELECT count(*) || '' FROM behaviour"), ["0"]);
    shop.did("m00", "add_to_cart");
    shop.run();
    shop.clock("20T12:00").run();
    assert_eq!(shop.answers(), ["cart 20 due 20 12:00"]);
}

/// The clock of a caller may run ahead, and that of the server may be set back.
#[test]
fn clocks_that_differ_ask_later_and_once() {
    let shop = quiet_shop(cart(&json!({})));
    shop.clock("20T10:00");
    shop.did_at("m00", "add_to_cart", at("2026-01-20T10:05:00+08:00"));
    for when in ["20T10:00", "20T12:00", "20T12:04", "20T09:00", "20T12:05", "20T11:00", "20T12:06"]
    {
        shop.clock(when).run();
    }
    assert_eq!(shop.answers(), ["cart 20 due 20 12:05"]);
}

/// A thousand views are one row to wake up by, and one message.
#[test]
fn a_member_who_does_it_all_day_is_one_row() {
    let view = json!({"quiet_hours": null, "strategies": [{"id": "view",
        "trigger": {"kind": "behaviour", "behaviour": "view", "after_minutes": 5},
        "send": {"channels": ["push"], "template": "notice"}}]});
    let shop = quiet_shop(view);
    let start = at("2026-01-20T10:00:00+08:00");
    for second in 0..1_000 {
        shop.did_at("m00", "view", start.plus_ms(second * 1_000));
    }
    shop.clock("20T10:20").run();
    assert_eq!(shop.rows("SELECT count(*) || '' FROM touch_occasion"), ["1"]);
    // Of those before the last 200 the job knows nothing: the message is later, not twice.
    assert_eq!(shop.answers(), ["view 20 due 20 10:20"]);
    shop.clock("20T10:30").run();
    assert_eq!(shop.answers().len(), 1);
    // Nothing is left when nobody can be told any more.
    shop.clock("31T12:00").run();
    assert_eq!(shop.rows("SELECT count(*) || '' FROM touch_occasion"), ["0"]);
}
