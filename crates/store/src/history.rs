//! Reading what was written: a member's entries.

use ledger::{Entry, EntryId, LotGrant, LotNumber, MemberId, Timestamp};

use crate::Error;
use crate::entry_row;
use crate::member_row::NEVER;
use crate::sql::{Row, Sql, hexadecimal};
use crate::statement::statement;
use crate::stores::listed;

/// The entries `first` to `last` (sequence numbers) of the member with that row number, in order.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn span(
    sql: &impl Sql,
    member_no: i64,
    first: i64,
    last: i64,
) -> Result<Vec<Entry>, Error> {
    let entries = span_with_bodies(sql, member_no, first, last).await?;
    Ok(entries.into_iter().map(|(entry, _)| entry).collect())
}

/// As [`span`], each with its body as it is stored.
pub(crate) async fn span_with_bodies(
    sql: &impl Sql,
    member_no: i64,
    first: i64,
    last: i64,
) -> Result<Vec<(Entry, String)>, Error> {
    let rows = sql
        .query(statement!("queries/span"), vec![member_no.into(), first.into(), last.into()])
        .await?;
    rows.into_iter().map(|mut row| entry_row::with_body(&mut row, 0)).collect()
}

/// Takes the free texts out of the entries of an erased member, and tells of how many. Does nothing
/// for anybody else, and nothing a second time.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn redact(sql: &impl Sql, programme_no: i64, member: &MemberId) -> Result<usize, Error> {
    Ok(sql
        .query(statement!("queries/redact"), vec![programme_no.into(), member.as_str().into()])
        .await?
        .len())
}

/// The entry of the member who got what the transfer with that id gave.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn transferred(
    sql: &impl Sql,
    programme_no: i64,
    id: EntryId,
) -> Result<Option<Entry>, Error> {
    let values = vec![programme_no.into(), id.into()];
    let mut rows = sql.query(statement!("queries/transferred"), values).await?;
    rows.first_mut().map(|row| entry_row::read(row, 0)).transpose()
}

/// Up to `most` entries of a member before sequence number `before`, newest first: all, or those in
/// these stores.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn history(
    sql: &impl Sql,
    programme_no: i64,
    member: &MemberId,
    stores: Option<&[String]>,
    before: i64,
    most: i64,
) -> Result<Vec<Entry>, Error> {
    let values = vec![
        programme_no.into(),
        member.as_str().into(),
        before.into(),
        most.into(),
        listed(stores),
    ];
    let rows = sql.query(statement!("queries/history"), values).await?;
    rows.into_iter().map(|mut row| entry_row::read(&mut row, 0)).collect()
}

/// The hold, capture or redemption of that id.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn named_entry(
    sql: &impl Sql,
    programme_no: i64,
    id: EntryId,
) -> Result<Option<Entry>, Error> {
    let values = vec![programme_no.into(), id.into()];
    let rows = sql.look_up(statement!("queries/named_entry"), values).await?;
    rows.into_iter().next().map(|mut row| entry_row::read(&mut row, 0)).transpose()
}

/// What tiers gave a member: moves on the ladder with gifts, the newest ones.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn gifts(
    sql: &impl Sql,
    programme_no: i64,
    member: &MemberId,
) -> Result<Vec<Entry>, Error> {
    let values = vec![programme_no.into(), member.as_str().into()];
    let rows = sql.look_up(statement!("queries/gifts"), values).await?;
    rows.into_iter().map(|mut row| entry_row::read(&mut row, 0)).collect()
}

/// The adjustment of that member that has this id, or that the request of this id led to.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn adjusted(
    sql: &impl Sql,
    programme_no: i64,
    member: &MemberId,
    id: EntryId,
) -> Result<Option<Entry>, Error> {
    let values = vec![programme_no.into(), member.as_str().into(), id.into()];
    let mut rows = sql.look_up(statement!("queries/adjusted"), values).await?;
    rows.first_mut().map(|row| entry_row::read(row, 0)).transpose()
}

/// How an account became part of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenOver {
    /// The entry that took it over; its lots are those that were handed over, with the numbers that
    /// they have there.
    pub entry: Entry,
    /// The lots that were handed over, in the same order, with the numbers that they had.
    pub handed_over: Vec<LotNumber>,
    /// How many points of the lots that were asked about had expired before.
    pub expired: i64,
}

/// How that account became part of another one, if it did, and what had expired of these of its
/// lots.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn taken_over(
    sql: &impl Sql,
    programme_no: i64,
    member: &MemberId,
    lots: &[LotNumber],
) -> Result<Option<TakenOver>, Error> {
    let numbers: Vec<i64> = lots.iter().map(|lot| lot.0).collect();
    let values = vec![
        programme_no.into(),
        member.as_str().into(),
        serde_json::json!(numbers).to_string().into(),
    ];
    let mut rows = sql.look_up(statement!("queries/taken_over"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let draws: Vec<(i64, i64)> =
        serde_json::from_str(&row.text(13)?).map_err(|_| Error::Corrupt("merge"))?;
    let handed_over = draws.into_iter().map(|(number, _)| LotNumber(number)).collect();
    let expired = row.integer(14)?;
    Ok(Some(TakenOver { entry: entry_row::read(row, 0)?, handed_over, expired }))
}

/// The entries that resolve or undo the one of that id, oldest first.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn corrections(
    sql: &impl Sql,
    programme_no: i64,
    id: EntryId,
) -> Result<Vec<Entry>, Error> {
    corrections_of(sql, programme_no, &[id]).await
}

/// The entries that resolve or undo those of these ids, oldest first.
pub(crate) async fn corrections_of(
    sql: &impl Sql,
    programme_no: i64,
    ids: &[EntryId],
) -> Result<Vec<Entry>, Error> {
    let ids: Vec<String> = ids.iter().map(|id| hexadecimal(&id.0.to_be_bytes())).collect();
    let values = vec![programme_no.into(), serde_json::json!(ids).to_string().into()];
    let rows = sql.query(statement!("queries/corrections"), values).await?;
    rows.into_iter().map(|mut row| entry_row::read(&mut row, 0)).collect()
}

/// The lots that an entry drew from, as they were granted, with the dates they have by now.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn drawn_lots(
    sql: &impl Sql,
    programme_no: i64,
    entry: &Entry,
) -> Result<Vec<LotGrant>, Error> {
    let numbers: Vec<i64> = entry.lots.draws.iter().map(|draw| draw.number.0).collect();
    let numbers = serde_json::json!(numbers).to_string();
    let values = vec![programme_no.into(), entry.member.as_str().into(), numbers.into()];
    let rows = sql.look_up(statement!("queries/lots_by_number"), values).await?;
    let read = |mut row: Row| {
        let expires_at = row.integer(5)?;
        Ok(LotGrant {
            number: LotNumber(row.integer(0)?),
            source: row.text(1)?,
            points: row.integer(2)?,
            earned_at: Timestamp(row.integer(3)?),
            available_at: Timestamp(row.integer(4)?),
            expires_at: (expires_at != NEVER).then_some(Timestamp(expires_at)),
        })
    };
    rows.into_iter().map(read).collect()
}
