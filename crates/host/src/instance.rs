//! The instances of one HTTP component: a few, each working on many requests at once, all taking from one queue. An instance that traps,
//! stalls or lets a request run out of time is replaced; what it had not taken is served by the others and its successor. Knows
//! nothing of routes or connections.

use crate::{
    cli::Limits,
    interfaces::guest::{Grants, Guest},
    metrics::ComponentMetrics,
    sqlite::Asked,
};
use async_channel::{Receiver, Sender};
use bytes::Bytes;
use futures::{
    future::{Either, select},
    stream::{FuturesUnordered, StreamExt},
};
use http_body_util::{BodyExt, Full, Limited};
use prometheus_client::metrics::gauge::Gauge;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::oneshot;
use wasmtime::{
    Store,
    component::{Accessor, Resource, TypedFunc},
};
use wasmtime_wasi_http::{
    Error, FieldMap, WasiHttpView,
    p3::{
        Request, Response,
        bindings::{ServicePre, http::types::ErrorCode},
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
    queue: Sender<Exchange>,
}

impl Component {
    /// Starts the instances.
    pub fn start(pre: ServicePre<Guest>, grants: Arc<Grants>, limits: &Limits, metrics: ComponentMetrics) -> Self {
        let (queue, requests) = async_channel::bounded(limits.max_queue.max(1));
        let name = grants.component.clone();
        let worker = Arc::new(Worker { pre, grants, limits: limits.clone(), metrics: metrics.clone(), requests });
        for _ in 0..limits.instances {
            tokio::spawn(worker.clone().run_instance());
        }
        Self { name, metrics, queue }
    }

    /// Hands the request to whichever instance takes it first and waits for its answer.
    pub async fn call(&self, request: http::Request<Full<Bytes>>) -> Reply {
        let _in_flight = Counted::new(&self.metrics.in_flight);
        let (reply, answer) = oneshot::channel();
        if self.queue.try_send(Exchange { request, reply }).is_err() {
            self.metrics.refused.inc();
            return Err(Failure::Busy);
        }
        // The sender is dropped unused exactly when the instance died.
        answer.await.unwrap_or(Err(Failure::Trapped))
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

/// What every instance is made from.
struct Worker {
    pre: ServicePre<Guest>,
    grants: Arc<Grants>,
    limits: Limits,
    metrics: ComponentMetrics,
    requests: Receiver<Exchange>,
}

/// An instance's place among the few. Giving it up, for whatever reason, starts the successor.
struct Place(Arc<Worker>);

impl Drop for Place {
    fn drop(&mut self) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current()
            && !self.0.requests.is_closed()
        {
            runtime.spawn(self.0.clone().run_instance());
        }
    }
}

/// The guest's function. It is called by hand, because only so the task that answers a request is known, and with it whose statements run.
type Handle = TypedFunc<(Resource<Request>,), (Result<Resource<Response>, ErrorCode>,)>;

/// One request on its way through an instance; unless it was answered, it is over when this is dropped, however that comes.
#[derive(Default)]
struct InFlight(Arc<Asked>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.is_over();
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
    async fn run_instance(self: Arc<Self>) {
        let mut pause = Duration::from_millis(50);
        let (mut store, service) = loop {
            match self.instantiate().await {
                Ok(made) => break made,
                Err(error) => self.cannot_start(&error),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        };
        let _live = Counted::new(&self.metrics.instances);
        let place = Place(self.clone());
        let beats = AtomicU64::new(0);
        let served = store.run_concurrent(async |accessor| self.serve(accessor, &service, place, &beats).await);
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

    /// Nobody may wait for an instance that does not come, unless another one lives.
    fn cannot_start(&self, error: &wasmtime::Error) {
        tracing::error!(component = self.grants.component, "cannot instantiate: {error:#}");
        while self.metrics.instances.get() == 0
            && let Ok(exchange) = self.requests.try_recv()
        {
            drop(exchange);
        }
    }

    async fn instantiate(&self) -> wasmtime::Result<(Store<Guest>, Handle)> {
        let mut store = new_store(self.pre.engine(), &self.grants);
        let instance = self.pre.instance_pre().instantiate_async(&mut store).await?;
        let handler = instance.get_export_index(&mut store, None, "wasi:http/handler@0.3.0");
        let handle = instance.get_export_index(&mut store, handler.as_ref(), "handle");
        let handle = handle.ok_or_else(|| wasmtime::Error::msg("exports no handler"))?;
        let handle = instance.get_typed_func(&mut store, handle)?;
        Ok((store, handle))
    }

    /// Takes requests and drives them until the place is given up and the last one has ended.
    async fn serve(
        &self,
        accessor: &Accessor<Guest>,
        service: &Handle,
        place: Place,
        beats: &AtomicU64,
    ) -> wasmtime::Result<()> {
        let mut place = Some(place);
        let mut running = FuturesUnordered::new();
        let mut taken = 0_u64;
        let mut beat = tokio::time::interval(self.limits.stall_timeout / 4);
        let most = usize::try_from(self.limits.max_concurrency).unwrap_or(usize::MAX);
        loop {
            let takes = place.is_some() && running.len() < most;
            tokio::select! {
                biased;
                Some(ended) = running.next(), if !running.is_empty() => match ended {
                    Ended::Answered => {}
                    Ended::Late => drop(place.take()),
                    Ended::Trapped(error) => return Err(error),
                },
                Ok(exchange) = self.requests.recv(), if takes => {
                    running.push(self.handle(accessor, service, exchange));
                    taken = taken.saturating_add(1);
                    if taken == self.limits.instance_requests {
                        drop(place.take());
                    }
                }
                _ = beat.tick() => {
                    beats.fetch_add(1, Ordering::Relaxed);
                }
            }
            if place.is_none() && running.is_empty() {
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

    async fn handle(&self, accessor: &Accessor<Guest>, service: &Handle, exchange: Exchange) -> Ended {
        let Exchange { request, mut reply } = exchange;
        if reply.is_closed() {
            // The client left while this was queued.
            return Ended::Answered;
        }
        let asked = InFlight::default();
        let answer = async {
            let answer = std::pin::pin!(self.answer(accessor, service, request, &asked.0));
            // Who left needs no more reading done; the guest's work goes on.
            match select(answer, std::pin::pin!(reply.closed())).await {
                Either::Left((answer, _)) => answer,
                Either::Right(((), answer)) => {
                    asked.0.left();
                    answer.await
                }
            }
        };
        let answer = tokio::time::timeout(self.limits.request_timeout, answer).await;
        match answer {
            Ok(Ok(answer)) => {
                asked.0.answered();
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
        service: &Handle,
        request: http::Request<Full<Bytes>>,
        asked: &Arc<Asked>,
    ) -> wasmtime::Result<Reply> {
        let (parts, body) = request.into_parts();
        let headers = accessor.with(|mut access| FieldMap::new_immutable(access.get().http().hooks, parts.headers));
        let uri = parts.uri.into_parts();
        let body = body.map_err(Error::from);
        let (request, sent) =
            Request::new(parts.method, uri.scheme, uri.authority, uri.path_and_query, headers, None, body);
        let call = accessor.with(|mut access| -> wasmtime::Result<_> {
            let request = access.get().table.push(request)?;
            let call = service.start_call_concurrent(&mut access, (request,))?;
            access.get().requests.insert(call.task(), asked.clone());
            Ok(call)
        })?;
        // Its statements find the request by this; a task that outlives its answer is bound by the clock alone.
        let task = call.task();
        let (response,) = service.finish_call_concurrent(accessor, call).await?;
        let response = match response {
            Ok(response) => accessor.with(|mut access| access.get().table.delete(response))?,
            Err(code) => {
                accessor.with(|mut access| access.get().requests.remove(&task));
                return Ok(self.no_response(&code));
            }
        };
        let response = accessor.with(|access| response.into_http(access, sent))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, self.limits.max_response_body).collect().await;
        accessor.with(|mut access| access.get().requests.remove(&task));
        match body {
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

/// A store with its limits set: memory, and a pause at every epoch.
pub fn new_store(engine: &wasmtime::Engine, grants: &Arc<Grants>) -> Store<Guest> {
    let mut store = Store::new(engine, Guest::new(grants));
    store.limiter(|guest| &mut guest.limits);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store
}
