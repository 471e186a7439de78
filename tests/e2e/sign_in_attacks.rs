//! Floods of sign-ins: from many addresses, at many persons, at one programme of several.

use serde_json::json;
use tests::{Answer, Ask, Host};

use crate::sign_in::{PASSWORD, after, cookie_of};

/// The host believes the test's proxy where a request comes from.
fn behind_a_proxy() -> Host {
    Host::start_with(&["--trusted-proxy", "127.0.0.0/8"])
}

/// What a browser holds of the cookies that it was given.
fn device_of(answer: &Answer) -> String {
    let given = answer.headers("set-cookie");
    let found = given.iter().find(|cookie| cookie.starts_with("__Host-accrue-device="));
    let found = found.unwrap_or_else(|| panic!("{given:?}"));
    for part in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=15552000"] {
        assert!(found.split("; ").any(|one| one == part), "{found}");
    }
    found.split(';').next().unwrap().to_owned()
}

/// A person of a programme accepts an invitation: what their browser holds.
fn accepts(host: &Host, programme: &str, id: &str) -> String {
    let body = json!({"person_id": id, "name": format!("Name of {id}"),
        "roles": [{"role": "service"}], "programme_id": programme});
    let invited = host.shop().post("/v1/invitations", &body).send().ok();
    let path = format!("/v1/invitations/{}/accept", invited["token"].as_str().unwrap());
    let body = json!({"password": PASSWORD}).to_string();
    let accepted = host.ask("POST", &path).body(body).send();
    cookie_of(&accepted);
    device_of(&accepted)
}

fn tries(host: &Host, programme: &str, id: &str, password: &str, from: &str) -> Ask {
    let body = json!({"programme_id": programme, "person_id": id, "password": password});
    let ask = Ask::new(host.address, "POST", "/v1/sign-in").with("x-forwarded-for", from);
    ask.body(body.to_string())
}

fn waits(answer: &Answer) -> bool {
    assert_eq!(answer.outcome(), "401 sign-in-failed");
    answer.header("retry-after").is_some()
}

/// One line of a flood has an address and a person of its own, so neither of them waits. All of
/// them together do, and cost no password then. Known browsers and other programmes do not wait.
#[test]
fn many_addresses_and_persons_are_one_crowd() {
    let host = behind_a_proxy();
    let second = host.shop_with("second", |_| {});
    let anna = accepts(&host, "default", "anna");
    accepts(&host, &second.programme, "ben");
    after(&host, 1);
    let mut compared = 0;
    for line in 0..400 {
        let from = format!("2001:db8:{line:x}::1");
        let answer = tries(&host, "default", &format!("p{line}"), "another-way-home", &from).send();
        if waits(&answer) {
            break;
        }
        compared += 1;
    }
    // 100, and two for each second that it took.
    assert!((100..390).contains(&compared), "{compared} were compared");
    let flood = |from: &str| tries(&host, "default", "anna", PASSWORD, from);
    assert!(waits(&flood("198.51.100.1").send()), "the right password of a stranger");
    let known = flood("198.51.100.1").with("cookie", &anna).send();
    assert_eq!(known.status, 200, "{}", known.text());
    assert_eq!(device_of(&known), anna, "it goes on holding what it holds");
    let elsewhere = tries(&host, &second.programme, "ben", PASSWORD, "198.51.100.2").send();
    assert_eq!(elsewhere.status, 200, "another programme does not feel it");
    let rows = |of: &str| {
        let text = format!("SELECT count(*) || '' FROM failed_sign_in WHERE {of}");
        host.books().text(&text).parse::<usize>().unwrap()
    };
    // A row for each that was compared, and one for all.
    assert_eq!(rows("programme_no = 1 AND subject LIKE 'p%'"), compared);
    // A second later it goes on, by two a second.
    after(&host, 2);
    assert_eq!(flood("198.51.100.3").send().status, 200);
}

/// Guesses of strangers keep strangers out, and not the person.
#[test]
fn guesses_of_others_keep_nobody_out_of_their_own_browser() {
    let host = behind_a_proxy();
    let device = accepts(&host, "default", "anna");
    let ben = accepts(&host, "default", "ben");
    after(&host, 1);
    let from = |place: u8| format!("198.51.100.{place}");
    let guess = |place: u8| {
        waits(&tries(&host, "default", "anna", "another-way-home", &from(place)).send())
    };
    for place in 1..=5 {
        assert!(!guess(place), "{place}");
    }
    assert!(guess(6));
    let hers = || tries(&host, "default", "anna", PASSWORD, &from(7)).with("cookie", &device);
    assert!(waits(&tries(&host, "default", "anna", PASSWORD, &from(7)).send()));
    assert_eq!(hers().send().status, 200);
    assert!(guess(8), "her sign-in gives strangers no further guesses");
    // What another person's browser holds is a stranger's for her; made-up ones are, too.
    for held in [ben.as_str(), "__Host-accrue-device=x", "__Host-accrue-device="] {
        let answer = tries(&host, "default", "anna", PASSWORD, &from(9)).with("cookie", held);
        assert!(waits(&answer.send()), "{held}");
    }
    let twice = format!("{device}; {device}");
    let answer = tries(&host, "default", "anna", PASSWORD, &from(9)).with("cookie", twice);
    assert!(waits(&answer.send()));
    // A thief of it guesses no faster than a stranger may.
    let stolen = |password: &str| {
        tries(&host, "default", "anna", password, &from(10)).with("cookie", &device).send()
    };
    for _ in 0..5 {
        assert!(!waits(&stolen("another-way-home")));
    }
    assert!(waits(&stolen(PASSWORD)));
    after(&host, 2);
    assert_eq!(stolen(PASSWORD).status, 200);
    // An address where somebody guesses at many keeps known browsers in, and strangers out.
    for number in 0..20 {
        let person = format!("q{number}");
        tries(&host, "default", &person, "another-way-home", &from(11)).send();
    }
    let there = || tries(&host, "default", "ben", PASSWORD, &from(11));
    assert!(waits(&there().send()));
    assert_eq!(there().with("cookie", &ben).send().status, 200);
    // One browser is of several persons: it holds one thing for all of them.
    let answer = tries(&host, "default", "ben", PASSWORD, &from(12)).with("cookie", &device).send();
    assert_eq!(device_of(&answer), device);
    // Another password makes all browsers strangers.
    let cookie = cookie_of(&answer);
    let change = json!({"password": PASSWORD, "new_password": "a-longer-way-home"}).to_string();
    let ask =
        host.ask("POST", "/v1/session/password").with("cookie", format!("{cookie}; {device}"));
    let changed = ask.with("x-accrue", "1").with("x-forwarded-for", from(12)).body(change).send();
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_ne!(device_of(&changed), device);
    let known = host.books().text("SELECT group_concat(folded) FROM known_device");
    assert_eq!(known.matches("ben").count(), 1, "{known}");
}
