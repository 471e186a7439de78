//! Outbound HTTP for both WASI versions. A request goes out if the component's patterns cover it
//! and the address of the actual connection is not blocked. Names are resolved and checked here, so
//! no spelling or DNS record bypasses the check. The guest follows redirects; the host follows
//! none. Connections are kept and shared.

use super::outbound_hosts::{AllowedHost, BlockedNetworks, default_port};
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, capture_connection, dns::Name},
    },
    rt::{TokioExecutor, TokioTimer},
};
use std::{
    error::Error as _,
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpHooks};

/// Longest time for a connection, and for the first byte of an answer, if the guest sets none.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The client that all components share.
#[derive(Clone)]
pub struct SharedClient {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, WasiBody>,
    blocked: Arc<BlockedNetworks>,
}

impl SharedClient {
    pub fn new(blocked: BlockedNetworks) -> Self {
        let blocked = Arc::new(blocked);
        let mut connector = HttpConnector::new_with_resolver(Resolver(blocked.clone()));
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(TIME_LIMIT));
        let https = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(32)
            .build(https);
        Self { client, blocked }
    }
}

#[derive(Clone)]
pub struct Outbound {
    pub component: Arc<str>,
    pub allowed: Arc<[AllowedHost]>,
    pub client: SharedClient,
}

impl Outbound {
    /// Refuses a destination that no pattern covers, and a blocked literal address. Names are
    /// checked after they are resolved.
    fn permits(&self, uri: &http::Uri) -> Result<()> {
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return Err(Error::HttpRequestUriInvalid);
        };
        let port = uri.port_u16().unwrap_or(default_port(scheme));
        if !self.allowed.iter().any(|pattern| pattern.covers(scheme, host, port)) {
            tracing::warn!(
                component = &*self.component,
                scheme,
                host,
                port,
                "outbound request not in allowed_outbound_hosts"
            );
            return Err(Error::HttpRequestDenied);
        }
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if literal.is_ok_and(|address| self.client.blocked.blocks(address)) {
            tracing::warn!(
                component = &*self.component,
                host,
                "outbound request to a blocked network"
            );
            return Err(Error::DestinationIpProhibited);
        }
        Ok(())
    }
}

type Io = Box<dyn Future<Output = Result<()>> + Send>;

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io)>> + Send> {
        let permitted = self.permits(request.uri());
        let client = self.client.client.clone();
        Box::new(async move {
            permitted?;
            *request.version_mut() = http::Version::HTTP_11;
            let limit = |wanted: Option<Duration>| wanted.unwrap_or(TIME_LIMIT).min(TIME_LIMIT);
            let connect = limit(options.and_then(|options| options.connect_timeout));
            let first_byte = limit(options.and_then(|options| options.first_byte_timeout));
            let connection = capture_connection(&mut request);
            let answer =
                tokio::time::timeout(connect.saturating_add(first_byte), client.request(request))
                    .await;
            // Senders ask: may the other side have the request? Not before there is a connection.
            let late = |_| match connection.connection_metadata().is_some() {
                true => Error::ConnectionReadTimeout,
                false => Error::ConnectionTimeout,
            };
            let response = answer.map_err(late)?.map_err(|error| explain(&error))?;
            let response = response.map(|body| body.map_err(Error::from).boxed_unsync());
            Ok((response, Box::new(async { Ok(()) }) as Io))
        })
    }
}

/// Faults of connecting, by which nothing was sent, are told apart from those of an open
/// connection, after which the other side may have the request.
fn explain(error: &hyper_util::client::legacy::Error) -> Error {
    if !error.is_connect() {
        return Error::ConnectionTerminated;
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<Blocked>() {
            return Error::DestinationIpProhibited;
        }
        if inner.is::<Unresolved>() {
            return Error::DnsError { rcode: None, info_code: None };
        }
        match inner.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => return Error::ConnectionRefused,
            Some(io::ErrorKind::TimedOut) => return Error::ConnectionTimeout,
            _ => cause = inner.source(),
        }
    }
    Error::DestinationUnavailable
}

/// Resolves a name and drops the blocked addresses, so that the connector never sees them.
#[derive(Clone)]
struct Resolver(Arc<BlockedNetworks>);

impl tower_service::Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<'static, std::result::Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let blocked = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> = found.map_err(|_| Unresolved)?.collect();
            let open: Vec<_> =
                found.iter().copied().filter(|address| !blocked.blocks(address.ip())).collect();
            if open.is_empty() && !found.is_empty() {
                tracing::warn!(host = name.as_str(), "outbound name resolves to a blocked network");
                return Err(Box::new(Blocked) as Self::Error);
            }
            Ok(open.into_iter())
        })
    }
}

/// A name has no address.
#[derive(Debug)]
struct Unresolved;

impl fmt::Display for Unresolved {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name has no address")
    }
}

impl std::error::Error for Unresolved {}

/// All addresses of a name are in blocked networks.
#[derive(Debug)]
struct Blocked;

impl fmt::Display for Blocked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the address is in a blocked network")
    }
}

impl std::error::Error for Blocked {}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http_body_util::Full;
    use hyper_util::rt::TokioIo;
    use std::{io::Read as _, net::TcpListener, pin::Pin, time::Instant};
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    const SHORT: Duration = Duration::from_millis(200);

    async fn fault(uri: &str) -> Error {
        let blocked = BlockedNetworks { private: false, networks: Vec::new() };
        let mut outbound = Outbound {
            component: "test".into(),
            allowed: vec![AllowedHost::parse("*://*:*").unwrap()].into(),
            client: SharedClient::new(blocked),
        };
        let body = Full::new(Bytes::from_static(b"text")).map_err(|never| match never {});
        let request = http::Request::post(uri).body(body.boxed_unsync()).unwrap();
        let options = RequestOptions {
            connect_timeout: Some(SHORT),
            first_byte_timeout: Some(SHORT),
            ..RequestOptions::default()
        };
        let sent = outbound.send_request(request, Some(options), Box::new(async { Ok(()) }));
        Box::into_pin(sent).await.err().unwrap()
    }

    /// Takes connections and what comes over them, and never answers.
    fn silent() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let mut taken = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                drop(stream.read(&mut [0; 1024]));
                taken.push(stream);
            }
        });
        port
    }

    #[tokio::test]
    async fn faults_tell_whether_the_request_went_out() {
        let port = silent();
        let started = Instant::now();
        let found = fault(&format!("http://127.0.0.1:{port}/")).await;
        assert!(matches!(found, Error::ConnectionReadTimeout), "{found:?}");
        // No secure connection comes about, so that nothing of the request was sent.
        let found = fault(&format!("https://127.0.0.1:{port}/")).await;
        assert!(matches!(found, Error::ConnectionTimeout), "{found:?}");
        assert!(started.elapsed() < Duration::from_secs(10));
        let found = fault("http://name.invalid/").await;
        assert!(matches!(found, Error::DnsError { .. }), "{found:?}");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let found = fault(&format!("http://127.0.0.1:{port}/")).await;
        assert!(matches!(found, Error::ConnectionRefused), "{found:?}");
    }

    /// A connection that takes all, and then fails.
    #[derive(Clone)]
    struct Failing {
        is_open: bool,
        kind: io::ErrorKind,
    }

    impl tower_service::Service<http::Uri> for Failing {
        type Response = TokioIo<Self>;
        type Error = io::Error;
        type Future = std::future::Ready<io::Result<TokioIo<Self>>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: http::Uri) -> Self::Future {
            let open = self.is_open.then(|| TokioIo::new(self.clone()));
            std::future::ready(open.ok_or_else(|| self.kind.into()))
        }
    }

    impl hyper_util::client::legacy::connect::Connection for Failing {
        fn connected(&self) -> hyper_util::client::legacy::connect::Connected {
            hyper_util::client::legacy::connect::Connected::new()
        }
    }

    impl AsyncRead for Failing {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Err(self.kind.into()))
        }
    }

    impl AsyncWrite for Failing {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_fault_of_an_open_connection_is_none_of_connecting() {
        use io::ErrorKind::{ConnectionRefused, ConnectionReset, TimedOut};
        for (is_open, kind, expected) in [
            (true, TimedOut, "ConnectionTerminated"),
            (true, ConnectionRefused, "ConnectionTerminated"),
            (true, ConnectionReset, "ConnectionTerminated"),
            (false, TimedOut, "ConnectionTimeout"),
            (false, ConnectionRefused, "ConnectionRefused"),
            (false, ConnectionReset, "DestinationUnavailable"),
        ] {
            let client = Client::builder(TokioExecutor::new()).build(Failing { is_open, kind });
            let request = http::Request::get("http://a.example/").body(Full::<Bytes>::default());
            let error = client.request(request.unwrap()).await.unwrap_err();
            assert_eq!(format!("{:?}", explain(&error)), expected, "{is_open} {kind:?}");
        }
    }
}
