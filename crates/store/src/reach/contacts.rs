//! Where members are reached, what they said about it, and how they want to be treated.

use std::collections::{HashMap, HashSet};

use ledger::Timestamp;
use reach::{Channel, ContactState, Decision, Purpose};
use serde_json::json;

use crate::Error;
use crate::sql::{Row, Sql, Value};
use crate::statement::statement;

/// An address as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The channel.
    pub channel: Channel,
    /// The address, sealed.
    pub address: String,
    /// What is known of it.
    pub state: ContactState,
    /// When its owner proved to have it (milliseconds since 1970).
    pub verified_at: Option<i64>,
    /// When it was told last.
    pub updated_at: i64,
    /// By whom.
    pub updated_by: String,
}

fn read<T>(parse: impl Fn(&str) -> Option<T>, text: &str) -> Result<T, Error> {
    parse(text).ok_or(Error::Corrupt("contact or consent"))
}

/// Keeps an address, found by `digest`; with `keeps_state` the same address keeps the state that it
/// has. Nothing where the account is closed, else when the address was verified, and its state.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_contact(
    reach: &impl Sql,
    (programme_no, member_no): (i64, i64),
    contact: &Contact,
    keeps_state: bool,
    digest: &str,
) -> Result<Option<(Option<i64>, ContactState)>, Error> {
    let values = vec![
        programme_no.into(),
        member_no.into(),
        contact.channel.as_str().into(),
        contact.address.as_str().into(),
        digest.into(),
        contact.state.as_str().into(),
        contact.verified_at.into(),
        contact.updated_at.into(),
        contact.updated_by.as_str().into(),
        i64::from(keeps_state).into(),
    ];
    let mut rows = reach.query(statement!("queries/reach/contact_put"), values).await?;
    let kept =
        |row: &mut Row| Ok((row.optional_integer(0)?, read(ContactState::parse, &row.text(1)?)?));
    rows.first_mut().map(kept).transpose()
}

/// The addresses of a member.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn list_contacts(
    reach: &impl Sql,
    programme_no: i64,
    member_no: i64,
) -> Result<Vec<Contact>, Error> {
    let values = vec![programme_no.into(), member_no.into()];
    let rows = reach.query(statement!("queries/reach/contact_list"), values).await?;
    let contact = |mut row: Row| {
        Ok(Contact {
            channel: read(Channel::parse, &row.text(0)?)?,
            address: row.text(1)?,
            state: read(ContactState::parse, &row.text(2)?)?,
            verified_at: row.optional_integer(3)?,
            updated_at: row.integer(4)?,
            updated_by: row.text(5)?,
        })
    };
    rows.into_iter().map(contact).collect()
}

/// Forgets an address. Whether there was one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn delete_contact(
    reach: &impl Sql,
    programme_no: i64,
    member_no: i64,
    channel: Channel,
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), member_no.into(), channel.as_str().into()];
    Ok(!reach.query(statement!("queries/reach/contact_delete"), values).await?.is_empty())
}

/// What a member said about being reached, with what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Its number: the order in which it was recorded. Ignored when it is added.
    pub no: i64,
    /// For which purpose.
    pub purpose: Purpose,
    /// By which channel.
    pub channel: Channel,
    /// Yes or no.
    pub decision: Decision,
    /// The digest of the address that it is said of; empty for none.
    pub digest: String,
    /// When it was said (milliseconds since 1970).
    pub at: i64,
    /// Where it was said.
    pub source: String,
    /// What proves it.
    pub evidence: Option<String>,
    /// When it was recorded.
    pub recorded_at: i64,
    /// By whom.
    pub recorded_by: String,
}

/// What became of a consent that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is recorded.
    New,
    /// It was there.
    Known,
    /// The account was closed meanwhile, and nothing is recorded.
    Closed,
}

/// Adds what members of a programme said, each with the member's number.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn add_consents(
    reach: &impl Sql,
    programme_no: i64,
    consents: &[(i64, Consent)],
) -> Result<Vec<Added>, Error> {
    if consents.is_empty() {
        return Ok(Vec::new());
    }
    let row = |(member_no, said): &(i64, Consent)| {
        json!([
            programme_no,
            member_no,
            said.purpose.as_str(),
            said.channel.as_str(),
            said.decision.as_str(),
            said.at,
            said.source,
            said.evidence,
            said.recorded_at,
            said.recorded_by,
            said.digest
        ])
    };
    let rows: Vec<_> = consents.iter().map(row).collect();
    let values = vec![Value::from(json!(rows).to_string())];
    let mut new = HashSet::new();
    for mut row in reach.query(statement!("queries/reach/consent_add"), values).await? {
        let said = (row.text(1)?, row.text(2)?, row.text(3)?);
        new.insert((row.integer(0)?, said, row.integer(4)?, row.text(5)?, row.text(6)?));
    }
    let is_new = |(member_no, said): &(i64, Consent)| {
        let names = [said.purpose.as_str(), said.channel.as_str(), said.decision.as_str()];
        let [purpose, channel, decision] = names.map(str::to_owned);
        let (source, digest) = (said.source.clone(), said.digest.clone());
        new.remove(&(*member_no, (purpose, channel, decision), said.at, source, digest))
    };
    let is_new: Vec<bool> = consents.iter().map(is_new).collect();
    let others: Vec<i64> =
        consents.iter().zip(&is_new).filter(|(_, new)| !**new).map(|((no, _), _)| *no).collect();
    let closed = closed(reach, &others).await?;
    let added = |((no, _), is_new): (&(i64, Consent), bool)| {
        if is_new {
            Added::New
        } else if closed.contains(no) {
            Added::Closed
        } else {
            Added::Known
        }
    };
    Ok(consents.iter().zip(is_new).map(added).collect())
}

/// Which of the accounts are closed for good.
async fn closed(reach: &impl Sql, members: &[i64]) -> Result<HashSet<i64>, Error> {
    let mut closed = HashSet::new();
    if !members.is_empty() {
        let values = vec![Value::from(json!(members).to_string())];
        for mut row in reach.query(statement!("queries/reach/consent_closed"), values).await? {
            closed.insert(row.integer(0)?);
        }
    }
    Ok(closed)
}

/// The digests of where members are reached, by the member's number and the channel.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn contact_digests(
    reach: &impl Sql,
    programme_no: i64,
    wanted: &[(i64, Channel)],
) -> Result<HashMap<(i64, Channel), String>, Error> {
    let mut found = HashMap::new();
    if !wanted.is_empty() {
        let wanted: Vec<_> = wanted.iter().map(|(no, channel)| (no, channel.as_str())).collect();
        let values = vec![programme_no.into(), json!(wanted).to_string().into()];
        for mut row in reach.query(statement!("queries/reach/consent_addresses"), values).await? {
            let channel = read(Channel::parse, &row.text(1)?)?;
            found.insert((row.integer(0)?, channel), row.text(2)?);
        }
    }
    Ok(found)
}

/// Up to `most` of what a member said, the last recorded first, before that number; each with
/// whether it is said of the address that is kept now.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn list_consents(
    reach: &impl Sql,
    (programme_no, member_no): (i64, i64),
    before: i64,
    most: i64,
) -> Result<Vec<(Consent, bool)>, Error> {
    let values = vec![programme_no.into(), member_no.into(), before.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/consent_list"), values).await?;
    let consent = |mut row: Row| {
        let said = Consent {
            no: row.integer(0)?,
            purpose: read(Purpose::parse, &row.text(1)?)?,
            channel: read(Channel::parse, &row.text(2)?)?,
            decision: read(Decision::parse, &row.text(3)?)?,
            at: row.integer(4)?,
            source: row.text(5)?,
            evidence: row.optional_text(6)?,
            recorded_at: row.integer(7)?,
            recorded_by: row.text(8)?,
            digest: row.text(9)?,
        };
        Ok((said, row.integer(10)? == 1))
    };
    rows.into_iter().map(consent).collect()
}

/// What is left of a consent of an erased person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentProof {
    /// For which purpose.
    pub purpose: Purpose,
    /// Yes or no.
    pub decision: Decision,
    /// When it was said (milliseconds since 1970).
    pub at: i64,
    /// Where it was said.
    pub source: String,
    /// When the proof is deleted.
    pub until: i64,
}

/// Up to `most` of what is left of consents of erased persons, said of the address with that
/// digest, the last first.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn consent_proofs(
    reach: &impl Sql,
    programme_no: i64,
    channel: Channel,
    digest: &str,
    most: i64,
) -> Result<Vec<ConsentProof>, Error> {
    let values = vec![programme_no.into(), channel.as_str().into(), digest.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/consent_proofs"), values).await?;
    let proof = |mut row: Row| {
        Ok(ConsentProof {
            purpose: read(Purpose::parse, &row.text(0)?)?,
            decision: read(Decision::parse, &row.text(1)?)?,
            at: row.integer(2)?,
            source: row.text(3)?,
            until: row.integer(4)?,
        })
    };
    rows.into_iter().map(proof).collect()
}

/// Deletes up to `most` proofs whose time is over, and tells of how many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget_proofs(reach: &impl Sql, now: Timestamp, most: i64) -> Result<usize, Error> {
    let values = vec![now.0.into(), most.into()];
    Ok(reach.query(statement!("queries/reach/consent_proofs_forget"), values).await?.len())
}

/// What counts of what a member said: purpose, channel, decision, and since when.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn current_consents(
    reach: &impl Sql,
    programme_no: i64,
    member_no: i64,
) -> Result<Vec<(Purpose, Channel, Decision, i64)>, Error> {
    let values = vec![programme_no.into(), member_no.into()];
    let rows = reach.query(statement!("queries/reach/consent_current"), values).await?;
    let current = |mut row: Row| {
        Ok((
            read(Purpose::parse, &row.text(0)?)?,
            read(Channel::parse, &row.text(1)?)?,
            read(Decision::parse, &row.text(2)?)?,
            row.integer(3)?,
        ))
    };
    rows.into_iter().map(current).collect()
}

/// How a member wants to be treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preference {
    /// In which language.
    pub language: Option<String>,
    /// No message from one minute of the local day until another one.
    pub quiet: Option<(i64, i64)>,
    /// Whether offers may be based on what is known of the member.
    pub personalised: bool,
    /// The store that the member calls its own.
    pub home_store: Option<String>,
    /// When it was told last (milliseconds since 1970).
    pub updated_at: i64,
}

/// The preferences of a member, where there are any.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn preference(
    reach: &impl Sql,
    programme_no: i64,
    member_no: i64,
) -> Result<Option<Preference>, Error> {
    let values = vec![programme_no.into(), member_no.into()];
    let rows = reach.query(statement!("queries/reach/preference"), values).await?;
    let preference = |mut row: Row| {
        let quiet = (row.optional_integer(1)?, row.optional_integer(2)?);
        Ok(Preference {
            language: row.optional_text(0)?,
            quiet: quiet.0.zip(quiet.1),
            personalised: row.integer(3)? == 1,
            home_store: row.optional_text(4)?,
            updated_at: row.integer(5)?,
        })
    };
    rows.into_iter().next().map(preference).transpose()
}

/// What is told of how a member wants to be treated: what is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PreferenceWish {
    /// See [`Preference::language`].
    pub language: Option<Option<String>>,
    /// See [`Preference::quiet`].
    pub quiet: Option<Option<(i64, i64)>>,
    /// See [`Preference::personalised`].
    pub personalised: Option<bool>,
    /// See [`Preference::home_store`].
    pub home_store: Option<Option<String>>,
}

/// Keeps preferences of a member. False where the account is closed.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_preference(
    reach: &impl Sql,
    (programme_no, member_no): (i64, i64),
    wish: &PreferenceWish,
    (now, by): (i64, &str),
) -> Result<bool, Error> {
    let told: Vec<&str> = [
        wish.language.is_some().then_some("language"),
        wish.quiet.is_some().then_some("quiet_hours"),
        wish.personalised.is_some().then_some("personalised"),
        wish.home_store.is_some().then_some("home_store_id"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let quiet = wish.quiet.flatten();
    let values = vec![
        programme_no.into(),
        member_no.into(),
        wish.language.clone().flatten().into(),
        quiet.map(|quiet| quiet.0).into(),
        quiet.map(|quiet| quiet.1).into(),
        wish.personalised.map(i64::from).into(),
        wish.home_store.clone().flatten().into(),
        now.into(),
        by.into(),
        json!(told).to_string().into(),
    ];
    Ok(!reach.query(statement!("queries/reach/preference_put"), values).await?.is_empty())
}

/// The secret of that name that the second database keeps for itself, which is `fresh` when it has
/// none.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn reach_secret(reach: &impl Sql, name: &str, fresh: &str) -> Result<String, Error> {
    let values = vec![name.into(), fresh.into()];
    let mut rows = reach.query(statement!("queries/reach/secret"), values).await?;
    rows.first_mut().ok_or(Error::Corrupt("secret"))?.text(0)
}
