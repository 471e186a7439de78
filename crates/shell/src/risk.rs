//! How accounts are frozen and restored, odd earns decided on, and stolen points given back.

use ledger::{Entry, EntryId, Frozen, LotNumber, MemberId};
use rules::{Command, Promise, Reverse, Stolen, decide_joint, decide_single};
use store::Order;

use crate::api::{DecisionBody, FreezeBody, RecoverBody, SideBody};
use crate::check::Check;
use crate::orders::fingerprint;
use crate::problem::Problem;

/// The most entries that one recovery may name.
const MOST_ENTRIES: usize = 50;

impl FreezeBody {
    /// Checks the values and makes an order of it for the member of the path; `restores` tells which way.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(&self, member: &str, restores: bool, key: &str, actor: &str) -> Result<Order, Problem> {
        let mut check = Check::default();
        let member_id = check.id("member_id", MemberId::new(member));
        let origin = check.origin(actor, None, Some(&self.reason), None, None);
        let sides = match self.side {
            SideBody::Earning => Frozen { earning: true, spending: false },
            SideBody::Spending => Frozen { earning: false, spending: true },
            SideBody::Both => Frozen { earning: true, spending: true },
        };
        let (operation, command) =
            if restores { ("restore", Command::Restore(sides)) } else { ("freeze", Command::Freeze(sides)) };
        let order = member_id.map(|member_id| Order {
            decide: decide_single,
            member: member_id,
            command,
            origin,
            idem: Some((format!("{operation}:{key}"), fingerprint(&(member, self)))),
            source: None,
            attributes: None,
            trace: None,
            aliases: None,
        });
        check.done(order)
    }
}

impl DecisionBody {
    /// Makes an order of it that lets the points of this earn go their way, with the life they were promised.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn approve_review(
        &self,
        earn: &Entry,
        promises: Vec<(LotNumber, Promise)>,
        key: &str,
        actor: &str,
    ) -> Result<Order, Problem> {
        let command = Command::ApproveReview { earn: earn.id, occurred_at: earn.occurred_at, promises };
        self.of_review(earn, "review-approve", command, key, actor)
    }

    /// Makes an order of it that undoes what is left of this earn.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn reject_review(&self, earn: &Entry, key: &str, actor: &str) -> Result<Order, Problem> {
        let wish = Reverse { earn: Some(earn.clone()), ..Reverse::default() };
        self.of_review(earn, "review-reject", Command::RejectReview(Box::new(wish)), key, actor)
    }

    fn of_review(
        &self,
        earn: &Entry,
        operation: &str,
        command: Command,
        key: &str,
        actor: &str,
    ) -> Result<Order, Problem> {
        let mut check = Check::default();
        let origin = check.origin(actor, None, self.reason.as_ref(), None, None);
        let order = Order {
            decide: decide_single,
            member: earn.member.clone(),
            command,
            origin,
            idem: Some((format!("{operation}:{key}"), fingerprint(&(earn.id.to_string(), self)))),
            source: None,
            attributes: None,
            trace: None,
            aliases: None,
        };
        check.done(Some(order))
    }
}

impl RecoverBody {
    /// The entries that it names.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn entries(&self) -> Result<Vec<EntryId>, Problem> {
        let mut check = Check::default();
        if self.entry_ids.is_empty() || self.entry_ids.len() > MOST_ENTRIES {
            check.wrong("/entry_ids", "must be 1 to 50 entries");
        }
        let mut ids = Vec::new();
        for (index, text) in self.entry_ids.iter().take(MOST_ENTRIES).enumerate() {
            match EntryId::parse(text) {
                Some(id) if ids.contains(&id) => check.wrong(format!("/entry_ids/{index}"), "is named before"),
                Some(id) => ids.push(id),
                None => check.wrong(format!("/entry_ids/{index}"), "must be the entry_id of a redemption or gift"),
            }
        }
        check.done(Some(ids))
    }

    /// Checks the values and makes an order of it for the member of the path; `stolen` is what was found of the entries.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(&self, member: &str, stolen: Vec<Stolen>, key: &str, actor: &str) -> Result<Order, Problem> {
        let mut check = Check::default();
        let member_id = check.id("member_id", MemberId::new(member));
        let origin = check.origin(actor, None, Some(&self.reason), None, None);
        let order = member_id.map(|member_id| Order {
            decide: decide_joint,
            member: member_id,
            command: Command::Recover(stolen),
            origin,
            idem: Some((format!("recover:{key}"), fingerprint(&(member, self)))),
            source: None,
            attributes: None,
            trace: None,
            aliases: None,
        });
        check.done(order)
    }
}
