//! Schedules retries of an event, or of a whole endpoint.

use ledger::{EntryId, Timestamp};
use store::Spans;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Delays before the second, third… attempt of an event. After the last attempt the event is dead.
const DELAYS_MS: [i64; 9] = [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    20 * HOUR_MS,
    24 * HOUR_MS,
];

/// Consecutive failures after which an endpoint counts as down.
pub(crate) const DOWN_AFTER: i64 = 5;
/// The longest pause of an endpoint that is down. One event every half hour then shows when it is
/// back.
const MAX_PAUSE_MS: i64 = 30 * MINUTE_MS;
/// The longest delay that `retry-after` can set.
const MAX_RETRY_AFTER_MS: i64 = 24 * HOUR_MS;

/// Time limit of one attempt.
pub(crate) const TIMEOUT_MS: u32 = 10_000;

/// A lease lasts several times as long as a wave, whose attempts run side by side. The longest
/// pause is the last delay with its jitter.
pub(crate) const SPANS: Spans = Spans { lease_ms: 60 * SECOND_MS, pause_ms: 30 * HOUR_MS };

/// When to send an event again after `attempts` failures; `None` when it is given up. `requested`
/// is the delay that the receiver asked for.
pub(crate) fn next_attempt(
    now: Timestamp,
    attempts: i64,
    requested: Option<i64>,
    jitter: EntryId,
) -> Option<Timestamp> {
    let index = usize::try_from(attempts.checked_sub(1)?).ok()?;
    let delay = DELAYS_MS.get(index)?;
    Some(now.plus_ms(with_jitter(*delay, jitter).max(requested.unwrap_or(0))))
}

/// The instant from which an endpoint may be tried again after this many consecutive failures.
pub(crate) fn pause(
    now: Timestamp,
    failures: i64,
    requested: Option<i64>,
    jitter: EntryId,
) -> Timestamp {
    let own = if failures < DOWN_AFTER {
        0
    } else {
        let doublings = u32::try_from(failures - DOWN_AFTER).unwrap_or(u32::MAX).min(20);
        with_jitter((5 * SECOND_MS).saturating_mul(1 << doublings).min(MAX_PAUSE_MS), jitter)
    };
    now.plus_ms(own.max(requested.unwrap_or(0)))
}

/// Adds up to a fifth, so that receivers that failed together are not retried together.
fn with_jitter(delay_ms: i64, jitter: EntryId) -> i64 {
    let random = i64::try_from(jitter.0 % 1024).unwrap_or(0);
    delay_ms + delay_ms * random / (5 * 1024)
}

/// Reads `retry-after` as milliseconds from now: seconds, or an HTTP date.
pub(crate) fn retry_after_ms(field: &str, now: Timestamp) -> Option<i64> {
    let field = field.trim();
    let requested = match field.parse::<u32>() {
        Ok(seconds) => i64::from(seconds) * SECOND_MS,
        Err(_) => chrono::DateTime::parse_from_rfc2822(field).ok()?.timestamp_millis() - now.0,
    };
    Some(requested.clamp(0, MAX_RETRY_AFTER_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_tried_ten_times_in_three_days() {
        let (now, even) = (Timestamp(0), EntryId(0));
        let seconds: Vec<i64> = (1..=9)
            .map(|attempts| next_attempt(now, attempts, None, even).unwrap().0 / 1000)
            .collect();
        assert_eq!(seconds, [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!(next_attempt(now, 10, None, even), None);
        assert_eq!(next_attempt(now, 1, Some(60_000), even), Some(Timestamp(60_000)));
        let late = next_attempt(now, 9, None, EntryId(1023)).unwrap().0;
        assert!(late > 28 * HOUR_MS && late < SPANS.pause_ms, "{late}");
    }

    #[test]
    fn an_endpoint_that_is_down_is_tried_ever_more_rarely() {
        let (now, even) = (Timestamp(0), EntryId(0));
        for (failures, seconds) in
            [(0, 0), (4, 0), (5, 5), (6, 10), (10, 160), (14, 1800), (1000, 1800)]
        {
            assert_eq!(pause(now, failures, None, even).0, seconds * 1000, "{failures}");
        }
        assert_eq!(pause(now, 1, Some(30_000), even), Timestamp(30_000));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::parse("1994-11-06T08:49:37Z").unwrap();
        for (field, requested) in [
            ("120", Some(120_000)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60_000)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("99999999", Some(MAX_RETRY_AFTER_MS)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after_ms(field, now), requested, "{field}");
        }
    }
}
