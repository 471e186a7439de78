//! Tests of templates: the addresses where they may go, and how many went.

use ledger::Timestamp;
use reach::Channel;

use crate::Error;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// An address where templates may be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestAddress {
    /// The programme's name for it.
    pub id: String,
    /// The channel.
    pub channel: Channel,
    /// The address, sealed.
    pub address: String,
    /// When it was told last.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: String,
    /// Whether a member is reached there now: then no test goes there.
    pub is_of_member: bool,
}

/// Keeps a test address: its id, its channel, the sealed address and its digest. False where there
/// are `most` others, or a member is reached there.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_test_address(
    reach: &impl Sql,
    programme_no: i64,
    (id, channel): (&str, Channel),
    (address, digest): (&str, &str),
    (at, by): (Timestamp, &str),
    most: i64,
) -> Result<bool, Error> {
    let values = vec![
        programme_no.into(),
        id.into(),
        channel.as_str().into(),
        address.into(),
        digest.into(),
        at.0.into(),
        by.into(),
        most.into(),
    ];
    Ok(!reach.query(statement!("queries/reach/test_address_put"), values).await?.is_empty())
}

/// Up to `most` test addresses, by id.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn list_test_addresses(
    reach: &impl Sql,
    programme_no: i64,
    most: i64,
) -> Result<Vec<TestAddress>, Error> {
    let values = vec![programme_no.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/test_address_list"), values).await?;
    let read = |mut row: Row| {
        Ok(TestAddress {
            id: row.text(0)?,
            channel: Channel::parse(&row.text(1)?).ok_or(Error::Corrupt("channel"))?,
            address: row.text(2)?,
            updated_at: Timestamp(row.integer(3)?),
            updated_by: row.text(4)?,
            is_of_member: row.integer(5)? == 1,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Removes a test address. False when there is none of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn remove_test_address(
    reach: &impl Sql,
    programme_no: i64,
    id: &str,
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), id.into()];
    Ok(!reach.query(statement!("queries/reach/test_address_remove"), values).await?.is_empty())
}

/// Whether a test goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It is counted, and goes now.
    Now,
    /// One with the same key was counted before.
    Before,
    /// As many went within a day as may.
    TooMany,
}

/// Counts a test that is about to go, by the idempotency key of its request, of which one goes.
/// Up to `most` go within a day.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn begin_test(
    reach: &impl Sql,
    programme_no: i64,
    key: &str,
    now: Timestamp,
    most: i64,
) -> Result<Begun, Error> {
    let values = vec![programme_no.into(), now.0.into(), most.into(), key.into()];
    if !reach.query(statement!("queries/reach/test_message_begin"), values).await?.is_empty() {
        return Ok(Begun::Now);
    }
    let values = vec![programme_no.into(), key.into()];
    let has_begun =
        !reach.query(statement!("queries/reach/test_message_begun"), values).await?.is_empty();
    Ok(if has_begun { Begun::Before } else { Begun::TooMany })
}
