//! Passes of members: who may read which account, and until when. Their secrets are the shell's
//! business; here are hashes.

use ledger::{MemberId, Sequence, Timestamp};

use crate::Error;
use crate::programmes::{ProgrammeRef, read_reference};
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// A pass that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The programme.
    pub programme: ProgrammeRef,
    /// What people call the programme.
    pub programme_name: String,
    /// The member's number.
    pub member_no: i64,
    /// The member.
    pub member: MemberId,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
    /// When it ends at the latest.
    pub until: Timestamp,
    /// The caller that made it, as entries name that.
    pub made_by: String,
    /// Whether it may scan receipts and consent; it may read in any case.
    pub may_write: bool,
    /// Since when its writes are counted.
    pub writes_from: Timestamp,
    /// The digest of the device that the shop named.
    pub device: Option<String>,
}

/// The caller that makes a pass.
#[derive(Debug, Clone, Copy)]
pub struct PassMaker<'a> {
    /// As entries name that.
    pub actor: &'a str,
    /// The line of keys; the pass ends with the last of them.
    pub lineage: &'a str,
    /// Whether the pass may write.
    pub may_write: bool,
    /// The digest of the device that it is for.
    pub device: Option<&'a str>,
}

/// Makes a pass with this hash (hexadecimal) for a member, whose last entry was `sequence` when the
/// caller saw that the account is open. False when there is no such member.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn make_pass(
    sql: &impl Sql,
    programme_no: i64,
    (member, sequence): (&MemberId, Sequence),
    hash: &str,
    (now, expires_at, until): (Timestamp, Timestamp, Timestamp),
    by: PassMaker<'_>,
) -> Result<bool, Error> {
    let values = vec![
        programme_no.into(),
        member.as_str().into(),
        hash.into(),
        now.0.into(),
        expires_at.0.into(),
        until.0.into(),
        sequence.0.into(),
        by.actor.into(),
        by.lineage.into(),
        i64::from(by.may_write).into(),
        by.device.into(),
    ];
    Ok(!sql.query(statement!("queries/pass_make"), values).await?.is_empty())
}

/// The pass with that hash (hexadecimal), when it counts at this instant.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn find_pass(sql: &impl Sql, hash: &str, now: Timestamp) -> Result<Option<Pass>, Error> {
    let values = vec![hash.into(), now.0.into()];
    let rows = sql.look_up(statement!("queries/pass_find"), values).await?;
    rows.into_iter().next().map(read).transpose()
}

/// Notes that a pass is used: it goes on until then, or until its end. Gives the instant.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn pass_used(
    sql: &impl Sql,
    hash: &str,
    expires_at: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let values = vec![hash.into(), expires_at.0.into()];
    let mut rows = sql.query(statement!("queries/pass_used"), values).await?;
    rows.first_mut().map(|row| row.integer(0).map(Timestamp)).transpose()
}

/// Counts a write of a pass, whose writes are counted anew after `per_ms`. False where it has
/// written `most` times since the first of them.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn pass_writes(
    sql: &impl Sql,
    hash: &str,
    now: Timestamp,
    (most, per_ms): (i64, i64),
) -> Result<bool, Error> {
    let values = vec![hash.into(), now.0.into(), per_ms.into(), most.into()];
    Ok(!sql.query(statement!("queries/pass_writes"), values).await?.is_empty())
}

/// Ends the pass with that hash (hexadecimal).
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn end_pass(sql: &impl Sql, hash: &str) -> Result<(), Error> {
    sql.query(statement!("queries/pass_end_one"), vec![hash.into()]).await.map(drop)
}

/// Ends all passes of a member.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn end_passes(sql: &impl Sql, programme_no: i64, member: &str) -> Result<(), Error> {
    let values = vec![programme_no.into(), member.into()];
    sql.query(statement!("queries/pass_end"), values).await.map(drop)
}

fn read(mut row: Row) -> Result<Pass, Error> {
    Ok(Pass {
        programme: read_reference(&mut row, 4)?,
        programme_name: row.text(5)?,
        member_no: row.integer(6)?,
        member: MemberId::new(row.text(7)?).map_err(|_| Error::Corrupt("member id"))?,
        expires_at: Timestamp(row.integer(8)?),
        until: Timestamp(row.integer(9)?),
        made_by: row.text(10)?,
        may_write: row.integer(11)? != 0,
        writes_from: Timestamp(row.integer(12)?),
        device: row.optional_text(13)?,
    })
}
