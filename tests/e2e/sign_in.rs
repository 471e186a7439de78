//! `/v1/sign-in`, `/v1/session` and the invitations: which persons get in, for how long, and which
//! do not.

use credential::totp;
use serde_json::{Value as Json, json};
use tests::{Answer, Ask, Host, Shop, purchase};

pub(crate) const PASSWORD: &str = "a-long-way-home";

/// Milliseconds of 2026-03-10T10:00:00+08:00, when a host starts.
pub(crate) const START: i64 = 1_773_108_000_000;

/// Sets the host's clock so many minutes after its start, and gives that in milliseconds.
pub(crate) fn after(host: &Host, minutes: i64) -> i64 {
    let (day, minute) = (10 + (120 + minutes) / 1_440, (120 + minutes) % 1_440);
    host.clock(&format!("2026-03-{day:02}T{:02}:{:02}:00Z", minute / 60, minute % 60));
    START + minutes * 60_000
}

/// A person with what their browser and their phone hold.
pub(crate) struct Person {
    pub(crate) host: std::net::SocketAddr,
    pub(crate) id: String,
    pub(crate) secret: Vec<u8>,
    pub(crate) cookie: String,
    pub(crate) recovery: Vec<String>,
}

pub(crate) fn cookie_of(answer: &Answer) -> String {
    let given = answer.header("set-cookie").unwrap_or_else(|| panic!("{}", answer.text()));
    for part in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(given.split("; ").any(|found| found == part), "{given}");
    }
    assert!(!given.to_lowercase().contains("domain"), "{given}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    given.split(';').next().unwrap().to_owned()
}

/// Invites a person and follows the link, as of now.
pub(crate) fn person(host: &Host, id: &str, roles: &Json, at: i64) -> Person {
    person_of(host, &host.shop(), id, roles, at)
}

fn person_of(host: &Host, shop: &Shop, id: &str, roles: &Json, at: i64) -> Person {
    let body = json!({"person_id": id, "name": format!("Name of {id}"), "language": "en",
        "roles": roles, "programme_id": shop.programme});
    let invited = host.shop().post("/v1/invitations", &body).send().ok();
    accepts(host, id, invited["token"].as_str().unwrap(), at)
}

fn accepts(host: &Host, id: &str, token: &str, at: i64) -> Person {
    let path = format!("/v1/invitations/{token}");
    let shown = host.ask("GET", &path).send().ok();
    assert_eq!(shown["person_id"], id);
    let mut person = Person {
        host: host.address,
        id: id.to_owned(),
        secret: Vec::new(),
        cookie: String::new(),
        recovery: Vec::new(),
    };
    let mut body = json!({"password": PASSWORD});
    if shown["needs_code"] == true {
        let code = host.ask("POST", &format!("{path}/code")).send().ok();
        person.secret = totp::from_base32(code["secret"].as_str().unwrap()).unwrap();
        body["code"] = person.code(at).into();
    }
    let accepted = host.ask("POST", &format!("{path}/accept")).body(body.to_string()).send();
    person.cookie = cookie_of(&accepted);
    let text = |code: &Json| code.as_str().unwrap().to_owned();
    person.recovery =
        accepted.ok()["recovery_codes"].as_array().unwrap().iter().map(text).collect();
    person
}

impl Person {
    pub(crate) fn code(&self, at: i64) -> String {
        totp::code(&self.secret, totp::step(at))
    }

    /// A request of the console.
    pub(crate) fn ask(&self, method: &str, path: &str) -> Ask {
        let ask = Ask::new(self.host, method, path).with("cookie", &self.cookie);
        if method == "GET" {
            return ask;
        }
        ask.with("x-accrue", "1").key(format!("key-{:x}", rand()))
    }

    pub(crate) fn post(&self, path: &str, body: &Json) -> Ask {
        self.ask("POST", path).body(body.to_string())
    }

    pub(crate) fn tries(&self, password: &str, code: Option<&str>) -> Answer {
        self.tries_as(&self.id, password, code)
    }

    fn tries_as(&self, id: &str, password: &str, code: Option<&str>) -> Answer {
        let body = json!({"person_id": id, "password": password, "code": code});
        Ask::new(self.host, "POST", "/v1/sign-in").body(body.to_string()).send()
    }

    pub(crate) fn signs_in(&mut self, at: i64) -> Json {
        let code = (!self.secret.is_empty()).then(|| self.code(at));
        let answer = self.tries(PASSWORD, code.as_deref());
        self.cookie = cookie_of(&answer);
        answer.ok()
    }

    pub(crate) fn session(&self) -> String {
        self.ask("GET", "/v1/session").send().outcome()
    }
}

fn rand() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The clock goes on while a test runs: to the minute.
fn is_at(instant: &Json, minute: &str) -> bool {
    instant.as_str().unwrap().starts_with(minute)
}

pub(crate) fn role(name: &str) -> Json {
    json!([{"role": name}])
}

/// The operator invites the first admin, who sets up codes, signs in, and signs out.
#[test]
fn the_first_person_gets_in() {
    let mut host = Host::start();
    let shop = host.shop();
    let body = json!({"person_id": "Anna", "name": "Anna Li", "roles": [{"role": "admin"}]});
    let invited = shop.post("/v1/invitations", &body).send();
    assert_eq!(invited.status, 201);
    let invited = invited.ok();
    let token = invited["token"].as_str().unwrap();
    assert_eq!(invited["path"], format!("/console/#/invitation/{token}"));
    assert!(is_at(&invited["expires_at"], "2026-03-13T02:00"), "{invited}");
    assert_eq!(invited["waits"], false);
    let path = format!("/v1/invitations/{token}");
    assert_eq!(
        host.ask("GET", &path).send().ok(),
        json!({"person_id": "Anna", "name": "Anna Li", "programme_id": "default", "needs_code": true})
    );
    let code = host.ask("POST", &format!("{path}/code")).send().ok();
    assert_eq!(host.ask("POST", &format!("{path}/code")).send().ok(), code, "loaded anew");
    let secret = code["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    let uri = code["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/") && uri.contains(secret), "{uri}");
    let bytes = totp::from_base32(secret).unwrap();
    let right = totp::code(&bytes, totp::step(START));
    let accept =
        |body: Json| host.ask("POST", &format!("{path}/accept")).body(body.to_string()).send();
    for (what, body, outcome) in [
        (
            "short",
            json!({"password": "eleven char", "code": right}),
            "400 invalid-request /password",
        ),
        (
            "common",
            json!({"password": "password1234", "code": right}),
            "400 invalid-request /password",
        ),
        ("no code", json!({"password": PASSWORD}), "401 code-needed"),
        ("wrong", json!({"password": PASSWORD, "code": "000000"}), "400 invalid-request /code"),
        ("more", json!({"password": PASSWORD, "code": right, "x": 1}), "400 invalid-request /x"),
    ] {
        assert_eq!(accept(body).outcome(), outcome, "{what}");
    }
    let accepted = accept(json!({"password": PASSWORD, "code": right}));
    let cookie = cookie_of(&accepted);
    let accepted = accepted.ok();
    assert_eq!(accepted["recovery_codes"].as_array().unwrap().len(), 10);
    assert!(is_at(&accepted["expires_at"], "2026-03-10T14:00"), "{accepted}");
    let object = json!({
        "person": {"id": "Anna", "name": "Anna Li", "language": "zh-CN"},
        "programme": {"id": "default", "name": "Default programme"},
        "has_code": true, "role": "admin", "base": "admin", "permissions": null,
        "stores": null, "expires_at": accepted["expires_at"],
        "roles": [{"role": "admin", "base": "admin", "names": null, "stores": null, "regions": null, "from": null, "until": null}],
    });
    let session = |cookie: &str| host.ask("GET", "/v1/session").with("cookie", cookie).send();
    assert_eq!(session(&cookie).ok(), object);
    for used in [host.ask("GET", &path), host.ask("POST", &format!("{path}/code"))] {
        assert_eq!(used.send().outcome(), "404 resource-not-found", "the link works once");
    }
    let again = accept(json!({"password": PASSWORD, "code": right}));
    assert_eq!(again.outcome(), "404 resource-not-found");
    // She is an admin, and the audit log names her.
    let ask = host.ask("PUT", "/v1/rewards/mug").with("cookie", &cookie).with("x-accrue", "1");
    let answer = ask.key("k").body(r#"{"name":"Mug","points":30}"#).send();
    assert!(answer.status < 300, "{}", answer.text());
    let log = shop.all_with("/v1/audit-log", "person_id=Anna");
    let actions: Vec<&str> = log.iter().rev().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions[..2], ["password_set", "session_begun"]);
    assert!(actions.len() > 2, "{actions:?}");
    // Signed out: the cookie is taken away, and counts no more.
    let out = host.ask("POST", "/v1/sign-out").with("cookie", &cookie).with("x-accrue", "1").send();
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().starts_with("__Host-accrue=; "));
    assert_eq!(session(&cookie).outcome(), "401 unauthorized");
    assert_eq!(host.ask("POST", "/v1/sign-out").send().status, 204, "without a session");
    // No secret lies in the database or the log.
    host.stop();
    let log = host.log();
    let stored = host.books().text(
        "SELECT group_concat(c.password || c.recovery) || (SELECT group_concat(coalesce(before, '') || coalesce(after, '')) FROM audit_log)
        || (SELECT group_concat(prefix || hex(hash)) FROM api_key) FROM credential AS c",
    );
    let recovery = accepted["recovery_codes"][0].as_str().unwrap();
    for secret in [PASSWORD, token, recovery, &cookie["__Host-accrue=ses_12345678".len()..]] {
        for (place, text) in [("log", &log), ("database", &stored)] {
            assert!(!text.contains(secret), "{secret} lies in the {place}");
        }
    }
    assert!(stored.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    host.start_again();
}

/// One line for each way to be refused; all answers that tell nothing are the same.
#[test]
fn sign_ins_and_their_outcomes() {
    let host = Host::start();
    let shop = host.shop();
    let anna = person(&host, "anna", &role("admin"), START);
    let till = person(&host, "till", &role("storefront"), START);
    let gone = person(&host, "gone", &role("storefront"), START);
    shop.ask("POST", "/v1/staff/gone/suspend").send().ok();
    let body = json!({"person_id": "new", "name": "New", "roles": [{"role": "storefront"}]});
    shop.post("/v1/invitations", &body).send().ok();
    let at = after(&host, 1);
    let code = anna.code(at);
    let recovery = anna.recovery[3].clone();
    let spelled = format!(" {} ", recovery.to_uppercase());
    for (what, who, password, code, outcome) in [
        ("nobody", "nobody", PASSWORD, None, "401 sign-in-failed"),
        ("wrong", "anna", "another-way-home", Some(code.as_str()), "401 sign-in-failed"),
        ("suspended", "gone", PASSWORD, None, "401 sign-in-failed"),
        ("invited", "new", PASSWORD, None, "401 sign-in-failed"),
        ("of a key only", "admin", PASSWORD, None, "401 sign-in-failed"),
        ("no code", "anna", PASSWORD, None, "401 code-needed"),
        ("another code", "anna", PASSWORD, Some("000000"), "401 sign-in-failed"),
        ("right", "anna", PASSWORD, Some(code.as_str()), "200"),
        ("the code again", "anna", PASSWORD, Some(code.as_str()), "401 sign-in-failed"),
        ("spelled otherwise", "ANNA", PASSWORD, None, "401 code-needed"),
        ("a recovery code", "anna", PASSWORD, Some(spelled.as_str()), "200"),
        ("that code again", "anna", PASSWORD, Some(recovery.as_str()), "401 sign-in-failed"),
        ("without codes", "till", PASSWORD, None, "200"),
        ("a code too many", "till", PASSWORD, Some("000000"), "200"),
        ("a right one again", "till", PASSWORD, None, "200"),
    ] {
        let answer = anna.tries_as(who, password, code);
        assert_eq!(answer.outcome(), outcome, "{what}");
        assert_eq!(answer.header("set-cookie").is_some(), outcome == "200", "{what}");
        assert_eq!(answer.header("retry-after"), None, "{what}");
        if outcome == "401 sign-in-failed" {
            let problem = answer.json();
            assert_eq!(problem["detail"], anna.tries_as("no one", "x", None).json()["detail"]);
        }
    }
    drop((till, gone));
    for (what, body, outcome) in [
        (
            "another programme",
            json!({"programme_id": "none", "person_id": "anna", "password": PASSWORD}),
            "401 sign-in-failed",
        ),
        (
            "no person",
            json!({"person_id": "", "password": PASSWORD}),
            "400 invalid-request /person_id",
        ),
        ("no password", json!({"person_id": "anna"}), "400 invalid-request "),
        (
            "more",
            json!({"person_id": "anna", "password": "x", "remember": true}),
            "400 invalid-request /remember",
        ),
    ] {
        let answer = host.ask("POST", "/v1/sign-in").body(body.to_string()).send();
        assert_eq!(answer.outcome(), outcome, "{what}");
    }
    let large = host.ask("POST", "/v1/sign-in").body(vec![b' '; 5_000]).send();
    assert_eq!(large.outcome(), "413 body-too-large");
    // A role that takes codes does not count without them: a new invitation sets them up.
    let staff = json!({"name": "Till", "roles": [{"role": "storefront"}, {"role": "finance"}]});
    shop.put("/v1/staff/till", &staff).send().ok();
    let session = anna.tries_as("till", PASSWORD, None).ok();
    assert_eq!(
        (&session["role"], session["roles"].as_array().unwrap().len()),
        (&json!("storefront"), 1)
    );
}

/// A guesser waits longer each time; the person is let in when the wait is over.
#[test]
fn guesses_at_a_person_must_wait() {
    let host = Host::start();
    let mut anna = person(&host, "anna", &role("service"), START);
    let ben = person(&host, "ben", &role("service"), START);
    after(&host, 1);
    let guesser = person_at(&host, "anna");
    let wrong = || guesser.tries("another-way-home", None);
    for _ in 0..5 {
        assert_eq!(wrong().header("retry-after"), None);
    }
    // Locked: right or wrong makes no difference, and an attempt does not prolong it.
    for password in [PASSWORD, "another-way-home"] {
        let answer = anna.tries(password, None);
        assert_eq!(answer.outcome(), "401 sign-in-failed");
        let wait: i64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=31).contains(&wait), "{wait}");
    }
    // So is a person that does not exist: nobody learns which persons do.
    for _ in 0..5 {
        anna.tries_as("nobody", "another-way-home", None);
    }
    let answer = anna.tries_as("nobody", PASSWORD, None);
    assert!(answer.header("retry-after").is_some() && answer.status == 401);
    assert_eq!(ben.tries(PASSWORD, None).status, 200, "others are not concerned");
    // After the wait one more guess, and twice the wait.
    after(&host, 2);
    assert_eq!(wrong().header("retry-after"), None);
    let wait: i64 = wrong().header("retry-after").unwrap().parse().unwrap();
    assert!((32..=61).contains(&wait), "{wait}");
    let at = after(&host, 4);
    anna.signs_in(at);
    for _ in 0..4 {
        assert_eq!(wrong().header("retry-after"), None, "counted anew");
    }
    assert_eq!(anna.tries(PASSWORD, None).status, 200);
    let log = host.shop().all_with("/v1/audit-log", "action=sign_in_failed");
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log.iter().all(|row| row["subject"] == "anna" && row["person_id"].is_null()));
}

/// From one address only so many persons are tried.
#[test]
fn an_address_must_wait_too() {
    let host = Host::start();
    let anna = person(&host, "anna", &role("service"), START);
    after(&host, 1);
    for number in 0..20 {
        let answer = anna.tries_as(&format!("guess {number}"), "another-way-home", None);
        assert_eq!(answer.header("retry-after"), None, "{number}");
    }
    let answer = anna.tries(PASSWORD, None);
    assert_eq!(answer.outcome(), "401 sign-in-failed");
    assert!(answer.header("retry-after").is_some());
    after(&host, 3);
    assert_eq!(anna.tries(PASSWORD, None).status, 200);
}

/// Many guesses at once are no more than one after the other.
#[test]
fn guesses_at_once_are_counted() {
    let host = Host::start();
    let anna = person(&host, "anna", &role("service"), START);
    after(&host, 1);
    let compared: usize = std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| anna.tries("another-way-home", None).header("retry-after").is_none())
            })
            .collect();
        guesses.into_iter().map(|guess| usize::from(guess.join().unwrap())).sum()
    });
    assert!((1..=5).contains(&compared), "{compared} were compared");
}

#[test]
fn a_session_ends() {
    let host = Host::start();
    let shop = host.shop();
    let mut anna = person(&host, "anna", &role("service"), START);
    // In use it lasts; 30 minutes without use end it.
    for minutes in [1, 28, 55, 82] {
        after(&host, minutes);
        assert_eq!(anna.session(), "200", "{minutes}");
    }
    after(&host, 113);
    assert_eq!(anna.session(), "401 unauthorized", "idle");
    // 12 hours end it however much it is used.
    let at = after(&host, 120);
    assert!(is_at(&anna.signs_in(at)["expires_at"], "2026-03-10T16:00"));
    for minutes in (0..719).step_by(20) {
        after(&host, 120 + minutes);
        assert_eq!(anna.session(), "200", "{minutes}");
    }
    after(&host, 120 + 719);
    assert_eq!(anna.session(), "200");
    after(&host, 120 + 721);
    assert_eq!(anna.session(), "401 unauthorized", "over");
    // An admin ends all of a person; suspension does so at once, and ends keys as well.
    let at = after(&host, 900);
    let key = shop.key_of("anna", "service");
    anna.signs_in(at);
    let first = anna.cookie.clone();
    anna.signs_in(at);
    let listed = shop.get("/v1/staff/anna/sessions").send().ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!(listed["items"][0]["address"], "127.0.0.1");
    assert_eq!(shop.ask("DELETE", "/v1/staff/anna/sessions").send().status, 204);
    assert_eq!(anna.session(), "401 unauthorized");
    assert_eq!(Person { cookie: first, ..person_at(&host, "anna") }.session(), "401 unauthorized");
    assert_eq!(shop.get("/v1/staff/anna/sessions").send().ok()["items"], json!([]));
    anna.signs_in(at);
    assert_eq!(shop.get("/v1/members/m").bearer(&key).send().outcome(), "404 member-not-found");
    assert_eq!(shop.ask("POST", "/v1/staff/anna/suspend").send().ok()["state"], "suspended");
    assert_eq!(anna.session(), "401 unauthorized");
    assert_eq!(shop.get("/v1/members/m").bearer(&key).send().outcome(), "401 unauthorized");
    assert_eq!(anna.tries(PASSWORD, None).outcome(), "401 sign-in-failed");
    let born = shop.key_of("anna", "service");
    assert_eq!(shop.get("/v1/members/m").bearer(&born).send().outcome(), "401 unauthorized");
    assert_eq!(shop.ask("POST", "/v1/staff/anna/restore").send().ok()["state"], "active");
    assert_eq!(anna.session(), "401 unauthorized", "what ended has ended");
    assert_eq!(shop.get("/v1/members/m").bearer(&key).send().outcome(), "404 member-not-found");
    assert_eq!(shop.get("/v1/members/m").bearer(&born).send().outcome(), "404 member-not-found");
    anna.signs_in(at);
    assert_eq!(anna.session(), "200");
    // Other roles: what was begun with the old ones ends.
    let staff = json!({"name": "Anna", "language": "en", "roles": role("service")});
    shop.put("/v1/staff/anna", &staff).send().ok();
    assert_eq!(anna.session(), "200", "another name");
    let staff =
        json!({"name": "Anna", "language": "en", "roles": [{"role": "service", "stores": ["a"]}]});
    shop.put("/v1/staff/anna", &staff).send().ok();
    assert_eq!(anna.session(), "401 unauthorized");
    // Twenty at most: the first makes room. Sessions are no keys.
    anna.signs_in(at);
    let first = anna.cookie.clone();
    for _ in 0..20 {
        anna.signs_in(at);
    }
    assert_eq!(Person { cookie: first, ..person_at(&host, "anna") }.session(), "401 unauthorized");
    assert_eq!(
        shop.get("/v1/staff/anna/sessions").send().ok()["items"].as_array().unwrap().len(),
        20
    );
    let keys = shop.all("/v1/keys", 200);
    assert!(
        keys.iter().all(|key| !key["prefix"].as_str().unwrap().starts_with("ses_")),
        "{keys:?}"
    );
    let prefix = &anna.cookie["__Host-accrue=".len()..][..12];
    for ask in [
        shop.ask("DELETE", &format!("/v1/keys/{prefix}")),
        shop.ask("POST", &format!("/v1/keys/{prefix}/rotate")),
        anna.ask("POST", &format!("/v1/keys/{prefix}/rotate")),
    ] {
        let outcome = ask.send().outcome();
        assert!(
            ["404 resource-not-found", "403 forbidden"].contains(&outcome.as_str()),
            "{outcome}"
        );
    }
    assert_eq!(anna.session(), "200");
    // A browser that was taken over gets no key that lasts.
    let own = shop.key_of("anna", "service");
    let rotated = anna.ask("POST", &format!("/v1/keys/{}/rotate", &own[..12])).send().ok();
    assert_eq!(rotated["waits"], true);
    let key = rotated["key"].as_str().unwrap();
    assert_eq!(shop.get("/v1/members/m").bearer(key).send().outcome(), "401 unauthorized");
}

pub(crate) fn person_at(host: &Host, id: &str) -> Person {
    let (secret, cookie, recovery) = (Vec::new(), String::new(), Vec::new());
    Person { host: host.address, id: id.to_owned(), secret, cookie, recovery }
}

/// A browser adds the cookie by itself, also where another page asked. So changes need a header
/// that no other page can add.
#[test]
fn only_the_console_changes_by_cookie() {
    let host = Host::start();
    let shop = host.shop();
    let anna = person(&host, "anna", &role("service"), START);
    let put = |ask: Ask| ask.key("k").body("{}").send().outcome();
    let bare = || Ask::new(host.address, "PUT", "/v1/members/m");
    let by_cookie = || bare().with("cookie", &anna.cookie);
    let header = shop.key("service");
    for (what, outcome, expected) in [
        ("no header", put(by_cookie()), "403 cross-site"),
        ("another value", put(by_cookie().with("x-accrue", "0")), "403 cross-site"),
        ("twice", put(by_cookie().with("x-accrue", "1").with("x-accrue", "1")), "403 cross-site"),
        ("the header", put(by_cookie().with("x-accrue", "1")), "201 profile +0 = 0"),
        ("a key needs none", put(bare().bearer(&header)), "200 profile +0 = 0"),
        (
            "key and cookie: the key counts",
            put(by_cookie().bearer(&header)),
            "200 profile +0 = 0 (again)",
        ),
        (
            "a bad key beside a good cookie",
            put(by_cookie().bearer("acc_nothing")),
            "401 unauthorized",
        ),
        (
            "the session as a key",
            put(bare().bearer(&anna.cookie["__Host-accrue=".len()..])),
            "401 unauthorized",
        ),
        ("no header, no cookie", put(bare()), "401 unauthorized"),
    ] {
        assert_eq!(outcome, expected, "{what}");
    }
    let garbage =
        ["", "__Host-accrue", "__Host-accrue=", "__Host-accrue=ses_", "=;;=;__Host-accrue=\u{e9}"];
    for cookie in garbage {
        let answer = host.ask("GET", "/v1/session").with("cookie", cookie).send();
        assert_eq!(answer.outcome(), "401 unauthorized", "{cookie:?}");
    }
    let made_up = format!("__Host-accrue=ses_{}", "x".repeat(51));
    let (start, last) = anna.cookie.split_at(anna.cookie.len() - 1);
    let forged = format!("{start}{}", if last == "x" { "y" } else { "x" });
    for cookie in [made_up, forged, format!("{}; {}", anna.cookie, anna.cookie)] {
        let answer = host.ask("GET", "/v1/session").with("cookie", &cookie).send();
        assert_eq!(answer.outcome(), "401 unauthorized", "{cookie:?}");
    }
    // No other page signs somebody in, either.
    let body = json!({"person_id": "anna", "password": PASSWORD}).to_string();
    for (site, status) in
        [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
    {
        let ask = host.ask("POST", "/v1/sign-in").with("sec-fetch-site", site).body(&body);
        assert_eq!(ask.send().status, status, "{site}");
    }
    // Reading a page needs no header, and a key is no session.
    assert_eq!(anna.session(), "200");
    assert_eq!(shop.get("/v1/session").send().outcome(), "401 unauthorized");
    let role = json!({"role": "service"});
    assert_eq!(shop.post("/v1/session/role", &role).send().outcome(), "401 unauthorized");
}

#[test]
fn a_person_acts_in_one_role_at_a_time() {
    let host = Host::start();
    let roles = json!([
        {"role": "service", "stores": ["a"]},
        {"role": "marketing", "until": "2026-03-10T12:00:00+08:00"},
        {"role": "finance", "from": "2026-03-11T00:00:00+08:00"},
    ]);
    let mut anna = person(&host, "anna", &roles, START);
    let session = anna.ask("GET", "/v1/session").send().ok();
    assert_eq!((&session["role"], &session["stores"]), (&json!("service"), &json!(["a"])));
    let names: Vec<&Json> =
        session["roles"].as_array().unwrap().iter().map(|role| &role["role"]).collect();
    assert_eq!(names, ["service", "marketing"], "those that count now");
    let draft = |anna: &Person| anna.ask("GET", "/v1/rulebook/drafts").send().status;
    assert_eq!(draft(&anna), 403);
    for role in ["finance", "admin", "root", ""] {
        let answer = anna.post("/v1/session/role", &json!({"role": role})).send();
        assert_eq!(answer.outcome(), "400 invalid-request /role", "{role}");
    }
    after(&host, 10);
    let switched = anna.post("/v1/session/role", &json!({"role": "marketing"})).send();
    let before = std::mem::replace(&mut anna.cookie, cookie_of(&switched));
    let session = switched.ok();
    assert_eq!((&session["role"], &session["stores"]), (&json!("marketing"), &Json::Null));
    assert_eq!(session["expires_at"], "2026-03-10T04:00:00Z", "the role ends before the session");
    assert_eq!(draft(&anna), 200);
    assert_eq!(Person { cookie: before, ..person_at(&host, "anna") }.session(), "401 unauthorized");
    let back = anna.post("/v1/session/role", &json!({"role": "service"})).send();
    anna.cookie = cookie_of(&back);
    assert_eq!(back.ok()["expires_at"], "2026-03-10T04:00:00Z", "no longer than the one before");
    // The next day she has another role.
    let at = after(&host, 24 * 60);
    let session = anna.signs_in(at);
    let names: Vec<&Json> =
        session["roles"].as_array().unwrap().iter().map(|role| &role["role"]).collect();
    assert_eq!(names, ["service", "finance"]);
}

/// A person of store a, by session, sees and does what a key of store a sees and does.
#[test]
fn a_person_of_a_store_is_as_a_key_of_the_store() {
    let host = Host::start();
    let shop = host.shop();
    let anna = person(&host, "anna", &json!([{"role": "storefront", "stores": ["a"]}]), START);
    let body = json!({"role": "storefront", "label": "till", "stores": ["a"]});
    let key = shop.post("/v1/keys", &body).send().ok()["key"].as_str().unwrap().to_owned();
    let at = |store: &str, order: &str| {
        let mut body = purchase("m", order, 10_000);
        body["store_id"] = store.into();
        body
    };
    shop.post("/v1/earn", &at("b", "b-1")).send().ok();
    shop.post("/v1/earn", &at("a", "a-1")).send().ok();
    for (what, path, body) in [
        ("its store", "/v1/earn", at("a", "o-1")),
        ("another store", "/v1/earn", at("b", "o-2")),
        ("no store", "/v1/earn", purchase("m", "o-3", 10_000)),
        ("spends", "/v1/redeem", json!({"member_id": "m", "points": 1})),
        ("adjusts", "/v1/adjustments", json!({"member_id": "m", "points": 1, "reason_code": "x"})),
        (
            "bulk",
            "/v1/earn/bulk",
            json!({"events": [{"idempotency_key": "x", "member_id": "m", "event": "share", "store_id": "a"}]}),
        ),
    ] {
        let told =
            |answer: Answer| answer.outcome().split(' ').take(2).collect::<Vec<_>>().join(" ");
        let by_session = told(anna.post(path, &body).send());
        let mut other = body.clone();
        if let Some(reference) = other.get_mut("reference") {
            *reference = format!("{}-key", reference.as_str().unwrap()).into();
        }
        assert_eq!(by_session, told(shop.post(path, &other).bearer(&key).send()), "{what}");
    }
    for path in [
        "/v1/members/m",
        "/v1/members/m/entries",
        "/v1/members/m/lots",
        "/v1/rewards",
        "/v1/keys",
        "/v1/staff",
        "/v1/audit-log",
    ] {
        let (one, other) = (anna.ask("GET", path).send(), shop.get(path).bearer(&key).send());
        assert_eq!(one.status, other.status, "{path}");
        if one.status == 200 {
            let told = |answer: Answer| {
                let mut told = answer.json();
                told.as_object_mut().unwrap().remove("as_of");
                told
            };
            assert_eq!(told(one), told(other), "{path}");
        }
    }
    let entries = anna.ask("GET", "/v1/members/m/entries").send().ok();
    let entries = entries["items"].as_array().unwrap();
    assert!(entries.iter().all(|entry| entry["store_id"] == "a"), "{entries:?}");
    let actors: Vec<&str> = entries.iter().filter_map(|entry| entry["actor"].as_str()).collect();
    assert!(actors.contains(&"person:anna"), "entries name the person: {actors:?}");
    let bulk = shop.all("/v1/members/m/entries", 200);
    assert!(
        bulk.iter().any(|entry| entry["actor"] == "person:anna" && entry["points"] == 10),
        "{bulk:?}"
    );
}

/// A role for a region is one for the stores that lie there when the session begins.
#[test]
fn a_person_of_a_region_sees_its_stores() {
    let host = Host::start();
    let shop = host.shop();
    for (id, region) in [
        ("s-1", "east/shanghai"),
        ("s-2", "east/shanghai/pudong"),
        ("n-1", "east/shanghai2"),
        ("w-1", "west"),
    ] {
        let body = json!({"name": id, "region": region});
        assert_eq!(shop.put(&format!("/v1/stores/{id}"), &body).send().status, 201);
    }
    for store in ["s-1", "s-2", "n-1", "w-1", "x-1", "y-1"] {
        let mut body = purchase("m", &format!("o-{store}"), 10_000);
        body["store_id"] = store.into();
        shop.post("/v1/earn", &body).send().ok();
    }
    let roles = json!([{"role": "service", "regions": ["east/shanghai"], "stores": ["x-1"]}]);
    let mut anna = person(&host, "anna", &roles, START);
    let session = anna.ask("GET", "/v1/session").send().ok();
    assert_eq!(session["stores"], json!(["s-1", "s-2", "x-1"]));
    assert_eq!(session["roles"][0]["regions"], json!(["east/shanghai"]));
    let seen = |anna: &Person| {
        let entries = anna.ask("GET", "/v1/members/m/entries?limit=200").send().ok();
        let store = |entry: &Json| entry["store_id"].as_str().unwrap().to_owned();
        let mut stores: Vec<String> =
            entries["items"].as_array().unwrap().iter().map(store).collect();
        stores.sort();
        stores
    };
    assert_eq!(seen(&anna), ["s-1", "s-2", "x-1"]);
    // What is registered later is hers from the next session on.
    shop.put("/v1/stores/y-1", &json!({"name": "y", "region": "east/shanghai"})).send().ok();
    assert_eq!(seen(&anna), ["s-1", "s-2", "x-1"]);
    let at = after(&host, 1);
    anna.signs_in(at);
    assert_eq!(seen(&anna), ["s-1", "s-2", "x-1", "y-1"]);
    // A region without stores is none, and not all.
    let roles = json!([{"role": "service", "regions": ["south"]}]);
    shop.put("/v1/staff/anna", &json!({"name": "Anna", "roles": roles})).send().ok();
    assert_eq!(anna.signs_in(at)["stores"], json!([]));
    assert_eq!(seen(&anna), Vec::<String>::new());
}

/// The same person by key and by session does not decide on their own request. A repetition in
/// another session gets the first answer.
#[test]
fn four_eyes_are_of_two_persons() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-1", 1_000_000).send().ok();
    let before = shop.balance("m");
    let roles = json!([{"role": "service"}, {"role": "approver"}]);
    let mut anna = person(&host, "anna", &roles, START);
    let ben = person(&host, "ben", &role("approver"), START);
    let body =
        json!({"member_id": "m", "points": 50, "reason_code": "goodwill", "evidence": "ticket 1"});
    let by_session = anna.post("/v1/adjustments", &body).key("ask").send();
    assert_eq!(by_session.status, 201, "{}", by_session.text());
    let by_key =
        shop.post("/v1/adjustments", &body).bearer(&shop.key_of("anna", "service")).send().ok();
    let id = |entry: &Json| entry["entry"]["entry_id"].as_str().unwrap().to_owned();
    let (first, second) = (id(&by_session.ok()), id(&by_key));
    let at = after(&host, 1);
    anna.signs_in(at);
    let again = anna.post("/v1/adjustments", &body).key("ask").send();
    again.assert_replays(&by_session);
    let switched = anna.post("/v1/session/role", &json!({"role": "approver"})).send();
    anna.cookie = cookie_of(&switched);
    let key = shop.key_of("anna", "approver");
    let approve = |id: &str| format!("/v1/adjustments/{id}/approve");
    for (what, outcome) in [
        ("session and session", anna.post(&approve(&first), &json!({})).send().outcome()),
        ("key and session", anna.post(&approve(&second), &json!({})).send().outcome()),
        ("session and key", shop.post(&approve(&first), &json!({})).bearer(&key).send().outcome()),
    ] {
        assert_eq!(outcome, "403 own-request", "{what}");
    }
    for id in [&first, &second] {
        let answer = ben.post(&approve(id), &json!({})).send();
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    assert_eq!(shop.balance("m"), before + 100);
}

#[test]
fn invitations_end() {
    let host = Host::start();
    let shop = host.shop();
    let body = json!({"person_id": "anna", "name": "Anna", "roles": role("service")});
    let invite =
        || shop.post("/v1/invitations", &body).send().ok()["token"].as_str().unwrap().to_owned();
    let show = |token: &str| host.ask("GET", &format!("/v1/invitations/{token}")).send().outcome();
    let first = invite();
    let second = invite();
    assert_eq!(
        (show(&first), show(&second)),
        ("404 resource-not-found".into(), "200".into()),
        "replaced"
    );
    assert_eq!(show(&"x".repeat(43)), "404 resource-not-found");
    shop.ask("POST", "/v1/staff/anna/suspend").send().ok();
    assert_eq!(show(&second), "404 resource-not-found", "suspended");
    shop.ask("POST", "/v1/staff/anna/restore").send().ok();
    after(&host, 72 * 60 - 1);
    assert_eq!(show(&second), "200");
    let at = after(&host, 72 * 60 + 1);
    assert_eq!(show(&second), "404 resource-not-found", "over");
    let anna = accepts(&host, "anna", &invite(), at);
    assert_eq!(
        shop.post("/v1/invitations", &body).send().outcome(),
        "400 invalid-request /person_id"
    );
    // A reset: what counted counts until the link is used, and nothing of it afterwards.
    let reset = shop.ask("POST", "/v1/staff/anna/reset").send();
    assert_eq!(reset.status, 201);
    assert_eq!(anna.session(), "200");
    let token = reset.ok()["token"].as_str().unwrap().to_owned();
    let other = json!({"password": "another-long-way"}).to_string();
    let accepted = host.ask("POST", &format!("/v1/invitations/{token}/accept")).body(other).send();
    assert_eq!(accepted.status, 200);
    assert_eq!(anna.session(), "401 unauthorized");
    assert_eq!(anna.tries(PASSWORD, None).outcome(), "401 sign-in-failed");
    assert_eq!(anna.tries("another-long-way", None).status, 200);
    for (path, outcome) in [
        ("/v1/staff/nobody/reset", "404 resource-not-found"),
        ("/v1/staff/admin/reset", "404 resource-not-found"),
    ] {
        assert_eq!(shop.ask("POST", path).send().outcome(), outcome, "{path}");
    }
}

/// Secrets of codes are sealed, and a code of one person is none of another's.
#[test]
fn secrets_are_sealed() {
    let host =
        Host::start_with(&["--variable", "secrets_key=a-key-of-at-least-32-characters-0001"]);
    let mut anna = person(&host, "anna", &role("finance"), START);
    let ben = person(&host, "ben", &role("finance"), START);
    let stored = host.books().text("SELECT group_concat(totp) FROM credential");
    assert_eq!(stored.matches("sealed:").count(), 2, "{stored}");
    assert!(!stored.contains(&totp::base32(&anna.secret)));
    let at = after(&host, 1);
    assert_eq!(anna.tries(PASSWORD, Some(&ben.code(at))).outcome(), "401 sign-in-failed");
    assert_eq!(anna.signs_in(at)["role"], "finance");
    // Copied to another person's row it opens nothing.
    host.books()
        .write("UPDATE credential SET totp = (SELECT totp FROM credential WHERE folded = 'anna')")
        .unwrap();
    let at = after(&host, 5);
    assert_eq!(ben.tries(PASSWORD, Some(&anna.code(at))).outcome(), "401 sign-in-failed");
    assert_eq!(ben.tries(PASSWORD, Some(&ben.recovery[0])).status, 200);
}

/// Persons of one programme are nobody in another.
#[test]
fn programmes_have_their_own_persons() {
    let host = Host::start();
    let other = host.shop_with("other", |_| {});
    let mut anna = person_of(&host, &other, "anna", &role("admin"), START);
    assert_eq!(anna.tries(PASSWORD, None).outcome(), "401 sign-in-failed");
    let at = after(&host, 1);
    let body = json!({"programme_id": "other", "person_id": "anna", "password": PASSWORD, "code": anna.code(at)});
    let answer = host.ask("POST", "/v1/sign-in").body(body.to_string()).send();
    anna.cookie = cookie_of(&answer);
    assert_eq!(answer.ok()["programme"]["id"], "other");
    assert_eq!(anna.ask("GET", "/v1/staff").send().ok()["items"].as_array().unwrap().len(), 2);
    assert_eq!(anna.ask("GET", "/v1/programmes/default").send().status, 404);
    assert_eq!(host.shop().get("/v1/staff/anna").send().outcome(), "404 resource-not-found");
    let of_other =
        json!({"person_id": "x", "name": "X", "roles": role("service"), "programme_id": "default"});
    assert_eq!(other.post("/v1/invitations", &of_other).send().outcome(), "403 forbidden");
}
