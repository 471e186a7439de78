//! Exchanging points for those of another programme.

use ledger::{MemberId, ProgrammeId};
use rules::operations::{Exchange, Partner};
use store::Submission;

use super::common::{command_body, fingerprint};
use super::roles::STOREFRONT;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[Route::command(
    "/v1/exchanges",
    "Exchange points for those of another programme of the group",
    STOREFRONT,
    "ExchangeBody",
)];

command_body! {
    /// Points for those of another programme.
    pub struct ExchangeBody {
        /// Whose points. The account in the other programme is that of the same id.
        pub member_id: String,
        /// The other programme, of the same group.
        pub to_programme_id: String,
        /// How many points to give up, at least 1.
        pub points: i64,
    }
}

impl ExchangeBody {
    /// Checks the values and makes a submission of it; `with` is the other programme, where it is
    /// one of the group.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        with: Option<Partner>,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        check.id("/to_programme_id", ProgrammeId::new(self.to_programme_id.as_str()));
        check.points(self.points);
        let (origin, source) = self.origin(&mut check, "exchange", actor);
        let submission = member.map(|member| {
            Submission::new(member, Exchange { with, points: self.points }, origin)
                .under_key("exchange", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
    }
}
