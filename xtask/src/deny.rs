//! Checks dependencies by `deny.toml`: their licences, their sources, and duplicates. It also
//! checks for known faults if the advisory database can be reached.

use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

const VERSION: &str = "0.20.2";

pub fn run(workspace: &Workspace) -> Result<()> {
    let tool = tool(workspace)?;
    let mut command = Command::new(&tool);
    command.current_dir(&workspace.root).args(["check", "licenses", "bans", "sources"]);
    process::run(&mut command, "change the dependency, or say in deny.toml why it may stay")?;
    advisories(workspace, &tool)
}

/// A machine that reaches only the package registries cannot fetch the database. That is no fault
/// of the tree.
fn advisories(workspace: &Workspace, tool: &PathBuf) -> Result<()> {
    let mut command = Command::new(tool);
    let output = command.current_dir(&workspace.root).args(["check", "advisories"]).output();
    let output = output.with_context(|| format!("starting {}", tool.display()))?;
    let report = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(()),
        false if report.contains("failed to fetch advisory database") => {
            eprintln!("not checked: the database of advisories cannot be reached");
            Ok(())
        }
        false => bail!(
            "{report}\nupdate the dependency, or say in deny.toml why the fault does not concern it"
        ),
    }
}

/// Builds cargo-deny once without optimisation: that takes a minute, and it runs for a second.
fn tool(workspace: &Workspace) -> Result<PathBuf> {
    let root = workspace.target.join(format!("tools/cargo-deny-{VERSION}"));
    let binary = root.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if !binary.exists() {
        let package = format!("cargo-deny@{VERSION}");
        let mut command = process::cargo();
        command.current_dir(&workspace.root).args([
            "install",
            "--quiet",
            "--debug",
            "--locked",
            "--no-default-features",
        ]);
        command.arg(&package).arg("--root").arg(&root).env("CARGO_TARGET_DIR", root.join("build"));
        process::run(&mut command, "building cargo-deny needs the package registry")?;
        std::fs::remove_dir_all(root.join("build")).ok();
    }
    Ok(binary)
}
