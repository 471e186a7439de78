//! The persons of a programme: their names, what they may act as, and their invitations. What the
//! texts of roles say is the shell's business.

use crate::Error;
use crate::audit_log::Who;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// A person as they are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRecord {
    /// How the id is compared.
    pub folded: String,
    /// The id as it was spelled first.
    pub id: String,
    /// What people call them; `None` for a person that only keys name.
    pub name: Option<String>,
    /// The language that they read.
    pub language: String,
    /// Whether nothing of theirs counts.
    pub is_suspended: bool,
    /// What they may act as, a JSON list.
    pub roles: String,
    /// When they chose their password (milliseconds since 1970).
    pub password_set_at: Option<i64>,
    /// Whether they sign in with one-time codes.
    pub has_code: bool,
    /// The invitation that they have not used.
    pub invitation: Option<OpenInvitation>,
}

/// An invitation that was not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenInvitation {
    /// Until when it can be.
    pub expires_at: i64,
    /// Whether it waits for another admin.
    pub waits: bool,
    /// The person who asked for it.
    pub created_by: String,
    /// SHA-256 of its token, 64 hexadecimal digits.
    pub hash: String,
}

fn read(mut row: Row) -> Result<PersonRecord, Error> {
    let invitation = match row.optional_integer(8)? {
        Some(expires_at) => Some(OpenInvitation {
            expires_at,
            waits: row.integer(9)? != 0,
            created_by: row.text(10)?,
            hash: row.text(11)?,
        }),
        None => None,
    };
    Ok(PersonRecord {
        folded: row.text(0)?,
        id: row.text(1)?,
        name: row.optional_text(2)?,
        language: row.text(3)?,
        is_suspended: row.integer(4)? != 0,
        roles: row.text(5)?,
        password_set_at: row.optional_integer(6)?,
        has_code: row.integer(7)? != 0,
        invitation,
    })
}

/// Persons of a programme in the order of their compared ids, after `after`, at most `most`.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn list_persons(
    sql: &impl Sql,
    programme_no: i64,
    after: &str,
    most: i64,
) -> Result<Vec<PersonRecord>, Error> {
    let values = vec![programme_no.into(), after.into(), most.into()];
    sql.query(statement!("queries/person_list"), values).await?.into_iter().map(read).collect()
}

/// The person with that compared id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn find_person(
    sql: &impl Sql,
    programme_no: i64,
    folded: &str,
) -> Result<Option<PersonRecord>, Error> {
    let values = vec![programme_no.into(), folded.into()];
    let found = sql.query(statement!("queries/person_find"), values).await?;
    found.into_iter().next().map(read).transpose()
}

/// How a programme spells the person with that compared id, of staff or of API keys.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn person_spelling(
    sql: &impl Sql,
    programme_no: i64,
    folded: &str,
) -> Result<Option<String>, Error> {
    let values = vec![programme_no.into(), folded.into()];
    let found = sql.query(statement!("queries/person_spelling"), values).await?;
    found.into_iter().next().map(|mut row| row.text(0)).transpose()
}

/// How many persons a programme has, up to 5,001.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn count_persons(sql: &impl Sql, programme_no: i64) -> Result<i64, Error> {
    let mut rows = sql.query(statement!("queries/person_count"), vec![programme_no.into()]).await?;
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}

/// The number of the programme of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn programme_no(sql: &impl Sql, id: &str) -> Result<Option<i64>, Error> {
    let mut rows = sql.query(statement!("queries/programme_no"), vec![id.into()]).await?;
    rows.first_mut().map(|row| row.integer(0)).transpose()
}

/// A new invitation.
#[derive(Debug, Clone)]
pub struct InvitationWish<'a> {
    /// How the person's id is compared.
    pub folded: &'a str,
    /// Their id.
    pub id: &'a str,
    /// Name, language and roles of a person who has no password yet; `None` for one who lost it.
    pub person: Option<(&'a str, &'a str, &'a str)>,
    /// SHA-256 of the token, 64 hexadecimal digits.
    pub hash: &'a str,
    /// Until when it can be used.
    pub expires_at: i64,
    /// Whether it waits for another admin.
    pub waits: bool,
}

/// Stores an invitation in place of the one that the person had. False when a person who is new has
/// a password already, or one who lost it is unknown.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn invite(
    sql: &impl Sql,
    programme_no: i64,
    wish: &InvitationWish<'_>,
    by: &str,
    who: &Who,
) -> Result<bool, Error> {
    let (name, language, roles) = match wish.person {
        Some((name, language, roles)) => (Some(name), Some(language), Some(roles)),
        None => (None, None, None),
    };
    let text = |text: Option<&str>| text.map(str::to_owned).into();
    let values = vec![
        programme_no.into(),
        wish.folded.into(),
        wish.id.into(),
        text(name),
        text(language),
        text(roles),
        wish.hash.into(),
        who.at.0.into(),
        wish.expires_at.into(),
        by.into(),
        i64::from(wish.waits).into(),
        who.text().into(),
    ];
    Ok(!sql.query(statement!("queries/invitation_make"), values).await?.is_empty())
}

/// Changes a person, as long as their roles are those of `found`. False when they changed.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_person(
    sql: &impl Sql,
    programme_no: i64,
    found: &PersonRecord,
    (name, language, roles): (&str, &str, &str),
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![
        programme_no.into(),
        found.folded.as_str().into(),
        name.into(),
        language.into(),
        roles.into(),
        found.roles.as_str().into(),
        who.text().into(),
    ];
    Ok(!sql.query(statement!("queries/person_put"), values).await?.is_empty())
}

/// Suspends a person, or restores them. Their sessions end, and their keys do not count meanwhile.
/// False when there is no such person.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn suspend_person(
    sql: &impl Sql,
    programme_no: i64,
    folded: &str,
    is_suspended: bool,
    who: &Who,
) -> Result<bool, Error> {
    let values =
        vec![programme_no.into(), folded.into(), i64::from(is_suspended).into(), who.text().into()];
    Ok(!sql.query(statement!("queries/person_suspend"), values).await?.is_empty())
}

/// Lets count what waits of a person, as long as their roles and their invitation are those of
/// `found`. False when they changed.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn approve_person(
    sql: &impl Sql,
    programme_no: i64,
    found: &PersonRecord,
    roles: &str,
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![
        programme_no.into(),
        found.folded.as_str().into(),
        found.roles.as_str().into(),
        found.invitation.as_ref().map(|invitation| invitation.hash.as_str()).into(),
        roles.into(),
        who.text().into(),
    ];
    Ok(!sql.query(statement!("queries/person_approve"), values).await?.is_empty())
}
