//! The threads of the back room, where jobs and guests that compute for long run. They are idle
//! threads: they run only when no other thread wants the core, and the kernel counts their core as
//! free.
//!
//! A busy machine could starve them. A task in the back room beats. When its beat is late,
//! instances in front take no new requests for [`PAUSE`] in each [`ROUND`]. So the back room gets
//! some time under any load.

use crate::priority;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::Notify,
    task::{JoinError, JoinSet},
    time::sleep,
};

const BEAT: Duration = Duration::from_millis(50);
/// A beat that is later than this shows that the threads starve.
const LATE: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(10);
const ROUND: Duration = Duration::from_millis(100);

pub fn threads() -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .thread_name("back-room")
        .on_thread_start(priority::idle)
        .enable_all()
        .build()
}

/// The state of the back room, as the front sees it.
pub struct BackRoom {
    threads: Handle,
    started: Instant,
    /// The last beat, in milliseconds since the start.
    beat: AtomicU64,
    at_work: AtomicU32,
    is_closed: AtomicBool,
    opened: Notify,
}

impl BackRoom {
    /// Watches these threads from the runtime of the front.
    pub fn watch(threads: Handle) -> Arc<Self> {
        let room = Arc::new(Self::new(threads));
        let record_beat = room.clone();
        room.threads.spawn(async move {
            loop {
                sleep(BEAT).await;
                record_beat.record_beat();
            }
        });
        let watched = room.clone();
        tokio::spawn(async move {
            loop {
                sleep(ROUND).await;
                watched.check().await;
            }
        });
        room
    }

    fn new(threads: Handle) -> Self {
        Self {
            threads,
            started: Instant::now(),
            beat: AtomicU64::new(0),
            at_work: AtomicU32::new(0),
            is_closed: AtomicBool::new(false),
            opened: Notify::new(),
        }
    }

    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.threads.spawn(task);
    }

    /// Runs a task to its end, or until the caller gives it up. The error is a panic of the task.
    pub async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, JoinError> {
        let _at_work = self.at_work();
        // A set aborts its tasks when it is dropped.
        let mut tasks = JoinSet::new();
        tasks.spawn_on(task, &self.threads);
        match tasks.join_next().await {
            Some(outcome) => outcome,
            None => std::future::pending().await,
        }
    }

    /// A request or a job waits for the back room until the guard is dropped.
    pub fn at_work(self: &Arc<Self>) -> AtWork {
        self.at_work.fetch_add(1, Relaxed);
        AtWork(self.clone())
    }

    /// Whether the front takes no new requests now.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Relaxed)
    }

    /// Waits until the front takes new requests again.
    pub async fn wait_until_open(&self) {
        // Subscribes before the check, so that an opening in between is not missed.
        let opened = self.opened.notified();
        if self.is_closed() {
            opened.await;
        }
    }

    fn record_beat(&self) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.beat.store(now, Relaxed);
    }

    /// Pauses the front if the back room starves.
    async fn check(&self) {
        if self.starves() {
            self.is_closed.store(true, Relaxed);
            sleep(PAUSE).await;
            self.is_closed.store(false, Relaxed);
            self.opened.notify_waiters();
        }
    }

    fn starves(&self) -> bool {
        let beat = Duration::from_millis(self.beat.load(Relaxed));
        self.at_work.load(Relaxed) > 0 && self.started.elapsed().saturating_sub(beat) > LATE
    }
}

pub struct AtWork(Arc<BackRoom>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.at_work.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_is_given_up_ends() {
        let room = Arc::new(BackRoom::new(Handle::current()));
        assert_eq!(room.run(async { 7 }).await.unwrap(), 7);
        assert!(room.run(async { panic!("a fault of the host") }).await.is_err());
        let held = Arc::new(());
        let task = {
            let held = held.clone();
            async move {
                std::future::pending::<()>().await;
                drop(held);
            }
        };
        let given_up = tokio::time::timeout(Duration::from_millis(10), room.run(task)).await;
        assert!(given_up.is_err());
        tokio::task::yield_now().await;
        assert_eq!(Arc::strong_count(&held), 1, "the task is gone");
        assert_eq!(room.at_work.load(Relaxed), 0);
    }

    #[tokio::test]
    async fn the_front_makes_way_for_a_moment_while_the_back_room_starves() {
        let mut room = BackRoom::new(Handle::current());
        room.started = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        let room = Arc::new(room);
        assert!(!room.starves(), "no request waits for it");
        let work = room.at_work();
        assert!(room.starves());
        let looking = tokio::spawn({
            let room = room.clone();
            async move { room.check().await }
        });
        tokio::task::yield_now().await;
        assert!(room.is_closed.load(Relaxed));
        room.wait_until_open().await;
        assert!(!room.is_closed.load(Relaxed));
        looking.await.unwrap();
        room.record_beat();
        assert!(!room.starves(), "it got on");
        room.wait_until_open().await;
        drop(work);
        assert_eq!(room.at_work.load(Relaxed), 0);
    }
}
