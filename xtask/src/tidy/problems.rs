//! docs/reference/problems.md must explain every problem that the code can answer, in the order of
//! the code.

use super::Fault;
use super::rust::{self, PieceKind};
use super::tree::{File, Tree};
use anyhow::Result;

const DOCUMENT: &str = "docs/reference/problems.md";
/// The sources of slugs, as `Name => "slug"` arms of a match or `("slug", …` rows of a table or a
/// match.
const SOURCES: &[&str] = &["crates/shell/src/problem.rs", "crates/ledger/src/refusal.rs"];

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let Some(document) = tree.get(DOCUMENT) else {
        let source = SOURCES.iter().find_map(|path| tree.get(path));
        faults.extend(source.map(|file| {
            Fault::new(&file.path, 1, format!("no {DOCUMENT}"), "write it: a heading a slug")
        }));
        return Ok(faults);
    };
    let headings = headings(document);
    let mut known = Vec::new();
    for file in SOURCES.iter().filter_map(|path| tree.get(path)) {
        let slugs = slugs(file);
        let mut last = 0;
        for (slug, line) in &slugs {
            match headings.iter().find(|(heading, _)| heading == slug) {
                None => faults.push(Fault::new(
                    &file.path,
                    *line,
                    format!("`{slug}` is not explained"),
                    format!("give it a heading in {DOCUMENT}, at its place in the order"),
                )),
                Some((_, at)) if *at < last => faults.push(Fault::new(
                    DOCUMENT,
                    *at,
                    format!("`{slug}` stands before the one that comes before it in {}", file.path),
                    "move it: the order of the headings is the order of precedence",
                )),
                Some((_, at)) => last = *at,
            }
        }
        known.extend(slugs.into_iter().map(|(slug, _)| slug));
    }
    for (heading, line) in headings.iter().filter(|(heading, _)| !known.contains(heading)) {
        let what = format!("`{heading}` is no problem of the code");
        faults.push(Fault::new(
            DOCUMENT,
            *line,
            what,
            format!("take it out, or add it to one of {SOURCES:?}"),
        ));
    }
    Ok(faults)
}

/// Headings that are one slug: `## insufficient_points` or with backquotes.
fn headings(document: &File) -> Vec<(String, usize)> {
    let lines = document.text.lines().enumerate();
    let found = lines.filter_map(|(number, line)| {
        let heading = line.strip_prefix("##")?.trim_start_matches('#').trim().trim_matches('`');
        is_slug(heading).then(|| (heading.to_owned(), number + 1))
    });
    found.collect()
}

/// Literals that are the value of a match arm or the first column of a table of tuples, each once,
/// in order.
fn slugs(file: &File) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    let pieces = rust::pieces(rust::without_tests(&file.text));
    for pair in pieces.windows(2) {
        let [code, literal] = pair else { continue };
        let new = !found.iter().any(|(slug, _)| slug == literal.text);
        let named = code.kind == PieceKind::Code
            && literal.kind == PieceKind::Literal
            && names_a_slug(code.text);
        if named && is_slug(literal.text) && new {
            found.push((literal.text.to_owned(), literal.line));
        }
    }
    found
}

/// Whether this code ends in `=>`, or opens a tuple (and not the arguments of a call).
fn names_a_slug(code: &str) -> bool {
    let code = code.trim_end();
    let is_row = |before: &str| before.ends_with(['[', ',']) || before.ends_with("=>");
    code.ends_with("=>") || code.strip_suffix('(').map(str::trim_end).is_some_and(is_row)
}

fn is_slug(text: &str) -> bool {
    text.len() > 2
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slug_is_explained_in_order() {
        for code in [TABLE, ARMS, ROWS] {
            explained(code);
        }
    }

    const TABLE: &str =
        "const TABLE: [(&str, u16); 2] = [(\"first_one\", 404), (\"second_one\", 405)];";
    const ROWS: &str =
        "match self { Self::A => (\"first_one\", 404), Self::B { .. } => (\"second_one\", 405) }";
    const ARMS: &str = "match self { Self::A => \"first_one\", Self::B { .. } => \"second_one\" }";

    fn explained(code: &str) {
        for (document, expected) in [
            ("# Problems\n## first_one\n## `second_one`\n", vec![]),
            ("## second_one\n## first_one\n", vec![format!("{DOCUMENT}:1")]),
            ("## first_one\n", vec![format!("{}:1", SOURCES[1])]),
            ("## first_one\n## second_one\n## third_one\n", vec![format!("{DOCUMENT}:3")]),
        ] {
            let found = check(&Tree::of(&[(SOURCES[1], code), (DOCUMENT, document)])).unwrap();
            let places: Vec<String> =
                found.iter().map(|fault| format!("{}:{}", fault.path, fault.line)).collect();
            let wrong_order =
                places.len() == 1 && places[0].starts_with(DOCUMENT) && expected.len() == 1;
            assert!(places == expected || wrong_order, "{document}: {found:?}");
        }
    }
}
