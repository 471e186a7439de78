//! Two accounts that become one.

use std::rc::Rc;

use ledger::{Concern, MemberId};
use rules::Operation;
use rules::operations::{Merge, MergeEmpty};
use serde::{Deserialize, Serialize};
use store::{Caller, Submission};

use super::common::fingerprint;
use super::recover::asked_for;
use super::roles::DESK;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[Route::command(
    "/v1/members/{id}/merge",
    "Take over all that another member has",
    DESK,
    "MergeBody",
)
.for_all_stores()];

/// A member that becomes part of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MergeBody {
    /// The member whose account is closed.
    pub from_member_id: String,
    /// Why, for people.
    pub reason: String,
}

impl MergeBody {
    /// Checks the values and makes a submission of it for the member of the path; `points` are
    /// those of the other one. With none it is carried out, as it is for the operator, who is held
    /// up by nobody; otherwise it is asked for.
    ///
    /// # Errors
    /// [`Problem::PersonNeeded`], or [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        into: &str,
        (key, actor): (&str, &str),
        points: i64,
        caller: &Caller,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("member_id", MemberId::new(into));
        let from = check.id("/from_member_id", MemberId::new(self.from_member_id.as_str()));
        let origin = check.origin(actor, None, Some(&self.reason), None, None);
        let operation: Option<Rc<dyn Operation>> = match from {
            Some(from) if caller.operator => Some(Rc::new(Merge { from })),
            Some(from) if points == 0 => Some(Rc::new(MergeEmpty { from })),
            Some(from) => {
                let concern = Concern::Merge(from);
                Some(Rc::new(asked_for("merge", points, concern, actor, caller)?))
            }
            None => None,
        };
        let submission = member.zip(operation).map(|(member, operation)| {
            Submission::of(member, operation, origin).under_key(
                "merge",
                key,
                fingerprint(&(into, self)),
            )
        });
        check.done(submission)
    }
}
