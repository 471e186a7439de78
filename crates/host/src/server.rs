//! Listens, serves HTTP/1.1, plain or over TLS, bounds the cost of a client, and drains. The given
//! service answers the requests.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};
use tokio_rustls::TlsAcceptor;

use crate::problem::{instance_id, problem};

/// The resources that a listener may spend on clients.
#[derive(Clone)]
pub struct Bounds {
    pub header_timeout: Duration,
    /// Max bytes of a request head. Also the max bytes of a body that are buffered before they are
    /// read.
    pub max_head: usize,
    pub max_connections: usize,
    pub open: Gauge,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    pub address: SocketAddr,
    pub is_secure: bool,
}

/// Time for the TLS handshake of a client.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A client that reads nothing of its answer for this long is cut off.
const WRITE_STALL: Duration = Duration::from_secs(30);

/// Binds before serving, so that the caller can report the port.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        tokio::net::TcpSocket::new_v4()?
    } else {
        tokio::net::TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(4096)
}

/// Serves until `draining` is set, then waits until every connection has finished its request.
pub async fn serve<S, F>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    bounds: Bounds,
    mut draining: watch::Receiver<bool>,
    service: S,
) where
    S: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let permits = Arc::new(Semaphore::new(bounds.max_connections));
    let all_permits = u32::try_from(bounds.max_connections).unwrap_or(u32::MAX);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = drain_begins(&mut draining) => break,
        };
        match accepted {
            Ok((stream, address)) => match permits.clone().try_acquire_owned() {
                Ok(permit) => {
                    let (tls, bounds) = (tls.clone(), bounds.clone());
                    let connection =
                        connection(stream, address, tls, bounds, draining.clone(), service.clone());
                    tokio::spawn(async move {
                        connection.await;
                        drop(permit);
                    });
                }
                // A client that expects TLS would not understand a plain answer.
                Err(_) if tls.is_some() => drop(stream),
                Err(_) => reject(&stream),
            },
            Err(error) => {
                // The host is out of file descriptors, or the client has left already. Neither must
                // stop the other connections.
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    drop(listener);
    // All permits are free again when the last connection has ended.
    drop(permits.acquire_many(all_permits).await);
}

async fn connection<S, F>(
    stream: TcpStream,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    bounds: Bounds,
    draining: watch::Receiver<bool>,
    service: S,
) where
    S: Fn(Request<Incoming>, Peer) -> F + Send + Sync,
    F: Future<Output = Response<Full<Bytes>>> + Send,
{
    bounds.open.inc();
    if let Err(error) = set_options(&stream) {
        tracing::debug!(%error, "socket options");
    }
    let outcome = match tls {
        None => speak(stream, Peer { address, is_secure: false }, &bounds, draining, service).await,
        Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                speak(stream, Peer { address, is_secure: true }, &bounds, draining, service).await
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no handshake in time".into()),
        },
    };
    if let Err(error) = outcome {
        tracing::debug!(error, "connection ended");
    }
    bounds.open.dec();
}

async fn speak<S, F>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    peer: Peer,
    bounds: &Bounds,
    mut draining: watch::Receiver<bool>,
    service: S,
) -> Result<(), String>
where
    S: Fn(Request<Incoming>, Peer) -> F + Send + Sync,
    F: Future<Output = Response<Full<Bytes>>> + Send,
{
    let answer = service_fn(|request| {
        let answer = service(request, peer);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut connection = std::pin::pin!(
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(bounds.header_timeout)
            .max_buf_size(bounds.max_head)
            .serve_connection(TokioIo::new(stream), answer)
    );
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = drain_begins(&mut draining) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    outcome.map_err(|error| error.to_string())
}

/// Also ends when the process has dropped the switch.
async fn drain_begins(draining: &mut watch::Receiver<bool>) {
    drop(draining.wait_for(|draining| *draining).await);
}

fn set_options(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(WRITE_STALL))
}

/// Answers a connection above the limit, without a task for it.
fn reject(stream: &TcpStream) {
    let response = problem(StatusCode::SERVICE_UNAVAILABLE, "too many connections", &instance_id());
    let (_, body) = response.into_parts();
    let text = body_text(body);
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        text.len()
    );
    // The client may not even read this; the connection is closed either way.
    drop(stream.try_write(&[head.as_bytes(), &text].concat()));
}

fn body_text(body: Full<Bytes>) -> Bytes {
    use http_body_util::BodyExt;
    futures::FutureExt::now_or_never(body.collect())
        .and_then(Result::ok)
        .map(|body| body.to_bytes())
        .unwrap_or_default()
}
