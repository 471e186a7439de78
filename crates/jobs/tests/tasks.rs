//! Tasks that strategies ask people to do, and those about accounts that vendors refuse.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::cell::{Cell, RefCell};

use crate::outbox::{by_two, shop, status, taken};
use crate::support::{Dying, Raced, wait};
use crate::touch::{HOUR_MS, Shop};
use channels::HttpRequest;
use ledger::{Frozen, MemberId};
use reach::Channel;
use rules::operations::{Erase, Freeze, Merge};
use serde_json::{Value as Json, json};
use store::{
    NewTask, PreferenceWish, TaskAsked, TaskClosing, TaskOrder, assign_task, close_task, make_task,
    pause_channel, put_preference, shown_tasks, task_numbers,
};

/// Seven days before points end somebody is asked to call; with a message where there is a channel.
fn calls(to: &Json, channel: Option<&str>) -> Json {
    let mut task = json!({"text": {"zh-CN": "打电话", "en": "Call"}, "due_in_hours": 48});
    for (name, value) in to.as_object().unwrap() {
        task[name] = value.clone();
    }
    let mut strategy = json!({"id": "call", "name": {"en": "Calls"}, "holdout_percent": 0,
        "trigger": {"kind": "points_expiring", "days_before": 7}, "action": {"task": task}});
    if let Some(channel) = channel {
        strategy["send"] = json!({"channels": [channel], "template": "news"});
    }
    json!({"holdout_percent": 0, "strategies": [strategy]})
}

fn to_store() -> Json {
    json!({"to": "store"})
}

/// The night on which it is decided, and 11:00 of its day.
fn at_eleven(shop: &Shop) {
    shop.at_night(23);
    shop.night();
    shop.world.later(9 * HOUR_MS);
}

fn tasks(shop: &Shop) -> Vec<String> {
    shop.rows(
        "SELECT member_no || ' ' || source || ' ' || to_kind || ' ' || to_name || ' ' || state FROM task
         WHERE account_no IS NULL AND member_no IS NOT NULL ORDER BY member_no",
    )
}

fn lives_in(shop: &Shop, member: &str, store: &str) {
    let wish = PreferenceWish { home_store: Some(Some(store.into())), ..PreferenceWish::default() };
    let by = (shop.world.now.get().0, "test");
    wait(put_preference(&shop.reach, (1, shop.no(member)), &wish, by)).unwrap();
}

#[test]
fn somebody_is_asked_once_for_each_touch() {
    for channel in [None, Some("push")] {
        let shop = shop(calls(&to_store(), channel), 3);
        shop.gateway(Channel::Push);
        at_eleven(&shop);
        let before = shop.world.now.get();
        let sent = shop.send(taken);
        assert_eq!(sent.len(), if channel.is_some() { 3 } else { 0 });
        let first = shop.no("m00");
        let expected: Vec<String> =
            (first..first + 3).map(|no| format!("{no} call store  open")).collect();
        assert_eq!(tasks(&shop), expected);
        assert!(shop.outcomes().iter().all(|row| row.contains("sent")), "{:?}", shop.outcomes());
        let due = shop
            .rows("SELECT DISTINCT (due_at - made_at) || ' ' || title || ' ' || text FROM task");
        let hours = 48 * HOUR_MS;
        assert_eq!(
            due,
            [format!("{hours} {{\"en\":\"Calls\"}} {{\"en\":\"Call\",\"zh-CN\":\"打电话\"}}")]
        );
        assert!(shop.rows("SELECT min(made_at) || '' FROM task")[0] >= before.0.to_string());
        for _ in 0..3 {
            shop.world.later(HOUR_MS);
            shop.night();
            assert!(shop.send(taken).is_empty());
        }
        assert_eq!(tasks(&shop), expected);
    }
}

#[test]
fn a_run_that_is_killed_anywhere_makes_each_task_once() {
    for statements in 0..60 {
        let shop = shop(calls(&to_store(), Some("push")), 3);
        shop.gateway(Channel::Push);
        at_eleven(&shop);
        let dying = Dying { sql: &shop.reach, statements_left: Cell::new(statements) };
        let _killed = shop.send_on(&dying, &shop.world.sql, taken);
        for _ in 0..3 {
            shop.world.later(11 * 60_000);
            let _sent = shop.send(taken);
        }
        assert_eq!(tasks(&shop).len(), 3, "{statements}");
    }
    // Two runs at once.
    let shop = shop(calls(&to_store(), None), 3);
    at_eleven(&shop);
    let rival = || drop(shop.send(taken));
    let raced =
        Raced { sql: &shop.reach, mark: "INSERT INTO task", rival: RefCell::new(Some(rival)) };
    shop.send_on(&raced, &shop.world.sql, taken).0.unwrap();
    assert_eq!(tasks(&shop).len(), 3);
}

#[test]
fn who_is_held_out_frozen_erased_or_has_spent_the_points_brings_no_task() {
    let mut held_out = calls(&to_store(), None);
    held_out["strategies"][0]["holdout_percent"] = json!(50);
    let shop_of = shop;
    let shop = shop_of(held_out, 20);
    for night in 23..28 {
        shop.at_night(night);
        shop.night();
        shop.world.later(9 * HOUR_MS);
        shop.send(taken);
    }
    let sent = shop.outcomes().iter().filter(|row| row.contains(" sent ")).count();
    let left_alone = shop.outcomes().iter().filter(|row| row.contains("holdout")).count();
    assert!(sent > 3 && left_alone > 3 && sent + left_alone == 20, "{sent} {left_alone}");
    assert_eq!(tasks(&shop).len(), sent);

    let shop = shop_of(calls(&to_store(), None), 3);
    shop.at_night(23);
    shop.night();
    shop.apply("m00", Freeze(Frozen { earning: true, spending: true }));
    shop.apply("m01", Erase);
    shop.world.redeem("m02", 100);
    shop.world.later(9 * HOUR_MS);
    shop.send(taken);
    shop.fold();
    shop.world.later(HOUR_MS);
    shop.send(taken);
    assert_eq!(tasks(&shop), [""; 0], "{:?}", shop.outcomes());
}

#[test]
fn tasks_go_to_stores_managers_roles_persons_and_software() {
    let register = |shop: &Shop, manager: &str| {
        let text = format!(
            "INSERT INTO store (programme_no, id, name, region, manager, updated_at, updated_by, who)
             VALUES (1, 's-1', 'Shop', 'east/', {manager}, 0, 'test', '{{\"at\": 0}}')"
        );
        shop.world.sql.connection().execute(&text, []).unwrap();
    };
    for (to, home, manager, expected) in [
        (json!({"to": "store"}), Some("s-1"), "'boss'", "store "),
        (json!({"to": "manager"}), Some("s-1"), "'boss'", "person boss"),
        (json!({"to": "manager"}), Some("s-1"), "NULL", "store "),
        (json!({"to": "manager"}), Some("s-2"), "'boss'", "store "),
        (json!({"to": "manager"}), None, "'boss'", "store "),
        (json!({"to": "role", "name": "service"}), None, "NULL", "role service"),
        (json!({"to": "person", "name": "anna"}), None, "NULL", "person anna"),
        (json!({"to": "software"}), None, "NULL", "software "),
    ] {
        let shop = shop(calls(&to, None), 1);
        register(&shop, manager);
        if let Some(home) = home {
            lives_in(&shop, "m00", home);
        }
        at_eleven(&shop);
        shop.send(taken);
        let no = shop.no("m00");
        assert_eq!(tasks(&shop), [format!("{no} call {expected} open")], "{to} {home:?}");
    }
}

#[test]
fn tasks_go_with_an_account_and_vanish_with_a_person() {
    let shop = shop(calls(&json!({"to": "person", "name": "anna"}), None), 3);
    at_eleven(&shop);
    shop.send(taken);
    let (m00, m01) = (shop.no("m00"), shop.no("m01"));
    let third =
        shop.rows(&format!("SELECT no || '' FROM task WHERE member_no = {}", shop.no("m02")));
    let third: i64 = third[0].parse().unwrap();
    let (note, now) = (Some("she will come on Sunday"), shop.world.now.get());
    let closing = TaskClosing { state: "done", note, by: "anna", key: "k" };
    assert!(wait(close_task(&shop.reach, 1, third, &closing, now)).unwrap());
    shop.apply("m00", Merge { from: MemberId::new("m01").unwrap() });
    shop.apply("m02", Erase);
    shop.fold();
    assert_eq!(tasks(&shop), vec![format!("{m00} call person anna open"); 2], "not {m01}");
    let left = shop.rows(&format!(
        "SELECT state || title || text || to_name || coalesce(note, '') || coalesce(closed_by, '') ||
         coalesce(member_no, '') || coalesce(touch_no, '') || coalesce(closed_key, '') FROM task WHERE no = {third}"
    ));
    assert_eq!(left, ["erased{}{}"]);
    let asked = TaskAsked::default();
    assert_eq!(wait(shown_tasks(&shop.reach, 1, &[third], &asked)).unwrap(), []);
    // What a run that was lost still wants to make of the erased is left out.
    let departed: i64 =
        shop.rows("SELECT member_no || '' FROM departed WHERE into_no IS NULL")[0].parse().unwrap();
    let new = NewTask {
        touch_no: 99,
        strategy: "call",
        member_no: departed,
        to_kind: "store",
        to_name: "",
        title: json!({}),
        text: json!({}),
        due_at: now,
    };
    assert!(!wait(make_task(&shop.reach, 1, &new, now)).unwrap());
}

#[test]
fn the_first_who_closes_a_task_has_closed_it() {
    let shop = shop(calls(&to_store(), None), 1);
    at_eleven(&shop);
    shop.send(taken);
    let now = shop.world.now.get();
    let of = |state, key| TaskClosing { state, note: None, by: "anna", key };
    assert!(wait(assign_task(&shop.reach, 1, 1, ("role", "service"))).unwrap());
    assert!(
        !wait(close_task(&shop.reach, 2, 1, &of("done", "a"), now)).unwrap(),
        "not its programme"
    );
    assert!(wait(close_task(&shop.reach, 1, 1, &of("done", "a"), now)).unwrap());
    assert!(!wait(close_task(&shop.reach, 1, 1, &of("dismissed", "b"), now)).unwrap());
    assert!(!wait(assign_task(&shop.reach, 1, 1, ("role", "finance"))).unwrap());
    let shown = wait(shown_tasks(&shop.reach, 1, &[1], &TaskAsked::default())).unwrap();
    assert_eq!((shown[0].state.as_str(), shown[0].closed_key.as_deref()), ("done", Some("a")));
    assert_eq!(shown[0].to, ("role".to_owned(), "service".to_owned()));
}

#[test]
fn lists_have_an_order_and_filters() {
    let shop = shop(calls(&to_store(), None), 4);
    for (member, home) in [("m00", "s-1"), ("m01", "s-2"), ("m02", "s-1")] {
        lives_in(&shop, member, home);
    }
    at_eleven(&shop);
    shop.send(taken);
    let numbers = |order| wait(task_numbers(&shop.reach, 1, order, 10)).unwrap();
    assert_eq!(numbers(TaskOrder::Below(i64::MAX)), [4, 3, 2, 1]);
    assert_eq!(numbers(TaskOrder::Below(3)), [2, 1]);
    assert_eq!(numbers(TaskOrder::Above(2)), [3, 4]);
    assert_eq!(numbers(TaskOrder::OfMember(i64::MAX, shop.no("m01"))), [2]);
    let now = shop.world.now.get();
    let closing = TaskClosing { state: "dismissed", note: None, by: "x", key: "k" };
    assert!(wait(close_task(&shop.reach, 1, 2, &closing, now)).unwrap());
    assert!(wait(assign_task(&shop.reach, 1, 3, ("person", "anna"))).unwrap());
    assert_eq!(numbers(TaskOrder::OpenBelow(i64::MAX)), [4, 3, 1]);
    assert_eq!(wait(task_numbers(&shop.reach, 2, TaskOrder::Above(0), 10)).unwrap(), [0; 0]);
    let all = [4, 3, 2, 1];
    let (s1, none) = (["s-1".to_owned()], []);
    let fits = |asked: TaskAsked<'_>| -> Vec<i64> {
        let found = wait(shown_tasks(&shop.reach, 1, &all, &asked)).unwrap();
        found.into_iter().map(|task| task.no).collect()
    };
    let any = TaskAsked::default;
    assert_eq!(fits(any()), all);
    assert_eq!(fits(TaskAsked { state: Some("dismissed"), ..any() }), [2]);
    assert_eq!(fits(TaskAsked { strategy: Some("call"), ..any() }), all);
    assert_eq!(fits(TaskAsked { strategy: Some("other"), ..any() }), [0; 0]);
    assert_eq!(fits(TaskAsked { store: Some("s-2"), ..any() }), [2]);
    assert_eq!(fits(TaskAsked { stores: Some(&s1), ..any() }), [3, 1]);
    assert_eq!(fits(TaskAsked { stores: Some(&none), ..any() }), [0; 0]);
    assert_eq!(fits(TaskAsked { mine: Some(("anna", "service", Some(&none))), ..any() }), [3]);
    assert_eq!(fits(TaskAsked { mine: Some(("bob", "service", Some(&s1))), ..any() }), [1]);
    assert_eq!(fits(TaskAsked { mine: Some(("bob", "service", None)), ..any() }), [4, 2, 1]);
    // The store is the member's of now.
    lives_in(&shop, "m03", "s-1");
    assert_eq!(fits(TaskAsked { stores: Some(&s1), ..any() }), [4, 3, 1]);
}

#[test]
fn an_account_that_a_vendor_refuses_opens_one_task_while_it_is_open() {
    let shop = shop(by_two("all"), 2);
    shop.gateway(Channel::Push);
    at_eleven(&shop);
    let refuses = |_: &HttpRequest| status(401);
    let of_accounts = || {
        shop.rows(
            "SELECT source || ' ' || to_kind || ' ' || to_name || ' ' || state || ' ' || (text ->> '$.en') FROM task
             WHERE account_no IS NOT NULL ORDER BY no",
        )
    };
    // A person who pauses an account by hand needs no task.
    wait(pause_channel(&shop.reach, 1, "push", (Some("for a look"), shop.world.now.get())))
        .unwrap();
    shop.send(refuses);
    assert_eq!(of_accounts(), [""; 0]);
    let resume =
        || wait(pause_channel(&shop.reach, 1, "push", (None, shop.world.now.get()))).unwrap();
    resume();
    for _ in 0..3 {
        let (report, _) = shop.send_on(&shop.reach, &shop.world.sql, refuses);
        report.unwrap();
        shop.world.later(60_000);
        resume();
    }
    let found = of_accounts();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("push role marketing open "), "{found:?}");
    assert!(found[0].contains("signature"), "{found:?}");
    // Once it was closed, the next refusal opens another one.
    let by = (shop.world.now.get(), "anna");
    wait(store::channel_tasks_done(&shop.reach, 1, "push", by)).unwrap();
    shop.send_on(&shop.reach, &shop.world.sql, refuses).0.unwrap();
    let states: Vec<String> =
        of_accounts().iter().map(|row| row.split(' ').nth(3).unwrap().into()).collect();
    assert_eq!(states, ["done", "open"]);
}

#[test]
fn old_tasks_are_forgotten_and_no_number_is_given_again() {
    let shop = shop(calls(&to_store(), None), 3);
    at_eleven(&shop);
    shop.send(taken);
    shop.world.later(401 * 24 * HOUR_MS);
    shop.night();
    assert_eq!(shop.rows("SELECT no || '' FROM task"), ["3"]);
}
