//! Drafts over HTTP, of the rulebook or of the playbook: kept by name, faults and all, and dropped.

use ledger::ProgrammeId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use store::{Caller, DocumentKind, Draft, DraftWish, delete_draft, draft, list_drafts};
use store::{other_drafts, put_draft};

use crate::answer::Reply;
use crate::app::App;
use crate::audit::who;
use crate::command::{authenticate, authenticated_body};
use crate::idempotent::once;
use crate::ids::now;
use crate::json::parse_json;
use crate::page::Page;
use crate::problem::{FieldError, Problem};
use crate::request::Request;

/// Max drafts of a document of a programme.
const MAX_DRAFTS: i64 = 100;

/// The drafts of one document, as its component serves them.
pub struct Drafts {
    /// Which document.
    pub kind: DocumentKind,
}

/// What was found when a document was checked.
pub struct CheckedDraft {
    /// As it is stored once it is published; none when something is wrong with it.
    pub stored: Option<String>,
    /// What is wrong, and whatever else is told about it.
    pub told: Map<String, Json>,
}

impl Drafts {
    fn operation(&self, what: &str) -> String {
        format!("{}-{what}", self.kind.as_str())
    }

    /// Keeps a draft: 201 for a new one, 200 for a change. `D` is the document's type.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn put<D: Serialize + DeserializeOwned>(
        &self,
        app: &App,
        request: &Request,
        name: &str,
        check: impl AsyncFnOnce(&Caller, &D) -> Result<CheckedDraft, Problem>,
    ) -> Result<Reply, Problem> {
        let (caller, key, body) = authenticated_body(app, request).await?;
        let document: D = parse_json(body)?;
        // Names of drafts have the form of programme ids.
        if let Err(error) = ProgrammeId::new(name) {
            return Err(FieldError::new("draft", error.to_string()).into());
        }
        let of = (caller.programme.no, self.kind);
        let keep = async || {
            if other_drafts(&app.sql, of, name).await? >= MAX_DRAFTS {
                let detail = "there are 100 others: drop one first";
                return Err(FieldError::new("draft", detail).into());
            }
            let text = serde_json::to_string(&document)
                .map_err(|error| Problem::Internal(error.to_string()))?;
            let kept = Draft {
                name: name.to_owned(),
                updated_at: now(),
                updated_by: caller.name().to_owned(),
            };
            let is_new = draft(&app.sql, of, name).await?.is_none();
            // Once it is stored, nothing is waited for.
            let CheckedDraft { stored, told } = check(&caller, &document).await?;
            let wish = DraftWish { document: text, stored };
            put_draft(&app.sql, of, &kept, wish, &who(request, &caller)).await?;
            Ok(Reply::json(if is_new { 201 } else { 200 }, &with(shown(&kept), told)))
        };
        once(app, &key, &caller, &self.operation("draft"), &(name, &document), keep).await
    }

    /// A draft with its document and what is wrong with it.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn get<D: Serialize + DeserializeOwned>(
        &self,
        app: &App,
        request: &Request,
        name: &str,
        check: impl AsyncFnOnce(&Caller, &D) -> Result<CheckedDraft, Problem>,
    ) -> Result<Reply, Problem> {
        let caller = authenticate(app, request).await?;
        let (kept, document) = self.find::<D>(app, &caller, name).await?;
        let mut body = with(shown(&kept), check(&caller, &document).await?.told);
        let unwritable = |error: serde_json::Error| Problem::Internal(error.to_string());
        if let Some(body) = body.as_object_mut() {
            let document = serde_json::to_value(&document).map_err(unwritable)?;
            body.insert(self.kind.as_str().to_owned(), document);
        }
        Ok(Reply::json(200, &body))
    }

    /// A draft and its document.
    ///
    /// # Errors
    /// [`Problem::ResourceNotFound`]; what the database does.
    pub async fn find<D: DeserializeOwned>(
        &self,
        app: &App,
        caller: &Caller,
        name: &str,
    ) -> Result<(Draft, D), Problem> {
        let found = draft(&app.sql, (caller.programme.no, self.kind), name).await?;
        let (kept, wish) = found.ok_or(Problem::ResourceNotFound)?;
        let document = serde_json::from_str(&wish.document)
            .map_err(|error| Problem::Internal(error.to_string()))?;
        Ok((kept, document))
    }

    /// All drafts, by name.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn list(&self, app: &App, request: &Request) -> Result<Reply, Problem> {
        let caller = authenticate(app, request).await?;
        let page = Page::of(request)?;
        let after = page.cursor.as_deref().unwrap_or_default();
        let of = (caller.programme.no, self.kind);
        let found = list_drafts(&app.sql, of, after, page.limit + 1).await?;
        Ok(page.reply(found, shown, |last| last.name.clone()))
    }

    /// Drops a draft.
    ///
    /// # Errors
    /// Every [`Problem`].
    pub async fn delete(&self, app: &App, request: &Request, name: &str) -> Result<Reply, Problem> {
        let (caller, key, _) = authenticated_body(app, request).await?;
        let of = (caller.programme.no, self.kind);
        let remove = async || {
            let is_deleted = delete_draft(&app.sql, of, name, &who(request, &caller)).await?;
            if is_deleted { Ok(Reply::empty(204)) } else { Err(Problem::ResourceNotFound) }
        };
        once(app, &key, &caller, &self.operation("draft-delete"), &name, remove).await
    }
}

fn shown(draft: &Draft) -> Json {
    let Draft { name, updated_at, updated_by } = draft;
    json!({"draft": name, "updated_at": updated_at.to_string(), "updated_by": updated_by})
}

fn with(mut body: Json, told: Map<String, Json>) -> Json {
    if let Some(body) = body.as_object_mut() {
        body.extend(told);
    }
    body
}
