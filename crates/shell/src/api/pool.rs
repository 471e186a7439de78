//! Pools of points.

use ledger::MemberId;
use rules::operations::{Invite, Pool, RedeemPooled};
use serde::{Deserialize, Serialize};
use store::Submission;

use super::common::{command_body, fingerprint};
use super::roles::{READERS, STAFF, STOREFRONT};
use crate::check::Check;
use crate::problem::Problem;
use crate::route::{DRY_RUN, KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::command(
        "/v1/pools/{id}/members/{member_id}",
        "Let a member join a pool",
        STAFF,
        "Object",
    )
    .by("PUT")
    .takes_bytes(64 * KIB)
    .or_none(),
    Route::command(
        "/v1/pools/{id}/members/{member_id}",
        "Let a member leave a pool",
        STAFF,
        "Object",
    )
    .by("DELETE")
    .takes_bytes(64 * KIB)
    .or_none(),
    Route::write(
        "/v1/pools/{id}/invitations/{member_id}",
        "Let a member join a pool within seven days, as its head wishes",
        STAFF,
    )
    .by("PUT")
    .takes("InvitationBody", 64 * KIB)
    .asks(DRY_RUN)
    .answers(&[201], "Written")
    .for_stores(),
    Route::read("/v1/pools/{id}", "A pool, and what its members can spend together", READERS)
        .for_stores(),
    Route::list("/v1/pools/{id}/entries", "History of the pool's own account", READERS)
        .for_stores(),
    Route::command("/v1/pools/{id}/redeem", "Spend points of a pool", STOREFRONT, "PoolRedeemBody"),
];

/// Letting a member join a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct InvitationBody {
    /// The member who invites: the head of the pool, who is the first of its members.
    pub head_id: String,
}

command_body! {
    /// Spending points of a pool.
    pub struct PoolRedeemBody {
        /// How many points, at least 1.
        pub points: i64,
        /// On whose behalf; must belong to the pool.
        pub member_id: String,
    }
}

impl InvitationBody {
    /// Checks the values and makes a submission of it, for that pool and that guest.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        pool: &MemberId,
        guest: &str,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let invited = check.id("member_id", MemberId::new(guest));
        let head = check.id("/head_id", MemberId::new(self.head_id.as_str()));
        let origin = check.origin(actor, None, None, None, None);
        let submission = invited.zip(head).map(|(guest_id, head)| {
            Submission::new(pool.clone(), Invite { head, guest: guest_id }, origin).under_key(
                "pool-invite",
                key,
                fingerprint(&(pool.name(), guest, self)),
            )
        });
        check.done(submission)
    }
}

impl PoolRedeemBody {
    /// Checks the values and makes a submission of it, for a pool with these members.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        pool: &MemberId,
        members: &[MemberId],
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        check.points(self.points);
        let of = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        let (origin, source) = self.origin(&mut check, "redeem", actor);
        let submission = of.map(|of| {
            Submission::new(
                pool.clone(),
                RedeemPooled { members: members.to_vec(), points: self.points, of },
                origin,
            )
            .under_key("pool-redeem", key, fingerprint(&(pool.name(), self)))
            .with_source(source)
        });
        check.done(submission)
    }
}

/// A submission that lets a member join a pool, or leave it.
///
/// # Errors
/// [`Problem::InvalidRequest`] with every place that is wrong.
pub fn pool_submission(
    pool: &MemberId,
    member: &str,
    joins: bool,
    key: &str,
    actor: &str,
) -> Result<Submission, Problem> {
    let mut check = Check::default();
    let member_id = check.id("member_id", MemberId::new(member));
    let origin = check.origin(actor, None, None, None, None);
    let operation = if joins { "pool-join" } else { "pool-leave" };
    let submission = member_id.map(|id| {
        Submission::new(id, Pool { pool: pool.clone(), joins }, origin).under_key(
            operation,
            key,
            fingerprint(&(pool.name(), member)),
        )
    });
    check.done(submission)
}
