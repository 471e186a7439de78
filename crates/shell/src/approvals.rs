//! How adjustments are asked for and decided on: bodies and the rows of a CSV file become orders.

use ledger::{Entry, MemberId, Person, Verdict};
use rules::{AdjustmentWish, Command, decide_single};
use store::{Caller, Order};

use crate::api::{AdjustmentBody, DecisionBody};
use crate::check::{Check, MOST_AMOUNT};
use crate::orders::fingerprint;
use crate::problem::{FieldError, Problem};

/// The most rows of a file.
const MOST_ROWS: usize = 500;

impl AdjustmentBody {
    /// Checks the values and makes an order of it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(&self, key: &str, actor: &str, caller: &Caller) -> Result<Order, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        if self.points == 0 || !(-MOST_AMOUNT..=MOST_AMOUNT).contains(&self.points) {
            check.wrong("/points", "must be -1000000000000000 to 1000000000000000, and not 0");
        }
        check.text("/reason_code", Some(&self.reason_code), 40);
        check.text("/evidence", self.evidence.as_deref(), 500);
        check.text("/expiry", self.expiry.as_deref(), 40);
        let (reference, source) = check.document("request", self.reference.as_deref());
        let origin = check.origin(actor, reference, self.reason.as_ref(), None, None);
        let wish = AdjustmentWish {
            points: self.points,
            reason_code: self.reason_code.clone(),
            evidence: self.evidence.clone(),
            expiry: self.expiry.clone(),
            by: person(actor, caller),
        };
        let order = member.map(|member| Order {
            decide: decide_single,
            member,
            command: Command::Request(wish),
            origin,
            idem: Some((format!("adjust:{key}"), fingerprint(self))),
            source,
            attributes: None,
            trace: None,
            aliases: None,
        });
        check.done(order)
    }

    /// Reads a CSV file whose first line names the fields. Each row is a request, or its own problem.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] when there are too many rows, or none.
    pub fn rows(file: &[u8]) -> Result<Vec<Result<Self, Problem>>, Problem> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
        let wrong = |error: csv::Error| Problem::InvalidRequest(vec![FieldError::new("", error.to_string())]);
        let rows: Vec<_> = reader.deserialize().take(MOST_ROWS + 1).map(|row| row.map_err(wrong)).collect();
        if rows.is_empty() || rows.len() > MOST_ROWS {
            let detail = "must be a line of field names and 1 to 500 rows";
            return Err(Problem::InvalidRequest(vec![FieldError::new("", detail)]));
        }
        Ok(rows)
    }
}

impl DecisionBody {
    /// Checks the values and makes an order of it, for what this entry asked for.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn order(
        &self,
        request: &Entry,
        verdict: Verdict,
        key: &str,
        actor: &str,
        caller: &Caller,
    ) -> Result<Order, Problem> {
        let mut check = Check::default();
        let origin = check.origin(actor, None, self.reason.as_ref(), None, None);
        let operation = match verdict {
            Verdict::Approve => "approve",
            Verdict::Reject => "reject",
            Verdict::Withdraw => "withdraw",
        };
        let (by, role) = (person(actor, caller), caller.role.clone());
        let order = Order {
            decide: decide_single,
            member: request.member.clone(),
            command: Command::Decide { request: request.id, verdict, by, role },
            origin,
            idem: Some((format!("{operation}:{key}"), fingerprint(&(request.id.to_string(), self)))),
            source: None,
            attributes: None,
            trace: None,
            aliases: None,
        };
        check.done(Some(order))
    }
}

fn person(actor: &str, caller: &Caller) -> Person {
    Person { actor: actor.to_owned(), label: caller.label.clone() }
}
