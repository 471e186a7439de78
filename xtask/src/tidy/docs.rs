//! Rules for the documents: every link inside the repository leads to an existing file and anchor.

use super::Fault;
use super::tree::{File, Tree};
use anyhow::Result;

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let files = tree.has_extension("md");
    Ok(files
        .flat_map(|file| links(file).into_iter().filter_map(|link| broken(tree, file, &link)))
        .collect())
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
