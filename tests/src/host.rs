//! A running host with every component of spin.toml, on free ports and a folder of its own.
//!
//! When it goes out of scope, it is stopped as by an operator. It must exit with 0, and its books
//! must be clean.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, Instant},
};

use crate::books::{Books, assert_clean};
use crate::http::{Answer, Ask};
use crate::shop::Shop;

/// The first admin key.
pub const OPERATOR: &str = "operator-key-of-the-end-to-end-tests-0001";
/// The clock's time when a host starts: a Tuesday morning in Shanghai.
pub const CLOCK: &str = "2026-03-10T10:00:00+08:00";

/// Arguments by which a host may call receivers on this machine, which is forbidden by default.
pub const CALLING: [&str; 5] = [
    "--allow-private-networks",
    "--variable",
    "webhook_allow_http=true",
    "--variable",
    "webhook_allow_private=true",
];
/// Arguments by which a host seals secrets.
pub const SEALED: [&str; 2] =
    ["--variable", "secrets_key=a-key-that-seals-of-40-characters-length"];

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A running host.
pub struct Host {
    /// The public listener.
    pub address: SocketAddr,
    /// The operator's listener.
    pub admin: SocketAddr,
    folder: Arc<tempfile::TempDir>,
    arguments: Vec<String>,
    log: Arc<Mutex<String>>,
    child: Child,
    /// Keys to audit with at the end: one of each programme.
    auditors: Mutex<Vec<String>>,
    books_are_checked: bool,
}

impl Host {
    /// A host on empty databases.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With more arguments; `--clock` replaces [`CLOCK`].
    pub fn start_with(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|text| (*text).to_owned()).collect();
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), arguments, vec![OPERATOR.to_owned()])
    }

    fn start_in(
        folder: Arc<tempfile::TempDir>,
        arguments: Vec<String>,
        auditors: Vec<String>,
    ) -> Self {
        share_code_cache(folder.path());
        let (child, log, address, admin) = spawn(folder.path(), &arguments);
        let host = Self {
            address,
            admin,
            folder,
            arguments,
            log,
            child,
            auditors: auditors.into(),
            books_are_checked: true,
        };
        assert_eq!(host.ask("GET", "/readyz").send().status, 200);
        host
    }

    /// The default programme, with the operator's key.
    pub fn shop(&self) -> Shop {
        Shop::new(self.address, "default", OPERATOR)
    }

    /// Another programme with the default rulebook, changed by `change`, and an admin key of its
    /// own.
    pub fn shop_with(&self, id: &str, change: impl FnOnce(&mut serde_json::Value)) -> Shop {
        let operator = self.shop();
        let mut rulebook = operator.get("/v1/programmes/default").send().ok()["rulebook"].take();
        change(&mut rulebook);
        let body = serde_json::json!({"name": id, "rulebook": rulebook});
        let made = operator.put(&format!("/v1/programmes/{id}"), &body).send();
        assert_eq!(made.outcome(), "201");
        let key = made.ok()["admin_key"]["key"].as_str().unwrap().to_owned();
        self.auditors.lock().unwrap().push(key.clone());
        Shop::new(self.address, id, &key)
    }

    /// A request without any key.
    pub fn ask(&self, method: &str, path: &str) -> Ask {
        Ask::new(self.address, method, path)
    }

    /// A request to the operator's listener.
    pub fn admin(&self, method: &str, path: &str, body: &str) -> Answer {
        Ask::new(self.admin, method, path).body(body).send()
    }

    /// Sets the guests' clock (RFC 3339).
    pub fn clock(&self, instant: &str) {
        let answer = self.admin("PUT", "/clock", instant);
        assert_eq!(answer.status, 200, "{instant}: {}", answer.text());
    }

    /// Fires a cron component and waits for it; returns the status.
    pub fn fire(&self, component: &str) -> u16 {
        self.admin("POST", &format!("/cron/{component}"), "").status
    }

    /// The books on disk.
    pub fn books(&self) -> Books {
        Books::open(&self.folder.path().join("default.db"))
    }

    /// What is known of customers, on disk.
    pub fn reach(&self) -> Books {
        Books::open(&self.folder.path().join("reach.db"))
    }

    /// The host's log.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Whether the log has a text. A line may come a moment after the answer that it is about.
    pub fn says(&self, text: &str) -> bool {
        let until = Instant::now() + Duration::from_secs(5);
        while !self.log().contains(text) {
            if Instant::now() > until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// Sends SIGKILL after some time, from a thread of its own. The host must be started again
    /// before the test ends.
    pub fn kill_after(&mut self, time: Duration) {
        std::thread::sleep(time);
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Restarts on the state of the killed host.
    pub fn start_again(&mut self) {
        let (child, log, address, admin) = spawn(self.folder.path(), &self.arguments);
        (self.child, self.log, self.address, self.admin) = (child, log, address, admin);
    }

    /// As [`Host::start_again`], from now on with these arguments.
    pub fn start_again_with(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(|text| (*text).to_owned()).collect();
        self.start_again();
    }

    /// For tests that damage the books on purpose.
    pub fn leave_books_unchecked(&mut self) {
        self.books_are_checked = false;
    }

    /// Stops as an operator would, and keeps the folder.
    pub fn stop(&mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let deadline = Instant::now() + Duration::from_secs(40);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "{status}\n{}", self.log());
                return;
            }
            assert!(Instant::now() < deadline, "the host does not stop\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if std::thread::panicking() || !self.books_are_checked {
            drop(self.child.kill());
            drop(self.child.wait());
            if std::thread::panicking() {
                eprintln!("--- log of the host\n{}", self.log());
            }
            return;
        }
        for key in self.auditors.lock().unwrap().iter() {
            assert_clean(self.address, key);
        }
        self.stop();
        self.books().assert_sound();
    }
}

/// The first host compiles the components; all others, of this run and later ones, read its cache.
fn share_code_cache(folder: &Path) {
    static WARM: OnceLock<()> = OnceLock::new();
    let cache = PathBuf::from(ROOT).join("target/tmp/code-cache");
    let link =
        |folder: &Path| std::os::unix::fs::symlink(&cache, folder.join("code-cache")).unwrap();
    WARM.get_or_init(|| {
        std::fs::create_dir_all(&cache).unwrap();
        let first = tempfile::tempdir().unwrap();
        link(first.path());
        let (mut child, ..) = spawn(first.path(), &[]);
        child.kill().unwrap();
        child.wait().unwrap();
    });
    link(folder);
}

type Spawned = (Child, Arc<Mutex<String>>, SocketAddr, SocketAddr);

/// Starts the process and waits until it prints its addresses.
fn spawn(folder: &Path, arguments: &[String]) -> Spawned {
    let manifest = std::fs::read_to_string(Path::new(ROOT).join("spin.toml")).unwrap();
    for file in
        manifest.lines().filter_map(|line| line.strip_prefix("source = \"")?.strip_suffix('"'))
    {
        assert!(
            Path::new(ROOT).join(file).exists(),
            "{file} is missing: run `cargo xtask wasm` first"
        );
    }
    // Cargo puts tests beside the binaries of the same profile, one folder down.
    let here = std::env::current_exe().unwrap();
    let binary = here.parent().and_then(Path::parent).unwrap().join("accrue");
    assert!(binary.exists(), "the host is missing: run `cargo build -p host` first");
    let mut child = Command::new(binary)
        .current_dir(ROOT)
        .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--cron", "off"])
        .arg("--compile=soon")
        .arg("--state-dir")
        .arg(folder)
        .args(unless(arguments, "--clock", &["--clock", CLOCK]))
        .args(unless(arguments, "admin_key=", &["--variable", &format!("admin_key={OPERATOR}")]))
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let log = Arc::new(Mutex::new(String::new()));
    let kept = log.clone();
    let mut next = move || {
        let mut line = String::new();
        let length = lines.read_line(&mut line).unwrap_or(0);
        kept.lock().unwrap().push_str(&line);
        (length > 0).then_some(line)
    };
    let mut address = |start: &str| loop {
        let line =
            next().unwrap_or_else(|| panic!("the host ended early:\n{}", log.lock().unwrap()));
        if let Some(address) = line.trim().strip_prefix(start) {
            return address.parse().unwrap();
        }
    };
    let (public, admin) = (address("listening on http://"), address("admin on http://"));
    std::thread::spawn(move || while next().is_some() {});
    (child, log, public, admin)
}

/// Arguments by default.
fn unless<'a>(given: &[String], start: &str, otherwise: &[&'a str]) -> Vec<&'a str> {
    if given.iter().any(|text| text.starts_with(start)) { Vec::new() } else { otherwise.to_vec() }
}
