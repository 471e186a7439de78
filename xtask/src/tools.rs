//! Tools of cargo that are not part of the toolchain, each built once into `target/tools`.

use crate::process;
use crate::workspace::Workspace;
use anyhow::Result;
use std::path::PathBuf;

pub struct Tool {
    /// The package, which is also the program.
    pub name: &'static str,
    pub version: &'static str,
    /// Further arguments of `cargo install`.
    pub arguments: &'static [&'static str],
    /// What must be there to build it.
    pub needs: &'static str,
}

/// Where the tool is. It is built without optimisation: that takes a minute at most, and it runs
/// for a second or only starts others.
pub fn installed(workspace: &Workspace, tool: &Tool) -> Result<PathBuf> {
    let root = workspace.target.join(format!("tools/{}-{}", tool.name, tool.version));
    let binary = root.join(format!("bin/{}{}", tool.name, std::env::consts::EXE_SUFFIX));
    if !binary.exists() {
        let build = root.join("build");
        let mut command = process::cargo();
        command.current_dir(&workspace.root).args(["install", "--quiet", "--debug", "--locked"]);
        command.args(tool.arguments).arg(format!("{}@{}", tool.name, tool.version));
        command.arg("--root").arg(&root).env("CARGO_TARGET_DIR", &build);
        process::run(&mut command, &format!("building {} needs {}", tool.name, tool.needs))?;
        std::fs::remove_dir_all(build).ok();
    }
    Ok(binary)
}
