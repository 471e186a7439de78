//! What entries say was asked for: which lines points were to pay, and how much of an order was to
//! be undone.

use ledger::{Currency, Entry, Kind, LineReturn, Money, Reversal};

use crate::reverse::ReturnScope;

/// The lines that a redemption or a hold pays.
pub(super) fn paid(entry: &Entry) -> Vec<(String, i64, i64)> {
    entry
        .lines
        .iter()
        .map(|line| (line.line.clone(), line.quantity, line.granted.saturating_neg()))
        .collect()
}

/// What was asked to be undone, by what the entry says, and by the other one where points came back
/// with the goods.
pub(super) fn part_of(
    is_earn: bool,
    reversal: Option<&Reversal>,
    given: Option<&Reversal>,
    currency: Currency,
) -> ReturnScope {
    let lines =
        |of: Option<&Reversal>| of.map(|reversal| reversal.lines.clone()).unwrap_or_default();
    let (own, desired) = (lines(reversal), reversal.map_or(0, |reversal| reversal.desired));
    let units = |lines: &[LineReturn]| {
        lines.iter().map(|line| (line.line.clone(), line.quantity)).collect::<Vec<_>>()
    };
    match own.as_slice() {
        // An action is undone whole, and the redemption beside it by the line.
        [] if is_earn => match given {
            Some(given) if !given.lines.is_empty() => {
                ReturnScope::LinesFor(units(&given.lines), given.desired)
            }
            _ => ReturnScope::Rest,
        },
        [] => ReturnScope::Points(desired),
        [line, ..] if line.quantity == 0 => {
            let money = |line: &LineReturn| {
                (Some(line.line.clone()), Money { amount_minor: line.amount_minor, currency })
            };
            ReturnScope::Money(own.iter().map(money).collect())
        }
        _ => {
            let mut all = units(&own);
            let paid = units(&lines(given)).into_iter();
            all.extend(paid.filter(|(name, _)| own.iter().all(|line| line.line != *name)));
            match given {
                Some(given) => ReturnScope::LinesFor(all, given.desired),
                None if is_earn => ReturnScope::Lines(all),
                None => ReturnScope::LinesFor(all, desired),
            }
        }
    }
}

/// Whether both sides of an order were undone by one command, whose reference the second entry
/// bears.
pub(super) fn is_of_one_command(spent: &Entry, earned: &Entry) -> bool {
    let is_next =
        earned.sequence.0 == spent.sequence.0 + 1 && earned.recorded_at == spent.recorded_at;
    let is_given_back = spent.kind == Kind::Reverse && spent.origin.reference.is_none();
    is_next && is_given_back && spent.origin.actor == earned.origin.actor
}
