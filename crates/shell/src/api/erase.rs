//! Erasing a member.

use ledger::MemberId;
use rules::operations::Erase;
use serde::{Deserialize, Serialize};
use store::Submission;

use super::common::fingerprint;
use super::roles::ADMIN;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] =
    &[Route::command("/v1/members/{id}/erase", "Erase a person", ADMIN, "EraseBody")
        .for_all_stores()];

/// Forgetting whose an account is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EraseBody {
    /// Why, for people; must not tell who it was.
    pub reason: String,
}

impl EraseBody {
    /// Checks the values and makes a submission of it for the member of the path.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(&self, member: &str, key: &str, actor: &str) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let id = check.id("member_id", MemberId::new(member));
        let origin = check.origin(actor, None, Some(&self.reason), None, None);
        let submission = id.map(|id| {
            Submission::new(id, Erase, origin).under_key("erase", key, fingerprint(&(member, self)))
        });
        check.done(submission)
    }
}
