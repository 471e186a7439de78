//! Copies of tags in the ledger: which tags the published rulebook names, whose copies are to be
//! written, and the copies.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Timestamp;
use serde_json::json;

use crate::Error;
use crate::sql::{Row, Rows, Sql};
use crate::statement::statement;

/// Has the tags of these names copied from now on, and no others. How many that is new for.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn mark_tags(
    reach: &impl Sql,
    programme_no: i64,
    names: &[String],
) -> Result<usize, Error> {
    let values = vec![programme_no.into(), json!(names).to_string().into()];
    Ok(reach.query(statement!("queries/reach/tag_mark"), values).await?.len())
}

/// Goes on with a tag that became one of those, or is one no more: its next `most` members are to
/// be copied. True when there is no such tag.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn walk_tag(reach: &impl Sql, programme_no: i64, most: i64) -> Result<bool, Error> {
    let rows = reach.query(statement!("queries/reach/tag_walk"), vec![programme_no.into()]).await?;
    let Some(mut row) = rows.into_iter().next() else { return Ok(true) };
    let values = vec![row.integer(0)?.into(), row.integer(1)?.into(), most.into()];
    reach.query(statement!("queries/reach/tag_walk_step"), values).await?;
    Ok(false)
}

/// Members after number `after` whose copies are to be written, at most so many, by number: number,
/// and a number of the last change.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn due_copies(
    reach: &impl Sql,
    programme_no: i64,
    after: i64,
    most: i64,
) -> Result<Vec<(i64, i64)>, Error> {
    let values = vec![programme_no.into(), after.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/tag_due"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.integer(0)?, row.integer(1)?))).collect()
}

/// The copies of these members were written, unless they have changed since.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn copies_done(
    reach: &impl Sql,
    programme_no: i64,
    due: &[(i64, i64)],
) -> Result<(), Error> {
    let values = vec![programme_no.into(), json!(due).to_string().into()];
    reach.query(statement!("queries/reach/tag_due_done"), values).await.map(drop)
}

/// Which of these tags members have, by the numbers of the members.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn tags_among(
    reach: &impl Sql,
    programme_no: i64,
    members: &[i64],
    names: &[String],
    now: Timestamp,
) -> Result<BTreeMap<i64, Vec<String>>, Error> {
    if names.is_empty() || members.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (members, names) = (json!(members).to_string(), json!(names).to_string());
    let values = vec![programme_no.into(), members.into(), names.into(), now.0.into()];
    by_member(reach.query(statement!("queries/reach/tag_held"), values).await?)
}

/// Which tags members have of those that are copied, by the numbers of the members.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn copied_tags(
    reach: &impl Sql,
    programme_no: i64,
    members: &[i64],
    now: Timestamp,
) -> Result<BTreeMap<i64, Vec<String>>, Error> {
    let values = vec![programme_no.into(), json!(members).to_string().into(), now.0.into()];
    by_member(reach.query(statement!("queries/reach/tag_copies"), values).await?)
}

fn by_member(rows: Rows) -> Result<BTreeMap<i64, Vec<String>>, Error> {
    let mut held: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for mut row in rows {
        held.entry(row.integer(0)?).or_default().push(row.text(1)?);
    }
    Ok(held)
}

/// Which of these tags the programme has.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn defined_tags(
    reach: &impl Sql,
    programme_no: i64,
    names: &[String],
) -> Result<BTreeSet<String>, Error> {
    let values = vec![programme_no.into(), json!(names).to_string().into()];
    let rows = reach.query(statement!("queries/reach/tag_defined"), values).await?;
    rows.into_iter().map(|mut row: Row| row.text(0)).collect()
}

/// Writes the copies of members, as they were at that instant. Whose were written: what was told
/// later stays, and closed accounts get none.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn write_copies(
    ledger: &impl Sql,
    copies: &[(i64, Vec<String>)],
    at: Timestamp,
) -> Result<BTreeSet<i64>, Error> {
    let text = |tags: &Vec<String>| Some(tags.join(",")).filter(|_| !tags.is_empty());
    let rows: Vec<_> = copies.iter().map(|(no, tags)| json!([no, text(tags)])).collect();
    let values = vec![json!(rows).to_string().into(), at.0.into()];
    let rows = ledger.query(statement!("queries/profile_tags"), values).await?;
    rows.into_iter().map(|mut row| row.integer(0)).collect()
}

/// Which of these members have an account that is closed.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn closed_members(ledger: &impl Sql, members: &[i64]) -> Result<BTreeSet<i64>, Error> {
    let values = vec![json!(members).to_string().into()];
    let rows = ledger.query(statement!("queries/members_closed"), values).await?;
    rows.into_iter().map(|mut row| row.integer(0)).collect()
}
