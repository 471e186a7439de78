//! The key of encrypted database files, in a build with SQLCipher (feature `sqlcipher`). The
//! process reads one key for all files once at the start. Other builds refuse the option.

use anyhow::{Context as _, Result, ensure};
use rusqlite::Connection;
use std::{fs::File, io::Read as _, os::unix::fs::PermissionsExt as _, path::Path, sync::OnceLock};

/// 64 hexadecimal digits.
static KEY: OnceLock<String> = OnceLock::new();

/// Reads the key from a file that only its owner can read.
pub fn take_key(path: &Path) -> Result<()> {
    ensure!(
        cfg!(feature = "sqlcipher"),
        "this build cannot encrypt: build the host with `--features sqlcipher`"
    );
    let key = read_key(path).with_context(|| format!("key file {}", path.display()))?;
    ensure!(KEY.get_or_init(|| key.clone()) == &key, "there is another key already");
    Ok(())
}

fn read_key(path: &Path) -> Result<String> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    ensure!(mode & 0o077 == 0, "others can read it (mode {mode:o}); make it 0600");
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let key = text.trim();
    ensure!(
        key.len() == 64 && key.bytes().all(|c| c.is_ascii_hexdigit()),
        "it must hold 64 hexadecimal digits"
    );
    Ok(key.to_owned())
}

/// Unlocks a connection. This must be its first statement.
pub fn unlock(connection: &Connection) -> Result<()> {
    let Some(key) = KEY.get() else { return Ok(()) };
    connection.pragma_update(None, "key", format!("x'{key}'"))?;
    connection
        .query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))
        .context("the database key does not open it, or it is not encrypted")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;

    #[test]
    fn a_key_file_is_private_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let digits = "0123456789abcdefABCDEF0123456789".repeat(2);
        for (text, mode, fault) in [
            (format!("{digits}\n"), 0o600, None),
            (digits.clone(), 0o400, None),
            (digits.clone(), 0o640, Some("others can read it")),
            (digits.clone(), 0o604, Some("others can read it")),
            ("secret".to_owned(), 0o600, Some("64 hexadecimal digits")),
            ("g".repeat(64), 0o600, Some("64 hexadecimal digits")),
        ] {
            std::fs::write(&path, &text).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let read = read_key(&path);
            match fault {
                None => assert_eq!(read.unwrap(), digits),
                Some(fault) => {
                    assert!(read.unwrap_err().to_string().contains(fault), "{mode:o} {text}")
                }
            }
            std::fs::remove_file(&path).unwrap();
        }
    }

    #[cfg(not(feature = "sqlcipher"))]
    #[test]
    fn a_build_without_sqlcipher_refuses_a_key_file() {
        assert!(
            take_key(Path::new("/dev/null"))
                .unwrap_err()
                .to_string()
                .contains("--features sqlcipher")
        );
    }
}
