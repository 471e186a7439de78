//! Giving points to another member.

use ledger::MemberId;
use rules::operations::Transfer;
use serde::{Deserialize, Serialize};
use store::Submission;

use super::common::fingerprint;
use super::roles::STOREFRONT;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] =
    &[Route::command("/v1/transfers", "Give points to another member", STOREFRONT, "TransferBody")];

/// A gift of points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TransferBody {
    /// Who gives.
    pub member_id: String,
    /// Who gets it.
    pub to_member_id: String,
    /// How many points, at least 1.
    pub points: i64,
    /// The merchant's document. Gives once only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
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

impl TransferBody {
    /// Checks the values and makes a submission of it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(&self, key: &str, actor: &str) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        let to = check.id("/to_member_id", MemberId::new(self.to_member_id.as_str()));
        check.points(self.points);
        let (reference, source) = check.document("transfer", self.reference.as_deref());
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
        let submission = member.zip(to).map(|(member, to)| {
            Submission::new(member, Transfer { to, points: self.points }, origin)
                .under_key("transfer", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
    }
}
