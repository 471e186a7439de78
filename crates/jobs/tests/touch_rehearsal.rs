//! Rehearsals of touches: what is told is what the job then decides, and nothing is written.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::cell::RefCell;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::support::{Raced, members, purchase, wait};
use crate::touch::{DAY_MS, HOUR_MS, Shop, comes_in, ladder, messaging, playbook};
use jobs::{JobContext, Messaging, TouchRehearsal, TouchWish, WorkLimit, rehearse_touches};
use ledger::{Frozen, Timestamp};
use reach::{Channel, Today};
use rules::operations::Freeze;
use serde_json::{Value as Json, json};
use store::{Sql, programme};

/// Counts by a text that says what is counted.
type Counts = BTreeMap<String, i64>;

impl Shop {
    fn rehearsed(
        &self,
        messaging: &Messaging,
        wish: TouchWish<'_>,
        chunks: u32,
    ) -> Option<TouchRehearsal> {
        let (now, fresh) = (|| self.world.now.get(), || self.world.fresh());
        let ledger = JobContext { sql: &self.world.sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &self.reach, now: &now, fresh: &fresh };
        let of = wait(programme(&self.world.sql, "default")).unwrap().unwrap().reference;
        let limit = WorkLimit::chunks(chunks);
        wait(rehearse_touches(&ledger, &reach, of, messaging.clone(), wish, limit)).unwrap()
    }

    /// A whole rehearsal; of tomorrow without a day.
    pub fn rehearse(&self, day: Option<i32>) -> TouchRehearsal {
        let wish = TouchWish { day, cursor: None };
        let found = self.rehearsed(&self.messaging, wish, 1_000).unwrap();
        assert_eq!(found.next, None);
        found
    }

    fn day(&self) -> i32 {
        Today::at(self.world.now.get(), "Asia/Shanghai".parse().unwrap()).day
    }

    fn changes(&self) -> (u64, u64) {
        let of = |sql: &store::Native| sql.connection().total_changes();
        (of(&self.world.sql), of(&self.reach))
    }

    /// What a night decides: of what is kept by its rows, of the rest by the report.
    fn happened(&self) -> Counts {
        let before = "SELECT coalesce(max(no), 0) || '' FROM touch";
        let before = self.rows(before)[0].clone();
        let report = self.night();
        let mut counts = Counts::new();
        let rows = self.rows(&format!(
            "SELECT json_array(strategy, node, coalesce(reason, 'due'), messages, cost_minor, points, mode, channels)
             FROM touch WHERE no > {before}"
        ));
        for row in rows {
            let row: Json = serde_json::from_str(&row).unwrap();
            let of = format!("{} {}", row[0].as_str().unwrap(), row[1]);
            let reason = row[2].as_str().unwrap();
            let mut add = |what: &str, count: i64| {
                if count != 0 {
                    *counts.entry(format!("{of} {what}")).or_default() += count;
                }
            };
            add(reason, 1);
            for (place, what) in [(3, "messages"), (4, "cost_minor"), (5, "points")] {
                add(what, row[place].as_i64().unwrap());
            }
            if reason == "due" {
                let channels: Vec<String> = serde_json::from_str(row[7].as_str().unwrap()).unwrap();
                let used = if row[6] == "all" { channels.len() } else { channels.len().min(1) };
                channels[..used].iter().for_each(|channel| add(channel, 1));
            }
        }
        for reason in ["condition", "not_in_segment"] {
            let count = report.suppressed.get(reason).copied().unwrap_or(0);
            if count > 0 {
                counts.insert(format!("all {reason}"), i64::try_from(count).unwrap());
            }
        }
        counts
    }
}

/// The same of a rehearsal as it is shown.
fn told(found: &TouchRehearsal) -> Counts {
    let shown = found.to_json(true);
    let mut counts = Counts::new();
    for strategy in shown["strategies"].as_array().unwrap() {
        for node in strategy["nodes"].as_array().unwrap() {
            let of = format!("{} {}", strategy["strategy"].as_str().unwrap(), node["node"]);
            let mut add = |what: String, count: &Json| {
                let count = count.as_i64().unwrap();
                if count != 0 {
                    *counts.entry(what).or_default() += count;
                }
            };
            for what in ["due", "messages", "cost_minor", "points"] {
                add(format!("{of} {what}"), &node[what]);
            }
            for (channel, count) in node["channels"].as_object().unwrap() {
                add(format!("{of} {channel}"), count);
            }
            for (reason, count) in node["reasons"].as_object().unwrap() {
                let is_kept = !["condition", "not_in_segment"].contains(&reason.as_str());
                let of = if is_kept { &of } else { "all" };
                add(format!("{of} {reason}"), count);
            }
        }
    }
    counts
}

/// Everything at once: a ladder of service, a row with a budget and a holdout, two that share an
/// occasion, a cap, what happened with later nodes, and a schedule.
fn busy() -> Json {
    let send = json!({"channels": ["push", "sms"], "template": "news", "mode": "first_possible"});
    json!({"caps": [{"times": 1, "per": "week", "purpose": "marketing"}, {"times": 1, "per": "month", "channel": "sms"}], "holdout_percent": 20, "strategies": [
        ladder(),
        {"id": "row", "trigger": {"kind": "points_expiring", "within_days": 20}, "when": "member.orders >= 1",
         "budget": {"messages": 17, "per": "lifetime"}, "send": send, "holdout_percent": 30},
        {"id": "rich", "trigger": {"kind": "points_expiring", "days_before": 5}, "match": "first", "when": "member.balance > 250",
         "send": {"channels": ["sms", "push"], "template": "notice"}},
        {"id": "others", "trigger": {"kind": "points_expiring", "days_before": 5}, "match": "first",
         "send": {"channels": ["wechat", "push"], "template": "notice"}},
        {"id": "texts", "trigger": {"kind": "points_expiring", "days_before": 4}, "send": {"channels": ["sms"], "template": "notice"}},
        {"id": "hello", "trigger": {"kind": "entry", "entry": "earn"}, "send": send,
         "sequence": {"nodes": [{"days_after": 0}, {"days_after": 2, "template": "notice"}]}},
        {"id": "fridays", "trigger": {"kind": "schedule", "weekdays": [5]}, "segment": "vip",
         "send": {"channels": ["push"], "template": "news"}, "holdout_percent": 0},
    ]})
}

fn bustling(count: usize) -> Shop {
    let mut shop = Shop::new(busy(), count);
    let cost = [(Channel::Sms, 5), (Channel::Push, 1)];
    shop.messaging.cost_minor = cost.into();
    let ids = shop.messaging.playbook.strategies.iter().map(|of| (of.id.clone(), Timestamp(0)));
    shop.messaging.since = ids.collect();
    for member in (0..count).step_by(3) {
        shop.told(&format!("m{member:02}"), "sms");
    }
    shop.world.earn((0..count).step_by(2).map(|n| format!("m{n:02}")), &purchase(20_000));
    comes_in(&shop, "m01");
    shop.apply("m07", Freeze(Frozen { earning: false, spending: true }));
    shop
}

#[test]
fn what_is_rehearsed_is_what_happens() {
    let shop = bustling(40);
    let mut all = Counts::new();
    shop.at_night(9);
    shop.night();
    for night in 10..50 {
        // The evening before, without a day, and at night by it.
        shop.at_night(night - 1);
        shop.world.later(18 * HOUR_MS);
        if night % 6 == 0 {
            shop.world.earn([format!("m{:02}", night % 40)], &purchase(3_000));
            shop.night();
        }
        shop.fold();
        let before = shop.changes();
        let evening = shop.rehearse(None);
        assert_eq!(shop.changes(), before, "nothing is written");
        shop.at_night(night);
        let at_night = shop.rehearse(Some(shop.day()));
        assert_eq!((evening.day, told(&evening)), (at_night.day, told(&at_night)));
        let happened = shop.happened();
        assert_eq!(told(&at_night), happened, "night {night}");
        for (what, count) in happened {
            *all.entry(what).or_default() += count;
        }
        // When it is decided, there is nothing left of the day.
        let left = told(&shop.rehearse(Some(shop.day())));
        assert!(left.keys().all(|what| what.starts_with("all ")), "{left:?}");
    }
    // All that is compared was there.
    for what in [
        "ladder -7 due",
        "ladder -1 push",
        "ladder -3 frozen",
        "row -20 messages",
        "row -20 budget",
        "row -20 cost_minor",
        "rich -5 sms",
        "row -20 holdout_programme",
        "row -20 holdout_strategy",
        "texts -4 frequency",
        "texts -4 no_contact",
        "rich -5 due",
        "others -5 due",
        "hello 2 due",
        "fridays 0 due",
        "all condition",
        "all not_in_segment",
    ] {
        assert!(all.contains_key(what), "{what} of {all:?}");
    }
}

#[test]
fn a_day_after_nights_that_were_left_out_tells_them_too() {
    let shop = bustling(40);
    for night in [9, 20, 25, 26, 30, 31, 35, 41] {
        shop.at_night(night);
        shop.fold();
        let rehearsed = told(&shop.rehearse(Some(shop.day())));
        assert_eq!(rehearsed, shop.happened(), "night {night}");
    }
}

#[test]
fn later_days_take_those_before_as_decided() {
    let shop = Shop::new(json!({"strategies": [ladder()]}), 10);
    shop.at_night(9);
    shop.night();
    // Points of the first five end on the 30th day: their nodes are due on the 23rd and later.
    let due = |day: i32| shop.rehearse(Some(day)).to_json(true)["totals"]["due"].take();
    let first = shop.day() + 14;
    let found: Vec<Json> = (first - 1..first + 5).map(due).collect();
    assert_eq!(found, [json!(0), json!(4), json!(5), json!(1), json!(0), json!(4)]);
    let shown = shop.rehearse(Some(first)).to_json(true);
    assert_eq!(shown["strategies"][0]["examples"].as_array().unwrap().len(), 4);
    let example = json!({"member_id": "m00", "node": -7, "due_at": "2026-02-02T02:00:00Z", "channels": ["push"]});
    assert_eq!(shown["strategies"][0]["examples"][0], example);
    assert_eq!((&shown["day"], &shown["playbook_version"]), (&json!("2026-02-02"), &json!(3)));
    // The channel has no account: nothing can go.
    let account = json!({"channel": "push", "account": null, "is_paused": false, "per_second": null, "messages": 4,
        "seconds": null, "open_seconds": null, "drained_at": null, "late": 4});
    assert_eq!(shown["accounts"], json!([account]));
    // A person who may not see members is told none.
    let shown = shop.rehearse(Some(first)).to_json(false);
    assert_eq!(shown["strategies"][0].get("examples"), None);
    for day in [shop.day() - 1, shop.day() + 367] {
        let wish = TouchWish { day: Some(day), cursor: None };
        assert_eq!(shop.rehearsed(&shop.messaging, wish, 9), None);
    }
}

#[test]
fn parts_come_to_the_same_as_the_whole() {
    let mut shop = Shop::new(playbook(), 0);
    shop.at_night(2);
    shop.world.earn(members(2_100), &purchase(10_000));
    shop.fold();
    let all = "SELECT no FROM member";
    for member in shop.world.texts(&format!("SELECT no || '' FROM ({all})")) {
        let no: i64 = member.parse().unwrap();
        let text = format!(
            "INSERT INTO contact VALUES (1, {no}, 'push', 'x', 'd', 'open', NULL, 0, 'test')"
        );
        shop.reach.connection().execute(&text, []).unwrap();
        let text = format!(
            "INSERT INTO consent (programme_no, member_no, purpose, channel, decision, digest, at, source, recorded_at,
             recorded_by) VALUES (1, {no}, 'marketing', 'push', 'given', '', 0, 'form', 0, 'test')"
        );
        shop.reach.connection().execute(&text, []).unwrap();
    }
    shop.messaging.playbook.caps.clear();
    let day = Some(shop.day() + 20);
    let whole = shop.rehearse(day);
    let shown = whole.to_json(true);
    let reasons = &shown["strategies"][1]["reasons"];
    assert_eq!(shown["strategies"][1]["messages"], 7);
    assert!(reasons["budget"].as_i64().unwrap() > 1_000, "{reasons}");
    assert_eq!(shown["strategies"][1]["examples"].as_array().unwrap().len(), 7);
    let mut cursor: Option<String> = None;
    let mut parts = 0;
    let last = loop {
        // The clock goes on between calls.
        shop.world.later(60_000);
        let wish = TouchWish { day, cursor: cursor.as_deref() };
        let part = shop.rehearsed(&shop.messaging, wish, 1).unwrap();
        parts += 1;
        assert_eq!(part.members, (parts * 1_000).min(2_100));
        if part.next.is_none() {
            break part;
        }
        cursor = part.next.clone();
    };
    assert_eq!(parts, 3);
    assert_eq!(last, whole);
    // A cursor is for one playbook and one rulebook.
    let first = shop.rehearsed(&shop.messaging, TouchWish { day, cursor: None }, 1).unwrap().next;
    let wish = TouchWish { day: None, cursor: first.as_deref() };
    assert!(shop.rehearsed(&shop.messaging, wish, 1).is_some());
    let other = messaging(json!({"strategies": [ladder()]}));
    assert_eq!(shop.rehearsed(&other, wish, 1), None);
    shop.world.publish(|document| document.purchase.points_per_unit = "2".parse().unwrap());
    assert_eq!(shop.rehearsed(&shop.messaging, wish, 1), None);
    for cursor in ["", "x", "WzFd"] {
        let wish = TouchWish { day: None, cursor: Some(cursor) };
        assert_eq!(shop.rehearsed(&shop.messaging, wish, 1), None, "{cursor}");
    }
}

#[test]
fn what_happened_before_a_strategy_was_published_is_not_told() {
    let mut shop = Shop::new(busy(), 10);
    shop.at_night(11);
    shop.night();
    shop.world.later(10 * HOUR_MS);
    shop.world.earn(["m02".to_owned()], &purchase(100));
    shop.fold();
    // Published an hour later. The entry was heard for another strategy.
    let published = shop.world.now.get().plus_ms(HOUR_MS);
    let mut late = shop.messaging.clone();
    late.playbook.strategies.retain(|of| of.id == "hello");
    late.playbook.strategies[0].id = "late".into();
    shop.messaging.playbook.strategies.extend(late.playbook.strategies.clone());
    shop.messaging.since.insert("late".to_owned(), published);
    shop.world.later(2 * HOUR_MS);
    let counts = shop.happened();
    assert!(counts.keys().any(|what| what.starts_with("hello")), "{counts:?}");
    assert!(!counts.keys().any(|what| what.starts_with("late")), "{counts:?}");
    // A draft's new strategy was published at no time.
    shop.messaging.since.remove("late");
    shop.messaging.playbook.strategies.retain(|of| of.id == "late");
    shop.at_night(12);
    shop.world.later(HOUR_MS);
    assert_eq!(told(&shop.rehearse(Some(shop.day() + 1))), Counts::new());
    shop.messaging.since.insert("late".to_owned(), Timestamp(0));
    let counts = told(&shop.rehearse(Some(shop.day() + 1)));
    assert!(counts.contains_key("late 2 due"), "{counts:?}");
}

/// A job that finds nothing to do reads no rulebook until the next day begins, and one that hears
/// something does.
#[test]
fn a_programme_rests_when_its_day_is_decided() {
    let shop = Shop::new(busy(), 10);
    let reads = |shop: &Shop| {
        let (now, fresh) = (|| shop.world.now.get(), || shop.world.fresh());
        let raced = Raced {
            sql: &shop.world.sql,
            mark: "FROM rulebook WHERE",
            rival: RefCell::new(Some(|| ())),
        };
        let ledger = JobContext { sql: &raced, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &shop.reach, now: &now, fresh: &fresh };
        let messaging = async |_| Ok(shop.messaging.clone());
        let limit = WorkLimit::chunks(100);
        let report = wait(jobs::touch(&ledger, &reach, None, messaging, limit)).unwrap();
        assert!(report.done && report.failed == 0, "{report:?}");
        raced.rival.borrow().is_none()
    };
    shop.at_night(12);
    assert!(reads(&shop), "the walk");
    assert!(!reads(&shop), "it is decided");
    shop.world.later(8 * HOUR_MS);
    shop.world.earn(["m02".to_owned()], &purchase(100));
    assert!(reads(&shop), "something happened");
    assert!(!reads(&shop), "it is told");
    shop.at_night(13);
    shop.world.later(-HOUR_MS - 1);
    assert!(!reads(&shop), "00:59:59");
    shop.world.later(1);
    assert!(reads(&shop), "01:00");
    assert!(!reads(&shop));
    // The zone may be another one.
    shop.world.publish(|document| document.time_zone = "Europe/London".into());
    shop.world.later(DAY_MS / 2);
    assert!(reads(&shop), "another rulebook");
    assert!(!reads(&shop));
    // Before the first walk it rests until that begins.
    let early = Shop::new(busy(), 10);
    early.at_night(12);
    early.world.later(-2 * HOUR_MS);
    assert!(reads(&early), "00:00");
    assert!(!reads(&early));
    early.world.later(HOUR_MS);
    assert!(reads(&early), "01:00");
    let walked = wait(early.reach.query("SELECT decided_through FROM touch_run", vec![])).unwrap();
    assert_eq!(walked.len(), 1);
}

/// A cursor as its reader takes it.
fn forged(shop: &Shop, nodes: Json, examples: Json, loads: Json) -> String {
    let version = wait(programme(&shop.world.sql, "default")).unwrap().unwrap();
    let version = version.reference.rulebook_version;
    let text = serde_json::to_string(&shop.messaging.playbook).unwrap();
    let of: String = store::digest(&format!("{version} {text}")).chars().take(16).collect();
    let now = shop.world.now.get();
    let day = Today::at(now, "Asia/Shanghai".parse().unwrap()).day;
    URL_SAFE_NO_PAD.encode(json!([now.0, day, of, 0, 0, nodes, examples, loads]).to_string())
}

#[test]
fn a_cursor_names_no_member_of_another_programme() {
    let shop = Shop::new(json!({"strategies": [ladder()]}), 3);
    let text = "
        INSERT INTO programme (no, id, name, rulebook_version, rulebook_digest, created_at)
          VALUES (2, 'rival', 'Rival', 1, '', 0);
        INSERT INTO member (no, programme_no, id, sequence, head, points_in_lots, lots_granted, joined_at, qualification, counters)
          VALUES (900000, 2, '13800138000', 1, zeroblob(32), 0, 0, 0, '{}', '{}');";
    shop.world.sql.connection().execute_batch(text).unwrap();
    let cursor = forged(
        &shop,
        json!([]),
        json!([[0, 900_000, -7, 0, ["push"]], [0, 1, -7, 0, []]]),
        json!([]),
    );
    let wish = TouchWish { day: None, cursor: Some(&cursor) };
    let found = shop.rehearsed(&shop.messaging, wish, 100).unwrap();
    let names: Vec<&str> =
        found.strategies[0].examples.iter().map(|of| of.member_id.as_str()).collect();
    assert_eq!(names, ["", "m00"]);
}

#[test]
fn figures_of_a_cursor_are_bounded() {
    let shop = Shop::new(json!({"strategies": [ladder()]}), 3);
    let many: Vec<Json> = (0..11).map(|no| json!([0, no, -7, 0, []])).collect();
    let cursor = forged(&shop, json!([]), json!(many), json!([]));
    let wish = TouchWish { day: None, cursor: Some(&cursor) };
    assert_eq!(shop.rehearsed(&shop.messaging, wish, 100), None, "more examples than ten");
    let row = |node: i32| {
        json!([
            0,
            node,
            u64::MAX,
            [i64::MAX, i64::MAX, i64::MAX, u64::MAX],
            [["push", u64::MAX]],
            [["frequency", u64::MAX]]
        ])
    };
    // Instants beyond the calendar, and as many messages as there can be.
    for (due, until, is_read) in [(i64::MIN, 9, false), (0, i64::MAX, false), (0, 9, true)] {
        let loads = json!([
            ["push", i64::MIN, true, due, until, i64::MAX],
            ["push", 0, true, due, until, i64::MAX]
        ]);
        let cursor = forged(&shop, json!([]), json!([]), loads);
        let wish = TouchWish { day: None, cursor: Some(&cursor) };
        assert_eq!(shop.rehearsed(&shop.messaging, wish, 100).is_some(), is_read, "{due} {until}");
    }
    shop.gateway(Channel::Push);
    let cursor = forged(
        &shop,
        json!([row(-7), row(-3)]),
        json!([]),
        json!([["push", i64::MIN, true, 0, 253_402_300_799_999_i64, i64::MAX]]),
    );
    let wish = TouchWish { day: None, cursor: Some(&cursor) };
    let shown = shop.rehearsed(&shop.messaging, wish, 100).unwrap().to_json(false);
    assert_eq!(shown["totals"]["due"], u64::MAX);
}

#[test]
fn days_and_instants_beyond_the_calendar_are_refused() {
    for zone in ["Asia/Shanghai", "Europe/Berlin", "Pacific/Apia"] {
        let shop = Shop::new(json!({"strategies": [ladder()]}), 1);
        shop.world.publish(|document| document.time_zone = zone.into());
        let asked = |wish: TouchWish<'_>| shop.rehearsed(&shop.messaging, wish, 100);
        for day in [i32::MIN, -96_465_292, 0, 95_026_236, i32::MAX] {
            assert_eq!(asked(TouchWish { day: Some(day), cursor: None }), None, "{day}");
        }
        let good = URL_SAFE_NO_PAD.decode(forged(&shop, json!([]), json!([]), json!([]))).unwrap();
        let good: Json = serde_json::from_slice(&good).unwrap();
        for (place, value) in
            [(0, json!(i64::MIN)), (0, json!(i64::MAX)), (1, json!(i32::MIN)), (1, json!(0))]
        {
            let mut cursor = good.clone();
            cursor[place] = value;
            let cursor = URL_SAFE_NO_PAD.encode(cursor.to_string());
            assert_eq!(asked(TouchWish { day: None, cursor: Some(&cursor) }), None);
        }
    }
}
