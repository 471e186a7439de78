//! The figures of a run.

use ledger::{Entry, Kind};
use serde_json::{Value as Json, json};

/// The figures of a run. They count what this run wrote, not what others wrote at the same time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The job's name.
    pub job: &'static str,
    /// False if there is more to do: call again.
    pub done: bool,
    /// Members visited.
    pub members: u64,
    /// Entries written.
    pub entries: u64,
    /// Lots that became spendable.
    pub lots_activated: u64,
    /// Holds that timed out.
    pub holds_timed_out: u64,
    /// Requests that lapsed without a decision.
    pub requests_lapsed: u64,
    /// Lots that expired.
    pub lots_expired: u64,
    /// The points in them.
    pub points_expired: i64,
    /// Moves on the tier ladder, including renewals.
    pub tier_changes: u64,
    /// Members that were warned of expiring points.
    pub reminders: u64,
    /// Events that an endpoint accepted.
    pub delivered: u64,
    /// Attempts that an endpoint did not accept.
    pub refused: u64,
    /// Events given up after the last attempt.
    pub dead: u64,
    /// Endpoints disabled.
    pub disabled: u64,
    /// Answers, traces and similar rows deleted after their retention.
    pub forgotten: u64,
    /// Rulebooks and playbooks published because their time had come.
    pub publications: u64,
    /// Members whose state is unreadable or inconsistent. They are skipped, and the audit explains
    /// them.
    pub failed: u64,
    /// The last failure of these; for the log.
    pub last_failure: Option<String>,
}

impl Report {
    pub(crate) fn of(job: &'static str) -> Self {
        Self { job, ..Self::default() }
    }

    pub(crate) fn count(&mut self, entry: &Entry) {
        self.entries += 1;
        match entry.kind() {
            Kind::Activate => self.lots_activated += length(&entry.lots.activations),
            Kind::Expire => {
                self.lots_expired += length(&entry.lots.draws);
                self.points_expired = self.points_expired.saturating_sub(entry.points);
            }
            Kind::TierChange => self.tier_changes += 1,
            Kind::Remind => self.reminders += 1,
            Kind::Release => self.holds_timed_out += 1,
            Kind::Lapse => self.requests_lapsed += 1,
            // The others are written by commands, or follow from one of these.
            _ => {}
        }
    }

    /// Adds the figures of another run. Done only if both are.
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

    /// True if the run found nothing to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *self == Self { done: true, ..Self::of(self.job) }
    }

    /// The report as the API shows it. Failures are only counted; the log has the details.
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
