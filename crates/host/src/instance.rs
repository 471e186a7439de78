//! The instances of one HTTP component. Each slot has a queue and one live instance, which works on many requests at once. An instance
//! that traps, stalls or lets a request run out of time is replaced; its queue passes to the successor, so what had not begun is not
//! lost. Knows nothing of routes or connections.

use crate::{
    cli::Limits,
    interfaces::guest::{Grants, Guest},
    metrics::ComponentMetrics,
};
use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt};
use http_body_util::{BodyExt, Full, Limited};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};
use wasmtime::{Store, component::Accessor};
use wasmtime_wasi_http::{
    Error, FieldMap, WasiHttpView,
    p3::{
        Request,
        bindings::{Service, ServicePre, http::types::ErrorCode},
    },
};

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

struct Exchange {
    request: http::Request<Full<Bytes>>,
    reply: oneshot::Sender<Reply>,
}

/// One component, ready to answer.
pub struct Component {
    pub name: String,
    pub metrics: ComponentMetrics,
    slots: Vec<Slot>,
}

struct Slot {
    queue: mpsc::Sender<Exchange>,
    load: AtomicUsize,
}

impl Component {
    /// Starts the instances.
    pub fn start(pre: ServicePre<Guest>, grants: Arc<Grants>, limits: &Limits, metrics: ComponentMetrics) -> Self {
        let slots = (0..limits.instances).map(|_| {
            let (queue, requests) = mpsc::channel(limits.max_queue.max(1));
            let worker =
                Worker { pre: pre.clone(), grants: grants.clone(), limits: limits.clone(), metrics: metrics.clone() };
            tokio::spawn(Arc::new(worker).run_instance(requests));
            Slot { queue, load: AtomicUsize::new(0) }
        });
        let slots = slots.collect();
        Self { name: grants.component.clone(), metrics, slots }
    }

    /// Hands the request to the least busy instance and waits for its answer.
    pub async fn call(&self, request: http::Request<Full<Bytes>>) -> Reply {
        let slot = self.slots.iter().min_by_key(|slot| slot.load.load(Ordering::Relaxed)).ok_or(Failure::Busy)?;
        let _load = Load::new(&slot.load);
        self.metrics.in_flight.inc();
        let (reply, answer) = oneshot::channel();
        let outcome = match slot.queue.try_send(Exchange { request, reply }) {
            // The sender is dropped unused exactly when the instance died.
            Ok(()) => answer.await.unwrap_or(Err(Failure::Trapped)),
            Err(_) => {
                self.metrics.refused.inc();
                Err(Failure::Busy)
            }
        };
        self.metrics.in_flight.dec();
        outcome
    }
}

/// Counts one request of a slot, also when the client goes away.
struct Load<'a>(&'a AtomicUsize);

impl<'a> Load<'a> {
    fn new(load: &'a AtomicUsize) -> Self {
        load.fetch_add(1, Ordering::Relaxed);
        Self(load)
    }
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What every instance of one slot is made from.
struct Worker {
    pre: ServicePre<Guest>,
    grants: Arc<Grants>,
    limits: Limits,
    metrics: ComponentMetrics,
}

/// The right to take requests from a slot's queue. Dropping it, for whatever reason, starts the next instance with it.
struct Lease {
    worker: Arc<Worker>,
    requests: Option<mpsc::Receiver<Exchange>>,
}

impl Lease {
    async fn next(&mut self) -> Option<Exchange> {
        let next = self.requests.as_mut()?.recv().await;
        if next.is_none() {
            self.requests = None;
        }
        next
    }

    fn next_queued(&mut self) -> Option<Exchange> {
        self.requests.as_mut()?.try_recv().ok()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(requests) = self.requests.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(self.worker.clone().run_instance(requests));
        }
    }
}

/// How one request ended for the instance.
enum Ended {
    Answered,
    /// It ran out of time and its task may still sit in the instance.
    Late,
    Trapped(wasmtime::Error),
}

impl Worker {
    /// One instance from birth to death.
    async fn run_instance(self: Arc<Self>, mut requests: mpsc::Receiver<Exchange>) {
        let mut pause = Duration::from_millis(50);
        let (mut store, service) = loop {
            match self.instantiate().await {
                Ok(made) => break made,
                Err(error) => {
                    tracing::error!(component = self.grants.component, "cannot instantiate: {error:#}");
                    while let Ok(exchange) = requests.try_recv() {
                        drop(exchange);
                    }
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
            if requests.is_closed() {
                return;
            }
        };
        let _live = Live::new(&self.metrics);
        let lease = Lease { worker: self.clone(), requests: Some(requests) };
        let beats = AtomicU64::new(0);
        let served = store.run_concurrent(async |accessor| self.serve(accessor, &service, lease, &beats).await);
        let outcome = tokio::select! {
            outcome = served => outcome.and_then(|inner| inner),
            () = self.watch(&beats) => Err(wasmtime::Error::msg(format!(
                "stalled: computed or blocked for more than {:?} without a pause", self.limits.stall_timeout
            ))),
        };
        if let Err(error) = outcome {
            self.metrics.traps.inc();
            tracing::error!(component = self.grants.component, "instance lost: {error:#}");
        }
    }

    async fn instantiate(&self) -> wasmtime::Result<(Store<Guest>, Service)> {
        let mut store = new_store(self.pre.engine(), &self.grants);
        let service = self.pre.instantiate_async(&mut store).await?;
        Ok((store, service))
    }

    /// Takes requests and drives them until the lease is given up and the last one has ended.
    async fn serve(
        &self,
        accessor: &Accessor<Guest>,
        service: &Service,
        lease: Lease,
        beats: &AtomicU64,
    ) -> wasmtime::Result<()> {
        let mut lease = Some(lease);
        let mut running = FuturesUnordered::new();
        let mut taken = 0_u64;
        let mut beat = tokio::time::interval(self.limits.stall_timeout / 4);
        let most = usize::try_from(self.limits.max_concurrency).unwrap_or(usize::MAX);
        loop {
            let room = running.len() < most;
            tokio::select! {
                biased;
                Some(ended) = running.next(), if !running.is_empty() => match ended {
                    Ended::Answered => {}
                    Ended::Late => drop(lease.take()),
                    Ended::Trapped(error) => return Err(error),
                },
                next = next_of(&mut lease), if room && lease.is_some() => match next {
                    Some(exchange) => {
                        running.push(self.handle(accessor, service, exchange));
                        taken = taken.saturating_add(1);
                        while running.len() < most
                            && let Some(exchange) = lease.as_mut().and_then(Lease::next_queued)
                        {
                            running.push(self.handle(accessor, service, exchange));
                            taken = taken.saturating_add(1);
                        }
                        if self.limits.instance_requests > 0 && taken >= self.limits.instance_requests {
                            drop(lease.take());
                        }
                    }
                    None => lease = None,
                },
                _ = beat.tick() => {
                    beats.fetch_add(1, Ordering::Relaxed);
                }
                else => return Ok(()),
            }
            if lease.is_none() && running.is_empty() {
                return Ok(());
            }
        }
    }

    /// Ends when the instance has not come up for air during four beats in a row. Counting beats instead of reading a clock keeps a
    /// suspended machine from killing everybody when it wakes.
    async fn watch(&self, beats: &AtomicU64) {
        let (mut last, mut missed) = (0, 0);
        while missed < 5 {
            tokio::time::sleep(self.limits.stall_timeout / 4).await;
            let now = beats.load(Ordering::Relaxed);
            missed = if now == last { missed + 1 } else { 0 };
            last = now;
        }
    }

    async fn handle(&self, accessor: &Accessor<Guest>, service: &Service, exchange: Exchange) -> Ended {
        let Exchange { request, reply } = exchange;
        if reply.is_closed() {
            // The client left while this was queued.
            return Ended::Answered;
        }
        match tokio::time::timeout(self.limits.request_timeout, self.answer(accessor, service, request)).await {
            Ok(Ok(answer)) => {
                // A client that left meanwhile misses it; the guest's work stands.
                drop(reply.send(answer));
                Ended::Answered
            }
            Ok(Err(trap)) => Ended::Trapped(trap),
            Err(_) => {
                self.metrics.timeouts.inc();
                drop(reply.send(Err(Failure::TimedOut)));
                Ended::Late
            }
        }
    }

    /// Errors are traps; a guest's own error is an outcome.
    async fn answer(
        &self,
        accessor: &Accessor<Guest>,
        service: &Service,
        request: http::Request<Full<Bytes>>,
    ) -> wasmtime::Result<Reply> {
        let (parts, body) = request.into_parts();
        let headers = accessor.with(|mut access| FieldMap::new_immutable(access.get().http().hooks, parts.headers));
        let uri = parts.uri.into_parts();
        let body = body.map_err(Error::from);
        let (request, sent) =
            Request::new(parts.method, uri.scheme, uri.authority, uri.path_and_query, headers, None, body);
        let response = match service.handle(accessor, request).await? {
            Ok(response) => response,
            Err(code) => return Ok(self.no_response(&code)),
        };
        let response = accessor.with(|access| response.into_http(access, sent))?;
        let (parts, body) = response.into_parts();
        match Limited::new(body, self.limits.max_response_body).collect().await {
            Ok(body) => Ok(Ok(http::Response::from_parts(parts, body.to_bytes()))),
            Err(error) => {
                tracing::error!(component = self.grants.component, "unusable response body: {error}");
                Ok(Err(Failure::NoResponse))
            }
        }
    }

    fn no_response(&self, code: &ErrorCode) -> Reply {
        tracing::error!(
            component = self.grants.component,
            "the guest returned an error instead of a response: {code:?}"
        );
        Err(Failure::NoResponse)
    }
}

async fn next_of(lease: &mut Option<Lease>) -> Option<Exchange> {
    lease.as_mut()?.next().await
}

/// A store with its limits set: memory, and a pause at every epoch.
pub fn new_store(engine: &wasmtime::Engine, grants: &Arc<Grants>) -> Store<Guest> {
    let mut store = Store::new(engine, Guest::new(grants));
    store.limiter(|guest| &mut guest.limits);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store
}

/// Counts a live instance.
struct Live<'a>(&'a ComponentMetrics);

impl<'a> Live<'a> {
    fn new(metrics: &'a ComponentMetrics) -> Self {
        metrics.instances.inc();
        Self(metrics)
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.0.instances.dec();
    }
}
