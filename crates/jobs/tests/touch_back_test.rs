//! Back-tests of a playbook: what is told of past days is what nights with it decided.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken test stops the test"
)]

use std::collections::BTreeMap;

use crate::random::Random;
use crate::support::{purchase, wait};
use crate::touch::{DAY_MS, HOUR_MS, Shop, ladder};
use jobs::{
    BackTestWish, JobContext, LeftOut, Messaging, TouchBackTest, WorkLimit, back_test_touches,
};
use ledger::{Frozen, MemberId, Origin, Timestamp};
use reach::{Channel, Today};
use rules::operations::{Erase, Freeze, Merge, Redeem, Restore};
use serde_json::{Value as Json, json};
use store::{Lots, Submission, programme};

/// Counts by day and by a text that says what is counted.
pub(crate) type Counts = BTreeMap<(String, String), i64>;

const MEMBERS: usize = 24;
const FIRST: i64 = 12;
const DAYS: i64 = 40;

fn playbook() -> Json {
    let send = json!({"channels": ["push", "sms"], "template": "news", "mode": "first_possible"});
    json!({"caps": [{"times": 1, "per": "week", "purpose": "marketing"}, {"times": 2, "per": "month", "channel": "sms"}],
        "holdout_percent": 20, "segments": {"loyal": {"when": "member.orders >= 3"}}, "strategies": [
        {"stop_when": ["redeemed"], "id": "stopped", "trigger": {"kind": "points_expiring"}, "send": {"channels": ["push"], "template": "notice"},
         "sequence": {"nodes": [{"days_before": 9}, {"days_before": 2}]}},
        ladder(),
        {"id": "row", "trigger": {"kind": "points_expiring", "within_days": 20}, "when": "member.days_since_order >= 6",
         "send": send, "holdout_percent": 30},
        {"id": "rich", "trigger": {"kind": "points_expiring", "days_before": 5}, "match": "first", "when": "member.balance > 250",
         "send": {"channels": ["sms", "push"], "template": "notice"}},
        {"id": "others", "trigger": {"kind": "points_expiring", "days_before": 5}, "match": "first", "segment": "loyal",
         "send": {"channels": ["wechat", "push"], "template": "notice"}},
        {"id": "login", "trigger": {"kind": "points_expiring", "days_before": 4}, "when": "member.days_since_login > 3",
         "send": {"channels": ["sms"], "template": "news"}, "holdout_percent": 0},
        {"id": "hello", "trigger": {"kind": "entry", "entry": "earn"}, "send": send,
         "sequence": {"nodes": [{"days_after": 0}, {"days_after": 2, "template": "notice"}]}},
    ]})
}

impl Shop {
    pub(crate) fn back_tested(
        &self,
        messaging: &Messaging,
        wish: BackTestWish<'_>,
        chunks: u32,
    ) -> Option<TouchBackTest> {
        let (now, fresh) = (|| self.world.now.get(), || self.world.fresh());
        let ledger = JobContext { sql: &self.world.sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &self.reach, now: &now, fresh: &fresh };
        let of = wait(programme(&self.world.sql, "default")).unwrap().unwrap().reference;
        let limit = WorkLimit::chunks(chunks);
        wait(back_test_touches(&ledger, &reach, of, messaging.clone(), wish, limit)).unwrap()
    }

    pub(crate) fn today(&self) -> i32 {
        Today::at(self.world.now.get(), "Asia/Shanghai".parse().unwrap()).day
    }

    /// A run of `touch` with what was due gone out at its time. What it counts and does not keep.
    pub(crate) fn decided(&self, counts: &mut Counts) {
        let now = self.world.now.get().0;
        let text = format!(
            "UPDATE touch SET state = 'sent', sent_at = due_at, channel = channels ->> 0 WHERE state = 'due' AND due_at <= {now}"
        );
        self.reach.connection().execute(&text, []).unwrap();
        self.reach.connection().execute("DELETE FROM outbox", []).unwrap();
        let report = self.night();
        let day = ledger::from_day_number(self.today()).to_string();
        for reason in ["condition", "not_in_segment"] {
            let count = report.suppressed.get(reason).copied().unwrap_or(0);
            if count > 0 {
                let of = (day.clone(), format!("all {reason}"));
                *counts.entry(of).or_default() += i64::try_from(count).unwrap();
            }
        }
    }

    /// What was kept, by the day of the decision.
    pub(crate) fn kept(&self, counts: &mut Counts) {
        let rows = self.rows(
            "SELECT json_array(date(decided_at / 1000 + 28800, 'unixepoch'), strategy || ' ' || node, coalesce(reason, 'due'), messages, mode, channels) FROM touch",
        );
        for row in rows {
            let row: Json = serde_json::from_str(&row).unwrap();
            let text = |at: usize| row[at].as_str().unwrap().to_owned();
            let mut add = |what: &str, count: i64| {
                if count > 0 {
                    let of = (text(0), format!("{} {what}", text(1)));
                    *counts.entry(of).or_default() += count;
                }
            };
            add(&text(2), 1);
            add("messages", row[3].as_i64().unwrap());
            if text(2) == "due" {
                let channels: Vec<String> = serde_json::from_str(&text(5)).unwrap();
                let used = if text(4) == "all" { channels.len() } else { 1 };
                channels[..used].iter().for_each(|channel| add(channel, 1));
            }
        }
    }
}

/// The same of a part of a back-test as it is shown.
pub(crate) fn add_told(found: &TouchBackTest, counts: &mut Counts) {
    let shown = found.to_json(true);
    for day in shown["days"].as_array().unwrap() {
        for node in day["nodes"].as_array().unwrap() {
            let of = format!("{} {}", node["strategy"].as_str().unwrap(), node["node"]);
            let mut add = |what: String, count: &Json| {
                let count = count.as_i64().unwrap();
                if count > 0 {
                    let day = day["day"].as_str().unwrap().to_owned();
                    *counts.entry((day, what)).or_default() += count;
                }
            };
            add(format!("{of} due"), &node["due"]);
            add(format!("{of} messages"), &node["messages"]);
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
}

fn shop() -> Shop {
    let mut shop = Shop::new(playbook(), MEMBERS);
    shop.messaging.since.insert("hello".to_owned(), Timestamp(0));
    shop.messaging.cost_minor = [(Channel::Sms, 5)].into();
    for member in (0..MEMBERS).step_by(2) {
        shop.told(&format!("m{member:02}"), "sms");
    }
    shop
}

/// What is refused changes nothing.
fn submit(shop: &Shop, member: &str, operation: impl rules::Operation + 'static) {
    let origin = Origin { actor: "test".into(), ..Origin::default() };
    let submission = Submission::new(MemberId::new(member).unwrap(), operation, origin);
    let _outcome = shop.world.try_order(&[submission], Lots::All);
}

/// Something that members do on a day.
fn act(shop: &Shop, random: &mut Random, counts: &mut Counts) {
    let place = random.below(MEMBERS as i64);
    let (id, now) = (format!("m{place:02}"), shop.world.now.get().0);
    let no = shop.no(&id);
    let both = Frozen { earning: false, spending: true };
    match random.below(9) {
        0..=2 => {
            shop.world.earn([id], &purchase(random.between(1_000, 30_000)));
            // Heard within a minute.
            shop.decided(counts);
        }
        3 => submit(shop, &id, Redeem { points: random.between(1, 60) }),
        4 if random.chance(30) => submit(shop, &id, Freeze(both)),
        5 if random.chance(30) => submit(shop, &id, Restore(both)),
        6 => {
            let (purpose, channel) =
                (random.pick(&["marketing", "service"]), random.pick(&["push", "sms"]));
            let decision = random.pick(&["given", "withdrawn"]);
            let text = format!(
                "INSERT INTO consent (programme_no, member_no, purpose, channel, decision, digest, at, source, recorded_at,
                 recorded_by) VALUES (1, {no}, '{purpose}', '{channel}', '{decision}', '', {now}, 'form', {now}, 'test')"
            );
            shop.reach.connection().execute(&text, []).unwrap();
        }
        7 | 8 => {
            let row = store::BehaviourRow {
                programme_no: 1,
                member_no: no,
                key: format!("k{now}-{no}"),
                day: i32::try_from((now + 8 * HOUR_MS) / DAY_MS).unwrap(),
                kind: "login".into(),
                item: None,
                category: None,
                value_minor: None,
                occurred_at: now,
                channel: None,
                session: None,
            };
            wait(store::report_behaviour(&shop.reach, &[row])).unwrap();
        }
        _ => {}
    }
}

#[test]
fn past_days_are_told_as_the_nights_decided_them() {
    let told = std::env::var("ACCRUE_HISTORIES").map_or(1_000, |text| text.parse().unwrap());
    let mut all = Counts::new();
    for seed in 0..(told / 250).max(1) {
        let mut random = Random::new(seed);
        let shop = shop();
        let mut happened = Counts::new();
        for night in FIRST..FIRST + DAYS {
            shop.at_night(night);
            shop.world.later(-HOUR_MS);
            shop.decided(&mut happened);
            let mut hours: Vec<i64> = (0..random.below(6)).map(|_| random.between(1, 22)).collect();
            hours.sort_unstable();
            hours.dedup();
            for hour in hours {
                shop.at_night(night);
                shop.world.later((hour - 1) * HOUR_MS + 60_000);
                act(&shop, &mut random, &mut happened);
            }
        }
        shop.kept(&mut happened);
        // Some time later much of it has changed.
        shop.at_night(FIRST + DAYS + 9);
        shop.world.earn((0..MEMBERS).map(|place| format!("m{place:02}")).take(5), &purchase(100));
        shop.fold();
        let (from, to) = (shop.today() - 9 - i32::try_from(DAYS).unwrap(), shop.today() - 10);
        let changes = |shop: &Shop| {
            let of = |sql: &store::Native| sql.connection().total_changes();
            (of(&shop.world.sql), of(&shop.reach))
        };
        let before = changes(&shop);
        let wish = BackTestWish { from: Some(from), to: Some(to), cursor: None };
        let whole = shop.back_tested(&shop.messaging, wish, 100).unwrap();
        assert_eq!(changes(&shop), before, "nothing is written");
        assert_eq!((whole.next.as_ref(), whole.members), (None, MEMBERS as u64));
        assert_eq!(whole.left_out, LeftOut::default());
        let mut told = Counts::new();
        add_told(&whole, &mut told);
        let only = |one: &Counts, other: &Counts| {
            let differs = |(of, count): &(&(String, String), &i64)| other.get(of) != Some(count);
            one.clone().iter().filter(differs).map(|of| format!("{of:?}")).collect::<Vec<_>>()
        };
        assert!(
            told == happened,
            "seed {seed}: told {:#?} happened {:#?}",
            only(&told, &happened),
            only(&happened, &told)
        );
        for ((_, what), count) in happened {
            *all.entry((String::new(), what)).or_default() += count;
        }
    }
    for what in [
        "ladder -7 due",
        "row -20 due",
        "row -20 holdout_programme",
        "row -20 holdout_strategy",
        "rich -5 due",
        "others -5 due",
        "hello 0 due",
        "hello 2 due",
        "stopped -2 stopped",
        "login -4 due",
        "all condition",
        "all not_in_segment",
        "ladder -3 frozen",
    ] {
        let found = all.contains_key(&(String::new(), what.to_owned()));
        assert!(found || told < 500, "{what} of {all:?}");
    }
}

#[test]
fn parts_add_up_and_days_have_bounds() {
    let shop = Shop::new(json!({"strategies": [ladder()]}), 70);
    for member in 0..70 {
        shop.world.earn([format!("m{member:02}")], &purchase(100));
    }
    shop.at_night(60);
    shop.fold();
    let today = shop.today();
    let wish = |from: i32, to: i32| BackTestWish { from: Some(from), to: Some(to), cursor: None };
    let (from, to) = (today - 50, today - 1);
    let whole = shop.back_tested(&shop.messaging, wish(from, to), 100).unwrap();
    let mut expected = Counts::new();
    add_told(&whole, &mut expected);
    assert!(!expected.is_empty());
    let (mut parts, mut members, mut told) = (0, 0, Counts::new());
    let mut cursor: Option<String> = None;
    loop {
        let wish = match &cursor {
            None => wish(from, to),
            Some(_) => BackTestWish { cursor: cursor.as_deref(), ..BackTestWish::default() },
        };
        let part = shop.back_tested(&shop.messaging, wish, 1).unwrap();
        add_told(&part, &mut told);
        (parts, members) = (parts + 1, members + part.members);
        match part.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!((parts, members), (2, 70));
    assert_eq!(told, expected);
    // Days that are not over, too many, too long ago, or in the wrong order.
    for (from, to) in [
        (today - 5, today),
        (today - 93, today - 1),
        (today - 181, today - 150),
        (today - 3, today - 4),
    ] {
        assert_eq!(shop.back_tested(&shop.messaging, wish(from, to), 9), None, "{from} {to}");
    }
    assert!(shop.back_tested(&shop.messaging, wish(today - 92, today - 1), 9).is_some());
    let without = shop.back_tested(&shop.messaging, BackTestWish::default(), 9).unwrap();
    assert_eq!((without.from, without.to), (today - 90, today - 1));
    // A cursor is for one playbook and one rulebook.
    let other = crate::touch::messaging(json!({"strategies": []}));
    let next = BackTestWish { cursor: cursor.as_deref(), ..BackTestWish::default() };
    assert_eq!(shop.back_tested(&other, next, 9), None);
    for cursor in ["", "x", "WzFd"] {
        let wish = BackTestWish { cursor: Some(cursor), ..BackTestWish::default() };
        assert_eq!(shop.back_tested(&shop.messaging, wish, 9), None, "{cursor}");
    }
    shop.world.publish(|document| document.purchase.points_per_unit = "2".parse().unwrap());
    assert_eq!(shop.back_tested(&shop.messaging, next, 9), None);
}

#[test]
fn who_took_an_account_over_is_left_out_and_the_erased_are_not_there() {
    let send = json!({"channels": ["push"], "template": "notice"});
    let playbook = json!({"strategies": [ladder(),
        {"id": "vip", "trigger": {"kind": "entered_segment", "segment": "vip"}, "send": send}]});
    let shop = Shop::new(playbook, 10);
    shop.apply("m00", Merge { from: MemberId::new("m07").unwrap() });
    shop.apply("m03", Erase);
    shop.at_night(60);
    shop.fold();
    let found = shop.back_tested(&shop.messaging, BackTestWish::default(), 9).unwrap();
    assert_eq!((found.members, found.left_out.merged), (8, 1));
    let shown = found.to_json(true);
    let text = shown.to_string();
    for gone in ["m00", "m03", "m07"] {
        assert!(!text.contains(gone), "{gone}");
    }
    assert!(text.contains("m01"));
    assert_eq!(shown["not_told"], json!(["vip"]));
    assert!(shown["as_of_now"].as_array().unwrap().contains(&json!("addresses")));
    assert!(!found.to_json(false).to_string().contains("m01"));
}
