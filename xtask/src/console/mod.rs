//! `cargo xtask console`: builds the console's files for its component, with Node. Nothing is
//! built when nothing has changed.
//!
//! `target/console` has the built files (`dist`), the same as gzip (`gzip`, which the component
//! embeds), and a digest of all they were made of (`stamp`).

mod check;
mod node;

use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use clap::Args;
use flate2::{Compression, write::GzEncoder};
use node::Node;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};

pub use check::check;

/// What the gzip files may come to: those that the sign-in page loads, and all of them (ADR 0130).
const MAX_FIRST_BYTES: usize = 400_000;
const MAX_ALL_BYTES: usize = 700_000;

/// The outcome of a build that must not stop what else is to be built.
pub enum Built {
    Now,
    Unchanged,
    /// There is no Node, and how to get it.
    Without(String),
}

#[derive(Args)]
pub struct Arguments {
    /// Run the stage `console` of `cargo xtask test` alone
    #[arg(long)]
    check: bool,
}

pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    if arguments.check {
        return check(workspace);
    }
    match build(workspace)? {
        Built::Without(how) => bail!("{how}"),
        Built::Unchanged => println!("nothing has changed"),
        Built::Now => {}
    }
    print_sizes(&workspace.root.join("target/console"))
}

/// Builds the files, or says why the console is left out: everything else is there without it, and
/// its address then tells the same.
pub fn build_or_say(workspace: &Workspace) {
    eprintln!("── pages of the console");
    match build(workspace) {
        Ok(Built::Now | Built::Unchanged) => {}
        Ok(Built::Without(how)) => eprintln!("   left out: {how}"),
        Err(error) => eprintln!("   left out: {error:#}"),
    }
}

/// Builds the files, unless they are those of this source already.
pub fn build(workspace: &Workspace) -> Result<Built> {
    let output = workspace.root.join("target/console");
    let stamp = stamp(workspace)?;
    if fs::read_to_string(output.join("stamp")).ok().as_deref() == Some(stamp.as_str()) {
        return Ok(Built::Unchanged);
    }
    let node = match Node::find(workspace)? {
        Ok(node) => node,
        Err(how) => return Ok(Built::Without(how)),
    };
    install(workspace, &node)?;
    bundle(workspace, &node, &output.join("dist"))?;
    compress(&output.join("dist"), &output.join("gzip"))?;
    fs::write(output.join("stamp"), stamp)?;
    Ok(Built::Now)
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("console")
}

/// Installs what the lock file names, unless it is installed.
fn install(workspace: &Workspace, node: &Node) -> Result<()> {
    let folder = folder(workspace);
    let lock = fs::read_to_string(folder.join("package-lock.json"))?;
    let mark = folder.join("node_modules/.installed");
    if fs::read_to_string(&mark).ok().as_deref() == Some(lock.as_str()) {
        return Ok(());
    }
    eprintln!("   packages of the console (once, half a minute)");
    let mut command = node.npm();
    // Scripts of packages are code of others that nothing here needs.
    command.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    process::run(&mut command, "npm needs the package registry, and package.json its lock file")?;
    fs::write(mark, lock)?;
    Ok(())
}

fn bundle(workspace: &Workspace, node: &Node, to: &Path) -> Result<()> {
    let mut command = node.run("node_modules/vite/bin/vite.js");
    command.current_dir(folder(workspace)).args(["build", "--logLevel", "warn", "--outDir"]);
    command.arg(to);
    process::run(&mut command, "fix the errors that vite reports above")
}

/// One gzip file for each, without times, so that the same files give the same bytes.
fn compress(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("removing {}", to.display()))?;
    }
    for path in files(from)? {
        let target = to.join(path.strip_prefix(from)?);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&fs::read(&path)?)?;
        fs::write(&target, encoder.finish()?)
            .with_context(|| format!("writing {}", target.display()))?;
    }
    Ok(())
}

/// All files below a folder, by path.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A digest of the files that the console is built of.
fn stamp(workspace: &Workspace) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    let folder = folder(workspace);
    // Tests and what npm installs change nothing of the build.
    let is_of_build = |path: &Path| {
        !["node_modules", "tests", "dist"].iter().any(|other| path.starts_with(folder.join(other)))
    };
    let mut sources = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        match (is_of_build(&path), path.is_dir()) {
            (false, _) => {}
            (true, true) => sources.extend(files(&path)?),
            (true, false) => sources.push(path),
        }
    }
    // The console offers the strategies of the example.
    sources.push(workspace.root.join("crates/reach/src/playbook/example.json"));
    sources.sort();
    for path in sources {
        path.strip_prefix(&workspace.root)?.hash(&mut hasher);
        fs::read(&path)?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn print_sizes(output: &Path) -> Result<()> {
    let (first, all) = sizes(output)?;
    println!("console: first page {first} bytes, all {all} bytes, as gzip");
    Ok(())
}

/// The bytes of the first page, with all that its scripts load at once, and of all files.
fn sizes(output: &Path) -> Result<(usize, usize)> {
    let gzip = output.join("gzip");
    let bytes = |path: &Path| fs::metadata(path).map(|file| file.len()).unwrap_or_default();
    let mut all = 0;
    for path in files(&gzip)? {
        all += usize::try_from(bytes(&path))?;
    }
    let index = fs::read_to_string(output.join("dist/index.html"))?;
    let mut first = usize::try_from(bytes(&gzip.join("index.html")))?;
    // The page names each script and style sheet that it needs at once.
    for address in index.split('"').filter(|text| text.starts_with("/console/")) {
        let file = gzip.join(address.trim_start_matches("/console/"));
        first += usize::try_from(bytes(&file))?;
    }
    Ok((first, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_is_what_the_page_names() {
        let folder = std::env::temp_dir().join(format!("accrue-sizes-{}", std::process::id()));
        fs::create_dir_all(folder.join("dist/assets")).unwrap();
        let page = r#"<script src="/console/assets/a.js"></script><link href="/console/b.svg">"#;
        for (name, text) in [
            ("index.html", page),
            ("assets/a.js", "let a = 1"),
            ("assets/later.js", "let later = 2"),
            ("b.svg", "<svg/>"),
        ] {
            fs::write(folder.join("dist").join(name), text).unwrap();
        }
        compress(&folder.join("dist"), &folder.join("gzip")).unwrap();
        let size = |name: &str| fs::metadata(folder.join("gzip").join(name)).unwrap().len();
        let (first, all) = sizes(&folder).unwrap();
        let named = size("index.html") + size("assets/a.js") + size("b.svg");
        assert_eq!(first as u64, named);
        assert_eq!(all as u64, named + size("assets/later.js"));
        let before = fs::read(folder.join("gzip/index.html")).unwrap();
        compress(&folder.join("dist"), &folder.join("gzip")).unwrap();
        assert_eq!(fs::read(folder.join("gzip/index.html")).unwrap(), before, "the same bytes");
        fs::remove_dir_all(folder).unwrap();
    }
}
