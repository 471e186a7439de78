//! The rival: a handwritten PL/pgSQL ledger (xtask/bench/rival.sql) on a throw-away PostgreSQL
//! cluster. pgbench drives it over a local socket with `synchronous_commit=on`. Without HTTP and
//! wasm it shows the speed of a bare database on the same cores.

use super::Plan;
use super::named;
use super::overview::Figure;
use crate::process;
use anyhow::{Context, Result, bail};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const INSTALL: &str = "the PostgreSQL comparison needs a server and pgbench of PostgreSQL 13 or newer; on Debian and Ubuntu: \
                       `apt-get install postgresql postgresql-contrib` (the service need not run), on macOS: `brew install postgresql`; \
                       or leave `--postgres` out";
const SCHEMA: &str = include_str!("../../bench/rival.sql");
const SEED: &str = include_str!("../../bench/rival-seed.sql");
const AUDIT: &str = include_str!("../../bench/rival-audit.sql");
const SCRIPTS: &[(&str, &str)] = &[
    ("earn", include_str!("../../bench/rival-earn.sql")),
    ("redeem", include_str!("../../bench/rival-redeem.sql")),
    ("balance", include_str!("../../bench/rival-balance.sql")),
];
const CONNECTIONS: [usize; 3] = [1, 16, 64];
const PORT: &str = "54329";

/// The folder of PostgreSQL's programs.
pub struct Tools {
    initdb: PathBuf,
    control: PathBuf,
    psql: PathBuf,
    pgbench: PathBuf,
}

pub fn find_tools() -> Result<Tools> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    // Debian keeps the server's programs out of PATH, one folder per version; the newest comes
    // first.
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    let find = |name: &str| {
        let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
        found.with_context(|| format!("no `{name}` here: {INSTALL}"))
    };
    Ok(Tools {
        initdb: find("initdb")?,
        control: find("pg_ctl")?,
        psql: find("psql")?,
        pgbench: find("pgbench")?,
    })
}

pub fn run(tools: &Tools, folder: &Path, plan: &Plan) -> Result<Vec<Figure>> {
    eprintln!("starting a PostgreSQL cluster …");
    let cluster = Cluster::start(tools, &folder.join("postgres"))?;
    cluster.sql(SCHEMA, &[])?;
    cluster.sql(SEED, &[format!("members={}", plan.members)])?;
    let mut figures = Vec::new();
    for (name, scripts) in [
        ("rival, earn", &["earn@1"][..]),
        ("rival, 80/20", &["earn@4", "redeem@1"]),
        ("rival, balance", &["balance@1"]),
    ] {
        for connections in CONNECTIONS {
            figures.push(measure(&cluster, plan, name, scripts, connections)?);
        }
    }
    let broken = cluster.sql(AUDIT, &[])?;
    if broken.trim() != "0" {
        bail!(
            "the rival's books are broken for {} members: its figures do not count",
            broken.trim()
        );
    }
    Ok(figures)
}

fn measure(
    cluster: &Cluster,
    plan: &Plan,
    name: &str,
    scripts: &[&str],
    connections: usize,
) -> Result<Figure> {
    let mut runs = Vec::new();
    cluster.pgbench(plan, scripts, connections, plan.warm_up.as_secs())?;
    for _ in 0..plan.runs {
        let run = cluster.pgbench(plan, scripts, connections, plan.run.as_secs())?;
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

/// A running cluster; dropping it ends it and deletes its files.
struct Cluster<'a> {
    tools: &'a Tools,
    folder: PathBuf,
    /// PostgreSQL refuses to run as root; then this user runs it.
    user: Option<&'static str>,
}

impl<'a> Cluster<'a> {
    fn start(tools: &'a Tools, folder: &Path) -> Result<Self> {
        let user = if rustix::process::geteuid().is_root() { Some(other_user()?) } else { None };
        let cluster = Self { tools, folder: folder.to_path_buf(), user };
        cluster.stop();
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        if let Some(user) = user {
            let id = process::output(Command::new("id").args(["-u", user]), "install coreutils")?;
            chown(folder, Some(id.trim().parse()?), None)
                .context("giving the cluster's folder to its user")?;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        let mut initdb = cluster.as_user(&tools.initdb);
        initdb.args([
            "--auth=trust",
            "--username=bench",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            "--pgdata",
        ]);
        let hint = "is its folder readable for that user? Set CARGO_TARGET_DIR to one that is";
        process::output(initdb.arg(cluster.data()), hint)?;
        let options = format!(
            "-p {PORT} -c listen_addresses= -c unix_socket_directories={} -c synchronous_commit=on -c fsync=on \
             -c shared_buffers=1GB -c max_wal_size=8GB -c max_connections=100",
            cluster.folder.display()
        );
        let mut start = cluster.as_user(&tools.control);
        start
            .arg("--pgdata")
            .arg(cluster.data())
            .arg("--log")
            .arg(cluster.folder.join("log"))
            .args(["-w", "-o", &options]);
        // Not piped: the server would keep the pipe open, and this would wait for ever.
        process::run(
            start.arg("start").stdout(Stdio::null()).stderr(Stdio::null()),
            "see the file log in its folder",
        )?;
        Ok(cluster)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn as_user(&self, program: &Path) -> Command {
        let Some(user) = self.user else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]).arg(program);
        // Root's current folder may be closed to the other user.
        command.current_dir("/");
        command
    }

    /// Runs SQL with psql's variables and returns what it printed.
    fn sql(&self, text: &str, variables: &[String]) -> Result<String> {
        let file = self.folder.join("script.sql");
        fs::write(&file, text)?;
        let mut command = Command::new(&self.tools.psql);
        self.connection(&mut command);
        command.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
        ]);
        for variable in variables {
            command.arg(format!("--set={variable}"));
        }
        process::output(
            command.arg("--file").arg(&file).arg("postgres"),
            "fix the SQL under xtask/bench",
        )
    }

    fn pgbench(
        &self,
        plan: &Plan,
        scripts: &[&str],
        connections: usize,
        seconds: u64,
    ) -> Result<Run> {
        let logs = self.folder.join("latencies");
        fs::remove_dir_all(&logs).ok();
        fs::create_dir_all(&logs)?;
        let mut command = Command::new(&self.tools.pgbench);
        self.connection(&mut command);
        command.args([
            "--no-vacuum",
            "--protocol=prepared",
            "--log",
            "--sampling-rate=0.1",
            "--jobs",
        ]);
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
            let file = self.folder.join(format!("{name}.sql"));
            fs::write(&file, text)?;
            command.arg(format!("--file={}@{weight}", file.display()));
        }
        let printed =
            process::output(command.arg("postgres"), "fix the scripts under xtask/bench")?;
        let number = |name: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| {
                rest.trim_start_matches([' ', ':', '='])
                    .split([' ', '/'])
                    .next()?
                    .parse::<f64>()
                    .ok()
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

    fn connection(&self, command: &mut Command) {
        command.arg("--host").arg(&self.folder).args(["--port", PORT, "--username", "bench"]);
    }

    /// Ends the server of this folder, also one of an earlier bench, and deletes its files.
    fn stop(&self) {
        if self.data().join("postmaster.pid").exists() {
            let mut stop = self.as_user(&self.tools.control);
            stop.arg("--pgdata").arg(self.data()).args(["-m", "immediate", "-w", "stop"]);
            stop.stdout(Stdio::null()).stderr(Stdio::null()).status().ok();
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        self.stop();
    }
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

fn other_user() -> Result<&'static str> {
    let exists = |user: &&str| {
        Command::new("id").arg(user).output().is_ok_and(|output| output.status.success())
    };
    ["postgres", "nobody"].into_iter().find(exists).context(
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it: add one, or bench as another user",
    )
}
