//! How points are earned and activated: bodies become submissions.

use std::collections::HashSet;
use std::rc::Rc;

use ledger::{Currency, MemberId, Money, Refusal, Timestamp};
use rules::operations::{Activate, Activation, Earn, Refuse};
use rules::{EarnEvent, Line, Operation};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{Submission, source};

use crate::api::{ActivateBody, BulkBody, EarnBody, LineBody};
use crate::check::{Check, MAX_AMOUNT};
use crate::problem::{FieldError, Problem};
use crate::request::unquoted;
use crate::trace::{asked_from, trace_of};

pub(crate) const MAX_LINES: usize = 500;

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

/// The first half of SHA-256 over the request's canonical JSON: enough to tell two requests under
/// one key apart.
pub(crate) fn fingerprint(body: &impl Serialize) -> String {
    let json = serde_json::to_vec(body).unwrap_or_default();
    let mut digest = ledger::Hash(Sha256::digest(json).into()).to_string();
    digest.truncate(32);
    digest
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

/// A line, when its values are right.
pub(crate) fn line(index: usize, body: &LineBody, check: &mut Check) -> Option<Line> {
    let at = format!("/lines/{index}");
    check.text(&format!("{at}/line_id"), Some(&body.line_id), 64);
    check.text(&format!("{at}/sku"), body.sku.as_deref(), 64);
    check.text(&format!("{at}/category"), body.category.as_deref(), 64);
    if !(1..=1_000_000).contains(&body.quantity) {
        check.wrong(format!("{at}/quantity"), "must be 1 to 1000000");
    }
    if !(0..=MAX_AMOUNT).contains(&body.amount.amount_minor) {
        check.wrong(
            format!("{at}/amount/amount_minor"),
            "must be 0 to 1000000000000000; returns are not negative purchases",
        );
    }
    let currency = Currency::new(&body.amount.currency);
    if currency.is_none() {
        check.wrong(
            format!("{at}/amount/currency"),
            "must be an ISO 4217 code of three capital letters",
        );
    }
    Some(Line {
        line: body.line_id.clone(),
        sku: body.sku.clone(),
        category: body.category.clone(),
        quantity: body.quantity,
        amount: Money { amount_minor: body.amount.amount_minor, currency: currency? },
    })
}

impl ActivateBody {
    /// The source of the earn that it speaks of.
    #[must_use]
    pub fn source(&self) -> String {
        source(&self.event, &self.reference)
    }

    /// Checks the values and makes a submission of it; `activation` is what was earned under the
    /// reference, if anything was, or why that cannot be told.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        key: &str,
        actor: &str,
        activation: Result<Option<Activation>, Refusal>,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        let reference = check.reference(Some(&self.reference));
        check.text("/event", Some(&self.event), 40);
        check.text("/order_store_id", self.order_store_id.as_deref(), 64);
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
        let operation: Rc<dyn Operation> = match activation {
            Ok(activation) => Rc::new(Activate(activation)),
            Err(refusal) => Rc::new(Refuse(refusal)),
        };
        let submission = member.map(|member| {
            Submission::of(member, operation, origin).under_key("activate", key, fingerprint(self))
        });
        check.done(submission)
    }
}
