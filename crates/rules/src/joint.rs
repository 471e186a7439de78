//! Decisions about two members at once: gifts, pools, merging, and points that a thief gave to
//! somebody else.
//!
//! Each member gets a journal of its own; what they post is one decision. The entries of who asked
//! come first, but for a pool, whose redemption follows what its members give.

use ledger::{
    ClawBack, Closed, Count, Decision, Entry, Estate, Fault, Journal, Lot, LotDraw, LotState,
    MAX_COUPONS, MAX_POOLED, Member, MemberId, PoolChange, Redeem, Refusal, Reversal, Shortfall,
    Timestamp, claw_back, give, hand_over, pool as note_pool, receive, redeem, take_over,
};

use crate::case::Case;
use crate::command::{Decided, Stolen};
use crate::decide::Outcome;
use crate::document::Transfers;
use crate::limits::{Limits, STREAK};
use crate::reverse::{Reverse, recover, reverse};
use crate::rulebook::Rulebook;
use crate::tiers;

/// Puts journals together, in order; `asked` is the one of who asked, and `primary` the posting it
/// asked for.
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

/// A gift: points move to another member and keep their dates.
pub(crate) fn transfer(case: &Case<'_>, member: Member, points: i64) -> Outcome {
    let receiver = case.other()?;
    if receiver.id == member.id {
        return Err(Refusal::SameMember.into());
    }
    if receiver.frozen.earning {
        return Err(Refusal::MemberFrozen { side: "earning" }.into());
    }
    let mut giver = case.journal(0, member)?;
    let primary = giver.posted();
    let Some(rule) = case.book.transfers else { return Err(Refusal::TransfersNotOffered.into()) };
    let counts =
        may_give(case.book, rule, "transfer", giver.member(), points, points, giver.now())?;
    let draws = first(&spendable(&[&giver], case.book), points)?
        .into_iter()
        .map(|(_, draw)| draw)
        .collect();
    let (cause, grants) = give(&mut giver, draws, &receiver.id, counts, case.origin.clone())?;
    case.wind_up(&mut giver)?;
    let mut taker = case.journal(1, receiver.clone())?;
    let from = giver.member().id.clone();
    receive(&mut taker, grants, &from, cause, case.along())?;
    case.wind_up(&mut taker)?;
    joined(vec![giver, taker], 0, primary)
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
    let most = limits.cap(counter, rule.points_per_day, most);
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

/// A member becomes part of another one: all it has goes there, and its account is closed.
pub(crate) fn merge(case: &Case<'_>, member: Member) -> Outcome {
    let source = case.other()?;
    if source.id == member.id {
        return Err(Refusal::SameMember.into());
    }
    let giver = case.journal(0, source.clone())?;
    let taker = case.journal(1, member)?;
    let primary = taker.posted();
    merged_into(case, taker, giver, primary)
}

/// Lets the account of `giver` become part of that of `taker`.
pub(crate) fn merged_into(
    case: &Case<'_>,
    mut taker: Journal,
    mut giver: Journal,
    primary: usize,
) -> Outcome {
    let tier = giver.member().tier.clone();
    let estate = hand_over(&mut giver, &taker.member().id, case.along())?;
    if estate.coupons.len() + taker.member().coupons.len() > MAX_COUPONS {
        return Err(Refusal::TooManyOpen { most: MAX_COUPONS as i64 }.into());
    }
    let counts =
        estate.counts.into_iter().filter_map(|count| merged(taker.member(), count)).collect();
    let estate = Estate { counts, ..estate };
    let id = take_over(&mut taker, estate, &giver.member().id, case.origin.clone())?;
    let came = case.along();
    // What the other had reached is kept, and its gifts are not given again.
    tiers::keep_rank(&mut taker, case.book, tier, &came, id)?;
    let now = taker.now();
    tiers::upgrade(&mut taker, case.book, now, &came, Some(id))?;
    case.wind_up(&mut taker)?;
    joined(vec![giver, taker], 1, primary)
}

/// What a counter of the other account adds. Of days in a row the longer run counts; all others are
/// sums.
fn merged(member: &Member, count: Count) -> Option<Count> {
    if !count.counter.starts_with(STREAK) {
        return Some(count);
    }
    let (own, _) = member.counted(&count.counter, count.period);
    Some(Count { times: count.times - own, ..count }).filter(|count| count.times > 0)
}

/// For how long a member that was invited to a pool may join it.
const INVITED_MS: i64 = 7 * 24 * 3_600_000;

/// A member joins a pool, or leaves it. The first one makes the pool and is its head; others join
/// when the head has invited them. When the last one leaves, it takes along what the pool has of
/// its own.
pub(crate) fn change_pool(case: &Case<'_>, member: Member, joins: bool) -> Outcome {
    let account = case.recorded.others.first().ok_or(Fault::Moved)?;
    may_change(&member, account, joins, case.now())?;
    let mut shared = case.journal(1, account.clone())?;
    let mut own = case.journal(0, member)?;
    let primary = own.posted();
    let (mine, theirs) =
        (PoolChange { is_pool: false, joins }, PoolChange { is_pool: true, joins });
    let left = shared
        .member()
        .lots
        .iter()
        .map(|lot| LotDraw { number: lot.number, points: lot.remaining });
    let left: Vec<LotDraw> = left.collect();
    if joins || account.pooled.len() > 1 || left.is_empty() || shared.member().debt > 0 {
        let id = note_pool(&mut own, mine, &account.id, None, case.origin.clone())?;
        note_pool(&mut shared, theirs, &own.member().id, Some(id), case.along())?;
        return joined(vec![own, shared], 0, primary);
    }
    let id = note_pool(&mut shared, theirs, &own.member().id, None, case.along())?;
    let (cause, grants) = give(&mut shared, left, &own.member().id, Vec::new(), case.along())?;
    note_pool(&mut own, mine, &account.id, Some(id), case.origin.clone())?;
    receive(&mut own, grants, &account.id, cause, case.along())?;
    case.wind_up(&mut own)?;
    joined(vec![shared, own], 1, primary)
}

fn may_change(
    member: &Member,
    account: &Member,
    joins: bool,
    now: Timestamp,
) -> Result<(), Refusal> {
    if account.closed.is_some() || if joins { !account.id.is_pool() } else { !account.exists() } {
        return Err(Refusal::CounterpartyNotFound);
    }
    if account.pooled.contains(&member.id) == joins {
        return Err(Refusal::NothingToChange);
    }
    if !joins {
        return Ok(());
    }
    // Points that came back to a pool after all had left are for none but those.
    let has_own = account.pooled.is_empty() && (account.balance != 0 || account.debt != 0);
    if member.pool.is_some() || !member.pooled.is_empty() || has_own {
        return Err(Refusal::ItemsOpen);
    }
    if !account.pooled.is_empty() && !account.has_invited(&member.id, now) {
        return Err(Refusal::NotInvited);
    }
    if account.pooled.len() >= MAX_POOLED {
        return Err(Refusal::TooManyOpen { most: MAX_POOLED as i64 });
    }
    Ok(())
}

/// The head of a pool, who is the first of its members, lets somebody join it.
pub(crate) fn invite(
    case: &Case<'_>,
    account: Member,
    head: &MemberId,
    guest: &MemberId,
) -> Outcome {
    if account.pooled.is_empty() {
        return Err(Refusal::CounterpartyNotFound.into());
    }
    if account.pooled.contains(guest) {
        return Err(Refusal::NothingToChange.into());
    }
    if account.pooled.first() != Some(head) {
        return Err(Refusal::NotHead.into());
    }
    let others = account
        .invitations
        .iter()
        .filter(|(invited, until)| invited != guest && case.now() < *until);
    if others.count() >= MAX_POOLED {
        return Err(Refusal::TooManyOpen { most: MAX_POOLED as i64 }.into());
    }
    let mut journal = case.journal(0, account)?;
    let primary = journal.posted();
    ledger::invite(&mut journal, guest, case.now().plus_ms(INVITED_MS), case.origin.clone())?;
    joined(vec![journal], 0, primary)
}

/// Spends points of a pool: of its own lots and those of its members, in the order they would be
/// spent if they were one member's.
pub(crate) fn redeem_pooled(
    case: &Case<'_>,
    account: Member,
    points: i64,
    of: &MemberId,
) -> Outcome {
    if !account.pooled.contains(of) {
        return Err(Refusal::CounterpartyNotFound.into());
    }
    if case.recorded.others.iter().any(|member| member.id == *of && member.frozen.spending) {
        return Err(Refusal::MemberFrozen { side: "spending" }.into());
    }
    let mut at_hand: Vec<&MemberId> =
        case.recorded.others.iter().map(|member| &member.id).collect();
    let mut pooled: Vec<&MemberId> = account.pooled.iter().collect();
    at_hand.sort_unstable();
    pooled.sort_unstable();
    if at_hand != pooled {
        return Err(Fault::Moved.into());
    }
    let mut givers = Vec::new();
    for (place, member) in
        (1..).zip(case.recorded.others.iter().filter(|member| !member.frozen.spending))
    {
        givers.push(case.journal(place, member.clone())?);
    }
    let mut shared = case.journal(0, account)?;
    // Of lots that end alike the pool's own go first, as they will when it redeems.
    let all: Vec<&Journal> = [&shared].into_iter().chain(&givers).collect();
    let draws = first(&spendable(&all, case.book), points)?;
    let mut journals = Vec::new();
    for (at, mut giver) in (1..).zip(givers) {
        let own: Vec<LotDraw> =
            draws.iter().filter(|(of, _)| *of == at).map(|(_, draw)| *draw).collect();
        // Members that give nothing are left as they are.
        if own.is_empty() {
            continue;
        }
        let (cause, grants) = give(&mut giver, own, &shared.member().id, Vec::new(), case.along())?;
        case.wind_up(&mut giver)?;
        receive(&mut shared, grants, &giver.member().id, cause, case.along())?;
        journals.push(giver);
    }
    let primary = shared.posted();
    let wish = Redeem { of: Some(of.clone()), ..case.book.spend(&shared, points)? };
    redeem(&mut shared, wish, case.origin.clone())?;
    case.wind_up(&mut shared)?;
    let asked = journals.len();
    journals.push(shared);
    joined(journals, asked, primary)
}

/// Undoes an order of a member that a pool has paid: the pool's points come back to the pool.
pub(crate) fn reverse_pooled(case: &Case<'_>, member: Member, wish: &Reverse) -> Outcome {
    let account = case.recorded.others.first().ok_or(Fault::Moved)?;
    let mut own = case.journal(0, member)?;
    if account.closed.is_some() {
        // Nobody is left to give points to; the goods come back all the same.
        let wish = Reverse { redemption: None, ..wish.clone() };
        let primary = reverse(&mut own, None, case, &wish)?;
        case.wind_up(&mut own)?;
        return joined(vec![own], 0, primary);
    }
    let mut shared = case.journal(1, account.clone())?;
    let primary = reverse(&mut own, Some(&mut shared), case, wish)?;
    case.wind_up(&mut own)?;
    case.wind_up(&mut shared)?;
    // Where nothing but points came back, what was asked for is the pool's entry.
    let is_asked =
        |entry: &Entry| wish.earn.as_ref().is_some_and(|earn| entry.corrects == Some(earn.id));
    let is_own = own.entries().nth(primary).is_some_and(is_asked);
    let primary = if is_own { primary } else { own.posted() + primary };
    joined(vec![own, shared], 0, primary)
}

/// Gives back what a thief has spent or given away, and takes what it gave away from who has it:
/// what is not there any more is owed.
pub(crate) fn recover_all(case: &Case<'_>, member: Member, stolen: &[Stolen]) -> Outcome {
    let own = case.journal(0, member)?;
    let primary = own.posted();
    recovered(case, own, stolen, primary)
}

/// The same in a journal that is open, after what else was posted to it.
pub(crate) fn recovered(
    case: &Case<'_>,
    mut own: Journal,
    stolen: &[Stolen],
    primary: usize,
) -> Outcome {
    let given = recover(&mut own, case, stolen)?;
    case.wind_up(&mut own)?;
    let cause = given.first().map(|(id, _)| *id);
    let mut takers: Vec<Journal> = Vec::new();
    for (stolen, (_, points)) in stolen.iter().zip(&given) {
        let Some(received) = stolen.received.as_ref().filter(|_| *points > 0) else { continue };
        let found = case
            .recorded
            .others
            .iter()
            .find(|member| member.id == received.member)
            .ok_or(Fault::Moved)?;
        match &found.closed {
            None => {}
            // Nobody is left to take it from.
            Some(Closed::Erased) => continue,
            Some(Closed::Merged(into)) => {
                return Err(Refusal::MemberMerged { into: into.to_string() }.into());
            }
        }
        let at = match takers.iter().position(|journal| journal.member().id == found.id) {
            Some(at) => at,
            None => {
                let place = takers.len() as u64 + 1;
                takers.push(case.journal(place, found.clone())?);
                takers.len() - 1
            }
        };
        let Some(taker) = takers.get_mut(at) else { continue };
        let wish = ClawBack {
            earn: received,
            reversal: Reversal { lines: Vec::new(), desired: *points, expired: 0 },
            shortfall: Shortfall::Debt,
            first_in_first_out: case.book.first_in_first_out(),
            counts: Vec::new(),
            qualifying: None,
            coupons: Vec::new(),
            review: None,
            of: None,
        };
        claw_back(taker, wish, cause, case.along())?;
    }
    for taker in &mut takers {
        case.wind_up(taker)?;
    }
    takers.insert(0, own);
    joined(takers, 0, primary)
}
