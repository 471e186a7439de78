//! The load generator, with a closed and an open loop. In the closed loop each client sends when
//! its last answer has arrived. In the open loop requests are due at fixed times, and latency
//! counts from then. So a stall counts for every request that was due meanwhile (no coordinated
//! omission).
//!
//! One thread, plain sockets, handwritten requests: the generator takes its share of the cores that
//! it measures.

use super::histogram::Histogram;
use super::mix::{Outcome, Requests, outcome};
use crate::http::Connection;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The counted answers.
#[derive(Clone, Default)]
pub struct Counted {
    pub latencies: Histogram,
    pub successes: u64,
    pub refusals: u64,
    pub errors: u64,
    /// The number of answers by error status; 0 is a lost connection.
    pub error_statuses: BTreeMap<u16, u64>,
    pub seconds: f64,
}

impl Counted {
    fn record(&mut self, status: u16, latency: Duration) {
        match outcome(status) {
            Outcome::Success => self.successes += 1,
            Outcome::Refusal => self.refusals += 1,
            Outcome::Error => {
                self.errors += 1;
                *self.error_statuses.entry(status).or_default() += 1;
                // An error is no served request, so its latency is left out.
                return;
            }
        }
        self.latencies.record(latency);
    }

    fn merge(&mut self, other: &Self) {
        self.latencies.merge(&other.latencies);
        self.successes += other.successes;
        self.refusals += other.refusals;
        self.errors += other.errors;
        for (status, count) in &other.error_statuses {
            *self.error_statuses.entry(*status).or_default() += count;
        }
    }

    /// Served requests per second: successes and refusals, as the ledger works for both.
    pub fn per_second(&self) -> f64 {
        per_second(self.successes + self.refusals, self.seconds)
    }
}

pub fn per_second(count: u64, seconds: f64) -> f64 {
    let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if seconds > 0.0 { count / seconds } else { 0.0 }
}

/// Start and end of counting. Earlier answers are warm-up.
#[derive(Clone, Copy)]
struct Window {
    from: Instant,
    until: Instant,
}

impl Window {
    fn new(warm_up: Duration, run: Duration) -> Self {
        let from = Instant::now() + warm_up;
        Self { from, until: from + run }
    }
}

/// Each of `clients` sends as soon as its last answer has arrived.
pub async fn closed(
    address: SocketAddr,
    clients: Vec<Requests>,
    warm_up: Duration,
    run: Duration,
) -> Result<Counted> {
    with_pauses(address, clients, Duration::ZERO, warm_up, run).await
}

/// Each of `clients` sends this long after its last answer has arrived.
pub async fn with_pauses(
    address: SocketAddr,
    clients: Vec<Requests>,
    pause: Duration,
    warm_up: Duration,
    run: Duration,
) -> Result<Counted> {
    let connections = connect(address, clients.len()).await?;
    let window = Window::new(warm_up, run);
    let mut tasks = JoinSet::new();
    for (connection, requests) in connections.into_iter().zip(clients) {
        tasks.spawn(closed_client(address, connection, requests, pause, window));
    }
    gather(tasks, run).await
}

async fn closed_client(
    address: SocketAddr,
    connection: Connection,
    mut requests: Requests,
    pause: Duration,
    window: Window,
) -> Counted {
    let mut counted = Counted::default();
    let mut connection = Some(connection);
    loop {
        let sent = Instant::now();
        if sent >= window.until {
            return counted;
        }
        let status = exchange(address, &mut connection, &requests.next()).await;
        let answered = Instant::now();
        if answered >= window.from && answered < window.until {
            counted.record(status, answered - sent);
        }
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Requests fall due at `rate` per second, independent of the answers. `clients` bounds the number
/// in flight.
pub async fn open(
    address: SocketAddr,
    clients: Vec<Requests>,
    rate: u32,
    warm_up: Duration,
    run: Duration,
) -> Result<Counted> {
    let connections = connect(address, clients.len()).await?;
    let started = Instant::now();
    let window = Window::new(warm_up, run);
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for (connection, requests) in connections.into_iter().zip(clients) {
        tasks.spawn(open_client(
            address,
            connection,
            requests,
            window,
            started,
            rate,
            Arc::clone(&next),
        ));
    }
    gather(tasks, run).await
}

async fn open_client(
    address: SocketAddr,
    connection: Connection,
    mut requests: Requests,
    window: Window,
    started: Instant,
    rate: u32,
    next: Arc<AtomicU64>,
) -> Counted {
    let mut counted = Counted::default();
    let mut connection = Some(connection);
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let due = started
            + Duration::from_nanos(number.saturating_mul(1_000_000_000 / u64::from(rate.max(1))));
        if due >= window.until {
            return counted;
        }
        let request = requests.next();
        // The timer ticks once a millisecond. A late tick counts against the server, so the figure
        // is never too good.
        tokio::time::sleep_until(due.into()).await;
        let status = exchange(address, &mut connection, &request).await;
        if due >= window.from {
            counted.record(status, due.elapsed());
        }
    }
}

/// Returns the status, or 0 for a lost connection. The next request then opens another one.
async fn exchange(address: SocketAddr, connection: &mut Option<Connection>, request: &[u8]) -> u16 {
    if connection.is_none() {
        *connection = Connection::open(address).await.ok();
    }
    let Some(open) = connection else {
        tokio::time::sleep(Duration::from_millis(10)).await;
        return 0;
    };
    match open.exchange(request).await {
        Ok(status) => status,
        Err(_) => {
            *connection = None;
            0
        }
    }
}

async fn connect(address: SocketAddr, count: usize) -> Result<Vec<Connection>> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(Connection::open(address).await?);
    }
    Ok(connections)
}

async fn gather(mut tasks: JoinSet<Counted>, run: Duration) -> Result<Counted> {
    let mut all = Counted { seconds: run.as_secs_f64(), ..Counted::default() };
    while let Some(counted) = tasks.join_next().await {
        all.merge(&counted.context("a client of the load ended badly")?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::super::mix::Mix;
    use super::super::zipf::Zipf;
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// Answers everything at once, but stalls for 200 ms after the first 100 requests.
    async fn tiny_server() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = Arc::new(AtomicU64::new(0));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let served = Arc::clone(&served);
                tokio::spawn(async move {
                    let mut buffer = [0; 2048];
                    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                        if served.fetch_add(1, Ordering::Relaxed) == 100 {
                            tokio::time::sleep(Duration::from_millis(200)).await;
                        }
                        stream
                            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                            .await
                            .unwrap();
                    }
                });
            }
        });
        address
    }

    fn one_client() -> Vec<Requests> {
        vec![Requests::new(Mix::Empty, "", "t".to_owned(), Zipf::new(10, 1))]
    }

    #[tokio::test]
    async fn a_stall_is_one_slow_answer_in_the_closed_loop_and_many_in_the_open_one() {
        let (none, run) = (Duration::ZERO, Duration::from_millis(800));
        let closed = closed(tiny_server().await, one_client(), none, run).await.unwrap();
        assert!(closed.latencies.quantile_ms(900) < 50.0 && closed.latencies.highest_ms() >= 199.0);
        let open = open(tiny_server().await, one_client(), 500, none, run).await.unwrap();
        assert!(
            open.latencies.quantile_ms(900) > 50.0,
            "requests that were due during the stall waited, too"
        );
        assert_eq!(open.errors, 0);
    }
}
