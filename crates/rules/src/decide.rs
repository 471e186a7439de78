//! The one door to every decision: a command, a member's state, a rulebook and an instant give a
//! decision or a refusal.
//!
//! The HTTP path, bulk earns, the sweeps, dry runs and the model test all come through [`decide`].

use ledger::{
    Closed, EntryId, Fault, Journal, Lot, LotDates, Member, Origin, Refusal, Stop, Timestamp, Zone,
    activate_early, cancel_coupon, capture, end_requests, enrol, erase, freeze, hold, may_decide,
    redeem, release, remind, restore, restore_coupon,
};

use crate::adjust::{Vote, ask};
use crate::case::Case;
use crate::command::{Activation, Command, Decided, PriorRecords};
use crate::earn::earn;
use crate::level::set_level;
use crate::names::{is_mistaken, may_open};
use crate::opening::opening;
use crate::remind::reminder;
use crate::reverse::reverse;
use crate::settle::{by, wind_up};
use crate::{adjust, concern, coupon, deduct, exchange, joint, review, reward, tiers};

/// How a command is decided for a member. A refusal is an answer. A fault says that the state is
/// inconsistent, or that the command is not one of those that it decides.
pub type Decide = fn(&Case<'_>, Member, &Command) -> Outcome;

/// What a decision comes to.
pub type Outcome = Result<Decided, Stop>;

/// Decides any command. Who knows which commands there will be asks [`decide_event`],
/// [`decide_single`] or [`decide_joint`] and does not have to hold the others' code.
///
/// # Errors
/// See [`Decide`].
pub fn decide(case: &Case<'_>, member: Member, command: &Command) -> Outcome {
    let decide = match command {
        Command::Earn(_) => decide_event,
        Command::Transfer { .. }
        | Command::Merge { .. }
        | Command::Pool { .. }
        | Command::Invite { .. }
        | Command::RedeemPooled { .. }
        | Command::DecideFor { .. }
        | Command::Recover(_) => decide_joint,
        Command::Exchange { .. } => decide_exchange,
        _ => decide_single as Decide,
    };
    decide(case, member, command)
}

/// Decides what an event earns ([`Command::Earn`]).
///
/// # Errors
/// See [`Decide`].
pub fn decide_event(case: &Case<'_>, member: Member, command: &Command) -> Outcome {
    let Command::Earn(event) = command else { return Err(Fault::Draft.into()) };
    in_range(earn(case, member, event))
}

/// Decides commands about several members at once.
///
/// # Errors
/// See [`Decide`].
pub fn decide_joint(case: &Case<'_>, member: Member, command: &Command) -> Outcome {
    in_range(joint(case, member, command))
}

/// Decides a merger that needs nobody's approval, as no points move with it. Where the account has
/// got some since the request was read, it must be asked for anew.
///
/// # Errors
/// See [`Decide`].
pub fn decide_empty_merge(case: &Case<'_>, member: Member, command: &Command) -> Outcome {
    let is_empty = case.other().is_ok_and(|other| other.lots.iter().all(|lot| lot.remaining == 0));
    if may(&member, command, case.recorded).is_ok() && !is_empty {
        return Err(Fault::Moved.into());
    }
    decide_joint(case, member, command)
}

/// Decides an exchange of points for those of another programme ([`Command::Exchange`]).
///
/// # Errors
/// See [`Decide`].
pub fn decide_exchange(case: &Case<'_>, member: Member, command: &Command) -> Outcome {
    let Command::Exchange { with, points } = command else { return Err(Fault::Draft.into()) };
    let terms = exchange::agreed(case.book, with.as_ref(), &case.context.programme);
    // Before anything is told about the account there: who has no agreement with a programme learns
    // nothing about its members.
    if terms.is_none() && member.exists() && member.closed.is_none() {
        return Err(Refusal::ExchangeNotOffered.into());
    }
    may(&member, command, case.recorded)?;
    let Some(terms) = terms else { return Err(Fault::Draft.into()) };
    in_range(exchange::exchange(case, member, *points, &terms))
}

/// Decides all other commands.
///
/// # Errors
/// See [`Decide`].
pub fn decide_single(case: &Case<'_>, member: Member, command: &Command) -> Outcome {
    in_range(simple(case, member, command))
}

/// What would leave a bound comes from what the caller asks for, not from a broken state.
fn in_range(decided: Outcome) -> Outcome {
    match decided {
        Err(Stop::Fault(Fault::Overflow)) => Err(Refusal::AmountOutOfRange.into()),
        Err(Stop::Fault(Fault::TooManyLots(most))) => Err(Refusal::TooManyLots { most }.into()),
        decided => decided,
    }
}

/// Why nothing can be done with a closed account.
pub(crate) fn closed(member: &Member) -> Refusal {
    match &member.closed {
        Some(Closed::Merged(into)) => Refusal::MemberMerged { into: into.to_string() },
        _ => Refusal::MemberErased,
    }
}

/// The checks that need no look at the lots, in the order of [`Refusal`]. Of what they ask only
/// holds and requests end by the clock: those commands are checked after what fell due was settled.
fn may(member: &Member, command: &Command, recorded: &PriorRecords) -> Result<(), Refusal> {
    // Who is registered under somebody else's name need not be there.
    let registers = matches!(
        command,
        Command::Enrol | Command::Open(_) | Command::Refuse(Refusal::AliasTaken { .. })
    );
    let is_of_member =
        !registers && !matches!(command, Command::Settle | Command::Upgrade | Command::Remind);
    match command {
        Command::RedeemPooled { .. } | Command::Invite { .. }
            if !(member.exists() && member.id.is_pool()) =>
        {
            Err(Refusal::CounterpartyNotFound)
        }
        // Whoever mistakes an id is told so, and does not go looking for a member of that name.
        _ if is_of_member && !member.exists() && is_mistaken(member.id.as_str()) => {
            Err(Refusal::MemberIdRefused)
        }
        _ if is_of_member && !member.exists() => Err(Refusal::MemberNotFound),
        // A pool is nobody: what it does is done by its members.
        Command::Earn(_)
        | Command::Enrol
        | Command::Open(_)
        | Command::SetLevel { .. }
        | Command::Redeem { .. }
        | Command::Transfer { .. }
        | Command::Exchange { .. }
        | Command::Merge { .. }
        | Command::Pool { .. }
        | Command::Erase
            if member.id.is_pool() =>
        {
            Err(Refusal::MemberNotFound)
        }
        // No member has another one's name as its id.
        _ if member.id.is_alias() => Err(Refusal::MemberNotFound),
        Command::Settle | Command::Upgrade | Command::Remind => Ok(()),
        _ if member.closed.is_some() => Err(closed(member)),
        Command::Enrol | Command::Change(_) | Command::Open(_)
            if recorded.taken_alias.is_some() =>
        {
            // Its kind alone: what is kept of a refusal must not tell who somebody is.
            let name = recorded.taken_alias.as_deref().unwrap_or_default();
            Err(Refusal::AliasTaken { kind: name.split(':').next().unwrap_or_default().to_owned() })
        }
        Command::RedeemCoupon { of: Some(of), .. } if *of != member.id => {
            Err(Refusal::CouponNotFound)
        }
        Command::Transfer { .. } | Command::Merge { .. } | Command::Exchange { .. }
            if recorded.other().is_err() =>
        {
            Err(Refusal::CounterpartyNotFound)
        }
        Command::Change(change) => change.may(recorded),
        Command::Open(opening) => opening.profile.may(recorded),
        Command::Refuse(refusal) => Err(refusal.clone()),
        Command::Activate(None) | Command::Reverse(None) => Err(Refusal::ReferenceNotFound),
        Command::Take { .. } if recorded.reward.is_none() => Err(Refusal::RewardNotFound),
        Command::Capture { hold, .. } | Command::Release { hold }
            if member.hold(*hold).is_none() =>
        {
            Err(Refusal::HoldResolved)
        }
        Command::Decide { request, .. } | Command::DecideFor { request, .. }
            if member.request(*request).is_none() =>
        {
            Err(Refusal::RequestResolved)
        }
        // Several coupons may be for one order: see there.
        Command::RedeemCoupon { .. } if member.frozen.spending => {
            Err(Refusal::MemberFrozen { side: "spending" })
        }
        Command::RedeemCoupon { .. } => Ok(()),
        _ if recorded.used.is_some() => Err(recorded.taken().unwrap_or(Refusal::ReferenceNotFound)),
        Command::Redeem { .. }
        | Command::Hold { .. }
        | Command::PayLines { .. }
        | Command::Take { .. }
        | Command::Deduct { .. }
        | Command::Transfer { .. }
        | Command::Exchange { .. }
        | Command::RedeemPooled { .. }
        | Command::Capture { .. }
            if member.frozen.spending =>
        {
            Err(Refusal::MemberFrozen { side: "spending" })
        }
        _ => Ok(()),
    }
}

/// Commands about several members at once.
fn joint(case: &Case<'_>, member: Member, command: &Command) -> Outcome {
    may(&member, command, case.recorded)?;
    match command {
        Command::Transfer { points, .. } => joint::transfer(case, member, *points),
        Command::Merge { .. } => joint::merge(case, member),
        Command::Pool { joins, .. } => joint::change_pool(case, member, *joins),
        Command::Invite { head, guest } => joint::invite(case, member, head, guest),
        Command::RedeemPooled { points, of, .. } => joint::redeem_pooled(case, member, *points, of),
        Command::Recover(stolen) => joint::recover_all(case, member, stolen),
        Command::DecideFor { request, verdict, by, role, concerned } => {
            let vote = Vote { request: *request, verdict: *verdict, by, role };
            concern::decide_concern(case, member, &vote, concerned)
        }
        _ => Err(Fault::Draft.into()),
    }
}

fn simple(case: &Case<'_>, member: Member, command: &Command) -> Outcome {
    if let Command::Reverse(Some(wish)) = command
        && wish.merged.is_none()
        && wish.redemption.as_ref().is_some_and(|redemption| redemption.entry.member != member.id)
    {
        may(&member, command, case.recorded)?;
        return joint::reverse_pooled(case, member, wish);
    }
    // What fell due is settled first, so that a request has one answer whether or not the night has
    // run.
    let mut journal = case.journal(0, member)?;
    may(journal.member(), command, case.recorded)?;
    // A job has nothing to do for an account that is closed.
    if journal.member().closed.is_some() {
        let (decision, member) = journal.finish(0);
        return Ok(Decided { decision, member, others: Vec::new() });
    }
    let next = journal.posted();
    let primary = post(&mut journal, case, command)?.unwrap_or(next);
    wind_up(&mut journal, case.book, &by(&case.origin.actor))?;
    let (decision, member) = journal.finish(primary);
    Ok(Decided { decision, member, others: Vec::new() })
}

/// Posts what the command itself asks for; tells which posting that is where it is not the first.
fn post(journal: &mut Journal, case: &Case<'_>, command: &Command) -> Result<Option<usize>, Stop> {
    let (book, origin) = (case.book, case.origin.clone());
    match command {
        Command::Redeem { points } => {
            let wish = book.spend(journal, *points)?;
            redeem(journal, wish, origin)?
        }
        Command::Hold { points, minutes } => {
            let until = journal.now().plus_ms(i64::from(*minutes) * 60_000);
            let wish = book.spend(journal, *points)?;
            hold(journal, wish, until, origin)?
        }
        Command::PayLines { lines, minutes } => deduct::pay_lines(journal, case, lines, *minutes)?,
        Command::Take { reward, quantity } => reward::take(journal, case, reward, *quantity)?,
        Command::Deduct { order, most, minutes } => {
            deduct::deduct(journal, case, *order, *most, *minutes)?
        }
        Command::RedeemCoupon { code, lines, .. } => coupon::redeem(journal, case, code, lines)?,
        Command::CancelCoupon { code } => cancel_coupon(journal, code, origin)?,
        Command::RestoreCoupon { used }
            if case.recorded.reversals.iter().any(|(id, _)| *id == used.id) =>
        {
            return Err(Refusal::NothingToReverse.into());
        }
        Command::RestoreCoupon { used } => restore_coupon(journal, used, origin)?,
        Command::Capture { hold, points } => {
            let extends = book.extended(journal.member(), journal.now(), journal.now())?;
            capture(journal, *hold, *points, extends, origin)?
        }
        Command::Release { hold } => release(journal, *hold, origin)?,
        Command::Reverse(Some(wish)) => return reverse(journal, None, case, wish).map(Some),
        Command::RejectReview(wish) => {
            if let Some(earn) = &wish.earn {
                may_decide(journal.member(), earn.id, &origin)?;
            }
            return reverse(journal, None, case, wish).map(Some);
        }
        Command::ApproveReview { earn, occurred_at, promises } => {
            review::approve(journal, case, *earn, *occurred_at, promises)?
        }
        Command::Erase => return forget(journal, origin),
        Command::Freeze(sides) => freeze(journal, *sides, origin)?,
        Command::Restore(sides) => restore(journal, *sides, origin)?,
        Command::Request(wish) => ask(journal, case, wish, None)?,
        Command::RequestFor(wish, concern) => ask(journal, case, wish, Some(concern))?,
        Command::Decide { request, verdict, by, role } => {
            adjust::decide(
                journal,
                case,
                &Vote { request: *request, verdict: *verdict, by, role },
            )?;
            // The last approval executes what was asked for, and that is the answer.
            return Ok(journal.posted().checked_sub(1));
        }
        Command::Activate(Some(activation)) => {
            let dates = activated(journal.member(), activation, journal.now(), book.zone());
            if dates.is_empty() {
                let waits =
                    activation.lots.iter().any(|(lot, _)| journal.member().is_under_review(*lot));
                return Err(
                    if waits { Refusal::UnderReview } else { Refusal::NothingPending }.into()
                );
            }
            activate_early(journal, dates, origin)?
        }
        Command::Enrol => {
            may_open(book, journal.member())?;
            enrol(journal, origin)?
        }
        Command::Change(_) => enrol(journal, origin)?,
        Command::Open(wish) => opening(journal, case, wish)?,
        Command::SetLevel { tier, until } => set_level(journal, case, tier, *until)?,
        Command::Upgrade => {
            tiers::upgrade(journal, book, journal.now(), &origin, None)?;
            return Ok(None);
        }
        Command::Remind => match reminder(book, journal.member(), journal.now()) {
            Some(due) => remind(journal, due, origin)?,
            None => return Ok(None),
        },
        Command::Settle => return Ok(None),
        // The others are decided elsewhere.
        Command::Earn(_)
        | Command::Activate(None)
        | Command::Reverse(None)
        | Command::Refuse(_)
        | Command::Transfer { .. }
        | Command::Exchange { .. }
        | Command::Merge { .. }
        | Command::Pool { .. }
        | Command::Invite { .. }
        | Command::RedeemPooled { .. }
        | Command::DecideFor { .. }
        | Command::Recover(_) => return Err(Fault::Draft.into()),
    };
    Ok(None)
}

/// Ends all that is open, then forfeits what is left. Tells which posting is the one that was asked
/// for.
fn forget(journal: &mut Journal, origin: Origin) -> Result<Option<usize>, Stop> {
    let along = by(&origin.actor);
    let holds: Vec<EntryId> = journal.member().holds.iter().map(|hold| hold.id).collect();
    for hold in holds {
        release(journal, hold, along.clone())?;
    }
    end_requests(journal, &along)?;
    let primary = journal.posted();
    erase(journal, origin)?;
    Ok(Some(primary))
}

/// The new dates of those lots that are still pending.
fn activated(
    member: &Member,
    activation: &Activation,
    now: Timestamp,
    zone: Zone,
) -> Vec<LotDates> {
    let pending =
        member.lots.iter().filter(|lot| lot.pending && !member.is_under_review(lot.number));
    let dates = |lot: &Lot| {
        let (_, expiry) = activation.lots.iter().find(|(number, _)| *number == lot.number)?;
        Some(LotDates {
            number: lot.number,
            available_at: now,
            expires_at: expiry.expires_at(now, zone),
        })
    };
    pending.filter_map(dates).collect()
}
