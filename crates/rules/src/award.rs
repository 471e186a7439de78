//! What an event is worth: exact sums, one rounding, then shares that add up.

use ledger::{Award, Exact, LineAward, Rate, Refusal};

use crate::earning::sum_of;
use crate::event::Line;
use crate::rulebook::{Level, Rulebook};

/// A part of what an event is worth: what one rule wants.
#[derive(Debug)]
pub(crate) struct Share {
    /// The rule, as entries name it.
    pub(crate) rule: String,
    /// Unrounded points.
    pub(crate) desired: Exact,
    /// The lines (by their place) that its points are shared out to, and by which weights.
    pub(crate) weights: Vec<(usize, i64)>,
    /// The tags of the member that the rule looks for.
    pub(crate) tags: Vec<String>,
}

/// What a purchase earns by itself on the lines that earn: the base rate, and what the tier's
/// multiplier adds to it as a rule of its own.
pub(crate) fn purchase(
    book: &Rulebook,
    level: Option<&Level>,
    lines: &[(usize, &Line)],
) -> Result<Vec<Share>, Refusal> {
    let amount = sum_of(lines.iter().map(|(_, line)| &line.amount))?;
    let decimals = book.currency().decimals();
    let rate = book.purchase.points_per_unit;
    let at = |multiplier: Rate| {
        Exact::of_amount(amount, decimals, rate, multiplier).ok_or(Refusal::AmountOutOfRange)
    };
    let base = at(Rate::ONE)?;
    let weights: Vec<(usize, i64)> =
        lines.iter().map(|(place, line)| (*place, line.amount.amount_minor)).collect();
    let mut shares = vec![share("purchase".to_owned(), base, weights.clone())];
    if let Some(level) = level.filter(|level| level.multiplier > Rate::ONE) {
        let extra = at(level.multiplier)?.checked_sub(base).ok_or(Refusal::AmountOutOfRange)?;
        shares.push(share(format!("tier:{}", level.id), extra, weights));
    }
    Ok(shares)
}

/// What is earned without a rule that has conditions.
fn share(rule: String, desired: Exact, weights: Vec<(usize, i64)>) -> Share {
    Share { rule, desired, weights, tags: Vec::new() }
}

/// Growth of a purchase of which so much counts, rounded down.
pub(crate) fn growth(book: &Rulebook, counted_minor: i64) -> Result<i64, Refusal> {
    let exact = Exact::of_amount(
        counted_minor,
        book.currency().decimals(),
        book.purchase.growth_per_unit,
        Rate::ONE,
    );
    exact.and_then(|exact| exact.round(ledger::Rounding::Down)).ok_or(Refusal::AmountOutOfRange)
}

/// The one rounding: of the sum of all shares, each as its rule's own caps leave it.
pub(crate) fn points(book: &Rulebook, shares: &[Exact]) -> Result<i64, Refusal> {
    let sum = shares.iter().try_fold(Exact::ZERO, |sum, share| sum.checked_add(*share));
    sum.and_then(|sum| sum.round(book.rounding)).ok_or(Refusal::AmountOutOfRange)
}

/// What each share gets of the rounded sum: running sums are rounded, so that they add up to the
/// whole. None gets more than it wants, rounded up.
pub(crate) fn rounded(book: &Rulebook, shares: &[Exact], points: i64) -> Vec<i64> {
    let (mut sum, mut given) = (Exact::ZERO, 0);
    let one = |share: &Exact| {
        sum = sum.checked_add(*share).unwrap_or(sum);
        let upto = sum.round(book.rounding).unwrap_or(points).min(points);
        let part = upto - given;
        given = upto;
        part
    };
    shares.iter().map(one).collect()
}

/// The first `granted` points of these parts: a cap over all of them leaves the last ones out.
pub(crate) fn within(parts: &[i64], granted: i64) -> Vec<i64> {
    let mut left = granted;
    let one = |part: &i64| {
        let part = (*part).min(left);
        left -= part;
        part
    };
    parts.iter().map(one).collect()
}

/// What the rules got, as the entry shows it.
pub(crate) fn awards(shares: &[Share], granted: &[i64]) -> Vec<Award> {
    let award = |(share, granted): (&Share, &i64)| Award {
        rule: share.rule.clone(),
        desired: share.desired,
        granted: *granted,
        tags: share.tags.clone(),
    };
    shares.iter().zip(granted).map(award).collect()
}

/// What the lines earned. Shares that go by the same weights are shared out together, in
/// proportion; the parts add up to the whole.
pub(crate) fn lines(lines: &[Line], shares: &[Share], granted: &[i64]) -> Vec<LineAward> {
    let mut sums: Vec<(&[(usize, i64)], i64)> = Vec::new();
    for (share, granted) in shares.iter().zip(granted) {
        match sums.iter_mut().find(|(weights, _)| *weights == share.weights) {
            Some((_, sum)) => *sum += granted,
            None => sums.push((&share.weights, *granted)),
        }
    }
    let mut parts = vec![0i64; lines.len()];
    for (weights, points) in sums {
        for (place, part) in shared_out(weights, points) {
            if let Some(sum) = parts.get_mut(place) {
                *sum += part;
            }
        }
    }
    let award = |(line, granted): (&Line, i64)| LineAward {
        line: line.line.clone(),
        sku: line.sku.clone(),
        category: line.category.clone(),
        quantity: line.quantity,
        amount_minor: line.amount.amount_minor,
        granted,
    };
    lines.iter().zip(parts).map(award).collect()
}

/// `points` in proportion to the weights; where all of these are 0, the last line has them.
fn shared_out(weights: &[(usize, i64)], points: i64) -> Vec<(usize, i64)> {
    let total: i128 = weights.iter().map(|(_, weight)| i128::from(*weight)).sum();
    if total == 0 {
        return weights.last().map(|(place, _)| (*place, points)).into_iter().collect();
    }
    let (mut sum, mut given) = (0i128, 0i64);
    let one = |(place, weight): &(usize, i64)| {
        sum += i128::from(*weight);
        let upto = i128::from(points).saturating_mul(sum).checked_div(total);
        let upto = upto.and_then(|points| i64::try_from(points).ok()).unwrap_or(0);
        let part = upto - given;
        given = upto;
        (*place, part)
    };
    weights.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::default_document;
    use ledger::{Currency, Money};

    fn line(amount_minor: i64) -> Line {
        let currency = Currency::new("CNY").unwrap();
        Line {
            line: amount_minor.to_string(),
            sku: None,
            category: None,
            quantity: 1,
            amount: Money { amount_minor, currency },
        }
    }

    fn all(lines: &[Line]) -> Vec<(usize, &Line)> {
        lines.iter().enumerate().collect()
    }

    #[test]
    fn shares_add_up() {
        let mut document = default_document();
        document.rounding = crate::RoundingMode::Down;
        let book = Rulebook::new(&document, 1).unwrap();
        let gold = book.levels().last().cloned();
        // amounts → base, tier extra, per line; base rounds as if alone, the extra takes what
        // rounding once leaves.
        for (amounts, granted, awards, per_line) in [
            (vec![12850], 192, vec![128, 64], vec![192]),
            (vec![50, 50, 50], 2, vec![1, 1], vec![0, 1, 1]),
            (vec![99], 1, vec![0, 1], vec![1]),
            (vec![0, 0], 0, vec![0, 0], vec![0, 0]),
            (vec![], 0, vec![0, 0], vec![]),
            (vec![100, 200, 300], 9, vec![6, 3], vec![1, 3, 5]),
        ] {
            let bought: Vec<Line> = amounts.iter().copied().map(line).collect();
            let shares = purchase(&book, gold.as_ref(), &all(&bought)).unwrap();
            let wanted: Vec<Exact> = shares.iter().map(|share| share.desired).collect();
            assert_eq!(points(&book, &wanted), Ok(granted), "{amounts:?}");
            let given = rounded(&book, &wanted, granted);
            assert_eq!(given, awards, "{amounts:?}");
            let given: Vec<i64> =
                lines(&bought, &shares, &given).iter().map(|l| l.granted).collect();
            assert_eq!(given, per_line, "{amounts:?}");
        }
    }

    #[test]
    fn sums_that_leave_the_range_are_refused() {
        let book = Rulebook::new(&default_document(), 1).unwrap();
        for amounts in [vec![i64::MAX, 1], vec![-1]] {
            let bought: Vec<Line> = amounts.into_iter().map(line).collect();
            assert_eq!(purchase(&book, None, &all(&bought)).err(), Some(Refusal::AmountOutOfRange));
        }
    }
}
