//! One statement that writes decisions: each wholly or not at all, each with an outcome of its own.

use std::collections::HashSet;

use ledger::{Decision, Entry, LotDraw, LotGrant, Posting};
use serde_json::{Value as Json, json};

use crate::Error;
use crate::body;
use crate::codec::{NEVER, counters_json, standing_json};
use crate::sql::{Sql, Value};

/// What is claimed with a decision, beside the member's head.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims {
    pub(crate) idem: Option<String>,
    pub(crate) fingerprint: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) attributes: Option<String>,
}

/// Writes the decisions and tells of each whether it was written. An empty decision counts as written.
pub(crate) async fn commit(
    sql: &impl Sql,
    programme_no: i64,
    decisions: &[(&Decision, &Claims)],
) -> Result<Vec<bool>, Error> {
    let mut rows = Vec::new();
    for (decision, claims) in decisions {
        for (at, posting) in decision.postings.iter().enumerate() {
            rows.push(row(programme_no, decision, at, posting, claims)?);
        }
    }
    if rows.is_empty() {
        return Ok(decisions.iter().map(|_| true).collect());
    }
    let written =
        sql.query(include_str!("../queries/commit.sql"), vec![Value::Text(Json::Array(rows).to_string())]).await?;
    let written: HashSet<String> = written.into_iter().map(|mut row| row.text(0)).collect::<Result<_, _>>()?;
    let is_written =
        |decision: &Decision| decision.postings.iter().all(|posting| written.contains(&posting.entry.id.to_string()));
    Ok(decisions.iter().map(|(decision, _)| is_written(decision)).collect())
}

/// One row of the view `posting`, columns in its order. The first row of a decision carries the claims of all of it: the others are
/// chained to it by the head they expect, so they are skipped with it.
fn row(programme_no: i64, decision: &Decision, at: usize, posting: &Posting, claims: &Claims) -> Result<Json, Error> {
    let Posting { entry, after } = posting;
    let (is_first, is_primary) = (at == 0, at == decision.primary);
    let on = |condition: bool, text: &Option<String>| if condition { text.clone() } else { None };
    let sequences = decision.postings.first().zip(decision.postings.last()).filter(|_| is_primary);
    let expected_head = (entry.sequence.0 > 1).then(|| entry.previous_hash.to_string());
    Ok(Json::Array(vec![
        json!(programme_no),
        json!(entry.member.as_str()),
        json!(expected_head),
        json!(on(is_first, &claims.idem)),
        json!(on(is_first, &claims.source)),
        json!(entry.sequence.0),
        json!(entry.hash.to_string()),
        json!(after.balance),
        json!(after.lots_granted),
        json!(after.joined_at.map(|at| at.0)),
        json!(after.tier.as_ref().map(|tier| &tier.id)),
        json!(after.tier.as_ref().map(|tier| tier.since.0)),
        json!(after.tier.as_ref().and_then(|tier| tier.until).map(|at| at.0)),
        standing_json(&after.standing),
        counters_json(&after.counters),
        json!(after.due_at.map(|at| at.0)),
        json!(after.reminded_at.map(|at| at.0)),
        json!(entry.id.to_string()),
        json!(entry.kind.as_str()),
        json!(entry.points),
        json!(entry.occurred_at.0),
        json!(entry.recorded_at.0),
        json!(body::write(entry)?),
        json!(on(is_primary, &claims.idem)),
        json!(on(is_primary, &claims.fingerprint)),
        json!(on(is_primary, &claims.source)),
        json!(sequences.map(|(first, _)| first.entry.sequence.0)),
        json!(sequences.map(|(_, last)| last.entry.sequence.0)),
        grants(entry),
        draws(&entry.draws),
        draws(&entry.activations),
        json!(on(is_primary, &claims.attributes)),
    ]))
}

fn grants(entry: &Entry) -> Json {
    let lot = |g: &LotGrant| {
        let expires_at = g.expires_at.map_or(NEVER, |at| at.0);
        let pending = i64::from(g.available_at > entry.recorded_at);
        json!([g.number.0, g.source, g.points, g.earned_at.0, g.available_at.0, expires_at, pending])
    };
    if entry.grants.is_empty() { Json::Null } else { entry.grants.iter().map(lot).collect() }
}

fn draws(draws: &[LotDraw]) -> Json {
    if draws.is_empty() { Json::Null } else { draws.iter().map(|draw| json!([draw.number.0, draw.points])).collect() }
}
