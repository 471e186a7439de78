//! One statement that writes decisions: each wholly or not at all, each with an outcome of its own.

use std::collections::HashSet;
use std::rc::Rc;

use ledger::{
    Decision, Entry, EntryId, Fault, Hash, Kind, LotDates, LotGrant, MemberId, Posting, Timestamp,
    What,
};
use serde::Serialize;

use crate::Error;
use crate::effects::{self, OtherRow, With};
use crate::member_extras;
use crate::member_row::{NEVER, write_counters, write_qualification};
use crate::programmes::ProgrammeRef;
use crate::sql::{Rows, Sql, Value};
use crate::statement::statement;
use crate::submission::ClientInfo;

mod expiries;

/// Rows of the view `posting`.
pub type PostingRows = Vec<Vec<Value>>;

/// The ids of the entries that a statement wrote, or why it wrote none.
pub type Written = Result<Rc<HashSet<EntryId>>, Error>;

/// What is claimed with a decision, beside the member's head.
#[derive(Debug, Clone, Default)]
pub(crate) struct UniqueKeys {
    pub(crate) idem: Option<String>,
    pub(crate) fingerprint: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) attributes: Option<String>,
    pub(crate) trace: Option<ClientInfo>,
    pub(crate) aliases: Option<Vec<String>>,
    /// The id of a proof that it is the member who asks.
    pub(crate) proof: Option<String>,
}

/// Writes the decisions and tells of each whether it was written. An empty decision counts as
/// written. All but entries of the programme `abroad` are of the first one.
pub(crate) async fn commit(
    sql: &impl Sql,
    programme_no: i64,
    abroad: Option<&ProgrammeRef>,
    decisions: &[(&Decision, &UniqueKeys)],
) -> Result<Vec<bool>, Error> {
    let (expiries, others): (Vec<_>, Vec<_>) = decisions
        .iter()
        .copied()
        .partition(|(decision, claims)| abroad.is_none() && expiries::is_alone(decision, claims));
    let written = write(sql, programme_no, abroad, &others).await?;
    let expired = expiries::write(sql, programme_no, &expiries).await?;
    let is_written = |decision: &Decision| {
        let mut ids = decision.postings.iter().map(|posting| posting.entry.id);
        ids.all(|id| written.contains(&id) || expired.contains(&id))
    };
    Ok(decisions.iter().map(|(decision, _)| is_written(decision)).collect())
}

/// Writes rows of all sorts; the ids of those that are written.
async fn write(
    sql: &impl Sql,
    programme_no: i64,
    abroad: Option<&ProgrammeRef>,
    decisions: &[(&Decision, &UniqueKeys)],
) -> Written {
    let mut rows = Vec::new();
    for (decision, claims) in decisions {
        let mut heads = ExpectedHeads::of(decision);
        let number = |entry: &Entry| match abroad {
            Some(abroad) if abroad.id == entry.programme.as_str() => abroad.no,
            _ => programme_no,
        };
        for (at, posting) in decision.postings.iter().enumerate() {
            let other = |(entry, head): (&Entry, Option<Hash>)| {
                let elsewhere =
                    Some(number(entry)).filter(|_| entry.programme != posting.entry.programme);
                (entry.member.to_string(), head.map(|head| head.to_string()), elsewhere)
            };
            let others = heads.at(&posting.entry).into_iter().map(other).collect();
            rows.push(row(number(&posting.entry), decision, at, posting, claims, others)?);
            heads.move_on(&posting.entry);
        }
    }
    // Rows of one statement follow each other, so one with effects takes the others along.
    let has_effects = rows.iter().any(PostingRow::has_effects);
    let rows: Vec<Vec<Value>> = rows.into_iter().map(|row| row.columns(has_effects)).collect();
    match (rows.is_empty(), has_effects) {
        (true, _) => Ok(Rc::default()),
        (false, false) => sql.post(rows).await,
        (false, true) => {
            let values = vec![Value::Text(batch(&rows)?)];
            ids(sql.query(statement!("queries/commit_with_effects"), values).await?).map(Rc::new)
        }
    }
}

/// Writes rows of the view `posting` in one statement. One row, as nearly every request has, is
/// bound as it is; others travel as one JSON text.
pub(crate) async fn post<S: Sql + ?Sized>(sql: &S, mut rows: PostingRows) -> Written {
    let (statement, values) = if rows.len() == 1 {
        (statement!("queries/commit_one"), rows.pop().unwrap_or_default())
    } else {
        (statement!("queries/commit"), vec![Value::Text(batch(&rows)?)])
    };
    ids(sql.query(statement, values).await?).map(Rc::new)
}

/// The ids that a statement returns: those of the rows that it has written.
fn ids(rows: Rows) -> Result<HashSet<EntryId>, Error> {
    rows.into_iter().map(|mut row| row.entry_id(0)).collect()
}

/// Rows as a JSON array of arrays.
fn batch<T: Serialize>(rows: &[T]) -> Result<String, Error> {
    serde_json::to_string(rows).map_err(|_| Error::Corrupt("postings to be written"))
}

/// The heads of the accounts of a decision, each told by one of its entries, as its rows are
/// written one after another.
struct ExpectedHeads<'a>(Vec<(&'a Entry, Option<Hash>)>);

impl<'a> ExpectedHeads<'a> {
    /// Those that the decision was made on.
    fn of(decision: &'a Decision) -> Self {
        let mut heads: Vec<(&Entry, Option<Hash>)> = Vec::new();
        for Posting { entry, .. } in &decision.postings {
            if heads.iter().all(|(of, _)| !of.shares_account(entry)) {
                heads.push((entry, (entry.sequence.0 > 1).then_some(entry.previous_hash)));
            }
        }
        Self(heads)
    }

    /// Those of the other accounts, which each row asks for: when one was late, all are skipped.
    fn at(&self, entry: &Entry) -> Vec<(&'a Entry, Option<Hash>)> {
        self.0.iter().filter(|(of, _)| !of.shares_account(entry)).copied().collect()
    }

    fn move_on(&mut self, entry: &Entry) {
        for (_, head) in self.0.iter_mut().filter(|(of, _)| of.shares_account(entry)) {
            *head = Some(entry.hash);
        }
    }
}

/// One row of the view `posting`, or of `posting_with_effects`.
struct PostingRow {
    /// The columns of `posting`, in its order.
    plain: Vec<Value>,
    /// The columns that only `posting_with_effects` has.
    attributes: Value,
    effects: Value,
    is_erasure: bool,
}

impl PostingRow {
    /// Whether it does something that `posting` does not do.
    fn has_effects(&self) -> bool {
        self.is_erasure || self.attributes != Value::Null || self.effects != Value::Null
    }

    fn columns(self, with_effects: bool) -> Vec<Value> {
        let mut columns = self.plain;
        if with_effects {
            columns.extend([self.attributes, self.effects]);
        }
        columns
    }
}

/// The first row of a decision carries the claims of all of it: the others are chained to it by the
/// head they expect, so they are skipped with it.
fn row(
    programme_no: i64,
    decision: &Decision,
    at: usize,
    posting: &Posting,
    claims: &UniqueKeys,
    others: Vec<OtherRow>,
) -> Result<PostingRow, Error> {
    let Posting { entry, body, after } = posting;
    // What a back-test repeats belongs to no books, and its body cannot be read again.
    if matches!(entry.what, What::Repeated(_)) {
        return Err(Fault::Draft.into());
    }
    let (is_first, is_primary) = (at == 0, at == decision.primary);
    let on = |condition: bool, text: &Option<String>| {
        Value::from(if condition { text.clone() } else { None })
    };
    let instant = |at: Option<Timestamp>| Value::from(at.map(|at| at.0));
    let is_own = |posting: &&Posting| posting.entry.shares_account(entry);
    let first = decision.postings.iter().find(is_own);
    let sequences = first.zip(decision.postings.iter().rev().find(is_own)).filter(|_| is_primary);
    let expected_head = (entry.sequence.0 > 1).then_some(entry.previous_hash);
    let tier = after.tier.as_ref();
    let mut plain = vec![
        programme_no.into(),
        entry.member.as_str().into(),
        expected_head.into(),
        on(is_first, &claims.idem),
        on(is_first, &claims.source),
        entry.sequence.0.into(),
        entry.hash.into(),
        after.balance.into(),
        after.debt.into(),
        member_extras::write(after)?.into(),
        after.lots_granted.into(),
        instant(after.joined_at),
        tier.map(|tier| tier.id.as_str()).into(),
        instant(tier.map(|tier| tier.since)),
        instant(tier.and_then(|tier| tier.until)),
        write_qualification(after)?.into(),
        write_counters(&after.counters)?.into(),
        instant(after.due_at),
        instant(after.reminded_at),
        entry.id.into(),
        entry.kind().as_str().into(),
        entry.points.into(),
        entry.occurred_at.0.into(),
        entry.recorded_at.0.into(),
        body.as_str().into(),
        entry.texts.as_ref().and_then(|texts| texts.stored.as_deref()).into(),
        entry.corrects().into(),
        entry.cause.into(),
        entry.counterparty().map(MemberId::as_str).into(),
        entry.origin.store.as_deref().into(),
        on(is_primary, &claims.idem),
        on(is_primary, &claims.fingerprint),
        // A hold only asks whether its document was paid before; its capture will say that it is.
        on(is_primary && entry.kind() != Kind::Hold, &claims.source),
        sequences.map(|(first, _)| first.entry.sequence.0).into(),
        sequences.map(|(_, last)| last.entry.sequence.0).into(),
    ];
    plain.extend(first_grant(entry));
    plain.extend([further_grants(entry)?, moves(entry)?]);
    let effects = effects::write(
        entry,
        &With {
            trace: claims.trace.as_ref().filter(|_| is_primary),
            aliases: claims.aliases.as_deref().filter(|_| is_first),
            proof: claims.proof.as_deref().filter(|_| is_first),
            others,
            following: decision.postings.get(1..).filter(|_| is_first).unwrap_or_default(),
        },
    )?;
    Ok(PostingRow {
        plain,
        attributes: on(is_primary, &claims.attributes),
        effects: effects.into(),
        is_erasure: entry.kind() == Kind::Erase,
    })
}

/// Number, source, points, earned_at, available_at, expires_at, pending.
type GrantRow<'a> = (i64, &'a str, i64, i64, i64, i64, i64);
/// Number, points drawn, 1 when it becomes active; where its dates change, from when and until when
/// it can be spent.
type MoveRow = (i64, i64, i64, Option<i64>, Option<i64>);

fn ends(at: Option<Timestamp>) -> i64 {
    at.map_or(NEVER, |at| at.0)
}

fn grant_row<'a>(entry: &Entry, grant: &'a LotGrant) -> GrantRow<'a> {
    (
        grant.number.0,
        grant.source.as_str(),
        grant.points,
        grant.earned_at.0,
        grant.available_at.0,
        ends(grant.expires_at),
        i64::from(grant.available_at > entry.recorded_at),
    )
}

/// Nearly every entry grants one lot or none: it is bound as it is.
fn first_grant(entry: &Entry) -> [Value; 7] {
    let Some(grant) = entry.lots.grants.first() else { return [const { Value::Null }; 7] };
    let (number, source, points, earned_at, available_at, expires_at, pending) =
        grant_row(entry, grant);
    [
        number.into(),
        source.into(),
        points.into(),
        earned_at.into(),
        available_at.into(),
        expires_at.into(),
        pending.into(),
    ]
}

fn further_grants(entry: &Entry) -> Result<Value, Error> {
    list::<GrantRow<'_>>(entry.lots.grants.iter().skip(1).map(|grant| grant_row(entry, grant)))
}

fn moves(entry: &Entry) -> Result<Value, Error> {
    let lots = &entry.lots;
    // One row for each lot: an update takes one of several.
    let drawn = lots.draws.iter().map(|draw| {
        let dates = lots.dates.iter().find(|dates| dates.number == draw.number);
        (
            draw.number.0,
            draw.points,
            0,
            dates.map(|d| d.available_at.0),
            dates.map(|d| ends(d.expires_at)),
        )
    });
    let activated = lots.activations.iter().map(|lot| {
        let dates = lots.dates.iter().find(|dates| dates.number == lot.number);
        (lot.number.0, 0, 1, dates.map(|d| d.available_at.0), dates.map(|d| ends(d.expires_at)))
    });
    let is_activated =
        |dates: &&LotDates| lots.activations.iter().any(|lot| lot.number == dates.number);
    let is_drawn = |dates: &&LotDates| lots.draws.iter().any(|draw| draw.number == dates.number);
    let postponed = lots.dates.iter().filter(|dates| !is_activated(dates) && !is_drawn(dates));
    let postponed =
        postponed.map(|d| (d.number.0, 0, 0, Some(d.available_at.0), Some(ends(d.expires_at))));
    let returned = lots.returns.iter().map(|back| (back.lot.number.0, -back.points, 0, None, None));
    list::<MoveRow>(drawn.chain(activated).chain(postponed).chain(returned))
}

/// A JSON array of the rows; null for none.
fn list<T: Serialize>(rows: impl Iterator<Item = T>) -> Result<Value, Error> {
    let rows: Vec<T> = rows.collect();
    if rows.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::to_string(&rows).map(Value::Text).map_err(|_| Error::Corrupt("lots to be written"))
}
