//! Chooses the member of each request: Zipf with exponent 1.0, as a few members cause most of a
//! shop's traffic. It has a small deterministic generator, so that every run uses the same members.

use std::sync::Arc;

/// A sampler; clones share the table and draw different members.
#[derive(Clone)]
pub struct Zipf {
    /// The share of requests for this rank or a better one, of 2^32.
    cumulative: Arc<Vec<u32>>,
    pub random: Random,
}

impl Zipf {
    pub fn new(members: usize, seed: u64) -> Self {
        let weight = |rank: usize| 1.0 / to_f64(rank + 1);
        let sum: f64 = (0..members).map(weight).sum();
        let mut cumulative = Vec::with_capacity(members);
        let mut total = 0.0;
        for rank in 0..members {
            total += weight(rank) / sum;
            cumulative.push(share(total));
        }
        Self { cumulative: Arc::new(cumulative), random: Random(seed) }
    }

    pub fn with_seed(&self, seed: u64) -> Self {
        Self { cumulative: Arc::clone(&self.cumulative), random: Random(seed) }
    }

    pub fn draw(&mut self) -> usize {
        let point = self.random.next_u32();
        self.cumulative.partition_point(|share| *share < point).min(self.cumulative.len() - 1)
    }
}

fn to_f64(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share from 0 to 1 scaled to u32; `as` saturates"
)]
fn share(of_one: f64) -> u32 {
    (of_one * f64::from(u32::MAX)) as u32
}

/// SplitMix64.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn next_u32(&mut self) -> u32 {
        u32::try_from(self.next_u64() >> 32).unwrap_or(u32::MAX)
    }

    /// From 0 to `bound - 1`.
    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from((u64::from(self.next_u32()) * u64::from(bound)) >> 32).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Zipf;

    #[test]
    fn the_first_rank_gets_twice_the_second() {
        let mut zipf = Zipf::new(1000, 7);
        let mut counts = vec![0_u32; 1000];
        for _ in 0..200_000 {
            counts[zipf.draw()] += 1;
        }
        let ratio = f64::from(counts[0]) / f64::from(counts[1]);
        assert!((1.9..2.1).contains(&ratio), "{ratio}");
        assert!(counts.iter().all(|count| *count > 0));
    }
}
