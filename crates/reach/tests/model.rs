//! Random events against a reference that keeps them as a list and adds them up when it is asked.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use std::collections::BTreeMap;

use ledger::{MemberId, Timestamp, Zone};
use proptest::collection::vec;
use proptest::prelude::*;
use reach::{Batch, Facts, Happened, KEPT_DAYS, MAX_CATEGORIES, Spend, Today};

const CATEGORIES: [&str; 3] = ["tea", "cups", "茶"];
const DAY_MS: i64 = 24 * 3600 * 1000;

#[derive(Debug, Clone)]
enum Step {
    Order {
        member: i64,
        day: i32,
        minor: i64,
        category: Option<usize>,
    },
    /// Of an order that was placed: which, and how much of it in hundredths.
    Return {
        which: usize,
        part: i64,
    },
    Redeem {
        member: i64,
        day: i32,
        points: i64,
    },
    GiveBack {
        which: usize,
    },
    Merge {
        into: i64,
        from: i64,
    },
    Erase {
        member: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let member = 1..5i64;
    let day = 20_000..20_800i32;
    prop_oneof![
        5 => (member.clone(), day.clone(), 1..100_000i64, proptest::option::of(0..3usize))
            .prop_map(|(member, day, minor, category)| Step::Order { member, day, minor, category }),
        3 => (any::<usize>(), 1..=100i64).prop_map(|(which, part)| Step::Return { which, part }),
        2 => (member.clone(), day, 1..500i64)
            .prop_map(|(member, day, points)| Step::Redeem { member, day, points }),
        1 => any::<usize>().prop_map(|which| Step::GiveBack { which }),
        1 => (member.clone(), member.clone()).prop_map(|(into, from)| Step::Merge { into, from }),
        1 => member.prop_map(|member| Step::Erase { member }),
    ]
}

/// A document of the reference: of whom, when, and what is left of it.
#[derive(Debug, Clone)]
struct Document {
    member: i64,
    day: i32,
    minor: i64,
    category: Option<usize>,
    orders: i64,
    points: i64,
}

#[derive(Debug, Default)]
struct Reference {
    documents: Vec<Document>,
    closed: Vec<i64>,
}

impl Reference {
    /// The events that a step means, for accounts that are open.
    fn take(&mut self, step: &Step) -> Option<(i64, Happened, Option<i64>)> {
        let is_open = |closed: &[i64], member: i64| !closed.contains(&member);
        match *step {
            Step::Order { member, day, minor, category } if is_open(&self.closed, member) => {
                let document = Document { member, day, minor, category, orders: 1, points: 0 };
                self.documents.push(document);
                let spend = spend(minor, category);
                Some((member, Happened::Ordered { at: at(day), day, spend }, None))
            }
            Step::Redeem { member, day, points } if is_open(&self.closed, member) => {
                let document =
                    Document { member, day, minor: 0, category: None, orders: 0, points };
                self.documents.push(document);
                Some((member, Happened::Redeemed { at: at(day), day, points }, None))
            }
            Step::Return { which, part } => {
                let is_one = |d: &&mut Document| d.orders > 0 && is_open(&self.closed, d.member);
                let mut orders: Vec<_> = self.documents.iter_mut().filter(is_one).collect();
                let count = orders.len().max(1);
                let order = orders.get_mut(which % count)?;
                let back = order.minor * part / 100;
                let is_whole = part == 100;
                order.minor -= back;
                order.orders -= i64::from(is_whole);
                let spend = spend(back, order.category);
                Some((order.member, Happened::Returned { day: order.day, spend, is_whole }, None))
            }
            Step::GiveBack { which } => {
                let is_one = |d: &&mut Document| d.points > 0 && is_open(&self.closed, d.member);
                let mut spent: Vec<_> = self.documents.iter_mut().filter(is_one).collect();
                let count = spent.len().max(1);
                let spent = spent.get_mut(which % count)?;
                let points = std::mem::take(&mut spent.points);
                Some((spent.member, Happened::GivenBack { day: spent.day, points }, None))
            }
            Step::Merge { into, from }
                if into != from && is_open(&self.closed, into) && is_open(&self.closed, from) =>
            {
                self.closed.push(from);
                for document in self.documents.iter_mut().filter(|d| d.member == from) {
                    document.member = into;
                }
                let name = MemberId::new(format!("m{from}")).unwrap();
                Some((into, Happened::Absorbed(name), Some(from)))
            }
            Step::Erase { member } if is_open(&self.closed, member) => {
                self.closed.push(member);
                Some((member, Happened::Erased, None))
            }
            _ => None,
        }
    }
}

fn at(day: i32) -> Timestamp {
    Timestamp(i64::from(day) * DAY_MS)
}

fn spend(minor: i64, category: Option<usize>) -> Spend {
    let categories = category.map(|at| (CATEGORIES[at].to_owned(), minor)).into_iter().collect();
    Spend { minor, categories }
}

/// Written and read, as between two pieces.
fn stored(batch: Batch) -> Batch {
    let members = batch.members.into_iter().map(|(no, facts)| {
        let text = serde_json::to_string(&facts).unwrap();
        let read: Facts = serde_json::from_str(&text).unwrap();
        (no, Facts { last_order_at: facts.last_order_at, ..read })
    });
    Batch { members: members.collect(), departed: batch.departed }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn facts_are_what_the_documents_add_up_to(steps in vec(step(), 1..120), cut in any::<usize>()) {
        let mut reference = Reference::default();
        let events: Vec<_> = steps.iter().filter_map(|step| reference.take(step)).collect();
        let (mut whole, mut parts) = (Batch::default(), Batch::default());
        for (place, (member, happened, other)) in events.iter().enumerate() {
            whole.apply(*member, happened, *other);
            parts.apply(*member, happened, *other);
            if place == cut % events.len() || place % 17 == 0 {
                parts = stored(parts);
            }
        }
        prop_assert_eq!(&whole, &parts);
        let zone = "Etc/UTC".parse::<Zone>().unwrap();
        for (member, facts) in &whole.members {
            prop_assert!(!reference.closed.contains(member));
            let own = || reference.documents.iter().filter(|d| d.member == *member);
            prop_assert_eq!(facts.orders_ever, own().map(|d| d.orders).sum::<i64>());
            prop_assert_eq!(facts.spend_ever_minor, own().map(|d| d.minor).sum::<i64>());
            // Windows are exact up to the member's last day, and as far back as is kept.
            let Some(last) = own().map(|d| d.day).max() else { continue };
            for days in [1, 30, 365, KEPT_DAYS] {
                let today = Today { day: last, zone };
                let within = |d: &&Document| d.day > last - days && d.day <= last;
                let sum = |of: fn(&Document) -> i64| own().filter(within).map(of).sum::<i64>();
                prop_assert_eq!(facts.orders(days, today), sum(|d| d.orders));
                prop_assert_eq!(facts.spend_minor(days, today), sum(|d| d.minor));
                prop_assert_eq!(facts.redeemed(days, today), sum(|d| d.points));
                for (at, category) in CATEGORIES.iter().enumerate() {
                    let spend: i64 = own()
                        .filter(within)
                        .filter(|d| d.category == Some(at))
                        .map(|d| d.minor)
                        .sum();
                    prop_assert_eq!(facts.category_spend_minor(category, days, today), spend);
                }
            }
        }
    }
}

/// However many categories there are, so many are kept, and what came back leaves nothing behind.
#[test]
fn categories_have_a_bound() {
    let mut facts = Facts::default();
    let spend = |number: usize| Spend { minor: 7, categories: vec![(format!("c{number}"), 7)] };
    for number in 0..500 {
        facts.apply(&Happened::Ordered { at: at(20_000), day: 20_000, spend: spend(number) });
    }
    assert_eq!(facts.categories.len(), MAX_CATEGORIES + 1);
    let kept: BTreeMap<_, _> = facts.categories.clone();
    assert_eq!(kept.values().flatten().map(|(_, minor)| minor).sum::<i64>(), 500 * 7);
    for number in 0..500 {
        let spend = spend(number);
        facts.apply(&Happened::Returned { day: 20_000, spend, is_whole: true });
    }
    assert!(facts.categories.is_empty());
    assert_eq!((facts.orders_ever, facts.spend_ever_minor), (0, 0));
}
