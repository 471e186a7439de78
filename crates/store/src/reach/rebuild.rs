//! What a rebuild of facts reads besides entries: which accounts there are and were, and which
//! became part of others.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Timestamp;
use serde_json::json;

use crate::Error;
use crate::sql::Sql;
use crate::statement::statement;

/// Which of these accounts became part of another one by an entry up to that number.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn absorbed_members(
    ledger: &impl Sql,
    members: &[i64],
    until: i64,
) -> Result<BTreeSet<i64>, Error> {
    let values = vec![json!(members).to_string().into(), until.into()];
    let rows = ledger.query(statement!("queries/absorbed_members"), values).await?;
    rows.into_iter().map(|mut row| row.integer(0)).collect()
}

/// When members of a programme joined, by their numbers.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn joined_members(
    ledger: &impl Sql,
    programme_no: i64,
    members: &[i64],
) -> Result<BTreeMap<i64, Timestamp>, Error> {
    let values = vec![programme_no.into(), json!(members).to_string().into()];
    let rows = ledger.query(statement!("queries/joined_members"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.integer(0)?, Timestamp(row.integer(1)?)))).collect()
}

/// Numbers after that one that something is kept of in a programme, in order, at most so many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn known_members(
    reach: &impl Sql,
    programme_no: i64,
    after: i64,
    most: i64,
) -> Result<Vec<i64>, Error> {
    let values = vec![programme_no.into(), after.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/known_members"), values).await?;
    rows.into_iter().map(|mut row| row.integer(0)).collect()
}

/// Those of the members about whom something was told before they joined: it was about another
/// person, who had that number in a history that is lost.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn older_members(
    reach: &impl Sql,
    programme_no: i64,
    members: &[(i64, Timestamp)],
) -> Result<Vec<i64>, Error> {
    let members: Vec<(i64, i64)> = members.iter().map(|(no, since)| (*no, since.0)).collect();
    let values = vec![programme_no.into(), json!(members).to_string().into()];
    let rows = reach.query(statement!("queries/reach/older_members"), values).await?;
    rows.into_iter().map(|mut row| row.integer(0)).collect()
}

/// Programmes whose facts have to be made anew, and up to which member they are.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn rebuilds_due(reach: &impl Sql) -> Result<BTreeMap<i64, i64>, Error> {
    let rows = reach.query(statement!("queries/reach/rebuild_due"), vec![]).await?;
    rows.into_iter().map(|mut row| Ok((row.integer(0)?, row.integer(1)?))).collect()
}
