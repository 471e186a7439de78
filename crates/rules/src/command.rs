//! The one door to every decision: a command, a member's state, a rulebook and an instant give a decision or a refusal.
//!
//! The HTTP path, bulk earns, the sweeps, dry runs and the model test all come through [`decide`].

use ledger::{
    Context, Decision, EntryId, ExpiryPolicy, Fault, Journal, Lot, LotDates, LotNumber, Member, Money, Origin, Redeem,
    Refusal, Timestamp, Zone, activate, activate_early, enrol, expire, redeem, remind,
};

use crate::earn::earn;
use crate::remind::reminder;
use crate::rulebook::Rulebook;
use crate::tiers;

/// One order line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The merchant's name of the line within the order.
    pub line: String,
    /// The merchant's article.
    pub sku: Option<String>,
    /// The merchant's category.
    pub category: Option<String>,
    /// Units bought, at least 1.
    pub quantity: i64,
    /// What the line cost, not negative.
    pub amount: Money,
}

/// Something a member did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarnEvent {
    /// `purchase`, or an action of the rulebook.
    pub event: String,
    /// When; `None` is now.
    pub occurred_at: Option<Timestamp>,
    /// The lines of a purchase; empty for actions.
    pub lines: Vec<Line>,
}

/// Pending points that something has settled before their time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// The lots of the earn.
    pub lots: Vec<LotNumber>,
    /// How long they live from now on, by the rulebook that they were earned under.
    pub expiry: ExpiryPolicy,
}

/// What can be asked of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Earn for an event.
    Earn(EarnEvent),
    /// Spend points, at least 1.
    Redeem {
        /// How many.
        points: i64,
    },
    /// Make the pending points of an earlier earn spendable now; `None` when the member has no such earn.
    Activate(Option<Activation>),
    /// Register the member, or note a change of its profile.
    Enrol,
    /// Write down what the clock has decided: activations, ends of tiers, expiries.
    Settle,
    /// Move up the ladder when the published rulebook would have it so, after settling.
    Upgrade,
    /// Warn about points that expire soon, after settling. Needs every open lot.
    Remind,
}

/// A decision and the member's state after it.
#[derive(Debug, Clone)]
pub struct Decided {
    /// What to write. Empty when there is nothing to do (jobs only).
    pub decision: Decision,
    /// The member after it.
    pub member: Member,
}

/// Decides `command` for `member`. `used` is the entry that already bears the command's reference, if there is one.
///
/// # Errors
/// The inner error is an answer ([`Refusal`]); the outer one says that the state is inconsistent.
pub fn decide(
    book: &Rulebook,
    member: Member,
    command: &Command,
    origin: &Origin,
    used: Option<EntryId>,
    context: Context,
) -> Result<Result<Decided, Refusal>, Fault> {
    let decided = match command {
        Command::Earn(event) => earn(book, member, event, origin, used, context),
        _ => simple(book, member, command, origin, used, context),
    };
    // Sums that leave 64 bits come from the caller's amounts, not from a broken state.
    if decided.as_ref().is_err_and(|fault| *fault == Fault::Overflow) {
        Ok(Err(Refusal::AmountOutOfRange))
    } else {
        decided
    }
}

fn simple(
    book: &Rulebook,
    member: Member,
    command: &Command,
    origin: &Origin,
    used: Option<EntryId>,
    context: Context,
) -> Result<Result<Decided, Refusal>, Fault> {
    if matches!(command, Command::Redeem { .. } | Command::Activate(_)) && !member.exists() {
        return Ok(Err(Refusal::MemberNotFound));
    }
    if matches!(command, Command::Activate(None)) {
        return Ok(Err(Refusal::ReferenceNotFound));
    }
    if used.is_some() {
        return Ok(Err(Refusal::ReferenceAlreadyUsed { entry: used }));
    }
    let mut journal = Journal::new(member, context);
    settle(&mut journal, book, &origin.actor)?;
    let primary = journal.posted();
    match command {
        Command::Redeem { points } => {
            let wish = Redeem { points: *points, first_in_first_out: book.first_in_first_out() };
            if let Err(refusal) = redeem(&mut journal, wish, origin.clone())? {
                return Ok(Err(refusal));
            }
        }
        Command::Activate(Some(activation)) => {
            let dates = activated(journal.member(), activation, journal.now(), book.zone());
            if dates.is_empty() {
                return Ok(Err(Refusal::NothingPending));
            }
            activate_early(&mut journal, dates, origin.clone())?;
        }
        Command::Enrol => {
            enrol(&mut journal, origin.clone())?;
        }
        Command::Upgrade => tiers::upgrade(&mut journal, book, origin, None)?,
        Command::Remind => {
            if let Some(due) = reminder(book, journal.member(), journal.now()) {
                remind(&mut journal, due, origin.clone())?;
            }
        }
        Command::Settle | Command::Earn(_) | Command::Activate(None) => {}
    }
    let (decision, member) = journal.finish(primary);
    Ok(Ok(Decided { decision, member }))
}

/// The new dates of those lots that are still pending.
fn activated(member: &Member, activation: &Activation, now: Timestamp, zone: Zone) -> Vec<LotDates> {
    let pending = member.lots.iter().filter(|lot| lot.pending && activation.lots.contains(&lot.number));
    let dates = |lot: &Lot| LotDates {
        number: lot.number,
        available_at: now,
        expires_at: activation.expiry.expires_at(now, zone),
    };
    pending.map(dates).collect()
}

/// Writes down what the clock has decided, in the order of the night run: activations, ends of tiers, expiries.
///
/// # Errors
/// A [`Fault`] when the state is inconsistent.
pub fn settle(journal: &mut Journal, book: &Rulebook, actor: &str) -> Result<(), Fault> {
    let origin = Origin { actor: actor.to_owned(), ..Origin::default() };
    activate(journal, &origin)?;
    tiers::close(journal, book, &origin)?;
    expire(journal, &origin)
}
