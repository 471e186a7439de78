//! Programmes and their published rulebooks.

use ledger::Zone;
use rules::{Document, Rulebook};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::sql::{Row, Sql};

/// A programme as decisions need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgrammeRef {
    /// Its row number.
    pub no: i64,
    /// Its id.
    pub id: String,
    /// The version of its published rulebook.
    pub rulebook_version: i64,
    /// SHA-256 of that rulebook's stored text, 64 hexadecimal digits: the name of every copy of it.
    pub rulebook_digest: String,
}

/// A programme with its published rulebook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programme {
    /// Number, id and version.
    pub reference: ProgrammeRef,
    /// Its name, for people.
    pub name: String,
    /// The published document.
    pub document: Document,
    /// When it was published (milliseconds since 1970).
    pub published_at: i64,
}

/// The programme that is seeded.
const DEFAULT_PROGRAMME: &str = "default";
/// Seconds east of UTC in Asia/Shanghai, without the summer times of 1986–1991 (source: IANA time zone database, `asia`).
const SHANGHAI_OFFSET: i32 = 8 * 3600;

/// All programmes.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn programmes(sql: &impl Sql) -> Result<Vec<ProgrammeRef>, Error> {
    let rows = sql.query(include_str!("../queries/programmes.sql"), vec![]).await?;
    rows.into_iter().map(|mut row| read_reference(&mut row)).collect()
}

/// Reads the first four columns.
pub(crate) fn read_reference(row: &mut Row) -> Result<ProgrammeRef, Error> {
    Ok(ProgrammeRef {
        no: row.integer(0)?,
        id: row.text(1)?,
        rulebook_version: row.integer(2)?,
        rulebook_digest: row.text(3)?,
    })
}

/// The programme with that id.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn programme(sql: &impl Sql, id: &str) -> Result<Option<Programme>, Error> {
    let mut rows = sql.query(include_str!("../queries/programme.sql"), vec![id.into()]).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let reference = read_reference(row)?;
    let name = row.text(4)?;
    let Stored { document, .. } = serde_json::from_str(&row.text(5)?).map_err(|_| Error::Corrupt("rulebook"))?;
    Ok(Some(Programme { reference, name, document, published_at: row.integer(6)? }))
}

/// The stored text of one version of a programme's rulebook. Versions never change, so a copy of this text may be kept anywhere.
///
/// # Errors
/// [`Error`] when the database fails or has no such version.
pub async fn rulebook_text(sql: &impl Sql, programme_no: i64, version: i64) -> Result<String, Error> {
    let mut rows =
        sql.query(include_str!("../queries/rulebook.sql"), vec![programme_no.into(), version.into()]).await?;
    rows.first_mut().ok_or(Error::Corrupt("rulebook"))?.text(0)
}

/// What is stored of a rulebook: the document, and its zone's offsets as they were known when it was published.
#[derive(Serialize, Deserialize)]
struct Stored {
    document: Document,
    /// The offset before the first change, then from which second on which offset holds.
    zone: (i32, Vec<(i64, i32)>),
}

/// Reads a stored rulebook.
///
/// # Errors
/// [`Error::Corrupt`] when it is not a valid one; published ones always are.
pub fn parse_rulebook(text: &str, version: i64) -> Result<Rulebook, Error> {
    let Stored { document, zone: (first, changes) } =
        serde_json::from_str(text).map_err(|_| Error::Corrupt("rulebook"))?;
    let zone = Zone::new(&document.time_zone, first, &changes);
    Rulebook::with_zone(&document, zone, version).map_err(|_| Error::Corrupt("rulebook"))
}

/// SHA-256 of a rulebook's stored text, 64 hexadecimal digits.
#[must_use]
pub fn digest(text: &str) -> String {
    ledger::Hash(Sha256::digest(text.as_bytes()).into()).to_string()
}

/// What became of a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The programme now has this version.
    Version(i64),
    /// Somebody else published first.
    Conflict,
}

/// Publishes the next rulebook of a programme, which is created when `version_now` is 0. The document must have been
/// validated, and `zone` be the one that its validation looked up.
///
/// # Errors
/// [`Error`] when the database fails.
#[expect(clippy::too_many_arguments, reason = "each is one column of the publication")]
pub async fn publish(
    sql: &impl Sql,
    id: &str,
    name: &str,
    version_now: i64,
    document: &Document,
    zone: Zone,
    now: i64,
    by: &str,
) -> Result<Published, Error> {
    let zone = (zone.first_offset(), zone.changes().to_vec());
    let stored = Stored { document: document.clone(), zone };
    let text = serde_json::to_string(&stored).map_err(|_| Error::Corrupt("rulebook to be written"))?;
    let digest = digest(&text);
    let values = vec![id.into(), name.into(), version_now.into(), text.into(), digest.into(), now.into(), by.into()];
    let written = sql.query(include_str!("../queries/publish.sql"), values).await?;
    Ok(if written.is_empty() { Published::Conflict } else { Published::Version(version_now + 1) })
}

/// Creates the default programme in an empty database.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn seed(sql: &impl Sql, now: i64) -> Result<(), Error> {
    if programmes(sql).await?.is_empty() {
        // Its zone has been at UTC+8 since 1992; every component seeds, so this one must not need the time zone database.
        let document = rules::default_document();
        let zone = Zone::new(&document.time_zone, SHANGHAI_OFFSET, &[]).ok_or(Error::Corrupt("default zone"))?;
        publish(sql, DEFAULT_PROGRAMME, "Default programme", 0, &document, zone, now, "seed").await?;
    }
    Ok(())
}
