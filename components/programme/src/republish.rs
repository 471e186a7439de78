//! Publishes the rulebook once more after a country changed its clocks. Lots, holds and tiers keep
//! their instants.

use ledger::{Difference, Timestamp};
use serde_json::{Value as Json, json};
use shell::{App, Problem, ProgrammeBody, Reply, Request, authenticated_body, now, once, who};
use store::{Programme, Published, parse_rulebook, programme, publish_as, rulebook_text};

use crate::checked;

const DAY_MS: i64 = 86_400_000;

/// Publishes the same document with the zone's offsets from today's time zone database, and lists
/// when clocks differ. It publishes only if they differ after the earliest event that is still
/// accepted.
pub async fn republish(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let (caller, key, _) = authenticated_body(app, request).await?;
    let is_dry = request.flag("dry_run")?;
    let again = async || {
        let found = programme(&app.sql, id).await?.ok_or(Problem::ResourceNotFound)?;
        let version_now = found.reference.rulebook_version;
        let text = rulebook_text(&app.sql, found.reference.no, version_now).await?;
        let before = parse_rulebook(&text, version_now)?;
        let Programme { name, document, .. } = found;
        let body =
            ProgrammeBody { name, rulebook: document, inherits: None, group: None, spread: None };
        let book = checked(id, &body)?;
        let at = now();
        let from = at.plus_ms(-i64::from(body.rulebook.accept_late_days) * DAY_MS);
        let moves = before.zone().differences(book.zone(), from);
        let mut version = version_now;
        if !moves.is_empty() && !is_dry {
            let by = format!("programme:{}", caller.programme.id);
            let (name, rulebook) = (&body.name, &body.rulebook);
            let by_whom = who(request, &caller);
            let programme = (id, name.as_str(), version_now);
            match publish_as(&app.sql, programme, 1, (rulebook, &book), (at.0, &by), Some(&by_whom))
                .await?
            {
                Published::Version(next) => version = next,
                Published::Conflict => return Err(Problem::Conflict),
            }
        }
        let shown = json!({
            "programme_id": id,
            "name": body.name,
            "rulebook_version": version,
            "time_zone": body.rulebook.time_zone,
            "moves": moves.iter().map(shown).collect::<Vec<_>>(),
        });
        Ok(Reply::json(200, &shown))
    };
    if is_dry {
        return Ok(again().await?.with("dry-run", "true"));
    }
    once(app, &key, &caller, "republish", &id, again).await
}

fn shown(moved: &Difference) -> Json {
    json!({
        "from": moved.from.to_string(),
        "until": moved.until.map(|at: Timestamp| at.to_string()),
        "before": offset(moved.before),
        "after": offset(moved.after),
    })
}

/// An offset in RFC 3339; without seconds, which no zone has had since 1972.
fn offset(seconds: i64) -> String {
    let minutes = seconds.abs() / 60;
    format!("{}{:02}:{:02}", if seconds < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
}
