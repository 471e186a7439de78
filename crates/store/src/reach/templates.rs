//! Templates of messages, version by version. What they say is the business of the crate
//! `templates`.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Timestamp;
use reach::playbook::KnownTemplate;
use reach::{Channel, Purpose};

use crate::Error;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// Templates of a programme, at most.
pub const MAX_TEMPLATES: i64 = 500;

/// A template as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTemplate {
    /// Its id.
    pub id: String,
    /// Purpose and texts, a JSON object.
    pub document: String,
    /// Its version.
    pub version: i64,
    /// Since when.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// Keeps a template, unless there are `most` others or its version is not the one that it was
/// changed from: its id, its document, and what its texts show in any case, a JSON object. `base`
/// is that version, 0 for none; `None` lets it be any. Its version now.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_template(
    reach: &impl Sql,
    programme_no: i64,
    (id, document, needs): (&str, &str, &str),
    (at, by): (Timestamp, &str),
    (most, base): (i64, Option<i64>),
) -> Result<Option<i64>, Error> {
    let values = vec![
        programme_no.into(),
        id.into(),
        document.into(),
        at.0.into(),
        by.into(),
        most.into(),
        needs.into(),
        base.into(),
    ];
    let rows = reach.query(statement!("queries/reach/template_put"), values).await?;
    rows.into_iter().next().map(|mut row| row.integer(0)).transpose()
}

/// What tells that messages of a programme are made by something else than before: the versions of
/// these templates, and with an empty id when the settings of links were told.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn messages_changed(
    reach: &impl Sql,
    programme_no: i64,
    templates: &[&str],
) -> Result<BTreeMap<String, Option<i64>>, Error> {
    let values = vec![programme_no.into(), serde_json::json!(templates).to_string().into()];
    let rows = reach.query(statement!("queries/reach/messages_changed"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.text(0)?, row.optional_integer(1)?))).collect()
}

/// The template of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn stored_template(
    reach: &impl Sql,
    programme_no: i64,
    id: &str,
) -> Result<Option<StoredTemplate>, Error> {
    let values = vec![programme_no.into(), id.into()];
    let rows = reach.query(statement!("queries/reach/template_get"), values).await?;
    rows.into_iter().next().map(read).transpose()
}

/// Up to `most` templates after the id `after`, by id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn list_templates(
    reach: &impl Sql,
    programme_no: i64,
    after: &str,
    most: i64,
) -> Result<Vec<StoredTemplate>, Error> {
    let values = vec![programme_no.into(), after.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/template_list"), values).await?;
    rows.into_iter().map(read).collect()
}

/// Removes a template; whether there was one. Its versions stay for messages under way.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn remove_template(
    reach: &impl Sql,
    programme_no: i64,
    id: &str,
    (at, by): (Timestamp, &str),
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), id.into(), at.0.into(), by.into()];
    Ok(!reach.query(statement!("queries/reach/template_remove"), values).await?.is_empty())
}

/// What a template was from that version down, newest first. With 1 as `most` it is that version,
/// or the one before where it is forgotten; those of removed templates are found, too.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn template_versions(
    reach: &impl Sql,
    programme_no: i64,
    id: &str,
    from: i64,
    most: i64,
) -> Result<Vec<StoredTemplate>, Error> {
    let values = vec![programme_no.into(), id.into(), from.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/template_versions"), values).await?;
    rows.into_iter().map(read).collect()
}

/// What playbooks may name of a programme's templates, by their ids.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn known_templates(
    reach: &impl Sql,
    programme_no: i64,
) -> Result<BTreeMap<String, KnownTemplate>, Error> {
    const WHAT: Error = Error::Corrupt("template");
    let values = vec![programme_no.into(), MAX_TEMPLATES.into()];
    let rows = reach.query(statement!("queries/reach/templates_known"), values).await?;
    let read = |mut row: Row| {
        let purpose = Purpose::parse(&row.text(1)?).ok_or(WHAT)?;
        let needs: BTreeMap<Channel, BTreeSet<String>> =
            serde_json::from_str(&row.text(2)?).map_err(|_| WHAT)?;
        Ok((row.text(0)?, KnownTemplate { purpose, needs }))
    };
    rows.into_iter().map(read).collect()
}

fn read(mut row: Row) -> Result<StoredTemplate, Error> {
    Ok(StoredTemplate {
        id: row.text(0)?,
        document: row.text(1)?,
        version: row.integer(2)?,
        at: Timestamp(row.integer(3)?),
        by: row.text(4)?,
    })
}
