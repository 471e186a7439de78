//! The rulebooks that a programme has had. Versions never change.

use rules::Document;

use crate::Error;
use crate::programmes::document_of;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// When a version was published, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub version: i64,
    /// Milliseconds since 1970.
    pub published_at: i64,
    /// `seed`, or `programme:` and the programme whose key did it.
    pub published_by: String,
}

fn version(row: &mut Row) -> Result<Version, Error> {
    Ok(Version {
        version: row.integer(0)?,
        published_at: row.integer(1)?,
        published_by: row.text(2)?,
    })
}

/// Up to `most` versions older than `before`, newest first.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn rulebook_versions(
    sql: &impl Sql,
    programme: &str,
    before: i64,
    most: i64,
) -> Result<Vec<Version>, Error> {
    let values = vec![programme.into(), before.into(), most.into()];
    let rows = sql.query(statement!("queries/rulebook_versions"), values).await?;
    rows.into_iter().map(|mut row| version(&mut row)).collect()
}

/// One version and its document.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn rulebook_version(
    sql: &impl Sql,
    programme: &str,
    number: i64,
) -> Result<Option<(Version, Document)>, Error> {
    let values = vec![programme.into(), number.into()];
    let mut rows = sql.query(statement!("queries/rulebook_version"), values).await?;
    rows.first_mut().map(|row| Ok((version(row)?, document_of(&row.text(3)?)?))).transpose()
}
