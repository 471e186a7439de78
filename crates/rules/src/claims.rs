//! What a member's level is held by, and what a return leaves of it.
//!
//! A level is reached or kept by what counted in some period. When an order that counted there
//! comes back, the member keeps the highest level that the rest of that period, the level before,
//! or the present period still gives.

use ledger::{
    Claim, ClaimPeriod, Entry, EntryId, Fault, Gift, Journal, Member, Origin, Qualifying, Tier,
    TierMove, Timestamp, Totals, day_number, local_date, tier_change,
};

use crate::rulebook::{Ladder, Level, Rulebook};
use crate::tiers::{due_name, gift_count, gift_kept, has_gift};

/// The most claims that a member keeps: a ladder has no more levels.
const MAX_CLAIMS: usize = 20;

/// The member's claims that still last, the highest first.
pub(crate) fn held(
    ladder: &Ladder,
    member: &Member,
    now: Timestamp,
    book: &Rulebook,
) -> Vec<Claim> {
    member.tier.as_ref().map_or_else(Vec::new, |tier| held_by(ladder, tier, now, book))
}

/// The claims of a tier that still last. A tier from before claims were kept was reached in the
/// period in which it began.
pub(crate) fn held_by(ladder: &Ladder, tier: &Tier, now: Timestamp, book: &Rulebook) -> Vec<Claim> {
    if tier.claims.is_empty() && ladder.index_of(Some(&tier.id)) > 0 {
        let day = local_date(tier.since, book.zone());
        let period = Some(ladder.days(day, ladder.last_day(day)));
        return vec![Claim { tier: tier.id.clone(), at: tier.since, until: tier.until, period }];
    }
    let lasts = |claim: &&Claim| claim.until.is_none_or(|until| now < until);
    tier.claims.iter().filter(lasts).cloned().collect()
}

/// What still holds a level at the instant `end` at which the tier closes, the highest and longest
/// first: orders of a claim's period may have come back since, while a level that needed none of
/// them hid it.
pub(crate) fn lasting(
    ladder: &Ladder,
    member: &Member,
    end: Timestamp,
    book: &Rulebook,
) -> Vec<(usize, Claim)> {
    let measured = |claim: Claim| {
        let level = ladder.index_of(Some(&claim.tier));
        let period = claim.period.filter(|period| {
            book.document.returns.lower_tier && is_kept(ladder, *period, end, book)
        });
        let level = period
            .map_or(level, |period| level.min(ladder.qualified(Ladder::totals_in(member, period))));
        let kept = ladder.levels.get(level).filter(|_| level > 0)?;
        Some((level, Claim { tier: kept.id.clone(), ..claim }))
    };
    let mut all: Vec<(usize, Claim)> =
        held(ladder, member, end, book).into_iter().filter_map(measured).collect();
    all.sort_by_key(|(level, claim)| {
        std::cmp::Reverse((*level, claim.until.unwrap_or(Timestamp::LAST)))
    });
    all
}

/// The move to the level that is held by the first of these claims; to the first level when there
/// is none.
pub(crate) fn moved(
    ladder: &Ladder,
    member: &Member,
    to: usize,
    mut claims: Vec<Claim>,
) -> Option<TierMove> {
    let level = ladder.levels.get(to)?;
    let from = member.tier.as_ref().map(|tier| tier.id.clone());
    let until = claims.first().filter(|_| to > 0).and_then(|claim| claim.until);
    claims.truncate(MAX_CLAIMS);
    Some(TierMove { from, to: level.id.clone(), until, claims })
}

/// Moves the member down at once when what comes back of an order had counted for its level. Posts
/// nothing otherwise.
pub(crate) fn lower(
    journal: &mut Journal,
    book: &Rulebook,
    earn: &Entry,
    came_back: Qualifying,
    origin: &Origin,
    cause: EntryId,
) -> Result<(), Fault> {
    let Some(ladder) = &book.ladder else { return Ok(()) };
    let (member, now) = (journal.member(), journal.now());
    let Some(tier) = &member.tier else { return Ok(()) };
    let current = ladder.index_of(Some(&tier.id));
    let mut left: Vec<(usize, Claim)> = Vec::new();
    for (place, claim) in held(ladder, member, now, book).into_iter().enumerate() {
        let level = ladder.index_of(Some(&claim.tier));
        // Orders of the others may have come back while the first one hid them.
        let is_hidden = place > 0;
        let measured = claim.period.filter(|period| {
            (is_hidden || counts(*period, came_back.month)) && is_kept(ladder, *period, now, book)
        });
        let level = measured.map_or(level, |period| {
            let after = Ladder::totals_in(member, period);
            let before = before(after, came_back);
            // An order from after the level was reached holds it only once others of the period
            // have come back.
            let was_held = || ladder.qualified(before) >= level;
            // What pulled an average down never held the level.
            let is_raised = ladder.value(after) > ladder.value(before);
            if is_hidden || (claim.at >= earn.recorded_at && !is_raised) || was_held() {
                level.min(ladder.qualified(after))
            } else {
                level
            }
        });
        left.extend(
            ladder.levels.get(level).map(|kept| (level, Claim { tier: kept.id.clone(), ..claim })),
        );
    }
    // What counts in the present period gives a level at any time.
    let today = local_date(now, book.zone());
    let period = ladder.days(today, ladder.last_day(today));
    let present = ladder.qualified(Ladder::totals_in(member, period));
    if let Some(claim) = ladder.claim(present, (now, today), Some(period), book) {
        left.push((present, claim));
    }
    let lasting = |claim: &Claim| claim.until.unwrap_or(Timestamp::LAST);
    left.sort_by(|(a, one), (b, other)| b.cmp(a).then(lasting(other).cmp(&lasting(one))));
    left.dedup_by(|(_, later), (_, first)| {
        later.tier == first.tier && later.period == first.period
    });
    let next = left.first().map_or(0, |(level, _)| *level);
    if next >= current {
        return Ok(());
    }
    let claims = left.into_iter().filter(|(level, _)| *level > 0).map(|(_, claim)| claim).collect();
    let Some(moved) = moved(ladder, member, next, claims) else { return Ok(()) };
    let lost = ladder.levels.get(next + 1..=current).unwrap_or_default();
    let is_there = |level: &&Level| {
        let counted = |name: &str| member.counted(name, 0).0;
        counted(&gift_kept(level)) == 0 && counted(&due_name(level)) == 0
    };
    let lost = lost.iter().filter(|level| has_gift(level)).filter(is_there);
    let counts = lost.map(|level| gift_count(level, 1)).collect();
    tier_change(journal, moved, Gift { counts, ..Gift::default() }, origin.clone(), Some(cause))?;
    Ok(())
}

/// What counted before that came back; returns count negatively.
fn before(after: Totals, came_back: Qualifying) -> Totals {
    Totals {
        spend_minor: after.spend_minor.saturating_sub(came_back.spend_minor),
        growth: after.growth.saturating_sub(came_back.growth),
        orders: after.orders.saturating_sub(came_back.orders),
    }
}

fn counts(period: ClaimPeriod, month: i32) -> bool {
    match period {
        ClaimPeriod::Lifetime => true,
        ClaimPeriod::Days(first, last) => (first..=last).contains(&month),
    }
}

/// Whether all months of the period are still at hand. What cannot be measured any more is kept.
fn is_kept(ladder: &Ladder, period: ClaimPeriod, now: Timestamp, book: &Rulebook) -> bool {
    match period {
        ClaimPeriod::Lifetime => true,
        ClaimPeriod::Days(first, _) => day_number(ladder.keep_from(now, book.zone())) <= first,
    }
}
