//! Stages a file: checks and stores its rows, which then wait for an approval.

use std::collections::HashMap;

use ledger::Hash;
use rules::Rulebook;
use serde_json::json;
use shell::{
    App, FieldError, ImportRowBody, Problem, ReadImport, Reply, Request, actor_of,
    authenticated_body, new_id, now, once, person, published, read_import, scoped, who,
};
use store::{
    Caller, Import, ImportState, Sql as _, ask_for_import, import, import_staged, open_imports,
    stage_rows,
};

use crate::quality::Quality;
use crate::shown;

/// Rows stored in one statement.
const ROWS: usize = 500;
/// Max imports of a programme that have not ended.
const MAX_OPEN: i64 = 20;
const DAY_MS: i64 = 86_400_000;
/// Imports within this many days are approved as if they were one, so that many small files count
/// as a large one.
const DAYS_TOGETHER: i64 = 31;

/// Stages the file in the body.
pub async fn stage(app: &App, request: &Request) -> Result<Reply, Problem> {
    let (caller, key, file) = authenticated_body(app, request).await?;
    let dry = request.flag("dry_run")?;
    let own = person(&caller)?.to_owned();
    let book = published(&app.sql, &caller.programme).await?;
    let read = read_import(file, request.charset(), request.query("date_order"), &book)?;
    let (quality, rows) = checked(app, read, &book).await?;
    if dry {
        return Ok(Reply::json(200, &json!({"report": quality.shown()})).with("dry-run", "true"));
    }
    // Another date order or rulebook may give the same file another meaning.
    let asked = (Hash::of(file).to_string(), request.query("date_order"));
    let digest = format!("{} {} {}", asked.0, asked.1.unwrap_or_default(), book.version());
    let staging = async || {
        let key = scoped(&caller, &key);
        let begun =
            find_or_begin(app, request, &caller, (&key, &digest, &own), (&book, &quality)).await?;
        for rows in rows.chunks(ROWS) {
            stage_rows(&app.sql, caller.programme.no, &begun.id, rows).await?;
        }
        import_staged(&app.sql, caller.programme.no, &begun.id, &quality.shown().to_string())
            .await?;
        let kept = import(&app.sql, caller.programme.no, &begun.id, "")
            .await?
            .ok_or(Problem::ResourceNotFound)?;
        Ok(Reply::json(201, &shown(app, &caller, &kept).await?))
    };
    once(app, &key, &caller, "import", &asked, staging).await
}

/// Rows that can be booked: line, member, JSON.
type Rows = Vec<(u64, String, String)>;

/// Separates members that can be booked from the others.
async fn checked(app: &App, read: ReadImport, book: &Rulebook) -> Result<(Quality, Rows), Problem> {
    let ReadImport { rows, members, cells } = read;
    let mut quality = Quality::of(rows, cells);
    let mut ready: Rows = Vec::new();
    let mut named: HashMap<String, u64> = HashMap::new();
    for (at, (line, row)) in members.into_iter().enumerate() {
        if at % ROWS == ROWS - 1 {
            app.sql.give_way().await;
        }
        let checked = row.and_then(|row| {
            row.submission("", "", "", book, now())?;
            check_unshared(&row, line, book, &mut named)?;
            Ok(row)
        });
        match checked {
            Ok(row) => {
                quality.ready(&row);
                let text = serde_json::to_string(&row)
                    .map_err(|error| Problem::Internal(error.to_string()))?;
                ready.push((line, row.member_id, text));
            }
            Err(problem) => quality.faulty(line, problem)?,
        }
    }
    Ok((quality, ready))
}

/// A phone number or address belongs to one person only.
fn check_unshared(
    row: &ImportRowBody,
    line: u64,
    book: &Rulebook,
    named: &mut HashMap<String, u64>,
) -> Result<(), Problem> {
    let mut errors = Vec::new();
    for name in row.names(book) {
        let kind = name.split(':').next().unwrap_or_default().to_owned();
        match named.entry(name) {
            std::collections::hash_map::Entry::Occupied(first) => {
                errors.push(FieldError::new(
                    format!("/{kind}"),
                    format!("is that of line {}, too", first.get()),
                ));
            }
            std::collections::hash_map::Entry::Vacant(free) => drop(free.insert(line)),
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::InvalidRequest(errors)) }
}

/// The import of the key, begun now or by a request that crashed.
async fn find_or_begin(
    app: &App,
    request: &Request,
    caller: &Caller,
    (key, digest, own): (&str, &str, &str),
    (book, quality): (&Rulebook, &Quality),
) -> Result<Import, Problem> {
    let no = caller.programme.no;
    let invalid = |detail: &str| Problem::from(FieldError::new("", detail));
    if let Some(found) = import(&app.sql, no, "", key).await? {
        return if found.digest == digest { Ok(found) } else { Err(Problem::IdempotencyKeyReused) };
    }
    if quality.members() == 0 {
        return Err(invalid("has no row that can be booked: try ?dry_run=true for its faults"));
    }
    let (open, lately) =
        open_imports(&app.sql, no, now(), now().plus_ms(-DAYS_TOGETHER * DAY_MS)).await?;
    if open >= MAX_OPEN {
        return Err(invalid("20 imports are not ended: decide on one, or continue one, first"));
    }
    let (steps, days) =
        book.approvers(quality.size().saturating_add(lately), quality.gives_levels());
    let wish = Import {
        id: new_id().to_string(),
        state: ImportState::Staging,
        asked_at: now(),
        asked_by: own.to_owned(),
        actor: actor_of(request)?,
        steps: steps.to_vec(),
        approvals: Vec::new(),
        until: now().plus_ms(i64::from(days) * DAY_MS),
        report: None,
        reason: None,
        digest: digest.to_owned(),
        size: quality.size(),
    };
    ask_for_import(&app.sql, no, &wish, key, &who(request, caller)).await?;
    let found = import(&app.sql, no, "", key).await?;
    found.ok_or_else(|| Problem::Internal("the import was not kept".to_owned()))
}
