//! A small HTTP/1.1 client for a host on this machine, shared by up, demo and bench: keep-alive,
//! one request at a time, JSON.
//!
//! It is handwritten because the load generator shares the cores with the measured host. It
//! requires `content-length` on every answer, as Accrue sends it, and supports no TLS, redirects or
//! chunks.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

const CALL_TIMEOUT: Duration = Duration::from_secs(120);
/// A busy host answers 503 with Retry-After; the same key makes the retry safe.
const BUSY_TRIES: u32 = 100;

/// Builds the bytes of one request; `key` is the bearer key.
pub fn request(
    method: &str,
    path: &str,
    key: &str,
    idempotency_key: Option<&str>,
    body: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256 + body.len());
    bytes.extend_from_slice(method.as_bytes());
    bytes.push(b' ');
    bytes.extend_from_slice(path.as_bytes());
    bytes.extend_from_slice(b" HTTP/1.1\r\nhost: localhost\r\n");
    if !key.is_empty() {
        header(&mut bytes, "authorization: Bearer ", key);
    }
    if let Some(idempotency_key) = idempotency_key {
        header(&mut bytes, "idempotency-key: ", idempotency_key);
    }
    if !body.is_empty() {
        bytes.extend_from_slice(b"content-type: application/json\r\n");
    }
    header(&mut bytes, "content-length: ", &body.len().to_string());
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

fn header(bytes: &mut Vec<u8>, name: &str, value: &str) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(value.as_bytes());
    bytes.extend_from_slice(b"\r\n");
}

/// One keep-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    body: Range<usize>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        Self::over(
            TcpStream::connect(address)
                .await
                .with_context(|| format!("connecting to {address}"))?,
        )
    }

    /// Connects from one of this machine's addresses, which include all of 127.0.0.0/8.
    pub async fn open_from(source: IpAddr, address: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(source, 0)).with_context(|| format!("binding {source}"))?;
        Self::over(
            socket.connect(address).await.with_context(|| format!("connecting to {address}"))?,
        )
    }

    fn over(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096), body: 0..0 })
    }

    /// Sends one request, reads the whole answer, returns its status. The body stays readable until
    /// the next call.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the host closed the connection in mid-answer");
            }
            let Some(head) = Head::parse(&self.buffer)? else { continue };
            let end = head.length.saturating_add(head.body_length);
            if self.buffer.len() >= end {
                self.body = head.length..end;
                return Ok(head.status);
            }
        }
    }

    pub fn body(&self) -> &[u8] {
        self.buffer.get(self.body.clone()).unwrap_or_default()
    }
}

struct Head {
    status: u16,
    /// The number of bytes up to and including the empty line.
    length: usize,
    body_length: usize,
}

impl Head {
    /// `None` until the empty line has arrived.
    fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(length) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = std::str::from_utf8(bytes.get(..length).unwrap_or_default())
            .context("an answer's head is not text")?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("no HTTP status in {head:?}"))?;
        let body_length = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse().ok());
        let body_length =
            body_length.with_context(|| format!("an answer without content-length: {head:?}"))?;
        Ok(Some(Self { status, length: length + 4, body_length }))
    }
}

/// A caller with a key. It reconnects after a lost connection and waits when the host is busy.
pub struct Client {
    address: SocketAddr,
    key: String,
    connection: Option<Connection>,
}

/// A status and its JSON (null when the body is empty).
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Client {
    pub fn new(address: SocketAddr, key: &str) -> Self {
        Self { address, key: key.to_owned(), connection: None }
    }

    /// Returns an answer of any status; an error means that there was none.
    pub async fn call(
        &mut self,
        method: &str,
        path: &str,
        idempotency_key: Option<&str>,
        body: &[u8],
    ) -> Result<Answer> {
        let request = request(method, path, &self.key, idempotency_key, body);
        let mut busy = 0;
        loop {
            let answer = match self.exchange(&request).await {
                Ok(answer) => answer,
                // The host closed an idle connection meanwhile. Every mutation carries a key, so a
                // retry is safe.
                Err(_) => {
                    self.connection = None;
                    self.exchange(&request).await.with_context(|| format!("{method} {path}"))?
                }
            };
            if answer.status != 503 || busy == BUSY_TRIES {
                return Ok(answer);
            }
            busy += 1;
            tokio::time::sleep(Duration::from_millis(u64::from(20 * busy))).await;
        }
    }

    /// Returns the body of a 2xx answer; otherwise an error that quotes the answer.
    pub async fn expect(
        &mut self,
        method: &str,
        path: &str,
        idempotency_key: Option<&str>,
        body: &[u8],
    ) -> Result<Value> {
        let answer = self.call(method, path, idempotency_key, body).await?;
        if !(200..300).contains(&answer.status) {
            bail!("{method} {path} answered {}: {}", answer.status, answer.body);
        }
        Ok(answer.body)
    }

    pub async fn get(&mut self, path: &str) -> Result<Value> {
        self.expect("GET", path, None, b"").await
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self.connection.insert(Connection::open(self.address).await?),
        };
        let status = tokio::time::timeout(CALL_TIMEOUT, connection.exchange(request))
            .await
            .context("no answer in time")??;
        let bytes = connection.body();
        // A plain-text body (healthz, an error of a cron run) becomes a JSON string.
        let body = match serde_json::from_slice(bytes) {
            Ok(body) => body,
            Err(_) if bytes.is_empty() => Value::Null,
            Err(_) => Value::String(String::from_utf8_lossy(bytes).into_owned()),
        };
        Ok(Answer { status, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_only_when_whole() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nx: y\r\n\r\n{}";
        for cut in 0..answer.len() - 2 {
            assert!(Head::parse(&answer[..cut]).unwrap().is_none());
        }
        let head = Head::parse(answer).unwrap().unwrap();
        assert_eq!((head.status, head.body_length, head.length), (201, 2, answer.len() - 2));
    }

    #[test]
    fn an_answer_without_length_is_an_error() {
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
