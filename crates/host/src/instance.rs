//! The instances of one HTTP component: a few, each working on many requests at once. Senders take
//! turns in the queue. Senders whose requests compute for long have instances of their own in the
//! back room, on threads of low priority ([conduct.rs](conduct.rs)). An instance that traps, stalls
//! or exceeds a request's time is replaced. The others and its successor serve the requests that it
//! had not taken. This file knows nothing of routes or connections.

mod serving;

use crate::{
    account::Account,
    affinity::Affinity,
    back_room::{AtWork, BackRoom},
    caller::Id,
    cli::Limits,
    conduct::{Conduct, Sender},
    fair::FairQueue,
    interfaces::guest::{Grants, Guest},
    metrics::ComponentMetrics,
};
use bytes::Bytes;
use http_body_util::Full;
use prometheus_client::metrics::gauge::Gauge;
use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{runtime::Handle, sync::oneshot};
use wasmtime::Store;
use wasmtime_wasi_http::p3::bindings::{Service, ServicePre};

/// Why a component gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The queue is full.
    Busy,
    /// The instance trapped or was killed while it worked on this.
    Trapped,
    TimedOut,
    /// The guest returned an error instead of a response, or an unusable response.
    NoResponse,
}

pub type Reply = Result<http::Response<Bytes>, Failure>;

/// An instance of the back room ends after this long without a request.
const IDLE: Duration = Duration::from_secs(30);

struct InFlightRequest {
    request: http::Request<Full<Bytes>>,
    sender: Arc<Sender>,
    reply: oneshot::Sender<Reply>,
    /// Requests of the same place are for the same queue in front.
    place: usize,
    queued_at: Instant,
    /// Set while this request waits for the back room.
    at_work: Option<AtWork>,
}

pub struct Component {
    pub name: String,
    pub metrics: ComponentMetrics,
    worker: Arc<Worker>,
    affinity: Option<Affinity>,
}

impl Component {
    /// Starts the instances; `back_room` has the threads of low priority.
    pub fn start(
        pre: ServicePre<Guest>,
        grants: Arc<Grants>,
        limits: &Limits,
        metrics: ComponentMetrics,
        back_room: Arc<BackRoom>,
        affinity: Option<Affinity>,
    ) -> Self {
        let queue = |shares: u16| Arc::new(FairQueue::new(limits.max_queue / usize::from(shares)));
        // Either the instances share one queue, or each has its own.
        let queues = affinity.as_ref().map_or(1, |_| limits.instances);
        let name = grants.component.clone();
        let worker = Arc::new(Worker {
            pre,
            grants,
            limits: limits.clone(),
            metrics: metrics.clone(),
            conduct: Arc::new(Conduct::new()),
            front: (0..queues).map(|_| queue(queues)).collect(),
            back: queue(1),
            in_back: AtomicU32::new(0),
            back_room,
        });
        for queue in worker.front.iter().cycle().take(usize::from(limits.instances)) {
            tokio::spawn(worker.clone().run_instance(Room::Front(queue.clone())));
        }
        Self { name, metrics, worker, affinity }
    }

    /// Hands the request to the first instance that takes it, and waits for its answer. `from` is
    /// the sender for the order of turns, and whether it is a known tenant.
    pub async fn call(&self, request: http::Request<Bytes>, (from, is_known): (Id, bool)) -> Reply {
        let _in_flight = GaugeGuard::new(&self.metrics.in_flight);
        let (reply, answer) = oneshot::channel();
        let sender = self.worker.conduct.request(from);
        if is_known {
            self.worker.conduct.record_tenant(from);
        }
        let place = self.affinity.as_ref().map_or(0, |affinity| affinity.place_of(&request));
        let request = request.map(Full::new);
        let queued_at = Instant::now();
        let in_flight = InFlightRequest { request, sender, reply, place, queued_at, at_work: None };
        self.worker.queue(in_flight);
        // The sender is dropped unused exactly when the instance died.
        answer.await.unwrap_or(Err(Failure::Trapped))
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        for queue in self.worker.front.iter().chain([&self.worker.back]) {
            queue.close();
        }
    }
}

/// Adds one to a gauge until it is dropped.
struct GaugeGuard<'a>(&'a Gauge);

impl<'a> GaugeGuard<'a> {
    fn new(gauge: &'a Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for GaugeGuard<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

type Queue = Arc<FairQueue<InFlightRequest>>;

/// Where an instance works.
#[derive(Clone)]
enum Room {
    /// On the requests of this queue.
    Front(Queue),
    /// For senders whose requests compute for long.
    Back,
}

impl Room {
    fn is_front(&self) -> bool {
        matches!(self, Self::Front(_))
    }
}

struct Worker {
    pre: ServicePre<Guest>,
    grants: Arc<Grants>,
    limits: Limits,
    metrics: ComponentMetrics,
    conduct: Arc<Conduct>,
    front: Vec<Queue>,
    back: Queue,
    in_back: AtomicU32,
    back_room: Arc<BackRoom>,
}

/// One of the limited slots for an instance. Dropping it starts the successor.
pub struct InstanceSlot {
    worker: Arc<Worker>,
    room: Room,
}

impl InstanceSlot {
    pub fn is_in_front(&self) -> bool {
        self.room.is_front()
    }
}

impl Drop for InstanceSlot {
    fn drop(&mut self) {
        match &self.room {
            Room::Front(queue) => {
                if let Ok(runtime) = Handle::try_current()
                    && !queue.is_closed()
                {
                    runtime.spawn(self.worker.clone().run_instance(self.room.clone()));
                }
            }
            Room::Back => {
                self.worker.in_back.fetch_sub(1, Ordering::SeqCst);
                if self.worker.back.waiting() > 0 {
                    self.worker.open_back();
                }
            }
        }
    }
}

impl Worker {
    fn queue_of<'a>(&'a self, room: &'a Room) -> &'a Queue {
        match room {
            Room::Front(queue) => queue,
            Room::Back => &self.back,
        }
    }

    fn queue(self: &Arc<Self>, mut in_flight: InFlightRequest) {
        let is_in_back = self.conduct.is_in_back(&in_flight.sender);
        in_flight.at_work = is_in_back.then(|| self.back_room.at_work());
        let front = self.front.get(in_flight.place % self.front.len().max(1));
        let queue = front.filter(|_| !is_in_back).unwrap_or(&self.back);
        self.push(queue, in_flight);
        if is_in_back {
            self.open_back();
        }
    }

    /// Takes the requests that have waited for long for another instance in front: it may be
    /// blocked. Any instance may serve any request.
    fn take_over(&self, room: &Room) {
        let Room::Front(own) = room else { return };
        let long = self.limits.stall_timeout / 4;
        for queue in self.front.iter().filter(|queue| !Arc::ptr_eq(queue, own)) {
            while let Some(in_flight) = queue.try_next(|_, one| one.queued_at.elapsed() > long) {
                self.push(own, in_flight);
            }
        }
    }

    fn push(&self, queue: &Queue, in_flight: InFlightRequest) {
        if let Some(out) = queue.push(in_flight.sender.id, in_flight) {
            self.metrics.refused.inc();
            drop(out.reply.send(Err(Failure::Busy)));
        }
    }

    /// Opens one more instance in the back room, while there are fewer than in front.
    fn open_back(self: &Arc<Self>) {
        let max = u32::from(self.limits.instances);
        let add = |count: u32| (count < max).then_some(count + 1);
        if self.in_back.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add).is_ok() {
            self.back_room.spawn(self.clone().run_instance(Room::Back));
        }
    }

    /// Runs one instance from start to end.
    async fn run_instance(self: Arc<Self>, room: Room) {
        let slot = InstanceSlot { worker: self.clone(), room: room.clone() };
        let account = Account::new(
            self.conduct.clone(),
            self.limits.stall_timeout,
            self.limits.request_timeout * 2,
            slot,
        );
        let mut pause = Duration::from_millis(50);
        let (mut store, service) = loop {
            match self.instantiate(&account).await {
                Ok(made) => break made,
                Err(error) => self.cannot_start(&room, &error),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        };
        let _live = GaugeGuard::new(self.living(&room));
        let served = store.run_concurrent(async |accessor| {
            let mut serving = pin!(self.serve(accessor, &service, &account, &room));
            poll_fn(|context| {
                account.turn();
                serving.as_mut().poll(context)
            })
            .await
        });
        let mut served = pin!(served);
        let served = poll_fn(|context| {
            let polled = served.as_mut().poll(context);
            let queue = self.queue_of(&room);
            if polled.is_pending() && account.becomes_quiet() && queue.waiting() > 0 {
                queue.wake_all();
            }
            polled
        });
        let outcome = tokio::select! {
            outcome = account.measured(served) => outcome.and_then(|inner| inner),
            () = self.watch(&account) => Err(wasmtime::Error::msg(format!(
                "stalled: blocked for more than {:?} without a pause", self.limits.stall_timeout
            ))),
        };
        if let Err(error) = outcome {
            self.metrics.traps.inc();
            tracing::error!(component = self.grants.component, "instance lost: {error:#}");
        }
        // A successor takes over now, even if something still holds the account.
        account.release_slot();
    }

    fn living(&self, room: &Room) -> &Gauge {
        if room.is_front() { &self.metrics.instances } else { &self.metrics.back_instances }
    }

    /// Fails the waiting requests if no instance lives, since this one cannot start.
    fn cannot_start(&self, room: &Room, error: &wasmtime::Error) {
        tracing::error!(component = self.grants.component, "cannot instantiate: {error:#}");
        while self.living(room).get() == 0
            && let Some(in_flight) = self.queue_of(room).try_next(|_, _| true)
        {
            drop(in_flight);
        }
    }

    async fn instantiate(
        &self,
        account: &Arc<Account>,
    ) -> wasmtime::Result<(Store<Guest>, Service)> {
        let mut store = Store::new(self.pre.engine(), Guest::new(&self.grants));
        store.limiter(|guest| &mut guest.limits);
        store.set_epoch_deadline(1);
        let beating = account.clone();
        store.epoch_deadline_callback(move |store| beating.beat(store));
        let service = account.measured(self.pre.instantiate_async(&mut store)).await?;
        Ok((store, service))
    }

    /// Ends when the instance has shown no sign of life during four beats in a row. It counts beats
    /// instead of reading a clock. So a machine that wakes from suspension does not kill every
    /// instance.
    async fn watch(&self, account: &Account) {
        let (mut last, mut missed) = (0, 0);
        while missed < 5 {
            tokio::time::sleep(self.limits.stall_timeout / 4).await;
            let now = account.signs_of_life();
            missed = if now == last { missed + 1 } else { 0 };
            last = now;
        }
    }
}

/// A store for a scheduled run, with its limits set: memory, and a pause at every epoch.
pub fn new_store(engine: &wasmtime::Engine, grants: &Arc<Grants>) -> Store<Guest> {
    let mut store = Store::new(engine, Guest::new(grants));
    store.limiter(|guest| &mut guest.limits);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store
}
