//! Rules for pictures: the documents have few, they are small, and each is shown. Every clone keeps
//! each of them for ever.

use super::Fault;
use super::tree::Tree;
use anyhow::Result;

const MOST: usize = 8;
const MOST_BYTES: usize = 60_000;

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    let pictures = tree.others.iter().filter(|(path, _)| path.ends_with(".png"));
    let mut faults = Vec::new();
    for (count, (path, bytes)) in pictures.enumerate() {
        let mut wrong = |what: String, remedy: &str| faults.push(Fault::new(path, 1, what, remedy));
        if count == MOST {
            wrong(format!("there are more than {MOST} pictures"), "do without one of them");
        }
        if *bytes > MOST_BYTES {
            let what = format!("the picture has {bytes} bytes, more than {MOST_BYTES}");
            wrong(what, "show less of the page");
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        if !tree.has_extension("md").any(|page| page.text.contains(&format!("/{name})"))) {
            wrong("no page shows this picture".to_owned(), "show it, or remove it");
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_few_small_and_shown() {
        let mut tree = Tree::of(&[("docs/a.md", "![a](pictures/a.png) ![b](pictures/b.png)")]);
        tree.others =
            vec![("docs/pictures/a.png".into(), 60_000), ("tests/gbk.csv".into(), 70_000)];
        assert_eq!(check(&tree).unwrap(), []);
        tree.others.push(("docs/pictures/b.png".into(), 60_001));
        tree.others.push(("docs/pictures/c.png".into(), 1));
        let faults = check(&tree).unwrap();
        let faults: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(faults, ["docs/pictures/b.png", "docs/pictures/c.png"]);
        tree.others = vec![("docs/pictures/a.png".into(), 1); 9];
        assert_eq!(check(&tree).unwrap().len(), 1);
    }
}
