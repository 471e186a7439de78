//! Drafts: documents by name that nobody runs by.

use ledger::Timestamp;

use crate::Error;
use crate::audit_log::Who;
use crate::documents::DocumentKind;
use crate::programmes::digest;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// A draft without its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// When it was written last.
    pub updated_at: Timestamp,
    /// The caller that wrote it: the label of the key.
    pub updated_by: String,
    /// The version of the document that it was made from.
    pub base_version: i64,
    /// Counts its changes, from 1.
    pub revision: i64,
}

/// What is kept of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftWish {
    /// The document, a JSON text.
    pub document: String,
    /// The same as it is stored once it is published; none when something is wrong with it.
    pub stored: Option<String>,
}

/// The caller that keeps a draft, when, and what it is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftKept<'a> {
    /// Its name.
    pub name: &'a str,
    /// When.
    pub at: Timestamp,
    /// Who: the label of the key.
    pub by: &'a str,
    /// The version that it was made from. Without one, a new draft is made from the version in
    /// force, and a changed one from what it was made from.
    pub base_version: Option<i64>,
    /// The revision that it is kept over, 0 for a new draft. Without one, over any.
    pub over: Option<i64>,
}

fn read(row: &mut Row) -> Result<Draft, Error> {
    Ok(Draft {
        name: row.text(0)?,
        updated_at: Timestamp(row.integer(1)?),
        updated_by: row.text(2)?,
        base_version: row.integer(3)?,
        revision: row.integer(4)?,
    })
}

/// Keeps a draft under its name, and gives it back; `None` where it has another revision.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_draft(
    sql: &impl Sql,
    (programme_no, kind): (i64, DocumentKind),
    kept: &DraftKept<'_>,
    wish: DraftWish,
    who: &Who,
) -> Result<Option<Draft>, Error> {
    let mut who = who.json();
    if let Some(who) = who.as_object_mut() {
        who.insert("digest".to_owned(), digest(&wish.document).into());
    }
    let values = vec![
        programme_no.into(),
        kind.as_str().into(),
        kept.name.into(),
        wish.document.into(),
        kept.at.0.into(),
        kept.by.into(),
        wish.stored.into(),
        who.to_string().into(),
        kept.base_version.into(),
        kept.over.into(),
    ];
    let mut rows = sql.query(statement!("queries/draft_put"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    Ok(Some(Draft {
        name: kept.name.to_owned(),
        updated_at: kept.at,
        updated_by: kept.by.to_owned(),
        base_version: row.integer(0)?,
        revision: row.integer(1)?,
    }))
}

/// How many drafts there are beside the one of that name.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn other_drafts(
    sql: &impl Sql,
    (programme_no, kind): (i64, DocumentKind),
    name: &str,
) -> Result<i64, Error> {
    let values = vec![programme_no.into(), kind.as_str().into(), name.into()];
    let mut rows = sql.query(statement!("queries/draft_count"), values).await?;
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}

/// A draft and what is kept of it; `None` when there is none of that name.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn draft(
    sql: &impl Sql,
    (programme_no, kind): (i64, DocumentKind),
    name: &str,
) -> Result<Option<(Draft, DraftWish)>, Error> {
    let values = vec![programme_no.into(), kind.as_str().into(), name.into()];
    let mut rows = sql.query(statement!("queries/draft"), values).await?;
    rows.first_mut()
        .map(|row| {
            Ok((read(row)?, DraftWish { document: row.text(5)?, stored: row.optional_text(6)? }))
        })
        .transpose()
}

/// Up to `most` drafts after the name `after`, by name.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn list_drafts(
    sql: &impl Sql,
    (programme_no, kind): (i64, DocumentKind),
    after: &str,
    most: i64,
) -> Result<Vec<Draft>, Error> {
    let values = vec![programme_no.into(), kind.as_str().into(), after.into(), most.into()];
    let rows = sql.query(statement!("queries/draft_list"), values).await?;
    rows.into_iter().map(|mut row| read(&mut row)).collect()
}

/// Drops a draft; tells whether there was one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn delete_draft(
    sql: &impl Sql,
    (programme_no, kind): (i64, DocumentKind),
    name: &str,
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), kind.as_str().into(), name.into(), who.text().into()];
    Ok(!sql.query(statement!("queries/draft_delete"), values).await?.is_empty())
}
