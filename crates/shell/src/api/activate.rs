//! Ending the wait of pending points.

use std::rc::Rc;

use ledger::{MemberId, Refusal};
use rules::Operation;
use rules::operations::{Activate, Activation, Refuse};
use serde::{Deserialize, Serialize};
use store::{Submission, source};

use super::common::fingerprint;
use super::earn::purchase;
use super::roles::STOREFRONT;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[Route::command(
    "/v1/activate",
    "Make pending points spendable before their time",
    STOREFRONT,
    "ActivateBody",
)];

/// Pending points that something has settled: the goods were kept, the review was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ActivateBody {
    /// The member.
    pub member_id: String,
    /// The reference that the points were earned under.
    pub reference: String,
    /// The store that it is from, where stores number their orders by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_store_id: Option<String>,
    /// The event that they were earned for; `purchase` when absent.
    #[serde(default = "purchase")]
    pub event: String,
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

impl ActivateBody {
    /// The source of the earn that it speaks of.
    #[must_use]
    pub fn source(&self) -> String {
        source(&self.event, &self.reference)
    }

    /// Checks the values and makes a submission of it; `activation` is what was earned under the
    /// reference, if anything was, or why that cannot be told.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        key: &str,
        actor: &str,
        activation: Result<Option<Activation>, Refusal>,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        let reference = check.reference(Some(&self.reference));
        check.text("/event", Some(&self.event), 40);
        check.text("/order_store_id", self.order_store_id.as_deref(), 64);
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
        let operation: Rc<dyn Operation> = match activation {
            Ok(activation) => Rc::new(Activate(activation)),
            Err(refusal) => Rc::new(Refuse(refusal)),
        };
        let submission = member.map(|member| {
            Submission::of(member, operation, origin).under_key("activate", key, fingerprint(self))
        });
        check.done(submission)
    }
}
