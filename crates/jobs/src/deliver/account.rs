//! An account as a run uses it: opened, with its token.

use channels::{Account, Heard, TokenOutcome, Vendor};
use ledger::Timestamp;
use seal::{Place, Seals};
use serde_json::Value as Json;
use store::ChannelAccount;

use crate::notify::address::{AddressPolicy, WebhookUrl};

/// How long a vendor may take to answer.
pub(super) const TIMEOUT_MS: u32 = 10_000;

/// Opens an account.
///
/// # Errors
/// Why it must be paused, for the merchant: nothing of its secrets.
pub(super) fn open(
    kept: &ChannelAccount,
    seals: &Seals,
    policy: AddressPolicy,
) -> Result<Account, String> {
    let vendor = Vendor::parse(&kept.vendor).ok_or("its vendor is not known")?;
    let place = Place::channel(kept.programme_no, &kept.id);
    let secrets = seals.open(&kept.secrets, &place).ok_or("its secrets cannot be read")?;
    let secrets: Json = serde_json::from_str(&secrets).map_err(|_| "its secrets cannot be read")?;
    let account = Account::read(vendor, &kept.settings, &secrets).map_err(|faults| {
        let first = faults.first().map(|fault| format!("{} {}", fault.path, fault.detail));
        first.unwrap_or_else(|| "its settings are wrong".to_owned())
    })?;
    may_reach(account.origin(), policy)?;
    Ok(account)
}

/// Where the vendor posts what became of an account's messages. `None` where the installation has
/// no address, the account has none, or its secret cannot be opened: the message goes without.
pub(super) fn callback_url(
    kept: &ChannelAccount,
    sealed: Option<&str>,
    seals: &Seals,
    public_url: Option<&str>,
) -> Option<String> {
    let secret = seals.open(sealed?, &Place::callback(kept.programme_no, &kept.id))?;
    let origin = public_url?.trim_end_matches('/');
    Some(format!("{origin}/v1/callbacks/{}/{secret}", kept.id))
}

/// Whether a request may go to an address: the host is looked at, not the query, which is ours.
///
/// # Errors
/// Why not.
pub fn may_reach(url: &str, policy: AddressPolicy) -> Result<(), String> {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let host_ends = url.get(after_scheme..).and_then(|rest| rest.find(['/', '?', '#']));
    let origin = host_ends.and_then(|at| url.get(..after_scheme + at)).unwrap_or(url);
    WebhookUrl::parse(origin, policy).map(drop).map_err(|refused| refused.to_string())
}

/// What a run does next about a token.
pub(super) enum NextToken {
    /// It has one: to be kept until an instant.
    Keep(channels::Secret, Timestamp),
    /// It waits so many seconds.
    Wait(i64),
    /// The account is paused.
    Pause(String),
}

/// What came of asking for a token.
pub(super) fn token(account: &Account, heard: &Heard, now: Timestamp) -> NextToken {
    match account.token_outcome(heard) {
        Some(TokenOutcome::Token(token)) => {
            NextToken::Keep(token.text, now.plus_ms(token.lasts_s.saturating_mul(1_000)))
        }
        Some(TokenOutcome::Retry { after_s, .. }) => NextToken::Wait(after_s),
        Some(TokenOutcome::Pause { why }) => NextToken::Pause(why),
        None => NextToken::Pause("has no tokens".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_to_public_hosts_only() {
        let policy = AddressPolicy::default();
        for (url, may) in [
            ("https://dysmsapi.aliyuncs.com", true),
            ("https://dysmsapi.aliyuncs.com/?TemplateParam=%7B%22", true),
            ("https://oauth2.googleapis.com/token", true),
            ("http://dysmsapi.aliyuncs.com", false),
            ("https://127.0.0.1:8080/x", false),
            ("https://10.0.0.1?x=1", false),
            ("https://169.254.169.254/latest", false),
            ("https://[::1]/", false),
            ("https://2130706433/", false),
            ("https://localhost#x", false),
            ("https://a@10.0.0.1/", false),
            ("file:///etc/passwd", false),
            ("", false),
        ] {
            assert_eq!(may_reach(url, policy).is_ok(), may, "{url}");
        }
    }
}
