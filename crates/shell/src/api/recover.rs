//! Stolen points.

use std::rc::Rc;

use ledger::{Concern, Entry, EntryId, Kind, MemberId, Refusal, UndoneAs};
use rules::Operation;
use rules::operations::{NewAdjustment, Recover, Redemption, RequestConcern, Stolen};
use serde::{Deserialize, Serialize};
use store::{Caller, Submission, drawn_lots, find_entry, transferred};

use super::adjust::who;
use super::common::fingerprint;
use super::roles::APPROVERS;
use crate::app::App;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::Route;

/// The routes of the component.
pub const ROUTES: &[Route] = &[Route::command(
    "/v1/members/{id}/recover",
    "Give back what a thief has spent",
    APPROVERS,
    "RecoverBody",
)
.for_all_stores()];

/// The most entries that one recovery may name.
const MAX_ENTRIES: usize = 50;

/// Redemptions that somebody else made in a member's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecoverBody {
    /// Their entries, 1 to 50, each once.
    pub entry_ids: Vec<String>,
    /// Why, for people.
    pub reason: String,
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

/// What the member spent or gave away by these entries, and the members who got it. Entries never
/// change, so they may be read before the members are.
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
        let found = find_entry(&app.sql, programme_no, *id).await?;
        let is_theirs = |entry: &Entry| entry.member.as_str() == member && went_away(entry);
        let entry =
            found.filter(is_theirs).ok_or_else(|| Problem::refused(Refusal::ReferenceNotFound))?;
        let received = match entry.kind() {
            Kind::Transfer => transferred(&app.sql, programme_no, entry.id).await?,
            _ => None,
        };
        let lots = drawn_lots(&app.sql, programme_no, &entry).await?;
        stolen.push(Stolen { redemption: Redemption::new(entry, lots), received });
    }
    Ok(stolen)
}

fn went_away(entry: &Entry) -> bool {
    entry.kind().row().undone_as == UndoneAs::Spent
        || (entry.kind() == Kind::Transfer && !entry.lots.draws.is_empty())
}
