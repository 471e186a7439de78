//! Rule for crates whose tests are one program (`autotests = false`): each file of `tests` is in
//! it. The compiler says nothing of a file that no `mod` names.

use super::Fault;
use super::tree::Tree;
use anyhow::Result;

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for manifest in tree.files.iter().filter(|file| file.path.ends_with("/Cargo.toml")) {
        if !manifest.text.lines().any(|line| line == "autotests = false") {
            continue;
        }
        let folder = manifest.path.replace("Cargo.toml", "tests/");
        let main = tree.get(&format!("{folder}main.rs")).map(|main| main.text.as_str());
        let named = |stem: &str| {
            main.unwrap_or_default().lines().any(|line| line == format!("mod {stem};"))
        };
        for file in tree.has_extension("rs") {
            let stem = file.path.strip_prefix(&folder).and_then(|name| name.strip_suffix(".rs"));
            let Some(stem) = stem.filter(|stem| !stem.contains('/') && *stem != "main") else {
                continue;
            };
            if !named(stem) {
                let remedy = format!("add `mod {stem};` to {folder}main.rs");
                faults.push(Fault::new(&file.path, 1, "tests that never run", remedy));
            }
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_file_of_tests_is_found() {
        let one = "[package]\nautotests = false\n";
        let tree = Tree::of(&[
            ("crates/a/Cargo.toml", one),
            ("crates/a/tests/main.rs", "mod known;\nmod support;\n"),
            ("crates/a/tests/known.rs", ""),
            ("crates/a/tests/forgotten.rs", ""),
            ("crates/a/tests/support/mod.rs", ""),
            ("crates/b/Cargo.toml", "[package]\n"),
            ("crates/b/tests/alone.rs", ""),
        ]);
        let found: Vec<String> =
            check(&tree).unwrap().into_iter().map(|fault| fault.path).collect();
        assert_eq!(found, ["crates/a/tests/forgotten.rs"]);
    }
}
