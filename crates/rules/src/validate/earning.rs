//! Rules with conditions: each condition is read here, or found among those that were read before.

use chrono::NaiveDate;
use ledger::day_number;

use super::{Check, MAX_POINTS, escape};
use crate::condition::{Condition, Field, Scope, to_cel};
use crate::document::{Budget, Document, EarningRule, RuleAward, RuleCap};
use crate::earning::{Rule, Wants};

const MAX_RULES: usize = 200;

impl Check<'_> {
    /// The condition with that text.
    pub(super) fn condition(
        &mut self,
        pointer: &str,
        scope: Scope,
        text: Option<&String>,
    ) -> Option<Condition> {
        let text = text?;
        match (self.read)(text, scope) {
            Ok(condition) => {
                self.conditions.insert(scope, text, condition.clone());
                Some(condition)
            }
            Err(detail) => {
                self.problem(pointer, &detail);
                None
            }
        }
    }

    pub(super) fn rules(&mut self, document: &Document) -> Vec<Rule> {
        if document.rules.len() > MAX_RULES {
            self.problem("/rules", "must be at most 200 rules");
        }
        for name in document.groups.keys() {
            self.name(&format!("/groups/{}", escape(name)), name);
        }
        let mut rules = Vec::new();
        for (index, rule) in document.rules.iter().enumerate().take(MAX_RULES) {
            if document.rules.iter().take(index).any(|other| other.id == rule.id) {
                self.problem(&format!("/rules/{index}/id"), "is the name of another rule");
            }
            rules.push(self.rule(&format!("/rules/{index}"), rule, document));
        }
        rules
    }

    fn rule(&mut self, at: &str, rule: &EarningRule, document: &Document) -> Rule {
        self.name(&format!("{at}/id"), &rule.id);
        let is_purchase = rule.event == "purchase";
        if !is_purchase && !document.actions.contains_key(&rule.event) {
            self.problem(&format!("{at}/event"), "must be purchase or the name of an action");
        }
        let days = (
            self.day(&format!("{at}/from"), rule.from.as_ref(), i32::MIN),
            self.day(&format!("{at}/until"), rule.until.as_ref(), i32::MAX),
        );
        if days.0 > days.1 {
            self.problem(&format!("{at}/until"), "is before the first day");
        }
        let mut when: Vec<Condition> = self
            .condition(&format!("{at}/when"), Scope::Event, rule.when.as_ref())
            .into_iter()
            .collect();
        match to_cel(&rule.conditions) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => {
                when.extend(self.condition(&format!("{at}/conditions"), Scope::Event, Some(&text)))
            }
            Err(problems) => {
                for (row, field, detail) in problems {
                    self.problem(&format!("{at}/conditions/{row}/{field}"), &detail);
                }
            }
        }
        if rule.lines.is_some() && !is_purchase {
            self.problem(&format!("{at}/lines"), "only purchases have lines");
        }
        let lines = self.condition(&format!("{at}/lines"), Scope::Line, rule.lines.as_ref());
        self.points(&format!("{at}/growth"), rule.growth);
        if let Some(coupon) = &rule.coupon {
            self.coupon_name(&format!("{at}/coupon"), coupon, document);
        }
        self.limit(&format!("{at}/limit"), rule.limit);
        self.caps(at, &rule.caps);
        let award = self.award(&format!("{at}/award"), &rule.award, is_purchase);
        let group = rule.group.as_ref().and_then(|name| match document.groups.get(name) {
            Some(stacking) => Some((name.clone(), *stacking)),
            None => {
                self.problem(&format!("{at}/group"), "names no group of /groups");
                None
            }
        });
        let own = match rule.event.as_str() {
            "purchase" => Some((document.purchase.expiry.as_str(), document.purchase.pending)),
            action => {
                document.actions.get(action).map(|action| (action.expiry.as_str(), action.pending))
            }
        };
        let life = (rule.expiry.is_some() || rule.pending.is_some()).then(|| {
            let expiry = match (&rule.expiry, own) {
                (Some(name), _) => self.policy(&format!("{at}/expiry"), name),
                (None, own) => self
                    .policies
                    .get(own.map_or("", |(name, _)| name))
                    .cloned()
                    .unwrap_or(ledger::ExpiryPolicy::Never),
            };
            (
                expiry,
                self.availability(
                    &format!("{at}/pending"),
                    rule.pending.or(own.and_then(|(_, pending)| pending)),
                ),
            )
        });
        Rule {
            id: rule.id.clone(),
            event: rule.event.clone(),
            days,
            counts_streak: when
                .iter()
                .chain(&lines)
                .any(|asked| asked.asks_for(Field::EventStreakDays)),
            when,
            lines,
            award,
            growth: rule.growth,
            coupon: rule.coupon.clone(),
            limit: rule.limit,
            caps: rule.caps.clone(),
            life,
            group,
            priority: rule.priority,
        }
    }

    fn day(&mut self, pointer: &str, text: Option<&String>, absent: i32) -> i32 {
        let Some(text) = text else { return absent };
        let date = date_of(text);
        date.map_or_else(
            || {
                self.problem(pointer, "must be a day, YYYY-MM-DD");
                absent
            },
            day_number,
        )
    }

    fn caps(&mut self, at: &str, caps: &[RuleCap]) {
        for (index, cap) in caps.iter().enumerate() {
            let at = format!("{at}/caps/{index}");
            self.points(&format!("{at}/points"), cap.points);
            if caps.iter().take(index).any(|other| (other.of, other.per) == (cap.of, cap.per)) {
                self.problem(&at, "is the second for the same and this period");
            }
        }
        if caps.len() > 10 {
            self.problem(&format!("{at}/caps"), "must be at most 10");
        }
    }

    fn award(&mut self, at: &str, award: &RuleAward, is_purchase: bool) -> Wants {
        let needs_lines = matches!(
            award,
            RuleAward::Rate { .. } | RuleAward::Each { .. } | RuleAward::Brackets { .. }
        );
        if needs_lines && !is_purchase {
            self.problem(&format!("{at}/kind"), "an action awards fixed points or a multiplier");
        }
        match award {
            RuleAward::Rate { points_per_unit } => {
                Wants::Rate(self.rate(&format!("{at}/points_per_unit"), points_per_unit))
            }
            RuleAward::Fixed { points } => {
                self.points(&format!("{at}/points"), *points);
                Wants::Fixed(*points)
            }
            RuleAward::Each { points } => {
                self.points(&format!("{at}/points"), *points);
                Wants::Each(*points)
            }
            RuleAward::Multiplier { times } => {
                let rate = self.rate(&format!("{at}/times"), times);
                if rate < ledger::Rate::ONE || rate.millionths() > 1_000_000_000 {
                    self.problem(&format!("{at}/times"), "must be 1 to 1000");
                }
                Wants::Multiplier(rate)
            }
            RuleAward::Brackets { brackets } => {
                if brackets.is_empty() || brackets.len() > 20 {
                    self.problem(&format!("{at}/brackets"), "must be 1 to 20 brackets");
                }
                let mut read: Vec<(i64, ledger::Rate)> = Vec::new();
                for (index, bracket) in brackets.iter().enumerate() {
                    let at = format!("{at}/brackets/{index}");
                    let is_above = read
                        .last()
                        .map_or(bracket.from_minor >= 0, |(below, _)| bracket.from_minor > *below);
                    if !is_above {
                        self.problem(
                            &format!("{at}/from_minor"),
                            "must be more than that of the bracket before, and not negative",
                        );
                    }
                    read.push((
                        bracket.from_minor,
                        self.rate(&format!("{at}/points_per_unit"), &bracket.points_per_unit),
                    ));
                }
                Wants::Brackets(read)
            }
        }
    }

    pub(super) fn budget(&mut self, budget: Option<Budget>) {
        let Some(budget) = budget else { return };
        // A budget is for all members, so it may be larger than what one of them can get.
        if !(0..=MAX_POINTS * 1_000_000).contains(&budget.points) {
            self.problem("/caps/budget/points", "must be 0 to 1000000000000000");
        }
        if !(1..=100).contains(&budget.red_line_percent) {
            self.problem("/caps/budget/red_line_percent", "must be 1 to 100");
        }
    }
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
