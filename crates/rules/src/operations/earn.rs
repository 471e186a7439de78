//! What an event earns: checks in order of precedence, worth, limits, caps, then the entry and the
//! tier it may bring.

use std::rc::Rc;

use ledger::{
    Entry, Exact, ExpiryPolicy, Journal, LotGrant, LotNumber, MAX_REVIEWS, Member, MemberId, Money,
    Origin, Refusal, Timestamp, Totals,
};

use crate::award::{self, Share};
use crate::case::Case;
use crate::condition::Facts;
use crate::coupon::Issue;
use crate::document::Enrolment;
use crate::earning::{Asked, Fired, ask, sum_of};
use crate::event::{EarnEvent, Line};
use crate::limits::Limits;
use crate::names::may_open;
use crate::operation::{Decided, ExtraColumns, Guards, Lots, Needs, Operation, Outcome};
use crate::replay::ReplayStep;
use crate::review::{kept_back, too_fast, too_much};
use crate::rulebook::{Availability, Rulebook};
use crate::settle::expire_and_repay;
use crate::tiers;

/// How far a caller's clock may run ahead of the server's.
const CLOCK_TOLERANCE_MS: i64 = 5 * 60 * 1000;

/// Earn for an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earn(pub EarnEvent);

impl Operation for Earn {
    fn name(&self) -> &'static str {
        "earn"
    }

    fn needs(&self, _: &MemberId) -> Needs {
        let subjects = self.0.device.iter().map(|device| format!("device:{device}")).collect();
        Needs { subjects, columns: ExtraColumns::Pricing, ..Needs::lots(Lots::None) }
    }

    fn guards(&self) -> Guards {
        Guards::EARNING
    }

    fn allows(&self, case: &Case<'_>, member: &Member) -> Result<(), Refusal> {
        may_open(case.book, member)?;
        if !member.exists() && case.book.document.enrolment == Enrolment::Explicit {
            return Err(Refusal::MemberNotFound);
        }
        Ok(())
    }

    fn post(&self, case: &Case<'_>, own: Journal) -> Outcome {
        earn(case, own, &self.0)
    }

    fn on_device(&self, device: &str) -> Option<Rc<dyn Operation>> {
        Some(Rc::new(Self(EarnEvent { device: Some(device.to_owned()), ..self.0.clone() })))
    }
}

/// The event is reported again, at its own time. Devices are shared, so nothing is counted by them.
pub(crate) fn replay(entry: &Entry, book: &Rulebook) -> ReplayStep {
    let currency = book.currency();
    let line = |line: &ledger::LineAward| Line {
        line: line.line.clone(),
        sku: line.sku.clone(),
        category: line.category.clone(),
        quantity: line.quantity,
        amount: Money { amount_minor: line.amount_minor, currency },
    };
    let lines = entry.lines().iter().map(line).collect();
    let event = entry.event().unwrap_or_default().to_owned();
    let occurred_at = Some(entry.occurred_at);
    ReplayStep::ask(Earn(EarnEvent { event, occurred_at, lines, device: None }))
}

fn earn(case: &Case<'_>, mut journal: Journal, event: &EarnEvent) -> Outcome {
    let Case { book, origin, .. } = *case;
    let now = case.now();
    let occurred_at = event.occurred_at.unwrap_or(now);
    may(case, event, occurred_at)?;
    let extends = book.extended(journal.member(), occurred_at, now)?;
    let earned = price(case, journal.member(), event, occurred_at)?;
    // What is open travels with every entry of the member. Nothing is lost: the order can be sent
    // again once somebody has decided.
    if earned.review.is_some() && journal.member().reviews.len() >= MAX_REVIEWS {
        return Err(Refusal::TooManyReviews { most: MAX_REVIEWS as i64 }.into());
    }
    let primary = journal.posted();
    let id = ledger::earn(&mut journal, ledger::Earn { extends, ..earned }, origin.clone())?;
    let along = Origin { reference: None, reason: None, ..origin.clone() };
    tiers::upgrade(&mut journal, book, occurred_at, &along, Some(id))?;
    expire_and_repay(&mut journal, book, &along)?;
    Ok(Decided::alone(journal, primary))
}

/// The checks of the event that need no sums, in the order of [`Refusal`].
fn may(case: &Case<'_>, event: &EarnEvent, occurred_at: Timestamp) -> Result<(), Refusal> {
    let Case { book, origin, .. } = *case;
    let now = case.now();
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

/// What the event earns.
fn price(
    case: &Case<'_>,
    member: &Member,
    event: &EarnEvent,
    occurred_at: Timestamp,
) -> Result<ledger::Earn, Refusal> {
    let Case { book, origin, recorded, .. } = *case;
    let now = case.now();
    let mut limits = Limits::new(book, member, occurred_at, now);
    let action = book.actions.get(&event.event);
    if let Some(limit) = action.and_then(|action| action.limit) {
        limits.allow(&event.event, limit)?;
    }
    let mut because = too_fast(book, &event.event, &mut limits)?;
    if let (Some(device), Some(limit)) =
        (&event.device, action.and_then(|action| action.device_limit))
    {
        limits.allow_on(device, &event.event, limit, &recorded.tallies)?;
    }
    let level = tiers::level(book, member);
    let tier = level.map_or("", |level| level.id.as_str());
    let mut facts =
        Facts::new(event, origin, member, tier, &recorded.attributes, occurred_at, book.zone());
    if book.counts_streaks(&event.event) {
        facts.streak_days = limits.streak(&event.event);
    }
    let earns = |(_, line): &(usize, &Line)| facts.counts(book.purchase.lines.as_ref(), line);
    let earning: Vec<(usize, &Line)> = event.lines.iter().enumerate().filter(earns).collect();
    let spend_minor = sum_of(event.lines.iter().map(|line| &line.amount))?;
    let mut shares = match action {
        Some(action) => {
            vec![Share {
                rule: event.event.clone(),
                desired: Exact::whole(action.points),
                weights: Vec::new(),
                tags: Vec::new(),
            }]
        }
        None => award::purchase(book, level, &earning)?,
    };
    let asked =
        Asked { facts: &facts, lines: &earning, action_points: action.map(|action| action.points) };
    let (fired, skipped) = ask(book, &asked, &limits)?;
    let by_themselves = shares.len();
    for Fired { rule, desired, weights, tags } in &fired {
        shares.push(Share {
            rule: format!("rule:{}", rule.id),
            desired: *desired,
            weights: weights.clone(),
            tags: tags.clone(),
        });
    }
    // A rule's own caps cut what it wants before the one rounding, so that a cap that is used up
    // costs no other rule a fraction.
    let mut wanted: Vec<Exact> = shares.iter().map(|share| share.desired).collect();
    for (share, (wanted, fired)) in
        (by_themselves..).zip(wanted.iter_mut().skip(by_themselves).zip(&fired))
    {
        for cap in &fired.rule.caps {
            let device = event.device.as_deref();
            let most = limits.cap_share(share, &fired.rule.id, cap, device, &recorded.tallies);
            *wanted = (*wanted).min(Exact::whole(most));
        }
    }
    let points = award::points(book, &wanted)?;
    let parts = award::rounded(book, &wanted, points);
    let mut granted = parts
        .iter()
        .try_fold(0i64, |sum, part| sum.checked_add(*part))
        .ok_or(Refusal::AmountOutOfRange)?;
    if action.is_none() {
        granted = limits.cap("purchase", book.purchase.points_per_day, granted);
    }
    granted = limits.cap("all", book.document.caps.points_per_day, granted);
    granted = granted.saturating_sub(recorded.kept.points).max(0);
    granted = limits.budget(book.document.caps.budget, granted, &recorded.tallies);
    because = because.or_else(|| too_much(book, spend_minor, granted));
    let parts = award::within(&parts, granted);
    for (fired, part) in fired.iter().zip(parts.iter().skip(by_themselves)) {
        // What was cut to nothing was not had.
        if let Some(limit) =
            fired.rule.limit.filter(|_| *part > 0 || fired.rule.is_more_than_points())
        {
            limits.count_award(&fired.rule.id, limit);
        }
    }
    if facts.is_exhausted() {
        return Err(Refusal::ConditionsTooCostly);
    }
    limits.may_count()?;
    let (counts, tallies) = limits.into_counts(granted, &parts);
    let lives = lives(book, &event.event, &fired, by_themselves, &parts);
    let grants = lives
        .into_iter()
        .filter_map(|(source, life, points)| lot(book, &source, life, points, occurred_at, now));
    let counting = |line: &&Line| {
        facts.counts(book.ladder.as_ref().and_then(|ladder| ladder.lines.as_ref()), line)
    };
    let counted_minor = sum_of(event.lines.iter().filter(counting).map(|line| &line.amount))?;
    let growth = match action {
        Some(action) => action.growth,
        None => award::growth(book, counted_minor)?,
    };
    let growth = fired.iter().try_fold(growth, |sum, fired| sum.checked_add(fired.rule.growth));
    let growth = growth.ok_or(Refusal::AmountOutOfRange)?;
    let totals = Totals { spend_minor: counted_minor, growth, orders: i64::from(action.is_none()) };
    let earn = ledger::Earn {
        event: event.event.clone(),
        occurred_at,
        awards: award::awards(&shares, &parts),
        skipped,
        lines: award::lines(&event.lines, &shares, &parts),
        uncounted: event
            .lines
            .iter()
            .filter(|line| !counting(line))
            .map(|line| line.line.clone())
            .collect(),
        grants: grants.collect(),
        extends: Vec::new(),
        counts,
        qualifying: tiers::qualifying(book, occurred_at, now, totals),
        review: None,
        tallies,
        coupons: without(
            coupons(book, &event.event, spend_minor, &fired, now),
            &recorded.kept.coupons,
        ),
    };
    Ok(match because {
        Some(because) => kept_back(earn, because),
        None => earn,
    })
}

/// The coupons that the event brings.
fn coupons(
    book: &Rulebook,
    event: &str,
    spend_minor: i64,
    fired: &[Fired<'_>],
    now: Timestamp,
) -> Vec<Issue> {
    let by_itself = match (book.actions.get(event), &book.purchase.coupon) {
        (Some(action), _) => action.coupon.as_ref(),
        (None, Some(rule)) if spend_minor >= rule.from_minor => Some(&rule.coupon),
        (None, _) => None,
    };
    let names =
        by_itself.into_iter().chain(fired.iter().filter_map(|fired| fired.rule.coupon.as_ref()));
    names.filter_map(|name| book.coupon(name, now)).collect()
}

/// The coupons but for those that the member has from the same order already.
fn without(coupons: Vec<Issue>, kept: &[String]) -> Vec<Issue> {
    let mut kept: Vec<&String> = kept.iter().collect();
    let mut is_new = |(name, ..): &Issue| match kept.iter().position(|had| *had == name) {
        Some(at) => {
            kept.remove(at);
            false
        }
        None => true,
    };
    coupons.into_iter().filter(|issue| is_new(issue)).collect()
}

type Life<'a> = (&'a ExpiryPolicy, &'a Availability);

/// The points of each life: those of the event itself and of rules without a life of their own
/// together, then each other rule's.
fn lives<'a>(
    book: &'a Rulebook,
    event: &str,
    fired: &[Fired<'a>],
    by_themselves: usize,
    parts: &[i64],
) -> Vec<(String, Life<'a>, i64)> {
    let own: i64 = parts.iter().take(by_themselves).sum();
    let mut lives: Vec<(String, Life<'a>, i64)> =
        book.life(event).map(|life| (event.to_owned(), life, own)).into_iter().collect();
    for (fired, part) in fired.iter().zip(parts.iter().skip(by_themselves)) {
        match (&fired.rule.life, lives.first_mut()) {
            (None, Some((_, _, points))) => *points += part,
            (None, None) => {}
            (Some((expiry, availability)), _) => {
                lives.push((format!("rule:{}", fired.rule.id), (expiry, availability), *part));
            }
        }
    }
    lives
}

/// The lot of an award; none for no points.
fn lot(
    book: &Rulebook,
    source: &str,
    (expiry, availability): Life<'_>,
    points: i64,
    earned_at: Timestamp,
    now: Timestamp,
) -> Option<LotGrant> {
    let available_at = availability.available_at(earned_at, now, book.zone());
    // Its validity begins on the day it can be spent, though not before the day it was earned on;
    // for a lot that waits for its activation nobody knows yet when that will be.
    let is_known = available_at < Timestamp::LAST;
    let expires_at =
        if is_known { expiry.expires_at(available_at.max(earned_at), book.zone()) } else { None };
    (points > 0).then(|| LotGrant {
        number: LotNumber(0),
        points,
        source: source.to_owned(),
        earned_at,
        available_at,
        expires_at,
    })
}
