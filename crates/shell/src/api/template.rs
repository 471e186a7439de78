//! Templates of messages.

use std::collections::BTreeMap;

use chrono::Datelike;
use serde::{Deserialize, Serialize};

use super::roles::{MARKETING, PEOPLE};
use crate::check::Check;
use crate::problem::Problem;
use crate::route::{KIB, Route};

const PURPOSES: [&str; 2] = ["service", "marketing"];
const CHANNELS: [&str; 5] = ["sms", "email", "push", "wecom", "wechat"];
const LANGUAGES: [&str; 2] = ["zh-CN", "en"];
/// Rewards of an occasion.
const MAX_REWARDS: usize = 10;

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::write("/v1/templates/preview", "Check a template and show its messages", MARKETING)
        .takes("TemplatePreviewBody", 256 * KIB)
        .without_key(),
    Route::list("/v1/templates", "The templates of the programme", PEOPLE),
    Route::read("/v1/templates/{id}", "A template", PEOPLE),
    Route::write("/v1/templates/{id}", "Keep a template, or change it", MARKETING)
        .by("PUT")
        .takes("TemplateBody", 256 * KIB)
        .asks(&[("base_version", "integer")])
        .answers(&[200, 201], "Object"),
    Route::write("/v1/templates/{id}", "Remove a template", MARKETING)
        .by("DELETE")
        .answers(&[204], "Object"),
    Route::read("/v1/templates/{id}/versions", "What a template was, newest first", MARKETING),
    Route::read("/v1/templates/{id}/test", "Where a template may be tried, and by what", MARKETING),
    Route::write("/v1/templates/{id}/test", "Send a template to a test address", MARKETING)
        .takes("TemplateTestBody", 64 * KIB),
];

/// A template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TemplateBody {
    /// `service` or `marketing`.
    pub purpose: String,
    /// By channel (`sms`, `email`, `push`, `wecom`, `wechat`) and language (`zh-CN`, `en`).
    pub texts: BTreeMap<String, BTreeMap<String, TemplateTextBody>>,
}

/// A message of a channel in a language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TemplateTextBody {
    /// The title or subject.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The message; HTML of an e-mail.
    pub body: String,
    /// The vendor's name of the text that it has approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_template_id: Option<String>,
    /// What the vendor puts into its text, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<TemplateParameterBody>,
    /// Where the message's link leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

/// A parameter of a vendor's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TemplateParameterBody {
    /// What the vendor calls it.
    pub name: String,
    /// Its value, with variables.
    pub value: String,
}

/// What is shown, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TemplatePreviewBody {
    /// A template that is kept.
    #[serde(default)]
    pub template_id: Option<String>,
    /// Or one that is not kept yet.
    #[serde(default)]
    pub template: Option<TemplateBody>,
    /// The member; a sample when absent.
    #[serde(default)]
    pub member_id: Option<String>,
    /// What the occasion brings; that of a sample, or the member's next points that end, when
    /// absent.
    #[serde(default)]
    pub occasion: Option<OccasionBody>,
}

/// Where a template is tried, and what it says there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TemplateTestBody {
    /// The test address.
    pub to: String,
    /// The account at a vendor; the one that would send when absent.
    #[serde(default)]
    pub channel_id: Option<String>,
    /// `zh-CN` or `en`; `zh-CN` when absent.
    #[serde(default)]
    pub language: Option<String>,
    /// The member whose name, level, points and store are shown; a sample when absent.
    #[serde(default)]
    pub member_id: Option<String>,
    /// As in a preview.
    #[serde(default)]
    pub occasion: Option<OccasionBody>,
}

/// What the occasion of a message brings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OccasionBody {
    /// Points.
    #[serde(default)]
    pub points: Option<i64>,
    /// A local day, such as `2026-12-31`.
    #[serde(default)]
    pub expires_on: Option<String>,
    /// The code of a coupon.
    #[serde(default)]
    pub coupon_code: Option<String>,
    /// Rewards that are recommended.
    #[serde(default)]
    pub rewards: Vec<OccasionRewardBody>,
}

/// A reward that is recommended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OccasionRewardBody {
    /// Its name.
    pub name: String,
    /// What it costs in points.
    pub points: i64,
    /// What it costs in money beside them, in minor units.
    #[serde(default)]
    pub cash_minor: i64,
}

impl TemplateBody {
    /// Checks the names in it. What its texts say is for the crate `templates`.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] that tells every name that is none.
    pub fn check(&self, at: &str) -> Result<(), Problem> {
        let mut check = Check::default();
        let mut one_of = |pointer: String, name: &str, known: &[&str]| {
            if !known.contains(&name) {
                check.wrong(pointer, format!("must be {}", known.join(", ")));
            }
        };
        one_of(format!("{at}/purpose"), &self.purpose, &PURPOSES);
        for (channel, texts) in &self.texts {
            one_of(format!("{at}/texts"), channel, &CHANNELS);
            for language in texts.keys() {
                one_of(format!("{at}/texts/{channel}"), language, &LANGUAGES);
            }
        }
        check.done(Some(()))
    }
}

impl OccasionBody {
    /// The day, where one is given.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for what is no day, and for too many rewards.
    pub fn day(&self) -> Result<Option<i32>, Problem> {
        let mut check = Check::default();
        if self.rewards.len() > MAX_REWARDS {
            check.wrong("/occasion/rewards", format!("must be at most {MAX_REWARDS}"));
        }
        let day = self.expires_on.as_deref().and_then(|text| {
            let day = ledger::parse_day(text);
            let day = day.filter(|day| (1970..=9999).contains(&day.year()));
            if day.is_none() {
                check.wrong("/occasion/expires_on", "must be a day, such as 2026-12-31");
            }
            day
        });
        check.done(Some(day.map(ledger::day_number)))
    }
}
