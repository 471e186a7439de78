//! The part of the document that tells what becomes of points when goods come back.

use ledger::{ExpiryPolicy, Shortfall};
use serde::{Deserialize, Serialize};

use super::check::Check;
use crate::rulebook::ReturnRules;

/// What becomes of points when goods come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Returns {
    /// What becomes of points that the order earned and the member no longer has.
    #[serde(default)]
    pub shortfall: ShortfallPolicy,
    /// Spent points whose lots have expired meanwhile come back for this many days; without it they
    /// are forfeited.
    #[serde(default)]
    pub grace_days: Option<u32>,
    /// Whether what was returned still counts towards tiers.
    #[serde(default)]
    pub keep_qualification: bool,
    /// Whether a tier that was reached since the order falls at once to what is still qualified
    /// for. Otherwise it stays until its end.
    #[serde(default)]
    pub lower_tier: bool,
    /// Whether a return makes room again under the caps and limits of the day of the order.
    #[serde(default)]
    pub free_caps: bool,
    /// What becomes of the gifts of a tier that would not have been reached without what came back.
    #[serde(default)]
    pub gifts: GiftPolicy,
}

/// What becomes of the gifts of a tier that would not have been reached without what came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GiftPolicy {
    /// The member keeps them.
    Keep,
    /// They are taken back as points of the order are, and given again when the level is reached
    /// again.
    #[default]
    TakeBack,
}

/// What becomes of points that an order earned and the member no longer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ShortfallPolicy {
    /// Only points of the order that are still pending are taken back.
    PendingOnly,
    /// Whatever the member can spend is taken, and what holds keep is owed; the rest is let go.
    WithinBalance,
    /// Whatever the member can spend is taken; the rest is owed, and the next points pay it off.
    #[default]
    Debt,
}

impl Returns {
    pub(crate) fn check(self, check: &mut Check<'_>) -> ReturnRules {
        let Self { shortfall, grace_days, .. } = self;
        check.days("/returns/grace_days", grace_days.unwrap_or(0));
        ReturnRules {
            shortfall: match shortfall {
                ShortfallPolicy::PendingOnly => Shortfall::PendingOnly,
                ShortfallPolicy::WithinBalance => Shortfall::WithinBalance,
                ShortfallPolicy::Debt => Shortfall::Debt,
            },
            grace: grace_days.map(|days| ExpiryPolicy::Days { days, round_up_to: None }),
        }
    }
}
