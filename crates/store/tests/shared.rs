//! Counters that many members share, on the real `.sql`: stock, devices, and what the audit says of
//! them.

use crate::support;

use rules::{Limit, Per};
use store::Submission;
use support::{World, act, buy, take, told, wait};

fn lines(outcomes: &[store::Outcome]) -> Vec<String> {
    outcomes.iter().map(told).collect()
}

#[test]
fn the_last_piece_is_taken_once_in_one_statement() {
    let world = World::new();
    world.offer("mug", r#"{"name": "Mug", "points": 10, "stock": 2}"#);
    for member in ["a", "b", "c"] {
        world.one(buy(member, member, member, 10_000));
    }
    // All three are decided on the same count, and written in one statement.
    let outcomes =
        world.run(&[take("a", "1", "mug", 1), take("b", "2", "mug", 1), take("c", "3", "mug", 1)]);
    assert_eq!(lines(&outcomes), ["redeem -10", "redeem -10", "out-of-stock"]);
    assert_eq!(world.number("SELECT amount FROM tally"), 2);
    // Refusals are kept, whatever becomes of the stock.
    assert_eq!(told(&world.one(world.undo_last("b", "4"))), "reverse +10");
    assert_eq!(world.number("SELECT amount FROM tally"), 1);
    assert_eq!(told(&world.one(take("c", "3", "mug", 1))), "again: out-of-stock");
    assert_eq!(told(&world.one(take("c", "5", "mug", 1))), "redeem -10");
    assert_eq!(
        wait(store::wrong_tallies(&world.sql, world.programme.no)).unwrap(),
        Vec::<String>::new()
    );
    world.sql.connection().execute("UPDATE tally SET amount = 1", []).unwrap();
    let wrong = wait(store::wrong_tallies(&world.sql, world.programme.no)).unwrap();
    assert_eq!(wrong, ["taken of reward:mug in 0 stands at 1, its entries say 2"]);
    world.sql.connection().execute("DELETE FROM tally", []).unwrap();
    let wrong = wait(store::wrong_tallies(&world.sql, world.programme.no)).unwrap();
    assert_eq!(wrong, ["taken of reward:mug in 0 stands at 0, its entries say 2"]);
}

/// A reward that is changed between decision and commit is decided on again.
#[test]
fn a_decision_on_an_older_version_is_not_written() {
    let world = World::new();
    world.offer("mug", r#"{"name": "Mug", "points": 10}"#);
    world.one(buy("a", "a", "a", 10_000));
    let orders = [take("a", "1", "mug", 1)];
    let wanted: Vec<_> = orders.iter().map(store::Submission::wanted).collect();
    let scope = store::Scope::Programme(world.programme.no);
    let (_, _, loaded) =
        wait(store::load(&world.sql, scope, &wanted, orders[0].lots())).unwrap().unwrap();
    world.offer("mug", r#"{"name": "Mug", "points": 30}"#);
    let mut id = 1u128 << 70;
    let fresh = || {
        id += 1000;
        support::fresh(id)
    };
    let (programme, now) = (&world.programme, world.now.get());
    let mut executor = store::Executor {
        sql: &world.sql,
        programme,
        book: &world.book,
        now,
        fresh,
        abroad: None,
        in_flight: None,
    };
    let outcomes = wait(store::execute(&mut executor, &orders, loaded)).unwrap();
    assert_eq!(lines(&outcomes), ["redeem -30"]);
}

/// Events of one member take effect in their order; where events of different members share a
/// limit, some of them find it used up, whichever.
#[test]
fn members_of_one_call_have_no_order() {
    let world = World::with_rules(|document| {
        let check_in = document.actions.get_mut("check_in").unwrap();
        check_in.limit = None;
        check_in.device_limit = Some(Limit { times: 2, per: Per::Day });
        document.caps.points_per_day = Some(7);
    });
    let on_phone = |member: &str, key: &str| {
        let order = act(member, key, "check_in");
        let operation = order.operation.on_device("phone").unwrap();
        Submission { operation, ..order }
    };
    // The first member has something due, so that it is decided a second time, after the others.
    world.one(buy("a", "0", "o", 100));
    world.at("2027-03-01T10:00:00+08:00");
    let orders = [
        on_phone("a", "1"),
        on_phone("a", "2"),
        on_phone("b", "3"),
        on_phone("b", "4"),
        on_phone("c", "5"),
    ];
    let outcomes = lines(&world.run(&orders));
    let earned = outcomes.iter().filter(|outcome| outcome.contains("earn")).count();
    let refused = outcomes.iter().filter(|outcome| *outcome == "device-limit-reached").count();
    assert_eq!((earned, refused), (2, 3), "{outcomes:?}");
    for (first, second) in [(0, 1), (2, 3)] {
        // A member with the cap of the day earns 5 and then 2, and is never refused first and let
        // through after.
        let both = (outcomes[first].as_str(), outcomes[second].as_str());
        assert!(!(both.0 == "device-limit-reached" && both.1.contains("earn")), "{both:?}");
        assert!(!both.0.ends_with("earn +2"), "{both:?}");
    }
    assert_eq!(
        wait(store::wrong_tallies(&world.sql, world.programme.no)).unwrap(),
        Vec::<String>::new()
    );
}

#[test]
fn counters_of_past_periods_are_dropped() {
    let world = World::with_rules(|document| {
        let check_in = document.actions.get_mut("check_in").unwrap();
        check_in.device_limit = Some(Limit { times: 1, per: Per::Day });
    });
    let on_phone = |member: &str, key: &str| {
        let order = act(member, key, "check_in");
        let operation = order.operation.on_device("phone").unwrap();
        Submission { operation, ..order }
    };
    assert_eq!(
        lines(&world.run(&[on_phone("a", "1"), on_phone("b", "2")])),
        ["earn +5", "device-limit-reached"]
    );
    for day in 11..28 {
        world.at(&format!("2026-01-{day}T10:00:00+08:00"));
        assert_eq!(told(&world.one(on_phone("a", &format!("k{day}")))), "earn +5");
    }
    // As many days as events may be late, and one more for a clock that is set back.
    assert_eq!(world.number("SELECT count(*) FROM tally"), 9);
}
