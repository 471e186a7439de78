//! Drafts on their way to being published, of the rulebook or of the playbook: what a request asks
//! for, what is kept of it, and how it stands.

use ledger::{Refusal, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use store::{
    Caller, DocumentKind, Publication, PublicationState as State, Publishable, ask_for_publication,
    open_publications, publication, publication_by_key, publish_due,
};

use crate::answer::Reply;
use crate::app::App;
use crate::audit::who;
use crate::idempotent::once;
use crate::ids::{new_id, now};
use crate::keeping::scoped;
use crate::person::person;
use crate::problem::{FieldError, Problem};
use crate::request::Request;

/// Max publications of a programme that are waiting or planned.
const MAX_OPEN: i64 = 100;
/// A year ahead, and a leap day.
const MAX_AHEAD_MS: i64 = 366 * 86_400_000;

/// What a person asks for.
#[derive(Debug, Serialize)]
pub struct PublicationWish<'a> {
    /// Of which document, by its name.
    pub document: &'static str,
    /// The draft's name.
    pub draft: &'a str,
    /// When, RFC 3339; at once when absent.
    pub at: Option<&'a str>,
    /// The version that the draft was made from.
    pub base_version: Option<i64>,
}

/// The draft, held against the document in force.
pub struct Candidate {
    /// The draft as it is stored once it is published.
    pub document: Publishable,
    /// The version in force.
    pub base_version: i64,
    /// What has to be approved of, as JSON pointers, and by which role.
    pub major: (Vec<String>, String),
}

impl PublicationWish<'_> {
    /// Whether the draft can follow the version in force; `is_same` says that it is no other
    /// document.
    ///
    /// # Errors
    /// [`Problem::Conflict`] when it was made from another version, and a refusal when it changes
    /// nothing.
    pub fn follows(&self, version_now: i64, is_same: bool) -> Result<(), Problem> {
        if self.base_version.is_some_and(|version| version != version_now) {
            return Err(Problem::Conflict);
        }
        if is_same { Err(Problem::refused(Refusal::NothingToChange)) } else { Ok(()) }
    }
}

/// Asks for a publication, once under its key, and answers how it stands. `candidate` holds the
/// draft against what is in force.
///
/// # Errors
/// Every [`Problem`].
pub async fn ask_to_publish(
    app: &App,
    request: &Request,
    (caller, key): (&Caller, &str),
    kind: DocumentKind,
    wish: &PublicationWish<'_>,
    candidate: impl AsyncFn() -> Result<Candidate, Problem>,
) -> Result<Reply, Problem> {
    let no = caller.programme.no;
    let kept_key = scoped(caller, key);
    let asking = async || {
        // The request exists already: its first caller crashed before the answer was stored, or
        // the same request runs at the same time.
        if let Some(found) = publication_by_key(&app.sql, no, &kept_key).await? {
            return repeated_answer(app, caller, (kind, wish), &found).await;
        }
        let asked = keep(app, request, (caller, &kept_key), (kind, wish), &candidate).await;
        match (publication_by_key(&app.sql, no, &kept_key).await?, asked) {
            // This request may have failed because the same request was faster.
            (Some(kept), _) => repeated_answer(app, caller, (kind, wish), &kept).await,
            (None, Err(problem)) => Err(problem),
            (None, Ok(())) => Err(Problem::Internal("the publication was not kept".to_owned())),
        }
    };
    once(app, key, caller, "publication", wish, asking).await
}

async fn keep(
    app: &App,
    request: &Request,
    (caller, key): (&Caller, &str),
    (kind, wish): (DocumentKind, &PublicationWish<'_>),
    candidate: &impl AsyncFn() -> Result<Candidate, Problem>,
) -> Result<(), Problem> {
    let asked_at = now();
    let asked_by = person(caller)?;
    let invalid = |pointer: &str, detail: &str| Problem::from(FieldError::new(pointer, detail));
    let at = match wish.at.map(Timestamp::parse) {
        None => asked_at,
        Some(Some(at)) if at > asked_at && at < asked_at.plus_ms(MAX_AHEAD_MS) => at,
        Some(Some(_)) => {
            let detail = "must lie within a year from now; leave it out to publish at once";
            return Err(invalid("/at", detail));
        }
        Some(None) => {
            let detail = "must be RFC 3339 with an offset, such as 2026-12-31T00:00:00+08:00";
            return Err(invalid("/at", detail));
        }
    };
    let Candidate { document, base_version, major: (major, role) } = candidate().await?;
    if open_publications(&app.sql, caller.programme.no).await? >= MAX_OPEN {
        let detail = "100 publications are waiting or planned: withdraw one first";
        return Err(invalid("/draft", detail));
    }
    let state = if major.is_empty() { State::Planned } else { State::Waiting };
    let kept = Publication {
        id: new_id().to_string(),
        kind,
        draft: wish.draft.to_owned(),
        base_version,
        at,
        major,
        role,
        asked_at,
        asked_by: asked_by.to_owned(),
        state,
        decided: None,
        published_at: None,
        approved: None,
        reason: None,
    };
    let who = who(request, caller);
    Ok(ask_for_publication(&app.sql, caller.programme.no, &kept, document, key, &who).await?)
}

/// The answer for the publication of this key.
async fn repeated_answer(
    app: &App,
    caller: &Caller,
    (kind, wish): (DocumentKind, &PublicationWish<'_>),
    found: &Publication,
) -> Result<Reply, Problem> {
    let at = wish.at.and_then(Timestamp::parse).unwrap_or(found.asked_at);
    let is_same = found.kind == kind && found.draft == wish.draft && found.at == at;
    if !is_same {
        return Err(Problem::IdempotencyKeyReused);
    }
    publish_due_and_show(app, caller, &found.id).await.map(|body| Reply::json(201, &body))
}

/// Publishes what is due now, and returns the state of the publication.
///
/// # Errors
/// [`Problem::ResourceNotFound`]; what the database does.
pub async fn publish_due_and_show(app: &App, caller: &Caller, id: &str) -> Result<Json, Problem> {
    publish_due(&app.sql, &caller.programme, now()).await?;
    let found = publication(&app.sql, caller.programme.no, id).await?;
    Ok(Json::Object(shown_publication(&found.ok_or(Problem::ResourceNotFound)?)))
}

/// A publication, as its readers see it.
#[must_use]
pub fn shown_publication(found: &Publication) -> Map<String, Json> {
    let instant = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let decided = found.decided.as_ref();
    let version = found.published_at.map(|_| found.base_version + 1);
    let shown = json!({
        "publication_id": found.id,
        "document": found.kind.as_str(),
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
    });
    let mut shown = shown.as_object().cloned().unwrap_or_default();
    shown.insert(format!("{}_version", found.kind.as_str()), version.into());
    shown
}
