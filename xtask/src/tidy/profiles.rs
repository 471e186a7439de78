//! Rule for the dev profile: it is that of dependencies, so each native package of the repository
//! has a block of its own, with overflow checks.

use super::Fault;
use super::tree::Tree;
use anyhow::{Context as _, Result};

const ROOT: &str = "Cargo.toml";

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let Some(root) = tree.get(ROOT) else { return Ok(Vec::new()) };
    let root: toml::Table = root.text.parse().context("Cargo.toml is not TOML")?;
    let members = root.get("workspace").and_then(|workspace| workspace.get("default-members"));
    let members = members.and_then(toml::Value::as_array).into_iter().flatten();
    let dev = root.get("profile").and_then(|profiles| profiles.get("dev")?.get("package"));
    let mut faults = Vec::new();
    for folder in members.filter_map(toml::Value::as_str) {
        let path = format!("{folder}/Cargo.toml");
        let Some(manifest) = tree.get(&path) else { continue };
        let manifest: toml::Table =
            manifest.text.parse().with_context(|| format!("{path} is not TOML"))?;
        let name = manifest.get("package").and_then(|package| package.get("name")?.as_str());
        let block = name.and_then(|name| dev?.get(name));
        let is_checked = block.and_then(|block| block.get("overflow-checks")?.as_bool());
        if is_checked != Some(true) {
            let name = name.unwrap_or(folder);
            let what = format!("`{name}` is built as a dependency is");
            let remedy = format!("add [profile.dev.package.{name}] with `overflow-checks = true`");
            faults.push(Fault::new(ROOT, 1, what, remedy));
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_without_a_block_is_found() {
        let tree = |block: &str| {
            let root = format!("[workspace]\ndefault-members = [\"crates/a\"]\n{block}");
            let manifest = "[package]\nname = \"a\"\n";
            let files: &[(&str, &str)] = &[(ROOT, &root), ("crates/a/Cargo.toml", manifest)];
            check(&Tree::of(files)).unwrap().len()
        };
        assert_eq!(tree("[profile.dev.package.a]\noverflow-checks = true\n"), 0);
        assert_eq!(tree("[profile.dev.package.a]\nopt-level = 1\n"), 1);
        assert_eq!(tree(""), 1);
    }
}
