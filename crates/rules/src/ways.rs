//! Ways of exchanges that lead back to where they began: none may make points of nothing.
//!
//! Knows what programmes have agreed on, and neither members nor bounds: a way that gains at its
//! rates is none, however little it lets through.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use ledger::Rate;

use crate::document::Exchanges;

/// An exchange that both programmes have agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRate {
    /// Whose points are given up.
    pub from: String,
    /// Whose points are got.
    pub to: String,
    /// Points got for one that is given up.
    pub rate: Rate,
}

/// The exchanges that programmes, each told by its id, have agreed on among themselves.
#[must_use]
pub fn open_rates(programmes: &[(String, Exchanges)]) -> Vec<OpenRate> {
    let mut open = Vec::new();
    for (from, giving) in programmes {
        for (to, taking) in
            programmes.iter().filter(|(to, _)| to != from && giving.offers.contains_key(to))
        {
            // What is no rate is in no rulebook that was published.
            let rate =
                taking.accepts.get(from).and_then(|accepted| Rate::parse(&accepted.rate).ok());
            open.extend(rate.map(|rate| OpenRate { from: from.clone(), to: to.clone(), rate }));
        }
    }
    open
}

/// A way that begins with the exchange of points of `from` for those of `to`, comes back, and has
/// made more points by then. Its programmes in their order, the first one at its end once more.
/// `None` when there is none, so that this exchange is part of no gain.
#[must_use]
pub fn gaining_way<'a>(open: &'a [OpenRate], from: &str, to: &str) -> Option<Vec<&'a str>> {
    let first = open.iter().find(|way| way.from == from && way.to == to)?;
    let mut best: BTreeMap<&str, (Product, Vec<&str>)> = BTreeMap::new();
    best.insert(&first.to, (Product::of(first.rate), vec![&first.from, &first.to]));
    let mut nothing_made = Product::of(Rate::ONE);
    let mut programmes: Vec<&str> = open.iter().map(|way| way.from.as_str()).collect();
    programmes.sort_unstable();
    programmes.dedup();
    // A way that meets no programme twice has as many exchanges as there are programmes, at most.
    // All ways of one round have as many.
    for _ in programmes {
        let back = best.remove(first.from.as_str()).filter(|(made, _)| *made > nothing_made);
        if let Some((_, way)) = back {
            return Some(way);
        }
        let mut next: BTreeMap<&str, (Product, Vec<&str>)> = BTreeMap::new();
        for way in open {
            let Some((made, so_far)) = best.get(way.from.as_str()) else { continue };
            let made = made.times(way.rate);
            if next.get(way.to.as_str()).is_none_or(|(known, _)| *known < made) {
                next.insert(
                    &way.to,
                    (made, so_far.iter().copied().chain([way.to.as_str()]).collect()),
                );
            }
        }
        best = next;
        nothing_made = nothing_made.times(Rate::ONE);
    }
    None
}

/// A product of rates, exact: as many millionths of millionths as it has factors. Lowest word
/// first, no zeros at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Product(Vec<u32>);

impl Product {
    fn of(rate: Rate) -> Self {
        Self(vec![1]).times(rate)
    }

    fn times(&self, rate: Rate) -> Self {
        let factor = u128::from(rate.millionths().unsigned_abs());
        let (mut words, mut carry) = (Vec::with_capacity(self.0.len() + 2), 0u128);
        for word in &self.0 {
            let sum = u128::from(*word) * factor + carry;
            words.push((sum & u128::from(u32::MAX)) as u32);
            carry = sum >> 32;
        }
        while carry > 0 {
            words.push((carry & u128::from(u32::MAX)) as u32);
            carry >>= 32;
        }
        while words.last() == Some(&0) {
            words.pop();
        }
        Self(words)
    }
}

impl PartialOrd for Product {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Product {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_size = self.0.len().cmp(&other.0.len());
        by_size.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(ways: &[(&str, &str, &str)]) -> Vec<OpenRate> {
        let way = |(from, to, rate): &(&str, &str, &str)| OpenRate {
            from: (*from).to_owned(),
            to: (*to).to_owned(),
            rate: Rate::parse(rate).unwrap(),
        };
        ways.iter().map(way).collect()
    }

    #[test]
    fn ways_that_make_points_are_found() {
        for (ways, gains) in [
            (&[("a", "b", "2"), ("b", "a", "0.5")][..], None),
            (&[("a", "b", "2"), ("b", "a", "0.500001")], Some("a b a")),
            (&[("a", "b", "2"), ("b", "c", "2"), ("c", "a", "0.25")], None),
            (&[("a", "b", "2"), ("b", "c", "2"), ("c", "a", "0.250001")], Some("a b c a")),
            // Not by this exchange: the gain is between others.
            (&[("a", "b", "2"), ("b", "c", "2"), ("c", "b", "2")], None),
            // The better of two ways counts.
            (
                &[("a", "b", "1"), ("b", "a", "0.1"), ("b", "c", "1"), ("c", "a", "1.1")],
                Some("a b c a"),
            ),
            // A way that loses after all that it gained before.
            (
                &[
                    ("a", "b", "1000000"),
                    ("b", "c", "1000000"),
                    ("c", "d", "0.000001"),
                    ("d", "a", "0.000001"),
                ],
                None,
            ),
            (&[("a", "b", "0.333333"), ("b", "c", "3"), ("c", "a", "1")], None),
            (&[("a", "b", "0.333334"), ("b", "c", "3"), ("c", "a", "1")], Some("a b c a")),
            (&[("a", "b", "9")], None),
            (&[], None),
        ] {
            let way = open(ways);
            let found = gaining_way(&way, "a", "b").map(|way| way.join(" "));
            assert_eq!(found.as_deref(), gains, "{ways:?}");
        }
    }

    #[test]
    fn products_are_exact() {
        let most = Rate::parse("1000000").unwrap();
        let all = (0..60).fold(Product::of(Rate::ONE), |product, _| product.times(most));
        let back = Rate::parse("0.000001").unwrap();
        let again = (0..60).fold(all, |product, _| product.times(back));
        let ones = (0..120).fold(Product::of(Rate::ONE), |product, _| product.times(Rate::ONE));
        assert_eq!(again, ones);
        assert!(
            ones < (0..120)
                .fold(Product::of(Rate::parse("1.000001").unwrap()), |p, _| p.times(Rate::ONE))
        );
    }
}
