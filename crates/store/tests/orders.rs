//! One document, one record: in each store, and again once all of it was undone.
#![allow(clippy::unwrap_used, reason = "a broken test stops the test")]

use crate::support;

use std::rc::Rc;

use rules::operations::{Earn, RedeemCoupon, ReturnScope, Reverse, Scan};
use rules::{Line, Past, living, meant};
use store::{Lots, Scope, Submission, load};
use support::{World, act, buy, capture, hold, purchase, redeem, told, wait};

fn audited(world: &World) {
    let audit = wait(store::audit(&world.sql, world.programme.no, None, 0, 100)).unwrap();
    assert!(audit.violations.is_empty(), "{:?}", audit.violations);
}

fn at(store: &str, order: Submission) -> Submission {
    let mut order = order;
    order.origin.store = Some(store.to_owned());
    order
}

/// Points spent on a document.
fn pay(member: &str, key: &str, document: &str, points: i64) -> Submission {
    let Submission { origin, source, .. } = hold(member, key, document, points);
    let redemption = redeem(member, key, points);
    Submission { origin, source, ..redemption }
}

/// All that a member has of an order, undone, as the component would find it.
fn undo(
    world: &World,
    member: &str,
    key: &str,
    reference: &str,
    store: Option<&str>,
) -> Submission {
    let sources = ["purchase", "redeem"].map(|event| store::source(event, reference));
    let found = wait(store::records(&world.sql, world.programme.no, &sources)).unwrap();
    let theirs = found.into_iter().filter(|past: &Past| past.entry.member.as_str() == member);
    let (mut earn, mut redemption) = (None, None);
    for entry in meant(theirs.collect(), store).unwrap() {
        if entry.kind() == ledger::Kind::Earn {
            earn = Some(entry);
        } else {
            let lots = wait(store::drawn_lots(&world.sql, world.programme.no, &entry)).unwrap();
            redemption = Some(rules::operations::Redemption::new(entry, lots));
        }
    }
    let wish = rules::operations::ToReverse {
        earn,
        redemption,
        part: ReturnScope::Rest,
        ..rules::operations::ToReverse::default()
    };
    Submission { operation: Rc::new(Reverse(Some(Box::new(wish)))), ..redeem_like(member, key) }
}

fn redeem_like(member: &str, key: &str) -> Submission {
    let order = redeem(member, key, 1);
    let mut fingerprint = ledger::Hash::of(key.as_bytes()).to_string();
    fingerprint.truncate(32);
    Submission { idem: Some((format!("reverse:{key}"), fingerprint)), ..order }
}

fn sources(world: &World) -> Vec<String> {
    let connection = world.sql.connection();
    let mut asked = connection
        .prepare("SELECT name FROM claim WHERE kind = 'reference' ORDER BY entry_no")
        .unwrap();
    asked.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn stores_number_their_orders_by_themselves() {
    let world = World::new();
    for (order, outcome) in [
        (at("east", buy("anna", "k1", "1001", 10_000)), "earn +100"),
        (at("west", buy("ben", "k2", "1001", 5_000)), "earn +50"),
        (at("west side", buy("cleo", "k3", "1001", 2_000)), "earn +20"),
        (at("east", buy("anna", "k4", "1001", 10_000)), "reference-already-used"),
        (at("west", buy("ben", "k5", "1001", 10_000)), "reference-already-used"),
        // Of another customer, this is no repetition.
        (at("west", buy("anna", "k6", "1001", 10_000)), "reference-of-another"),
        // Without a store, it may be any of them.
        (buy("dora", "k7", "1001", 10_000), "reference-of-another"),
        (buy("anna", "k8", "1001", 10_000), "reference-already-used"),
        (buy("dora", "k9", "1002", 10_000), "earn +100"),
        (at("east", buy("anna", "k10", "1002", 10_000)), "reference-of-another"),
        // What was answered once is answered again.
        (at("west", buy("ben", "k2", "1001", 5_000)), "again: earn +50"),
    ] {
        let name = format!("{:?}", order.idem);
        assert_eq!(told(&world.one(order)), outcome, "{name}");
        audited(&world);
    }
    assert_eq!(
        sources(&world),
        ["purchase:1001", "purchase:1001 @west 1", "purchase:1001 @west%20side 1", "purchase:1002"]
    );
}

#[test]
fn an_order_on_the_wrong_card_earns_on_the_right_one() {
    let world = World::new();
    assert_eq!(told(&world.one(buy("wrong", "k1", "o1", 10_000))), "earn +100");
    assert_eq!(told(&world.one(buy("right", "k2", "o1", 10_000))), "reference-of-another");
    assert_eq!(told(&world.one(undo(&world, "wrong", "k3", "o1", None))), "reverse -100");
    assert_eq!(told(&world.one(buy("right", "k4", "o1", 10_000))), "earn +100");
    assert_eq!(told(&world.one(buy("right", "k5", "o1", 10_000))), "reference-already-used");
    assert_eq!(told(&world.one(buy("wrong", "k6", "o1", 10_000))), "reference-of-another");
    assert_eq!(told(&world.one(undo(&world, "wrong", "k7", "o1", None))), "nothing-to-reverse");
    assert_eq!(told(&world.one(undo(&world, "right", "k8", "o1", None))), "reverse -100");
    assert_eq!(sources(&world), ["purchase:o1", "purchase:o1 2"]);
    audited(&world);
}

/// The order is only over when all of it came back.
#[test]
fn a_part_that_came_back_frees_nothing() {
    let world = World::new();
    let mut order = purchase(10_000);
    let second = Line { line: "2".into(), ..order.lines[0].clone() };
    order.lines.push(second);
    let order = Submission { operation: Rc::new(Earn(order)), ..buy("m", "k1", "o1", 10_000) };
    assert_eq!(told(&world.one(order)), "earn +200");
    let line =
        world.undo("m", "k2", Some("purchase:o1"), None, ReturnScope::Lines(vec![("1".into(), 1)]));
    assert_eq!(told(&world.one(line)), "reverse -100");
    assert_eq!(told(&world.one(buy("m", "k3", "o1", 10_000))), "reference-already-used");
    assert_eq!(told(&world.one(undo(&world, "m", "k4", "o1", None))), "reverse -100");
    assert_eq!(told(&world.one(buy("m", "k5", "o1", 10_000))), "earn +100");
    audited(&world);
}

#[test]
fn an_order_that_was_cancelled_is_completed_after_all() {
    let world = World::new();
    world.one(buy("m", "k0", "before", 100_000));
    assert_eq!(told(&world.one(pay("m", "k1", "o1", 200))), "redeem -200");
    assert_eq!(told(&world.one(pay("m", "k2", "o1", 200))), "reference-already-used");
    assert_eq!(told(&world.one(undo(&world, "m", "k4", "o1", None))), "reverse +200");
    assert_eq!(world.number("SELECT points_in_lots FROM member"), 1000);
    assert_eq!(told(&world.one(pay("m", "k5", "o1", 200))), "redeem -200");
    assert_eq!(world.number("SELECT points_in_lots FROM member"), 800);
    assert_eq!(told(&world.one(pay("m", "k6", "o1", 200))), "reference-already-used");
    // And by a hold, once more.
    assert_eq!(told(&world.one(undo(&world, "m", "k7", "o1", None))), "reverse +200");
    assert_eq!(told(&world.one(hold("m", "k8", "o1", 300))), "hold +0");
    assert_eq!(told(&world.one(capture("m", "k9", world.last_hold(), "o1", None))), "capture -300");
    assert_eq!(told(&world.one(hold("m", "k10", "o1", 300))), "reference-already-used");
    assert_eq!(world.number("SELECT points_in_lots FROM member"), 700);
    assert_eq!(sources(&world)[1..], ["redeem:o1", "redeem:o1 2", "redeem:o1 3"]);
    audited(&world);
}

/// Completed and refunded by turns, an order never brings more than it is worth, whatever the shop
/// does about points that are gone.
#[test]
fn toggling_complete_and_refund_farms_nothing() {
    for policy in [
        rules::ShortfallPolicy::Debt,
        rules::ShortfallPolicy::WithinBalance,
        rules::ShortfallPolicy::PendingOnly,
    ] {
        let world = World::with_rules(|document| document.returns.shortfall = policy);
        let mut spent = 0;
        for round in 0..5 {
            let outcome = told(&world.one(buy("m", &format!("b{round}"), "o1", 10_000)));
            assert!(outcome.starts_with("earn +"), "{policy:?} {round}: {outcome}");
            let can = world.number("SELECT max(points_in_lots - debt, 0) FROM member");
            if can > 0 {
                assert_eq!(
                    told(&world.one(redeem("m", &format!("r{round}"), can))),
                    format!("redeem -{can}")
                );
                spent += can;
            }
            let outcome = told(&world.one(undo(&world, "m", &format!("u{round}"), "o1", None)));
            assert!(outcome.starts_with("reverse"), "{policy:?} {round}: {outcome}");
            audited(&world);
        }
        assert_eq!(spent, 100, "{policy:?}");
    }
}

/// What nobody approved of is not tried again under the same name.
#[test]
fn an_order_that_was_turned_down_stays_so() {
    let world = World::with_rules(|document| document.risk.review_above_minor = Some(5_000));
    assert_eq!(told(&world.one(buy("m", "k1", "o1", 10_000))), "earn +100");
    assert_eq!(told(&world.one(undo(&world, "m", "k2", "o1", None))), "reverse -100");
    assert_eq!(told(&world.one(buy("m", "k3", "o1", 10_000))), "reference-already-used");
}

/// Two of one call, and two that were loaded before either was written: one gets the order.
#[test]
fn two_that_want_a_freed_order_at_once() {
    let world = World::new();
    world.one(buy("wrong", "k1", "o1", 10_000));
    world.one(undo(&world, "wrong", "k2", "o1", None));
    let both = [buy("anna", "k3", "o1", 10_000), buy("ben", "k4", "o1", 10_000)];
    let outcomes: Vec<String> = world.run(&both).iter().map(told).collect();
    assert_eq!(outcomes, ["earn +100", "reference-of-another"]);
    world.one(undo(&world, "anna", "k5", "o1", None));
    let late = buy("ben", "k6", "o1", 10_000);
    let wanted = [late.wanted()];
    let (_, _, loaded) =
        wait(load(&world.sql, Scope::Programme(world.programme.no), &wanted, Lots::None))
            .unwrap()
            .unwrap();
    assert_eq!(told(&world.one(buy("cleo", "k7", "o1", 10_000))), "earn +100");
    assert_eq!(told(&world.run_loaded(&[late], loaded)[0]), "reference-of-another");
    audited(&world);
}

/// The same order, by its receipt.
fn by_receipt(order: Submission) -> Submission {
    let operation = Rc::new(Scan { earn: Rc::clone(&order.operation), too_old: None });
    Submission { operation, ..order }
}

/// A receipt earns once ever, also where a return comes between its load and its commit.
#[test]
fn a_receipt_earns_once_ever() {
    let world = World::new();
    let scan = |member: &str, key: &str, store: &str| {
        at(store, by_receipt(buy(member, key, "o1", 10_000)))
    };
    let loaded = |order: &Submission| {
        let wanted = [order.wanted()];
        let found = load(&world.sql, Scope::Programme(world.programme.no), &wanted, Lots::None);
        wait(found).unwrap().unwrap().2
    };
    let late = scan("m", "k2", "east");
    let before = loaded(&late);
    assert_eq!(told(&world.one(scan("m", "k1", "east"))), "earn +100");
    let during = loaded(&late);
    world.one(undo(&world, "m", "k3", "o1", None));
    assert_eq!(
        told(&world.run_loaded(std::slice::from_ref(&late), before)[0]),
        "reference-already-used"
    );
    let again = Submission { idem: None, ..late };
    assert_eq!(told(&world.run_loaded(&[again], during)[0]), "reference-already-used");
    assert_eq!(told(&world.one(scan("n", "k4", "east"))), "reference-of-another");
    let dry = scan("n", "k5", "east");
    let found = loaded(&dry);
    assert!(found[0].recorded.is_of_another);
    // Of another store it is another order.
    assert_eq!(told(&world.one(scan("n", "k6", "west"))), "earn +100");
    // What lives is named, rather than what was undone.
    assert_eq!(told(&world.one(at("east", buy("n", "k7", "o1", 10_000)))), "earn +100");
    assert_eq!(told(&world.one(scan("n", "k8", "east"))), "reference-already-used");
    assert_eq!(told(&world.one(scan("m", "k9", "east"))), "reference-of-another");
    audited(&world);
}

/// As for the rest of it.
#[test]
fn a_receipt_that_is_too_old_earns_nothing() {
    let world = World::new();
    let order = buy("m", "k1", "o1", 10_000);
    let earn = Rc::clone(&order.operation);
    let too_old = Some(world.now.get());
    let old = Submission { operation: Rc::new(Scan { earn, too_old }), ..order };
    assert_eq!(told(&world.one(old.clone())), "occurred-too-long-ago");
    assert_eq!(told(&world.one(old)), "again: occurred-too-long-ago");
}

#[test]
fn a_member_with_two_orders_of_one_number_says_which() {
    let world = World::new();
    world.one(at("east", buy("m", "k1", "7", 10_000)));
    world.one(at("west", buy("m", "k2", "7", 5_000)));
    let found = || {
        wait(store::records(&world.sql, world.programme.no, &["purchase:7".to_owned()])).unwrap()
    };
    let slug = |store| {
        meant(found(), store).map(|entries| entries.len()).map_err(|refusal| refusal.slug())
    };
    assert_eq!(slug(None), Err("reference-ambiguous"));
    assert_eq!((slug(Some("east")), slug(Some("north"))), (Ok(1), Ok(0)));
    assert_eq!(told(&world.one(undo(&world, "m", "k3", "7", Some("west")))), "reverse -50");
    // What was undone is not meant any more.
    assert_eq!(slug(None), Ok(1));
    assert!(living(&found(), Some("west")).is_none());
    assert_eq!(told(&world.one(undo(&world, "m", "k4", "7", None))), "reverse -100");
    audited(&world);
}

/// Actions with a document are no different.
#[test]
fn an_action_is_undone_and_done_again() {
    let world = World::new();
    let share = |key: &str| {
        let Submission { origin, .. } = buy("m", key, "post-1", 1);
        Submission { origin, source: Some("share:post-1".into()), ..act("m", key, "share") }
    };
    let first = told(&world.one(share("k1")));
    assert!(first.starts_with("earn +"), "{first}");
    assert_eq!(told(&world.one(share("k2"))), "reference-already-used");
    let undone = world.undo("m", "k3", Some("share:post-1"), None, ReturnScope::Rest);
    assert!(told(&world.one(undone)).starts_with("reverse -"));
    assert_eq!(told(&world.one(share("k4"))), first);
}

/// An order that brought a coupon which was used does not bring another one when it is completed
/// again.
#[test]
fn toggling_brings_one_coupon() {
    let world = World::with_rules(|document| {
        let ten = r#"{"off_minor": 1000, "expiry": "campaign"}"#;
        document.coupons.insert("ten".into(), serde_json::from_str(ten).unwrap());
        document.purchase.coupon =
            Some(rules::PurchaseCoupon { coupon: "ten".into(), from_minor: 0 });
    });
    let coupons = || world.number("SELECT count(*) FROM coupon");
    world.one(buy("m", "k1", "o1", 10_000));
    // Taken away with the order, it comes again with it.
    world.one(undo(&world, "m", "k2", "o1", None));
    world.one(buy("m", "k3", "o1", 10_000));
    assert_eq!(coupons(), 2);
    let open = "SELECT state ->> '$.coupons[0][0]' FROM member";
    let code: String = world.sql.connection().query_row(open, [], |row| row.get(0)).unwrap();
    let order = purchase(5_000);
    let used = Submission {
        operation: Rc::new(RedeemCoupon { code, lines: order.lines, of: None }),
        ..redeem_like("m", "k4")
    };
    assert_eq!(told(&world.one(used)), "coupon_redeem +0");
    world.one(undo(&world, "m", "k5", "o1", None));
    assert_eq!(told(&world.one(buy("m", "k6", "o1", 10_000))), "earn +100");
    assert_eq!(coupons(), 2);
    audited(&world);
}

/// However a number or an address is written, it is found; also one that was kept before spellings
/// were made alike.
#[test]
fn a_name_is_found_in_any_spelling() {
    let world = World::new();
    world.one(support::enrol("new", "k1", &["phone:+8613800000000", "email:li@example.com"]));
    world.one(support::enrol("old", "k2", &["phone:13900000000"]));
    for (name, member) in [
        ("~phone:13800000000", Some("new")),
        ("~phone:138-0000-0000", Some("new")),
        ("~phone:008613800000000", Some("new")),
        ("~phone:+8613900000000", Some("old")),
        ("~phone:13900000000", Some("old")),
        ("~email:LI@Example.com", Some("new")),
        ("~phone:13700000000", None),
    ] {
        let found = wait(store::member_by_alias(&world.sql, world.programme.no, name)).unwrap();
        assert_eq!(found.as_ref().map(ledger::MemberId::as_str), member, "{name}");
        let bought = told(&world.one(buy(name, name, &format!("o{name}"), 100)));
        assert_eq!(bought, if member.is_some() { "earn +1" } else { "member-not-found" }, "{name}");
    }
}
