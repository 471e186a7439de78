//! The rival over HTTP (xtask/rival): builds it, starts it beside the cluster on a database of its
//! own, and checks its books at the end.

use super::cluster::{Cluster, FIRST};
use super::target::Target;
use super::{Plan, rival};
use crate::server::{address_after, random_key};
use crate::workspace::Workspace;
use crate::{process, processor};
use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const CREATE: &str = include_str!("../../bench/rival-database.sql");
const KEY: &str = include_str!("../../bench/rival-key.sql");
/// Created by `CREATE`.
const DATABASE: &str = "http";
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Builds the service, or finds that of the last build.
pub fn build(workspace: &Workspace, is_built: bool) -> Result<PathBuf> {
    let target = workspace.target.join("rival");
    let binary = target.join("release/rival");
    if is_built {
        if !binary.is_file() {
            bail!("{} is not there: leave `--no-build` out once", binary.display());
        }
        return Ok(binary);
    }
    eprintln!("── the rival over HTTP");
    let mut command = process::cargo();
    command.current_dir(&workspace.root).args(["build", "--release", "--locked"]);
    command.args(["--manifest-path", "xtask/rival/Cargo.toml", "--target-dir"]).arg(&target);
    process::run(&mut command, "fix the errors that the compiler reports above")?;
    Ok(binary)
}

/// A running service. Dropping it kills it.
pub struct Service<'a> {
    child: Child,
    cluster: &'a Cluster<'a>,
    address: SocketAddr,
    key: String,
}

impl<'a> Service<'a> {
    /// Starts the service, with a first purchase of every member in its ledger.
    pub async fn start(
        binary: &Path,
        cluster: &'a Cluster<'a>,
        plan: &Plan,
        log: &Path,
    ) -> Result<Self> {
        let key = random_key()?;
        cluster.sql(FIRST, CREATE, &[])?;
        rival::create(cluster, DATABASE, plan)?;
        cluster.sql(DATABASE, KEY, &[format!("key={key}")])?;
        let log = File::create(log).with_context(|| format!("writing {}", log.display()))?;
        let mut child = Command::new(binary)
            .arg(cluster.connection_text(DATABASE))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let output = child.stdout.take().context("the rival's output is not piped")?;
        let mut lines = BufReader::new(output).lines();
        let line = tokio::time::timeout(START_TIMEOUT, lines.next_line())
            .await
            .context("the rival did not start in time")??
            .context("the rival ended at once: see target/bench/rival.log")?;
        let address = address_after(&line, "listening on http://")
            .with_context(|| format!("the rival printed {line:?} instead of its address"))?;
        eprintln!("the rival listens on http://{address}");
        Ok(Self { child, cluster, address, key })
    }

    /// Ends the service. An error if a member's books are broken.
    pub async fn finish(mut self) -> Result<()> {
        self.child.kill().await.context("ending the rival")?;
        rival::audit(self.cluster, DATABASE)
    }
}

impl Target for Service<'_> {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn processor_seconds(&self) -> f64 {
        self.child.id().map_or(0.0, processor::seconds) + self.cluster.processor_seconds()
    }
}
