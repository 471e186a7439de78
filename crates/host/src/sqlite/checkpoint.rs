//! Moves committed pages from the write-ahead log into the database file, on a thread beside the
//! writer. A checkpoint costs tens of milliseconds, which would otherwise delay the commits of the
//! writer. The writer moves the last few pages itself, as the log can start over only when none is
//! left.
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
        atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// Committed pages (4 KiB each) in the log from which on they are moved.
const STEP: i32 = 8_000;
/// So few pages the writer moves itself: the log starts over only when none is left, and beside a
/// busy writer the thread always leaves some. A short log costs readers less, as they look for a
/// page among all its copies, and rewriting one needs no space of the file system.
const FEW: i32 = 500;
/// Pages that are written before another try, while readers keep the log from starting over.
const PAUSE: i32 = 1_000;
/// Pages at which the writer moves them itself, however many are left.
const MAX: i32 = 64_000;

/// The writer's side.
pub struct Checkpoints {
    request: Sender<()>,
    progress: Arc<Progress>,
    /// The log that the next two speak of, by how often it has started over.
    log: u32,
    /// Pages at which the next checkpoint may be due.
    next: i32,
    /// Pages that were moved when the thread was asked the last time.
    moved: Option<i32>,
}

#[derive(Default)]
struct Progress {
    /// Pages in the log after the last commit, as SQLite reports them.
    pages: AtomicI32,
    /// Those of them that the last checkpoint found moved.
    moved: AtomicI32,
    /// How often the log has started over.
    restarts: AtomicU32,
    /// Whether the thread is at work.
    is_busy: AtomicBool,
}

/// The thread is at work until this is dropped, also when it panics.
struct AtWork<'a>(&'a Progress);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.is_busy.store(false, Ordering::Release);
    }
}

/// Starts the thread, and turns off SQLite's own checkpoint at every thousandth page on the writer.
/// The thread ends when the writer's side is dropped.
pub fn start(
    path: &Path,
    label: &str,
    writer: &mut Connection,
) -> Result<(Checkpoints, JoinHandle<()>)> {
    let progress = Arc::<Progress>::default();
    let told = progress.clone();
    writer.wal_hook(Some(move |_: &mut Wal, pages| {
        // The log has started over.
        if pages < told.pages.swap(pages, Ordering::Relaxed) {
            told.restarts.fetch_add(1, Ordering::Relaxed);
            told.moved.store(0, Ordering::Relaxed);
        }
        Ok(())
    }))?;
    let connection =
        Connection::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    encryption::unlock(&connection)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let (request, requests) = crossbeam_channel::bounded(1);
    let thread = std::thread::Builder::new().name(format!("wal-{label}"));
    let thread = thread.spawn({
        let progress = progress.clone();
        move || run(&connection, &requests, &progress)
    })?;
    Ok((Checkpoints { request, progress, log: 0, next: STEP, moved: None }, thread))
}

fn run(connection: &Connection, requests: &Receiver<()>, progress: &Progress) {
    while requests.recv().is_ok() {
        let _at_work = AtWork(progress);
        checkpoint(connection, progress);
    }
}

impl Checkpoints {
    /// Called after a commit that has been answered.
    pub fn after_commit(&mut self, connection: &Connection) {
        let pages = self.progress.pages.load(Ordering::Relaxed);
        let log = self.progress.restarts.load(Ordering::Relaxed);
        if log != self.log {
            (self.log, self.next, self.moved) = (log, STEP, None);
        }
        if pages < self.next || self.progress.is_busy.load(Ordering::Acquire) {
            return;
        }
        let moved = self.progress.moved.load(Ordering::Relaxed);
        if pages.saturating_sub(moved) <= FEW || pages >= MAX {
            checkpoint(connection, &self.progress);
            self.next = pages.saturating_add(PAUSE);
            return;
        }
        // A reader may keep all that is left.
        if self.moved.is_some_and(|before| moved <= before) {
            self.next = pages.saturating_add(PAUSE);
        }
        self.moved = Some(moved);
        self.progress.is_busy.store(true, Ordering::Relaxed);
        if let Err(TrySendError::Disconnected(())) = self.request.try_send(()) {
            tracing::error!("the checkpoint thread has gone");
            self.progress.is_busy.store(false, Ordering::Relaxed);
            checkpoint(connection, &self.progress);
            self.next = pages.saturating_add(STEP);
        }
    }
}

/// Moves the pages that no reader still needs, without waiting for any reader. The log starts over
/// once all pages have been moved.
fn checkpoint(connection: &Connection, progress: &Progress) {
    let log = progress.restarts.load(Ordering::Relaxed);
    match move_log(connection, ffi::SQLITE_CHECKPOINT_PASSIVE) {
        // Pages of a log that has started over meanwhile say nothing of the new one.
        Ok(moved) if progress.restarts.load(Ordering::Relaxed) == log => {
            progress.moved.store(moved, Ordering::Relaxed);
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(%error, "a checkpoint failed; the log grows until one succeeds");
        }
    }
}

/// The last checkpoint, which leaves an empty log.
pub fn finish(connection: &Connection) {
    if let Err(error) = move_log(connection, ffi::SQLITE_CHECKPOINT_TRUNCATE) {
        tracing::warn!(%error, "the last checkpoint failed; the log is replayed at the next start");
    }
}

/// Calls the C function instead of the PRAGMA. Guests may not use the PRAGMA, so the writer's
/// connection refuses it. Returns how many pages of the log are moved.
fn move_log(connection: &Connection, mode: c_int) -> rusqlite::Result<i32> {
    let mut moved: c_int = 0;
    // SAFETY: the handle belongs to `connection`, which outlives the call; null names all its
    // databases and takes no count of the log; `moved` outlives the call, too.
    match unsafe {
        ffi::sqlite3_wal_checkpoint_v2(
            connection.handle(),
            std::ptr::null(),
            mode,
            std::ptr::null_mut(),
            &raw mut moved,
        )
    } {
        ffi::SQLITE_OK => Ok(moved),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_its_thread_the_writer_moves_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = super::super::connection::open_writer(&path, 0).unwrap();
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        let (checkpoints, thread) = start(&path, "test", &mut connection).unwrap();
        let Checkpoints { request, progress, .. } = checkpoints;
        drop(request);
        thread.join().unwrap();
        let (request, _) = crossbeam_channel::bounded(1);
        let mut orphaned = Checkpoints { request, progress, log: 0, next: STEP, moved: None };
        let mut largest = 0;
        for _ in 0..40 {
            connection.execute_batch(MANY).unwrap();
            orphaned.after_commit(&connection);
            largest = largest.max(orphaned.progress.pages.load(Ordering::Relaxed));
        }
        assert!(largest < 2 * STEP, "{largest} pages");
    }

    /// 500 pages.
    const MANY: &str = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
                        SELECT randomblob(4000) FROM n";

    #[test]
    fn the_log_is_moved_beside_the_writer_and_stays_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = super::super::connection::open_writer(&path, 0).unwrap();
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        let (mut checkpoints, thread) = start(&path, "test", &mut connection).unwrap();
        let (mut largest, mut restarts, mut last) = (0, 0, 0);
        for _ in 0..150 {
            connection.execute_batch(MANY).unwrap();
            checkpoints.after_commit(&connection);
            let pages = checkpoints.progress.pages.load(Ordering::Relaxed);
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
