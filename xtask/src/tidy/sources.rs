//! Rules for each Rust file: a header, bounded length and width, no bare `#[allow]`, no unfinished
//! code.

use super::Fault;
use super::rust::{self, PieceKind};
use super::tree::{File, Tree};
use anyhow::Result;

const MAX_LINES: usize = 500;
/// The width of rustfmt: two files fit side by side on one screen.
const MAX_COLUMNS: usize = 100;

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    Ok(tree.has_extension("rs").flat_map(check_file).collect())
}

fn check_file(file: &File) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !file.text.starts_with("//!") {
        faults.push(Fault::new(
            &file.path,
            1,
            "no `//!` header",
            "begin the file with a header: the things it owns, and those it deliberately leaves out",
        ));
    }
    let lines = rust::without_tests(&file.text).lines().count();
    if lines > MAX_LINES && !file.is_test() {
        let what = format!("{lines} lines before its tests, more than {MAX_LINES}");
        faults.push(Fault::new(
            &file.path,
            MAX_LINES,
            what,
            "give its second concept a file of its own",
        ));
    }
    let pieces = rust::pieces(&file.text);
    // rustfmt does not break comments.
    for comment in pieces.iter().filter(|piece| piece.kind == PieceKind::Comment) {
        let line = file.text.lines().nth(comment.line - 1).unwrap_or_default();
        if line.chars().count() > MAX_COLUMNS {
            faults.push(Fault::new(
                &file.path,
                comment.line,
                format!("a comment beyond {MAX_COLUMNS} columns"),
                "break the line",
            ));
        }
    }
    for piece in pieces.iter().filter(|piece| piece.kind == PieceKind::Code) {
        for (offset, _) in piece.text.match_indices("[allow(") {
            let (before, attribute) = piece.text.split_at_checked(offset).unwrap_or_default();
            // Clippy refuses an outer allow. An inner one is needed where `expect` cannot be used,
            // as in a module that not all crates use.
            let reasoned =
                attribute.split(")]").next().is_some_and(|inside| inside.contains("reason = "));
            if before.ends_with('#') || (before.ends_with("#!") && !reasoned) {
                let at = piece.line + before.matches('\n').count();
                let remedy = "fix the cause, or write #[expect(…, reason = \"…\")]";
                faults.push(Fault::new(&file.path, at, "a bare allow", remedy));
            }
        }
        for (number, line) in piece.text.lines().enumerate() {
            let at = piece.line + number;
            for name in ["todo!", "dbg!", "unimplemented!"] {
                if calls(line, name) {
                    faults.push(Fault::new(
                        &file.path,
                        at,
                        format!("{name} left in"),
                        "finish it or take it out",
                    ));
                }
            }
        }
    }
    faults
}

fn calls(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let after = line.get(at + name.len()..).and_then(|after| after.chars().next());
        matches!(after, Some('(' | '[' | '{'))
            && !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_finds_its_fault_and_no_other() {
        let long = format!("//! h\n{}", "fn f() {}\n".repeat(501));
        let wide = format!("//! h\n{}", "// 字 ".repeat(21));
        let tested =
            format!("//! h\n\n#[cfg(test)]\nmod tests {{\n{}}}\n", "fn f() {}\n".repeat(501));
        for (text, expected) in [
            ("//! ok\nfn main() {}", None),
            ("fn main() {}", Some("no `//!` header")),
            ("//! h\n#[allow(dead_code)]\nfn f() {}", Some("a bare allow")),
            ("//! h\n#![allow(dead_code)]\nfn f() {}", Some("a bare allow")),
            ("//! h\n#![allow(dead_code, reason = \"each test uses its part\")]\nfn f() {}", None),
            ("//! h\n// todo!()\nfn f() { mydbg!(1); \"todo!()\"; }", None),
            ("//! h\nfn f() { todo!() }", Some("todo! left in")),
            (long.as_str(), Some("502 lines before its tests, more than 500")),
            (tested.as_str(), None),
            (wide.as_str(), Some("a comment beyond 100 columns")),
        ] {
            let faults = check(&Tree::of(&[("a.rs", text)])).unwrap();
            let found: Vec<&str> = faults.iter().map(|fault| fault.what.as_str()).collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{text:.40}");
        }
    }
}
