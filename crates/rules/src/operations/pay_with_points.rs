//! Paying for an order with points: as many as the member wants and has, within what the rulebook
//! takes.

use std::cmp::Reverse;

use ledger::{
    EntryId, Fault, Journal, LotState, MemberId, Money, Origin, PointsPayment, Redeem, Refusal,
    Stop, hold, redeem,
};

use crate::case::Case;
use crate::document::{PointPrice, Redemption};
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};
use crate::tiers;

/// Spend points on an order, as many as the rulebook takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayWithPoints {
    /// What the order comes to, in the programme's currency.
    pub order: Money,
    /// The most points that the member wants to spend, at least 1.
    pub most: Option<i64>,
    /// Sets them aside for so long instead.
    pub minutes: Option<u32>,
}

impl Operation for PayWithPoints {
    fn name(&self) -> &'static str {
        "pay_with_points"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::SPENDING
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| pay(journal, case, self.order, self.most, self.minutes))
    }
}

/// Spends as many points as may be, or sets them aside.
fn pay(
    journal: &mut Journal,
    case: &Case<'_>,
    order: Money,
    wished: Option<i64>,
    minutes: Option<u32>,
) -> Result<EntryId, Stop> {
    let book = case.book;
    let Some(rule) = &book.document.redemption else {
        return Err(Refusal::not_offered("payment").into());
    };
    if order.currency != book.currency {
        return Err(Refusal::CurrencyMismatch { expected: book.currency.to_string() }.into());
    }
    let (member, now) = (journal.member(), journal.now());
    let active = member.lots.iter().filter(|lot| lot.state(now) == LotState::Active);
    let balance: i64 = active.map(|lot| member.free(lot)).fold(0, i64::saturating_add);
    let share = i128::from(order.amount_minor) * i128::from(rule.max_percent) / 100;
    let bound = [wished, Some(balance), rule.max_points].into_iter().flatten().min().unwrap_or(0);
    let tier = tiers::level(book, member).map(|level| level.id.as_str());
    let (points, money) = prices(rule, tier, book.currency.decimals()).taken(rule, bound, share);
    if points < rule.min_points || money == 0 {
        return Err(Refusal::BelowMinimum { points, minimum: rule.min_points }.into());
    }
    let payment = PointsPayment {
        order_minor: order.amount_minor,
        wished,
        money_minor: i64::try_from(money).map_err(|_| Fault::Overflow)?,
    };
    let wish = Redeem { payment: Some(payment), ..book.spend(journal, points)? };
    spend(journal, wish, minutes, case.origin.clone())
}

/// What points are worth to a member: from so many points on, so many of them take so much money
/// off. The last begins with the most points, and is the best.
struct Prices(Vec<(i64, i128, i128)>);

/// The prices of the rulebook for a member of that level.
fn prices(rule: &Redemption, tier: Option<&str>, decimals: u32) -> Prices {
    let mut prices = vec![(1, i128::from(rule.points_per_unit), 10i128.pow(decimals))];
    let is_meant = |price: &&PointPrice| {
        price.tiers.is_empty() || price.tiers.iter().any(|id| Some(id.as_str()) == tier)
    };
    let mut others: Vec<&PointPrice> = rule.prices.iter().filter(is_meant).collect();
    others.sort_by_key(|price| price.from_points);
    for price in others {
        let (points, money) = (i128::from(price.points), i128::from(price.off_minor));
        // A price that is worse than one of fewer points is never asked.
        if prices.last().is_some_and(|(_, of, off)| money * of > off * points) {
            prices.push((price.from_points, points, money));
        }
    }
    Prices(prices)
}

impl Prices {
    /// The points up to `bound`, in steps of the rulebook, that take the most money off, no more
    /// than `share`, and that money; of several the fewest. So no points are taken for nothing,
    /// neither for less than a minor unit nor to come to a better price.
    fn taken(&self, rule: &Redemption, bound: i64, share: i128) -> (i64, i128) {
        let step = i128::from(rule.multiple_of);
        let (mut bound, mut best) = (i128::from(bound), (0, Reverse(0)));
        for (from, points, money) in self.0.iter().rev() {
            let from = i128::from(*from);
            let most = bound.min(share * points / money);
            let most = most - most % step;
            let off = most * money / points;
            let needed = ((off * points + money - 1) / money).max(from);
            let needed = (needed + step - 1) / step * step;
            if most >= from {
                best = best.max((off, Reverse(needed)));
            }
            bound = bound.min(from - 1);
        }
        let (off, Reverse(needed)) = best;
        (if off > 0 { i64::try_from(needed).unwrap_or(i64::MAX) } else { 0 }, off)
    }
}

/// Spends points, or sets them aside.
pub(super) fn spend(
    journal: &mut Journal,
    wish: Redeem,
    minutes: Option<u32>,
    origin: Origin,
) -> Result<EntryId, Stop> {
    match minutes {
        None => redeem(journal, wish, origin),
        Some(minutes) => {
            let until = journal.now().plus_ms(i64::from(minutes) * 60_000);
            hold(journal, wish, until, origin)
        }
    }
}
