//! What a command carries through the store, and what became of it.

use ledger::{Entry, Member, MemberId, Origin, Refusal};
use rules::{Command, Concerned, Decide, decide_single, person_subject, stock_subject};

use crate::commit::UniqueKeys;
use crate::load::{ExtraColumns, LoadRequest, Lots, ReversalTargets};

/// One command for one member.
#[derive(Debug, Clone)]
pub struct Submission {
    /// How it is decided. Told by who makes the order, so that a component holds the decisions of
    /// its own commands and no others.
    pub decide: Decide,
    /// The member.
    pub member: MemberId,
    /// What is asked.
    pub command: Command,
    /// Who asks.
    pub origin: Origin,
    /// The idempotency key with its operation in front, and the fingerprint of the request; jobs
    /// have none. Once it is known who asks, the line of API keys is in front of the key, and the
    /// fingerprint has all its forms with commas between, as it is stored first.
    pub idem: Option<(String, String)>,
    /// The source that may be recorded once only.
    pub source: Option<String>,
    /// New profile attributes, a JSON text.
    pub attributes: Option<String>,
    /// Where it was asked from.
    pub trace: Option<ClientInfo>,
    /// All the names that the member is known by from now on, each with its kind in front.
    pub aliases: Option<Vec<String>>,
}

/// Where a command was asked from, as far as the caller tells. Says who somebody is: kept beside
/// the entries, never in them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientInfo {
    /// The device.
    pub device: Option<String>,
    /// The address.
    pub ip: Option<String>,
}

impl Submission {
    /// What must be loaded to decide it.
    #[must_use]
    pub fn wanted(&self) -> LoadRequest {
        let idem = self.idem.clone();
        let (subjects, reward) = match &self.command {
            Command::Earn(event) => {
                (event.device.iter().map(|device| format!("device:{device}")).collect(), None)
            }
            Command::Request(wish) | Command::RequestFor(wish, _) => {
                (vec![person_subject(&wish.by)], None)
            }
            Command::Decide { by, .. } | Command::DecideFor { by, .. } => {
                (vec![person_subject(by)], None)
            }
            Command::Take { reward, .. } => (vec![stock_subject(reward)], Some(reward.clone())),
            _ => (Vec::new(), None),
        };
        let (member, source) = (self.member.clone(), self.source.clone());
        let (aliases, beside) = match &self.command {
            Command::Change(change) => {
                let named =
                    change.aliases.values().chain(&self.aliases).flatten().cloned().collect();
                (Some(named), ExtraColumns::Profile)
            }
            Command::Open(opening) => {
                let named = opening.profile.aliases.values().flatten().cloned().collect();
                (Some(named), ExtraColumns::Profile)
            }
            Command::Earn(_) => (self.aliases.clone(), ExtraColumns::Pricing),
            _ => (self.aliases.clone(), ExtraColumns::Nothing),
        };
        let abroad = match &self.command {
            Command::Exchange { with, .. } => {
                with.as_ref().map(|partner| partner.programme.clone())
            }
            _ => None,
        };
        LoadRequest {
            member,
            idem,
            source,
            store: self.origin.store.clone(),
            undoes: self.undoes(),
            subjects,
            reward,
            others: self.others(),
            abroad,
            aliases,
            beside,
        }
    }

    /// How many lots are likely to be enough.
    #[must_use]
    pub fn lots(&self) -> Lots {
        match self.command {
            Command::Earn(_)
            | Command::Enrol
            | Command::Change(_)
            | Command::Request(_)
            | Command::RequestFor(..)
            | Command::Freeze(_)
            | Command::Restore(_)
            | Command::SetLevel { .. }
            => Lots::None,
            Command::Redeem { .. }
            | Command::Hold { .. }
            | Command::PayLines { .. }
            | Command::Take { .. }
            | Command::Decide { .. } => {
                Lots::First(64)
            }
            Command::Capture { .. }
            | Command::Release { .. }
            | Command::Reverse(_)
            | Command::ApproveReview { .. }
            | Command::Deduct { .. }
            | Command::RejectReview(_)
            | Command::Recover(_)
            | Command::DecideFor { .. }
            // The instant at which something falls due moves on with a coupon that is gone.
            | Command::RedeemCoupon { .. }
            | Command::CancelCoupon { .. }
            | Command::RestoreCoupon { .. }
            | Command::Transfer { .. }
            | Command::Exchange { .. }
            | Command::Merge { .. }
            | Command::Pool { .. }
            | Command::Invite { .. }
            | Command::RedeemPooled { .. }
            | Command::Erase
            | Command::Open(_)
            | Command::Refuse(_)
            | Command::Activate(_)
            | Command::Settle
            | Command::Upgrade
            | Command::Remind => Lots::All,
        }
    }

    /// Other members that it names.
    fn others(&self) -> Vec<MemberId> {
        match &self.command {
            Command::Transfer { to, .. } => vec![to.clone()],
            // The same person there.
            Command::Exchange { with: Some(_), .. } => vec![self.member.clone()],
            Command::Merge { from }
            | Command::DecideFor { concerned: Concerned::Merge(from), .. } => {
                vec![from.clone()]
            }
            Command::Pool { pool, .. } => vec![pool.clone()],
            Command::RedeemPooled { members, .. } => members.clone(),
            // The pool that paid.
            Command::Reverse(Some(wish)) if wish.merged.is_none() => {
                let payer = wish.redemption.iter().map(|redemption| &redemption.entry.member);
                payer.filter(|payer| **payer != self.member).cloned().collect()
            }
            Command::Recover(stolen)
            | Command::DecideFor { concerned: Concerned::Recover(stolen), .. } => {
                let mut others: Vec<MemberId> = Vec::new();
                for received in stolen.iter().filter_map(|stolen| stolen.received.as_ref()) {
                    if !others.contains(&received.member) {
                        others.push(received.member.clone());
                    }
                }
                others
            }
            _ => Vec::new(),
        }
    }

    /// Whether more is needed to decide it than the member's own state, so that it cannot be
    /// decided on top of writes that are under way.
    pub(crate) fn needs_what_is_stored(&self) -> bool {
        self.undoes().is_some()
            || !self.others().is_empty()
            || matches!(self.command, Command::Change(_) | Command::Open(_))
    }

    /// The entries that it undoes: what was undone of them before is not part of a member's state,
    /// so it cannot be decided on top of writes that are under way.
    pub(crate) fn undoes(&self) -> Option<ReversalTargets> {
        let wish = match &self.command {
            Command::Reverse(Some(wish)) | Command::RejectReview(wish) => wish,
            Command::RestoreCoupon { used } => {
                return Some(ReversalTargets { entries: vec![used.id], lots: Vec::new() });
            }
            Command::Recover(stolen)
            | Command::DecideFor { concerned: Concerned::Recover(stolen), .. } => {
                let entries = stolen.iter().map(|stolen| stolen.redemption.entry.id).collect();
                return Some(ReversalTargets { entries, lots: Vec::new() });
            }
            _ => return None,
        };
        let redemption = wish.redemption.as_ref().map(|redemption| redemption.entry.id);
        let granted = || wish.earn.iter().chain(&wish.gifts);
        let entries = granted().map(|entry| entry.id).chain(redemption).collect();
        let lots = granted().flat_map(|entry| &entry.grants).map(|lot| lot.number).collect();
        Some(ReversalTargets { entries, lots })
    }

    /// An order of a job: no key, no source.
    #[must_use]
    pub fn of_job(member: MemberId, command: Command, job: &str) -> Self {
        let origin = Origin { actor: format!("job:{job}"), ..Origin::default() };
        Self {
            decide: decide_single,
            member,
            command,
            origin,
            idem: None,
            source: None,
            attributes: None,
            trace: None,
            aliases: None,
        }
    }

    pub(crate) fn claims(&self) -> UniqueKeys {
        let idem = self.idem.as_ref().map(|(key, _)| key.clone());
        let fingerprint =
            self.idem.as_ref().map(|(_, fingerprint)| fingerprint_now(fingerprint).to_owned());
        let Self { source, attributes, trace, aliases, .. } = self.clone();
        UniqueKeys { idem, fingerprint, source, attributes, trace, aliases }
    }
}

/// The form of a fingerprint that is stored.
pub(crate) fn fingerprint_now(fingerprint: &str) -> &str {
    fingerprint.split(',').next().unwrap_or(fingerprint)
}

/// Whether a stored fingerprint is that of the request, in any of its forms.
#[must_use]
pub fn is_fingerprint(stored: &str, of: &str) -> bool {
    of.split(',').any(|form| form == stored)
}

/// What a command wrote.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its entries, in order.
    pub entries: Vec<Entry>,
    /// Which of them was asked for.
    pub primary: usize,
    /// True when it was written by an earlier request with the same key.
    pub replayed: bool,
}

/// What became of an order.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It is written.
    Done(Answer),
    /// It is refused.
    Refused {
        /// Why.
        refusal: Refusal,
        /// Names the occurrence; a UUID.
        id: String,
        /// True when an earlier request with the same key heard so.
        replayed: bool,
    },
    /// Its key belongs to another request.
    KeyReused,
    /// There was nothing to do (jobs only). Carries the member as it is.
    Nothing(Box<Member>),
}

/// The most that any of the orders is likely to need.
pub(crate) fn most_lots<'a>(orders: impl Iterator<Item = &'a Submission>) -> Lots {
    orders.map(Submission::lots).fold(Lots::None, |most, lots| match (most, lots) {
        (Lots::All, _) | (_, Lots::All) => Lots::All,
        (Lots::First(a), Lots::First(b)) => Lots::First(a.max(b)),
        (Lots::None, lots) | (lots, Lots::None) => lots,
    })
}
