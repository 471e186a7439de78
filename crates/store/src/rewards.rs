//! The catalogue: rewards, their versions and what is taken of them.

use ledger::Timestamp;
use rules::Reward;

use crate::Error;
use crate::audit_log::Who;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// A reward as it stands in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its id.
    pub id: String,
    /// Counts its changes, from 1.
    pub version: i64,
    /// What it is.
    pub reward: Reward,
    /// How many were taken and not given back.
    pub taken: i64,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// One reward; `None` when the catalogue has none of that name.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn reward(sql: &impl Sql, programme_no: i64, id: &str) -> Result<Option<Offer>, Error> {
    let mut rows =
        sql.look_up(statement!("queries/reward"), vec![programme_no.into(), id.into()]).await?;
    rows.first_mut().map(read).transpose()
}

/// Up to `most` rewards after the id `after`, by id.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn list_rewards(
    sql: &impl Sql,
    programme_no: i64,
    after: &str,
    most: i64,
) -> Result<Vec<Offer>, Error> {
    let values = vec![programme_no.into(), after.into(), most.into()];
    let rows = sql.query(statement!("queries/reward_list"), values).await?;
    rows.into_iter().map(|mut row| read(&mut row)).collect()
}

/// How many rewards there are beside the one of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn other_rewards(sql: &impl Sql, programme_no: i64, id: &str) -> Result<i64, Error> {
    let mut rows =
        sql.query(statement!("queries/reward_count"), vec![programme_no.into(), id.into()]).await?;
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}

/// Puts a reward into the catalogue, or changes it; gives its version.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_reward(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    reward: &Reward,
    now: Timestamp,
    by: &str,
    who: Option<&Who>,
) -> Result<i64, Error> {
    let document =
        serde_json::to_string(reward).map_err(|_| Error::Corrupt("reward to be written"))?;
    let values = vec![
        programme_no.into(),
        id.into(),
        document.into(),
        now.0.into(),
        by.into(),
        who.map(Who::text).into(),
    ];
    let mut rows = sql.query(statement!("queries/reward_put"), values).await?;
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}

/// A change of a reward that waits for somebody's approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewardChange {
    /// Its id.
    pub id: String,
    /// What the reward is to be.
    pub reward: Reward,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// By whom.
    pub asked_by: String,
}

/// Keeps a change until somebody decides on it, in place of one that waits.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn ask_for_reward(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
    change: &RewardChange,
    who: &Who,
) -> Result<(), Error> {
    let document = serde_json::to_string(&change.reward)
        .map_err(|_| Error::Corrupt("reward to be written"))?;
    let values = vec![
        programme_no.into(),
        id.into(),
        change.id.as_str().into(),
        document.into(),
        change.asked_at.0.into(),
        change.asked_by.as_str().into(),
        who.text().into(),
    ];
    sql.query(statement!("queries/reward_ask"), values).await.map(drop)
}

/// The change of a reward that waits.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn reward_change(
    sql: &impl Sql,
    programme_no: i64,
    id: &str,
) -> Result<Option<RewardChange>, Error> {
    let mut rows = sql
        .query(statement!("queries/reward_change"), vec![programme_no.into(), id.into()])
        .await?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let reward = serde_json::from_str(&row.text(1)?).map_err(|_| Error::Corrupt("reward"))?;
    Ok(Some(RewardChange {
        id: row.text(0)?,
        reward,
        asked_at: Timestamp(row.integer(2)?),
        asked_by: row.text(3)?,
    }))
}

/// Puts a change into the catalogue, or drops it. False when it does not wait.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn decide_reward(
    sql: &impl Sql,
    programme_no: i64,
    (id, change): (&str, &str),
    approves: bool,
    by: &str,
    who: &Who,
) -> Result<bool, Error> {
    let approves = i64::from(approves).into();
    let values = vec![
        programme_no.into(),
        id.into(),
        change.into(),
        approves,
        who.at.0.into(),
        by.into(),
        who.text().into(),
    ];
    Ok(!sql.query(statement!("queries/reward_decide"), values).await?.is_empty())
}

fn read(row: &mut Row) -> Result<Offer, Error> {
    Ok(Offer {
        id: row.text(0)?,
        version: row.integer(1)?,
        reward: serde_json::from_str(&row.text(2)?).map_err(|_| Error::Corrupt("reward"))?,
        taken: row.integer(3)?,
        updated_at: Timestamp(row.integer(4)?),
    })
}
