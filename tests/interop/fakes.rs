//! The process of fakes, and one vendor of it (see fakes.py).

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value as Json, json};
use tests::Ask;

/// The Python that has the vendors' SDKs.
const PYTHON: &str = "ACCRUE_INTEROP_PYTHON";

/// Where the one process of this run is controlled. It ends when its input does, with this one.
fn controls() -> SocketAddr {
    static STARTED: OnceLock<SocketAddr> = OnceLock::new();
    *STARTED.get_or_init(|| {
        let python =
            std::env::var_os(PYTHON).unwrap_or_else(|| panic!("run `cargo xtask interop`"));
        let mut child = Command::new(python)
            .args(["-B", concat!(env!("CARGO_MANIFEST_DIR"), "/interop/fakes.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().unwrap();
        std::mem::forget(child);
        SocketAddr::from(([127, 0, 0, 1], port))
    })
}

fn control(path: &str, body: &Json) -> Json {
    let answer = Ask::new(controls(), "POST", path).body(body.to_string()).send();
    assert_eq!(answer.status, 200, "{path} {body}: {}", answer.text());
    answer.json()
}

/// A vendor with one account.
pub struct Fake {
    no: Json,
    /// What a merchant types in.
    pub settings: Json,
    pub secrets: Json,
    /// Whether it posts reports, and is told with each message where.
    pub reports: bool,
    pub told_where: bool,
}

impl Fake {
    pub fn open(vendor: &str) -> Self {
        let mut made = control("/stand", &json!({"vendor": vendor}));
        Self {
            no: made["stand"].take(),
            settings: made["settings"].take(),
            secrets: made["secrets"].take(),
            reports: made["reports"] == true,
            told_where: made["told_where"] == true,
        }
    }

    /// How the next requests are answered, and what the vendor's clock shows.
    pub fn script(&self, now_ms: i64, answers: &[Json]) {
        control("/script", &json!({"stand": self.no, "now_ms": now_ms, "answers": answers}));
    }

    /// What came since it was asked last.
    pub fn log(&self) -> Vec<Json> {
        control("/log", &json!({"stand": self.no})).as_array().unwrap().clone()
    }

    /// Whether anybody can connect to it.
    pub fn door(&self, is_open: bool) {
        control("/door", &json!({"stand": self.no, "is_open": is_open}));
    }

    /// Posts what became of a message to an address of the host's. The status of the answer.
    pub fn report(
        &self,
        host: SocketAddr,
        url: &str,
        (what, sent): (&str, &Json),
        is_forged: bool,
    ) -> u64 {
        let asked = json!({"stand": self.no, "address": host.to_string(), "url": url,
            "what": what, "sent": sent, "forged": is_forged});
        control("/report", &asked)["status"].as_u64().unwrap()
    }
}
