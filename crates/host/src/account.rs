//! What is watched of one instance from outside its guest: whose request computes, for how long without a pause, and whether the event loop still turns.

use crate::{
    conduct::{Conduct, LONG, Sender},
    instance::Place,
    interfaces::guest::Guest,
};
use rustix::time::{ClockId, clock_gettime};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use wasmtime::{StoreContextMut, UpdateDeadline, component::GuestTaskId};

/// The account of one instance.
pub struct Account {
    conduct: Arc<Conduct>,
    /// A guest may compute for so long without a pause, and need so long for it on a busy machine.
    most: Duration,
    most_waiting: Duration,
    /// Given up in front when somebody computes for long, so that others do not wait for it: a successor then takes their requests.
    place: Mutex<Option<Place>>,
    is_in_front: bool,
    tasks: Mutex<HashMap<GuestTaskId, Arc<Sender>>>,
    run: Mutex<Run>,
    /// No guest has anything to compute: the next request may be handed over. So at most one that computes for long is in an instance, and the
    /// others are not yet.
    is_quiet: AtomicBool,
}

/// What was computed since the event loop last turned.
#[derive(Clone, Copy, Default)]
struct Run {
    since: Option<Instant>,
    computed: Duration,
    /// The processor time of the thread when the guest last went on.
    went_on_at: Duration,
    /// A guest that computes has given the thread back for a moment.
    is_halfway: bool,
    /// Turns and beats: while this grows, the instance is alive.
    signs: u64,
}

impl Account {
    pub fn new(conduct: Arc<Conduct>, most: Duration, most_waiting: Duration, place: Place) -> Arc<Self> {
        let is_in_front = place.is_in_front();
        let place = Mutex::new(Some(place));
        Arc::new(Self {
            conduct,
            most,
            most_waiting,
            place,
            is_in_front,
            tasks: Mutex::default(),
            run: Mutex::default(),
            is_quiet: AtomicBool::new(true),
        })
    }

    /// Whether the instance still takes requests.
    pub fn has_place(&self) -> bool {
        locked(&self.place).is_some()
    }

    pub fn give_up_place(&self) {
        drop(locked(&self.place).take());
    }

    /// Whose request a guest's task is.
    pub fn begin(&self, task: GuestTaskId, sender: Arc<Sender>) {
        locked(&self.tasks).insert(task, sender);
    }

    pub fn end(&self, task: GuestTaskId) {
        locked(&self.tasks).remove(&task);
    }

    /// The event loop turns: no guest has computed for long.
    pub fn turn(&self) {
        let mut run = locked(&self.run);
        *run = Run { signs: run.signs + 1, ..Run::default() };
    }

    /// The event loop has nothing more to do for now. True when that is news.
    pub fn rests(&self) -> bool {
        !locked(&self.run).is_halfway && !self.is_quiet.swap(true, Ordering::Relaxed)
    }

    pub fn is_quiet(&self) -> bool {
        self.is_quiet.load(Ordering::Relaxed)
    }

    /// A request is handed over.
    pub fn takes_one(&self) {
        self.is_quiet.store(false, Ordering::Relaxed);
    }

    pub fn signs(&self) -> u64 {
        locked(&self.run).signs
    }

    /// An epoch begins while a guest computes: it is charged, and gives the thread back for a moment. One that computes for too long is lost.
    pub fn beat(self: &Arc<Self>, mut store: StoreContextMut<'_, Guest>) -> wasmtime::Result<UpdateDeadline> {
        let (computed, since) = self.computed();
        if computed >= self.most || since.elapsed() >= self.most_waiting {
            return Err(wasmtime::Error::msg(format!("stalled: computed for {computed:?} without a pause")));
        }
        // The last one on the stack is the call that came from outside.
        let task = store.async_call_stack()?.last();
        let sender = task.and_then(|task| locked(&self.tasks).get(&task).cloned());
        if let Some(sender) = sender {
            self.conduct.charge(&sender, computed);
        }
        if self.is_in_front && computed >= LONG {
            self.give_up_place();
        }
        let account = self.clone();
        Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(async move {
                tokio::task::yield_now().await;
                let mut run = locked(&account.run);
                run.went_on_at = thread_time();
                run.is_halfway = false;
            }),
        ))
    }

    /// In processor time, as a thread may have to wait for its turn. The time before the first beat is not known and not counted.
    fn computed(&self) -> (Duration, Instant) {
        let mut run = locked(&self.run);
        let run = &mut *run;
        run.signs += 1;
        run.is_halfway = true;
        let since = match run.since {
            Some(since) => {
                run.computed += thread_time().saturating_sub(run.went_on_at);
                since
            }
            None => *run.since.insert(Instant::now()),
        };
        (run.computed, since)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}
