//! What is known of where entries were asked from: the trail of a member, a device or an address.

use ledger::{Entry, Timestamp};

use crate::Error;
use crate::entry_row;
use crate::sql::{Sql, Value};
use crate::statement::statement;
use crate::stores::listed;
use crate::submission::ClientInfo;

/// Whose trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityFilter<'a> {
    /// Entries of a member.
    Member(&'a str),
    /// Entries asked for from a device, of whichever members.
    Device(&'a str),
    /// Entries asked for from an address, of whichever members.
    Ip(&'a str),
}

/// Which part of a trail.
#[derive(Debug, Clone, Default)]
pub struct ActivityWindow<'a> {
    /// Recorded from this instant on.
    pub from: Option<Timestamp>,
    /// Recorded before this instant.
    pub to: Option<Timestamp>,
    /// Asked for by this actor.
    pub actor: Option<&'a str>,
    /// In these stores.
    pub stores: Option<&'a [String]>,
}

/// Up to `most` entries before entry number `before`, newest first, with their numbers and where
/// they were asked from.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn trail(
    sql: &impl Sql,
    programme_no: i64,
    trail: ActivityFilter<'_>,
    part: &ActivityWindow<'_>,
    before: i64,
    most: i64,
) -> Result<Vec<(i64, Entry, ClientInfo)>, Error> {
    let (statement, whose) = match trail {
        ActivityFilter::Member(id) => (statement!("queries/trail_of_member"), id),
        ActivityFilter::Device(device) => (statement!("queries/trail_of_device"), device),
        ActivityFilter::Ip(ip) => (statement!("queries/trail_of_ip"), ip),
    };
    let instant = |at: Option<Timestamp>| Value::from(at.map(|at| at.0));
    let values = vec![
        programme_no.into(),
        whose.into(),
        instant(part.from),
        instant(part.to),
        part.actor.into(),
        before.into(),
        most.into(),
        listed(part.stores),
    ];
    let read = |mut row: crate::Row| {
        let trace = ClientInfo { device: row.optional_text(14)?, ip: row.optional_text(15)? };
        Ok((row.integer(13)?, entry_row::read(&mut row, 0)?, trace))
    };
    sql.query(statement, values).await?.into_iter().map(read).collect()
}
