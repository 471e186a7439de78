//! Publications: a draft becomes the rulebook, at once or at a set time. Major changes need the
//! approval of a second person.

use ledger::{EntryId, Refusal, Timestamp};
use rules::Document;
use serde_json::{Map, Value as Json, json};
use shell::{
    App, Drafted, FieldError, Page, Problem, PublicationBody, ReasonBody, Reply, Request,
    authenticate, authenticated_body, drafted, makes_no_points, new_id, now, once, parse_json,
    parse_optional_json, person, scoped, who,
};
use store::{
    Caller, Publication, PublicationState as State, ask_for_publication, changes,
    decide_publication, list_publications, major_changes, open_publications, programme,
    publication, publication_by_key, publication_document, publish_due, rulebook_version,
};

/// Max characters of a reason.
const MAX_REASON_LENGTH: usize = 500;
/// Max publications of a programme that are waiting or planned.
const MAX_OPEN: i64 = 100;
/// A year ahead, and a leap day.
const MAX_AHEAD_MS: i64 = 366 * 86_400_000;

shell::component! { shell::api::publication::ROUTES {
    "GET /v1/rulebook/publications" => list(),
    "POST /v1/rulebook/publications" => ask(),
    "GET /v1/rulebook/publications/{id}" => get(id),
    "POST /v1/rulebook/publications/{id}/approve" => decide(id, "approve"),
    "POST /v1/rulebook/publications/{id}/reject" => decide(id, "reject"),
    "POST /v1/rulebook/publications/{id}/withdraw" => decide(id, "withdraw"),
} }

async fn ask(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: PublicationBody = parse_json(body)?;
    let asking = async || ask_once(app, request, &caller, &scoped(&caller, &key), &body).await;
    once(app, &key, &caller, "publication", &body, asking).await
}

async fn ask_once(
    app: &App,
    request: &Request,
    caller: &Caller,
    key: &str,
    body: &PublicationBody,
) -> Result<Reply, Problem> {
    // The request exists already: its first caller crashed before the answer was stored, or the
    // same request runs at the same time.
    if let Some(found) = publication_by_key(&app.sql, caller.programme.no, key).await? {
        return repeated_answer(app, caller, &found, body).await;
    }
    let asked = request_publication(app, request, caller, key, body).await;
    match (publication_by_key(&app.sql, caller.programme.no, key).await?, asked) {
        // This request may have failed because the same request was faster.
        (Some(kept), _) => repeated_answer(app, caller, &kept, body).await,
        (None, Err(problem)) => Err(problem),
        (None, Ok(())) => Err(Problem::Internal("the publication was not kept".to_owned())),
    }
}

async fn request_publication(
    app: &App,
    request: &Request,
    caller: &Caller,
    key: &str,
    body: &PublicationBody,
) -> Result<(), Problem> {
    let invalid = |pointer: &str, detail: &str| {
        Problem::InvalidRequest(vec![FieldError::new(pointer, detail)])
    };
    let asked_at = now();
    let asked_by = person(caller)?;
    let at = match body.at.as_deref().map(Timestamp::parse) {
        None => asked_at,
        Some(Some(at)) if at > asked_at && at < asked_at.plus_ms(MAX_AHEAD_MS) => at,
        Some(Some(_)) => {
            return Err(invalid(
                "/at",
                "must lie within a year from now; leave it out to publish at once",
            ));
        }
        Some(None) => {
            return Err(invalid(
                "/at",
                "must be RFC 3339 with an offset, such as 2026-12-31T00:00:00+08:00",
            ));
        }
    };
    let no = caller.programme.no;
    let Drafted { document, stored, book } =
        drafted(&app.sql, &caller.programme, &body.draft).await?;
    let next: Document =
        serde_json::from_str(&document).map_err(|error| Problem::Internal(error.to_string()))?;
    let current =
        programme(&app.sql, &caller.programme.id).await?.ok_or(Problem::ResourceNotFound)?;
    let base_version = current.reference.rulebook_version;
    if body.base_version.is_some_and(|version| version != base_version) {
        return Err(Problem::Conflict);
    }
    if current.document == next {
        return Err(Problem::refused(Refusal::NothingToChange));
    }
    if open_publications(&app.sql, no).await? >= MAX_OPEN {
        return Err(invalid(
            "/draft",
            "100 publications are waiting or planned: withdraw one first",
        ));
    }
    let reference = Some(&current.reference);
    makes_no_points(&app.sql, &caller.programme.id, reference, None, &next.exchanges, "/draft")
        .await?;
    let major = major_changes(&current.document, &next)?;
    let state = if major.is_empty() { State::Planned } else { State::Waiting };
    let wish = Publication {
        id: new_id().to_string(),
        draft: body.draft.clone(),
        base_version,
        at,
        major,
        role: current.document.publication.role,
        asked_at,
        asked_by: asked_by.to_owned(),
        state,
        decided: None,
        published_at: None,
        approved: None,
        reason: None,
    };
    Ok(ask_for_publication(&app.sql, no, &wish, (stored, &book), key, &who(request, caller))
        .await?)
}

/// The answer for the publication of this key.
async fn repeated_answer(
    app: &App,
    caller: &Caller,
    found: &Publication,
    body: &PublicationBody,
) -> Result<Reply, Problem> {
    let at = body.at.as_deref().and_then(Timestamp::parse).unwrap_or(found.asked_at);
    let is_same = found.draft == body.draft && found.at == at;
    if !is_same {
        return Err(Problem::IdempotencyKeyReused);
    }
    publish_due_and_show(app, caller, &found.id).await.map(|body| Reply::json(201, &body))
}

/// Publishes what is due now, and returns the state of the publication.
async fn publish_due_and_show(app: &App, caller: &Caller, id: &str) -> Result<Json, Problem> {
    publish_due(&app.sql, &caller.programme, now()).await?;
    existing(app, caller, id).await.map(|found| Json::Object(shown(&found)))
}

async fn decide(app: &App, request: &Request, id: &str, verdict: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: ReasonBody = parse_optional_json(body)?;
    let id = EntryId::parse(id).ok_or(Problem::ResourceNotFound)?.to_string();
    if body
        .reason
        .as_ref()
        .is_some_and(|reason| !(1..=MAX_REASON_LENGTH).contains(&reason.chars().count()))
    {
        let error = FieldError::new("/reason", "must have 1 to 500 characters");
        return Err(Problem::InvalidRequest(vec![error]));
    }
    let own = person(&caller)?;
    let decided = async || {
        let found = existing(app, &caller, &id).await?;
        // Waiting and planned publications can be stopped; only waiting ones need an approval.
        let (from, to) = match verdict {
            "approve" => ([State::Waiting].as_slice(), State::Planned),
            "reject" => ([State::Waiting, State::Planned].as_slice(), State::Rejected),
            _ => ([State::Waiting, State::Planned].as_slice(), State::Withdrawn),
        };
        if verdict == "withdraw" && found.asked_by != own {
            return Err(Problem::refused(Refusal::NotYours));
        }
        if verdict != "withdraw" && found.asked_by == own {
            return Err(Problem::refused(Refusal::OwnRequest));
        }
        if verdict != "withdraw" && found.role != caller.role {
            return Err(Problem::refused(Refusal::WrongApprover { role: found.role }));
        }
        let by = (own, body.reason.as_deref());
        let is_decided = decide_publication(
            &app.sql,
            caller.programme.no,
            &id,
            (from, to),
            by,
            &who(request, &caller),
        )
        .await?;
        // After a crash the same person repeats the same decision, also if the state has changed
        // since.
        let is_own = |decided: &Option<(Timestamp, String)>| {
            decided.as_ref().is_some_and(|(_, by)| by == own)
        };
        let is_same = if verdict == "approve" {
            is_own(&found.approved)
        } else {
            found.state == to && is_own(&found.decided)
        };
        if is_decided || is_same {
            return publish_due_and_show(app, &caller, &id)
                .await
                .map(|body| Reply::json(200, &body));
        }
        Err(Problem::refused(Refusal::RequestResolved))
    };
    // Without a reason the fingerprint stays as it was before reasons existed.
    let asked =
        body.reason.as_ref().map_or(json!([id, verdict]), |reason| json!([id, verdict, reason]));
    once(app, &key, &caller, "publication-decision", &asked, decided).await
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let id = EntryId::parse(id).ok_or(Problem::ResourceNotFound)?.to_string();
    let found = existing(app, &caller, &id).await?;
    // The approver must see the requested document, not the current draft.
    let after = publication_document(&app.sql, caller.programme.no, &id).await?;
    let before = rulebook_version(&app.sql, &caller.programme.id, found.base_version).await?;
    let before = before.ok_or(Problem::ResourceNotFound)?.1;
    let mut body = shown(&found);
    body.insert("changes".to_owned(), changes(&before, &after)?.into());
    body.insert("rulebook".to_owned(), json!(after));
    Ok(Reply::json(200, &Json::Object(body)))
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let before = page.cursor.as_deref().unwrap_or_default();
    let found = list_publications(&app.sql, caller.programme.no, before, page.limit + 1).await?;
    Ok(page.reply(found, |found| Json::Object(shown(found)), |last| last.id.clone()))
}

async fn existing(app: &App, caller: &Caller, id: &str) -> Result<Publication, Problem> {
    publication(&app.sql, caller.programme.no, id).await?.ok_or(Problem::ResourceNotFound)
}

fn shown(found: &Publication) -> Map<String, Json> {
    let instant = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let decided = found.decided.as_ref();
    let version = found.published_at.map(|_| found.base_version + 1);
    let shown = json!({
        "publication_id": found.id,
        "draft": found.draft,
        "state": found.state.as_str(),
        "base_version": found.base_version,
        "at": found.at.to_string(),
        "major_changes": found.major,
        "waits_for": (found.state == State::Waiting).then_some(&found.role),
        "asked_at": found.asked_at.to_string(),
        "asked_by": found.asked_by,
        "approved_at": instant(found.approved.as_ref().map(|(at, _)| *at)),
        "approved_by": found.approved.as_ref().map(|(_, by)| by),
        "decided_at": instant(decided.map(|(at, _)| *at)),
        "decided_by": decided.map(|(_, by)| by),
        "reason": found.reason,
        "published_at": instant(found.published_at),
        "rulebook_version": version,
    });
    shown.as_object().cloned().unwrap_or_default()
}
