//! What a run did, in numbers.

use ledger::{Entry, Kind};
use serde_json::{Value as Json, json};

/// What a run did. Numbers count what this run wrote, not what others wrote at the same time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The job's name.
    pub job: &'static str,
    /// False when there is more to do: call again.
    pub done: bool,
    /// Members looked at.
    pub members: u64,
    /// Entries written.
    pub entries: u64,
    /// Lots that became spendable.
    pub lots_activated: u64,
    /// Holds whose time was over.
    pub holds_timed_out: u64,
    /// Requests that nobody decided in time.
    pub requests_lapsed: u64,
    /// Lots that reached their end.
    pub lots_expired: u64,
    /// The points in them.
    pub points_expired: i64,
    /// Moves on the tier ladder, renewals too.
    pub tier_changes: u64,
    /// Members warned of points that expire soon.
    pub reminders: u64,
    /// Events that an endpoint took.
    pub delivered: u64,
    /// Attempts that an endpoint did not take.
    pub refused: u64,
    /// Events given up after the last attempt.
    pub dead: u64,
    /// Endpoints disabled.
    pub disabled: u64,
    /// Answers, traces and the like that were kept for long enough.
    pub forgotten: u64,
    /// Rulebooks whose time to be published had come.
    pub publications: u64,
    /// Members whose state cannot be read or does not add up: left alone, for the audit to explain.
    pub failed: u64,
    /// What the last of those came to; for the log.
    pub last_failure: Option<String>,
}

impl Report {
    pub(crate) fn of(job: &'static str) -> Self {
        Self { job, ..Self::default() }
    }

    pub(crate) fn count(&mut self, entry: &Entry) {
        self.entries += 1;
        match entry.kind {
            Kind::Activate => self.lots_activated += length(&entry.activations),
            Kind::Expire => {
                self.lots_expired += length(&entry.draws);
                self.points_expired = self.points_expired.saturating_sub(entry.points);
            }
            Kind::TierChange => self.tier_changes += 1,
            Kind::Remind => self.reminders += 1,
            Kind::Release => self.holds_timed_out += 1,
            Kind::Lapse => self.requests_lapsed += 1,
            // What only a caller's command writes, or what follows from one of the others.
            _ => {}
        }
    }

    /// Adds what another run did. Done only when both are.
    pub(crate) fn add(&mut self, other: Self) {
        self.done = self.done && other.done;
        self.members += other.members;
        self.entries += other.entries;
        self.lots_activated += other.lots_activated;
        self.holds_timed_out += other.holds_timed_out;
        self.requests_lapsed += other.requests_lapsed;
        self.lots_expired += other.lots_expired;
        self.points_expired = self.points_expired.saturating_add(other.points_expired);
        self.tier_changes += other.tier_changes;
        self.reminders += other.reminders;
        self.delivered += other.delivered;
        self.refused += other.refused;
        self.dead += other.dead;
        self.disabled += other.disabled;
        self.forgotten += other.forgotten;
        self.publications += other.publications;
        self.failed += other.failed;
        self.last_failure = other.last_failure.or(self.last_failure.take());
    }

    /// True when the run found nothing to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *self == Self { done: true, ..Self::of(self.job) }
    }

    /// The report as the API shows it. What failed is told in numbers only; the log has the words.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "job": self.job,
            "done": self.done,
            "members": self.members,
            "entries": self.entries,
            "lots_activated": self.lots_activated,
            "holds_timed_out": self.holds_timed_out,
            "requests_lapsed": self.requests_lapsed,
            "lots_expired": self.lots_expired,
            "points_expired": self.points_expired,
            "tier_changes": self.tier_changes,
            "reminders": self.reminders,
            "delivered": self.delivered,
            "refused": self.refused,
            "dead": self.dead,
            "disabled": self.disabled,
            "forgotten": self.forgotten,
            "publications": self.publications,
            "failed": self.failed,
        })
    }
}

fn length<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}
