//! Describes the machine and the build; figures without them cannot be compared.

use crate::process;
use crate::workspace::Workspace;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

pub fn describe(workspace: &Workspace, generator_threads: usize) -> Value {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    json!({
        "processor": field("/proc/cpuinfo", "model name"),
        "cores": cores,
        "memory": field("/proc/meminfo", "MemTotal"),
        "kernel": fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        "commit": commit(workspace),
        "durability": "synchronous=FULL, acknowledged means committed",
        "load": format!("same machine, threads: {generator_threads}"),
    })
}

fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line =
        text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
    line.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn commit(workspace: &Workspace) -> String {
    let mut git = Command::new("git");
    git.current_dir(&workspace.root).args(["describe", "--always", "--dirty", "--abbrev=12"]);
    process::output(&mut git, "").unwrap_or_default().trim().to_owned()
}
