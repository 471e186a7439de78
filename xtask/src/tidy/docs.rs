//! Rules for the documents: every link inside the repository leads to an existing file and anchor,
//! and a page of the API begins with what it is about, as the folder is its own index.

use super::Fault;
use super::tree::{File, Tree};
use anyhow::Result;

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let files = tree.has_extension("md");
    let broken =
        files.flat_map(|file| links(file).into_iter().filter_map(|link| broken(tree, file, &link)));
    let pages = tree.has_extension("md").filter(|file| file.path.starts_with(API));
    Ok(broken.chain(pages.filter_map(without_beginning)).collect())
}

/// The pages of the API.
const API: &str = "docs/reference/api/";

/// A page without a title and a sentence at its beginning.
fn without_beginning(page: &File) -> Option<Fault> {
    let mut lines = page.text.lines();
    let is_title = lines.next().is_some_and(|line| line.starts_with("# "));
    let is_apart = lines.next() == Some("");
    let text: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let is_sentence = text.first().is_some_and(|line| line.starts_with(char::is_alphabetic))
        && text.last().is_some_and(|line| line.ends_with('.'));
    (!(is_title && is_apart && is_sentence)).then(|| {
        let what = "the page does not begin with a title and what it is about";
        Fault::new(&page.path, 1, what, "write `# Title`, an empty line and a sentence")
    })
}

struct Link {
    target: String,
    line: usize,
}

/// `[text](target)`, outside fenced blocks and inline code.
fn links(file: &File) -> Vec<Link> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Every second piece is between backquotes.
        let prose: String = line.split('`').step_by(2).collect();
        for (at, _) in prose.match_indices("](") {
            let target =
                prose.get(at + 2..).and_then(|rest| rest.split_once(')')).map(|(target, _)| target);
            if let Some(target) = target {
                found.push(Link { target: target.to_owned(), line: number + 1 });
            }
        }
    }
    found
}

fn broken(tree: &Tree, file: &File, link: &Link) -> Option<Fault> {
    let target = link.target.as_str();
    if ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)) {
        return None;
    }
    let (path, anchor) =
        target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let path = if path.is_empty() { file.path.clone() } else { resolve(&file.path, path) };
    if !tree.contains(&path) {
        let remedy = "fix the path; it is relative to the file that holds the link";
        return Some(Fault::new(
            &file.path,
            link.line,
            format!("the link to {target} leads nowhere"),
            remedy,
        ));
    }
    let anchor = anchor?;
    let linked = tree.get(&path).filter(|file| file.extension() == "md")?;
    let known = linked
        .text
        .lines()
        .filter(|line| line.starts_with('#'))
        .any(|line| anchor_of(line) == anchor);
    (!known).then(|| {
        let what = format!("{path} has no heading #{anchor}");
        Fault::new(&file.path, link.line, what, "name a heading that is there")
    })
}

fn resolve(from: &str, path: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Forms an anchor like the forges: lower case, spaces to dashes, other punctuation dropped.
fn anchor_of(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_the_api_says_first_what_it_is_about() {
        for (text, faults) in [
            ("# Earn\n\nGrants points. Once\nan order.\n\n| Route |\n", 0),
            ("# Earn\n\n| Route |\n", 1),
            ("# Earn\n\nGrants points\n\n", 1),
            ("# Earn\nGrants points.\n", 1),
            ("Grants points.\n", 1),
            ("# Earn\n", 1),
        ] {
            let tree =
                Tree::of(&[("docs/reference/api/earn.md", text), ("docs/other.md", "Other")]);
            assert_eq!(check(&tree).unwrap().len(), faults, "{text}");
        }
    }

    #[test]
    fn links_lead_to_files_and_headings() {
        let other = ("docs/b.md", "# Title\n\n## Keys, and `roles`\n");
        for (text, faults) in [
            ("[b](b.md) [root](../README.md) [folder](../docs) [out](https://example.com/x)", 0),
            ("[b](b.md#keys-and-roles) [here](#there)\n# There", 0),
            ("[b](c.md)", 1),
            ("[b](b.md#none)", 1),
            ("`[b](c.md)`\n```\n[b](c.md)\n```", 0),
        ] {
            let tree = Tree::of(&[("docs/a.md", text), other, ("README.md", "")]);
            let found = check(&tree).unwrap();
            assert_eq!(found.len(), faults, "{text}: {found:?}");
        }
    }
}
