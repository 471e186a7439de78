//! The same manifest on Redis, and mistakes that the command line refuses.

#![cfg(test)]

mod support;

use std::{
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
};
use support::{APP, Host, eventually};

struct Redis(Child);

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn key_value_moves_to_redis() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(folder.path());
    let Ok(server) = command.stdout(Stdio::null()).spawn() else {
        println!("skipped: redis-server is not installed");
        return;
    };
    let _server = Redis(server);
    eventually("Redis is up", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let config = folder.path().join("runtime.toml");
    std::fs::write(
        &config,
        format!(
            "[key_value_store.default]\ntype = \"redis\"\nurl = \"redis://127.0.0.1:{port}\"\n"
        ),
    )
    .unwrap();
    let host = Host::start(&["--runtime-config", config.to_str().unwrap()]);
    assert_eq!(host.post("/probe/store/default", "in redis").ok(), "in redis false");
    assert_eq!(
        host.admin("POST", "/cron/cron-probe", "").status,
        200,
        "cron components use it too"
    );
    // Another host on other state sees the same values, so they are not in its files.
    let mut client = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    std::io::Write::write_all(&mut client, b"GET greeting\r\n").unwrap();
    let mut answer = [0; 64];
    let length = std::io::Read::read(&mut client, &mut answer).unwrap();
    assert_eq!(&answer[..length], b"$8\r\nin redis\r\n");
}

fn accrue(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_accrue"));
    command
        .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--state-dir"])
        .arg(folder.path());
    command.args(arguments).output().unwrap()
}

#[test]
fn mistakes_are_reported_before_the_first_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let relative = std::fs::read_to_string(format!("{APP}/spin.toml")).unwrap();
    let good = relative
        .replace("../../../../target", concat!(env!("CARGO_MANIFEST_DIR"), "/../../target"));
    let unknown = file("unknown.toml", &good.replace("key_value_stores", "key_value_store"));
    let missing = file(
        "missing.toml",
        &relative.replace("../../../../target/components/fixtures", "nowhere"),
    );
    let twice = file("twice.toml", &good.replace("/other/...", "/probe/..."));
    let never = file("never.toml", &good.replace("0 0 0 * * * *", "99 0 0 * * * *"));
    let config = file("runtime.toml", "[key_value_store.default]\ntype = \"memcached\"\n");
    let app = APP.to_owned();
    for (arguments, words) in [
        (vec!["--from", &unknown], &["unknown.toml:", "unknown field `key_value_store`"][..]),
        (vec!["--from", &missing], &["nowhere/", "build it first"]),
        (vec!["--from", &twice], &["is taken"]),
        (vec!["--from", &never], &["never.toml:", "cron_expression"]),
        (vec!["--from", "/nowhere/spin.toml"], &["/nowhere/spin.toml"]),
        (vec!["--from", &app, "--variable", "gretting=x"], &["gretting"]),
        (vec!["--from", &app, "-c", "nobody"], &["nobody"]),
        (vec!["--from", &app, "--runtime-config", &config], &["memcached"]),
        (vec!["--from", &app, "--stall-timeout", "5"], &["unit"]),
    ] {
        let output = accrue(&arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?}: {text}");
        assert!(words.iter().all(|word| text.contains(word)), "{arguments:?}: {text}");
    }
}

#[test]
fn only_the_named_components_start() {
    let host = Host::start(&["-c", "other", "--log", "json"]);
    assert_eq!(host.get("/other/empty").ok(), "ok");
    assert_eq!(host.get("/probe/empty").status, 404);
    assert!(
        host.log()
            .lines()
            .any(|line| line.starts_with('{') && line.contains("\"message\":\"started\"")),
        "{}",
        host.log()
    );
}
