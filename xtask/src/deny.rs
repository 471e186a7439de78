//! Checks dependencies by `deny.toml`: their licences, their sources, and duplicates. It also
//! checks for known faults if the advisory database can be reached.

use crate::process;
use crate::tools::{self, Tool};
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

const TOOL: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    arguments: &["--no-default-features"],
    needs: "the package registry",
};

pub fn run(workspace: &Workspace) -> Result<()> {
    let tool = tools::installed(workspace, &TOOL)?;
    let mut command = Command::new(&tool);
    command.current_dir(&workspace.root).args(["check", "licenses", "bans", "sources"]);
    process::run(&mut command, "change the dependency, or say in deny.toml why it may stay")?;
    advisories(workspace, &tool)
}

/// A machine that reaches only the package registries cannot fetch the database. That is no fault
/// of the tree.
fn advisories(workspace: &Workspace, tool: &Path) -> Result<()> {
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
