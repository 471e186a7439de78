//! The part of the document that says what a level gives besides points.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::check::Check;

/// What a level gives besides points. Accrue tells it; tills and shops apply it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Benefit {
    /// What it is.
    pub kind: BenefitKind,
    /// How much a discount takes off, such as `"5"` or `"2.5"`.
    #[serde(default)]
    pub percent_off: Option<String>,
    /// From which amount of an order on (minor units); any when there is none.
    #[serde(default)]
    pub from_minor: Option<i64>,
    /// What people read, by language; a service needs one.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
}

/// Kinds of benefits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BenefitKind {
    /// A percentage off the price.
    Discount,
    /// Delivery that costs nothing.
    FreeDelivery,
    /// Anything else, such as a queue of its own.
    Service,
}

/// Languages of what people read.
const LANGUAGES: [&str; 2] = ["zh-CN", "en"];

impl Benefit {
    pub(super) fn check(&self, at: &str, check: &mut Check<'_>) {
        let is_discount = self.kind == BenefitKind::Discount;
        match &self.percent_off {
            Some(percent) if is_discount => {
                let rate = check.rate(&format!("{at}/percent_off"), percent);
                if !(1..=100_000_000).contains(&rate.millionths()) {
                    check.problem(&format!("{at}/percent_off"), "must be more than 0, up to 100");
                }
            }
            None if !is_discount => {}
            _ => check
                .problem(&format!("{at}/percent_off"), "is what a discount, and nothing else, has"),
        }
        if self.from_minor.is_some_and(|from| from < 0) {
            check.problem(&format!("{at}/from_minor"), "must not be negative");
        }
        if self.kind == BenefitKind::Service && self.names.is_empty() {
            check.problem(&format!("{at}/names"), "must name the service");
        }
        for (language, name) in &self.names {
            let at = format!("{at}/names/{language}");
            if !LANGUAGES.contains(&language.as_str()) {
                check.problem(&at, "must be zh-CN or en");
            }
            if !(1..=80).contains(&name.chars().count()) || name.chars().any(char::is_control) {
                check.problem(&at, "must be 1 to 80 characters, without control characters");
            }
        }
    }
}
