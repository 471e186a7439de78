//! The audit log: what is done that is no entry, the person behind it, and the chain of hashes that
//! shows when it was tampered with.
//!
//! Its rows are written by triggers, in the statement that does what they tell of; see the
//! migration. Hashes follow a moment after, as SQLite computes none: the next request seals what is
//! left, and two that do so at once come to the same.

use ledger::{Hash, Timestamp};
use serde_json::{Value as Json, json};

use crate::Error;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// The person and the key behind an action, as triggers tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// When.
    pub at: Timestamp,
    /// The person, where the key names one.
    pub person: Option<String>,
    /// The key's prefix.
    pub key: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
}

impl Who {
    /// As statements take it.
    #[must_use]
    pub fn text(&self) -> String {
        self.json().to_string()
    }

    pub(crate) fn json(&self) -> Json {
        json!({"at": self.at.0, "person": self.person, "key": self.key, "address": self.address})
    }
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// Its number, from 1.
    pub no: i64,
    /// What was done.
    pub action: String,
    /// To what: a key's prefix, an id.
    pub subject: String,
    /// The person and the key that did it.
    pub who: Who,
    /// What was before, a JSON text.
    pub before: Option<String>,
    /// What is after it.
    pub after: Option<String>,
    /// Its hash; `None` for a moment.
    pub hash: Option<String>,
}

impl Audited {
    /// SHA-256 over the hash before and every field, each with its length in front.
    fn sealed(&self, previous: &str) -> String {
        let (no, at) = (self.no.to_string(), self.who.at.0.to_string());
        let who = [&self.who.person, &self.who.key, &self.who.address, &self.before, &self.after];
        let known = [previous, &no, &at, &self.action, &self.subject].map(Some);
        let mut bytes = Vec::with_capacity(512);
        for field in known.into_iter().chain(who.into_iter().map(Option::as_deref)) {
            bytes.push(u8::from(field.is_some()));
            let text = field.unwrap_or_default();
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        Hash::of(&bytes).to_string()
    }
}

fn read(row: &mut Row) -> Result<Audited, Error> {
    Ok(Audited {
        no: row.integer(0)?,
        action: row.text(2)?,
        subject: row.text(3)?,
        who: Who {
            at: Timestamp(row.integer(1)?),
            person: row.optional_text(4)?,
            key: row.optional_text(5)?,
            address: row.optional_text(6)?,
        },
        before: row.optional_text(7)?,
        after: row.optional_text(8)?,
        hash: row.optional_text(9)?,
    })
}

/// Notes what no statement tells of by itself: a read, or what several statements are about to do.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn note(
    sql: &impl Sql,
    programme_no: i64,
    (action, subject): (&str, &str),
    who: &Who,
    with: Option<String>,
) -> Result<(), Error> {
    let values =
        vec![programme_no.into(), action.into(), subject.into(), who.text().into(), with.into()];
    sql.query(statement!("queries/audit_note"), values).await.map(drop)
}

/// Notes that a key was refused, once an hour; in the log of the programme it is of, or of the
/// operator's.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn note_refused(
    sql: &impl Sql,
    programme_no: Option<i64>,
    key: &str,
    who: &Who,
) -> Result<(), Error> {
    let values = vec![programme_no.into(), key.into(), who.text().into(), who.at.0.into()];
    sql.query(statement!("queries/audit_refused"), values).await.map(drop)
}

/// Which rows of the log are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditFilter<'a> {
    /// Of this person.
    pub person: Option<&'a str>,
    /// By this key.
    pub key: Option<&'a str>,
    /// Of this kind.
    pub action: Option<&'a str>,
    /// About this.
    pub subject: Option<&'a str>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Until before this one.
    pub to: Option<Timestamp>,
}

/// The log before row `before`, newest first, at most `most` rows.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn audit_log(
    sql: &impl Sql,
    programme_no: i64,
    filter: &AuditFilter<'_>,
    before: i64,
    most: i64,
) -> Result<Vec<Audited>, Error> {
    let values = vec![
        programme_no.into(),
        before.into(),
        filter.person.into(),
        filter.key.into(),
        filter.action.into(),
        filter.subject.into(),
        filter.from.map_or(0, |at| at.0).into(),
        filter.to.map_or(i64::MAX, |at| at.0).into(),
        most.into(),
    ];
    let rows = sql.query(statement!("queries/audit_list"), values).await?;
    rows.into_iter().map(|mut row| read(&mut row)).collect()
}

/// Rows that are read at once.
const PORTION: i64 = 500;

/// Seals what is not sealed yet.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn seal(sql: &impl Sql, programme_no: i64) -> Result<(), Error> {
    let mut rows = sql.query(statement!("queries/audit_sealed"), vec![programme_no.into()]).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("answer"))?;
    let (mut sealed, last) = (row.integer(0)?, row.integer(1)?);
    while sealed < last {
        let values = vec![programme_no.into(), sealed.into(), PORTION.into()];
        let rows = sql.query(statement!("queries/audit_chain"), values).await?;
        let (mut seals, mut previous) = (Vec::new(), None);
        for mut row in rows {
            let before = previous.take().or(row.optional_text(10)?).unwrap_or_default();
            let row = read(&mut row)?;
            let hash = row.sealed(&before);
            sealed = row.no;
            seals.push(json!([row.no, hash]));
            previous = Some(hash);
        }
        if seals.is_empty() {
            break;
        }
        let values = vec![programme_no.into(), Json::Array(seals).to_string().into()];
        sql.query(statement!("queries/audit_seal"), values).await?;
    }
    Ok(())
}

/// What is wrong with the log of a programme, in words. Reads all of it.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn wrong_audit_log(sql: &impl Sql, programme_no: i64) -> Result<Vec<String>, Error> {
    let mut rows = sql.query(statement!("queries/audit_sealed"), vec![programme_no.into()]).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("answer"))?;
    let (sealed, last) = (row.integer(0)?, row.integer(1)?);
    let (mut wrong, mut checked, mut previous) = (Vec::new(), 0, String::new());
    if sealed > last {
        wrong.push(format!("the audit log ends with row {last}, and was sealed up to {sealed}"));
    }
    loop {
        let values = vec![programme_no.into(), checked.into(), PORTION.into()];
        let rows = sql.query(statement!("queries/audit_chain"), values).await?;
        let is_end = rows.is_empty();
        for mut row in rows {
            let row = read(&mut row)?;
            if row.no != checked + 1 {
                wrong.push(format!("the audit log has no row {}", checked + 1));
            }
            checked = row.no;
            // What was written since is sealed by the next request.
            if checked > sealed {
                continue;
            }
            let hash = row.sealed(&previous);
            if row.hash.as_ref() != Some(&hash) {
                wrong.push(format!("row {checked} of the audit log is not what was sealed"));
            }
            // One row that was changed is told once, and not by all that follow.
            previous = row.hash.unwrap_or(hash);
        }
        if is_end || wrong.len() >= 20 {
            return Ok(wrong);
        }
    }
}
