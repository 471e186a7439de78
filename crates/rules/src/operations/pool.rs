//! Members share a pool: they join and leave it, and spend its points.

use ledger::{
    Fault, Journal, LotDraw, MAX_POOLED, Member, MemberId, PoolChange, Redeem, Refusal, Timestamp,
    give, pool as note_pool, receive, redeem,
};

use crate::case::Case;
use crate::joint::{first, joined, spendable};
use crate::operation::{Account, Guards, Lots, Needs, Operation, Outcome, StepUpUse, Stores};

/// Join a pool, or leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// The pool's account.
    pub pool: MemberId,
    /// Which of the two.
    pub joins: bool,
}

impl Operation for Pool {
    fn name(&self) -> &'static str {
        "pool"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::others(Lots::All, vec![self.pool.clone()])
    }

    fn guards(&self) -> Guards {
        let step_up = if self.joins { StepUpUse::Asked } else { StepUpUse::Never };
        Guards { step_up, ..Guards::FOLLOWING.on(Account::Member).in_stores(Stores::Optional) }
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        change_pool(case, own, self.joins)
    }
}

/// Let a member join the pool that the operation is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// The member who invites: the pool's head.
    pub head: MemberId,
    /// The member who may join.
    pub guest: MemberId,
}

impl Operation for Invite {
    fn name(&self) -> &'static str {
        "invite"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::STAFF.on(Account::Pool)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        invite(case, own, &self.head, &self.guest)
    }
}

/// Spend points of a pool, which the operation is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedeemPooled {
    /// Its members.
    pub members: Vec<MemberId>,
    /// How many, at least 1.
    pub points: i64,
    /// The member that it is done for, who must belong to it.
    pub of: MemberId,
}

impl Operation for RedeemPooled {
    fn name(&self) -> &'static str {
        "redeem_pooled"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::others(Lots::All, self.members.clone())
    }

    fn guards(&self) -> Guards {
        Guards::SPENDING.on(Account::Pool)
    }

    fn asked_by<'a>(&'a self, _: &'a MemberId) -> &'a MemberId {
        &self.of
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        redeem_pooled(case, own, self.points, &self.of)
    }
}

/// For how long a member that was invited to a pool may join it.
const INVITED_MS: i64 = 7 * 24 * 3_600_000;

/// A member joins a pool, or leaves it. The first one makes the pool and is its head; others join
/// when the head has invited them. When the last one leaves, it takes along what the pool has of
/// its own.
fn change_pool(case: &Case<'_>, mut own: Journal, joins: bool) -> Outcome {
    let account = case.recorded.others.first().ok_or(Fault::Moved)?;
    may_change(own.member(), account, joins, case.now())?;
    let mut shared = case.journal(1, account.clone())?;
    let primary = own.posted();
    let (mine, theirs) =
        (PoolChange { is_pool: false, joins }, PoolChange { is_pool: true, joins });
    let left = shared
        .member()
        .lots
        .iter()
        .map(|lot| LotDraw { number: lot.number, points: lot.remaining });
    let left: Vec<LotDraw> = left.collect();
    if joins || account.pool_members.len() > 1 || left.is_empty() || shared.member().debt > 0 {
        let id = note_pool(&mut own, mine, &account.id, None, case.origin.clone())?;
        note_pool(&mut shared, theirs, &own.member().id, Some(id), case.without_reference())?;
        return joined(vec![own, shared], 0, primary);
    }
    let id = note_pool(&mut shared, theirs, &own.member().id, None, case.without_reference())?;
    let (cause, grants) =
        give(&mut shared, left, &own.member().id, Vec::new(), case.without_reference())?;
    note_pool(&mut own, mine, &account.id, Some(id), case.origin.clone())?;
    receive(&mut own, grants, &account.id, cause, case.without_reference())?;
    case.expire_and_repay(&mut own)?;
    joined(vec![shared, own], 1, primary)
}

fn may_change(
    member: &Member,
    account: &Member,
    joins: bool,
    now: Timestamp,
) -> Result<(), Refusal> {
    if account.closed.is_some() || if joins { !account.id.is_pool() } else { !account.exists() } {
        return Err(Refusal::CounterpartyNotFound);
    }
    if account.pool_members.contains(&member.id) == joins {
        return Err(Refusal::NothingToChange);
    }
    if !joins {
        return Ok(());
    }
    // Points that came back to a pool after all had left are for none but those.
    let has_own = account.pool_members.is_empty() && (account.balance != 0 || account.debt != 0);
    if member.pool.is_some() || !member.pool_members.is_empty() || has_own {
        return Err(Refusal::ItemsOpen);
    }
    if !account.pool_members.is_empty() && !account.has_invited(&member.id, now) {
        return Err(Refusal::NotInvited);
    }
    if account.pool_members.len() >= MAX_POOLED {
        return Err(Refusal::TooManyOpen { most: MAX_POOLED as i64 });
    }
    Ok(())
}

/// The head of a pool, who is the first of its members, lets somebody join it.
fn invite(case: &Case<'_>, mut shared: Journal, head: &MemberId, guest: &MemberId) -> Outcome {
    let account = shared.member();
    if account.pool_members.is_empty() {
        return Err(Refusal::CounterpartyNotFound.into());
    }
    if account.pool_members.contains(guest) {
        return Err(Refusal::NothingToChange.into());
    }
    if account.pool_members.first() != Some(head) {
        return Err(Refusal::NotHead.into());
    }
    let others = account
        .invitations
        .iter()
        .filter(|(invited, until)| invited != guest && case.now() < *until);
    if others.count() >= MAX_POOLED {
        return Err(Refusal::TooManyOpen { most: MAX_POOLED as i64 }.into());
    }
    let primary = shared.posted();
    ledger::invite(&mut shared, guest, case.now().plus_ms(INVITED_MS), case.origin.clone())?;
    joined(vec![shared], 0, primary)
}

/// Spends points of a pool: of its own lots and those of its members, in the order they would be
/// spent if they were one member's.
fn redeem_pooled(case: &Case<'_>, mut shared: Journal, points: i64, of: &MemberId) -> Outcome {
    let account = shared.member();
    if !account.pool_members.contains(of) {
        return Err(Refusal::CounterpartyNotFound.into());
    }
    if case.recorded.others.iter().any(|member| member.id == *of && member.frozen.spending) {
        return Err(Refusal::MemberFrozen { side: "spending" }.into());
    }
    let mut at_hand: Vec<&MemberId> =
        case.recorded.others.iter().map(|member| &member.id).collect();
    let mut pooled: Vec<&MemberId> = account.pool_members.iter().collect();
    at_hand.sort_unstable();
    pooled.sort_unstable();
    if at_hand != pooled {
        return Err(Fault::Moved.into());
    }
    let mut givers = Vec::new();
    for (place, member) in
        (1..).zip(case.recorded.others.iter().filter(|member| !member.frozen.spending))
    {
        givers.push(case.journal(place, member.clone())?);
    }
    // Of lots that end alike the pool's own go first, as they will when it redeems.
    let all: Vec<&Journal> = [&shared].into_iter().chain(&givers).collect();
    let draws = first(&spendable(&all, case.book), points)?;
    let mut journals = Vec::new();
    for (at, mut giver) in (1..).zip(givers) {
        let own: Vec<LotDraw> =
            draws.iter().filter(|(of, _)| *of == at).map(|(_, draw)| *draw).collect();
        // Members that give nothing are left as they are.
        if own.is_empty() {
            continue;
        }
        let (cause, grants) =
            give(&mut giver, own, &shared.member().id, Vec::new(), case.without_reference())?;
        case.expire_and_repay(&mut giver)?;
        receive(&mut shared, grants, &giver.member().id, cause, case.without_reference())?;
        journals.push(giver);
    }
    let primary = shared.posted();
    let wish = Redeem { of: Some(of.clone()), ..case.book.spend(&shared, points)? };
    redeem(&mut shared, wish, case.origin.clone())?;
    case.expire_and_repay(&mut shared)?;
    let asked = journals.len();
    journals.push(shared);
    joined(journals, asked, primary)
}
