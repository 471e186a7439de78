//! One message that belongs to no touch: a test, or a code. Nothing is kept of it, and it changes
//! nothing of its account but a token.

use channels::{Capability, Context, Heard, Message, Outcome, Scope};
use store::{ChannelAccount, Error, Sql, drop_channel_token};

use super::DeliverSettings;
use super::account::{self, TIMEOUT_MS};
use super::token::{Found, Token, obtained};
use super::vendors::Vendors;
use crate::context::JobContext;

/// What an account's vendor can do.
///
/// # Errors
/// Why the account must be paused, for the merchant.
pub fn capability(
    settings: &DeliverSettings<'_>,
    kept: &ChannelAccount,
) -> Result<Capability, String> {
    account::open(kept, settings.seals, settings.policy).map(|account| account.capability())
}

/// Sends a message by an account, once, and tells what became of it. Where a token counts no more,
/// another one is fetched, as in a run.
///
/// # Errors
/// [`Error`] when the database fails. What is wrong with the account, or at the vendor, is an
/// [`Outcome`].
pub async fn send_single<S: Sql, V: Vendors>(
    context: &JobContext<'_, S>,
    vendors: &V,
    settings: &DeliverSettings<'_>,
    kept: &ChannelAccount,
    mut message: Message,
) -> Result<Outcome, Error> {
    let account = match account::open(kept, settings.seals, settings.policy) {
        Ok(account) => account,
        Err(why) => return Ok(Outcome::Pause { why }),
    };
    if let Some(request) = account.reservation_request(1) {
        let heard = vendors.send_all(vec![request], TIMEOUT_MS).await;
        if let Some(Heard::Answer(answer)) = heard.first() {
            message.reserved = account.reservations(answer).pop();
        }
    }
    let mut has_renewed = false;
    loop {
        let token = match needed_token(context, vendors, settings, (&account, kept)).await? {
            Ok(token) => token,
            Err(outcome) => return Ok(outcome),
        };
        let nonce = (context.fresh)().id.to_string();
        let now_ms = (context.now)().0;
        let text = token.as_ref().map(|token| &token.text);
        let with = Context { now_ms, nonce: &nonce, token: text, callback_url: None };
        let messages = std::slice::from_ref(&message);
        let request = match account.request(messages, &with) {
            Ok(request) => request,
            Err(fault) => {
                let why = format!("{} {}", fault.path, fault.detail);
                let (contact, is_doubtful) = (None, false);
                return Ok(Outcome::Refused { contact, is_doubtful, why });
            }
        };
        let heard = vendors.send_all(vec![request], TIMEOUT_MS).await;
        let heard = heard.into_iter().next().unwrap_or(Heard::Nothing);
        let said_nothing = || Outcome::Unknown { why: "the vendor said nothing".to_owned() };
        let outcome = account.outcome(messages, &heard).pop().unwrap_or_else(said_nothing);
        match (outcome, token) {
            (Outcome::Renew { .. }, Some(token)) if !has_renewed => {
                has_renewed = true;
                let forget = async || drop_channel_token(context.sql, kept.no, &token.stored).await;
                context.with_retries(forget).await?;
            }
            (Outcome::Renew { why }, _) => return Ok(Outcome::Pause { why }),
            (outcome, _) => return Ok(outcome),
        }
    }
}

/// The token, where the account needs one; or what its lack means for the message.
async fn needed_token<S: Sql, V: Vendors>(
    context: &JobContext<'_, S>,
    vendors: &V,
    settings: &DeliverSettings<'_>,
    (account, kept): (&channels::Account, &ChannelAccount),
) -> Result<Result<Option<Token>, Outcome>, Error> {
    if !account.capability().token {
        return Ok(Ok(None));
    }
    Ok(match obtained(context, vendors, settings, (account, kept)).await? {
        Found::Token(token) => Ok(Some(token)),
        Found::Pause(why) => Err(Outcome::Pause { why }),
        Found::Wait(after_s) => Err(Outcome::Retry {
            after_s,
            scope: Scope::Account,
            is_uncertain: false,
            why: "the vendor gives no token now".to_owned(),
        }),
    })
}
