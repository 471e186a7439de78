//! The catalogue, coupons, and orders paid with points: a line a step, worked out by hand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use std::collections::BTreeMap;

use ledger::{Currency, Kind, Money};
use rules::operations::{
    CancelCoupon, PayWithPoints, RedeemCoupon, RedeemReward, RestoreCoupon, ReturnScope, Settle,
};
use rules::{CouponRule, Expiry, Limit, Line, Per, PointPrice, PurchaseCoupon, Reward};
use support::{AnyOperation, World, act, ask, at, buy, spend};

const DAY: &str = "2026-03-02T10:00:00+08:00";

fn coupon(change: impl FnOnce(&mut CouponRule)) -> CouponRule {
    let mut rule = CouponRule {
        off_minor: Some(5_000),
        off_percent: None,
        max_off_minor: None,
        min_minor: 30_000,
        expiry: "fortnight".to_owned(),
        categories: vec![],
        channels: vec![],
        stores: vec![],
        stacks: false,
    };
    change(&mut rule);
    rule
}

/// 50 off 300 within 15 days, and what else the tests ask for.
fn world(change: impl FnOnce(&mut rules::Document)) -> World {
    World::new(|document| {
        document.expiry.insert("fortnight".into(), Expiry::Days { days: 15, round_up_to: None });
        document.coupons = BTreeMap::from([("fifty".to_owned(), coupon(|_| {}))]);
        change(document);
    })
}

fn reward(text: &str) -> Reward {
    serde_json::from_str(text).unwrap()
}

fn take(id: &str, quantity: i64) -> AnyOperation {
    ask(RedeemReward { reward: id.to_owned(), quantity })
}

fn lines(amounts: &[(i64, &str)]) -> Vec<Line> {
    let currency = Currency::new("CNY").unwrap();
    let line = |(index, (amount_minor, category)): (usize, &(i64, &str))| Line {
        line: index.to_string(),
        sku: None,
        category: Some((*category).to_owned()),
        quantity: 1,
        amount: Money { amount_minor: *amount_minor, currency },
    };
    amounts.iter().enumerate().map(line).collect()
}

fn use_for(world: &World, amounts: &[(i64, &str)]) -> AnyOperation {
    let code = world.member.coupons.first().map_or("none".to_owned(), |coupon| coupon.code.clone());
    ask(RedeemCoupon { code, lines: lines(amounts), of: None })
}

#[test]
fn a_reward_costs_what_the_catalogue_says() {
    let mut world = world(|_| {});
    let mug = r#"{"name": "Mug", "points": 30, "cash_minor": 990, "stock": 3, "limit": {"times": 2, "per": "day"}}"#;
    world.rewards.insert("mug".into(), reward(mug));
    world.play(&[
        (DAY, buy(&[20_000]), "earn 200"),
        (DAY, take("cup", 1), "refused reward-not-found"),
        (DAY, take("mug", 4), "refused out-of-stock"),
        (DAY, take("mug", 3), "refused limit-reached"),
        (DAY, take("mug", 2), "redeem -60"),
        (DAY, take("mug", 1), "refused limit-reached"),
        ("2026-03-03T10:00:00+08:00", take("mug", 2), "refused out-of-stock"),
        ("2026-03-03T10:00:00+08:00", take("mug", 1), "redeem -30"),
        ("2026-03-04T10:00:00+08:00", take("mug", 1), "refused out-of-stock"),
    ]);
    let taken = world.entries[1].reward().cloned().unwrap();
    assert_eq!((taken.quantity, taken.cash_minor, taken.version), (2, 1_980, 1));
    // Given back, they are there again, and count towards no limit.
    let back = world.undo(None, Some(1), ReturnScope::Points(59));
    world.play(&[("2026-03-02T11:00:00+08:00", back, "refused whole-only")]);
    let back = world.undo(None, Some(1), ReturnScope::Rest);
    world.play(&[
        ("2026-03-02T11:00:00+08:00", back, "reverse 60"),
        ("2026-03-02T11:00:00+08:00", take("mug", 2), "redeem -60"),
        ("2026-03-02T11:00:00+08:00", take("mug", 1), "refused out-of-stock"),
    ]);
}

#[test]
fn a_reward_is_for_whom_and_when_it_says() {
    let mut world = world(|_| {});
    let late = r#"{"name": "Bag", "points": 5, "from": "2026-03-02T12:00:00+08:00", "until": "2026-03-02T14:00:00+08:00"}"#;
    let silver =
        r#"{"name": "Lounge", "kind": "service", "points": 5, "tiers": ["silver", "gold"]}"#;
    world.rewards.insert("bag".into(), reward(late));
    world.rewards.insert("lounge".into(), reward(silver));
    world.rewards.insert("old".into(), reward(r#"{"name": "Old", "points": 5, "offered": false}"#));
    world.play(&[
        (DAY, take("bag", 1), "refused member-not-found"),
        (DAY, buy(&[20_000]), "earn 200"),
        (DAY, take("bag", 1), "refused reward-unavailable"),
        ("2026-03-02T11:59:59.999+08:00", take("bag", 1), "refused reward-unavailable"),
        ("2026-03-02T12:00:00+08:00", take("bag", 1), "redeem -5"),
        ("2026-03-02T13:59:59.999+08:00", take("bag", 1), "redeem -5"),
        ("2026-03-02T14:00:00+08:00", take("bag", 1), "refused reward-unavailable"),
        (DAY, take("old", 1), "refused reward-unavailable"),
        (DAY, take("lounge", 1), "refused tier-required"),
        (DAY, buy(&[200_000]), "earn 2000, silver 500"),
        (DAY, take("lounge", 1), "redeem -5"),
        (DAY, take("lounge", 1_000_000), "refused insufficient-points"),
    ]);
}

#[test]
fn a_coupon_is_good_for_what_it_says_once() {
    let mut world = world(|_| {});
    world.rewards.insert(
        "fifty".into(),
        reward(r#"{"name": "50 off", "kind": "coupon", "points": 100, "coupon": "fifty"}"#),
    );
    world.play(&[(DAY, buy(&[50_000]), "earn 500"), (DAY, take("fifty", 2), "redeem -200")]);
    let codes: Vec<String> =
        world.member.coupons.iter().map(|coupon| coupon.code.clone()).collect();
    assert!(codes[0] != codes[1] && codes.iter().all(|code| code.len() == 16));
    let small = use_for(&world, &[(29_999, "A")]);
    let enough = use_for(&world, &[(20_000, "A"), (10_000, "B")]);
    world.play(&[
        (DAY, small, "refused coupon-conditions"),
        (DAY, enough.clone(), "coupon_redeem 0"),
        (DAY, enough, "refused coupon-resolved"),
    ]);
    let used = world.entries[2].clone();
    let off = used.discount().unwrap();
    assert_eq!((off.order_minor, off.off_minor), (30_000, 5_000));
    // The points come back only with both coupons.
    let back = world.undo(None, Some(1), ReturnScope::Rest);
    let restore = ask(RestoreCoupon { used: Box::new(used) });
    world.play(&[
        (DAY, back.clone(), "refused coupon-resolved"),
        (DAY, restore.clone(), "reverse 0"),
        (DAY, restore.clone(), "refused nothing-to-reverse"),
        (DAY, back, "reverse 200"),
        (DAY, restore, "refused nothing-to-reverse"),
    ]);
    assert_eq!((world.member.coupons.len(), world.member.balance), (0, 500));
}

/// Used, given back, used again for another order: the first use cannot be undone a second time.
#[test]
fn a_coupon_used_again_is_not_restored_by_its_first_use() {
    let mut world =
        world(|document| document.actions.get_mut("review").unwrap().coupon = Some("fifty".into()));
    world.play(&[(DAY, act("review"), "earn 20")]);
    let order = use_for(&world, &[(30_000, "A")]);
    world.play(&[(DAY, order.clone(), "coupon_redeem 0")]);
    let first = ask(RestoreCoupon { used: Box::new(world.entries[1].clone()) });
    world.play(&[
        (DAY, first.clone(), "reverse 0"),
        (DAY, order, "coupon_redeem 0"),
        (DAY, first, "refused nothing-to-reverse"),
    ]);
    assert!(world.member.coupons.is_empty());
}

/// The last valid day is the fifteenth after the day of issue, in the programme's zone.
#[test]
fn a_coupon_ends_with_its_last_day() {
    let mut world =
        world(|document| document.actions.get_mut("review").unwrap().coupon = Some("fifty".into()));
    world.play(&[(DAY, act("review"), "earn 20"), (DAY, act("review"), "earn 20")]);
    let order = use_for(&world, &[(30_000, "A")]);
    world.play(&[("2026-03-17T23:59:59.999+08:00", order, "coupon_redeem 0")]);
    let order = use_for(&world, &[(30_000, "A")]);
    world.play(&[
        ("2026-03-18T00:00:00+08:00", order, "refused coupon-resolved"),
        ("2026-03-18T00:00:00+08:00", ask(Settle), "coupon_expire 0"),
        ("2026-03-18T00:00:00+08:00", ask(Settle), ""),
    ]);
    let used = world.entries[2].clone();
    assert_eq!(used.kind(), Kind::CouponRedeem);
    let late = ask(RestoreCoupon { used: Box::new(used) });
    world.play(&[("2026-03-18T00:00:00+08:00", late, "refused coupon-resolved")]);
}

#[test]
fn coupons_count_what_they_are_for() {
    type Change = fn(&mut CouponRule);
    let order: &[(i64, &str)] = &[(20_000, "BAKERY"), (25_000, "DAIRY")];
    let cases: [(&str, Change, Result<i64, &str>); 10] = [
        ("an amount", |_| {}, Ok(5_000)),
        ("a share", |rule| (rule.off_minor, rule.off_percent) = (None, Some(15)), Ok(6_750)),
        (
            "a share, rounded down",
            |rule| (rule.off_minor, rule.off_percent) = (None, Some(100)),
            Ok(45_000),
        ),
        (
            "a share with an upper bound",
            |rule| {
                (rule.off_minor, rule.off_percent, rule.max_off_minor) =
                    (None, Some(15), Some(1_000))
            },
            Ok(1_000),
        ),
        ("below the minimum", |rule| rule.min_minor = 45_001, Err("coupon-conditions")),
        (
            "lines of a category",
            |rule| (rule.min_minor, rule.categories) = (0, vec!["DAIRY".into()]),
            Ok(5_000),
        ),
        (
            "too little of a category",
            |rule| rule.categories = vec!["DAIRY".into()],
            Err("coupon-conditions"),
        ),
        (
            "more off than it is for",
            |rule| {
                (rule.off_minor, rule.min_minor, rule.categories) =
                    (Some(90_000), 0, vec!["DAIRY".into()]);
            },
            Ok(25_000),
        ),
        ("another channel", |rule| rule.channels = vec!["app".into()], Err("coupon-conditions")),
        ("another store", |rule| rule.stores = vec!["s1".into()], Err("coupon-conditions")),
    ];
    for (name, change, outcome) in cases {
        let mut world = world(|document| {
            change(document.coupons.get_mut("fifty").unwrap());
            document.purchase.coupon =
                Some(PurchaseCoupon { coupon: "fifty".into(), from_minor: 10_000 });
        });
        world.play(&[(DAY, buy(&[9_999]), "earn 99")]);
        assert!(world.member.coupons.is_empty(), "{name}: too small an order");
        world.play(&[(DAY, buy(&[10_000]), "earn 100")]);
        let order = use_for(&world, order);
        let told = world.run(at(DAY), &order, None);
        match outcome {
            Ok(off) => {
                assert_eq!(
                    world.entries.last().unwrap().discount().unwrap().off_minor,
                    off,
                    "{name}"
                )
            }
            Err(slug) => assert_eq!(told, format!("refused {slug}"), "{name}"),
        }
    }
}

/// A member who returns the order does not keep the coupon that it brought, unless it is used.
#[test]
fn a_coupon_goes_with_the_order_that_brought_it() {
    let mut world = world(|document| {
        document.purchase.coupon =
            Some(PurchaseCoupon { coupon: "fifty".into(), from_minor: 10_000 });
    });
    world.play(&[(DAY, buy(&[10_000, 10_000]), "earn 200"), (DAY, buy(&[10_000]), "earn 100")]);
    let part = world.undo(Some(0), None, ReturnScope::Lines(vec![("0".to_owned(), 1)]));
    world.play(&[(DAY, part, "reverse -100")]);
    assert_eq!(world.member.coupons.len(), 2, "a part is no reason");
    let rest = world.undo(Some(0), None, ReturnScope::Rest);
    world.play(&[(DAY, rest, "reverse -100")]);
    assert_eq!(world.member.coupons.len(), 1);
    let order = use_for(&world, &[(30_000, "A")]);
    let other = world.undo(Some(1), None, ReturnScope::Rest);
    world.play(&[(DAY, order, "coupon_redeem 0"), (DAY, other, "reverse -100")]);
}

#[test]
fn an_order_takes_as_many_points_as_the_rulebook_says() {
    fn order(amount_minor: i64, most: Option<i64>) -> AnyOperation {
        let currency = Currency::new("CNY").unwrap();
        ask(PayWithPoints { order: Money { amount_minor, currency }, most, minutes: None })
    }
    // 100 points are a yuan; half of the order at most, at least 100.
    let mut world = world(|document| document.redemption.as_mut().unwrap().multiple_of = 50);
    world.play(&[
        (DAY, buy(&[199_999]), "earn 1999"),
        (DAY, order(1_000, Some(450)), "redeem -450"),
        (DAY, order(1_000, None), "redeem -500"),
        (DAY, order(1_000, Some(449)), "redeem -400"),
        (DAY, order(199, None), "refused below-minimum"),
        (DAY, order(0, None), "refused below-minimum"),
        (DAY, order(100_000, None), "redeem -600"),
        (DAY, order(100_000, None), "refused below-minimum"),
    ]);
    let told = world.entries[3].payment().unwrap();
    assert_eq!((told.order_minor, told.wished, told.money_minor), (1_000, Some(449), 400));
    let euro = Money { amount_minor: 1_000, currency: Currency::new("EUR").unwrap() };
    let foreign = ask(PayWithPoints { order: euro, most: None, minutes: None });
    world.play(&[(DAY, foreign, "refused currency-mismatch")]);
    let mut none = self::world(|document| document.redemption = None);
    none.play(&[
        (DAY, buy(&[100_000]), "earn 1000"),
        (DAY, order(1_000, None), "refused not-offered"),
    ]);
    // Set aside at checkout instead.
    let currency = Currency::new("CNY").unwrap();
    let aside = ask(PayWithPoints {
        order: Money { amount_minor: 400, currency },
        most: None,
        minutes: Some(30),
    });
    let mut world = self::world(|_| {});
    world.play(&[
        (DAY, buy(&[100_000]), "earn 1000"),
        (DAY, aside, "hold(200)"),
        (DAY, spend(801), "refused insufficient-points"),
    ]);
    assert_eq!(world.entries[1].payment().unwrap().money_minor, 200);
}

/// 1,000 points are 10 yuan and 5,000 are 60; a gold member gets a yuan for 80, however few.
#[test]
fn many_points_and_high_levels_have_better_prices() {
    let price = |tiers: &[&str], from_points, points, off_minor| PointPrice {
        tiers: tiers.iter().map(|id| (*id).to_owned()).collect(),
        from_points,
        points,
        off_minor,
    };
    let paid = |spend_minor: i64, order_minor: i64, most: Option<i64>| {
        let mut world = world(|document| {
            let rule = document.redemption.as_mut().unwrap();
            (rule.max_percent, rule.min_points) = (100, 1);
            rule.prices = vec![price(&["gold"], 1, 80, 100), price(&[], 5_000, 5_000, 6_000)];
            document.tiers.as_mut().unwrap().levels[2].gift_points = 0;
        });
        world.run(at(DAY), &buy(&[spend_minor]), None);
        let order = Money { amount_minor: order_minor, currency: Currency::new("CNY").unwrap() };
        let told = world.run(at(DAY), &ask(PayWithPoints { order, most, minutes: None }), None);
        let entry = world.entries.last().unwrap();
        (told, entry.payment().map_or(0, |payment| payment.money_minor))
    };
    let is = |told: &str, money| (told.to_owned(), money);
    // 9,000 points, at the first level but one.
    for (order, most, told, money) in [
        (100_000, Some(1_000), "redeem -1000", 1_000),
        (100_000, Some(4_999), "redeem -4999", 4_999),
        (100_000, Some(5_000), "redeem -5000", 6_000),
        (100_000, Some(5_005), "redeem -5005", 6_006),
        (100_000, Some(5_004), "redeem -5004", 6_004),
        (6_000, None, "redeem -5000", 6_000),
        (5_999, None, "redeem -4999", 4_999),
        (4_000, None, "redeem -4000", 4_000),
        (0, None, "refused below-minimum", 0),
    ] {
        assert_eq!(paid(199_999 * 5, order, most), is(told, money), "{order} {most:?}");
    }
    // Gold: a yuan for 80 points is better than 60 for 5,000.
    for (order, most, told, money) in [
        (100_000, Some(79), "redeem -79", 98),
        (100_000, Some(80), "redeem -80", 100),
        (100_000, Some(8_000), "redeem -8000", 10_000),
        (5_999, None, "redeem -4799", 5_998),
    ] {
        assert_eq!(paid(1_100_000, order, most), is(told, money), "gold: {order} {most:?}");
    }
}

/// A yen is 100 points, and from 1,050 on it is 99: 1,050 buy no more than 1,000 do.
#[test]
fn no_point_is_taken_to_come_to_a_better_price() {
    let mut world = world(|document| {
        document.currency = "JPY".into();
        document.purchase.points_per_unit = "1".into();
        let rule = document.redemption.as_mut().unwrap();
        (rule.points_per_unit, rule.max_percent, rule.min_points) = (100, 100, 1);
        let (from_points, points) = (1_050, 99);
        rule.prices = vec![PointPrice { tiers: vec![], from_points, points, off_minor: 1 }];
    });
    let currency = Currency::new("JPY").unwrap();
    let yen = |amount_minor| Money { amount_minor, currency };
    let mut order = crate::support::purchase(&[1_050]);
    order.lines[0].amount = yen(1_050);
    world.run(at(DAY), &ask(rules::operations::Earn(order)), None);
    let pay = |most| ask(PayWithPoints { order: yen(100), most: Some(most), minutes: None });
    world.play(&[(DAY, pay(1_050), "redeem -1000")]);
    assert_eq!(world.entries[1].payment().unwrap().money_minor, 10);
}

/// Points that buy no whole minor unit are left with the member.
#[test]
fn no_point_is_taken_for_nothing() {
    fn order(amount_minor: i64) -> AnyOperation {
        let currency = Currency::new("CNY").unwrap();
        ask(PayWithPoints { order: Money { amount_minor, currency }, most: None, minutes: None })
    }
    // A fen is ten points.
    let mut world = world(|document| {
        let rule = document.redemption.as_mut().unwrap();
        (rule.points_per_unit, rule.min_points, rule.multiple_of) = (1_000, 1, 1);
    });
    world.play(&[
        (DAY, act("check_in"), "earn 5"),
        (DAY, order(1_000), "refused below-minimum"),
        (DAY, buy(&[9_400]), "earn 94"),
        (DAY, order(1_000), "redeem -90"),
    ]);
    assert_eq!(world.entries[2].payment().unwrap().money_minor, 9);
}

/// A coupon is not spent on an order that it takes nothing off.
#[test]
fn a_coupon_is_kept_for_a_better_day() {
    let mut world = world(|document| {
        let rule = document.coupons.get_mut("fifty").unwrap();
        (rule.off_minor, rule.off_percent, rule.min_minor) = (None, Some(10), 0);
        document.actions.get_mut("review").unwrap().coupon = Some("fifty".into());
    });
    world.play(&[(DAY, act("review"), "earn 20")]);
    let (small, nothing) = (use_for(&world, &[(9, "A")]), use_for(&world, &[(0, "A")]));
    let enough = use_for(&world, &[(10, "A")]);
    world.play(&[
        (DAY, small, "refused coupon-conditions"),
        (DAY, nothing, "refused coupon-conditions"),
        (DAY, enough, "coupon_redeem 0"),
    ]);
}

/// The goods come back, and a coupon that was taken with the same order and is used stays taken.
#[test]
fn a_used_reward_does_not_keep_goods_from_coming_back() {
    let mut world = world(|_| {});
    world.rewards.insert(
        "fifty".into(),
        reward(r#"{"name": "50 off", "kind": "coupon", "points": 100, "coupon": "fifty"}"#),
    );
    world.play(&[(DAY, buy(&[50_000]), "earn 500"), (DAY, take("fifty", 1), "redeem -100")]);
    let order = use_for(&world, &[(30_000, "A")]);
    world.play(&[(DAY, order, "coupon_redeem 0")]);
    let back = world.undo(Some(0), Some(1), ReturnScope::Rest);
    world.play(&[(DAY, back.clone(), "reverse -500"), (DAY, back, "refused coupon-resolved")]);
    assert_eq!((world.member.balance, world.member.debt), (-100, 100));
}

/// A bug of other systems: a state that grows without bound, as everything adds to it.
#[test]
fn a_member_has_a_hundred_coupons_at_most() {
    let mut world = world(|document| {
        let review = document.actions.get_mut("review").unwrap();
        (review.limit, review.coupon) = (None, Some("fifty".into()));
        document.caps.points_per_day = None;
    });
    world.rewards.insert(
        "fifty".into(),
        reward(r#"{"name": "50 off", "kind": "coupon", "points": 1, "coupon": "fifty"}"#),
    );
    for _ in 0..101 {
        assert_eq!(world.run(at(DAY), &act("review"), None), "earn 20");
    }
    assert_eq!(world.member.coupons.len(), 100, "an earn is not refused for want of room");
    world.play(&[(DAY, take("fifty", 1), "refused too-many-open")]);
    let code = world.member.coupons[3].code.clone();
    world.play(&[
        (DAY, ask(CancelCoupon { code: code.clone() }), "coupon_cancel 0"),
        (DAY, ask(CancelCoupon { code }), "refused coupon-resolved"),
        (DAY, take("fifty", 2), "refused too-many-open"),
        (DAY, take("fifty", 1), "redeem -1"),
    ]);
}

#[test]
fn a_tier_brings_its_coupon_once() {
    let mut world = world(|document| {
        document.tiers.as_mut().unwrap().levels[1].gift_coupon = Some("fifty".into());
        document.returns.lower_tier = true;
        document.returns.gifts = rules::GiftPolicy::Keep;
    });
    world.play(&[(DAY, buy(&[200_000]), "earn 2000, silver 500")]);
    assert_eq!(world.member.coupons.len(), 1);
    let back = world.undo(Some(0), None, ReturnScope::Rest);
    world.play(&[
        (DAY, back, "reverse -2000, member 0"),
        (DAY, buy(&[200_000]), "earn 2000, silver 0"),
    ]);
    assert_eq!(world.member.coupons.len(), 1, "the gift was kept, and is not given again");
}

#[test]
fn every_wrong_reward_has_its_place() {
    for (text, pointers) in [
        (r#"{"name": "Mug", "points": 1}"#, vec![]),
        (
            r#"{"name": "", "points": 0, "cash_minor": -1, "stock": -1}"#,
            vec!["/name", "/points", "/cash_minor", "/stock"],
        ),
        (
            r#"{"name": "x", "points": 1, "limit": {"times": 0, "per": "day"}}"#,
            vec!["/limit/times"],
        ),
        (
            r#"{"name": "x", "points": 1, "from": "today", "until": "never"}"#,
            vec!["/from", "/until"],
        ),
        (r#"{"name": "x", "points": 1, "kind": "coupon"}"#, vec!["/coupon"]),
        (r#"{"name": "x", "points": 1, "coupon": "fifty"}"#, vec!["/coupon"]),
    ] {
        let found: Vec<String> =
            reward(text).problems().into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(found, pointers, "{text}");
    }
    let limit =
        reward(r#"{"name": "x", "points": 1, "limit": {"times": 1, "per": "lifetime"}}"#).limit;
    assert_eq!(limit, Some(Limit { times: 1, per: Per::Lifetime }));
}
