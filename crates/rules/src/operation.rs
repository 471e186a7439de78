//! What an operation is, and the one door to every decision: an operation, a member's state, a
//! rulebook and an instant give a decision or a refusal.
//!
//! An operation says what must be loaded ([`Needs`]), which checks hold for it ([`Guards`]) and
//! what it posts. All that is common to operations is provided here once: what fell due is settled
//! before, the checks, and what would leave a bound.
//!
//! The HTTP path, bulk earns, the sweeps, dry runs and the model test all come through [`decide`].

use std::fmt::Debug;
use std::rc::Rc;

use ledger::{
    Closed, Decision, EntryId, Fault, Journal, LotNumber, Member, MemberId, ProgrammeId, Refusal,
    Stop,
};

use crate::case::Case;
use crate::names::is_mistaken;
use crate::operations::ProfileChange;
use crate::step_up;

/// Something that can be asked of a member. A component holds the code of those operations that it
/// names, and of no others.
pub trait Operation: Debug {
    /// Its name, in snake case.
    fn name(&self) -> &'static str;

    /// What must be loaded to decide it for that member.
    fn needs(&self, member: &MemberId) -> Needs;

    /// Which checks hold for it.
    fn guards(&self) -> Guards;

    /// What the operation checks itself, between the checks of the account and those of its
    /// reference. What fell due was settled before.
    ///
    /// # Errors
    /// The [`Refusal`] that keeps it from being recorded.
    fn allows(&self, _case: &Case<'_>, _member: &Member) -> Result<(), Refusal> {
        Ok(())
    }

    /// Posts what is asked for. `own` is the member's journal, in which all that fell due was
    /// written down. Operations about one member end with `Case::alone`.
    ///
    /// # Errors
    /// A refusal is an answer. A fault says that the state is inconsistent.
    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome;

    /// What it changes of the member's attributes and names, where it changes a part of them.
    fn profile(&self) -> Option<&ProfileChange> {
        None
    }

    /// The member that asks for it, where another one has the account: of a pool, one of its
    /// members.
    fn asked_by<'a>(&'a self, member: &'a MemberId) -> &'a MemberId {
        member
    }

    /// The same operation, done on this device; `None` where nothing is counted by device.
    fn on_device(&self, _device: &str) -> Option<Rc<dyn Operation>> {
        None
    }
}

/// What must be loaded to decide an operation, beside the member's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// How many open lots are likely to be enough.
    pub lots: Lots,
    /// Subjects whose counters it has to know.
    pub subjects: Vec<String>,
    /// The reward that it wants.
    pub reward: Option<String>,
    /// Other members that it names.
    pub others: Vec<MemberId>,
    /// The programme that those are members of, where it is another one.
    pub other_programme: Option<ProgrammeId>,
    /// The entries that it undoes.
    pub undoes: Option<ReversalTargets>,
    /// The names that it gives the member.
    pub names: Option<Vec<String>>,
    /// What else is told about the member.
    pub columns: ExtraColumns,
}

impl Needs {
    /// Lots, and nothing else.
    #[must_use]
    pub const fn lots(lots: Lots) -> Self {
        Self {
            lots,
            subjects: Vec::new(),
            reward: None,
            others: Vec::new(),
            other_programme: None,
            undoes: None,
            names: None,
            columns: ExtraColumns::Nothing,
        }
    }

    /// Lots, and other members.
    #[must_use]
    pub fn others(lots: Lots, others: Vec<MemberId>) -> Self {
        Self { others, ..Self::lots(lots) }
    }

    /// Whether more is needed than the member's own state, so that the operation cannot be decided
    /// on top of writes that are under way.
    #[must_use]
    pub fn is_more_than_state(&self) -> bool {
        self.undoes.is_some() || !self.others.is_empty() || self.columns == ExtraColumns::Profile
    }
}

/// How many open lots to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lots {
    /// None: enough for an earn while nothing is due.
    None,
    /// The first ones in consumption order.
    First(u16),
    /// All of them.
    All,
}

/// What to load beside a member's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtraColumns {
    /// Nothing: most decisions need no more.
    Nothing,
    /// What is told about the member, and its names.
    Profile,
    /// What the published rulebook asks for to price an event: what is told about the member, and
    /// its budgets.
    Pricing,
}

/// Entries whose earlier reversals a decision has to know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversalTargets {
    /// The entries.
    pub entries: Vec<EntryId>,
    /// The lots of the earn among them.
    pub lots: Vec<LotNumber>,
}

/// Which checks hold for an operation. There is no default: who adds an operation decides on each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards {
    /// Whose account it may be.
    pub account: Account,
    /// Whether it names another member, who must be there.
    pub other: Other,
    /// How often a reference may be recorded.
    pub reference: ReferenceUse,
    /// The side of the account that must not be frozen.
    pub side: AccountSide,
    /// Whether it is activity, by which sliding expiry moves on.
    pub activity: Activity,
    /// What a key that is for some stores may do with it.
    pub stores: Stores,
    /// Whether the rulebook may ask for a proof that it is the member who asks.
    pub step_up: StepUpUse,
}

/// Whose account an operation may be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// A member who is there. A pool is nobody: what it does is done by its members.
    Member,
    /// A member or a pool that is there.
    MemberOrPool,
    /// A member who need not be there yet.
    New,
    /// A pool that is there.
    Pool,
    /// Any account, also one that is not there or closed: then a job has nothing to do.
    OfJob,
}

/// Whether an operation names another member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// It does not, or checks the others itself.
    Unchecked,
    /// The first one named must be a member who is there.
    MustExist,
}

/// How often a reference may be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceUse {
    /// Once, until it is undone.
    Once,
    /// Once, whatever became of it.
    OnceEver,
    /// Once, whatever became of it, and whichever store names it.
    OnceInProgramme,
    /// The operation itself says how often.
    Several,
}

/// A side of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountSide {
    /// Freezing does not keep the operation from being done.
    Neither,
    /// Points come in.
    Earning,
    /// Points go out because the member, or a till, wants it.
    Spending,
}

/// Whether an operation is activity of the member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Points with a sliding expiry live on from now.
    Extends,
    /// It moves no end.
    Leaves,
}

/// What a key that is for some stores may do with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stores {
    /// It is done in a store, which must be one of the key's.
    Named,
    /// It is done in a store or in none.
    Optional,
    /// It concerns the whole account, which is not the business of one store.
    Forbidden,
}

/// Whether a rulebook may ask for a proof that it is the member who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepUpUse {
    /// It may, where points leave.
    Asked,
    /// Nobody asks: no points leave because the member wants it, or the member was asked before.
    Never,
}

impl Guards {
    /// Points come in for something that the member did.
    pub const EARNING: Self = Self {
        account: Account::New,
        other: Other::Unchecked,
        reference: ReferenceUse::Once,
        side: AccountSide::Earning,
        activity: Activity::Extends,
        stores: Stores::Named,
        step_up: StepUpUse::Never,
    };
    /// The member's points go out.
    pub const SPENDING: Self = Self {
        account: Account::Member,
        other: Other::Unchecked,
        reference: ReferenceUse::Once,
        side: AccountSide::Spending,
        activity: Activity::Extends,
        stores: Stores::Named,
        step_up: StepUpUse::Asked,
    };
    /// The member's points go to another member.
    pub const GIVING: Self =
        Self { other: Other::MustExist, activity: Activity::Leaves, ..Self::SPENDING };
    /// Something that was recorded is undone, resolved or decided on.
    pub const FOLLOWING: Self = Self {
        account: Account::MemberOrPool,
        other: Other::Unchecked,
        reference: ReferenceUse::Once,
        side: AccountSide::Neither,
        activity: Activity::Leaves,
        stores: Stores::Named,
        step_up: StepUpUse::Never,
    };
    /// Staff change something about the account.
    pub const STAFF: Self = Self { stores: Stores::Forbidden, ..Self::FOLLOWING };
    /// Done by the clock.
    pub const JOB: Self = Self { account: Account::OfJob, ..Self::STAFF };

    /// The same checks on another account.
    #[must_use]
    pub const fn on(self, account: Account) -> Self {
        Self { account, ..self }
    }

    /// The same checks for keys of some stores.
    #[must_use]
    pub const fn in_stores(self, stores: Stores) -> Self {
        Self { stores, ..self }
    }
}

/// A decision and the member's state after it.
#[derive(Debug, Clone)]
pub struct Decided {
    /// What to write. Empty when there is nothing to do (jobs only).
    pub decision: Decision,
    /// The member after it.
    pub member: Member,
    /// The other members that it concerns, after it.
    pub others: Vec<Member>,
}

impl Decided {
    /// A decision about one member.
    pub(crate) fn alone(journal: Journal, primary: usize) -> Self {
        let (decision, member) = journal.finish(primary);
        Self { decision, member, others: Vec::new() }
    }
}

/// What a decision comes to.
pub type Outcome = Result<Decided, Stop>;

/// Decides an operation for a member.
///
/// # Errors
/// A refusal is an answer. A fault says that the state is inconsistent.
pub fn decide(operation: &dyn Operation, case: &Case<'_>, member: Member) -> Outcome {
    match decided(operation, case, member) {
        // What would leave a bound comes from what the caller asks for, not from a broken state.
        Err(Stop::Fault(Fault::Overflow)) => Err(Refusal::AmountOutOfRange.into()),
        Err(Stop::Fault(Fault::TooManyLots(most))) => Err(Refusal::TooManyLots { most }.into()),
        decided => decided,
    }
}

fn decided(operation: &dyn Operation, case: &Case<'_>, member: Member) -> Outcome {
    // What fell due is settled first, so that a request has one answer whether or not the night
    // has run.
    let own = case.journal(0, member)?;
    check(operation, case, own.member())?;
    // A job has nothing to do for an account that is closed.
    if own.member().closed.is_some() {
        return Ok(Decided::alone(own, 0));
    }
    let decided = operation.post(case, own)?;
    if operation.guards().step_up == StepUpUse::Asked {
        step_up::check(case, &decided.decision)?;
    }
    Ok(decided)
}

/// The checks that need no look at the lots, in the order of [`Refusal`]. Of what they ask only
/// holds and requests end by the clock, so they come after what fell due was settled.
fn check(operation: &dyn Operation, case: &Case<'_>, member: &Member) -> Result<(), Refusal> {
    let (guards, recorded) = (operation.guards(), case.recorded);
    check_account(guards.account, member)?;
    if guards.account == Account::OfJob {
        return Ok(());
    }
    if member.closed.is_some() {
        return Err(closed(member));
    }
    if let Some(name) = &recorded.taken_alias {
        // Its kind alone: what is kept of a refusal must not tell who somebody is.
        let kind = name.split(':').next().unwrap_or_default().to_owned();
        return Err(Refusal::AliasTaken { kind });
    }
    operation.allows(case, member)?;
    if guards.other == Other::MustExist {
        recorded.other()?;
    }
    if let Some(taken) = recorded.taken().filter(|_| guards.reference != ReferenceUse::Several) {
        return Err(taken);
    }
    match guards.side {
        AccountSide::Earning if member.frozen.earning => {
            Err(Refusal::MemberFrozen { side: "earning" })
        }
        AccountSide::Spending if member.frozen.spending => {
            Err(Refusal::MemberFrozen { side: "spending" })
        }
        AccountSide::Earning | AccountSide::Spending | AccountSide::Neither => Ok(()),
    }
}

fn check_account(account: Account, member: &Member) -> Result<(), Refusal> {
    let (exists, is_pool) = (member.exists(), member.id.is_pool());
    match account {
        Account::Pool if !(exists && is_pool) => Err(Refusal::CounterpartyNotFound),
        // A caller that mistakes an id is told so, and does not go looking for a member of that
        // name.
        Account::Member | Account::MemberOrPool if !exists && is_mistaken(member.id.as_str()) => {
            Err(Refusal::MemberIdRefused)
        }
        Account::Member | Account::MemberOrPool if !exists => Err(Refusal::MemberNotFound),
        Account::Member | Account::New if is_pool => Err(Refusal::MemberNotFound),
        // No member has another one's name as its id.
        _ if member.id.is_alias() => Err(Refusal::MemberNotFound),
        _ => Ok(()),
    }
}

/// Why nothing can be done with a closed account.
fn closed(member: &Member) -> Refusal {
    match &member.closed {
        Some(Closed::Merged(into)) => Refusal::MemberMerged { into: into.to_string() },
        _ => Refusal::MemberErased,
    }
}
