//! What is watched of one instance from outside its guest: whose request computes, for how long
//! without a pause, and whether the event loop still turns.

use crate::{
    conduct::{Conduct, LONG, Sender},
    engine::{EPOCH, epochs},
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
    /// Given up in front when somebody computes for long, so that others do not wait for it: a
    /// successor then takes their requests.
    place: Mutex<Option<Place>>,
    is_in_front: bool,
    tasks: Mutex<HashMap<GuestTaskId, Arc<Sender>>>,
    run: Mutex<Run>,
    /// No guest has anything to compute: the next request may be handed over. So at most one that
    /// computes for long is in an instance, and the others are not yet.
    is_quiet: AtomicBool,
}

/// A guest that a sample met computed in earnest if it goes on for so long.
const EARNEST: Duration = Duration::from_micros(250);

/// What was computed since the event loop last turned.
#[derive(Default)]
struct Run {
    /// The epoch in which the event loop last turned.
    began_in: u64,
    since: Option<Instant>,
    computed: Duration,
    /// The processor time of the thread when the guest last went on.
    went_on_at: Duration,
    /// A guest that computes has given the thread back for a moment.
    is_halfway: bool,
    /// Whom a sample met that is not charged yet.
    met: Option<Arc<Sender>>,
    /// Turns and beats: while this grows, the instance is alive.
    signs: u64,
}

impl Run {
    /// Whom a sample met in the turn before, and what it is charged.
    fn turn(
        &mut self,
        epoch: u64,
        thread_time: impl FnOnce() -> Duration,
    ) -> Option<(Arc<Sender>, Duration)> {
        let met = self
            .met
            .take()
            .map(|sender| (sender, sample(thread_time().saturating_sub(self.went_on_at))));
        *self = Self { began_in: epoch, signs: self.signs + 1, ..Self::default() };
        met
    }

    /// Whether a guest computed when the epoch began that now reaches it. The first guest to run in
    /// an epoch is told of it, even one that slept when it began.
    fn is_met(&mut self, epoch: u64) -> bool {
        self.signs += 1;
        self.is_halfway |= self.began_in != epoch;
        self.began_in != epoch
    }

    /// What the guest of a sender that was met is charged. The first time it is not known how long
    /// it had the processor, or waited for it in the middle of its turn: that is told by how it
    /// goes on.
    fn beat(
        &mut self,
        sender: Option<Arc<Sender>>,
        thread_time: impl FnOnce() -> Duration,
    ) -> Duration {
        if self.since.is_none() {
            self.since = Some(Instant::now());
            self.met = sender;
            return Duration::ZERO;
        }
        let computed = thread_time().saturating_sub(self.went_on_at);
        self.computed += computed;
        let first = self.met.take().map_or(Duration::ZERO, |_| sample(computed));
        first + computed
    }

    fn goes_on(&mut self, thread_time: Duration) {
        self.went_on_at = thread_time;
        self.is_halfway = false;
    }
}

/// A sample stands for an epoch, if the guest went on in earnest.
fn sample(rest: Duration) -> Duration {
    let share =
        rest.min(EARNEST).as_micros().saturating_mul(EPOCH.as_micros()) / EARNEST.as_micros();
    Duration::from_micros(u64::try_from(share).unwrap_or_default())
}

impl Account {
    pub fn new(
        conduct: Arc<Conduct>,
        most: Duration,
        most_waiting: Duration,
        place: Place,
    ) -> Arc<Self> {
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
        let met = locked(&self.run).turn(epochs(), thread_time);
        if let Some((sender, charge)) = met {
            self.conduct.charge(&sender, charge, Duration::ZERO);
        }
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

    /// An epoch reaches a guest: one that has computed since before it is charged, and gives the
    /// thread back for a moment. One that computes for too long is lost.
    pub fn beat(
        self: &Arc<Self>,
        mut store: StoreContextMut<'_, Guest>,
    ) -> wasmtime::Result<UpdateDeadline> {
        if !locked(&self.run).is_met(epochs()) {
            return Ok(UpdateDeadline::Continue(1));
        }
        // The last one on the stack is the call that came from outside.
        let task = store.async_call_stack()?.last();
        let sender = task.and_then(|task| locked(&self.tasks).get(&task).cloned());
        let mut run = locked(&self.run);
        let charge = run.beat(sender.clone(), thread_time);
        let computed = run.computed;
        let is_lost = computed >= self.most
            || run.since.is_some_and(|since| since.elapsed() >= self.most_waiting);
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
            self.give_up_place();
        }
        let account = self.clone();
        Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(async move {
                tokio::task::yield_now().await;
                locked(&account.run).goes_on(thread_time());
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
    fn who_did_not_compute_when_an_epoch_began_is_not_charged() {
        let mut run = Run::default();
        for epoch in 1..=1_000 {
            assert!(run.turn(epoch, || unreachable!("no system call for it")).is_none());
            assert!(!run.is_met(epoch));
        }
        assert!(!run.is_halfway && run.since.is_none());
        assert_eq!(run.signs, 2_000, "but it shows that the instance is alive");
    }

    #[test]
    fn a_run_is_charged_in_processor_time() {
        let mut run = Run::default();
        run.turn(1, || unreachable!());
        assert!(run.is_met(2) && run.is_halfway);
        assert_eq!(
            run.beat(Some(sender()), || unreachable!("nothing to compare with")),
            Duration::ZERO
        );
        run.goes_on(100 * MS);
        // An epoch or thirty have begun meanwhile: what counts is that the thread had the processor
        // for 3 ms.
        assert!(run.is_met(32));
        assert_eq!(
            run.beat(Some(sender()), || 103 * MS),
            EPOCH + 3 * MS,
            "and the sample that came first"
        );
        // It goes on upon another thread, whose time is its own.
        run.goes_on(7 * MS);
        assert!(run.is_met(33));
        assert_eq!(run.beat(Some(sender()), || 17 * MS), 10 * MS);
        assert_eq!((run.computed, run.is_halfway), (13 * MS, true));
        assert!(run.turn(33, || unreachable!()).is_none());
        assert_eq!((run.computed, run.is_halfway), (Duration::ZERO, false), "a pause ends it");
        assert!(!run.is_met(33));
    }

    /// On a busy machine the kernel takes the core away in the middle of a turn, and epochs begin
    /// meanwhile.
    #[test]
    fn who_waits_for_a_core_is_not_charged_for_it() {
        let mut run = Run::default();
        for (rest, charged) in [(20, 800), (125, 5_000), (250, 10_000), (9_000, 10_000)] {
            run.turn(1, || unreachable!());
            assert!(run.is_met(7));
            assert_eq!(run.beat(Some(sender()), || unreachable!()), Duration::ZERO);
            run.goes_on(50 * MS);
            let (_, charge) = run.turn(7, || 50 * MS + Duration::from_micros(rest)).unwrap();
            assert_eq!(charge.as_micros(), charged, "{rest} µs after the sample");
        }
    }
}
