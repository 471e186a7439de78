//! What concerns two members at once: points that move from one to the other, members that become
//! one, members that share.
//!
//! Each side gets entries of its own. They stand or fall together: whoever writes one must write
//! all of a decision, or nothing.

use crate::calendar::Timestamp;
use crate::coupons::Coupon;
use crate::entry::{Count, Entry, LotDraw, LotGrant, Origin};
use crate::fault::Fault;
use crate::freezes::Frozen;
use crate::id::{EntryId, LotNumber, MemberId};
use crate::journal::Journal;
use crate::kind::Kind;
use crate::lot::Lot;
use crate::member::Member;
use crate::refusal::Refusal;
use crate::standing::Standing;
use crate::stop::Stop;

/// The most members of a pool.
pub const MAX_POOLED: usize = 20;

/// Why nothing can be done with an account any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It became part of this member.
    Merged(MemberId),
    /// Nobody knows any more whose it was.
    Erased,
}

/// A change of who shares what, on one of its two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolChange {
    /// True on the side of the pool, false on that of the member.
    pub is_pool: bool,
    /// Whether the member joins or leaves.
    pub joins: bool,
}

/// What a member brings along when it becomes part of another one.
#[derive(Debug, Clone)]
pub struct Estate {
    /// Its lots, with their own dates.
    pub grants: Vec<LotGrant>,
    /// What it owes.
    pub debt: i64,
    /// Its open coupons.
    pub coupons: Vec<Coupon>,
    /// What counts towards its tiers.
    pub standing: Standing,
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
    let counterparty = Some(to.clone());
    let id = journal.post(Entry {
        draws,
        counts,
        counterparty,
        ..journal.draft(Kind::Transfer, origin)
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
    let (counterparty, cause) = (Some(from.clone()), Some(cause));
    journal.post(Entry { grants, counterparty, cause, ..journal.draft(Kind::Transfer, origin) })
}

/// Hands everything over to another member, and closes the account.
///
/// # Errors
/// [`Refusal::ItemsOpen`] while something waits to be decided that only this account can decide; a
/// [`Fault`] when the member's state is inconsistent.
pub fn hand_over(journal: &mut Journal, to: &MemberId, origin: Origin) -> Result<Estate, Stop> {
    let member = journal.member().clone();
    let waits = member.lots.iter().any(|lot| lot.available_at == Timestamp::LAST);
    let shares = member.pool.is_some() || !member.pooled.is_empty();
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
    let draft = Entry {
        draws,
        debt: -member.debt,
        coupons: member.coupons.clone(),
        counterparty: Some(to.clone()),
        ..journal.draft(Kind::Merge, origin)
    };
    let cause = journal.post(draft)?;
    let count = |c: &crate::member::Counter| Count {
        counter: c.name.clone(),
        period: c.period,
        keep_from: i32::MIN,
        times: c.times,
        points: c.points,
    };
    Ok(Estate {
        grants: member.lots.iter().map(|lot| passed_on(lot, lot.remaining)).collect(),
        debt: member.debt,
        coupons: member.coupons,
        standing: member.standing,
        counts: member.counters.iter().map(count).collect(),
        frozen: member.frozen,
        cause,
    })
}

/// Takes everything over from a member that was closed for it.
///
/// # Errors
/// A [`Fault`] when the member's state is inconsistent.
pub fn take_over(
    journal: &mut Journal,
    estate: Estate,
    from: &MemberId,
    origin: Origin,
) -> Result<EntryId, Fault> {
    let Estate { grants, debt, coupons, standing, counts, frozen, cause } = estate;
    let frozen =
        Some(journal.member().frozen.and(frozen)).filter(|both| *both != journal.member().frozen);
    let draft = Entry {
        grants,
        debt,
        coupons,
        counts,
        frozen,
        carried: Some(standing),
        counterparty: Some(from.clone()),
        cause: Some(cause),
        ..journal.draft(Kind::Merge, origin)
    };
    journal.post(draft)
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
    let (pool, counterparty) = (Some(change), Some(other.clone()));
    journal.post(Entry { pool, counterparty, cause, ..journal.draft(Kind::Pool, origin) })
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
    let (invitation, counterparty) = (Some(until), Some(guest.clone()));
    journal.post(Entry { invitation, counterparty, ..journal.draft(Kind::Pool, origin) })
}

/// Forfeits all that is left and closes the account. What it has asked for, set aside or waits for
/// must have been ended before.
///
/// # Errors
/// [`Refusal::ItemsOpen`] while it belongs to a pool; a [`Fault`] when the member's state is
/// inconsistent.
pub fn erase(journal: &mut Journal, origin: Origin) -> Result<EntryId, Stop> {
    let member = journal.member();
    if member.pool.is_some() || !member.pooled.is_empty() {
        return Err(Refusal::ItemsOpen.into());
    }
    let draws = member
        .lots
        .iter()
        .map(|lot| LotDraw { number: lot.number, points: lot.remaining })
        .collect();
    let (debt, coupons) = (-member.debt, member.coupons.clone());
    Ok(journal.post(Entry { draws, debt, coupons, ..journal.draft(Kind::Erase, origin) })?)
}

impl Member {
    /// Closes the account, or notes who shares with whom.
    pub(crate) fn keep_joint(&mut self, entry: &Entry) -> Result<(), Fault> {
        if self.closed.is_some() {
            return Err(Fault::Closed);
        }
        match (entry.kind, &entry.counterparty, entry.pool) {
            (Kind::Merge, Some(to), _) if entry.carried.is_none() => {
                self.closed = Some(Closed::Merged(to.clone()))
            }
            (Kind::Erase, _, _) => {
                self.closed = Some(Closed::Erased);
                self.reviews.clear();
            }
            (Kind::Pool, Some(other), Some(change)) => {
                self.share(other, change, entry.recorded_at)?
            }
            (Kind::Pool, Some(guest), None) => {
                let until =
                    entry.invitation.filter(|_| !self.pooled.is_empty()).ok_or(Fault::Pool)?;
                self.invitations
                    .retain(|(invited, until)| invited != guest && entry.recorded_at < *until);
                self.invitations.push((guest.clone(), until));
            }
            _ => {}
        }
        // Nothing may be left behind that nobody can reach any more.
        let is_empty = self.lots.is_empty() && self.holds.is_empty() && self.requests.is_empty();
        if self.closed.is_some() {
            // No job has to come back for it.
            self.tier = None;
            if !(is_empty && self.reviews.is_empty() && self.coupons.is_empty()) {
                return Err(Fault::Closed);
            }
        }
        if let Some(carried) = &entry.carried {
            self.standing.merge(carried).ok_or(Fault::Overflow)?;
        }
        Ok(())
    }

    /// Notes who shares with whom. Only who is invited joins a pool that has members. Pools of the
    /// first versions, which had ids like those of members, knew no invitations.
    fn share(&mut self, other: &MemberId, change: PoolChange, at: Timestamp) -> Result<(), Fault> {
        let is_in = self.pooled.contains(other);
        match (change.is_pool, change.joins) {
            (true, true) if !is_in && self.pool.is_none() => {
                if self.id.is_pool() && !self.pooled.is_empty() && !self.has_invited(other, at) {
                    return Err(Fault::Pool);
                }
                self.pooled.push(other.clone());
                self.invitations.retain(|(guest, _)| guest != other);
            }
            (true, false) if is_in => {
                // Whom a head has invited is not invited by the next one.
                if self.pooled.first() == Some(other) {
                    self.invitations.clear();
                }
                self.pooled.retain(|member| member != other);
            }
            (false, true) if self.pool.is_none() && self.pooled.is_empty() => {
                self.pool = Some(other.clone())
            }
            (false, false) if self.pool.as_ref() == Some(other) => self.pool = None,
            _ => return Err(Fault::Pool),
        }
        Ok(())
    }

    /// Whether that member may join this pool.
    #[must_use]
    pub fn has_invited(&self, guest: &MemberId, now: Timestamp) -> bool {
        self.invitations.iter().any(|(invited, until)| invited == guest && now < *until)
    }
}
