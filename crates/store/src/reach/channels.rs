//! Accounts at vendors as they are kept, the waves that they send, and what vendors report.
//!
//! Opens no secret and knows no vendor: settings are JSON, secrets are sealed.

use ledger::Timestamp;
use reach::{Channel, ContactState};
use serde_json::{Value as Json, json};

use crate::Error;
use crate::sql::{Row, Sql, Value};
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
    /// A JSON object, sealed; `None` keeps the one there is, while the vendor is the same.
    pub secrets: Option<&'a str>,
    /// Of accounts of one channel, the one with the smallest number sends.
    pub rank: i64,
    /// Messages per second.
    pub per_second: i64,
    /// Messages that may go at once after a rest.
    pub burst: i64,
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
    })
}

/// Makes an account or changes it, unless there are `most` others. Then it sends again. Its number;
/// `None` where nothing was written: there are too many, or it is new and has no secrets.
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
    ];
    let mut rows = reach.query(statement!("queries/reach/channel_put"), values).await?;
    rows.first_mut().map(|row| row.integer(0)).transpose()
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

/// Gives an account the address whose secret has that digest. False when there is none of that id.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn put_callback(
    reach: &impl Sql,
    programme_no: i64,
    id: &str,
    digest: &str,
) -> Result<bool, Error> {
    let values = vec![programme_no.into(), id.into(), digest.into()];
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

/// Numbers of up to `most` accounts after a number that may send now, of a programme or of all.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn due_channels(
    reach: &impl Sql,
    (now, programme_no): (Timestamp, Option<i64>),
    after: i64,
    most: i64,
) -> Result<Vec<i64>, Error> {
    let values = vec![now.0.into(), programme_no.into(), after.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/channel_due"), values).await?;
    rows.into_iter().map(|mut row| row.integer(0)).collect()
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
}

/// Takes the lease of an account, unless it is taken, paused or rests.
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
            left_milli: row.integer(17)?,
            left_at: Timestamp(row.integer(18)?),
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

/// A touch that is about to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveTouch {
    /// The touch's number.
    pub touch_no: i64,
    /// The member's number.
    pub member_no: i64,
    /// What was reserved for it at the vendor.
    pub reserved: Option<String>,
    /// The digest of the address.
    pub digest: String,
}

/// An attempt on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaveAttempt {
    /// Its number.
    pub no: i64,
    /// The touch's number.
    pub touch_no: i64,
    /// 1 for the first.
    pub attempt: i64,
}

/// Begins a wave: takes from the burst and writes which touches are about to go. Gives back those
/// that may: not what went before and was not handed back. Empty where the lease is lost.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn begin_wave(
    reach: &impl Sql,
    account: &ChannelAccount,
    lease: &str,
    (now, left_milli): (Timestamp, i64),
    touches: &[WaveTouch],
) -> Result<Vec<WaveAttempt>, Error> {
    let row = |touch: &WaveTouch| {
        let WaveTouch { touch_no, member_no, reserved, digest } = touch;
        json!([account.programme_no, touch_no, member_no, reserved, digest])
    };
    let rows: Vec<Json> = touches.iter().map(row).collect();
    let values = vec![
        account.no.into(),
        lease.into(),
        now.0.into(),
        left_milli.into(),
        Json::Array(rows).to_string().into(),
    ];
    if reach.query(statement!("queries/reach/wave_begin"), values).await?.is_empty() {
        return Ok(Vec::new());
    }
    let values = vec![account.no.into(), lease.into()];
    let rows = reach.query(statement!("queries/reach/delivery_sending"), values).await?;
    let attempt = |mut row: Row| {
        Ok(WaveAttempt { no: row.integer(0)?, touch_no: row.integer(1)?, attempt: row.integer(2)? })
    };
    rows.into_iter().map(attempt).collect()
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveOutcome {
    /// The attempt's number.
    pub no: i64,
    /// `retry`, `again`, `accepted`, `failed` or `unknown`.
    pub state: &'static str,
    /// The vendor's id.
    pub provider_id: Option<String>,
    /// Why it failed, or is sent again.
    pub error: Option<String>,
}

/// What becomes of an account after a wave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountState {
    /// Failures since the last success.
    pub failures: i64,
    /// Until when it rests.
    pub rests_until: i64,
    /// Why it is paused from now on.
    pub paused_because: Option<String>,
    /// Until when the run keeps the lease; 0 gives it back.
    pub leased_until: i64,
}

/// Ends a wave.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn end_wave(
    reach: &impl Sql,
    (account_no, lease): (i64, &str),
    now: Timestamp,
    outcomes: &[WaveOutcome],
    state: &AccountState,
) -> Result<(), Error> {
    let row = |outcome: &WaveOutcome| {
        let WaveOutcome { no, state, provider_id, error } = outcome;
        json!([no, state, provider_id, error])
    };
    let rows: Vec<Json> = outcomes.iter().map(row).collect();
    let values = vec![
        account_no.into(),
        lease.into(),
        now.0.into(),
        Json::Array(rows).to_string().into(),
        state.failures.into(),
        state.rests_until.into(),
        state.paused_because.clone().into(),
        state.leased_until.into(),
    ];
    reach.query(statement!("queries/reach/wave_end"), values).await.map(drop)
}

/// Whether what a lost run left on its way may go again, under the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Never.
    Never,
    /// Where it began after an instant.
    After(Timestamp),
    /// So, and where something was reserved for it.
    ReservedAfter(Timestamp),
}

/// Settles what runs that were lost left on its way: it goes again, or is unknown. Touch and state
/// (`again` or `unknown`) of each, at most 1,000.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn settle_lost(
    reach: &impl Sql,
    (account_no, lease): (i64, &str),
    again: Again,
    now: Timestamp,
) -> Result<Vec<(i64, String)>, Error> {
    let (may, since, is_reserved) = match again {
        Again::Never => (0, 0, 0),
        Again::After(since) => (1, since.0, 0),
        Again::ReservedAfter(since) => (1, since.0, 1),
    };
    let values: Vec<Value> = vec![
        account_no.into(),
        lease.into(),
        now.0.into(),
        may.into(),
        since.into(),
        is_reserved.into(),
    ];
    let rows = reach.query(statement!("queries/reach/delivery_lost"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.integer(0)?, row.text(1)?))).collect()
}

/// What is known of a touch that was tried before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedTouch {
    /// The touch's number.
    pub touch_no: i64,
    /// What was reserved for it by its first attempt.
    pub reserved: Option<String>,
    /// When that began.
    pub first_at: Timestamp,
    /// Whether the vendor may have it.
    pub is_uncertain: bool,
}

/// Those of these touches that the account tried before.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn tried_touches(
    reach: &impl Sql,
    account_no: i64,
    touches: &[i64],
) -> Result<Vec<TriedTouch>, Error> {
    let values = vec![account_no.into(), json!(touches).to_string().into()];
    let rows = reach.query(statement!("queries/reach/delivery_reserved"), values).await?;
    let read = |mut row: Row| {
        Ok(TriedTouch {
            touch_no: row.integer(0)?,
            reserved: row.optional_text(1)?,
            first_at: Timestamp(row.integer(2)?),
            is_uncertain: row.integer(3)? == 1,
        })
    };
    rows.into_iter().map(read).collect()
}

/// An attempt as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchDelivery {
    /// The channel.
    pub channel: String,
    /// 1 for the first.
    pub attempt: i64,
    /// The account's number.
    pub account_no: i64,
    /// `sending`, `retry`, `again`, `accepted`, `delivered`, `failed`, `bounced` or `unknown`.
    pub state: String,
    /// The vendor's id.
    pub provider_id: Option<String>,
    /// Why it failed, or is sent again.
    pub error: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
}

/// The attempts of a touch, of each channel the last first.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn deliveries_of_touch(
    reach: &impl Sql,
    touch_no: i64,
) -> Result<Vec<TouchDelivery>, Error> {
    let values = vec![touch_no.into()];
    let rows = reach.query(statement!("queries/reach/delivery_of_touch"), values).await?;
    let read = |mut row: Row| {
        Ok(TouchDelivery {
            channel: row.text(0)?,
            attempt: row.integer(1)?,
            account_no: row.integer(2)?,
            state: row.text(3)?,
            provider_id: row.optional_text(4)?,
            error: row.optional_text(5)?,
            started_at: Timestamp(row.integer(6)?),
            settled_at: row.optional_integer(7)?.map(Timestamp),
        })
    };
    rows.into_iter().map(read).collect()
}

/// What a vendor reported of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport {
    /// The vendor's id of it.
    pub provider_id: Option<String>,
    /// The touch's number, where the report names it.
    pub touch_no: Option<i64>,
    /// `delivered`, `failed` or `bounced`; others change nothing here.
    pub what: &'static str,
    /// Why.
    pub why: String,
    /// When it happened.
    pub at: Option<Timestamp>,
}

/// Writes reports. Those of ids that are not known are kept: they may be faster than the commit.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn write_reports(
    reach: &impl Sql,
    account_no: i64,
    now: Timestamp,
    reports: &[DeliveryReport],
) -> Result<(), Error> {
    let row = |report: &DeliveryReport| {
        let DeliveryReport { provider_id, touch_no, what, why, at } = report;
        json!([provider_id, touch_no, what, why, at.map(|at| at.0)])
    };
    let rows: Vec<Json> = reports.iter().map(row).collect();
    let values = vec![account_no.into(), now.0.into(), Json::Array(rows).to_string().into()];
    reach.query(statement!("queries/reach/report_write"), values).await.map(drop)
}

/// Of whom reports speak: for places in the list, the member and the digest of the address then.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn members_of_reports(
    reach: &impl Sql,
    account_no: i64,
    reports: &[(Option<&str>, Option<i64>)],
) -> Result<Vec<(usize, i64, String)>, Error> {
    let values = vec![account_no.into(), json!(reports).to_string().into()];
    let rows = reach.query(statement!("queries/reach/report_members"), values).await?;
    let read = |mut row: Row| {
        let place = usize::try_from(row.integer(0)?).map_err(|_| Error::Corrupt("place"))?;
        Ok((place, row.integer(1)?, row.text(2)?))
    };
    rows.into_iter().map(read).collect()
}

/// Closes addresses that are open, by their digests. The members whose addresses were closed.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn close_contacts(
    reach: &impl Sql,
    (programme_no, channel): (i64, Channel),
    closings: &[(&str, ContactState)],
    (now, by): (Timestamp, &str),
) -> Result<Vec<i64>, Error> {
    let rows: Vec<_> = closings.iter().map(|(digest, state)| (digest, state.as_str())).collect();
    let values: Vec<Value> = vec![
        programme_no.into(),
        channel.as_str().into(),
        json!(rows).to_string().into(),
        now.0.into(),
        by.into(),
    ];
    let rows = reach.query(statement!("queries/reach/contact_close"), values).await?;
    rows.into_iter().map(|mut row| row.integer(0)).collect()
}

/// Which members have addresses with these digests: digest and member.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn contact_holders(
    reach: &impl Sql,
    (programme_no, channel): (i64, Channel),
    digests: &[&str],
) -> Result<Vec<(String, i64)>, Error> {
    let values =
        vec![programme_no.into(), channel.as_str().into(), json!(digests).to_string().into()];
    let rows = reach.query(statement!("queries/reach/contact_holders"), values).await?;
    rows.into_iter().map(|mut row| Ok((row.text(0)?, row.integer(1)?))).collect()
}

/// Forgets attempts that began before one instant, and reports of ids that are not known from
/// before another: up to 5,000 of each. How many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget_deliveries(
    reach: &impl Sql,
    attempts_before: Timestamp,
    reports_before: Timestamp,
) -> Result<usize, Error> {
    let values = vec![attempts_before.0.into()];
    let attempts = reach.query(statement!("queries/reach/delivery_forget"), values).await?;
    let values = vec![reports_before.0.into()];
    let reports = reach.query(statement!("queries/reach/early_report_forget"), values).await?;
    Ok(attempts.len() + reports.len())
}
