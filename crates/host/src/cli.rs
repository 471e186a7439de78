//! The command line. Names and defaults only; what they mean is in docs/reference/host.md.

use crate::{limits::Quota, tls::Files};
use clap::{Parser, ValueEnum};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Run the components of a Spin manifest on wasmtime.
#[derive(Debug, Parser)]
#[command(name = "accrue", version, max_term_width = 110)]
pub struct Cli {
    /// The manifest, or the folder that holds spin.toml
    #[arg(long, short, default_value = "spin.toml")]
    pub from: PathBuf,
    /// Address of the public listener (port 0 takes a free one)
    #[arg(long, default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// Address of the operator's listener: /metrics, /healthz, /cron/{component}, /clock
    #[arg(long, default_value = "127.0.0.1:3001")]
    pub admin: SocketAddr,
    /// Where databases and the code cache live
    #[arg(long, default_value = ".accrue")]
    pub state_dir: PathBuf,
    /// File with the key of encrypted databases, 64 hexadecimal digits (in a build with
    /// `--features sqlcipher`)
    #[arg(long)]
    pub database_key_file: Option<PathBuf>,
    /// Runtime configuration (Spin's format): key-value stores, databases, outbound networking
    #[arg(long)]
    pub runtime_config: Option<PathBuf>,
    /// Value of an application variable; also read from `SPIN_VARIABLE_<NAME>`
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = name_value)]
    pub variables: Vec<(String, String)>,
    /// Start the guests' clock at this instant (RFC 3339); also enables GET and PUT /clock
    #[arg(long, value_name = "RFC3339")]
    pub clock: Option<chrono::DateTime<chrono::FixedOffset>>,
    /// Start only these components
    #[arg(long = "component", short = 'c', value_name = "COMPONENT")]
    pub components: Vec<String>,
    /// Whether schedules fire (POST /cron/{component} works either way)
    #[arg(long, value_enum, default_value = "on")]
    pub cron: Switch,
    /// What the code of components is compiled for: to run fast, or to be there soon, for
    /// development
    #[arg(long, value_enum, default_value = "speed")]
    pub compile: Compile,
    /// Whether requests with the same text in a field of the manifest meet in one instance
    #[arg(long, value_enum, default_value = "on")]
    pub affinity: Switch,
    /// Log format on standard error
    #[arg(long, value_enum, default_value = "text")]
    pub log: LogFormat,
    /// Let outbound HTTP reach private and loopback addresses (allowed_outbound_hosts still
    /// applies)
    #[arg(long)]
    pub allow_private_networks: bool,
    #[command(flatten)]
    pub callers: Callers,
    #[command(flatten)]
    pub limits: Limits,
}

/// Which proxies are trusted, and how listeners are protected.
#[derive(Debug, Clone, clap::Args)]
pub struct Callers {
    /// Certificate chain of the public listener, a PEM file; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Certificate chain of the operator's listener
    #[arg(long, value_name = "FILE", requires = "admin_tls_key")]
    pub admin_tls_cert: Option<PathBuf>,
    /// Its private key
    #[arg(long, value_name = "FILE", requires = "admin_tls_cert")]
    pub admin_tls_key: Option<PathBuf>,
    /// Host name that the operator's listener accepts, besides localhost and addresses
    #[arg(long = "admin-host", value_name = "NAME")]
    pub admin_hosts: Vec<String>,
    /// Network of trusted proxies, which name the client's address
    #[arg(long = "trusted-proxy", value_name = "CIDR", value_parser = network)]
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Header in which they name it
    #[arg(long, value_name = "NAME", default_value = "x-forwarded-for")]
    pub proxy_header: http::HeaderName,
    /// Header in which components name the tenant of a request; removed from the answer
    #[arg(long, value_name = "NAME", default_value = "tenant")]
    pub tenant_header: http::HeaderName,
    /// Requests of one key, such as 200000/10s; may be repeated; `off` for none
    #[arg(long = "key-limit", value_name = "REQUESTS/WINDOW", default_value = "200000/10s", value_parser = quota)]
    pub key_limits: Vec<Option<Quota>>,
    /// Requests of one tenant
    #[arg(long = "tenant-limit", value_name = "REQUESTS/WINDOW", default_value = "400000/10s", value_parser = quota)]
    pub tenant_limits: Vec<Option<Quota>>,
    /// Requests from one address
    #[arg(long = "address-limit", value_name = "REQUESTS/WINDOW", default_value = "600000/10s", value_parser = quota)]
    pub address_limits: Vec<Option<Quota>>,
    /// Answers 401 to one address, after which keys that are not known are not tried
    #[arg(long = "refused-limit", value_name = "REQUESTS/WINDOW", default_value = "600/1m", value_parser = quota)]
    pub refused_limits: Vec<Option<Quota>>,
    /// File with quotas, in place of those of the command line; read again when it changes
    #[arg(long, value_name = "FILE")]
    pub quotas: Option<PathBuf>,
}

impl Callers {
    pub fn tls(&self) -> Option<Files> {
        Some(Files { certificate: self.tls_cert.clone()?, key: self.tls_key.clone()? })
    }

    pub fn admin_tls(&self) -> Option<Files> {
        Some(Files { certificate: self.admin_tls_cert.clone()?, key: self.admin_tls_key.clone()? })
    }
}

/// Limits of clients and guests.
#[derive(Debug, Clone, clap::Args)]
pub struct Limits {
    /// Instances of each HTTP component
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub instances: u16,
    /// Requests that one instance works on at once
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub max_concurrency: u32,
    /// Requests of one component that may wait for an instance; more are answered 503
    #[arg(long, default_value_t = 2048)]
    pub max_queue: usize,
    /// Replace an instance after so many requests (0: never)
    #[arg(long, default_value_t = 0)]
    pub instance_requests: u64,
    /// Memory of one instance, in MiB
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub memory_mib: u32,
    /// Addresses to reserve for each of these memories, in MiB, in place of 4 GiB, which spare
    /// guests most checks of bounds. For tools that give a process few addresses, such as valgrind
    #[arg(long, hide = true)]
    pub reserved_mib: Option<u32>,
    /// Longest time for one request (answered 504 after it)
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub request_timeout: Duration,
    /// Longest time an instance may compute or block without a pause before it is killed
    #[arg(long, default_value = "5s", value_parser = duration)]
    pub stall_timeout: Duration,
    /// Longest time for one fire of a cron component
    #[arg(long, default_value = "15m", value_parser = duration)]
    pub cron_timeout: Duration,
    /// Longest time for one statement that reads
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub read_timeout: Duration,
    /// Longest time for one statement that writes, and for one transaction
    #[arg(long, default_value = "5s", value_parser = duration)]
    pub write_timeout: Duration,
    /// Memory that SQLite may take for one statement, in MiB
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(16..=65536))]
    pub statement_memory_mib: u32,
    /// Largest database file, in MiB (0: no bound; the runtime configuration sets one by label)
    #[arg(long, default_value_t = 0)]
    pub database_mib: u64,
    /// Longest time for the next request head to arrive, idle keep-alive connections included
    #[arg(long, default_value = "75s", value_parser = duration)]
    pub header_timeout: Duration,
    /// Longest time for one request body to arrive
    #[arg(long, default_value = "20s", value_parser = duration)]
    pub body_timeout: Duration,
    /// Largest request body, in bytes (answered 413 above it)
    #[arg(long, default_value_t = 2 * 1024 * 1024)]
    pub max_body: usize,
    /// Bytes of request bodies that are held at once, over all connections (answered 503 above it)
    #[arg(long, default_value_t = 64 * 1024 * 1024)]
    pub max_bytes_in_flight: usize,
    /// Largest request head, in bytes (answered 431 above it)
    #[arg(long, default_value_t = 16 * 1024, value_parser = head)]
    pub max_head: usize,
    /// Largest response body of a guest, in bytes
    #[arg(long, default_value_t = 64 * 1024 * 1024)]
    pub max_response_body: usize,
    /// Open client connections; more are answered 503 and closed
    #[arg(long, default_value_t = 20_000)]
    pub max_connections: usize,
    /// Longest time for requests in flight to finish after SIGTERM
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub drain_timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Compile {
    /// Twice as long once, faster at every request.
    Speed,
    Soon,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

fn name_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn network(text: &str) -> Result<ipnet::IpNet, String> {
    let address = text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from);
    address
        .or_else(|_| text.parse())
        .map_err(|_| "expected an address or a network, such as 10.0.0.0/8".to_owned())
}

fn quota(text: &str) -> Result<Option<Quota>, String> {
    if text == "off" { Ok(None) } else { text.parse().map(Some) }
}

/// Less than 8 KiB is not enough to read with.
fn head(text: &str) -> Result<usize, String> {
    let bytes = text.parse().map_err(|_| "expected a number of bytes".to_owned())?;
    if (8_192..=1 << 20).contains(&bytes) {
        Ok(bytes)
    } else {
        Err("expected 8192 to 1048576".to_owned())
    }
}

/// Reads `250ms`, `30s`, `5m`, `1h`, `7d`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| "expected a number and a unit, such as 30s")?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(number.saturating_mul(3600))),
        "d" => Ok(Duration::from_secs(number.saturating_mul(86_400))),
        _ => Err("expected a unit: ms, s, m, h or d".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations() {
        for (text, expected) in [
            ("250ms", Some(Duration::from_millis(250))),
            ("30s", Some(Duration::from_secs(30))),
            ("5m", Some(Duration::from_secs(300))),
            ("1h", Some(Duration::from_secs(3600))),
            ("30", None),
            ("s", None),
            ("1d", Some(Duration::from_secs(86_400))),
            ("1w", None),
        ] {
            assert_eq!(duration(text).ok(), expected, "{text}");
        }
    }
}
