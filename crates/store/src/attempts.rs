//! Attempts to sign in: for whom they are counted, and which browsers are known.

use crate::Error;
use crate::sql::{Row, Sql, Value};
use crate::statement::statement;

/// Whom or what an attempt is counted for.
pub type Counted = (i64, String);

/// Those for whom an attempt is counted.
pub mod counted {
    use super::Counted;

    /// The number in place of a programme's that there is not.
    const NO_PROGRAMME: i64 = -1;

    /// The person of a programme, by how the id is compared.
    #[must_use]
    pub fn person(programme_no: i64, folded: &str) -> Counted {
        (programme_no, folded.to_owned())
    }

    /// A network address, for all programmes alike.
    #[must_use]
    pub fn address(address: &str) -> Counted {
        (0, address.to_owned())
    }

    /// A browser that is known for a person, by the hash of what it holds.
    #[must_use]
    pub fn device(programme_no: i64, hash: &str) -> Counted {
        (programme_no, format!(" device {}", hash.to_ascii_lowercase()))
    }

    /// All attempts with that browser, also those that succeed.
    #[must_use]
    pub fn uses(programme_no: i64, hash: &str) -> Counted {
        (programme_no, format!(" uses {}", hash.to_ascii_lowercase()))
    }

    /// All attempts with browsers that are known for that person, also those that succeed.
    #[must_use]
    pub fn known_of(programme_no: i64, folded: &str) -> Counted {
        (programme_no, format!(" known {folded}"))
    }

    /// All attempts of a programme with browsers that are known for the person.
    #[must_use]
    pub fn known(programme_no: i64) -> Counted {
        (programme_no, " known".to_owned())
    }

    /// All other attempts of a programme; `None` where there is none of that id.
    #[must_use]
    pub fn strangers(programme_no: Option<i64>) -> Counted {
        (programme_no.unwrap_or(NO_PROGRAMME), " strangers".to_owned())
    }

    /// Visits to a provider that begin for a programme: the number that it has, or -1 for none.
    pub(crate) fn visits(programme_no: i64) -> Counted {
        (programme_no, " visits".to_owned())
    }

    /// Visits of a programme that ask the provider who was there.
    pub(crate) fn callbacks(programme_no: i64) -> Counted {
        (programme_no, " callbacks".to_owned())
    }

    /// Those of all programmes: one provider serves them, and has a bound of its own.
    pub(crate) fn all_callbacks() -> Counted {
        callbacks(NO_PROGRAMME)
    }
}

/// For whom an attempt was no failure, and whether those before it count no more either.
pub type Settled = (Counted, bool);

pub(crate) fn settled_text(settled: &[Settled]) -> Value {
    let row = |((no, subject), all): &Settled| serde_json::json!([no, subject, i64::from(*all)]);
    let rows: Vec<serde_json::Value> = settled.iter().map(row).collect();
    serde_json::Value::from(rows).to_string().into()
}

/// Counts an attempt as failed, until it turns out otherwise: how often each of these has failed
/// with it. Empty where one of them has to wait: then nothing was counted.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn attempt_sign_in(
    sql: &impl Sql,
    counted: &[Counted],
    now: i64,
) -> Result<Vec<(Counted, i64)>, Error> {
    let values = vec![serde_json::json!(counted).to_string().into(), now.into()];
    let rows = sql.query(statement!("queries/sign_in_attempt"), values).await?;
    let read = |mut row: Row| Ok(((row.integer(0)?, row.text(1)?), row.integer(2)?));
    rows.into_iter().map(read).collect()
}

/// An attempt was none: only the code is missing.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn undo_attempt(sql: &impl Sql, counted: &[Counted]) -> Result<(), Error> {
    let values = vec![serde_json::json!(counted).to_string().into()];
    sql.query(statement!("queries/sign_in_undone"), values).await.map(drop)
}

/// Remembers that a person has signed in with the browser that holds what has this hash.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn keep_device(
    sql: &impl Sql,
    (programme_no, folded): (i64, &str),
    hash: &str,
    now: i64,
) -> Result<(), Error> {
    let values = vec![programme_no.into(), folded.into(), hash.into(), now.into()];
    sql.query(statement!("queries/device_known"), values).await.map(drop)
}
