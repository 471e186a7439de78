//! Which tags and segments a member comes into, by hand and against a naive reading.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rules::compile_member;

use super::*;
use crate::{Facts, Today};

fn set(no: i64, name: &str, when: Option<&str>) -> MemberSet {
    let (family, name) = match name.strip_prefix("segment:") {
        Some(name) => (Family::Segment, name),
        None => (Family::Tag, name.trim_start_matches('!')),
    };
    MemberSet {
        no,
        family,
        name: name.to_owned(),
        condition: when.map(|text| compile_member(text).unwrap()),
        refresh: Refresh::OnChange,
        is_exclusive: false,
        version: 1,
    }
}

fn exclusive(set: MemberSet) -> MemberSet {
    MemberSet { is_exclusive: true, ..set }
}

fn held(set_no: i64) -> Held {
    Held { set_no, until: None, version: 1 }
}

const NOW: Timestamp = Timestamp(100 * 86_400_000);

/// The changes for a member with that balance, as `+1` and `-2`.
fn told(
    all: &[MemberSet],
    asked: &dyn Fn(&MemberSet) -> bool,
    points: i64,
    held: &[Held],
) -> String {
    let facts = Facts { points, ..Facts::default() };
    let attributes = BTreeMap::from([("tags".to_owned(), "vip".to_owned())]);
    let customer = Customer {
        id: "m",
        joined_at: None,
        attributes: &attributes,
        facts: &facts,
        tags: vec![],
        home_store: "",
        cuts: None,
        now: NOW,
        today: Today::at(NOW, "Asia/Shanghai".parse().unwrap()),
    };
    let sign =
        |change: &Change| format!("{}{}", if change.is_in { '+' } else { '-' }, change.set_no);
    changes(all, asked, customer, held).iter().map(sign).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_member_comes_in_and_leaves() {
    let all = [
        set(1, "a/rich", Some("member.balance >= 100")),
        set(2, "by-hand", None),
        set(3, "c/of-hand", Some("\"by-hand\" in member.tags && \"vip\" in member.tags")),
        set(4, "d/of-rule", Some("\"a/rich\" in member.tags")),
        set(5, "segment:rich", Some("\"a/rich\" in member.tags")),
        set(6, "segment:list", None),
    ];
    let ended = Held { until: Some(NOW), ..held(2) };
    let lasting = Held { until: Some(Timestamp(NOW.0 + 1)), ..held(2) };
    let older = Held { version: 0, ..held(1) };
    for (points, held, expected) in [
        (100, vec![], "+1 +5"),
        (99, vec![], ""),
        (99, vec![held(1), held(5)], "-1 -5"),
        (100, vec![held(1), held(5)], ""),
        (100, vec![older, held(5)], "+1"),
        (0, vec![lasting], "+3"),
        (0, vec![ended, held(3), held(6)], "-2 -3"),
        // A tag of a rule is not seen by another one, whatever stands there.
        (100, vec![held(1), held(4), held(5)], "-4"),
    ] {
        assert_eq!(told(&all, &|_| true, points, &held), expected, "{points} {held:?}");
    }
    // Those that are not asked for stay, but for what has ended; segments see them as they stand.
    let only = |no: i64| move |set: &MemberSet| set.no == no;
    assert_eq!(told(&all, &only(5), 0, &[held(1), held(2)]), "+5");
    assert_eq!(told(&all, &only(5), 0, &[held(1), ended]), "-2 +5");
}

#[test]
fn of_exclusive_siblings_a_member_has_one() {
    let all = [
        exclusive(set(1, "tier/a", Some("member.balance >= 10"))),
        exclusive(set(2, "tier/b", Some("member.balance >= 5"))),
        exclusive(set(3, "tier/c", None)),
        exclusive(set(4, "other/d", Some("member.balance >= 5"))),
        set(5, "tier/e", Some("member.balance >= 5")),
    ];
    for (points, held, expected) in [
        (10, vec![], "+1 +4 +5"),
        (5, vec![held(1)], "-1 +2 +4 +5"),
        // What was given by hand stands.
        (10, vec![held(3), held(1)], "-1 +4 +5"),
    ] {
        assert_eq!(told(&all, &|_| true, points, &held), expected, "{points} {held:?}");
    }
    // A sibling that is evaluated at another time counts as it stands.
    assert_eq!(told(&all, &|set| set.no == 2, 10, &[held(1)]), "");
    assert_eq!(told(&all, &|set| set.no == 1, 10, &[held(2)]), "");
}

proptest! {
    /// After the changes a member is in a set exactly when its condition holds, however it was
    /// before; and a second evaluation changes nothing.
    #[test]
    fn changes_lead_to_what_conditions_say(
        points in 0..20i64,
        bounds in proptest::collection::vec(0..20i64, 1..8),
        before in proptest::collection::vec((0..8i64, 0..2i64, proptest::option::of(0..2i64)), 0..8),
    ) {
        let all: Vec<MemberSet> = (0..)
            .zip(&bounds)
            .map(|(no, bound)| {
                let name = if no % 2 == 0 { format!("t{no}") } else { format!("segment:s{no}") };
                set(no, &name, Some(&format!("member.balance >= {bound}")))
            })
            .collect();
        let mut rows: BTreeMap<i64, Held> = before
            .into_iter()
            .filter(|(no, ..)| *no < bounds.len() as i64)
            .map(|(set_no, version, until)| {
                let until = until.map(|plus| Timestamp(NOW.0 + plus));
                (set_no, Held { set_no, until, version })
            })
            .collect();
        let facts = Facts { points, ..Facts::default() };
        let attributes = BTreeMap::new();
        let customer = || Customer {
            id: "m", joined_at: None, attributes: &attributes, facts: &facts, tags: vec![],
            home_store: "", cuts: None, now: NOW,
            today: Today::at(NOW, "Asia/Shanghai".parse().unwrap()),
        };
        let now: Vec<Held> = rows.values().copied().collect();
        for change in changes(&all, &|_| true, customer(), &now) {
            if change.is_in {
                let row = Held { set_no: change.set_no, until: None, version: change.version };
                rows.insert(change.set_no, row);
            } else {
                prop_assert!(rows.remove(&change.set_no).is_some(), "nobody leaves what it is not in");
            }
        }
        for (no, bound) in (0..).zip(&bounds) {
            prop_assert_eq!(rows.contains_key(&no), points >= *bound);
        }
        let now: Vec<Held> = rows.values().copied().collect();
        prop_assert_eq!(changes(&all, &|_| true, customer(), &now), vec![]);
    }
}
