//! `cargo xtask tidy`: the rules of the source tree that no compiler checks. It is also a test, so
//! that CI always runs it.
//!
//! One file per kind of rule. A fault names the place, the problem and the fix. No rule changes a
//! file.

mod arrows;
mod docs;
mod lints;
mod names;
mod pictures;
mod problems;
mod profiles;
mod recipes;
mod rust;
mod sources;
mod sql;
mod suites;
mod text;
mod tree;

use crate::workspace::Workspace;
use anyhow::{Result, bail};
use std::fmt;
use tree::Tree;

/// One broken rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    path: String,
    line: usize,
    what: String,
    remedy: String,
}

impl Fault {
    fn new(path: &str, line: usize, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}; {}", self.path, self.line, self.what, self.remedy)
    }
}

pub fn run(workspace: &Workspace) -> Result<()> {
    let faults = faults(workspace)?;
    for fault in &faults {
        eprintln!("{fault}");
    }
    if !faults.is_empty() {
        bail!("{} places are not tidy: each line above names the fix", faults.len());
    }
    println!("tidy");
    Ok(())
}

/// Every broken rule of the tree.
pub fn faults(workspace: &Workspace) -> Result<Vec<Fault>> {
    let tree = Tree::read(&workspace.root)?;
    let rules = [
        arrows::check,
        docs::check,
        lints::check,
        names::check,
        pictures::check,
        problems::check,
        profiles::check,
        recipes::check,
        sources::check,
        sql::check,
        suites::check,
        text::check,
    ];
    let mut faults = Vec::new();
    for rule in rules {
        faults.extend(rule(&tree)?);
    }
    faults.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let faults = faults(&Workspace::find().unwrap()).unwrap();
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
    }
}
