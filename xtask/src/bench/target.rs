//! What the load is sent to: Accrue, or the rival over HTTP.

use crate::server::Server;
use std::net::SocketAddr;

pub trait Target {
    fn address(&self) -> SocketAddr;

    /// The bearer key of the requests.
    fn key(&self) -> &str;

    /// Processor seconds used so far by all processes that serve.
    fn processor_seconds(&self) -> f64;
}

impl Target for Server {
    fn address(&self) -> SocketAddr {
        self.api
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn processor_seconds(&self) -> f64 {
        Self::processor_seconds(self)
    }
}
