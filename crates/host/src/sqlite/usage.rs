//! Penalties and limits of the components that share a database. A component pays for a stopped
//! statement with its own next statements. So the others keep nineteen twentieths of the writer's
//! time and the short readers. During a penalty, writes that have not proved short are refused, and
//! such reads go to the threads for long reads. After a second stop during the penalty, this holds
//! for all statements of the component.

use super::Error;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// A penalty lasts this many times the run time of the stopped statement.
const PENALTY: u32 = 19;
/// No penalty is longer, as a component serves many tenants.
const MAX_PENALTY: Duration = Duration::from_secs(60);
/// Bytes of statements and values that a component may have in flight to one database.
const MAX_IN_FLIGHT: usize = 64 * 1024 * 1024;
/// A component gets at most one refusal in this time. A refusal costs little, but thousands a
/// second cost the others the processor.
pub const REFUSAL_INTERVAL: Duration = Duration::from_millis(10);
const MAX_DELAY_MS: u64 = 1_000;

/// The usage of one database by one component.
#[derive(Default)]
pub struct Usage {
    reads: Penalty,
    endless_reads: Penalty,
    writes: Penalty,
    bytes_in_flight: AtomicUsize,
    next_refusal: AtomicU64,
}

/// Ends of a penalty, in milliseconds since the first instant.
#[derive(Default)]
struct Penalty {
    unproven_wait_until: AtomicU64,
    all_wait_until: AtomicU64,
}

impl Penalty {
    fn begin(&self, now: u64, took: Duration) {
        let until = now.saturating_add(milliseconds(took.saturating_mul(PENALTY).min(MAX_PENALTY)));
        if now < self.unproven_wait_until.fetch_max(until, Ordering::Relaxed) {
            self.all_wait_until.fetch_max(until, Ordering::Relaxed);
        }
    }

    fn applies(&self, now: u64, is_proven: bool) -> bool {
        let until = if is_proven { &self.all_wait_until } else { &self.unproven_wait_until };
        now < until.load(Ordering::Relaxed)
    }
}

impl Usage {
    pub fn record_stopped_read(&self, took: Duration) {
        self.reads.begin(now(), took);
    }

    /// Records a read that ran to its deadline.
    pub fn record_endless_read(&self, took: Duration) {
        self.record_stopped_read(took);
        self.endless_reads.begin(now(), took);
    }

    /// Whether long reads of this component belong on the idle thread.
    pub fn has_endless_reads(&self) -> bool {
        self.endless_reads.applies(now(), false)
    }

    pub fn record_stopped_write(&self, took: Duration) {
        self.writes.begin(now(), took);
    }

    /// Whether a read goes directly to the threads for long reads.
    pub fn is_set_aside(&self, is_proven: bool) -> bool {
        self.reads.applies(now(), is_proven)
    }

    pub fn may_write(&self, is_proven: bool) -> Result<(), Error> {
        if self.writes.applies(now(), is_proven) {
            return Err(Error::Refused(
                "the database is busy: a write of this component ran out of time a moment ago"
                    .into(),
            ));
        }
        Ok(())
    }

    /// How long a refusal is delayed.
    pub fn delay_of_refusal(&self) -> Duration {
        self.delay_at(now())
    }

    fn delay_at(&self, now: u64) -> Duration {
        let next =
            |planned: u64| planned.clamp(now, now + MAX_DELAY_MS) + milliseconds(REFUSAL_INTERVAL);
        let after = |planned: u64| Some(next(planned));
        let planned = self
            .next_refusal
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, after)
            .unwrap_or_default();
        Duration::from_millis(next(planned) - now)
    }

    /// Reserves bytes for a statement in flight, until the guard is dropped.
    pub fn reserve(self: &Arc<Self>, bytes: usize) -> Result<Reservation, Error> {
        let before = self.bytes_in_flight.fetch_add(bytes, Ordering::Relaxed);
        let reservation = Reservation { usage: self.clone(), bytes };
        if before.saturating_add(bytes) > MAX_IN_FLIGHT {
            return Err(Error::Refused(format!(
                "the database is busy: more than {MAX_IN_FLIGHT} bytes of this component are on their way"
            )));
        }
        Ok(reservation)
    }
}

pub struct Reservation {
    usage: Arc<Usage>,
    bytes: usize,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.usage.bytes_in_flight.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    milliseconds(START.get_or_init(Instant::now).elapsed())
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_brings_a_penalty_and_a_second_one_extends_it_to_all_statements() {
        let penalty = Penalty::default();
        let (proven, unproven) = (true, false);
        assert!(!penalty.applies(0, unproven));
        penalty.begin(1000, Duration::from_secs(1));
        assert!(
            penalty.applies(19_999, unproven) && !penalty.applies(19_999, proven),
            "nineteen twentieths of the time are for others"
        );
        assert!(!penalty.applies(20_000, unproven));
        // A second stop during the penalty.
        penalty.begin(2000, Duration::from_secs(1));
        assert!(penalty.applies(20_999, unproven) && penalty.applies(20_999, proven));
        assert!(!penalty.applies(21_000, unproven) && !penalty.applies(21_000, proven));
        penalty.begin(22_000, Duration::from_secs(1));
        assert!(!penalty.applies(22_001, proven), "it paid for that");
    }

    #[test]
    fn refusals_come_one_after_the_other() {
        let usage = Usage::default();
        let delays = |now, count| -> Vec<u128> {
            (0..count).map(|_| usage.delay_at(now).as_millis()).collect()
        };
        assert_eq!(delays(5_000, 3), [10, 20, 30]);
        assert_eq!(delays(5_025, 2), [15, 25], "the time that has passed counts");
        assert_eq!(delays(9_000, 1), [10], "an old refusal does not");
        assert_eq!(delays(9_000, 200).last(), Some(&1_010), "no refusal waits for ever");
    }

    #[test]
    fn bytes_in_flight_are_bounded() {
        let usage = Arc::new(Usage::default());
        let reservation = usage.reserve(MAX_IN_FLIGHT).unwrap();
        assert!(usage.reserve(1).is_err());
        drop(reservation);
        assert!(usage.reserve(1).is_ok());
        assert_eq!(usage.bytes_in_flight.load(Ordering::Relaxed), 0);
    }
}
