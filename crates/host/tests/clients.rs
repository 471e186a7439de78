//! The rights of clients, and the cost of a bad client for the others.

#![cfg(test)]

mod support;

use std::{
    io::Read,
    net::TcpStream,
    time::{Duration, Instant},
};
use support::{Client, Host, eventually};

/// Other clients are served promptly meanwhile.
fn others_are_served(host: &Host) {
    let mut client = Client::connect(host.address);
    for _ in 0..50 {
        let started = Instant::now();
        assert_eq!(client.ask("GET", "/probe/empty", "").ok(), "ok");
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    }
}

#[test]
fn slow_senders_block_no_other_client() {
    let host =
        Host::start(&["--max-concurrency", "4", "--header-timeout", "1s", "--body-timeout", "1s"]);
    let mut slow_heads: Vec<Client> = (0..100).map(|_| Client::connect(host.address)).collect();
    let mut slow_bodies: Vec<Client> = (0..100).map(|_| Client::connect(host.address)).collect();
    for client in &mut slow_heads {
        client.send(b"POST /probe/echo HTTP/1.1\r\nhost: te").unwrap();
    }
    for client in &mut slow_bodies {
        client
            .send(b"POST /probe/echo HTTP/1.1\r\nhost: test\r\ncontent-length: 100\r\n\r\nstart")
            .unwrap();
    }
    others_are_served(&host);
    for client in &mut slow_bodies {
        assert_eq!(client.answer().unwrap().status, 408);
    }
    for client in &mut slow_heads {
        let mut rest = Vec::new();
        client.0.read_to_end(&mut rest).unwrap();
        assert!(
            rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"),
            "{:?}",
            String::from_utf8_lossy(&rest)
        );
    }
}

#[test]
fn clients_that_leave_block_no_other_client() {
    let host = Host::start(&[]);
    host.make_counter();
    for round in 0..200 {
        let mut client = Client::connect(host.address);
        let path = if round % 2 == 0 { "write/left" } else { "sleep/200" };
        client
            .send(
                format!("POST /probe/{path} HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n")
                    .as_bytes(),
            )
            .unwrap();
    }
    others_are_served(&host);
    eventually("nothing is in flight", || {
        host.metric("accrue_in_flight{component=\"probe\"}") == 0.0
    });
    eventually("no connection is left", || host.metric("accrue_connections ") == 0.0);
    assert_eq!(host.metric("accrue_traps_total{component=\"probe\"}"), 0.0);
}

#[test]
fn clients_that_do_not_read_block_no_other_client() {
    let host = Host::start(&["--max-bytes-in-flight", "2000000000"]);
    let body = "x".repeat(1_900_000);
    let mut greedy: Vec<Client> = (0..20).map(|_| Client::connect(host.address)).collect();
    for client in &mut greedy {
        let head = format!(
            "POST /probe/echo HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        client.send(head.as_bytes()).unwrap();
        client.send(body.as_bytes()).unwrap();
    }
    others_are_served(&host);
}

#[test]
fn ten_thousand_idle_connections() {
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    assert!(limit > 10_500, "needs 10,500 open files, has {limit}");
    let host = Host::start(&[]);
    let mut idle: Vec<Client> = Vec::new();
    for number in 0..10_000 {
        let mut client = Client::connect(host.address);
        // Half of the connections have been served once and are kept alive.
        if number % 2 == 0 {
            assert_eq!(client.ask("GET", "/probe/empty", "").status, 200);
        }
        idle.push(client);
    }
    eventually("all are open", || host.metric("accrue_connections ") >= 10_000.0);
    others_are_served(&host);
    let resident = host.metric("accrue_resident_bytes");
    assert!(resident < 600e6, "{resident} bytes");
    for client in idle.iter_mut().step_by(997) {
        assert_eq!(client.ask("GET", "/probe/empty", "").status, 200);
    }
}

#[test]
fn connections_above_the_limit_are_refused() {
    let host = Host::start(&["--max-connections", "10"]);
    let mut held: Vec<Client> = (0..10).map(|_| Client::connect(host.address)).collect();
    for client in &mut held {
        assert_eq!(client.ask("GET", "/probe/empty", "").status, 200);
    }
    let refused = Client::connect(host.address).answer().unwrap();
    assert_eq!(refused.status, 503);
    assert!(
        refused.head.contains("retry-after") && refused.body.contains("\"status\":503"),
        "{refused:?}"
    );
    held.clear();
    eventually("a connection is free", || {
        Client::connect(host.address)
            .try_ask("GET", "/probe/empty", "")
            .is_ok_and(|answer| answer.status == 200)
    });
}

#[test]
fn bodies_are_bounded() {
    let host = Host::start(&["--max-body", "1000"]);
    assert_eq!(host.post("/probe/echo", &"x".repeat(1000)).ok().len(), 1000);
    let refused = host.post("/probe/echo", &"x".repeat(1001));
    assert_eq!(refused.status, 413);
    assert!(refused.head.contains("application/problem+json"), "{refused:?}");
    let mut chunked = Client::connect(host.address);
    chunked
        .send(b"POST /probe/echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n")
        .unwrap();
    chunked.send(format!("5dc\r\n{}\r\n0\r\n\r\n", "x".repeat(1500)).as_bytes()).unwrap();
    assert_eq!(chunked.answer().unwrap().status, 413);
}

#[test]
fn every_answer_has_a_length_and_keeps_the_connection() {
    let host = Host::start(&[]);
    let mut client = Client::connect(host.address);
    for (path, status) in [
        ("/probe/empty", 200),
        ("/nothing", 404),
        ("/probe/silent", 500),
        ("/probe/nothing", 500),
        ("/probe/empty", 200),
    ] {
        let started = Instant::now();
        assert_eq!(client.ask("GET", path, "").status, status, "{path}");
        assert!(started.elapsed() < Duration::from_millis(500), "{path}: {:?}", started.elapsed());
    }
    client
        .send(b"HEAD /probe/empty HTTP/1.1\r\nhost: test\r\n\r\nGET /nothing HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    let mut head = [0; 12];
    client.0.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
}

#[test]
fn nonsense_is_refused() {
    let host = Host::start(&[]);
    for nonsense in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"GET\r\n\r\n",
        b"GET /probe/empty HTTP/1.1\r\nhost: a b\r\n\r\n",
    ] {
        let mut client = Client::connect(host.address);
        client.send(nonsense).unwrap();
        let mut answer = Vec::new();
        client.0.get_mut().set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        drop(client.0.read_to_end(&mut answer));
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"),
            "{:?}",
            String::from_utf8_lossy(&answer)
        );
    }
    others_are_served(&host);
    drop(TcpStream::connect(host.address).unwrap());
}
