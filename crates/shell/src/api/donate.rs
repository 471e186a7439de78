//! Giving points to a charity.

use ledger::MemberId;
use rules::operations::Donate;
use store::Submission;

use super::common::{command_body, fingerprint};
use super::roles::STOREFRONT;
use crate::auth::Role;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::command("/v1/donations", "Give points to a charity", STOREFRONT, "DonateBody"),
    Route::read(
        "/v1/donations",
        "What each charity was given, by month",
        &[Role::Finance, Role::Marketing],
    ),
];

command_body! {
    /// A donation.
    pub struct DonateBody {
        /// The member who gives.
        pub member_id: String,
        /// The charity, by its name in the rulebook.
        pub charity: String,
        /// How many points, at least 1.
        pub points: i64,
    }
}

impl DonateBody {
    /// Checks the values and makes a submission of it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(&self, key: &str, actor: &str) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        check.text("/charity", Some(&self.charity), 40);
        check.points(self.points);
        let (origin, source) = self.origin(&mut check, "donate", actor);
        let submission = member.map(|member| {
            let donation = Donate { charity: self.charity.clone(), points: self.points };
            Submission::new(member, donation, origin)
                .under_key("donate", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
    }
}
