//! Points are spent on something from the catalogue.

use ledger::{
    EntryId, Journal, Member, MemberId, Redeemed, Refusal, RewardTaken, Spend, Stop, What, spend,
};

use crate::case::Case;
use crate::coupon::Issue;
use crate::limits::Limits;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};
use crate::reward::{stock, stock_subject, taken_before};
use crate::tiers;

/// Spend points on something from the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedeemReward {
    /// The reward.
    pub reward: String,
    /// How many, at least 1.
    pub quantity: i64,
}

impl Operation for RedeemReward {
    fn name(&self) -> &'static str {
        "redeem_reward"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs {
            subjects: vec![stock_subject(&self.reward)],
            reward: Some(self.reward.clone()),
            ..Needs::lots(Lots::First(64))
        }
    }

    fn guards(&self) -> Guards {
        Guards::SPENDING
    }

    fn allows(&self, case: &Case<'_>, _: &Member) -> Result<(), Refusal> {
        case.recorded.reward.as_ref().map(drop).ok_or(Refusal::RewardNotFound)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| spend_on_reward(journal, case, &self.reward, self.quantity))
    }
}

/// Spends points on a reward when the member may have it and it is there.
fn spend_on_reward(
    journal: &mut Journal,
    case: &Case<'_>,
    id: &str,
    quantity: i64,
) -> Result<EntryId, Stop> {
    let wish = wish(journal, case, id, quantity)?;
    let extends = case.book.extended(journal.member(), journal.now(), journal.now())?;
    spend(journal, Spend { extends, ..wish }, case.origin.clone())
}

fn wish(journal: &Journal, case: &Case<'_>, id: &str, quantity: i64) -> Result<Spend, Refusal> {
    let Case { book, recorded, .. } = case;
    let (member, now) = (journal.member(), journal.now());
    let (version, reward) = recorded.reward.as_ref().ok_or(Refusal::RewardNotFound)?;
    if !reward.is_offered(now) {
        return Err(Refusal::RewardUnavailable);
    }
    let tier = tiers::level(book, member).map(|level| &level.id);
    if !reward.tiers.is_empty() && !tier.is_some_and(|tier| reward.tiers.contains(tier)) {
        return Err(Refusal::TierRequired { tiers: reward.tiers.clone() });
    }
    let left = reward.stock.map(|stock| stock.saturating_sub(taken_before(id, recorded)).max(0));
    if let Some(left) = left.filter(|left| quantity > *left) {
        return Err(Refusal::OutOfStock { left });
    }
    let mut limits = Limits::new(book, member, now, now);
    if let Some(limit) = reward.limit {
        limits.allow_several(&format!("reward:{id}"), limit, quantity)?;
    }
    let (counts, _) = limits.into_counts(0, &[]);
    let coupons = match &reward.coupon {
        None => Vec::new(),
        Some(name) => {
            let issue: Issue = book.coupon(name, now).ok_or(Refusal::RewardUnavailable)?;
            (0..quantity.min(1_000)).map(|_| issue.clone()).collect()
        }
    };
    let of_all = |one: i64| one.checked_mul(quantity).ok_or(Refusal::AmountOutOfRange);
    let taken = RewardTaken {
        reward: id.to_owned(),
        version: *version,
        quantity,
        cash_minor: of_all(reward.cash_minor)?,
    };
    Ok(Spend {
        on: What::Redeem(Redeemed { reward: Some(taken), ..Redeemed::default() }),
        points: of_all(reward.price(tier.map(String::as_str)))?,
        first_in_first_out: book.first_in_first_out(),
        extends: Vec::new(),
        counts,
        tallies: vec![stock(id, quantity, reward.stock)],
        coupons,
    })
}
