//! `cargo xtask test`: everything that CI runs, in the order in which it fails fastest. It needs
//! only rustup and a C compiler; the console is checked where there is Node or Python, its pages
//! where there is Chromium, and what goes to vendors where there is Python.

use crate::workspace::{Component, Kind, Workspace};
use crate::{console, deny, fmt, interop, process, tidy, wasm};
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

/// What `cargo xtask bench` adds to xtask.
pub const ALL_OF_XTASK: &str = "xtask/ledger";
/// `cargo test` runs a tenth of them.
const HISTORIES: &str = "ACCRUE_HISTORIES";

type Stage = (&'static str, fn(&Workspace) -> Result<()>);

const STAGES: &[Stage] = &[
    ("format", format),
    ("tidy", tidy::run),
    ("dependencies", deny::run),
    ("components", components),
    ("clippy, native", clippy_native),
    ("clippy, components", clippy_components),
    ("fuzz targets", fuzz_targets),
    ("tests", tests),
    ("interop", interop::check),
    ("console", console::check),
    ("documentation", documentation),
];

pub fn run(workspace: &Workspace) -> Result<()> {
    let started = Instant::now();
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (number, (name, stage)) in STAGES.iter().enumerate() {
        eprintln!("── {}/{} {name}", number + 1, STAGES.len());
        let stage_started = Instant::now();
        stage(workspace).with_context(|| format!("stage `{name}` failed"))?;
        times.push((name, stage_started.elapsed()));
    }
    eprintln!("── all green");
    for (name, time) in times {
        eprintln!("{name:<20} {:>6.1} s", time.as_secs_f64());
    }
    eprintln!("{:<20} {:>6.1} s", "in all", started.elapsed().as_secs_f64());
    Ok(())
}

fn format(workspace: &Workspace) -> Result<()> {
    fmt::run(workspace, fmt::Mode::Check)
}

fn components(workspace: &Workspace) -> Result<()> {
    // First, because a component embeds them.
    if let console::Built::Without(how) = console::build(workspace)? {
        eprintln!("the console's pages are left out: {how}");
    }
    wasm::run(workspace, wasm::Build::Quick, &[])
}

fn clippy_native(workspace: &Workspace) -> Result<()> {
    clippy(workspace, &["--all-targets", "--features", ALL_OF_XTASK])
}

/// Runs two calls, as the build does: features must not unify between them.
fn clippy_components(workspace: &Workspace) -> Result<()> {
    let components = workspace.components()?;
    for kind in [Kind::Http, Kind::Cron] {
        let of_kind = components.iter().filter(|component: &&Component| component.kind == kind);
        // The profile of the tests, so that no build script is compiled a second time for another
        // profile.
        let mut arguments = vec!["--profile", "quick", "--target", "wasm32-wasip2"];
        arguments.extend(of_kind.flat_map(|component| ["--package", component.package.as_str()]));
        if arguments.len() > 4 {
            clippy(workspace, &arguments)?;
        }
    }
    Ok(())
}

fn clippy(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let mut command = process::cargo();
    command
        .current_dir(&workspace.root)
        .args(["clippy", "--quiet", "--keep-going"])
        .args(arguments)
        .args(["--", "--deny", "warnings"]);
    process::run(
        &mut command,
        "fix the faults that clippy reports above; when cargo has no clippy: `rustup component add clippy`",
    )
}

/// Checks that they still compile. That needs no C++ library.
fn fuzz_targets(workspace: &Workspace) -> Result<()> {
    let mut command = process::cargo();
    command.current_dir(&workspace.root).args([
        "check",
        "--quiet",
        "--bins",
        "--manifest-path",
        "fuzz/Cargo.toml",
    ]);
    command
        .env("CARGO_TARGET_DIR", &workspace.target)
        .env("CUSTOM_LIBFUZZER_PATH", workspace.root.join("fuzz"));
    process::run(&mut command, "fix the targets of fuzz/")
}

/// Unit, integration and documentation tests of the native packages. The end-to-end tests run the
/// wasm files of the step before.
fn tests(workspace: &Workspace) -> Result<()> {
    let mut command = process::cargo();
    command.current_dir(&workspace.root).args(["test", "--no-fail-fast"]);
    command.args(["--features", ALL_OF_XTASK]);
    if std::env::var_os(HISTORIES).is_none() {
        command.env(HISTORIES, "10000");
    }
    process::run(&mut command, "fix the tests that failed above")
}

fn documentation(workspace: &Workspace) -> Result<()> {
    let mut command = process::cargo();
    command.current_dir(&workspace.root).args([
        "doc",
        "--quiet",
        "--no-deps",
        "--document-private-items",
    ]);
    command.env("RUSTDOCFLAGS", "--deny warnings");
    process::run(&mut command, "fix the links and comments that rustdoc names above")
}
