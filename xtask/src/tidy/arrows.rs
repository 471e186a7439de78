//! Which package may depend on which (ARCHITECTURE.md): components → shell, jobs → store →
//! reach → rules → ledger. cargo and deny.toml govern dependencies from outside the repository.

use super::Fault;
use super::tree::{File, Tree};
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;

/// The allowed dependencies of each crate within the repository. Components may use all of these.
/// `tests` and `xtask` start any program, but xtask does not depend on the host, so that wasmtime
/// is not compiled before the first command runs.
const ARROWS: &[(&str, &[&str])] = &[
    ("crates/files", &[]),
    ("crates/credential", &[]),
    ("crates/seal", &[]),
    ("crates/ledger", &[]),
    ("crates/rules", &["ledger"]),
    ("crates/reach", &["rules", "ledger"]),
    ("crates/stats", &[]),
    ("crates/templates", &["reach", "ledger"]),
    ("crates/channels", &["reach", "rules", "ledger"]),
    ("crates/store", &["reach", "rules", "ledger"]),
    ("crates/jobs", &["channels", "templates", "seal", "store", "reach", "rules", "ledger"]),
    ("crates/shell", &["files", "seal", "store", "reach", "rules", "ledger"]),
    ("crates/sending", &["shell", "jobs", "store", "channels", "reach"]),
    ("crates/host", &[]),
    (
        "components/",
        &[
            "shell",
            "jobs",
            "store",
            "channels",
            "reach",
            "rules",
            "ledger",
            "credential",
            "seal",
            "sending",
            "stats",
            "templates",
        ],
    ),
    ("xtask", &["jobs", "store", "channels", "reach", "rules", "ledger", "templates"]),
    ("xtask/rival", &[]),
    ("tests/libsql", &[]),
    ("tests/components/", &["shell", "jobs", "store", "rules", "ledger"]),
    (
        "tests",
        &["shell", "jobs", "store", "channels", "reach", "rules", "ledger", "credential", "host"],
    ),
];

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let manifests: Vec<&File> = tree
        .files
        .iter()
        .filter(|file| file.path.ends_with("/Cargo.toml") && !file.path.starts_with("fuzz/"))
        .collect();
    let mut packages = BTreeSet::new();
    for manifest in &manifests {
        packages.extend(package_name(manifest)?);
    }
    let mut faults = Vec::new();
    for manifest in manifests {
        faults.extend(check_manifest(manifest, &packages)?);
    }
    Ok(faults)
}

fn check_manifest(manifest: &File, packages: &BTreeSet<String>) -> Result<Vec<Fault>> {
    let folder = manifest.path.trim_end_matches("/Cargo.toml");
    let allowed = ARROWS.iter().find(|(place, _)| {
        if place.ends_with('/') { folder.starts_with(place) } else { folder == *place }
    });
    let Some((_, allowed)) = allowed else {
        let remedy = "give it a line in xtask/src/tidy/arrows.rs and in ARCHITECTURE.md";
        return Ok(vec![Fault::new(
            &manifest.path,
            1,
            "a package with no place in the architecture",
            remedy,
        )]);
    };
    let table = parse(manifest)?;
    // A package may name itself, to switch a feature on for its own tests.
    let own = package_name(manifest)?.unwrap_or_default();
    let faults = dependencies(&toml::Value::Table(table))
        .into_iter()
        .filter(|name| packages.contains(name) && *name != own);
    let faults = faults.filter(|name| !allowed.contains(&name.as_str())).map(|name| {
        let line = manifest
            .text
            .lines()
            .position(|line| line.trim_start().starts_with(&name))
            .map_or(1, |line| line + 1);
        let remedy =
            format!("drop it: {folder} may depend on {allowed:?} (a new arrow needs an ADR)");
        Fault::new(&manifest.path, line, format!("depends on {name}"), remedy)
    });
    Ok(faults.collect())
}

/// The names of all dependencies, including those of tests, builds and single targets.
fn dependencies(table: &toml::Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let Some(listed) = table.get(kind).and_then(toml::Value::as_table) else { continue };
        for (name, value) in listed {
            names.insert(
                value.get("package").and_then(toml::Value::as_str).unwrap_or(name).to_owned(),
            );
        }
    }
    for target in table.get("target").and_then(toml::Value::as_table).into_iter().flatten() {
        names.extend(dependencies(target.1));
    }
    names
}

fn package_name(manifest: &File) -> Result<Option<String>> {
    let table = parse(manifest)?;
    let name =
        table.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    Ok(name.map(str::to_owned))
}

fn parse(manifest: &File) -> Result<toml::Table> {
    manifest.text.parse().with_context(|| format!("{} is not TOML", manifest.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str, dependencies: &str) -> String {
        format!("[package]\nname = \"{name}\"\n[dependencies]\n{dependencies}\n")
    }

    #[test]
    fn only_the_arrows_of_the_architecture_are_allowed() {
        for (folder, dependency, faults) in [
            ("crates/rules", "ledger.workspace = true", 0),
            ("crates/ledger", "rules.workspace = true", 1),
            ("crates/store", "shell.workspace = true", 1),
            ("crates/host", "ledger.workspace = true", 1),
            ("components/earn", "shell.workspace = true", 0),
            ("components/earn", "host.workspace = true", 1),
            ("xtask", "host.workspace = true", 1),
            ("crates/new", "serde = \"1\"", 1),
            ("crates/jobs", "other = { package = \"shell\", version = \"1\" }", 1),
        ] {
            let path = format!("{folder}/Cargo.toml");
            let others = ["ledger", "rules", "store", "jobs", "shell", "host"]
                .map(|name| (format!("crates/{name}/Cargo.toml"), manifest(name, "")));
            let mut files: Vec<(&str, &str)> = others
                .iter()
                .filter(|(other, _)| *other != path)
                .map(|(path, text)| (path.as_str(), text.as_str()))
                .collect();
            let text = manifest(folder.rsplit('/').next().unwrap(), dependency);
            files.push((&path, &text));
            let found = check(&Tree::of(&files)).unwrap();
            assert_eq!(found.len(), faults, "{folder} {dependency}: {found:?}");
        }
    }
}
