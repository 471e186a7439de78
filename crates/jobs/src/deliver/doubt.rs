//! Whether a refusal is of the messages or of the account: an account with another id gets the same
//! answer for each address.

use std::collections::{BTreeMap, BTreeSet};

use channels::Outcome;
use store::LastAttempt;

use super::run::Going;
use super::settled::kept;

/// So many attempts of an account are looked at.
pub(super) const LOOKED_AT: i64 = 100;
/// So many members who get the same refusal in a row are not all wrong.
const SEVERAL: usize = 3;

/// Whether it may be of the account that messages of a wave were refused. Where anybody was
/// reached it is not.
pub(super) fn is_in_doubt(outcomes: &[(&Going, Outcome)]) -> bool {
    let is_reached = |(_, outcome): &(&Going, Outcome)| matches!(outcome, Outcome::Accepted { .. });
    let is_doubtful = |(_, outcome): &(&Going, Outcome)| {
        matches!(outcome, Outcome::Refused { is_doubtful: true, .. })
    };
    !outcomes.iter().any(is_reached) && outcomes.iter().any(is_doubtful)
}

/// Pauses the account in place of refusals that it got for several members, by this wave and by
/// `last`, its attempts before, the last first. A person who lets it send again unchanged has seen
/// to it: then the addresses are wrong.
pub(super) fn decide(outcomes: &mut [(&Going, Outcome)], last: &[LastAttempt]) {
    let is_reached = |one: &&LastAttempt| matches!(one.state.as_str(), "accepted" | "delivered");
    let since: Vec<&LastAttempt> = last.iter().take_while(|one| !is_reached(one)).collect();
    let mut members: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for (one, outcome) in &*outcomes {
        if let Outcome::Refused { is_doubtful: true, why, .. } = outcome {
            members.entry(kept(why)).or_default().insert(one.due.member_no);
        }
    }
    for one in since.iter().filter(|one| one.state == "failed") {
        if let Some(members) = one.error.as_ref().and_then(|why| members.get_mut(why)) {
            members.insert(one.member_no);
        }
    }
    let is_seen_to = |why: &str| {
        since.iter().any(|one| one.state == "retry" && one.error.as_deref() == Some(why))
    };
    for (_, outcome) in outcomes {
        if let Outcome::Refused { is_doubtful: true, why, .. } = outcome {
            let got = members.get(&kept(why)).map_or(0, BTreeSet::len);
            if got >= SEVERAL && !is_seen_to(&kept(why)) {
                *outcome = Outcome::Pause { why: why.clone() };
            }
        }
    }
}
