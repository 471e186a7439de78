//! Drafts of the playbook: kept, compared with the playbook in force, and asked to be published.

use reach::playbook::{Fault, Playbook};
use rules::Document;
use serde_json::{Map, Value as Json, json};
use shell::{
    App, Candidate, CheckedDraft, Drafts, FieldError, PlaybookPublicationBody, Problem,
    PublicationWish, Reply, Request, ask_to_publish, authenticate, authenticated_body, known,
    parse_optional_json,
};
use store::{
    Caller, Publishable, changes_of, playbook_json, playbook_text, programme, published_playbook,
};

use crate::KIND;

pub const DRAFTS: Drafts = Drafts { kind: KIND };

pub async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    DRAFTS.list(app, request).await
}

pub async fn delete(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    DRAFTS.delete(app, request, name).await
}

pub async fn put(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    DRAFTS.put(app, request, name, async |caller, draft| checked(app, caller, draft).await).await
}

pub async fn get(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    DRAFTS.get(app, request, name, async |caller, draft| checked(app, caller, draft).await).await
}

/// What the draft changes in the playbook in force, and which of that is major.
pub async fn diff(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let (_, draft) = DRAFTS.find::<Playbook>(app, &caller, name).await?;
    let current = published_playbook(&app.sql, caller.programme.no).await?;
    let rulebook = rulebook(app, &caller).await?;
    let known = known(caller.programme.no, &rulebook).await?;
    let changes = changes_of(&playbook_json(&current.playbook)?, &playbook_json(&draft)?);
    let body = json!({
        "draft": name,
        "base_version": current.version(),
        "changes": changes,
        "major_changes": current.playbook.major_changes(&draft, &known),
    });
    Ok(Reply::json(200, &body))
}

pub async fn publish(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let body: PlaybookPublicationBody = parse_optional_json(body)?;
    let wish = PublicationWish {
        document: KIND.as_str(),
        draft: name,
        at: body.at.as_deref(),
        base_version: body.base_version,
    };
    let candidate = async || candidate(app, &caller, &wish).await;
    ask_to_publish(app, request, (&caller, &key), KIND, &wish, candidate).await
}

/// The draft, held against the playbook in force. What it names is looked for again: it may be gone
/// since the draft was kept.
async fn candidate(
    app: &App,
    caller: &Caller,
    wish: &PublicationWish<'_>,
) -> Result<Candidate, Problem> {
    let (kept, draft) = DRAFTS.find::<Playbook>(app, caller, wish.draft).await?;
    let stored = checked(app, caller, &draft).await?.stored.ok_or_else(|| {
        FieldError::new("/draft", "has problems, which the draft tells: mend them first")
    })?;
    let current = published_playbook(&app.sql, caller.programme.no).await?;
    // A draft of an older version would take back what was published since.
    if kept.base_version != current.version() {
        return Err(Problem::Conflict);
    }
    wish.follows(current.version(), current.playbook == draft)?;
    // The rulebook names the roles that approve of publications, whichever document they are of.
    let rulebook = rulebook(app, caller).await?;
    let known = known(caller.programme.no, &rulebook).await?;
    Ok(Candidate {
        document: Publishable::playbook(stored),
        base_version: current.version(),
        major: (current.playbook.major_changes(&draft, &known), rulebook.publication.role),
    })
}

async fn checked(app: &App, caller: &Caller, draft: &Playbook) -> Result<CheckedDraft, Problem> {
    let faults = faults(app, caller, draft).await?;
    let stored = faults.is_empty().then(|| playbook_text(draft)).transpose()?;
    let told = Map::from_iter([("problems".to_owned(), problems(&faults))]);
    Ok(CheckedDraft { stored, told })
}

/// What is wrong with a playbook by what there is now.
pub async fn faults(
    app: &App,
    caller: &Caller,
    playbook: &Playbook,
) -> Result<Vec<Fault>, Problem> {
    let rulebook = rulebook(app, caller).await?;
    let mut faults = playbook.check(&known(caller.programme.no, &rulebook).await?);
    faults.extend(playbook.unheard());
    Ok(faults)
}

async fn rulebook(app: &App, caller: &Caller) -> Result<Document, Problem> {
    let found = programme(&app.sql, &caller.programme.id).await?;
    Ok(found.ok_or(Problem::ResourceNotFound)?.document)
}

/// What is wrong with a playbook, as drafts of rulebooks tell it.
pub fn problems(faults: &[Fault]) -> Json {
    let shown = |fault: &Fault| json!({"pointer": fault.path, "detail": fault.detail});
    faults.iter().map(shown).collect()
}
