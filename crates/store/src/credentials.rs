//! What persons change about how they prove themselves. Comparing passwords and codes is the
//! component's business.

use crate::Error;
use crate::attempts::{Settled, settled_text};
use crate::audit_log::Who;
use crate::sql::Sql;
use crate::statement::statement;

/// What a person changes about how they prove themselves, in a session.
#[derive(Debug, Clone, Default)]
pub struct CredentialChange<'a> {
    /// The session in which they do.
    pub session: &'a str,
    /// The stored password that was compared.
    pub proven: &'a str,
    /// The sealed secret of one-time codes that was compared; `None` where they have none.
    pub totp: Option<&'a str>,
    /// The step of the one-time code that was given.
    pub step: Option<i64>,
    /// The hash of the recovery code that was given.
    pub recovery: Option<&'a str>,
    /// The new password, as it is stored.
    pub password: Option<&'a str>,
    /// The hashes of new recovery codes.
    pub codes: Option<&'a [String]>,
    /// The sealed secret of one-time codes that is set up.
    pub next_totp: Option<&'a str>,
    /// What the attempt was no failure of.
    pub settled: &'a [Settled],
}

/// Changes what a person proves themselves by. False where the session, the password or the code
/// does not count any more.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn change_credential(
    sql: &impl Sql,
    change: &CredentialChange<'_>,
    who: &Who,
) -> Result<bool, Error> {
    let text = |text: Option<&str>| text.map(str::to_owned).into();
    let codes = change.codes.map(|codes| serde_json::json!(codes).to_string());
    let values = vec![
        change.session.into(),
        who.at.0.into(),
        change.proven.into(),
        change.step.into(),
        text(change.recovery),
        text(change.password),
        codes.into(),
        text(change.next_totp),
        settled_text(change.settled),
        who.text().into(),
        text(change.totp),
    ];
    Ok(!sql.query(statement!("queries/credential_change"), values).await?.is_empty())
}

/// The sealed secret of one-time codes that is being set up in a session, unless it has lapsed.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn next_code(sql: &impl Sql, session: &str, now: i64) -> Result<Option<String>, Error> {
    let values = vec![session.into(), now.into()];
    let mut rows = sql.query(statement!("queries/code_next"), values).await?;
    rows.first_mut().map(|row| row.text(0)).transpose()
}

/// Lets count what was set up in a session: its sealed secret, the step of its first code, and new
/// recovery codes. False when it is another one by now, or the session is over.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn confirm_code(
    sql: &impl Sql,
    session: &str,
    (totp, step): (&str, i64),
    codes: &[String],
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![
        session.into(),
        who.at.0.into(),
        totp.into(),
        step.into(),
        serde_json::json!(codes).to_string().into(),
        who.text().into(),
    ];
    Ok(!sql.query(statement!("queries/code_confirm"), values).await?.is_empty())
}
