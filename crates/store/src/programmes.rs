//! Programmes and their published rulebooks.

use ledger::Zone;
use rules::{Conditions, Document, Rulebook};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::audit_log::Who;
use crate::sql::{Row, Sql};
use crate::statement::statement;

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
    /// How many homes its members are spread over; never changes.
    pub spread: u32,
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

/// All programmes.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn programmes(sql: &impl Sql) -> Result<Vec<ProgrammeRef>, Error> {
    let rows = sql.query(statement!("queries/programmes"), vec![]).await?;
    rows.into_iter().map(|mut row| read_reference(&mut row, 4)).collect()
}

/// The versions of rulebook and playbook that are in force in a programme; `None` where there is
/// none of that number.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn versions_in_force(sql: &impl Sql, no: i64) -> Result<Option<(i64, i64)>, Error> {
    let mut rows = sql.query(statement!("queries/programme_versions"), vec![no.into()]).await?;
    rows.first_mut().map(|row| Ok((row.integer(0)?, row.integer(1)?))).transpose()
}

/// Reads the first four columns, and the spread from that one.
pub(crate) fn read_reference(row: &mut Row, spread: usize) -> Result<ProgrammeRef, Error> {
    Ok(ProgrammeRef {
        no: row.integer(0)?,
        id: row.text(1)?,
        rulebook_version: row.integer(2)?,
        rulebook_digest: row.text(3)?,
        spread: u32::try_from(row.integer(spread)?).map_err(|_| Error::Corrupt("spread"))?,
    })
}

/// The programme with that id.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn programme(sql: &impl Sql, id: &str) -> Result<Option<Programme>, Error> {
    let mut rows = sql.query(statement!("queries/programme"), vec![id.into()]).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let reference = read_reference(row, 7)?;
    let name = row.text(4)?;
    let document = document_of(&row.text(5)?)?;
    Ok(Some(Programme { reference, name, document, published_at: row.integer(6)? }))
}

/// The stored text of one version of a programme's rulebook. Versions never change, so a copy of
/// this text may be kept anywhere.
///
/// # Errors
/// [`Error`] when the database fails or has no such version.
pub async fn rulebook_text(
    sql: &impl Sql,
    programme_no: i64,
    version: i64,
) -> Result<String, Error> {
    let mut rows = sql
        .query(statement!("queries/rulebook"), vec![programme_no.into(), version.into()])
        .await?;
    rows.first_mut().ok_or(Error::Corrupt("rulebook"))?.text(0)
}

/// What is stored of a rulebook: the document, and its zone's offsets as they were known when it
/// was published.
#[derive(Serialize, Deserialize)]
struct Stored {
    document: Document,
    /// The offset before the first change, then from which second on which offset holds.
    zone: (i32, Vec<(i64, i32)>),
    /// Its conditions, read.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    conditions: Conditions,
}

/// The document of a stored rulebook.
pub(crate) fn document_of(text: &str) -> Result<Document, Error> {
    #[derive(Deserialize)]
    struct Told {
        document: Document,
    }
    serde_json::from_str(text)
        .map(|Told { document }| document)
        .map_err(|_| Error::Corrupt("rulebook"))
}

/// Reads a stored rulebook.
///
/// # Errors
/// [`Error::Corrupt`] when it is not a valid one; published ones always are.
pub fn parse_rulebook(text: &str, version: i64) -> Result<Rulebook, Error> {
    let Stored { document, zone: (first, changes), conditions } =
        serde_json::from_str(text).map_err(|_| Error::Corrupt("rulebook"))?;
    let zone = Zone::new(&document.time_zone, first, &changes);
    Rulebook::published(document, zone, &conditions, version)
        .map_err(|_| Error::Corrupt("rulebook"))
}

/// The zone of a stored rulebook, for those who need its days and none of its rules.
///
/// # Errors
/// [`Error::Corrupt`] when it is not a valid one; published ones always are.
pub fn zone_of(text: &str) -> Result<Zone, Error> {
    #[derive(Deserialize)]
    struct Document {
        time_zone: String,
    }
    #[derive(Deserialize)]
    struct Told {
        document: Document,
        zone: (i32, Vec<(i64, i32)>),
    }
    let Told { document, zone: (first, changes) } =
        serde_json::from_str(text).map_err(|_| Error::Corrupt("rulebook"))?;
    Zone::new(&document.time_zone, first, &changes).ok_or(Error::Corrupt("rulebook"))
}

/// SHA-256 of a rulebook's stored text, 64 hexadecimal digits.
#[must_use]
pub fn digest(text: &str) -> String {
    ledger::Hash::of(text.as_bytes()).to_string()
}

/// What became of a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The programme now has this version.
    Version(i64),
    /// Somebody else published first.
    Conflict,
}

/// Publishes the next rulebook of a programme, which is created when `version_now` is 0; `book` is
/// what validating the document gave.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn publish(
    sql: &impl Sql,
    id: &str,
    name: &str,
    version_now: i64,
    (document, book): (&Document, &Rulebook),
    now: i64,
    by: &str,
) -> Result<Published, Error> {
    publish_as(sql, (id, name, version_now), 1, (document, book), (now, by), None).await
}

/// As [`publish`], and tells the audit log the person. A programme that is made so has `spread`
/// homes; one that is there keeps those it has.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn publish_as(
    sql: &impl Sql,
    programme: (&str, &str, i64),
    spread: u32,
    (document, book): (&Document, &Rulebook),
    by: (i64, &str),
    who: Option<&Who>,
) -> Result<Published, Error> {
    let text = as_stored(document, book)?;
    // Nobody could repair a programme whose rulebook cannot be read.
    parse_rulebook(&text, programme.2 + 1)?;
    put(sql, programme, spread, text, asked_of_load(book), by, who).await
}

/// What the load of a command has to look up under a rulebook: whether profiles, and which budgets
/// (a JSON text).
pub(crate) fn asked_of_load(book: &Rulebook) -> (bool, Option<String>) {
    let budgets = Some(book.budgets()).filter(|budgets| !budgets.is_empty());
    (book.asks_for_profile(), budgets.map(|budgets| serde_json::json!(budgets).to_string()))
}

/// A rulebook as it is stored, a JSON text; `book` is what validating the document gave.
///
/// # Errors
/// [`Error::Corrupt`] when it cannot be written down.
pub fn as_stored(document: &Document, book: &Rulebook) -> Result<String, Error> {
    let zone = (book.zone().first_offset(), book.zone().changes().to_vec());
    let stored = Stored { document: document.clone(), zone, conditions: book.conditions().clone() };
    serde_json::to_string(&stored).map_err(|_| Error::Corrupt("rulebook to be written"))
}

async fn put(
    sql: &impl Sql,
    (id, name, version_now): (&str, &str, i64),
    spread: u32,
    text: String,
    (asks_profile, budgets): (bool, Option<String>),
    (now, by): (i64, &str),
    who: Option<&Who>,
) -> Result<Published, Error> {
    let digest = digest(&text);
    let values = vec![
        id.into(),
        name.into(),
        version_now.into(),
        text.into(),
        digest.into(),
        now.into(),
        by.into(),
        i64::from(asks_profile).into(),
        budgets.into(),
        who.map(Who::text).into(),
        i64::from(spread).into(),
    ];
    let written = sql.query(statement!("queries/publish"), values).await?;
    Ok(if written.is_empty() { Published::Conflict } else { Published::Version(version_now + 1) })
}

/// The default rulebook as it is stored. Every component seeds, and none of them should have to
/// know how documents are written for that.
const DEFAULT_TEXT: &str = include_str!("default_rulebook.json");

/// Creates the default programme in an empty database.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn seed(sql: &impl Sql, now: i64) -> Result<(), Error> {
    if programmes(sql).await?.is_empty() {
        let text = DEFAULT_TEXT.trim_end().to_owned();
        put(
            sql,
            (DEFAULT_PROGRAMME, "Default programme", 0),
            1,
            text,
            (false, None),
            (now, "seed"),
            None,
        )
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where it is not: write what `left` says into the file.
    #[test]
    fn the_seed_is_the_default_document() {
        let document = rules::default_document();
        // Asia/Shanghai has been at UTC+8 since 1992: the seed states that offset alone, as it did
        // before it was a file.
        let zone = Zone::new(&document.time_zone, 8 * 3600, &[]);
        let book = Rulebook::published(document.clone(), zone, &Conditions::default(), 1).unwrap();
        assert_eq!(as_stored(&document, &book).unwrap(), DEFAULT_TEXT.trim_end());
    }
}
