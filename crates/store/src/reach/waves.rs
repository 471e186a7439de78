//! Waves of messages and what became of them, and what vendors report.

use std::collections::{BTreeSet, HashSet};

use ledger::Timestamp;
use reach::{Channel, ContactState};
use serde_json::{Value as Json, json};

use super::channels::ChannelAccount;
use crate::Error;
use crate::sql::{Row, Sql, Value};
use crate::statement::statement;

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
    /// The last attempt that was known when the member was asked. The touch does not go where
    /// another one of the member has gone since: caps were asked without it.
    pub known_attempt: i64,
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

/// The number of the last attempt; 0 where there is none.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn last_attempt(reach: &impl Sql) -> Result<i64, Error> {
    let mut rows = reach.query(statement!("queries/reach/attempt_last"), vec![]).await?;
    rows.first_mut().map_or(Ok(0), |row| row.integer(0))
}

/// Begins a wave: takes from the burst and writes which touches are about to go. Gives back those
/// that may: not what went before and was not handed back, nothing of a member who is gone, and
/// nothing where another message of the member went meanwhile.
/// `None` where the lease is lost, or the account was paused.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn begin_wave(
    reach: &impl Sql,
    account: &ChannelAccount,
    lease: &str,
    (now, left_milli): (Timestamp, i64),
    touches: &[WaveTouch],
) -> Result<Option<Vec<WaveAttempt>>, Error> {
    let row = |touch: &WaveTouch| {
        let WaveTouch { touch_no, member_no, reserved, digest, known_attempt } = touch;
        json!([account.programme_no, touch_no, member_no, reserved, digest, known_attempt])
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
        return Ok(None);
    }
    let numbers: Vec<i64> = touches.iter().map(|touch| touch.touch_no).collect();
    let values = vec![account.no.into(), lease.into(), json!(numbers).to_string().into()];
    let rows = reach.query(statement!("queries/reach/delivery_sending"), values).await?;
    let attempt = |mut row: Row| {
        Ok(WaveAttempt { no: row.integer(0)?, touch_no: row.integer(1)?, attempt: row.integer(2)? })
    };
    rows.into_iter().map(attempt).collect::<Result<_, _>>().map(Some)
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
    /// What closes the address that it went to.
    pub closes: Option<ContactState>,
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

/// Ends a wave: its attempts, the addresses that the vendor takes nothing for, and the account.
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
        let WaveOutcome { no, state, provider_id, error, closes } = outcome;
        json!([no, state, provider_id, error, closes.map(ContactState::as_str)])
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
    /// What the account reserved for it last.
    pub reserved: Option<String>,
    /// When the account's vendor first knew of it: by this reservation, or else by an attempt that
    /// it may have.
    pub first_at: Option<Timestamp>,
    /// Whether the vendor of an account may have it.
    pub is_uncertain: bool,
}

/// Those of these touches that were tried before by the account's channel.
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
            first_at: row.optional_integer(2)?.map(Timestamp),
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
    rows.into_iter().map(read_delivery).collect()
}

/// The last 100 attempts of a touch by a channel, the last first.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn deliveries_by_channel(
    reach: &impl Sql,
    touch_no: i64,
    channel: Channel,
) -> Result<Vec<TouchDelivery>, Error> {
    let values = vec![touch_no.into(), channel.as_str().into()];
    let rows = reach.query(statement!("queries/reach/delivery_of_channel"), values).await?;
    rows.into_iter().map(read_delivery).collect()
}

fn read_delivery(mut row: Row) -> Result<TouchDelivery, Error> {
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
}

/// A settled attempt of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastAttempt {
    /// The member's number.
    pub member_no: i64,
    /// As of [`TouchDelivery`].
    pub state: String,
    /// Why it failed, or is sent again.
    pub error: Option<String>,
}

/// The last `most` attempts of an account with the settings that it has now, the last first.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn last_attempts(
    reach: &impl Sql,
    account_no: i64,
    most: i64,
) -> Result<Vec<LastAttempt>, Error> {
    let values = vec![account_no.into(), most.into()];
    let rows = reach.query(statement!("queries/reach/delivery_last"), values).await?;
    let read = |mut row: Row| {
        let (member_no, state, error) = (row.integer(0)?, row.text(1)?, row.optional_text(2)?);
        Ok(LastAttempt { member_no, state, error })
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

/// Which of these reports of an account counted before, by their ids.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn known_reports(
    reach: &impl Sql,
    account_no: i64,
    ids: &[&str],
) -> Result<HashSet<String>, Error> {
    let values = vec![account_no.into(), json!(ids).to_string().into()];
    let rows = reach.query(statement!("queries/reach/report_known"), values).await?;
    rows.into_iter().map(|mut row| row.text(0)).collect()
}

/// Remembers that these reports of an account counted.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn know_reports(
    reach: &impl Sql,
    account_no: i64,
    ids: &[&str],
    now: Timestamp,
) -> Result<(), Error> {
    let values = vec![account_no.into(), json!(ids).to_string().into(), now.0.into()];
    reach.query(statement!("queries/reach/report_know"), values).await.map(drop)
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

/// Holders of addresses that are read at once.
const HOLDERS: i64 = 1_000;

/// Which members have addresses with these digests: digest and member, in their order.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn contact_holders(
    reach: &impl Sql,
    (programme_no, channel): (i64, Channel),
    digests: &[&str],
) -> Result<Vec<(String, i64)>, Error> {
    let digests: BTreeSet<&str> = digests.iter().copied().collect();
    let digests = json!(digests).to_string();
    let mut found: Vec<(String, i64)> = Vec::new();
    loop {
        let (digest, no) = found.last().map_or(("", 0), |(digest, no)| (digest.as_str(), *no));
        let values = vec![
            programme_no.into(),
            channel.as_str().into(),
            digests.as_str().into(),
            digest.into(),
            no.into(),
            HOLDERS.into(),
        ];
        let rows = reach.query(statement!("queries/reach/contact_holders"), values).await?;
        let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < HOLDERS);
        for mut row in rows {
            found.push((row.text(0)?, row.integer(1)?));
        }
        if is_last {
            return Ok(found);
        }
    }
}

/// Forgets attempts that began before one instant and reports that counted once before it, and
/// reports of ids that are not known from before another: at most so many of each. How many.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn forget_deliveries(
    reach: &impl Sql,
    (attempts_before, reports_before): (Timestamp, Timestamp),
    most: i64,
) -> Result<usize, Error> {
    let values = vec![attempts_before.0.into(), most.into()];
    let attempts = reach.query(statement!("queries/reach/delivery_forget"), values).await?;
    let values = vec![attempts_before.0.into(), most.into()];
    let known = reach.query(statement!("queries/reach/report_known_forget"), values).await?;
    let values = vec![reports_before.0.into(), most.into()];
    let reports = reach.query(statement!("queries/reach/early_report_forget"), values).await?;
    Ok(attempts.len() + known.len() + reports.len())
}
