//! Earning points.

use std::collections::HashSet;

use ledger::{MemberId, Timestamp};
use rules::EarnEvent;
use rules::operations::Earn;
use serde::{Deserialize, Serialize};
use store::{Submission, source};

use super::common::{LineBody, MAX_LINES, fingerprint, line};
use super::roles::STOREFRONT;
use crate::check::Check;
use crate::json::objects;
use crate::problem::{FieldError, Problem};
use crate::request::unquoted;
use crate::route::{KIB, Route};
use crate::trace::{asked_from, trace_of};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::command("/v1/earn", "Earn points for a purchase or an action", STOREFRONT, "EarnBody")
        .takes("EarnBody", 256 * KIB),
    Route::command(
        "/v1/earn/bulk",
        "Earn for up to 500 events, each with its own key and outcome",
        STOREFRONT,
        "BulkEarn",
    )
    .takes("BulkEarn", 1024 * KIB)
    .without_key()
    .answers(&[200], "BulkOutcomes"),
];

/// Something a member did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EarnBody {
    /// The member.
    pub member_id: String,
    /// `purchase`, or an action of the rulebook such as `check_in`.
    pub event: String,
    /// The order of a purchase, the document of an action. Earns once only. A purchase must have
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When it happened, RFC 3339; now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<String>,
    /// The lines of a purchase; actions have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "objects")]
    pub lines: Vec<LineBody>,
    /// Sales channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
}

/// One event of a bulk earn: an earn with its idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BulkBody {
    /// The key that the same event bears on every retry.
    pub idempotency_key: String,
    /// See [`EarnBody::member_id`].
    pub member_id: String,
    /// See [`EarnBody::event`].
    pub event: String,
    /// See [`EarnBody::reference`].
    #[serde(default)]
    pub reference: Option<String>,
    /// See [`EarnBody::occurred_at`].
    #[serde(default)]
    pub occurred_at: Option<String>,
    /// See [`EarnBody::lines`].
    #[serde(default, deserialize_with = "objects")]
    pub lines: Vec<LineBody>,
    /// See [`EarnBody::channel`].
    #[serde(default)]
    pub channel: Option<String>,
    /// See [`EarnBody::store_id`].
    #[serde(default)]
    pub store_id: Option<String>,
    /// What the header `Device-Id` tells of a single earn.
    #[serde(default)]
    pub device_id: Option<String>,
    /// What the header `Client-Ip` tells of a single earn.
    #[serde(default)]
    pub client_ip: Option<String>,
}

impl BulkBody {
    /// Checks the values, its key as well, and makes a submission of it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(self, actor: &str) -> Result<Submission, Problem> {
        let Self {
            idempotency_key,
            member_id,
            event,
            reference,
            occurred_at,
            lines,
            channel,
            store_id,
            device_id,
            client_ip,
        } = self;
        let trace =
            trace_of(("/device_id", device_id.as_deref()), ("/client_ip", client_ip.as_deref()));
        let key = unquoted(&idempotency_key);
        let wrong =
            || FieldError::new("/idempotency_key", "must be 1 to 255 visible ASCII characters");
        let earn = EarnBody { member_id, event, reference, occurred_at, lines, channel, store_id };
        let submission = earn.submission(key.as_deref().unwrap_or_default(), actor);
        let submission = match (submission, trace) {
            (Ok(submission), Ok(trace)) => Ok(asked_from(submission, trace)),
            (Err(problem), _) | (_, Err(problem)) => Err(problem),
        };
        match (key, submission) {
            (Some(_), submission) => submission,
            (None, Err(Problem::InvalidRequest(errors))) => {
                Err(Problem::InvalidRequest(std::iter::once(wrong()).chain(errors).collect()))
            }
            (None, _) => Err(Problem::InvalidRequest(vec![wrong()])),
        }
    }
}

impl EarnBody {
    /// Checks the values and makes a submission of it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(&self, key: &str, actor: &str) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        check.text("/event", Some(&self.event), 40);
        let reference = check.reference(self.reference.as_deref());
        let occurred_at = self.occurred_at.as_deref().and_then(|text| {
            let at = Timestamp::parse(text);
            if at.is_none() {
                check.wrong(
                    "/occurred_at",
                    "must be RFC 3339 with an offset, such as 2026-01-31T10:00:00+08:00",
                );
            }
            at
        });
        let is_purchase = self.event == "purchase";
        if is_purchase && self.reference.is_none() {
            check.wrong("/reference", "a purchase needs the order it is for");
        }
        if is_purchase && (self.lines.is_empty() || self.lines.len() > MAX_LINES) {
            check.wrong("/lines", "a purchase needs 1 to 500 lines");
        }
        if !is_purchase && !self.lines.is_empty() {
            check.wrong("/lines", "only purchases have lines");
        }
        let mut names = HashSet::new();
        for (index, body) in self.lines.iter().take(MAX_LINES).enumerate() {
            // Returns name the line they are for.
            if !names.insert(body.line_id.as_str()) {
                check.wrong(format!("/lines/{index}/line_id"), "is the line_id of another line");
            }
        }
        let lines = self
            .lines
            .iter()
            .take(MAX_LINES)
            .enumerate()
            .filter_map(|(index, body)| line(index, body, &mut check))
            .collect();
        let source = reference.as_ref().map(|reference| source(&self.event, reference.as_str()));
        let origin =
            check.origin(actor, reference, None, self.channel.as_ref(), self.store_id.as_ref());
        let operation =
            Earn(EarnEvent { event: self.event.clone(), occurred_at, lines, device: None });
        let submission = member.map(|member| {
            Submission::new(member, operation, origin)
                .under_key("earn", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
    }
}

pub(super) fn purchase() -> String {
    "purchase".to_owned()
}
