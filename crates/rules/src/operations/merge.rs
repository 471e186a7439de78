//! A member becomes part of another one: all it has goes there, and its account is closed.

use ledger::{
    Count, Fault, Journal, MAX_COUPONS, Member, MemberId, MergedAccount, Refusal, Stop, absorb,
    close_into,
};

use crate::case::Case;
use crate::joint::joined;
use crate::limits::STREAK;
use crate::operation::{Account, Guards, Lots, Needs, Operation, Other, Outcome};
use crate::tiers;

const GUARDS: Guards = Guards { other: Other::MustExist, ..Guards::STAFF.on(Account::Member) };

/// Let another member become part of this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The other member, whose account is closed.
    pub from: MemberId,
}

impl Operation for Merge {
    fn name(&self) -> &'static str {
        "merge"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::others(Lots::All, vec![self.from.clone()])
    }

    fn guards(&self) -> Guards {
        GUARDS
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        merge(case, own)
    }
}

/// A merger that needs nobody's approval, as no points move with it. Where the account has got some
/// since the request was read, it must be asked for anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeEmpty {
    /// The other member, whose account is closed.
    pub from: MemberId,
}

impl Operation for MergeEmpty {
    fn name(&self) -> &'static str {
        "merge_empty"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        Needs::others(Lots::All, vec![self.from.clone()])
    }

    fn guards(&self) -> Guards {
        GUARDS
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        if case.other()?.lots.iter().any(|lot| lot.remaining != 0) {
            return Err(Stop::Fault(Fault::Moved));
        }
        merge(case, own)
    }
}

fn merge(case: &Case<'_>, taker: Journal) -> Outcome {
    let source = case.other()?;
    if source.id == taker.member().id {
        return Err(Refusal::SameMember.into());
    }
    let giver = case.journal(1, source.clone())?;
    let primary = taker.posted();
    merge_into(case, taker, giver, primary)
}

/// Lets the account of `giver` become part of that of `taker`.
pub(super) fn merge_into(
    case: &Case<'_>,
    mut taker: Journal,
    mut giver: Journal,
    primary: usize,
) -> Outcome {
    let tier = giver.member().tier.clone();
    let estate = close_into(&mut giver, &taker.member().id, case.without_reference())?;
    if estate.coupons.len() + taker.member().coupons.len() > MAX_COUPONS {
        return Err(Refusal::TooManyOpen { most: MAX_COUPONS as i64 }.into());
    }
    let counts =
        estate.counts.into_iter().filter_map(|count| added(taker.member(), count)).collect();
    let estate = MergedAccount { counts, ..estate };
    let id = absorb(&mut taker, estate, &giver.member().id, case.origin.clone())?;
    let came = case.without_reference();
    // What the other had reached is kept, and its gifts are not given again.
    tiers::keep_rank(&mut taker, case.book, tier, &came, id)?;
    let now = taker.now();
    tiers::upgrade(&mut taker, case.book, now, &came, Some(id))?;
    case.expire_and_repay(&mut taker)?;
    joined(vec![giver, taker], 1, primary)
}

/// What a counter of the other account adds. Of days in a row the longer run counts; all others are
/// sums.
fn added(member: &Member, count: Count) -> Option<Count> {
    if !count.counter.starts_with(STREAK) {
        return Some(count);
    }
    let (own, _) = member.counted(&count.counter, count.period);
    Some(Count { times: count.times - own, ..count }).filter(|count| count.times > 0)
}
