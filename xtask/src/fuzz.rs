//! `cargo xtask fuzz`: runs generated documents and conditions through validation and decisions.
//!
//! The targets are in `fuzz/`, a workspace of its own; findings are in `fuzz/artifacts`. It is not
//! a part of `cargo xtask test`, because it ends by time and not by completion.

use anyhow::Result;
use std::path::Path;

use crate::process;
use crate::tools::{self, Tool};
use crate::workspace::Workspace;

const TOOL: Tool =
    Tool { name: "cargo-fuzz", version: "0.13.2", arguments: &[], needs: "the package registry" };
const TARGETS: [&str; 3] = ["condition", "document", "rulebook"];

#[derive(clap::Args)]
pub struct Arguments {
    /// How long each target runs
    #[arg(long, default_value_t = 20)]
    minutes: u32,
}

pub fn run(workspace: &Workspace, arguments: Arguments) -> Result<()> {
    let tool = tools::installed(workspace, &TOOL)?;
    for target in TARGETS {
        println!("fuzz {target} for {} minutes", arguments.minutes);
        one(workspace, &tool, target, arguments.minutes)?;
    }
    Ok(())
}

fn one(workspace: &Workspace, tool: &Path, target: &str, minutes: u32) -> Result<()> {
    let folder = workspace.root.join("fuzz");
    let mut command = std::process::Command::new(tool);
    // The sanitizers' flags are unstable; this lets the pinned compiler accept them.
    command
        .current_dir(&folder)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", workspace.target.join("fuzz"));
    command.args(["fuzz", "run", target, &format!("corpus/{target}")]);
    let seeds = format!("seeds/{target}");
    if folder.join(&seeds).is_dir() {
        command.arg(seeds);
    }
    // The fuzzer itself takes half a GiB; no single allocation of an input may be large.
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
