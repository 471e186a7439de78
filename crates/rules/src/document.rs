//! The rulebook document, format 1: its fields, their units and defaults.
//!
//! Unknown fields are refused when it is read, so that a typo never becomes a rule that is silently
//! missing. Each part has a file with its shape, its defaults and its check. `compile` calls the
//! checks in the order of the document.

mod approvals;
mod benefits;
pub(crate) mod check;
mod coupons;
mod earning;
mod expiry;
mod grants;
mod members;
mod publication;
mod purchase;
mod redemption;
mod reminders;
mod retention;
mod returns;
mod risk;
mod tiers;
mod transfers;

use std::collections::BTreeMap;

use ledger::{Currency, Rounding, Zone};
use serde::{Deserialize, Serialize};

use crate::condition::{Condition, Conditions};
use crate::rulebook::Rulebook;
use check::{Check, Read, escape};

pub use approvals::{ApprovalStep, ApprovalTotals, Approvals, Multiples};
pub use benefits::{Benefit, BenefitKind};
pub use check::Problem;
pub use coupons::{CouponRule, PurchaseCoupon};
pub use earning::{Bracket, Budget, CapOf, Caps, EarningRule, RuleAward, RuleCap, Stacking};
pub use expiry::{Expiry, RoundUpTo};
pub use grants::{GrantBudget, GrantBudgetOf, GrantRule};
pub use members::Members;
pub use publication::Publication;
pub use purchase::{ActionRule, Limit, Pending, Per, PurchaseRule};
pub use redemption::{PointPrice, Redemption};
pub use reminders::Reminders;
pub use retention::Retention;
pub use returns::{GiftPolicy, Returns, ShortfallPolicy};
pub use risk::{Risk, StepUp, Suspicion, Velocity};
pub use tiers::{Downgrade, QualifyingPeriod, TierBasis, TierLevel, Tiers};
pub use transfers::{Accepted, Exchanges, Transfers};

/// All rules of one programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Version of this shape. Always 1.
    pub format: u32,
    /// ISO 4217 code that all amounts are in.
    pub currency: String,
    /// IANA time zone whose midnights end the days.
    pub time_zone: String,
    /// How the exact sum of points becomes a whole number.
    #[serde(default)]
    pub rounding: RoundingMode,
    /// Whether an earn may register a member that is not known yet.
    #[serde(default)]
    pub enrolment: Enrolment,
    /// How members are named.
    #[serde(default)]
    pub members: Members,
    /// Which points are spent first.
    #[serde(default)]
    pub consumption: Consumption,
    /// How many days late an event may be reported.
    #[serde(default = "seven")]
    pub accept_late_days: u32,
    /// What purchases earn.
    pub purchase: PurchaseRule,
    /// What actions earn, by event name.
    #[serde(default)]
    pub actions: BTreeMap<String, ActionRule>,
    /// What else events earn, and when.
    #[serde(default)]
    pub rules: Vec<EarningRule>,
    /// What becomes of rules that would fire together, by the name of their group.
    #[serde(default)]
    pub groups: BTreeMap<String, Stacking>,
    /// Caps over all rules.
    #[serde(default)]
    pub caps: Caps,
    /// Expiry policies by name; the rules refer to them.
    pub expiry: BTreeMap<String, Expiry>,
    /// The tier ladder.
    #[serde(default)]
    pub tiers: Option<Tiers>,
    /// When members are warned.
    #[serde(default)]
    pub reminders: Reminders,
    /// What becomes of points when goods come back.
    #[serde(default)]
    pub returns: Returns,
    /// The roles that have to approve of adjustments by hand.
    #[serde(default)]
    pub approvals: Approvals,
    /// Which changes of this document somebody else has to approve of.
    #[serde(default)]
    pub publication: Publication,
    /// What looks odd.
    #[serde(default)]
    pub risk: Risk,
    /// Kinds of coupons by name; rules, tiers and rewards refer to them.
    #[serde(default)]
    pub coupons: BTreeMap<String, CouponRule>,
    /// How orders are paid with points; they cannot be when there is none.
    #[serde(default)]
    pub redemption: Option<Redemption>,
    /// What members may give each other; nothing when there is none.
    #[serde(default)]
    pub transfers: Option<Transfers>,
    /// To which charities members may give points, by their names; to none when it is empty.
    #[serde(default)]
    pub donations: BTreeMap<String, Transfers>,
    /// What may be granted to members who did nothing for it, by its name.
    #[serde(default)]
    pub grants: BTreeMap<String, GrantRule>,
    /// Which points may be exchanged for those of other programmes, and at what rate.
    #[serde(default)]
    pub exchanges: Exchanges,
    /// How long what is no entry is kept.
    #[serde(default, skip_serializing_if = "Retention::is_default")]
    pub retention: Retention,
}

fn seven() -> u32 {
    7
}

impl Document {
    /// A document that says this and nothing else: every other part is as it is when it is absent.
    #[must_use]
    pub fn new(
        (currency, time_zone): (&str, &str),
        purchase: PurchaseRule,
        expiry: BTreeMap<String, Expiry>,
    ) -> Self {
        Self {
            format: 1,
            currency: currency.to_owned(),
            time_zone: time_zone.to_owned(),
            rounding: RoundingMode::default(),
            enrolment: Enrolment::default(),
            members: Members::default(),
            consumption: Consumption::default(),
            accept_late_days: seven(),
            purchase,
            actions: BTreeMap::new(),
            rules: Vec::new(),
            groups: BTreeMap::new(),
            caps: Caps::default(),
            expiry,
            tiers: None,
            reminders: Reminders::default(),
            returns: Returns::default(),
            approvals: Approvals::default(),
            publication: Publication::default(),
            risk: Risk::default(),
            coupons: BTreeMap::new(),
            redemption: None,
            transfers: None,
            donations: BTreeMap::new(),
            grants: BTreeMap::new(),
            exchanges: Exchanges::default(),
            retention: Retention::default(),
        }
    }

    /// Checks each part and reads its names, decimals and conditions. A part that decisions read as
    /// it stands needs its check only: the rulebook keeps the document.
    pub(crate) fn compile(
        self,
        zone: Option<Zone>,
        read: Read<'_>,
        (version, is_new): (i64, bool),
    ) -> Result<Rulebook, Vec<Problem>> {
        let mut check = Check {
            is_new,
            problems: Vec::new(),
            policies: BTreeMap::new(),
            read,
            conditions: Conditions::default(),
        };
        if self.format != 1 {
            check.problem("/format", "must be 1");
        }
        let currency = Currency::new(&self.currency);
        if currency.is_none() {
            check.problem("/currency", "must be an ISO 4217 code of three capital letters");
        }
        let zone = zone.filter(|zone| zone.name() == self.time_zone);
        if zone.is_none() {
            check.problem("/time_zone", "must be an IANA time zone such as Asia/Shanghai");
        }
        self.members.check(&mut check);
        check.days("/accept_late_days", self.accept_late_days);
        check.policies = self
            .expiry
            .iter()
            .map(|(name, policy)| (name.clone(), policy.check(name, &mut check)))
            .collect();
        let purchase = self.purchase.check(&mut check);
        let actions = self.actions.iter();
        let actions =
            actions.map(|(name, rule)| (name.clone(), rule.check(name, &mut check))).collect();
        let rules = EarningRule::check_all(&mut check, &self);
        if let Some(budget) = self.caps.budget {
            budget.check(&mut check);
        }
        check.cap("/caps/points_per_day", self.caps.points_per_day);
        let ladder = self.tiers.as_ref().map(|tiers| tiers.check(&mut check));
        let reminder_days = self.reminders.check(&mut check);
        let returns = self.returns.check(&mut check);
        self.approvals.check(&mut check);
        self.publication.check(&mut check);
        self.risk.check(&mut check, &self);
        self.check_coupons(&mut check);
        if let Some(transfers) = self.transfers {
            transfers.check("/transfers", &mut check);
        }
        if self.donations.len() > 100 {
            check.problem("/donations", "must be at most 100 charities");
        }
        for (charity, bounds) in &self.donations {
            let at = format!("/donations/{}", escape(charity));
            check.name(&at, charity);
            bounds.check(&at, &mut check);
        }
        GrantRule::check_all(&self, &mut check);
        if let Some(redemption) = &self.redemption {
            let decimals = currency.as_ref().map_or(0, |currency| currency.decimals());
            redemption.check(&self, decimals, &mut check);
        }
        self.retention.check(&mut check);
        let accepts = self.exchanges.check(&mut check);
        let asks_for_qualification = check.conditions.iter().any(Condition::asks_for_qualification);
        match (currency, zone) {
            (Some(currency), Some(zone)) if check.problems.is_empty() => Ok(Rulebook {
                version,
                currency,
                zone,
                rounding: match self.rounding {
                    RoundingMode::Down => Rounding::Down,
                    RoundingMode::HalfUp => Rounding::HalfUp,
                },
                purchase,
                actions,
                rules,
                asks_for_qualification,
                conditions: check.conditions,
                ladder,
                reminder_days,
                returns,
                accepts,
                policies: check.policies,
                document: self,
            }),
            _ => Err(check.problems),
        }
    }

    /// The kinds of coupons, and that everything that brings a coupon names one of them.
    fn check_coupons(&self, check: &mut Check<'_>) {
        if self.coupons.len() > 100 {
            check.problem("/coupons", "must be at most 100");
        }
        for (name, rule) in &self.coupons {
            rule.check(name, check);
        }
        self.purchase.check_coupon(check, self);
        for (name, rule) in &self.actions {
            rule.check_coupon(name, check, self);
        }
        if let Some(tiers) = &self.tiers {
            tiers.check_coupons(check, self);
        }
    }
}

/// How the exact sum of points is rounded, once, at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoundingMode {
    /// Towards zero.
    #[default]
    Down,
    /// To the nearest; a half goes up.
    HalfUp,
}

/// Whether an earn may register a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Enrolment {
    /// The first earn of an unknown member registers it.
    #[default]
    Automatic,
    /// Members are registered by `PUT /v1/members/{id}`; an earn of another is refused.
    Explicit,
}

/// Which points are spent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Consumption {
    /// Those that expire first, then those earned first.
    #[default]
    ExpiringFirst,
    /// Those earned first.
    FirstInFirstOut,
}
