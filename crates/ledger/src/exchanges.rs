//! Exchanging points: a person's points of one programme become points of another one of the same
//! group, at a rate.
//!
//! Each programme gets an entry of its own in its own books, and neither sum of books knows of the
//! other's points. The two stand or fall together: a caller that writes one must write both.

use crate::entry::{Count, Effects, Entry, LotDraw, LotGrant, LotMoves, Origin};
use crate::exact::{Exact, Rate, Rounding};
use crate::fault::Fault;
use crate::id::EntryId;
use crate::journal::Journal;
use crate::kind::{Exchange, Exchanged, What};

/// What each of these amounts, in their order, comes to at a rate: the sum rounded down, and not
/// its parts, so that what is given up in many small lots comes to the same as in one. A member who
/// exchanges little by little never gets more than at once. `None` when it leaves what the ledger
/// can count.
#[must_use]
pub fn converted(amounts: &[i64], rate: Rate) -> Option<Vec<i64>> {
    let (mut given, mut before) = (0i64, 0);
    let each = |amount: &i64| {
        given = given.checked_add(*amount)?;
        let so_far = Exact::of_amount(given, 0, rate, Rate::ONE)?.round(Rounding::Down)?;
        let share = so_far - before;
        before = so_far;
        Some(share)
    };
    amounts.iter().map(each).collect()
}

/// The least points that come to one at a rate; `None` when no number of them does.
#[must_use]
pub fn least_for_one(rate: Rate) -> Option<i64> {
    let rate = Some(rate.millionths()).filter(|rate| *rate > 0)?;
    Some((Rate::ONE.millionths() + rate - 1) / rate)
}

/// Gives these points up for points of another programme.
///
/// # Errors
/// A [`Fault`] when there are not as many, or the member's state is inconsistent.
pub fn give_up(
    journal: &mut Journal,
    draws: Vec<LotDraw>,
    exchange: Exchange,
    counts: Vec<Count>,
    origin: Origin,
) -> Result<EntryId, Fault> {
    journal.post(Entry {
        lots: LotMoves { draws, ..LotMoves::default() },
        effects: Effects { counts, ..Effects::default() },
        ..journal.draft(What::Exchange(Exchanged { exchange }), origin)
    })
}

/// Grants what came of points of another programme, whose entry is the cause.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn take_in(
    journal: &mut Journal,
    grants: Vec<LotGrant>,
    exchange: Exchange,
    cause: EntryId,
    origin: Origin,
) -> Result<EntryId, Fault> {
    journal.post(Entry {
        lots: LotMoves { grants, ..LotMoves::default() },
        cause: Some(cause),
        ..journal.draft(What::Exchange(Exchanged { exchange }), origin)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Rate {
        Rate::parse(text).unwrap()
    }

    #[test]
    fn the_sum_is_rounded_and_not_its_parts() {
        for (amounts, at, expected) in [
            (&[100, 50][..], "0.5", &[50, 25][..]),
            (&[1, 1, 1, 1], "0.5", &[0, 1, 0, 1]),
            (&[3, 3, 3], "0.333333", &[0, 1, 1]),
            (&[7], "3", &[21]),
            (&[1, 2], "1.5", &[1, 3]),
            (&[], "2", &[]),
        ] {
            assert_eq!(converted(amounts, rate(at)).unwrap(), expected, "{amounts:?} at {at}");
        }
        assert_eq!(converted(&[i64::MAX], rate("2")), None);
        assert_eq!(converted(&[i64::MAX, 1], rate("0.1")), None);
    }

    #[test]
    fn the_least_comes_to_one_and_one_less_to_nothing() {
        for text in
            ["0.000001", "0.003", "0.01", "0.3", "0.333333", "0.5", "0.7", "1", "1.5", "1000000"]
        {
            let least = least_for_one(rate(text)).unwrap();
            let comes_to = |points| converted(&[points], rate(text)).unwrap()[0];
            assert!(comes_to(least) >= 1 && comes_to(least - 1) == 0, "{text}: {least}");
        }
        assert_eq!(least_for_one(rate("0")), None);
    }
}
