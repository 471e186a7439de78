//! `cargo xtask bench night`: times nights over many lots. Then it does all of their work in one
//! late night from the same start, with a kill in the middle and two runs at once. Both must write
//! the same entries.

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

/// How many lots, and which share of them is due by each night, in per cent. The nights follow each
/// other in one database.
pub struct Size {
    pub members: usize,
    pub lots_per_member: usize,
    pub due_per_cent: Vec<usize>,
}

const POINTS_A_LOT: u32 = 100;
const ORDERS_A_COMMIT: usize = 500;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// What falls due by the first night is earned on this day and ends 60 days later, at the midnight
/// before the night. What falls due by the next one is a day later, and what is due by none a
/// month.
const EARNED: &str = "2026-01-01T10:00:00+08:00";
const NIGHT: &str = "2026-03-03T00:30:00+08:00";

impl Size {
    fn lots(&self) -> usize {
        self.members * self.lots_per_member
    }

    /// How many lots are due by each night: the first ones, as they are counted member by member.
    fn due(&self) -> Vec<usize> {
        let due = |per_cent: &usize| self.lots() * (*per_cent).min(100) / 100;
        self.due_per_cent.iter().map(due).collect()
    }

    fn last_night(&self) -> usize {
        self.due_per_cent.len().saturating_sub(1)
    }

    fn due_at_last(&self) -> usize {
        self.due().into_iter().max().unwrap_or(0)
    }

    /// What a member's lots come to that are not due by a night by which so many are.
    fn kept(&self, member: usize, due: usize) -> usize {
        let lots = (0..self.lots_per_member).map(|lot| lot * self.members + member);
        lots.filter(|lot| *lot >= due).count() * POINTS_A_LOT as usize
    }
}

/// The instant of a night, or of the purchases that it ends.
fn on(first: &str, night: usize) -> Result<Timestamp> {
    Ok(time(first)?.plus_ms(DAY_MS * i64::try_from(night)?))
}

pub fn run(workspace: &Workspace, size: &Size, no_build: bool) -> Result<()> {
    let binary = server::build(workspace, (!no_build).then_some(Build::Shipped))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(nights(workspace, &binary, size))
}

async fn nights(workspace: &Workspace, binary: &Path, size: &Size) -> Result<()> {
    let seed = fresh_state(workspace, "bench/night-seed")?;
    seed_lots(&seed.join("default.db"), size).await?;
    println!("{} lots of {} members", size.lots(), size.members);

    let calm = Scene {
        workspace,
        binary,
        state: fresh_state(workspace, "bench/night")?,
        key: server::random_key()?,
    };
    fs::copy(seed.join("default.db"), calm.state.join("default.db"))
        .context("copying the seeded database")?;
    let (mut swept, mut duration) = (0, Duration::ZERO);
    for (night, due) in size.due().into_iter().enumerate() {
        let server = calm.host(night).await?;
        unswept_is_not_spendable(&mut server.client(), size, due).await?;
        duration = duration.max(undisturbed_night(server, due.saturating_sub(swept)).await?);
        swept = swept.max(due);
    }
    println!("database: {} MiB", database_bytes(&calm.state) / (1024 * 1024));
    let server = calm.host(size.last_night()).await?;
    let books_after = books(&mut server.client(), size).await?;
    server.stop().await?;

    let rough = Scene {
        workspace,
        binary,
        state: fresh_state(workspace, "bench/night-rough")?,
        key: server::random_key()?,
    };
    fs::rename(seed.join("default.db"), rough.state.join("default.db"))
        .context("moving the seeded database")?;
    let rough_books = interrupted_night(&rough, size, duration / 3).await?;
    if books_after != rough_books {
        bail!("the killed and doubled night wrote other books:\n  {books_after}\n  {rough_books}");
    }
    println!("the same books after it, audit clean");
    Ok(())
}

async fn seed_lots(file: &Path, size: &Size) -> Result<()> {
    eprintln!("seeding {} lots in-process …", size.lots());
    let started = Instant::now();
    let mut inside = Inside::create(file, &document(), time(EARNED)?).await?;
    let due = size.due();
    let mut first = 0;
    while first < size.lots() {
        let night = due.iter().position(|due| first < *due);
        // One round is a lot of each member, and all of a commit is earned at once.
        let round = (first / size.members + 1) * size.members;
        let ends = night.and_then(|night| due.get(night)).copied().unwrap_or(size.lots());
        let end = (first + ORDERS_A_COMMIT).min(round).min(ends);
        let orders: Vec<_> = (first..end)
            .map(|lot| purchase(lot % size.members, &format!("seed-{lot}"), POINTS_A_LOT * 100))
            .collect::<Result<_>>()?;
        inside.execute(&orders, on(EARNED, night.unwrap_or(30))?).await?;
        first = end;
    }
    let seconds = started.elapsed().as_secs_f64();
    eprintln!(
        "seeded in {seconds:.1} s, {:.0} lots a second",
        per_second(u64::try_from(size.lots())?, seconds)
    );
    Ok(())
}

/// A rulebook without tiers and without reminders, so that the night writes only expiries.
fn document() -> Document {
    let mut document = rules::default_document();
    document.tiers = None;
    document.reminders.days_before.clear();
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
    async fn host(&self, night: usize) -> Result<Server> {
        let clock = on(NIGHT, night)?.to_string();
        let options = Options {
            listen: "127.0.0.1:0".to_owned(),
            admin: "127.0.0.1:0".to_owned(),
            state: self.state.clone(),
            key: self.key.clone(),
            arguments: ["--cron", "off", "--clock", &clock].map(str::to_owned).into(),
            log: Some(self.state.with_extension("log")),
        };
        Server::start(self.workspace, self.binary, &options).await
    }
}

/// One undisturbed caller gives the figure. Returns the time taken.
async fn undisturbed_night(server: Server, due: usize) -> Result<Duration> {
    let mut client = server.client();
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
        "night run: {due} due lots, {seconds:.1} s, {:.0} a second; {calls} calls, the longest {:.0} ms; \
         the longest write lock {:.0} ms; host memory at most {peak} MiB",
        per_second(u64::try_from(due)?, seconds),
        longest.as_secs_f64() * 1000.0,
        server.longest_write_lock("default").await? * 1000.0
    );
    server.stop().await?;
    Ok(duration)
}

/// Kills the host after `before_the_kill` without warning and starts it again. Then two callers do
/// the same work.
async fn interrupted_night(
    scene: &Scene<'_>,
    size: &Size,
    before_the_kill: Duration,
) -> Result<String> {
    let night = size.last_night();
    let server = scene.host(night).await?;
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

    let server = scene.host(night).await?;
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

/// Checks before a sweep that due points are neither shown nor spent.
async fn unswept_is_not_spendable(client: &mut Client, size: &Size, due: usize) -> Result<()> {
    let view = client.get("/v1/members/m1").await?;
    let kept = size.kept(1, due);
    if view.get("balance").and_then(Value::as_u64) != Some(u64::try_from(kept)?) {
        bail!("before the sweep member m1 should show {kept} spendable points: {view}");
    }
    let body = json!({ "member_id": "m1", "points": kept + 1 }).to_string();
    let answer = client
        .call("POST", "/v1/redeem", Some(&format!("too-much-{due}")), body.as_bytes())
        .await?;
    if answer.status != 422 {
        bail!("a redemption of due points answered {}: {}", answer.status, answer.body);
    }
    Ok(())
}

/// All pages of the audit, and the trial balance. It must show every due lot as expired.
async fn books(client: &mut Client, size: &Size) -> Result<String> {
    let audited = audit::everything(client).await?;
    let expired = size.due_at_last() * usize::try_from(POINTS_A_LOT)?;
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
