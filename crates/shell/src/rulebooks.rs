//! Published rulebooks: parsed once an instance, read from a copy in the key-value store, and from
//! SQLite where that has none.
//!
//! A copy is named by the digest of its text, which the load statement tells, and checked against
//! it: it can be missing but never stale.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use ledger::Zone;
use rules::Rulebook;
use spin_sdk::key_value::Store;
use store::{
    DocumentKind, ProgrammeRef, Sql, digest, draft, parse_rulebook, rulebook_text, zone_of,
};

use crate::problem::{FieldError, Problem};

/// How many rulebooks an instance remembers before it starts afresh.
const MAX: usize = 256;

/// By digest; the version is part of what is remembered, as two programmes may publish the same
/// text.
type Remembered = HashMap<(String, i64), Rc<Rulebook>>;

thread_local! {
    static PARSED: RefCell<Remembered> = RefCell::new(HashMap::new());
    static ZONES: RefCell<HashMap<String, Zone>> = RefCell::new(HashMap::new());
}

/// The published rulebook of a programme.
///
/// # Errors
/// What the database does.
pub async fn published(sql: &impl Sql, programme: &ProgrammeRef) -> Result<Rc<Rulebook>, Problem> {
    let name = (programme.rulebook_digest.clone(), programme.rulebook_version);
    if let Some(book) = PARSED.with_borrow(|parsed| parsed.get(&name).cloned()) {
        return Ok(book);
    }
    let text = text(sql, programme).await?;
    let book = Rc::new(parse_rulebook(&text, programme.rulebook_version)?);
    PARSED.with_borrow_mut(|parsed| {
        if parsed.len() >= MAX {
            parsed.clear();
        }
        parsed.insert(name, book.clone());
    });
    Ok(book)
}

/// The zone of a programme, for components that show its days and know none of its rules.
///
/// # Errors
/// What the database does.
pub async fn zone(sql: &impl Sql, programme: &ProgrammeRef) -> Result<Zone, Problem> {
    let name = &programme.rulebook_digest;
    if let Some(zone) = ZONES.with_borrow(|zones| zones.get(name).copied()) {
        return Ok(zone);
    }
    let zone = zone_of(&text(sql, programme).await?)?;
    ZONES.with_borrow_mut(|zones| {
        if zones.len() >= MAX {
            zones.clear();
        }
        zones.insert(name.clone(), zone);
    });
    Ok(zone)
}

/// The published rulebook of a programme as it is stored.
async fn text(sql: &impl Sql, programme: &ProgrammeRef) -> Result<String, Problem> {
    if let Some(text) = copy(&programme.rulebook_digest).await {
        return Ok(text);
    }
    let text = rulebook_text(sql, programme.no, programme.rulebook_version).await?;
    keep_copy(&programme.rulebook_digest, &text).await;
    Ok(text)
}

/// The rulebook that a programme had published as `version`.
///
/// # Errors
/// What the database does.
pub async fn in_force(
    sql: &impl Sql,
    programme: &ProgrammeRef,
    version: i64,
) -> Result<Rc<Rulebook>, Problem> {
    if version == programme.rulebook_version {
        return published(sql, programme).await;
    }
    let text = rulebook_text(sql, programme.no, version).await?;
    Ok(Rc::new(parse_rulebook(&text, version)?))
}

/// A draft that could be published.
pub struct Drafted {
    /// The document, a JSON text.
    pub document: String,
    /// The rulebook as it is stored.
    pub stored: String,
    /// The same, read, as the version that would be the next.
    pub book: Rulebook,
}

/// The draft that a request names as its `draft`.
///
/// # Errors
/// [`Problem::InvalidRequest`] at `/draft` when there is none of that name or it has problems, and
/// what the database does.
pub async fn drafted(
    sql: &impl Sql,
    programme: &ProgrammeRef,
    name: &str,
) -> Result<Drafted, Problem> {
    let invalid = |detail: &str| Problem::InvalidRequest(vec![FieldError::new("/draft", detail)]);
    let (_, wish) = draft(sql, (programme.no, DocumentKind::Rulebook), name)
        .await?
        .ok_or_else(|| invalid("there is no draft of this name"))?;
    let stored = wish
        .stored
        .ok_or_else(|| invalid("has problems, which the draft tells: mend them first"))?;
    let book = parse_rulebook(&stored, programme.rulebook_version + 1)?;
    Ok(Drafted { document: wish.document, stored, book })
}

async fn copy(name: &str) -> Option<String> {
    let store = Store::open("default").await.ok()?;
    let bytes = store.get(key(name)).await.ok()??;
    String::from_utf8(bytes).ok().filter(|text| digest(text) == name)
}

/// A copy that cannot be kept is no failure: the next instance reads SQLite again.
async fn keep_copy(name: &str, text: &str) {
    if let Ok(store) = Store::open("default").await
        && let Err(error) = store.set(key(name), text.as_bytes()).await
    {
        eprintln!(
            "{}",
            serde_json::json!({"level": "warn", "message": "no copy of the rulebook kept", "cause": format!("{error:?}")})
        );
    }
}

fn key(digest: &str) -> String {
    format!("rulebook/{digest}")
}
