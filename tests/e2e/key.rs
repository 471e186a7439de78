//! `/v1/keys`: roles, rotation and revocation; and that no key lies anywhere in the clear.

use serde_json::json;
use tests::{Host, OPERATOR, purchase};

#[test]
fn a_role_may_what_it_is_for() {
    let host = Host::start();
    let shop = host.shop();
    shop.buys("m", "o-0", 100_000).send().ok();
    let roles = ["storefront", "marketing", "finance", "service", "approver", "job", "admin"];
    let keys: Vec<String> = roles.iter().map(|role| shop.key(role)).collect();
    let book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    for (ask, allowed) in [
        (shop.post("/v1/earn", &purchase("m", "o-1", 100)), "storefront admin"),
        (
            shop.post(
                "/v1/earn/bulk",
                &json!({"events": [{"idempotency_key": "k", "member_id": "m", "event": "share"}]}),
            ),
            "storefront admin",
        ),
        (shop.redeems("m", 1), "storefront admin"),
        (shop.put("/v1/members/m", &json!({})), "storefront service admin"),
        (shop.get("/v1/members/m"), "storefront marketing finance service admin"),
        (shop.get("/v1/members/m/entries"), "storefront marketing finance service admin"),
        (shop.get("/v1/members/m/lots"), "storefront marketing finance service admin"),
        (shop.get("/v1/programmes/default"), "storefront marketing finance service admin"),
        (shop.put("/v1/programmes/default", &json!({"name": "x", "rulebook": book})), ""),
        (shop.get("/v1/keys"), "admin"),
        (shop.post("/v1/keys", &json!({"role": "job", "label": "x"})), "admin"),
        (shop.get("/v1/reports/audit"), "finance admin"),
        (shop.get("/v1/reports/trial-balance"), "finance admin"),
        (shop.get("/v1/endpoints"), "admin"),
        (shop.ask("POST", "/v1/jobs/night"), "job admin"),
    ] {
        for (role, key) in roles.iter().zip(&keys) {
            let answer = ask.clone().bearer(key).key(format!("{role}-{}", allowed.len())).send();
            // Whatever else may be wrong: it is not for want of a right.
            let expected = allowed.split(' ').any(|name| name == *role);
            assert_eq!(answer.status != 403, expected, "{role}: {ask:?} {}", answer.text());
        }
    }
}

#[test]
fn a_revoked_key_is_dead_at_once_and_a_rotated_one_lives() {
    let host = Host::start();
    let shop = host.shop();
    let old = shop.key("storefront");
    let prefix = &old[..12];
    let made = shop.ask("POST", &format!("/v1/keys/{prefix}/rotate")).send().ok();
    let new = made["key"].as_str().unwrap().to_owned();
    assert_eq!(made["role"], "storefront");
    for (what, ask, outcome) in [
        ("both live", shop.does("m", "share").bearer(&old), "201 earn +10 = 10"),
        ("both live", shop.does("m", "share").bearer(&new), "201 earn +10 = 20"),
        ("revoked", shop.ask("DELETE", &format!("/v1/keys/{prefix}")), "204"),
        ("again is harmless", shop.ask("DELETE", &format!("/v1/keys/{prefix}")), "204"),
        ("dead", shop.does("m", "share").bearer(&old), "401 unauthorized"),
        ("dead for reading", shop.get("/v1/members/m").bearer(&old), "401 unauthorized"),
        ("no successor", shop.ask("POST", &format!("/v1/keys/{prefix}/rotate")), "404 resource-not-found"),
        ("the other lives", shop.does("m", "share").bearer(&new), "201 earn +10 = 30"),
        (
            "the prefix is not enough",
            shop.get("/v1/members/m").bearer(&format!("{}{}", &new[..12], "x".repeat(43))),
            "401 unauthorized",
        ),
        ("unknown", shop.ask("DELETE", "/v1/keys/acc_nothing0"), "404 resource-not-found"),
        ("no such role", shop.post("/v1/keys", &json!({"role": "root", "label": "x"})), "400 invalid-request /role"),
        ("no label", shop.post("/v1/keys", &json!({"role": "job", "label": ""})), "400 invalid-request /label"),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{what}");
    }
}

#[test]
fn keys_are_stored_and_listed_without_their_secret() {
    let mut host = Host::start();
    let shop = host.shop();
    let key = shop.key("finance");
    assert_eq!(key.len(), 55);
    let listed = shop.get("/v1/keys").send().text();
    let narrowed = shop.get(&format!("/v1/keys?prefix={}", &key[..12])).send().ok();
    assert_eq!(narrowed["items"].as_array().unwrap().len(), 1);
    assert_eq!(shop.all("/v1/keys", 1).len(), 2);
    host.stop();
    let log = host.log();
    let stored = host.books().text("SELECT group_concat(prefix || hash || label) FROM api_key");
    for secret in [&key[12..], &OPERATOR[..12], &OPERATOR[12..]] {
        for (place, text) in [("list", &listed), ("log", &log), ("database", &stored)] {
            assert!(!text.contains(secret), "a key lies in the {place}");
        }
    }
    host.start_again();
}

/// The operator's key comes from a variable, and only the newest one counts; also when both begin alike, as keys made by hand do.
#[test]
fn a_new_operator_key_retires_the_one_before() {
    let keys = [OPERATOR, "operator-key-of-the-end-to-end-tests-0002", "another-key-of-the-end-to-end-tests-0003"];
    let mut host = Host::start();
    let shop = host.shop();
    let storefront = shop.key("storefront");
    for current in [keys[1], keys[2], keys[0]] {
        host.stop();
        host.start_again_with(&["--variable", &format!("admin_key={current}")]);
        let shop = shop.moved_to(host.address);
        for key in keys {
            let expected = if key == current { 200 } else { 401 };
            assert_eq!(shop.get("/v1/keys").bearer(key).send().status, expected, "{key} while it is {current}");
        }
        assert_eq!(shop.does("m", "share").bearer(&storefront).send().status, 201);
    }
}

/// What a programme keeps of keys, endpoints and rewards has a bound; what is beyond is refused, and what is there goes on.
#[test]
fn keys_endpoints_and_rewards_are_bounded() {
    let host = Host::start();
    let shop = host.shop();
    let key = |label: usize| shop.post("/v1/keys", &json!({"role": "job", "label": label.to_string()})).send();
    let mut made = 0;
    while key(made).status == 201 {
        made += 1;
        assert!(made <= 1_000, "keys without a bound");
    }
    assert!(made > 990, "{made}");
    assert_eq!(key(0).status, 400);
    let first = shop.all("/v1/keys", 200).iter().find(|key| key["label"] == "0").unwrap()["prefix"].clone();
    assert_eq!(shop.ask("DELETE", &format!("/v1/keys/{}", first.as_str().unwrap())).send().status, 204);
    assert_eq!(key(0).status, 201, "there is room again");
    let endpoint = |n: usize| {
        let body = json!({"url": "https://shop.example.com/hooks", "kinds": null});
        shop.put(&format!("/v1/endpoints/e{n}"), &body).send()
    };
    assert!((0..50).all(|n| endpoint(n).status == 201));
    assert_eq!(endpoint(50).outcome(), "400 invalid-request endpoint_id");
    assert_eq!(endpoint(7).status, 200, "one that is there can be changed");
}

/// One till cannot take the keys of another, nor hear its answers; who rotates a key goes on with its own, and so does the operator.
#[test]
fn an_idempotency_key_belongs_to_who_uses_it() {
    let mut host = Host::start();
    let shop = host.shop();
    let bought = shop.buys("m", "o-1", 100_000).key("buy").send();
    let (till, other) = (shop.key("storefront"), shop.key("storefront"));
    let taken = shop.redeems("m", 1).bearer(&other).key("till-7-1").send();
    assert_eq!(taken.outcome(), "201 redeem -1 = 999");
    let own = shop.redeems("m", 50).bearer(&till).key("till-7-1").send();
    assert_eq!(own.outcome(), "201 redeem -50 = 949");
    assert_eq!(shop.redeems("m", 51).bearer(&till).key("till-7-1").send().outcome(), "422 idempotency-key-reused");
    shop.redeems("m", 1).bearer(&other).key("till-7-1").send().assert_replays(&taken);
    // What one was refused is not what another hears.
    assert_eq!(shop.redeems("m", 5_000).bearer(&other).key("r").send().outcome(), "422 insufficient-points");
    assert_eq!(shop.redeems("m", 49).bearer(&till).key("r").send().outcome(), "201 redeem -49 = 900");
    // In bulk, too.
    let bulk = |bearer: &str| {
        let events = json!({"events": [{"idempotency_key": "b", "member_id": "m", "event": "share"}]});
        let answer = shop.post("/v1/earn/bulk", &events).bearer(bearer).send().ok();
        (answer["outcomes"][0]["status"].clone(), answer["outcomes"][0]["replayed"].clone())
    };
    for bearer in [&till, &other] {
        assert_eq!(bulk(bearer), (json!(201), json!(false)));
        assert_eq!(bulk(bearer), (json!(201), json!(true)));
    }
    // And what writes no entry.
    let admin = shop.key("admin");
    let put = |bearer: &str, url: &str| {
        let body = json!({"url": format!("https://{url}.example/")});
        shop.put(&format!("/v1/endpoints/{url}"), &body).bearer(bearer).key("e").send()
    };
    let made = put(&admin, "a");
    assert_eq!((made.status, put(&shop.key("admin"), "b").status), (201, 201));
    put(&admin, "a").assert_replays(&made);
    // The successor of a successor.
    let mut current = till;
    for _ in 0..2 {
        let rotated = shop.ask("POST", &format!("/v1/keys/{}/rotate", &current[..12])).send().ok();
        shop.ask("DELETE", &format!("/v1/keys/{}", &current[..12])).send();
        current = rotated["key"].as_str().unwrap().to_owned();
        shop.redeems("m", 50).bearer(&current).key("till-7-1").send().assert_replays(&own);
    }
    host.stop();
    let key = "another-key-of-the-end-to-end-tests-0004";
    host.start_again_with(&["--variable", &format!("admin_key={key}"), "--variable", "digest_key=of-the-digests"]);
    let shop = shop.moved_to(host.address);
    shop.buys("m", "o-1", 100_000).bearer(key).key("buy").send().assert_replays(&bought);
    shop.redeems("m", 50).bearer(&current).key("till-7-1").send().assert_replays(&own);
    // Neither a phone number nor a device is guessed from what is stored.
    shop.put("/v1/members/m", &json!({"aliases": ["phone:+8613800000000"]})).bearer(key).send().ok();
    let ask = shop.does("~phone:+8613800000000", "check_in").bearer(&current).with("device-id", "phone-7");
    ask.send().ok();
    for text in ["{\"member_id\":\"~phone:+8613800000000\",\"event\":\"check_in\"}", "phone-7"] {
        let digest = &sha256(text)[..32];
        let found = "SELECT count(*) FROM entry WHERE fingerprint = '?' OR body LIKE '%?%'".replace('?', digest);
        assert_eq!(host.books().number(&found), 0, "{text}");
    }
}

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
