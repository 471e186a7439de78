//! The load generator, with a closed and an open loop. In the closed loop each client sends when
//! its last answer has arrived. In the open loop requests are due at fixed times, and latency
//! counts from then. So a stall counts for every request that was due meanwhile (no coordinated
//! omission).
//!
//! It has one thread, or as many as the caller says, each with its share of the clients; plain
//! sockets, handwritten requests: the generator takes its share of the cores that it measures.

use super::histogram::Histogram;
use super::mix::{Outcome, Requests, outcome};
use crate::http::Connection;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, OnceLock};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
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
    /// All answers, also those of the warm-up.
    pub answers: u64,
    pub costs: Option<Costs>,
}

/// Processor time of one request in microseconds, measured from the first connection to the last
/// answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    pub server_us: f64,
    pub generator_us: f64,
}

impl Costs {
    /// Of so many answers that took so many seconds of the server and of the generator.
    pub fn of(answers: u64, server: f64, generator: f64) -> Self {
        let each = |seconds: f64| seconds * 1_000_000.0 / per_second(answers.max(1), 1.0);
        Self { server_us: each(server), generator_us: each(generator) }
    }
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

    pub fn merge(&mut self, other: &Self) {
        self.latencies.merge(&other.latencies);
        self.successes += other.successes;
        self.refusals += other.refusals;
        self.errors += other.errors;
        self.answers += other.answers;
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

/// How often each client sends.
#[derive(Clone, Copy)]
pub enum Pace {
    /// This long after its last answer has arrived.
    Closed(Duration),
    /// Requests of all clients together fall due at this rate per second, independent of the
    /// answers. The number of clients bounds the number in flight.
    Open(u32),
}

/// A load on one server.
#[derive(Clone, Copy)]
pub struct Load {
    pub address: SocketAddr,
    pub pace: Pace,
    pub warm_up: Duration,
    pub run: Duration,
    /// Threads of the generator.
    pub threads: usize,
}

/// Start and end of counting. Earlier answers are warm-up.
#[derive(Clone, Copy)]
struct Window {
    started: Instant,
    from: Instant,
    until: Instant,
}

/// What the threads of one load share.
struct Shared {
    /// All are connected.
    connected: Barrier,
    window: OnceLock<Window>,
    /// The number of the open loop's next request.
    next: AtomicU64,
}

impl Load {
    /// Each of `clients` has a connection of its own.
    pub async fn send(self, clients: Vec<Requests>) -> Result<Counted> {
        let parts = deal(clients, self.threads);
        let shared = Arc::new(Shared {
            connected: Barrier::new(parts.len()),
            window: OnceLock::new(),
            next: AtomicU64::new(0),
        });
        let mut told = Vec::new();
        for part in parts {
            let (tell, tells) = oneshot::channel();
            let shared = Arc::clone(&shared);
            // The receiver is gone only when another thread has failed already.
            thread::Builder::new().name("load".to_owned()).spawn(move || {
                tell.send(self.send_from_here(part, &shared)).ok();
            })?;
            told.push(tells);
        }
        let mut all = Counted { seconds: self.run.as_secs_f64(), ..Counted::default() };
        for tells in told {
            all.merge(&tells.await.context("a thread of the load ended badly")??);
        }
        Ok(all)
    }

    /// The share of one thread.
    fn send_from_here(self, clients: Vec<Requests>, shared: &Arc<Shared>) -> Result<Counted> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let connected = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
            let connections = runtime.block_on(connect(self.address, clients.len()))?;
            Ok((runtime, connections))
        });
        // Also after an error, as the others wait for this thread.
        shared.connected.wait();
        let (runtime, connections) = connected?;
        let window = *shared.window.get_or_init(|| self.window());
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for (connection, requests) in connections.into_iter().zip(clients) {
                let client = Client {
                    address: self.address,
                    connection: Some(connection),
                    requests,
                    window,
                    counted: Counted::default(),
                };
                match self.pace {
                    Pace::Closed(pause) => tasks.spawn(client.closed(pause)),
                    Pace::Open(rate) => tasks.spawn(client.open(rate, Arc::clone(shared))),
                };
            }
            let mut all = Counted::default();
            while let Some(counted) = tasks.join_next().await {
                all.merge(&counted.context("a client of the load ended badly")?);
            }
            Ok(all)
        })
    }

    fn window(&self) -> Window {
        let started = Instant::now();
        let from = started + self.warm_up;
        Window { started, from, until: from + self.run }
    }
}

/// Deals the clients to at most so many threads, so that their numbers differ by one at most.
fn deal(clients: Vec<Requests>, threads: usize) -> Vec<Vec<Requests>> {
    let count = threads.clamp(1, clients.len().max(1));
    let mut parts: Vec<Vec<Requests>> = (0..count).map(|_| Vec::new()).collect();
    let mut clients = clients.into_iter();
    for part in (0..count).cycle() {
        match (clients.next(), parts.get_mut(part)) {
            (Some(client), Some(part)) => part.push(client),
            _ => break,
        }
    }
    parts
}

struct Client {
    address: SocketAddr,
    /// Without one, the next request opens another.
    connection: Option<Connection>,
    requests: Requests,
    window: Window,
    counted: Counted,
}

impl Client {
    async fn closed(mut self, pause: Duration) -> Counted {
        loop {
            let sent = Instant::now();
            if sent >= self.window.until {
                return self.counted;
            }
            let request = self.requests.next();
            let status = self.exchange(&request).await;
            let answered = Instant::now();
            if answered >= self.window.from && answered < self.window.until {
                self.counted.record(status, answered - sent);
            }
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    }

    async fn open(mut self, rate: u32, shared: Arc<Shared>) -> Counted {
        let apart = 1_000_000_000 / u64::from(rate.max(1));
        loop {
            let number = shared.next.fetch_add(1, Ordering::Relaxed);
            let due = self.window.started + Duration::from_nanos(number.saturating_mul(apart));
            if due >= self.window.until {
                return self.counted;
            }
            let request = self.requests.next();
            // The timer ticks once a millisecond. A late tick counts against the server, so the
            // figure is never too good.
            tokio::time::sleep_until(due.into()).await;
            let status = self.exchange(&request).await;
            if due >= self.window.from {
                self.counted.record(status, due.elapsed());
            }
        }
    }

    /// Returns the status, or 0 for a lost connection.
    async fn exchange(&mut self, request: &[u8]) -> u16 {
        if self.connection.is_none() {
            self.connection = Connection::open(self.address).await.ok();
        }
        let Some(open) = &mut self.connection else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            return 0;
        };
        match open.exchange(request).await {
            Ok(status) => {
                self.counted.answers += 1;
                status
            }
            Err(_) => {
                self.connection = None;
                0
            }
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

    fn clients(count: usize) -> Vec<Requests> {
        let zipf = Zipf::new(10, 1);
        (0..count).map(|_| Requests::new(Mix::Empty, "", "t".to_owned(), zipf.clone())).collect()
    }

    async fn load(pace: Pace, threads: usize) -> Load {
        let (address, run) = (tiny_server().await, Duration::from_millis(800));
        Load { address, pace, warm_up: Duration::ZERO, run, threads }
    }

    #[tokio::test]
    async fn a_stall_is_one_slow_answer_in_the_closed_loop_and_many_in_the_open_one() {
        let closed = load(Pace::Closed(Duration::ZERO), 1).await.send(clients(1)).await.unwrap();
        assert!(closed.latencies.quantile_ms(900) < 50.0 && closed.latencies.highest_ms() >= 199.0);
        let open = load(Pace::Open(500), 1).await.send(clients(1)).await.unwrap();
        assert!(
            open.latencies.quantile_ms(900) > 50.0,
            "requests that were due during the stall waited, too"
        );
        assert_eq!(open.errors, 0);
    }

    #[tokio::test]
    async fn threads_share_the_clients_and_the_rate() {
        let sizes = |clients, threads| -> Vec<usize> {
            deal(self::clients(clients), threads).iter().map(Vec::len).collect()
        };
        assert_eq!(sizes(5, 2), [3, 2]);
        assert_eq!((sizes(1, 4), sizes(4, 1), sizes(2, 0)), (vec![1], vec![4], vec![2]));
        let open = load(Pace::Open(500), 3).await.send(clients(6)).await.unwrap();
        // 500 a second for 0.8 s: neither thrice as many nor a third.
        assert!((395..=401).contains(&open.answers), "{} answers", open.answers);
        assert_eq!(open.answers, open.successes);
    }

    #[test]
    fn costs_are_microseconds_of_one_answer() {
        let expected = Costs { server_us: 500.0, generator_us: 50.0 };
        assert_eq!(Costs::of(10_000, 5.0, 0.5), expected);
        assert_eq!(Costs::of(0, 0.0, 0.0), Costs { server_us: 0.0, generator_us: 0.0 });
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_an_error_for_all_threads() {
        let mut load = load(Pace::Closed(Duration::ZERO), 2).await;
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
        load.address = gone.local_addr().unwrap();
        drop(gone);
        assert!(load.send(clients(2)).await.is_err());
    }
}
