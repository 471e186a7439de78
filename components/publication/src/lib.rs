//! Publications: drafts become the rulebook, at once or at some time; major changes after somebody else approved.
//!
//! | Route | Does |
//! |---|---|
//! | `POST /v1/rulebook/publications` | asks for a draft to be published |
//! | `GET /v1/rulebook/publications` | lists publications |
//! | `GET /v1/rulebook/publications/{id}` | shows one |
//! | `POST /v1/rulebook/publications/{id}/approve` | lets it go its way |
//! | `POST /v1/rulebook/publications/{id}/reject` | decides against it |
//! | `POST /v1/rulebook/publications/{id}/withdraw` | takes it back |

use ledger::{EntryId, Refusal, Timestamp};
use rules::Document;
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, Page, Problem, PublicationBody, Reply, Request, Response, Role, authenticate, new_id, now, once,
    parse_json, serve,
};
use spin_sdk::http_service;
use store::{
    Caller, Publication, PublicationState as State, ask_for_publication, decide_publication, draft, list_publications,
    major_changes, open_publications, programme, publication, publish_due,
};

const WRITERS: [Role; 1] = [Role::Marketing];
const APPROVERS: [Role; 3] = [Role::Approver, Role::DepartmentHead, Role::VicePresident];
const READERS: [Role; 5] = [Role::Marketing, Role::Finance, Role::Approver, Role::DepartmentHead, Role::VicePresident];
const MOST_BYTES: usize = 1024;
/// The most publications of a programme that are waiting or planned.
const MOST_OPEN: i64 = 100;
/// A year ahead, and a leap day.
const FARTHEST_MS: i64 = 366 * 86_400_000;

#[http_service]
async fn handle(request: spin_sdk::http::Request) -> Response {
    serve(request, route).await
}

async fn route(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (method, path) = request.route();
    match (method, path.as_slice()) {
        ("POST", ["v1", "rulebook", "publications"]) => ask(app, request).await,
        ("GET", ["v1", "rulebook", "publications"]) => list(app, request).await,
        ("GET", ["v1", "rulebook", "publications", id]) => get(app, request, id).await,
        ("POST", ["v1", "rulebook", "publications", id, verdict @ ("approve" | "reject" | "withdraw")]) => {
            decide(app, request, id, verdict).await
        }
        (_, ["v1", "rulebook", "publications"]) => Err(Problem::MethodNotAllowed("GET, POST")),
        (_, ["v1", "rulebook", "publications", _]) => Err(Problem::MethodNotAllowed("GET")),
        (_, ["v1", "rulebook", "publications", _, "approve" | "reject" | "withdraw"]) => {
            Err(Problem::MethodNotAllowed("POST"))
        }
        _ => Err(Problem::RouteNotFound),
    }
}

async fn ask(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &WRITERS).await?;
    request.allow_query(&[])?;
    let body = request.body_within(MOST_BYTES)?;
    let key = request.idempotency_key()?;
    let body: PublicationBody = parse_json(body)?;
    once(app, &key, &caller, "publication", &body, async || asked(app, &caller, &body).await).await
}

async fn asked(app: &App, caller: &Caller, body: &PublicationBody) -> Result<Reply, Problem> {
    let invalid = |pointer: &str, detail: &str| Problem::InvalidRequest(vec![FieldError::new(pointer, detail)]);
    let asked_at = now();
    let at = match body.at.as_deref().map(Timestamp::parse) {
        None => asked_at,
        Some(Some(at)) if at > asked_at && at < asked_at.plus_ms(FARTHEST_MS) => at,
        Some(Some(_)) => {
            return Err(invalid("/at", "must lie within a year from now; leave it out to publish at once"));
        }
        Some(None) => {
            return Err(invalid("/at", "must be RFC 3339 with an offset, such as 2026-12-31T00:00:00+08:00"));
        }
    };
    let no = caller.programme.no;
    let (_, wish) =
        draft(&app.sql, no, &body.draft).await?.ok_or_else(|| invalid("/draft", "there is no draft of this name"))?;
    let rulebook =
        wish.rulebook.ok_or_else(|| invalid("/draft", "has problems, which the draft tells: mend them first"))?;
    let next: Document = serde_json::from_str(&wish.document).map_err(|error| Problem::Internal(error.to_string()))?;
    let current = programme(&app.sql, &caller.programme.id).await?.ok_or(Problem::ResourceNotFound)?;
    let base_version = current.reference.rulebook_version;
    if body.base_version.is_some_and(|version| version != base_version) {
        return Err(Problem::Conflict);
    }
    if current.document == next {
        return Err(Problem::refused(Refusal::NothingToChange));
    }
    if open_publications(&app.sql, no).await? >= MOST_OPEN {
        return Err(invalid("/draft", "100 publications are waiting or planned: withdraw one first"));
    }
    let major = major_changes(&current.document, &next)?;
    let id = new_id();
    let state = if major.is_empty() { State::Planned } else { State::Waiting };
    let wish = Publication {
        id: id.to_string(),
        draft: body.draft.clone(),
        base_version,
        at,
        major,
        role: current.document.publication.role,
        asked_at,
        asked_by: caller.label.clone(),
        state,
        decided: None,
        published_at: None,
    };
    ask_for_publication(&app.sql, no, &wish, rulebook).await?;
    moved_on(app, caller, id).await.map(|body| Reply::json(201, &body))
}

/// Publishes what is due now, and shows how the publication stands then.
async fn moved_on(app: &App, caller: &Caller, id: EntryId) -> Result<Json, Problem> {
    publish_due(&app.sql, caller.programme.no, now()).await?;
    existing(app, caller, id).await.map(|found| shown(&found))
}

async fn decide(app: &App, request: &Request, id: &str, verdict: &str) -> Result<Reply, Problem> {
    let roles = if verdict == "withdraw" { WRITERS.as_slice() } else { APPROVERS.as_slice() };
    let caller = authenticate(app, request, roles).await?;
    request.allow_query(&[])?;
    request.body_within(MOST_BYTES)?;
    let key = request.idempotency_key()?;
    let id = EntryId::parse(id).ok_or(Problem::ResourceNotFound)?;
    let decided = async || {
        let found = existing(app, &caller, id).await?;
        // Open ones can be stopped; only those that wait need an approval.
        let (from, to) = match verdict {
            "approve" => ([State::Waiting].as_slice(), State::Planned),
            "reject" => ([State::Waiting, State::Planned].as_slice(), State::Rejected),
            _ => ([State::Waiting, State::Planned].as_slice(), State::Withdrawn),
        };
        if verdict == "withdraw" && found.asked_by != caller.label {
            return Err(Problem::refused(Refusal::NotYours));
        }
        if verdict != "withdraw" && found.asked_by == caller.label {
            return Err(Problem::refused(Refusal::OwnRequest));
        }
        if verdict != "withdraw" && found.role != caller.role {
            return Err(Problem::refused(Refusal::WrongApprover { role: found.role }));
        }
        let is_decided =
            decide_publication(&app.sql, caller.programme.no, &id.to_string(), (from, to), now(), &caller.label)
                .await?;
        // Who crashed after deciding decides the same again.
        let is_same = found.decided.is_some_and(|(_, by)| by == caller.label)
            && (found.state == to || (verdict == "approve" && found.state == State::Published));
        if is_decided || is_same {
            return moved_on(app, &caller, id).await.map(|body| Reply::json(200, &body));
        }
        Err(Problem::refused(Refusal::RequestResolved))
    };
    once(app, &key, &caller, "publication-decision", &(id.to_string(), verdict), decided).await
}

async fn get(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &READERS).await?;
    request.allow_query(&[])?;
    let id = EntryId::parse(id).ok_or(Problem::ResourceNotFound)?;
    Ok(Reply::json(200, &shown(&existing(app, &caller, id).await?)))
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request, &READERS).await?;
    request.allow_query(&["limit", "cursor"])?;
    let page = Page::of(request)?;
    let before = page.cursor.as_deref().unwrap_or_default();
    let found = list_publications(&app.sql, caller.programme.no, before, page.limit + 1).await?;
    Ok(page.reply(found, shown, |last| last.id.clone()))
}

async fn existing(app: &App, caller: &Caller, id: EntryId) -> Result<Publication, Problem> {
    publication(&app.sql, caller.programme.no, id).await?.ok_or(Problem::ResourceNotFound)
}

fn shown(found: &Publication) -> Json {
    let instant = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let decided = found.decided.as_ref();
    let version = found.published_at.map(|_| found.base_version + 1);
    json!({
        "publication_id": found.id,
        "draft": found.draft,
        "state": found.state.as_str(),
        "base_version": found.base_version,
        "at": found.at.to_string(),
        "major_changes": found.major,
        "waits_for": (found.state == State::Waiting).then_some(&found.role),
        "asked_at": found.asked_at.to_string(),
        "asked_by": found.asked_by,
        "decided_at": instant(decided.map(|(at, _)| *at)),
        "decided_by": decided.map(|(_, by)| by),
        "published_at": instant(found.published_at),
        "rulebook_version": version,
    })
}
