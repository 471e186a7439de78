//! Adjustments as they are stored, in the body of an entry and among a member's open requests, and
//! the list of those.

use ledger::{
    Adjustment, AdjustmentRequest, AdjustmentTerms, Approval, Concern, EntryId, LotNumber,
    MemberId, Person, Undone,
};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::member_row::instant;
use crate::sql::Sql;
use crate::statement::statement;

/// Actor, label, role, instant.
type ApprovalRow = (String, String, String, i64);
/// Points, reason code, evidence, expires_at, steps, until.
type PlainTermsRow = (i64, String, Option<String>, Option<i64>, Vec<String>, i64);
/// The same, then the grant that it undoes: entry id, lot.
type UndoingTermsRow = (i64, String, Option<String>, Option<i64>, Vec<String>, i64, (String, i64));

/// The same, then what else it is about.
type ConcerningTermsRow = (i64, String, Option<String>, Option<i64>, Vec<String>, i64, ConcernRow);

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum TermsRow {
    Plain(PlainTermsRow),
    Undoing(UndoingTermsRow),
    Concerning(ConcerningTermsRow),
}

/// The entries to be recovered, or the member to be merged.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum ConcernRow {
    Recover(Vec<String>),
    Merge(String),
}

/// Terms, actor and label of who asked, approvals. Part of the stored format.
pub(crate) type AdjustmentRow = (TermsRow, (String, String), Vec<ApprovalRow>);
/// Entry id and what it asks for.
pub(crate) type RequestRow = (String, AdjustmentRow);

pub(crate) fn row(adjustment: &Adjustment) -> AdjustmentRow {
    let Adjustment { terms: t, by, approvals } = adjustment;
    let expires_at = t.expires_at.map(|at| at.0);
    let (points, reason, evidence, steps) =
        (t.points, t.reason_code.clone(), t.evidence.clone(), t.steps.clone());
    let terms = match (&t.undoes, &t.concern) {
        (None, None) => TermsRow::Plain((points, reason, evidence, expires_at, steps, t.until.0)),
        (Some(undone), _) => {
            let undone = (undone.entry.to_string(), undone.lot.0);
            TermsRow::Undoing((points, reason, evidence, expires_at, steps, t.until.0, undone))
        }
        (None, Some(concern)) => {
            let concern = match concern {
                Concern::Recover(ids) => {
                    ConcernRow::Recover(ids.iter().map(ToString::to_string).collect())
                }
                Concern::Merge(from) => ConcernRow::Merge(from.to_string()),
            };
            TermsRow::Concerning((points, reason, evidence, expires_at, steps, t.until.0, concern))
        }
    };
    let approval = |a: &Approval| (a.by.actor.clone(), a.by.label.clone(), a.role.clone(), a.at.0);
    (terms, (by.actor.clone(), by.label.clone()), approvals.iter().map(approval).collect())
}

pub(crate) fn adjustment((terms, (actor, label), approvals): AdjustmentRow) -> Adjustment {
    let ((points, reason_code, evidence, expires_at, steps, until), undoes, concern) = match terms {
        TermsRow::Plain(terms) => (terms, None, None),
        TermsRow::Undoing((points, reason, evidence, expires_at, steps, until, (entry, lot))) => {
            let undone = EntryId::parse(&entry).map(|entry| Undone { entry, lot: LotNumber(lot) });
            ((points, reason, evidence, expires_at, steps, until), undone, None)
        }
        TermsRow::Concerning((points, reason, evidence, expires_at, steps, until, concern)) => {
            // A text that is no id names nothing, and the hash of the entry tells.
            let concern = match concern {
                ConcernRow::Recover(ids) => {
                    Concern::Recover(ids.iter().filter_map(|id| EntryId::parse(id)).collect())
                }
                ConcernRow::Merge(from) => {
                    MemberId::new(from).map_or(Concern::Recover(Vec::new()), Concern::Merge)
                }
            };
            ((points, reason, evidence, expires_at, steps, until), None, Some(concern))
        }
    };
    let expires_at = expires_at.map(instant);
    let approval =
        |(actor, label, role, at)| Approval { by: Person { actor, label }, role, at: instant(at) };
    let until = instant(until);
    Adjustment {
        terms: AdjustmentTerms {
            points,
            reason_code,
            evidence,
            expires_at,
            steps,
            until,
            undoes,
            concern,
        },
        by: Person { actor, label },
        approvals: approvals.into_iter().map(approval).collect(),
    }
}

pub(crate) fn request_row(request: &AdjustmentRequest) -> RequestRow {
    let AdjustmentRequest { id, terms, by, approvals } = request.clone();
    (id.to_string(), row(&Adjustment { terms, by, approvals }))
}

pub(crate) fn request((id, row): RequestRow) -> Option<AdjustmentRequest> {
    let Adjustment { terms, by, approvals } = adjustment(row);
    Some(AdjustmentRequest { id: EntryId::parse(&id)?, terms, by, approvals })
}

/// Open requests with their members, of up to `most` members after member number `after`, and the
/// number to go on after; `None` at the end.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn open_requests(
    sql: &impl Sql,
    programme_no: i64,
    after: i64,
    most: i64,
) -> Result<(Vec<(MemberId, AdjustmentRequest)>, Option<i64>), Error> {
    let read = |text: &str| serde_json::from_str(text).ok().and_then(request);
    by_member(sql, statement!("queries/open_requests"), [programme_no, after, most], read).await
}

/// What is open of members, by a query over programme, member number to go on after, and most
/// members.
pub(crate) async fn by_member<T>(
    sql: &impl Sql,
    query: &'static str,
    [programme_no, after, most]: [i64; 3],
    read: impl Fn(&str) -> Option<T>,
) -> Result<(Vec<(MemberId, T)>, Option<i64>), Error> {
    let (mut found, mut last, mut members) = (Vec::new(), after, 0);
    for mut row in sql.query(query, vec![programme_no.into(), after.into(), most.into()]).await? {
        let no = row.integer(0)?;
        members += i64::from(no != last);
        last = no;
        let member = MemberId::stored(row.text(1)?).map_err(|_| Error::Corrupt("member id"))?;
        found.push((member, read(&row.text(2)?).ok_or(Error::Corrupt("state"))?));
    }
    Ok((found, (members == most).then_some(last)))
}
