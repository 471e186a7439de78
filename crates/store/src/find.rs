//! Finding what nobody knows the member of: members by the beginnings of their ids and names, an
//! entry by its id.

use ledger::{Entry, EntryId, Timestamp};

use crate::Error;
use crate::entry_row;
use crate::history::named_entry;
use crate::member_row::instant;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// A member as a list shows it: what the books and the profile say, without what the clock has
/// decided since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMember {
    /// Its id.
    pub id: String,
    /// When its first entry was recorded.
    pub joined_at: Timestamp,
    /// Its tier, and until when.
    pub tier: Option<(String, Option<Timestamp>)>,
    /// Its points, less what it owes.
    pub balance: i64,
    /// What it owes.
    pub debt: i64,
    /// Where the account is closed, the member that it became part of; empty when the person was
    /// forgotten.
    pub closed: Option<String>,
    /// What is told about it, a JSON object.
    pub attributes: Option<String>,
    /// Its other names, each with its kind in front.
    pub aliases: Vec<String>,
    /// Its id, or the name that it was found by.
    pub found_by: String,
    /// Its number.
    pub no: i64,
}

/// What lists of members are in the order of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberOrder {
    /// Their ids.
    Id,
    /// Their other names: a member is listed under each that fits.
    Name,
}

/// Members whose ids, or other names, begin so, after the last that was listed; at most so many.
/// Where `tier` is given, a list in the order of ids has the members of that tier alone, and one in
/// the order of names does not look at it.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn list_members(
    sql: &impl Sql,
    programme_no: i64,
    order: MemberOrder,
    (prefix, after): (&str, Option<&str>),
    tier: Option<&str>,
    most: i64,
) -> Result<Vec<ListedMember>, Error> {
    // '!' comes before every character of ids and names, DEL after.
    let from = after.map_or_else(|| prefix.to_owned(), |after| format!("{after}!"));
    let mut values =
        vec![programme_no.into(), from.into(), format!("{prefix}\u{7f}").into(), most.into()];
    let rows = match (order, tier) {
        (MemberOrder::Id, None) => sql.query(statement!("queries/members_by_id"), values).await?,
        (MemberOrder::Id, Some(tier)) => {
            values.push(tier.into());
            sql.query(statement!("queries/members_by_tier"), values).await?
        }
        (MemberOrder::Name, _) => sql.query(statement!("queries/members_by_name"), values).await?,
    };
    rows.into_iter().map(|mut row| listed(&mut row)).collect()
}

fn listed(row: &mut Row) -> Result<ListedMember, Error> {
    let until = row.optional_integer(3)?.map(instant);
    let mut aliases: Vec<String> =
        serde_json::from_str(&row.text(8)?).map_err(|_| Error::Corrupt("names"))?;
    aliases.sort_unstable();
    Ok(ListedMember {
        id: row.text(0)?,
        joined_at: instant(row.integer(1)?),
        tier: row.optional_text(2)?.map(|tier| (tier, until)),
        balance: row.integer(4)?,
        debt: row.integer(5)?,
        closed: row.optional_text(6)?,
        attributes: row.optional_text(7)?,
        aliases,
        found_by: row.text(9)?,
        no: row.integer(10)?,
    })
}

/// How many members of the programme have which tier, as the books hold it, with an empty name for
/// none; tiers without members are left out.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn tier_counts(sql: &impl Sql, programme_no: i64) -> Result<Vec<(String, i64)>, Error> {
    let rows = sql.query(statement!("queries/tier_counts"), vec![programme_no.into()]).await?;
    rows.into_iter().map(|mut row| Ok((row.text(0)?, row.integer(1)?))).collect()
}

/// How long before an entry was recorded its request may have come in, and how much later others
/// may have been numbered: a command that others were faster than takes some seconds.
const BEFORE_MS: i64 = 10_000;
const AFTER_MS: i64 = 10_000;

/// The entry of that id. Its id tells when it was made, and so where it is; one from a time when
/// the server's clock was set back may not be found.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn find_entry(
    sql: &impl Sql,
    programme_no: i64,
    id: EntryId,
) -> Result<Option<Entry>, Error> {
    if let Some(entry) = named_entry(sql, programme_no, id).await? {
        return Ok(Some(entry));
    }
    let made_at = i64::try_from(id.0 >> 80).map_err(|_| Error::Corrupt("entry id"))?;
    let from = entry_from(sql, made_at.saturating_sub(BEFORE_MS)).await?;
    let before = entry_from(sql, made_at.saturating_add(AFTER_MS)).await?;
    let values = vec![programme_no.into(), from.into(), before.into(), id.into()];
    let mut rows = sql.query(statement!("queries/entry_between"), values).await?;
    rows.first_mut().map(|row| entry_row::read(row, 0)).transpose()
}

async fn entry_from(sql: &impl Sql, at: i64) -> Result<i64, Error> {
    let mut rows = sql.query(statement!("queries/entry_from"), vec![at.into()]).await?;
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}
