//! How points are given, pools changed and spent, members merged and forgotten.

use ledger::{Concern, MemberId, ProgrammeId};
use rules::{
    Command, Decide, Partner, decide_empty_merge, decide_exchange, decide_joint, decide_single,
};
use store::{Caller, Submission};

use crate::api::{
    EraseBody, ExchangeBody, InvitationBody, MergeBody, PoolRedeemBody, TransferBody,
};
use crate::check::Check;
use crate::orders::fingerprint;
use crate::problem::Problem;
use crate::risk::asked_for;

impl TransferBody {
    /// Checks the values and makes an order of it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(&self, key: &str, actor: &str) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        let to = check.id("/to_member_id", MemberId::new(self.to_member_id.as_str()));
        check.points(self.points);
        let (reference, source) = check.document("transfer", self.reference.as_deref());
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
        let order = member.zip(to).map(|(member, to)| Submission {
            decide: decide_joint,
            member,
            command: Command::Transfer { to, points: self.points },
            origin,
            idem: Some((format!("transfer:{key}"), fingerprint(self))),
            source,
            attributes: None,
            trace: None,
            aliases: None,
        });
        check.done(order)
    }
}

impl ExchangeBody {
    /// Checks the values and makes an order of it; `with` is the other programme, where it is one
    /// of the group.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(
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
        let order = member.map(|member| Submission {
            decide: decide_exchange,
            member,
            command: Command::Exchange { with, points: self.points },
            origin,
            idem: Some((format!("exchange:{key}"), fingerprint(self))),
            source,
            attributes: None,
            trace: None,
            aliases: None,
        });
        check.done(order)
    }
}

impl MergeBody {
    /// Checks the values and makes an order of it for the member of the path; `points` are those of
    /// the other one. With none it is carried out, as it is for the operator, who is held up by
    /// nobody; otherwise it is asked for.
    ///
    /// # Errors
    /// [`Problem::PersonNeeded`], or [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(
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
        let (decide, command): (Decide, _) = match from {
            Some(from) if caller.operator => (decide_joint, Some(Command::Merge { from })),
            Some(from) if points == 0 => (decide_empty_merge, Some(Command::Merge { from })),
            Some(from) => (
                decide_single,
                Some(asked_for("merge", points, Concern::Merge(from), actor, caller)?),
            ),
            None => (decide_single, None),
        };
        let order = member.zip(command).map(|(member, command)| Submission {
            decide,
            member,
            command,
            origin,
            idem: Some((format!("merge:{key}"), fingerprint(&(into, self)))),
            source: None,
            attributes: None,
            trace: None,
            aliases: None,
        });
        check.done(order)
    }
}

/// An order that lets a member join a pool, or leave it.
///
/// # Errors
/// [`Problem::InvalidRequest`] with every place that is wrong.
pub fn pool_order(
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
    let order = member_id.map(|id| Submission {
        decide: decide_joint,
        member: id,
        command: Command::Pool { pool: pool.clone(), joins },
        origin,
        idem: Some((format!("{operation}:{key}"), fingerprint(&(pool.name(), member)))),
        source: None,
        attributes: None,
        trace: None,
        aliases: None,
    });
    check.done(order)
}

impl InvitationBody {
    /// Checks the values and makes an order of it, for that pool and that guest.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(
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
        let order = invited.zip(head).map(|(guest_id, head)| Submission {
            decide: decide_joint,
            member: pool.clone(),
            command: Command::Invite { head, guest: guest_id },
            origin,
            idem: Some((format!("pool-invite:{key}"), fingerprint(&(pool.name(), guest, self)))),
            source: None,
            attributes: None,
            trace: None,
            aliases: None,
        });
        check.done(order)
    }
}

impl PoolRedeemBody {
    /// Checks the values and makes an order of it, for a pool with these members.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(
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
        let order = of.map(|of| Submission {
            decide: decide_joint,
            member: pool.clone(),
            command: Command::RedeemPooled { members: members.to_vec(), points: self.points, of },
            origin,
            idem: Some((format!("pool-redeem:{key}"), fingerprint(&(pool.name(), self)))),
            source,
            attributes: None,
            trace: None,
            aliases: None,
        });
        check.done(order)
    }
}

impl EraseBody {
    /// Checks the values and makes an order of it for the member of the path.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(&self, member: &str, key: &str, actor: &str) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let id = check.id("member_id", MemberId::new(member));
        let origin = check.origin(actor, None, Some(&self.reason), None, None);
        let order = id.map(|id| Submission {
            decide: decide_single,
            member: id,
            command: Command::Erase,
            origin,
            idem: Some((format!("erase:{key}"), fingerprint(&(member, self)))),
            source: None,
            attributes: None,
            trace: None,
            aliases: None,
        });
        check.done(order)
    }
}
