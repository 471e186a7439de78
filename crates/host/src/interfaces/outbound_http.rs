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
        connect::{HttpConnector, dns::Name},
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
            let answer =
                tokio::time::timeout(connect.saturating_add(first_byte), client.request(request))
                    .await;
            let response = answer
                .map_err(|_| Error::ConnectionReadTimeout)?
                .map_err(|error| explain(&error))?;
            let response = response.map(|body| body.map_err(Error::from).boxed_unsync());
            Ok((response, Box::new(async { Ok(()) }) as Io))
        })
    }
}

fn explain(error: &hyper_util::client::legacy::Error) -> Error {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<Blocked>() {
            return Error::DestinationIpProhibited;
        }
        if let Some(fault) = inner.downcast_ref::<io::Error>() {
            return match fault.kind() {
                io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
                io::ErrorKind::TimedOut => Error::ConnectionTimeout,
                _ => Error::InternalError(Some(fault.to_string())),
            };
        }
        cause = inner.source();
    }
    if error.is_connect() { Error::DestinationUnavailable } else { Error::ConnectionTerminated }
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
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
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

/// All addresses of a name are in blocked networks.
#[derive(Debug)]
struct Blocked;

impl fmt::Display for Blocked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the address is in a blocked network")
    }
}

impl std::error::Error for Blocked {}
