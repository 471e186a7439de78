//! Paying for an order with points: as many as the member wants and has, within what the rulebook
//! takes.

use ledger::{
    EntryId, Fault, Journal, LotState, MemberId, Money, Origin, PointsPayment, Redeem, Refusal,
    Stop, hold, redeem,
};

use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};

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
    let major = 10i128.pow(book.currency.decimals());
    let share = i128::from(order.amount_minor) * i128::from(rule.max_percent) / 100;
    let by_share =
        i64::try_from(share * i128::from(rule.points_per_unit) / major).unwrap_or(i64::MAX);
    let most = [wished, Some(balance), Some(by_share), rule.max_points]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(0);
    let most = most - most % rule.multiple_of;
    let (rate, step) = (i128::from(rule.points_per_unit), i128::from(rule.multiple_of));
    let money = i128::from(most) * major / rate;
    // Points that would buy less than a minor unit are not taken.
    let points = (money * rate + major - 1) / major;
    let points = i64::try_from((points + step - 1) / step * step).map_err(|_| Fault::Overflow)?;
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
