//! Rule for the recipe of Spin: it names the components that open the second database, which are
//! those to which `spin.toml` gives it on the host that ships here.

use super::Fault;
use super::tree::Tree;
use anyhow::{Context as _, Result};

const MANIFEST: &str = "spin.toml";
const RECIPE: &str = "docs/recipes/run-on-spin.md";
/// How the sentence that names them begins, and what comes after the names.
const BEGINNING: &str = "change `sqlite_databases = [\"default\"]` of ";
const END: &str = " to `[\"default\", \"reach\"]`";

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let Some(manifest) = tree.get(MANIFEST) else { return Ok(Vec::new()) };
    let mut opening = opening(&manifest.text).context("spin.toml is not TOML")?;
    opening.sort();
    let text = tree.get(RECIPE).map(|page| page.text.as_str()).unwrap_or_default();
    let (line, mut named) = named(text);
    named.sort();
    if named == opening {
        return Ok(Vec::new());
    }
    let what = format!("the components of the second database are not those of {MANIFEST}");
    let remedy = format!("name {}", opening.join(", "));
    Ok(vec![Fault::new(RECIPE, line, what, remedy)])
}

/// Components whose settings for the host name the database.
fn opening(manifest: &str) -> Result<Vec<String>> {
    let manifest: toml::Table = manifest.parse()?;
    let components = manifest.get("component").and_then(toml::Value::as_table);
    let opens = |component: &toml::Value| {
        let settings = component.get("tool").and_then(|tool| tool.get("accrue"));
        let databases = settings.and_then(|settings| settings.get("sqlite_databases")?.as_array());
        databases.into_iter().flatten().any(|label| label.as_str() == Some("reach"))
    };
    let all = components.into_iter().flatten();
    Ok(all.filter(|(_, component)| opens(component)).map(|(name, _)| name.clone()).collect())
}

/// The line of the sentence, and the names between backquotes.
fn named(page: &str) -> (usize, Vec<String>) {
    let Some((before, rest)) = page.split_once(BEGINNING) else { return (1, Vec::new()) };
    let names = rest.split_once(END).map(|(names, _)| names).unwrap_or_default();
    let names = names.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    (before.lines().count().max(1), names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_that_the_recipe_forgets_is_found() {
        let manifest = "[component.a.tool.accrue]\nsqlite_databases = [\"reach\"]\n\
            [component.b]\nsqlite_databases = [\"default\"]\n\
            [component.c-d.tool.accrue]\nsqlite_databases = [\"reach\"]\naffinity = \"x\"\n";
        for (names, faults) in
            [("`a` and `c-d`", 0), ("`c-d`,\n   `a`", 0), ("`a`", 1), ("`a`, `b` and `c-d`", 1)]
        {
            let page = format!("# On Spin\n\n1. In it, {BEGINNING}{names}{END}.\n");
            let tree = Tree::of(&[(MANIFEST, manifest), (RECIPE, &page)]);
            let found = check(&tree).unwrap();
            assert_eq!(found.len(), faults, "{names}");
            assert!(found.iter().all(|fault| fault.line == 3), "{found:?}");
        }
        assert_eq!(check(&Tree::of(&[(MANIFEST, manifest)])).unwrap().len(), 1);
    }
}
