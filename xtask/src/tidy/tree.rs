//! The files of the repository in git's list: tracked, or new and not ignored.

use crate::process;
use anyhow::Result;
use std::fs;
use std::path::Path;
use std::process::Command;

pub struct Tree {
    pub files: Vec<File>,
    /// Files that are not text: path and bytes.
    pub others: Vec<(String, usize)>,
}

pub struct File {
    /// From the root, with forward slashes.
    pub path: String,
    pub text: String,
}

impl Tree {
    pub fn read(root: &Path) -> Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(root).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
        let listed =
            process::output(&mut git, "tidy reads the files that git knows: run it in a clone")?;
        let (mut files, mut others) = (Vec::new(), Vec::new());
        for path in listed.lines() {
            // git still lists a deleted file.
            let Ok(bytes) = fs::read(root.join(path)) else { continue };
            match String::from_utf8(bytes) {
                Ok(text) => files.push(File { path: path.to_owned(), text }),
                Err(error) => others.push((path.to_owned(), error.as_bytes().len())),
            }
        }
        Ok(Self { files, others })
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() });
        Self { files: files.collect(), others: Vec::new() }
    }

    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    pub fn has_extension<'a>(&'a self, extension: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.extension() == extension)
    }

    /// Whether the tree has a file or a folder of this path.
    pub fn contains(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let others = self.others.iter().map(|(path, _)| path);
        let mut all = self.files.iter().map(|file| &file.path).chain(others);
        path.is_empty() || all.any(|known| known == path || known.starts_with(&folder))
    }
}

impl File {
    pub fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// A file that only tests use: in a `tests` folder, or with such a name.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("_tests.rs")
    }
}
