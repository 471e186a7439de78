//! The one door to every decision: a command, a member's state, a rulebook and an instant give a decision or a refusal.
//!
//! The HTTP path, bulk earns, the sweeps, dry runs and the model test all come through [`decide`].

use ledger::{
    Context, Decision, EntryId, Fault, Journal, Member, Money, Origin, Redeem, Refusal, Timestamp, activate, enrol,
    expire, redeem, remind,
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
    if matches!(command, Command::Redeem { .. }) && !member.exists() {
        return Ok(Err(Refusal::MemberNotFound));
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
        Command::Enrol => {
            enrol(&mut journal, origin.clone())?;
        }
        Command::Upgrade => tiers::upgrade(&mut journal, book, origin, None)?,
        Command::Remind => {
            if let Some(due) = reminder(book, journal.member(), journal.now()) {
                remind(&mut journal, due, origin.clone())?;
            }
        }
        Command::Settle | Command::Earn(_) => {}
    }
    let (decision, member) = journal.finish(primary);
    Ok(Ok(Decided { decision, member }))
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
