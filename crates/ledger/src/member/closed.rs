//! Accounts that are closed, and accounts that share.

use super::Member;
use crate::calendar::Timestamp;
use crate::entry::Entry;
use crate::fault::Fault;
use crate::id::MemberId;
use crate::kind::{ClosedInto, PoolChange, PoolInvited, What};

/// Why nothing can be done with an account any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It became part of this member.
    Merged(MemberId),
    /// Nobody knows any more whose it was.
    Erased,
}

impl Member {
    /// Closes the account, or notes which members share with each other.
    pub(super) fn keep_joint(&mut self, entry: &Entry) -> Result<(), Fault> {
        if self.closed.is_some() {
            return Err(Fault::Closed);
        }
        match &entry.what {
            What::CloseInto(ClosedInto { into }) => {
                self.closed = Some(Closed::Merged(into.clone()))
            }
            What::Erase => {
                self.closed = Some(Closed::Erased);
                self.reviews.clear();
            }
            What::Pool(changed) => self.share(&changed.other, changed.pool, entry.recorded_at)?,
            What::Invite(PoolInvited { guest, until }) => {
                if self.pool_members.is_empty() {
                    return Err(Fault::Pool);
                }
                self.invitations
                    .retain(|(invited, until)| invited != guest && entry.recorded_at < *until);
                self.invitations.push((guest.clone(), *until));
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
        if let Some(carried) = entry.carried() {
            self.qualification.merge(carried).ok_or(Fault::Overflow)?;
        }
        Ok(())
    }

    /// Notes which members share with each other. Only an invited member joins a pool that has
    /// members. Pools of the first versions, which had ids like those of members, knew no
    /// invitations.
    fn share(&mut self, other: &MemberId, change: PoolChange, at: Timestamp) -> Result<(), Fault> {
        let is_in = self.pool_members.contains(other);
        match (change.is_pool, change.joins) {
            (true, true) if !is_in && self.pool.is_none() => {
                if self.id.is_pool()
                    && !self.pool_members.is_empty()
                    && !self.has_invited(other, at)
                {
                    return Err(Fault::Pool);
                }
                self.pool_members.push(other.clone());
                self.invitations.retain(|(guest, _)| guest != other);
            }
            (true, false) if is_in => {
                // Whom a head has invited is not invited by the next one.
                if self.pool_members.first() == Some(other) {
                    self.invitations.clear();
                }
                self.pool_members.retain(|member| member != other);
            }
            (false, true) if self.pool.is_none() && self.pool_members.is_empty() => {
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
