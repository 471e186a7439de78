//! How accounts are frozen and restored, odd earns decided on, and stolen points given back.

use std::rc::Rc;

use ledger::{Concern, Entry, EntryId, Frozen, Kind, LotNumber, MemberId, Refusal};
use rules::operations::{
    ApproveReview, Freeze, NewAdjustment, Recover, Redemption, RejectReview, RequestConcern,
    Restore, Stolen, ToReverse, UndoneAs, undone_as,
};
use rules::{Operation, Promise};
use store::{Caller, Submission, drawn_lots, named_entry, transferred};

use crate::api::{DecisionBody, FreezeBody, RecoverBody, SideBody};
use crate::app::App;
use crate::approvals::who;
use crate::check::Check;
use crate::earning::fingerprint;
use crate::problem::Problem;

/// The most entries that one recovery may name.
const MAX_ENTRIES: usize = 50;

impl FreezeBody {
    /// Checks the values and makes a submission of it for the member of the path; `restores` tells
    /// which way.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        member: &str,
        restores: bool,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member_id = check.id("member_id", MemberId::new(member));
        let origin = check.origin(actor, None, Some(&self.reason), None, None);
        let sides = match self.side {
            SideBody::Earning => Frozen { earning: true, spending: false },
            SideBody::Spending => Frozen { earning: false, spending: true },
            SideBody::Both => Frozen { earning: true, spending: true },
        };
        let (scope, operation): (_, Rc<dyn Operation>) = if restores {
            ("restore", Rc::new(Restore(sides)))
        } else {
            ("freeze", Rc::new(Freeze(sides)))
        };
        let submission = member_id.map(|member_id| {
            Submission::of(member_id, operation, origin).under_key(
                scope,
                key,
                fingerprint(&(member, self)),
            )
        });
        check.done(submission)
    }
}

impl DecisionBody {
    /// Makes a submission of it that lets the points of this earn go their way, with the life they
    /// were promised.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn approve_review(
        &self,
        earn: &Entry,
        promises: Vec<(LotNumber, Promise)>,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let operation = ApproveReview { earn: earn.id, occurred_at: earn.occurred_at, promises };
        self.of_review(earn, "review-approve", operation, key, actor)
    }

    /// Makes a submission of it that undoes what is left of this earn.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn reject_review(
        &self,
        earn: &Entry,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let wish = ToReverse { earn: Some(earn.clone()), ..ToReverse::default() };
        self.of_review(earn, "review-reject", RejectReview(Box::new(wish)), key, actor)
    }

    fn of_review(
        &self,
        earn: &Entry,
        scope: &str,
        operation: impl Operation + 'static,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let origin = check.origin(actor, None, self.reason.as_ref(), None, None);
        let submission = Submission::new(earn.member.clone(), operation, origin).under_key(
            scope,
            key,
            fingerprint(&(earn.id.to_string(), self)),
        );
        check.done(Some(submission))
    }
}

impl RecoverBody {
    /// The entries that it names.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn entries(&self) -> Result<Vec<EntryId>, Problem> {
        let mut check = Check::default();
        if self.entry_ids.is_empty() || self.entry_ids.len() > MAX_ENTRIES {
            check.wrong("/entry_ids", "must be 1 to 50 entries");
        }
        let mut ids = Vec::new();
        for (index, text) in self.entry_ids.iter().take(MAX_ENTRIES).enumerate() {
            match EntryId::parse(text) {
                Some(id) if ids.contains(&id) => {
                    check.wrong(format!("/entry_ids/{index}"), "is named before")
                }
                Some(id) => ids.push(id),
                None => check.wrong(
                    format!("/entry_ids/{index}"),
                    "must be the entry_id of a redemption or gift",
                ),
            }
        }
        check.done(Some(ids))
    }

    /// Checks the values and makes a submission of it for the member of the path; `stolen` is what
    /// was found of the entries. It is carried out for the operator, who is held up by nobody, and
    /// asked for by all others.
    ///
    /// # Errors
    /// [`Problem::PersonNeeded`], or [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        member: &str,
        stolen: Vec<Stolen>,
        key: &str,
        actor: &str,
        caller: &Caller,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member_id = check.id("member_id", MemberId::new(member));
        let origin = check.origin(actor, None, Some(&self.reason), None, None);
        let operation: Rc<dyn Operation> = if caller.operator {
            Rc::new(Recover(stolen))
        } else {
            let points = stolen.iter().fold(0i64, |sum, one| {
                sum.saturating_add(one.redemption.entry.points.saturating_abs())
            });
            let concern = Concern::Recover(self.entries()?);
            Rc::new(asked_for("recover", points, concern, actor, caller)?)
        };
        let submission = member_id.map(|member_id| {
            Submission::of(member_id, operation, origin).under_key(
                "recover",
                key,
                fingerprint(&(member, self)),
            )
        });
        check.done(submission)
    }
}

/// An operation that asks for what moves so many points, and takes the approvals of an adjustment
/// of that size.
pub(crate) fn asked_for(
    what: &str,
    points: i64,
    concern: Concern,
    actor: &str,
    caller: &Caller,
) -> Result<RequestConcern, Problem> {
    let by = who(actor, caller)?;
    let wish = NewAdjustment {
        points,
        reason_code: what.to_owned(),
        evidence: None,
        expiry: None,
        by,
        undoes: None,
    };
    Ok(RequestConcern(wish, concern))
}

/// What the member spent or gave away by these entries, and who got it. Entries never change, so
/// they may be read before the members are.
///
/// # Errors
/// A refusal when one of them is no redemption or gift of the member, or what the database does.
pub async fn stolen(
    app: &App,
    programme_no: i64,
    member: &str,
    ids: &[EntryId],
) -> Result<Vec<Stolen>, Problem> {
    let mut stolen = Vec::new();
    for id in ids {
        let found = named_entry(&app.sql, programme_no, *id).await?;
        let is_theirs = |entry: &Entry| entry.member.as_str() == member && went_away(entry);
        let entry =
            found.filter(is_theirs).ok_or_else(|| Problem::refused(Refusal::ReferenceNotFound))?;
        let received = match entry.kind {
            Kind::Transfer => transferred(&app.sql, programme_no, entry.id).await?,
            _ => None,
        };
        let lots = drawn_lots(&app.sql, programme_no, &entry).await?;
        stolen.push(Stolen { redemption: Redemption { entry, lots }, received });
    }
    Ok(stolen)
}

fn went_away(entry: &Entry) -> bool {
    undone_as(entry.kind) == UndoneAs::Spent
        || (entry.kind == Kind::Transfer && !entry.draws.is_empty())
}
