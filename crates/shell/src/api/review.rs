//! Earns that look suspicious.

use ledger::{Entry, LotNumber};
use rules::operations::{ApproveReview, RejectReview, ToReverse};
use rules::{Operation, Promise};
use store::Submission;

use super::common::{ReasonBody, fingerprint};
use super::roles::APPROVERS;
use crate::auth::Role;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

const REVIEW_READERS: &[Role] =
    &[Role::Service, Role::Finance, Role::Approver, Role::DepartmentHead, Role::VicePresident];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/reviews", "Earns that wait to be looked at", REVIEW_READERS).for_stores(),
    Route::read(
        "/v1/reviews/{id}",
        "An earn that had to be looked at, and what became of it",
        REVIEW_READERS,
    )
    .for_stores(),
    Route::command(
        "/v1/reviews/{id}/approve",
        "Let the points of an earn go their way",
        APPROVERS,
        "ReasonBody",
    )
    .or_none(),
    Route::command(
        "/v1/reviews/{id}/reject",
        "Undo an earn that had to be looked at",
        APPROVERS,
        "ReasonBody",
    )
    .or_none(),
];

impl ReasonBody {
    /// Makes a submission of it that lets the points of this earn go their way, with the life they
    /// were promised.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn approve_review(
        &self,
        earn: &Entry,
        promises: Vec<(LotNumber, Promise)>,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let operation = ApproveReview { earn: earn.id, occurred_at: earn.occurred_at, promises };
        self.of_review(earn, "review-approve", operation, key, actor)
    }

    /// Makes a submission of it that undoes what is left of this earn.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn reject_review(
        &self,
        earn: &Entry,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let wish = ToReverse { earn: Some(earn.clone()), ..ToReverse::default() };
        self.of_review(earn, "review-reject", RejectReview(Box::new(wish)), key, actor)
    }

    fn of_review(
        &self,
        earn: &Entry,
        scope: &str,
        operation: impl Operation + 'static,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let origin = check.origin(actor, None, self.reason.as_ref(), None, None);
        let submission = Submission::new(earn.member.clone(), operation, origin).under_key(
            scope,
            key,
            fingerprint(&(earn.id.to_string(), self)),
        );
        check.done(Some(submission))
    }
}
