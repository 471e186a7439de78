//! Moves committed pages from the write-ahead log into the database file, on a thread beside the
//! writer. A checkpoint costs tens of milliseconds, which would otherwise delay the commits of the
//! writer. The writer pauses for it only when the log has grown past a bound, so that the log can
//! start over.
#![expect(unsafe_code, reason = "rusqlite has no function for a checkpoint")]

use super::encryption;
use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, Sender, TrySendError};
use rusqlite::{Connection, ffi, hooks::Wal};
use std::{
    ffi::c_int,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// Committed pages (4 KiB each) after which the thread checkpoints.
const STEP: i32 = 4_000;
/// Pages at which the writer pauses.
const MAX: i32 = 64_000;

/// The writer's side.
pub struct Checkpoints {
    request: Sender<()>,
    requested_at: i32,
    /// Pages in the log after the last commit, as SQLite reports them.
    pages: Arc<AtomicI32>,
}

/// Starts the thread, and turns off SQLite's own checkpoint at every thousandth page on the writer.
/// The thread ends when the writer's side is dropped.
pub fn start(
    path: &Path,
    label: &str,
    writer: &mut Connection,
) -> Result<(Checkpoints, JoinHandle<()>)> {
    let pages = Arc::new(AtomicI32::new(0));
    let told = pages.clone();
    writer.wal_hook(Some(move |_: &mut Wal, pages| {
        told.store(pages, Ordering::Relaxed);
        Ok(())
    }))?;
    let connection =
        Connection::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    encryption::unlock(&connection)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let (request, requests) = crossbeam_channel::bounded(1);
    let thread = std::thread::Builder::new().name(format!("wal-{label}"));
    let thread = thread.spawn(move || run(&connection, &requests))?;
    Ok((Checkpoints { request, requested_at: 0, pages }, thread))
}

fn run(connection: &Connection, requests: &Receiver<()>) {
    while requests.recv().is_ok() {
        checkpoint(connection);
    }
}

impl Checkpoints {
    /// Called after a commit that has been answered.
    pub fn after_commit(&mut self, connection: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.requested_at {
            self.requested_at = 0;
        }
        if pages.saturating_sub(self.requested_at) < STEP {
            return;
        }
        self.requested_at = pages;
        if pages >= MAX {
            checkpoint(connection);
        } else if let Err(TrySendError::Disconnected(())) = self.request.try_send(()) {
            tracing::error!("the checkpoint thread has gone");
        }
    }
}

/// Moves the pages that no reader still needs, without waiting for any reader. The log starts over
/// once all pages have been moved.
fn checkpoint(connection: &Connection) {
    if let Err(error) = move_log(connection, ffi::SQLITE_CHECKPOINT_PASSIVE) {
        tracing::warn!(%error, "a checkpoint failed; the log grows until one succeeds");
    }
}

/// The last checkpoint, which leaves an empty log.
pub fn finish(connection: &Connection) {
    if let Err(error) = move_log(connection, ffi::SQLITE_CHECKPOINT_TRUNCATE) {
        tracing::warn!(%error, "the last checkpoint failed; the log is replayed at the next start");
    }
}

/// Calls the C function instead of the PRAGMA. Guests may not use the PRAGMA, so the writer's
/// connection refuses it.
fn move_log(connection: &Connection, mode: c_int) -> rusqlite::Result<()> {
    let nothing = std::ptr::null_mut();
    // SAFETY: the handle belongs to `connection`, which outlives the call; null names all its
    // databases, and null takes no counts.
    match unsafe {
        ffi::sqlite3_wal_checkpoint_v2(
            connection.handle(),
            std::ptr::null(),
            mode,
            nothing,
            nothing,
        )
    } {
        ffi::SQLITE_OK => Ok(()),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_moved_beside_the_writer_and_stays_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = super::super::connection::open_writer(&path, 0).unwrap();
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        let (mut checkpoints, thread) = start(&path, "test", &mut connection).unwrap();
        let many = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
                    SELECT randomblob(4000) FROM n";
        let (mut largest, mut restarts, mut last) = (0, 0, 0);
        for _ in 0..150 {
            connection.execute_batch(many).unwrap();
            checkpoints.after_commit(&connection);
            let pages = checkpoints.pages.load(Ordering::Relaxed);
            restarts += i32::from(pages < last);
            (largest, last) = (largest.max(pages), pages);
        }
        drop(checkpoints);
        thread.join().unwrap();
        assert!(largest < MAX + 2 * STEP, "{largest} pages");
        assert!(restarts > 0, "the log never started over");
        let count: i64 =
            connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 75_000);
    }
}
