//! Tags and segments as the job keeps them, against a naive count over the same orders.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::support::figures::{Timed, fill_facts, size};
use crate::support::{Dying, Raced, World, short_lived, wait};
use jobs::{Audience, JobContext, Other, RefreshReport, WorkLimit, fold, refresh};
use ledger::{Currency, MemberId, Money, Origin, Timestamp, Zone};
use reach::{Family, Refresh, Today};
use rules::operations::{Earn, Erase, Merge};
use rules::{EarnEvent, Line, Operation, compile_member};
use store::{
    Error, Lots, Native, PreferenceWish, SetWish, Sql, Submission, begin_reach, change_sets,
    list_sets, put_preference, put_set, remove_set, stored_set,
};

const START: &str = "2026-01-10T10:00:00+08:00";
const DAY_MS: i64 = 86_400_000;

struct Shop {
    world: World,
    reach: Native,
    /// Member, local day, minor units, category.
    orders: Vec<(String, i32, i64, &'static str)>,
}

fn submission(member: &str, operation: impl Operation + 'static) -> Submission {
    let origin = Origin { actor: "test".into(), ..Origin::default() };
    Submission::new(MemberId::new(member).unwrap(), operation, origin)
}

impl Shop {
    fn new() -> Self {
        let (world, reach) = (World::new(START), Native::in_memory().unwrap());
        wait(begin_reach(&reach, &reach)).unwrap();
        world.publish(short_lived(90));
        Self { world, reach, orders: Vec::new() }
    }

    fn today(&self) -> Today {
        Today::at(self.world.now.get(), "Asia/Shanghai".parse::<Zone>().unwrap())
    }

    fn buy(&mut self, member: &str, amount_minor: i64, category: &'static str) {
        let amount = Money { amount_minor, currency: Currency::new("CNY").unwrap() };
        let category_of = Some(category.to_owned());
        let line = Line { line: "1".into(), quantity: 1, amount, sku: None, category: category_of };
        let lines = vec![line];
        let event = EarnEvent { event: "purchase".into(), occurred_at: None, lines, device: None };
        self.world.order(&[submission(member, Earn(event))], Lots::None);
        self.orders.push((member.to_owned(), self.today().day, amount_minor, category));
    }

    /// Half a year of orders: each member buys at its own pace, and some stop.
    fn half_a_year(&mut self) {
        let mut seed = 7u64;
        let mut random = |below: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for day in 0..180u64 {
            for member in 0..40u64 {
                let stops = 20 + member * 5;
                if day < stops && random(2 + member % 13) == 0 {
                    let category = if random(4) < member % 4 { "digital" } else { "food" };
                    let amount = i64::try_from(100 + random(50_000)).unwrap();
                    self.buy(&format!("m{member:02}"), amount, category);
                }
            }
            self.world.later(DAY_MS);
        }
        for member in 0..40 {
            let (region, year) =
                (if member % 3 == 0 { "华东" } else { "华北" }, 1990 + member % 25);
            let told = match member % 5 {
                0 => format!(r#"{{"region":"{region}"}}"#),
                _ => format!(r#"{{"region":"{region}","birthday":"{year}-06-15"}}"#),
            };
            let id = format!("m{member:02}");
            self.tell(&id, &told);
            if member % 5 != 0 {
                self.at_home(&id, &format!("s{}", member % 2));
            }
        }
    }

    fn tell(&self, member: &str, attributes: &str) {
        let text = format!(
            "INSERT INTO profile (member_no, attributes, updated_at) SELECT no, '{attributes}', 0 FROM member WHERE id = '{member}'"
        );
        self.world.sql.connection().execute(&text, []).unwrap();
    }

    fn at_home(&self, member: &str, store: &str) {
        let wish = PreferenceWish {
            home_store: Some(Some(store.to_owned())),
            ..PreferenceWish::default()
        };
        let member = (1, self.no(member));
        assert!(wait(put_preference(&self.reach, member, &wish, (0, "test"))).unwrap());
    }

    fn no(&self, member: &str) -> i64 {
        self.world.number(&format!("SELECT no FROM member WHERE id = '{member}'"))
    }

    fn put(&self, family: Family, name: &str, when: Option<&str>, refresh: Refresh) -> i64 {
        let kind = match (family, when) {
            (_, None) => "static",
            (Family::Tag, _) => "rule",
            (Family::Segment, _) => "active",
        };
        let wish = SetWish {
            family,
            name: name.into(),
            kind: kind.into(),
            document: "{}".into(),
            condition: when.map(str::to_owned),
            refresh,
            lives_days: None,
            is_exclusive: false,
        };
        let now = self.world.now.get();
        assert!(wait(put_set(&self.reach, 1, &wish, (now, "test"), 500)).unwrap());
        wait(stored_set(&self.reach, 1, family, name)).unwrap().unwrap().no
    }

    fn tag(&self, path: &str, when: &str, refresh: Refresh) -> i64 {
        self.put(Family::Tag, path, Some(when), refresh)
    }

    fn run_on<R: Sql>(&self, reach: &R, limit: WorkLimit) -> Result<RefreshReport, Error> {
        let (now, fresh) = (|| self.world.now.get(), || self.world.fresh());
        let ledger = JobContext { sql: &self.world.sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: reach, now: &now, fresh: &fresh };
        wait(refresh(&ledger, &reach, None, limit))
    }

    fn fold(&self) {
        let (now, fresh) = (|| self.world.now.get(), || self.world.fresh());
        let ledger = JobContext { sql: &self.world.sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &self.reach, now: &now, fresh: &fresh };
        let report = wait(fold(&ledger, &reach, None, WorkLimit::chunks(10_000))).unwrap();
        assert!(report.done && report.failed == 0, "{report:?}");
    }

    fn refreshed(&self) -> RefreshReport {
        self.fold();
        let report = self.run_on(&self.reach, WorkLimit::chunks(10_000)).unwrap();
        assert!(report.done && report.failed == 0, "{report:?}");
        report
    }

    /// Ids of the members of a set.
    fn members(&self, set_no: i64) -> Vec<String> {
        let now = self.world.now.get();
        let found = wait(store::members_of_set(&self.reach, set_no, 0, now, 10_000)).unwrap();
        let numbers: Vec<i64> = found.iter().map(|member| member.member_no).collect();
        let told = wait(store::ledger_members(&self.world.sql, 1, &numbers)).unwrap();
        let mut ids: Vec<String> = told.into_values().map(|told| told.id).collect();
        ids.sort();
        ids
    }

    fn rows(&self, question: &str) -> Vec<String> {
        let mut prepared = self.reach.connection().prepare(question).unwrap();
        prepared.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    /// All members by a naive reading of the orders.
    fn naive(&self, is: impl Fn(&[&(String, i32, i64, &'static str)]) -> bool) -> Vec<String> {
        let mut of: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        self.orders.iter().for_each(|order| of.entry(&order.0).or_default().push(order));
        of.into_iter().filter(|(_, orders)| is(orders)).map(|(id, _)| id.to_owned()).collect()
    }

    fn audience<T>(
        &self,
        stores: Option<&[String]>,
        sample: i64,
        ask: impl AsyncFnOnce(Audience<'_, '_, Native, Native>) -> T,
    ) -> T {
        let (now, fresh) = (|| self.world.now.get(), || self.world.fresh());
        let ledger = JobContext { sql: &self.world.sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &self.reach, now: &now, fresh: &fresh };
        let (programme_no, today) = (1, self.today());
        wait(ask(Audience { ledger: &ledger, reach: &reach, programme_no, today, stores, sample }))
    }
}

/// What amounts of one bucket have in common: their four highest bits.
fn coarse(amount: i64) -> i64 {
    let low = (64 - i64::from(amount.leading_zeros()) - 4).max(0);
    (amount >> low) << low
}

/// In which fifth a value lies.
fn fifth(all: &[i64], value: i64) -> i64 {
    let mut all = all.to_vec();
    all.sort_unstable();
    1 + (1..5usize).map(|k| i64::from(value > all[(all.len() * k).div_ceil(5) - 1])).sum::<i64>()
}

const SEEDS: [(&str, &str, Refresh); 6] = [
    ("behaviour/high_active", "member.orders_30 >= 3", Refresh::OnChange),
    ("behaviour/silent_30", "member.days_since_order >= 30", Refresh::Daily),
    ("behaviour/expiring", "member.expiring_30 > 0", Refresh::Daily),
    ("behaviour/digital", "member.category_share[\"digital\"] >= 30", Refresh::Weekly),
    ("value/high/active", "rfm.r >= 4 && rfm.f >= 4 && rfm.m >= 4", Refresh::Daily),
    ("basic/east_adult", "attributes.region == \"华东\" && member.age >= 18", Refresh::OnChange),
];

#[test]
fn the_six_tags_of_the_seed_equal_a_naive_count() {
    let mut shop = Shop::new();
    shop.half_a_year();
    let tags = SEEDS.map(|(path, when, refresh)| shop.tag(path, when, refresh));
    shop.refreshed();
    let day = shop.today().day;
    let within = |orders: &[&(String, i32, i64, &'static str)], days: i32| {
        let inside = orders.iter().filter(|order| order.1 > day - days && order.1 <= day);
        inside.map(|order| (order.2, order.3)).collect::<Vec<_>>()
    };
    let last = |orders: &[&(String, i32, i64, &'static str)]| {
        i64::from(day - orders.iter().map(|order| order.1).max().unwrap())
    };
    let spend = |orders: &[&(String, i32, i64, &'static str)]| {
        coarse(within(orders, 365).iter().map(|order| order.0).sum())
    };
    let mut measures = Vec::new();
    for id in shop.naive(|_| true) {
        let own: Vec<_> = shop.orders.iter().filter(|order| order.0 == id).collect();
        measures.push((last(&own), within(&own, 365).len() as i64, spend(&own)));
    }
    let of = |value: fn(&(i64, i64, i64)) -> i64| measures.iter().map(value).collect::<Vec<_>>();
    let (days, counts, money) = (of(|m| m.0), of(|m| m.1), of(|m| m.2));
    let ends = |id: &str| {
        // Points can be spent until the day before the instant at which they end.
        let from = shop.world.now.get().0 - 10 * 3_600_000;
        shop.world.number(&format!(
            "SELECT count(*) FROM lot AS l JOIN member AS m ON m.no = l.member_no WHERE m.id = '{id}'
             AND l.remaining > 0 AND l.expires_at > {from} AND l.expires_at <= {from} + 31 * 86400000"
        )) > 0
    };
    let expected = [
        shop.naive(|orders| within(orders, 30).len() >= 3),
        shop.naive(|orders| last(orders) >= 30),
        shop.naive(|orders| ends(&orders[0].0)),
        shop.naive(|orders| {
            let all: i64 = within(orders, 365).iter().map(|order| order.0).sum();
            let digital = within(orders, 365).into_iter().filter(|order| order.1 == "digital");
            digital.map(|order| order.0).sum::<i64>() * 100 / all >= 30
        }),
        shop.naive(|orders| {
            let r = 6 - fifth(&days, last(orders));
            let f = fifth(&counts, within(orders, 365).len() as i64);
            r >= 4 && f >= 4 && fifth(&money, spend(orders)) >= 4
        }),
        shop.naive(|orders| {
            let member: i32 = orders[0].0[1..].parse().unwrap();
            // 2026-07-09: who was born on 15 June 2008 or before.
            member % 3 == 0 && member % 5 != 0 && 1990 + member % 25 <= 2008
        }),
    ];
    for ((tag, (path, ..)), expected) in tags.into_iter().zip(SEEDS).zip(expected) {
        assert!(!expected.is_empty() && expected.len() < 40, "{path} shows nothing");
        assert_eq!(shop.members(tag), expected, "{path}");
        let stored = wait(list_sets(&shop.reach, 1, Family::Tag, "", 9)).unwrap();
        let stored = stored.into_iter().find(|set| set.no == tag).unwrap();
        assert_eq!(stored.members, expected.len() as i64, "{path} counts its members");
    }
    // A second run finds nothing to do, and a preview counts the same.
    let again = shop.refreshed();
    assert_eq!((again.members, again.changes, again.counted), (0, 0, 0));
    for (tag, (_, when, _)) in tags.into_iter().zip(SEEDS) {
        let condition = compile_member(when).unwrap();
        let others = [Other::Set(tag), Other::Set(tags[0]), Other::Condition(condition.clone())];
        let count =
            shop.audience(None, 1, async |all| all.count(&condition, &others).await.unwrap());
        let members = shop.members(tag);
        let both = members.iter().filter(|id| shop.members(tags[0]).contains(id)).count() as u64;
        let found = members.len() as u64;
        assert_eq!((count.seen, count.found), (40, found), "{when}");
        assert_eq!(count.overlaps, [found, both, found], "{when}");
        assert_eq!(count.examples.len(), members.len().min(10));
        assert!(count.examples.iter().all(|id| members.contains(id)), "{when}");
    }
}

#[test]
fn tags_come_with_a_purchase_and_go_with_the_clock() {
    let mut shop = Shop::new();
    let active = shop.tag("active", "member.orders_30 >= 3", Refresh::OnChange);
    let weekly = shop.tag("weekly", "member.orders_30 >= 3", Refresh::Weekly);
    let manual = shop.tag("manual", "member.orders_30 >= 3", Refresh::Manual);
    shop.refreshed();
    for _ in 0..3 {
        shop.buy("m", 1_000, "food");
    }
    let report = shop.refreshed();
    assert_eq!((report.members, report.changes), (1, 1), "only the member who bought is evaluated");
    let all = |shop: &Shop| [active, weekly, manual].map(|tag| shop.members(tag).len());
    assert_eq!(all(&shop), [1, 0, 0]);
    // 10 January 2026 is a Saturday: on Monday the weekly one is due.
    shop.world.later(2 * DAY_MS);
    shop.refreshed();
    assert_eq!(all(&shop), [1, 1, 0]);
    wait(store::evaluate_again(&shop.reach, manual)).unwrap();
    shop.refreshed();
    assert_eq!(all(&shop), [1, 1, 1]);
    // Thirty days after the purchases, a Monday again; and nobody asks for the third one.
    shop.world.set("2026-02-08T23:59:00+08:00");
    shop.refreshed();
    assert_eq!(all(&shop), [1, 1, 1]);
    shop.world.set("2026-02-09T00:01:00+08:00");
    shop.refreshed();
    assert_eq!(all(&shop), [0, 0, 1]);
    let log =
        shop.rows("SELECT set_no || ' ' || is_in || ' ' || source FROM set_change ORDER BY no");
    let expected = [(active, 1), (weekly, 1), (manual, 1), (active, 0), (weekly, 0)]
        .map(|(no, is_in)| format!("{no} {is_in} rule"));
    assert_eq!(log, expected);
    // The log is kept for 180 days.
    shop.world.later(181 * DAY_MS);
    shop.refreshed();
    assert_eq!(shop.rows("SELECT no || '' FROM set_change"), [""; 0]);
}

#[test]
fn a_changed_definition_is_evaluated_anew() {
    let mut shop = Shop::new();
    for (member, amount) in [("a", 100), ("b", 200), ("c", 300)] {
        shop.buy(member, amount, "food");
    }
    let tag = shop.tag("rich", "member.spend_365 >= 200", Refresh::Weekly);
    let segment =
        shop.put(Family::Segment, "s", Some("\"rich\" in member.tags"), Refresh::OnChange);
    shop.refreshed();
    assert_eq!(
        (shop.members(tag).join(""), shop.members(segment).join("")),
        ("bc".into(), "bc".into())
    );
    let versions = |shop: &Shop| {
        shop.rows("SELECT set_no || ' ' || member_no || ' ' || version FROM set_member ORDER BY 1")
    };
    let before = versions(&shop);
    // What does not decide makes no new version.
    assert_eq!(shop.tag("rich", "member.spend_365 >= 200", Refresh::Daily), tag);
    assert_eq!(shop.refreshed().changes, 0);
    shop.tag("rich", "member.spend_365 <= 200", Refresh::Daily);
    assert_eq!(versions(&shop), before, "members keep the version that they came in by");
    shop.refreshed();
    assert_eq!(shop.members(tag).join(""), "ab");
    // The segment follows on the next day.
    shop.world.later(DAY_MS);
    shop.refreshed();
    assert_eq!(shop.members(segment).join(""), "ab");
    let kept = wait(store::set_versions(&shop.reach, tag, 9)).unwrap();
    assert_eq!(kept.iter().map(|version| version.version).collect::<Vec<_>>(), [2, 1]);

    assert!(wait(remove_set(&shop.reach, 1, Family::Tag, "rich")).unwrap());
    assert!(!wait(remove_set(&shop.reach, 1, Family::Tag, "rich")).unwrap());
    let again = shop.tag("rich", "member.spend_365 >= 300", Refresh::Daily);
    shop.refreshed();
    assert_eq!((shop.members(again).join(""), shop.members(tag).len()), ("c".into(), 0));
    assert_eq!(shop.rows("SELECT no || '' FROM member_set WHERE is_removed = 1"), [""; 0]);
}

#[test]
fn what_was_set_by_hand_follows_the_person() {
    let mut shop = Shop::new();
    for member in ["a", "b", "c"] {
        shop.buy(member, 100, "food");
    }
    let rule = shop.tag("buyer", "member.orders >= 1", Refresh::OnChange);
    let hand = shop.put(Family::Tag, "vip", None, Refresh::Manual);
    let list = shop.put(Family::Segment, "list", None, Refresh::Manual);
    shop.refreshed();
    let set = |member: &str, set_no: i64, until: Option<Timestamp>| store::SetChange {
        member_no: shop.no(member),
        change: reach::Change { set_no, is_in: true, version: 1 },
        until,
        score: None,
    };
    let now = shop.world.now.get();
    let ended = Some(now.plus_ms(DAY_MS));
    let wishes = [set("a", hand, None), set("b", hand, ended), set("c", list, None)];
    assert_eq!(wait(change_sets(&shop.reach, 1, &wishes, "li.na", now)).unwrap(), 3);
    assert_eq!(wait(change_sets(&shop.reach, 1, &wishes, "li.na", now)).unwrap(), 0);
    assert_eq!(shop.members(hand), ["a", "b"]);
    let into_b = Merge { from: MemberId::new("a").unwrap() };
    shop.world.order(&[submission("b", into_b)], Lots::All);
    shop.world.order(&[submission("c", Erase)], Lots::All);
    shop.refreshed();
    assert_eq!((shop.members(hand), shop.members(rule)), (vec!["b".into()], vec!["b".into()]));
    assert_eq!(shop.members(list), [""; 0]);
    let of_c = format!("SELECT no || '' FROM set_change WHERE member_no = {}", shop.no("c"));
    assert_eq!(shop.rows(&of_c), [""; 0], "nothing is left of an erased person");
    // Nobody comes into a set any more whose account is closed.
    let late = [set("a", list, None), set("c", list, None)];
    assert_eq!(wait(change_sets(&shop.reach, 1, &late, "li.na", now)).unwrap(), 0);
    let counts = wait(list_sets(&shop.reach, 1, Family::Tag, "", 9)).unwrap();
    assert_eq!(counts.iter().map(|set| set.members).collect::<Vec<_>>(), [1, 1]);
}

/// A run may be killed anywhere, go on in pieces, and run twice: the rows are the same.
#[test]
fn killed_late_and_repeated_runs_come_to_the_same() {
    let build = || {
        let mut shop = Shop::new();
        shop.half_a_year();
        for (path, when, refresh) in SEEDS {
            shop.tag(path, when, refresh);
        }
        shop.put(
            Family::Segment,
            "silent",
            Some("\"behaviour/silent_30\" in member.tags"),
            Refresh::Daily,
        );
        shop
    };
    let state = |shop: &Shop| {
        let mut all = shop
            .rows("SELECT set_no || ' ' || member_no || ' ' || version FROM set_member ORDER BY 1");
        all.extend(
            shop.rows(
                "SELECT set_no || ' ' || member_no || ' ' || is_in FROM set_change ORDER BY 1",
            ),
        );
        all.extend(shop.rows("SELECT name || ' ' || members || ' ' || evaluated_version || ' ' || evaluated_day FROM member_set ORDER BY 1"));
        all.extend(shop.rows("SELECT version || ' ' || cuts FROM rfm_cuts ORDER BY 1"));
        all.extend(shop.rows("SELECT member_no || '' FROM set_due"));
        all.extend(shop.rows("SELECT day || '' FROM set_scan"));
        all
    };
    let whole = build();
    whole.refreshed();
    let expected = state(&whole);
    assert!(expected.len() > 50);
    let pieces = build();
    pieces.fold();
    while !pieces.run_on(&pieces.reach, WorkLimit::chunks(1)).unwrap().done {}
    assert_eq!(state(&pieces), expected);
    let killed = build();
    killed.fold();
    let mut kills = 0;
    for statements in 0.. {
        let dying = Dying { sql: &killed.reach, statements_left: Cell::new(statements % 25) };
        match killed.run_on(&dying, WorkLimit::chunks(10_000)) {
            Ok(report) if report.done => break,
            _ => kills += 1,
        }
    }
    assert!(kills > 10, "{kills}");
    assert_eq!(state(&killed), expected);
}

#[test]
fn who_is_for_some_stores_counts_their_members_alone() {
    let mut shop = Shop::new();
    shop.half_a_year();
    shop.refreshed();
    let home = |member: usize, store: usize| !member.is_multiple_of(5) && member % 2 == store;
    let all = compile_member("member.orders >= 1").unwrap();
    let stores = ["s1".to_owned()];
    let count = shop.audience(Some(&stores), 1, async |of| of.count(&all, &[]).await.unwrap());
    let expected = (0..40).filter(|member| home(*member, 1)).count() as u64;
    assert_eq!((count.seen, count.found), (expected, expected));
    assert!(count.examples.iter().all(|id| home(id[1..].parse().unwrap(), 1)), "{count:?}");
    // A purchase there makes a member theirs, too.
    let guest = Origin { actor: "test".into(), store: Some("s1".into()), ..Origin::default() };
    let event = crate::support::purchase(100);
    let order = Submission::new(MemberId::new("m02").unwrap(), Earn(event), guest);
    shop.world.order(&[order], Lots::None);
    let more = shop.audience(Some(&stores), 1, async |of| of.count(&all, &[]).await.unwrap());
    assert_eq!(more.seen, expected + 1);
    let numbers = ["m01", "m02", "m04", "m05"].map(|id| shop.no(id));
    let since = shop.today().start_of(365);
    let visible =
        store::members_of_stores(&shop.world.sql, (&shop.reach, 1), &numbers, &stores, since);
    let visible = wait(visible).unwrap();
    assert_eq!(visible, BTreeSet::from([numbers[0], numbers[1]]));
    let nobody = shop.audience(Some(&[]), 1, async |of| of.count(&all, &[]).await.unwrap());
    assert_eq!((nobody.seen, nobody.found), (0, 0));
    // A year later the purchase counts no more.
    shop.world.later(365 * DAY_MS);
    let later = shop.audience(Some(&stores), 1, async |of| of.count(&all, &[]).await.unwrap());
    assert_eq!(later.seen, expected);

    let spread = shop.audience(None, 1, async |of| of.spread().await.unwrap().unwrap());
    let sum = |cells: &[[(u64, i64); 5]; 5]| cells.iter().flatten().map(|cell| cell.0).sum::<u64>();
    assert_eq!(sum(&spread.cells), 40);
    assert_eq!(spread.groups.values().map(|group| group.0).sum::<u64>(), 40);
    let theirs = shop.audience(Some(&stores), 1, async |of| of.spread().await.unwrap().unwrap());
    assert_eq!(sum(&theirs.cells), expected);
    let sample = shop.audience(None, 4, async |of| of.count(&all, &[]).await.unwrap());
    assert_eq!((sample.seen, sample.found), (10, 10));
    let page = shop.audience(None, 1, async |of| of.find(&all, 0, 30).await.unwrap());
    assert_eq!((page.members.len(), page.next), (30, page.members.last().map(|(no, _)| *no)));
    let rest =
        shop.audience(None, 1, async |of| of.find(&all, page.next.unwrap(), 30).await.unwrap());
    assert_eq!((rest.members.len(), rest.next), (10, None));
}

#[test]
fn a_programme_that_cannot_be_read_costs_no_other_one() {
    let mut shop = Shop::new();
    let broken =
        "INSERT INTO programme (no, id, name, rulebook_version, rulebook_digest, created_at)
           VALUES (0, 'a-broken', 'Broken', 1, 'x', 0);
         INSERT INTO rulebook (programme_no, version, document, published_at, published_by)
           VALUES (0, 1, '{', 0, 'test')";
    shop.world.sql.connection().execute_batch(broken).unwrap();
    let tag = shop.tag("buyer", "member.orders >= 1", Refresh::OnChange);
    shop.buy("m", 1_000, "food");
    shop.fold();
    let report = shop.run_on(&shop.reach, WorkLimit::chunks(1_000)).unwrap();
    assert_eq!((report.done, report.failed, report.changes), (true, 1, 1), "{report:?}");
    assert!(report.last_failure.unwrap().starts_with("programme a-broken: "));
    assert_eq!(shop.members(tag), ["m"]);
}

const NAMED: [&str; 4] = ["care/a", "care/b", "value/high/active", "vip"];

/// Publishes rules that look for these tags, and for one that is the shop's own.
fn names(shop: &Shop, tags: &[&str]) {
    let rule = |(number, tag): (usize, &&str)| {
        let rule = serde_json::json!({"id": format!("r{number}"), "event": "purchase",
            "when": format!("\"{tag}\" in member.tags || \"own\" in member.tags"),
            "award": {"kind": "fixed", "points": 1}});
        serde_json::from_value(rule).unwrap()
    };
    shop.world.publish(|document| document.rules = tags.iter().enumerate().map(rule).collect());
}

impl Shop {
    /// Gives a tag by hand, or takes it.
    fn set(&self, member: &str, set_no: i64, is_in: bool) {
        self.set_until(member, set_no, is_in, None);
    }

    fn set_until(&self, member: &str, set_no: i64, is_in: bool, until: Option<Timestamp>) {
        let change = store::SetChange {
            member_no: self.no(member),
            change: reach::Change { set_no, is_in, version: 1 },
            until,
            score: None,
        };
        wait(change_sets(&self.reach, 1, &[change], "li.na", self.world.now.get())).unwrap();
    }

    /// What an earn reads, by member: those with nothing are left out.
    fn copies(&self) -> BTreeMap<String, String> {
        let text = "SELECT m.id, p.tags FROM profile AS p JOIN member AS m ON m.no = p.member_no WHERE p.tags IS NOT NULL";
        let mut prepared = self.world.sql.connection().prepare(text).unwrap();
        let rows = prepared.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

fn of<const N: usize>(copies: [(&str, &str); N]) -> BTreeMap<String, String> {
    copies.map(|(member, tags)| (member.to_owned(), tags.to_owned())).into()
}

#[test]
fn the_ledger_has_copies_of_the_tags_that_rules_name() {
    let mut shop = Shop::new();
    for member in ["a", "b", "c", "d"] {
        shop.buy(member, 100, "food");
    }
    shop.tell("b", r#"{"city":"Shanghai"}"#);
    let tags = NAMED.map(|tag| shop.put(Family::Tag, tag, None, Refresh::Manual));
    let segment = shop.put(Family::Segment, "vip", None, Refresh::Manual);
    for member in ["a", "b", "c"] {
        tags.into_iter().for_each(|tag| shop.set(member, tag, true));
    }
    shop.set("d", segment, true);
    assert_eq!((shop.refreshed().copied, shop.copies()), (0, of([])), "no rule names one");
    names(&shop, &["vip", "unknown"]);
    assert_eq!(shop.refreshed().copied, 3);
    assert_eq!(shop.copies(), of([("a", "vip"), ("b", "vip"), ("c", "vip")]));
    assert_eq!(shop.refreshed().copied, 0, "only what changes is written");
    names(&shop, &["value/high/active", "vip"]);
    shop.refreshed();
    let both = "value/high/active,vip";
    assert_eq!(shop.copies(), of([("a", both), ("b", both), ("c", both)]));
    // One leaves; one is erased before the job knows of it; one becomes part of another one.
    shop.set("a", tags[3], false);
    shop.set("c", tags[3], false);
    shop.world.order(&[submission("c", Erase)], Lots::All);
    let report = shop.run_on(&shop.reach, WorkLimit::chunks(1_000)).unwrap();
    assert_eq!((report.done, report.copied), (true, 1));
    assert_eq!(shop.rows("SELECT member_no || '' FROM tag_due"), [""; 0]);
    assert_eq!(shop.copies(), of([("a", "value/high/active"), ("b", both)]));
    let into_d = Merge { from: MemberId::new("b").unwrap() };
    shop.world.order(&[submission("d", into_d)], Lots::All);
    assert_eq!(shop.copies(), of([("a", "value/high/active")]), "not with the profile alone");
    shop.refreshed();
    assert_eq!(shop.copies(), of([("a", "value/high/active"), ("d", both)]));
    let kept = "SELECT attributes FROM profile AS p JOIN member AS m ON m.no = p.member_no WHERE m.id = 'd'";
    let kept: String = shop.world.sql.connection().query_row(kept, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, r#"{"city":"Shanghai"}"#);
    // What the merchant tells anew keeps them, and a tag that is gone takes its copies along.
    wait(remove_set(&shop.reach, 1, Family::Tag, "vip")).unwrap();
    shop.refreshed();
    assert_eq!(shop.copies(), of([("a", "value/high/active"), ("d", "value/high/active")]));
    names(&shop, &[]);
    shop.refreshed();
    assert_eq!(shop.copies(), of([]));
    assert_eq!(shop.rows("SELECT member_no || '' FROM tag_due"), [""; 0]);
}

/// Of two runs at once the ledger keeps what was read last.
#[test]
fn a_run_that_was_overtaken_writes_no_old_copy() {
    let mut shop = Shop::new();
    shop.buy("a", 100, "food");
    let vip = shop.put(Family::Tag, "vip", None, Refresh::Manual);
    names(&shop, &["vip"]);
    shop.refreshed();
    shop.set("a", vip, true);
    let rival = || {
        shop.set("a", vip, false);
        shop.world.later(1);
        let report = shop.run_on(&shop.reach, WorkLimit::chunks(100)).unwrap();
        assert!(report.done);
    };
    let (now, fresh) = (|| shop.world.now.get(), || shop.world.fresh());
    let sql = Raced {
        sql: &shop.world.sql,
        mark: "INSERT INTO profile",
        rival: std::cell::RefCell::new(Some(rival)),
    };
    let ledger = JobContext { sql: &sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: &shop.reach, now: &now, fresh: &fresh };
    assert!(wait(refresh(&ledger, &reach, None, WorkLimit::chunks(100))).unwrap().done);
    assert!(sql.rival.borrow().is_none());
    assert_eq!(shop.copies(), of([]));
    // A clock that was set back stops nobody.
    shop.world.set("2026-01-05T10:00:00+08:00");
    shop.set("a", vip, true);
    shop.refreshed();
    assert_eq!(shop.copies(), of([("a", "vip")]));
}

/// A copy is no word of the merchant's: what was told of the account that goes stays, and so do the
/// tags of the one that remains.
#[test]
fn a_merger_keeps_what_was_told_beside_copies() {
    let mut shop = Shop::new();
    for member in ["a", "b", "c", "d", "e"] {
        shop.buy(member, 100, "food");
    }
    let vip = shop.put(Family::Tag, "vip", None, Refresh::Manual);
    names(&shop, &["vip"]);
    ["a", "c"].into_iter().for_each(|member| shop.set(member, vip, true));
    shop.refreshed();
    shop.set("c", vip, false);
    shop.refreshed();
    shop.tell("b", r#"{"birthday":"1990-06-15"}"#);
    shop.tell("d", r#"{"city":"Shanghai"}"#);
    let merge = |into: &str, from: &str| {
        let from = MemberId::new(from).unwrap();
        shop.world.order(&[submission(into, Merge { from })], Lots::All);
    };
    let told = |member: &str| -> String {
        let of = format!("SELECT attributes FROM profile WHERE member_no = {}", shop.no(member));
        shop.world.sql.connection().query_row(&of, [], |row| row.get(0)).unwrap()
    };
    merge("a", "b");
    assert_eq!(
        (told("a").as_str(), shop.copies()),
        (r#"{"birthday":"1990-06-15"}"#, of([("a", "vip")]))
    );
    merge("c", "d");
    assert_eq!(told("c"), r#"{"city":"Shanghai"}"#);
    // What the merchant told of the one that remains goes first, and nothing replaces nothing.
    merge("a", "c");
    merge("a", "e");
    assert_eq!(
        (told("a").as_str(), shop.copies()),
        (r#"{"birthday":"1990-06-15"}"#, of([("a", "vip")]))
    );
    shop.refreshed();
    assert_eq!(shop.copies(), of([("a", "vip")]));
}

/// A run goes by the tags that are marked, not by the rulebook that it began with.
#[test]
fn a_publication_meanwhile_loses_no_copy() {
    let mut shop = Shop::new();
    shop.buy("a", 100, "food");
    let [vip, care] =
        ["vip", "care/a"].map(|tag| shop.put(Family::Tag, tag, None, Refresh::Manual));
    names(&shop, &["vip"]);
    shop.refreshed();
    [vip, care].into_iter().for_each(|tag| shop.set("a", tag, true));
    // Another run notes the members of the new tag, and is killed.
    let rival = || {
        names(&shop, &["care/a", "vip"]);
        let both = ["care/a", "vip"].map(str::to_owned);
        assert_eq!(wait(store::mark_tags(&shop.reach, 1, &both)).unwrap(), 1);
        while !wait(store::walk_tag(&shop.reach, 1, 100)).unwrap() {}
    };
    let (now, fresh) = (|| shop.world.now.get(), || shop.world.fresh());
    let sql = Raced {
        sql: &shop.reach,
        mark: "SELECT member_no, change FROM tag_due",
        rival: RefCell::new(Some(rival)),
    };
    let ledger = JobContext { sql: &shop.world.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: &sql, now: &now, fresh: &fresh };
    assert!(wait(refresh(&ledger, &reach, None, WorkLimit::chunks(100))).unwrap().done);
    assert!(sql.rival.borrow().is_none());
    shop.refreshed();
    assert_eq!(shop.copies(), of([("a", "care/a,vip")]));
    // A run that was killed between the mark and the walk leaves no rest.
    wait(store::mark_tags(&shop.reach, 1, &["vip".to_owned()])).unwrap();
    shop.refreshed();
    let walked = "SELECT name FROM member_set WHERE copy_after IS NOT NULL";
    assert_eq!(shop.rows(walked), [""; 0]);
}

/// Of two runs that read the same changes, the slower one takes away none that came since.
#[test]
fn a_slower_run_takes_away_no_later_change() {
    let mut shop = Shop::new();
    shop.tag("buys", "member.orders > 0", Refresh::OnChange);
    shop.refreshed();
    shop.buy("a", 100, "food");
    shop.fold();
    let vip = shop.put(Family::Tag, "vip", None, Refresh::Manual);
    names(&shop, &["vip"]);
    wait(store::mark_tags(&shop.reach, 1, &["vip".to_owned()])).unwrap();
    shop.set("a", vip, true);
    let copies = |shop: &Shop| wait(store::due_copies(&shop.reach, 1, 0, 10)).unwrap();
    let facts = |shop: &Shop| wait(store::changed_members(&shop.reach, 1, 10)).unwrap();
    let (slow_copies, slow_facts) = (copies(&shop), facts(&shop));
    assert_eq!((slow_copies.len(), slow_facts.len()), (1, 1));
    let done = |shop: &Shop| {
        wait(store::copies_done(&shop.reach, 1, &slow_copies)).unwrap();
        wait(store::changed_members_done(&shop.reach, 1, &slow_facts)).unwrap();
    };
    done(&shop);
    assert_eq!((copies(&shop), facts(&shop)), (vec![], vec![]), "the faster run");
    shop.set("a", vip, false);
    shop.buy("a", 200, "food");
    shop.fold();
    done(&shop);
    assert_eq!(
        (copies(&shop).len(), facts(&shop).len()),
        (1, 1),
        "what came since is still to be done"
    );
}

/// A tag whose time was over is given again, or its end moves.
#[test]
fn a_tag_that_is_given_again_is_copied_again() {
    let mut shop = Shop::new();
    shop.buy("a", 100, "food");
    let tags = ["vip", "care/a"].map(|tag| shop.put(Family::Tag, tag, None, Refresh::Manual));
    names(&shop, &["vip", "care/a"]);
    let end = shop.world.now.get().plus_ms(1_000);
    shop.set_until("a", tags[0], true, Some(end));
    shop.refreshed();
    assert_eq!(shop.copies(), of([("a", "vip")]));
    shop.world.later(2_000);
    shop.set("a", tags[1], true);
    shop.refreshed();
    assert_eq!(shop.copies(), of([("a", "care/a")]), "its time is over");
    shop.set("a", tags[0], true);
    shop.refreshed();
    assert_eq!(shop.copies(), of([("a", "care/a,vip")]));
    assert_eq!(shop.refreshed().copied, 0, "the same once more is no change");
}

/// Members whose copies cannot be written now, more than one piece of them, hold up no later ones.
#[test]
fn members_that_wait_hold_up_no_others() {
    let mut shop = Shop::new();
    let members: Vec<String> = (0..600).map(|member| format!("m{member:03}")).collect();
    members.iter().for_each(|member| shop.buy(member, 100, "food"));
    let vip = shop.put(Family::Tag, "vip", None, Refresh::Manual);
    names(&shop, &["vip"]);
    shop.refreshed();
    members.iter().for_each(|member| shop.set(member, vip, true));
    // All but the last were told a minute later, as by a run that began then.
    let ahead = format!(
        "INSERT INTO profile (member_no, attributes, updated_at, tags_at) SELECT no, '{{}}', 0, {} FROM member WHERE id <> 'm599'",
        shop.world.now.get().plus_ms(60_000).0
    );
    shop.world.sql.connection().execute(&ahead, []).unwrap();
    shop.fold();
    let (now, fresh) = (|| shop.world.now.get(), || shop.world.fresh());
    let ledger = JobContext { sql: &shop.world.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: &shop.reach, now: &now, fresh: &fresh };
    let report = wait(refresh(&ledger, &reach, None, WorkLimit::chunks(100))).unwrap();
    assert_eq!((report.done, report.copied), (true, 1));
    assert_eq!(shop.copies(), of([("m599", "vip")]));
    assert_eq!(shop.rows("SELECT count(*) || '' FROM tag_due"), ["599"]);
    shop.world.later(60_000);
    assert_eq!(shop.refreshed().copied, 599);
}

/// Tags come and go, rules name others, accounts close, runs are cut short and die: once a run
/// comes to its end, the copies are those of a naive reading.
#[test]
fn copies_equal_a_naive_reading() {
    let mut seed = 11u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let mut shop = Shop::new();
    let members: Vec<String> = (0..12).map(|member| format!("m{member:02}")).collect();
    members.iter().for_each(|member| shop.buy(member, 100, "food"));
    let mut tags: BTreeMap<&str, i64> =
        NAMED.map(|tag| (tag, shop.put(Family::Tag, tag, None, Refresh::Manual))).into();
    let mut held: BTreeSet<(String, &str)> = BTreeSet::new();
    let mut closed: BTreeSet<String> = BTreeSet::new();
    let mut named: Vec<&str> = Vec::new();
    shop.fold();
    for step in 0..600 {
        let (member, tag) = (&members[random(12)], NAMED[random(4)]);
        match random(20) {
            0..=9 => {
                let is_in = random(2) == 0;
                shop.set(member, tags[tag], is_in);
                if is_in && !closed.contains(member) {
                    held.insert((member.clone(), tag));
                } else if !is_in {
                    held.remove(&(member.clone(), tag));
                }
            }
            10 | 11 => {
                named = NAMED.into_iter().filter(|_| random(2) == 0).collect();
                names(&shop, &named);
            }
            12 | 13 => {
                shop.run_on(&shop.reach, WorkLimit::chunks(1 + random(4) as u32)).unwrap();
            }
            14 | 15 => {
                let statements_left = Cell::new(random(40) as u32);
                let dying = Dying { sql: &shop.reach, statements_left };
                let _died = shop.run_on(&dying, short(random(9)));
            }
            16 => {
                shop.world.later(1 + random(100_000) as i64);
            }
            17 => {
                wait(remove_set(&shop.reach, 1, Family::Tag, tag)).unwrap();
                held.retain(|(_, of)| *of != tag);
                tags.insert(tag, shop.put(Family::Tag, tag, None, Refresh::Manual));
            }
            18 if step % 3 == 0 && closed.len() < 8 && !closed.contains(member) => {
                closed.insert(member.clone());
                let into = members.iter().find(|into| !closed.contains(*into)).unwrap();
                let own: Vec<_> = held.iter().filter(|(of, _)| of == member).cloned().collect();
                if random(2) == 0 {
                    shop.world.order(&[submission(member, Erase)], Lots::All);
                } else {
                    let from = MemberId::new(member.as_str()).unwrap();
                    shop.world.order(&[submission(into, Merge { from })], Lots::All);
                    held.extend(own.iter().map(|(_, tag)| (into.clone(), *tag)));
                }
                own.iter().for_each(|one| {
                    let _was_held = held.remove(one);
                });
                shop.fold();
            }
            _ => {
                shop.refreshed();
                let mut expected: BTreeMap<String, String> = BTreeMap::new();
                for (member, tag) in held.iter().filter(|(_, tag)| named.contains(tag)) {
                    let text = expected.entry(member.clone()).or_default();
                    *text =
                        if text.is_empty() { (*tag).to_owned() } else { format!("{text},{tag}") };
                }
                assert_eq!(shop.copies(), expected, "step {step}");
            }
        }
    }
    assert!(!closed.is_empty() && !held.is_empty());
}

fn short(chunks: usize) -> WorkLimit {
    WorkLimit::chunks(1 + u32::try_from(chunks).unwrap())
}

/// Counts statements by words of their texts.
struct Counted<'a> {
    sql: &'a Native,
    seen: RefCell<Vec<String>>,
}

impl Sql for Counted<'_> {
    async fn query(
        &self,
        statement: &str,
        values: Vec<store::Value>,
    ) -> Result<store::Rows, Error> {
        self.seen.borrow_mut().push(statement.to_owned());
        self.sql.query(statement, values).await
    }
}

impl Shop {
    /// The statements of a run, on both databases.
    fn statements(&self) -> Vec<String> {
        let ledger = Counted { sql: &self.world.sql, seen: RefCell::default() };
        let reach = Counted { sql: &self.reach, seen: RefCell::default() };
        let (now, fresh) = (|| self.world.now.get(), || self.world.fresh());
        let of_ledger = JobContext { sql: &ledger, now: &now, fresh: &fresh };
        let of_reach = JobContext { sql: &reach, now: &now, fresh: &fresh };
        let report = wait(refresh(&of_ledger, &of_reach, None, WorkLimit::chunks(1_000))).unwrap();
        assert!(report.done, "{report:?}");
        [ledger.seen.into_inner(), reach.seen.into_inner()].concat()
    }
}

/// Neither rulebooks nor definitions are read, minute by minute, where nothing changed.
#[test]
fn a_programme_at_rest_is_not_read() {
    let mut shop = Shop::new();
    shop.buy("m", 1_000, "food");
    let daily = shop.tag("daily", "member.orders_30 >= 1", Refresh::Daily);
    let weekly = shop.tag("weekly", "member.orders_30 >= 1", Refresh::Weekly);
    shop.refreshed();
    let rests = |shop: &Shop, what: &str| {
        let seen = shop.statements();
        assert_eq!(seen.len(), 2, "{what}: {seen:#?}");
        assert!(seen.iter().all(|text| text.starts_with("SELECT")), "{what}: {seen:#?}");
    };
    rests(&shop, "nothing happened");
    assert_eq!((shop.members(daily).len(), shop.members(weekly).len()), (1, 1));
    // Whatever makes work ends the rest.
    let wakes = |shop: &Shop, what: &str| {
        assert!(shop.statements().len() > 5, "{what}");
        rests(shop, what);
    };
    let hot = shop.tag("hot", "member.orders >= 2", Refresh::OnChange);
    wakes(&shop, "a definition");
    shop.buy("m", 1_000, "food");
    shop.fold();
    wakes(&shop, "facts");
    assert_eq!(shop.members(hot).len(), 1);
    shop.tag("hot", "member.orders >= 3", Refresh::OnChange);
    wakes(&shop, "a changed definition");
    assert_eq!(shop.members(hot).len(), 0);
    wait(store::evaluate_again(&shop.reach, daily)).unwrap();
    wakes(&shop, "somebody asks");
    shop.tag("weekly", "member.orders_30 >= 1", Refresh::Daily);
    wakes(&shop, "another refresh");
    assert!(wait(remove_set(&shop.reach, 1, Family::Tag, "hot")).unwrap());
    wakes(&shop, "a set is removed");
    shop.world.publish(short_lived(91));
    wakes(&shop, "another rulebook");
    // The local day ends at 16:00 of UTC.
    shop.world.set("2026-01-10T23:59:59+08:00");
    rests(&shop, "the same day");
    shop.world.set("2026-01-11T00:00:01+08:00");
    wakes(&shop, "another day");
}

/// A programme of many members delays another one by one turn, not by its whole walk.
#[test]
fn programmes_take_turns() {
    let mut shop = Shop::new();
    let other = "INSERT INTO programme (no, id, name, rulebook_version, rulebook_digest, created_at)
           SELECT 2, 'small', 'Small', rulebook_version, rulebook_digest, 0 FROM programme WHERE no = 1;
         INSERT INTO rulebook (programme_no, version, document, published_at, published_by)
           SELECT 2, version, document, 0, 'test' FROM rulebook WHERE programme_no = 1";
    shop.world.sql.connection().execute_batch(other).unwrap();
    shop.buy("m", 1_000, "food");
    shop.fold();
    // Members enough for more than a hundred chunks.
    let many = "WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
         INSERT INTO facts (programme_no, member_no, known) SELECT 1, i, '{}' FROM n;
         INSERT INTO facts (programme_no, member_no, known) SELECT 2, i, '{}' FROM (SELECT 70001 AS i UNION ALL SELECT 70002)";
    shop.reach.connection().execute_batch(many).unwrap();
    shop.tag("all", "member.orders >= 0", Refresh::Daily);
    let wish = SetWish {
        family: Family::Tag,
        name: "all".into(),
        kind: "rule".into(),
        document: "{}".into(),
        condition: Some("member.orders >= 0".into()),
        refresh: Refresh::Daily,
        lives_days: None,
        is_exclusive: false,
    };
    assert!(wait(put_set(&shop.reach, 2, &wish, (Timestamp(0), "test"), 500)).unwrap());
    let report = shop.run_on(&shop.reach, WorkLimit::chunks(60)).unwrap();
    assert!(!report.done, "{report:?}");
    let small = wait(stored_set(&shop.reach, 2, Family::Tag, "all")).unwrap().unwrap();
    assert_eq!((small.members, small.evaluated_version), (2, 1), "it had its turn");
    let report = shop.run_on(&shop.reach, WorkLimit::chunks(1_000)).unwrap();
    assert!(report.done, "{report:?}");
    let large = wait(stored_set(&shop.reach, 1, Family::Tag, "all")).unwrap().unwrap();
    assert_eq!(large.members, 59_992);
}

/// Prints figures: see docs/internals/bench.md.
#[test]
#[ignore = "a measurement: MEMBERS of 100,000"]
fn a_night_of_many_members() {
    let members = size("MEMBERS", 100_000);
    let folder = std::env::temp_dir().join(format!("accrue-night-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut shop = Shop::new();
    shop.reach = Native::open(&folder.join("reach.db")).unwrap();
    wait(begin_reach(&shop.reach, &shop.reach)).unwrap();
    fill_facts(&shop.reach, members, shop.today().day, shop.world.now.get().0);
    let run = |what: &str| {
        let timed = Timed::begin(&shop.reach);
        let (now, fresh) = (|| shop.world.now.get().plus_ms(timed.ms()), || shop.world.fresh());
        let ledger = JobContext { sql: &shop.world.sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &timed, now: &now, fresh: &fresh };
        let report = wait(refresh(&ledger, &reach, None, WorkLimit::chunks(u32::MAX))).unwrap();
        assert!(report.done && report.failed == 0, "{report:?}");
        let done = report.members + report.counted;
        timed.print(what, done, &format!("members seen, {} changes", report.changes));
    };
    run("cuts alone");
    for (path, when, refresh) in &SEEDS[..5] {
        shop.tag(path, when, *refresh);
    }
    shop.put(Family::Segment, "s", Some("\"behaviour/digital\" in member.tags"), Refresh::Daily);
    run("six new definitions");
    shop.world.later(DAY_MS);
    run("the next night: cuts, four daily tags, a segment");
    let condition = compile_member("member.orders_90 >= 2 && rfm.m >= 3").unwrap();
    let timed = Timed::begin(&shop.reach);
    let count = shop.audience(None, 1, async |all| all.count(&condition, &[]).await.unwrap());
    timed.print("preview of a segment", count.seen, &format!("members, {} found", count.found));
    std::fs::remove_dir_all(&folder).unwrap();
}
