//! Publications: a draft becomes the document in force, at once or at a set time. Major changes
//! need the approval of a second person. Publications of rulebooks are asked for here, those of
//! playbooks in their component; both are decided here.

use ledger::{EntryId, Refusal, Timestamp};
use rules::Document;
use serde_json::{Value as Json, json};
use shell::{
    App, Candidate, Drafted, FieldError, Page, Problem, PublicationBody, PublicationWish,
    ReasonBody, Reply, Request, ask_to_publish, authenticate, authenticated_body, drafted,
    makes_no_points, once, parse_json, parse_optional_json, person, publish_due_and_show,
    shown_publication, who,
};
use store::{
    Caller, DocumentKind, Publication, PublicationState as State, Publishable, base_document,
    changes_of, decide_publication, list_publications, major_changes, programme, publication,
    publication_document,
};

/// Max characters of a reason.
const MAX_REASON_LENGTH: usize = 500;

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
    let kind = DocumentKind::Rulebook;
    let wish = PublicationWish {
        document: kind.as_str(),
        draft: &body.draft,
        at: body.at.as_deref(),
        base_version: body.base_version,
    };
    let candidate = async || candidate(app, &caller, &wish).await;
    ask_to_publish(app, request, (&caller, &key), kind, &wish, candidate).await
}

/// The draft, held against the rulebook in force.
async fn candidate(
    app: &App,
    caller: &Caller,
    wish: &PublicationWish<'_>,
) -> Result<Candidate, Problem> {
    let Drafted { document, stored, book } =
        drafted(&app.sql, &caller.programme, wish.draft).await?;
    let next: Document =
        serde_json::from_str(&document).map_err(|error| Problem::Internal(error.to_string()))?;
    let current =
        programme(&app.sql, &caller.programme.id).await?.ok_or(Problem::ResourceNotFound)?;
    let base_version = current.reference.rulebook_version;
    wish.follows(base_version, current.document == next)?;
    let reference = Some(&current.reference);
    makes_no_points(&app.sql, &caller.programme.id, reference, None, &next.exchanges, "/draft")
        .await?;
    let major = major_changes(&current.document, &next)?;
    Ok(Candidate {
        document: Publishable::rulebook(stored, &book),
        base_version,
        major: (major, current.document.publication.role),
    })
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
    let after = publication_document(&app.sql, caller.programme.no, &found).await?;
    let of = (found.kind, caller.programme.id.as_str());
    let before = base_document(&app.sql, of.0, of.1, found.base_version).await?;
    let mut body = shown_publication(&found);
    body.insert("changes".to_owned(), changes_of(&before, &after).into());
    body.insert(found.kind.as_str().to_owned(), after);
    Ok(Reply::json(200, &Json::Object(body)))
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let before = page.cursor.as_deref().unwrap_or_default();
    let unknown = || FieldError::new("?document", "must be rulebook or playbook");
    let kind = request
        .query("document")
        .map(|name| DocumentKind::parse(name).ok_or_else(unknown))
        .transpose()?;
    let no = caller.programme.no;
    let found = list_publications(&app.sql, no, kind, before, page.limit + 1).await?;
    let show = |found: &Publication| Json::Object(shown_publication(found));
    Ok(page.reply(found, show, |last| last.id.clone()))
}

async fn existing(app: &App, caller: &Caller, id: &str) -> Result<Publication, Problem> {
    publication(&app.sql, caller.programme.no, id).await?.ok_or(Problem::ResourceNotFound)
}
