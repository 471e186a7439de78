//! A level set by hand, with its end: a promise of service, or the status of another programme that
//! is matched.

use ledger::{
    Claim, EntryId, Gift, Journal, MemberId, Refusal, Stop, Timestamp, local_date, tier_change,
};

use crate::case::Case;
use crate::claims;
use crate::operation::{Account, Guards, Lots, Needs, Operation, Outcome};

/// Put the member on a level of the ladder by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetLevel {
    /// The level.
    pub tier: String,
    /// From when on it is not kept; `None` is as long as if it were reached now.
    pub until: Option<Timestamp>,
}

impl Operation for SetLevel {
    fn name(&self) -> &'static str {
        "set_level"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::lots(Lots::None)
    }

    fn guards(&self) -> Guards {
        Guards::STAFF.on(Account::Member)
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        case.alone(own, |journal| set_level(journal, case, &self.tier, self.until))
    }
}

/// Moves the member to a level and keeps it there until `until`, or for as long as if it were
/// reached now. Brings no gift. What the member has reached by its own totals is not taken away.
fn set_level(
    journal: &mut Journal,
    case: &Case<'_>,
    tier: &str,
    until: Option<Timestamp>,
) -> Result<EntryId, Stop> {
    let book = case.book;
    let unknown = || Refusal::UnknownTier { tier: tier.to_owned() };
    let Some(ladder) = &book.ladder else { return Err(unknown().into()) };
    let Some(to) = ladder.levels.iter().position(|level| level.id == tier) else {
        return Err(unknown().into());
    };
    let (member, now) = (journal.member(), journal.now());
    let today = local_date(now, book.zone());
    let reached = ladder.qualified(ladder.totals_on(member, today));
    if let Some(level) = ladder.levels.get(reached).filter(|_| to < reached) {
        return Err(Refusal::TierEarned { tier: level.id.clone() }.into());
    }
    let claim = ladder.claim(to, (now, today), None, book);
    let claim = claim.map(|claim| Claim { until: until.or(claim.until), ..claim });
    // What orders gave stays, also under the same level.
    let stays = |held: &Claim| {
        let level = ladder.index_of(Some(&held.tier));
        level < to || (level == to && held.period.is_some())
    };
    let held = claims::held(ladder, member, now, book).into_iter().filter(stays);
    let claims: Vec<Claim> = claim.into_iter().chain(held).collect();
    let Some(moved) = claims::moved(ladder, member, to, claims) else {
        return Err(unknown().into());
    };
    if member.tier.as_ref().is_some_and(|tier| tier.id == moved.to && tier.until == moved.until) {
        return Err(Refusal::NothingToChange.into());
    }
    Ok(tier_change(journal, moved, Gift::default(), case.origin.clone(), None)?)
}
