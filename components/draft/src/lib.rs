//! Drafts of rulebooks, by name. A draft may be stored even if it has faults. And what an editor
//! of rules asks about conditions.

mod conditions;

use std::collections::BTreeSet;

use ledger::ProgrammeId;
use rules::{Document, MAX_CONDITION_STEPS, Rulebook};
use serde_json::{Value as Json, json};
use shell::{
    App, FieldError, Page, Problem, Reply, Request, authenticate, authenticated_body, now, once,
    parse_json, reach, who,
};
use store::{
    Draft, DraftWish, as_stored, defined_tags, delete_draft, draft, list_drafts, other_drafts,
    put_draft,
};

/// Max drafts of a programme.
const MAX_DRAFTS: i64 = 100;

shell::component! { shell::api::draft::ROUTES {
    "GET /v1/rulebook/drafts" => list(),
    "GET /v1/rulebook/drafts/{name}" => get(name),
    "PUT /v1/rulebook/drafts/{name}" => put(name),
    "DELETE /v1/rulebook/drafts/{name}" => delete(name),
    "GET /v1/conditions/fields" => conditions::fields(),
    "POST /v1/conditions/translate" => conditions::translate(),
} }

async fn put(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    let (caller, key, body) = authenticated_body(app, request).await?;
    let document: Document = parse_json(body)?;
    // Names of drafts have the form of programme ids.
    if let Err(error) = ProgrammeId::new(name) {
        return Err(Problem::InvalidRequest(vec![FieldError::new("draft", error.to_string())]));
    }
    let keep = async || {
        let others = other_drafts(&app.sql, caller.programme.no, name).await?;
        if others >= MAX_DRAFTS {
            return Err(Problem::InvalidRequest(vec![FieldError::new(
                "draft",
                "there are 100 others: drop one first",
            )]));
        }
        let book = Rulebook::new(&document, 1);
        let rulebook = book.as_ref().ok().map(|book| as_stored(&document, book)).transpose()?;
        let text = serde_json::to_string(&document)
            .map_err(|error| Problem::Internal(error.to_string()))?;
        let kept = Draft {
            name: name.to_owned(),
            updated_at: now(),
            updated_by: caller.name().to_owned(),
        };
        let is_new = draft(&app.sql, caller.programme.no, name).await?.is_none();
        let wish = DraftWish { document: text, rulebook };
        // Once it is stored, nothing is waited for.
        let warnings = warnings(caller.programme.no, &book).await;
        put_draft(&app.sql, caller.programme.no, &kept, wish, &who(request, &caller)).await?;
        let body = with_problems(shown(&kept), book, warnings);
        Ok(Reply::json(if is_new { 201 } else { 200 }, &body))
    };
    once(app, &key, &caller, "draft", &(name, &document), keep).await
}

async fn get(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let (kept, wish) =
        draft(&app.sql, caller.programme.no, name).await?.ok_or(Problem::ResourceNotFound)?;
    let unreadable = |error: serde_json::Error| Problem::Internal(error.to_string());
    let document: Document = serde_json::from_str(&wish.document).map_err(unreadable)?;
    let book = Rulebook::new(&document, 1);
    let warnings = warnings(caller.programme.no, &book).await;
    let mut body = with_problems(shown(&kept), book, warnings);
    if let Some(body) = body.as_object_mut() {
        body.insert("rulebook".to_owned(), serde_json::to_value(&document).map_err(unreadable)?);
    }
    Ok(Reply::json(200, &body))
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let page = Page::of(request)?;
    let after = page.cursor.as_deref().unwrap_or_default();
    let found = list_drafts(&app.sql, caller.programme.no, after, page.limit + 1).await?;
    Ok(page.reply(found, shown, |last| last.name.clone()))
}

async fn delete(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let remove = async || {
        let is_deleted =
            delete_draft(&app.sql, caller.programme.no, name, &who(request, &caller)).await?;
        if is_deleted { Ok(Reply::empty(204)) } else { Err(Problem::ResourceNotFound) }
    };
    once(app, &key, &caller, "draft-delete", &name, remove).await
}

fn shown(draft: &Draft) -> Json {
    let Draft { name, updated_at, updated_by } = draft;
    json!({"draft": name, "updated_at": updated_at.to_string(), "updated_by": updated_by})
}

/// Warnings of tags that the rules name and nobody has defined here. Such a tag may be one of the
/// attribute `tags`, or be defined later, so it is no fault. There are none while the database of
/// tags fails: a draft can be read and stored all the same.
async fn warnings(programme_no: i64, book: &Result<Rulebook, Vec<rules::Problem>>) -> Vec<Json> {
    let named = book.as_ref().map(Rulebook::tags_named).unwrap_or_default();
    if named.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = named.keys().cloned().collect();
    let known = match known_tags(programme_no, &names).await {
        Ok(known) => known,
        Err(problem) => {
            let message = "no warnings of a draft: the tags cannot be read";
            let cause = format!("{problem:?}");
            eprintln!("{}", json!({"level": "warn", "message": message, "cause": cause}));
            return Vec::new();
        }
    };
    let warning = |(tag, pointer): (&String, &String)| {
        let detail = format!(
            "looks for the tag {tag}, which is not defined here: only members whose attribute tags names it have it"
        );
        json!({"pointer": pointer, "detail": detail})
    };
    named.iter().filter(|(tag, _)| !known.contains(*tag)).map(warning).collect()
}

async fn known_tags(programme_no: i64, names: &[String]) -> Result<BTreeSet<String>, Problem> {
    Ok(defined_tags(reach().await?.as_ref(), programme_no, names).await?)
}

/// Adds the draft's faults, or else the cost of its conditions; and what may be a mistake.
fn with_problems(
    mut body: Json,
    book: Result<Rulebook, Vec<rules::Problem>>,
    warnings: Vec<Json>,
) -> Json {
    let cost = book.as_ref().ok().map(|book| book.condition_steps().1);
    let problems = book.err().unwrap_or_default();
    let problem =
        |problem: &rules::Problem| json!({"pointer": problem.pointer, "detail": problem.detail});
    if let Some(body) = body.as_object_mut() {
        body.insert("problems".to_owned(), problems.iter().map(problem).collect());
        body.insert("warnings".to_owned(), warnings.into());
        body.insert("condition_steps".to_owned(), cost.into());
        body.insert("max_condition_steps".to_owned(), MAX_CONDITION_STEPS.into());
    }
    body
}
