//! How points are given, pools changed and spent, members merged and forgotten.

use std::rc::Rc;

use ledger::{Concern, MemberId, ProgrammeId};
use rules::Operation;
use rules::operations::{
    Erase, Exchange, Invite, Merge, MergeEmpty, Partner, Pool, RedeemPooled, Transfer,
};
use store::{Caller, Submission};

use crate::api::{
    EraseBody, ExchangeBody, InvitationBody, MergeBody, PoolRedeemBody, TransferBody,
};
use crate::check::Check;
use crate::earning::fingerprint;
use crate::problem::Problem;
use crate::risk::asked_for;

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
        let (reference, source) = check.document("transfer", self.reference.as_deref());
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
        let submission = member.zip(to).map(|(member, to)| {
            Submission::new(member, Transfer { to, points: self.points }, origin)
                .under_key("transfer", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
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
        let (reference, source) = check.document("exchange", self.reference.as_deref());
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
        let submission = member.map(|member| {
            Submission::new(member, Exchange { with, points: self.points }, origin)
                .under_key("exchange", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
    }
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
        let (reference, source) = check.document("redeem", self.reference.as_deref());
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
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
