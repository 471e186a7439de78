//! The metrics of `/metrics`. Handles are made once per component or database and kept, so that
//! counting costs an atomic add.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};
use std::{sync::atomic::AtomicU64, time::Duration};

/// Every family, by its label.
pub struct Metrics {
    registry: Registry,
    requests: Family<StatusLabel, Counter>,
    latency: Histograms<ComponentLabel>,
    in_flight: Family<ComponentLabel, Gauge>,
    instances: Family<ComponentLabel, Gauge>,
    back_instances: Family<ComponentLabel, Gauge>,
    limited: Family<ScopeLabel, Counter>,
    traps: Family<ComponentLabel, Counter>,
    timeouts: Family<ComponentLabel, Counter>,
    refused: Family<ComponentLabel, Counter>,
    fires: Family<FireLabel, Counter>,
    group_size: Histograms<DatabaseLabel>,
    commit_seconds: Histograms<DatabaseLabel>,
    longest_lock: Family<DatabaseLabel, Gauge<f64, AtomicU64>>,
    queued: Family<DatabaseLabel, Gauge>,
    failed_commits: Family<DatabaseLabel, Counter>,
    resident: Gauge,
    pub connections: Gauge,
    pub body_bytes: Gauge,
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ComponentLabel {
    component: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StatusLabel {
    component: String,
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ScopeLabel {
    scope: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FireLabel {
    component: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DatabaseLabel {
    database: String,
}

/// The handles of one HTTP component.
#[derive(Clone)]
pub struct ComponentMetrics {
    by_class: [Counter; 5],
    latency: Histogram,
    pub in_flight: Gauge,
    pub instances: Gauge,
    pub back_instances: Gauge,
    pub traps: Counter,
    pub timeouts: Counter,
    pub refused: Counter,
}

/// The handles of one database.
#[derive(Clone)]
pub struct DatabaseMetrics {
    pub group_size: Histogram,
    pub commit_seconds: Histogram,
    longest_lock: Gauge<f64, AtomicU64>,
    pub queued: Gauge,
    pub failed_commits: Counter,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("accrue");
        let latency: Histograms<ComponentLabel> = Family::new_with_constructor(seconds);
        let commit_seconds: Histograms<DatabaseLabel> = Family::new_with_constructor(seconds);
        let group_size: Histograms<DatabaseLabel> = Family::new_with_constructor(sizes);
        let metrics = Self {
            requests: Family::default(),
            latency,
            in_flight: Family::default(),
            instances: Family::default(),
            back_instances: Family::default(),
            limited: Family::default(),
            traps: Family::default(),
            timeouts: Family::default(),
            refused: Family::default(),
            fires: Family::default(),
            group_size,
            commit_seconds,
            longest_lock: Family::default(),
            queued: Family::default(),
            failed_commits: Family::default(),
            resident: Gauge::default(),
            connections: Gauge::default(),
            body_bytes: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register(
            "requests",
            "Answered requests by component and status class",
            metrics.requests.clone(),
        );
        registry.register(
            "request_seconds",
            "Time from request head to answer",
            metrics.latency.clone(),
        );
        registry.register(
            "in_flight",
            "Requests handed to a component and not yet answered",
            metrics.in_flight.clone(),
        );
        registry.register("instances", "Live instances", metrics.instances.clone());
        registry.register(
            "back_instances",
            "Live instances for senders whose requests compute for long",
            metrics.back_instances.clone(),
        );
        registry.register(
            "limited",
            "Requests refused by a quota, by its scope",
            metrics.limited.clone(),
        );
        registry.register(
            "body_bytes",
            "Bytes of request bodies held now",
            metrics.body_bytes.clone(),
        );
        registry.register("traps", "Instances lost to a trap or a stall", metrics.traps.clone());
        registry.register("timeouts", "Requests that ran out of time", metrics.timeouts.clone());
        registry.register(
            "refused",
            "Requests refused because the queue was full",
            metrics.refused.clone(),
        );
        registry.register(
            "cron_fires",
            "Fires of cron components by outcome",
            metrics.fires.clone(),
        );
        registry.register("write_group_size", "Writes per commit", metrics.group_size.clone());
        registry.register(
            "commit_seconds",
            "Time of one durable commit",
            metrics.commit_seconds.clone(),
        );
        registry.register(
            "longest_write_lock_seconds",
            "Longest time that writes of one commit kept others waiting, since the start",
            metrics.longest_lock.clone(),
        );
        registry.register(
            "write_queue",
            "Writes sent and not yet answered",
            metrics.queued.clone(),
        );
        registry.register(
            "failed_commits",
            "Groups whose commit failed",
            metrics.failed_commits.clone(),
        );
        registry.register(
            "resident_bytes",
            "Resident memory of the process",
            metrics.resident.clone(),
        );
        registry.register("connections", "Open client connections", metrics.connections.clone());
        Self { registry, ..metrics }
    }

    pub fn component(&self, name: &str) -> ComponentMetrics {
        let label = ComponentLabel { component: name.to_owned() };
        let class = |status| {
            self.requests.get_or_create_owned(&StatusLabel { component: name.to_owned(), status })
        };
        ComponentMetrics {
            by_class: ["1xx", "2xx", "3xx", "4xx", "5xx"].map(class),
            latency: self.latency.get_or_create_owned(&label),
            in_flight: self.in_flight.get_or_create_owned(&label),
            instances: self.instances.get_or_create_owned(&label),
            back_instances: self.back_instances.get_or_create_owned(&label),
            traps: self.traps.get_or_create_owned(&label),
            timeouts: self.timeouts.get_or_create_owned(&label),
            refused: self.refused.get_or_create_owned(&label),
        }
    }

    pub fn database(&self, name: &str) -> DatabaseMetrics {
        let label = DatabaseLabel { database: name.to_owned() };
        DatabaseMetrics {
            group_size: self.group_size.get_or_create_owned(&label),
            commit_seconds: self.commit_seconds.get_or_create_owned(&label),
            longest_lock: self.longest_lock.get_or_create_owned(&label),
            queued: self.queued.get_or_create_owned(&label),
            failed_commits: self.failed_commits.get_or_create_owned(&label),
        }
    }

    /// Counts one fire: `ok`, `error`, `trap`, `timeout` or `skipped`.
    pub fn fired(&self, component: &str, outcome: &'static str) {
        self.fires.get_or_create(&FireLabel { component: component.to_owned(), outcome }).inc();
    }

    /// Counts one request that a quota refused.
    pub fn limited(&self, scope: &'static str) {
        self.limited.get_or_create(&ScopeLabel { scope }).inc();
    }

    /// The text of the exposition.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        self.resident.set(resident_bytes());
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl DatabaseMetrics {
    /// Notes how long writers had to wait for a transaction. Only the one writer of the database
    /// calls it.
    pub fn locked(&self, took: Duration) {
        let longest = self.longest_lock.get().max(took.as_secs_f64());
        self.longest_lock.set(longest);
    }
}

impl ComponentMetrics {
    pub fn answered(&self, status: http::StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = self.by_class.get(class) {
            counter.inc();
        }
        self.latency.observe(took.as_secs_f64());
    }
}

fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 18))
}

fn sizes() -> Histogram {
    Histogram::new(exponential_buckets(1.0, 2.0, 10))
}

/// From /proc; 0 where there is none.
fn resident_bytes() -> i64 {
    let pages =
        || std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse::<i64>().ok();
    pages().unwrap_or(0).saturating_mul(4096)
}
