//! `/v1/oidc`: persons sign in by a provider, which says who is there and nothing else.

use serde_json::{Value as Json, json};
use tests::{Answer, Ask, Host, Next, Provider, Signed};

use crate::sign_in::{PASSWORD, Person, START, after, person, person_at};

pub(crate) const FAILED: &str = "/console/?provider=failed";

fn second(at: i64) -> i64 {
    at.div_euclid(1_000)
}

fn known_to(provider: &Provider, more: &[&str]) -> Host {
    let arguments = provider.arguments(more);
    Host::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A browser on its way to the provider: the address that it is sent to, and its cookie.
pub(crate) struct Visit {
    pub(crate) url: String,
    pub(crate) cookie: String,
}

pub(crate) fn begins(host: &Host, body: &Json) -> Visit {
    let answer = host.ask("POST", "/v1/oidc/sign-in").body(body.to_string()).send();
    let url = answer.ok()["url"].as_str().unwrap().to_owned();
    let cookie = answer.header("set-cookie").unwrap();
    for part in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=600"] {
        assert!(cookie.split("; ").any(|found| found == part), "{cookie}");
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    Visit { url, cookie: cookie.split(';').next().unwrap().to_owned() }
}

pub(crate) fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace('+', "%2B").replace('/', "%2F").replace(':', "%3A")
}

impl Visit {
    pub(crate) fn comes_back(&self, host: &Host, query: &str) -> Answer {
        let answer = host
            .ask("GET", &format!("/v1/oidc/callback?{query}"))
            .with("cookie", &self.cookie)
            .send();
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        answer
    }

    /// The person agrees at the provider, and comes back.
    fn goes(&self, host: &Host, provider: &Provider) -> Answer {
        let (code, state) = provider.agrees(&self.url);
        self.comes_back(host, &query(provider, &code, &state))
    }
}

fn query(provider: &Provider, code: &str, state: &str) -> String {
    format!("code={}&state={state}&iss={}", encoded(code), encoded(&provider.issuer()))
}

fn subject(subject: &str) -> Next {
    Next { subject: subject.to_owned(), ..Next::default() }
}

pub(crate) fn place(answer: &Answer) -> &str {
    answer.header("location").unwrap()
}

pub(crate) fn session_of(host: &Host, answer: &Answer) -> Json {
    assert_eq!(place(answer), "/console/", "{}", host.log());
    let given = answer.header("set-cookie").unwrap();
    assert!(given.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"), "{given}");
    let cookie = given.split(';').next().unwrap();
    host.ask("GET", "/v1/session").with("cookie", cookie).send().ok()
}

pub(crate) fn invited(host: &Host, id: &str, roles: &Json) -> String {
    let body = json!({"person_id": id, "name": format!("Name of {id}"), "roles": roles});
    host.shop().post("/v1/invitations", &body).send().ok()["token"].as_str().unwrap().to_owned()
}

/// Invites a person, who accepts by the provider.
fn accepts(host: &Host, provider: &Provider, id: &str, roles: &Json) -> Answer {
    let token = invited(host, id, roles);
    begins(host, &json!({"invitation": token})).goes(host, provider)
}

#[test]
fn a_person_accepts_and_signs_in_by_the_provider() {
    let provider = Provider::start(second(START));
    let host = known_to(&provider, &[]);
    let shop = host.shop();
    assert_eq!(host.ask("GET", "/v1/oidc").send().ok(), json!({"name": "House", "wecom": null}));
    provider.next(subject("248289761001"));
    let roles = json!([{"role": "service"}]);
    // Nobody is made of somebody who is only known to the provider.
    let unknown = begins(&host, &json!({})).goes(&host, &provider);
    assert_eq!((place(&unknown), unknown.header("set-cookie")), (FAILED, None));
    let token = invited(&host, "anna", &roles);
    let visit = begins(&host, &json!({"invitation": token}));
    let accepted = visit.goes(&host, &provider);
    assert_eq!(session_of(&host, &accepted)["person"]["id"], "anna");
    let again = host.ask("POST", "/v1/oidc/sign-in");
    let again = again.body(json!({"invitation": token}).to_string()).send();
    assert_eq!(again.outcome(), "404 resource-not-found", "the link works once");
    // Signed by either key.
    for signed in [Signed::Rs256, Signed::Es256] {
        provider.next(Next { signed, ..subject("248289761001") });
        let visit = begins(&host, &json!({"programme_id": "default"}));
        let session = session_of(&host, &visit.goes(&host, &provider));
        assert_eq!((&session["role"], &session["has_code"]), (&json!("service"), &json!(false)));
    }
    let anna = shop.get("/v1/staff/anna").send().ok();
    assert_eq!((&anna["state"], &anna["has_code"]), (&json!("active"), &json!(false)));
    // There is no password, so none is right.
    for password in ["", PASSWORD] {
        let tried = person_at(&host, "anna").tries(password, None);
        assert_eq!(tried.outcome(), "401 sign-in-failed");
    }
    // Wherever somebody asks to be sent, it is to our pages.
    let visit = begins(&host, &json!({}));
    let (code, state) = provider.agrees(&visit.url);
    let more = "redirect_uri=https://evil.example&next=//evil.example&session_state=x";
    let back = visit.comes_back(&host, &format!("{}&{more}", query(&provider, &code, &state)));
    assert_eq!(place(&back), "/console/");
    // Suspended, nobody gets in; a reset takes the provider away.
    shop.ask("POST", "/v1/staff/anna/suspend").send().ok();
    assert_eq!(place(&begins(&host, &json!({})).goes(&host, &provider)), FAILED);
    shop.ask("POST", "/v1/staff/anna/restore").send().ok();
    assert_eq!(place(&begins(&host, &json!({})).goes(&host, &provider)), "/console/");
    let reset = shop.ask("POST", "/v1/staff/anna/reset").send().ok();
    let path = format!("/v1/invitations/{}/accept", reset["token"].as_str().unwrap());
    let body = json!({"password": PASSWORD}).to_string();
    assert_eq!(host.ask("POST", &path).body(body).send().status, 200);
    assert_eq!(place(&begins(&host, &json!({})).goes(&host, &provider)), FAILED);
    let log = shop.all_with("/v1/audit-log", "action=identity_linked");
    assert_eq!((log.len(), &log[0]["subject"]), (1, &json!("anna")));
}

/// One line for each way to be refused: no session begins, and the browser ends at our page.
#[test]
fn attacks_and_their_outcomes() {
    let provider = Provider::start(second(START));
    let host = known_to(&provider, &[]);
    provider.next(subject("anna-at-home"));
    let first = accepts(&host, &provider, "anna", &json!([{"role": "service"}]));
    assert_eq!(place(&first), "/console/");
    let now = second(START);
    let with = |claims: Vec<(&'static str, Json)>| Next { claims, ..subject("anna-at-home") };
    let signed = |signed: Signed| Next { signed, ..subject("anna-at-home") };
    let instead =
        |status: u16, body: String| Next { instead: Some((status, body)), ..Next::default() };
    for (what, next) in [
        ("unsigned", signed(Signed::Nothing)),
        ("the public key as a secret", signed(Signed::PublicKeyAsSecret)),
        ("another's key", signed(Signed::ByThief)),
        ("another provider", with(vec![("iss", json!("https://evil.example"))])),
        ("for another client", with(vec![("aud", json!("other"))])),
        ("for two clients", with(vec![("aud", json!(["other", "accrue"]))])),
        ("over", with(vec![("exp", json!(now - 61))])),
        ("without an end", with(vec![("exp", Json::Null)])),
        ("from the future", with(vec![("iat", json!(now + 600))])),
        ("another nonce", with(vec![("nonce", json!("x"))])),
        ("no nonce", with(vec![("nonce", Json::Null)])),
        ("nobody", with(vec![("sub", Json::Null)])),
        ("an e-mail address", with(vec![("sub", json!("other")), ("email", json!("anna"))])),
        ("almost that subject", with(vec![("sub", json!("Anna-at-home"))])),
        ("a failing provider", instead(500, String::new())),
        ("a lost provider", instead(302, String::new())),
        ("no JSON", instead(200, "<html>".to_owned())),
        ("no token", instead(200, "{}".to_owned())),
        ("endless", instead(200, format!("{{\"id_token\":\"{}\"}}", "x".repeat(300_000)))),
    ] {
        provider.next(next);
        let back = begins(&host, &json!({})).goes(&host, &provider);
        assert_eq!((place(&back), back.header("set-cookie")), (FAILED, None), "{what}");
    }
    provider.next(subject("anna-at-home"));
    let issuer = encoded(&provider.issuer());
    // Each is given code and state of its visit, and those of another browser's.
    type Query = Box<dyn Fn(&str, &str, (&str, &str)) -> String>;
    let queries: Vec<(&str, Query)> = vec![
        (
            "another's state",
            Box::new(|code, _, (_, state)| format!("code={code}&state={state}&iss=")),
        ),
        ("no state", Box::new(|code, _, _| format!("code={code}&iss="))),
        (
            "two states",
            Box::new(|code, state, _| format!("code={code}&state={state}&state={state}&iss=")),
        ),
        ("no code", Box::new(|_, state, _| format!("state={state}&iss="))),
        (
            "two codes",
            Box::new(|code, state, _| format!("code={code}&code={code}&state={state}&iss=")),
        ),
        (
            "another's code",
            Box::new(|_, state, (code, _)| format!("code={code}&state={state}&iss=")),
        ),
        ("refused", Box::new(|_, state, _| format!("error=access_denied&state={state}&iss="))),
        (
            "refused, with a code",
            Box::new(|code, state, _| format!("error=x&code={code}&state={state}&iss=")),
        ),
    ];
    for (what, query) in queries {
        let (visit, other) = (begins(&host, &json!({})), begins(&host, &json!({})));
        let ((code, state), (code_2, state_2)) =
            (provider.agrees(&visit.url), provider.agrees(&other.url));
        let (code, code_2) = (encoded(&code), encoded(&code_2));
        let back = visit
            .comes_back(&host, &format!("{}{issuer}", query(&code, &state, (&code_2, &state_2))));
        assert_eq!((place(&back), back.header("set-cookie")), (FAILED, None), "{what}");
    }
    for (what, iss) in [
        ("a mix-up", "&iss=https%3A%2F%2Fevil.example".to_owned()),
        ("no name of the provider", String::new()),
        ("two words", format!("&iss={issuer}&iss={issuer}")),
    ] {
        let visit = begins(&host, &json!({}));
        let (code, state) = provider.agrees(&visit.url);
        let back = visit.comes_back(&host, &format!("code={}&state={state}{iss}", encoded(&code)));
        assert_eq!(place(&back), FAILED, "{what}");
    }
    // The same address again, in the same browser; in another one; and too late.
    let visit = begins(&host, &json!({}));
    let (code, state) = provider.agrees(&visit.url);
    let address = query(&provider, &code, &state);
    let elsewhere = Visit { url: String::new(), cookie: "a=b".to_owned() };
    assert_eq!(place(&elsewhere.comes_back(&host, &address)), FAILED, "no cookie");
    let twice = Visit { url: String::new(), cookie: format!("{0}; {0}", visit.cookie) };
    assert_eq!(place(&twice.comes_back(&host, &address)), FAILED, "two cookies");
    assert_eq!(place(&visit.comes_back(&host, &address)), "/console/", "still whole");
    assert_eq!(place(&visit.comes_back(&host, &address)), FAILED, "replayed");
    let visit = begins(&host, &json!({}));
    let at = after(&host, 11);
    provider.clock(second(at));
    assert_eq!(place(&visit.goes(&host, &provider)), FAILED, "too late");
    assert_eq!(place(&begins(&host, &json!({})).goes(&host, &provider)), "/console/");
    // Another page begins no visit.
    let ask = host.ask("POST", "/v1/oidc/sign-in").with("sec-fetch-site", "cross-site");
    assert_eq!(ask.body("{}").send().outcome(), "403 cross-site");
    let both = json!({"programme_id": "default", "invitation": "x"}).to_string();
    let refused = host.ask("POST", "/v1/oidc/sign-in").body(both).send();
    assert_eq!(refused.outcome(), "400 invalid-request ");
    for body in [json!({"invitation": "x"}), json!({"ticket": "x"})] {
        let refused = host.ask("POST", "/v1/oidc/sign-in").body(body.to_string()).send();
        assert_eq!(refused.outcome(), "404 resource-not-found", "{body}");
    }
    // Nobody is told which programmes there are.
    let visit = begins(&host, &json!({"programme_id": "none"}));
    assert_eq!(place(&visit.goes(&host, &provider)), FAILED);
    let log = host.log();
    for secret in ["a secret", "code+", "anna-at-home", "__Host-accrue"] {
        assert!(!log.contains(secret), "{secret} lies in the log");
    }
}

pub(crate) fn ticket(person: &Person, body: &Json) -> Answer {
    person.post("/v1/session/ticket", body).send()
}

/// A person links themselves in a session, with their password: a session alone may be stolen.
#[test]
fn a_session_is_linked_by_its_person() {
    let provider = Provider::start(second(START));
    let host = known_to(&provider, &[]);
    let mut anna = person(&host, "anna", &json!([{"role": "service"}]), START);
    let ben = person(&host, "ben", &json!([{"role": "service"}]), START);
    let at = after(&host, 1);
    provider.clock(second(at));
    anna.signs_in(at);
    let wrong = ticket(&anna, &json!({"password": "a-long-way-hom"}));
    assert_eq!(wrong.outcome(), "401 sign-in-failed");
    let right = ticket(&anna, &json!({"password": PASSWORD})).ok();
    let body = json!({"ticket": right["ticket"]});
    provider.next(subject("anna-at-home"));
    let visit = begins(&host, &body);
    let again = host.ask("POST", "/v1/oidc/sign-in").body(body.to_string()).send();
    assert_eq!(again.outcome(), "404 resource-not-found", "a ticket works once");
    let linked = visit.goes(&host, &provider);
    assert_eq!(place(&linked), "/console/account?provider=linked");
    assert_eq!(linked.header("set-cookie"), None);
    assert_eq!(anna.session(), "200");
    let session = session_of(&host, &begins(&host, &json!({})).goes(&host, &provider));
    assert_eq!(session["person"]["id"], "anna");
    // Whom the provider knows is one person of the programme.
    let of_ben = ticket(&ben, &json!({"password": PASSWORD})).ok();
    let taken = begins(&host, &json!({"ticket": of_ben["ticket"]})).goes(&host, &provider);
    assert_eq!(place(&taken), FAILED);
    // Another one in place of the first.
    let right = ticket(&anna, &json!({"password": PASSWORD})).ok();
    provider.next(subject("anna-at-work"));
    let visit = begins(&host, &json!({"ticket": right["ticket"]}));
    assert_eq!(place(&visit.goes(&host, &provider)), "/console/account?provider=linked");
    provider.next(subject("anna-at-home"));
    assert_eq!(place(&begins(&host, &json!({})).goes(&host, &provider)), FAILED);
    // A session that has ended links nobody.
    let of_ben = ticket(&ben, &json!({"password": PASSWORD})).ok();
    let visit = begins(&host, &json!({"ticket": of_ben["ticket"]}));
    assert_eq!(ben.ask("POST", "/v1/sign-out").send().status, 204);
    assert_eq!(place(&visit.goes(&host, &provider)), FAILED);
    let log = host.shop().all_with("/v1/audit-log", "action=identity_linked");
    assert_eq!(log.len(), 2);
}

/// The provider's word for more than a password counts only where the installation says so.
#[test]
fn a_provider_stands_in_for_codes_where_that_is_configured() {
    let roles = json!([{"role": "marketing"}, {"role": "finance"}]);
    for (variable, amr, strong) in [
        ("oidc_amr=", json!(["pwd", "otp"]), false),
        ("oidc_amr=otp mfa", Json::Null, false),
        ("oidc_amr=otp mfa", json!(["pwd"]), false),
        ("oidc_amr=otp mfa", json!("otp"), false),
        ("oidc_amr=otp mfa", json!(["pwd", "otp"]), true),
    ] {
        let what = format!("{variable} {amr}");
        let provider = Provider::start(second(START));
        let host = known_to(&provider, &[variable]);
        provider.next(Next { claims: vec![("amr", amr)], ..subject("anna-at-home") });
        let answer = accepts(&host, &provider, "anna", &roles);
        let session = session_of(&host, &answer);
        let count = session["roles"].as_array().unwrap().len();
        assert_eq!(count, if strong { 2 } else { 1 }, "{what}");
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let switched = Ask::new(host.address, "POST", "/v1/session/role")
            .with("cookie", &cookie)
            .with("x-accrue", "1")
            .body(json!({"role": "finance"}).to_string())
            .send();
        let outcome = if strong { "200" } else { "400 invalid-request /role" };
        assert_eq!(switched.outcome(), outcome, "{what}");
        if !strong {
            // A person without another role does not get in, and the link is not used up.
            let token = invited(&host, "ben", &json!([{"role": "finance"}]));
            let body = json!({"invitation": token});
            provider.next(subject("ben-at-home"));
            assert_eq!(place(&begins(&host, &body).goes(&host, &provider)), FAILED, "{what}");
            assert_eq!(begins(&host, &body).goes(&host, &provider).status, 303, "{what}");
        }
    }
}

/// Each instance keeps keys and metadata, and keys are read again when an unknown one is named,
/// once a minute.
#[test]
fn a_new_key_of_the_provider_is_found() {
    let provider = Provider::start(second(START));
    let mut arguments = provider.arguments(&[]);
    arguments.extend(["--instances", "1"].map(str::to_owned));
    let host = Host::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    provider.next(subject("anna-at-home"));
    accepts(&host, &provider, "anna", &json!([{"role": "service"}]));
    let signs_in = || place(&begins(&host, &json!({})).goes(&host, &provider)).to_owned();
    for _ in 0..3 {
        assert_eq!(signs_in(), "/console/");
    }
    assert_eq!(provider.asked_for_keys(), 1);
    provider.turns();
    assert_eq!(signs_in(), FAILED, "within a minute");
    assert_eq!(provider.asked_for_keys(), 1);
    let at = after(&host, 2);
    provider.clock(second(at));
    assert_eq!(signs_in(), "/console/");
    assert_eq!(provider.asked_for_keys(), 2);
}

#[test]
fn without_a_provider_there_is_none() {
    let provider = Provider::start(second(START));
    for variables in [
        vec![],
        vec!["oidc_issuer=", "oidc_client_id="],
        vec!["oidc_client_secret="],
        vec!["oidc_issuer=ftp://id.example"],
        vec!["oidc_issuer=https://id.example?x"],
        vec!["public_url=http://points.example"],
        vec!["public_url=http://localhost.evil.example"],
        vec!["oidc_allow_http=false"],
    ] {
        let host =
            if variables.is_empty() { Host::start() } else { known_to(&provider, &variables) };
        assert_eq!(
            host.ask("GET", "/v1/oidc").send().ok(),
            json!({"name": null, "wecom": null}),
            "{variables:?}"
        );
        let answer = host.ask("POST", "/v1/oidc/sign-in").body("{}").send();
        assert_eq!(answer.outcome(), "404 resource-not-found", "{variables:?}");
        let back = host.ask("GET", "/v1/oidc/callback?code=x&state=y").send();
        assert_eq!((back.status, place(&back)), (303, FAILED), "{variables:?}");
    }
    // One that does not answer, and one that calls itself otherwise.
    for issuer in ["oidc_issuer=http://127.0.0.1:9", "oidc_issuer=http://localhost:{}"] {
        let port = provider.issuer().rsplit_once(':').unwrap().1.to_owned();
        let host = known_to(&provider, &[&issuer.replace("{}", &port)]);
        let answer = host.ask("POST", "/v1/oidc/sign-in").body("{}").send();
        assert_eq!(answer.outcome(), "502 provider-failed", "{issuer}");
    }
}
