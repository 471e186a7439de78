//! Starts the built host on the fixture application and speaks plain HTTP to it. Each test has a
//! host, ports and a folder of its own.

#![expect(dead_code, reason = "each test file uses its part")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

pub const APP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/app");
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/components/fixtures");

/// A running host; killed when it goes out of scope.
pub struct Host {
    pub address: SocketAddr,
    pub admin: SocketAddr,
    pub folder: Arc<tempfile::TempDir>,
    log: Arc<Mutex<String>>,
    child: Child,
}

impl Host {
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(&Arc::new(tempfile::tempdir().unwrap()), arguments)
    }

    /// Starts on the state of an earlier host.
    pub fn start_in(folder: &Arc<tempfile::TempDir>, arguments: &[&str]) -> Self {
        for fixture in ["probe", "cron-probe"] {
            let file = Path::new(FIXTURES).join(format!("{fixture}.wasm"));
            assert!(file.exists(), "{} is missing: run `cargo xtask wasm` first", file.display());
        }
        // The code cache is shared, so that only the first host of a test run compiles.
        let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("code-cache");
        std::fs::create_dir_all(&cache).unwrap();
        let link = folder.path().join("code-cache");
        if !link.exists() {
            std::os::unix::fs::symlink(&cache, &link).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_accrue"))
            .args([
                "--from",
                APP,
                "--listen",
                "127.0.0.1:0",
                "--admin",
                "127.0.0.1:0",
                "--state-dir",
            ])
            .arg(folder.path())
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let mut read_line = {
            let log = log.clone();
            move || {
                let mut line = String::new();
                let read = lines.read_line(&mut line).unwrap_or(0);
                log.lock().unwrap().push_str(&line);
                (read > 0).then_some(line)
            }
        };
        let mut find = |start: &str| loop {
            let line = read_line()
                .unwrap_or_else(|| panic!("the host ended early:\n{}", log.lock().unwrap()));
            if let Some((_, address)) =
                line.trim().strip_prefix(start).and_then(|rest| rest.split_once("://"))
            {
                return address.parse().unwrap();
            }
        };
        let (address, admin) = (find("listening on http"), find("admin on http"));
        std::thread::spawn(move || while read_line().is_some() {});
        Self { address, admin, folder: folder.clone(), log, child }
    }

    pub fn get(&self, path: &str) -> Answer {
        Client::connect(self.address).ask("GET", path, "")
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        Client::connect(self.address).ask("POST", path, body)
    }

    pub fn admin(&self, method: &str, path: &str, body: &str) -> Answer {
        Client::connect(self.admin).ask(method, path, body)
    }

    /// Runs a statement through the probe component.
    pub fn sql(&self, statement: &str) -> String {
        let answer = self.post("/probe/sql/default", statement);
        assert_eq!(answer.status, 200, "{statement}: {}", answer.body);
        answer.body
    }

    pub fn make_counter(&self) {
        self.sql(
            "CREATE TABLE IF NOT EXISTS counter (member TEXT PRIMARY KEY, count INTEGER NOT NULL)",
        );
    }

    /// A metric's value by the start of its line.
    pub fn metric(&self, line: &str) -> f64 {
        let text = self.admin("GET", "/metrics", "").body;
        let found = text.lines().find_map(|candidate| candidate.strip_prefix(line));
        found.unwrap_or_else(|| panic!("no {line} in\n{text}")).trim().parse().unwrap()
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Processor time that the host has used, over all its threads.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<u64> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split(' ')
            .filter_map(|field| field.parse().ok())
            .collect();
        // Fields after the state, which is no number: utime and stime are the 14th and 15th of all
        // fields, in hundredths of a second.
        Duration::from_millis((fields[10] + fields[11]) * 10)
    }

    /// Kills without any clean-up, as in a crash.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("--- log of the host\n{}", self.log());
        }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The body of a successful answer.
    pub fn ok(self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.body
    }
}

/// One connection, kept alive between requests.
pub struct Client(pub BufReader<TcpStream>);

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    pub fn ask(&mut self, method: &str, path: &str, body: &str) -> Answer {
        self.try_ask(method, path, body).unwrap()
    }

    pub fn try_ask(&mut self, method: &str, path: &str, body: &str) -> std::io::Result<Answer> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.send(request.as_bytes())?;
        self.answer()
    }

    /// A request with more header lines, each ended by `\r\n`.
    pub fn ask_with(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {length}\r\n\r\n"
        );
        self.send([head.as_bytes(), body.as_bytes()].concat().as_slice()).unwrap();
        self.answer().unwrap()
    }

    pub fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    pub fn answer(&mut self) -> std::io::Result<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap();
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
        });
        let mut body = vec![0; length.expect("every answer has a content-length")];
        self.0.read_exact(&mut body)?;
        Ok(Answer { status, head, body: String::from_utf8(body).unwrap() })
    }
}

/// Waits until a check succeeds, for a limited time.
pub fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let started = Instant::now();
    while !check() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(50));
    }
}
