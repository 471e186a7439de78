//! How many rows one write of a job takes on, by how long the last ones took.
//!
//! A database has one writer, and each other write waits for it. A number of rows says little about
//! time: rows differ, and so do disks, and files that no longer fit in memory. So pieces are halved
//! where a write was slow, and grow where it was quick.

use store::{Error, Sql};

use crate::context::JobContext;

/// A write that took longer was too large. Half of what none may take.
const SLOW_MS: i64 = 25;
/// One that took less may be twice as large.
const QUICK_MS: i64 = 5;

/// The size of pieces, in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    size: usize,
    least: usize,
    most: usize,
}

impl Pace {
    /// Begins with the geometric middle of the two.
    pub(crate) const fn between(least: usize, most: usize) -> Self {
        Self { size: (least * most).isqrt(), least, most }
    }

    /// Rows of the next piece.
    pub(crate) fn size(self) -> usize {
        self.size
    }

    /// The same, as statements count.
    pub(crate) fn rows(self) -> i64 {
        i64::try_from(self.size).unwrap_or(i64::MAX)
    }

    /// The next pieces are half as large.
    pub(crate) fn slow_down(&mut self) {
        self.size = (self.size / 2).max(self.least);
    }

    fn hurry(&mut self) {
        self.size = (self.size * 2).min(self.most);
    }

    /// Runs a write, and learns from how long it took.
    pub(crate) async fn write<S: Sql, T>(
        &mut self,
        context: &JobContext<'_, S>,
        step: impl AsyncFn() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let begun = (context.now)();
        let outcome = context.with_retries(step).await;
        match (context.now)().0.saturating_sub(begun.0) {
            took if took > SLOW_MS => self.slow_down(),
            took if took < QUICK_MS => self.hurry(),
            _ => {}
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stay_within_their_bounds() {
        let mut pace = Pace::between(100, 2_000);
        assert!((100..=2_000).contains(&pace.size()));
        (0..20).for_each(|_| pace.slow_down());
        assert_eq!(pace.size(), 100);
        (0..20).for_each(|_| pace.hurry());
        assert_eq!(pace.rows(), 2_000);
    }
}
