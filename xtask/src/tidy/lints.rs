//! Rule for `clippy.toml`: clippy reads one file and no other, so what the pure crates have repeats
//! the root's settings. They say the same, and the pure crates have one.

use super::Fault;
use super::tree::Tree;
use anyhow::Result;

const ROOT: &str = "clippy.toml";
/// Given time and chance by their callers.
const PURE: [&str; 7] = [
    "crates/channels",
    "crates/files",
    "crates/ledger",
    "crates/reach",
    "crates/rules",
    "crates/stats",
    "crates/templates",
];

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let root = tree.get(ROOT).map(|file| file.text.as_str()).unwrap_or_default();
    let files = PURE.map(|folder| format!("{folder}/{ROOT}"));
    let first = tree.get(&files[0]).map(|file| file.text.as_str());
    let mut faults = Vec::new();
    for path in &files {
        let text = tree.get(path).map(|file| file.text.as_str());
        let lacking =
            root.lines().find(|line| !text.unwrap_or_default().lines().any(|own| own == *line));
        if text.is_none() || text != first {
            let remedy = format!("make it a copy of {}", files[0]);
            faults.push(Fault::new(path, 1, "not what the pure crates have", remedy));
        } else if let Some(line) = lacking {
            let what = format!("lacks the root's `{line}`");
            faults.push(Fault::new(path, 1, what, "add it to each pure crate"));
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_one_crate_lacks_is_found() {
        let tree = |ledger: &'static str| {
            Tree::of(&[
                ("clippy.toml", "a = 1\n"),
                ("crates/files/clippy.toml", "a = 1\nb = 2\n"),
                ("crates/ledger/clippy.toml", ledger),
                ("crates/reach/clippy.toml", "a = 1\nb = 2\n"),
                ("crates/rules/clippy.toml", "a = 1\nb = 2\n"),
                ("crates/channels/clippy.toml", "a = 1\nb = 2\n"),
                ("crates/stats/clippy.toml", "a = 1\nb = 2\n"),
                ("crates/templates/clippy.toml", "a = 1\nb = 2\n"),
            ])
        };
        let faults = |ledger| check(&tree(ledger)).unwrap().len();
        assert_eq!(faults("a = 1\nb = 2\n"), 0);
        assert_eq!(faults("b = 2\n"), 1);
    }
}
