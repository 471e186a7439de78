//! What becomes of points that were set aside.

use rules::operations::{Capture, Release};
use serde::{Deserialize, Serialize};
use store::{Submission, source};

use super::common::fingerprint;
use super::roles::{READERS, STOREFRONT};
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::read("/v1/holds/{id}", "A hold and what became of it", READERS).for_stores(),
    Route::command(
        "/v1/holds/{id}/capture",
        "Spend the points of a hold, all or some",
        STOREFRONT,
        "CaptureBody",
    )
    .or_none(),
    Route::command("/v1/holds/{id}/release", "Release a hold", STOREFRONT, "ReleaseBody").or_none(),
];

/// Spending the points of a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CaptureBody {
    /// How many points, at least 1; all of them when absent. The rest comes free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// What for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
}

/// Giving a hold up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReleaseBody {
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
}

impl CaptureBody {
    /// Checks the values and makes a submission of it, for the hold that this entry placed.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        hold: &ledger::Entry,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        if let Some(points) = self.points {
            check.points(points);
        }
        // The document that the hold was for is what is paid now.
        let reference = hold.origin.reference.clone();
        let source = reference.as_ref().map(|reference| source("redeem", reference.as_str()));
        // The document is of the store that it was held in.
        let (channel, store) =
            (self.channel.as_ref(), self.store_id.as_ref().or(hold.origin.store.as_ref()));
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
        let submission = Submission::new(
            hold.member.clone(),
            Capture { hold: hold.id, points: self.points },
            origin,
        )
        .under_key("capture", key, fingerprint(&(hold.id.to_string(), self)))
        .with_source(source);
        check.done(Some(submission))
    }
}

impl ReleaseBody {
    /// Checks the values and makes a submission of it, for the hold that this entry placed.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        hold: &ledger::Entry,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, None, self.reason.as_ref(), channel, store);
        let submission = Submission::new(hold.member.clone(), Release { hold: hold.id }, origin)
            .under_key("release", key, fingerprint(&(hold.id.to_string(), self)));
        check.done(Some(submission))
    }
}
