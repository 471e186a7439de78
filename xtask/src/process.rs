//! Runs other programs: cargo, python, PostgreSQL's tools. It reports the failed program with a
//! hint, and knows none of them.

use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::process::{Command, Stdio};

/// The cargo that runs this xtask.
pub fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    // The outer `cargo run` sets these for xtask itself. A build script must not see them change
    // between calls.
    command
        .env_remove("CARGO_MANIFEST_DIR")
        .env_remove("CARGO_MANIFEST_PATH")
        .env_remove("CARGO_PKG_NAME");
    command
}

/// Runs to the end with this terminal's input and output. `hint` is shown on failure.
pub fn run(command: &mut Command, hint: &str) -> Result<()> {
    let line = line(command);
    let status = command.status().with_context(|| format!("cannot start `{line}`: {hint}"))?;
    if !status.success() {
        bail!("`{line}` failed ({status}): {hint}");
    }
    Ok(())
}

/// Runs to the end and returns the output.
pub fn output(command: &mut Command, hint: &str) -> Result<String> {
    let line = line(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("cannot start `{line}`: {hint}"))?;
    if !output.status.success() {
        let printed = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` failed ({}): {hint}\n{}", output.status, printed.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as typed in a shell, shortened if it names many packages.
fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    if let Some(first) = words.first_mut()
        && let Some((_, name)) = first.rsplit_once('/')
    {
        *first = name.to_owned();
    }
    words.join(" ")
}
