//! A quota: a number of requests in a time window, as a bucket of that size which refills evenly.
//! The algorithm is GCRA, so one instant is all that is kept of a bucket.

use std::{fmt, str::FromStr, time::Duration};

/// `200000/10s`: two hundred thousand at once, and two in every hundred microseconds after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    requests: u64,
    window_ns: u64,
}

/// Refusals that an address without a verified key gets at once. Each further one is delayed.
pub const PROMPT_REFUSALS: Quota = Quota { requests: 20, window_ns: 10_000_000_000 };

/// The state of a bucket after a request, or the reason for a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests that would pass now.
    pub remaining: u64,
    /// Time until the next request passes.
    pub wait: Duration,
    /// Time until the bucket is full again.
    pub full_in: Duration,
}

impl Quota {
    pub fn requests(self) -> u64 {
        self.requests
    }

    /// In seconds, rounded up.
    pub fn window_seconds(self) -> u64 {
        self.window_ns.div_ceil(1_000_000_000)
    }

    /// The part of the window that one request costs.
    fn share_ns(self) -> u64 {
        (self.window_ns / self.requests).max(1)
    }

    /// Returns the bucket after one more request. `spent_until` is the stored state of the bucket;
    /// an error leaves it unchanged.
    pub fn spend(self, spent_until: u64, now: u64) -> Result<u64, Standing> {
        let next = spent_until.max(now).saturating_add(self.share_ns());
        if next - now <= self.window_ns { Ok(next) } else { Err(self.standing(spent_until, now)) }
    }

    pub fn standing(self, spent_until: u64, now: u64) -> Standing {
        let spent = spent_until.saturating_sub(now);
        let free = self.window_ns.saturating_sub(spent);
        Standing {
            remaining: free / self.share_ns(),
            wait: Duration::from_nanos(self.share_ns().saturating_sub(free)),
            full_in: Duration::from_nanos(spent),
        }
    }
}

impl FromStr for Quota {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (requests, window) =
            text.split_once('/').ok_or("expected REQUESTS/WINDOW, such as 1000/10s")?;
        let requests: u64 =
            requests.parse().map_err(|_| format!("`{requests}` is no number of requests"))?;
        let window = if window.starts_with(|c: char| c.is_ascii_digit()) {
            window.to_owned()
        } else {
            format!("1{window}")
        };
        let window_ns =
            u64::try_from(crate::cli::duration(&window)?.as_nanos()).unwrap_or(u64::MAX);
        if requests == 0 || window_ns < requests || window_ns > 400 * 86_400 * 1_000_000_000 {
            return Err("expected 1 to 10⁹ requests a second, in 1ms to 400d".into());
        }
        Ok(Self { requests, window_ns })
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:?}", self.requests, Duration::from_nanos(self.window_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_bucket_is_as_large_as_the_quota_and_refills_evenly() {
        let quota: Quota = "10/5s".parse().unwrap();
        let (mut spent, start) = (0, 100 * SECOND);
        for _ in 0..10 {
            spent = quota.spend(spent, start).unwrap();
        }
        let refused = quota.spend(spent, start).unwrap_err();
        assert_eq!(
            (refused.remaining, refused.wait, refused.full_in),
            (0, Duration::from_millis(500), Duration::from_secs(5))
        );
        assert!(quota.spend(spent, start + SECOND / 2 - 1).is_err());
        spent = quota.spend(spent, start + SECOND / 2).unwrap();
        assert!(
            quota.spend(spent, start + SECOND / 2).is_err(),
            "one for each share of the window"
        );
        assert_eq!(
            quota.standing(spent, start + 20 * SECOND).remaining,
            10,
            "never more than full"
        );
    }

    #[test]
    fn quotas_are_read() {
        for (text, requests, seconds) in [
            ("200000/10s", 200_000, 10),
            ("1/d", 1, 86_400),
            ("5000000/1d", 5_000_000, 86_400),
            ("3/250ms", 3, 1),
        ] {
            let quota: Quota = text.parse().unwrap();
            assert_eq!((quota.requests(), quota.window_seconds()), (requests, seconds), "{text}");
        }
        for text in ["", "5", "/s", "0/1s", "-1/s", "5/", "5/fortnight", "5/0s", "9999999999/1s"] {
            assert!(text.parse::<Quota>().is_err(), "{text}");
        }
    }
}
