//! A webhook receiver that answers by a script and keeps all attempts.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value as Json;
use sha2::Sha256;

use crate::listener::listen;

/// One delivery attempt.
#[derive(Debug, Clone)]
pub struct Received {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
    /// The raw body.
    pub body: String,
    /// The status of our answer.
    pub answered: u16,
}

impl Received {
    /// The event.
    pub fn event(&self) -> Json {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Checks the signature by the specification, without the engine's own code.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.{}", self.id, self.timestamp, self.body).as_bytes());
        let own = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.signature.split(' ').any(|one| one == own)
    }
}

#[derive(Default)]
struct State {
    answers: VecDeque<u16>,
    received: Vec<Received>,
}

/// A listening receiver. It answers 204 by default.
pub struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let (address, state) = listen(State::default(), |stream, _, state| serve(stream, state));
        Self { address, state }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Sets the answers to the next attempts, in order of arrival.
    pub fn answer_next(&self, statuses: &[u16]) {
        self.state.lock().unwrap().answers.extend(statuses);
    }

    /// Returns and clears the attempts since the last call.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.state.lock().unwrap().received)
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line == "\r\n" {
                break;
            }
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok()?;
        }
        head.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let header =
        |name: &str| head.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
    let answered = {
        let mut state = state.lock().unwrap();
        let answered = state.answers.pop_front().unwrap_or(204);
        state.received.push(Received {
            id: header("webhook-id").unwrap_or_default(),
            timestamp: header("webhook-timestamp").unwrap_or_default(),
            signature: header("webhook-signature").unwrap_or_default(),
            body: String::from_utf8_lossy(&body).into_owned(),
            answered,
        });
        answered
    };
    let mut writer = stream;
    let length = if answered == 204 { "" } else { "content-length: 0\r\n" };
    writer.write_all(format!("HTTP/1.1 {answered} Answer\r\n{length}\r\n").as_bytes()).ok()
}
