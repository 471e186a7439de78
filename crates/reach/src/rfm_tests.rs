//! Scores against sorted lists, in any order of members.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn histogram(members: &[Measures]) -> Histogram {
    let mut histogram = Histogram::default();
    members.iter().for_each(|member| histogram.add(*member));
    histogram
}

fn member() -> impl Strategy<Value = Measures> {
    // Ties, zeros and the largest amounts.
    let days = prop_oneof![0..5i64, 0..=MAX_DAYS];
    let spend = prop_oneof![Just(0), 0..100i64, 0..10_000_000i64, 0..=i64::MAX];
    (days, 0..12i64, spend).prop_map(|(days, orders, spend_minor)| Measures {
        days,
        orders,
        spend_minor,
    })
}

/// The score by a sorted list: in which fifth the last of the equal values begins.
fn naive(mut all: Vec<i64>, value: i64) -> u8 {
    all.sort_unstable();
    let score = (1..5usize).filter(|fifth| {
        let place = (all.len() * fifth).div_ceil(5) - 1;
        value > all[place]
    });
    1 + u8::try_from(score.count()).unwrap()
}

proptest! {
    #[test]
    fn scores_are_those_of_a_sorted_list(members in vec(member(), 1..60)) {
        let cuts = histogram(&members).cuts().unwrap();
        let of = |value: &dyn Fn(&Measures) -> i64| members.iter().map(value).collect::<Vec<_>>();
        let mut sums = [0; 3];
        for member in &members {
            let expected = Scores {
                r: 6 - naive(of(&|m| m.days), member.days),
                f: naive(of(&|m| m.orders), member.orders),
                m: naive(of(&|m| bucket(m.spend_minor)), bucket(member.spend_minor)),
            };
            prop_assert_eq!(cuts.scores(Some(*member)), expected);
            for (sum, score) in sums.iter_mut().zip([expected.r, expected.f, expected.m]) {
                *sum += u64::from(score);
            }
        }
        prop_assert_eq!((cuts.members, cuts.sums), (members.len() as u64, sums));
        // A fifth or more of the members have the best score of recency, unless ties fill it up.
        prop_assert!(cuts.days.is_sorted() && cuts.orders.is_sorted() && cuts.spend_minor.is_sorted());
    }

    #[test]
    fn the_order_of_members_changes_nothing(members in vec(member(), 1..40), seed in any::<u64>()) {
        let mut others = members.clone();
        others.sort_by_key(|m| (m.days as u64 ^ seed, m.orders, m.spend_minor));
        prop_assert_eq!(histogram(&members), histogram(&others));
        prop_assert_eq!(histogram(&members).cuts(), histogram(&others).cuts());
        let text = serde_json::to_string(&histogram(&members)).unwrap();
        let read: Histogram = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read, histogram(&others));
        let text = serde_json::to_string(&histogram(&members).cuts()).unwrap();
        let read: Option<Cuts> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read, histogram(&others).cuts());
    }

    #[test]
    fn buckets_are_narrow_and_in_order(amount in 0..=i64::MAX) {
        let (own, last) = (bucket(amount), last_of(bucket(amount)));
        prop_assert!(last >= amount && bucket(last) == own);
        if last < i64::MAX {
            prop_assert_eq!(bucket(last + 1), own + 1);
        }
        prop_assert!(last - amount <= amount / 8);
    }
}

#[test]
fn cuts_by_hand() {
    let member = |days, orders, spend_minor| Measures { days, orders, spend_minor };
    // Half of them have no order within 365 days: equal values have equal scores.
    let members: Vec<Measures> = (0..5)
        .map(|n| member(n * 10, n + 1, 100 * (n + 1)))
        .chain((0..5).map(|_| member(600, 0, 0)))
        .collect();
    let cuts = histogram(&members).cuts().unwrap();
    assert_eq!((cuts.days, cuts.orders), ([10, 30, 600, 600], [0, 0, 1, 3]));
    // 100 is in the bucket of 96 to 103, 300 in that of 288 to 319.
    assert_eq!(cuts.spend_minor, [0, 0, 103, 319]);
    for (measures, scores) in [
        (Some(member(0, 5, 500)), (5, 5, 5)),
        (Some(member(20, 2, 200)), (4, 4, 4)),
        (Some(member(600, 0, 0)), (3, 1, 1)),
        (None, (1, 1, 1)),
    ] {
        let found = cuts.scores(measures);
        assert_eq!((found.r, found.f, found.m), scores, "{measures:?}");
    }
    assert_eq!(Histogram::default().cuts(), None);
}

#[test]
fn groups_are_above_or_below_the_average() {
    let cuts = Cuts {
        days: [0; 4],
        orders: [0; 4],
        spend_minor: [0; 4],
        members: 2,
        // The averages are 3, 2.5 and 1.
        sums: [6, 5, 2],
    };
    for (r, f, m, group) in [
        (4, 3, 2, "important_value"),
        (4, 2, 2, "important_develop"),
        (3, 3, 2, "important_keep"),
        (3, 2, 2, "important_win_back"),
        (4, 3, 1, "general_value"),
        (4, 2, 1, "general_develop"),
        (3, 3, 1, "general_keep"),
        (3, 2, 1, "general_win_back"),
    ] {
        assert_eq!(cuts.group(Scores { r, f, m }).as_str(), group, "{r} {f} {m}");
    }
}
