//! One message that goes out while its caller waits: a test of a template, a code.
//!
//! Owns: which account sends it, the HTTP client, and how its outcome is told. What is sent to
//! vendors, and what their answers mean, is in `channels`; the way there in `jobs`.
//!
//! Architecture invariant: nothing is kept of a message, and it changes nothing of its account but
//! a token.
#![deny(missing_docs)]

mod vendors;

use channels::{Capability, Message, Outcome};
use jobs::{AddressPolicy, DeliverSettings, JobContext};
use reach::Channel;
use shell::{Problem, fresh, is_true, now, random, seals};
use store::{ChannelAccount, Spin, list_channels};

use crate::vendors::SpinVendors;

/// Accounts of a programme.
const MAX_ACCOUNTS: i64 = 50;

/// The account of a channel that is named, else the first that would send.
///
/// # Errors
/// What the database does.
pub async fn account(
    reach: &Spin,
    programme_no: i64,
    (channel, wanted): (Channel, Option<&str>),
) -> Result<Option<ChannelAccount>, Problem> {
    let accounts = list_channels(reach, programme_no, "", MAX_ACCOUNTS).await?;
    let fits = |one: &ChannelAccount| {
        one.channel == channel && wanted.map_or(one.paused.is_none(), |id| one.id == id)
    };
    Ok(accounts.into_iter().filter(fits).min_by_key(|one| (one.rank, one.no)))
}

/// What the vendor of an account can do; why the account cannot be used, where it cannot.
pub async fn capability(account: &ChannelAccount) -> Result<Capability, String> {
    let (seals, policy) = (seals().await, AddressPolicy::of_variables(is_true).await);
    let settings =
        DeliverSettings { seals: &seals, policy, public_url: None, random: &|| random().ok() };
    jobs::capability(&settings, account)
}

/// Sends a message by an account, once.
///
/// # Errors
/// What the database does. What is wrong with the account, or at the vendor, is an [`Outcome`].
pub async fn send(
    reach: &Spin,
    account: &ChannelAccount,
    message: Message,
) -> Result<Outcome, Problem> {
    let context = JobContext { sql: reach, now: &now, fresh: &fresh };
    let (seals, policy) = (seals().await, AddressPolicy::of_variables(is_true).await);
    let settings =
        DeliverSettings { seals: &seals, policy, public_url: None, random: &|| random().ok() };
    Ok(jobs::send_single(&context, &SpinVendors, &settings, account, message).await?)
}

/// An outcome as the API tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `accepted`, `not_now`, `refused`, `account_refused` or `unknown`.
    pub outcome: &'static str,
    /// Why, where it is not accepted.
    pub detail: Option<String>,
    /// After how many seconds another try may help.
    pub after_s: Option<i64>,
}

/// What became of a message, as the API tells it.
#[must_use]
pub fn told(outcome: Outcome) -> Told {
    let (outcome, detail, after_s) = match outcome {
        Outcome::Accepted { .. } => ("accepted", None, None),
        Outcome::Retry { after_s, why, is_uncertain: false, .. } => {
            ("not_now", Some(why), Some(after_s))
        }
        Outcome::Refused { why, .. } => ("refused", Some(why), None),
        Outcome::Pause { why } | Outcome::Renew { why } => ("account_refused", Some(why), None),
        Outcome::Retry { why, .. } | Outcome::Unknown { why } => ("unknown", Some(why), None),
    };
    Told { outcome, detail, after_s }
}
