//! Which programmes belong together: in a group, members are known by the same names, and points
//! may be exchanged.

use ledger::ProgrammeId;
use rules::{Exchanges, gaining_way, open_rates};

use crate::Error;
use crate::programmes::{ProgrammeRef, read_reference};
use crate::sql::Sql;
use crate::statement::statement;

/// The group of a programme; `None` for one that stands alone.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn group_of(sql: &impl Sql, id: &str) -> Result<Option<String>, Error> {
    let mut rows = sql.query(statement!("queries/group_of"), vec![id.into()]).await?;
    rows.first_mut().map(|row| row.text(0)).transpose()
}

/// Lets a programme belong to a group, or to none. False when names of its members belong to other
/// members in that group, which it then does not join.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn set_group(sql: &impl Sql, id: &str, group: Option<&str>) -> Result<bool, Error> {
    match group {
        Some(group) => {
            sql.query(statement!("queries/group_join"), vec![id.into(), group.into()]).await?
        }
        None => sql.query(statement!("queries/group_leave"), vec![id.into()]).await?,
    };
    Ok(group_of(sql, id).await?.as_deref() == group)
}

/// The programmes of a group (of its own, unless told) in which some name belongs to another member
/// than in this one. Reads all names of the programme.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn name_clashes(
    sql: &impl Sql,
    id: &str,
    group: Option<&str>,
) -> Result<Vec<String>, Error> {
    let rows = sql.query(statement!("queries/group_clash"), vec![id.into(), group.into()]).await?;
    rows.into_iter().map(|mut row| row.text(0)).collect()
}

/// What a programme and those of a group (its own, unless told) let members exchange, each by the
/// programme's id, as it is published now.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn agreements(
    sql: &impl Sql,
    programme_no: i64,
    group: Option<&str>,
) -> Result<Vec<(String, Exchanges)>, Error> {
    let rows = sql
        .look_up(statement!("queries/agreements"), vec![programme_no.into(), group.into()])
        .await?;
    let read = |mut row: crate::Row| {
        let exchanges = row.optional_text(1)?.map(|text| serde_json::from_str(&text)).transpose();
        Ok((row.text(0)?, exchanges.map_err(|_| Error::Corrupt("rulebook"))?.unwrap_or_default()))
    };
    rows.into_iter().map(read).collect()
}

/// The way over a group (the programme's own, unless told) on which points would grow, if the
/// programme with this number and id let members exchange so, and the others as they are published
/// now.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn gains(
    sql: &impl Sql,
    (programme_no, id): (i64, &str),
    group: Option<&str>,
    exchanges: &Exchanges,
) -> Result<Option<Vec<String>>, Error> {
    let mut all = agreements(sql, programme_no, group).await?;
    all.retain(|(other, _)| other != id);
    all.push((id.to_owned(), exchanges.clone()));
    let open = open_rates(&all);
    let mut begun = open.iter().filter(|way| way.from == id);
    let way = begun.find_map(|way| gaining_way(&open, id, &way.to));
    Ok(way.map(|way| way.into_iter().map(str::to_owned).collect()))
}

/// Another programme of the same group.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn kin(
    sql: &impl Sql,
    programme_no: i64,
    id: &ProgrammeId,
) -> Result<Option<ProgrammeRef>, Error> {
    let values = vec![programme_no.into(), id.as_str().into()];
    let mut rows = sql.look_up(statement!("queries/kin"), values).await?;
    rows.first_mut().map(|row| read_reference(row, 4)).transpose()
}
