//! The component `console`: its files, their headers, and what it says where nothing was built.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use tests::{Answer, Host};

/// What every answer must carry, whatever it is.
fn assert_guarded(answer: &Answer, path: &str) {
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
    assert!(policy.contains("script-src 'self';"), "{path}: no inline scripts: {policy}");
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{path} {name}");
    }
    assert!(answer.header("content-length").is_some() || answer.status == 304, "{path}");
}

#[test]
fn the_address_without_a_slash_leads_to_the_page() {
    let host = Host::start();
    let answer = host.ask("GET", "/console").send();
    assert_eq!((answer.status, answer.header("location")), (308, Some("/console/")));
    assert_guarded(&answer, "/console");
}

#[test]
fn only_reads_are_possible() {
    let host = Host::start();
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = host.ask(method, "/console/").send();
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{method}");
        assert_guarded(&answer, method);
    }
}

/// The tests run with and without the files of `cargo xtask console`: on a machine without Node
/// there are none.
#[test]
fn the_page_is_served_or_says_how_to_build_it() {
    let host = Host::start();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/console/gzip");
    if !root.join("index.html").is_file() {
        let answer = host.ask("GET", "/console/").send();
        assert_eq!(answer.status, 503);
        assert!(answer.text().contains("cargo xtask console"), "{}", answer.text());
        assert!(answer.text().contains("控制台尚未构建"), "{}", answer.text());
        assert_guarded(&answer, "/console/");
        return;
    }
    let page = std::fs::read(root.join("index.html")).unwrap();
    // Every address of the application is the page, which then shows what the address names.
    for path in ["/console/", "/console/members/M10001?kind=earn", "/console/invitation/a.b"] {
        let answer = host.ask("GET", path).send();
        assert_eq!((answer.status, &answer.body), (200, &page), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(answer.header("content-encoding"), Some("gzip"));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_guarded(&answer, path);
    }
    let mut chunks = 0;
    for file in std::fs::read_dir(root.join("assets")).unwrap().flatten() {
        let path = format!("/console/assets/{}", file.file_name().to_string_lossy());
        let answer = host.ask("GET", &path).send();
        assert_eq!(
            (answer.status, answer.body.len() as u64),
            (200, file.metadata().unwrap().len())
        );
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_guarded(&answer, &path);
        chunks += 1;
    }
    assert!(chunks > 5, "only {chunks} chunks");
    let old = host.ask("GET", "/console/assets/index-gone.js").send();
    assert_eq!((old.status, old.header("cache-control")), (404, Some("no-store")));
    assert_guarded(&old, "a chunk of an earlier build");
}

#[test]
fn a_known_page_is_not_sent_again() {
    let host = Host::start();
    let page = host.ask("GET", "/console/").send();
    let Some(tag) = page.header("etag").map(str::to_owned) else {
        assert_eq!(page.status, 503, "files without an ETag");
        return;
    };
    for (known, status) in [
        (tag.clone(), 304),
        (format!("\"other\", W/{tag}"), 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
    ] {
        let ask = host.ask("GET", "/console/").with("if-none-match", &known);
        let raw = head_of(&host, &ask.bytes());
        assert!(raw.starts_with(&format!("HTTP/1.1 {status} ")), "{known}: {raw}");
        assert!(raw.contains(&tag), "{known}: {raw}");
    }
    let head = head_of(&host, &host.ask("HEAD", "/console/").bytes());
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let length = format!("content-length: {}", page.body.len());
    assert!(head.contains(&length), "{head}");
}

/// The head of an answer. What follows it must be nothing where 304 and HEAD tell a length.
fn head_of(host: &Host, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(host.address).unwrap();
    let text = String::from_utf8_lossy(request).replacen("\r\n", "\r\nconnection: close\r\n", 1);
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    if head.starts_with("HTTP/1.1 304 ") || text.starts_with("HEAD ") {
        assert_eq!(answer.len(), end, "{head}");
    }
    head
}
