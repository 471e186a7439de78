//! Codes that members were sent to show that it is they who spend.

use ledger::Timestamp;

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// The span in which codes are counted: an hour.
const COUNTED_MS: i64 = 3_600_000;

/// A code that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVerification<'a> {
    /// Names it.
    pub id: &'a str,
    /// A keyed digest of the code.
    pub digest: &'a str,
    /// For how many points it is asked.
    pub points: i64,
    /// From when on it counts no more.
    pub until: Timestamp,
}

/// The most codes within an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerificationLimits {
    /// For a member.
    pub member: i64,
    /// For all members of a programme.
    pub programme: i64,
}

/// Whether a code goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BegunVerification {
    /// It is kept, and goes now.
    Now,
    /// It was kept before; it counts until then.
    Before(Timestamp),
    /// A limit is met, or the account is closed.
    Refused,
}

/// Keeps a code before it is sent. Of requests at once for one id, one is told to send it.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn begin_verification(
    reach: &impl Sql,
    (programme_no, member_no): (i64, i64),
    new: &NewVerification<'_>,
    now: Timestamp,
    limits: VerificationLimits,
) -> Result<BegunVerification, Error> {
    let values = vec![
        programme_no.into(),
        member_no.into(),
        new.id.into(),
        new.digest.into(),
        new.points.into(),
        now.0.into(),
        new.until.0.into(),
        limits.member.into(),
        limits.programme.into(),
        (now.0 - COUNTED_MS).into(),
    ];
    if !reach.query(statement!("queries/reach/verification_begin"), values).await?.is_empty() {
        return Ok(BegunVerification::Now);
    }
    let values = vec![programme_no.into(), member_no.into(), new.id.into()];
    let mut rows = reach.query(statement!("queries/reach/verification_begun"), values).await?;
    Ok(match rows.first_mut() {
        Some(row) => BegunVerification::Before(Timestamp(row.integer(0)?)),
        None => BegunVerification::Refused,
    })
}

/// Until when a member waits for the next code; `None` where no limit is met.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn verification_wait(
    reach: &impl Sql,
    (programme_no, member_no): (i64, i64),
    now: Timestamp,
    limits: VerificationLimits,
) -> Result<Option<Timestamp>, Error> {
    let values = vec![
        programme_no.into(),
        member_no.into(),
        limits.member.into(),
        limits.programme.into(),
        (now.0 - COUNTED_MS).into(),
    ];
    let mut rows = reach.query(statement!("queries/reach/verification_wait"), values).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("answer"))?;
    let made = row.optional_integer(0)?.max(row.optional_integer(1)?);
    Ok(made.map(|at| Timestamp(at).plus_ms(COUNTED_MS)))
}

/// A try at a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationTry {
    /// The keyed digest of the code that was sent.
    pub digest: String,
    /// For how many points it was asked.
    pub points: i64,
    /// Which try it is, from 1.
    pub tries: i64,
}

/// Counts a try at a code. `None` where it is not known, its time is over, or `most` tries were
/// made.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn try_verification(
    reach: &impl Sql,
    (programme_no, member_no): (i64, i64),
    id: &str,
    now: Timestamp,
    most: i64,
) -> Result<Option<VerificationTry>, Error> {
    let values = vec![programme_no.into(), member_no.into(), id.into(), now.0.into(), most.into()];
    let mut rows = reach.query(statement!("queries/reach/verification_try"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    Ok(Some(VerificationTry {
        digest: row.text(0)?,
        points: row.integer(1)?,
        tries: row.integer(2)?,
    }))
}

/// Keeps that a code was typed in right. When that was first; `None` where it is gone.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn confirm_verification(
    reach: &impl Sql,
    (programme_no, member_no): (i64, i64),
    id: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let values = vec![programme_no.into(), member_no.into(), id.into(), now.0.into()];
    let mut rows = reach.query(statement!("queries/reach/verification_confirm"), values).await?;
    rows.first_mut().map(|row| row.integer(0).map(Timestamp)).transpose()
}

/// Deletes up to `most` codes that were made by `before`, and tells of how many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget_verifications(
    reach: &impl Sql,
    before: Timestamp,
    most: i64,
) -> Result<usize, Error> {
    let values = vec![before.0.into(), most.into()];
    Ok(reach.query(statement!("queries/reach/verification_forget"), values).await?.len())
}
