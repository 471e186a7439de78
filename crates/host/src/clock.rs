//! The guests' wall clock: the real one, or one that `--clock` started at a chosen instant and that
//! runs on at real speed. Monotonic clocks of guests, time-outs and logs always use real time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::Notify;
use wasmtime_wasi::HostWallClock;

/// One clock for every guest of the process; cheap to clone.
#[derive(Clone, Default)]
pub struct GuestClock(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// The offset that is added to real time.
    offset_nanoseconds: AtomicI64,
    moved: Notify,
}

impl GuestClock {
    /// Lets the clock read `instant` now.
    pub fn set(&self, instant: chrono::DateTime<chrono::Utc>) {
        let wanted = instant.timestamp_nanos_opt().unwrap_or(i64::MAX);
        let real = i64::try_from(real().as_nanos()).unwrap_or(i64::MAX);
        self.0.offset_nanoseconds.store(wanted.saturating_sub(real), Ordering::Relaxed);
        self.0.moved.notify_waiters();
    }

    /// Time since 1970 as guests see it.
    pub fn since_epoch(&self) -> Duration {
        let offset = self.0.offset_nanoseconds.load(Ordering::Relaxed);
        let distance = Duration::from_nanos(offset.unsigned_abs());
        if offset < 0 { real().saturating_sub(distance) } else { real().saturating_add(distance) }
    }

    /// The same as a date.
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        let now = self.since_epoch();
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        chrono::DateTime::from_timestamp(seconds, now.subsec_nanos()).unwrap_or_default()
    }

    /// Waits until the clock is set.
    pub async fn moved(&self) {
        self.0.moved.notified().await;
    }
}

impl HostWallClock for GuestClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        self.since_epoch()
    }
}

fn real() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_on_from_where_it_was_set() {
        let clock = GuestClock::default();
        for text in ["2031-02-28T23:59:59Z", "1999-01-01T00:00:00+08:00"] {
            let instant = chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc();
            clock.set(instant);
            let passed = GuestClock::now(&clock) - instant;
            assert!(
                passed >= chrono::TimeDelta::zero() && passed < chrono::TimeDelta::seconds(5),
                "{text}: {passed}"
            );
        }
    }
}
