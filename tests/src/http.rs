//! Requests, one per line, and answers as one line. Uses plain HTTP/1.1, so that tests can also
//! send requests that no proper client would send.

use std::{
    io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value as Json;

/// A request, sent over a connection of its own by default.
#[derive(Debug, Clone)]
pub struct Ask {
    address: SocketAddr,
    line: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Ask {
    /// A request without key and body.
    pub fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        Self {
            address,
            line: format!("{method} {path} HTTP/1.1"),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a header, even if it exists already.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Removes a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(found, _)| found != name);
        self
    }

    /// Replaces the bearer key.
    #[must_use]
    pub fn bearer(self, key: &str) -> Self {
        self.without("authorization").with("authorization", format!("Bearer {key}"))
    }

    /// Replaces the idempotency key.
    #[must_use]
    pub fn key(self, key: impl AsRef<[u8]>) -> Self {
        self.without("idempotency-key").with("idempotency-key", key)
    }

    /// Replaces the body.
    #[must_use]
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// The bytes on the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\r\nhost: localhost\r\n", self.line).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend(format!("content-length: {}\r\n\r\n", self.body.len()).as_bytes());
        bytes.extend(&self.body);
        bytes
    }

    /// Sends it and waits for the answer.
    pub fn send(&self) -> Answer {
        self.try_send().unwrap_or_else(|error| panic!("{}: {error}", self.line))
    }

    /// As [`Ask::send`], if the host may die.
    pub fn try_send(&self) -> Result<Answer> {
        self.over(&mut Client::connect(self.address)?)
    }

    /// Sends it over a kept connection.
    pub fn over(&self, client: &mut Client) -> Result<Answer> {
        // A host that refuses a large body may close early; the answer shows the reason.
        let sent = client.send(&self.bytes());
        let answer = client.answer_to(&self.line);
        if answer.is_err() { sent.and(answer) } else { answer }
    }
}

/// One connection, kept alive between requests.
pub struct Client(BufReader<TcpStream>);

impl Client {
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends raw bytes.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    /// Reads the next answer.
    pub fn answer(&mut self) -> Result<Answer> {
        self.answer_to("")
    }

    /// Reads the answer to a request that begins so: to `HEAD` there is no body.
    fn answer_to(&mut self, line: &str) -> Result<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        let mut answer =
            Answer { status: status.ok_or(ErrorKind::InvalidData)?, head, body: Vec::new() };
        if answer.status == 204 || line.starts_with("HEAD ") {
            return Ok(answer);
        }
        let length = answer.header("content-length").and_then(|text| text.parse().ok());
        answer.body =
            vec![
                0;
                length
                    .ok_or_else(|| Error::other(format!("no content-length: {}", answer.head)))?
            ];
        self.0.read_exact(&mut answer.body)?;
        Ok(answer)
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    head: String,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// All values of a header that may come several times.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let named = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim()).collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.head, self.text()))
    }

    /// The body of a success.
    pub fn ok(&self) -> Json {
        assert!(self.status < 300, "{} {}", self.status, self.text());
        self.json()
    }

    /// True if the host marks the answer as a replay.
    pub fn is_replay(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// One line: status, then the written entries with the balance after them, or the problem with
    /// its places. Every problem is checked for shape.
    pub fn outcome(&self) -> String {
        let again = if self.is_replay() { " (again)" } else { "" };
        if self.status >= 400 {
            assert_eq!(
                self.header("content-type"),
                Some("application/problem+json"),
                "{}",
                self.head
            );
            return format!("{} {}{again}", self.status, problem(self.status, &self.json()));
        }
        if self.body.is_empty() {
            return self.status.to_string();
        }
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.head);
        format!("{}{}{again}", self.status, written(&self.json()))
    }
}

/// The written entries of a command: ` earn +5 = 5`, and the entries that followed.
pub(crate) fn written(body: &Json) -> String {
    let Some(entry) = body.get("entry") else { return String::new() };
    let follow_ups = body["follow_ups"].as_array().unwrap();
    let also_asked = body["also_asked"].as_array().into_iter().flatten();
    let entries: Vec<String> =
        std::iter::once(entry).chain(also_asked).chain(follow_ups).map(entry_line).collect();
    format!(" {}", entries.join(", "))
}

fn entry_line(entry: &Json) -> String {
    let number =
        |name: &str| entry[name].as_i64().unwrap_or_else(|| panic!("no {name} in {entry}"));
    format!(
        "{} {:+} = {}",
        entry["kind"].as_str().unwrap(),
        number("points"),
        number("balance_after")
    )
}

/// A problem's type and the places that it names.
pub(crate) fn problem(status: u16, body: &Json) -> String {
    assert_eq!(body["status"].as_u64(), Some(status.into()), "{body}");
    for field in ["title", "detail", "instance"] {
        assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{field} in {body}");
    }
    let kind = body["type"].as_str().unwrap();
    let places = body["errors"].as_array().into_iter().flatten().map(|error| {
        assert!(error["detail"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        format!(" {:?}", error["pointer"].as_str().unwrap()).replace('"', "")
    });
    format!(
        "{}{}",
        kind.strip_prefix("urn:accrue:problem:").unwrap_or(kind),
        places.collect::<String>()
    )
}
