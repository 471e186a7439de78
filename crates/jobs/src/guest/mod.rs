//! Shared by the cron components: runs a job to its end on the synchronous interfaces of WASI 0.2
//! and Spin.
//!
//! Statements block; only requests to receivers wait side by side. Built only for components
//! (feature `guest`).

mod outbound;
mod reactor;
mod variables;

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use ledger::{Fresh, Timestamp};
use store::{SpinSync, begin_reach, follow, follow_playbooks, migrate, programmes, publish_due};

use crate::{
    DeliverSettings, Job, JobContext, Messaging, Outbox, OutboxSettings, WorkLimit, link_key,
    run_everywhere,
};
use outbound::WasiOutbound;

/// Max chunks of a job for one programme in one fire. No night needs as many; the limit ends a
/// faulty job.
const CHUNKS: u32 = 1_000_000;

/// No wave of events begins later than this after the start. The next fire goes on, with its
/// reminders first.
const MAX_NOTIFY_MS: i64 = 60_000;

/// No piece of a fold begins later than this after the start. The next fire goes on.
const MAX_FOLD_MS: i64 = 50_000;

/// No piece of a refresh begins later than this after the start. The next fire goes on.
const MAX_REFRESH_MS: i64 = 50_000;

/// No wave of messages begins later than this after the start. Fires are ten seconds apart, and
/// one that comes during a run is left out. So a run lasts until just before a fire: an account
/// that may send all the time would stand still for ten seconds of each minute otherwise.
const MAX_DELIVER_MS: i64 = 59_000;

/// No piece of a walk begins later than this after the start. The next fire goes on.
const MAX_TOUCH_MS: i64 = 50_000;

/// No piece of a count begins later than this after the start. The next fire goes on.
const MAX_RESULTS_MS: i64 = 50_000;

/// Runs the jobs, one after another, for every programme, and logs their results.
///
/// # Errors
/// The faults, for the log of the host. Written entries stay; the next fire goes on.
pub fn fire(jobs: &[Job]) -> Result<(), String> {
    ready(async {
        let sql = open_database().await?;
        let context = JobContext { sql: &sql, now: &now, fresh: &fresh };
        let mut failures = Vec::new();
        for job in jobs {
            let limit = WorkLimit::chunks(CHUNKS);
            let limit =
                if *job == Job::Notify { limit.until(now().plus_ms(MAX_NOTIFY_MS)) } else { limit };
            match run_everywhere(&context, &WasiOutbound, variables::address_policy(), *job, limit)
                .await
            {
                Ok((report, failed)) => {
                    // Jobs run every few seconds, so the log only shows runs that did something.
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

/// Publishes the due documents of every programme, then those of programmes that follow one which
/// has published.
///
/// It does not use [`fire`], which would link the code of all other jobs. Checking rulebooks takes
/// as much code as all of these together.
///
/// # Errors
/// As [`fire`], and the programmes that cannot follow theirs.
pub fn publish() -> Result<(), String> {
    ready(async {
        // One instant for all programmes.
        let now = now();
        let sql = open_database().await?;
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
        // A programme whose publication failed does not keep others from following.
        let (mut followed, mut behind) =
            follow(&sql, now.0).await.map_err(|error| error.to_string())?;
        let playbooks = follow_playbooks(&sql, now.0).await.map_err(|error| error.to_string())?;
        followed += playbooks.0;
        behind.extend(playbooks.1);
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

/// Folds what is new of all programmes into facts, for at most [`MAX_FOLD_MS`].
///
/// # Errors
/// As [`fire`].
pub fn fold() -> Result<(), String> {
    ready(async {
        let (sql, reach) = open_databases().await?;
        let ledger = JobContext { sql: &sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &reach, now: &now, fresh: &fresh };
        let limit = WorkLimit::chunks(CHUNKS).until(now().plus_ms(MAX_FOLD_MS));
        let report = crate::fold(&ledger, &reach, None, limit).await;
        let report = report.map_err(|error| format!("fold: {error}"))?;
        told("fold", (report.is_idle(), &report.to_json()), report.last_failure)
    })
}

/// Refreshes the sets of all programmes, for at most [`MAX_REFRESH_MS`].
///
/// # Errors
/// As [`fire`].
pub fn refresh() -> Result<(), String> {
    ready(async {
        let (sql, reach) = open_databases().await?;
        let ledger = JobContext { sql: &sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &reach, now: &now, fresh: &fresh };
        let limit = WorkLimit::chunks(CHUNKS).until(now().plus_ms(MAX_REFRESH_MS));
        let report = crate::refresh(&ledger, &reach, None, limit).await;
        let report = report.map_err(|error| format!("refresh: {error}"))?;
        told("refresh", (report.is_idle(), &report.to_json()), report.last_failure)
    })
}

/// Decides the touches of all programmes, for at most [`MAX_TOUCH_MS`].
///
/// # Errors
/// As [`fire`].
pub fn touch() -> Result<(), String> {
    ready(async {
        let (sql, reach) = open_databases().await?;
        let ledger = JobContext { sql: &sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &reach, now: &now, fresh: &fresh };
        let limit = WorkLimit::chunks(CHUNKS).until(now().plus_ms(MAX_TOUCH_MS));
        let messaging = async |no| Messaging::published(&sql, reach.sql, no).await;
        let report = crate::touch(&ledger, &reach, None, messaging, limit).await;
        let report = report.map_err(|error| format!("touch: {error}"))?;
        told("touch", (report.is_idle(), &report.to_json()), report.last_failure)
    })
}

/// Sends what is due by the accounts of all programmes, for at most [`MAX_DELIVER_MS`].
///
/// # Errors
/// As [`fire`].
pub fn deliver() -> Result<(), String> {
    ready(async {
        let (sql, reach) = open_databases().await?;
        let ledger = JobContext { sql: &sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &reach, now: &now, fresh: &fresh };
        let limit = WorkLimit::chunks(CHUNKS).until(now().plus_ms(MAX_DELIVER_MS));
        let (seals, policy) = (variables::seals(), variables::address_policy());
        let bytes = random().zip(random()).ok_or("the host gives no randomness")?;
        let key = link_key(&reach, &seals, bytes).await.map_err(|error| error.to_string())?;
        let links = key.ok_or("secrets_key does not open the key of links")?;
        let public_url = variables::public_url();
        let settings = OutboxSettings { seals: &seals, links, public_url: public_url.clone() };
        let messaging = async |no| Messaging::published(&sql, reach.sql, no).await;
        let outbox = Outbox::new(&ledger, &reach, messaging, &settings);
        let public_url = public_url.as_deref();
        let settings = DeliverSettings { seals: &seals, policy, public_url, random: &random };
        let report = outbox.send(&WasiOutbound, &settings, limit).await;
        let report = report.map_err(|error| format!("deliver: {error}"))?;
        told("deliver", (report.is_idle(), &report.to_json()), report.last_failure)
    })
}

/// Logs what a run did, where it did something. Its last failure is its outcome.
fn told(
    job: &str,
    (is_idle, report): (bool, &serde_json::Value),
    failure: Option<String>,
) -> Result<(), String> {
    if !is_idle {
        eprintln!("{report}");
    }
    failure.map_or(Ok(()), |text| Err(format!("{job}: {text}")))
}

/// Random bytes of the host.
fn random<const LENGTH: usize>() -> Option<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).ok().map(|()| bytes)
}

/// Counts what strategies of all programmes brought, for at most [`MAX_RESULTS_MS`].
///
/// # Errors
/// As [`fire`].
pub fn results() -> Result<(), String> {
    ready(async {
        let (sql, reach) = open_databases().await?;
        let ledger = JobContext { sql: &sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &reach, now: &now, fresh: &fresh };
        let limit = WorkLimit::chunks(CHUNKS).until(now().plus_ms(MAX_RESULTS_MS));
        let report = crate::results(&ledger, &reach, None, limit).await;
        let report = report.map_err(|error| format!("results: {error}"))?;
        told("results", (report.is_idle(), &report.to_json()), report.last_failure)
    })
}

/// The database with the current schema, as a schedule may fire before the first request.
async fn open_database() -> Result<SpinSync, String> {
    let sql = SpinSync::open("default").map_err(|error| error.to_string())?;
    migrate(&sql).await.map_err(|error| error.to_string())?;
    Ok(sql)
}

/// The same with the database of what is known of customers.
async fn open_databases() -> Result<(SpinSync, SpinSync), String> {
    let sql = open_database().await?;
    let reach = SpinSync::open_reach().map_err(|error| error.to_string())?;
    begin_reach(&reach, &sql).await.map_err(|error| error.to_string())?;
    Ok((sql, reach))
}

/// Polls a future that waits for nothing but the host.
fn ready<T>(future: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    reactor::block_on(future)
        .unwrap_or_else(|| Err("a synchronous interface was not ready".to_owned()))
}

/// The host's wall clock.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(0))
}

fn fresh() -> Fresh {
    static INSTANCE: OnceLock<[u8; 16]> = OnceLock::new();
    // The host's random source does not fail. If it did, ids would still differ by the millisecond,
    // and the ledger's unique keys would catch a repeat.
    let random = || {
        let mut random = [0u8; 16];
        let _filled = getrandom::fill(&mut random);
        random
    };
    Fresh::new(now(), random(), *INSTANCE.get_or_init(random))
}
