//! What concerns two members at once: points that move from one to the other, members that become
//! one, members that share.
//!
//! Each side gets entries of its own. They stand or fall together: a caller writes all of a
//! decision, or nothing.

use crate::calendar::Timestamp;
use crate::entry::{Count, Effects, Entry, LotDraw, LotGrant, LotMoves, Origin};
use crate::fault::Fault;
use crate::id::{EntryId, LotNumber, MemberId};
use crate::journal::Journal;
use crate::kind::{
    Absorbed, ClosedInto, Coupon, Frozen, PoolChange, PoolChanged, PoolInvited, Transferred, What,
};
use crate::lot::Lot;
use crate::member::Counter;
use crate::qualification::Qualification;
use crate::refusal::Refusal;
use crate::stop::Stop;

/// The most members of a pool.
pub const MAX_POOLED: usize = 20;

/// What a member brings along when it becomes part of another one.
#[derive(Debug, Clone)]
pub struct MergedAccount {
    /// Its lots, with their own dates.
    pub grants: Vec<LotGrant>,
    /// What it owes.
    pub debt: i64,
    /// Its open coupons.
    pub coupons: Vec<Coupon>,
    /// What counts towards its tiers.
    pub qualification: Qualification,
    /// What counts towards its limits.
    pub counts: Vec<Count>,
    /// What it must not do, which goes with the person.
    pub frozen: Frozen,
    /// The entry that handed all of it over.
    pub cause: EntryId,
}

/// A lot of one member as another gets it: it keeps its own dates.
fn passed_on(lot: &Lot, points: i64) -> LotGrant {
    LotGrant {
        number: LotNumber(0),
        points,
        source: lot.source.clone(),
        earned_at: lot.earned_at,
        available_at: lot.available_at,
        expires_at: lot.expires_at,
    }
}

/// Gives these points of the member's lots to another member; tells the entry, and the lots that
/// the other gets.
///
/// # Errors
/// A [`Fault`] when there are not as many, or the member's state is inconsistent.
pub fn give(
    journal: &mut Journal,
    draws: Vec<LotDraw>,
    to: &MemberId,
    counts: Vec<Count>,
    origin: Origin,
) -> Result<(EntryId, Vec<LotGrant>), Fault> {
    let member = journal.member();
    let grant = |draw: &LotDraw| {
        let lot = member.lots.iter().find(|lot| lot.number == draw.number)?;
        Some(passed_on(lot, draw.points))
    };
    let grants: Vec<LotGrant> = draws.iter().map(grant).collect::<Option<_>>().ok_or(Fault::Lot)?;
    let id = journal.post(Entry {
        lots: LotMoves { draws, ..LotMoves::default() },
        effects: Effects { counts, ..Effects::default() },
        ..journal.draft(What::Transfer(Transferred { other: to.clone() }), origin)
    })?;
    Ok((id, grants))
}

/// Takes over what another member gave.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn receive(
    journal: &mut Journal,
    grants: Vec<LotGrant>,
    from: &MemberId,
    cause: EntryId,
    origin: Origin,
) -> Result<EntryId, Fault> {
    journal.post(Entry {
        lots: LotMoves { grants, ..LotMoves::default() },
        cause: Some(cause),
        ..journal.draft(What::Transfer(Transferred { other: from.clone() }), origin)
    })
}

/// Hands everything over to another member, and closes the account.
///
/// # Errors
/// [`Refusal::ItemsOpen`] while something waits to be decided that only this account can decide; a
/// [`Fault`] when the member's state is inconsistent.
pub fn close_into(
    journal: &mut Journal,
    to: &MemberId,
    origin: Origin,
) -> Result<MergedAccount, Stop> {
    let member = journal.member().clone();
    let waits = member.lots.iter().any(|lot| lot.available_at == Timestamp::LAST);
    let shares = member.pool.is_some() || !member.pool_members.is_empty();
    if !(member.holds.is_empty() && member.requests.is_empty() && member.reviews.is_empty())
        || waits
        || shares
    {
        return Err(Refusal::ItemsOpen.into());
    }
    let draws = member
        .lots
        .iter()
        .map(|lot| LotDraw { number: lot.number, points: lot.remaining })
        .collect();
    let cause = journal.post(Entry {
        lots: LotMoves { draws, debt: -member.debt, ..LotMoves::default() },
        effects: Effects { coupons: member.coupons.clone(), ..Effects::default() },
        ..journal.draft(What::CloseInto(ClosedInto { into: to.clone() }), origin)
    })?;
    let count = |c: &Counter| Count {
        counter: c.name.clone(),
        period: c.period,
        keep_from: i32::MIN,
        times: c.times,
        points: c.points,
    };
    Ok(MergedAccount {
        grants: member.lots.iter().map(|lot| passed_on(lot, lot.remaining)).collect(),
        debt: member.debt,
        coupons: member.coupons,
        qualification: member.qualification,
        counts: member.counters.iter().map(count).collect(),
        frozen: member.frozen,
        cause,
    })
}

/// Takes everything over from a member that was closed for it.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn absorb(
    journal: &mut Journal,
    merged: MergedAccount,
    from: &MemberId,
    origin: Origin,
) -> Result<EntryId, Fault> {
    let MergedAccount { grants, debt, coupons, qualification, counts, frozen, cause } = merged;
    let frozen =
        Some(journal.member().frozen.and(frozen)).filter(|both| *both != journal.member().frozen);
    let absorbed = Absorbed { from: from.clone(), carried: qualification, frozen };
    journal.post(Entry {
        lots: LotMoves { grants, debt, ..LotMoves::default() },
        effects: Effects { counts, coupons, ..Effects::default() },
        cause: Some(cause),
        ..journal.draft(What::Absorb(absorbed), origin)
    })
}

/// Notes on one side that a member joins a pool, or leaves it.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn pool(
    journal: &mut Journal,
    change: PoolChange,
    other: &MemberId,
    cause: Option<EntryId>,
    origin: Origin,
) -> Result<EntryId, Fault> {
    let changed = What::Pool(PoolChanged { other: other.clone(), pool: change });
    journal.post(Entry { cause, ..journal.draft(changed, origin) })
}

/// Lets a member join the pool within some time, as the pool's head wishes.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn invite(
    journal: &mut Journal,
    guest: &MemberId,
    until: Timestamp,
    origin: Origin,
) -> Result<EntryId, Fault> {
    let invited = What::Invite(PoolInvited { guest: guest.clone(), until });
    journal.post(journal.draft(invited, origin))
}

/// Forfeits all that is left and closes the account. What it has asked for, set aside or waits for
/// must have been ended before.
///
/// # Errors
/// [`Refusal::ItemsOpen`] while it belongs to a pool; a [`Fault`] when the member's state is
/// inconsistent.
pub fn erase(journal: &mut Journal, origin: Origin) -> Result<EntryId, Stop> {
    let member = journal.member();
    if member.pool.is_some() || !member.pool_members.is_empty() {
        return Err(Refusal::ItemsOpen.into());
    }
    let draws = member
        .lots
        .iter()
        .map(|lot| LotDraw { number: lot.number, points: lot.remaining })
        .collect();
    let (debt, coupons) = (-member.debt, member.coupons.clone());
    Ok(journal.post(Entry {
        lots: LotMoves { draws, debt, ..LotMoves::default() },
        effects: Effects { coupons, ..Effects::default() },
        ..journal.draft(What::Erase, origin)
    })?)
}
