//! What the clock has decided is written down, and members move up by themselves.

use ledger::{Entry, Journal, Kind, MemberId, Tier, TierMove};

use crate::case::Case;
use crate::operation::{Guards, Lots, Needs, Operation, Outcome};
use crate::replay::{ReplayIndex, ReplayStep};
use crate::rulebook::Rulebook;
use crate::tiers;

/// Write down what the clock has decided: activations, ends of tiers, expiries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settle;

impl Operation for Settle {
    fn name(&self) -> &'static str {
        "settle"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::JOB
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone_at(own, |journal| Ok(journal.posted()))
    }
}

/// Move up the ladder when the published rulebook would have it so, after settling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upgrade;

impl Operation for Upgrade {
    fn name(&self) -> &'static str {
        "upgrade"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::All)
    }

    fn guards(&self) -> Guards {
        Guards::JOB
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone_at(own, |journal| {
            let primary = journal.posted();
            tiers::upgrade(journal, case.book, journal.now(), case.origin, None)?;
            Ok(primary)
        })
    }
}

/// Tiers follow, but for a level that was set by hand, one that came with a merger, and one that
/// the job reached. The second is as old as it was, and what both reached together is reached then.
/// The third comes of time alone: an average rises when a small order leaves its period.
pub(super) fn replay_tier(entry: &Entry, told: &ReplayIndex, book: &Rulebook) -> ReplayStep {
    // A person who sets a level by hand says why. That something was said is known after an
    // erasure, too.
    if entry.cause.is_none() && entry.texts.is_some() {
        return ReplayStep::Repeat;
    }
    let is_merged = entry.cause.is_some_and(|cause| told.others.get(&cause) == Some(&Kind::Merge));
    let index = |tier: Option<&str>| book.ladder.as_ref().map(|ladder| ladder.index_of(tier));
    let is_up = |moved: &TierMove| index(moved.from.as_deref()) < index(Some(&moved.to));
    let is_now = entry.occurred_at == entry.recorded_at;
    match &entry.tier() {
        Some(moved) if entry.cause.is_none() && is_now && is_up(moved) => ReplayStep::ask(Upgrade),
        Some(_) if is_merged && is_now => ReplayStep::ask(Upgrade),
        Some(moved) if is_merged => ReplayStep::Rank(Tier {
            id: moved.to.clone(),
            since: entry.occurred_at,
            until: moved.until,
            claims: moved.claims.clone(),
        }),
        _ => ReplayStep::Follows,
    }
}
