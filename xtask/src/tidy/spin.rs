//! Rule for the line that starts Accrue on stock Spin: it names every component with an HTTP route.

use super::Fault;
use super::tree::Tree;
use crate::spin::{DOCUMENTS, START, line};
use anyhow::{Context as _, Result};

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let expected = line(&tree.get("spin.toml").context("there is no spin.toml")?.text)?;
    let mut faults = Vec::new();
    for name in DOCUMENTS {
        let text = tree.get(name).map(|file| file.text.as_str()).unwrap_or_default();
        let found = text.lines().enumerate().find(|(_, found)| found.starts_with(START));
        if found.is_none_or(|(_, found)| found != expected) {
            let at = found.map_or(1, |(number, _)| number + 1);
            let what = "the components of the `spin up` line are not those of spin.toml";
            faults.push(Fault::new(name, at, what, "run `cargo xtask spin`"));
        }
    }
    Ok(faults)
}
