//! What decisions about several members have in common.
//!
//! Each member gets a journal of its own; what they post is one decision. The entries of the member
//! that asked come first, but for a pool, whose redemption follows what its members give.

use ledger::{Count, Decision, Fault, Journal, Lot, LotDraw, LotState, Member, Refusal, Timestamp};

use crate::document::Transfers;
use crate::limits::Limits;
use crate::operation::{Decided, Outcome};
use crate::rulebook::Rulebook;

/// Puts journals together, in order; `asked` is the one of the member that asked, and `primary` the
/// posting it asked for.
pub(crate) fn joined(journals: Vec<Journal>, asked: usize, primary: usize) -> Outcome {
    let (mut postings, mut own, mut others, mut at) = (Vec::new(), None, Vec::new(), 0);
    for (index, journal) in journals.into_iter().enumerate() {
        let (decision, member) = journal.finish(0);
        if index == asked {
            at = postings.len() + primary;
            own = Some(member);
        } else {
            others.push(member);
        }
        postings.extend(decision.postings);
    }
    let member = own.ok_or(Fault::Moved)?;
    Ok(Decided { decision: Decision { postings, primary: at }, member, others })
}

/// What the rulebook says to giving away the points that were asked for, and what it counts of
/// those that are given.
pub(crate) fn may_give(
    book: &Rulebook,
    rule: Transfers,
    counter: &str,
    member: &Member,
    points: i64,
    given: i64,
    now: Timestamp,
) -> Result<Vec<Count>, Refusal> {
    let mut limits = Limits::new(book, member, now, now);
    let most = rule.max_points.unwrap_or(i64::MAX);
    // The period ends the name, whatever the counter is called.
    let most = limits.cap(&format!("{counter}:points:day"), rule.points_per_day, most);
    if points < rule.min_points || points > most {
        return Err(Refusal::OutsideLimits { least: rule.min_points, most });
    }
    if let Some(limit) = rule.limit {
        limits.allow_several(counter, limit, 1)?;
    }
    Ok(limits.into_counts(given, &[]).0)
}

/// What can be spent of several members' lots, each told by the place of its journal, in the order
/// it is spent.
pub(crate) fn spendable(journals: &[&Journal], book: &Rulebook) -> Vec<(usize, LotDraw)> {
    let mut lots: Vec<(usize, &Member, &Lot)> = Vec::new();
    for (at, journal) in journals.iter().enumerate() {
        let (member, now) = (journal.member(), journal.now());
        lots.extend(
            member
                .lots
                .iter()
                .filter(|lot| lot.state(now) == LotState::Active)
                .map(|lot| (at, member, lot)),
        );
    }
    if book.first_in_first_out() {
        lots.sort_by_key(|(at, _, lot)| {
            let (earned_at, number) = lot.first_in_first_out();
            (earned_at, *at, number)
        });
    } else {
        lots.sort_by_key(|(at, _, lot)| {
            let (expires_at, earned_at, number) = lot.expiring_first();
            (expires_at, earned_at, *at, number)
        });
    }
    let free = lots
        .into_iter()
        .map(|(at, member, lot)| (at, LotDraw { number: lot.number, points: member.free(lot) }));
    free.filter(|(_, draw)| draw.points > 0).collect()
}

/// The first `points` of these; a refusal when there are fewer.
pub(crate) fn first(
    lots: &[(usize, LotDraw)],
    points: i64,
) -> Result<Vec<(usize, LotDraw)>, Refusal> {
    let mut missing = points;
    let draw = |(at, lot): &(usize, LotDraw)| {
        let points = missing.min(lot.points);
        missing -= points;
        (points > 0).then_some((*at, LotDraw { points, ..*lot }))
    };
    let draws = lots.iter().map_while(draw).collect();
    if missing > 0 {
        return Err(Refusal::InsufficientPoints { balance: points - missing, missing });
    }
    Ok(draws)
}
