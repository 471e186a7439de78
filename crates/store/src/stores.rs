//! The registry of stores, and the stores that entries name.

use ledger::{EntryId, Timestamp};

use crate::Error;
use crate::audit_log::Who;
use crate::sql::{Row, Sql, Value};
use crate::statement::statement;

/// What a programme tells about a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Its id, as commands name it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it lies, the widest part first: `east/shanghai`.
    pub region: String,
    /// The department that it belongs to.
    pub department: Option<String>,
    /// The person who manages it.
    pub manager: Option<String>,
    /// The local day of its opening, such as `2026-03-01`.
    pub opened_on: Option<String>,
    /// Its last local day.
    pub closed_on: Option<String>,
}

/// A store of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredStore {
    /// What is told about it.
    pub store: Store,
    /// When that was changed last.
    pub updated_at: Timestamp,
    /// The name of the caller who did.
    pub updated_by: String,
}

/// A store that entries name and the registry does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnassignedStore {
    /// Its id.
    pub id: String,
    /// The first entry that names it.
    pub first_entry: EntryId,
    /// When that was recorded.
    pub since: Timestamp,
}

/// A store of the registry; `None` when it has none of that id.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn registered_store(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
) -> Result<Option<RegisteredStore>, Error> {
    let values = vec![programme_no.into(), id.into()];
    sql.look_up(statement!("queries/store"), values).await?.first_mut().map(read).transpose()
}

/// Up to `most` stores after the id `after`, by id: those that lie in the region (all with `None`),
/// and where `among` is given only these.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn list_stores(
    sql: &impl Sql,
    programme_no: i64,
    region: Option<&str>,
    among: Option<&[String]>,
    after: &str,
    most: i64,
) -> Result<Vec<RegisteredStore>, Error> {
    let among = among.map(serde_json::to_string).transpose();
    let values = vec![
        programme_no.into(),
        after.into(),
        most.into(),
        region.map_or_else(String::new, as_stored).into(),
        among.map_err(|_| Error::Corrupt("stores that are asked for"))?.into(),
    ];
    let rows = sql.query(statement!("queries/store_list"), values).await?;
    rows.into_iter().map(|mut row| read(&mut row)).collect()
}

/// The ids of up to `most` stores that lie in one of the regions.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn stores_within(
    sql: &impl Sql,
    programme_no: i64,
    regions: &[String],
    most: i64,
) -> Result<Vec<String>, Error> {
    let regions = serde_json::json!(regions).to_string();
    let values = vec![programme_no.into(), regions.into(), most.into()];
    let rows = sql.query(statement!("queries/store_within"), values).await?;
    rows.into_iter().map(|mut row| row.text(0)).collect()
}

/// How many stores there are beside the one of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn other_stores(sql: &impl Sql, programme_no: i64, id: &str) -> Result<i64, Error> {
    let values = vec![programme_no.into(), id.into()];
    let mut rows = sql.query(statement!("queries/store_count"), values).await?;
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}

/// Registers a store, or changes what is told about it. The same again changes nothing.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_store(
    sql: &impl Sql,
    programme_no: i64,
    store: &Store,
    now: Timestamp,
    by: &str,
    who: &Who,
) -> Result<(), Error> {
    let optional = |text: &Option<String>| Value::from(text.as_deref());
    let values = vec![
        programme_no.into(),
        store.id.as_str().into(),
        store.name.as_str().into(),
        as_stored(&store.region).into(),
        optional(&store.department),
        optional(&store.manager),
        optional(&store.opened_on),
        optional(&store.closed_on),
        now.0.into(),
        by.into(),
        who.text().into(),
    ];
    sql.query(statement!("queries/store_put"), values).await.map(drop)
}

/// Takes a store out of the registry; false when it is not there. Its entries stay.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn remove_store(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    who: &Who,
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), id.into(), who.text().into()];
    Ok(!sql.query(statement!("queries/store_remove"), values).await?.is_empty())
}

/// Up to `most` stores after the id `after`, by id, that entries name and nobody registered.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn unassigned_stores(
    sql: &impl Sql,
    programme_no: i64,
    after: &str,
    most: i64,
) -> Result<Vec<UnassignedStore>, Error> {
    let values = vec![programme_no.into(), after.into(), most.into()];
    let rows = sql.query(statement!("queries/store_unassigned"), values).await?;
    let read = |mut row: Row| {
        Ok(UnassignedStore {
            id: row.text(0)?,
            first_entry: row.entry_id(1)?,
            since: Timestamp(row.integer(2)?),
        })
    };
    rows.into_iter().map(read).collect()
}

/// The stores that a statement may show, as it takes them; null for all.
pub(crate) fn listed(stores: Option<&[String]>) -> Value {
    stores.map(|stores| serde_json::json!(stores).to_string()).into()
}

/// A region as the database has it: a slash ends each part, so that `east` is not within `eas`.
fn as_stored(region: &str) -> String {
    format!("{region}/")
}

fn read(row: &mut Row) -> Result<RegisteredStore, Error> {
    let region = row.text(2)?;
    let store = Store {
        id: row.text(0)?,
        name: row.text(1)?,
        region: region.strip_suffix('/').ok_or(Error::Corrupt("region of a store"))?.to_owned(),
        department: row.optional_text(3)?,
        manager: row.optional_text(4)?,
        opened_on: row.optional_text(5)?,
        closed_on: row.optional_text(6)?,
    };
    Ok(RegisteredStore { store, updated_at: Timestamp(row.integer(7)?), updated_by: row.text(8)? })
}
