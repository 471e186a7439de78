//! Tokens of accounts: the one that is kept, or another one from the vendor.

use channels::{Account, Heard, Secret};
use seal::Place;
use store::{ChannelAccount, Error, Sql, channel_token, put_channel_token};

use super::DeliverSettings;
use super::account::{self, NextToken, TIMEOUT_MS};
use super::vendors::Vendors;
use crate::context::JobContext;

/// A token, and as it is stored.
pub(super) struct Token {
    pub(super) text: Secret,
    pub(super) stored: String,
}

/// What came of looking for a token.
pub(super) enum Found {
    Token(Token),
    /// There is none for so many seconds.
    Wait(i64),
    /// There is none until a person has seen to the account, because of this.
    Pause(String),
}

/// The token that is kept, else another one, which is kept then.
pub(super) async fn obtained<S: Sql, V: Vendors>(
    context: &JobContext<'_, S>,
    vendors: &V,
    settings: &DeliverSettings<'_>,
    (account, kept): (&Account, &ChannelAccount),
) -> Result<Found, Error> {
    let now = (context.now)();
    let place = Place::channel_token(kept.programme_no, &kept.id);
    let read = async || channel_token(context.sql, kept.no, now).await;
    if let Some((stored, _)) = context.with_retries(read).await?
        && let Some(text) = settings.seals.open(&stored, &place)
    {
        return Ok(Found::Token(Token { text: Secret::new(text), stored }));
    }
    let request = match account.token_request(now.0) {
        Some(Ok(request)) => request,
        Some(Err(fault)) => return Ok(Found::Pause(format!("{} {}", fault.path, fault.detail))),
        None => return Ok(Found::Pause("has no tokens".to_owned())),
    };
    if let Err(why) = account::may_reach(&request.url, settings.policy) {
        return Ok(Found::Pause(why));
    }
    let heard = vendors.send_all(vec![request], TIMEOUT_MS).await;
    let heard = heard.into_iter().next().unwrap_or(Heard::Nothing);
    match account::token(account, &heard, now) {
        NextToken::Keep(text, until) => {
            let mut stored = String::new();
            if let Some(nonce) = (settings.random)() {
                stored = settings.seals.seal(text.reveal(), &place, nonce);
                let put = async || put_channel_token(context.sql, kept.no, &stored, until).await;
                context.with_retries(put).await?;
            }
            Ok(Found::Token(Token { text, stored }))
        }
        NextToken::Wait(seconds) => Ok(Found::Wait(seconds)),
        NextToken::Pause(why) => Ok(Found::Pause(why)),
    }
}
