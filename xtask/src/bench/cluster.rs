//! A throw-away PostgreSQL cluster: its programs, start, SQL by psql, processor time, end. It
//! listens on a local socket only, and an answer means committed (`synchronous_commit=on`).

use crate::process;
use crate::processor;
use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const INSTALL: &str = "the PostgreSQL comparison needs a server and pgbench of PostgreSQL 13 or newer; on Debian and Ubuntu: \
                       `apt-get install postgresql postgresql-contrib` (the service need not run), on macOS: `brew install postgresql`; \
                       or leave `--postgres` out";
const PORT: &str = "54329";
/// The database that every cluster has.
pub const FIRST: &str = "postgres";

/// The folder of PostgreSQL's programs.
pub struct Tools {
    initdb: PathBuf,
    control: PathBuf,
    psql: PathBuf,
    pub pgbench: PathBuf,
}

pub fn find_tools() -> Result<Tools> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    // Debian keeps the server's programs out of PATH, one folder per version; the newest comes
    // first.
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    let find = |name: &str| {
        let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
        found.with_context(|| format!("no `{name}` here: {INSTALL}"))
    };
    Ok(Tools {
        initdb: find("initdb")?,
        control: find("pg_ctl")?,
        psql: find("psql")?,
        pgbench: find("pgbench")?,
    })
}

/// A running cluster; dropping it ends it and deletes its files.
pub struct Cluster<'a> {
    pub tools: &'a Tools,
    pub folder: PathBuf,
    /// PostgreSQL refuses to run as root; then this user runs it.
    user: Option<&'static str>,
}

impl<'a> Cluster<'a> {
    pub fn start(tools: &'a Tools, folder: &Path) -> Result<Self> {
        let user = if rustix::process::geteuid().is_root() { Some(other_user()?) } else { None };
        let cluster = Self { tools, folder: folder.to_path_buf(), user };
        cluster.stop();
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        if let Some(user) = user {
            let id = process::output(Command::new("id").args(["-u", user]), "install coreutils")?;
            chown(folder, Some(id.trim().parse()?), None)
                .context("giving the cluster's folder to its user")?;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        let mut initdb = cluster.as_user(&tools.initdb);
        initdb.args([
            "--auth=trust",
            "--username=bench",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            "--pgdata",
        ]);
        let hint = "is its folder readable for that user? Set CARGO_TARGET_DIR to one that is";
        process::output(initdb.arg(cluster.data()), hint)?;
        let options = format!(
            "-p {PORT} -c listen_addresses= -c unix_socket_directories={} -c synchronous_commit=on -c fsync=on \
             -c shared_buffers=1GB -c max_wal_size=8GB -c max_connections=100",
            cluster.folder.display()
        );
        let mut start = cluster.as_user(&tools.control);
        start
            .arg("--pgdata")
            .arg(cluster.data())
            .arg("--log")
            .arg(cluster.folder.join("log"))
            .args(["-w", "-o", &options]);
        // Not piped: the server would keep the pipe open, and this would wait for ever.
        process::run(
            start.arg("start").stdout(Stdio::null()).stderr(Stdio::null()),
            "see the file log in its folder",
        )?;
        Ok(cluster)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn as_user(&self, program: &Path) -> Command {
        let Some(user) = self.user else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]).arg(program);
        // Root's current folder may be closed to the other user.
        command.current_dir("/");
        command
    }

    /// Runs SQL in a database with psql's variables and returns what it printed.
    pub fn sql(&self, database: &str, text: &str, variables: &[String]) -> Result<String> {
        let file = self.folder.join("script.sql");
        fs::write(&file, text)?;
        let mut command = Command::new(&self.tools.psql);
        self.connection(&mut command);
        command.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
        ]);
        for variable in variables {
            command.arg(format!("--set={variable}"));
        }
        process::output(
            command.arg("--file").arg(&file).arg(database),
            "fix the SQL under xtask/bench",
        )
    }

    pub fn connection(&self, command: &mut Command) {
        command.arg("--host").arg(&self.folder).args(["--port", PORT, "--username", "bench"]);
    }

    /// What a client library needs to connect.
    pub fn connection_text(&self, database: &str) -> String {
        connection_text(&self.folder, database)
    }

    /// Processor seconds used so far by the server and all of its backends.
    pub fn processor_seconds(&self) -> f64 {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let process = file.lines().next().and_then(|line| line.trim().parse().ok());
        process.map_or(0.0, processor::seconds_of_family)
    }

    /// Ends the server of this folder, also one of an earlier bench, and deletes its files.
    fn stop(&self) {
        if self.data().join("postmaster.pid").exists() {
            let mut stop = self.as_user(&self.tools.control);
            stop.arg("--pgdata").arg(self.data()).args(["-m", "immediate", "-w", "stop"]);
            stop.stdout(Stdio::null()).stderr(Stdio::null()).status().ok();
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        self.stop();
    }
}

fn other_user() -> Result<&'static str> {
    let exists = |user: &&str| {
        Command::new("id").arg(user).output().is_ok_and(|output| output.status.success())
    };
    ["postgres", "nobody"].into_iter().find(exists).context(
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it: add one, or bench as another user",
    )
}

fn connection_text(folder: &Path, database: &str) -> String {
    let folder = folder.display().to_string().replace('\\', r"\\").replace('\'', r"\'");
    format!("host='{folder}' port={PORT} user=bench dbname={database}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_any_name_is_quoted() {
        let text = connection_text(Path::new(r"/a b/c'd\e"), "http");
        assert_eq!(text, r"host='/a b/c\'d\\e' port=54329 user=bench dbname=http");
    }
}
