//! One name for a component everywhere: folder, package, id in spin.toml and wasm file.

use super::Fault;
use super::tree::{File, Tree};
use anyhow::{Context as _, Result};

const MANIFEST: &str = "spin.toml";

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut names = Vec::new();
    for manifest in tree.files.iter().filter(|file| file.path.ends_with("/Cargo.toml")) {
        let Some((folder, fixture)) = component_folder(&manifest.path) else { continue };
        faults.extend(package(manifest, folder)?);
        if !fixture {
            names.push(folder.to_owned());
        }
    }
    match tree.get(MANIFEST) {
        Some(spin) => faults.extend(wiring(spin, &names)?),
        None if names.is_empty() => {}
        None => faults.push(Fault::new(MANIFEST, 1, "is missing", "wire the components in it")),
    }
    Ok(faults)
}

/// The folder's name, and whether it is a fixture of the tests.
fn component_folder(path: &str) -> Option<(&str, bool)> {
    let path = path.strip_suffix("/Cargo.toml")?;
    let fixture = path.strip_prefix("tests/components/");
    let folder = fixture.or_else(|| path.strip_prefix("components/"))?;
    (!folder.contains('/')).then_some((folder, fixture.is_some()))
}

fn package(manifest: &File, folder: &str) -> Result<Option<Fault>> {
    let table: toml::Table =
        manifest.text.parse().with_context(|| format!("{} is not TOML", manifest.path))?;
    let name =
        table.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    let name = name.unwrap_or_default();
    Ok((name != folder).then(|| {
        let remedy =
            format!("call it `{folder}`: folder, package, id and wasm file share one name");
        Fault::new(&manifest.path, line_of(manifest, "name"), format!("package `{name}`"), remedy)
    }))
}

fn wiring(spin: &File, names: &[String]) -> Result<Vec<Fault>> {
    let table: toml::Table =
        spin.text.parse().with_context(|| format!("{} is not TOML", spin.path))?;
    let empty = toml::Table::new();
    let wired = table.get("component").and_then(toml::Value::as_table).unwrap_or(&empty);
    let mut faults = Vec::new();
    for name in names.iter().filter(|name| !wired.contains_key(name.as_str())) {
        let remedy = format!("add [component.{name}] and its trigger");
        faults.push(Fault::new(&spin.path, 1, format!("component `{name}` is not wired"), remedy));
    }
    for (id, component) in wired {
        let line = line_of(spin, &format!("[component.{id}]"));
        if !names.contains(id) {
            let what = format!("component `{id}` has no folder");
            faults.push(Fault::new(
                &spin.path,
                line,
                what,
                format!("make components/{id}, or drop it here"),
            ));
        }
        let expected = format!("target/components/{id}.wasm");
        if component.get("source").and_then(toml::Value::as_str) != Some(expected.as_str()) {
            let what = format!("component `{id}` has another source");
            faults.push(Fault::new(
                &spin.path,
                line,
                what,
                format!("write source = \"{expected}\""),
            ));
        }
    }
    Ok(faults)
}

fn line_of(file: &File, start: &str) -> usize {
    file.text
        .lines()
        .position(|line| line.trim_start().starts_with(start))
        .map_or(1, |line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_package_id_and_file_share_one_name() {
        let earn = ("components/earn/Cargo.toml", "[package]\nname = \"earn\"\n");
        for (package, spin, expected) in [
            (earn, "[component.earn]\nsource = \"target/components/earn.wasm\"", None),
            (earn, "[component.earn]\nsource = \"elsewhere.wasm\"", Some("spin.toml:1")),
            (earn, "", Some("spin.toml:1")),
            (
                earn,
                "[component.earn]\nsource = \"target/components/earn.wasm\"\n[component.b]\nsource = \"target/components/b.wasm\"",
                Some("spin.toml:3"),
            ),
            (
                ("components/earn/Cargo.toml", "[package]\nname = \"earner\"\n"),
                "[component.earn]\nsource = \"target/components/earn.wasm\"",
                Some("components/earn/Cargo.toml:2"),
            ),
        ] {
            let faults = check(&Tree::of(&[package, (MANIFEST, spin)])).unwrap();
            let found: Vec<String> =
                faults.iter().map(|fault| format!("{}:{}", fault.path, fault.line)).collect();
            assert_eq!(
                found,
                expected.map(str::to_owned).into_iter().collect::<Vec<_>>(),
                "{spin}"
            );
        }
    }
}
