//! Serves requests in one instance: takes them in turn, hands each to the guest, and collects the
//! answer.

use super::{Failure, IDLE, InFlightRequest, Reply, Room, Worker};
use crate::{
    account::Account, caller::Id, conduct::Sender, interfaces::guest::Guest, sqlite::RequestState,
};
use bytes::Bytes;
use futures::{
    future::{Either, select},
    stream::{FuturesUnordered, StreamExt},
};
use http_body_util::{BodyExt, Full, Limited};
use std::{collections::HashMap, pin::pin, sync::Arc, time::Instant};
use wasmtime::{AsContextMut, component::Accessor};
use wasmtime_wasi_http::{
    Error, FieldMap, WasiHttpView,
    p3::{
        Request,
        bindings::{Service, http::types::ErrorCode},
    },
};

/// A request that a guest works on. Unless it was answered, dropping this marks it as over.
#[derive(Default)]
struct RequestGuard(Arc<RequestState>);

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.set_over();
    }
}

/// How one request ended for the instance.
enum Ended {
    Answered,
    /// It ran out of time, and its task may still be in the instance.
    Late,
    Trapped(wasmtime::Error),
}

impl Worker {
    /// Takes requests and drives them until the slot is released and the last request has ended.
    pub(super) async fn serve(
        self: &Arc<Self>,
        accessor: &Accessor<Guest>,
        service: &Service,
        account: &Account,
        room: &Room,
    ) -> wasmtime::Result<()> {
        let mut running = FuturesUnordered::new();
        let mut at_once: HashMap<Id, u32> = HashMap::new();
        let (mut taken, mut busy_at) = (0_u64, Instant::now());
        let mut beat = tokio::time::interval(self.limits.stall_timeout / 4);
        let (max, queue) = (self.limits.max_concurrency, self.queue_of(room));
        loop {
            let makes_way = room.is_front() && self.back_room.is_closed();
            let has_room = running.len() < usize::try_from(max).unwrap_or(usize::MAX);
            let takes = account.has_slot() && has_room && !makes_way;
            let may = |id: Id, in_flight: &InFlightRequest| {
                account.is_quiet()
                    && at_once.get(&id).copied().unwrap_or_default()
                        < self.conduct.max_at_once(&in_flight.sender, max)
            };
            tokio::select! {
                biased;
                Some((id, record_end)) = running.next(), if !running.is_empty() => {
                    one_less(&mut at_once, id);
                    match record_end {
                        Ended::Answered => {}
                        Ended::Late => account.release_slot(),
                        Ended::Trapped(error) => return Err(error),
                    }
                }
                in_flight = queue.next(may), if takes => {
                    if room.is_front() && self.conduct.is_in_back(&in_flight.sender) {
                        self.queue(in_flight);
                    } else {
                        account.start_request();
                        let id = in_flight.sender.id;
                        *at_once.entry(id).or_default() += 1;
                        running.push(async move { (id, self.handle(accessor, service, account, in_flight).await) });
                        taken = taken.saturating_add(1);
                        if taken == self.limits.instance_requests {
                            account.release_slot();
                        }
                    }
                }
                () = self.back_room.wait_until_open(), if makes_way => {}
                _ = beat.tick() => self.take_over(room),
            }
            if !running.is_empty() {
                busy_at = Instant::now();
            } else if !room.is_front() && busy_at.elapsed() > IDLE {
                account.release_slot();
            }
            if running.is_empty() && !account.has_slot() {
                return Ok(());
            }
        }
    }

    async fn handle(
        &self,
        accessor: &Accessor<Guest>,
        service: &Service,
        account: &Account,
        in_flight: InFlightRequest,
    ) -> Ended {
        let InFlightRequest { request, sender, mut reply, at_work: _at_work, .. } = in_flight;
        if reply.is_closed() {
            // The client left while this was queued.
            return Ended::Answered;
        }
        let guard = RequestGuard::default();
        let answer = async {
            let answer =
                pin!(self.answer(accessor, service, account, (&sender, &guard.0), request));
            // A client that left needs no more reads; the guest's work goes on.
            match select(answer, pin!(reply.closed())).await {
                Either::Left((answer, _)) => answer,
                Either::Right(((), answer)) => {
                    guard.0.set_client_left();
                    answer.await
                }
            }
        };
        let answer = tokio::time::timeout(self.limits.request_timeout, answer).await;
        match answer {
            Ok(Ok(answer)) => {
                guard.0.set_answered();
                sender.record_end();
                // A client that left meanwhile misses the answer; the guest's work stands.
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

    /// A trap is an error; an error that the guest returns is an outcome.
    async fn answer(
        &self,
        accessor: &Accessor<Guest>,
        service: &Service,
        account: &Account,
        (sender, request_state): (&Arc<Sender>, &Arc<RequestState>),
        request: http::Request<Full<Bytes>>,
    ) -> wasmtime::Result<Reply> {
        let (parts, body) = request.into_parts();
        let uri = parts.uri.into_parts();
        let body = body.map_err(Error::from);
        let handler = service.wasi_http_handler().func_handle();
        let (call, sent) = accessor.with(|mut access| {
            let http = access.get().http();
            let headers = FieldMap::new_immutable(http.hooks, parts.headers);
            let (request, sent) = Request::new(
                parts.method,
                uri.scheme,
                uri.authority,
                uri.path_and_query,
                headers,
                None,
                body,
            );
            let request = http.table.push(request)?;
            let call = handler.start_call_concurrent(access.as_context_mut(), (request,))?;
            access.get().requests.insert(call.task(), request_state.clone());
            wasmtime::error::Ok((call, sent))
        })?;
        // The guest's statements find their request by this task. After the answer, only the time
        // limit bounds a task that still runs.
        let task = call.task();
        account.begin(task, sender.clone());
        let over = |accessor: &Accessor<Guest>| {
            account.end(task);
            accessor.with(|mut access| access.get().requests.remove(&task));
        };
        let outcome = handler.finish_call_concurrent(accessor, call).await?.0;
        let response = match outcome {
            Ok(response) => {
                accessor.with(|mut access| access.get().http().table.delete(response))?
            }
            Err(code) => {
                over(accessor);
                return Ok(self.no_response(&code));
            }
        };
        let response = accessor.with(|access| response.into_http(access, sent))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, self.limits.max_response_body).collect().await;
        over(accessor);
        match body {
            Ok(body) => Ok(Ok(http::Response::from_parts(parts, body.to_bytes()))),
            Err(error) => {
                tracing::error!(
                    component = self.grants.component,
                    "unusable response body: {error}"
                );
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

fn one_less(at_once: &mut HashMap<Id, u32>, id: Id) {
    if let Some(count) = at_once.get_mut(&id) {
        *count -= 1;
        if *count == 0 {
            at_once.remove(&id);
        }
    }
}
