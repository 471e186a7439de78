//! Cron components: a fresh instance for every fire, and never two fires of one component at once.
//! Schedules follow the guests' clock, so that a demo with `--clock` sees its nights. A missed fire
//! is not repeated, because jobs decide by the clock which work is due. Jobs run in the back room,
//! so that callers do not wait while a job goes through many members.

use crate::{
    back_room::BackRoom,
    clock::GuestClock,
    instance::new_store,
    interfaces::{
        cron::bindings::{Cron as CronWorld, CronPre, fermyon::spin_cron::cron_types::Metadata},
        guest::{Grants, Guest},
    },
    metrics::Metrics,
};
use anyhow::{Result, anyhow};
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;

pub struct Job {
    pub pre: CronPre<Guest>,
    pub grants: Arc<Grants>,
    pub metrics: Arc<Metrics>,
    pub clock: GuestClock,
    pub time_limit: Duration,
    pub back_room: Arc<BackRoom>,
    /// Held while the job runs.
    pub running: Mutex<()>,
}

/// Reads an expression of six or seven fields, seconds first.
pub fn parse(expression: &str) -> Result<Cron, String> {
    let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Optional).build();
    parser.parse(expression).map_err(|error| format!("cron_expression `{expression}`: {error}"))
}

impl Job {
    /// Fires at every occurrence, for ever.
    pub async fn follow(self: Arc<Self>, schedule: Cron) {
        let component = &self.grants.component;
        loop {
            let now = self.clock.now();
            let Ok(due) = schedule.find_next_occurrence(&now, false) else {
                return tracing::info!(component, "the schedule has no further occurrence");
            };
            let wait = (due - now).to_std().unwrap_or_default();
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.clock.moved() => continue,
            }
            match self.running.try_lock() {
                Ok(running) => drop(self.run(due.timestamp(), running).await),
                Err(_) => {
                    self.metrics.fired(component, "skipped");
                    tracing::warn!(component, "skipped a fire: the one before is still running");
                }
            }
        }
    }

    /// Fires now, after a run in progress has ended.
    pub async fn fire(self: &Arc<Self>) -> Result<()> {
        let running = self.running.lock().await;
        self.run(self.clock.now().timestamp(), running).await
    }

    async fn run(
        self: &Arc<Self>,
        timestamp: i64,
        _running: tokio::sync::MutexGuard<'_, ()>,
    ) -> Result<()> {
        let component = &self.grants.component;
        let started = std::time::Instant::now();
        let metadata = Metadata { timestamp: u64::try_from(timestamp).unwrap_or_default() };
        let job = self.clone();
        let call = self.back_room.run(async move { job.call(metadata).await });
        let (word, outcome) = match tokio::time::timeout(self.time_limit, call).await {
            Ok(Ok(Ok(Ok(())))) => ("ok", Ok(())),
            Ok(Ok(Ok(Err(message)))) => ("error", Err(anyhow!(message))),
            Ok(Ok(Err(trap))) => ("trap", Err(anyhow!("trapped: {trap:#}"))),
            Ok(Err(panic)) => ("trap", Err(panic.into())),
            Err(_) => ("timeout", Err(anyhow!("ran for more than {:?}", self.time_limit))),
        };
        self.metrics.fired(component, word);
        match &outcome {
            Ok(()) => tracing::info!(component, took = ?started.elapsed(), "cron run finished"),
            Err(error) => {
                tracing::error!(component, took = ?started.elapsed(), "cron run failed: {error}")
            }
        }
        outcome
    }

    async fn call(&self, metadata: Metadata) -> wasmtime::Result<Result<(), String>> {
        let mut store = new_store(self.pre.engine(), &self.grants);
        let instance: CronWorld = self.pre.instantiate_async(&mut store).await?;
        let outcome = instance.call_handle_cron_event(&mut store, metadata).await?;
        Ok(outcome.map_err(|error| format!("{error:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_come_first() {
        let from = chrono::DateTime::parse_from_rfc3339("2026-03-01T23:59:58Z").unwrap().to_utc();
        for (expression, next) in [
            ("* * * * * * *", "2026-03-01T23:59:59Z"),
            ("0 0 0 * * * *", "2026-03-02T00:00:00Z"),
            ("30 */5 * * * *", "2026-03-02T00:00:30Z"),
            ("0 0 16 1 1 * 2027", "2027-01-01T16:00:00Z"),
        ] {
            let due = parse(expression).unwrap().find_next_occurrence(&from, false).unwrap();
            assert_eq!(due, chrono::DateTime::parse_from_rfc3339(next).unwrap(), "{expression}");
        }
        for expression in ["* * * * *", "", "61 * * * * * *", "never"] {
            assert!(parse(expression).is_err(), "{expression}");
        }
    }
}
