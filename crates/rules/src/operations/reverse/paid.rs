//! What is given back of the points that were spent on an order.
//!
//! The till may name the lines that the points paid. Then each line gives its own points back.
//! Otherwise they are taken for the lines that cost nothing, where there are any and the points
//! took no money off, and for all lines in proportion to what these cost where there are none.

use ledger::{LineAward, LineReturn, Refusal, Reversal};

use super::returned::{Return, running, share};
use super::{Redemption, ReturnScope, piece};
use crate::prior_records::PriorRecords;

/// What is given back of a redemption.
pub(crate) struct GivenBack {
    /// Points that were given back before.
    pub(crate) before: i64,
    pub(crate) points: i64,
    /// The lines that the points had paid, as far as these were named.
    pub(crate) lines: Vec<LineReturn>,
}

impl GivenBack {
    pub(crate) fn of(
        redemption: &Redemption,
        recorded: &PriorRecords,
        part: &ReturnScope,
        come_back: Option<&Return<'_>>,
    ) -> Result<Self, Refusal> {
        let entry = &redemption.entry;
        let earlier: Vec<&Reversal> = recorded.of(entry).collect();
        let before: i64 = earlier.iter().map(|reversal| reversal.desired).sum();
        let left = -entry.points - before;
        let whole = |points: i64| Self { before, points, lines: Vec::new() };
        let within = |points: i64| match points {
            points if left > 0 && points > left => Err(Refusal::MoreThanLeft { line: None, left }),
            points => Ok(whole(points.min(left))),
        };
        match (part, come_back) {
            (ReturnScope::Rest, _) => Ok(whole(left)),
            // The goods stay.
            (ReturnScope::Money(_), Some(_)) => Ok(whole(0)),
            (ReturnScope::Money(_), None) => Err(Refusal::ReferenceNotFound),
            (ReturnScope::Points(points), _) => within(*points),
            (ReturnScope::Pieces(pieces), _) => match entry.reward() {
                Some(taken) => within(pieces.saturating_mul(piece(entry, taken))),
                None => Err(Refusal::WholeOnly),
            },
            // What was taken from the catalogue does not come back by the line.
            (ReturnScope::Lines(_) | ReturnScope::LinesFor(..), Some(all))
                if entry.reward().is_some() =>
            {
                Ok(whole(if all.is_all { left } else { 0 }))
            }
            (ReturnScope::Lines(wishes), _) if !redemption.lines().is_empty() => {
                Paid { redemption, earlier: &earlier, come_back }.back(wishes, None, left, before)
            }
            (ReturnScope::LinesFor(wishes, points), _) if !redemption.lines().is_empty() => {
                Paid { redemption, earlier: &earlier, come_back }.back(
                    wishes,
                    Some(*points),
                    left,
                    before,
                )
            }
            (ReturnScope::LinesFor(_, points), Some(_)) => within(*points),
            (ReturnScope::Lines(_), Some(come_back)) => {
                let upto = spread(redemption, come_back, left, before)?;
                Ok(whole((upto - before).clamp(0, left)))
            }
            (ReturnScope::Lines(wishes) | ReturnScope::LinesFor(wishes, _), None) => {
                let line = wishes.first().map(|(line, _)| line.clone()).unwrap_or_default();
                Err(Refusal::UnknownLine { line })
            }
        }
    }
}

/// How many points of a redemption that named no lines have come back by now.
fn spread(
    redemption: &Redemption,
    come_back: &Return<'_>,
    left: i64,
    before: i64,
) -> Result<i64, Refusal> {
    let spent = -redemption.entry.points;
    if come_back.is_all {
        return Ok(spent);
    }
    let unpriced = come_back.unpriced();
    let (_, goods, all) = come_back.goods;
    if unpriced.is_empty() || (redemption.entry.payment().is_some() && all > 0) {
        return Ok(share(spent, goods, all));
    }
    let units = |name: &&str| come_back.units_of(name).unwrap_or_default();
    match unpriced.as_slice() {
        [line] => {
            let (units, now, all) = units(line);
            Ok(share(spent, (units + now).into(), all.into()))
        }
        _ if unpriced.iter().map(units).all(|(units, now, all)| units + now == all) => Ok(spent),
        _ if unpriced.iter().map(units).all(|(_, now, _)| now == 0) => Ok(before),
        // Nobody knows which of them cost how many.
        _ => Err(Refusal::PointsNeeded { left }),
    }
}

/// A redemption that names the lines it paid.
struct Paid<'a> {
    redemption: &'a Redemption,
    earlier: &'a [&'a Reversal],
    come_back: Option<&'a Return<'a>>,
}

impl Paid<'_> {
    /// What these units give back, or so many points instead.
    fn back(
        &self,
        wishes: &[(String, i64)],
        points: Option<i64>,
        left: i64,
        before: i64,
    ) -> Result<GivenBack, Refusal> {
        let mut lines = Vec::new();
        for (name, wished) in wishes {
            let is_earned =
                self.come_back.is_some_and(|come_back| come_back.units_of(name).is_some());
            match self.redemption.lines().iter().position(|line| line.line == *name) {
                Some(at) => lines.push(self.line(at, *wished)?),
                None if is_earned => {}
                None => return Err(Refusal::UnknownLine { line: name.clone() }),
            }
        }
        let mut most = points.unwrap_or(left).min(left);
        for (line, _) in &mut lines {
            line.points = line.points.min(most);
            most -= line.points;
        }
        // More than falls to these units is still the points of these lines.
        for (line, left_of_line) in lines.iter_mut().filter(|_| points.is_some()) {
            let more = (*left_of_line - line.points).clamp(0, most);
            line.points += more;
            most -= more;
        }
        let sum: i64 = lines.iter().map(|(line, _)| line.points).sum();
        if points.is_some_and(|points| points > sum) {
            return Err(Refusal::MoreThanLeft { line: None, left: sum });
        }
        Ok(GivenBack {
            before,
            points: sum,
            lines: lines.into_iter().map(|(line, _)| line).collect(),
        })
    }

    /// Units of the line at that place, and how many points are left of it.
    fn line(&self, at: usize, wished: i64) -> Result<(LineReturn, i64), Refusal> {
        let (entry, lines) = (&self.redemption.entry, self.redemption.lines());
        let weight = |line: &LineAward| line.granted.saturating_neg();
        let upto = |count: usize| lines.iter().take(count).map(weight).fold(0, i64::saturating_add);
        let (spent, total) = (-entry.points, upto(lines.len()));
        // A capture may have spent less than was set aside.
        let paid = running(spent, total, upto(at), upto(at + 1) - upto(at));
        let name = lines.get(at).map(|line| line.line.clone()).unwrap_or_default();
        let own = || {
            self.earlier
                .iter()
                .flat_map(|reversal| &reversal.lines)
                .filter(|line| line.line == name)
        };
        let left = paid - own().map(|line| line.points).sum::<i64>();
        let (units, all) = match self.come_back.and_then(|come_back| come_back.units_of(&name)) {
            Some((units, _, all)) => (units, all),
            None => {
                let units = own().map(|line| line.quantity).sum();
                (units, lines.get(at).map_or(0, |line| line.quantity))
            }
        };
        if wished > all - units {
            return Err(Refusal::MoreThanLeft { line: Some(name), left: all - units });
        }
        let points = if units + wished == all {
            left
        } else {
            running(paid, all, units, wished).clamp(0, left)
        };
        Ok((LineReturn { line: name, quantity: wished, amount_minor: 0, points }, left))
    }
}
