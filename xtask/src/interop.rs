//! `cargo xtask interop`: the components send to fakes of vendors that verify with the vendors' own
//! SDKs (tests/interop). Python brings the SDKs, in an environment of its own under `target`.

use crate::test::ALL_OF_XTASK;
use crate::workspace::Workspace;
use crate::{process, server, wasm};
use anyhow::{Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the pinned SDKs need.
const OLDEST: (u32, u32) = (3, 10);
const REQUIREMENTS: &str = "tests/interop/requirements.txt";

/// Builds what is sent with, then as [`check`]; it fails without Python.
pub fn run(workspace: &Workspace) -> Result<()> {
    let python = match python(workspace)? {
        Ok(python) => python,
        Err(how) => bail!("{how}"),
    };
    server::build(workspace, Some(wasm::Build::Quick))?;
    send(workspace, &python)
}

/// Sends by the components and the host of the steps before. Without Python it says so.
pub fn check(workspace: &Workspace) -> Result<()> {
    match python(workspace)? {
        Ok(python) => send(workspace, &python),
        Err(how) => {
            eprintln!("nothing is sent to the vendors' SDKs: {how}");
            Ok(())
        }
    }
}

fn send(workspace: &Workspace, python: &Path) -> Result<()> {
    let mut command = process::cargo();
    command.current_dir(&workspace.root).env("ACCRUE_INTEROP_PYTHON", python);
    // As the step of all tests does, so that nothing is built a second time.
    command.args(["test", "--features", ALL_OF_XTASK, "--test", "interop", "--", "--ignored"]);
    let hint = "a vendor would not take what is sent, or we what it posts: see above";
    process::run(&mut command, hint)
}

/// The Python that has the SDKs, or what a person can do to have it. The environment is made once
/// for each content of the list of packages.
fn python(workspace: &Workspace) -> Result<Result<PathBuf, String>> {
    let folder = workspace.target.join("interop");
    let (python, made_for) = (folder.join("bin/python"), folder.join("requirements.txt"));
    let requirements = workspace.root.join(REQUIREMENTS);
    let wanted = fs::read_to_string(&requirements)?;
    if fs::read_to_string(&made_for).is_ok_and(|made| made == wanted) {
        return Ok(Ok(python));
    }
    if version().is_none_or(|version| version < OLDEST) {
        return Ok(Err(how("Python is missing or older")));
    }
    eprintln!("   the vendors' SDKs, by pip into {} (once, 160 MB)", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(&folder);
    if let Err(error) = process::run(&mut venv, "Debian has pip for it in python3-venv") {
        return Ok(Err(how(&format!("{error:#}"))));
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    pip.arg(&requirements);
    if let Err(error) = process::run(&mut pip, "pip needs the package registry") {
        return Ok(Err(how(&format!("{error:#}"))));
    }
    fs::write(made_for, wanted)?;
    Ok(Ok(python))
}

fn how(why: &str) -> String {
    let (major, minor) = OLDEST;
    format!(
        "{why}. The SDKs need Python {major}.{minor} or newer with pip and venv \
         (python3, python3-venv); install them and run `cargo xtask interop`"
    )
}

/// The version of Python, if it is there.
fn version() -> Option<(u32, u32)> {
    let mut command = Command::new("python3");
    let output = command.arg("--version").stderr(Stdio::null()).output().ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// Of `Python 3.11.7`, the first two numbers.
fn parse(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix("Python ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        for (text, expected) in [
            ("Python 3.11.7\n", Some((3, 11))),
            ("Python 3.9.2", Some((3, 9))),
            ("Python 4.0.0rc1", Some((4, 0))),
            ("3.11", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert!((3, 9) < OLDEST && (3, 11) >= OLDEST && (4, 0) >= OLDEST);
    }
}
