//! A history told again under the rulebook it was lived under comes to the same.

use std::collections::BTreeMap;

use ledger::{Lot, Member, ProgrammeId, Timestamp};
use rules::{Replay, Rulebook};

use crate::store::Store;

/// What of a member a rulebook decides on. Lots that somebody drew from by hand may bear other
/// numbers.
fn told(member: &Member) -> impl PartialEq + std::fmt::Debug + use<> {
    let lot = |lot: &Lot| {
        (lot.expires_at, lot.available_at, lot.source.clone(), lot.remaining, lot.pending)
    };
    let mut lots: Vec<_> = member.lots.iter().map(lot).collect();
    lots.sort();
    (member.balance, member.debt, member.tier.clone(), member.qualification.clone(), lots)
}

/// Half of the history is taken as it was recorded, the rest is told again.
pub fn check(store: &Store, book: &Rulebook, now: Timestamp) -> Result<(), String> {
    for half in [0, store.entries.len() / 2] {
        let rerun = || {
            Replay::new(book, ProgrammeId::new("p").unwrap(), store.row.id.clone(), BTreeMap::new())
        };
        let (mut recorded, mut again) = (rerun(), rerun());
        // A command is told again whole or not at all.
        let is_of_one = |at: usize| {
            store.entries.get(at).is_some_and(|entry| {
                at > 0 && entry.recorded_at == store.entries[at - 1].recorded_at
            })
        };
        let first = (half..).find(|at| !is_of_one(*at)).unwrap_or(half);
        for (at, entry) in store.entries.iter().enumerate() {
            recorded
                .as_recorded(entry, &entry.body().unwrap(), at >= first)
                .map_err(|fault| format!("as recorded: {fault:?}"))?;
            let told = if at < first {
                again.as_recorded(entry, &entry.body().unwrap(), false)
            } else {
                again.again(entry)
            };
            told.map_err(|fault| format!("again: {fault:?} at {entry:?}"))?;
        }
        let (recorded, again) = (recorded.end(now), again.end(now));
        let (recorded, again) =
            (recorded.map_err(|f| format!("{f:?}"))?, again.map_err(|f| format!("{f:?}"))?);
        if recorded.0 != again.0 {
            return Err(format!(
                "from entry {first} on, told again it comes to {:?} and not {:?}",
                again.0, recorded.0
            ));
        }
        if told(&recorded.1) != told(&again.1) {
            return Err(format!(
                "from entry {first} on, the member becomes {:?} and not {:?}",
                told(&again.1),
                told(&recorded.1)
            ));
        }
    }
    Ok(())
}
