//! `cargo xtask bench night`: times the night run over many lots. Then it repeats the run from the
//! same start, with a kill in the middle and two runs at once. Both must write the same entries.

use super::inside::{Inside, purchase};
use super::load::per_second;
use super::{database_bytes, fresh_state};
use crate::demo::audit;
use crate::http::Client;
use crate::server::{self, Options, Server};
use crate::wasm::Build;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail};
use ledger::Timestamp;
use rules::{Document, Expiry};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many lots, and how many of them are due in the night.
pub struct Size {
    pub members: usize,
    pub lots_per_member: usize,
    pub due_per_cent: usize,
}

const POINTS_A_LOT: u32 = 100;
const ORDERS_A_COMMIT: usize = 500;
/// Lots of the first day expire 60 days later, at the midnight before the night; the others a month
/// after that.
const EARNED_EARLY: &str = "2026-01-01T10:00:00+08:00";
const EARNED_LATE: &str = "2026-01-31T10:00:00+08:00";
const NIGHT: &str = "2026-03-03T00:30:00+08:00";

impl Size {
    fn due_per_member(&self) -> usize {
        self.lots_per_member * self.due_per_cent.min(100) / 100
    }

    fn lots_due(&self) -> usize {
        self.members * self.due_per_member()
    }

    fn lots(&self) -> usize {
        self.members * self.lots_per_member
    }
}

pub fn run(workspace: &Workspace, size: &Size, no_build: bool) -> Result<()> {
    let binary = server::build(workspace, (!no_build).then_some(Build::Shipped))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(nights(workspace, &binary, size))
}

async fn nights(workspace: &Workspace, binary: &Path, size: &Size) -> Result<()> {
    let seed = fresh_state(workspace, "bench/night-seed")?;
    seed_lots(&seed.join("default.db"), size).await?;
    println!("{} lots of {} members, {} of them due", size.lots(), size.members, size.lots_due());

    let calm = Scene {
        workspace,
        binary,
        state: fresh_state(workspace, "bench/night")?,
        key: server::random_key()?,
    };
    fs::copy(seed.join("default.db"), calm.state.join("default.db"))
        .context("copying the seeded database")?;
    let (books, duration) = undisturbed_night(&calm, size).await?;

    let rough = Scene {
        workspace,
        binary,
        state: fresh_state(workspace, "bench/night-rough")?,
        key: server::random_key()?,
    };
    fs::rename(seed.join("default.db"), rough.state.join("default.db"))
        .context("moving the seeded database")?;
    let rough_books = interrupted_night(&rough, size, duration / 3).await?;
    if books != rough_books {
        bail!("the killed and doubled night wrote other books:\n  {books}\n  {rough_books}");
    }
    println!("the same books after it, audit clean");
    Ok(())
}

async fn seed_lots(file: &Path, size: &Size) -> Result<()> {
    eprintln!("seeding {} lots in-process …", size.lots());
    let started = Instant::now();
    let (early, late) = (time(EARNED_EARLY)?, time(EARNED_LATE)?);
    let mut inside = Inside::create(file, &document(), early).await?;
    for lot in 0..size.lots_per_member {
        let now = if lot < size.due_per_member() { early } else { late };
        for first in (0..size.members).step_by(ORDERS_A_COMMIT) {
            let members = first..size.members.min(first + ORDERS_A_COMMIT);
            let orders: Vec<_> = members
                .map(|member| purchase(member, &format!("seed-{lot}-{member}"), POINTS_A_LOT * 100))
                .collect::<Result<_>>()?;
            inside.execute(&orders, now).await?;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    eprintln!(
        "seeded in {seconds:.1} s, {:.0} lots a second",
        per_second(u64::try_from(size.lots())?, seconds)
    );
    Ok(())
}

/// A rulebook without tiers and without due reminders, so that the night writes only expiries.
fn document() -> Document {
    let mut document = rules::default_document();
    document.tiers = None;
    document.purchase.expiry = "sixty_days".to_owned();
    document.expiry.insert("sixty_days".to_owned(), Expiry::Days { days: 60, round_up_to: None });
    document
}

struct Scene<'a> {
    workspace: &'a Workspace,
    binary: &'a Path,
    state: std::path::PathBuf,
    key: String,
}

impl Scene<'_> {
    async fn host(&self) -> Result<Server> {
        let options = Options {
            listen: "127.0.0.1:0".to_owned(),
            admin: "127.0.0.1:0".to_owned(),
            state: self.state.clone(),
            key: self.key.clone(),
            arguments: ["--cron", "off", "--clock", NIGHT].map(str::to_owned).into(),
            log: Some(self.state.with_extension("log")),
        };
        Server::start(self.workspace, self.binary, &options).await
    }
}

/// One undisturbed caller gives the figure. Returns the books afterwards, and the time taken.
async fn undisturbed_night(scene: &Scene<'_>, size: &Size) -> Result<(String, Duration)> {
    let server = scene.host().await?;
    let mut client = server.client();
    unswept_is_not_spendable(&mut client, size).await?;
    let (started, mut longest, mut calls) = (Instant::now(), Duration::ZERO, 0);
    loop {
        let called = Instant::now();
        let done = night_call(&mut client).await?;
        longest = longest.max(called.elapsed());
        calls += 1;
        if done {
            break;
        }
    }
    let duration = started.elapsed();
    let seconds = duration.as_secs_f64();
    let (_, peak) = server.memory_mib()?;
    println!(
        "night run: {seconds:.1} s, {:.0} due lots a second; {calls} calls, the longest {:.0} ms; host memory at most {peak} MiB",
        per_second(u64::try_from(size.lots_due())?, seconds),
        longest.as_secs_f64() * 1000.0
    );
    let books = books(&mut client, size).await?;
    server.stop().await?;
    println!("database: {} MiB", database_bytes(&scene.state) / (1024 * 1024));
    Ok((books, duration))
}

/// Kills the host after `before_the_kill` without warning and starts it again. Then two callers do
/// the same work.
async fn interrupted_night(
    scene: &Scene<'_>,
    size: &Size,
    before_the_kill: Duration,
) -> Result<String> {
    let server = scene.host().await?;
    let mut client = server.client();
    let finished = tokio::time::timeout(before_the_kill, until_done(&mut client)).await;
    server.signal(Signal::KILL);
    drop(server);
    println!(
        "killed after {:.1} s, {}",
        before_the_kill.as_secs_f64(),
        match finished {
            Ok(_) => "when it was done already: take more lots",
            Err(_) => "in the middle of a call",
        }
    );

    let server = scene.host().await?;
    let (mut one, mut two) = (server.client(), server.client());
    let started = Instant::now();
    tokio::try_join!(until_done(&mut one), until_done(&mut two))?;
    println!("two at once did the rest in {:.1} s", started.elapsed().as_secs_f64());
    let books = books(&mut server.client(), size).await?;
    server.stop().await?;
    Ok(books)
}

async fn until_done(client: &mut Client) -> Result<()> {
    while !night_call(client).await? {}
    Ok(())
}

async fn night_call(client: &mut Client) -> Result<bool> {
    let key = server::random_key()?;
    let answer = client.expect("POST", "/v1/jobs/night", Some(&key), b"").await?;
    answer.get("done").and_then(Value::as_bool).with_context(|| format!("no `done` in {answer}"))
}

/// Checks before any sweep that due points are neither shown nor spent.
async fn unswept_is_not_spendable(client: &mut Client, size: &Size) -> Result<()> {
    let view = client.get("/v1/members/m1").await?;
    let kept = (size.lots_per_member - size.due_per_member()) * usize::try_from(POINTS_A_LOT)?;
    if view.get("balance").and_then(Value::as_u64) != Some(u64::try_from(kept)?) {
        bail!("before the sweep member m1 should show {kept} spendable points: {view}");
    }
    let body = json!({ "member_id": "m1", "points": kept + 1 }).to_string();
    let answer = client.call("POST", "/v1/redeem", Some("too-much"), body.as_bytes()).await?;
    if answer.status != 422 {
        bail!("a redemption of due points answered {}: {}", answer.status, answer.body);
    }
    println!("due but unswept points are not spendable");
    Ok(())
}

/// All pages of the audit, and the trial balance. It must show every due lot as expired.
async fn books(client: &mut Client, size: &Size) -> Result<String> {
    let audited = audit::everything(client).await?;
    let expired = size.lots_due() * usize::try_from(POINTS_A_LOT)?;
    let balance = client.get("/v1/reports/trial-balance").await?;
    let accounts = balance
        .get("accounts")
        .and_then(Value::as_array)
        .context("a trial balance without accounts")?;
    let holds = accounts.iter().any(|row| {
        row.get("points").and_then(Value::as_i64).map(i64::unsigned_abs)
            == u64::try_from(expired).ok()
    });
    if !holds {
        bail!("no account holds the {expired} points that fell due: {balance}");
    }
    println!("audit clean: {} members, {} entries", audited.members, audited.entries);
    Ok(format!("{} entries, {balance}", audited.entries))
}

fn time(text: &str) -> Result<Timestamp> {
    Timestamp::parse(text).with_context(|| format!("{text} is no time"))
}
