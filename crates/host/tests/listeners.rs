//! The listeners: TLS on both, and protection of the operator's listener from web pages.

#![cfg(test)]

mod support;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    time::Duration,
};
use support::{Client, Host, eventually};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};

/// Writes a new pair and returns the certificate.
fn write_pair(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    cert.der().clone()
}

/// A request over TLS by a client that trusts this certificate and no other.
fn ask(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    path: &str,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection =
        ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap())
            .unwrap();
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut stream = StreamOwned::new(connection, stream);
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    match stream.read_to_string(&mut answer) {
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(answer),
    }
}

#[test]
fn both_listeners_speak_tls_and_follow_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_pair(folder.path());
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let host = Host::start(&[
        "--tls-cert",
        &cert,
        "--tls-key",
        &key,
        "--admin-tls-cert",
        &cert,
        "--admin-tls-key",
        &key,
    ]);
    assert!(ask(host.address, &first, "/probe/scheme").unwrap().ends_with("\r\n\r\nhttps"));
    assert!(ask(host.admin, &first, "/healthz").unwrap().ends_with("ok\n"));
    let mut plain = Client::connect(host.address);
    assert!(plain.try_ask("GET", "/probe/empty", "").is_err(), "no answer to a client without TLS");
    let second = write_pair(folder.path());
    eventually("the new certificate is shown", || {
        ask(host.address, &second, "/probe/empty").is_ok()
    });
    assert!(ask(host.address, &first, "/probe/empty").is_err(), "the old one is not");
    std::fs::write(&key, "nonsense").unwrap();
    eventually("it is said", || host.log().contains("stays in force"));
    assert!(ask(host.address, &second, "/probe/empty").is_ok());
}

#[test]
fn a_silent_handshake_blocks_no_other_client() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = write_pair(folder.path());
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let host = Host::start(&["--tls-cert", &file("cert.pem"), "--tls-key", &file("key.pem")]);
    let _silent: Vec<TcpStream> =
        (0..50).map(|_| TcpStream::connect(host.address).unwrap()).collect();
    assert!(ask(host.address, &certificate, "/probe/empty").unwrap().starts_with("HTTP/1.1 200"));
}

/// The requests that a page can make a browser send: with a host name of its own that points here,
/// or from another origin.
#[test]
fn the_operators_listener_rejects_requests_of_web_pages() {
    let host = Host::start(&["--clock", "2030-01-01T00:00:00Z", "--admin-host", "ops.example.com"]);
    let ask = |method: &str, path: &str, headers: &str| {
        let mut client = Client::connect(host.admin);
        client
            .send(
                format!("{method} {path} HTTP/1.1\r\n{headers}content-length: 0\r\n\r\n")
                    .as_bytes(),
            )
            .unwrap();
        client.answer().unwrap().status
    };
    let port = host.admin.port();
    for (method, path, headers, status) in [
        ("GET", "/metrics", "host: localhost\r\n".to_owned(), 200),
        ("GET", "/metrics", format!("host: 127.0.0.1:{port}\r\n"), 200),
        ("GET", "/metrics", "host: [::1]:3001\r\n".to_owned(), 200),
        ("GET", "/metrics", "host: OPS.example.com:3001\r\n".to_owned(), 200),
        ("GET", "/metrics", "host: evil.example\r\n".to_owned(), 421),
        ("GET", "/metrics", "host: localhost.evil.example\r\n".to_owned(), 421),
        ("GET", "/metrics", "host: 127.0.0.1.evil.example\r\n".to_owned(), 421),
        ("GET", "/metrics", "host: localhost\r\nhost: evil.example\r\n".to_owned(), 421),
        ("GET", "/metrics", String::new(), 421),
        ("GET", "http://evil.example/metrics", "host: localhost\r\n".to_owned(), 421),
        (
            "POST",
            "/cron/cron-probe",
            "host: localhost\r\norigin: https://evil.example\r\n".to_owned(),
            403,
        ),
        ("POST", "/cron/cron-probe", "host: localhost\r\norigin: null\r\n".to_owned(), 403),
        (
            "POST",
            "/cron/cron-probe",
            "host: localhost\r\norigin: http://localhost:8080\r\n".to_owned(),
            403,
        ),
        ("GET", "/metrics", "host: localhost\r\nsec-fetch-site: cross-site\r\n".to_owned(), 403),
        (
            "GET",
            "/metrics",
            format!("host: localhost:{port}\r\norigin: http://localhost:{port}\r\n"),
            200,
        ),
        ("GET", "/metrics", "host: localhost\r\nsec-fetch-site: none\r\n".to_owned(), 200),
        ("PUT", "/clock", "host: localhost\r\norigin: https://evil.example\r\n".to_owned(), 403),
        ("PUT", "/clock", "host: evil.example\r\n".to_owned(), 421),
    ] {
        assert_eq!(ask(method, path, &headers), status, "{method} {path} {headers:?}");
    }
    assert!(
        host.admin("GET", "/clock", "").ok().starts_with("2030-01-01T00:00:"),
        "the clock is where it was"
    );
}
