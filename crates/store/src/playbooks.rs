//! Playbooks in force. Before the first publication a programme has the empty one, as version 0.

use std::collections::BTreeMap;

use ledger::Timestamp;
use reach::playbook::Playbook;
use serde_json::{Value as Json, json};

use crate::Error;
use crate::programmes::Published;
use crate::sql::Sql;
use crate::statement::statement;
use crate::versions::{Version, read_version};

/// The playbook in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PublishedPlaybook {
    /// When it was published, and by whom; `None` for the empty one.
    pub published: Option<Version>,
    /// The document.
    pub playbook: Playbook,
}

impl PublishedPlaybook {
    /// The number of its version; 0 for the empty one.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.published.as_ref().map_or(0, |version| version.version)
    }
}

/// The playbook in force. Jobs ask for it once a run of a programme: it is one look-up by a key.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn published_playbook(
    sql: &impl Sql,
    programme_no: i64,
) -> Result<PublishedPlaybook, Error> {
    let mut rows = sql.query(statement!("queries/playbook"), vec![programme_no.into()]).await?;
    let Some(row) = rows.first_mut() else { return Ok(PublishedPlaybook::default()) };
    let published = Some(read_version(row)?);
    Ok(PublishedPlaybook { published, playbook: parse_playbook(&row.text(3)?)? })
}

/// Since when strategies are in force without a gap, by their ids; those that are not are missing.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn published_since(
    sql: &impl Sql,
    programme_no: i64,
    ids: &[&str],
) -> Result<BTreeMap<String, Timestamp>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let values = vec![programme_no.into(), json!(ids).to_string().into()];
    let rows = sql.query(statement!("queries/playbook_since"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.text(0)?, Timestamp(row.integer(1)?)))).collect()
}

/// Reads a stored playbook.
pub(crate) fn parse_playbook(text: &str) -> Result<Playbook, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("playbook"))
}

/// A playbook as it is stored, a JSON text.
///
/// # Errors
/// [`Error::Corrupt`] when it cannot be written down.
pub fn playbook_text(playbook: &Playbook) -> Result<String, Error> {
    serde_json::to_string(playbook).map_err(|_| Error::Corrupt("playbook to be written"))
}

/// A playbook as JSON, to be shown and compared.
///
/// # Errors
/// [`Error::Corrupt`] when it cannot be written down.
pub fn playbook_json(playbook: &Playbook) -> Result<Json, Error> {
    serde_json::to_value(playbook).map_err(|_| Error::Corrupt("playbook to be compared"))
}

/// Publishes the playbook after `version_now` of a programme, as the group brings it.
pub(crate) async fn publish_playbook(
    sql: &impl Sql,
    id: &str,
    version_now: i64,
    playbook: &Playbook,
    (now, by): (i64, &str),
) -> Result<Published, Error> {
    let text = playbook_text(playbook)?;
    let values = vec![id.into(), version_now.into(), text.into(), now.into(), by.into()];
    let written = sql.query(statement!("queries/playbook_publish"), values).await?;
    Ok(if written.is_empty() { Published::Conflict } else { Published::Version(version_now + 1) })
}
