//! `cargo xtask fmt`: rustfmt on all Rust files. `cargo fmt` follows the `mod` lines of each crate,
//! and the end-to-end tests have none: a build script lists them.

use crate::process;
use crate::workspace::Workspace;
use anyhow::Result;
use std::fs;

/// The folder whose modules stand in no `mod` line.
const UNSEEN: &str = "tests/e2e";

/// What is done with a file that is not formatted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Write,
    Check,
}

pub fn run(workspace: &Workspace, mode: Mode) -> Result<()> {
    let mut files = Vec::new();
    for file in fs::read_dir(workspace.root.join(UNSEEN))? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    let mut command = process::cargo();
    command.current_dir(&workspace.root).args(["fmt", "--all", "--"]);
    if mode == Mode::Check {
        command.arg("--check");
    }
    process::run(
        command.args(files),
        "run `cargo xtask fmt`; when cargo has no fmt: `rustup component add rustfmt`",
    )
}
