//! `/v1/members/{id}/contacts`, `/consents` and `/preferences`.

use serde_json::{Value as Json, json};
use tests::{Host, Shop};

const SECRETS_KEY: &str = "secrets_key=a-key-of-the-end-to-end-tests-that-seals";

fn keeps(shop: &Shop, member: &str, channel: &str, body: &Json) -> tests::Ask {
    shop.put(&format!("/v1/members/{member}/contacts/{channel}"), body)
}

fn tells(shop: &Shop, member: &str, body: &Json) -> tests::Ask {
    shop.post(&format!("/v1/members/{member}/consents"), body)
}

/// What was said before of the address of these tests.
fn said(purpose: &str, decision: &str, at: &str) -> Json {
    json!({"purpose": purpose, "channel": "sms", "decision": decision, "source": "form", "occurred_at": at,
        "address": "+8613812345678"})
}

/// Channel, address, and why it may be used for neither purpose.
fn contacts(shop: &Shop, query: &str) -> Vec<String> {
    let page = shop.get(&format!("/v1/members/m/contacts{query}")).send().ok();
    let line = |item: &Json| {
        let reason = |name: &str| item[name].as_str().unwrap_or("yes").to_owned();
        format!(
            "{} {} {} {} {}",
            item["channel"].as_str().unwrap(),
            item["address"].as_str().unwrap_or("?"),
            item["state"].as_str().unwrap(),
            reason("not_for_service_because"),
            reason("not_for_marketing_because")
        )
    };
    page["items"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn addresses_are_sealed_masked_and_shown_to_few() {
    let host = Host::start_with(&["--variable", SECRETS_KEY]);
    let shop = host.shop();
    shop.does("m", "check_in").send().ok();
    let [till, desk, marketing, head] = ["storefront", "service", "marketing", "department_head"]
        .map(|role| shop.with_bearer(&shop.key(role)));
    let kept = keeps(&till, "m", "sms", &json!({"address": "+86 138-1234-5678", "verified": true}));
    assert_eq!(kept.send().outcome(), "400 invalid-request /address");
    let kept = keeps(&till, "m", "sms", &json!({"address": "+8613812345678", "verified": true}));
    let first = kept.send().ok();
    assert_eq!(first["address"], "+86138***678");
    keeps(&till, "m", "email", &json!({"address": "Li.Lei@Example.com"})).send().ok();
    let masked =
        ["email l***@example.com open yes no_consent", "sms +86138***678 open yes no_consent"];
    for who in [&desk, &marketing, &head, &shop] {
        assert_eq!(contacts(who, ""), masked);
    }
    let whole =
        ["email li.lei@example.com open yes no_consent", "sms +8613812345678 open yes no_consent"];
    for who in [&desk, &head] {
        assert_eq!(contacts(who, "?reveal=true"), whole);
    }
    for (ask, outcome) in [
        (marketing.get("/v1/members/m/contacts?reveal=true"), "403 forbidden"),
        (shop.get("/v1/members/m/contacts?reveal=true"), "403 forbidden"),
        (till.get("/v1/members/m/contacts"), "403 forbidden"),
        (keeps(&marketing, "m", "sms", &json!({"address": "+8613812345678"})), "403 forbidden"),
        (
            keeps(&till, "nobody", "sms", &json!({"address": "+8613812345678"})),
            "404 member-not-found",
        ),
        (keeps(&till, "m", "fax", &json!({"address": "1"})), "400 invalid-request channel"),
        (keeps(&till, "m", "email", &json!({"address": "li.lei"})), "400 invalid-request /address"),
        (
            keeps(&till, "m", "sms", &json!({"address": "+8613812345678", "state": "gone"})),
            "400 invalid-request /state",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    let logged = host.books().number(
        "SELECT count(*) FROM audit_log WHERE action = 'contact_revealed' AND subject = 'm'",
    );
    assert_eq!(logged, 2);
    // Neither file tells an address, nor do answers that are kept for repetitions.
    let stored = host.reach().text("SELECT group_concat(address || digest) FROM contact");
    let kept = host.books().text("SELECT group_concat(body) FROM answer");
    for part in ["138123", "li.lei"] {
        assert!(!stored.contains(part) && !kept.contains(part), "{part}: {stored} {kept}");
    }
    // The same address keeps its verification, another one has none.
    let again = keeps(&till, "m", "sms", &json!({"address": "+8613812345678", "state": "bounced"}));
    assert!(first["verified_at"].is_string());
    assert_eq!(again.send().ok()["verified_at"], first["verified_at"]);
    assert_eq!(contacts(&desk, "")[1], "sms +86138***678 bounced contact_closed contact_closed");
    let other = keeps(&till, "m", "sms", &json!({"address": "+8613812345679"})).send().ok();
    assert_eq!(other["verified_at"], json!(null));
    let forget = || shop.ask("DELETE", "/v1/members/m/contacts/sms").send().outcome();
    assert_eq!((forget(), forget()), ("204".into(), "404 resource-not-found".into()));
    assert_eq!(contacts(&desk, "").len(), 1);
}

#[test]
fn the_last_word_counts() {
    let host = Host::start_with(&["--variable", SECRETS_KEY]);
    let shop = host.shop();
    for member in ["m", "n"] {
        shop.does(member, "check_in").send().ok();
    }
    keeps(&shop, "m", "sms", &json!({"address": "+8613812345678"})).send().ok();
    let state = || contacts(&shop, "")[0].split_once("open ").unwrap().1.to_owned();
    assert_eq!(state(), "yes no_consent");
    for (body, expected) in [
        (said("marketing", "given", "2026-03-01T10:00:00Z"), "yes yes"),
        // Recorded late, said before.
        (said("marketing", "withdrawn", "2026-02-01T10:00:00Z"), "yes yes"),
        (said("marketing", "withdrawn", "2026-03-01T10:00:00Z"), "yes withdrawn"),
        (said("marketing", "given", "2026-03-02T10:00:00Z"), "yes yes"),
        (said("service", "withdrawn", "2026-03-03T10:00:00Z"), "withdrawn yes"),
    ] {
        assert_eq!(tells(&shop, "m", &body).send().status, 201);
        assert_eq!(state(), expected, "{body}");
    }
    let all = shop.get("/v1/members/m/consents?limit=2").send().ok();
    assert_eq!(all["items"][0]["purpose"], "service");
    assert_eq!(shop.all("/v1/members/m/consents", 2).len(), 5);
    assert_eq!(
        all["current"],
        json!([{"purpose": "marketing", "channel": "sms", "decision": "given", "since": "2026-03-02T10:00:00Z"},
            {"purpose": "service", "channel": "sms", "decision": "withdrawn", "since": "2026-03-03T10:00:00Z"}])
    );
    for (body, outcome) in [
        (said("fun", "given", "2026-03-01T10:00:00Z"), "400 invalid-request /purpose"),
        (said("service", "maybe", "2026-03-01T10:00:00Z"), "400 invalid-request /decision"),
        (said("service", "given", "2026-04-01T10:00:00Z"), "400 invalid-request /occurred_at"),
        (
            json!({"purpose": "service", "channel": "sms", "decision": "given"}),
            "400 invalid-request ",
        ),
        (
            json!({"purpose": "marketing", "channel": "email", "decision": "given", "source": "till"}),
            "400 invalid-request /address",
        ),
        (
            json!({"purpose": "marketing", "channel": "sms", "decision": "given", "source": "form", "occurred_at": "2026-03-01T10:00:00Z"}),
            "400 invalid-request /address",
        ),
        (
            json!({"purpose": "marketing", "channel": "sms", "decision": "given", "source": "till", "address": "abc"}),
            "400 invalid-request /address",
        ),
    ] {
        assert_eq!(tells(&shop, "m", &body).send().outcome(), outcome);
    }
    // A file of consents: what is there is not recorded twice.
    let one = |member: &str, at: &str| {
        let mut body = said("marketing", "given", at);
        body["member_id"] = member.into();
        body
    };
    let consents = [
        one("m", "2026-03-02T10:00:00Z"),
        one("n", "2026-03-02T10:00:00Z"),
        one("nobody", "2026-03-02T10:00:00Z"),
        one("n", "yesterday"),
        one("n", "2026-03-02\t10:00:00Z"),
    ];
    let outcomes = || -> Vec<String> {
        let answer = shop.post("/v1/consents/bulk", &json!({"consents": consents})).send().ok();
        let outcome = |o: &Json| format!("{} {}", o["status"], o["replayed"]);
        answer["outcomes"].as_array().unwrap().iter().map(outcome).collect()
    };
    assert_eq!(outcomes(), ["201 true", "201 false", "404 false", "400 false", "400 false"]);
    assert_eq!(outcomes(), ["201 true", "201 true", "404 false", "400 false", "400 false"]);
    // Nobody changes or takes away what was said.
    for statement in [
        "UPDATE consent SET decision = 'given' WHERE decision = 'withdrawn'",
        "DELETE FROM consent",
        "UPDATE consent SET digest = 'of another address'",
        "INSERT OR REPLACE INTO consent SELECT no, programme_no, member_no, purpose, channel, 'given', digest, at, source, evidence, recorded_at, recorded_by FROM consent",
    ] {
        let refused = host.reach().write(statement);
        assert!(refused.unwrap_err().contains("append-only"), "{statement}");
    }
}

#[test]
fn what_is_not_told_of_preferences_stays() {
    let host = Host::start();
    let shop = host.shop();
    shop.does("m", "check_in").send().ok();
    let path = "/v1/members/m/preferences";
    let none = shop.get(path).send().ok();
    assert_eq!((&none["personalised"], &none["language"]), (&json!(true), &json!(null)));
    let body = json!({"language": "zh-CN", "quiet_hours": {"from": "21:00", "until": "09:00"}, "personalised": false, "home_store_id": "s-1"});
    shop.put(path, &body).send().ok();
    let told = shop.get(path).send().ok();
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&told[name], value);
    }
    // A till tells a language. It reads nothing else by that, and changes nothing else.
    let till = shop.with_bearer(&shop.key("storefront"));
    let ask = till.put(path, &json!({"language": "en"})).key("once");
    let answer = ask.clone().send();
    let names: Vec<String> = answer.ok().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["language", "member_id", "updated_at"]);
    let told = shop.get(path).send().ok();
    for (name, value) in body.as_object().unwrap().iter().filter(|(name, _)| *name != "language") {
        assert_eq!(&told[name], value);
    }
    assert_eq!(told["language"], "en");
    shop.put(path, &json!({"quiet_hours": null, "home_store_id": null})).send().ok();
    let told = shop.get(path).send().ok();
    assert_eq!((&told["quiet_hours"], &told["home_store_id"]), (&json!(null), &json!(null)));
    assert_eq!((&told["personalised"], &told["language"]), (&json!(false), &json!("en")));
    ask.send().assert_replays(&answer);
    for (body, outcome) in [
        (json!({}), "400 invalid-request "),
        (json!({"personalised": null}), "400 invalid-request /personalised"),
        (json!({"language": "Chinese!"}), "400 invalid-request /language"),
        (
            json!({"quiet_hours": {"from": "21:00", "until": "21:00"}}),
            "400 invalid-request /quiet_hours/until",
        ),
        (
            json!({"quiet_hours": {"from": "9 pm", "until": "09:00"}}),
            "400 invalid-request /quiet_hours/from",
        ),
        (json!({"quiet_hours": ["21:00", "09:00"]}), "400 invalid-request /quiet_hours"),
        (json!({"home": "s-1"}), "400 invalid-request /home"),
    ] {
        assert_eq!(shop.put(path, &body).send().outcome(), outcome, "{body}");
    }
}

/// Another number has another owner, for all that anybody knows: what was said of one does not
/// count for the other.
#[test]
fn a_yes_goes_with_its_address() {
    let host = Host::start_with(&["--variable", SECRETS_KEY]);
    let shop = host.shop();
    shop.does("m", "check_in").send().ok();
    let moves = |address: &str| {
        keeps(&shop, "m", "sms", &json!({"address": address})).send().ok();
        contacts(&shop, "")[0].split_once("open ").unwrap().1.to_owned()
    };
    let yes =
        json!({"purpose": "marketing", "channel": "sms", "decision": "given", "source": "till"});
    let no = json!({"purpose": "marketing", "channel": "sms", "decision": "withdrawn", "source": "till"});
    assert_eq!(moves("+8613812345678"), "yes no_consent");
    assert_eq!(tells(&shop, "m", &yes).send().status, 201);
    // The same number in another spelling is the same.
    assert_eq!(moves("+86-138-1234-5678"), "yes yes");
    assert_eq!(moves("+8613812345679"), "yes no_consent");
    let items = shop.get("/v1/members/m/consents").send().ok();
    assert_eq!(items["items"][0]["for_present_address"], json!(false));
    assert_eq!(items["current"], json!([]));
    host.clock("2026-03-10T10:01:00+08:00");
    assert_eq!(tells(&shop, "m", &yes).send().status, 201);
    assert_eq!(moves("+8613812345679"), "yes yes");
    assert_eq!(moves("+8613812345678"), "yes yes", "both were said");
    host.clock("2026-03-10T10:02:00+08:00");
    assert_eq!(tells(&shop, "m", &no).send().status, 201);
    for address in ["+8613812345678", "+8613812345679", "+8613812345670"] {
        assert_eq!(moves(address), "yes withdrawn", "a no is of the person");
    }
    // Nothing of a number is told by the digests without the key, which is sealed.
    let kept = host.reach().text("SELECT value FROM reach_secret");
    assert!(kept.starts_with("sealed:"), "{kept}");
}

/// What a member told is nowhere after an erasure but in a proof, which the heads find by the
/// address for half a year.
#[test]
fn an_erasure_leaves_a_proof_and_nothing_else() {
    let host = Host::start_with(&["--variable", SECRETS_KEY]);
    let shop = host.shop();
    let [till, desk, head] =
        ["storefront", "service", "department_head"].map(|role| shop.with_bearer(&shop.key(role)));
    shop.does("m", "check_in").send().ok();
    keeps(&till, "m", "sms", &json!({"address": "+8613812345678", "verified": true})).send().ok();
    keeps(&till, "m", "email", &json!({"address": "li.lei@example.com"})).send().ok();
    let yes = json!({"purpose": "marketing", "channel": "sms", "decision": "given", "source": "till-7", "evidence": "Li Lei signed sheet 1881"});
    let ask = tells(&till, "m", &yes).key("yes");
    let first = ask.clone().send();
    assert_eq!(first.ok()["evidence"], "Li Lei signed sheet 1881");
    ask.clone().send().assert_replays(&first);
    let put = keeps(&till, "m", "push", &json!({"address": "token-1234567890"})).key("push");
    let kept = put.clone().send();
    put.clone().send().assert_replays(&kept);
    let other = tells(&till, "m", &said("marketing", "given", "2026-03-01T10:00:00Z")).key("yes");
    assert_eq!(other.send().outcome(), "422 idempotency-key-reused");
    shop.put("/v1/members/m/preferences", &json!({"language": "zh-CN", "home_store_id": "s-77"}))
        .send()
        .ok();
    let nowhere = |parts: &[&str]| {
        let books = host.books();
        let stored = books.text("SELECT (SELECT coalesce(group_concat(name || body), '') FROM answer) || (SELECT coalesce(group_concat(action || subject || coalesce(before, '') || coalesce(after, '')), '') FROM audit_log)");
        for part in parts {
            assert!(!stored.contains(part), "{part}: {stored}");
        }
    };
    let told = [
        "Li Lei",
        "till-7",
        "86138",
        "1381234",
        "li.lei",
        "example.com",
        "s-77",
        "zh-CN",
        "token-",
    ];
    nowhere(&told);
    shop.post("/v1/members/m/erase", &json!({"reason": "request"})).send().ok();
    shop.runs("fold");
    nowhere(&told);
    assert_eq!(ask.send().outcome(), "410 member-erased");
    let tables = "SELECT (SELECT count(*) FROM contact) + (SELECT count(*) FROM consent) + (SELECT count(*) FROM preference)";
    assert_eq!(host.reach().number(tables), 0);
    let proofs = |shop: &Shop, address: &str| {
        let body = json!({"channel": "sms", "address": address});
        shop.post("/v1/consents/proofs", &body).without("idempotency-key").send()
    };
    let found = proofs(&head, "+8613812345678").ok();
    let item = &found["items"][0];
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(item["source"], "till-7");
    assert_eq!(item["occurred_at"], first.ok()["occurred_at"]);
    assert!(item["kept_until"].as_str().unwrap().starts_with("2026-09-09T02:0"), "{item}");
    assert_eq!(item.as_object().unwrap().len(), 6, "{item}");
    assert_eq!(proofs(&head, "+8613812345679").ok()["items"], json!([]));
    assert_eq!(proofs(&head, "li").outcome(), "400 invalid-request /address");
    for nobody in [&till, &desk] {
        assert_eq!(proofs(nobody, "+8613812345678").outcome(), "403 forbidden");
    }
    // Nor does the shop next door.
    let next = host.shop_with("next-door", |_| {});
    let next = next.with_bearer(&next.key("department_head"));
    assert_eq!(proofs(&next, "+8613812345678").ok()["items"], json!([]));
    let read = shop.get("/v1/audit-log?action=consent_proofs_read").send().ok();
    assert_eq!(read["items"].as_array().unwrap().len(), 2, "{read}");
    host.clock("2026-09-09T10:30:00+08:00");
    shop.runs("fold");
    assert_eq!(proofs(&head, "+8613812345678").ok()["items"], json!([]));
}

/// The person who changed an address is in the log; the address is not.
#[test]
fn what_staff_change_is_logged_without_the_address() {
    let host = Host::start_with(&["--variable", SECRETS_KEY]);
    let shop = host.shop();
    shop.does("m", "check_in").send().ok();
    let made = shop.post("/v1/keys", &json!({"role": "storefront", "label": "app"})).send().ok();
    let app = shop.with_bearer(made["key"].as_str().unwrap());
    let clerk = shop.with_bearer(&shop.key_of("bo", "storefront"));
    let desk = shop.with_bearer(&shop.key_of("anna", "service"));
    let address = json!({"address": "+8613812345678"});
    let yes =
        json!({"purpose": "marketing", "channel": "sms", "decision": "given", "source": "till"});
    let mut bulk = said("marketing", "given", "2026-03-01T10:00:00Z");
    bulk["member_id"] = "m".into();
    for (shop, times) in [(&app, 1), (&clerk, 1), (&desk, 2)] {
        for _ in 0..times {
            keeps(shop, "m", "sms", &address).key("k").send().ok();
            assert_eq!(tells(shop, "m", &yes).key("k").send().status, 201);
        }
        shop.put("/v1/members/m/preferences", &json!({"language": "en"})).send().ok();
        let bulk = json!({"consents": [bulk]});
        shop.post("/v1/consents/bulk", &bulk).without("idempotency-key").send().ok();
    }
    desk.ask("DELETE", "/v1/members/m/contacts/sms").send();
    let log = shop.get("/v1/audit-log?limit=100").send().ok();
    let of = |row: &Json| {
        let what =
            format!("{} {}", row["action"].as_str().unwrap(), row["subject"].as_str().unwrap());
        format!("{} {what} {}", row["person_id"].as_str().unwrap_or("-"), row["after"])
    };
    let mut rows: Vec<String> = log["items"].as_array().unwrap().iter().map(of).collect();
    rows.retain(|row| {
        row.contains("contact") || row.contains("consent") || row.contains("preferences")
    });
    rows.reverse();
    let of = |person: &str| {
        [
            format!(
                "{person} contact_kept m {}",
                json!({"channel": "sms", "state": null, "verified": false})
            ),
            format!(
                "{person} consent_told m {}",
                json!({"channel": "sms", "decision": "given", "purpose": "marketing"})
            ),
            format!("{person} preferences_told m null"),
            format!("{person} consents_told bulk {}", json!({"consents": 1})),
        ]
    };
    let removed = format!("anna contact_removed m {}", json!({"channel": "sms"}));
    assert_eq!(rows, [of("bo").as_slice(), &of("anna"), &[removed]].concat());
    for told in ["13812345678", "+86138", "138***"] {
        assert!(!log.to_string().contains(told), "{told}");
    }
}

/// Another key of the installation: all is sealed anew, consents count on, and the old one goes.
#[test]
fn the_key_of_the_seals_can_be_changed() {
    const BEFORE: &str = "secrets_key=a-key-of-the-end-to-end-tests-that-seals";
    const BOTH: &str = "secrets_key=the-next-key-of-these-tests-that-seals-more,a-key-of-the-end-to-end-tests-that-seals";
    const AFTER: &str = "secrets_key=the-next-key-of-these-tests-that-seals-more";
    let mut host = Host::start_with(&["--variable", BEFORE]);
    let shop = host.shop();
    shop.does("m", "check_in").send().ok();
    keeps(&shop, "m", "sms", &json!({"address": "+8613812345678"})).send().ok();
    let yes =
        json!({"purpose": "marketing", "channel": "sms", "decision": "given", "source": "till"});
    assert_eq!(tells(&shop, "m", &yes).send().status, 201);
    let reseals =
        |shop: &Shop| shop.ask("POST", "/v1/jobs/reseal").without("idempotency-key").send();
    for role in ["job", "service", "finance"] {
        let other = shop.with_bearer(&shop.key(role));
        assert_eq!(reseals(&other).outcome(), "403 forbidden", "{role}");
    }
    let tenant = host.shop_with("next-door", |_| {});
    assert_eq!(reseals(&tenant).outcome(), "403 forbidden");
    host.stop();
    host.start_again_with(&["--variable", BOTH]);
    let shop = shop.moved_to(host.address);
    let told = reseals(&shop).ok();
    assert_eq!(
        (&told["done"], &told["sealed"], &told["unopened"]),
        (&json!(true), &json!(2), &json!(0))
    );
    assert_eq!(reseals(&shop).ok()["sealed"], 0);
    host.stop();
    host.start_again_with(&["--variable", AFTER]);
    let shop = shop.moved_to(host.address);
    let desk = shop.with_bearer(&shop.key("service"));
    assert_eq!(contacts(&desk, "?reveal=true"), ["sms +8613812345678 open yes yes"]);
    keeps(&shop, "m", "sms", &json!({"address": "+8613812345678"})).send().ok();
    assert_eq!(contacts(&desk, ""), ["sms +86138***678 open yes yes"], "its digest is the same");
    // With a wrong key nothing is made anew in place of what was.
    host.stop();
    host.start_again_with(&["--variable", BEFORE]);
    let shop = shop.moved_to(host.address);
    let refused = keeps(&shop, "m", "sms", &json!({"address": "+8613812345678"})).send();
    assert_eq!(refused.status, 500);
    assert!(host.says("does not open the key of digests"), "{}", host.log());
    assert_eq!(reseals(&shop).ok()["unopened"], 2);
    host.stop();
    host.start_again_with(&["--variable", AFTER]);
    let shop = shop.moved_to(host.address);
    assert_eq!(contacts(&shop, ""), ["sms +86138***678 open yes yes"]);
}

#[test]
fn contacts_go_where_the_account_goes() {
    let host = Host::start_with(&["--variable", SECRETS_KEY]);
    let shop = host.shop();
    for member in ["m", "old"] {
        shop.does(member, "check_in").send().ok();
        keeps(
            &shop,
            member,
            "sms",
            &json!({"address": format!("+86138123456{}", 70 + member.len())}),
        )
        .send()
        .ok();
    }
    keeps(&shop, "old", "email", &json!({"address": "li@example.com"})).send().ok();
    let of = |address: &str, decision: &str, at: &str| {
        let mut body = said("marketing", decision, at);
        body["address"] = address.into();
        body
    };
    // Of its own number, and of the one that stays.
    for address in ["+8613812345673", "+8613812345671"] {
        tells(&shop, "old", &of(address, "given", "2026-03-01T10:00:00Z")).send().ok();
    }
    tells(&shop, "m", &said("marketing", "withdrawn", "2026-02-01T10:00:00Z")).send().ok();
    shop.put("/v1/members/old/preferences", &json!({"personalised": false})).send().ok();
    shop.put("/v1/members/m/preferences", &json!({"language": "en"})).send().ok();
    let body = json!({"from_member_id": "old", "reason": "one person"});
    shop.post("/v1/members/m/merge", &body).send().ok();
    for path in ["contacts", "consents", "preferences"] {
        let refused = shop.get(&format!("/v1/members/old/{path}")).send().outcome();
        assert_eq!(refused, "409 member-merged", "{path}");
    }
    shop.runs("fold");
    assert_eq!(
        contacts(&shop, ""),
        ["email l***@example.com open yes no_consent", "sms +86138***671 open yes yes"]
    );
    let told = shop.get("/v1/members/m/preferences").send().ok();
    assert_eq!((&told["language"], &told["personalised"]), (&json!("en"), &json!(false)));
    shop.post("/v1/members/m/erase", &json!({"reason": "request"})).send().ok();
    for path in ["contacts", "consents", "preferences"] {
        let refused = shop.get(&format!("/v1/members/m/{path}")).send().outcome();
        assert_eq!(refused, "410 member-erased", "{path}");
    }
    shop.runs("fold");
    for table in ["contact", "consent", "preference"] {
        assert_eq!(host.reach().number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}
