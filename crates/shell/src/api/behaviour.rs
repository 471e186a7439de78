//! What members did that earns nothing.

use ledger::{MemberId, Money, Refusal, Timestamp};
use rules::Rulebook;
use serde::Deserialize;

use super::common::{MoneyBody, money};
use super::roles::STAFF;
use crate::auth::Role;
use crate::check::Check;
use crate::json::optional_object;
use crate::problem::Problem;
use crate::request::unquoted;
use crate::route::{KIB, Route};

/// How far a caller's clock may run ahead of the server's.
const CLOCK_TOLERANCE_MS: i64 = 5 * 60 * 1000;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::write(
        "/v1/behaviour/bulk",
        "Report up to 500 events that earn nothing, each with its own key and outcome",
        STAFF,
    )
    .takes("BulkBehaviour", 512 * KIB)
    .without_key()
    .answers(&[200], "BulkOutcomes"),
    Route::list(
        "/v1/members/{id}/behaviour",
        "What was reported of a member, newest first",
        &[Role::Service],
    ),
];

/// Something a member did that earns nothing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BehaviourBody {
    /// The key that the same event bears on every retry.
    pub idempotency_key: String,
    /// The member.
    pub member_id: String,
    /// `login`, `view`, `search`, `add_to_cart`, `favourite`, `unfavourite`, `share`, `open`,
    /// `ticket`, or a name of the merchant's own.
    pub kind: String,
    /// When it happened, RFC 3339.
    pub occurred_at: String,
    /// What it was about: an article, a page, a ticket, the words of a search.
    #[serde(default)]
    pub item: Option<String>,
    /// The category of that.
    #[serde(default)]
    pub category: Option<String>,
    /// What it was worth.
    #[serde(default, deserialize_with = "optional_object")]
    pub value: Option<MoneyBody>,
    /// Sales channel.
    #[serde(default)]
    pub channel: Option<String>,
    /// The caller's session.
    #[serde(default)]
    pub session: Option<String>,
}

/// An event whose values are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// Its idempotency key.
    pub key: String,
    /// The member.
    pub member: MemberId,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What it was worth.
    pub value: Option<Money>,
    /// All else.
    pub body: BehaviourBody,
}

impl BehaviourBody {
    /// Checks the values. Events may be reported `kept_days` late.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong, or a refusal.
    pub fn behaviour(
        self,
        book: &Rulebook,
        now: Timestamp,
        kept_days: i32,
    ) -> Result<Behaviour, Problem> {
        let mut check = Check::default();
        let key = unquoted(&self.idempotency_key);
        if key.is_none() {
            check.wrong("/idempotency_key", "must be 1 to 255 visible ASCII characters");
        }
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        if !is_kind(&self.kind) {
            check.wrong("/kind", "must be 1 to 40 of a-z, 0-9 and _, with a letter first");
        }
        let at = Timestamp::parse(&self.occurred_at);
        if at.is_none() {
            check.wrong(
                "/occurred_at",
                "must be RFC 3339 with an offset, such as 2026-01-31T10:00:00+08:00",
            );
        }
        check.text("/item", self.item.as_deref(), 200);
        check.text("/category", self.category.as_deref(), 64);
        check.text("/channel", self.channel.as_deref(), 64);
        check.text("/session", self.session.as_deref(), 64);
        let value = self.value.as_ref().and_then(|value| money("/value", value, &mut check));
        let found = match (key, member, at) {
            (Some(key), Some(member), Some(at)) => Some((key, member, at)),
            _ => None,
        };
        let (key, member, occurred_at) = check.done(found)?;
        if occurred_at > now.plus_ms(CLOCK_TOLERANCE_MS) {
            return Err(Problem::refused(Refusal::OccurredInFuture));
        }
        let earliest = now.plus_ms(-i64::from(kept_days) * DAY_MS);
        if occurred_at < earliest {
            return Err(Problem::refused(Refusal::OccurredTooLongAgo { earliest }));
        }
        if value.is_some_and(|value| value.currency != book.currency()) {
            let expected = book.currency().to_string();
            return Err(Problem::refused(Refusal::CurrencyMismatch { expected }));
        }
        Ok(Behaviour { key, member, occurred_at, value, body: self })
    }
}

fn is_kind(kind: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=40).contains(&kind.len())
        && kind.starts_with(|c: char| c.is_ascii_lowercase())
        && kind.chars().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_words() {
        for (kind, is_one) in [
            ("login", true),
            ("add_to_cart", true),
            ("live_2026", true),
            ("", false),
            ("Login", false),
            ("2nd", false),
            ("_x", false),
            ("a b", false),
            ("登录", false),
        ] {
            assert_eq!(is_kind(kind), is_one, "{kind}");
        }
        assert!(is_kind(&"a".repeat(40)) && !is_kind(&"a".repeat(41)));
    }
}
