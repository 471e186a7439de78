//! A host process: starts it, waits until it is ready, reports its addresses and memory, stops it.
//! Up, demo and bench use it for any application.

use crate::http::Client;
use crate::process;
use crate::processor;
use crate::wasm;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// Max time without a line of the host: at its first start it names each component that it has
/// compiled.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(120);
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// How to start a host; ports may be 0.
pub struct Options {
    pub listen: String,
    pub admin: String,
    pub state: PathBuf,
    pub key: String,
    /// Further arguments of the host.
    pub arguments: Vec<String>,
    /// The file for its log; without one it goes to this terminal.
    pub log: Option<PathBuf>,
}

/// A running host. Dropping it kills it.
pub struct Server {
    child: Child,
    pub api: SocketAddr,
    pub admin: SocketAddr,
    pub key: String,
}

/// Builds the components and the host, and returns the path of the host. `None` uses the last
/// build. The first build takes minutes, as it compiles wasmtime and SQLite.
pub fn build(workspace: &Workspace, how: Option<wasm::Build>) -> Result<PathBuf> {
    let binary = workspace.target.join("debug/accrue");
    let Some(how) = how else {
        if !binary.is_file() {
            bail!("{} is not there: leave `--no-build` out once", binary.display());
        }
        return Ok(binary);
    };
    eprintln!("── 1/2 components");
    wasm::build(workspace, how, wasm::Output::Shown, &[])?;
    eprintln!("── 2/2 host (the first time it takes some minutes)");
    build_host(workspace)
}

/// Builds the host alone.
pub fn build_host(workspace: &Workspace) -> Result<PathBuf> {
    let mut command = process::cargo();
    // Without `--package` it has the features of all native packages, and the tests use it, too.
    command.current_dir(&workspace.root).args(["build", "--bin", "accrue"]);
    process::run(&mut command, "fix the errors that the compiler reports above")?;
    Ok(workspace.target.join("debug/accrue"))
}

/// A random key: 256 bits as 64 hexadecimal digits.
pub fn random_key() -> Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).ok().context("the system gives no random bytes")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Server {
    /// Starts the host and waits until `GET /readyz` answers 200.
    pub async fn start(workspace: &Workspace, binary: &Path, options: &Options) -> Result<Self> {
        Self::start_within(workspace, Command::new(binary), options, SILENCE_TIMEOUT).await
    }

    /// As [`Server::start`], by a command whose last word is the program. The host may be silent
    /// for as long as the timeout, and then take as long until it is ready.
    pub async fn start_within(
        workspace: &Workspace,
        mut command: Command,
        options: &Options,
        timeout: Duration,
    ) -> Result<Self> {
        fs::create_dir_all(&options.state)
            .with_context(|| format!("making {}", options.state.display()))?;
        command
            .current_dir(&workspace.root)
            .arg("--state-dir")
            .arg(&options.state)
            .args(&options.arguments)
            // Passed by environment instead of argument: every user of the machine may read
            // arguments.
            .env("SPIN_VARIABLE_ADMIN_KEY", &options.key)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for (name, value) in
            [("--from", "spin.toml"), ("--listen", &options.listen), ("--admin", &options.admin)]
        {
            // An argument of the user overrides ours.
            if !options.arguments.iter().any(|argument| argument.starts_with(name)) {
                command.args([name, value]);
            }
        }
        let mut child = command.spawn().with_context(|| {
            format!("cannot start {}", command.as_std().get_program().to_string_lossy())
        })?;

        let (announce, mut announced) = watch::channel(Announced::default());
        let output = Arc::new(Output::to(options.log.as_deref())?);
        let announce = Arc::new(announce);
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(follow(stdout, Arc::clone(&output), Arc::clone(&announce)));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(follow(stderr, Arc::clone(&output), announce));
        }
        let addresses = async {
            announced
                .wait_for(|announced| announced.api.is_some() && announced.admin.is_some())
                .await
                .ok()
                .map(|seen| *seen)
        };
        let seen = tokio::select! {
            Some(seen) = addresses => Some(seen),
            status = child.wait() => {
                // The last lines may still be in the pipe.
                tokio::time::sleep(Duration::from_millis(100)).await;
                bail!("the host ended at once ({}):\n{}", status?, output.tail());
            }
            () = output.falls_silent(timeout) => None,
        };
        let Some(Announced { api: Some(api), admin: Some(admin) }) = seen else {
            bail!(
                "the host said nothing for {timeout:?}, nor where it listens:\n{}",
                output.tail()
            );
        };
        let mut server = Self { child, api, admin, key: options.key.clone() };
        if let Err(error) = server.wait_until_ready(timeout).await {
            bail!("{error:#}; the host's last lines:\n{}", output.tail());
        }
        Ok(server)
    }

    async fn wait_until_ready(&mut self, timeout: Duration) -> Result<()> {
        let started = Instant::now();
        let mut client = Client::new(self.api, &self.key);
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("the host ended ({status})");
            }
            let last = match client.call("GET", "/readyz", None, b"").await {
                Ok(answer) if answer.status == 200 => return Ok(()),
                Ok(answer) => format!("{} {}", answer.status, answer.body),
                Err(error) => format!("{error:#}"),
            };
            if started.elapsed() > timeout {
                bail!("GET /readyz is not 200 after {timeout:?}: {last}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// A caller with the first admin key.
    pub fn client(&self) -> Client {
        Client::new(self.api, &self.key)
    }

    /// A caller of the admin listener (clock, metrics, cron), which needs no key.
    pub fn admin_client(&self) -> Client {
        Client::new(self.admin, "")
    }

    /// Resident memory now and at its highest, in MiB.
    pub fn memory_mib(&self) -> Result<(u64, u64)> {
        let id = self.child.id().context("the host has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))
            .context("reading the host's memory from /proc")?;
        let field = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0)
                / 1024
        };
        Ok((field("VmRSS:"), field("VmHWM:")))
    }

    /// The longest transaction of a database since the start, with its commit, in seconds.
    #[cfg(feature = "ledger")]
    pub async fn longest_write_lock(&self, database: &str) -> Result<f64> {
        let name = format!("accrue_longest_write_lock_seconds{{database=\"{database}\"}} ");
        let metrics = self.admin_client().get("/metrics").await?;
        let mut lines = metrics.as_str().unwrap_or_default().lines();
        let value = lines.find_map(|line| line.strip_prefix(&name));
        value.with_context(|| format!("the host has no metric {name}"))?.parse().context(name)
    }

    /// Processor seconds used so far, user and system.
    pub fn processor_seconds(&self) -> f64 {
        self.child.id().map_or(0.0, processor::seconds)
    }

    pub fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            kill_process(id, signal).ok();
        }
    }

    pub async fn wait(&mut self) -> Result<std::process::ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Sends the signal to drain and waits for the end of the process.
    pub async fn stop(mut self) -> Result<()> {
        self.signal(Signal::TERM);
        match tokio::time::timeout(STOP_TIMEOUT, self.wait()).await {
            Ok(status) if status.as_ref().is_ok_and(std::process::ExitStatus::success) => Ok(()),
            Ok(status) => bail!("the host did not end well on SIGTERM: {}", status?),
            Err(_) => bail!("the host did not end within {STOP_TIMEOUT:?} of SIGTERM"),
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Announced {
    api: Option<SocketAddr>,
    admin: Option<SocketAddr>,
}

/// Forwards the host's lines, and keeps the last of them for a failure message.
struct Output {
    file: Option<Mutex<File>>,
    tail: Mutex<VecDeque<String>>,
    last_line: Mutex<Instant>,
}

impl Output {
    fn to(log: Option<&Path>) -> Result<Self> {
        let open = |path| {
            File::create(path).with_context(|| format!("writing {}", Path::new(path).display()))
        };
        Ok(Self {
            file: log.map(open).transpose()?.map(Mutex::new),
            tail: Mutex::default(),
            last_line: Mutex::new(Instant::now()),
        })
    }

    /// Ends when no line has come for so long.
    async fn falls_silent(&self, timeout: Duration) {
        loop {
            let last = *self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
            let left = timeout.saturating_sub(last.elapsed());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }

    fn line(&self, line: &str) {
        *self.last_line.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        match &self.file {
            Some(file) => {
                writeln!(file.lock().unwrap_or_else(PoisonError::into_inner), "{line}").ok()
            }
            None => writeln!(std::io::stderr(), "{line}").ok(),
        };
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.push_back(line.to_owned());
        if tail.len() > 20 {
            tail.pop_front();
        }
    }

    fn tail(&self) -> String {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.iter().map(|line| format!("  {line}\n")).collect()
    }
}

async fn follow(
    stream: impl AsyncRead + Unpin,
    output: Arc<Output>,
    announce: Arc<watch::Sender<Announced>>,
) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        output.line(&line);
        let admin = address_after(&line, "admin on http://");
        let api = address_after(&line, "listening on http://");
        if admin.is_some() || api.is_some() {
            announce.send_modify(|announced| {
                announced.admin = announced.admin.or(admin);
                announced.api = announced.api.or(api);
            });
        }
    }
}

/// The address after `marker` in a line of a log.
pub fn address_after(line: &str, marker: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once(marker)?;
    let end =
        rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ':'))).unwrap_or(rest.len());
    rest.get(..end)?.trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::address_after;

    #[test]
    fn the_address_is_found_in_a_plain_and_in_a_structured_line() {
        for (line, expected) in [
            ("listening on http://127.0.0.1:3000", Some("127.0.0.1:3000")),
            ("{\"message\":\"listening on http://127.0.0.1:81\"}", Some("127.0.0.1:81")),
            ("listening soon", None),
        ] {
            assert_eq!(
                address_after(line, "listening on http://"),
                expected.map(|text| text.parse().unwrap()),
                "{line}"
            );
        }
    }
}
