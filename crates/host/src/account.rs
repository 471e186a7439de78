//! Measures one instance from outside its guest: which sender's request computes, for how long
//! without a pause, and whether the event loop still turns.

use crate::{
    conduct::{Conduct, LONG, Sender},
    engine::{EPOCH, epochs},
    instance::InstanceSlot,
    interfaces::guest::Guest,
};
use rustix::time::{ClockId, clock_gettime};
use std::{
    collections::HashMap,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use wasmtime::{StoreContextMut, UpdateDeadline, component::GuestTaskId};

/// The measurements of one instance.
pub struct Account {
    conduct: Arc<Conduct>,
    /// Max computing time of a guest without a pause. `max_elapsed` bounds the same run in wall
    /// time, which is longer on a busy machine.
    max_computed: Duration,
    max_elapsed: Duration,
    /// An instance in front releases its slot when a guest computes for long. A successor then
    /// takes the waiting requests, so that they are not delayed.
    slot: Mutex<Option<InstanceSlot>>,
    is_in_front: bool,
    tasks: Mutex<HashMap<GuestTaskId, Arc<Sender>>>,
    run: Mutex<Run>,
    /// True while no guest has anything to compute; only then is the next request handed over. So
    /// at most one long-computing request enters an instance before it shows.
    is_quiet: AtomicBool,
}

/// After a sample, a guest that computes for at least this long is charged a whole epoch.
const MIN_RUN: Duration = Duration::from_micros(250);

/// Computing time since the event loop last turned.
#[derive(Default)]
struct Run {
    last_turn_epoch: u64,
    since: Option<Instant>,
    computed: Duration,
    /// The part of it that no sender is charged for yet.
    uncharged: Duration,
    /// The processor time of the thread when it last went on with this instance; `None` while it
    /// does something else.
    resumed_at: Option<Duration>,
    /// A computing guest has yielded the thread for a moment.
    has_yielded: bool,
    /// The sampled sender that is not charged yet.
    sampled: Option<Arc<Sender>>,
    /// Counts turns and beats. While it grows, the instance is alive.
    signs_of_life: u64,
}

impl Run {
    /// Starts a new run. Returns the sender that was sampled in the last one, and its charge.
    fn turn(
        &mut self,
        epoch: u64,
        thread_time: impl FnOnce() -> Duration,
    ) -> Option<(Arc<Sender>, Duration)> {
        let sampled = self.sampled.take().map(|sender| {
            self.leave(thread_time);
            (sender, sample(self.uncharged))
        });
        *self = Self {
            last_turn_epoch: epoch,
            signs_of_life: self.signs_of_life + 1,
            ..Self::default()
        };
        sampled
    }

    /// Whether the guest that reaches this epoch was computing when the epoch began. The first
    /// guest to run in an epoch gets its deadline, even if the guest slept when the epoch began.
    fn crosses_epoch(&mut self, epoch: u64) -> bool {
        self.signs_of_life += 1;
        self.has_yielded |= self.last_turn_epoch != epoch;
        self.last_turn_epoch != epoch
    }

    /// Returns the charge for the sampled sender. The first sample charges nothing yet: the guest
    /// may have waited for a core instead of computing. The time that it computes afterwards
    /// decides.
    fn beat(
        &mut self,
        sender: Option<Arc<Sender>>,
        thread_time: impl FnOnce() -> Duration,
    ) -> Duration {
        if self.since.is_none() {
            self.since = Some(Instant::now());
            self.sampled = sender;
            return Duration::ZERO;
        }
        self.leave(thread_time);
        let computed = std::mem::take(&mut self.uncharged);
        let first = self.sampled.take().map_or(Duration::ZERO, |_| sample(computed));
        first + computed
    }

    /// The thread goes on with this instance. Asks for no time while nobody is suspected.
    fn enter(&mut self, thread_time: impl FnOnce() -> Duration) {
        if self.since.is_some() {
            self.resumed_at = Some(thread_time());
        }
    }

    /// The thread does something else from now on, and another thread may go on with the instance.
    fn leave(&mut self, thread_time: impl FnOnce() -> Duration) {
        if let Some(resumed_at) = self.resumed_at.take() {
            let computed = thread_time().saturating_sub(resumed_at);
            self.computed += computed;
            self.uncharged += computed;
        }
    }

    fn resume(&mut self, thread_time: impl FnOnce() -> Duration) {
        self.enter(thread_time);
        self.has_yielded = false;
    }
}

/// A sample stands for a whole epoch if the guest then computes for at least `MIN_RUN`. If it stops
/// sooner, the charge is proportional.
fn sample(rest: Duration) -> Duration {
    let share =
        rest.min(MIN_RUN).as_micros().saturating_mul(EPOCH.as_micros()) / MIN_RUN.as_micros();
    Duration::from_micros(u64::try_from(share).unwrap_or_default())
}

impl Account {
    pub fn new(
        conduct: Arc<Conduct>,
        max_computed: Duration,
        max_elapsed: Duration,
        slot: InstanceSlot,
    ) -> Arc<Self> {
        let is_in_front = slot.is_in_front();
        let slot = Mutex::new(Some(slot));
        Arc::new(Self {
            conduct,
            max_computed,
            max_elapsed,
            slot,
            is_in_front,
            tasks: Mutex::default(),
            run: Mutex::default(),
            is_quiet: AtomicBool::new(true),
        })
    }

    pub fn has_slot(&self) -> bool {
        locked(&self.slot).is_some()
    }

    pub fn release_slot(&self) {
        drop(locked(&self.slot).take());
    }

    /// Records which sender's request a guest's task serves.
    pub fn begin(&self, task: GuestTaskId, sender: Arc<Sender>) {
        locked(&self.tasks).insert(task, sender);
    }

    pub fn end(&self, task: GuestTaskId) {
        locked(&self.tasks).remove(&task);
    }

    /// Called when the event loop turns, which shows that no guest has computed for long.
    pub fn turn(&self) {
        let sampled = locked(&self.run).turn(epochs(), thread_time);
        if let Some((sender, charge)) = sampled {
            self.conduct.charge(&sender, charge, Duration::ZERO);
        }
    }

    /// Runs what drives the instance. Only the processor time of its polls counts: in between, the
    /// thread serves others, and the next poll may be on another thread.
    pub async fn measured<T>(&self, driven: impl Future<Output = T>) -> T {
        let mut driven = pin!(driven);
        poll_fn(|context| {
            locked(&self.run).enter(thread_time);
            let polled = driven.as_mut().poll(context);
            locked(&self.run).leave(thread_time);
            polled
        })
        .await
    }

    /// Called when the event loop has nothing more to do. Returns true if it had before.
    pub fn becomes_quiet(&self) -> bool {
        !locked(&self.run).has_yielded && !self.is_quiet.swap(true, Ordering::Relaxed)
    }

    pub fn is_quiet(&self) -> bool {
        self.is_quiet.load(Ordering::Relaxed)
    }

    pub fn start_request(&self) {
        self.is_quiet.store(false, Ordering::Relaxed);
    }

    pub fn signs_of_life(&self) -> u64 {
        locked(&self.run).signs_of_life
    }

    /// Called when a guest reaches an epoch. A guest that has computed since before the epoch is
    /// charged and yields the thread for a moment. A guest that computes for too long traps.
    pub fn beat(
        self: &Arc<Self>,
        mut store: StoreContextMut<'_, Guest>,
    ) -> wasmtime::Result<UpdateDeadline> {
        if !locked(&self.run).crosses_epoch(epochs()) {
            return Ok(UpdateDeadline::Continue(1));
        }
        // The last task on the stack is the call that came from outside.
        let task = store.async_call_stack()?.last();
        let sender = task.and_then(|task| locked(&self.tasks).get(&task).cloned());
        let mut run = locked(&self.run);
        let charge = run.beat(sender.clone(), thread_time);
        let computed = run.computed;
        let is_lost = computed >= self.max_computed
            || run.since.is_some_and(|since| since.elapsed() >= self.max_elapsed);
        drop(run);
        if is_lost {
            return Err(wasmtime::Error::msg(format!(
                "stalled: computed for {computed:?} without a pause"
            )));
        }
        if let Some(sender) = sender.filter(|_| !charge.is_zero()) {
            self.conduct.charge(&sender, charge, computed);
        }
        if self.is_in_front && computed >= LONG {
            self.release_slot();
        }
        let account = self.clone();
        Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(async move {
                tokio::task::yield_now().await;
                locked(&account.run).resume(thread_time);
            }),
        ))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn sender() -> Arc<Sender> {
        Conduct::new().request(1)
    }

    /// Most guests sleep when an epoch begins, and one of them is the first to run in it.
    #[test]
    fn a_guest_that_slept_when_the_epoch_began_is_not_charged() {
        let mut run = Run::default();
        for epoch in 1..=1_000 {
            assert!(run.turn(epoch, || unreachable!("no system call for it")).is_none());
            assert!(!run.crosses_epoch(epoch));
        }
        assert!(!run.has_yielded && run.since.is_none());
        assert_eq!(run.signs_of_life, 2_000, "but it shows that the instance is alive");
    }

    #[test]
    fn a_run_is_charged_in_processor_time() {
        let mut run = Run::default();
        run.turn(1, || unreachable!());
        assert!(run.crosses_epoch(2) && run.has_yielded);
        assert_eq!(
            run.beat(Some(sender()), || unreachable!("nothing to compare with")),
            Duration::ZERO
        );
        run.resume(|| 100 * MS);
        // Up to thirty epochs have begun meanwhile. Only the 3 ms of processor time count.
        assert!(run.crosses_epoch(32));
        assert_eq!(
            run.beat(Some(sender()), || 103 * MS),
            EPOCH + 3 * MS,
            "and the sample that came first"
        );
        // The guest goes on upon another thread, which has its own processor time.
        run.resume(|| 7 * MS);
        assert!(run.crosses_epoch(33));
        assert_eq!(run.beat(Some(sender()), || 17 * MS), 10 * MS);
        assert_eq!((run.computed, run.has_yielded), (13 * MS, true));
        assert!(run.turn(33, || unreachable!()).is_none());
        assert_eq!((run.computed, run.has_yielded), (Duration::ZERO, false), "a pause ends it");
        assert!(!run.crosses_epoch(33));
    }

    /// A guest computes, then waits for the host, for example for its log. Meanwhile the thread
    /// serves other instances, and another thread goes on.
    #[test]
    fn what_threads_do_for_others_is_not_charged() {
        let mut run = Run::default();
        run.turn(1, || unreachable!());
        assert!(run.crosses_epoch(2));
        assert_eq!(run.beat(Some(sender()), || unreachable!()), Duration::ZERO);
        run.leave(|| unreachable!("it has computed nothing since"));
        run.enter(|| 100 * MS);
        run.leave(|| 104 * MS);
        // The same thread, after three seconds for others.
        run.enter(|| 3_104 * MS);
        run.leave(|| 3_105 * MS);
        // Another one, with more time behind it, and one with less.
        run.enter(|| 60_000 * MS);
        assert!(run.crosses_epoch(400));
        assert_eq!(run.beat(Some(sender()), || 60_002 * MS), EPOCH + 7 * MS);
        run.leave(|| unreachable!("the beat has left"));
        run.enter(|| 9 * MS);
        assert!(run.crosses_epoch(401));
        assert_eq!(run.beat(Some(sender()), || 10 * MS), MS);
        assert_eq!(run.computed, 8 * MS);
        run.turn(401, || unreachable!());
        run.enter(|| unreachable!("nobody is suspected"));
    }

    /// On a busy machine the kernel takes the core away in the middle of a turn, and epochs begin
    /// meanwhile.
    #[test]
    fn waiting_for_a_core_is_not_charged() {
        let mut run = Run::default();
        for (rest, charged) in [(20, 800), (125, 5_000), (250, 10_000), (9_000, 10_000)] {
            run.turn(1, || unreachable!());
            assert!(run.crosses_epoch(7));
            assert_eq!(run.beat(Some(sender()), || unreachable!()), Duration::ZERO);
            run.resume(|| 50 * MS);
            let (_, charge) = run.turn(7, || 50 * MS + Duration::from_micros(rest)).unwrap();
            assert_eq!(charge.as_micros(), charged, "{rest} µs after the sample");
        }
    }
}
