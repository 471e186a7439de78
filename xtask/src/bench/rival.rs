//! The rival: a handwritten PL/pgSQL ledger (xtask/bench/rival.sql). pgbench drives it over a local
//! socket. Without HTTP and wasm it shows the speed of a bare database on the same cores.

use super::cluster::{Cluster, FIRST};
use super::overview::Figure;
use super::{Plan, named};
use crate::process;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::process::Command;

const SCHEMA: &str = include_str!("../../bench/rival.sql");
const SEED: &str = include_str!("../../bench/rival-seed.sql");
const AUDIT: &str = include_str!("../../bench/rival-audit.sql");
const SCRIPTS: &[(&str, &str)] = &[
    ("earn", include_str!("../../bench/rival-earn.sql")),
    ("redeem", include_str!("../../bench/rival-redeem.sql")),
    ("balance", include_str!("../../bench/rival-balance.sql")),
];
const CONNECTIONS: [usize; 3] = [1, 16, 64];
const LOADS: &[(&str, &[&str])] = &[
    ("rival, earn", &["earn@1"]),
    ("rival, 80/20", &["earn@4", "redeem@1"]),
    ("rival, balance", &["balance@1"]),
];

pub fn run(cluster: &Cluster, plan: &Plan) -> Result<Vec<Figure>> {
    let selected: Vec<_> = LOADS.iter().filter(|(name, _)| plan.selects(name)).collect();
    let mut figures = Vec::new();
    if selected.is_empty() {
        return Ok(figures);
    }
    create(cluster, FIRST, plan)?;
    for (name, scripts) in selected {
        for connections in CONNECTIONS {
            figures.push(measure(cluster, plan, name, scripts, connections)?);
        }
    }
    audit(cluster, FIRST)?;
    Ok(figures)
}

/// Makes the ledger in an empty database and gives every member a first purchase.
pub fn create(cluster: &Cluster, database: &str, plan: &Plan) -> Result<()> {
    eprintln!("seeding the rival …");
    cluster.sql(database, SCHEMA, &[])?;
    cluster.sql(database, SEED, &[format!("members={}", plan.members)])?;
    Ok(())
}

/// An error if a member's books are broken.
pub fn audit(cluster: &Cluster, database: &str) -> Result<()> {
    let broken = cluster.sql(database, AUDIT, &[])?;
    if broken.trim() != "0" {
        bail!(
            "the rival's books are broken for {} members: its figures do not count",
            broken.trim()
        );
    }
    Ok(())
}

fn measure(
    cluster: &Cluster,
    plan: &Plan,
    name: &str,
    scripts: &[&str],
    connections: usize,
) -> Result<Figure> {
    let mut runs = Vec::new();
    pgbench(cluster, plan, scripts, connections, plan.warm_up.as_secs())?;
    for _ in 0..plan.runs {
        let run = pgbench(cluster, plan, scripts, connections, plan.run.as_secs())?;
        eprintln!(
            "{name:<22} {:<28} {:>9.0}/s",
            format!("pgbench, {connections} connections"),
            run.per_second
        );
        runs.push(run);
    }
    runs.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let mut figure = named(name, format!("pgbench, {connections} connections"));
    figure.slowest = runs.first().map_or(0.0, |run| run.per_second);
    figure.fastest = runs.last().map_or(0.0, |run| run.per_second);
    figure.successes = runs.iter().map(|run| run.transactions).sum();
    if let Some(middle) = runs.get(runs.len() / 2) {
        figure.per_second = middle.per_second;
        figure.p50_ms = middle.quantile_ms(500);
        figure.p99_ms = middle.quantile_ms(990);
        figure.p999_ms = middle.quantile_ms(999);
        figure.highest_ms = middle.quantile_ms(1000);
    }
    Ok(figure)
}

struct Run {
    per_second: f64,
    transactions: u64,
    /// A tenth of the latencies, sorted.
    latencies_us: Vec<u32>,
}

impl Run {
    fn quantile_ms(&self, per_mille: usize) -> f64 {
        let index = (self.latencies_us.len() * per_mille).div_ceil(1000).saturating_sub(1);
        self.latencies_us.get(index).map_or(0.0, |latency| f64::from(*latency) / 1000.0)
    }
}

fn pgbench(
    cluster: &Cluster,
    plan: &Plan,
    scripts: &[&str],
    connections: usize,
    seconds: u64,
) -> Result<Run> {
    let logs = cluster.folder.join("latencies");
    fs::remove_dir_all(&logs).ok();
    fs::create_dir_all(&logs)?;
    let mut command = Command::new(&cluster.tools.pgbench);
    cluster.connection(&mut command);
    command.args(["--no-vacuum", "--protocol=prepared", "--log", "--sampling-rate=0.1", "--jobs"]);
    command.args([
        connections.min(2).to_string(),
        format!("--client={connections}"),
        format!("--time={seconds}"),
    ]);
    command
        .arg("--log-prefix")
        .arg(logs.join("log"))
        .arg(format!("--define=members={}", plan.members));
    for script in scripts {
        let (name, weight) = script.split_once('@').context("a script without weight")?;
        let (_, text) =
            SCRIPTS.iter().find(|(known, _)| *known == name).context("an unknown script")?;
        let file = cluster.folder.join(format!("{name}.sql"));
        fs::write(&file, text)?;
        command.arg(format!("--file={}@{weight}", file.display()));
    }
    let printed = process::output(command.arg(FIRST), "fix the scripts under xtask/bench")?;
    let number = |name: &str| {
        let line = printed.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| {
            rest.trim_start_matches([' ', ':', '=']).split([' ', '/']).next()?.parse::<f64>().ok()
        })
    };
    let per_second =
        number("tps").with_context(|| format!("pgbench printed no tps:\n{printed}"))?;
    let line = printed
        .lines()
        .find_map(|line| line.strip_prefix("number of transactions actually processed: "));
    let transactions = line.and_then(|count| count.parse().ok()).unwrap_or(0);
    Ok(Run { per_second, transactions, latencies_us: latencies(&logs)? })
}

/// Reads lines of `client transaction latency_us script seconds microseconds`, one for each sampled
/// transaction.
fn latencies(folder: &Path) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let text = fs::read_to_string(entry?.path())?;
        found.extend(text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u32>().ok()));
    }
    found.sort_unstable();
    Ok(found)
}
