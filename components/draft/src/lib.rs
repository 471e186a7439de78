//! Drafts of rulebooks, by name. A draft may be stored even if it has faults. And what an editor
//! of rules asks about conditions.

mod conditions;

use std::collections::BTreeSet;

use rules::{Document, MAX_CONDITION_STEPS, Rulebook};
use serde_json::{Map, Value as Json, json};
use shell::{App, CheckedDraft, Drafts, Problem, Reply, Request, reach};
use store::{Caller, DocumentKind, as_stored, defined_tags};

const DRAFTS: Drafts = Drafts { kind: DocumentKind::Rulebook };

shell::component! { shell::api::draft::ROUTES {
    "GET /v1/rulebook/drafts" => list(),
    "GET /v1/rulebook/drafts/{name}" => get(name),
    "PUT /v1/rulebook/drafts/{name}" => put(name),
    "DELETE /v1/rulebook/drafts/{name}" => delete(name),
    "GET /v1/conditions/fields" => conditions::fields(),
    "POST /v1/conditions/translate" => conditions::translate(),
} }

async fn put(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    DRAFTS.put(app, request, name, checked).await
}

async fn get(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    DRAFTS.get(app, request, name, checked).await
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    DRAFTS.list(app, request).await
}

async fn delete(app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
    DRAFTS.delete(app, request, name).await
}

/// The draft's faults, or else the cost of its conditions; and what may be a mistake.
async fn checked(caller: &Caller, document: &Document) -> Result<CheckedDraft, Problem> {
    let book = Rulebook::new(document, 1);
    let stored = book.as_ref().ok().map(|book| as_stored(document, book)).transpose()?;
    let warnings = warnings(caller.programme.no, &book).await;
    let cost = book.as_ref().ok().map(|book| book.condition_steps().1);
    let problems = book.err().unwrap_or_default();
    let problem =
        |problem: &rules::Problem| json!({"pointer": problem.pointer, "detail": problem.detail});
    let told = [
        ("problems", problems.iter().map(problem).collect()),
        ("warnings", warnings.into()),
        ("condition_steps", cost.into()),
        ("max_condition_steps", MAX_CONDITION_STEPS.into()),
    ];
    let told = told.map(|(name, value): (&str, Json)| (name.to_owned(), value));
    Ok(CheckedDraft { stored, told: Map::from_iter(told) })
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
