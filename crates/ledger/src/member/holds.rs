//! Open holds of a member.

use std::collections::BTreeMap;

use super::Member;
use crate::array::as_array;
use crate::calendar::Timestamp;
use crate::entry::{Entry, LotDraw, Origin};
use crate::fault::Fault;
use crate::id::{EntryId, LotNumber, Reference};
use crate::kind::What;
use crate::lot::Lot;

/// An open hold of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The entry that placed it.
    pub id: EntryId,
    /// The merchant's document that it is for.
    pub reference: Option<Reference>,
    /// From when on it counts no longer.
    pub until: Timestamp,
    /// The lots, in the order they are spent.
    pub lots: Vec<LotDraw>,
}
as_array!(Hold [id, reference, until, lots]);

impl Member {
    /// The open hold for the document that a command bears.
    pub(crate) fn hold_for(&self, origin: &Origin) -> Option<&Hold> {
        self.holds
            .iter()
            .find(|hold| origin.reference.is_some() && hold.reference == origin.reference)
    }

    /// The open hold of that id.
    #[must_use]
    pub fn hold(&self, id: EntryId) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.id == id)
    }

    /// Points of a lot that open holds keep.
    #[must_use]
    pub fn held(&self, lot: LotNumber) -> i64 {
        let lots = self.holds.iter().flat_map(|hold| &hold.lots);
        // Each hold was checked against what the others left.
        lots.filter(|held| held.number == lot).fold(0, |sum, held| sum.saturating_add(held.points))
    }

    /// Points of a lot that no hold keeps.
    #[must_use]
    pub fn free(&self, lot: &Lot) -> i64 {
        lot.remaining - self.held(lot.number)
    }

    /// Takes away the hold that the entry resolves, if it resolves one, and checks that a capture
    /// stays within it.
    pub(super) fn resolve(&mut self, entry: &Entry) -> Result<Option<Hold>, Fault> {
        let (What::Capture(ended) | What::Release(ended)) = &entry.what else { return Ok(None) };
        let at = self.holds.iter().position(|hold| hold.id == ended.hold).ok_or(Fault::Hold)?;
        let hold = self.holds.remove(at);
        let mut held: BTreeMap<LotNumber, i64> = BTreeMap::new();
        for lot in &hold.lots {
            *held.entry(lot.number).or_default() += lot.points;
        }
        for draw in &entry.lots.draws {
            let left = held
                .get_mut(&draw.number)
                .filter(|left| draw.points <= **left)
                .ok_or(Fault::Hold)?;
            *left -= draw.points;
        }
        Ok(Some(hold))
    }
}
