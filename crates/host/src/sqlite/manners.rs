//! How the components that share a database behaved. One whose statement had to be stopped pays
//! with its own next statements, so that the others keep nineteen twentieths of the writer's time
//! and the short readers: those of its statements that never showed that they are short are refused
//! (writes) or set aside (reads) for a while, and all of them if it happens again meanwhile.

use super::Error;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// For how many times the time that a stopped statement took its component pays.
const PENALTY: u32 = 19;
/// No statement is paid for longer: a component serves many tenants.
const MAX_PENALTY: Duration = Duration::from_secs(60);
/// Bytes of statements and values that a component may have on their way to one database.
const MAX_IN_FLIGHT: usize = 64 * 1024 * 1024;
/// A component hears one refusal in this time: a refusal costs little, but thousands a second cost
/// the others the processor.
pub const BETWEEN_REFUSALS: Duration = Duration::from_millis(10);
const MAX_DELAY_MS: u64 = 1_000;

/// One component at one database.
#[derive(Default)]
pub struct Manners {
    reads: Standing,
    endless_reads: Standing,
    writes: Standing,
    on_the_way: AtomicUsize,
    next_refusal: AtomicU64,
}

/// Instants as milliseconds since the first of them.
#[derive(Default)]
struct Standing {
    unproven_wait_until: AtomicU64,
    all_wait_until: AtomicU64,
}

impl Standing {
    fn stopped(&self, now: u64, took: Duration) {
        let until = now.saturating_add(milliseconds(took.saturating_mul(PENALTY).min(MAX_PENALTY)));
        if now < self.unproven_wait_until.fetch_max(until, Ordering::Relaxed) {
            self.all_wait_until.fetch_max(until, Ordering::Relaxed);
        }
    }

    fn waits(&self, now: u64, is_proven: bool) -> bool {
        let until = if is_proven { &self.all_wait_until } else { &self.unproven_wait_until };
        now < until.load(Ordering::Relaxed)
    }
}

impl Manners {
    pub fn read_was_stopped(&self, took: Duration) {
        self.reads.stopped(now(), took);
    }

    /// A read that had its whole time.
    pub fn read_was_endless(&self, took: Duration) {
        self.read_was_stopped(took);
        self.endless_reads.stopped(now(), took);
    }

    /// Whether long reads of this component are for the thread that stands back.
    pub fn reads_endlessly(&self) -> bool {
        self.endless_reads.waits(now(), false)
    }

    pub fn write_was_stopped(&self, took: Duration) {
        self.writes.stopped(now(), took);
    }

    /// Whether a read goes to the threads for long ones without a try.
    pub fn is_set_aside(&self, is_proven: bool) -> bool {
        self.reads.waits(now(), is_proven)
    }

    pub fn may_write(&self, is_proven: bool) -> Result<(), Error> {
        if self.writes.waits(now(), is_proven) {
            return Err(Error::Refused(
                "the database is busy: a write of this component ran out of time a moment ago"
                    .into(),
            ));
        }
        Ok(())
    }

    /// How long a refusal is kept back.
    pub fn delay_of_refusal(&self) -> Duration {
        self.delay_at(now())
    }

    fn delay_at(&self, now: u64) -> Duration {
        let next =
            |planned: u64| planned.clamp(now, now + MAX_DELAY_MS) + milliseconds(BETWEEN_REFUSALS);
        let after = |planned: u64| Some(next(planned));
        let planned = self
            .next_refusal
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, after)
            .unwrap_or_default();
        Duration::from_millis(next(planned) - now)
    }

    /// Room for a statement on its way, until the guard is dropped.
    pub fn make_room(self: &Arc<Self>, bytes: usize) -> Result<Room, Error> {
        let before = self.on_the_way.fetch_add(bytes, Ordering::Relaxed);
        let room = Room { manners: self.clone(), bytes };
        if before.saturating_add(bytes) > MAX_IN_FLIGHT {
            return Err(Error::Refused(format!(
                "the database is busy: more than {MAX_IN_FLIGHT} bytes of this component are on their way"
            )));
        }
        Ok(room)
    }
}

/// See [`Manners::make_room`].
pub struct Room {
    manners: Arc<Manners>,
    bytes: usize,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.manners.on_the_way.fetch_sub(self.bytes, Ordering::Relaxed);
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
    fn who_was_stopped_pays_and_who_goes_on_pays_with_everything() {
        let standing = Standing::default();
        let (proven, unproven) = (true, false);
        assert!(!standing.waits(0, unproven));
        standing.stopped(1000, Duration::from_secs(1));
        assert!(
            standing.waits(19_999, unproven) && !standing.waits(19_999, proven),
            "nineteen twentieths of the time are for others"
        );
        assert!(!standing.waits(20_000, unproven));
        // Again while it pays.
        standing.stopped(2000, Duration::from_secs(1));
        assert!(standing.waits(20_999, unproven) && standing.waits(20_999, proven));
        assert!(!standing.waits(21_000, unproven) && !standing.waits(21_000, proven));
        standing.stopped(22_000, Duration::from_secs(1));
        assert!(!standing.waits(22_001, proven), "it paid for that");
    }

    #[test]
    fn refusals_come_one_after_the_other() {
        let manners = Manners::default();
        let delays = |now, count| -> Vec<u128> {
            (0..count).map(|_| manners.delay_at(now).as_millis()).collect()
        };
        assert_eq!(delays(5_000, 3), [10, 20, 30]);
        assert_eq!(delays(5_025, 2), [15, 25], "the time that has passed counts");
        assert_eq!(delays(9_000, 1), [10], "what was long ago does not");
        assert_eq!(delays(9_000, 200).last(), Some(&1_010), "nobody waits for ever");
    }

    #[test]
    fn what_is_on_its_way_is_bounded() {
        let manners = Arc::new(Manners::default());
        let room = manners.make_room(MAX_IN_FLIGHT).unwrap();
        assert!(manners.make_room(1).is_err());
        drop(room);
        assert!(manners.make_room(1).is_ok());
        assert_eq!(manners.on_the_way.load(Ordering::Relaxed), 0);
    }
}
