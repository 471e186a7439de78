//! Answers of requests that write no entry, kept under their idempotency keys. Commands need none:
//! their entries are their receipts.

use ledger::Timestamp;

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;
use crate::submission::fingerprint_now;

/// A kept answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Fingerprint of the request.
    pub fingerprint: String,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// The answer kept under a key (the line of the API key and the operation in front), if there is
/// one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn receipt(
    sql: &impl Sql,
    programme_no: i64,
    idem: &str,
) -> Result<Option<Receipt>, Error> {
    let mut rows =
        sql.look_up(statement!("queries/receipt"), vec![programme_no.into(), idem.into()]).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let status = u16::try_from(row.integer(1)?).map_err(|_| Error::Corrupt("receipt"))?;
    Ok(Some(Receipt { fingerprint: row.text(0)?, status, body: row.text(2)? }))
}

/// Keeps an answer under a key that has none.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn keep_receipt(
    sql: &impl Sql,
    programme_no: i64,
    idem: &str,
    receipt: &Receipt,
    now: Timestamp,
) -> Result<(), Error> {
    let Receipt { fingerprint, status, body } = receipt;
    let values = vec![
        programme_no.into(),
        idem.into(),
        fingerprint_now(fingerprint).into(),
        i64::from(*status).into(),
        body.as_str().into(),
        now.0.into(),
    ];
    sql.query(statement!("queries/receipt_keep"), values).await?;
    Ok(())
}
