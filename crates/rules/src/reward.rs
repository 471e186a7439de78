//! The catalogue: what a reward costs and which members may have it.
//!
//! A reward is a document of its own beside the rulebook, as its stock and its offer change from
//! day to day.

use std::collections::BTreeMap;

use ledger::{Tally, Timestamp};
use serde::{Deserialize, Serialize};

use crate::document::{Limit, Problem};
use crate::prior_records::PriorRecords;

/// The most points, minor units or pieces that a reward may name.
const MAX: i64 = 1_000_000_000;

/// Something that members can spend points on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reward {
    /// Its name, for people.
    pub name: String,
    /// More words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it is.
    #[serde(default)]
    pub kind: RewardKind,
    /// Points for one, at least 1.
    pub points: i64,
    /// Points for one, for members of these levels, by their ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub points_by_tier: BTreeMap<String, i64>,
    /// What one costs in money beside the points, in minor units. Told, not charged.
    #[serde(default)]
    pub cash_minor: i64,
    /// How many there are, those taken included; without it, any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<i64>,
    /// How many a member may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// From when on it can be had, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// From when on it can no longer be had, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The tiers that may have it; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<String>,
    /// The rulebook's kind of coupon that it is, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
    /// Pools that strategies recommend from, by their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<String>,
    /// Whether it is offered.
    #[serde(default = "yes")]
    pub offered: bool,
}

/// Pools of a reward, at most.
const MAX_POOLS: usize = 10;

fn yes() -> bool {
    true
}

/// What a reward is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RewardKind {
    /// A thing.
    #[default]
    Goods,
    /// Something that is done for the member.
    Service,
    /// A coupon of the rulebook.
    Coupon,
}

impl Reward {
    /// Whether members may get more for their points, or something else, than by what is in the
    /// catalogue now. What is not offered gives nothing.
    #[must_use]
    pub fn gives_more_than(&self, before: Option<&Self>) -> bool {
        if !self.offered {
            return false;
        }
        let Some(before) = before.filter(|before| before.offered) else { return true };
        let at = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse);
        let is_same =
            self.kind == before.kind && self.coupon == before.coupon && self.name == before.name;
        let mut tiers = self.points_by_tier.keys().chain(before.points_by_tier.keys());
        let is_as_dear = self.points >= before.points
            && tiers.all(|tier| self.price(Some(tier)) >= before.price(Some(tier)))
            && self.cash_minor >= before.cash_minor;
        let has_no_more =
            before.stock.is_none_or(|most| self.stock.is_some_and(|stock| stock <= most));
        let is_as_limited = before.limit.is_none() || self.limit == before.limit;
        let begins_no_earlier = at(&self.from) >= at(&before.from);
        let ends_no_later = before.until.is_none()
            || at(&self.until).is_some_and(|end| Some(end) <= at(&before.until));
        let is_for_no_others = before.tiers.is_empty()
            || (!self.tiers.is_empty()
                && self.tiers.iter().all(|tier| before.tiers.contains(tier)));
        !(is_same
            && is_as_dear
            && has_no_more
            && is_as_limited
            && begins_no_earlier
            && ends_no_later
            && is_for_no_others)
    }

    /// Every value that is wrong, each with a JSON pointer to its place.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |is_wrong: bool, pointer: &str, detail: &str| {
            if is_wrong {
                problems.push(Problem { pointer: pointer.to_owned(), detail: detail.to_owned() });
            }
        };
        let is_text = |text: &str, most: usize| {
            let length = text.chars().count();
            (1..=most).contains(&length) && !text.chars().any(char::is_control)
        };
        wrong(
            !is_text(&self.name, 100),
            "/name",
            "must have 1 to 100 characters and no control characters",
        );
        let describes = self.description.as_ref().is_none_or(|text| is_text(text, 1_000));
        wrong(
            !describes,
            "/description",
            "must have 1 to 1000 characters and no control characters",
        );
        wrong(!(1..=MAX).contains(&self.points), "/points", "must be 1 to 1000000000");
        let is_price = |points: &i64| (1..=MAX).contains(points);
        wrong(
            self.points_by_tier.len() > 20 || !self.points_by_tier.values().all(is_price),
            "/points_by_tier",
            "must be at most 20 levels, each with 1 to 1000000000",
        );
        wrong(!(0..=MAX).contains(&self.cash_minor), "/cash_minor", "must be 0 to 1000000000");
        wrong(
            self.stock.is_some_and(|stock| !(0..=MAX).contains(&stock)),
            "/stock",
            "must be 0 to 1000000000",
        );
        let is_limit = |limit: Limit| (1..=1_000_000).contains(&limit.times);
        wrong(!self.limit.is_none_or(is_limit), "/limit/times", "must be 1 to 1000000");
        for (pointer, at) in [("/from", &self.from), ("/until", &self.until)] {
            let is_instant = at.as_ref().is_none_or(|text| Timestamp::parse(text).is_some());
            wrong(
                !is_instant,
                pointer,
                "must be RFC 3339 with an offset, such as 2026-01-31T10:00:00+08:00",
            );
        }
        wrong(self.tiers.len() > 20, "/tiers", "must be at most 20");
        let is_pool = |name: &String| {
            let holds = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            (1..=40).contains(&name.len()) && name.bytes().all(holds)
        };
        wrong(
            self.pools.len() > MAX_POOLS || !self.pools.iter().all(is_pool),
            "/pools",
            "must be at most 10 names of 1 to 40 characters: a to z, 0 to 9 and _",
        );
        let has_coupon = (self.kind == RewardKind::Coupon) == self.coupon.is_some();
        wrong(
            !has_coupon,
            "/coupon",
            "names the kind of coupon when kind is coupon, and nothing otherwise",
        );
        problems
    }

    /// Points for one, for members of a level.
    #[must_use]
    pub fn price(&self, tier: Option<&str>) -> i64 {
        tier.and_then(|tier| self.points_by_tier.get(tier)).copied().unwrap_or(self.points)
    }

    /// Whether it can be had at an instant, as long as there are any.
    #[must_use]
    pub fn is_offered(&self, now: Timestamp) -> bool {
        let at = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse);
        self.offered
            && at(&self.from).is_none_or(|from| from <= now)
            && at(&self.until).is_none_or(|until| now < until)
    }
}

/// The name that a reward's stock is counted under.
#[must_use]
pub fn stock_subject(reward: &str) -> String {
    format!("reward:{reward}")
}

/// How many of a reward were taken, by what was loaded.
#[must_use]
pub(crate) fn taken_before(reward: &str, recorded: &PriorRecords) -> i64 {
    let subject = stock_subject(reward);
    let taken =
        recorded.tallies.iter().find(|counted| counted.subject == subject && counted.name == TAKEN);
    taken.map_or(0, |counted| counted.amount)
}

/// What is counted of a reward.
pub(crate) const TAKEN: &str = "taken";

/// How many are taken of (or, negative, given back to) a stock.
pub(crate) fn stock(reward: &str, quantity: i64, most: Option<i64>) -> Tally {
    let (subject, name) = (stock_subject(reward), TAKEN.to_owned());
    Tally { subject, name, period: 0, keep_from: 0, amount: quantity, most }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gives_more() {
        let mug = || -> Reward {
            let text = r#"{"name": "Mug", "points": 30, "cash_minor": 990, "stock": 3, "tiers": ["gold", "silver"],
                "from": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z", "limit": {"times": 1, "per": "day"}}"#;
            serde_json::from_str(text).unwrap()
        };
        type Change = fn(&mut Reward);
        let less: [(&str, Change); 10] = [
            ("nothing", |_| {}),
            ("dearer", |r| r.points = 31),
            ("dearer for a level", |r| r.points_by_tier = [("gold".into(), 31)].into()),
            ("more cash", |r| r.cash_minor = 991),
            ("fewer", |r| r.stock = Some(2)),
            ("for fewer", |r| r.tiers = vec!["gold".into()]),
            ("later", |r| r.from = Some("2026-01-01T01:00:00+01:00".into())),
            ("shorter", |r| r.until = Some("2026-01-31T00:00:00Z".into())),
            ("words", |r| r.description = Some("white".into())),
            ("withdrawn, whatever else", |r| (r.offered, r.points) = (false, 1)),
        ];
        let more: [(&str, Change); 12] = [
            ("cheaper", |r| r.points = 29),
            ("cheaper for a level", |r| r.points_by_tier = [("gold".into(), 29)].into()),
            ("less cash", |r| r.cash_minor = 0),
            ("more of it", |r| r.stock = Some(4)),
            ("any number", |r| r.stock = None),
            ("for others", |r| r.tiers.push("member".into())),
            ("for all", |r| r.tiers.clear()),
            ("earlier", |r| r.from = None),
            ("longer", |r| r.until = None),
            ("as often as they like", |r| r.limit = None),
            ("something else", |r| r.name = "Phone".into()),
            ("a coupon", |r| (r.kind, r.coupon) = (RewardKind::Coupon, Some("ten".into()))),
        ];
        for (cases, gives) in [(less.as_slice(), false), (more.as_slice(), true)] {
            for (name, change) in cases {
                let mut next = mug();
                change(&mut next);
                assert_eq!(next.gives_more_than(Some(&mug())), gives, "{name}");
            }
        }
        let dear_for_gold = Reward { points_by_tier: [("gold".into(), 40)].into(), ..mug() };
        assert!(mug().gives_more_than(Some(&dear_for_gold)), "gold pays less than before");
        assert!(mug().gives_more_than(None));
        assert!(mug().gives_more_than(Some(&Reward { offered: false, ..mug() })), "offered again");
        assert!(!Reward { offered: false, ..mug() }.gives_more_than(None));
    }
}
