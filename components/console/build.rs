//! Lists the files of `target/console/gzip` for `src/files.rs`: path, bytes, type and ETag. Where
//! `cargo xtask console` has built nothing, the list is empty.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest as _, Sha256};

fn main() -> io::Result<()> {
    let root = env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?;
    let built = Path::new(&root).join("../../target/console/gzip");
    println!("cargo::rerun-if-changed={}", built.display());
    let mut paths = Vec::new();
    if built.is_dir() {
        walk(&built, &mut paths)?;
    }
    paths.sort();
    let mut list = String::from("pub const FILES: &[File] = &[\n");
    for path in &paths {
        let bytes = fs::read(path)?;
        let digest = Sha256::digest(&bytes);
        let tag: String =
            digest.iter().take(16).fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
        let name = path.strip_prefix(&built).map_err(io::Error::other)?;
        let name = name.to_string_lossy().replace('\\', "/");
        let path = fs::canonicalize(path)?;
        writeln!(
            list,
            "File {{ path: {name:?}, tag: \"\\\"{tag}\\\"\", bytes: include_bytes!({path:?}) }},"
        )
        .map_err(io::Error::other)?;
    }
    list.push_str("];\n");
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("files.rs"), list)
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}
