//! `cargo xtask bench`: the figures of docs/reference/bench.md, printed as a table and written to
//! target/bench/results.json.
//!
//! One run measures Accrue over HTTP, the empty handler of the same host, and the same ledger
//! in-process. With `--postgres` it also measures a handwritten PL/pgSQL rival: over HTTP by turns
//! with Accrue, and by pgbench. A run that breaks an invariant has no figure: the audit ends it.

#[cfg(target_os = "linux")]
mod auxiliary_vector;
#[cfg(feature = "ledger")]
mod beside;
mod callgrind;
mod cluster;
mod fairness;
mod gates;
mod histogram;
#[cfg(feature = "ledger")]
mod inside;
mod instructions;
mod load;
mod machine;
mod mix;
#[cfg(feature = "ledger")]
mod native;
#[cfg(feature = "ledger")]
mod night;
mod overview;
mod pairs;
mod rival;
mod ruled;
mod scenarios;
mod seed;
mod service;
mod target;
mod valgrind;
mod zipf;

use crate::process;
use crate::server::{self, Options, Server};
use crate::wasm::Build;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use cluster::Cluster;
use overview::{Figure, Results};
use service::Service;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use target::Target;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Short runs, one of each, 10,000 members: a functional check, not figures to quote
    #[arg(long)]
    quick: bool,
    /// Also measure the PL/pgSQL rival on a throw-away PostgreSQL cluster: over HTTP by turns with
    /// Accrue, and by pgbench without HTTP
    #[arg(long)]
    postgres: bool,
    /// Runs of each scenario, of which the median counts; 3, with `--quick` 1
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..))]
    runs: Option<u8>,
    /// Threads of the load generator
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    generator_threads: u8,
    /// Measure only scenarios with this word in their name (earn, redeem, balance, empty, hot,
    /// rules, open, native, rival); fairness runs only if named here
    #[arg(long)]
    only: Option<String>,
    /// Count what requests cost instead of timing them, and show what is expected beside it
    #[arg(long)]
    gates: bool,
    /// Count instructions of requests under valgrind, in-process and in the host, and show the last
    /// accepted ones beside it
    #[arg(long, conflicts_with = "gates")]
    instructions: bool,
    /// Make the counts of `--gates` or `--instructions` what is expected
    #[arg(long)]
    accept: bool,
    /// Run the components and the host of the last build
    #[arg(long, global = true)]
    no_build: bool,
    /// Arguments for the host
    #[arg(last = true)]
    host: Vec<String>,
}

#[derive(Subcommand)]
enum What {
    /// Nights over 1,000,000 lots of 100,000 members, half of them due
    Night {
        #[arg(long, default_value_t = 100_000)]
        members: usize,
        #[arg(long, default_value_t = 10)]
        lots_per_member: usize,
        /// Per cent of the lots that are due; several are nights one after the other
        #[arg(long, default_value = "50", value_delimiter = ',')]
        due: Vec<usize>,
    },
    /// Earns alone, and while members are folded and touches decided, all of whose points end on
    /// one day
    Beside {
        #[arg(long, default_value_t = 100_000)]
        members: usize,
        /// Earns a second
        #[arg(long, default_value_t = 200)]
        rate: u32,
        /// Memory of each instance: a job that needs more fails
        #[arg(long, default_value_t = 64)]
        memory_mib: u32,
    },
}

/// The duration and number of runs.
pub struct Plan {
    pub is_quick: bool,
    pub members: usize,
    pub warm_up: Duration,
    pub run: Duration,
    pub runs: usize,
    pub clients: &'static [usize],
    pub only: Option<String>,
    /// Of the load generator.
    pub generator_threads: usize,
}

impl Plan {
    fn of(arguments: &Arguments) -> Self {
        let (members, warm_up, run, runs) = if arguments.quick {
            (10_000, Duration::from_secs(1), Duration::from_secs(2), 1)
        } else {
            (100_000, Duration::from_secs(2), Duration::from_secs(5), 3)
        };
        Self {
            is_quick: arguments.quick,
            members,
            warm_up,
            run,
            runs: arguments.runs.map_or(runs, usize::from),
            clients: &[1, 16, 64, 256],
            only: arguments.only.clone(),
            generator_threads: usize::from(arguments.generator_threads),
        }
    }

    pub fn selects(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|word| name.contains(word.as_str()))
    }
}

pub fn run(workspace: &Workspace, arguments: Arguments) -> Result<()> {
    if arguments.gates {
        return gates::run(workspace, arguments.accept);
    }
    if arguments.instructions {
        return instructions::run(workspace, arguments.no_build, arguments.accept);
    }
    if cfg!(not(feature = "ledger")) {
        return with_ledger(workspace);
    }
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    #[cfg(feature = "ledger")]
    if let Some(What::Night { members, lots_per_member, due }) = arguments.what {
        let size = night::Size { members, lots_per_member, due_per_cent: due };
        return night::run(workspace, &size, arguments.no_build);
    }
    #[cfg(feature = "ledger")]
    if let Some(What::Beside { members, rate, memory_mib }) = arguments.what {
        let generator_threads = usize::from(arguments.generator_threads);
        let size = beside::Size { members, rate, memory_mib, generator_threads };
        return beside::run(workspace, &size, arguments.no_build);
    }
    let plan = Plan::of(&arguments);
    // Checked and built before the long part, so that what is missing is reported at once.
    let tools = if arguments.postgres { Some(cluster::find_tools()?) } else { None };
    let with_rival = tools.is_some() && scenarios::has_pairs(&plan);
    let rival =
        if with_rival { Some(service::build(workspace, arguments.no_build)?) } else { None };
    let mut results = Results::new(machine::describe(workspace, plan.generator_threads));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut unfair = Ok(());
    if fairness::is_selected(&plan) {
        let binary = server::build(workspace, (!arguments.no_build).then_some(Build::Shipped))?;
        unfair = runtime.block_on(fairness::run(
            workspace,
            &binary,
            &plan,
            arguments.host.clone(),
            &mut results,
        ));
    }
    let cluster = match &tools {
        Some(tools) => {
            eprintln!("starting a PostgreSQL cluster …");
            Some(Cluster::start(tools, &folder.join("postgres"))?)
        }
        None => None,
    };
    if with_rival || scenarios::is_selected(&plan) {
        let binary = server::build(workspace, (!arguments.no_build).then_some(Build::Shipped))?;
        let rival = rival.as_deref().zip(cluster.as_ref());
        let host = arguments.host;
        runtime.block_on(accrue(workspace, &binary, rival, &plan, host, &mut results))?;
    }
    #[cfg(feature = "ledger")]
    if plan.selects("native") {
        results.add(native::run(&folder, &plan)?);
    }
    if let Some(cluster) = &cluster {
        results.add(rival::run(cluster, &plan)?);
    }
    results.print();
    let file = folder.join("results.json");
    results.write(&file)?;
    println!("written to {}", file.display());
    unfair
}

/// Runs the same command in an xtask that contains the ledger. What everybody builds first does not
/// contain it, and is hardly optimised.
fn with_ledger(workspace: &Workspace) -> Result<()> {
    let mut command = process::cargo();
    command.current_dir(&workspace.root).args(["run", "--package", "xtask"]);
    command.args(["--features", "ledger"]);
    for package in ["ledger", "rules", "store", "xtask"] {
        command.arg("--config").arg(format!("profile.dev.package.{package}.opt-level=2"));
    }
    command.arg("--").args(std::env::args_os().skip(1));
    process::run(&mut command, "see above")
}

async fn accrue(
    workspace: &Workspace,
    binary: &Path,
    rival: Option<(&Path, &Cluster<'_>)>,
    plan: &Plan,
    host: Vec<String>,
    results: &mut Results,
) -> Result<()> {
    // A quick run starts with the compiled code of the one before.
    let state = emptied(workspace, "bench/state", plan.is_quick.then_some("code-cache"))?;
    let mut arguments = vec!["--cron".to_owned(), "off".to_owned()];
    arguments.extend(host);
    let options = Options {
        listen: "127.0.0.1:0".to_owned(),
        admin: "127.0.0.1:0".to_owned(),
        state: state.clone(),
        key: server::random_key()?,
        arguments,
        log: Some(workspace.target.join("bench/host.log")),
    };
    let server = started(
        workspace,
        binary,
        &options,
        results,
        "cold start to ready, components compiled, ms",
    )
    .await?;
    let seeded = seed::members(&server, plan.members).await?;
    results.add(vec![seeded]);
    let rival = match rival {
        Some((binary, cluster)) => {
            let log = workspace.target.join("bench/rival.log");
            Some(Service::start(binary, cluster, plan, &log).await?)
        }
        None => None,
    };
    scenarios::run(&server, rival.as_ref().map(|rival| rival as &dyn Target), plan, results)
        .await?;
    if let Some(rival) = rival {
        rival.finish().await?;
    }
    let (memory, peak) = server.memory_mib()?;
    results.note("host resident memory after the load, MiB", memory);
    results.note("host resident memory at its highest, MiB", peak);
    let audited = crate::demo::audit::everything(&mut server.client()).await?;
    results.note("entries audited, no violation", audited.entries);
    server.stop().await?;
    let bytes = database_bytes(&state);
    if let Some(each) = bytes.checked_div(audited.entries) {
        results.note("database bytes an entry", each);
    }
    started(
        workspace,
        binary,
        &options,
        results,
        "start to ready on this database, code cached, ms",
    )
    .await?
    .stop()
    .await
}

/// Starts the host and records how long that took.
async fn started(
    workspace: &Workspace,
    binary: &Path,
    options: &Options,
    results: &mut Results,
    name: &str,
) -> Result<Server> {
    let began = Instant::now();
    let server = Server::start(workspace, binary, options).await?;
    results.note(name, u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
    Ok(server)
}

/// An empty folder under the target folder.
pub fn fresh_state(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    emptied(workspace, name, None)
}

/// The folder, empty but for what is kept.
fn emptied(workspace: &Workspace, name: &str, kept: Option<&str>) -> Result<PathBuf> {
    let state = workspace.target.join(name);
    fs::create_dir_all(&state).with_context(|| format!("making {}", state.display()))?;
    for entry in fs::read_dir(&state)?.collect::<Result<Vec<_>, _>>()? {
        let path = entry.path();
        if Some(entry.file_name().as_os_str()) == kept.map(OsStr::new) {
            continue;
        }
        let removed =
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.with_context(|| format!("emptying {}", path.display()))?;
    }
    Ok(state)
}

fn database_bytes(state: &Path) -> u64 {
    ["default.db", "default.db-wal"]
        .iter()
        .filter_map(|name| fs::metadata(state.join(name)).ok())
        .map(|metadata| metadata.len())
        .sum()
}

/// Names a figure as the table and the JSON file do.
pub fn named(name: &str, how: String) -> Figure {
    Figure { name: name.to_owned(), how, ..Figure::default() }
}
