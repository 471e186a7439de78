//! Lists the files of `page` for `src/lib.rs`, each as gzip with its type and ETag.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

use flate2::{Compression, GzBuilder};
use sha2::{Digest as _, Sha256};

fn main() -> io::Result<()> {
    let root = env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?;
    let page = Path::new(&root).join("page");
    println!("cargo::rerun-if-changed={}", page.display());
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    let mut names: Vec<_> = fs::read_dir(&page)?
        .map(|file| Ok(file?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    names.sort();
    let mut list = String::from("const FILES: &[File] = &[\n");
    for name in &names {
        // No time in the header, so that the same file has the same bytes.
        let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        gzip.write_all(&fs::read(page.join(name))?)?;
        let bytes = gzip.finish()?;
        let digest = Sha256::digest(&bytes);
        let tag: String =
            digest.iter().take(16).fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
        let path = Path::new(&out).join(format!("{name}.gz"));
        fs::write(&path, bytes)?;
        writeln!(
            list,
            "File {{ name: {name:?}, tag: \"\\\"{tag}\\\"\", bytes: include_bytes!({path:?}) }},"
        )
        .map_err(io::Error::other)?;
    }
    list.push_str("];\n");
    fs::write(Path::new(&out).join("files.rs"), list)
}
