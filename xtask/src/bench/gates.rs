//! `cargo xtask bench --gates`: what requests cost, counted instead of timed, beside what is
//! expected. The counts are those of crates/store/tests/gates.rs.

use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::fs;

/// The expected counts.
const EXPECTED: &str = "crates/store/tests/gates.txt";
const TEST: &str = "gates::requests_cost_what_is_expected";
/// Names the file that the test writes the counts to, instead of comparing them.
const OUTPUT: &str = "ACCRUE_GATES";

pub fn run(workspace: &Workspace, accept: bool) -> Result<()> {
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let output = folder.join("gates.txt");
    let mut command = process::cargo();
    command
        .current_dir(&workspace.root)
        .args(["test", "--quiet", "--package", "store", "--test", "all", "--", "--exact", TEST])
        .env(OUTPUT, &output);
    process::run(&mut command, "fix what the test reports above")?;
    let measured =
        fs::read_to_string(&output).with_context(|| format!("reading {}", output.display()))?;
    compare(workspace, EXPECTED, &measured, accept)
}

/// Prints counts beside those of a file, and makes them its content if they are accepted.
pub fn compare(workspace: &Workspace, file: &str, measured: &str, accept: bool) -> Result<()> {
    let path = workspace.root.join(file);
    print(measured, &fs::read_to_string(&path).with_context(|| format!("reading {file}"))?);
    if accept {
        fs::write(&path, measured).with_context(|| format!("writing {file}"))?;
        println!("written to {file}");
    }
    Ok(())
}

/// The lines of a file of counts: name and value.
fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '))
}

fn print(measured: &str, expected: &str) {
    let mut expected: BTreeMap<&str, &str> = lines(expected).collect();
    println!("{:<40} {:>12} {:>12}", "count", "measured", "expected");
    for (name, value) in lines(measured) {
        let expected = expected.remove(name);
        let share = expected.map(|expected| difference(value, expected)).unwrap_or_default();
        let line = format!("{name:<40} {value:>12} {:>12} {share:>9}", expected.unwrap_or("–"));
        println!("{}", line.trim_end());
    }
    for (name, value) in expected {
        println!("{name:<40} {:>12} {value:>12}", "–");
    }
}

/// By how many per cent the value differs; nothing where it does not.
fn difference(value: &str, expected: &str) -> String {
    match (value.parse::<f64>(), expected.parse::<f64>()) {
        (Ok(value), Ok(expected)) if value != expected => {
            format!("{:+.1} %", (value / expected - 1.0) * 100.0)
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_in_per_cent() {
        for (value, expected, told) in
            [("110", "100", "+10.0 %"), ("4.5", "5", "-10.0 %"), ("100", "100", ""), ("x", "1", "")]
        {
            assert_eq!(difference(value, expected), told, "{value} {expected}");
        }
    }

    #[test]
    fn comments_are_no_counts() {
        assert_eq!(lines("# words\na.b 1\n").collect::<Vec<_>>(), [("a.b", "1")]);
    }
}
