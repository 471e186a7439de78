//! Giving points to another member.

use ledger::MemberId;
use rules::operations::Transfer;
use store::Submission;

use super::common::{command_body, fingerprint};
use super::roles::STOREFRONT;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] =
    &[Route::command("/v1/transfers", "Give points to another member", STOREFRONT, "TransferBody")];

command_body! {
    /// A gift of points.
    pub struct TransferBody {
        /// The member who gives.
        pub member_id: String,
        /// The member who gets it.
        pub to_member_id: String,
        /// How many points, at least 1.
        pub points: i64,
    }
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
        let (origin, source) = self.origin(&mut check, "transfer", actor);
        let submission = member.zip(to).map(|(member, to)| {
            Submission::new(member, Transfer { to, points: self.points }, origin)
                .under_key("transfer", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
    }
}
