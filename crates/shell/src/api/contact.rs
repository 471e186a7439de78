//! Where members are reached, what they said about it, and how they want to be treated.

use ledger::{MemberId, Timestamp};
use reach::{Channel, ContactState, Decision, Purpose};
use rules::normalised;
use serde::{Deserialize, Serialize};
use store::{Consent, PreferenceWish};

use super::roles::STAFF;
use crate::auth::Role;
use crate::check::Check;
use crate::json::{told, told_object};
use crate::problem::{FieldError, Problem};
use crate::route::{KIB, PAGE, Route};

/// How far a caller's clock may run ahead of the server's.
const CLOCK_TOLERANCE_MS: i64 = 5 * 60 * 1000;
const DAY_MINUTES: i64 = 24 * 60;

/// The roles that may know whether a member can be reached.
const READERS: &[Role] = &[
    Role::Service,
    Role::Marketing,
    Role::Finance,
    Role::Approver,
    Role::DepartmentHead,
    Role::VicePresident,
];

/// The roles that answer where somebody complains of messages.
const HEADS: &[Role] = &[Role::Approver, Role::DepartmentHead, Role::VicePresident];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::write(
        "/v1/consents/bulk",
        "Record up to 500 consents and withdrawals, each with its own outcome",
        STAFF,
    )
    .takes("BulkConsents", 512 * KIB)
    .without_key()
    .answers(&[200], "BulkOutcomes"),
    Route::write(
        "/v1/consents/proofs",
        "What is left of consents of erased persons, by an address; is logged",
        HEADS,
    )
    .takes("ConsentProofsBody", 4 * KIB)
    .without_key()
    .answers(&[200], "Page"),
    Route::read(
        "/v1/members/{id}/contacts",
        "Where a member is reached; reveal=true shows whole addresses, and is logged",
        READERS,
    )
    .asks(&[("reveal", "boolean")]),
    Route::write("/v1/members/{id}/contacts/{channel}", "Keep an address of a member", STAFF)
        .by("PUT")
        .takes("ContactBody", 4 * KIB)
        .answers(&[200], "Object")
        .for_stores(),
    Route::write("/v1/members/{id}/contacts/{channel}", "Forget an address of a member", STAFF)
        .by("DELETE")
        .takes_bytes(KIB)
        .answers(&[204], "Object"),
    Route::read(
        "/v1/members/{id}/consents",
        "What a member said about being reached: what counts now, and every proof",
        READERS,
    )
    .asks(PAGE),
    Route::write("/v1/members/{id}/consents", "Record a consent or a withdrawal", STAFF)
        .takes("ConsentBody", 4 * KIB)
        .answers(&[201], "Object")
        .for_stores(),
    Route::read("/v1/members/{id}/preferences", "How a member wants to be treated", READERS),
    Route::write("/v1/members/{id}/preferences", "Change preferences of a member", STAFF)
        .by("PUT")
        .takes("PreferencesBody", 4 * KIB)
        .for_stores(),
    Route::read("/v1/me/consents", "Where the member of the pass is reached, and for what", &[])
        .answers(&[200], "Page")
        .with_pass(),
    Route::write("/v1/me/consents", "Consent or withdraw, as the member of the pass", &[])
        .takes("OwnConsentBody", 4 * KIB)
        .answers(&[201], "Object")
        .with_pass(),
];

/// An address of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ContactBody {
    /// A telephone number, an e-mail address, or the id that the channel's vendor has.
    pub address: String,
    /// `open` when absent; `bounced`, `complained`, `blocked` or `invalid` close it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Whether the member has just proved to have it.
    #[serde(default)]
    pub verified: bool,
}

impl ContactBody {
    /// The address as it is kept, and its state.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn contact(
        &self,
        channel: Channel,
        country_code: Option<&str>,
    ) -> Result<(String, Option<ContactState>), Problem> {
        let mut check = Check::default();
        let kept = address_of(channel, &self.address, country_code, &mut check);
        let read =
            |state| named("/state", state, ContactState::parse, ContactState::ALL, &mut check);
        let state = self.state.as_deref().map(read);
        check.done(kept.map(|address| (address, state.flatten())))
    }
}

/// An address as it is kept, in the one spelling that it has.
fn address_of(
    channel: Channel,
    address: &str,
    country_code: Option<&str>,
    check: &mut Check,
) -> Option<String> {
    check.text("/address", Some(address), 200);
    let kind = match channel {
        Channel::Sms | Channel::Phone => "phone",
        Channel::Email => "email",
        Channel::Push | Channel::Wecom | Channel::Wechat => "id",
    };
    let kept = normalised(&format!("{kind}:{address}"), country_code);
    let kept = kept.and_then(|name| Some(name.split_once(':')?.1.to_owned()));
    if kept.is_none() {
        check.wrong("/address", "is no address of that channel");
    }
    kept
}

/// A name of a closed list; the list where it is none.
fn named<T: Copy + Named>(
    pointer: &str,
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
    all: &[T],
    check: &mut Check,
) -> Option<T> {
    let found = parse(text);
    if found.is_none() {
        let names: Vec<&str> = all.iter().map(|one| one.name()).collect();
        check.wrong(pointer, format!("must be one of {}", names.join(", ")));
    }
    found
}

trait Named {
    fn name(&self) -> &'static str;
}

macro_rules! named {
    ($($type:ty),+) => {
        $(impl Named for $type {
            fn name(&self) -> &'static str {
                self.as_str()
            }
        })+
    };
}
named!(Channel, ContactState, Decision, Purpose);

/// The channel of a path.
///
/// # Errors
/// [`Problem::InvalidRequest`] with the channels that there are.
pub fn channel_of(text: &str) -> Result<Channel, Problem> {
    let mut check = Check::default();
    let channel = named("channel", text, Channel::parse, Channel::ALL, &mut check);
    check.done(channel)
}

/// What a member said about being reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConsentBody {
    /// `service` or `marketing`.
    pub purpose: String,
    /// `sms`, `phone`, `email`, `push`, `wecom` or `wechat`.
    pub channel: String,
    /// `given` or `withdrawn`.
    pub decision: String,
    /// The address that it is said of; the one that is kept when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Where it was said: a form, a till, an app, a reply.
    pub source: String,
    /// What proves it: the number of a form, the text that was agreed to, a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// When it was said, RFC 3339; now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<String>,
}

/// The address whose consents are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConsentProofsBody {
    /// `sms`, `phone`, `email`, `push`, `wecom` or `wechat`.
    pub channel: String,
    /// A telephone number, an e-mail address, or the id that the channel's vendor has.
    pub address: String,
}

impl ConsentProofsBody {
    /// The channel, and the address as it was kept.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn read(&self, country_code: Option<&str>) -> Result<(Channel, String), Problem> {
        let mut check = Check::default();
        let channel = named("/channel", &self.channel, Channel::parse, Channel::ALL, &mut check);
        let address = channel
            .and_then(|channel| address_of(channel, &self.address, country_code, &mut check));
        check.done(channel.zip(address))
    }
}

/// What the member of the pass says of being reached, now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OwnConsentBody {
    /// `service` or `marketing`.
    pub purpose: String,
    /// `sms`, `phone`, `email`, `push`, `wecom` or `wechat`.
    pub channel: String,
    /// `given` or `withdrawn`.
    pub decision: String,
}

impl ConsentBody {
    /// Checks the values. The digest of the consent is empty; the address that is named, if one is,
    /// stands beside it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn consent(
        &self,
        now: Timestamp,
        by: &str,
        country_code: Option<&str>,
    ) -> Result<(Consent, Option<String>), Problem> {
        let mut check = Check::default();
        let purpose = named("/purpose", &self.purpose, Purpose::parse, Purpose::ALL, &mut check);
        let channel = named("/channel", &self.channel, Channel::parse, Channel::ALL, &mut check);
        let decision =
            named("/decision", &self.decision, Decision::parse, Decision::ALL, &mut check);
        check.text("/source", Some(&self.source), 64);
        check.text("/evidence", self.evidence.as_deref(), 500);
        let at = self.occurred_at.as_deref().map_or(Some(now), Timestamp::parse);
        match at {
            None => check.wrong(
                "/occurred_at",
                "must be RFC 3339 with an offset, such as 2026-01-31T10:00:00+08:00",
            ),
            Some(at) if at > now.plus_ms(CLOCK_TOLERANCE_MS) => {
                check.wrong("/occurred_at", "must not be in the future");
            }
            Some(_) => {}
        }
        let address = channel
            .zip(self.address.as_deref())
            .and_then(|(channel, address)| address_of(channel, address, country_code, &mut check));
        let said = (|| Some((purpose?, channel?, decision?, at?)))();
        let (purpose, channel, decision, at) = check.done(said)?;
        let said = Consent {
            no: 0,
            purpose,
            channel,
            decision,
            digest: String::new(),
            // A clock that runs ahead must not let an older word beat a later one.
            at: at.0.min(now.0),
            source: self.source.clone(),
            evidence: self.evidence.clone(),
            recorded_at: now.0,
            recorded_by: by.to_owned(),
        };
        Ok((said, address))
    }
}

/// A consent of a bulk call: of which member, and what was said.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BulkConsentBody {
    /// The member.
    pub member_id: String,
    /// See [`ConsentBody::purpose`].
    pub purpose: String,
    /// See [`ConsentBody::channel`].
    pub channel: String,
    /// See [`ConsentBody::decision`].
    pub decision: String,
    /// See [`ConsentBody::address`].
    #[serde(default)]
    pub address: Option<String>,
    /// See [`ConsentBody::source`].
    pub source: String,
    /// See [`ConsentBody::evidence`].
    #[serde(default)]
    pub evidence: Option<String>,
    /// When it was said, RFC 3339. A repetition names the same instant.
    pub occurred_at: String,
}

impl BulkConsentBody {
    /// The member, and what [`ConsentBody::consent`] gives.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn consent(
        self,
        now: Timestamp,
        by: &str,
        country_code: Option<&str>,
    ) -> Result<(MemberId, (Consent, Option<String>)), Problem> {
        let member = MemberId::new(self.member_id.as_str());
        let body = ConsentBody {
            purpose: self.purpose,
            channel: self.channel,
            decision: self.decision,
            address: self.address,
            source: self.source,
            evidence: self.evidence,
            occurred_at: Some(self.occurred_at),
        };
        match (member, body.consent(now, by, country_code)) {
            (Ok(member), Ok(consent)) => Ok((member, consent)),
            (Ok(_), Err(problem)) => Err(problem),
            (Err(error), rest) => {
                let wrong = FieldError::new("/member_id", error.to_string());
                let others = match rest {
                    Err(Problem::InvalidRequest(others)) => others,
                    _ => Vec::new(),
                };
                Err(Problem::InvalidRequest(std::iter::once(wrong).chain(others).collect()))
            }
        }
    }
}

/// How a member wants to be treated. What is absent stays as it is; `null` takes away what was
/// told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PreferencesBody {
    /// A language tag such as `zh-CN` or `en`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    pub language: Option<Option<String>>,
    /// When no message may be sent; the programme's hours after `null`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told_object")]
    pub quiet_hours: Option<Option<QuietHoursBody>>,
    /// Whether offers may be based on what is known of the member; true until it is told.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    pub personalised: Option<bool>,
    /// The store that the member calls its own.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    pub home_store_id: Option<Option<String>>,
}

/// From one time of the local day until another one, over midnight where that is earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuietHoursBody {
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`.
    pub until: String,
}

impl PreferencesBody {
    /// Checks the values.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn wish(&self) -> Result<PreferenceWish, Problem> {
        let mut check = Check::default();
        if self.language.iter().flatten().any(|tag| !is_language(tag)) {
            check.wrong("/language", "must be a language tag, such as zh-CN or en");
        }
        check.text(
            "/home_store_id",
            self.home_store_id.iter().flatten().next().map(String::as_str),
            64,
        );
        let mut minute = |pointer: &str, text: &str| {
            let minute = minute_of(text);
            if minute.is_none() {
                check.wrong(pointer, "must be a time of the day from 00:00 to 23:59");
            }
            minute
        };
        let mut hours = |hours: &QuietHoursBody| {
            let from = minute("/quiet_hours/from", &hours.from);
            from.zip(minute("/quiet_hours/until", &hours.until))
        };
        let quiet = self.quiet_hours.as_ref().map(|told| told.as_ref().and_then(&mut hours));
        if quiet.flatten().is_some_and(|(from, until)| from == until) {
            check.wrong("/quiet_hours/until", "must differ from the time they begin at");
        }
        let wish = PreferenceWish {
            language: self.language.clone(),
            quiet,
            personalised: self.personalised,
            home_store: self.home_store_id.clone(),
        };
        if wish == PreferenceWish::default() {
            check.wrong("", "must tell at least one preference");
        }
        check.done(Some(wish))
    }
}

fn is_language(tag: &str) -> bool {
    let is_part = |part: &str, least: usize| {
        (least..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_lowercase())
        && tag.len() <= 35
        && parts.all(|part| is_part(part, 1))
}

/// The minute of the day that `HH:MM` is.
fn minute_of(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |digits: &str| -> Option<i64> {
        let is_two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_two.then(|| digits.parse().ok()).flatten()
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// `HH:MM` of a minute of the day.
#[must_use]
pub fn time_of_day(minute: i64) -> String {
    let minute = minute.rem_euclid(DAY_MINUTES);
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// An address of which only so much is shown that its owner recognises it.
#[must_use]
pub fn masked(address: &str) -> String {
    let characters: Vec<char> = address.chars().collect();
    let shown = |from: usize, to: usize| -> String {
        characters.iter().skip(from).take(to.saturating_sub(from)).collect()
    };
    let length = characters.len();
    if let Some(at) = characters.iter().position(|c| *c == '@') {
        return format!("{}***{}", shown(0, 1.min(at)), shown(at, length));
    }
    if length < 8 {
        return "***".to_owned();
    }
    format!("{}***{}", shown(0, (length - 7).min(6)), shown(length - 3, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_of_an_address_is_shown() {
        for (address, shown) in [
            ("+8613812345678", "+86138***678"),
            ("13812345678", "1381***678"),
            ("12345678", "1***678"),
            ("1234567", "***"),
            ("li.lei@example.com", "l***@example.com"),
            ("@x", "***@x"),
            ("李雷雷雷雷雷雷雷雷", "李雷***雷雷雷"),
            ("", "***"),
        ] {
            assert_eq!(masked(address), shown, "{address}");
        }
    }

    #[test]
    fn times_and_languages_have_one_form() {
        for (text, minute) in [
            ("00:00", Some(0)),
            ("23:59", Some(1439)),
            ("24:00", None),
            ("9:00", None),
            ("09:60", None),
            ("+9:00", None),
            ("09:00:00", None),
            ("", None),
        ] {
            assert_eq!(minute_of(text), minute, "{text}");
            assert!(minute.is_none_or(|minute| time_of_day(minute) == text));
        }
        for (tag, is_one) in [
            ("zh-CN", true),
            ("en", true),
            ("zh-Hans-CN", true),
            ("EN", false),
            ("e", false),
            ("en_", false),
            ("en--x", false),
        ] {
            assert_eq!(is_language(tag), is_one, "{tag}");
        }
    }
}
