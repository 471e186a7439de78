//! `cargo xtask bench --only fairness`: the share of its throughput that a tenant keeps under
//! attack. The attacker is another tenant, a guest, or callers with made-up keys.
//!
//! The bench measures the victim alone and beside the attack by turns. It compares each turn under
//! attack with the two around it, so a machine that becomes slower meanwhile affects both. The
//! figure is the median of several such ratios.

use super::load::{Counted, Load, Pace};
use super::mix::{Mix, Requests, purchase};
use super::overview::{Figure, Results};
use super::zipf::Zipf;
use super::{Plan, named};
use crate::http::{self, Client, Connection};
use crate::server::{Options, Server, random_key};
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// A tenant keeps at least this share.
const GOAL: f64 = 0.8;
const MEMBERS: usize = 1_000;
/// Deadlines of statements, so short that a turn has several attacks and penalties in it.
const DEADLINES: [&str; 4] = ["--read-timeout", "2s", "--write-timeout", "200ms"];
/// Max lines of an order.
const LINES: usize = 500;
const ORDERS_A_CALL: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Attack {
    /// Bulk earns of the largest orders, by the most expensive rulebook that can be published.
    CostlyRulebook,
    EndlessReads,
    EndlessWrites,
    /// Bodies of the max size of an earn, with made-up keys, from many addresses.
    Strangers,
    Flood,
}

const ATTACKS: [Attack; 5] = [
    Attack::CostlyRulebook,
    Attack::EndlessReads,
    Attack::EndlessWrites,
    Attack::Strangers,
    Attack::Flood,
];

/// The attacked tenant.
struct Victim {
    clients: usize,
    /// Pause after each answer.
    pause: Duration,
}

impl Attack {
    fn name(self) -> &'static str {
        match self {
            Self::CostlyRulebook => "fairness, costly rulebook",
            Self::EndlessReads => "fairness, endless SELECT",
            Self::EndlessWrites => "fairness, endless INSERT",
            Self::Strangers => "fairness, strangers",
            Self::Flood => "fairness, flood",
        }
    }

    fn connections(self) -> usize {
        match self {
            Self::CostlyRulebook | Self::EndlessReads | Self::EndlessWrites => 8,
            Self::Strangers => 400,
            Self::Flood => 64,
        }
    }

    /// The victim sends without pauses where the machine has enough for both. Where the attacker
    /// could use all of it, the victim is a group of tills that leave most of it free.
    fn victim(self) -> Victim {
        match self {
            Self::Flood => Victim { clients: 64, pause: Duration::from_millis(100) },
            _ => Victim { clients: 4, pause: Duration::ZERO },
        }
    }

    /// Only strangers come from many addresses.
    fn source(self, connection: usize) -> IpAddr {
        let place = if self == Self::Strangers { connection % 50 } else { 0 };
        Ipv4Addr::new(127, 0, 9, u8::try_from(place).unwrap_or(0) + 1).into()
    }

    fn request(self, key: &str, turn: u64, number: u64) -> Vec<u8> {
        // Texts that the host has not seen before, so it has no record of them.
        let sql = |text: &str| {
            let text = format!("{} -- {turn} {number}", text.trim_end().trim_end_matches(';'));
            http::request("POST", "/probe/sql/default", "", None, text.as_bytes())
        };
        match self {
            Self::CostlyRulebook => {
                http::request("POST", "/v1/earn/bulk", key, None, costly(turn, number).as_bytes())
            }
            Self::EndlessReads => sql(include_str!("../../bench/attack-read.sql")),
            Self::EndlessWrites => sql(include_str!("../../bench/attack-write.sql")),
            Self::Strangers => {
                let body = "x".repeat(64 * 1024);
                let made_up = format!("acc_{number:08}_{turn:032}");
                http::request("POST", "/v1/earn", &made_up, Some("stranger"), body.as_bytes())
            }
            Self::Flood => {
                let order = format!("flood-{turn}-{number}");
                let member = usize::try_from(number).unwrap_or(0) % MEMBERS;
                let body = format!("{{{}}}", purchase(member, &order, 1_000));
                http::request("POST", "/v1/earn", key, Some(&order), body.as_bytes())
            }
        }
    }
}

/// A bulk earn of orders with the max number of lines.
fn costly(turn: u64, number: u64) -> String {
    static ALL_LINES: LazyLock<String> = LazyLock::new(|| {
        let line = |line: usize| {
            json!({"line_id": line.to_string(), "sku": format!("sku-{line}"), "category": format!("category-{line}"),
                "quantity": 1, "amount": {"amount_minor": 100, "currency": "CNY"}})
        };
        (0..LINES).map(line).collect::<Value>().to_string()
    });
    let order = |order: usize| {
        let reference = format!("costly-{turn}-{number}-{order}");
        format!(
            "{{\"idempotency_key\":\"{reference}\",\"member_id\":\"m{order}\",\"event\":\"purchase\",\"reference\":\"{reference}\",\"lines\":{}}}",
            *ALL_LINES
        )
    };
    let events: Vec<String> = (0..ORDERS_A_CALL).map(order).collect();
    format!("{{\"events\":[{}]}}", events.join(","))
}

struct Scene {
    server: Server,
    victim: String,
    attacker: String,
}

/// Whether any of these is selected. It must be selected by name, as it takes minutes.
pub fn is_selected(plan: &Plan) -> bool {
    plan.only.is_some() && ATTACKS.iter().any(|attack| plan.selects(attack.name()))
}

/// Measures every selected attack. A share below the goal is an error.
pub async fn run(
    workspace: &Workspace,
    binary: &Path,
    plan: &Plan,
    host: Vec<String>,
    results: &mut Results,
) -> Result<()> {
    let state = workspace.target.join("bench/fairness");
    fs::create_dir_all(&state).with_context(|| format!("making {}", state.display()))?;
    // Compiled code stays, because other scenarios measure a cold start.
    for left in fs::read_dir(&state)?
        .filter_map(|entry| entry.ok())
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
    {
        fs::remove_file(&left).with_context(|| format!("removing {}", left.display()))?;
    }
    let manifest = state.join("spin.toml");
    fs::write(&manifest, manifest_with_guest(workspace)?)
        .with_context(|| format!("writing {}", manifest.display()))?;
    let mut arguments =
        vec!["--cron".to_owned(), "off".to_owned(), format!("--from={}", manifest.display())];
    arguments.extend(DEADLINES.map(str::to_owned));
    arguments.extend(host);
    let options = Options {
        listen: "127.0.0.1:0".to_owned(),
        admin: "127.0.0.1:0".to_owned(),
        state,
        key: random_key()?,
        arguments,
        log: Some(workspace.target.join("bench/fairness.log")),
    };
    let server = Server::start(workspace, binary, &options).await?;
    let victim = programme(&server, "victim", 0).await?;
    let attacker = programme(&server, "attacker", 200).await?;
    let made = Client::new(server.api, "")
        .expect("POST", "/probe/sql/default", None, include_bytes!("../../bench/attack-table.sql"))
        .await;
    made.context("the guest that attacks has no table")?;
    let scene = Scene { server, victim, attacker };
    let mut failed = Vec::new();
    for attack in ATTACKS.into_iter().filter(|attack| plan.selects(attack.name())) {
        let (figure, share) = measure(&scene, plan, attack).await?;
        println!("{}: {share:.2} of the throughput is kept", attack.name());
        results.note(&format!("{}: per cent that is kept", attack.name()), percent(share));
        results.add(vec![figure]);
        if share < GOAL {
            failed.push(format!("{share:.2} ({})", attack.name()));
        }
    }
    scene.server.stop().await?;
    if !failed.is_empty() {
        bail!("a tenant keeps less than {GOAL:.2} of its throughput: {}", failed.join(", "));
    }
    Ok(())
}

/// The application of spin.toml with one more guest, which runs any statement on the same database.
fn manifest_with_guest(workspace: &Workspace) -> Result<String> {
    let file = workspace.root.join("spin.toml");
    let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    let components = format!("source = \"{}/target/components/", workspace.root.display());
    let guest = format!(
        "\n[[trigger.http]]\nroute = \"/probe/...\"\ncomponent = \"probe\"\n\n[component.probe]\n{components}fixtures/probe.wasm\"\n\
         sqlite_databases = [\"default\"]\n"
    );
    Ok(text.replace("source = \"target/components/", &components) + &guest)
}

/// Creates a programme and returns its admin key. Its rules are the default ones, or the most
/// expensive that can be published.
async fn programme(server: &Server, id: &str, costly_rules: u32) -> Result<String> {
    let mut client = server.client();
    let mut rulebook = client
        .get("/v1/programmes/default")
        .await?
        .get("rulebook")
        .cloned()
        .context("no rulebook")?;
    let categories: Vec<String> = (0..20).map(|number| format!("\"none-{number}\"")).collect();
    let condition = format!("line.category in [{}]", categories.join(", "));
    let rule = |number: u32| {
        json!({"id": format!("dear_{number}"), "event": "purchase", "lines": condition,
            "award": {"kind": "fixed", "points": 1}})
    };
    for count in (0..=costly_rules).rev().step_by(10) {
        let book = rulebook.as_object_mut().context("a rulebook that is no object")?;
        book.insert("rules".to_owned(), (0..count).map(rule).collect());
        let body = json!({"name": id, "rulebook": rulebook}).to_string();
        let (path, once) = (format!("/v1/programmes/{id}"), format!("bench-{id}-{count}"));
        let made = client.call("PUT", &path, Some(&once), body.as_bytes()).await?;
        match made.status {
            201 if count == 0 && costly_rules > 0 => bail!("no costly rule is let through at all"),
            201 => {
                eprintln!("programme {id}: {count} costly rules");
                let key = made.body.pointer("/admin_key/key").and_then(Value::as_str);
                return Ok(key.context("a new programme without an admin key")?.to_owned());
            }
            400 | 422 => {}
            status => bail!("making a programme was answered {status}: {}", made.body),
        }
    }
    bail!("the default rules are not let through")
}

/// Measures by turns, alone and beside the attack. The figure is that of the turns beside it.
async fn measure(scene: &Scene, plan: &Plan, attack: Attack) -> Result<(Figure, f64)> {
    let pairs = plan.runs + 2;
    let mut turns = Turns { scene, plan, attack, count: 0, answers: 0 };
    let mut alone = vec![turns.alone().await?];
    let (mut beside, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..pairs {
        let attacked = turns.attacked().await?;
        alone.push(turns.alone().await?);
        let around: f64 = alone.iter().rev().take(2).map(Counted::per_second).sum::<f64>() / 2.0;
        ratios.push(attacked.per_second() / around);
        beside.push(attacked);
    }
    if turns.answers == 0 {
        bail!("nothing of the attack came through: {}", attack.name());
    }
    ratios.sort_by(f64::total_cmp);
    let share = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    let victim = attack.victim();
    let how = match victim.pause.as_millis() {
        0 => format!("{} clients", victim.clients),
        pause => format!("{} clients, pauses of {pause} ms", victim.clients),
    };
    Ok((super::scenarios::summary(named(attack.name(), how), beside), share))
}

struct Turns<'a> {
    scene: &'a Scene,
    plan: &'a Plan,
    attack: Attack,
    count: u64,
    /// Answers that the attack got.
    answers: u64,
}

impl Turns<'_> {
    async fn alone(&mut self) -> Result<Counted> {
        wait_until_idle(&self.scene.server).await?;
        let counted = self.measure_victim().await?;
        self.print("alone", &counted, "");
        Ok(counted)
    }

    async fn attacked(&mut self) -> Result<Counted> {
        let attackers = Attackers::start(self.scene, self.attack, self.count)?;
        // The host has no record of an attacker at first; the bench measures the lasting state.
        tokio::time::sleep(self.plan.warm_up * 2).await;
        let counted = self.measure_victim().await?;
        let statuses = attackers.stop()?;
        self.print("beside", &counted, &format!("  attack {statuses:?}"));
        self.answers += statuses.values().sum::<u64>();
        Ok(counted)
    }

    async fn measure_victim(&mut self) -> Result<Counted> {
        self.count += 1;
        let Victim { clients, pause } = self.attack.victim();
        let zipf = Zipf::new(MEMBERS, self.count);
        let requests = (0..clients).map(|client| {
            let prefix = format!("victim-{}-{}-{client}", self.attack as u8, self.count);
            Requests::new(
                Mix::Earn,
                &self.scene.victim,
                prefix,
                zipf.with_seed(self.count * 1_000 + client as u64),
            )
        });
        let load = Load {
            address: self.scene.server.api,
            pace: Pace::Closed(pause),
            warm_up: self.plan.warm_up,
            run: self.plan.run,
            threads: self.plan.generator_threads,
        };
        load.send(requests.collect()).await
    }

    fn print(&self, how: &str, counted: &Counted, more: &str) {
        let quantile = |thousandths| counted.latencies.quantile_ms(thousandths);
        eprintln!(
            "{:<26} {how:<7} {:>7.0}/s  p50 {:>6.2} ms  p99 {:>7.2} ms{}{more}",
            self.attack.name(),
            counted.per_second(),
            quantile(500),
            quantile(990),
            super::scenarios::errors(counted)
        );
    }
}

/// Waits until the work of an attack has ended, so that the next turn runs alone.
async fn wait_until_idle(server: &Server) -> Result<()> {
    const LOOK: Duration = Duration::from_millis(250);
    for _ in 0..120 {
        let before = server.processor_seconds();
        tokio::time::sleep(LOOK).await;
        if server.processor_seconds() - before < LOOK.as_secs_f64() / 10.0 {
            return Ok(());
        }
    }
    bail!("the host does not come to rest after an attack")
}

/// Attacking connections on a thread of their own, so that they do not delay the measured clients.
struct Attackers {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<BTreeMap<u16, u64>>,
}

impl Attackers {
    fn start(scene: &Scene, attack: Attack, turn: u64) -> Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (address, key) = (scene.server.api, scene.attacker.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::spawn(move || {
            let next = Arc::new(AtomicU64::new(0));
            let statuses = Arc::new(Mutex::new(BTreeMap::new()));
            for connection in 0..attack.connections() {
                let (next, statuses, key) = (Arc::clone(&next), Arc::clone(&statuses), key.clone());
                runtime.spawn(async move {
                    loop {
                        let ended = attack_by_one(
                            attack,
                            connection,
                            address,
                            (&key, turn),
                            &next,
                            &statuses,
                        )
                        .await;
                        if ended.is_err() {
                            tokio::time::sleep(Duration::from_millis(10)).await;
                        }
                    }
                });
            }
            // Also ends when the sender is dropped.
            runtime.block_on(stopped).ok();
            drop(runtime);
            let statuses = statuses.lock().unwrap_or_else(PoisonError::into_inner);
            statuses.clone()
        });
        Ok(Self { stop, thread })
    }

    /// Stops the attack and returns the number of answers by status.
    fn stop(self) -> Result<BTreeMap<u16, u64>> {
        self.stop.send(()).ok();
        self.thread.join().ok().context("the thread that attacks ended badly")
    }
}

/// Attacks on one connection until that is lost.
async fn attack_by_one(
    attack: Attack,
    connection: usize,
    address: SocketAddr,
    (key, turn): (&str, u64),
    next: &AtomicU64,
    statuses: &Mutex<BTreeMap<u16, u64>>,
) -> Result<()> {
    let mut connection = Connection::open_from(attack.source(connection), address).await?;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let status = connection.exchange(&attack.request(key, turn, number)).await?;
        *statuses.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += 1;
    }
}

fn percent(share: f64) -> u64 {
    super::scenarios::whole(share * 100.0).into()
}
