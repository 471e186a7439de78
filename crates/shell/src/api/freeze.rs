//! Freezing an account.

use std::rc::Rc;

use ledger::{Frozen, MemberId};
use rules::Operation;
use rules::operations::{Freeze, Restore};
use serde::{Deserialize, Serialize};
use store::Submission;

use super::common::fingerprint;
use super::roles::DESK;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::command(
        "/v1/members/{id}/freeze",
        "Forbid earning, spending or both",
        DESK,
        "FreezeBody",
    )
    .for_all_stores(),
    Route::command("/v1/members/{id}/restore", "Allow what was frozen again", DESK, "FreezeBody")
        .for_all_stores(),
];

/// Freezing an account, or restoring it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FreezeBody {
    /// Which side of it; both when absent.
    #[serde(default)]
    pub side: SideBody,
    /// Why, for people.
    pub reason: String,
}

/// A side of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SideBody {
    /// Points for what it does.
    Earning,
    /// Redemptions, holds and gifts.
    Spending,
    /// Either.
    #[default]
    Both,
}

impl FreezeBody {
    /// Checks the values and makes a submission of it for the member of the path; `restores` tells
    /// which way.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        member: &str,
        restores: bool,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member_id = check.id("member_id", MemberId::new(member));
        let origin = check.origin(actor, None, Some(&self.reason), None, None);
        let sides = match self.side {
            SideBody::Earning => Frozen { earning: true, spending: false },
            SideBody::Spending => Frozen { earning: false, spending: true },
            SideBody::Both => Frozen { earning: true, spending: true },
        };
        let (scope, operation): (_, Rc<dyn Operation>) = if restores {
            ("restore", Rc::new(Restore(sides)))
        } else {
            ("freeze", Rc::new(Freeze(sides)))
        };
        let submission = member_id.map(|member_id| {
            Submission::of(member_id, operation, origin).under_key(
                scope,
                key,
                fingerprint(&(member, self)),
            )
        });
        check.done(submission)
    }
}
