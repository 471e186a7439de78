//! Expiries that nobody asked for, as a night writes them. They have few columns, so a statement of
//! their own costs less than half of what the one for all postings does.

use std::collections::{BTreeMap, HashSet};

use ledger::{Decision, Effects, Entry, EntryId, Kind, LotMoves, Posting};

use super::{UniqueKeys, batch, ids};
use crate::Error;
use crate::member_extras;
use crate::sql::{Sql, Value};
use crate::statement::statement;

/// Whether a decision is nothing but expiries of one member, and claims nothing.
pub(super) fn is_alone(decision: &Decision, claims: &UniqueKeys) -> bool {
    let UniqueKeys { idem, fingerprint, source, attributes, trace, aliases, proof } = claims;
    let claims_nothing =
        [idem, fingerprint, source, attributes, proof].iter().all(|claim| claim.is_none())
            && trace.is_none()
            && aliases.is_none();
    let Some(Posting { entry: first, .. }) = decision.postings.first() else { return false };
    claims_nothing
        && decision
            .postings
            .iter()
            .all(|Posting { entry, .. }| entry.shares_account(first) && is_plain(entry))
}

/// Whether the columns of the view say all of the entry and of what it does.
fn is_plain(entry: &Entry) -> bool {
    let LotMoves { grants, draws: _, activations, dates, returns, debt } = &entry.lots;
    entry.kind() == Kind::Expire
        && grants.is_empty()
        && activations.is_empty()
        && dates.is_empty()
        && returns.is_empty()
        && *debt == 0
        && entry.effects == Effects::default()
        && entry.texts.is_none()
        && entry.cause.is_none()
        && entry.origin.store.is_none()
}

/// Writes the decisions; the ids of the entries that are written.
pub(super) async fn write(
    sql: &impl Sql,
    programme_no: i64,
    decisions: &[(&Decision, &UniqueKeys)],
) -> Result<HashSet<EntryId>, Error> {
    let postings = decisions.iter().flat_map(|(decision, _)| &decision.postings);
    let rows: Vec<[Value; 14]> = postings.map(row).collect::<Result<_, _>>()?;
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let values = vec![programme_no.into(), batch(&rows)?.into()];
    ids(sql.query(statement!("queries/commit_expiries"), values).await?)
}

fn row(Posting { entry, body, after }: &Posting) -> Result<[Value; 14], Error> {
    let draws: BTreeMap<i64, i64> =
        entry.lots.draws.iter().map(|draw| (draw.number.0, draw.points)).collect();
    let draws = serde_json::to_string(&draws).map_err(|_| Error::Corrupt("lots to be written"))?;
    Ok([
        entry.member.as_str().into(),
        (entry.sequence.0 > 1).then_some(entry.previous_hash).into(),
        entry.sequence.0.into(),
        entry.hash.into(),
        after.balance.into(),
        after.debt.into(),
        member_extras::write(after)?.into(),
        after.due_at.map(|at| at.0).into(),
        entry.id.into(),
        entry.points.into(),
        entry.occurred_at.0.into(),
        entry.recorded_at.0.into(),
        body.as_str().into(),
        draws.into(),
    ])
}
