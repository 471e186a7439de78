//! The keys by which the tills of a store sign receipts. How a receipt is signed is the shell's
//! business, and how a secret is sealed is not known here.

use ledger::Timestamp;

use crate::Error;
use crate::audit_log::Who;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// A QR key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrKey {
    /// Its name, which receipts bear.
    pub kid: String,
    /// The programme.
    pub programme_no: i64,
    /// The store whose tills have it.
    pub store: String,
    /// What it is for.
    pub label: String,
    /// The secret as it is stored.
    pub secret: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it was retired, and by whom.
    pub retired: Option<(Timestamp, String)>,
    /// From when on somebody else may have had it.
    pub leaked_at: Option<Timestamp>,
}

/// A QR key that is to be made.
#[derive(Debug, Clone)]
pub struct NewQrKey<'a> {
    /// Its name.
    pub kid: &'a str,
    /// The store.
    pub store: &'a str,
    /// What it is for.
    pub label: &'a str,
    /// The secret as it is to be stored.
    pub secret: &'a str,
    /// By whom.
    pub by: &'a str,
}

/// Makes a QR key for a store of the registry that has fewer than `most` which are not retired.
/// False where it has not, or where the name is taken.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn make_qr_key(
    sql: &impl Sql,
    programme_no: i64,
    key: &NewQrKey<'_>,
    most: i64,
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![
        key.kid.into(),
        programme_no.into(),
        key.store.into(),
        key.label.into(),
        key.secret.into(),
        who.at.0.into(),
        key.by.into(),
        who.text().into(),
        most.into(),
    ];
    Ok(!sql.query(statement!("queries/qr_key_make"), values).await?.is_empty())
}

/// The QR key of that name, of whichever programme.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn qr_key(sql: &impl Sql, kid: &str) -> Result<Option<QrKey>, Error> {
    let rows = sql.look_up(statement!("queries/qr_key"), vec![kid.into()]).await?;
    rows.into_iter().next().map(read).transpose()
}

/// The QR key by which a store signs now: the last one that is not retired.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn signing_key(
    sql: &impl Sql,
    programme_no: i64,
    store: &str,
) -> Result<Option<QrKey>, Error> {
    let values = vec![programme_no.into(), store.into()];
    let rows = sql.look_up(statement!("queries/qr_key_signing"), values).await?;
    rows.into_iter().next().map(read).transpose()
}

/// Up to `most` QR keys of a programme after the name `after`: those of a store, or all.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn list_qr_keys(
    sql: &impl Sql,
    programme_no: i64,
    store: Option<&str>,
    after: &str,
    most: i64,
) -> Result<Vec<QrKey>, Error> {
    let values = vec![programme_no.into(), store.into(), after.into(), most.into()];
    let rows = sql.query(statement!("queries/qr_key_list"), values).await?;
    rows.into_iter().map(read).collect()
}

/// Retires a QR key. With `leaked_at`, somebody else may have had it from then on. Again it changes
/// nothing, unless it tells of a leak, or of an earlier one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn retire_qr_key(
    sql: &impl Sql,
    programme_no: i64,
    kid: &str,
    leaked_at: Option<Timestamp>,
    by: &str,
    who: &Who,
) -> Result<(), Error> {
    let values = vec![
        programme_no.into(),
        kid.into(),
        who.at.0.into(),
        by.into(),
        leaked_at.map(|at| at.0).into(),
        who.text().into(),
    ];
    sql.query(statement!("queries/qr_key_retire"), values).await.map(drop)
}

fn read(mut row: Row) -> Result<QrKey, Error> {
    let retired = row.optional_integer(5)?.map(Timestamp).zip(row.optional_text(6)?);
    Ok(QrKey {
        kid: row.text(0)?,
        store: row.text(1)?,
        label: row.text(2)?,
        created_at: Timestamp(row.integer(3)?),
        created_by: row.text(4)?,
        retired,
        leaked_at: row.optional_integer(7)?.map(Timestamp),
        secret: row.text(8)?,
        programme_no: row.integer(9)?,
    })
}
