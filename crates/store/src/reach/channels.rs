//! Accounts at vendors as they are kept, with their tokens.
//!
//! Opens no secret and knows no vendor: settings are JSON, secrets are sealed.

use std::collections::BTreeMap;

use ledger::Timestamp;
use reach::Channel;
use serde_json::Value as Json;

use crate::Error;
use crate::sql::{Row, Sql};
use crate::statement::statement;

/// An account as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelAccount {
    /// Its number.
    pub no: i64,
    /// The programme's number.
    pub programme_no: i64,
    /// The programme's name for it.
    pub id: String,
    /// Whose account it is.
    pub vendor: String,
    /// Where its messages go.
    pub channel: Channel,
    /// A JSON object that may be shown.
    pub settings: Json,
    /// A JSON object, sealed.
    pub secrets: String,
    /// Of accounts of one channel, the one with the smallest number sends.
    pub rank: i64,
    /// Messages per second.
    pub per_second: i64,
    /// Messages that may go at once after a rest.
    pub burst: i64,
    /// What a message costs, in minor units of the programme's currency.
    pub message_cost_minor: i64,
    /// Whether there is an address to which the vendor posts.
    pub has_callback: bool,
    /// Why nothing is sent until a person has seen to it, and since when.
    pub paused: Option<(String, Timestamp)>,
    /// Failures since the last success.
    pub failures: i64,
    /// Until when it rests.
    pub rests_until: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: String,
}

/// What an account is to be.
#[derive(Debug, Clone)]
pub struct ChannelWish<'a> {
    /// The programme's name for it.
    pub id: &'a str,
    /// Whose account it is.
    pub vendor: &'a str,
    /// Where its messages go.
    pub channel: Channel,
    /// A JSON object that may be shown.
    pub settings: &'a Json,
    /// A JSON object, sealed; `None` keeps the one there is, while vendor and address are the same.
    pub secrets: Option<&'a str>,
    /// Of accounts of one channel, the one with the smallest number sends.
    pub rank: i64,
    /// Messages per second.
    pub per_second: i64,
    /// Messages that may go at once after a rest.
    pub burst: i64,
    /// What a message costs, in minor units of the programme's currency.
    pub message_cost_minor: i64,
}

fn read_account(row: &mut Row) -> Result<ChannelAccount, Error> {
    let paused_at = row.optional_integer(12)?.map(Timestamp);
    Ok(ChannelAccount {
        no: row.integer(0)?,
        programme_no: row.integer(1)?,
        id: row.text(2)?,
        vendor: row.text(3)?,
        channel: Channel::parse(&row.text(4)?).ok_or(Error::Corrupt("channel"))?,
        settings: serde_json::from_str(&row.text(5)?).map_err(|_| Error::Corrupt("settings"))?,
        secrets: row.text(6)?,
        rank: row.integer(7)?,
        per_second: row.integer(8)?,
        burst: row.integer(9)?,
        has_callback: row.integer(10)? == 1,
        paused: row.optional_text(11)?.zip(paused_at),
        failures: row.integer(13)?,
        rests_until: Timestamp(row.integer(14)?),
        updated_at: Timestamp(row.integer(15)?),
        updated_by: row.text(16)?,
        message_cost_minor: row.integer(17)?,
    })
}

/// Makes an account or changes it, unless there are `most` others. Then it sends again. Its number;
/// `None` where nothing was written: there are too many, or it has no secrets.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_channel(
    reach: &impl Sql,
    programme_no: i64,
    wish: &ChannelWish<'_>,
    (at, by): (Timestamp, &str),
    most: i64,
) -> Result<Option<i64>, Error> {
    let values = vec![
        programme_no.into(),
        wish.id.into(),
        wish.vendor.into(),
        wish.channel.as_str().into(),
        wish.settings.to_string().into(),
        wish.secrets.into(),
        wish.rank.into(),
        wish.per_second.into(),
        wish.burst.into(),
        at.0.into(),
        by.into(),
        most.into(),
        wish.message_cost_minor.into(),
    ];
    let mut rows = reach.query(statement!("queries/reach/channel_put"), values).await?;
    rows.first_mut().map(|row| row.integer(0)).transpose()
}

/// What a message costs by its channel, in minor units: of the account that sends.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn message_costs(
    reach: &impl Sql,
    programme_no: i64,
) -> Result<BTreeMap<Channel, i64>, Error> {
    let rows =
        reach.query(statement!("queries/reach/channel_costs"), vec![programme_no.into()]).await?;
    let mut costs = BTreeMap::new();
    for mut row in rows {
        let channel = Channel::parse(&row.text(0)?).ok_or(Error::Corrupt("channel"))?;
        costs.entry(channel).or_insert(row.integer(1)?);
    }
    Ok(costs)
}

/// An account of a programme.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn channel_account(
    reach: &impl Sql,
    programme_no: i64,
    id: &str,
) -> Result<Option<ChannelAccount>, Error> {
    let values = vec![programme_no.into(), id.into()];
    let mut rows = reach.query(statement!("queries/reach/channel_get"), values).await?;
    rows.first_mut().map(read_account).transpose()
}

/// Up to `most` accounts of a programme after the id `after`.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn list_channels(
    reach: &impl Sql,
    programme_no: i64,
    after: &str,
    most: i64,
) -> Result<Vec<ChannelAccount>, Error> {
    let values = vec![programme_no.into(), after.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/channel_list"), values).await?;
    rows.into_iter().map(|mut row| read_account(&mut row)).collect()
}

/// Removes an account. False when there is none of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn remove_channel(reach: &impl Sql, programme_no: i64, id: &str) -> Result<bool, Error> {
    let values = vec![programme_no.into(), id.into()];
    Ok(!reach.query(statement!("queries/reach/channel_remove"), values).await?.is_empty())
}

/// Pauses an account because of something, or with `None` lets it send again. False when there is
/// none of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn pause_channel(
    reach: &impl Sql,
    programme_no: i64,
    id: &str,
    (because, now): (Option<&str>, Timestamp),
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), id.into(), because.into(), now.0.into()];
    Ok(!reach.query(statement!("queries/reach/channel_pause"), values).await?.is_empty())
}

/// Gives an account the address whose secret has that digest, and is kept sealed beside it. False
/// when there is none of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_callback(
    reach: &impl Sql,
    programme_no: i64,
    id: &str,
    (digest, sealed): (&str, &str),
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), id.into(), digest.into(), sealed.into()];
    Ok(!reach.query(statement!("queries/reach/channel_callback"), values).await?.is_empty())
}

/// The account whose callback secret has that digest.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn account_of_callback(
    reach: &impl Sql,
    digest: &str,
) -> Result<Option<ChannelAccount>, Error> {
    let values = vec![digest.into()];
    let mut rows = reach.query(statement!("queries/reach/channel_of_callback"), values).await?;
    rows.first_mut().map(read_account).transpose()
}

/// What became of the last 10,000 attempts of an account since an instant: state and number.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn channel_counts(
    reach: &impl Sql,
    account_no: i64,
    since: Timestamp,
) -> Result<Vec<(String, i64)>, Error> {
    let values = vec![account_no.into(), since.0.into()];
    let rows = reach.query(statement!("queries/reach/channel_counts"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.text(0)?, row.integer(1)?))).collect()
}

/// An account that may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DueChannel {
    /// Its number.
    pub no: i64,
    /// Counts on with each turn of any account: its last one.
    pub turn: i64,
}

/// Up to `most` accounts after one of them that may send now, of a programme or of all. Those come
/// first whose turn was longest ago.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn due_channels(
    reach: &impl Sql,
    (now, programme_no): (Timestamp, Option<i64>),
    after: DueChannel,
    most: i64,
) -> Result<Vec<DueChannel>, Error> {
    let values =
        vec![now.0.into(), programme_no.into(), after.turn.into(), most.into(), after.no.into()];
    let rows = reach.query(statement!("queries/reach/channel_due"), values).await?;
    let read = |mut row: Row| Ok(DueChannel { no: row.integer(0)?, turn: row.integer(1)? });
    rows.into_iter().map(read).collect()
}

/// An account whose lease a run has.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedChannel {
    /// The account.
    pub account: ChannelAccount,
    /// What was left of its burst, in thousandths of a message.
    pub left_milli: i64,
    /// As of when.
    pub left_at: Timestamp,
    /// The secret in the address to which the vendor posts, sealed.
    pub callback_secret: Option<String>,
}

/// Takes the lease of an account, unless it is taken, paused or rests. This is its turn.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn claim_channel(
    reach: &impl Sql,
    (account_no, lease): (i64, &str),
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<ClaimedChannel>, Error> {
    let values = vec![account_no.into(), lease.into(), now.0.into(), until.0.into()];
    let mut rows = reach.query(statement!("queries/reach/channel_claim"), values).await?;
    let claimed = |row: &mut Row| {
        Ok(ClaimedChannel {
            account: read_account(row)?,
            left_milli: row.integer(18)?,
            left_at: Timestamp(row.integer(19)?),
            callback_secret: row.optional_text(20)?,
        })
    };
    rows.first_mut().map(claimed).transpose()
}

/// The token of an account, sealed, and until when it counts.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn channel_token(
    reach: &impl Sql,
    account_no: i64,
    now: Timestamp,
) -> Result<Option<(String, Timestamp)>, Error> {
    let values = vec![account_no.into(), now.0.into()];
    let mut rows = reach.query(statement!("queries/reach/channel_token"), values).await?;
    let token = |row: &mut Row| Ok((row.text(0)?, Timestamp(row.integer(1)?)));
    rows.first_mut().map(token).transpose()
}

/// Keeps a token, sealed.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_channel_token(
    reach: &impl Sql,
    account_no: i64,
    token: &str,
    until: Timestamp,
) -> Result<(), Error> {
    let values = vec![account_no.into(), token.into(), until.0.into()];
    reach.query(statement!("queries/reach/channel_token_put"), values).await.map(drop)
}

/// Forgets a token that the vendor no longer takes, unless another one is kept.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn drop_channel_token(
    reach: &impl Sql,
    account_no: i64,
    token: &str,
) -> Result<(), Error> {
    let values = vec![account_no.into(), token.into()];
    reach.query(statement!("queries/reach/channel_token_drop"), values).await.map(drop)
}
