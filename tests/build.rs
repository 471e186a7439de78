//! Lists the files of `e2e` for `e2e/main.rs`, so that a file there is a module without a line.
//! Cargo runs this again when a file comes or goes, and compiles the tests anew.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=e2e");
    let folder = env::current_dir()?.join("e2e");
    let mut files = Vec::new();
    for file in fs::read_dir(&folder)? {
        let path = file?.path();
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        files.extend(path.file_stem().filter(|_| is_rust).map(|name| name.display().to_string()));
    }
    files.sort_unstable();
    let mut modules = String::new();
    for name in files.iter().filter(|name| *name != "main") {
        let path = folder.join(format!("{name}.rs"));
        let path = path.display().to_string();
        writeln!(modules, "#[path = {path:?}]\nmod {name};").map_err(io::Error::other)?;
    }
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("modules.rs"), modules)
}
