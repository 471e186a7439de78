//! The versions that a programme has had of its documents. They never change.

use reach::playbook::Playbook;
use rules::Document;
use serde_json::Value as Json;

use crate::Error;
use crate::documents::{DocumentKind, document_json};
use crate::playbooks::playbook_json;
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
    /// `seed`; `programme:` and the programme whose key did it; `publication:` and its id; or
    /// `inherited:`, the parent and its version.
    pub published_by: String,
}

/// Reads the first three columns.
pub(crate) fn read_version(row: &mut Row) -> Result<Version, Error> {
    Ok(Version {
        version: row.integer(0)?,
        published_at: row.integer(1)?,
        published_by: row.text(2)?,
    })
}

/// Up to `most` versions of a document older than `before`, newest first.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn document_versions(
    sql: &impl Sql,
    kind: DocumentKind,
    programme: &str,
    before: i64,
    most: i64,
) -> Result<Vec<Version>, Error> {
    let values = vec![programme.into(), before.into(), most.into()];
    let statement = match kind {
        DocumentKind::Rulebook => statement!("queries/rulebook_versions"),
        DocumentKind::Playbook => statement!("queries/playbook_versions"),
    };
    let rows = sql.query(statement, values).await?;
    rows.into_iter().map(|mut row| read_version(&mut row)).collect()
}

/// One rulebook.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn rulebook_version(
    sql: &impl Sql,
    programme: &str,
    number: i64,
) -> Result<Option<(Version, Document)>, Error> {
    let found = stored(sql, DocumentKind::Rulebook, programme, number).await?;
    found.map(|(version, text)| Ok((version, document_of(&text)?))).transpose()
}

/// One version of a document, as JSON with every default written out.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn document_version(
    sql: &impl Sql,
    kind: DocumentKind,
    programme: &str,
    number: i64,
) -> Result<Option<(Version, Json)>, Error> {
    let found = stored(sql, kind, programme, number).await?;
    found.map(|(version, text)| Ok((version, document_json(kind, &text)?))).transpose()
}

/// As [`document_version`], of a version that others were made of: that may be the empty playbook,
/// which is no version of its own.
///
/// # Errors
/// As [`document_version`], and [`Error::Corrupt`] when there is none.
pub async fn base_document(
    sql: &impl Sql,
    kind: DocumentKind,
    programme: &str,
    number: i64,
) -> Result<Json, Error> {
    if kind == DocumentKind::Playbook && number == 0 {
        return playbook_json(&Playbook::default());
    }
    let found = document_version(sql, kind, programme, number).await?;
    found.map(|(_, document)| document).ok_or(Error::Corrupt("version of a document"))
}

async fn stored(
    sql: &impl Sql,
    kind: DocumentKind,
    programme: &str,
    number: i64,
) -> Result<Option<(Version, String)>, Error> {
    let statement = match kind {
        DocumentKind::Rulebook => statement!("queries/rulebook_version"),
        DocumentKind::Playbook => statement!("queries/playbook_version"),
    };
    let mut rows = sql.query(statement, vec![programme.into(), number.into()]).await?;
    rows.first_mut().map(|row| Ok((read_version(row)?, row.text(3)?))).transpose()
}
