//! `cargo xtask bench --instructions`: the instructions of requests, counted by callgrind
//! in-process and in the host, beside those that were accepted last. No test compares them: they
//! depend on the processor's features and on the compiler.

use super::callgrind::{Called, Profile};
use super::valgrind;
use super::{gates, process};
use crate::http::{self, Connection};
use crate::server::{self, Options, Server};
use crate::wasm::{self, Build};
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The counts that were accepted last.
const EXPECTED: &str = "xtask/bench/instructions.txt";
const HEADER: &str = "# What requests cost, by callgrind. After a change that is meant: cargo xtask bench --instructions --accept\n";

const TEST: &str = "gates::requests_between_marks";
/// What that test does between its marks, each so often.
const ORDER: [&str; 4] = ["load", "earn", "redeem", "balance"];
const TEST_REQUESTS: u64 = 64;

const COMPONENTS: [&str; 4] = ["earn", "redeem", "member", "front"];
const MEMBERS: u64 = 50;
/// Requests of each kind in the host: each member sends as many.
const REQUESTS: u64 = 200;
/// Valgrind runs one thread at a time, fifty times slower: compiling a component takes half a
/// minute.
const START_TIMEOUT: Duration = Duration::from_secs(1800);

/// Names and values, in order.
type Counts = Vec<(String, u64)>;

pub fn run(workspace: &Workspace, no_build: bool, accept: bool) -> Result<()> {
    process::output(Command::new("valgrind").arg("--version"), valgrind::HINT)?;
    let folder = super::fresh_state(workspace, "bench/callgrind")?;
    let mut counts = in_process(workspace, &folder)?;
    if !no_build {
        wasm::build(
            workspace,
            Build::Shipped,
            wasm::Output::Shown,
            &COMPONENTS.map(str::to_owned),
        )?;
        let mut command = process::cargo();
        command.current_dir(&workspace.root).args(["build", "--bin", "accrue"]);
        process::run(&mut command, "fix the errors that the compiler reports above")?;
    }
    let binary = server::build(workspace, None)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    counts.extend(runtime.block_on(in_host(workspace, &binary, &folder))?);
    let mut text = HEADER.to_owned();
    for (name, value) in counts {
        writeln!(text, "{name} {value}")?;
    }
    gates::compare(workspace, EXPECTED, &text, accept)
}

/// Load, decision and commit in the program of the store's tests.
fn in_process(workspace: &Workspace, folder: &Path) -> Result<Counts> {
    let output = folder.join("native");
    let arguments = [
        "--tool=callgrind",
        "--dump-before=all::gates::mark",
        &format!("--callgrind-out-file={}", output.display()),
    ];
    let mut command = valgrind::command(&arguments, &test_program(workspace)?);
    process::output(command.args(["--exact", TEST, "--ignored"]), "fix what the test reports")?;
    let mut counts = Vec::new();
    let mut in_load = 0;
    // The first mark ends the set-up.
    for (part, kind) in (2..).zip(ORDER) {
        let profile = Profile::read(&part_of(&output, part))?;
        let of_one = |count: u64| count / TEST_REQUESTS;
        let in_sqlite = of_one(steps(&profile).instructions);
        if kind == "load" {
            in_load = in_sqlite;
        }
        counts.push((format!("native.{kind}.instructions"), of_one(profile.instructions)));
        counts.push((format!("native.{kind}.in_sqlite"), in_sqlite));
        if kind == "earn" {
            counts.push(("native.posting.in_sqlite".to_owned(), in_sqlite.saturating_sub(in_load)));
        }
    }
    Ok(counts)
}

/// Builds the tests of the store and finds their program.
fn test_program(workspace: &Workspace) -> Result<PathBuf> {
    let mut command = process::cargo();
    command.current_dir(&workspace.root).args(["test", "--package", "store", "--test", "all"]);
    command.args(["--no-run", "--message-format", "json"]);
    let messages = process::output(&mut command, "fix what the compiler reports")?;
    let program = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    };
    messages.lines().filter_map(program).next_back().context("cargo names no program of tests")
}

/// Sequential requests to the host with the components as they are shipped.
async fn in_host(workspace: &Workspace, binary: &Path, folder: &Path) -> Result<Counts> {
    // The compiled code stays from run to run.
    let state = workspace.target.join("bench/callgrind-state");
    let compiling = valgrind::command(&["--tool=none"], binary);
    eprintln!("compiling components under valgrind (minutes, where they are new) …");
    start(workspace, compiling, &state).await?.stop().await?;
    remove_databases(&state)?;
    let output = folder.join("host");
    let arguments = ["--tool=callgrind", &format!("--callgrind-out-file={}", output.display())];
    let server = start(workspace, valgrind::command(&arguments, binary), &state).await?;
    let id = server.id().context("the host has ended")?;
    let mut connection = Connection::open(server.api).await?;
    let mut till = Till { key: server.key.clone(), requests: 0 };
    // Points to spend, and all that is made at the first request.
    for _ in 0..2 {
        till.send(&mut connection, "earn").await?;
    }
    for kind in KINDS {
        till.send(&mut connection, kind).await?;
    }
    valgrind::zero(id)?;
    let mut counts = Vec::new();
    for (part, kind) in (1..).zip(KINDS) {
        till.send(&mut connection, kind).await?;
        valgrind::dump(id)?;
        counts.extend(of_request(kind, &Profile::read(&part_of(&output, part))?));
    }
    server.stop().await?;
    Ok(counts)
}

async fn start(workspace: &Workspace, command: Command, state: &Path) -> Result<Server> {
    let mut arguments: Vec<String> =
        ["--cron", "off", "--instances", "1", "--reserved-mib", "256"].map(str::to_owned).into();
    arguments.extend(["--clock", "2026-01-10T10:00:00+08:00"].map(str::to_owned));
    arguments.extend(COMPONENTS.iter().flat_map(|id| ["-c".to_owned(), (*id).to_owned()]));
    let options = Options {
        listen: "127.0.0.1:0".to_owned(),
        admin: "127.0.0.1:0".to_owned(),
        state: state.to_owned(),
        key: "0123456789abcdef".repeat(4),
        arguments,
        log: Some(workspace.target.join("bench/callgrind.log")),
    };
    Server::start_within(workspace, command.into(), &options, START_TIMEOUT).await
}

fn remove_databases(state: &Path) -> Result<()> {
    for file in fs::read_dir(state)?.filter_map(|entry| entry.ok()).map(|entry| entry.path()) {
        if file.is_file() {
            fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))?;
        }
    }
    Ok(())
}

/// `empty` is what HTTP costs.
const KINDS: [&str; 4] = ["empty", "earn", "redeem", "balance"];

struct Till {
    key: String,
    requests: u64,
}

impl Till {
    /// Sends as many requests of a kind as are measured, one after another.
    async fn send(&mut self, connection: &mut Connection, kind: &str) -> Result<()> {
        for _ in 0..REQUESTS {
            self.requests += 1;
            let status = connection.exchange(&self.request(kind)).await?;
            if !(200..300).contains(&status) {
                bail!("{kind} answered {status}: {}", String::from_utf8_lossy(connection.body()));
            }
        }
        Ok(())
    }

    fn request(&self, kind: &str) -> Vec<u8> {
        let (number, member) = (self.requests, format!("member-{:06}", self.requests % MEMBERS));
        let post = |path: &str, body: &str| {
            let once = format!("key-{number:08}");
            http::request("POST", path, &self.key, Some(&once), body.as_bytes())
        };
        match kind {
            "earn" => {
                let line = |id: u32, amount: u32| {
                    format!(
                        r#"{{"line_id":"{id}","sku":"sku-{id}","category":"food","quantity":1,"amount":{{"amount_minor":{amount},"currency":"CNY"}}}}"#
                    )
                };
                let body = format!(
                    r#"{{"member_id":"{member}","event":"purchase","reference":"order-{number:08}","lines":[{},{}]}}"#,
                    line(1, 4900),
                    line(2, 2450)
                );
                post("/v1/earn", &body)
            }
            "redeem" => post(
                "/v1/redeem",
                &format!(
                    r#"{{"member_id":"{member}","points":10,"reference":"basket-{number:08}"}}"#
                ),
            ),
            "balance" => {
                http::request("GET", &format!("/v1/members/{member}"), &self.key, None, b"")
            }
            _ => http::request("GET", "/healthz", "", None, b""),
        }
    }
}

fn of_request(kind: &str, profile: &Profile) -> Counts {
    let times = |is_one: &dyn Fn(&str) -> bool| profile.called(is_one).times;
    [
        ("instructions", profile.instructions),
        ("in_guest", profile.guest_instructions),
        ("in_sqlite", steps(profile).instructions),
        ("sqlite_steps", steps(profile).times),
        ("host_calls", times(&|name| name.ends_with("::host::HostFn::entrypoint"))),
        ("model_calls", times(&|name| name.contains("component::libcalls::trampolines::"))),
        ("memory_calls", times(&|name| name.contains("vm::libcalls::raw::memory_"))),
        ("allocations", times(&is_allocation)),
        ("sqlite_allocations", times(&|name| name.ends_with("::sqlite::budget::take"))),
    ]
    .into_iter()
    .map(|(what, count)| (format!("host.{kind}.{what}"), (count + REQUESTS / 2) / REQUESTS))
    .filter(|(_, count)| *count > 0)
    .collect()
}

fn steps(profile: &Profile) -> Called {
    profile.called(|name| name == "sqlite3_step")
}

/// What Rust code of the host calls; guests have their own memory.
fn is_allocation(name: &str) -> bool {
    ["mi_malloc_aligned", "mi_zalloc_aligned", "mi_realloc_aligned"].contains(&name)
}

/// The file of a dump: the first has number 1.
fn part_of(output: &Path, part: u32) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(format!(".{part}"));
    name.into()
}
