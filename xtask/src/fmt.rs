//! `cargo xtask fmt`: rustfmt on all Rust files. `cargo fmt` follows the `mod` lines of each crate
//! of the workspace. The end-to-end tests have none, as a build script lists them, and the bench's
//! rival is a workspace of its own.

use crate::process;
use crate::workspace::Workspace;
use anyhow::Result;
use std::fs;

/// The folders whose files `cargo fmt` does not find.
const UNSEEN: [&str; 2] = ["tests/e2e", "xtask/rival/src"];

/// What is done with a file that is not formatted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Write,
    Check,
}

pub fn run(workspace: &Workspace, mode: Mode) -> Result<()> {
    let mut files = Vec::new();
    for folder in UNSEEN {
        for file in fs::read_dir(workspace.root.join(folder))? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
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
