//! What accounts of vendors would have to send of a rehearsed day, and whether they are fast
//! enough.

use std::collections::BTreeMap;

use ledger::{Timestamp, Zone};
use reach::Channel;
use reach::playbook::Playbook;
use reach::touch::{Drained, Load, Speed, Touch, drain};
use serde_json::{Value as Json, json};
use store::{ChannelAccount, Error, Sql, list_channels};

use crate::customers::Databases;

/// Accounts of a programme, at most.
const ACCOUNTS: i64 = 200;
/// The end of the year 9999.
const LAST_MS: i64 = 253_402_300_799_999;

/// The accounts that send: of each channel one.
pub(super) struct Senders(BTreeMap<Channel, ChannelAccount>);

/// Messages by what they have in common for an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Loads(BTreeMap<Load, i64>);

/// A row of a cursor.
pub(super) type LoadCounts = (Channel, i64, bool, i64, i64, i64);

/// What a channel's account would do with the messages of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFound {
    channel: Channel,
    account: Option<Sender>,
    drained: Drained,
}

/// An account as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sender {
    id: String,
    is_paused: bool,
    speed: Speed,
}

impl Senders {
    /// Of accounts that are not paused, the one with the smallest rank; where all are, of those.
    pub(super) async fn of<L: Sql, R: Sql>(
        databases: &Databases<'_, '_, L, R>,
    ) -> Result<Self, Error> {
        let (reach, no) = (databases.reach, databases.programme_no);
        let read = async || list_channels(reach.sql, no, "", ACCOUNTS).await;
        let mut found = reach.with_retries(read).await?;
        found.sort_by_key(|of| (of.paused.is_some(), of.rank, of.no));
        let mut senders = BTreeMap::new();
        for account in found {
            senders.entry(account.channel).or_insert(account);
        }
        Ok(Self(senders))
    }
}

impl Loads {
    /// Adds the messages of a touch that is due.
    pub(super) fn add(&mut self, touch: &Touch, senders: &Senders) {
        if touch.reason().is_some() {
            return;
        }
        for load in Load::of(touch, |channel| senders.0.contains_key(&channel)) {
            let count = self.0.entry(load).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// What becomes of them, by channel.
    pub(super) fn found(
        &self,
        senders: &Senders,
        playbook: &Playbook,
        zone: Zone,
    ) -> Vec<AccountFound> {
        let mut by_channel: BTreeMap<Channel, Vec<(Load, i64)>> = BTreeMap::new();
        for (load, count) in &self.0 {
            by_channel.entry(load.channel).or_default().push((*load, *count));
        }
        let of_channel = |(channel, loads): (Channel, Vec<(Load, i64)>)| {
            let account = senders.0.get(&channel).map(Sender::of);
            let drained = match &account {
                Some(sender) => drain(&loads, sender.speed, playbook, zone),
                None => {
                    let messages = loads.iter().fold(0_i64, |sum, of| sum.saturating_add(of.1));
                    Drained { messages, late: messages, ..Drained::default() }
                }
            };
            AccountFound { channel, account, drained }
        };
        by_channel.into_iter().map(of_channel).collect()
    }

    /// For a cursor.
    pub(super) fn rows(&self) -> Vec<LoadCounts> {
        let row = |(load, count): (&Load, &i64)| {
            let Load { channel, priority, is_service, due_at, until_at } = *load;
            (channel, priority, is_service, due_at.0, until_at.0, *count)
        };
        self.0.iter().map(row).collect()
    }

    /// Those of a cursor; `None` where an instant is beyond the calendar.
    pub(super) fn of_rows(rows: Vec<LoadCounts>) -> Option<Self> {
        let load = |(channel, priority, is_service, due_at, until_at, count): LoadCounts| {
            let is_known = |at: &i64| (0..=LAST_MS).contains(at);
            let [due_at, until_at] = [due_at, until_at].map(|at| Some(at).filter(is_known));
            let (due_at, until_at) = (Timestamp(due_at?), Timestamp(until_at?));
            Some((Load { channel, priority, is_service, due_at, until_at }, count))
        };
        rows.into_iter().map(load).collect::<Option<_>>().map(Self)
    }
}

impl Sender {
    fn of(account: &ChannelAccount) -> Self {
        let speed = Speed { per_second: account.per_second, burst: account.burst };
        Self { id: account.id.clone(), is_paused: account.paused.is_some(), speed }
    }
}

impl AccountFound {
    pub(super) fn to_json(&self) -> Json {
        let Drained { messages, seconds, open_seconds, drained_at, late } = self.drained;
        let account = self.account.as_ref();
        json!({
            "channel": self.channel,
            "account": account.map(|of| &of.id),
            "is_paused": account.is_some_and(|of| of.is_paused),
            "per_second": account.map(|of| of.speed.per_second),
            "messages": messages,
            "seconds": account.map(|_| seconds),
            "open_seconds": account.map(|_| open_seconds),
            "drained_at": drained_at.map(|at| at.to_string()),
            "late": late,
        })
    }
}
