//! What a member's row keeps, what a rulebook's conditions cost, what points may come to: all of it
//! is bounded.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use ledger::{Money, Timestamp};
use rules::operations::{ApproveReview, Earn, Release};
use rules::{
    CapOf, Document, EarnEvent, EarningRule, Limit, Line, MAX_CONDITION_STEPS, Per, RuleCap,
    Rulebook, Scope, compile, default_document,
};
use serde_json::json;
use support::{AnyOperation, World, aside, ask, at, buy, happened, purchase, spend};

const DAY: &str = "2026-03-02T10:00:00+08:00";

#[test]
fn reviews_that_wait_are_a_hundred_at_most() {
    let mut world = World::new(|document| document.risk.review_above_minor = Some(0));
    for _ in 0..100 {
        assert_eq!(world.run(at(DAY), &buy(&[10_000]), None), "earn 100");
    }
    assert_eq!(world.run(at(DAY), &buy(&[10_000]), Some("o-101")), "refused too-many-reviews");
    // What has no need of a review goes on.
    assert_eq!(world.run(at(DAY), &support::act("check_in"), None), "earn 5");
    world.actor = "clerk";
    let earn = world.entries[0].clone();
    let promises = earn
        .lots
        .grants
        .iter()
        .map(|lot| (lot.number, world.book.promise(&lot.source).unwrap()))
        .collect();
    let approve = ask(ApproveReview { earn: earn.id, occurred_at: earn.occurred_at, promises });
    assert_eq!(world.run(at(DAY), &approve, None), "approve 0");
    assert_eq!(world.run(at(DAY), &buy(&[10_000]), Some("o-101")), "earn 100", "nothing was lost");
    world.audit();
}

#[test]
fn holds_name_a_thousand_lots_at_most() {
    let mut world = World::new(|_| {});
    for _ in 0..1_002 {
        assert_eq!(world.run(at(DAY), &buy(&[100]), None), "earn 1");
    }
    world.play(&[
        (DAY, aside(1_001), "refused too-many-lots"),
        (DAY, aside(600), "hold(600)"),
        (DAY, aside(401), "refused too-many-lots"),
        (DAY, aside(400), "hold(400)"),
        (DAY, aside(1), "refused too-many-lots"),
        (DAY, spend(2), "redeem -2"),
    ]);
    let hold = world.last_hold();
    world.play(&[(DAY, ask(Release { hold }), "release 0"), (DAY, aside(400), "hold(400)")]);
}

/// A back-test trusts the stored body, and not what was read of it.
#[test]
fn a_back_test_finds_an_altered_body() {
    let mut world = World::new(|_| {});
    assert_eq!(world.run(at(DAY), &buy(&[10_000]), None), "earn 100");
    let span = rules::Span { from: at(DAY), to: at("2026-03-03T00:00:00+08:00") };
    let (programme, member) = (ledger::ProgrammeId::new("p").unwrap(), world.member.id.clone());
    let (entry, body) = (&world.entries[0], world.entries[0].body().unwrap());
    for (body, outcome) in
        [(body.as_str(), Ok(())), (&body.replace("100", "101"), Err(ledger::Fault::BrokenChain))]
    {
        let books = (&world.book, &world.book);
        let mut told = rules::MemberTest::new(books, &programme, &member, &world.attributes, span);
        assert_eq!(told.entry(entry, body), outcome);
    }
}

/// A side of a back-test has the copied tags that its own rulebook names, as its earns would.
#[test]
fn a_back_test_tells_each_side_its_own_tags() {
    let naming = |tags: &[&str]| {
        let named: Vec<String> =
            tags.iter().map(|tag| format!("\"{tag}\" in member.tags")).collect();
        let when = format!("({}) && size(member.tags) == {}", named.join(" || "), tags.len());
        World::new(|document| {
            let rule = serde_json::json!({"id": "r", "event": "purchase", "when": when,
                "award": {"kind": "fixed", "points": 7}});
            document.rules = vec![serde_json::from_value(rule).unwrap()];
        })
    };
    let (mut world, draft) = (naming(&["a", "b"]), naming(&["c"]));
    assert_eq!(world.run(at(DAY), &buy(&[10_000]), None), "earn 100");
    let span = rules::Span { from: at(DAY), to: at("2026-03-03T00:00:00+08:00") };
    let (programme, member) = (ledger::ProgrammeId::new("p").unwrap(), world.member.id.clone());
    let told = [(rules::COPIED_TAGS.to_owned(), "a,b,c".to_owned())].into();
    let mut found = rules::BackTest::default();
    let books = (&world.book, &draft.book);
    let mut test = rules::MemberTest::new(books, &programme, &member, &told, span);
    test.entry(&world.entries[0], &world.entries[0].body().unwrap()).unwrap();
    test.end(&mut found).unwrap();
    let sides = [&found.recorded, &found.published, &found.draft];
    assert_eq!(sides.map(|side| side.outstanding), [100, 107, 107]);
}

/// No sum over members saturates: a programme has no bound of its own for points.
#[test]
fn a_back_test_counts_beyond_64_bits() {
    let most = 1_000_000_000_000_000;
    let mut world = World::new(|document| {
        document.tiers = None;
        document.caps.points_per_day = None;
    });
    assert_eq!(world.run(at(DAY), &buy(&[100 * most]), None), format!("earn {most}"));
    let span = rules::Span { from: at(DAY), to: at("2026-03-03T00:00:00+08:00") };
    let (programme, member) = (ledger::ProgrammeId::new("p").unwrap(), world.member.id.clone());
    let mut found = rules::BackTest::default();
    let body = world.entries[0].body().unwrap();
    for _ in 0..10_000 {
        let books = (&world.book, &world.book);
        let mut told = rules::MemberTest::new(books, &programme, &member, &world.attributes, span);
        told.entry(&world.entries[0], &body).unwrap();
        told.end(&mut found).unwrap();
    }
    let all = 10_000 * i128::from(most);
    for side in [&found.recorded, &found.published, &found.draft] {
        let tier = &side.tiers[""];
        let sums = [side.outstanding, side.sums.accounts["issued"], tier.outstanding, tier.issued];
        assert_eq!(sums, [all; 4], "{side:?}");
    }
    let kept = serde_json::to_string(&found).unwrap();
    assert_eq!(
        serde_json::from_str::<rules::BackTest>(&kept).unwrap(),
        found,
        "as it is kept between two calls"
    );
    assert_eq!(world.book.worth_minor(all), Some(all));
}

/// A return has room, however many lots there are; whatever else opens one does not.
#[test]
fn open_lots_are_a_hundred_thousand_at_most() {
    let mut world = World::new(|document| document.tiers = None);
    world.play(&[(DAY, buy(&[10_000]), "earn 100"), (DAY, spend(100), "redeem -100")]);
    let lot = |number| ledger::Lot {
        number: ledger::LotNumber(number),
        granted: 1,
        remaining: 1,
        ..lot()
    };
    let full = |world: &World, open: i64| {
        let lots: Vec<ledger::Lot> = (2..open + 2).map(lot).collect();
        ledger::Member { balance: open, lots_granted: open + 1, lots, ..world.member.clone() }
    };
    let outcome = |world: &mut World, member: ledger::Member, command: &AnyOperation| {
        world.decide(&member, at(DAY), command, None).map(|_| ()).map_err(|refusal| refusal.slug())
    };
    for (open, expected) in [(99_999, Ok(())), (100_000, Err("too-many-lots"))] {
        let member = full(&world, open);
        assert_eq!(outcome(&mut world, member, &buy(&[100])), expected, "{open}");
        let back = world.undo(None, Some(1), rules::operations::ReturnScope::Rest);
        let member = full(&world, open);
        assert_eq!(outcome(&mut world, member, &back), Ok(()), "{open}");
        // Where nobody has all lots at hand, somebody must have counted them.
        for (counted, expected) in [(Some(open), expected), (None, Err("too-many-lots"))] {
            let lots =
                ledger::Member { lots: Vec::new(), lots_complete: false, ..full(&world, open) };
            let lots = ledger::Member { lots_counted: counted, ..lots };
            assert_eq!(outcome(&mut world, lots, &buy(&[100])), expected, "{open} {counted:?}");
        }
    }
}

fn lot() -> ledger::Lot {
    ledger::Lot {
        number: ledger::LotNumber(0),
        source: "purchase".into(),
        granted: 1,
        remaining: 1,
        earned_at: at(DAY),
        available_at: at(DAY),
        expires_at: None,
        pending: false,
    }
}

fn rule(id: String, change: impl FnOnce(&mut EarningRule)) -> EarningRule {
    let mut rule: EarningRule = serde_json::from_value(
        json!({"id": id, "event": "purchase", "award": {"kind": "fixed", "points": 1}}),
    )
    .unwrap();
    change(&mut rule);
    rule
}

fn once(id: String) -> EarningRule {
    rule(id, |rule| rule.limit = Some(Limit { times: 1, per: Per::Lifetime }))
}

/// A campaign a day for years: what is over leaves the row, what still counts stays.
#[test]
fn counters_of_campaigns_that_are_over_are_forgotten() {
    let mut world = World::new(|_| {});
    for day in 0..1_500 {
        let mut document = Document { tiers: None, ..default_document() };
        document.rules = vec![once("for_life".to_owned()), once(format!("campaign_{day}"))];
        world.book = Rulebook::new(&document, day + 1).unwrap();
        let now = at(DAY).plus_ms(day * 86_400_000);
        let told = world.run(now, &buy(&[10_000]), None);
        let first = if day == 0 { "earn 102" } else { "earn 101" };
        assert!(told.contains(first), "day {day}: {told}");
        assert!(world.member.counters.len() <= 520, "day {day}: {}", world.member.counters.len());
    }
    world.audit();
}

/// Daily caps under a rulebook that takes events ten years late: the newest hundred days are kept,
/// older ones cannot be counted.
#[test]
fn a_counter_keeps_a_hundred_periods() {
    let mut world = World::new(|document| {
        document.tiers = None;
        document.accept_late_days = 3_650;
        document.rules = vec![rule("daily".to_owned(), |rule| {
            rule.caps = vec![RuleCap { points: 1, per: Per::Day, of: CapOf::Member }];
        })];
    });
    for day in 0..400 {
        let told = world.run(at(DAY).plus_ms(day * 86_400_000), &buy(&[10_000]), None);
        assert!(told.contains("earn 101"), "{told}");
    }
    let daily =
        world.member.counters.iter().filter(|counter| counter.name == "cap:daily:day").count();
    assert!(daily <= 101, "{daily}");
    let last = Timestamp(at(DAY).0 + 399 * 86_400_000);
    let late =
        |days: i64| happened(&last.plus_ms(-days * 86_400_000).to_string(), purchase(&[10_000]));
    assert_eq!(world.run(last, &late(50), None), "earn 100", "the cap of that day still holds");
    assert_eq!(world.run(last, &late(300), None), "refused occurred-too-long-ago");
    world.audit();
}

fn with_rules(rules: Vec<EarningRule>) -> Document {
    Document { rules, ..default_document() }
}

/// The largest order there can be.
fn largest_order() -> EarnEvent {
    let currency = ledger::Currency::new("CNY").unwrap();
    let long = |n: usize| format!("{n:03}{}", "漢".repeat(61));
    let line = |n: usize| Line {
        line: n.to_string(),
        sku: Some(long(n)),
        category: Some(long(n + 500)),
        quantity: 1,
        amount: Money { amount_minor: 100, currency },
    };
    EarnEvent {
        event: "purchase".into(),
        occurred_at: None,
        lines: (0..500).map(line).collect(),
        device: None,
    }
}

/// What made one order compute for more than a second: every bound of a condition was kept.
#[test]
fn a_rulebook_of_dear_conditions_is_not_published() {
    let text = vec!["!(line.sku in order.categories)"; 20].join(" && ");
    let dear = |n: usize| rule(format!("r{n}"), |rule| rule.lines = Some(text.clone()));
    let cheap = rule("cheap".to_owned(), |rule| {
        rule.lines = Some("line.category in [\"a\", \"b\"]".to_owned())
    });
    let document = with_rules(std::iter::once(cheap.clone()).chain((0..30).map(dear)).collect());
    let problems = Rulebook::new(&document, 1).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].pointer.starts_with("/rules/") && problems[0].pointer != "/rules/0",
        "{problems:?}"
    );
    assert!(problems[0].detail.contains("2000000"), "{problems:?}");
    // Two hundred rules that each name ten categories are a large rulebook, and a good one.
    let categories: Vec<String> = (0..10).map(|n| format!("\"category-{n}\"")).collect();
    let text = format!("line.category in [{}]", categories.join(", "));
    let rules = (0..200).map(|n| rule(format!("r{n}"), |rule| rule.lines = Some(text.clone())));
    let (event, told) = Rulebook::new(&with_rules(rules.collect()), 1).unwrap().condition_steps();
    assert_eq!(event, "purchase");
    assert!(told > 500_000 && told <= MAX_CONDITION_STEPS, "{told}");
}

/// A rulebook that was published before there was a bound: an order it takes too long for is
/// refused whole, and a small one earns.
#[test]
fn an_order_that_takes_too_many_steps_is_refused_whole() {
    let text = vec!["!(line.sku in order.categories)"; 20].join(" && ");
    let dear = |n: usize| rule(format!("r{n}"), |rule| rule.lines = Some(text.clone()));
    let mut world = World::new(|_| {});
    let read = json!({"line": {&text: compile(&text, Scope::Line).unwrap()}});
    let document = with_rules((0..30).map(dear).collect());
    let (zone, read) = ("Asia/Shanghai".parse().ok(), serde_json::from_value(read).unwrap());
    world.book = Rulebook::published(document, zone, &read, 1).unwrap();
    let before = world.member.clone();
    assert_eq!(
        world.run(at(DAY), &ask(Earn(largest_order())), None),
        "refused conditions-too-costly"
    );
    assert_eq!(world.member, before);
    assert_eq!(world.run(at(DAY), &buy(&[10_000]), None), "earn 130");
}
