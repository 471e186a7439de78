//! A member as conditions ask for it: facts on a local day, with what the ledger's profile tells.

use std::collections::BTreeMap;

use ledger::Timestamp;
use rules::{AskedMember, MemberField};

use crate::facts::Facts;
use crate::rfm::{Cuts, Measures, Scores, WINDOW_DAYS};
use crate::today::Today;

/// The days since what never was, and until what never is.
const NEVER: i64 = 36_600;

/// A member at an instant.
#[derive(Debug)]
pub struct Customer<'a> {
    /// The member's id.
    pub id: &'a str,
    /// When the member joined; `None` where nobody asks.
    pub joined_at: Option<Timestamp>,
    /// What the merchant told.
    pub attributes: &'a BTreeMap<String, String>,
    /// What is known beyond points.
    pub facts: &'a Facts,
    /// Paths of the member's tags.
    pub tags: Vec<&'a str>,
    /// The home store; empty when not told.
    pub home_store: &'a str,
    /// The cuts in force; before the first ones no member has a group.
    pub cuts: Option<&'a Cuts>,
    /// The instant.
    pub now: Timestamp,
    /// Its local day.
    pub today: Today,
}

impl Customer<'_> {
    /// The scores; before the first cuts all are 1.
    #[must_use]
    pub fn scores(&self) -> Scores {
        let measures = Measures::of(self.facts, self.today);
        self.cuts.map_or(Scores { r: 1, f: 1, m: 1 }, |cuts| cuts.scores(measures))
    }

    fn group(&self) -> &'static str {
        match (self.cuts, Measures::of(self.facts, self.today)) {
            (Some(cuts), Some(of)) => cuts.group(cuts.scores(Some(of))).as_str(),
            _ => "",
        }
    }
}

impl AskedMember for Customer<'_> {
    fn today(&self) -> i32 {
        self.today.day
    }

    fn number(&self, field: &MemberField) -> i64 {
        let (facts, today) = (self.facts, self.today);
        match field {
            MemberField::Orders(days) => facts.orders((*days).into(), today),
            MemberField::Spend(days) => facts.spend_minor((*days).into(), today),
            MemberField::AverageOrder => {
                facts.average_order_minor(WINDOW_DAYS, today).unwrap_or_default()
            }
            MemberField::OrdersEver => facts.orders_ever,
            MemberField::DaysSinceOrder => facts.days_since_order(today).unwrap_or(NEVER),
            MemberField::DaysSinceLogin => facts.days_since_login(today).unwrap_or(NEVER),
            MemberField::DaysSinceSeen => facts.days_since_seen(today).unwrap_or(NEVER),
            MemberField::DaysSinceRedeem => facts.days_since_redeem(today).unwrap_or(NEVER),
            MemberField::Days => self.joined_at.map_or(0, |at| today.days_since(at)),
            MemberField::Balance => facts.balance(today),
            MemberField::Expiring(days) => facts.expiring((*days).into(), today),
            MemberField::DaysToExpiry => facts
                .next_expiry(today)
                .map_or(NEVER, |(day, _)| i64::from(day) - i64::from(today.day)),
            MemberField::Redeemed(days) => facts.redeemed((*days).into(), today),
            MemberField::TierDaysLeft => match (facts.tier_at(self.now), facts.tier_until) {
                (Some(_), Some(until)) => {
                    i64::from(today.day_of(until.plus_ms(-1))) - i64::from(today.day)
                }
                _ => NEVER,
            },
            MemberField::TierMissing => facts.next_tier.as_ref().map_or(0, |next| next.missing),
            MemberField::CategoryShare(category) => {
                facts.category_percent(category, WINDOW_DAYS, today)
            }
            MemberField::Recency => self.scores().r.into(),
            MemberField::Frequency => self.scores().f.into(),
            MemberField::Money => self.scores().m.into(),
            // These are texts, lists, or read from the birthday.
            MemberField::Id
            | MemberField::Tier
            | MemberField::HomeStore
            | MemberField::Group
            | MemberField::Tags
            | MemberField::Age
            | MemberField::BirthMonth
            | MemberField::BirthDay => 0,
        }
    }

    fn text(&self, field: &MemberField) -> &str {
        match field {
            MemberField::Id => self.id,
            MemberField::Tier => self.facts.tier_at(self.now).unwrap_or_default(),
            MemberField::HomeStore => self.home_store,
            MemberField::Group => self.group(),
            _ => "",
        }
    }

    fn tags(&self) -> Vec<&str> {
        let told = self.attribute("tags").unwrap_or_default();
        let told = told.split(',').map(str::trim).filter(|tag| !tag.is_empty());
        self.tags.iter().copied().chain(told).collect()
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Day, NextTier};
    use rules::compile_member;

    #[test]
    fn each_field_is_read_from_the_facts() {
        let today = Today { day: 100, zone: "Asia/Shanghai".parse().unwrap() };
        let at = |day: i64, hour: i64| Some(Timestamp(((day * 24) + hour - 8) * 3_600_000));
        let facts = Facts {
            orders_ever: 7,
            spend_ever_minor: 9_000,
            last_order_at: at(90, 12),
            last_redeem_at: at(98, 1),
            last_login_at: at(100, 1),
            days: vec![
                Day { day: 20, orders: 2, spend_minor: 4_000, redeemed: 0 },
                Day { day: 90, orders: 3, spend_minor: 1_000, redeemed: 50 },
            ],
            categories: [("digital".to_owned(), vec![(20, 2_000)])].into(),
            points: 500,
            ends: vec![(107, 10), (108, 20), (150, 40)],
            tier: Some("gold".into()),
            tier_until: at(116, 0),
            next_tier: Some(NextTier { id: "top".into(), basis: "spend".into(), missing: 88 }),
            ..Facts::default()
        };
        let told = |tags: &str| BTreeMap::from([("tags".to_owned(), tags.to_owned())]);
        let attributes = told("vip, ,new");
        let cuts = Cuts {
            days: [1, 9, 10, 40],
            orders: [0, 1, 2, 3],
            spend_minor: [0, 0, 5_000, 6_000],
            members: 10,
            sums: [30, 30, 30],
        };
        let member = Customer {
            id: "m-1",
            joined_at: at(0, 9),
            attributes: &attributes,
            facts: &facts,
            tags: vec!["value/high"],
            home_store: "s-1",
            cuts: Some(&cuts),
            now: at(100, 12).unwrap(),
            today,
        };
        let without = Customer {
            facts: &Facts::default(),
            attributes: &BTreeMap::new(),
            tags: vec![],
            joined_at: None,
            home_store: "",
            cuts: None,
            ..Customer { ..member_copy(&member) }
        };
        for (field, value, none) in [
            ("member.orders_30", 3, 0),
            ("member.orders_90", 5, 0),
            ("member.orders_365", 5, 0),
            ("member.orders", 7, 0),
            ("member.spend_90", 5_000, 0),
            ("member.average_order_365", 1_000, 0),
            ("member.days_since_order", 10, NEVER),
            ("member.days_since_login", 0, NEVER),
            ("member.days_since_seen", NEVER, NEVER),
            ("member.days_since_redeem", 2, NEVER),
            ("member.days", 100, 0),
            ("member.balance", 500, 0),
            ("member.expiring_7", 10, 0),
            ("member.expiring_15", 30, 0),
            ("member.expiring_60", 70, 0),
            ("member.days_to_expiry", 7, NEVER),
            ("member.redeemed_90", 50, 0),
            ("member.tier_days_left", 15, NEVER),
            ("member.tier_missing", 88, 0),
            ("member.category_share[\"digital\"]", 40, 0),
            ("size(member.tags)", 3, 0),
            ("rfm.r", 3, 1),
            ("rfm.f", 5, 1),
            ("rfm.m", 3, 1),
        ] {
            let is = |value| compile_member(&format!("{field} == {value}")).unwrap();
            assert!(is(value).holds(&member), "{field}");
            assert!(is(none).holds(&without), "{field} of nobody");
        }
        for (text, holds) in [
            (
                "member.id == \"m-1\" && member.tier == \"gold\" && member.home_store == \"s-1\"",
                true,
            ),
            ("\"value/high\" in member.tags && \"new\" in member.tags", true),
            ("rfm.group == \"general_keep\"", true),
        ] {
            assert_eq!(compile_member(text).unwrap().holds(&member), holds, "{text}");
        }
        assert!(
            compile_member("rfm.group == \"\" && member.tier == \"\"").unwrap().holds(&without)
        );
    }

    fn member_copy<'a>(member: &Customer<'a>) -> Customer<'a> {
        Customer { tags: member.tags.clone(), ..*member }
    }
}
