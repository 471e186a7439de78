//! `/v1/session/…`: what persons change about themselves, and what a thief of a session cannot.

use credential::totp;
use serde_json::{Value as Json, json};
use tests::{Answer, Host};

use crate::sign_in::{PASSWORD, Person, START, after, cookie_of, person, person_at, role};

const OTHER: &str = "another-long-way";

fn changes(person: &Person, path: &str, body: &Json) -> Answer {
    person.post(&format!("/v1/session/{path}"), body).send()
}

/// One line for each way to be refused; nothing is changed by any.
#[test]
fn a_password_is_changed_by_its_person() {
    let host = Host::start();
    let mut anna = person(&host, "anna", &role("finance"), START);
    let at = after(&host, 1);
    let elsewhere = anna.cookie.clone();
    anna.signs_in(at);
    let at = after(&host, 3);
    let code = anna.code(at);
    for (what, body, outcome) in [
        ("no password", json!({"new_password": OTHER}), "400 invalid-request "),
        (
            "short",
            json!({"password": PASSWORD, "code": code, "new_password": "eleven char"}),
            "400 invalid-request /new_password",
        ),
        (
            "the same",
            json!({"password": PASSWORD, "code": code, "new_password": PASSWORD}),
            "400 invalid-request /new_password",
        ),
        ("no code", json!({"password": PASSWORD, "new_password": OTHER}), "401 code-needed"),
        (
            "another code",
            json!({"password": PASSWORD, "code": "000000", "new_password": OTHER}),
            "401 sign-in-failed",
        ),
        (
            "wrong",
            json!({"password": "a-long-way-hom", "code": code, "new_password": OTHER}),
            "401 sign-in-failed",
        ),
    ] {
        let answer = changes(&anna, "password", &body);
        assert_eq!(answer.outcome(), outcome, "{what}");
        assert!(answer.header("set-cookie").is_none(), "{what}");
    }
    let body = json!({"password": PASSWORD, "code": code, "new_password": OTHER});
    let outside = host.ask("POST", "/v1/session/password").body(body.to_string()).send();
    assert_eq!(outside.outcome(), "401 unauthorized");
    let key = host.shop().key_of("anna", "finance");
    let by_key = host.shop().post("/v1/session/password", &body).bearer(&key).send();
    assert_eq!(by_key.outcome(), "401 unauthorized", "a key is no session");
    let before = anna.cookie.clone();
    let changed = changes(&anna, "password", &body);
    anna.cookie = cookie_of(&changed);
    assert_eq!(changed.ok()["role"], "finance");
    assert_eq!(anna.session(), "200");
    for (what, cookie) in [("the one before", before), ("one elsewhere", elsewhere)] {
        let other = Person { cookie, ..person_at(&host, "anna") };
        assert_eq!(other.session(), "401 unauthorized", "{what}");
    }
    let at = after(&host, 5);
    let code = anna.code(at);
    assert_eq!(anna.tries(PASSWORD, Some(&code)).outcome(), "401 sign-in-failed");
    assert_eq!(anna.tries(OTHER, Some(&code)).status, 200);
    let log = host.shop().all_with("/v1/audit-log", "action=password_changed");
    assert_eq!(log.len(), 1);
    assert_eq!((&log[0]["subject"], &log[0]["person_id"]), (&json!("anna"), &json!("anna")));
    let ended = host.shop().all_with("/v1/audit-log", "action=session_ended");
    assert_eq!(ended.len(), 2, "the one that goes on in another, and the one elsewhere");
}

/// Guesses in a session and guesses at the door are counted together.
#[test]
fn a_stolen_session_is_no_oracle() {
    let host = Host::start();
    let anna = person(&host, "anna", &role("service"), START);
    after(&host, 1);
    let guess = json!({"password": "a-long-way-hom", "new_password": OTHER});
    for number in 0..5 {
        let answer = if number % 2 == 0 {
            changes(&anna, "password", &guess)
        } else {
            anna.tries("a-long-way-hom", None)
        };
        assert_eq!(answer.outcome(), "401 sign-in-failed", "{number}");
        assert_eq!(answer.header("retry-after"), None, "{number}");
    }
    let right = json!({"password": PASSWORD, "new_password": OTHER});
    for (path, body) in [("password", right.clone()), ("code", json!({"password": PASSWORD}))] {
        let answer = changes(&anna, path, &body);
        assert_eq!(answer.outcome(), "401 sign-in-failed", "{path}");
        assert!(answer.header("retry-after").is_some(), "{path}");
    }
    assert_eq!(anna.session(), "200");
    let log = host.shop().all_with("/v1/audit-log", "action=sign_in_failed");
    assert_eq!(log.len(), 1, "{log:?}");
    let session = &anna.cookie["__Host-accrue=".len()..][..12];
    assert_eq!((&log[0]["person_id"], &log[0]["key"]), (&json!("anna"), &json!(session)));
    after(&host, 2);
    assert_eq!(changes(&anna, "password", &right).status, 200);
}

/// A thief of the session in which another phone is set up has not seen its secret.
#[test]
fn the_first_code_of_another_phone_is_not_guessed() {
    let host = Host::start();
    let anna = person(&host, "anna", &role("service"), START);
    let at = after(&host, 1);
    let sets_up = || {
        let begun = changes(&anna, "code", &json!({"password": PASSWORD})).ok();
        totp::from_base32(begun["secret"].as_str().unwrap()).unwrap()
    };
    let secret = sets_up();
    for number in 0..5 {
        let guess = changes(&anna, "code/confirm", &json!({"code": "000000"}));
        assert_eq!(guess.outcome(), "400 invalid-request /code", "{number}");
    }
    let right = json!({"code": totp::code(&secret, totp::step(at))});
    let confirmed = changes(&anna, "code/confirm", &right);
    assert_eq!(confirmed.outcome(), "401 sign-in-failed");
    assert!(confirmed.header("retry-after").is_some());
    assert!(anna.tries(PASSWORD, None).header("retry-after").is_some(), "counted together");
    let log = host.shop().all_with("/v1/audit-log", "action=sign_in_failed");
    assert_eq!(log.len(), 1, "{log:?}");
    let at = after(&host, 13);
    let late = json!({"code": totp::code(&secret, totp::step(at))});
    let confirmed = changes(&anna, "code/confirm", &late);
    assert_eq!(confirmed.outcome(), "400 invalid-request /code", "it has lapsed");
    let secret = sets_up();
    let right = json!({"code": totp::code(&secret, totp::step(at))});
    changes(&anna, "code/confirm", &right).ok();
    assert_eq!(anna.tries(PASSWORD, None).outcome(), "401 code-needed");
}

#[test]
fn a_phone_is_replaced_by_its_person() {
    let host = Host::start();
    let mut anna = person(&host, "anna", &role("finance"), START);
    let at = after(&host, 1);
    let old = anna.cookie.clone();
    anna.signs_in(at);
    // Recovery codes: those before count no more.
    let at = after(&host, 3);
    let body = json!({"password": PASSWORD, "code": anna.code(at)});
    let made = changes(&anna, "recovery-codes", &body);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.ok();
    let text = |code: &Json| code.as_str().unwrap().to_owned();
    let fresh: Vec<String> = made["recovery_codes"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(fresh.len(), 10);
    let used = changes(&anna, "recovery-codes", &body);
    assert_eq!(used.outcome(), "401 sign-in-failed", "a code works once");
    let before = json!({"password": PASSWORD, "code": anna.recovery[0]});
    assert_eq!(changes(&anna, "code", &before).outcome(), "401 sign-in-failed");
    assert_eq!(
        changes(&anna, "code/confirm", &json!({"code": "000000"})).outcome(),
        "400 invalid-request /code",
        "nothing is set up"
    );
    // The phone is gone: a recovery code stands in for it, once.
    let lost = json!({"password": PASSWORD, "code": fresh[0]});
    let begun = changes(&anna, "code", &lost).ok();
    assert_eq!(changes(&anna, "code", &lost).outcome(), "401 sign-in-failed");
    let secret = text(&begun["secret"]);
    assert!(begun["uri"].as_str().unwrap().contains(&secret));
    let secret = totp::from_base32(&secret).unwrap();
    let at = after(&host, 5);
    let mut elsewhere = person_at(&host, "anna");
    elsewhere.secret.clone_from(&anna.secret);
    elsewhere.signs_in(at);
    let first = json!({"code": totp::code(&secret, totp::step(at))});
    for (what, who, body) in [
        ("another code", &anna, json!({"code": "000000"})),
        ("of the old phone", &anna, json!({"code": anna.code(at)})),
        ("another session", &elsewhere, first.clone()),
    ] {
        let answer = changes(who, "code/confirm", &body);
        assert_eq!(answer.outcome(), "400 invalid-request /code", "{what}");
    }
    let confirmed = changes(&anna, "code/confirm", &first).ok();
    assert_eq!(confirmed["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!(anna.session(), "200");
    assert_eq!(elsewhere.session(), "401 unauthorized");
    assert_eq!(Person { cookie: old, ..person_at(&host, "anna") }.session(), "401 unauthorized");
    let again = changes(&anna, "code/confirm", &first);
    assert_eq!(again.outcome(), "400 invalid-request /code", "once");
    let at = after(&host, 7);
    for code in [anna.code(at), fresh[1].clone()] {
        assert_eq!(anna.tries(PASSWORD, Some(&code)).outcome(), "401 sign-in-failed");
    }
    let at = after(&host, 9);
    anna.secret = secret;
    assert_eq!(anna.signs_in(at)["has_code"], true);
    let log = host.shop().all_with("/v1/audit-log", "person_id=anna");
    for action in ["recovery_codes_made", "codes_begun", "codes_set"] {
        assert_eq!(log.iter().filter(|row| row["action"] == action).count(), 1, "{action}");
    }
}

/// A person without codes sets them up by the password; not where a role waits for them.
#[test]
fn codes_are_set_up_by_a_person_without_any() {
    let host = Host::start();
    let mut anna = person(&host, "anna", &role("service"), START);
    let at = after(&host, 1);
    let none = changes(&anna, "recovery-codes", &json!({"password": PASSWORD}));
    assert_eq!(none.outcome(), "400 invalid-request ");
    let begun = changes(&anna, "code", &json!({"password": PASSWORD})).ok();
    assert_eq!(anna.tries(PASSWORD, None).status, 200, "nothing counts yet");
    anna.secret = totp::from_base32(begun["secret"].as_str().unwrap()).unwrap();
    let code = anna.code(at);
    changes(&anna, "code/confirm", &json!({"code": code})).ok();
    assert_eq!(anna.tries(PASSWORD, None).outcome(), "401 code-needed");
    let at = after(&host, 3);
    assert_eq!(anna.signs_in(at)["has_code"], true);
    let ben = person(&host, "ben", &role("service"), at);
    let staff = json!({"name": "Ben", "roles": [{"role": "service"}, {"role": "finance"}]});
    host.shop().put("/v1/staff/ben", &staff).send().ok();
    let ben = Person { cookie: cookie_of(&ben.tries(PASSWORD, None)), ..ben };
    let refused = changes(&ben, "code", &json!({"password": PASSWORD}));
    assert_eq!(refused.outcome(), "400 invalid-request ");
}

/// The audit log has a row for each session that a change of roles ends, with the person who
/// changed them.
#[test]
fn sessions_that_other_roles_end_are_noted() {
    let host = Host::start();
    let shop = host.shop();
    let anna = person(&host, "anna", &role("service"), START);
    let staff = json!({"name": "Anna", "roles": [{"role": "marketing"}]});
    shop.put("/v1/staff/anna", &staff).send().ok();
    assert_eq!(anna.session(), "401 unauthorized");
    let log = shop.all_with("/v1/audit-log", "action=session_ended");
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!(log[0]["person_id"], "operator");
}
