//! The part of the document that says what tiers there are and what they ask for.

use ledger::Rate;
use serde::{Deserialize, Serialize};

use super::Document;
use super::benefits::Benefit;
use super::check::Check;
use crate::condition::Scope;
use crate::rulebook::{Ladder, Level};

/// The tier ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tiers {
    /// What qualifies.
    pub basis: TierBasis,
    /// Over which period.
    pub period: QualifyingPeriod,
    /// How many orders of the period an average takes before it counts; with the basis
    /// `average_order` alone.
    #[serde(default)]
    pub minimum_orders: Option<u32>,
    /// Which lines of a purchase count towards tiers, in CEL; all when there is none.
    #[serde(default)]
    pub lines: Option<String>,
    /// What happens when a tier ends and was not qualified for again.
    #[serde(default)]
    pub downgrade: Downgrade,
    /// How many days more a tier is kept after its end, within which it can still be qualified for.
    #[serde(default)]
    pub grace_days: u32,
    /// Name of the expiry policy of gift points.
    pub gift_expiry: String,
    /// From the lowest to the highest. The first starts at 0.
    pub levels: Vec<TierLevel>,
}

/// What qualifies for a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TierBasis {
    /// Money spent, in minor units.
    Spend,
    /// Growth.
    Growth,
    /// Number of orders.
    Orders,
    /// Money spent for each order, in minor units, rounded down.
    AverageOrder,
}

/// The period that qualification is summed over, and for which a tier is then kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum QualifyingPeriod {
    /// Everything since joining; a tier is kept for life.
    Lifetime {},
    /// The calendar year; a tier is kept through the end of the next one.
    CalendarYear {},
    /// The current calendar month and those before it; a tier is kept for as many months.
    RollingMonths {
        /// How many months, 1 to 36.
        months: u32,
    },
}

/// What happens when a tier ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Downgrade {
    /// One level down at most.
    #[default]
    OneStep,
    /// To the level that was qualified for.
    ToQualified,
    /// Tiers are never lost.
    Never,
}

/// One level of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TierLevel {
    /// Its name.
    pub id: String,
    /// From which value of the basis on (minor units, growth or orders).
    pub from: i64,
    /// Or from which growth on, in the same period.
    #[serde(default)]
    pub or_growth: Option<i64>,
    /// Multiplies what purchases earn, at least `"1"`.
    #[serde(default = "one")]
    pub multiplier: String,
    /// Points given when the level is reached.
    #[serde(default)]
    pub gift_points: i64,
    /// The kind of coupon given when the level is reached.
    #[serde(default)]
    pub gift_coupon: Option<String>,
    /// What it gives besides points, for tills and shops to apply.
    #[serde(default)]
    pub benefits: Vec<Benefit>,
}

fn one() -> String {
    "1".to_owned()
}

impl Tiers {
    pub(crate) fn check(&self, check: &mut Check<'_>) -> Ladder {
        if let QualifyingPeriod::RollingMonths { months } = self.period
            && !(1..=36).contains(&months)
        {
            check.problem("/tiers/period/months", "must be 1 to 36");
        }
        let minimum_orders = match (self.basis, self.minimum_orders) {
            (TierBasis::AverageOrder, minimum) => minimum.unwrap_or(1),
            (_, None) => 1,
            (_, Some(_)) => {
                check.problem("/tiers/minimum_orders", "is only for the basis average_order");
                1
            }
        };
        if !(1..=1_000).contains(&minimum_orders) {
            check.problem("/tiers/minimum_orders", "must be 1 to 1000");
        }
        if self.levels.is_empty() || self.levels.len() > 20 {
            check.problem("/tiers/levels", "must have 1 to 20 levels");
        }
        let mut before: Option<i64> = None;
        let mut growth_before = 0;
        let mut names: Vec<&str> = Vec::new();
        let mut levels = Vec::new();
        for (index, level) in self.levels.iter().enumerate() {
            let at = format!("/tiers/levels/{index}");
            check.name(&format!("{at}/id"), &level.id);
            if names.contains(&level.id.as_str()) {
                check.problem(&format!("{at}/id"), "is the name of another level");
            }
            match before {
                None if level.from != 0 => {
                    check.problem(&format!("{at}/from"), "the first level must start at 0")
                }
                Some(below) if level.from <= below => {
                    check.problem(&format!("{at}/from"), "must be more than the level below")
                }
                _ => {}
            }
            before = Some(level.from);
            if let Some(growth) = level.or_growth {
                check.points(&format!("{at}/or_growth"), growth);
                if index == 0 || growth <= growth_before {
                    check.problem(
                        &format!("{at}/or_growth"),
                        "must be more than that of the level below, and not on the first",
                    );
                }
                growth_before = growth;
            }
            names.push(&level.id);
            let multiplier = check.rate(&format!("{at}/multiplier"), &level.multiplier);
            if multiplier < Rate::ONE || multiplier.millionths() > 1_000_000_000 {
                check.problem(&format!("{at}/multiplier"), "must be 1 to 1000");
            }
            check.points(&format!("{at}/gift_points"), level.gift_points);
            if level.benefits.len() > 20 {
                check.problem(&format!("{at}/benefits"), "must be at most 20");
            }
            for (place, benefit) in level.benefits.iter().enumerate() {
                benefit.check(&format!("{at}/benefits/{place}"), check);
            }
            let (gift_points, gift_coupon) = (level.gift_points, level.gift_coupon.clone());
            levels.push(Level {
                id: level.id.clone(),
                from: level.from,
                or_growth: level.or_growth,
                multiplier,
                gift_points,
                gift_coupon,
            });
        }
        let gift_expiry = check.policy("/tiers/gift_expiry", &self.gift_expiry);
        let lines = check.condition("/tiers/lines", Scope::Line, self.lines.as_ref());
        if self.grace_days > 366 {
            check.problem("/tiers/grace_days", "must be at most 366");
        }
        let Self { basis, period, downgrade, grace_days, .. } = *self;
        Ladder { basis, minimum_orders, period, lines, downgrade, grace_days, gift_expiry, levels }
    }

    /// The coupons given at levels, which are checked after the kinds of coupons.
    pub(crate) fn check_coupons(&self, check: &mut Check<'_>, document: &Document) {
        for (index, level) in self.levels.iter().enumerate() {
            if let Some(coupon) = &level.gift_coupon {
                check.coupon_name(&format!("/tiers/levels/{index}/gift_coupon"), coupon, document);
            }
        }
    }
}
