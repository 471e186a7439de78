//! The instances of one HTTP component: a few, each working on many requests at once. Senders take
//! turns in the queue, and those whose requests make guests compute for long have instances of
//! their own, in the back room, on threads of low priority ([conduct.rs](conduct.rs)). An instance
//! that traps, stalls or lets a request run out of time is replaced; what it had not taken is
//! served by the others and its successor. Knows nothing of routes or connections.

mod serving;

use crate::{
    account::Account,
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
    time::Duration,
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

/// An instance of the back room that has nothing to do for so long ends.
const IDLE: Duration = Duration::from_secs(30);

struct Exchange {
    request: http::Request<Full<Bytes>>,
    sender: Arc<Sender>,
    reply: oneshot::Sender<Reply>,
    /// While this waits for work of the back room.
    at_work: Option<AtWork>,
}

/// One component, ready to answer.
pub struct Component {
    pub name: String,
    pub metrics: ComponentMetrics,
    worker: Arc<Worker>,
}

impl Component {
    /// Starts the instances; `back_room` has the threads of low priority.
    pub fn start(
        pre: ServicePre<Guest>,
        grants: Arc<Grants>,
        limits: &Limits,
        metrics: ComponentMetrics,
        back_room: Arc<BackRoom>,
    ) -> Self {
        let queue = || FairQueue::new(limits.max_queue);
        let name = grants.component.clone();
        let worker = Arc::new(Worker {
            pre,
            grants,
            limits: limits.clone(),
            metrics: metrics.clone(),
            conduct: Arc::new(Conduct::new()),
            front: queue(),
            back: queue(),
            in_back: AtomicU32::new(0),
            back_room,
        });
        for _ in 0..limits.instances {
            tokio::spawn(worker.clone().run_instance(Room::Front));
        }
        Self { name, metrics, worker }
    }

    /// Hands the request to whichever instance takes it first and waits for its answer. `from` is
    /// who takes turns with others, and whether it is a known tenant.
    pub async fn call(
        &self,
        request: http::Request<Full<Bytes>>,
        (from, is_known): (Id, bool),
    ) -> Reply {
        let _in_flight = Counted::new(&self.metrics.in_flight);
        let (reply, answer) = oneshot::channel();
        let sender = self.worker.conduct.request(from);
        if is_known {
            self.worker.conduct.asks(from);
        }
        self.worker.queue(Exchange { request, sender, reply, at_work: None });
        // The sender is dropped unused exactly when the instance died.
        answer.await.unwrap_or(Err(Failure::Trapped))
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        self.worker.front.close();
        self.worker.back.close();
    }
}

/// One in a gauge for as long as this lives, however it ends.
struct Counted<'a>(&'a Gauge);

impl<'a> Counted<'a> {
    fn new(gauge: &'a Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Where an instance works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Front,
    /// For senders whose requests compute for long.
    Back,
}

/// What every instance is made from.
struct Worker {
    pre: ServicePre<Guest>,
    grants: Arc<Grants>,
    limits: Limits,
    metrics: ComponentMetrics,
    conduct: Arc<Conduct>,
    front: FairQueue<Exchange>,
    back: FairQueue<Exchange>,
    in_back: AtomicU32,
    back_room: Arc<BackRoom>,
}

/// An instance's place among the few. Giving it up, for whatever reason, starts the successor.
pub struct Place {
    worker: Arc<Worker>,
    room: Room,
}

impl Place {
    pub fn is_in_front(&self) -> bool {
        self.room == Room::Front
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let queue = self.worker.queue_of(self.room);
        match self.room {
            Room::Front => {
                if let Ok(runtime) = Handle::try_current()
                    && !queue.is_closed()
                {
                    runtime.spawn(self.worker.clone().run_instance(self.room));
                }
            }
            Room::Back => {
                self.worker.in_back.fetch_sub(1, Ordering::SeqCst);
                if queue.waiting() > 0 {
                    self.worker.open_back();
                }
            }
        }
    }
}

impl Worker {
    fn queue_of(&self, room: Room) -> &FairQueue<Exchange> {
        match room {
            Room::Front => &self.front,
            Room::Back => &self.back,
        }
    }

    fn queue(self: &Arc<Self>, mut exchange: Exchange) {
        let room = if self.conduct.is_in_back(&exchange.sender) { Room::Back } else { Room::Front };
        exchange.at_work = (room == Room::Back).then(|| self.back_room.at_work());
        if let Some(out) = self.queue_of(room).push(exchange.sender.id, exchange) {
            self.metrics.refused.inc();
            drop(out.reply.send(Err(Failure::Busy)));
        }
        if room == Room::Back {
            self.open_back();
        }
    }

    /// One more instance in the back room, while there are fewer than in front.
    fn open_back(self: &Arc<Self>) {
        let most = u32::from(self.limits.instances);
        let add = |count: u32| (count < most).then_some(count + 1);
        if self.in_back.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add).is_ok() {
            self.back_room.spawn(self.clone().run_instance(Room::Back));
        }
    }

    /// One instance from birth to death.
    async fn run_instance(self: Arc<Self>, room: Room) {
        let place = Place { worker: self.clone(), room };
        let account = Account::new(
            self.conduct.clone(),
            self.limits.stall_timeout,
            self.limits.request_timeout * 2,
            place,
        );
        let mut pause = Duration::from_millis(50);
        let (mut store, service) = loop {
            match self.instantiate(&account).await {
                Ok(made) => break made,
                Err(error) => self.cannot_start(room, &error),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        };
        let _live = Counted::new(match room {
            Room::Front => &self.metrics.instances,
            Room::Back => &self.metrics.back_instances,
        });
        let served = store.run_concurrent(async |accessor| {
            let mut serving = pin!(self.serve(accessor, &service, &account, room));
            poll_fn(|context| {
                account.turn();
                serving.as_mut().poll(context)
            })
            .await
        });
        let mut served = pin!(served);
        let served = poll_fn(|context| {
            let polled = served.as_mut().poll(context);
            if polled.is_pending() && account.rests() && self.queue_of(room).waiting() > 0 {
                self.queue_of(room).look_again();
            }
            polled
        });
        let outcome = tokio::select! {
            outcome = served => outcome.and_then(|inner| inner),
            () = self.watch(&account) => Err(wasmtime::Error::msg(format!(
                "stalled: blocked for more than {:?} without a pause", self.limits.stall_timeout
            ))),
        };
        if let Err(error) = outcome {
            self.metrics.traps.inc();
            tracing::error!(component = self.grants.component, "instance lost: {error:#}");
        }
        // Whatever may still hold the account, a successor takes over now.
        account.give_up_place();
    }

    /// Nobody may wait for an instance that does not come, unless another one lives.
    fn cannot_start(&self, room: Room, error: &wasmtime::Error) {
        tracing::error!(component = self.grants.component, "cannot instantiate: {error:#}");
        let living = match room {
            Room::Front => &self.metrics.instances,
            Room::Back => &self.metrics.back_instances,
        };
        while living.get() == 0
            && let Some(exchange) = self.queue_of(room).take(|_, _| true)
        {
            drop(exchange);
        }
    }

    async fn instantiate(
        &self,
        account: &Arc<Account>,
    ) -> wasmtime::Result<(Store<Guest>, Service)> {
        let mut store = Store::new(self.pre.engine(), Guest::new(&self.grants));
        store.limiter(|guest| &mut guest.limits);
        store.set_epoch_deadline(1);
        let account = account.clone();
        store.epoch_deadline_callback(move |store| account.beat(store));
        let service = self.pre.instantiate_async(&mut store).await?;
        Ok((store, service))
    }

    /// Ends when the instance has given no sign of life during four beats in a row. Counting beats
    /// instead of reading a clock keeps a suspended machine from killing everybody when it wakes.
    async fn watch(&self, account: &Account) {
        let (mut last, mut missed) = (0, 0);
        while missed < 5 {
            tokio::time::sleep(self.limits.stall_timeout / 4).await;
            let now = account.signs();
            missed = if now == last { missed + 1 } else { 0 };
            last = now;
        }
    }
}

/// A store of a scheduled run with its limits set: memory, and a pause at every epoch.
pub fn new_store(engine: &wasmtime::Engine, grants: &Arc<Grants>) -> Store<Guest> {
    let mut store = Store::new(engine, Guest::new(grants));
    store.limiter(|guest| &mut guest.limits);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store
}
