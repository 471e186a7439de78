//! The part of the document that tells what else events earn, and when: rules with conditions.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use ledger::day_number;
use serde::{Deserialize, Serialize};

use super::check::{Check, MAX_POINTS, escape};
use super::{Document, Limit, Pending, Per};
use crate::condition::{Condition, Field, PlainCondition, Scope, to_cel};
use crate::earning::{Rule, Wants};

const MAX_RULES: usize = 200;

/// One more reason to be awarded points, beside what the purchase or action earns by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EarningRule {
    /// Its name, which entries show.
    pub id: String,
    /// `purchase`, or an action.
    pub event: String,
    /// The first local day it holds on, `YYYY-MM-DD`.
    #[serde(default)]
    pub from: Option<String>,
    /// The last local day it holds on.
    #[serde(default)]
    pub until: Option<String>,
    /// A condition in CEL.
    #[serde(default)]
    pub when: Option<String>,
    /// Conditions in the plain form; all of them must hold, and `when` as well.
    #[serde(default)]
    pub conditions: Vec<PlainCondition>,
    /// Which lines of a purchase count, in CEL; all that earn when there is none.
    #[serde(default)]
    pub lines: Option<String>,
    /// What it awards.
    pub award: RuleAward,
    /// Growth each time.
    #[serde(default)]
    pub growth: i64,
    /// The kind of coupon that it brings.
    #[serde(default)]
    pub coupon: Option<String>,
    /// How often a member gets it; then it is silent.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// How many points it awards at most.
    #[serde(default)]
    pub caps: Vec<RuleCap>,
    /// Name of the expiry policy, when it is not that of the purchase or action.
    #[serde(default)]
    pub expiry: Option<String>,
    /// The waiting time, when it is not that of the purchase or action.
    #[serde(default)]
    pub pending: Option<Pending>,
    /// The group of rules that it is weighed against.
    #[serde(default)]
    pub group: Option<String>,
    /// Its weight in the group; the highest goes first.
    #[serde(default)]
    pub priority: i64,
}

/// What a rule awards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RuleAward {
    /// Points for the money spent on the lines that count.
    Rate {
        /// Points per major currency unit.
        points_per_unit: String,
    },
    /// Points for the event.
    Fixed {
        /// How many.
        points: i64,
    },
    /// Points for each unit of the lines that count.
    Each {
        /// How many.
        points: i64,
    },
    /// A multiple of what the purchase or action earns by itself.
    Multiplier {
        /// How many times as much, at least `"1"`: `"2"` doubles, by as many points again.
        times: String,
    },
    /// Points for the money spent, at a rate that changes with the sum: each bracket's for what
    /// lies within it.
    Brackets {
        /// From the lowest.
        brackets: Vec<Bracket>,
    },
}

/// A rate for what is spent above some sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Bracket {
    /// The sum it begins at, in minor units.
    pub from_minor: i64,
    /// Points per major currency unit above it.
    pub points_per_unit: String,
}

/// The most points of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleCap {
    /// How many.
    pub points: i64,
    /// In which period.
    pub per: Per,
    /// Whose points are counted together.
    #[serde(default)]
    pub of: CapOf,
}

/// Whose points a cap counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CapOf {
    /// Those of the member.
    #[default]
    Member,
    /// Those of everybody who used the device.
    Device,
    /// Those of all members: a budget.
    Programme,
}

/// What becomes of the rules of a group of which several would fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stacking {
    /// All of them do.
    Sum,
    /// Only the one that awards most.
    BestOf,
    /// Only the one of the highest priority.
    Exclusive,
}

/// The most points that a programme awards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// How many.
    pub points: i64,
    /// In which period.
    pub per: Per,
    /// From which share of it on it counts as nearly spent, in percent.
    #[serde(default = "ninety")]
    pub red_line_percent: i64,
}

/// Caps over all rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// Most points a member is awarded in a local day, gifts aside.
    #[serde(default)]
    pub points_per_day: Option<i64>,
    /// Most points that all members together are awarded, gifts aside.
    #[serde(default)]
    pub budget: Option<Budget>,
}

fn ninety() -> i64 {
    90
}

impl EarningRule {
    /// All rules of the document, in its order.
    pub(crate) fn check_all(check: &mut Check<'_>, document: &Document) -> Vec<Rule> {
        if document.rules.len() > MAX_RULES {
            check.problem("/rules", "must be at most 200 rules");
        }
        for name in document.groups.keys() {
            check.name(&format!("/groups/{}", escape(name)), name);
        }
        let mut rules = Vec::new();
        for (index, rule) in document.rules.iter().enumerate().take(MAX_RULES) {
            if document.rules.iter().take(index).any(|other| other.id == rule.id) {
                check.problem(&format!("/rules/{index}/id"), "is the name of another rule");
            }
            rules.push(rule.check(&format!("/rules/{index}"), check, document));
        }
        rules
    }

    fn check(&self, at: &str, check: &mut Check<'_>, document: &Document) -> Rule {
        check.name(&format!("{at}/id"), &self.id);
        let is_purchase = self.event == "purchase";
        if !is_purchase && !document.actions.contains_key(&self.event) {
            check.problem(&format!("{at}/event"), "must be purchase or the name of an action");
        }
        let days = (
            check_day(check, &format!("{at}/from"), self.from.as_ref(), i32::MIN),
            check_day(check, &format!("{at}/until"), self.until.as_ref(), i32::MAX),
        );
        if days.0 > days.1 {
            check.problem(&format!("{at}/until"), "is before the first day");
        }
        let mut when: Vec<Condition> = check
            .condition(&format!("{at}/when"), Scope::Event, self.when.as_ref())
            .into_iter()
            .collect();
        match to_cel(&self.conditions) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => {
                when.extend(check.condition(&format!("{at}/conditions"), Scope::Event, Some(&text)))
            }
            Err(problems) => {
                for (place, detail) in problems {
                    check.problem(&format!("{at}/conditions{place}"), &detail);
                }
            }
        }
        if self.lines.is_some() && !is_purchase {
            check.problem(&format!("{at}/lines"), "only purchases have lines");
        }
        let lines = check.condition(&format!("{at}/lines"), Scope::Line, self.lines.as_ref());
        check.points(&format!("{at}/growth"), self.growth);
        if let Some(coupon) = &self.coupon {
            check.coupon_name(&format!("{at}/coupon"), coupon, document);
        }
        Limit::check(self.limit, &format!("{at}/limit"), check);
        RuleCap::check(&self.caps, at, check);
        let award = self.award.check(&format!("{at}/award"), check, is_purchase);
        let group = self.group.as_ref().and_then(|name| match document.groups.get(name) {
            Some(stacking) => Some((name.clone(), *stacking)),
            None => {
                check.problem(&format!("{at}/group"), "names no group of /groups");
                None
            }
        });
        let own = match self.event.as_str() {
            "purchase" => Some((document.purchase.expiry.as_str(), document.purchase.pending)),
            action => {
                document.actions.get(action).map(|action| (action.expiry.as_str(), action.pending))
            }
        };
        let life = (self.expiry.is_some() || self.pending.is_some()).then(|| {
            let expiry = match (&self.expiry, own) {
                (Some(name), _) => check.policy(&format!("{at}/expiry"), name),
                (None, own) => check
                    .policies
                    .get(own.map_or("", |(name, _)| name))
                    .cloned()
                    .unwrap_or(ledger::ExpiryPolicy::Never),
            };
            (
                expiry,
                Pending::check(
                    self.pending.or(own.and_then(|(_, pending)| pending)),
                    &format!("{at}/pending"),
                    check,
                ),
            )
        });
        Rule {
            id: self.id.clone(),
            event: self.event.clone(),
            days,
            counts_streak: when
                .iter()
                .chain(&lines)
                .any(|asked| asked.asks_for(Field::EventStreakDays)),
            tags: when
                .iter()
                .chain(&lines)
                .flat_map(Condition::tags)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            when,
            lines,
            award,
            growth: self.growth,
            coupon: self.coupon.clone(),
            limit: self.limit,
            caps: self.caps.clone(),
            life,
            group,
            priority: self.priority,
        }
    }
}

impl RuleCap {
    fn check(caps: &[Self], at: &str, check: &mut Check<'_>) {
        for (index, cap) in caps.iter().enumerate() {
            let at = format!("{at}/caps/{index}");
            check.points(&format!("{at}/points"), cap.points);
            if caps.iter().take(index).any(|other| (other.of, other.per) == (cap.of, cap.per)) {
                check.problem(&at, "is the second for the same and this period");
            }
        }
        if caps.len() > 10 {
            check.problem(&format!("{at}/caps"), "must be at most 10");
        }
    }
}

impl RuleAward {
    fn check(&self, at: &str, check: &mut Check<'_>, is_purchase: bool) -> Wants {
        let needs_lines =
            matches!(self, Self::Rate { .. } | Self::Each { .. } | Self::Brackets { .. });
        if needs_lines && !is_purchase {
            check.problem(&format!("{at}/kind"), "an action awards fixed points or a multiplier");
        }
        match self {
            Self::Rate { points_per_unit } => {
                Wants::Rate(check.rate(&format!("{at}/points_per_unit"), points_per_unit))
            }
            Self::Fixed { points } => {
                check.points(&format!("{at}/points"), *points);
                Wants::Fixed(*points)
            }
            Self::Each { points } => {
                check.points(&format!("{at}/points"), *points);
                Wants::Each(*points)
            }
            Self::Multiplier { times } => {
                let rate = check.rate(&format!("{at}/times"), times);
                if rate < ledger::Rate::ONE || rate.millionths() > 1_000_000_000 {
                    check.problem(&format!("{at}/times"), "must be 1 to 1000");
                }
                Wants::Multiplier(rate)
            }
            Self::Brackets { brackets } => {
                if brackets.is_empty() || brackets.len() > 20 {
                    check.problem(&format!("{at}/brackets"), "must be 1 to 20 brackets");
                }
                let mut read: Vec<(i64, ledger::Rate)> = Vec::new();
                for (index, bracket) in brackets.iter().enumerate() {
                    let at = format!("{at}/brackets/{index}");
                    let is_above = read
                        .last()
                        .map_or(bracket.from_minor >= 0, |(below, _)| bracket.from_minor > *below);
                    if !is_above {
                        check.problem(
                            &format!("{at}/from_minor"),
                            "must be more than that of the bracket before, and not negative",
                        );
                    }
                    read.push((
                        bracket.from_minor,
                        check.rate(&format!("{at}/points_per_unit"), &bracket.points_per_unit),
                    ));
                }
                Wants::Brackets(read)
            }
        }
    }
}

impl Budget {
    pub(crate) fn check(self, check: &mut Check<'_>) {
        // A budget is for all members, so it may be larger than what one of them can get.
        if !(0..=MAX_POINTS * 1_000_000).contains(&self.points) {
            check.problem("/caps/budget/points", "must be 0 to 1000000000000000");
        }
        if !(1..=100).contains(&self.red_line_percent) {
            check.problem("/caps/budget/red_line_percent", "must be 1 to 100");
        }
    }
}

fn check_day(check: &mut Check<'_>, pointer: &str, text: Option<&String>, absent: i32) -> i32 {
    let Some(text) = text else { return absent };
    let date = date_of(text);
    date.map_or_else(
        || {
            check.problem(pointer, "must be a day, YYYY-MM-DD");
            absent
        },
        day_number,
    )
}

/// A day such as `2026-01-31`.
fn date_of(text: &str) -> Option<NaiveDate> {
    let mut parts = text
        .split('-')
        .map(|part| Some(part).filter(|part| part.bytes().all(|b| b.is_ascii_digit())));
    let mut part = |length: usize| {
        parts.next().flatten().filter(|part| part.len() == length)?.parse::<u32>().ok()
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).filter(|_| text.len() == 10)
}
