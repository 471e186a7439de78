//! Sign-ins by another system: visits to it that are under way, and whom it calls what.

use crate::Error;
use crate::attempts::{Settled, attempt_sign_in, counted, settled_text};
use crate::audit_log::Who;
use crate::sessions::SignInPerson;
use crate::sql::Sql;
use crate::statement::statement;

/// What a visit to a provider is for. One without both signs in.
#[derive(Debug, Clone, Default)]
pub struct VisitWish<'a> {
    /// The programme of the person who signs in.
    pub programme: Option<&'a str>,
    /// The hash of the token of an invitation that is accepted.
    pub invitation: Option<&'a str>,
    /// The hash of a ticket, by which a session is linked.
    pub ticket: Option<&'a str>,
}

/// Counts a visit that is to begin for a programme, whether or not there is one: else anybody would
/// fill the database with them. Returns until when it must wait (milliseconds since 1970), where it
/// must; then it was not counted.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn count_visit(sql: &impl Sql, programme: &str, now: i64) -> Result<Option<i64>, Error> {
    let values = vec![programme.into(), now.into()];
    let mut rows = sql.query(statement!("queries/visit_wait"), values).await?;
    let row = rows.first_mut().ok_or(Error::Corrupt("visits"))?;
    let (no, until) = (row.integer(0)?, row.integer(1)?);
    if until > now {
        return Ok(Some(until));
    }
    let passes = !attempt_sign_in(sql, &[counted::visits(no)], now).await?.is_empty();
    // Others were first meanwhile.
    Ok((!passes).then_some(now))
}

/// Counts a visit that asks the provider who was there, for its programme and for all together.
/// False where too many do: then it was not counted, and must not ask.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn count_callback(sql: &impl Sql, programme_no: i64, now: i64) -> Result<bool, Error> {
    let both = [counted::callbacks(programme_no), counted::all_callbacks()];
    Ok(!attempt_sign_in(sql, &both, now).await?.is_empty())
}

/// Begins a visit: the browser holds a secret with that hash until `expires_at`. False where the
/// programme, the invitation or the ticket does not count. Of the visits with one invitation the
/// last `most` go on.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn begin_visit(
    sql: &impl Sql,
    hash: &str,
    wish: &VisitWish<'_>,
    (now, expires_at): (i64, i64),
    most: i64,
) -> Result<bool, Error> {
    let text = |text: Option<&str>| text.map(str::to_owned).into();
    let values = vec![
        hash.into(),
        text(wish.programme),
        text(wish.invitation),
        text(wish.ticket),
        now.into(),
        expires_at.into(),
        most.into(),
    ];
    Ok(!sql.query(statement!("queries/visit_begin"), values).await?.is_empty())
}

/// A visit that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Number, id and name of the programme.
    pub programme: (i64, String, String),
    /// The hash of the token of the invitation that it accepts.
    pub invitation: Option<String>,
    /// The session that it links.
    pub session: Option<String>,
}

/// Ends the visit whose secret has this hash. `None` where none is under way: each ends once.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn end_visit(sql: &impl Sql, hash: &str, now: i64) -> Result<Option<Visit>, Error> {
    let values = vec![hash.into(), now.into()];
    let mut rows = sql.query(statement!("queries/visit_end"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let (no, invitation, session) = (row.integer(0)?, row.optional_text(1)?, row.optional_text(2)?);
    let mut rows = sql.query(statement!("queries/visit_programme"), vec![no.into()]).await?;
    // Where there is no such programme, nobody is told before.
    let Some(row) = rows.first_mut() else { return Ok(None) };
    // The hexadecimal digits of nothing are no digits.
    let invitation = invitation.filter(|hash| !hash.is_empty());
    Ok(Some(Visit { programme: (no, row.text(0)?, row.text(1)?), invitation, session }))
}

/// What a person proved in a session, before it is linked.
#[derive(Debug, Clone, Default)]
pub struct TicketWish<'a> {
    /// The session.
    pub session: &'a str,
    /// SHA-256 of the ticket, 64 hexadecimal digits.
    pub hash: &'a str,
    /// Until when it can be used.
    pub expires_at: i64,
    /// The stored password that was compared.
    pub proven: &'a str,
    /// The sealed secret of one-time codes that was compared; `None` where they have none.
    pub totp: Option<&'a str>,
    /// The step of the one-time code that was given.
    pub step: Option<i64>,
    /// The hash of the recovery code that was given.
    pub recovery: Option<&'a str>,
    /// What the attempt was no failure of.
    pub settled: &'a [Settled],
}

/// Stores a ticket in place of the one that the session had. False where the session, the password
/// or the code does not count any more.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn make_ticket(sql: &impl Sql, wish: &TicketWish<'_>, who: &Who) -> Result<bool, Error> {
    let text = |text: Option<&str>| text.map(str::to_owned).into();
    let values = vec![
        wish.session.into(),
        wish.hash.into(),
        who.at.0.into(),
        wish.expires_at.into(),
        wish.proven.into(),
        wish.step.into(),
        text(wish.recovery),
        settled_text(wish.settled),
        who.text().into(),
        text(wish.totp),
    ];
    Ok(!sql.query(statement!("queries/ticket_make"), values).await?.is_empty())
}

/// The person whom a provider calls so, and how their id is compared.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn find_identity(
    sql: &impl Sql,
    programme_no: i64,
    (provider, subject): (&str, &str),
) -> Result<Option<(String, SignInPerson)>, Error> {
    let values = vec![programme_no.into(), provider.into(), subject.into()];
    let mut rows = sql.query(statement!("queries/identity_find"), values).await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let person = SignInPerson {
        id: row.text(1)?,
        name: row.text(2)?,
        language: row.text(3)?,
        is_suspended: row.integer(4)? != 0,
        roles: row.text(5)?,
    };
    Ok(Some((row.text(0)?, person)))
}

/// Links the person of a session with whom a provider calls so, in place of whom it called so
/// before. False where the session is over, or another person is linked with that one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn link_identity(
    sql: &impl Sql,
    session: &str,
    (provider, subject): (&str, &str),
    who: &Who,
) -> Result<bool, Error> {
    let values =
        vec![session.into(), provider.into(), subject.into(), who.at.0.into(), who.text().into()];
    Ok(!sql.query(statement!("queries/identity_link"), values).await?.is_empty())
}

/// Uses an invitation: the person signs in by the provider from now on, and by nothing that they
/// had before. False where it does not count any more, or another person is linked with that one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn accept_by_identity(
    sql: &impl Sql,
    invitation: &str,
    (provider, subject): (&str, &str),
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![
        invitation.into(),
        who.at.0.into(),
        provider.into(),
        subject.into(),
        who.text().into(),
    ];
    Ok(!sql.query(statement!("queries/identity_accept"), values).await?.is_empty())
}
