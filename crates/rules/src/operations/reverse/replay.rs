//! Returns are asked for again, of what stands for the entries that they had undone: how much of an
//! order was to be undone is told by what the corrections say.

use ledger::{Currency, Entry, Kind, LineReturn, LotDraw, Money, Reversal, UndoneAs};

use super::{Redemption, ReturnScope, Reverse, ToReverse};
use crate::replay::{ReplayIndex, ReplayStep};
use crate::rulebook::Rulebook;

/// Undoes what the entry had undone, and what `with` had given back with it.
pub(crate) fn replay(
    entry: &Entry,
    with: Option<&Entry>,
    told: &ReplayIndex,
    book: &Rulebook,
) -> ReplayStep {
    let Some(undone) = told.counterpart(entry.corrects()) else {
        return match entry.corrects().and_then(|id| told.others.get(&id)) {
            Some(Kind::Transfer) => ReplayStep::Repeat,
            // Of an account that became part of this one, whose own entries are not here.
            None if entry.counterparty().is_some() => ReplayStep::Repeat,
            // The use of a coupon.
            Some(_) => ReplayStep::Follows,
            None => ReplayStep::Lost,
        };
    };
    let reversal = entry.reversal();
    let spent = with.map_or_else(
        || Some(undone).filter(|undone| !is_earned(undone)),
        |with| told.counterpart(with.corrects()),
    );
    let lot = |draw: &LotDraw| told.lots.get(&draw.number).cloned();
    let redemption = spent.map(|spent| {
        let hold = told.counterpart(spent.corrects());
        let lots = spent.lots.draws.iter().filter_map(lot).collect();
        Redemption::new(spent.clone(), lots).of_hold(hold)
    });
    let earn = Some(undone).filter(|undone| is_earned(undone)).cloned();
    let given = with.and_then(|with| with.reversal());
    let names_lines = redemption.as_ref().is_some_and(|redemption| !redemption.lines().is_empty());
    let part = match given {
        // What names its lines gives them back by name, but for all that is left.
        Some(given) if names_lines && given.lines.is_empty() => ReturnScope::Rest,
        _ => part_of(earn.is_some(), reversal, given, book.currency()),
    };
    let gifts = if earn.is_some() { told.gifts.clone() } else { Vec::new() };
    ReplayStep::ask(Reverse(Some(Box::new(ToReverse {
        earn,
        redemption,
        part,
        gifts,
        merged: None,
    }))))
}

/// What was asked to be undone, by what the entry says, and by the other one where points came back
/// with the goods.
fn part_of(
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

/// Whether it is taken back from the member: an earn, or a grant.
pub(crate) fn is_earned(entry: &Entry) -> bool {
    entry.kind().row().undone_as == UndoneAs::Earned
}

/// Whether both sides of an order were undone by one command. Its entries bear ids in a row, and
/// commands of the same instant do not.
pub(crate) fn is_of_one_operation(spent: &Entry, earned: &Entry) -> bool {
    spent.kind() == Kind::Reverse && earned.id == spent.id.next()
}
