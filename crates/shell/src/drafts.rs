//! Drafts over HTTP, of the rulebook or of the playbook: kept by name, faults and all, and dropped.

use ledger::ProgrammeId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use store::{
    Caller, DocumentKind, Draft, DraftKept, DraftWish, delete_draft, draft, list_drafts,
    other_drafts, published_playbook, put_draft,
};

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

    /// Keeps a draft: 201 for a new one, 200 for a change. `D` is the document's type. The query
    /// may tell the revision that it is kept over and, of the playbook, the version that it was
    /// made from.
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
        let base_version = self.base_version(request)?;
        let over = request.version("revision")?;
        let keep = async || {
            self.check_base(app, &caller, base_version).await?;
            if other_drafts(&app.sql, of, name).await? >= MAX_DRAFTS {
                let detail = "there are 100 others: drop one first";
                return Err(FieldError::new("draft", detail).into());
            }
            let text = serde_json::to_string(&document)
                .map_err(|error| Problem::Internal(error.to_string()))?;
            let kept = DraftKept { name, at: now(), by: caller.name(), base_version, over };
            let is_new = draft(&app.sql, of, name).await?.is_none();
            // Once it is stored, nothing is waited for.
            let CheckedDraft { stored, told } = check(&caller, &document).await?;
            let wish = DraftWish { document: text, stored };
            let kept = put_draft(&app.sql, of, &kept, wish, &who(request, &caller)).await?;
            let kept = kept.ok_or(Problem::Conflict)?;
            Ok(Reply::json(if is_new { 201 } else { 200 }, &with(self.shown(&kept), told)))
        };
        let asked = (name, base_version, over, &document);
        once(app, &key, &caller, &self.operation("draft"), &asked, keep).await
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
        let mut body = with(self.shown(&kept), check(&caller, &document).await?.told);
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
        Ok(page.reply(found, |one| self.shown(one), |last| last.name.clone()))
    }

    fn base_version(&self, request: &Request) -> Result<Option<i64>, Problem> {
        if self.keeps_base_version() { request.version("base_version") } else { Ok(None) }
    }

    /// A draft is made from a version that there is.
    async fn check_base(
        &self,
        app: &App,
        caller: &Caller,
        told: Option<i64>,
    ) -> Result<(), Problem> {
        let Some(version) = told else { return Ok(()) };
        if version > published_playbook(&app.sql, caller.programme.no).await?.version() {
            return Err(FieldError::new("?base_version", "is no version yet").into());
        }
        Ok(())
    }

    /// Whether a draft is published only while the version that it was made from is in force. Of
    /// rulebooks it is for the request to tell.
    fn keeps_base_version(&self) -> bool {
        self.kind == DocumentKind::Playbook
    }

    fn shown(&self, draft: &Draft) -> Json {
        let Draft { name, updated_at, updated_by, base_version, revision } = draft;
        let mut shown = json!({
            "draft": name,
            "updated_at": updated_at.to_string(),
            "updated_by": updated_by,
            "revision": revision,
        });
        if let Some(shown) = shown.as_object_mut().filter(|_| self.keeps_base_version()) {
            shown.insert("base_version".to_owned(), (*base_version).into());
        }
        shown
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

fn with(mut body: Json, told: Map<String, Json>) -> Json {
    if let Some(body) = body.as_object_mut() {
        body.extend(told);
    }
    body
}
