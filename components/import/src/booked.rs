//! Books an approved import. Each row has a key of its own, so continuing after a crash books no
//! row twice.

use std::rc::Rc;

use ledger::{MemberId, Refusal};
use rules::operations::Refuse;
use rules::{Rulebook, other_spellings};
use shell::{
    App, ImportRowBody, Problem, Reply, Request, authenticate, published, submit_approved,
};
use store::{
    Caller, Import, ImportState, Outcome, Sql as _, Submission, holders, keep_outcomes, next_rows,
};

use crate::{existing, shown};

/// Max rows booked in one statement, and in one call.
const ROWS: i64 = 250;
const ROWS_A_CALL: i64 = 1_000;

/// Max lots booked in one statement, unless one member has more.
const MAX_LOTS: usize = 2_000;

/// The outcome of a booked row.
const WRITTEN: &str = "written";

pub async fn go_on(app: &App, request: &Request, id: &str) -> Result<Reply, Problem> {
    let caller = authenticate(app, request).await?;
    let mut found = existing(app, &caller, id).await?;
    match found.state {
        ImportState::Approved | ImportState::Done => {}
        _ => return Err(Problem::refused(Refusal::RequestResolved)),
    }
    let mut booked = 0;
    while found.state == ImportState::Approved && booked < ROWS_A_CALL {
        booked += book(app, &caller, &found).await?;
        found = existing(app, &caller, id).await?;
        app.sql.give_way().await;
    }
    Ok(Reply::json(200, &shown(app, &caller, &found).await?))
}

/// Books the next rows and returns their number. Also ends an import whose last rows another call
/// has booked.
async fn book(app: &App, caller: &Caller, import: &Import) -> Result<i64, Problem> {
    let rows = next_rows(&app.sql, caller.programme.no, &import.id, ROWS).await?;
    let book = published(&app.sql, &caller.programme).await?;
    let mut outcomes: Vec<(i64, String)> = Vec::new();
    let mut lots = 0;
    let (mut lines, mut submissions): (Vec<i64>, Vec<Submission>) = (Vec::new(), Vec::new());
    for (line, text) in rows {
        let row: Result<ImportRowBody, _> = serde_json::from_str(&text);
        let row = row.map_err(|error| Problem::Internal(error.to_string()))?;
        let key = format!("{}/{line}", import.id);
        lots += row.lots.len();
        if lots > MAX_LOTS && !lines.is_empty() {
            break;
        }
        // By the clock of the import's request: rows that have ended since are booked, and end at
        // once.
        match row.submission(&import.id, &key, &import.actor, &book, import.asked_at) {
            Ok(submission) => {
                lines.push(line);
                submissions.push(submission);
            }
            // A tier that the rulebook no longer has.
            Err(Problem::InvalidRequest(errors)) => {
                let why: Vec<String> = errors
                    .into_iter()
                    .map(|error| format!("{} {}", error.pointer, error.detail))
                    .collect();
                outcomes.push((line, format!("invalid-request: {}", why.join("; "))));
            }
            Err(other) => return Err(other),
        }
    }
    refuse_shared(app, caller, &book, &mut submissions).await?;
    let came_to = if submissions.is_empty() {
        Vec::new()
    } else {
        submit_approved(app, caller, submissions).await?
    };
    for (line, outcome) in lines.into_iter().zip(came_to) {
        let outcome = match outcome {
            Outcome::Done(_) | Outcome::Nothing(_) => WRITTEN.to_owned(),
            Outcome::Refused { refusal, .. } => refusal.slug().to_owned(),
            Outcome::KeyReused => "idempotency-key-reused".to_owned(),
        };
        outcomes.push((line, outcome));
    }
    keep_outcomes(&app.sql, caller.programme.no, &import.id, &outcomes).await?;
    Ok(i64::try_from(outcomes.len()).unwrap_or(ROWS_A_CALL).max(1))
}

/// Refuses members with a name that another member has in an older spelling.
async fn refuse_shared(
    app: &App,
    caller: &Caller,
    book: &Rulebook,
    submissions: &mut [Submission],
) -> Result<(), Problem> {
    let named = |submission: &Submission| {
        let names = submission.wanted().aliases.unwrap_or_default();
        names.iter().flat_map(|name| other_spellings(name, book.country_code())).collect()
    };
    let spellings: Vec<Vec<String>> = submissions.iter().map(named).collect();
    let all: Vec<String> = spellings.concat();
    let mut found = holders(&app.sql, caller.programme.no, &all).await?.into_iter();
    for (submission, own) in submissions.iter_mut().zip(spellings) {
        let of_submission: Vec<Option<MemberId>> = found.by_ref().take(own.len()).collect();
        let is_other = |(_, holder): &(&String, &Option<MemberId>)| {
            holder.as_ref().is_some_and(|holder| *holder != submission.member)
        };
        if let Some((name, _)) = own.iter().zip(&of_submission).find(is_other) {
            let kind = name.split(':').next().unwrap_or_default().to_owned();
            submission.operation = Rc::new(Refuse(Refusal::AliasTaken { kind }));
        }
    }
    Ok(())
}
