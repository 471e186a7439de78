//! Files of members who come from another system: staged, approved of as a whole, booked some rows
//! at a time.

use ledger::{MemberId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Error;
use crate::audit_log::Who;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportState {
    /// Its rows are being kept.
    Staging,
    /// Somebody has to approve of it.
    Waiting,
    /// Its rows are being booked.
    Approved,
    /// All its rows have an outcome.
    Done,
    /// Somebody decided against it.
    Rejected,
    /// The person who asked for it took it back.
    Withdrawn,
}

const STATES: [(ImportState, &str); 6] = [
    (ImportState::Staging, "staging"),
    (ImportState::Waiting, "waiting"),
    (ImportState::Approved, "approved"),
    (ImportState::Done, "done"),
    (ImportState::Rejected, "rejected"),
    (ImportState::Withdrawn, "withdrawn"),
];

impl ImportState {
    /// Its name, in the database and for readers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        STATES.into_iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }
}

/// One approval of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportApproval {
    /// The person.
    pub by: String,
    /// As what.
    pub role: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// An import without its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its id, a UUID; later ones sort later.
    pub id: String,
    /// Where it stands.
    pub state: ImportState,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// By whom: a person.
    pub asked_by: String,
    /// How its entries name the person who asked.
    pub actor: String,
    /// The roles that approve, in order.
    pub steps: Vec<String>,
    /// Approvals so far.
    pub approvals: Vec<ImportApproval>,
    /// From when on nobody can approve of it.
    pub until: Timestamp,
    /// What was found in the file, a JSON text.
    pub report: Option<String>,
    /// Why it was decided so.
    pub reason: Option<String>,
    /// Tells its file, and how it was read, from any other.
    pub digest: String,
    /// Points and debts of the whole file.
    pub size: i64,
}

fn read(row: &mut Row) -> Result<Import, Error> {
    let corrupt = || Error::Corrupt("import");
    let state = row.text(1)?;
    Ok(Import {
        id: row.text(0)?,
        state: STATES.into_iter().find(|(_, name)| *name == state).ok_or_else(corrupt)?.0,
        asked_at: Timestamp(row.integer(2)?),
        asked_by: row.text(3)?,
        actor: row.text(4)?,
        steps: serde_json::from_str(&row.text(5)?).map_err(|_| corrupt())?,
        approvals: serde_json::from_str(&row.text(6)?).map_err(|_| corrupt())?,
        until: Timestamp(row.integer(7)?),
        report: row.optional_text(8)?,
        reason: row.optional_text(9)?,
        digest: row.text(10)?,
        size: row.integer(11)?,
    })
}

/// Begins to stage an import under a key; does nothing when the key was used. Its report is kept
/// with [`import_staged`].
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn ask_for_import(
    sql: &impl Sql,
    programme_no: i64,
    import: &Import,
    key: &str,
    who: &Who,
) -> Result<(), Error> {
    let values = vec![
        programme_no.into(),
        import.id.as_str().into(),
        import.asked_at.0.into(),
        import.asked_by.as_str().into(),
        import.actor.as_str().into(),
        json!(import.steps).to_string().into(),
        import.until.0.into(),
        key.into(),
        import.digest.as_str().into(),
        import.size.into(),
        who.text().into(),
    ];
    sql.query(statement!("queries/import_ask"), values).await.map(drop)
}

/// Keeps rows of an import: line, member, and what is booked, a JSON text. Rows that are there
/// stay.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn stage_rows(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    rows: &[(u64, String, String)],
) -> Result<(), Error> {
    let values = vec![programme_no.into(), id.into(), json!(rows).to_string().into()];
    sql.query(statement!("queries/import_stage"), values).await.map(drop)
}

/// All rows of an import are kept; from now on it waits.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn import_staged(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    report: &str,
) -> Result<(), Error> {
    let values = vec![programme_no.into(), id.into(), report.into()];
    sql.query(statement!("queries/import_staged"), values).await.map(drop)
}

/// The import of that id, or the one that was asked for under that key.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn import(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    key: &str,
) -> Result<Option<Import>, Error> {
    let values = vec![programme_no.into(), id.into(), key.into()];
    sql.query(statement!("queries/import"), values).await?.first_mut().map(read).transpose()
}

/// Up to `most` imports before the id `before`, newest first.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn list_imports(
    sql: &impl Sql,
    programme_no: i64,
    before: &str,
    most: i64,
) -> Result<Vec<Import>, Error> {
    let values = vec![programme_no.into(), before.into(), most.into()];
    let rows = sql.query(statement!("queries/import_list"), values).await?;
    rows.into_iter().map(|mut row| read(&mut row)).collect()
}

/// How many imports are not ended, and the size of all that were asked for since an instant and
/// came to something, or may.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn open_imports(
    sql: &impl Sql,
    programme_no: i64,
    now: Timestamp,
    since: Timestamp,
) -> Result<(i64, i64), Error> {
    let values = vec![programme_no.into(), now.0.into(), since.0.into()];
    let mut rows = sql.query(statement!("queries/import_open"), values).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("answer"))?;
    Ok((row.integer(0)?, row.integer(1)?))
}

/// Moves an import on, when nobody else has decided on it meanwhile; tells whether it did. Rows of
/// one that comes to nothing go.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn decide_import(
    sql: &impl Sql,
    programme_no: i64,
    import: &Import,
    (approvals, state): (&[ImportApproval], ImportState),
    reason: Option<&str>,
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![
        programme_no.into(),
        import.id.as_str().into(),
        import.state.as_str().into(),
        json!(import.approvals).to_string().into(),
        json!(approvals).to_string().into(),
        state.as_str().into(),
        reason.map(str::to_owned).into(),
        who.text().into(),
    ];
    let decided = sql.query(statement!("queries/import_decide"), values).await?;
    sql.query(
        statement!("queries/import_clear"),
        vec![programme_no.into(), import.id.as_str().into()],
    )
    .await?;
    Ok(!decided.is_empty())
}

/// Up to `most` rows without an outcome: line, and what is booked.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn next_rows(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    most: i64,
) -> Result<Vec<(i64, String)>, Error> {
    let values = vec![programme_no.into(), id.into(), most.into()];
    let rows = sql.query(statement!("queries/import_next"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.integer(0)?, row.text(1)?))).collect()
}

/// Keeps what rows came to, and ends the import after the last one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn keep_outcomes(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    outcomes: &[(i64, String)],
) -> Result<(), Error> {
    let values = vec![programme_no.into(), id.into(), json!(outcomes).to_string().into()];
    sql.query(statement!("queries/import_outcomes"), values).await?;
    sql.query(statement!("queries/import_done"), vec![programme_no.into(), id.into()])
        .await
        .map(drop)
}

/// What became of the rows of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportCounts {
    /// Still to be booked.
    pub left: i64,
    /// Booked.
    pub written: i64,
    /// Refused.
    pub refused: i64,
}

/// What became of the rows so far.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn import_counts(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
) -> Result<ImportCounts, Error> {
    let mut rows = sql
        .query(statement!("queries/import_counts"), vec![programme_no.into(), id.into()])
        .await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("answer"))?;
    Ok(ImportCounts { left: row.integer(0)?, written: row.integer(1)?, refused: row.integer(2)? })
}

/// Up to `most` refused rows after a line: line, member, and why.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn refused_rows(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    after: i64,
    most: i64,
) -> Result<Vec<(i64, String, String)>, Error> {
    let values = vec![programme_no.into(), id.into(), after.into(), most.into()];
    let rows = sql.query(statement!("queries/import_refused"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.integer(0)?, row.text(1)?, row.text(2)?))).collect()
}

/// Takes what staged files say of a member away.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget_imported(
    sql: &impl Sql,
    programme_no: i64,
    member: &MemberId,
) -> Result<(), Error> {
    let values = vec![programme_no.into(), member.as_str().into()];
    sql.query(statement!("queries/import_forget_member"), values).await.map(drop)
}
