//! Programmes of a group: a subsidiary's documents follow the group's in all that it has not
//! changed itself.
//!
//! What a programme has changed is told by comparing its document with the version of the parent's
//! that it followed last, so nothing has to be kept twice, and a publication of a document of the
//! subsidiary, by whatever way, changes just that.

use reach::playbook::Playbook;
use rules::{Document, Rulebook};
use serde_json::{Value as Json, json};

use crate::Error;
use crate::document_diff::{changes, changes_of, followable, followed, merged};
use crate::documents::DocumentKind;
use crate::persons::programme_no;
use crate::playbooks::{PublishedPlaybook, playbook_json, publish_playbook, published_playbook};
use crate::programmes::{Programme, Published, programme, publish};
use crate::sql::Sql;
use crate::statement::statement;
use crate::versions::{base_document, rulebook_version};

/// The most programmes that follow in one call.
const MAX: i64 = 1_000;

/// Whom a programme follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inheritance {
    /// The parent's id.
    pub parent: String,
    /// The version of the parent's document that it has followed.
    pub version: i64,
    /// Why it does not follow a newer one: a JSON list of `{"pointer", "detail"}`.
    pub problems: Option<String>,
}

/// Whom the programme follows in a document; `None` for one that stands alone.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn inheritance(
    sql: &impl Sql,
    kind: DocumentKind,
    id: &str,
) -> Result<Option<Inheritance>, Error> {
    let values = vec![id.into(), kind.as_str().into()];
    let mut rows = sql.query(statement!("queries/inheritance"), values).await?;
    let read = |row: &mut crate::Row| {
        Ok(Inheritance {
            parent: row.text(0)?,
            version: row.integer(1)?,
            problems: row.optional_text(2)?,
        })
    };
    rows.first_mut().map(read).transpose()
}

/// How many programmes follow this one.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn followers(sql: &impl Sql, id: &str) -> Result<i64, Error> {
    let mut rows = sql.query(statement!("queries/inheritance_children"), vec![id.into()]).await?;
    rows.first_mut().ok_or(Error::Corrupt("answer"))?.integer(0)
}

/// Lets a programme follow another one, from that version of its rulebook on, or nobody any more.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn inherit(sql: &impl Sql, id: &str, parent: Option<(&str, i64)>) -> Result<(), Error> {
    match parent {
        Some((parent, version)) => {
            let values = vec![id.into(), parent.into(), version.into()];
            sql.query(statement!("queries/inheritance_set"), values).await?;
        }
        None => {
            sql.query(statement!("queries/inheritance_end"), vec![id.into()]).await?;
        }
    }
    Ok(())
}

/// Where a programme's rulebook differs from that of the parent which it has followed, as JSON
/// pointers. Exchanges are each programme's own.
///
/// # Errors
/// [`Error`] when the database fails or holds something unreadable.
pub async fn overrides(
    sql: &impl Sql,
    own: &Document,
    of: &Inheritance,
) -> Result<Vec<String>, Error> {
    let (_, base) = rulebook_version(sql, &of.parent, of.version)
        .await?
        .ok_or(Error::Corrupt("inheritance"))?;
    Ok(places(&changes(&followable(&base, own), own)?))
}

/// Where a programme's playbook differs from that of the parent which it has followed, as JSON
/// pointers.
///
/// # Errors
/// As [`overrides`].
pub async fn playbook_overrides(
    sql: &impl Sql,
    own: &Playbook,
    of: &Inheritance,
) -> Result<Vec<String>, Error> {
    let base = base_document(sql, DocumentKind::Playbook, &of.parent, of.version).await?;
    Ok(places(&changes_of(&base, &playbook_json(own)?)))
}

fn places(changes: &[Json]) -> Vec<String> {
    let pointer = |change: &Json| change.get("pointer")?.as_str().map(str::to_owned);
    changes.iter().filter_map(pointer).collect()
}

/// Publishes the rulebooks of all programmes whose parent has published. Tells how many it
/// published, and the ids of those that cannot follow, as what came out would be no rulebook: they
/// stay as they are, and are tried again when either of the two changes.
///
/// # Errors
/// [`Error`] when the database fails. What was published stays; calling again goes on.
pub async fn follow(sql: &impl Sql, now: i64) -> Result<(u64, Vec<String>), Error> {
    follow_each(sql, DocumentKind::Rulebook, async |one| follow_rulebook(sql, one, now).await).await
}

/// As [`follow`], for playbooks.
///
/// # Errors
/// As [`follow`].
pub async fn follow_playbooks(sql: &impl Sql, now: i64) -> Result<(u64, Vec<String>), Error> {
    follow_each(sql, DocumentKind::Playbook, async |one| follow_playbook(sql, one, now).await).await
}

/// A programme whose parent has published since it followed that.
struct Behind {
    id: String,
    parent: String,
    /// The version of the parent that it has followed.
    version: i64,
}

/// What became of it.
enum Step {
    /// It follows this version of the parent; published says whether that made a version of its
    /// own.
    Followed { above: i64, published: bool },
    /// Somebody published in between: the next call compares anew.
    Late,
    /// The versions of the two make no such document, for these reasons.
    Failed { own: i64, above: i64, problems: String },
}

async fn follow_each<S: Sql>(
    sql: &S,
    kind: DocumentKind,
    step: impl AsyncFn(&Behind) -> Result<Step, Error>,
) -> Result<(u64, Vec<String>), Error> {
    let (mut count, mut failed) = (0, Vec::new());
    let values = vec![MAX.into(), kind.as_str().into()];
    for mut row in sql.query(statement!("queries/inheritance_behind"), values).await? {
        let one = Behind { id: row.text(0)?, parent: row.text(1)?, version: row.integer(2)? };
        match step(&one).await? {
            Step::Followed { above, published } => {
                count += u64::from(published);
                // Dying before this does no harm: what was followed already is the same on both
                // sides.
                let values =
                    vec![one.id.into(), one.parent.into(), above.into(), kind.as_str().into()];
                sql.query(statement!("queries/inheritance_followed"), values).await?;
            }
            Step::Late => {}
            Step::Failed { own, above, problems } => {
                let id = one.id.as_str();
                let values = vec![
                    id.into(),
                    own.into(),
                    above.into(),
                    problems.into(),
                    kind.as_str().into(),
                ];
                sql.query(statement!("queries/inheritance_failed"), values).await?;
                failed.push(one.id);
            }
        }
    }
    Ok((count, failed))
}

/// Of both documents, where the changes of parent and subsidiary make none.
const CLASH: &str = r#"[{"pointer":"","detail":"what both have changed does not fit together"}]"#;

async fn follow_rulebook(sql: &impl Sql, one: &Behind, now: i64) -> Result<Step, Error> {
    let Behind { id, parent, version } = one;
    let (own, parents) = (existing(sql, id).await?, existing(sql, parent).await?);
    let (_, base) =
        rulebook_version(sql, parent, *version).await?.ok_or(Error::Corrupt("inheritance"))?;
    let (own_version, above) = (own.reference.rulebook_version, parents.reference.rulebook_version);
    let failed = |problems| Ok(Step::Failed { own: own_version, above, problems });
    let Some(next) = followed(&base, &own.document, &parents.document) else {
        return failed(CLASH.to_owned());
    };
    let book = match Rulebook::new(&next, own_version + 1) {
        Ok(book) => book,
        Err(problems) => return failed(told(problems.iter().map(|p| (&*p.pointer, &*p.detail)))),
    };
    if next == own.document {
        return Ok(Step::Followed { above, published: false });
    }
    let by = inherited(parent, above);
    Ok(match publish(sql, id, &own.name, own_version, (&next, &book), now, &by).await? {
        Published::Version(_) => Step::Followed { above, published: true },
        Published::Conflict => Step::Late,
    })
}

async fn follow_playbook(sql: &impl Sql, one: &Behind, now: i64) -> Result<Step, Error> {
    let Behind { id, parent, version } = one;
    let (own, parents) = (playbook_of(sql, id).await?, playbook_of(sql, parent).await?);
    let (own_version, above) = (own.version(), parents.version());
    let base = base_document(sql, DocumentKind::Playbook, parent, *version).await?;
    let failed = |problems| Ok(Step::Failed { own: own_version, above, problems });
    let next = merged(
        Some(&to_merge(base)),
        Some(&to_merge(playbook_json(&own.playbook)?)),
        Some(&to_merge(playbook_json(&parents.playbook)?)),
    );
    let Some(next) = next.and_then(from_merged) else {
        return failed(CLASH.to_owned());
    };
    // Names of templates, segments and grants are not looked up here: whether the programme has
    // them may change without any publication. The reader of the playbook is told. All else must
    // fit: two documents within their bounds may make one that is not.
    let faults = next.check_alone();
    if !faults.is_empty() {
        return failed(told(faults.iter().map(|fault| (&*fault.path, &*fault.detail))));
    }
    if next == own.playbook {
        return Ok(Step::Followed { above, published: false });
    }
    let by = inherited(parent, above);
    Ok(match publish_playbook(sql, id, own_version, &next, (now, &by)).await? {
        Published::Version(_) => Step::Followed { above, published: true },
        Published::Conflict => Step::Late,
    })
}

/// The same with the lists that are left out when they are empty, so that items which both have
/// added stand side by side; and with the quiet hours as one value, as half of each would be hours
/// that nobody chose.
fn to_merge(mut playbook: Json) -> Json {
    if let Some(parts) = playbook.as_object_mut() {
        parts.entry("segments").or_insert_with(|| json!({}));
        parts.entry("strategies").or_insert_with(|| json!([]));
        if let Some(hours) = parts.get_mut(QUIET_HOURS).filter(|hours| hours.is_object()) {
            *hours = Json::String(hours.to_string());
        }
    }
    playbook
}

/// `None` where it is no playbook.
fn from_merged(mut merged: Json) -> Option<Playbook> {
    if let Some(Json::String(text)) = merged.get(QUIET_HOURS) {
        let hours: Json = serde_json::from_str(text).ok()?;
        merged.as_object_mut()?.insert(QUIET_HOURS.to_owned(), hours);
    }
    serde_json::from_str(&merged.to_string()).ok()
}

const QUIET_HOURS: &str = "quiet_hours";

async fn playbook_of(sql: &impl Sql, id: &str) -> Result<PublishedPlaybook, Error> {
    let no = programme_no(sql, id).await?.ok_or(Error::Corrupt("programme"))?;
    published_playbook(sql, no).await
}

async fn existing(sql: &impl Sql, id: &str) -> Result<Programme, Error> {
    programme(sql, id).await?.ok_or(Error::Corrupt("programme"))
}

/// The name under which a parent's version is published.
fn inherited(parent: &str, version: i64) -> String {
    format!("inherited:{parent}:{version}")
}

/// Faults as readers are told them: each by its place and what is wrong.
fn told<'a>(faults: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let fault = |(pointer, detail)| json!({"pointer": pointer, "detail": detail});
    faults.map(fault).collect::<Json>().to_string()
}
