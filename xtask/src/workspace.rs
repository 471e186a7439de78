//! The paths of the workspace: the root, the target folder, and the components, which are found by
//! folder instead of a list. It does not build or check anything.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The repository that this xtask was built from.
#[derive(Clone)]
pub struct Workspace {
    pub root: PathBuf,
    /// The target folder of cargo. `target/components` is always under the root, because spin.toml
    /// names it.
    pub target: PathBuf,
}

/// How a component is called; this decides with which others its features may unify.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// WASI 0.3 HTTP, on spin-sdk
    Http,
    /// synchronous, WASI 0.2 only
    Cron,
}

/// One folder of `components/` or `tests/components/`.
#[derive(Clone, Debug)]
pub struct Component {
    pub name: String,
    pub package: String,
    pub folder: PathBuf,
    pub kind: Kind,
    /// Called so often that it is built for speed (profile `hot`) instead of size.
    pub hot: bool,
    /// Of a hot one: most requests only read, so that the rules are built for size.
    pub reads: bool,
    pub fixture: bool,
}

impl Workspace {
    pub fn find() -> Result<Self> {
        // cargo sets the variable for `cargo xtask` and for tests; the compiled-in value serves a
        // bare binary.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("xtask has no parent folder")?.to_path_buf();
        if !root.join("Cargo.toml").is_file() {
            bail!(
                "{} holds no Cargo.toml: run `cargo xtask` inside the repository",
                root.display()
            );
        }
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |path| root.join(path));
        Ok(Self { root, target })
    }

    /// The folder for the wasm files that spin.toml names.
    pub fn component_output(&self) -> PathBuf {
        self.root.join("target/components")
    }

    /// All components, including those of the tests, by name.
    pub fn components(&self) -> Result<Vec<Component>> {
        let mut found = Vec::new();
        for (parent, fixture) in [("components", false), ("tests/components", true)] {
            for folder in folders(&self.root.join(parent))? {
                if folder.join("Cargo.toml").is_file() {
                    found.push(Component::read(&folder, fixture)?);
                }
            }
        }
        Ok(found)
    }
}

impl Component {
    fn read(folder: &Path, fixture: bool) -> Result<Self> {
        let manifest = folder.join("Cargo.toml");
        let at = || format!("{}", manifest.display());
        let table: toml::Table =
            fs::read_to_string(&manifest).with_context(at)?.parse().with_context(at)?;
        let package = table
            .get("package")
            .and_then(|package| package.get("name"))
            .and_then(toml::Value::as_str);
        let package =
            package.with_context(|| format!("{}: no package.name", manifest.display()))?.to_owned();
        let accrue =
            table.get("package").and_then(|package| package.get("metadata")?.get("accrue"));
        let kind = match accrue.and_then(|accrue| accrue.get("kind")).and_then(toml::Value::as_str)
        {
            Some("http") => Kind::Http,
            Some("cron") => Kind::Cron,
            _ => bail!(
                "{}: says no kind; add `[package.metadata.accrue]` with `kind = \"http\"` or `kind = \"cron\"`",
                manifest.display()
            ),
        };
        let is = |name: &str| {
            let value = accrue.and_then(|accrue| accrue.get(name));
            value.and_then(toml::Value::as_bool).unwrap_or(false)
        };
        let (hot, reads) = (is("hot"), is("reads"));
        let name = folder
            .file_name()
            .and_then(|name| name.to_str())
            .context("a folder without a name")?
            .to_owned();
        Ok(Self { name, package, folder: folder.to_path_buf(), kind, hot, reads, fixture })
    }
}

/// The folders directly under `parent`, sorted; none if it does not exist.
pub fn folders(parent: &Path) -> Result<Vec<PathBuf>> {
    if !parent.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).with_context(|| format!("reading {}", parent.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
