//! Nothing about an entry or a stored member can be changed unnoticed: every field is under the
//! hash, or compared by the audit.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use std::collections::BTreeSet;

use ledger::{
    Adjustment, ApprovalVerdict, Counter, CouponRedeemed, Discount, Draws, Earned, Entry,
    ExpiryPolicy, Fault, Frozen, Hash, KINDS, Kind, LotDraw, LotGrant, LotNumber, Member, MemberId,
    Person, Redeemed, Reservation, Reversed, Sequence, Tier, TierChanged, TierMove, Timestamp,
    Totals, What, verify,
};
use rules::operations::{
    Activate, Activation, ApproveReview, CancelCoupon, Capture, DecideAdjustment, Earn, Enrol,
    Freeze, NewAdjustment, PayWithPoints, RedeemCoupon, RedeemReward, Release, Remind,
    RequestAdjustment, Restore, RestoreCoupon, ReturnScope, Settle,
};
use rules::{Expiry, Limit, Pending, Per, Rulebook};
use support::{AnyOperation, World, act, action, aside, ask, at, buy, purchase, spend, told};

/// A member with entries of every kind, open lots, a counter, a tier and a reminder.
fn full_life() -> World {
    let mut world = World::new(|document| {
        document.returns.gifts = rules::GiftPolicy::Keep;
        document.expiry.insert("shopping".into(), Expiry::Days { days: 8, round_up_to: None });
        document.actions.get_mut("share").unwrap().pending = Some(Pending { days: Some(0) });
        document.actions.get_mut("review").unwrap().pending = Some(Pending { days: Some(90) });
    });
    let activate = Activation { lots: vec![(LotNumber(5), ExpiryPolicy::Never)] };
    world.play(&[
        ("2026-01-01T10:00:00+08:00", ask(Enrol), "profile 0"),
        ("2026-01-01T10:00:00+08:00", buy(&[5_000, 2_550]), "earn 75"),
        ("2026-01-02T10:00:00+08:00", act("share"), "earn 10"),
        ("2026-01-03T10:00:00+08:00", spend(10), "activate 0, redeem -10"),
        ("2026-01-04T10:00:00+08:00", ask(Remind), "remind(65)"),
        ("2026-01-10T10:00:00+08:00", ask(Settle), "expire -65"),
        ("2026-01-10T10:00:00+08:00", buy(&[200_000]), "earn 2000, silver 500"),
        ("2026-01-10T10:00:00+08:00", act("review"), "earn 20"),
        ("2026-01-10T10:00:00+08:00", ask(Activate(Some(activate))), "activate 0"),
        ("2026-01-10T10:00:00+08:00", act("check_in"), "earn 5"),
    ]);
    second_life(&mut world);
    world
}

/// Holds, a return that leaves a debt, its repayment, and points given back; ends with an open hold
/// and a debt.
fn second_life(world: &mut World) {
    let day = "2026-01-11T10:00:00+08:00";
    let play = |world: &mut World, command: AnyOperation, outcome: &str| {
        world.play(&[(day, command, outcome)])
    };
    play(world, aside(100), "hold(100)");
    let hold = world.last_hold();
    play(world, ask(Capture { hold, points: Some(60) }), "capture -60");
    play(world, aside(10), "hold(10)");
    let hold = world.last_hold();
    play(world, ask(Release { hold }), "release 0");
    let capture = world.entries.iter().position(|entry| entry.kind() == Kind::Capture).unwrap();
    let back = world.undo(None, Some(capture), ReturnScope::Points(20));
    play(world, back, "reverse 20");
    play(world, spend(2_400), "redeem -2400");
    let order = world.entries.iter().rposition(|entry| entry.lines().len() == 1).unwrap();
    let back = world.undo(Some(order), None, ReturnScope::Rest);
    play(world, aside(30), "hold(30)");
    play(world, back, "reverse -2000");
    play(world, buy(&[1_000]), "earn 11, repay 0");
    let request = |points| ask(request(points));
    let decide = |request, verdict, role: &str| {
        ask(DecideAdjustment { request, verdict, by: person("ben"), role: role.into() })
    };
    play(world, request(600), "request 0");
    let id = world.entries.last().unwrap().id;
    play(
        world,
        decide(id, ApprovalVerdict::Approve, "department_head"),
        "approve 0, adjust 600, repay 0",
    );
    play(world, request(700), "request 0");
    let id = world.entries.last().unwrap().id;
    play(world, decide(id, ApprovalVerdict::Reject, "department_head"), "reject 0");
    play(world, request(800), "request 0");
    third_life(world);
}

/// An earn that is approved of, one that still waits, one device's counter and an account frozen on
/// one side.
fn third_life(world: &mut World) {
    let day = "2026-01-11T10:00:00+08:00";
    let mut document = rules::default_document();
    document.risk.review_above_minor = Some(1_000);
    document.actions.get_mut("share").unwrap().device_limit =
        Some(Limit { times: 3, per: Per::Day });
    world.book = Rulebook::new(&document, 2).unwrap();
    world.play(&[(day, buy(&[1_100]), "earn 12")]);
    let earn = world.entries.last().unwrap().clone();
    let promises = earn
        .lots
        .grants
        .iter()
        .map(|lot| (lot.number, world.book.promise(&lot.source).unwrap()))
        .collect();
    world.actor = "clerk";
    world.play(&[
        (
            day,
            ask(ApproveReview { earn: earn.id, occurred_at: earn.occurred_at, promises }),
            "approve 0, repay 0",
        ),
        (day, buy(&[1_200]), "earn 13"),
        (day, ask(Freeze(Frozen { earning: true, spending: true })), "freeze 0"),
        (day, ask(Restore(Frozen { earning: true, spending: false })), "restore 0"),
    ]);
    let mut share = action("share");
    share.device = Some("d".into());
    world.play(&[(day, ask(Earn(share)), "earn 10, repay 0")]);
    fourth_life(world, document);
}

/// A reward, coupons used, restored and taken away, and an order paid with points; ends with an
/// open coupon.
fn fourth_life(world: &mut World, document: rules::Document) {
    let day = "2026-01-11T10:00:00+08:00";
    let mut document = document;
    let coupon = r#"{"off_percent": 10, "max_off_minor": 900, "min_minor": 5, "expiry": "campaign",
        "categories": ["A"], "channels": [], "stores": []}"#;
    document.coupons.insert("tenth".into(), serde_json::from_str(coupon).unwrap());
    document.actions.get_mut("sign_up").unwrap().points = 5_000;
    document.redemption.as_mut().unwrap().min_points = 1;
    world.book = Rulebook::new(&document, 3).unwrap();
    let reward = r#"{"name": "10 % off", "kind": "coupon", "points": 50, "cash_minor": 1, "stock": 9, "coupon": "tenth"}"#;
    world.rewards.insert("tenth".into(), serde_json::from_str(reward).unwrap());
    let order = |amount_minor| {
        let order = purchase(&[amount_minor]);
        let mut lines = order.lines;
        lines[0].category = Some("A".into());
        lines
    };
    world.play(&[
        (day, ask(Restore(Frozen { earning: false, spending: true })), "restore 0"),
        (day, act("sign_up"), "earn 5000, repay 0"),
        (day, ask(RedeemReward { reward: "tenth".into(), quantity: 3 }), "redeem -150"),
    ]);
    let code = |world: &World| world.member.coupons[0].code.clone();
    let used = ask(RedeemCoupon { code: code(world), lines: order(1_000), of: None });
    world.play(&[(day, used, "coupon_redeem 0")]);
    let used = world.entries.last().unwrap().clone();
    world.play(&[(day, ask(RestoreCoupon { used: Box::new(used) }), "reverse 0")]);
    let gone = ask(CancelCoupon { code: code(world) });
    let money = order(1_000)[0].amount;
    world.play(&[
        (day, gone, "coupon_cancel 0"),
        (day, ask(PayWithPoints { order: money, most: Some(200), minutes: None }), "redeem -200"),
        (day, ask(Freeze(Frozen { earning: false, spending: true })), "freeze 0"),
    ]);
}

fn request(points: i64) -> RequestAdjustment {
    RequestAdjustment(NewAdjustment {
        points,
        reason_code: "goodwill".to_owned(),
        evidence: None,
        expiry: None,
        by: person("anna"),
        undoes: None,
    })
}

fn person(name: &str) -> Person {
    Person { actor: format!("key:{name}"), label: name.to_owned() }
}

#[test]
fn the_audit_finds_every_doctored_field() {
    type Change = fn(&mut Member);
    let changes: [(&str, Change); 34] = [
        ("sequence", |m| m.sequence.0 -= 1),
        ("head", |m| m.head = Hash([1; 32])),
        ("balance", |m| m.balance += 1),
        ("balance and lot", |m| {
            m.balance += 1;
            m.lots[0].remaining += 1;
        }),
        ("lots_granted", |m| m.lots_granted += 1),
        ("joined_at", |m| m.joined_at = Some(Timestamp(0))),
        ("tier", |m| m.tier = None),
        ("tier.until", |m| m.tier = m.tier.take().map(|tier| Tier { until: None, ..tier })),
        ("tier.since", |m| m.tier = m.tier.take().map(|tier| Tier { since: Timestamp(0), ..tier })),
        ("lifetime", |m| m.qualification.lifetime.spend_minor += 1),
        ("months", |m| m.qualification.months[0].1 = Totals::default()),
        ("counters", |m| drop(m.counters.pop())),
        ("counter", |m| m.counters[0].times += 1),
        ("a counter more", |m| {
            m.counters.push(Counter { name: "x".into(), period: 0, times: 1, points: 0 })
        }),
        ("due later than a lot", |m| m.due_at = m.due_at.map(|at| at.plus_ms(1))),
        ("due never", |m| m.due_at = None),
        ("reminded_at", |m| m.reminded_at = None),
        ("lots", |m| drop(m.lots.pop())),
        ("lot.expires_at", |m| m.lots[0].expires_at = None),
        ("lot.available_at", |m| m.lots[0].available_at.0 += 1),
        ("debt", |m| m.debt -= 1),
        ("holds", |m| m.holds.clear()),
        ("hold.until", |m| m.holds[0].until.0 += 1),
        ("requests", |m| m.requests.clear()),
        ("request.points", |m| m.requests[0].terms.points += 1),
        ("request.by", |m| m.requests[0].by = person("carl")),
        ("frozen", |m| m.frozen.spending = false),
        ("frozen more", |m| m.frozen.earning = true),
        ("coupons", |m| m.coupons.clear()),
        ("coupon.expires_at", |m| m.coupons[0].expires_at = None),
        ("reviews", |m| m.reviews.clear()),
        ("review.actor", |m| m.reviews[0].actor.push('x')),
        ("review.lots", |m| m.reviews[0].lots.clear()),
        ("review.qualifying", |m| m.reviews[0].review.qualifying = None),
    ];
    let world = full_life();
    world.audit();
    for (field, change) in changes {
        let mut doctored = world.member.clone();
        change(&mut doctored);
        assert_ne!(doctored, world.member, "{field} was not changed");
        assert_ne!(verify(&world.entries, &doctored), [], "{field} is doctored unnoticed");
    }
    // Due too early is no harm: a load of only some lots cannot know better.
    let early = Member { due_at: Some(Timestamp(0)), ..world.member.clone() };
    assert_eq!(verify(&world.entries, &early), []);
}

#[test]
fn the_audit_finds_entries_left_out_moved_or_doubled() {
    let world = full_life();
    for doctored in 0..world.entries.len() {
        let mut without = world.entries.clone();
        let left_out = without.remove(doctored);
        assert_ne!(verify(&without, &world.member), [], "left out: {}", told(&[left_out]));
        let mut doubled = world.entries.clone();
        doubled.insert(doctored, doubled[doctored].clone());
        assert_ne!(verify(&doubled, &world.member), [], "doubled: {doctored}");
        if doctored > 0 {
            let mut moved = world.entries.clone();
            moved.swap(doctored - 1, doctored);
            assert_ne!(verify(&moved, &world.member), [], "moved: {doctored}");
        }
    }
}

/// Seals entries anew, as an attacker would who holds the database and knows the encoding.
fn reseal(entries: &mut [Entry], stored: &mut Member) {
    let mut head = Hash::default();
    for entry in entries {
        entry.previous_hash = head;
        entry.hash = entry.computed_hash().unwrap();
        head = entry.hash;
    }
    stored.head = head;
}

/// Lets an entry correct another one.
fn correct(entries: &mut [Entry], at: usize, other: usize) {
    let id = entries[other].id;
    match &mut entries[at].what {
        What::Capture(ended) | What::Release(ended) => ended.hold = id,
        What::Reverse(reversed) => reversed.corrects = id,
        What::ApproveReview(approved) => approved.earn = id,
        What::Approve(decided) | What::Reject(decided) | What::Adjust(decided) => {
            decided.request = id;
        }
        what => panic!("{what:?} corrects nothing"),
    }
}

fn doubt(entries: &mut [Entry], at: usize, other: usize) {
    let review = entries[other].review().cloned();
    earned(&mut entries[at]).review = review;
}

fn earned(entry: &mut Entry) -> &mut Earned {
    let What::Earn(earned) = &mut entry.what else { panic!("no earn") };
    earned
}

fn reversed(entry: &mut Entry) -> &mut Reversed {
    let What::Reverse(reversed) = &mut entry.what else { panic!("no reversal") };
    reversed
}

fn reservation(entry: &mut Entry) -> &mut Reservation {
    let What::Hold(held) = &mut entry.what else { panic!("no hold") };
    &mut held.reservation
}

fn adjustment(entry: &mut Entry) -> &mut Adjustment {
    match &mut entry.what {
        What::AdjustmentRequest(requested) => &mut requested.adjustment,
        What::Approve(decided) | What::Reject(decided) | What::Adjust(decided) => {
            &mut decided.adjustment
        }
        what => panic!("{what:?} is about no adjustment"),
    }
}

fn adjust(entry: &mut Entry) {
    let What::Reject(decided) = entry.what.clone() else { panic!("no rejection") };
    entry.what = What::Adjust(decided);
}

fn gift() -> TierChanged {
    let tier = TierMove { from: None, to: "a".into(), until: None, claims: Vec::new() };
    TierChanged { tier, awards: Vec::new() }
}

#[test]
fn a_resealed_chain_still_has_to_add_up() {
    type Change = fn(&mut [Entry], &mut Member);
    let position = |entries: &[Entry], kind: Kind| {
        entries.iter().position(|entry| entry.kind() == kind).unwrap()
    };
    let redeem = position(&full_life().entries, Kind::Redeem);
    assert_eq!(redeem, 4);

    assert_eq!(
        told(&full_life().entries[12..]),
        "hold(100), capture -60, hold(10), release 0, reverse 20, redeem -2400, hold(30), reverse -2000, earn 11, repay 0, \
         request 0, approve 0, adjust 600, repay 0, request 0, reject 0, request 0, earn 12, approve 0, repay 0, earn 13, freeze 0, \
         restore 0, earn 10, repay 0, restore 0, earn 5000, repay 0, redeem -150, coupon_redeem 0, reverse 0, coupon_cancel 0, \
         redeem -200, freeze 0"
    );
    let changes: [(&str, Change); 59] = [
        ("a capture as a redemption", |e, _| e[13].what = What::Redeem(Redeemed::default())),
        ("a capture of another hold", |e, _| correct(e, 13, 14)),
        ("a capture of what was not held", |e, _| e[13].lots.draws[0].number = LotNumber(1)),
        ("a capture after the hold's end", |e, _| {
            e[13].recorded_at = e[12].reservation().unwrap().until
        }),
        ("more held than there is", |e, _| reservation(&mut e[12]).lots[0].points = 9_999),
        ("given back twice", |e, _| reversed(&mut e[16]).reversal.desired = 61),
        ("given back to a lot that was not drawn", |e, _| {
            e[16].lots.returns[0].lot =
                e[e.iter().position(|entry| entry.tier().is_some()).unwrap()].lots.grants[0]
                    .clone();
        }),
        ("an earn given to instead of taken from", |e, _| correct(e, 16, 7)),
        ("one lot held twice", |e, _| {
            let lots = &mut reservation(&mut e[12]).lots;
            lots.extend_from_within(..);
            lots.iter_mut().for_each(|lot| lot.points = 1_500);
        }),
        ("set off what did not expire", |e, _| reversed(&mut e[19]).reversal.expired = 5),
        ("a line that the order does not have", |e, _| {
            reversed(&mut e[19]).reversal.lines[0].line = "x".into()
        }),
        ("more units than the order had", |e, _| {
            reversed(&mut e[19]).reversal.lines[0].quantity = 2
        }),
        ("given back to a longer life", |e, _| e[16].lots.returns[0].lot.expires_at = None),
        ("given back less than told", |e, _| reversed(&mut e[16]).reversal.desired = 40),
        ("a reversal of a reversal", |e, _| correct(e, 19, 16)),
        ("taken back more than told", |e, _| reversed(&mut e[19]).reversal.desired = 1_999),
        ("a debt of a redemption", |e, _| (e[17].lots.debt, e[17].points) = (1, e[17].points - 1)),
        ("a debt paid by an earn", |e, _| (e[20].lots.debt, e[20].points) = (-1, e[20].points + 1)),
        ("an adjustment told as a gift", |e, _| e[24].what = What::TierChange(gift())),
        ("an adjustment of another size", |e, _| adjustment(&mut e[22]).terms.points = 599),
        ("an adjustment of another size, told so", |e, _| {
            for entry in &mut e[22..25] {
                adjustment(entry).terms.points = 599;
            }
        }),
        ("an adjustment without its approval", |e, _| adjustment(&mut e[24]).approvals.clear()),
        ("an approval that approves nothing", |e, _| adjustment(&mut e[23]).approvals.clear()),
        ("a rejection of a request that is done", |e, _| correct(e, 27, 22)),
        ("a rejection that moves points", |e, _| adjust(&mut e[27])),
        ("an approval of an earn that nobody doubted", |e, _| correct(e, 30, 20)),
        ("an approval that keeps something back", |e, _| e[30].effects.qualifying = None),
        ("an approval that adds more", |e, _| {
            e[30].effects.qualifying.as_mut().unwrap().spend_minor += 1
        }),
        ("an approval of another order's lot", |e, _| {
            e[30].lots.dates[0].number = e[32].lots.grants[0].number
        }),
        ("an approval that grants", |e, _| e[30].lots.grants = e[35].lots.grants.clone()),
        ("a doubt that comes with a share", |e, _| doubt(e, 35, 32)),
        ("an odd order that can be spent", |e, _| {
            e[32].lots.grants[0].available_at = e[32].recorded_at
        }),
        ("a coupon used twice", |e, _| {
            e[42].what = What::CouponRedeem(CouponRedeemed {
                discount: Discount { order_minor: 1, off_minor: 1 },
            })
        }),
        ("a coupon that was never issued", |e, _| e[41].effects.coupons[0].code = "X".into()),
        ("a coupon for more than it was issued for", |e, _| {
            e[41].effects.coupons[0].terms.off_percent = 99
        }),
        ("a coupon used past its end", |e, _| {
            e[41].recorded_at = e[41].effects.coupons[0].expires_at.unwrap();
        }),
        ("a coupon ended before its end", |e, _| e[43].what = What::CouponExpire),
        ("a coupon restored from nothing", |e, _| correct(e, 42, 40)),
        ("a coupon restored that is another", |e, _| e[42].effects.coupons[0].code.push('X')),
        ("a coupon restored with points", |e, _| reversed(&mut e[42]).reversal.desired = 1),
        ("a code of its own choice", |e, _| {
            e[40].effects.coupons[0].code = "0000000000000000".into()
        }),
        ("an approved request that changes dates", |e, _| {
            e[23].lots.dates = e[30].lots.dates.clone()
        }),
        ("an approved request that makes points ripe", |e, _| {
            e[23].lots.activations = e[3].lots.activations.clone()
        }),
        ("coupons for a redemption of no reward", |e, _| {
            e[44].effects.coupons = e[40].effects.coupons.clone();
        }),
        ("a doubted order that brings a coupon", |e, _| {
            e[32].effects.coupons = e[40].effects.coupons.clone()
        }),
        ("a counter in a capture", |e, _| {
            e[13].effects.tallies = e[35].effects.tallies.clone();
        }),
        ("a coupon in a request", |e, _| e[28].effects.coupons = e[40].effects.coupons.clone()),
        // Points that come from nowhere: no kind's account would show them.
        ("a spend told as a profile", |e, _| e[4].what = What::Profile),
        ("a spend told as an expiry", |e, _| e[4].what = What::Expire),
        ("a gift told as a profile", |e, _| e[8].what = What::Profile),
        ("an earn told as a gift", |e, _| e[9].what = What::TierChange(gift())),
        ("a reminder told as an activation", |e, _| e[5].what = What::Activate),
        ("awards that are not the lots", |e, _| earned(&mut e[1]).awards[0].granted += 1),
        ("points", |e, _| e[4].points += 1),
        ("balance_after", |e, _| e[4].balance_after += 1),
        ("a lot over-drawn", |e, _| e[4].lots.draws[0].points = 1_000),
        ("a lot that was not there", |e, _| e[4].lots.draws[0].number.0 = 9),
        // Drawn before the lot's time, and after it.
        ("too early", |e, _| e[4].recorded_at = at("2026-01-01T09:59:59+08:00")),
        ("too late", |e, _| e[4].recorded_at = at("2026-01-10T00:00:00+08:00")),
    ];
    for (name, change) in changes {
        let mut world = full_life();
        reseal(&mut world.entries, &mut world.member);
        world.audit();
        change(&mut world.entries, &mut world.member);
        reseal(&mut world.entries, &mut world.member);
        assert_ne!(verify(&world.entries, &world.member), [], "{name} passes the audit");
    }
    let mut world = full_life();
    world.entries[4].sequence = Sequence(9);
    reseal(&mut world.entries, &mut world.member);
    assert_ne!(verify(&world.entries, &world.member), [], "a gap in the sequence passes the audit");
}

/// Nobody makes a code up, not even in a chain that is sealed anew and a state that agrees with it.
#[test]
fn a_coupon_has_the_code_of_its_entry() {
    let mut world = World::new(|document| {
        let fifty = serde_json::from_str(r#"{"off_minor": 50, "expiry": "campaign"}"#).unwrap();
        document.coupons.insert("fifty".into(), fifty);
        document.actions.get_mut("review").unwrap().coupon = Some("fifty".into());
    });
    world.play(&[("2026-03-02T10:00:00+08:00", act("review"), "earn 20")]);
    reseal(&mut world.entries, &mut world.member);
    world.audit();
    world.entries[0].effects.coupons[0].code = "0".repeat(16);
    world.member.coupons[0].code = "0".repeat(16);
    reseal(&mut world.entries, &mut world.member);
    assert_ne!(verify(&world.entries, &world.member), []);
}

#[test]
fn lots_are_kept_even_when_the_sum_would_do() {
    type Change = fn(&mut Entry);
    let (balance, spent) = (30, 10);
    let changes: [(&str, Change, Result<(), Fault>); 10] = [
        ("as decided", |_| {}, Ok(())),
        (
            "more than the lot has, less than the balance",
            |e| (e.points, e.lots.draws[0].points) = (-15, 15),
            Err(Fault::Lot),
        ),
        ("nothing", |e| (e.points, e.lots.draws[0].points) = (0, 0), Err(Fault::Lot)),
        ("less than nothing", |e| (e.points, e.lots.draws[0].points) = (5, -5), Err(Fault::Lot)),
        ("a lot that is not there", |e| e.lots.draws[0].number.0 = 3, Err(Fault::Lot)),
        (
            "one lot twice",
            |e| (e.points, e.lots.draws) = (-20, vec![e.lots.draws[0]; 2]),
            Err(Fault::Lot),
        ),
        (
            "activation of what is not pending",
            |e| e.lots.activations = e.lots.draws.clone(),
            Err(Fault::Lot),
        ),
        ("lots that are not the points", |e| e.points = -9, Err(Fault::Unbalanced)),
        ("another member's", |e| e.member = MemberId::new("n").unwrap(), Err(Fault::OutOfSequence)),
        ("the sequence passed over", |e| e.sequence.0 += 1, Err(Fault::OutOfSequence)),
    ];
    for (name, change, outcome) in changes {
        let mut world = World::new(|_| {});
        let now = at("2026-01-01T10:00:00+08:00");
        world.play(&[("2026-01-01T10:00:00+08:00", buy(&[1_000]), "earn 10")]);
        world.play(&[("2026-01-01T10:00:00+08:00", buy(&[2_000]), "earn 20")]);
        let member = world.member.clone();
        let decided = world.decide(&member, now, &spend(spent), None).unwrap();
        let mut entry = decided.decision.postings[0].entry.clone();
        change(&mut entry);
        entry.balance_after = balance + entry.points;
        entry.hash = entry.computed_hash().unwrap();
        assert_eq!(member.clone().apply(&entry), outcome, "{name}");
    }
}

#[test]
fn grants_are_counted_from_one() {
    type Change = fn(&mut Entry);
    let changes: [(&str, Change, Result<(), Fault>); 5] = [
        ("as decided", |_| {}, Ok(())),
        ("a number passed over", |e| e.lots.grants[0].number.0 += 1, Err(Fault::Lot)),
        ("a number used again", |e| e.lots.grants[0].number.0 -= 1, Err(Fault::Lot)),
        ("nothing", |e| (e.points, e.lots.grants[0].points) = (0, 0), Err(Fault::Lot)),
        ("less than nothing", |e| (e.points, e.lots.grants[0].points) = (-5, -5), Err(Fault::Lot)),
    ];
    for (name, change, outcome) in changes {
        let mut world = World::new(|_| {});
        world.play(&[("2026-01-01T10:00:00+08:00", buy(&[1_000]), "earn 10")]);
        let member = world.member.clone();
        let decided =
            world.decide(&member, at("2026-01-01T10:00:00+08:00"), &buy(&[1_000]), None).unwrap();
        let mut entry = decided.decision.postings[0].entry.clone();
        change(&mut entry);
        entry.balance_after = 10 + entry.points;
        entry.hash = entry.computed_hash().unwrap();
        assert_eq!(member.clone().apply(&entry), outcome, "{name}");
    }
}

/// What ends without having been done: a request taken back, one that nobody decided, a coupon.
fn endings() -> World {
    let mut world = World::new(|document| {
        let fifty = serde_json::from_str(r#"{"off_minor": 50, "expiry": "campaign"}"#).unwrap();
        document.coupons.insert("fifty".into(), fifty);
        document.actions.get_mut("review").unwrap().coupon = Some("fifty".into());
    });
    let day = "2026-01-01T10:00:00+08:00";
    world.play(&[(day, act("review"), "earn 20"), (day, ask(request(600)), "request 0")]);
    let withdraw = DecideAdjustment {
        request: world.entries.last().unwrap().id,
        verdict: ApprovalVerdict::Withdraw,
        by: person("anna"),
        role: "service".into(),
    };
    world.play(&[
        (day, ask(withdraw), "withdraw 0"),
        (day, ask(request(600)), "request 0"),
        ("2026-06-01T10:00:00+08:00", ask(Settle), "lapse 0, coupon_expire 0, expire -20"),
    ]);
    world
}

/// Points that an entry of a kind never grants, or never takes, would be on no account. Every kind
/// is played, by a history of this file, by a sample of an operation or by an exchange. Which kind
/// may do what is compared with the documents by the tests of the ledger.
#[test]
fn no_kind_moves_what_is_not_its_own() {
    let own = [full_life(), endings()].map(|world| (world.entries, world.member));
    let samples = crate::operations::histories();
    let histories = own.into_iter().chain(samples).chain(crate::exchange::histories());
    let mut seen = BTreeSet::new();
    for (entries, member) in histories {
        assert_eq!(verify(&entries, &member), []);
        for at in 0..entries.len() {
            let (kind, row) = (entries[at].kind(), entries[at].kind().row());
            let lot = LotGrant {
                number: LotNumber(99),
                points: 1,
                source: "x".into(),
                earned_at: Timestamp(0),
                available_at: Timestamp(0),
                expires_at: None,
            };
            let (mut granted, mut drawn) = (entries[at].clone(), entries[at].clone());
            granted.lots.grants.push(lot);
            drawn.lots.draws.push(LotDraw { number: LotNumber(1), points: 1 });
            for (entry, may) in [(granted, row.grants), (drawn, row.draws != Draws::Nothing)] {
                let mut doctored = entries.clone();
                doctored[at] = entry;
                let found = verify(&doctored, &member);
                let is_told = found.iter().any(|violation| {
                    violation.what == format!("is no {} by what it moves", kind.as_str())
                });
                assert!(may || is_told, "{}: {found:?}", kind.as_str());
            }
            seen.insert(kind);
        }
    }
    let missing: Vec<&str> =
        KINDS.iter().filter(|kind| !seen.contains(kind)).map(|kind| kind.as_str()).collect();
    assert_eq!(
        missing, [""; 0],
        "no history here and no sample of operations.rs has such an entry"
    );
}

#[test]
fn a_tier_that_an_earn_brings_names_it() {
    let mut world = World::new(|_| {});
    world.play(&[("2026-01-10T10:00:00+08:00", buy(&[200_000]), "earn 2000, silver 500")]);
    assert_eq!(world.entries[1].cause, Some(world.entries[0].id));
}
