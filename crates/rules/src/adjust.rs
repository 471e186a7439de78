//! Adjustments by hand: which reasons the rulebook knows, who has to approve how much, how long granted points live.

use ledger::{AdjustmentTerms, EntryId, Fault, Journal, Origin, Person, Refusal, Undone, request};

use crate::rulebook::{DAY_MS, Rulebook};

/// An adjustment that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentWish {
    /// Points to be granted, or (negative) taken; not 0.
    pub points: i64,
    /// Why, as one of the rulebook's codes.
    pub reason_code: String,
    /// What proves it.
    pub evidence: Option<String>,
    /// Name of the expiry policy of granted points; that of purchases when `None`.
    pub expiry: Option<String>,
    /// Who asks.
    pub by: Person,
    /// The grant by hand that it undoes, and how many points that was.
    pub undoes: Option<(Undone, i64)>,
}

/// Posts the request, with the approvals that its size takes.
pub(crate) fn ask(
    journal: &mut Journal,
    book: &Rulebook,
    wish: &AdjustmentWish,
    origin: Origin,
) -> Result<Result<EntryId, Refusal>, Fault> {
    let now = journal.now();
    if let Some((_, left)) = wish.undoes.filter(|(_, granted)| wish.points.saturating_neg() > *granted) {
        return Ok(Err(Refusal::MoreThanLeft { line: None, left }));
    }
    let approvals = &book.approvals;
    if !approvals.reasons.is_empty() && !approvals.reasons.contains(&wish.reason_code) {
        return Ok(Err(Refusal::UnknownReason { reason: wish.reason_code.clone() }));
    }
    let policy = match &wish.expiry {
        None => Some(&book.purchase.expiry),
        Some(name) => book.policies.get(name),
    };
    let Some(policy) = policy else {
        return Ok(Err(Refusal::UnknownPolicy { policy: wish.expiry.clone().unwrap_or_default() }));
    };
    let is_enough = |up_to: Option<i64>| up_to.is_none_or(|most| wish.points.unsigned_abs() <= most.unsigned_abs());
    let step = approvals.steps.iter().find(|step| is_enough(step.up_to)).ok_or(Fault::Draft)?;
    let asked = AdjustmentTerms {
        points: wish.points,
        reason_code: wish.reason_code.clone(),
        evidence: wish.evidence.clone(),
        // Told on the day of the request, so that whoever approves sees it.
        expires_at: policy.expires_at(now, book.zone()).filter(|_| wish.points > 0),
        steps: step.roles.clone(),
        until: now.plus_ms(i64::from(approvals.days) * DAY_MS),
        undoes: wish.undoes.map(|(undone, _)| undone),
    };
    request(journal, asked, wish.by.clone(), origin)
}
