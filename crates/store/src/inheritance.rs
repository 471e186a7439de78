//! Programmes of a group: a subsidiary's rulebook follows the group's in all that it has not
//! changed itself.
//!
//! What a programme has changed is told by comparing its rulebook with the version of the parent's
//! that it followed last, so nothing has to be kept twice, and whoever publishes a rulebook of the
//! subsidiary, by whatever way, changes just that.

use rules::{Document, Rulebook};

use crate::Error;
use crate::programmes::{Published, programme, publish};
use crate::rulebook_diff::{changes, followable, followed};
use crate::sql::Sql;
use crate::statement::statement;
use crate::versions::rulebook_version;

/// The most programmes that follow in one call.
const MAX: i64 = 1_000;

/// Whom a programme follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inheritance {
    /// The parent's id.
    pub parent: String,
    /// The version of the parent's rulebook that it has followed.
    pub version: i64,
    /// Why it does not follow a newer one: a JSON list of `{"pointer", "detail"}`.
    pub problems: Option<String>,
}

/// Whom the programme follows; `None` for one that stands alone.
///
/// # Errors
/// [`Error`] when the database fails.
pub async fn inheritance(sql: &impl Sql, id: &str) -> Result<Option<Inheritance>, Error> {
    let mut rows = sql.query(statement!("queries/inheritance"), vec![id.into()]).await?;
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

/// Lets a programme follow another one, from that version of it on, or nobody any more.
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
    let pointer = |change: &serde_json::Value| change.get("pointer")?.as_str().map(str::to_owned);
    Ok(changes(&followable(&base, own), own)?.iter().filter_map(pointer).collect())
}

/// Publishes the rulebooks of all programmes whose parent has published. Tells how many it
/// published, and the ids of those that cannot follow, as what came out would be no rulebook: they
/// stay as they are, and are tried again when either of the two changes.
///
/// # Errors
/// [`Error`] when the database fails. What was published stays; calling again goes on.
pub async fn follow(sql: &impl Sql, now: i64) -> Result<(u64, Vec<String>), Error> {
    let (mut published, mut failed) = (0, Vec::new());
    for mut row in sql.query(statement!("queries/inheritance_behind"), vec![MAX.into()]).await? {
        let (id, parent, version) = (row.text(0)?, row.text(1)?, row.integer(2)?);
        let own = programme(sql, &id).await?.ok_or(Error::Corrupt("programme"))?;
        let above = programme(sql, &parent).await?.ok_or(Error::Corrupt("programme"))?;
        let (_, base) =
            rulebook_version(sql, &parent, version).await?.ok_or(Error::Corrupt("inheritance"))?;
        let (own_version, above_version) =
            (own.reference.rulebook_version, above.reference.rulebook_version);
        let (next, problems) = match followed(&base, &own.document, &above.document) {
            None => (
                None,
                r#"[{"pointer":"","detail":"what both have changed does not fit together"}]"#
                    .to_owned(),
            ),
            Some(next) => match Rulebook::new(&next, own_version + 1) {
                Ok(book) => (Some((next, book)), String::new()),
                Err(problems) => (None, told(&problems)),
            },
        };
        let Some((next, book)) = next else {
            let values =
                vec![id.as_str().into(), own_version.into(), above_version.into(), problems.into()];
            sql.query(statement!("queries/inheritance_failed"), values).await?;
            failed.push(id);
            continue;
        };
        if next != own.document {
            let by = format!("inherited:{parent}:{above_version}");
            match publish(sql, &id, &own.name, own_version, (&next, &book), now, &by).await? {
                Published::Version(_) => published += 1,
                // Somebody published in between: the next call compares anew.
                Published::Conflict => continue,
            }
        }
        // Dying before this does no harm: what was followed already is the same on both sides.
        let values = vec![id.into(), parent.into(), above_version.into()];
        sql.query(statement!("queries/inheritance_followed"), values).await?;
    }
    Ok((published, failed))
}

fn told(problems: &[rules::Problem]) -> String {
    let problem =
        |p: &rules::Problem| serde_json::json!({"pointer": p.pointer, "detail": p.detail});
    problems.iter().map(problem).collect::<serde_json::Value>().to_string()
}
