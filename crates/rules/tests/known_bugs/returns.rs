//! Returns of every day: lines that points paid, money that goes back without goods, one of several
//! rewards, gifts of a tier.

use crate::support::{AnyOperation, World, act, ask, at, buy, purchase, spend};
use ledger::{Currency, Kind, Money, ProgrammeId};
use rules::operations::{
    Capture, Earn, PayLines, PayWithPoints, RedeemCoupon, RedeemReward, ReturnScope, Reverse,
};
use rules::{GiftPolicy, Limit, Per, QualifyingPeriod, Replay, Reward, TierBasis};

const DAY_1: &str = "2026-01-10T10:00:00+08:00";
const DAY_2: &str = "2026-01-11T10:00:00+08:00";
const DAY_3: &str = "2026-01-12T10:00:00+08:00";

fn lines(wishes: &[(&str, i64)]) -> ReturnScope {
    ReturnScope::Lines(owned(wishes))
}

fn owned(wishes: &[(&str, i64)]) -> Vec<(String, i64)> {
    wishes.iter().map(|(line, units)| ((*line).to_owned(), *units)).collect()
}

fn paying(lines: &[(&str, i64, i64)]) -> AnyOperation {
    let lines =
        lines.iter().map(|(line, units, points)| ((*line).to_owned(), *units, *points)).collect();
    ask(PayLines { lines, minutes: None })
}

/// Money that goes back while the goods stay: of a line, or of the whole order.
fn refund(wishes: &[(Option<&str>, i64)]) -> ReturnScope {
    let money = |amount_minor| Money { amount_minor, currency: Currency::new("CNY").unwrap() };
    ReturnScope::Money(
        wishes.iter().map(|(line, minor)| (line.map(str::to_owned), money(*minor))).collect(),
    )
}

/// A purchase of lines with units and amounts; their names are their places.
fn bought(lines: &[(i64, i64)]) -> AnyOperation {
    let mut order = purchase(&lines.iter().map(|(_, amount)| *amount).collect::<Vec<_>>());
    for (line, (quantity, _)) in order.lines.iter_mut().zip(lines) {
        line.quantity = *quantity;
    }
    ask(Earn(order))
}

/// Somebody with 1,000 points.
fn rich() -> World {
    let mut world = World::new(|_| {});
    world.play(&[(DAY_1, buy(&[100_000]), "earn 1000")]);
    world
}

/// Undoes a part of the order whose earn and redemption are these entries.
fn back(
    world: &mut World,
    earn: Option<usize>,
    redemption: Option<usize>,
    part: ReturnScope,
    outcome: &str,
) {
    let command = world.undo(earn, redemption, part.clone());
    assert_eq!(world.run(at(DAY_2), &command, None), outcome, "{part:?}");
    world.audit();
}

#[test]
fn the_points_of_another_line_come_back() {
    // A mug for 300 points and a book for 100 yuan; line 0 is the mug. It is named by the
    // redemption, or costs nothing; the book comes back.
    for (pay, order, book) in [
        (paying(&[("0", 1, 300)]), buy(&[0, 10_000]), "1"),
        (paying(&[("mug", 1, 300)]), buy(&[10_000]), "0"),
        (spend(300), buy(&[0, 10_000]), "1"),
    ] {
        let mut world = rich();
        world.play(&[(DAY_1, pay, "redeem -300"), (DAY_1, order, "earn 100")]);
        back(&mut world, Some(2), Some(1), lines(&[(book, 1)]), "reverse -100");
        assert_eq!(world.member.balance, 700, "what the mug cost stays spent");
        // The mug too, then.
        let mug = if book == "1" { "0" } else { "mug" };
        let outcome = if mug == "0" { "reverse 300, reverse 0" } else { "reverse 300" };
        back(&mut world, Some(2), Some(1), lines(&[(mug, 1)]), outcome);
        assert_eq!(world.member.balance, 1_000);
        for again in [lines(&[(mug, 1)]), lines(&[(book, 1)]), ReturnScope::Rest] {
            let command = world.undo(Some(2), Some(1), again);
            let told = world.run(at(DAY_2), &command, None);
            assert!(
                told == "refused nothing-to-reverse" || told == "refused more-than-left",
                "{told}"
            );
        }
        assert_eq!(world.member.balance, 1_000);
    }
}

#[test]
fn an_order_paid_wholly_with_points() {
    // Two lines for 400 points together. Named, each gives back its own.
    let mut world = rich();
    world.play(&[
        (DAY_1, paying(&[("0", 1, 200), ("1", 1, 200)]), "redeem -400"),
        (DAY_1, buy(&[0, 0]), "earn 0"),
    ]);
    back(&mut world, Some(2), Some(1), lines(&[("0", 1)]), "reverse 200, reverse 0");
    assert_eq!(world.member.balance, 800);
    back(&mut world, Some(2), Some(1), ReturnScope::Rest, "reverse 200, reverse 0");
    assert_eq!(world.member.balance, 1_000);

    // Not named, nobody knows: the till has to tell. Nothing is written before it does.
    let mut world = rich();
    world.play(&[(DAY_1, spend(400), "redeem -400"), (DAY_1, buy(&[0, 0]), "earn 0")]);
    let entries = world.entries.len();
    back(&mut world, Some(2), Some(1), lines(&[("0", 1)]), "refused points-needed");
    assert_eq!(world.entries.len(), entries);
    let chosen = |points| ReturnScope::LinesFor(owned(&[("0", 1)]), points);
    back(&mut world, Some(2), Some(1), chosen(401), "refused more-than-left");
    back(&mut world, Some(2), Some(1), chosen(150), "reverse 150, reverse 0");
    back(&mut world, Some(2), Some(1), chosen(150), "refused more-than-left");
    back(&mut world, Some(2), Some(1), lines(&[("1", 1)]), "reverse 250, reverse 0");
    assert_eq!(world.member.balance, 1_000);

    // Without an earn the redemption alone has lines.
    let mut world = rich();
    world.play(&[(DAY_1, paying(&[("a", 3, 100), ("b", 1, 300)]), "redeem -400")]);
    for (part, outcome) in [
        (lines(&[("c", 1)]), "refused unknown-line"),
        (lines(&[("a", 4)]), "refused more-than-left"),
        (lines(&[("a", 1)]), "reverse 33"),
        (lines(&[("a", 3)]), "refused more-than-left"),
        (lines(&[("a", 1), ("b", 1)]), "reverse 333"),
        (lines(&[("a", 1)]), "reverse 34"),
        (lines(&[("a", 1)]), "refused more-than-left"),
        (ReturnScope::Rest, "refused nothing-to-reverse"),
    ] {
        back(&mut world, None, Some(1), part, outcome);
    }
    assert_eq!(world.member.balance, 1_000);
}

#[test]
fn points_that_took_money_off_the_whole_order_come_back_in_proportion() {
    // With `order` the points are money off: the gift of the order, which costs nothing, has no
    // part in them.
    let mut world = rich();
    let order = Money { amount_minor: 1_000, currency: Currency::new("CNY").unwrap() };
    world.play(&[
        (DAY_1, ask(PayWithPoints { order, most: Some(300), minutes: None }), "redeem -300"),
        (DAY_1, buy(&[20_000, 10_000, 0]), "earn 300"),
    ]);
    back(&mut world, Some(2), Some(1), lines(&[("0", 1)]), "reverse 200, reverse -200");
    back(&mut world, Some(2), Some(1), lines(&[("2", 1)]), "reverse 0");
    back(&mut world, Some(2), Some(1), ReturnScope::Rest, "reverse 100, reverse -100");
    assert_eq!(world.member.balance, 1_000);
}

#[test]
fn part_of_a_hold_pays_its_lines_in_proportion() {
    let mut world = rich();
    let lines_held = ask(PayLines {
        lines: vec![("a".into(), 1, 300), ("b".into(), 1, 100)],
        minutes: Some(30),
    });
    world.play(&[(DAY_1, lines_held, "hold(400)")]);
    let hold = world.last_hold();
    world.play(&[(DAY_1, ask(Capture { hold, points: Some(200) }), "capture -200")]);
    // What is told of a capture's lines is the hold's.
    let mut wish = world.to_undo(None, Some(2), lines(&[("a", 1)]));
    if let Some(redemption) = &mut wish.redemption {
        redemption.held_for = world.entries[1].lines().to_vec();
    }
    assert_eq!(world.run(at(DAY_2), &ask(Reverse(Some(Box::new(wish)))), None), "reverse 150");
    world.audit();
}

#[test]
fn money_goes_back_and_the_goods_stay() {
    let mut world = rich();
    let spend_before = world.member.qualification.lifetime.spend_minor;
    world.play(&[(DAY_1, buy(&[10_000]), "earn 100")]);
    back(&mut world, Some(1), None, refund(&[(None, 3_000)]), "reverse -30");
    assert_eq!(world.member.balance, 1_070);
    assert_eq!(
        world.member.qualification.lifetime.spend_minor,
        spend_before + 7_000,
        "the tier's value too"
    );
    assert_eq!(world.member.qualification.lifetime.orders, 2, "it is an order all the same");
    for (part, outcome) in [
        (refund(&[(None, 7_001)]), "refused more-than-left"),
        (refund(&[(Some("1"), 1)]), "refused unknown-line"),
        (refund(&[(Some("0"), 2_000)]), "reverse -20"),
        // What was refunded is not taken again with the goods.
        (lines(&[("0", 1)]), "reverse -50"),
        (refund(&[(None, 1)]), "refused nothing-to-reverse"),
        (ReturnScope::Rest, "refused nothing-to-reverse"),
    ] {
        back(&mut world, Some(1), None, part, outcome);
    }
    assert_eq!(
        (world.member.balance, world.member.qualification.lifetime.spend_minor),
        (1_000, spend_before)
    );
    assert_eq!(world.member.qualification.lifetime.orders, 1);
    let euro = Money { amount_minor: 1, currency: Currency::new("EUR").unwrap() };
    world.play(&[(DAY_1, buy(&[10_000]), "earn 100")]);
    let earn = world.entries.len() - 1;
    back(
        &mut world,
        Some(earn),
        None,
        ReturnScope::Money(vec![(None, euro)]),
        "refused currency-mismatch",
    );
}

#[test]
fn refunds_and_returns_in_any_order_add_up() {
    // Three units for 25.00 yuan, and one for 50: 25 and 50 points.
    let unit = || lines(&[("0", 1)]);
    let of_line = |minor| refund(&[(Some("0"), minor)]);
    let of_all = |minor| refund(&[(None, minor)]);
    for (number, steps) in [
        vec![unit(), of_line(400), unit(), unit()],
        vec![of_line(1_000), unit(), unit(), unit()],
        vec![of_line(333), of_line(333), unit(), of_line(333), unit(), unit()],
        vec![of_line(2_500), unit(), unit(), unit()],
        vec![unit(), unit(), of_all(3_001), unit()],
        vec![of_all(7_499), unit(), unit(), unit()],
        vec![of_all(1), of_all(1), of_all(1), unit(), lines(&[("0", 2)])],
    ]
    .into_iter()
    .enumerate()
    {
        let mut world = rich();
        let before = world.member.qualification.clone();
        world.play(&[(DAY_1, bought(&[(3, 2_500), (1, 5_000)]), "earn 75")]);
        for step in steps {
            let command = world.undo(Some(1), None, step);
            let told = world.run(at(DAY_2), &command, None);
            assert!(told.starts_with("reverse "), "{number}: {told}");
            world.audit();
        }
        let undone = |line: &str| {
            let lines =
                world.entries.iter().filter_map(|entry| entry.reversal()).flat_map(|r| &r.lines);
            lines
                .filter(|l| l.line == line)
                .fold((0, 0), |sum, l| (sum.0 + l.amount_minor, sum.1 + l.points))
        };
        assert_eq!(undone("0"), (2_500, 25), "{number}");
        let rest = world.undo(Some(1), None, ReturnScope::Rest);
        world.run(at(DAY_2), &rest, None);
        assert_eq!(
            (world.member.balance, &world.member.qualification),
            (1_000, &before),
            "{number}"
        );
        world.audit();
    }
}

#[test]
fn a_refund_gives_no_spent_points_back() {
    let mut world = rich();
    world.play(&[(DAY_1, spend(90), "redeem -90"), (DAY_1, buy(&[6_000, 3_000]), "earn 90")]);
    back(&mut world, Some(2), Some(1), refund(&[(Some("0"), 3_000)]), "reverse -30");
    // The goods bring their share of the points, whatever was refunded before.
    back(&mut world, Some(2), Some(1), lines(&[("0", 1)]), "reverse 60, reverse -30");
    back(&mut world, Some(2), Some(1), ReturnScope::Rest, "reverse 30, reverse -30");
    assert_eq!(world.member.balance, 1_000);
}

#[test]
fn a_refund_of_what_does_not_count_lowers_no_tier() {
    let mut world = World::new(|document| {
        if let Some(tiers) = &mut document.tiers {
            tiers.lines = Some("line.amount_minor > 5000".into());
        }
    });
    world.play(&[(DAY_1, buy(&[10_000, 5_000]), "earn 150")]);
    assert_eq!(world.member.qualification.lifetime.spend_minor, 10_000);
    back(&mut world, Some(0), None, refund(&[(Some("1"), 5_000)]), "reverse -50");
    assert_eq!(world.member.qualification.lifetime.spend_minor, 10_000);
    back(&mut world, Some(0), None, refund(&[(None, 4_000)]), "reverse -40");
    assert_eq!(world.member.qualification.lifetime.spend_minor, 6_000);
}

#[test]
fn a_refund_of_points_that_wait() {
    // Pending, or under review: what waits is less, and what comes of it later too.
    let mut world =
        World::new(|document| document.purchase.pending = Some(rules::Pending { days: Some(7) }));
    world.play(&[(DAY_1, buy(&[10_000]), "earn 100")]);
    back(&mut world, Some(0), None, refund(&[(None, 3_000)]), "reverse -30");
    world.play(&[("2026-01-20T10:00:00+08:00", spend(71), "refused insufficient-points")]);
    world.play(&[("2026-01-20T10:00:00+08:00", spend(70), "activate 0, redeem -70")]);

    let mut world = World::new(|document| document.risk.review_above_minor = Some(0));
    world.play(&[(DAY_1, buy(&[10_000]), "earn 100")]);
    back(&mut world, Some(0), None, refund(&[(None, 3_000)]), "reverse -30");
    let open = world.member.review(world.entries[0].id).and_then(|open| open.review.qualifying);
    assert_eq!(open.map(|left| left.spend_minor), Some(7_000));
}

fn mug(kind: &str) -> Reward {
    let limit = Limit { times: 5, per: Per::Month };
    let mut document = serde_json::json!({"name": "Mug", "points": 100, "cash_minor": 0, "stock": 5, "limit": limit});
    if kind == "coupon" {
        document["kind"] = "coupon".into();
        document["coupon"] = "fifty".into();
    }
    serde_json::from_value(document).unwrap()
}

#[test]
fn one_of_three_rewards_comes_back() {
    for kind in ["goods", "coupon"] {
        let mut world = World::new(|document| {
            document.coupons.insert(
                "fifty".into(),
                serde_json::from_value(
                    serde_json::json!({"off_minor": 5_000, "expiry": "shopping"}),
                )
                .unwrap(),
            );
        });
        world.rewards.insert("mug".into(), mug(kind));
        world.play(&[
            (DAY_1, buy(&[100_000]), "earn 1000"),
            (DAY_1, ask(RedeemReward { reward: "mug".into(), quantity: 3 }), "redeem -300"),
        ]);
        let stock = |world: &World| -> i64 {
            world.entries.iter().flat_map(|e| &e.effects.tallies).map(|t| t.amount).sum()
        };
        back(&mut world, None, Some(1), ReturnScope::Points(99), "refused whole-only");
        back(&mut world, None, Some(1), ReturnScope::Pieces(4), "refused more-than-left");
        back(&mut world, None, Some(1), ReturnScope::Pieces(1), "reverse 100");
        let coupons = if kind == "coupon" { 2 } else { 0 };
        assert_eq!(
            (stock(&world), world.member.balance, world.member.coupons.len()),
            (2, 800, coupons),
            "{kind}"
        );
        // There are three more, and room for three under the limit of five a month.
        for (quantity, outcome) in [(4, "refused out-of-stock"), (3, "redeem -300")] {
            let take = ask(RedeemReward { reward: "mug".into(), quantity });
            assert_eq!(world.run(at(DAY_3), &take, None), outcome, "{kind}");
        }
        back(&mut world, None, Some(1), ReturnScope::Points(100), "reverse 100");
        back(&mut world, None, Some(1), ReturnScope::Rest, "reverse 100");
        back(&mut world, None, Some(1), ReturnScope::Pieces(1), "refused nothing-to-reverse");
        assert_eq!((stock(&world), world.member.balance), (3, 700), "{kind}");
    }
}

/// A till gives one of two rewards back and undoes a sign-up, in one command or in two of the same
/// instant. The history told again must tell them apart.
#[test]
fn two_commands_of_one_instant_are_told_again_as_two() {
    for (commands, balance) in [(1, 1_000), (2, 900)] {
        let mut world = World::new(|_| {});
        world.rewards.insert("mug".into(), mug("goods"));
        world.play(&[
            (DAY_1, buy(&[100_000]), "earn 1000"),
            (DAY_1, ask(RedeemReward { reward: "mug".into(), quantity: 2 }), "redeem -200"),
            (DAY_1, act("sign_up"), "earn 100"),
        ]);
        if commands == 1 {
            back(&mut world, Some(2), Some(1), ReturnScope::Rest, "reverse 200, reverse -100");
        } else {
            back(&mut world, None, Some(1), ReturnScope::Pieces(1), "reverse 100");
            back(&mut world, Some(2), None, ReturnScope::Rest, "reverse -100");
        }
        assert_eq!(world.member.balance, balance);
        let programme = ProgrammeId::new("p").unwrap();
        let mut again = Replay::new(&world.book, programme, world.member.id.clone(), [].into());
        for entry in &world.entries {
            again.again(entry).unwrap();
        }
        let (_, member) = again.end(at(DAY_3)).unwrap();
        assert_eq!(member.balance, balance, "{commands} commands");
    }
}

#[test]
fn a_coupon_that_is_used_does_not_come_back() {
    let mut world = World::new(|document| {
        document.coupons.insert(
            "fifty".into(),
            serde_json::from_value(serde_json::json!({"off_minor": 5_000, "expiry": "shopping"}))
                .unwrap(),
        );
    });
    world.rewards.insert("mug".into(), mug("coupon"));
    world.play(&[
        (DAY_1, buy(&[100_000]), "earn 1000"),
        (DAY_1, ask(RedeemReward { reward: "mug".into(), quantity: 2 }), "redeem -200"),
    ]);
    let code = world.entries[1].effects.coupons[1].code.clone();
    let order = purchase(&[10_000]);
    world.play(&[(
        DAY_1,
        ask(RedeemCoupon { code, lines: order.lines, of: None }),
        "coupon_redeem 0",
    )]);
    back(&mut world, None, Some(1), ReturnScope::Rest, "refused coupon-resolved");
    back(&mut world, None, Some(1), ReturnScope::Pieces(1), "reverse 100");
    back(&mut world, None, Some(1), ReturnScope::Pieces(1), "refused coupon-resolved");
    assert_eq!(world.member.coupons.len(), 0);
    assert!(world.entries.iter().all(|entry| entry.kind() != Kind::CouponExpire));
}

#[test]
fn gifts_go_with_what_brought_the_tier() {
    for lower in [false, true] {
        let mut world = World::new(|document| document.returns.lower_tier = lower);
        world.play(&[(DAY_1, buy(&[1_000]), "earn 10")]);
        // As often as anybody likes: the gift is there once, with the goods.
        for round in 0..3 {
            // A tier that is kept has its multiplier.
            let earned = if lower || round == 0 {
                ("earn 2000, silver 500", 2_000)
            } else {
                ("earn 2200, silver 500", 2_200)
            };
            world.play(&[(DAY_2, buy(&[200_000]), earned.0)]);
            assert_eq!(world.member.balance, 10 + earned.1 + 500);
            let earn = world.entries.iter().rposition(|entry| entry.kind() == Kind::Earn);
            let member = if lower { ", member 0" } else { "" };
            back(
                &mut world,
                earn,
                None,
                ReturnScope::Rest,
                &format!("reverse -{}, reverse -500{member}", earned.1),
            );
            assert_eq!((world.member.balance, world.member.debt), (10, 0), "{lower}");
        }
        // Spent, they are owed.
        let bought = world.run(at(DAY_2), &buy(&[200_000]), None);
        assert!(bought.ends_with("silver 500"), "{bought}");
        let spent = world.member.balance;
        world.run(at(DAY_2), &spend(spent), None);
        let earn = world.entries.iter().rposition(|entry| entry.kind() == Kind::Earn);
        let command = world.undo(earn, None, ReturnScope::Rest);
        world.run(at(DAY_2), &command, None);
        assert_eq!(world.member.debt, spent - 10, "{lower}");
        world.audit();
    }
}

#[test]
fn a_gift_goes_whichever_of_the_orders_comes_back() {
    // The sock crosses the line, the coat comes back.
    let mut world = World::new(|_| {});
    world.play(&[
        (DAY_1, buy(&[199_000]), "earn 1990"),
        (DAY_1, buy(&[1_000]), "earn 10, silver 500"),
    ]);
    back(&mut world, Some(0), None, ReturnScope::Rest, "reverse -1990, reverse -500");
    assert_eq!(world.member.balance, 10);
    // What is bought instead keeps it.
    let mut world = World::new(|_| {});
    world.play(&[
        (DAY_1, buy(&[200_000]), "earn 2000, silver 500"),
        (DAY_1, buy(&[250_000]), "earn 2750"),
    ]);
    back(&mut world, Some(0), None, ReturnScope::Rest, "reverse -2000");
    back(&mut world, Some(2), None, ReturnScope::Rest, "reverse -2750, reverse -500");
    // Of two levels the lower one may still be reached.
    let mut world = World::new(|_| {});
    world.play(&[(DAY_1, buy(&[1_000_000]), "earn 10000, gold 2500")]);
    back(&mut world, Some(0), None, refund(&[(None, 100_000)]), "reverse -1000, reverse -2000");
    back(&mut world, Some(0), None, refund(&[(None, 100_000)]), "reverse -1000");
    back(&mut world, Some(0), None, ReturnScope::Rest, "reverse -8000, reverse -500");
    assert_eq!(world.member.balance, 0);
    // Kept, where the rulebook says so.
    let mut world = World::new(|document| document.returns.gifts = GiftPolicy::Keep);
    world.play(&[(DAY_1, buy(&[200_000]), "earn 2000, silver 500")]);
    back(&mut world, Some(0), None, ReturnScope::Rest, "reverse -2000");
    assert_eq!(world.member.balance, 500);
}

#[test]
fn a_gift_is_measured_by_the_period_it_was_given_for() {
    let mut world = World::new(|document| {
        if let Some(tiers) = &mut document.tiers {
            tiers.period = QualifyingPeriod::CalendarYear {};
        }
    });
    world.play(&[("2025-11-20T10:00:00+08:00", buy(&[1_000_000, 500]), "earn 10005, gold 2500")]);
    let sock = world.undo(Some(0), None, lines(&[("1", 1)]));
    world.play(&[("2026-01-05T10:00:00+08:00", sock, "reverse -5")]);
    assert_eq!(
        (world.member.balance, world.member.tier.as_ref().unwrap().id.as_str()),
        (12_500, "gold")
    );
    let coat = world.undo(Some(0), None, ReturnScope::Rest);
    world.play(&[("2026-01-05T10:00:00+08:00", coat, "reverse -10000, reverse -2500")]);
}

#[test]
fn coupons_of_a_tier_go_unless_they_are_used() {
    let mut world = World::new(|document| {
        document.coupons.insert(
            "fifty".into(),
            serde_json::from_value(serde_json::json!({"off_minor": 5_000, "expiry": "shopping"}))
                .unwrap(),
        );
        if let Some(tiers) = &mut document.tiers {
            tiers.levels[1].gift_coupon = Some("fifty".into());
        }
    });
    world.play(&[(DAY_1, buy(&[200_000]), "earn 2000, silver 500")]);
    assert_eq!(world.member.coupons.len(), 1);
    back(&mut world, Some(0), None, ReturnScope::Rest, "reverse -2000, reverse -500");
    assert_eq!(world.member.coupons.len(), 0);
    world.play(&[(DAY_2, buy(&[200_000]), "earn 2200, silver 500")]);
    assert_eq!(world.member.coupons.len(), 1, "and come with the level again");
}

/// A ladder by the average of an order: what pulls the average down never held a level, and what
/// held it takes it along.
#[test]
fn a_return_lowers_a_level_by_average_only_where_it_lowers_the_average() {
    // Each: orders, which of them comes back, what is answered.
    let cases: [(&[i64], usize, &str); 6] = [
        // The expensive one held the level.
        (&[300_000, 150_000], 0, "reverse -3000, reverse -500, member 0"),
        // The cheap one pulled the average down.
        (&[150_000, 300_000, 300_000], 0, "reverse -1500"),
        // A later, cheap one pulled the average under the level, which stays. Nothing changes when
        // it comes back.
        (&[300_000, 150_000, 1_000], 2, "reverse -11"),
        (&[300_000, 150_000, 1_000], 1, "reverse -1500"),
        // But the expensive one cannot go and leave the level here.
        (&[300_000, 150_000, 1_000], 0, "reverse -3000, reverse -500, member 0"),
        // One order is left, and an average takes two.
        (&[300_000, 200_000], 1, "reverse -2000, reverse -500, member 0"),
    ];
    for (orders, which, outcome) in cases {
        let mut world = World::new(|document| {
            document.returns.lower_tier = true;
            let tiers = document.tiers.as_mut().unwrap();
            tiers.basis = TierBasis::AverageOrder;
            tiers.minimum_orders = Some(2);
        });
        for amount in orders {
            world.run(at(DAY_1), &buy(&[*amount]), None);
        }
        let tier = world.member.tier.as_ref().map(|tier| tier.id.as_str());
        assert_eq!(tier, Some("silver"), "{orders:?}");
        let earns: Vec<usize> = (0..world.entries.len())
            .filter(|place| world.entries[*place].kind() == Kind::Earn)
            .collect();
        back(&mut world, Some(earns[which]), None, ReturnScope::Rest, outcome);
        world.audit();
    }
}
