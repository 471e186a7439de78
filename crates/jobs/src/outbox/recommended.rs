//! Rewards that a message shows.

use std::collections::HashSet;

use ledger::Timestamp;
use reach::Today;
use reach::playbook::Recommend;
use store::{Error, ListedBehaviour, Offer, Sql, list_behaviour};
use templates::Reward;

use super::Outbox;
use super::asked::Asked;
use super::opened::Opened;
use crate::Messaging;

/// The last events of a member that are looked at.
const EVENTS: i64 = 200;

impl<L: Sql, R: Sql, M: AsyncFn(i64) -> Result<Messaging, Error>> Outbox<'_, '_, L, R, M> {
    /// The rewards that a strategy recommends to a member: of those that the member may have and
    /// can pay now, in the order of the sources. Of a member who wants no offers that are based on
    /// what is known, behaviour is not asked.
    pub(super) async fn recommended(
        &self,
        opened: &Opened,
        asked: &Asked,
        (recommend, is_personalised): (&Recommend, bool),
        now: Timestamp,
    ) -> Result<Vec<Reward>, Error> {
        let offers = opened.rewards(self.ledger).await?;
        let balance = asked.facts.balance(Today::at(now, opened.zone()));
        let tier = asked.facts.tier_at(now);
        let may_have = |offer: &&Offer| {
            let reward = &offer.reward;
            let price = reward.price(tier);
            reward.is_offered(now)
                && reward.stock.is_none_or(|stock| offer.taken < stock)
                && (reward.tiers.is_empty()
                    || tier.is_some_and(|tier| reward.tiers.iter().any(|of| of == tier)))
                && price <= balance
                && recommend.points_at_least.is_none_or(|least| price >= least)
                && recommend.points_at_most.is_none_or(|most| price <= most)
                && (!recommend.with_cash || reward.cash_minor > 0)
        };
        let mut possible: Vec<&Offer> = offers.iter().filter(may_have).collect();
        // What is taken most stands first; of equals, the order of ids.
        possible.sort_by_key(|offer| std::cmp::Reverse(offer.taken));
        let asks_behaviour = |of: &String| matches!(of.as_str(), "viewed" | "favourited");
        let events = match is_personalised && recommend.from.iter().any(asks_behaviour) {
            true => self.events(asked).await?,
            false => Vec::new(),
        };
        let mut chosen: Vec<&Offer> = Vec::new();
        let mut seen: HashSet<&str> = HashSet::new();
        let most = usize::try_from(recommend.count).unwrap_or(1);
        for source in &recommend.from {
            let of_source: Vec<&Offer> = match source.as_str() {
                "popular" => possible.clone(),
                "viewed" => of_behaviour(&events, "view", &possible),
                "favourited" => of_behaviour(&events, "favourite", &possible),
                pool => {
                    let name = pool.strip_prefix("pool:").unwrap_or(pool);
                    let is_in = |offer: &&&Offer| offer.reward.pools.iter().any(|of| of == name);
                    possible.iter().filter(is_in).copied().collect()
                }
            };
            let room = most.saturating_sub(chosen.len());
            let new = of_source.into_iter().filter(|offer| seen.insert(offer.id.as_str()));
            chosen.extend(new.take(room));
        }
        let shown = |offer: &Offer| Reward {
            name: offer.reward.name.clone(),
            points: offer.reward.price(tier),
            cash_minor: offer.reward.cash_minor,
        };
        Ok(chosen.into_iter().map(shown).collect())
    }

    /// The last events of a member, the last one first.
    async fn events(&self, asked: &Asked) -> Result<Vec<ListedBehaviour>, Error> {
        let (reach, no) = (self.reach, asked.member_no);
        reach
            .with_retries(async || list_behaviour(reach.sql, no, (i64::MAX, ""), EVENTS).await)
            .await
    }
}

/// Rewards that a member's events of a kind are about, in the order of the events.
fn of_behaviour<'o>(
    events: &[ListedBehaviour],
    kind: &str,
    possible: &[&'o Offer],
) -> Vec<&'o Offer> {
    let items = events.iter().filter(|event| event.kind == kind).filter_map(|event| {
        let item = event.item.as_deref()?;
        possible.iter().find(|offer| offer.id == item).copied()
    });
    items.collect()
}
