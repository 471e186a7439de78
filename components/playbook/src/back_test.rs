//! Back-tests: whom the playbook in force, a draft, or a playbook that is still being edited would
//! have told what on past days.

use jobs::{BackTestWish, JobContext, WorkLimit, back_test_touches};
use shell::api::bodies::PlaybookBackTestBody;
use shell::api::playbook::SEES_MEMBERS;
use shell::{
    App, FieldError, Problem, Reply, Request, authenticate, check_role, fresh, now,
    parse_optional_json, reach,
};

use crate::rehearsal::{day_of, messaging};

/// A piece has 50 members, of each of whom all entries are read. None begins after these
/// milliseconds, so that no call runs into a time-out.
const PIECES: u32 = 40;
const MAX_MS: i64 = 8_000;

pub async fn back_test(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: PlaybookBackTestBody = parse_optional_json(request.body()?)?;
    for (place, told) in [("/from", &body.from), ("/to", &body.to)] {
        if body.cursor.is_some() && told.is_some() {
            return Err(FieldError::new(place, "is part of the cursor: leave it out").into());
        }
    }
    let from = body.from.as_deref().map(|day| day_of("/from", day)).transpose()?;
    let to = body.to.as_deref().map(|day| day_of("/to", day)).transpose()?;
    let opened = reach().await?;
    let named = (body.draft.as_deref(), body.playbook.as_deref());
    let messaging = messaging(app, &caller, &*opened, named).await?;
    let ledger = JobContext { sql: &app.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: &*opened, now: &now, fresh: &fresh };
    let limit = WorkLimit::chunks(PIECES).until(now().plus_ms(MAX_MS));
    let wish = BackTestWish { from, to, cursor: body.cursor.as_deref() };
    let programme = caller.programme.clone();
    let part = back_test_touches(&ledger, &reach, programme, messaging, wish, limit).await?;
    let part = part.ok_or_else(|| match &body.cursor {
        Some(_) => FieldError::new(
            "/cursor",
            "is not one of a back-test of this playbook under the rulebook in force: begin again",
        ),
        None => FieldError::new(
            "/from",
            "must be at most 180 days ago, and `to` before today, at most 91 days after it",
        ),
    })?;
    let sees_members = check_role(&caller, SEES_MEMBERS).is_ok();
    Ok(Reply::json(200, &part.to_json(sees_members)))
}
