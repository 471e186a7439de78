//! Strategies that come into force and end, budgets that two runs use, accounts that become one,
//! and channels that fail after all.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::cell::RefCell;

use channels::{Heard, HttpRequest};
use jobs::WorkLimit;
use ledger::{MemberId, Timestamp};
use reach::Channel;
use rules::operations::Merge;
use serde_json::json;
use store::pause_channel;

use crate::outbox::{by_two, shop, sms_number, status, taken};
use crate::support::{Raced, purchase, wait};
use crate::touch::{DAY_MS, HOUR_MS, Shop, ladder};

fn told(shop: &Shop) -> Vec<String> {
    shop.rows("SELECT DISTINCT member_no || '' FROM touch ORDER BY member_no")
}

#[test]
fn a_strategy_tells_nothing_of_days_before_it_came_into_force() {
    // Points of five members end on each day; seven days before are the nights 23 to 26.
    let late = || {
        let shop = Shop::new(json!({"strategies": [ladder()]}), 20);
        shop.at_night(10);
        shop.night();
        shop.at_night(26);
        shop
    };
    let open = late();
    open.night();
    assert!(told(&open).len() > 5, "days that nobody decided are told late");
    let mut new = late();
    let midnight = Timestamp(new.world.now.get().0 - 2 * HOUR_MS);
    // It came into force at noon of that day, and its day counts.
    new.messaging.since.insert("ladder".into(), midnight.plus_ms(HOUR_MS));
    new.night();
    let members: Vec<String> =
        (14..19).map(|of| new.no(&format!("m{of:02}")).to_string()).collect();
    assert_eq!(told(&new), members);
    let mut later = late();
    later.messaging.since.insert("ladder".into(), midnight.plus_ms(DAY_MS));
    later.night();
    assert_eq!(told(&later), Vec::<String>::new());
}

#[test]
fn a_strategy_that_ends_earlier_by_now_tells_nothing_more() {
    for (until, sent) in [("2026-02-02", 1), ("2026-02-01", 0)] {
        let mut shop = shop(by_two("first_possible"), 1);
        shop.gateway(Channel::Push);
        shop.at_night(23);
        shop.night();
        shop.world.later(9 * HOUR_MS);
        let mut playbook = by_two("first_possible");
        playbook["strategies"][0]["until"] = json!(until);
        shop.messaging.playbook = serde_json::from_value(playbook).unwrap();
        assert_eq!(shop.send(taken).len(), sent, "{:?}", shop.outcomes());
        let end = if sent == 1 { "sent push" } else { "suppressed missed" };
        assert!(shop.outcomes()[0].ends_with(end), "{:?}", shop.outcomes());
    }
}

#[test]
fn a_budget_that_another_run_uses_up_is_not_passed() {
    let mut strategy = ladder();
    strategy["budget"] = json!({"messages": 7, "per": "lifetime"});
    let shop = Shop::new(json!({"strategies": [strategy]}), 12);
    shop.at_night(24);
    shop.fold();
    // Another run has told others of 5 messages between the decision and the write.
    let rival = || {
        let text = "INSERT INTO touch_tally VALUES (1, 'ladder', 'lifetime', 5, 0, 0, 1)";
        shop.reach.connection().execute(text, []).unwrap();
    };
    let mark = "INTO touch_decided";
    let raced = Raced { sql: &shop.reach, mark, rival: RefCell::new(Some(rival)) };
    let report = shop.run_on(&raced, WorkLimit::chunks(10_000)).unwrap();
    assert!(raced.rival.borrow().is_none() && report.done, "{report:?}");
    let used = shop.rows("SELECT messages || '' FROM touch_tally");
    let due = shop.rows("SELECT no || '' FROM touch WHERE state = 'due'").len();
    assert_eq!((used, due), (vec!["7".to_owned()], 2));
    assert_eq!(report.touches, 2, "what was decided for nothing is not counted");
    assert_eq!(report.members, 12);
    assert!(shop.night().is_idle());
}

/// A member earns with an account, which then becomes part of another one: before or after the fold
/// knows of the merger, the other account is asked.
#[test]
fn what_happened_before_a_merger_is_asked_of_the_account_that_stays() {
    for is_folded in [false, true] {
        let hello = json!({"strategies": [{"id": "hello", "trigger": {"kind": "entry", "entry": "earn"},
            "send": {"channels": ["push"], "template": "notice"}}]});
        let shop = Shop::new(hello, 2);
        shop.at_night(5);
        shop.night();
        shop.world.later(12 * HOUR_MS);
        shop.world.earn(["m01".to_owned()], &purchase(10_000));
        shop.fold();
        shop.apply("m00", Merge { from: MemberId::new("m01").unwrap() });
        if is_folded {
            shop.fold();
        }
        for _ in 0..3 {
            shop.run_on(&shop.reach, WorkLimit::chunks(10_000)).unwrap();
            shop.world.later(61_000);
            shop.fold();
        }
        assert_eq!(told(&shop), [shop.no("m00").to_string()], "folded: {is_folded}");
    }
}

/// Nobody knows whether the SMS went, and push waits for its account. Then the vendor says that the
/// SMS did not.
#[test]
fn a_channel_that_failed_after_all_leaves_the_others_their_turn() {
    let shop = shop(by_two("all"), 1);
    shop.gateway(Channel::Push);
    shop.sms();
    sms_number(&shop, "m00");
    shop.at_night(23);
    shop.night();
    shop.world.later(9 * HOUR_MS);
    let pause = |why: Option<&str>| {
        let now = shop.world.now.get();
        assert!(wait(pause_channel(&shop.reach, 1, "push", (why, now))).unwrap());
    };
    pause(Some("for a look"));
    let sent = shop.send(|_: &HttpRequest| Heard::Nothing);
    assert_eq!(sent.len(), 1);
    assert!(shop.outcomes()[0].contains("unknown"), "{:?}", shop.outcomes());
    let text = "UPDATE touch_delivery SET state = 'failed', error = 'no' WHERE state = 'unknown'";
    assert_eq!(shop.reach.connection().execute(text, []).unwrap(), 1);
    pause(None);
    let channels = |all: Vec<HttpRequest>| -> Vec<bool> {
        all.iter().map(|one| one.url.contains("/push")).collect()
    };
    assert_eq!(channels(shop.send(|_| status(200))), [true], "{:?}", shop.outcomes());
    assert!(shop.outcomes()[0].ends_with("sent push"), "{:?}", shop.outcomes());
}
