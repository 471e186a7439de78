//! Whether it is the member who spends: when a rulebook asks for a proof of it, and whether the
//! proof that was sent counts.
//!
//! One check for all operations by which points leave because the member wants it, after the
//! decision is made: who would be refused anyway is not sent a code.

use ledger::{Decision, Entry, Refusal, Timestamp};

use crate::case::Case;
use crate::prior_records::PriorRecords;
use crate::rulebook::Rulebook;

/// What a request brings to show that it is the member who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MemberProof {
    /// Nothing.
    #[default]
    Missing,
    /// Something that the server did not sign for this member and programme.
    Unknown,
    /// What the server signed for this member and programme.
    Signed(SignedProof),
    /// Nobody asks: what was done once is told again.
    ToldAgain,
}

/// What a proof that the server signed says, and whether it was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedProof {
    /// For how many points at most it is good.
    pub points: i64,
    /// From when on it counts no more.
    pub until: Timestamp,
    /// Whether an entry was recorded with it.
    pub is_used: bool,
}

impl MemberProof {
    /// Why it does not count for so many points at that instant.
    fn fault(self, points: i64, now: Timestamp) -> Option<&'static str> {
        match self {
            Self::Missing => Some("missing"),
            Self::Unknown => Some("unknown"),
            Self::ToldAgain => None,
            Self::Signed(proof) if now >= proof.until => Some("expired"),
            Self::Signed(proof) if proof.is_used => Some("used"),
            Self::Signed(proof) if proof.points < points => Some("fewer"),
            Self::Signed(_) => None,
        }
    }
}

/// Refuses a decision for which the rulebook asks for a proof, where none that counts was sent.
///
/// # Errors
/// [`Refusal::VerificationNeeded`].
pub(crate) fn check(case: &Case<'_>, decision: &Decision) -> Result<(), Refusal> {
    let Some((because, points)) = asked(case.book, case.recorded, decision) else {
        return Ok(());
    };
    match case.recorded.proof.fault(points, case.now()) {
        Some(proof) => Err(Refusal::VerificationNeeded { because, proof, points }),
        None => Ok(()),
    }
}

/// Whether the rulebook asks for a proof for a decision of an operation that it may ask about.
#[must_use]
pub fn asks_for_proof(book: &Rulebook, recorded: &PriorRecords, decision: &Decision) -> bool {
    asked(book, recorded, decision).is_some()
}

/// Why the rulebook asks for a proof, and for how many points.
fn asked(
    book: &Rulebook,
    recorded: &PriorRecords,
    decision: &Decision,
) -> Option<(&'static str, i64)> {
    let (rule, entry) = (book.step_up()?, decision.primary()?);
    // From then on other members spend the points with proofs of their own.
    if entry.pool().is_some_and(|change| change.joins) {
        return Some(("pool", entry.balance_after.max(1)));
    }
    let points = leaving(entry);
    // Where no points leave, such as with a coupon, nothing can be taken from the member by it.
    if points == 0 {
        None
    } else if rule.above_points.is_some_and(|most| points > most) {
        Some(("points", points))
    } else {
        (rule.new_device && recorded.is_new_device).then_some(("device", points))
    }
}

/// The points that leave, or are set aside to leave, by the entry that was asked for.
fn leaving(entry: &Entry) -> i64 {
    let held = entry
        .reservation()
        .map(|held| held.lots.iter().map(|lot| lot.points).fold(0, i64::saturating_add));
    held.unwrap_or(entry.points.saturating_neg()).max(0)
}
