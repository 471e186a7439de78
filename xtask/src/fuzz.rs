//! `cargo xtask fuzz`: documents and conditions that nobody would write, against what validates
//! them and decides by them.
//!
//! The targets are in `fuzz/`, a workspace of its own; what they find lies in `fuzz/artifacts`. Not
//! a part of `cargo xtask test`: it ends when the time is over, not when all was tried.

use anyhow::Result;
use std::path::Path;

use crate::process;
use crate::workspace::Workspace;

const TARGETS: [&str; 3] = ["condition", "document", "rulebook"];

#[derive(clap::Args)]
pub struct Arguments {
    /// How long each target runs
    #[arg(long, default_value_t = 20)]
    minutes: u32,
}

pub fn run(workspace: &Workspace, arguments: Arguments) -> Result<()> {
    let tools = workspace.target.join("tools");
    let install = ["install", "--quiet", "--locked", "cargo-fuzz", "--root"];
    process::run(
        process::cargo().args(install).arg(&tools),
        "cargo-fuzz could not be built: it needs a C++ compiler",
    )?;
    for target in TARGETS {
        println!("fuzz {target} for {} minutes", arguments.minutes);
        one(workspace, &tools, target, arguments.minutes)?;
    }
    Ok(())
}

fn one(workspace: &Workspace, tools: &Path, target: &str, minutes: u32) -> Result<()> {
    let folder = workspace.root.join("fuzz");
    let mut command = std::process::Command::new(tools.join("bin/cargo-fuzz"));
    // The sanitizers' flags are unstable; the pinned compiler takes them when it is told so.
    command
        .current_dir(&folder)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", workspace.target.join("fuzz"));
    command.args(["fuzz", "run", target, &format!("corpus/{target}")]);
    let seeds = format!("seeds/{target}");
    if folder.join(&seeds).is_dir() {
        command.arg(seeds);
    }
    // The fuzzer itself takes half a GiB; nothing that it tries may take much in one piece.
    command.args([
        "--",
        "-rss_limit_mb=2048",
        "-malloc_limit_mb=64",
        "-timeout=5",
        &format!("-max_total_time={}", minutes * 60),
    ]);
    if target == "condition" {
        command.arg("-dict=cel.dict");
    }
    std::fs::create_dir_all(folder.join("corpus").join(target))?;
    process::run(
        &mut command,
        "the input that did it is in fuzz/artifacts; `cargo fuzz run TARGET FILE` in fuzz/ runs it again",
    )
}
