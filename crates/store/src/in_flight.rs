//! States on their way to the database: what members will be once the writes that an instance has
//! sent are done.
//!
//! Many clients of one member would otherwise all decide on the same stored state, and all but one
//! in vain. A request that finds its member in flight decides on top of that state and sends its
//! write after the other: both are done in one go. Nothing depends on it: a write is chained to the
//! head it expects, so when the one before fails, the database skips those on top, and they are
//! decided again on what is stored. A refusal is never given on a state in flight.
//!
//! Needs no waking and no waiting: requests of an instance only look into the map.

use std::cell::RefCell;
use std::collections::HashMap;

use ledger::{Member, MemberId};

/// With more open lots than these, a member's lots are not carried along.
const MAX_LOTS: usize = 64;

/// The states in flight of one instance, by programme number and member.
#[derive(Debug, Default)]
pub struct InFlight(RefCell<HashMap<(i64, MemberId), Member>>);

impl InFlight {
    /// The member's state in flight, when it is ahead of the stored one.
    pub(crate) fn ahead_of(&self, programme_no: i64, stored: &Member) -> Option<Member> {
        let states = self.0.borrow();
        let found = states.get(&(programme_no, stored.id.clone()))?;
        (found.sequence > stored.sequence).then(|| found.clone())
    }

    /// Notes that a write which leads to this state is being sent. Lots are kept as long as they
    /// are all at hand and few: under steady load a member may never land, and would grow by a lot
    /// with every earn.
    pub(crate) fn send(&self, programme_no: i64, member: &Member) {
        let mut state = member.clone();
        if !state.lots_complete || state.lots.len() > MAX_LOTS {
            state.lots_counted = state.open_lots();
            state.lots = Vec::new();
            state.lots_complete = false;
        }
        self.0.borrow_mut().insert((programme_no, member.id.clone()), state);
    }

    /// The write that led to this state is done, or was skipped. A state on top of a skipped one is
    /// dropped with it.
    pub(crate) fn land(&self, programme_no: i64, member: &Member, written: bool) {
        let mut states = self.0.borrow_mut();
        let place = (programme_no, member.id.clone());
        if !written || states.get(&place).is_some_and(|last| last.head == member.head) {
            states.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests {
    use ledger::{Hash, Sequence};

    use super::*;

    fn state(sequence: i64) -> Member {
        let mut member = Member::new(MemberId::new("m").unwrap());
        (member.sequence, member.head) =
            (Sequence(sequence), Hash([u8::try_from(sequence).unwrap(); 32]));
        member
    }

    #[test]
    fn a_state_counts_until_it_lands_or_falls() {
        let in_flight = InFlight::default();
        let ahead =
            |stored: i64| in_flight.ahead_of(1, &state(stored)).map(|member| member.sequence.0);
        assert_eq!(ahead(0), None);
        in_flight.send(1, &state(1));
        in_flight.send(1, &state(2));
        assert_eq!(
            (ahead(0), ahead(1), ahead(2)),
            (Some(2), Some(2), None),
            "only when ahead of what is stored"
        );
        in_flight.land(1, &state(1), true);
        assert_eq!(ahead(0), Some(2), "the one on top is still on its way");
        in_flight.land(1, &state(2), true);
        assert_eq!(ahead(0), None);
        in_flight.send(1, &state(1));
        in_flight.send(1, &state(2));
        in_flight.land(1, &state(1), false);
        assert_eq!(ahead(0), None, "what stood on a skipped write falls with it");
        in_flight.send(2, &state(1));
        assert_eq!(ahead(0), None, "programmes do not mix");
    }
}
