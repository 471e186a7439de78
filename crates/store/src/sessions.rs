//! Sign-in and sessions. A session is an API key of a person that ends soon; comparing passwords
//! and codes is the component's business.

use crate::Error;
use crate::attempts::{Settled, settled_text};
use crate::audit_log::Who;
use crate::load::read_stores;
use crate::sql::Sql;
use crate::statement::statement;

/// What is known of a person who signs in. All is empty where there is no such person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignIn {
    /// Number and name of the programme, where there is one.
    pub programme: Option<(i64, String)>,
    /// The person, where there is one with a name.
    pub person: Option<SignInPerson>,
    /// Their password, as it is stored.
    pub password: Option<String>,
    /// The sealed secret of their one-time codes.
    pub totp: Option<String>,
    /// The step of the last code that was accepted.
    pub totp_step: i64,
    /// The hashes of the recovery codes that are left.
    pub recovery: Vec<String>,
    /// Until when the attempt must wait (milliseconds since 1970); 0 for now.
    pub locked_until: i64,
    /// The persons who have signed in before with the browser that asks.
    pub device: KnownFor,
}

/// The persons who have signed in before with a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KnownFor {
    /// Nobody who is remembered.
    #[default]
    Nobody,
    /// Somebody, but not the person that is named.
    Others,
    /// The person that is named.
    ThePerson,
}

/// A person, as the session shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInPerson {
    /// The id as it was spelled first.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// The language that they read.
    pub language: String,
    /// Whether nothing of theirs counts.
    pub is_suspended: bool,
    /// What they may act as, a JSON list.
    pub roles: String,
}

fn read_list(text: &str) -> Result<Vec<String>, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("list of recovery codes"))
}

/// Finds the person who signs in now (milliseconds since 1970), from that address and with a
/// browser that holds what has the hash `device`.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn find_sign_in(
    sql: &impl Sql,
    programme: &str,
    folded: &str,
    (address, device): (&str, Option<&str>),
    now: i64,
) -> Result<SignIn, Error> {
    let device = device.map(str::to_owned).into();
    let values = vec![programme.into(), folded.into(), address.into(), device, now.into()];
    let mut rows = sql.query(statement!("queries/sign_in_find"), values).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("sign-in"))?;
    let person = match (row.optional_text(2)?, row.optional_text(3)?) {
        (Some(id), Some(name)) => Some(SignInPerson {
            id,
            name,
            language: row.text(4)?,
            is_suspended: row.integer(5)? != 0,
            roles: row.text(6)?,
        }),
        _ => None,
    };
    Ok(SignIn {
        programme: row.optional_integer(0)?.zip(row.optional_text(1)?),
        person,
        password: row.optional_text(7)?,
        totp: row.optional_text(8)?,
        totp_step: row.optional_integer(9)?.unwrap_or_default(),
        recovery: row.optional_text(10)?.map_or(Ok(Vec::new()), |text| read_list(&text))?,
        locked_until: row.integer(11)?,
        device: match row.integer(12)? {
            2 => KnownFor::ThePerson,
            1 => KnownFor::Others,
            _ => KnownFor::Nobody,
        },
    })
}

/// A session that begins.
#[derive(Debug, Clone, Default)]
pub struct NewSession<'a> {
    /// Number of the programme.
    pub programme_no: i64,
    /// How the person's id is compared.
    pub folded: &'a str,
    /// What the person may act as, as it was read: a session begins on no other roles.
    pub roles: &'a str,
    /// The first characters of its secret.
    pub prefix: &'a str,
    /// SHA-256 of its secret, 64 hexadecimal digits.
    pub hash: &'a str,
    /// Whose idempotency keys it uses.
    pub lineage: &'a str,
    /// What the person acts as; of an own role the base.
    pub role: &'a str,
    /// The own role, where it is one.
    pub own_role: Option<&'a str>,
    /// In which stores; `None` for all.
    pub stores: Option<&'a [String]>,
    /// When it ends unless it is used (milliseconds since 1970).
    pub expires_at: i64,
    /// When it ends.
    pub until: i64,
    /// The stored password that was compared; `None` where nothing was.
    pub password: Option<&'a str>,
    /// The sealed secret of one-time codes that was compared with it; `None` where there is none.
    pub totp: Option<&'a str>,
    /// The step of the one-time code that was given.
    pub step: Option<i64>,
    /// The hash of the recovery code that was given.
    pub recovery: Option<&'a str>,
    /// The session that it follows.
    pub follows: Option<&'a str>,
    /// What the attempt was no failure of.
    pub settled: &'a [Settled],
    /// Whether a one-time code was given, or what stands in for it.
    pub with_code: bool,
    /// The provider that knows the person, and what it calls them.
    pub identity: Option<(&'a str, &'a str)>,
}

/// Begins a session. False where the person, the password, the code or the session before does not
/// count any more.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn begin_session(
    sql: &impl Sql,
    session: &NewSession<'_>,
    who: &Who,
) -> Result<bool, Error> {
    let text = |text: Option<&str>| text.map(str::to_owned).into();
    let stores = session.stores.map(|stores| serde_json::json!(stores).to_string());
    let values = vec![
        session.programme_no.into(),
        session.folded.into(),
        session.roles.into(),
        session.prefix.into(),
        session.hash.into(),
        session.lineage.into(),
        session.role.into(),
        stores.into(),
        who.at.0.into(),
        session.expires_at.into(),
        session.until.into(),
        text(session.password),
        session.step.into(),
        text(session.recovery),
        text(session.follows),
        settled_text(session.settled),
        who.text().into(),
        text(session.own_role),
        i64::from(session.with_code).into(),
        text(session.identity.map(|(provider, _)| provider)),
        text(session.identity.map(|(_, subject)| subject)),
        text(session.totp),
    ];
    Ok(!sql.query(statement!("queries/session_start"), values).await?.is_empty())
}

/// A session and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What the person acts as.
    pub role: String,
    /// The built-in role that this is, or is a part of.
    pub base: String,
    /// In which stores; `None` for all.
    pub stores: Option<Vec<String>>,
    /// When it ends (milliseconds since 1970).
    pub until: i64,
    /// How the person's id is compared.
    pub folded: String,
    /// The person.
    pub person: SignInPerson,
    /// Whether they have one-time codes.
    pub has_code: bool,
    /// Whether the session began with one.
    pub with_code: bool,
    /// The programme's name.
    pub programme: String,
    /// Its number.
    pub programme_no: i64,
}

/// The session with that prefix.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn find_session(sql: &impl Sql, prefix: &str) -> Result<Option<Session>, Error> {
    let mut rows = sql.query(statement!("queries/session_find"), vec![prefix.into()]).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    Ok(Some(Session {
        role: row.text(0)?,
        stores: row.optional_text(1)?.map(|text| read_stores(&text)).transpose()?,
        until: row.integer(2)?,
        folded: row.text(3)?,
        person: SignInPerson {
            id: row.text(4)?,
            name: row.optional_text(5)?.unwrap_or_default(),
            language: row.text(6)?,
            is_suspended: false,
            roles: row.text(7)?,
        },
        has_code: row.integer(8)? != 0,
        programme: row.text(9)?,
        base: row.text(10)?,
        with_code: row.integer(11)? != 0,
        programme_no: row.integer(12)?,
    }))
}

/// Notes that a session is used: it goes on for `idle` milliseconds, or until its end.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn session_used(sql: &impl Sql, prefix: &str, now: i64, idle: i64) -> Result<(), Error> {
    let values = vec![prefix.into(), now.into(), idle.into()];
    sql.query(statement!("queries/session_used"), values).await.map(drop)
}

/// Ends a session.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn end_session(sql: &impl Sql, prefix: &str, who: &Who) -> Result<(), Error> {
    let values = vec![prefix.into(), who.at.0.into(), who.text().into()];
    sql.query(statement!("queries/session_end"), values).await.map(drop)
}

/// Ends all sessions of a person; how many there were.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn end_sessions(
    sql: &impl Sql,
    programme_no: i64,
    folded: &str,
    who: &Who,
) -> Result<usize, Error> {
    let values = vec![programme_no.into(), folded.into(), who.at.0.into(), who.text().into()];
    Ok(sql.query(statement!("queries/session_end_all"), values).await?.len())
}

/// A session as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSession {
    /// The first characters of its secret.
    pub prefix: String,
    /// What the person acts as.
    pub role: String,
    /// In which stores; `None` for all.
    pub stores: Option<Vec<String>>,
    /// When it began (milliseconds since 1970).
    pub created_at: i64,
    /// When it was used last, to some minutes.
    pub last_used_at: Option<i64>,
    /// When it ends.
    pub until: i64,
    /// From where it began.
    pub address: Option<String>,
}

/// The sessions of a person that count now, the last one first.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn list_sessions(
    sql: &impl Sql,
    programme_no: i64,
    folded: &str,
    now: i64,
) -> Result<Vec<ListedSession>, Error> {
    let values = vec![programme_no.into(), folded.into(), now.into()];
    let rows = sql.query(statement!("queries/session_list"), values).await?;
    rows.into_iter()
        .map(|mut row| {
            Ok(ListedSession {
                prefix: row.text(0)?,
                role: row.text(1)?,
                stores: row.optional_text(2)?.map(|text| read_stores(&text)).transpose()?,
                created_at: row.integer(3)?,
                last_used_at: row.optional_integer(4)?,
                until: row.integer(5)?,
                address: row.optional_text(6)?,
            })
        })
        .collect()
}

/// An invitation that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Number, id and name of the programme.
    pub programme: (i64, String, String),
    /// How the person's id is compared.
    pub folded: String,
    /// The person.
    pub person: SignInPerson,
    /// The sealed secret of one-time codes that is being set up.
    pub totp: Option<String>,
}

/// The invitation whose token has this hash, when it counts at that instant.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn find_invitation(
    sql: &impl Sql,
    hash: &str,
    now: i64,
) -> Result<Option<Invitation>, Error> {
    let values = vec![hash.into(), now.into()];
    let mut rows = sql.query(statement!("queries/invitation_find"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    Ok(Some(Invitation {
        programme: (row.integer(0)?, row.text(1)?, row.text(2)?),
        folded: row.text(3)?,
        person: SignInPerson {
            id: row.text(4)?,
            name: row.optional_text(5)?.unwrap_or_default(),
            language: row.text(6)?,
            is_suspended: false,
            roles: row.text(7)?,
        },
        totp: row.optional_text(8)?,
    }))
}

/// The sealed secret of one-time codes of an invitation: `fresh` where it has none yet.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn invitation_code(
    sql: &impl Sql,
    hash: &str,
    fresh: &str,
) -> Result<Option<String>, Error> {
    let values = vec![hash.into(), fresh.into()];
    let mut rows = sql.query(statement!("queries/invitation_code"), values).await?;
    rows.first_mut().map(|row| row.text(0)).transpose()
}

/// Uses an invitation: the person has this password, this step of their one-time codes and these
/// recovery codes from now on. False when it does not count any more.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn accept_invitation(
    sql: &impl Sql,
    hash: &str,
    password: &str,
    step: Option<i64>,
    recovery: &[String],
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![
        hash.into(),
        who.at.0.into(),
        password.into(),
        step.into(),
        serde_json::json!(recovery).to_string().into(),
        who.text().into(),
    ];
    Ok(!sql.query(statement!("queries/invitation_accept"), values).await?.is_empty())
}
