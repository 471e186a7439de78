//! What an event is worth: exact sums, one rounding, then shares that add up.

use ledger::{Award, Exact, LineAward, Rate, Refusal};

use crate::command::Line;
use crate::rulebook::{Level, Rulebook};

/// The unrounded worth of an event.
pub(crate) struct Worth {
    /// Rule and exact points, in order.
    pub(crate) desired: Vec<(String, Exact)>,
    /// Money spent, in minor units.
    pub(crate) spend_minor: i64,
    /// Growth.
    pub(crate) growth: i64,
}

/// A purchase: the base rate, and what the tier's multiplier adds to it as a rule of its own.
pub(crate) fn purchase(book: &Rulebook, level: Option<&Level>, lines: &[Line]) -> Result<Worth, Refusal> {
    let out_of_range = Refusal::AmountOutOfRange;
    let spend_minor = lines
        .iter()
        .try_fold(0i64, |sum, line| sum.checked_add(line.amount.amount_minor))
        .ok_or(out_of_range.clone())?;
    if lines.iter().any(|line| line.amount.amount_minor < 0) {
        return Err(out_of_range);
    }
    let decimals = book.currency().decimals();
    let at = |rate: Rate, multiplier: Rate| {
        Exact::of_amount(spend_minor, decimals, rate, multiplier).ok_or(Refusal::AmountOutOfRange)
    };
    let base = at(book.purchase.points_per_unit, Rate::ONE)?;
    let growth =
        at(book.purchase.growth_per_unit, Rate::ONE)?.round(ledger::Rounding::Down).ok_or(Refusal::AmountOutOfRange)?;
    let mut desired = vec![("purchase".to_owned(), base)];
    if let Some(level) = level.filter(|level| level.multiplier > Rate::ONE) {
        let extra =
            at(book.purchase.points_per_unit, level.multiplier)?.checked_sub(base).ok_or(Refusal::AmountOutOfRange)?;
        desired.push((format!("tier:{}", level.id), extra));
    }
    Ok(Worth { desired, spend_minor, growth })
}

impl Worth {
    /// The one rounding.
    pub(crate) fn points(&self, book: &Rulebook) -> Result<i64, Refusal> {
        let sum = self.desired.iter().try_fold(Exact::ZERO, |sum, (_, exact)| sum.checked_add(*exact));
        sum.and_then(|sum| sum.round(book.rounding)).ok_or(Refusal::AmountOutOfRange)
    }

    /// Shares `granted` out to the rules, first come first served: running sums are rounded, so the shares add up to the whole.
    pub(crate) fn awards(self, book: &Rulebook, granted: i64) -> Vec<Award> {
        let (mut sum, mut given) = (Exact::ZERO, 0);
        let share = |(rule, desired): (String, Exact)| {
            sum = sum.checked_add(desired).unwrap_or(sum);
            let upto = sum.round(book.rounding).unwrap_or(granted).min(granted);
            let award = Award { rule, desired, granted: upto - given };
            given = upto;
            award
        };
        self.desired.into_iter().map(share).collect()
    }
}

/// Shares `granted` out to the lines in proportion to their amounts; shares add up to the whole.
pub(crate) fn lines(lines: &[Line], granted: i64) -> Vec<LineAward> {
    let total: i128 = lines.iter().map(|line| i128::from(line.amount.amount_minor)).sum();
    let (mut sum, mut given) = (0i128, 0i64);
    let share = |line: &Line| {
        sum += i128::from(line.amount.amount_minor);
        let upto = i128::from(granted).saturating_mul(sum).checked_div(total);
        let upto = upto.and_then(|points| i64::try_from(points).ok()).unwrap_or(0);
        let award = LineAward {
            line: line.line.clone(),
            sku: line.sku.clone(),
            category: line.category.clone(),
            quantity: line.quantity,
            amount_minor: line.amount.amount_minor,
            granted: upto - given,
        };
        given = upto;
        award
    };
    lines.iter().map(share).collect()
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

    #[test]
    fn shares_add_up() {
        let mut document = default_document();
        document.rounding = crate::RoundingMode::Down;
        let book = Rulebook::new(&document, 1).unwrap();
        let gold = book.levels().last().cloned();
        // amounts → base, tier extra, per line; base rounds as if alone, the extra takes what rounding once leaves.
        for (amounts, granted, awards, per_line) in [
            (vec![12850], 192, vec![128, 64], vec![192]),
            (vec![50, 50, 50], 2, vec![1, 1], vec![0, 1, 1]),
            (vec![99], 1, vec![0, 1], vec![1]),
            (vec![0, 0], 0, vec![0, 0], vec![0, 0]),
            (vec![], 0, vec![0, 0], vec![]),
            (vec![100, 200, 300], 9, vec![6, 3], vec![1, 3, 5]),
        ] {
            let bought: Vec<Line> = amounts.iter().copied().map(line).collect();
            let worth = purchase(&book, gold.as_ref(), &bought).unwrap();
            assert_eq!(worth.points(&book), Ok(granted), "{amounts:?}");
            let given: Vec<i64> = worth.awards(&book, granted).iter().map(|a| a.granted).collect();
            assert_eq!(given, awards, "{amounts:?}");
            let given: Vec<i64> = lines(&bought, granted).iter().map(|l| l.granted).collect();
            assert_eq!(given, per_line, "{amounts:?}");
        }
    }

    #[test]
    fn sums_that_leave_the_range_are_refused() {
        let book = Rulebook::new(&default_document(), 1).unwrap();
        for amounts in [vec![i64::MAX, 1], vec![-1]] {
            let bought: Vec<Line> = amounts.into_iter().map(line).collect();
            assert_eq!(purchase(&book, None, &bought).err(), Some(Refusal::AmountOutOfRange));
        }
    }
}
