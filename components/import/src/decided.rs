//! Decides on an import. The roles that the rulebook requires for its points approve in sequence.
//! The requester cannot approve.

use ledger::Refusal;
use shell::{
    App, FieldError, Problem, ReasonBody, Reply, Request, authenticated_body, now, once,
    parse_optional_json, person, who,
};
use store::{Caller, ImportApproval, ImportState, decide_import};

use crate::{existing, shown};

pub async fn decide(
    app: &App,
    request: &Request,
    id: &str,
    verdict: &str,
) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: ReasonBody = parse_optional_json(body)?;
    if body.reason.as_ref().is_some_and(|reason| !(1..=500).contains(&reason.chars().count())) {
        return Err(FieldError::new("/reason", "must have 1 to 500 characters").into());
    }
    let deciding =
        async || decided(app, request, &caller, (id, verdict), body.reason.as_deref()).await;
    once(app, &key, &caller, "import-decision", &(id, verdict, &body), deciding).await
}

async fn decided(
    app: &App,
    request: &Request,
    caller: &Caller,
    (id, verdict): (&str, &str),
    reason: Option<&str>,
) -> Result<Reply, Problem> {
    let own = person(caller)?;
    let found = existing(app, caller, id).await?;
    let is_waiting = found.state == ImportState::Waiting && found.until > now();
    // A withdrawal while booking ends the remaining rows, for example if the file is wrong.
    let can_end = verdict == "withdraw" && found.state == ImportState::Approved;
    if !is_waiting && !can_end {
        return Err(Problem::refused(Refusal::RequestResolved));
    }
    let mut approvals = found.approvals.clone();
    let to = if verdict == "withdraw" {
        if found.asked_by != own {
            return Err(Problem::refused(Refusal::NotYours));
        }
        ImportState::Withdrawn
    } else {
        may_decide(&found, own, &caller.role)?;
        if verdict == "approve" {
            approvals.push(ImportApproval {
                by: own.to_owned(),
                role: caller.role.clone(),
                at: now().0,
            });
        }
        match verdict {
            "approve" if approvals.len() < found.steps.len() => ImportState::Waiting,
            "approve" => ImportState::Approved,
            _ => ImportState::Rejected,
        }
    };
    let who = who(request, caller);
    if !decide_import(&app.sql, caller.programme.no, &found, (&approvals, to), reason, &who).await?
    {
        return Err(Problem::Conflict);
    }
    let found = existing(app, caller, id).await?;
    Ok(Reply::json(200, &shown(app, caller, &found).await?))
}

fn may_decide(found: &store::Import, own: &str, role: &str) -> Result<(), Problem> {
    if found.asked_by == own {
        return Err(Problem::refused(Refusal::OwnRequest));
    }
    if found.approvals.iter().any(|approval| approval.by == own) {
        return Err(Problem::refused(Refusal::AlreadyApproved));
    }
    match found.steps.get(found.approvals.len()) {
        Some(needed) if needed != role => {
            Err(Problem::refused(Refusal::WrongApprover { role: needed.clone() }))
        }
        _ => Ok(()),
    }
}
