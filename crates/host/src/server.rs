//! Listens, speaks HTTP/1.1, bounds what a client may cost, and drains. What is answered is up to the service that it is given.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

use crate::problem::{instance_id, problem};

/// What a listener may spend on clients.
#[derive(Clone)]
pub struct Bounds {
    pub header_timeout: Duration,
    pub max_connections: usize,
    pub open: Gauge,
}

/// A client that takes nothing of its answer for so long is cut off.
const WRITE_STALL: Duration = Duration::from_secs(30);

/// Binds, so that the caller can say where before it serves.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { tokio::net::TcpSocket::new_v4()? } else { tokio::net::TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(4096)
}

/// Serves until `draining` says so, then waits until every connection has finished its request.
pub async fn serve<S, F>(listener: TcpListener, bounds: Bounds, mut draining: watch::Receiver<bool>, service: S)
where
    S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(bounds.max_connections));
    let all_places = u32::try_from(bounds.max_connections).unwrap_or(u32::MAX);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = drain_begins(&mut draining) => break,
        };
        match accepted {
            Ok((stream, _)) => match places.clone().try_acquire_owned() {
                Ok(place) => {
                    tokio::spawn(connection(stream, bounds.clone(), draining.clone(), service.clone(), place));
                }
                Err(_) => turn_away(&stream),
            },
            Err(error) => {
                // Out of file descriptors, or a client that was gone at once: neither must stop the others.
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    drop(listener);
    // All places are free again when the last connection has ended.
    drop(places.acquire_many(all_places).await);
}

async fn connection<S, F>(
    stream: TcpStream,
    bounds: Bounds,
    mut draining: watch::Receiver<bool>,
    service: S,
    _place: OwnedSemaphorePermit,
) where
    S: Fn(Request<Incoming>) -> F + Send + Sync,
    F: Future<Output = Response<Full<Bytes>>> + Send,
{
    bounds.open.inc();
    if let Err(error) = set_options(&stream) {
        tracing::debug!(%error, "socket options");
    }
    let answer = service_fn(|request| {
        let answer = service(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut connection = std::pin::pin!(
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(bounds.header_timeout)
            .max_buf_size(64 * 1024)
            .serve_connection(TokioIo::new(stream), answer)
    );
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = drain_begins(&mut draining) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "connection ended");
    }
    bounds.open.dec();
}

/// Also when the process has let go of the switch.
async fn drain_begins(draining: &mut watch::Receiver<bool>) {
    drop(draining.wait_for(|draining| *draining).await);
}

fn set_options(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(WRITE_STALL))
}

/// An answer for a connection that finds no place, without a task for it.
fn turn_away(stream: &TcpStream) {
    let response = problem(StatusCode::SERVICE_UNAVAILABLE, "too many connections", &instance_id());
    let (_, body) = response.into_parts();
    let text = body_text(body);
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        text.len()
    );
    // It may not even take this; it is closed either way.
    drop(stream.try_write(&[head.as_bytes(), &text].concat()));
}

fn body_text(body: Full<Bytes>) -> Bytes {
    use http_body_util::BodyExt;
    futures::FutureExt::now_or_never(body.collect())
        .and_then(Result::ok)
        .map(|body| body.to_bytes())
        .unwrap_or_default()
}
