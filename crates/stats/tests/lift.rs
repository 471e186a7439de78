//! A row of the report, worked out by hand.

use stats::{Lift, Side};

fn side(members: u64, converted: u64, orders: u64, points: u64) -> Side {
    Side { members, converted, orders, points }
}

fn near(found: f64, wanted: f64) {
    assert!((found - wanted).abs() < 1e-9, "{found}, not {wanted}");
}

#[test]
fn a_row_compares_the_treated_with_as_many_who_were_left_alone() {
    // 15 percent against 10 percent; 0.2 orders against 0.15, 90 points against 50 a member.
    let row = Lift::of(side(1_000, 150, 200, 90_000), side(200, 20, 30, 10_000), 60_000).unwrap();
    near(row.treated, 0.15);
    near(row.held_out, 0.1);
    near(row.difference.value, 0.05);
    near(row.difference.per_thousand().value, 50.0);
    near(row.conversions.value, 50.0);
    near(row.conversions.interval.low, row.difference.interval.low * 1_000.0);
    near(row.conversions.interval.high, row.difference.interval.high * 1_000.0);
    near(row.orders, 50.0);
    near(row.points, 40_000.0);
    near(row.cost_per_order_minor.unwrap(), 1_200.0);
    near(row.cost_per_thousand_minor, 60_000.0);
    assert!(row.difference.interval.holds(0.0), "{:?}", row.difference);
    assert!(!row.is_large_enough);
}

#[test]
fn a_strategy_may_do_harm() {
    let row = Lift::of(side(1_000, 50, 40, 100), side(1_000, 100, 90, 900), 500).unwrap();
    near(row.difference.value, -0.05);
    near(row.orders, -50.0);
    near(row.points, -800.0);
    assert_eq!(row.cost_per_order_minor, None);
    assert!(row.difference.interval.high < 0.0);
}

#[test]
fn the_row_says_whether_there_were_enough_members() {
    // From 12 percent to 13.5 percent takes 7,761 a side.
    for (members, is_large_enough) in [(7_700, false), (7_800, true)] {
        let of = side(members, members * 12 / 100, 0, 0);
        let row = Lift::of(of, of, 0).unwrap();
        assert_eq!(row.is_large_enough, is_large_enough, "{members}: {:?}", row.needed);
    }
    // A tenth of the members as held out takes more of them in all.
    let row = Lift::of(side(90_000, 10_800, 0, 0), side(10_000, 1_200, 0, 0), 0).unwrap();
    let needed = row.needed.unwrap();
    near(needed.treated / needed.held_out, 9.0);
    assert!(needed.held_out < 7_761.0 && needed.treated > 7_761.0);
}

#[test]
fn no_row_is_made_of_nothing() {
    for (treated, held_out) in [
        (side(0, 0, 0, 0), side(10, 1, 1, 1)),
        (side(10, 1, 1, 1), side(0, 0, 0, 0)),
        (side(10, 11, 0, 0), side(10, 0, 0, 0)),
    ] {
        assert_eq!(Lift::of(treated, held_out, 1), None);
    }
    // Where nobody of the held out converted, no size can be told, and the interval can.
    let row = Lift::of(side(500, 20, 0, 0), side(100, 0, 0, 0), 0).unwrap();
    assert_eq!(row.needed, None);
    assert!(!row.is_large_enough && row.difference.interval.low < row.difference.value);
}

/// An eighth more than 8 of 9 is all of them.
#[test]
fn a_size_is_told_up_to_eight_of_nine() {
    let needed = |converted| {
        let of = side(9_000, converted, 0, 0);
        Lift::of(of, of, 0).unwrap().needed.map(|needed| needed.held_out)
    };
    assert_eq!(needed(0), None);
    assert!(needed(1).is_some());
    // The higher the rate, the fewer show an eighth of it.
    let sizes = [4_500, 7_000, 7_900, 8_000].map(|converted| needed(converted).unwrap());
    assert!(sizes.is_sorted_by(|more, fewer| more > fewer), "{sizes:?}");
    assert_eq!([8_001, 8_999, 9_000].map(needed), [None; 3]);
}
