//! Instants as signatures and bodies write them.

use chrono::{DateTime, NaiveDateTime};

/// The instant in milliseconds since 1970 in a format of `chrono`, in UTC. Empty where it has no
/// calendar date.
pub(crate) fn utc(now_ms: i64, format: &str) -> String {
    DateTime::from_timestamp_millis(now_ms)
        .map(|at| at.format(format).to_string())
        .unwrap_or_default()
}

/// Milliseconds of `2017-01-01 00:00:00` in a zone that many hours east of Greenwich.
pub(crate) fn local(text: &str, hours: i64) -> Option<i64> {
    let text = text.get(..19)?.replace('T', " ");
    let at = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S").ok()?;
    at.and_utc().timestamp_millis().checked_sub(hours * 3_600_000)
}

/// Milliseconds of an instant as RFC 3339 writes it.
pub(crate) fn rfc3339(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.timestamp_millis())
}
