//! Browsers that a person has signed in with. What such a browser holds opens nothing: it only
//! tells its attempts from those of strangers, whose guesses would else keep the person out.

use credential::random::hash;
use shell::{App, Reply, Request, new_token, now};
use store::keep_device;

const COOKIE: &str = "__Host-accrue-device";
/// As long as the database remembers it.
const SECONDS: i64 = 180 * 24 * 3_600;
/// Characters of what it holds, more than any of ours has.
const MAX_CHARACTERS: usize = 128;

/// What the browser holds, as far as it may be ours.
fn held(request: &Request) -> Option<&str> {
    request.cookie(COOKIE).filter(|held| (1..=MAX_CHARACTERS).contains(&held.len()))
}

/// The hash of what the browser holds.
pub(crate) fn of(request: &Request) -> Option<String> {
    held(request).map(hash)
}

/// Remembers the browser for a person who has just proved who they are. Where it is known already,
/// for whomever, it goes on holding what it holds, as several may use it.
pub(crate) async fn keep(
    app: &App,
    request: &Request,
    reply: Reply,
    person: (i64, &str),
    is_known: bool,
) -> Reply {
    let held = held(request).filter(|_| is_known).map(str::to_owned);
    let Some(held) = held.or_else(|| new_token().map(|(token, _)| token)) else { return reply };
    // The session has begun: it is worth more than that the browser is remembered.
    if keep_device(&app.sql, person, &hash(&held), now().0).await.is_err() {
        return reply;
    }
    let cookie =
        format!("{COOKIE}={held}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={SECONDS}");
    reply.with("set-cookie", &cookie)
}
