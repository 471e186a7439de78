//! How fast an account sends, and how long it rests.

use ledger::{EntryId, Timestamp};

use crate::notify::schedule::pause;

/// Requests of a wave, at most.
pub(super) const WIDTH: i64 = 16;
/// Messages of a wave, at most.
pub(super) const WAVE: i64 = 1_000;
/// The longest rest within a run, in milliseconds.
const MAX_REST_MS: i64 = 1_000;

/// What may go at once: a bucket that fills with time (a token bucket). In thousandths of a
/// message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket {
    pub(super) left_milli: i64,
    pub(super) at: Timestamp,
    pub(super) per_second: i64,
    pub(super) burst: i64,
}

impl Bucket {
    /// As it is later. A clock that went back fills nothing.
    pub(super) fn later(self, now: Timestamp) -> Self {
        let passed_ms = now.0.saturating_sub(self.at.0).max(0);
        // One message per second is one thousandth of a message per millisecond.
        let filled = passed_ms.saturating_mul(self.per_second);
        let most = self.burst.saturating_mul(1_000);
        let left_milli = self.left_milli.saturating_add(filled).min(most);
        Self { left_milli, at: now, ..self }
    }

    /// Whole messages that may go.
    pub(super) fn whole(self) -> i64 {
        self.left_milli.div_euclid(1_000).max(0)
    }

    /// After so many have gone.
    pub(super) fn without(self, messages: i64) -> Self {
        Self { left_milli: self.left_milli.saturating_sub(messages.saturating_mul(1_000)), ..self }
    }

    /// Milliseconds until one may go.
    pub(super) fn rest_ms(self) -> u32 {
        let lacking = 1_000_i64.saturating_sub(self.left_milli).max(1);
        let ms = lacking.div_euclid(self.per_second.max(1)).saturating_add(1);
        u32::try_from(ms.min(MAX_REST_MS)).unwrap_or(1_000)
    }
}

/// Until when an account rests after so many failures in a row, or because its vendor asks for it.
pub(super) fn rests_until(
    now: Timestamp,
    failures: i64,
    asked_s: Option<i64>,
    jitter: EntryId,
) -> Timestamp {
    let rest = pause(now, failures, asked_s.map(|seconds| seconds.saturating_mul(1_000)), jitter);
    if rest == now { Timestamp(0) } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(left_milli: i64, per_second: i64, burst: i64) -> Bucket {
        Bucket { left_milli, at: Timestamp(1_000), per_second, burst }
    }

    #[test]
    fn a_bucket_fills_with_time_and_no_further() {
        for (left, per_second, burst, passed_ms, whole) in [
            (0, 1, 10, 999, 0),
            (0, 1, 10, 1_000, 1),
            (500, 1, 10, 500, 1),
            (0, 50, 100, 100, 5),
            (0, 50, 100, 60_000, 100),
            (100_000, 50, 100, 0, 100),
            (5_000, 1, 10, -1_000, 5),
            (0, i64::MAX, 10, i64::MAX, 10),
            (i64::MIN, 1, 10, 1_000, 0),
        ] {
            let found = bucket(left, per_second, burst).later(Timestamp(1_000).plus_ms(passed_ms));
            assert_eq!(found.whole(), whole, "{left} {per_second} {burst} {passed_ms}");
        }
        let bucket = bucket(2_500, 1, 10);
        assert_eq!((bucket.without(2).left_milli, bucket.without(2).rest_ms()), (500, 501));
        assert_eq!(bucket.without(3).rest_ms(), 1_000, "a second at most");
    }

    #[test]
    fn an_account_rests_after_five_failures_or_when_asked() {
        let (now, jitter) = (Timestamp(1_000_000), EntryId(0));
        for (failures, asked_s, rest_ms) in [
            (0, None, None),
            (4, None, None),
            (5, None, Some(5_000)),
            (7, None, Some(20_000)),
            (60, None, Some(1_800_000)),
            (0, Some(30), Some(30_000)),
            (5, Some(3), Some(5_000)),
            (5, Some(60), Some(60_000)),
        ] {
            let expected = rest_ms.map_or(Timestamp(0), |ms| now.plus_ms(ms));
            assert_eq!(rests_until(now, failures, asked_s, jitter), expected, "{failures}");
        }
    }
}
