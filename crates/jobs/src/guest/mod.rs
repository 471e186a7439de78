//! What the cron components share: a job run to its end on the synchronous interfaces of WASI 0.2
//! and Spin.
//!
//! Statements block; only requests to receivers wait side by side. Built only for components
//! (feature `guest`).

mod outbound;
mod reactor;
mod variables;

use std::time::{SystemTime, UNIX_EPOCH};

use ledger::{EntryId, Timestamp};
use store::{SpinSync, follow, migrate, programmes, publish_due};

use crate::{Job, JobContext, WorkLimit, run_everywhere};
use outbound::WasiOutbound;

/// Chunks that a job may take for one programme in one fire. More than any night needs; a runaway
/// ends nevertheless.
const CHUNKS: u32 = 1_000_000;

/// No wave of events is begun after so long: the next fire goes on, with its reminders first.
const MAX_NOTIFY_MS: i64 = 60_000;

/// Runs the jobs, one after another, for every programme, and logs what they did.
///
/// # Errors
/// What went wrong, for the log of the host. What was written stays; the next fire goes on.
pub fn fire(jobs: &[Job]) -> Result<(), String> {
    ready(async {
        let sql = opened().await?;
        let context = JobContext { sql: &sql, now: &now, ids: &new_id };
        let mut failures = Vec::new();
        for job in jobs {
            let limit = WorkLimit::chunks(CHUNKS);
            let limit =
                if *job == Job::Notify { limit.until(now().plus_ms(MAX_NOTIFY_MS)) } else { limit };
            match run_everywhere(&context, &WasiOutbound, variables::address_policy(), *job, limit)
                .await
            {
                Ok((report, failed)) => {
                    // Jobs run every few seconds: the log tells of those that did something.
                    if !report.is_idle() {
                        eprintln!("{}", report.to_json());
                    }
                    failures
                        .extend(report.last_failure.map(|text| format!("{}: {text}", job.name())));
                    failures.extend(
                        failed.iter().map(|(id, error)| {
                            format!("{} of programme {id}: {error}", job.name())
                        }),
                    );
                }
                Err(error) => failures.push(format!("{}: {error}", job.name())),
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
    })
}

/// Publishes the rulebooks whose time has come, for every programme, then those of programmes that
/// follow one which has published.
///
/// No [`fire`] of a job, as that would bring the code of all the others along; checking rulebooks
/// takes as much as all of these together.
///
/// # Errors
/// As [`fire`]; and which programmes cannot follow theirs.
pub fn publish() -> Result<(), String> {
    ready(async {
        // One instant for all programmes.
        let now = now();
        let sql = opened().await?;
        let mut failures = Vec::new();
        let mut published = 0;
        for programme in programmes(&sql).await.map_err(|error| error.to_string())? {
            match publish_due(&sql, &programme, now).await {
                Ok(count) => published += count,
                Err(error) => {
                    failures.push(format!("publish of programme {}: {error}", programme.id))
                }
            }
        }
        // One that could not be published keeps nobody from following another.
        let (followed, behind) = follow(&sql, now.0).await.map_err(|error| error.to_string())?;
        failures.extend(
            behind
                .iter()
                .map(|id| format!("programme {id} cannot follow the one that it inherits from")),
        );
        if published + followed > 0 {
            eprintln!(
                "{}",
                serde_json::json!({"job": "publish", "publications": published, "followed": followed})
            );
        }
        if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
    })
}

/// The database, in its newest shape: a schedule may fire before the first request set it up.
async fn opened() -> Result<SpinSync, String> {
    let sql = SpinSync::open("default").map_err(|error| error.to_string())?;
    migrate(&sql).await.map_err(|error| error.to_string())?;
    Ok(sql)
}

/// The outcome of a future that waits for nothing but the host.
fn ready<T>(future: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    reactor::block_on(future)
        .unwrap_or_else(|| Err("a synchronous interface was not ready".to_owned()))
}

/// The host's wall clock.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(0))
}

/// A fresh UUID, version 7.
fn new_id() -> EntryId {
    let mut random = [0u8; 16];
    // The host's source does not fail; were it to, ids would still differ by the millisecond and
    // the ledger's unique keys.
    let _filled = getrandom::fill(&mut random);
    EntryId::version_7(now(), random)
}
