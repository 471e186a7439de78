//! Two sides by turns: first, second, first, second, and so on. So the growth of members and files,
//! and any change of the machine, affect both alike. A pair compares the medians of both.

use super::overview::Figure;
use anyhow::Result;
use serde::Serialize;
use std::ops::Range;

/// Runs each side once a turn, and returns the runs of each.
pub async fn by_turns<S, T>(
    turns: Range<usize>,
    sides: [&S; 2],
    mut run: impl AsyncFnMut(&S, usize) -> Result<T>,
) -> Result<[Vec<T>; 2]> {
    let mut runs = [Vec::new(), Vec::new()];
    for turn in turns {
        for (side, runs) in sides.into_iter().zip(&mut runs) {
            runs.push(run(side, turn).await?);
        }
    }
    Ok(runs)
}

/// Accrue and the rival under the same load.
#[derive(Serialize, Debug)]
pub struct Pair {
    pub name: String,
    pub how: String,
    /// Medians of the runs.
    pub accrue_per_second: f64,
    pub rival_per_second: f64,
    /// The first divided by the second.
    pub ratio: f64,
    /// The ratios of single turns.
    pub lowest: f64,
    pub highest: f64,
}

impl Pair {
    /// `turns` has what both did in a second, turn by turn.
    pub fn new(accrue: &Figure, rival: &Figure, turns: &[(f64, f64)]) -> Self {
        let ratios = || turns.iter().map(|(accrue, rival)| accrue / rival);
        Self {
            name: accrue.name.clone(),
            how: accrue.how.clone(),
            accrue_per_second: accrue.per_second,
            rival_per_second: rival.per_second,
            ratio: accrue.per_second / rival.per_second,
            lowest: ratios().fold(f64::INFINITY, f64::min),
            highest: ratios().fold(0.0, f64::max),
        }
    }

    pub fn line(&self) -> String {
        format!(
            "{}, {}: {:.2} of the rival over HTTP (single turns {:.2}–{:.2})",
            self.name, self.how, self.ratio, self.lowest, self.highest
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::Counted;
    use super::super::named;
    use super::super::scenarios::summary;
    use super::*;

    #[tokio::test]
    async fn sides_alternate_and_keep_their_runs() {
        let mut order = Vec::new();
        let [first, second] = by_turns(3..6, [&"A", &"R"], async |side, turn| {
            order.push(format!("{side}{turn}"));
            Ok(order.len())
        })
        .await
        .unwrap();
        assert_eq!(order, ["A3", "R3", "A4", "R4", "A5", "R5"]);
        assert_eq!((first, second), (vec![1, 3, 5], vec![2, 4, 6]));
    }

    #[test]
    fn the_ratio_is_that_of_the_medians_and_not_the_median_of_ratios() {
        let runs = |counts: [u64; 3]| {
            counts.map(|successes| Counted { successes, seconds: 1.0, ..Counted::default() })
        };
        // The ratios of single turns are 1, 4 and 0.5.
        let (accrue, rival) = (runs([100, 400, 150]), runs([100, 100, 300]));
        let figure = |runs: &[Counted]| summary(named("earn", "h".to_owned()), runs.to_vec());
        let turns: Vec<(f64, f64)> =
            accrue.iter().zip(&rival).map(|(a, r)| (a.per_second(), r.per_second())).collect();
        let pair = Pair::new(&figure(&accrue), &figure(&rival), &turns);
        assert_eq!((pair.accrue_per_second, pair.rival_per_second), (150.0, 100.0));
        assert_eq!((pair.ratio, pair.lowest, pair.highest), (1.5, 0.5, 4.0));
        assert_eq!(pair.line(), "earn, h: 1.50 of the rival over HTTP (single turns 0.50–4.00)");
    }
}
