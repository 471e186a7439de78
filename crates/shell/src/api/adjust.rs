//! Points given and taken by hand.

use std::rc::Rc;

use ledger::{ApprovalVerdict, Entry, MemberId, Person, Undone};
use rules::Operation;
use rules::operations::{
    Concerned, DecideAdjustment, DecideConcern, NewAdjustment, RequestAdjustment,
};
use serde::{Deserialize, Serialize};
use store::{Caller, Submission};

use super::common::{ReasonBody, fingerprint};
use super::roles::APPROVERS;
use crate::auth::Role;
use crate::check::{Check, DIGITS_LOST, MAX_AMOUNT};
use crate::person::person;
use crate::problem::{FieldError, Problem};
use crate::route::{DRY_RUN, KIB, Route};

const REQUESTERS: &[Role] =
    &[Role::Service, Role::Marketing, Role::Approver, Role::DepartmentHead, Role::VicePresident];

const REQUEST_READERS: &[Role] = &[
    Role::Service,
    Role::Marketing,
    Role::Finance,
    Role::Approver,
    Role::DepartmentHead,
    Role::VicePresident,
];

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/adjustments", "Open requests for adjustments", REQUEST_READERS).for_stores(),
    Route::command(
        "/v1/adjustments",
        "Ask for an adjustment by hand",
        REQUESTERS,
        "AdjustmentBody",
    ),
    Route::write(
        "/v1/adjustments/batch",
        "Ask for an adjustment a row of a CSV file, each with its own outcome",
        REQUESTERS,
    )
    .takes_bytes(1024 * KIB)
    .asks(DRY_RUN)
    .answers(&[200], "BulkOutcomes")
    .for_stores(),
    Route::read("/v1/adjustments/{id}", "A request and what was decided", REQUEST_READERS)
        .for_stores(),
    Route::command(
        "/v1/adjustments/{id}/approve",
        "Approve of a request; the last approval moves the points",
        APPROVERS,
        "ReasonBody",
    )
    .or_none(),
    Route::command("/v1/adjustments/{id}/reject", "Turn a request down", APPROVERS, "ReasonBody")
        .or_none(),
    Route::command(
        "/v1/adjustments/{id}/withdraw",
        "Take one's own request back",
        REQUESTERS,
        "ReasonBody",
    )
    .or_none(),
];

/// The most rows of a file.
const MAX_ROWS: usize = 500;

/// A row of a file by its line: a request, or what is wrong with it.
pub type NumberedRow = (u64, Result<AdjustmentBody, Problem>);

/// In the order of [`AdjustmentBody`].
const COLUMNS: [files::Column; 7] = [
    files::Column::new("member_id", &["member", "会员编号", "会员号", "会员ID", "會員編號"], true),
    files::Column::new("points", &["积分", "积分数", "積分"], true),
    files::Column::new("reason_code", &["reason code", "原因代码", "原因代碼"], true),
    files::Column::new("evidence", &["依据", "凭证", "依據", "憑證"], false),
    files::Column::new("expiry", &["有效期", "过期规则"], false),
    files::Column::new("reference", &["单号", "單號", "编号"], false),
    files::Column::new("reason", &["note", "备注", "備註"], false),
];

/// An adjustment by hand that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdjustmentBody {
    /// The member.
    pub member_id: String,
    /// Points to be granted, or (negative) taken; not 0.
    pub points: i64,
    /// Why, as one of the rulebook's codes.
    pub reason_code: String,
    /// What proves it: a ticket, a receipt, a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Name of the rulebook's expiry policy for granted points; that of purchases when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<String>,
    /// The merchant's document, such as that of an event offline. Asked for once only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// More words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The adjustment that granted points by mistake: these are taken from its lot, and from no
    /// other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
}

impl AdjustmentBody {
    /// Checks the values and makes a submission of it; `undone` is the adjustment that it undoes,
    /// when there is such a one.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        key: &str,
        actor: &str,
        caller: &Caller,
        undone: Option<&Entry>,
    ) -> Result<Submission, Problem> {
        let by = who(actor, caller)?;
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        if self.points == 0 || !(-MAX_AMOUNT..=MAX_AMOUNT).contains(&self.points) {
            check.wrong("/points", "must be -1000000000000000 to 1000000000000000, and not 0");
        }
        let undoes = undone.and_then(|entry| entry.lots.grants.first().map(|lot| (entry, lot)));
        let undoes =
            undoes.map(|(entry, lot)| (Undone { entry: entry.id, lot: lot.number }, lot.points));
        if self.undoes.is_some() && undoes.is_none() {
            check.wrong(
                "/undoes",
                "must be the entry_id of an adjustment that granted the member points",
            );
        }
        if undoes.is_some() && (self.points > 0 || self.expiry.is_some()) {
            check.wrong("/points", "must be negative, without expiry, where a grant is undone");
        }
        check.text("/reason_code", Some(&self.reason_code), 40);
        check.text("/evidence", self.evidence.as_deref(), 500);
        check.text("/expiry", self.expiry.as_deref(), 40);
        let (reference, source) = check.document("request", self.reference.as_deref());
        let origin = check.origin(actor, reference, self.reason.as_ref(), None, None);
        let wish = NewAdjustment {
            points: self.points,
            reason_code: self.reason_code.clone(),
            evidence: self.evidence.clone(),
            expiry: self.expiry.clone(),
            by,
            undoes,
        };
        let submission = member.map(|member| {
            Submission::new(member, RequestAdjustment(wish), origin)
                .under_key("adjust", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
    }

    /// Reads a table whose first line names the fields, in English or Chinese. Each row is a
    /// request, or its own problem, with its line.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] when the file as a whole cannot be read.
    pub fn rows(file: &[u8], charset: Option<&str>) -> Result<Vec<NumberedRow>, Problem> {
        let rows = files::read(file, charset, &COLUMNS, MAX_ROWS);
        let rows = rows.map_err(|error| {
            Problem::InvalidRequest(vec![FieldError::new("", error.to_string())])
        })?;
        Ok(rows.into_iter().map(|row| (row.line, Self::of(row))).collect())
    }

    fn of(row: files::Row) -> Result<Self, Problem> {
        let mut check = Check::default();
        if let Some(cell) = &row.stray {
            check.wrong("", format!("has a cell under no heading: {cell:?}"));
        }
        let mut cells = row.cells.into_iter();
        let mut next = || cells.next().flatten();
        let (member_id, points, reason_code) = (next(), next(), next());
        let (evidence, expiry, reference, reason) = (next(), next(), next(), next());
        if member_id.as_deref().is_some_and(files::is_scientific) {
            check.wrong("/member_id", DIGITS_LOST);
        }
        let points = match points.as_deref().map(files::integer) {
            Some(files::Number::Whole(points)) => Some(points),
            Some(files::Number::Scientific) => {
                check.wrong("/points", DIGITS_LOST);
                None
            }
            Some(files::Number::None) => {
                check.wrong(
                    "/points",
                    "must be a whole number: digits, with a minus in front to take points",
                );
                None
            }
            None => {
                check.wrong("/points", "is missing");
                None
            }
        };
        for (name, cell) in [("/member_id", &member_id), ("/reason_code", &reason_code)] {
            if cell.is_none() {
                check.wrong(name, "is missing");
            }
        }
        let body =
            member_id.zip(points).zip(reason_code).map(|((member_id, points), reason_code)| Self {
                member_id,
                points,
                reason_code,
                evidence,
                expiry,
                reference,
                reason,
                // An entry is undone one by one: a row has no look at what it names.
                undoes: None,
            });
        check.done(body)
    }
}

impl ReasonBody {
    /// Checks the values and makes a submission of it, for what this entry asked for, and what was
    /// found of what that is about.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        request: &Entry,
        (verdict, concerned): (ApprovalVerdict, Option<Concerned>),
        key: &str,
        actor: &str,
        caller: &Caller,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let origin = check.origin(actor, None, self.reason.as_ref(), None, None);
        let scope = match verdict {
            ApprovalVerdict::Approve => "approve",
            ApprovalVerdict::Reject => "reject",
            ApprovalVerdict::Withdraw => "withdraw",
        };
        let (by, role) = (who(actor, caller)?, caller.role.clone());
        let operation: Rc<dyn Operation> = match concerned {
            None => Rc::new(DecideAdjustment { request: request.id, verdict, by, role }),
            Some(concerned) => {
                Rc::new(DecideConcern { request: request.id, verdict, by, role, concerned })
            }
        };
        let submission = Submission::of(request.member.clone(), operation, origin).under_key(
            scope,
            key,
            fingerprint(&(request.id.to_string(), self)),
        );
        check.done(Some(submission))
    }
}

pub(crate) fn who(actor: &str, caller: &Caller) -> Result<Person, Problem> {
    Ok(Person { actor: actor.to_owned(), label: person(caller)?.to_owned() })
}
