//! Granting points and coupons of the rulebook.

use ledger::MemberId;
use rules::operations::Grant;
use store::{Caller, Submission};

use super::common::{command_body, fingerprint};
use crate::auth::Role;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[Route::command(
    "/v1/grants",
    "Give a member points or a coupon",
    &[Role::Marketing, Role::Service],
    "GrantBody",
)];

command_body! {
    /// A grant.
    pub struct GrantBody {
        /// The member who gets it.
        pub member_id: String,
        /// What is granted, by its name in the rulebook.
        pub grant: String,
        /// The strategy that it is granted for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub strategy: Option<String>,
    }
}

impl GrantBody {
    /// Checks the values and makes a submission of it. A person has one budget with all keys and
    /// sessions, and so has a line of keys that speaks for nobody.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        key: &str,
        actor: &str,
        caller: &Caller,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        check.text("/grant", Some(&self.grant), 40);
        check.text("/strategy", self.strategy.as_deref(), 64);
        let (origin, source) = self.origin(&mut check, "grant", actor);
        // The only store of a key is filled in, as in every entry.
        let only = match caller.stores.as_deref() {
            Some([only]) => Some(only.clone()),
            _ => None,
        };
        let by = match &caller.person {
            Some(person) => person.clone(),
            None => format!("key:{}", caller.lineage),
        };
        let submission = member.map(|member| {
            let grant = Grant {
                grant: self.grant.clone(),
                strategy: self.strategy.clone(),
                store: origin.store.clone().or(only),
                by,
                at_most: None,
            };
            Submission::new(member, grant, origin)
                .under_key("grant", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
    }
}
