//! Codes by which members show that it is they who spend.

use reach::Channel;
use serde::{Deserialize, Serialize};

use super::roles::STOREFRONT;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::{KIB, Route};

const CHANNELS: [(&str, Channel); 2] = [("sms", Channel::Sms), ("email", Channel::Email)];
const LANGUAGES: [&str; 2] = ["zh-CN", "en"];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::write(
        "/v1/members/{id}/verifications",
        "Send a member a code for so many points",
        STOREFRONT,
    )
    .takes("VerificationBody", 4 * KIB)
    .answers(&[201], "Object")
    .for_stores(),
    Route::write(
        "/v1/members/{id}/verifications/{verification_id}/confirm",
        "Confirm the code that the member tells, for a proof",
        STOREFRONT,
    )
    .takes("VerificationCodeBody", 4 * KIB)
    .without_key()
    .for_stores(),
];

/// A code that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VerificationBody {
    /// For how many points, at least 1: those that are to be spent.
    pub points: i64,
    /// `sms` or `email`; `sms` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// `zh-CN` or `en`; the member's own, else `zh-CN`, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl VerificationBody {
    /// The channel by which the code goes.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn check(&self) -> Result<Channel, Problem> {
        let mut check = Check::default();
        check.points(self.points);
        if self.language.as_ref().is_some_and(|name| !LANGUAGES.contains(&name.as_str())) {
            check.wrong("/language", "must be zh-CN or en");
        }
        let wanted = self.channel.as_deref().unwrap_or("sms");
        let found = CHANNELS.into_iter().find(|(name, _)| *name == wanted);
        if found.is_none() {
            check.wrong("/channel", "must be sms or email");
        }
        check.done(found.map(|(_, channel)| channel))
    }
}

/// The code that a member tells.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VerificationCodeBody {
    /// Six digits.
    pub code: String,
}

impl VerificationCodeBody {
    /// Checks the shape. What is no code costs no try.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`].
    pub fn check(&self) -> Result<(), Problem> {
        let mut check = Check::default();
        if self.code.len() != 6 || !self.code.bytes().all(|byte| byte.is_ascii_digit()) {
            check.wrong("/code", "must be six digits");
        }
        check.done(Some(()))
    }
}
