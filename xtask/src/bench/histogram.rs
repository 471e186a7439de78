//! Latencies in buckets of about 1.6 per cent: constant memory, no allocation per request,
//! mergeable.

use std::time::Duration;

/// Buckets per power of two; more would be finer.
const STEPS: u64 = 64;
const BUCKETS: usize = 64 * 40;

#[derive(Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    highest_us: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, highest_us: 0 }
    }
}

impl Histogram {
    pub fn record(&mut self, latency: Duration) {
        let microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket(microseconds)) {
            *count += 1;
        }
        self.total += 1;
        self.highest_us = self.highest_us.max(microseconds);
    }

    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.highest_us = self.highest_us.max(other.highest_us);
    }

    /// The latency in milliseconds below which `per_mille` of 1,000 fall (500 is the median).
    pub fn quantile_ms(&self, per_mille: u64) -> f64 {
        let rank = (self.total * per_mille).div_ceil(1000).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return milliseconds(upper_edge(index).min(self.highest_us));
            }
        }
        milliseconds(self.highest_us)
    }

    pub fn highest_ms(&self) -> f64 {
        milliseconds(self.highest_us)
    }
}

fn milliseconds(microseconds: u64) -> f64 {
    Duration::from_micros(microseconds).as_secs_f64() * 1000.0
}

/// Exact below `STEPS`, then `STEPS` buckets for each power of two.
fn bucket(microseconds: u64) -> usize {
    if microseconds < STEPS {
        return usize::try_from(microseconds).unwrap_or(0);
    }
    let shift = u64::from(microseconds.ilog2() - STEPS.ilog2());
    let index = STEPS * shift + (microseconds >> shift);
    usize::try_from(index).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

fn upper_edge(index: usize) -> u64 {
    let index = u64::try_from(index).unwrap_or(0);
    if index < 2 * STEPS {
        return index;
    }
    let shift = index / STEPS - 1;
    ((index - STEPS * shift + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_close_and_never_below() {
        let mut histogram = Histogram::default();
        for microseconds in 1..=100_000 {
            histogram.record(Duration::from_micros(microseconds));
        }
        for (per_mille, expected) in [(500, 50.0), (990, 99.0), (999, 99.9), (1000, 100.0)] {
            let found = histogram.quantile_ms(per_mille);
            assert!(found >= expected && found <= expected * 1.02, "{per_mille}: {found}");
        }
    }

    #[test]
    fn each_value_lies_in_its_bucket() {
        for microseconds in (0..10_000).chain((20..40).map(|bit| 1_u64 << bit)) {
            let index = bucket(microseconds);
            assert!(
                microseconds <= upper_edge(index)
                    && (index == 0 || microseconds > upper_edge(index - 1)),
                "{microseconds}"
            );
        }
    }
}
