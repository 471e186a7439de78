//! The same ledger in-process, native, without HTTP and wasm, on one thread: the upper limit of the
//! other figures. One order per commit is the rate of a single client. Larger batches show the
//! possible gain of group commit.

use super::histogram::Histogram;
use super::inside::{Inside, purchase};
use super::load::per_second;
use super::overview::Figure;
use super::zipf::Zipf;
use super::{Plan, named};
use anyhow::{Context as _, Result};
use ledger::Timestamp;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use store::Submission;

const NOW: &str = "2026-01-01T12:00:00+08:00";

pub fn run(folder: &Path, plan: &Plan) -> Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(measure(&folder.join("native"), plan))
}

async fn measure(folder: &Path, plan: &Plan) -> Result<Vec<Figure>> {
    fs::remove_dir_all(folder).ok();
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let now = Timestamp::parse(NOW).context("the bench's time")?;
    let mut inside =
        Inside::create(&folder.join("native.db"), &rules::default_document(), now).await?;
    let mut zipf = Zipf::new(plan.members, 3);
    let mut figures = Vec::new();
    for batch in [1, 8, 64, 512] {
        let mut runs = Vec::new();
        for run in 0..=plan.runs {
            // The first run is the warm-up.
            let duration = if run == 0 { plan.warm_up } else { plan.run };
            let run = batches(&mut inside, &mut zipf, now, batch, run, duration).await?;
            runs.push(run);
        }
        runs.remove(0);
        figures.push(summary(batch, runs));
    }
    Ok(figures)
}

struct Run {
    per_second: f64,
    orders: u64,
    latencies: Histogram,
}

async fn batches(
    inside: &mut Inside,
    zipf: &mut Zipf,
    now: Timestamp,
    batch: usize,
    run: usize,
    duration: Duration,
) -> Result<Run> {
    let (started, mut orders, mut latencies) = (Instant::now(), 0_u64, Histogram::default());
    while started.elapsed() < duration {
        let made: Vec<Submission> = (0..batch)
            .map(|_| {
                orders += 1;
                let order = format!("native-{batch}-{run}-{orders}");
                purchase(zipf.draw(), &order, 100 + zipf.random.below(20_000))
            })
            .collect::<Result<_>>()?;
        let sent = Instant::now();
        inside.execute(&made, now).await?;
        latencies.record(sent.elapsed());
    }
    Ok(Run { per_second: per_second(orders, started.elapsed().as_secs_f64()), orders, latencies })
}

fn summary(batch: usize, mut runs: Vec<Run>) -> Figure {
    runs.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let how = if batch == 1 {
        "one order a commit".to_owned()
    } else {
        format!("{batch} orders a commit")
    };
    let mut figure = named("native, earn", how);
    figure.slowest = runs.first().map_or(0.0, |run| run.per_second);
    figure.fastest = runs.last().map_or(0.0, |run| run.per_second);
    figure.successes = runs.iter().map(|run| run.orders).sum();
    if let Some(middle) = runs.get(runs.len() / 2) {
        eprintln!("{:<22} {:<28} {:>9.0}/s", figure.name, figure.how, middle.per_second);
        figure.per_second = middle.per_second;
        figure.p50_ms = middle.latencies.quantile_ms(500);
        figure.p99_ms = middle.latencies.quantile_ms(990);
        figure.p999_ms = middle.latencies.quantile_ms(999);
        figure.highest_ms = middle.latencies.highest_ms();
    }
    figure
}
