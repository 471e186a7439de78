//! Rehearsals: what the playbook in force, a draft, or a playbook that is still being edited
//! decides on a day, for each member, without deciding it.

use jobs::{JobContext, Messaging, TouchWish, WorkLimit, rehearse_touches};
use ledger::{day_number, parse_day};
use reach::playbook::{Fault, Playbook};
use shell::api::bodies::PlaybookRehearsalBody;
use shell::api::playbook::SEES_MEMBERS;
use shell::{
    App, FieldError, Problem, Reply, Request, authenticate, check_role, fresh, now,
    parse_optional_json, reach, signed, verified,
};
use store::{Caller, Sql, published_playbook};

use crate::drafts::{DRAFTS, faults};

/// A piece has 1,000 members. None begins after these milliseconds, so that no call runs into a
/// time-out.
const PIECES: u32 = 100;
const MAX_MS: i64 = 8_000;
/// What its cursors are of.
const WHAT: &str = "rehearsal";

pub async fn rehearse(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let body: PlaybookRehearsalBody = parse_optional_json(request.body()?)?;
    if body.cursor.is_some() && body.day.is_some() {
        return Err(FieldError::new("/day", "is part of the cursor: leave it out").into());
    }
    let day = body.day.as_deref().map(|day| day_of("/day", day)).transpose()?;
    let opened = reach().await?;
    let named = (body.draft.as_deref(), body.playbook.as_deref());
    let messaging = messaging(app, &caller, &*opened, named).await?;
    let ledger = JobContext { sql: &app.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: &*opened, now: &now, fresh: &fresh };
    let limit = WorkLimit::chunks(PIECES).until(now().plus_ms(MAX_MS));
    let cursor = match &body.cursor {
        Some(cursor) => Some(verified(app, &caller, WHAT, cursor).ok_or_else(not_its_cursor)?),
        None => None,
    };
    let wish = TouchWish { day, cursor };
    let programme = caller.programme.clone();
    let part = rehearse_touches(&ledger, &reach, programme, messaging, wish, limit).await?;
    let mut part = part.ok_or_else(|| match cursor {
        Some(_) => not_its_cursor(),
        None => FieldError::new("/day", "must be today or a day within a year from now"),
    })?;
    // The cursor holds figures and numbers of members.
    part.next = part.next.map(|text| signed(app, &caller, WHAT, &text));
    let sees_members = check_role(&caller, SEES_MEMBERS).is_ok();
    Ok(Reply::json(200, &part.to_json(sees_members)))
}

fn not_its_cursor() -> FieldError {
    FieldError::new(
        "/cursor",
        "is not one of a rehearsal of this playbook under the rulebook in force: begin again",
    )
}

pub fn day_of(place: &str, text: &str) -> Result<i32, FieldError> {
    let wrong = || FieldError::new(place, "must be a day such as 2026-03-10");
    parse_day(text).map(day_number).ok_or_else(wrong)
}

/// What is in force, or what would be with a named draft or a playbook in its place.
pub async fn messaging(
    app: &App,
    caller: &Caller,
    reach: &impl Sql,
    named: (Option<&str>, Option<&Playbook>),
) -> Result<Messaging, Problem> {
    let no = caller.programme.no;
    let messaging = match other(app, caller, named).await? {
        None => Messaging::published(&app.sql, reach, no).await?,
        Some(playbook) => {
            let version = published_playbook(&app.sql, no).await?.version();
            Messaging::of(&app.sql, reach, no, (playbook, version)).await?
        }
    };
    Ok(messaging)
}

/// The playbook in place of the one in force. It must be one that could be published.
async fn other(
    app: &App,
    caller: &Caller,
    named: (Option<&str>, Option<&Playbook>),
) -> Result<Option<Playbook>, Problem> {
    let (playbook, place) = match named {
        (None, None) => return Ok(None),
        (Some(name), None) => {
            let missing = |problem| match problem {
                Problem::ResourceNotFound => {
                    FieldError::new("/draft", "there is no draft of this name").into()
                }
                other => other,
            };
            let found = DRAFTS.find::<Playbook>(app, caller, name).await;
            (found.map_err(missing)?.1, "/draft")
        }
        (None, Some(playbook)) => (Playbook::clone(playbook), "/playbook"),
        (Some(_), Some(_)) => {
            let detail = "must be there, or else playbook; not both";
            return Err(FieldError::new("/draft", detail).into());
        }
    };
    let within = |fault: Fault| FieldError::new(format!("{place}{}", fault.path), fault.detail);
    let faults: Vec<FieldError> =
        faults(app, caller, &playbook).await?.into_iter().map(within).collect();
    if faults.is_empty() { Ok(Some(playbook)) } else { Err(Problem::InvalidRequest(faults)) }
}
