//! Encrypted databases; only in a build with the feature `sqlcipher`.

#![cfg(all(test, feature = "sqlcipher"))]

mod support;

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, process::Command};
use support::{APP, Host};

#[test]
fn nothing_is_readable_without_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let write_key = |digit: &str| {
        std::fs::write(&key, digit.repeat(64)).unwrap();
        std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    };
    write_key("a");
    let arguments = ["--database-key-file", key.to_str().unwrap()];
    let mut host = Host::start(&arguments);
    host.sql("CREATE TABLE t (x TEXT)");
    host.sql("INSERT INTO t VALUES ('alice@example.com')");
    assert_eq!(host.post("/probe/store/default", "bob@example.com").status, 200);
    let state = host.folder.clone();
    host.kill();
    let mut seen = 0;
    for file in std::fs::read_dir(state.path())
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
    {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.starts_with(b"SQLite format"), "{}", file.display());
        assert!(!String::from_utf8_lossy(&bytes).contains("@example.com"), "{}", file.display());
        seen += 1;
    }
    assert!(seen >= 4);
    {
        let host = Host::start_in(&state, &arguments);
        assert!(host.sql("SELECT x FROM t").contains("alice@example.com"));
    }
    write_key("b");
    let refused = Command::new(env!("CARGO_BIN_EXE_accrue"))
        .args(["--from", APP, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--state-dir"])
        .arg(state.path())
        .args(arguments)
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let log = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(log.contains("the database key does not open it"), "{log}");
}
