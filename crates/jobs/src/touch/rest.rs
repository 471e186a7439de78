//! What decisions ask of members besides facts: read of those alone for whom something may be due.

use std::collections::{BTreeMap, BTreeSet};

use reach::touch::{Recipient, Touch};
use reach::{Facts, Family};
use store::{OpenOccasions, RareState, Reachability};

use crate::customers::{Moment, Piece};

/// What is known of some members besides facts, by their numbers.
pub(crate) struct Rest {
    pub(crate) occasions: BTreeMap<i64, OpenOccasions>,
    pub(crate) ways: BTreeMap<i64, Reachability>,
    pub(crate) rare: BTreeMap<i64, RareState>,
    pub(crate) touches: BTreeMap<i64, Vec<Touch>>,
}

impl Rest {
    /// A member as decisions ask for it.
    pub(crate) fn recipient<'a>(
        &'a self,
        piece: &'a Piece,
        (member_no, facts): (i64, &'a Facts),
        moment: Moment<'a>,
        sets: &'a BTreeMap<i64, (Family, String)>,
    ) -> Recipient<'a> {
        let ways = self.ways.get(&member_no).cloned().unwrap_or_default();
        let rare = self.rare.get(&member_no);
        let held = piece.held(member_no).iter().filter(|held| held.counts(moment.now));
        let mut customer = piece.customer((member_no, facts), moment);
        let mut segments = BTreeSet::new();
        for held in held {
            match sets.get(&held.set_no) {
                Some((Family::Tag, path)) => customer.tags.push(path),
                Some((Family::Segment, id)) => drop(segments.insert(id.as_str())),
                None => {}
            }
        }
        Recipient {
            customer,
            segments,
            contacts: ways.contacts,
            consents: ways.consents,
            quiet: ways.quiet,
            coupons: rare.map(|rare| rare.coupons.clone()).unwrap_or_default(),
            occasions: self.occasions.get(&member_no).map(|of| of.all.clone()).unwrap_or_default(),
            controls: BTreeSet::new(),
            is_frozen: rare.is_some_and(|rare| rare.is_frozen),
            is_erased: false,
            touches: self.touches.get(&member_no).map_or(&[], Vec::as_slice),
        }
    }
}
