//! What an event earns: checks in order of precedence, worth, limits, caps, then the entry and the tier it may bring.

use ledger::{
    Context, Counted, Decision, Earn, EntryId, Fault, Journal, LotGrant, LotNumber, Member, Origin, Refusal, Timestamp,
    Totals, repay,
};

use crate::award::{self, Worth};
use crate::command::{Decided, EarnEvent, Recorded};
use crate::coupon::Issue;
use crate::decide::{closed, settle};
use crate::document::Enrolment;
use crate::limits::Limits;
use crate::review::{kept_back, too_fast, too_much};
use crate::rulebook::Rulebook;
use crate::tiers;
use ledger::{Exact, ExpiryPolicy};

/// How far a caller's clock may run ahead of the server's.
const CLOCK_TOLERANCE_MS: i64 = 5 * 60 * 1000;

pub(crate) fn earn(
    book: &Rulebook,
    member: Member,
    event: &EarnEvent,
    origin: &Origin,
    recorded: &Recorded,
    context: Context,
) -> Result<Result<Decided, Refusal>, Fault> {
    let now = context.now;
    let occurred_at = event.occurred_at.unwrap_or(now);
    if let Err(refusal) = may(book, &member, event, origin, recorded.used, occurred_at, now) {
        return Ok(Err(refusal));
    }
    let mut journal = Journal::new(member, context);
    settle(&mut journal, book, &origin.actor)?;
    let earned = match price(book, journal.member(), event, occurred_at, now, &recorded.tallies) {
        Ok(earned) => earned,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let primary = journal.posted();
    let id = ledger::earn(&mut journal, earned, origin.clone())?;
    let along = Origin { reference: None, reason: None, ..origin.clone() };
    tiers::upgrade(&mut journal, book, &along, Some(id))?;
    repay(&mut journal, book.first_in_first_out(), &along)?;
    let (decision, member): (Decision, Member) = journal.finish(primary);
    Ok(Ok(Decided { decision, member, others: Vec::new() }))
}

/// The checks that need no sums, in the order of [`Refusal`].
fn may(
    book: &Rulebook,
    member: &Member,
    event: &EarnEvent,
    origin: &Origin,
    used: Option<EntryId>,
    occurred_at: Timestamp,
    now: Timestamp,
) -> Result<(), Refusal> {
    if member.id.is_alias() {
        return Err(Refusal::MemberNotFound);
    }
    if member.closed.is_some() {
        return Err(closed(member));
    }
    if !member.exists() && book.enrolment == Enrolment::Explicit {
        return Err(Refusal::MemberNotFound);
    }
    if used.is_some() {
        return Err(Refusal::ReferenceAlreadyUsed { entry: used });
    }
    if member.frozen.earning {
        return Err(Refusal::MemberFrozen { side: "earning" });
    }
    if event.event != "purchase" && !book.actions.contains_key(&event.event) {
        return Err(Refusal::UnknownEvent { event: event.event.clone() });
    }
    if origin.reference.is_none() && book.waits_for_activation(&event.event) {
        return Err(Refusal::ReferenceRequired);
    }
    if occurred_at > now.plus_ms(CLOCK_TOLERANCE_MS) {
        return Err(Refusal::OccurredInFuture);
    }
    let earliest = book.earliest(now);
    if occurred_at < earliest {
        return Err(Refusal::OccurredTooLongAgo { earliest });
    }
    if event.lines.iter().any(|line| line.amount.currency != book.currency) {
        return Err(Refusal::CurrencyMismatch { expected: book.currency.to_string() });
    }
    Ok(())
}

fn price(
    book: &Rulebook,
    member: &Member,
    event: &EarnEvent,
    occurred_at: Timestamp,
    now: Timestamp,
    tallies: &[Counted],
) -> Result<Earn, Refusal> {
    let mut limits = Limits::new(book, member, occurred_at, now);
    let mut because;
    let (worth, (expiry, availability), orders) = if let Some(action) = book.actions.get(&event.event) {
        if let Some(limit) = action.limit {
            limits.allow(&event.event, limit)?;
        }
        because = too_fast(book, &event.event, &mut limits)?;
        if let (Some(device), Some(limit)) = (&event.device, action.device_limit) {
            limits.allow_on(device, &event.event, limit, tallies)?;
        }
        let desired = vec![(event.event.clone(), Exact::whole(action.points))];
        (Worth { desired, spend_minor: 0, growth: action.growth }, (&action.expiry, &action.availability), 0)
    } else {
        because = too_fast(book, &event.event, &mut limits)?;
        let life = (&book.purchase.expiry, &book.purchase.availability);
        (award::purchase(book, tiers::level(book, member), &event.lines)?, life, 1)
    };
    let mut granted = worth.points(book)?;
    if event.event == "purchase" {
        granted = limits.cap("purchase", book.purchase.points_per_day, granted);
    }
    granted = limits.cap("all", book.points_per_day, granted);
    because = because.or_else(|| too_much(book, worth.spend_minor, granted));
    let (counts, tallies) = limits.into_counts(granted);
    let available_at = availability.available_at(occurred_at, now, book.zone());
    let spend_minor = worth.spend_minor;
    let totals = Totals { spend_minor, growth: worth.growth, orders };
    let earn = Earn {
        event: event.event.clone(),
        occurred_at,
        awards: worth.awards(book, granted),
        lines: award::lines(&event.lines, granted),
        grants: lot(book, &event.event, expiry, granted, occurred_at, available_at).into_iter().collect(),
        counts,
        qualifying: tiers::qualifying(book, occurred_at, now, totals),
        review: None,
        tallies,
        coupons: coupons(book, &event.event, spend_minor, now),
    };
    Ok(match because {
        Some(because) => kept_back(earn, because),
        None => earn,
    })
}

/// The coupon that the event brings, if any.
fn coupons(book: &Rulebook, event: &str, spend_minor: i64, now: Timestamp) -> Vec<Issue> {
    let name = match (book.actions.get(event), &book.purchase.coupon) {
        (Some(action), _) => action.coupon.as_ref(),
        (None, Some(rule)) if spend_minor >= rule.from_minor => Some(&rule.coupon),
        (None, _) => None,
    };
    name.and_then(|name| book.coupon(name, now)).into_iter().collect()
}

/// The lot of an award; none for no points.
fn lot(
    book: &Rulebook,
    source: &str,
    expiry: &ExpiryPolicy,
    points: i64,
    earned_at: Timestamp,
    available_at: Timestamp,
) -> Option<LotGrant> {
    // Its validity begins on the day it can be spent, though not before the day it was earned on; for a lot that waits for its activation
    // nobody knows yet when that will be.
    let is_known = available_at < Timestamp::LAST;
    let expires_at = if is_known { expiry.expires_at(available_at.max(earned_at), book.zone()) } else { None };
    (points > 0).then(|| LotGrant {
        number: LotNumber(0),
        points,
        source: source.to_owned(),
        earned_at,
        available_at,
        expires_at,
    })
}
