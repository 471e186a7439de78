//! What one instance does with requests: takes them in turn, hands each to the guest, and collects
//! the answer.

use super::{Exchange, Failure, IDLE, Reply, Room, Worker};
use crate::{
    account::Account, caller::Id, conduct::Sender, interfaces::guest::Guest, sqlite::Asked,
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

/// One request on its way through an instance; unless it was answered, it is over when this is
/// dropped, however that comes.
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
    /// Takes requests and drives them until the place is given up and the last one has ended.
    pub(super) async fn serve(
        self: &Arc<Self>,
        accessor: &Accessor<Guest>,
        service: &Service,
        account: &Account,
        room: Room,
    ) -> wasmtime::Result<()> {
        let mut running = FuturesUnordered::new();
        let mut at_once: HashMap<Id, u32> = HashMap::new();
        let (mut taken, mut busy_at) = (0_u64, Instant::now());
        let mut beat = tokio::time::interval(self.limits.stall_timeout / 4);
        let (most, queue) = (self.limits.max_concurrency, self.queue_of(room));
        loop {
            let makes_way = room == Room::Front && self.back_room.is_closed();
            let has_room = running.len() < usize::try_from(most).unwrap_or(usize::MAX);
            let takes = account.has_place() && has_room && !makes_way;
            let may = |id: Id, exchange: &Exchange| {
                account.is_quiet()
                    && at_once.get(&id).copied().unwrap_or_default()
                        < self.conduct.allowance(&exchange.sender, most)
            };
            tokio::select! {
                biased;
                Some((id, ended)) = running.next(), if !running.is_empty() => {
                    one_less(&mut at_once, id);
                    match ended {
                        Ended::Answered => {}
                        Ended::Late => account.give_up_place(),
                        Ended::Trapped(error) => return Err(error),
                    }
                }
                exchange = queue.next(may), if takes => {
                    if room == Room::Front && self.conduct.is_in_back(&exchange.sender) {
                        self.queue(exchange);
                    } else {
                        account.takes_one();
                        let id = exchange.sender.id;
                        *at_once.entry(id).or_default() += 1;
                        running.push(async move { (id, self.handle(accessor, service, account, exchange).await) });
                        taken = taken.saturating_add(1);
                        if taken == self.limits.instance_requests {
                            account.give_up_place();
                        }
                    }
                }
                () = self.back_room.passes(), if makes_way => {}
                _ = beat.tick() => {}
            }
            if !running.is_empty() {
                busy_at = Instant::now();
            } else if room == Room::Back && busy_at.elapsed() > IDLE {
                account.give_up_place();
            }
            if running.is_empty() && !account.has_place() {
                return Ok(());
            }
        }
    }

    async fn handle(
        &self,
        accessor: &Accessor<Guest>,
        service: &Service,
        account: &Account,
        exchange: Exchange,
    ) -> Ended {
        let Exchange { request, sender, mut reply, at_work: _at_work } = exchange;
        if reply.is_closed() {
            // The client left while this was queued.
            return Ended::Answered;
        }
        let asked = InFlight::default();
        let answer = async {
            let answer =
                pin!(self.answer(accessor, service, account, (&sender, &asked.0), request));
            // Who left needs no more reading done; the guest's work goes on.
            match select(answer, pin!(reply.closed())).await {
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
                sender.ended();
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
        account: &Account,
        (sender, asked): (&Arc<Sender>, &Arc<Asked>),
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
            access.get().requests.insert(call.task(), asked.clone());
            wasmtime::error::Ok((call, sent))
        })?;
        // Its statements find the request by this; a task that outlives its answer is bound by the
        // clock alone.
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
