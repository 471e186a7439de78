//! What decisions rest on: the programme's terms, and what is known of the member.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Timestamp;

use super::Touch;
use super::occasion::Occasion;
use crate::contact::{Channel, ContactState, Decision, Purpose};
use crate::customer::Customer;
use crate::playbook::{Compiled, Known, Playbook};

/// What decisions about all members of a programme rest on.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The published playbook.
    pub playbook: &'a Playbook,
    /// Its conditions.
    pub compiled: &'a Compiled,
    /// Its version.
    pub version: i64,
    /// The programme's templates and grants.
    pub known: &'a Known,
    /// What the buckets of members are made with: the same for the programme's whole life.
    pub salt: &'a str,
    /// Local days on which points, tiers or coupons of very many members end at once.
    pub shared_days: &'a BTreeSet<i32>,
    /// What a message costs by its channel, in minor units; 0 where it is not told.
    pub cost_minor: &'a BTreeMap<Channel, i64>,
    /// The last local day that earlier runs decided for all members. Nodes and scheduled days up to
    /// it are over; the day before the playbook was first published where there was no run.
    pub decided_through: i32,
    /// Since when each strategy is in force without a gap, by its id. What happened before is no
    /// occasion of it, and nodes of days before are over. Of one that is not here all counts.
    pub since: &'a BTreeMap<String, Timestamp>,
}

/// What is known of a member at the instant of the decision.
#[derive(Debug)]
pub struct Recipient<'a> {
    /// The member; its instant and local day are those of the decision.
    pub customer: Customer<'a>,
    /// The segments of the programme that the member is in, of those that are kept.
    pub segments: BTreeSet<&'a str>,
    /// The state of the addresses that there are.
    pub contacts: BTreeMap<Channel, ContactState>,
    /// What the member said last.
    pub consents: BTreeMap<(Purpose, Channel), Decision>,
    /// The member's own quiet hours: minutes of the local day, not equal.
    pub quiet: Option<(i64, i64)>,
    /// Coupons that can be used.
    pub coupons: Vec<Coupon>,
    /// What happened and may not have been answered yet: all of the last days that a node of a
    /// sequence or a waiting time looks back.
    pub occasions: Vec<Occasion>,
    /// Strategies in whose experiment the member is in the arm that gets nothing.
    pub controls: BTreeSet<&'a str>,
    /// Whether the account is frozen.
    pub is_frozen: bool,
    /// Whether the account was erased.
    pub is_erased: bool,
    /// Touches that were decided before: all of cycles that are not over, and those of the last
    /// [`LOOK_BACK_DAYS`](super::LOOK_BACK_DAYS) days. Their keys are decided, except of those that
    /// were [not for the member](super::Reason::is_not_for_the_member): nobody has to keep these,
    /// and they are asked anew until their time is over.
    pub touches: &'a [Touch],
}

/// A coupon of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// When it ends; `None` where it does not.
    pub ends_at: Option<Timestamp>,
}

impl Terms<'_> {
    /// What messages of a template are for. Of one that is gone the stricter is assumed.
    pub(crate) fn purpose(&self, template: Option<&str>) -> Purpose {
        template
            .and_then(|id| self.known.templates.get(id))
            .map_or(Purpose::Marketing, |template| template.purpose)
    }
}
