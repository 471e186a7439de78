//! Touches as the job decides them: night after night, against a naive count over the lots.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::cell::{Cell, RefCell};

use crate::support::{Dying, Raced, World, purchase, short_lived, wait};
use jobs::{JobContext, Messaging, TouchReport, WorkLimit, fold, touch};
use ledger::{Frozen, MemberId, Origin, Timestamp};
use reach::playbook::{Known, KnownTemplate, Playbook};
use reach::touch::Planned;
use reach::{Change, Channel, Family, Purpose, Refresh};
use rules::operations::{Erase, Freeze, Merge};
use serde_json::{Value as Json, json};
use store::{
    DecidedTouch, Error, Lots, Native, SetChange, SetWish, Sql, Submission, begin_reach,
    change_sets, due_messages, put_set, put_touches, stored_set, touches_of_members,
};

pub(crate) const START: &str = "2026-01-10T10:00:00+08:00";
pub(crate) const DAY_MS: i64 = 86_400_000;
pub(crate) const HOUR_MS: i64 = 3_600_000;

pub struct Shop {
    pub world: World,
    pub reach: Native,
    pub messaging: Messaging,
}

pub(crate) fn messaging(playbook: Json) -> Messaging {
    let mut known = Known::default();
    for (id, purpose) in [("news", Purpose::Marketing), ("notice", Purpose::Service)] {
        let needs = Channel::ALL.iter().map(|channel| (*channel, [].into())).collect();
        known.templates.insert(id.to_owned(), KnownTemplate { purpose, needs });
    }
    let playbook: Playbook = serde_json::from_value(playbook).unwrap();
    let faults = playbook.check(&known);
    // Segments and tags are those of the tests.
    assert!(faults.iter().all(|fault| fault.path.ends_with("/segment")), "{faults:?}");
    Messaging { playbook, version: 3, templates: known.templates, ..Messaging::default() }
}

pub fn ladder() -> Json {
    let nodes: Vec<Json> = [7, 3, 1].map(|days| json!({"days_before": days})).to_vec();
    json!({"id": "ladder", "trigger": {"kind": "points_expiring"},
           "send": {"channels": ["push"], "template": "notice"}, "sequence": {"nodes": nodes}})
}

impl Shop {
    /// Members `m00`, `m01` … who bought on the first days, one after the other, with points for 30
    /// days.
    pub fn new(playbook: Json, members: usize) -> Self {
        let (world, reach) = (World::new(START), Native::in_memory().unwrap());
        wait(begin_reach(&reach, &reach)).unwrap();
        world.publish(short_lived(30));
        let shop = Self { world, reach, messaging: messaging(playbook) };
        for member in 0..members {
            if member % 5 == 4 {
                shop.world.later(DAY_MS);
            }
            shop.world.earn([format!("m{member:02}")], &purchase(10_000));
        }
        shop.fold();
        for member in 0..members {
            shop.told(&format!("m{member:02}"), "push");
        }
        shop
    }

    /// An address of a member, who agreed to all.
    pub fn told(&self, member: &str, channel: &str) {
        let no = self.no(member);
        let text = format!(
            "INSERT INTO contact VALUES (1, {no}, '{channel}', 'x', 'd', 'open', NULL, 0, 'test')"
        );
        self.reach.connection().execute(&text, []).unwrap();
        let text = format!(
            "INSERT INTO consent (programme_no, member_no, purpose, channel, decision, digest, at,
             source, recorded_at, recorded_by)
             VALUES (1, {no}, 'marketing', '{channel}', 'given', '', 0, 'form', 0, 'test')"
        );
        self.reach.connection().execute(&text, []).unwrap();
    }

    pub fn no(&self, member: &str) -> i64 {
        self.world.number(&format!("SELECT no FROM member WHERE id = '{member}'"))
    }

    pub fn fold(&self) {
        let (now, fresh) = (|| self.world.now.get(), || self.world.fresh());
        let ledger = JobContext { sql: &self.world.sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &self.reach, now: &now, fresh: &fresh };
        let report = wait(fold(&ledger, &reach, None, WorkLimit::chunks(10_000))).unwrap();
        assert!(report.done && report.failed == 0, "{report:?}");
    }

    pub(crate) fn run_on<R: Sql>(&self, reach: &R, limit: WorkLimit) -> Result<TouchReport, Error> {
        let (now, fresh) = (|| self.world.now.get(), || self.world.fresh());
        let ledger = JobContext { sql: &self.world.sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: reach, now: &now, fresh: &fresh };
        let messaging = async |_| Ok(self.messaging.clone());
        wait(touch(&ledger, &reach, None, messaging, limit))
    }

    /// A night: what is known is folded, then it is decided.
    pub fn night(&self) -> TouchReport {
        self.fold();
        let report = self.run_on(&self.reach, WorkLimit::chunks(10_000)).unwrap();
        assert!(report.done && report.failed == 0, "{report:?}");
        report
    }

    pub fn at_night(&self, day: i64) {
        // 2026-01-10 02:00 in Shanghai, and so many days later.
        self.world
            .now
            .set(Timestamp(Timestamp::parse(START).unwrap().0 - 8 * HOUR_MS + day * DAY_MS));
    }

    pub fn rows(&self, question: &str) -> Vec<String> {
        let mut prepared = self.reach.connection().prepare(question).unwrap();
        prepared.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    /// All that is kept of touches but their numbers and the instant of the decision.
    pub(crate) fn touches(&self) -> Vec<String> {
        let text = "SELECT member_no || ' ' || strategy || ' ' || node || ' ' || cycle || ' ' || state || ' ' ||
            coalesce(reason, '') || ' ' || due_at || ' ' || deadline_at || ' ' || channels || ' ' || messages || ' ' ||
            coalesce(period, '') FROM touch ORDER BY member_no, cycle, strategy, node";
        self.rows(text)
    }

    pub fn apply(&self, member: &str, operation: impl rules::Operation + 'static) {
        let origin = Origin { actor: "test".into(), ..Origin::default() };
        let submission = Submission::new(MemberId::new(member).unwrap(), operation, origin);
        self.world.order(&[submission], Lots::All);
    }
}

/// By the lots: each node of each end, where no later node is due on the day of a run.
fn naive(shop: &Shop, nights: &[i64]) -> Vec<String> {
    let lots = "SELECT member_no || ' ' || expires_at FROM lot WHERE remaining > 0 GROUP BY member_no, expires_at";
    let mut found = Vec::new();
    let first = Timestamp::parse(START).unwrap().0 - 10 * HOUR_MS;
    for lot in shop.world.texts(lots) {
        let (member, end) = lot.split_once(' ').unwrap();
        let end: i64 = end.parse().unwrap();
        let mut is_done = [false; 3];
        for (place, night) in nights.iter().enumerate() {
            let (today, before) =
                (first + night * DAY_MS, place.checked_sub(1).map(|at| nights[at]));
            let day_of = |node: i64| end - DAY_MS - node * DAY_MS;
            for (at, node) in [7, 3, 1].into_iter().enumerate() {
                let is_over = before.is_some_and(|last| day_of(node) <= first + last * DAY_MS)
                    || (before.is_none() && day_of(node) < today);
                if day_of(node) > today || is_over || is_done[at] || end <= today {
                    continue;
                }
                is_done[at] = true;
                let later = [7, 3, 1].get(at + 1).is_some_and(|next| day_of(*next) <= today);
                let state = if later { "suppressed missed" } else { "due " };
                let due = if later {
                    day_of(node) + 10 * HOUR_MS
                } else {
                    (day_of(node) + 10 * HOUR_MS).max(today + 2 * HOUR_MS)
                };
                // Quiet hours last until 09:00.
                let due =
                    if !later && due < today + 9 * HOUR_MS { today + 9 * HOUR_MS } else { due };
                found.push(format!("{member} ladder -{node} end:{end} {state} {due}"));
            }
        }
    }
    found.sort();
    found
}

fn told(shop: &Shop) -> Vec<String> {
    let text = "SELECT member_no || ' ' || strategy || ' ' || node || ' ' || cycle || ' ' || state || ' ' ||
        coalesce(reason, '') || ' ' || due_at FROM touch";
    let mut found = shop.rows(text);
    found.sort();
    found
}

#[test]
fn nights_decide_what_a_naive_count_says() {
    for left_out in [&[][..], &[20, 25, 26, 30, 31, 32, 33, 34]] {
        let shop = Shop::new(json!({"strategies": [ladder()]}), 40);
        let nights: Vec<i64> = (9..50).filter(|night| !left_out.contains(night)).collect();
        let expected = naive(&shop, &nights);
        for night in &nights {
            shop.at_night(*night);
            shop.night();
            // Once more at once, and once more in the evening.
            assert!(shop.night().is_idle());
            shop.world.later(18 * HOUR_MS);
            assert!(shop.night().is_idle());
        }
        assert_eq!(told(&shop), expected);
        assert!(expected.len() >= 80, "{}", expected.len());
        let missed = expected.iter().filter(|row| row.contains("missed")).count();
        assert_eq!(missed > 0, !left_out.is_empty());
    }
}

pub(crate) fn playbook() -> Json {
    json!({"caps": [{"times": 1, "per": "day"}], "strategies": [
        ladder(),
        {"id": "row", "trigger": {"kind": "points_expiring", "within_days": 20},
         "when": "member.orders >= 1", "budget": {"messages": 7, "per": "lifetime"},
         "send": {"channels": ["push", "sms"], "template": "news"}, "holdout_percent": 30},
    ]})
}

#[test]
fn a_run_that_is_killed_anywhere_loses_and_doubles_nothing() {
    let whole = Shop::new(playbook(), 30);
    for night in [10, 26, 27] {
        whole.at_night(night);
        whole.night();
    }
    let expected = whole.touches();
    for statements in 0..60 {
        let shop = Shop::new(playbook(), 30);
        for night in [10, 26, 27] {
            shop.at_night(night);
            shop.fold();
            let dying = Dying { sql: &shop.reach, statements_left: Cell::new(statements) };
            let _killed = shop.run_on(&dying, WorkLimit::chunks(10_000));
            shop.night();
            assert!(shop.night().is_idle());
        }
        assert_eq!(shop.touches(), expected, "{statements}");
    }
    let budget = "SELECT strategy || ' ' || messages FROM touch_tally ORDER BY strategy";
    assert_eq!(whole.rows(budget), ["row 7"]);
}

#[test]
fn two_runs_at_once_write_what_one_does() {
    let whole = Shop::new(playbook(), 30);
    whole.at_night(26);
    whole.night();
    for mark in ["INTO touch_decided", "touch_run_step", "FROM json_each(?2) AS w CROSS JOIN touch"]
    {
        let shop = Shop::new(playbook(), 30);
        shop.at_night(26);
        shop.fold();
        let rival = || drop(shop.run_on(&shop.reach, WorkLimit::chunks(10_000)).unwrap());
        let raced = Raced { sql: &shop.reach, mark, rival: RefCell::new(Some(rival)) };
        shop.run_on(&raced, WorkLimit::chunks(10_000)).unwrap();
        assert!(raced.rival.borrow().is_none(), "{mark}");
        assert_eq!(shop.touches(), whole.touches(), "{mark}");
        assert!(shop.night().is_idle());
    }
}

#[test]
fn a_walk_in_pieces_comes_to_the_same() {
    let whole = Shop::new(playbook(), 30);
    whole.at_night(26);
    whole.night();
    let shop = Shop::new(playbook(), 30);
    shop.at_night(26);
    shop.fold();
    // Of 1,000 members a piece there is one; a run without work left says so.
    let report = shop.run_on(&shop.reach, WorkLimit::chunks(0)).unwrap();
    assert!(!report.done);
    while !shop.run_on(&shop.reach, WorkLimit::chunks(1)).unwrap().done {}
    assert_eq!(shop.touches(), whole.touches());
}

#[test]
fn nothing_begins_before_one_o_clock_nor_without_a_strategy() {
    let shop = Shop::new(json!({"strategies": [ladder()]}), 10);
    shop.at_night(24);
    shop.world.later(-61 * 60_000);
    assert!(shop.night().is_idle(), "00:59");
    shop.world.later(60_000);
    assert!(!shop.night().is_idle(), "01:00");
    let empty = Shop::new(json!({}), 10);
    empty.at_night(24);
    assert!(empty.night().is_idle());
    assert_eq!(empty.rows("SELECT decided_through || '' FROM touch_run"), [""; 0]);
}

#[test]
fn what_is_not_for_a_member_is_counted_and_not_kept() {
    let shop = Shop::new(
        json!({"strategies": [
            {"id": "a", "trigger": {"kind": "points_expiring", "days_before": 7},
             "when": "member.orders >= 2", "send": {"channels": ["push"], "template": "notice"}},
            {"id": "b", "trigger": {"kind": "points_expiring", "days_before": 7},
             "send": {"channels": ["wechat"], "template": "notice"}}]}),
        4,
    );
    // 30 days after 2026-01-10 is 2026-02-09; seven days before that is the 23rd night.
    shop.at_night(23);
    shop.world.later(-DAY_MS);
    shop.night();
    shop.at_night(23);
    let report = shop.night();
    assert_eq!(report.suppressed, [("condition", 4), ("no_contact", 4)].into());
    let kept = "SELECT strategy || ' ' || reason FROM touch GROUP BY 1";
    assert_eq!(shop.rows(kept), ["b no_contact"]);
}

/// Both sides of a strategy are asked the same: of those who are held out, who could be reached
/// counts, as of the others.
#[test]
fn who_is_held_out_is_compared_where_it_would_have_got_the_message() {
    let row = json!({"id": "row", "trigger": {"kind": "points_expiring", "days_before": 7},
        "send": {"channels": ["sms"], "template": "news"}, "holdout_percent": 40});
    let shop = Shop::new(json!({"holdout_percent": 10, "strategies": [row]}), 60);
    for member in (0..60).step_by(2) {
        shop.told(&format!("m{member:02}"), "sms");
    }
    for night in 20..36 {
        shop.at_night(night);
        shop.night();
    }
    let of = |what: &str| {
        let text = format!("SELECT count(*) || '' FROM touch WHERE {what}");
        shop.rows(&text)[0].parse::<i64>().unwrap()
    };
    let held_out = "reason IN ('holdout_strategy', 'holdout_programme')";
    assert_eq!(of("true"), 60);
    assert!((15..40).contains(&of(held_out)), "{}", of(held_out));
    assert_eq!(
        of(&format!("{held_out} AND is_compared")),
        of(&format!("{held_out} AND member_no % 2 = 1"))
    );
    assert_eq!(of("is_compared"), 30);
    assert_eq!(of("state = 'due' AND is_compared AND planned_at = due_at"), of("state = 'due'"));
    assert_eq!(of("reason = 'no_contact' AND is_compared"), 0);
    // 10:00 of the last day but seven, as for the others.
    assert_eq!(of("is_compared AND (planned_at + 8 * 3600000) % 86400000 <> 36000000"), 0);
    assert_eq!(of("planned_day <> (planned_at + 8 * 3600000) / 86400000"), 0);
}

#[test]
fn what_belongs_to_touches_is_forgotten_with_them() {
    let shop = Shop::new(json!({"strategies": [ladder()]}), 4);
    shop.at_night(23);
    shop.night();
    let write = |text: &str| shop.reach.connection().execute_batch(text).unwrap();
    write("UPDATE touch SET state = 'sent'");
    let now = shop.world.now.get().0;
    write(&format!(
        "INSERT INTO touch_delivery (programme_no, touch_no, member_no, channel, attempt, account_no, state, digest, started_at)
           SELECT 1, no, member_no, 'push', 1, 1, 'delivered', '', {now} FROM touch;
         INSERT INTO link (programme_no, member_no, touch_no, channel, purpose, target, made_at)
           SELECT 1, member_no, no, 'push', 'marketing', 'https://shop.example/', {now} FROM touch;
         INSERT INTO click SELECT no, 1, {now}, NULL, 0, '' FROM link;
         INSERT INTO early_report VALUES (1, 'x', 'delivered', '', {now})"
    ));
    let left = || {
        ["touch", "touch_delivery", "link", "click", "early_report"]
            .map(|table| shop.rows(&format!("SELECT count(*) || '' FROM {table}"))[0].clone())
    };
    let last = shop.rows("SELECT max(no) || '' FROM link");
    shop.at_night(26);
    shop.night();
    assert_eq!(left()[1..], ["4", "4", "4", "1"]);
    shop.world.later(HOUR_MS);
    shop.night();
    shop.at_night(23 + jobs::TOUCH_DAYS);
    shop.night();
    assert_eq!(left()[1..], ["4", "4", "4", "0"]);
    shop.world.later(HOUR_MS);
    shop.night();
    // The last number stays: none is given twice.
    assert_eq!(left()[1..], ["0", "1", "1", "0"]);
    assert_eq!(shop.rows("SELECT no || '' FROM link"), last);
}

#[test]
fn frozen_accounts_say_so_and_erased_ones_leave_nothing() {
    let shop = Shop::new(json!({"strategies": [ladder()]}), 8);
    shop.at_night(22);
    shop.night();
    shop.apply("m01", Freeze(Frozen { earning: true, spending: true }));
    // Not folded yet when it is decided.
    shop.at_night(23);
    shop.fold();
    shop.apply("m02", Erase);
    let report = shop.run_on(&shop.reach, WorkLimit::chunks(10_000)).unwrap();
    assert!(report.done, "{report:?}");
    let of = |member: &str| {
        let no = shop.no(member);
        shop.rows(&format!(
            "SELECT state || ' ' || coalesce(reason, '') FROM touch WHERE member_no = {no}"
        ))
    };
    assert_eq!(of("m00"), ["due "]);
    assert_eq!(of("m01"), ["suppressed frozen"]);
    let erased = "SELECT member_no || '' FROM touch";
    let before = shop.rows(erased).len();
    shop.apply("m00", Erase);
    shop.fold();
    assert_eq!(shop.rows(erased).len(), before - 1);
    // Nothing is kept about it later either.
    let no = shop.rows("SELECT member_no || '' FROM departed ORDER BY member_no")[0].clone();
    let other = shop.no("m01");
    let known = wait(touches_of_members(&shop.reach, 1, &[other])).unwrap();
    let touch = known[&other][0].clone();
    let at = Planned { at: touch.due_at, is_compared: false };
    let mut late = DecidedTouch {
        member_no: no.parse().unwrap(),
        touch,
        period: None,
        planned: at,
        planned_day: 0,
        settles_day: None,
    };
    late.touch.key.node = 1;
    let before = shop.rows(erased).len();
    wait(put_touches(&shop.reach, 1, &[late.clone()], &[])).unwrap();
    assert_eq!(shop.rows(erased).len(), before);
    late.member_no = other;
    wait(put_touches(&shop.reach, 1, &[late], &[])).unwrap();
    assert_eq!(shop.rows(erased).len(), before + 1);
}

#[test]
fn touches_go_with_an_account_that_becomes_part_of_another() {
    let shop = Shop::new(json!({"strategies": [ladder()]}), 8);
    for night in [22, 23, 24] {
        shop.at_night(night);
        shop.night();
    }
    let count = |member: i64| {
        shop.rows(&format!("SELECT cycle FROM touch WHERE member_no = {member}")).len()
    };
    let (into, from) = (shop.no("m00"), shop.no("m07"));
    assert_eq!((count(into), count(from)), (1, 1));
    shop.apply("m00", Merge { from: MemberId::new("m07").unwrap() });
    shop.fold();
    assert_eq!((count(into), count(from)), (2, 0), "they end on different days");
}

/// A member comes into the segment, as somebody set it by hand.
pub(crate) fn comes_in(shop: &Shop, member: &str) {
    let wish = SetWish {
        family: Family::Segment,
        name: "vip".into(),
        kind: "static".into(),
        document: "{}".into(),
        condition: None,
        refresh: Refresh::Manual,
        lives_days: None,
        is_exclusive: false,
    };
    let now = shop.world.now.get();
    assert!(wait(put_set(&shop.reach, 1, &wish, (now, "test"), 500)).unwrap());
    let set = wait(stored_set(&shop.reach, 1, Family::Segment, "vip")).unwrap().unwrap();
    let change = Change { set_no: set.no, is_in: true, version: set.version };
    let row = SetChange { member_no: shop.no(member), change, until: None, score: None };
    assert_eq!(wait(change_sets(&shop.reach, 1, &[row], "test", now)).unwrap(), 1);
}

fn heard() -> Json {
    let send = json!({"channels": ["push"], "template": "notice"});
    json!({"strategies": [
        {"id": "earned", "trigger": {"kind": "entry", "entry": "earn"}, "send": send},
        {"id": "hello", "trigger": {"kind": "entered_segment", "segment": "vip"}, "send": send,
         "sequence": {"nodes": [{"days_after": 0}, {"days_after": 2}]}}]})
}

/// What happened to `m01` and `m02` on the 12th day, and the nights after it.
fn lives(shop: &Shop, run: &dyn Fn(&Shop)) {
    shop.at_night(11);
    run(shop);
    shop.at_night(12);
    shop.world.later(10 * HOUR_MS);
    comes_in(shop, "m01");
    shop.world.earn(["m02".to_owned()], &purchase(100));
    shop.fold();
    run(shop);
    for night in 13..16 {
        shop.at_night(night);
        shop.fold();
        run(shop);
    }
}

fn ran(shop: &Shop) {
    let report = shop.run_on(&shop.reach, WorkLimit::chunks(10_000)).unwrap();
    assert!(report.done && report.failed == 0, "{report:?}");
}

fn in_short(shop: &Shop) -> Vec<String> {
    shop.rows(
        "SELECT t.member_no || ' ' || t.strategy || ' ' || t.node || ' ' || substr(t.cycle, 1, 4) || ' ' || t.state ||
         ' ' || datetime(t.due_at / 1000 + 8 * 3600, 'unixepoch') FROM touch AS t ORDER BY t.due_at, t.strategy",
    )
}

#[test]
fn what_happens_is_asked_for_once_and_its_later_nodes_in_their_nights() {
    let shop = Shop::new(heard(), 4);
    // What was before the first run is not asked for.
    lives(&shop, &ran);
    let (m01, m02) = (shop.no("m01"), shop.no("m02"));
    let expected = [
        format!("{m02} earned 0 entr due 2026-01-22 12:00:00"),
        format!("{m01} hello 0 set: due 2026-01-22 12:00:00"),
        format!("{m01} hello 2 set: due 2026-01-24 10:00:00"),
    ];
    assert_eq!(in_short(&shop), expected);
    assert!(shop.night().is_idle());
    // Two runs at each instant come to the same, and so does a run that is killed before the next.
    let twice = Shop::new(heard(), 4);
    lives(&twice, &|shop| {
        ran(shop);
        ran(shop);
    });
    assert_eq!(twice.touches(), shop.touches());
    for statements in 0..45 {
        let killed = Shop::new(heard(), 4);
        lives(&killed, &|shop| {
            let dying = Dying { sql: &shop.reach, statements_left: Cell::new(statements) };
            let _killed = shop.run_on(&dying, WorkLimit::chunks(10_000));
            ran(shop);
        });
        assert_eq!(killed.touches(), shop.touches(), "{statements}");
    }
    // What can be answered no more is forgotten: two nodes, three days, and a week for late jobs.
    shop.world.later(13 * DAY_MS);
    ran(&shop);
    assert_eq!(shop.rows("SELECT source FROM touch_occasion"), [""; 0]);
}

#[test]
fn a_higher_tier_is_told_apart_from_a_lower_one() {
    let send = json!({"channels": ["push"], "template": "notice"});
    let strategy = |id: &str, way: &str| json!({"id": id, "trigger": {"kind": "tier_changed", "direction": way}, "send": send});
    let shop =
        Shop::new(json!({"strategies": [strategy("up", "up"), strategy("down", "down")]}), 2);
    shop.world.publish(|document| document.tiers = rules::default_document().tiers);
    shop.at_night(11);
    ran(&shop);
    shop.world.earn(["m01".to_owned()], &purchase(100_000_000));
    shop.fold();
    ran(&shop);
    let kinds = "SELECT kind FROM entry WHERE kind = 'tier_change'";
    assert!(!shop.world.texts(kinds).is_empty(), "the purchase reaches a tier");
    assert_eq!(shop.rows("SELECT strategy || ' ' || state FROM touch"), ["up due"]);
}

#[test]
fn touches_that_are_due_are_found_and_old_ones_forgotten() {
    let shop = Shop::new(json!({"strategies": [ladder()]}), 8);
    for night in 22..32 {
        shop.at_night(night);
        shop.night();
    }
    let now = shop.world.now.get();
    let push = Some(Channel::Push);
    let due = wait(due_messages(&shop.reach, 1, push, now, 100)).unwrap();
    assert_eq!(due.len(), shop.touches().len());
    assert_eq!(wait(due_messages(&shop.reach, 1, push, now, 3)).unwrap(), due[..3]);
    shop.reach
        .connection()
        .execute("UPDATE touch SET state = 'sent' WHERE no % 2 = 0", [])
        .unwrap();
    shop.world.later(401 * DAY_MS);
    shop.night();
    assert_eq!(shop.rows("SELECT DISTINCT state FROM touch"), ["due"]);
}

#[test]
fn a_click_leaves_out_a_later_node() {
    let nodes: Vec<Json> = [7, 3].map(|days| json!({"days_before": days})).to_vec();
    let strategy = json!({"id": "ladder", "trigger": {"kind": "points_expiring"},
        "send": {"channels": ["push"], "template": "notice"},
        "sequence": {"nodes": nodes, "skip_after_response_hours": 720}});
    let shop = Shop::new(json!({"strategies": [strategy]}), 1);
    for night in 20..24 {
        shop.at_night(night);
        shop.night();
    }
    assert_eq!(shop.rows("SELECT node || state FROM touch"), ["-7due"]);
    let at = shop.world.now.get().0;
    let text = format!(
        "INSERT INTO outbox_settle VALUES ('push', {at}, '[[1, \"sent\", null, null]]');
         INSERT INTO link (programme_no, member_no, touch_no, channel, purpose, target, made_at)
         SELECT 1, member_no, no, 'push', 'service', 'https://shop.example/', {at} FROM touch"
    );
    shop.reach.connection().execute_batch(&text).unwrap();
    let clicked = store::add_click(&shop.reach, 1, ledger::Timestamp(at + 1), (None, false), "n");
    assert!(wait(clicked).unwrap());
    for night in 24..30 {
        shop.at_night(night);
        shop.night();
    }
    let found = shop
        .rows("SELECT node || ' ' || state || ' ' || coalesce(reason, '') FROM touch ORDER BY no");
    assert_eq!(found, ["-7 sent ", "-3 suppressed stopped"]);
}
