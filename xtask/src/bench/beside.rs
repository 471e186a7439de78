//! `cargo xtask bench beside`: what earns wait while jobs run over many members. The ledger is
//! folded, and then the points of all members end on one day that a strategy has a node for. The
//! load falls due at a fixed rate, before, beside and after each job.

use super::emptied;
use super::inside::{Inside, purchase};
use super::load::{Counted, Load, Pace};
use super::mix::{Mix, Requests};
use super::scenarios::errors;
use super::zipf::Zipf;
use crate::server::{self, Options, Server};
use crate::wasm::Build;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, anyhow, bail};
use ledger::Timestamp;
use rules::Expiry;
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};
use store::Native;

pub struct Size {
    pub members: usize,
    /// Earns a second.
    pub rate: u32,
    /// Memory of an instance: a job that needs more fails.
    pub memory_mib: u32,
    pub generator_threads: usize,
}

const ORDERS_A_COMMIT: usize = 500;
const CLIENTS: usize = 32;
/// Seconds of the load alone.
const ALONE: u32 = 5;
/// The local hour has begun in which jobs decide, 30 days before the end.
const EARNED: &str = "2026-01-10T10:00:00+08:00";
const END: &str = "03-01";
const NIGHT: &str = "2026-01-30T02:00:00+08:00";

pub fn run(workspace: &Workspace, size: &Size, no_build: bool) -> Result<()> {
    let binary = server::build(workspace, (!no_build).then_some(Build::Shipped))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(workspace, &binary, size))
}

async fn measure(workspace: &Workspace, binary: &Path, size: &Size) -> Result<()> {
    // Code of components that did not change stays: to compile all takes minutes.
    let state = emptied(workspace, "bench/beside", Some("code-cache"))?;
    seed(&state, size).await?;
    let memory = size.memory_mib.to_string();
    let arguments = ["--cron", "off", "--clock", NIGHT, "--memory-mib", &memory];
    let options = Options {
        listen: "127.0.0.1:0".to_owned(),
        admin: "127.0.0.1:0".to_owned(),
        log: Some(state.with_extension("log")),
        state,
        key: server::random_key()?,
        arguments: arguments.map(str::to_owned).into(),
    };
    let server = Server::start(workspace, binary, &options).await?;
    let mut turns = Turns { server: &server, size, zipf: Zipf::new(size.members, 1), turn: 0 };
    // The first requests find an instance that is new.
    turns.alone().await?;
    let mut before = turns.alone().await?;
    for job in ["fold", "touch"] {
        let (beside, took) = turns.beside(job).await?;
        let after = turns.alone().await?;
        let mut idle = before;
        idle.merge(&after);
        print(job, size.members, took, (&idle, &beside));
        for database in ["default", "reach"] {
            let longest = server.longest_write_lock(database).await? * 1000.0;
            println!("  longest write lock of {database} so far: {longest:.1} ms");
        }
        before = after;
    }
    let (_, peak) = server.memory_mib()?;
    println!("no instance had more than {memory} MiB; the host had {peak} MiB at most");
    server.stop().await
}

fn print(job: &str, members: usize, took: Duration, (idle, beside): (&Counted, &Counted)) {
    let p99 = |of: &Counted| of.latencies.quantile_ms(990);
    println!("{job} over {members} members: {:.1} s", took.as_secs_f64());
    for (name, of) in [("alone", idle), ("beside it", beside)] {
        println!(
            "  earns {name}: {} answers, p50 {:.2} ms, p99 {:.2} ms, at most {:.1} ms{}",
            of.successes + of.refusals,
            of.latencies.quantile_ms(500),
            p99(of),
            of.latencies.highest_ms(),
            errors(of)
        );
    }
    println!("  p99 beside it, of that alone: {:.2}", p99(beside) / p99(idle).max(0.001));
}

struct Turns<'a> {
    server: &'a Server,
    size: &'a Size,
    zipf: Zipf,
    turn: u64,
}

impl Turns<'_> {
    /// A second of earns.
    async fn second(&mut self) -> Result<Counted> {
        self.turn += 1;
        let turn = self.turn;
        let one = |client: usize| {
            let zipf = self.zipf.with_seed(turn * 1_000 + client as u64);
            Requests::new(Mix::Earn, &self.server.key, format!("beside-{turn}-{client}"), zipf)
        };
        let load = Load {
            address: self.server.api,
            pace: Pace::Open(self.size.rate),
            warm_up: Duration::ZERO,
            run: Duration::from_secs(1),
            threads: self.size.generator_threads,
        };
        load.send((0..CLIENTS).map(one).collect()).await
    }

    async fn alone(&mut self) -> Result<Counted> {
        let mut all = Counted::default();
        for _ in 0..ALONE {
            all.merge(&self.second().await?);
        }
        Ok(all)
    }

    /// Earns until the job is done, by whole seconds, and how long the job took.
    async fn beside(&mut self, job: &str) -> Result<(Counted, Duration)> {
        let (mut admin, path) = (self.server.admin_client(), format!("/cron/{job}"));
        let started = Instant::now();
        let fired = tokio::spawn(async move {
            let answer = admin.call("POST", &path, None, b"").await?;
            Ok::<_, anyhow::Error>((answer, started.elapsed()))
        });
        let mut all = Counted::default();
        while !fired.is_finished() {
            all.merge(&self.second().await?);
        }
        let (answer, took) = fired.await.context("a caller of a job ended badly")??;
        if answer.status != 200 {
            bail!("the job {job} answered {}: {}", answer.status, answer.body);
        }
        Ok((all, took))
    }
}

/// Members with a purchase each, which nobody has folded yet, two addresses and consents, and a
/// playbook that speaks of points that end.
async fn seed(state: &Path, size: &Size) -> Result<()> {
    eprintln!("seeding {} members in-process …", size.members);
    let ledger_file = state.join("default.db");
    let mut document = rules::default_document();
    document.tiers = None;
    document.purchase.expiry = "cliff".to_owned();
    document.expiry.insert(
        "cliff".to_owned(),
        Expiry::FixedDates { dates: vec![END.to_owned()], min_days: 0 },
    );
    let at = Timestamp::parse(EARNED).context("the day of the purchases")?;
    let mut inside = Inside::create(&ledger_file, &document, at).await?;
    for first in (0..size.members).step_by(ORDERS_A_COMMIT) {
        let members = first..size.members.min(first + ORDERS_A_COMMIT);
        let orders: Vec<_> = members
            .map(|member| purchase(member, &format!("seed-{member}"), 100_000))
            .collect::<Result<_>>()?;
        inside.execute(&orders, at).await?;
    }
    let ledger = Native::open(&ledger_file).map_err(|error| anyhow!("{error}"))?;
    let reach = Native::open(&state.join("reach.db")).map_err(|error| anyhow!("{error}"))?;
    store::begin_reach(&reach, &ledger).await.map_err(|error| anyhow!("{error}"))?;
    let nodes = [json!({"days_before": 30}), json!({"days_before": 15})];
    let playbook = json!({"strategies": [{
        "id": "ladder", "trigger": {"kind": "points_expiring"}, "sequence": {"nodes": nodes},
        "send": {"channels": ["push", "sms"], "template": "notice"}}]});
    let playbook = [playbook.to_string()];
    ledger
        .connection()
        .execute(include_str!("../../bench/beside_playbook.sql"), playbook)
        .context("the playbook")?;
    let members = size.members.to_string();
    let text = include_str!("../../bench/beside_members.sql").replace("MEMBERS", &members);
    reach.connection().execute_batch(&text).context("addresses and consents")
}
