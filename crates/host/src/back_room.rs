//! The threads of the back room, where guests that compute for long run. They are idle threads:
//! they run only when no other thread wants the core, and the kernel counts their core as free.
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

    /// A request waits for the back room until the guard is dropped.
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
