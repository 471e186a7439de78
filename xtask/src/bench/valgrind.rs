//! Starts programs under valgrind, and talks to callgrind while one runs.

#[cfg(target_os = "linux")]
use super::auxiliary_vector;
use crate::process;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

pub const HINT: &str = "install valgrind (Debian: `apt-get install valgrind`)";

/// `program` under a tool of valgrind.
pub fn command(arguments: &[&str], program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    // Guests are compiled while the program runs.
    command.args(["--quiet", "--smc-check=all-non-file"]).args(arguments).arg(program);
    #[cfg(target_os = "linux")]
    auxiliary_vector::refuse(&mut command);
    command
}

/// Dumps what was counted since the last dump.
pub fn dump(process: u32) -> Result<()> {
    control("--dump", process)
}

/// Forgets what was counted.
pub fn zero(process: u32) -> Result<()> {
    control("--zero", process)
}

fn control(what: &str, process: u32) -> Result<()> {
    let mut command = Command::new("callgrind_control");
    process::output(command.args([what, &process.to_string()]), HINT).map(drop)
}
