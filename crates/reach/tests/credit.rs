//! Credits against a reference that is written from docs/reference/links.md: for each conversion it
//! looks at everything that was seen.

use std::collections::BTreeSet;

use ledger::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use reach::playbook::{Attribution, Conversion};
use reach::{By, Converted, Credit, Credits, Outcomes, Seen, Sides, TakenBack, Touched};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn delivered(touch: i64, hours: i64) -> Seen {
    Seen::Delivered(Touched { at: Timestamp(hours * HOUR), touch })
}

fn clicked(touch: i64, hours: i64) -> Seen {
    Seen::Clicked(Touched { at: Timestamp(hours * HOUR), touch })
}

fn did(number: i64, kind: Conversion, hours: i64, amount: i64) -> Seen {
    Seen::Converted(number, Converted { kind, at: Timestamp(hours * HOUR), amount })
}

fn back(number: i64, of: i64, amount: i64, is_whole: bool) -> Seen {
    Seen::TakenBack(number, TakenBack { of, amount, is_whole })
}

fn of(seen: &[Seen]) -> Credits {
    let mut credits = Credits::default();
    seen.iter().for_each(|seen| credits.add(*seen));
    credits
}

fn told(seen: &[Seen]) -> String {
    let credits = of(seen).credits(&Attribution::default());
    let told = credits.iter().map(|credit| {
        let by = if credit.by == By::Click { "click" } else { "delivery" };
        format!("{} to {} by {by}, {}", credit.conversion, credit.touch, credit.amount)
    });
    told.collect::<Vec<_>>().join("; ")
}

#[test]
fn the_last_click_is_credited_or_else_the_last_delivery() {
    use Conversion::{Login, Order, Redeem};
    for (seen, credits) in [
        (vec![did(1, Order, 5, 900)], ""),
        (vec![delivered(7, 0), did(1, Order, 5, 900)], "1 to 7 by delivery, 900"),
        (vec![delivered(7, 0), delivered(8, 2), did(1, Order, 5, 9)], "1 to 8 by delivery, 9"),
        // A click counts before any delivery.
        (
            vec![delivered(7, 0), clicked(7, 1), delivered(8, 2), did(1, Redeem, 5, 50)],
            "1 to 7 by click, 50",
        ),
        (
            vec![clicked(7, 1), clicked(8, 3), clicked(7, 2), did(1, Redeem, 5, 5)],
            "1 to 8 by click, 5",
        ),
        // What comes after the conversion brings nothing; what comes with it does.
        (vec![delivered(7, 6), did(1, Order, 5, 9)], ""),
        (vec![delivered(7, 5), did(1, Order, 5, 9)], "1 to 7 by delivery, 9"),
        // 3 days after a delivery, 7 after a click.
        (vec![delivered(7, 0), did(1, Order, 72, 9)], "1 to 7 by delivery, 9"),
        (vec![delivered(7, 0), did(1, Order, 73, 9)], ""),
        (vec![clicked(7, 0), did(1, Order, 168, 9)], "1 to 7 by click, 9"),
        (vec![clicked(7, 0), did(1, Order, 169, 9)], ""),
        (vec![clicked(7, 0), delivered(8, 100), did(1, Order, 169, 9)], "1 to 8 by delivery, 9"),
        // One message is credited with several conversions, each conversion to one message.
        (
            vec![delivered(7, 0), did(1, Login, 1, 0), did(2, Redeem, 2, 50), did(3, Order, 3, 9)],
            "1 to 7 by delivery, 0; 2 to 7 by delivery, 50; 3 to 7 by delivery, 9",
        ),
        // Returns take credit back, in part or whole.
        (vec![delivered(7, 0), did(1, Order, 1, 9), back(4, 1, 4, false)], "1 to 7 by delivery, 5"),
        (vec![delivered(7, 0), did(1, Order, 1, 9), back(4, 1, 9, false)], ""),
        (vec![delivered(7, 0), did(1, Order, 1, 9), back(4, 1, 4, true)], ""),
        (
            vec![delivered(7, 0), did(1, Order, 1, 9), back(4, 1, 4, false), back(5, 1, 5, false)],
            "",
        ),
        (vec![delivered(7, 0), did(1, Order, 1, 0), back(4, 2, 4, true)], "1 to 7 by delivery, 0"),
        // A login is no entry: a return of entry 1 does not touch login 1.
        (vec![delivered(7, 0), did(1, Login, 1, 0), back(4, 1, 4, true)], "1 to 7 by delivery, 0"),
    ] {
        assert_eq!(told(&seen), credits, "{seen:?}");
    }
}

#[test]
fn the_rule_says_what_counts_and_how_long() {
    let seen = [delivered(7, 0), did(1, Conversion::Login, 1, 0), did(2, Conversion::Order, 30, 9)];
    let with = |rule: &Attribution| -> Vec<i64> {
        of(&seen).credits(rule).iter().map(|credit| credit.conversion).collect()
    };
    let rule = Attribution::default();
    assert_eq!(with(&rule), [1, 2]);
    assert_eq!(with(&Attribution { conversions: [Conversion::Order].into(), ..rule.clone() }), [2]);
    assert_eq!(with(&Attribution { delivery_days: 1, ..rule.clone() }), [1]);
    assert_eq!(with(&Attribution { delivery_days: 0, ..rule }), [] as [i64; 0]);
    assert_eq!(
        serde_json::from_str::<Attribution>("{\"click_days\": 9}").unwrap(),
        Attribution { click_days: 9, ..Attribution::default() }
    );
    assert!(serde_json::from_str::<Attribution>("{\"days\": 9}").is_err());
}

/// Both messages are judged by the same rule, so that a conversion is credited to one of them.
#[test]
fn a_conversion_is_credited_by_the_rule_of_its_instant() {
    let [short, long] =
        [1, 7].map(|click_days| Attribution { click_days, ..Attribution::default() });
    let seen = [
        clicked(7, 0),
        delivered(8, 24),
        did(1, Conversion::Order, 47, 5),
        did(2, Conversion::Order, 48, 5),
    ];
    let from_the_second_day_on = |first, then| {
        let rule = move |at| if at < Timestamp(2 * DAY) { first } else { then };
        let credits = of(&seen).credits_by(rule);
        credits.iter().map(|credit| (credit.conversion, credit.touch)).collect::<Vec<_>>()
    };
    assert_eq!(from_the_second_day_on(&short, &long), [(1, 8), (2, 7)]);
    assert_eq!(from_the_second_day_on(&long, &short), [(1, 7), (2, 8)]);
}

#[test]
fn sides_count_members_by_their_bucket() {
    use Conversion::{Login, Order, Redeem};
    let rule = Attribution { conversions: [Order, Redeem].into(), ..Attribution::default() };
    let mut sides = Sides::default();
    for (is_held_out, seen) in [
        // Reached, and not reached: both might be touched.
        (false, vec![delivered(7, 1), did(1, Order, 2, 900), did(2, Redeem, 3, 50)]),
        (false, vec![did(3, Order, 2, 900), did(4, Order, 100, 900), back(9, 3, 1, true)]),
        // Too early, too late, and what does not count.
        (false, vec![did(5, Order, -1, 9), did(6, Order, 7 * 24 + 1, 9), did(7, Login, 2, 0)]),
        (true, vec![did(8, Redeem, 7 * 24, 80), back(10, 8, 30, false)]),
        (true, vec![]),
    ] {
        sides.add(is_held_out, Timestamp(0), 7, &rule, &of(&seen));
    }
    assert_eq!(sides.treated, Outcomes { members: 3, converted: 2, orders: 2, points: 50 });
    assert_eq!(sides.held_out, Outcomes { members: 2, converted: 1, orders: 0, points: 50 });
}

#[test]
fn a_member_does_not_grow_without_bound() {
    let mut credits = Credits::default();
    for number in 0..5_000 {
        credits.add(delivered(number, number));
        credits.add(did(number, Conversion::Order, number, 9));
        credits.add(back(number, number, 1, false));
    }
    let size = serde_json::to_string(&credits).unwrap().len();
    assert!(size < 600_000, "{size}");
    let found = credits.credits(&Attribution::default());
    assert_eq!(found.len(), 2_000);
    assert_eq!(found.last().map(|credit| (credit.conversion, credit.amount)), Some((4_999, 8)));
}

fn seen() -> impl Strategy<Value = Seen> {
    let kind =
        prop_oneof![Just(Conversion::Redeem), Just(Conversion::Order), Just(Conversion::Login)];
    prop_oneof![
        (0_i64..6, 0_i64..400).prop_map(|(touch, hours)| delivered(touch, hours)),
        (0_i64..6, 0_i64..400).prop_map(|(touch, hours)| clicked(touch, hours)),
        (0_i64..12, kind, 0_i64..400, 0_i64..20)
            .prop_map(|(number, kind, hours, amount)| did(number, kind, hours, amount)),
        (0_i64..12, 0_i64..12, 0_i64..12, any::<bool>())
            .prop_map(|(number, of, amount, is_whole)| back(number, of, amount, is_whole)),
    ]
}

/// What cannot be: a number of a row that says two things. The first one holds.
fn without_twins(all: Vec<Seen>) -> Vec<Seen> {
    let mut known = BTreeSet::new();
    let is_first = |seen: &Seen| match seen {
        // Entries are counted in one row of numbers, logins in another.
        Seen::Converted(number, of) => known.insert((of.kind == Conversion::Login, *number, 0)),
        Seen::TakenBack(number, _) => known.insert((false, *number, 1)),
        _ => true,
    };
    let mut is_first = is_first;
    all.into_iter().filter(|seen| is_first(seen)).collect()
}

/// From the document, sentence by sentence.
fn naive(all: &[Seen], rule: &Attribution) -> Vec<Credit> {
    let mut credits = Vec::new();
    for seen in all {
        let Seen::Converted(number, of) = seen else { continue };
        if !rule.conversions.contains(&of.kind) {
            continue;
        }
        let mut last_click: Option<Touched> = None;
        let mut last_delivery: Option<Touched> = None;
        let (mut taken, mut is_whole) = (0, false);
        for other in all {
            let within =
                |at: Timestamp, days: u32| at <= of.at && of.at.0 - at.0 <= i64::from(days) * DAY;
            let later = |a: Option<Touched>, b: Touched| match a {
                Some(a) if (a.at.0, a.touch) > (b.at.0, b.touch) => Some(a),
                _ => Some(b),
            };
            match other {
                Seen::Clicked(click) if within(click.at, rule.click_days) => {
                    last_click = later(last_click, *click);
                }
                Seen::Delivered(delivery) if within(delivery.at, rule.delivery_days) => {
                    last_delivery = later(last_delivery, *delivery);
                }
                Seen::TakenBack(_, back) if back.of == *number && of.kind != Conversion::Login => {
                    taken += back.amount;
                    is_whole |= back.is_whole;
                }
                _ => {}
            }
        }
        if is_whole || (taken > 0 && taken >= of.amount) {
            continue;
        }
        let (touch, by) = match (last_click, last_delivery) {
            (Some(click), _) => (click.touch, By::Click),
            (None, Some(delivery)) => (delivery.touch, By::Delivery),
            (None, None) => continue,
        };
        let (kind, at, amount) = (of.kind, of.at, of.amount - taken);
        credits.push(Credit { conversion: *number, kind, at, amount, touch, by });
    }
    credits.sort_by_key(|credit| (credit.at, credit.kind, credit.conversion));
    credits
}

proptest! {
    #[test]
    fn credits_are_those_of_the_document(all in vec(seen(), 0..60), click_days in 0_u32..9, delivery_days in 0_u32..5) {
        let all = without_twins(all);
        let rule = Attribution { click_days, delivery_days, ..Attribution::default() };
        prop_assert_eq!(of(&all).credits(&rule), naive(&all, &rule));
    }

    /// A run that stops, one that runs twice, and one that sees things late: the same credits.
    #[test]
    fn a_prefix_and_the_rest_are_the_whole(all in vec(seen(), 0..60), cut in 0_usize..60, seed: u64) {
        let all = without_twins(all);
        let cut = cut.min(all.len());
        let whole = of(&all);
        let stored = serde_json::to_string(&of(&all[..cut])).unwrap();
        let mut rest: Credits = serde_json::from_str(&stored).unwrap();
        all[cut..].iter().for_each(|seen| rest.add(*seen));
        prop_assert_eq!(&rest, &whole);
        all.iter().for_each(|seen| rest.add(*seen));
        prop_assert_eq!(&rest, &whole, "twice");
        let mut merged = of(&all[cut..]);
        merged.merge(of(&all[..cut]));
        prop_assert_eq!(&merged, &whole, "merged");
        let mut mixed = all.clone();
        for place in 1..mixed.len() {
            mixed.swap(place, (seed.rotate_left(place as u32) % (place as u64 + 1)) as usize);
        }
        prop_assert_eq!(&of(&mixed), &whole, "in another order");
    }

    /// Settling changes no credit of what came before it, whatever comes after it.
    #[test]
    fn settling_changes_no_credit(all in vec(seen(), 0..60), hours in 0_i64..400) {
        let rule = Attribution::default();
        let all = without_twins(all);
        let before = Timestamp(hours * HOUR);
        let is_early = |seen: &Seen| match seen {
            Seen::Delivered(of) | Seen::Clicked(of) => of.at < before,
            Seen::Converted(_, of) => of.at < before,
            Seen::TakenBack(..) => false,
        };
        let (early, late): (Vec<_>, Vec<_>) = all.iter().copied().partition(is_early);
        let mut settled = of(&early);
        settled.settle(&rule, before);
        late.iter().for_each(|seen| settled.add(*seen));
        prop_assert_eq!(settled.credits(&rule), of(&all).credits(&rule));
    }
}
