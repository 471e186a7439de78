//! `/v1/roles`: roles that a programme makes itself, of which none may more than its base.

use serde_json::{Value as Json, json};
use tests::{Answer, Ask, Host, Shop};

use crate::sign_in::{START, after, cookie_of, person, role};

fn body(base: &str, permissions: &[&str]) -> Json {
    json!({"names": {"zh-CN": "销售主管", "en": "Head of sales"}, "base": base, "permissions": permissions})
}

fn makes(shop: &Shop, id: &str, base: &str, permissions: &[&str]) -> Answer {
    shop.put(&format!("/v1/roles/{id}"), &body(base, permissions)).send()
}

/// A key of an own role, for a person of that name.
fn key(shop: &Shop, role: &str) -> String {
    let body = json!({"role": role, "label": role, "person_id": format!("of {role}")});
    shop.post("/v1/keys", &body).send().ok()["key"].as_str().unwrap().to_owned()
}

/// With an own role of each single permission exactly its routes answer other than 403.
#[test]
fn each_permission_opens_exactly_its_routes() {
    let host = Host::start();
    let shop = host.shop();
    let document = shop.get("/openapi.json").send().ok();
    let listed = shop.get("/v1/permissions").send().ok();
    let permissions: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["permission"].as_str().unwrap())
        .collect();
    assert!(permissions.len() > 40, "{permissions:?}");
    let (mut faults, mut opened) = (Vec::new(), 0);
    for (number, permission) in permissions.iter().enumerate() {
        let id = format!("only-{number}");
        assert_eq!(makes(&shop, &id, "admin", &[permission]).status, 200, "{permission}");
        let key = key(&shop, &id);
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, route) in methods.as_object().unwrap() {
                if route.get("security").is_none() {
                    continue;
                }
                let is_operators = route["x-roles"] == json!(["operator"]);
                let needs = route["x-permission"].as_str();
                let address = path.replace("{prefix}", &key[..12]);
                let address = address.replace(['{', '}'], "");
                // Without an idempotency key nothing is changed.
                let ask = Ask::new(host.address, &method.to_uppercase(), &address).bearer(&key);
                let outcome = ask.send().outcome();
                let is_open = !outcome.starts_with("403 forbidden");
                let must_be = !is_operators && needs.is_none_or(|needs| needs == *permission);
                if is_open != must_be {
                    faults.push(format!("{permission}: {method} {path}: {outcome}"));
                }
                opened += usize::from(is_open && needs.is_some());
                assert!(
                    !outcome.starts_with("401") || needs.is_none(),
                    "{method} {path}: {outcome}"
                );
                assert!(!outcome.starts_with('5'), "{method} {path}: {outcome}");
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(opened > 100, "{opened}");
}

#[test]
fn what_is_wrong_with_a_role_is_told() {
    let host = Host::start();
    let shop = host.shop();
    for (id, body, outcome) in [
        ("service", body("service", &["member:read"]), "400 invalid-request role_id"),
        ("A%20b", body("service", &["member:read"]), "400 invalid-request role_id"),
        ("department-head", body("service", &["member:read"]), "400 invalid-request role_id"),
        ("desk", body("job", &["job:write"]), "400 invalid-request /base"),
        ("desk", body("desk", &["member:read"]), "400 invalid-request /base"),
        ("desk", body("service", &[]), "400 invalid-request /permissions"),
        ("desk", body("service", &["member:all"]), "400 invalid-request /permissions/0"),
        ("desk", body("service", &["sign-in:write"]), "400 invalid-request /permissions/0"),
        ("desk", body("service", &["staff:read"]), "400 invalid-request /permissions/0"),
        (
            "desk",
            body("service", &["member:read", "member:read"]),
            "400 invalid-request /permissions/1",
        ),
        (
            "desk",
            json!({"names": {"zh-CN": "", "en": "Desk"}, "base": "service", "permissions": ["member:read"]}),
            "400 invalid-request /names/zh-CN",
        ),
        (
            "desk",
            json!({"names": {"zh-CN": "客服", "en": "Desk"}, "base": "admin", "permissions": ["staff:write"]}),
            "400 invalid-request /names/zh-CN",
        ),
    ] {
        let answer = shop.put(&format!("/v1/roles/{id}"), &body).send();
        assert_eq!(answer.outcome(), outcome, "{id} {body}");
    }
    let made = makes(&shop, "desk", "service", &["member:read", "adjust:read"]).ok();
    let shown = json!({
        "role_id": "desk", "names": {"zh-CN": "销售主管", "en": "Head of sales"}, "base": "service",
        "permissions": ["adjust:read", "member:read"], "wanted": null, "wanted_by": null, "waiting_id": null,
    });
    assert_eq!(made, shown);
    assert_eq!(shop.get("/v1/roles/desk").send().ok(), shown);
    assert_eq!(shop.get("/v1/roles").send().ok()["items"], json!([shown]));
    let other = makes(&shop, "desk", "marketing", &["member:read"]);
    assert_eq!(other.outcome(), "400 invalid-request /base", "it never changes");
    let none = "/v1/roles/none";
    assert_eq!(shop.get(none).send().outcome(), "404 resource-not-found");
    assert_eq!(shop.ask("DELETE", none).send().outcome(), "404 resource-not-found");
    let elsewhere = host.shop_with("other", |_| {});
    let admin = elsewhere.key_of("anna", "admin");
    assert_eq!(elsewhere.with_bearer(&admin).get("/v1/roles/desk").send().status, 404);
    let unknown = json!({"person_id": "x", "name": "X", "roles": [{"role": "clerk"}]});
    let invited = shop.post("/v1/invitations", &unknown).send();
    assert_eq!(invited.outcome(), "400 invalid-request /roles/0/role");
    let service = shop.key("service");
    assert_eq!(shop.get("/v1/roles").bearer(&service).send().outcome(), "403 forbidden");
}

/// Sessions and keys of a role follow its changes at once, and it goes when nobody has it.
#[test]
fn persons_and_keys_follow_their_role() {
    let host = Host::start();
    let shop = host.shop();
    makes(&shop, "desk", "service", &["member:read"]).ok();
    let mut anna = person(&host, "anna", &role("desk"), START);
    let session = anna.ask("GET", "/v1/session").send().ok();
    assert_eq!(
        (&session["role"], &session["base"], &session["permissions"]),
        (&json!("desk"), &json!("service"), &json!(["member:read"]))
    );
    assert_eq!(session["roles"][0]["names"]["zh-CN"], "销售主管");
    let key = key(&shop, "desk");
    let adjustment =
        json!({"member_id": "m", "points": 5, "reason_code": "goodwill", "evidence": "ticket 1"});
    shop.does("m", "sign_up").send();
    let outcomes = || {
        let asks = [
            anna.ask("GET", "/v1/members/m"),
            anna.post("/v1/adjustments", &adjustment),
            shop.get("/v1/members/m").bearer(&key),
            shop.post("/v1/adjustments", &adjustment).bearer(&key),
        ];
        asks.map(|ask| ask.send().status != 403)
    };
    assert_eq!(outcomes(), [true, false, true, false]);
    let refused = anna.post("/v1/adjustments", &adjustment).send();
    assert_eq!(refused.outcome(), "403 forbidden");
    assert!(refused.text().contains("adjust:write"), "{}", refused.text());
    makes(&shop, "desk", "service", &["adjust:write"]).ok();
    assert_eq!(outcomes(), [false, true, false, true], "at once");
    makes(&shop, "desk", "service", &["adjust:write", "member:read"]).ok();
    assert_eq!(outcomes(), [true; 4]);
    // A successor of the key has the role, too; so has another role of the person its own.
    let rotated = shop.post(&format!("/v1/keys/{}/rotate", &key[..12]), &json!({})).bearer(&key);
    let successor = rotated.send().ok();
    assert_eq!((&successor["role"], &successor["base"]), (&json!("desk"), &json!("service")));
    makes(&shop, "desk", "service", &["member:read"]).ok();
    let by = successor["key"].as_str().unwrap();
    let asked = shop.post("/v1/adjustments", &adjustment).bearer(by).send();
    assert_eq!(asked.outcome(), "403 forbidden");
    // Somebody has it.
    assert_eq!(shop.ask("DELETE", "/v1/roles/desk").send().outcome(), "400 invalid-request id");
    let staff = json!({"name": "Anna", "roles": [{"role": "marketing"}]});
    shop.put("/v1/staff/anna", &staff).send().ok();
    assert_eq!(anna.session(), "401 unauthorized");
    assert_eq!(shop.ask("DELETE", "/v1/roles/desk").send().outcome(), "400 invalid-request id");
    for prefix in [&key[..12], &by[..12]] {
        assert_eq!(shop.ask("DELETE", &format!("/v1/keys/{prefix}")).send().status, 204);
    }
    assert_eq!(shop.ask("DELETE", "/v1/roles/desk").send().status, 204);
    assert_eq!(shop.get("/v1/roles/desk").send().status, 404);
    let at = after(&host, 1);
    assert_eq!(anna.signs_in(at)["role"], "marketing");
    let log = shop.all_with("/v1/audit-log", "subject=desk");
    let actions: Vec<&str> = log.iter().rev().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["role_put", "role_put", "role_put", "role_put", "role_removed"]);
}

/// Approvals and four eyes see the base, codes as well.
#[test]
fn approvals_see_the_base() {
    let host = Host::start();
    let shop = host.shop();
    shop.does("m", "sign_up").send();
    makes(&shop, "clerk", "service", &["adjust:write"]).ok();
    makes(&shop, "head", "approver", &["adjust:write"]).ok();
    makes(&shop, "looker", "approver", &["adjust:read"]).ok();
    makes(&shop, "chief", "vice_president", &["adjust:write"]).ok();
    let body =
        json!({"member_id": "m", "points": 50, "reason_code": "goodwill", "evidence": "ticket 1"});
    let both = json!([{"role": "clerk"}, {"role": "head"}]);
    let mut anna = person(&host, "anna", &both, START);
    assert!(!anna.secret.is_empty(), "a part of approver takes codes");
    let asked = anna.post("/v1/adjustments", &body).send().ok();
    let path = format!("/v1/adjustments/{}/approve", asked["entry"]["entry_id"].as_str().unwrap());
    let switched = anna.post("/v1/session/role", &json!({"role": "head"})).send();
    anna.cookie = cookie_of(&switched);
    assert_eq!(switched.ok()["base"], "approver");
    let by = |role: &str| shop.post(&path, &json!({})).bearer(&key(&shop, role)).send().outcome();
    assert_eq!(by("clerk"), "403 forbidden", "service does not approve");
    assert_eq!(by("looker"), "403 forbidden");
    assert_eq!(by("chief"), "403 wrong-approver");
    assert_eq!(anna.post(&path, &json!({})).send().outcome(), "403 own-request");
    let ben = person(&host, "ben", &role("head"), START);
    let approved = ben.post(&path, &json!({})).send();
    assert_eq!(approved.status, 201, "{}", approved.text());
}

/// One admin alone widens a role of trust for nobody.
#[test]
fn a_second_admin_widens_a_role_of_trust() {
    let host = Host::start();
    let shop = host.shop();
    let anna = shop.with_bearer(&shop.key_of("anna", "admin"));
    let ben = shop.with_bearer(&shop.key_of("ben", "admin"));
    makes(&anna, "head", "approver", &["adjust:read"]).ok();
    let key = key(&shop, "head");
    let may = |path: &str| shop.get(path).bearer(&key).send().outcome() != "403 forbidden";
    assert_eq!((may("/v1/adjustments"), may("/v1/reviews")), (true, false));
    let wider = ["adjust:read", "review:read"];
    let asked = makes(&anna, "head", "approver", &wider).ok();
    assert_eq!(asked["permissions"], json!(["adjust:read"]));
    assert_eq!((&asked["wanted"], &asked["wanted_by"]), (&json!(wider), &json!("anna")));
    assert!(!may("/v1/reviews"));
    let approves = |shop: &Shop, id: &str| {
        shop.post("/v1/roles/head/approve", &json!({"waiting_id": id})).send().outcome()
    };
    let id = asked["waiting_id"].as_str().unwrap().to_owned();
    assert_eq!(approves(&anna, &id), "403 own-request");
    assert_eq!(approves(&ben, "another"), "409 conflict");
    // A person who asks for the same does not take the request over.
    makes(&ben, "head", "approver", &wider).ok();
    assert_eq!(approves(&anna, &id), "403 own-request");
    let key_alone = shop.with_bearer(&shop.key_of("carl", "marketing"));
    assert_eq!(approves(&key_alone, &id), "403 forbidden");
    assert_eq!(approves(&ben, &id), "200");
    assert!(may("/v1/reviews"));
    assert_eq!(approves(&ben, &id), "409 request-resolved");
    // What is taken away counts at once, and the operator needs nobody.
    let narrowed = makes(&anna, "head", "approver", &["review:read"]).ok();
    assert_eq!((&narrowed["wanted"], may("/v1/adjustments")), (&Json::Null, false));
    let swapped = makes(&anna, "head", "approver", &["adjust:read"]).ok();
    assert_eq!((&swapped["permissions"], may("/v1/reviews")), (&json!([]), false));
    makes(&shop, "head", "approver", &wider).ok();
    assert!(may("/v1/adjustments") && may("/v1/reviews"));
    // Others count at once.
    makes(&anna, "desk", "service", &["member:read"]).ok();
    let asked = makes(&anna, "desk", "service", &["adjust:read", "member:read"]).ok();
    assert_eq!(asked["wanted"], Json::Null);
    // Giving a role of trust waits as its base does.
    let body = json!({"role": "head", "label": "x", "person_id": "dora"});
    assert_eq!(anna.post("/v1/keys", &body).send().ok()["waits"], true);
}

/// A part of `admin` does only what it names, and so it ends no keys of others.
#[test]
fn a_part_of_admin_is_no_admin() {
    let host = Host::start();
    let shop = host.shop();
    makes(&shop, "keeper", "admin", &["stores:write", "stores:read"]).ok();
    let keeper = shop.with_bearer(&key(&shop, "keeper"));
    assert_ne!(keeper.get("/v1/stores").send().status, 403);
    for path in ["/v1/keys", "/v1/staff", "/v1/roles", "/v1/permissions", "/v1/members"] {
        assert_eq!(keeper.get(path).send().outcome(), "403 forbidden", "{path}");
    }
    let other = shop.key("service");
    for (method, path) in [("DELETE", ""), ("POST", "/rotate")] {
        let answer = keeper.ask(method, &format!("/v1/keys/{}{path}", &other[..12])).send();
        assert_eq!(answer.outcome(), "403 forbidden", "{method}");
    }
}

/// Another key of the person may do more: only the key that is sent is replaced.
#[test]
fn a_narrow_key_is_rotated_into_no_other() {
    let host = Host::start();
    let shop = host.shop();
    makes(&shop, "desk", "service", &["member:read"]).ok();
    makes(&shop, "keeper", "admin", &["key:write"]).ok();
    let of_anna = |role: &str| {
        let body = json!({"role": role, "label": role, "person_id": "anna"});
        shop.post("/v1/keys", &body).send().ok()["key"].as_str().unwrap().to_owned()
    };
    let (narrow, broad) = (of_anna("desk"), of_anna("finance"));
    let rotates = |by: &str, key: &str| {
        let path = format!("/v1/keys/{}/rotate", &key[..12]);
        shop.post(&path, &json!({})).bearer(by).send().outcome()
    };
    assert_eq!(rotates(&narrow, &broad), "403 forbidden");
    assert_eq!(rotates(&broad, &narrow), "403 forbidden", "nor does a built-in role");
    assert_eq!((rotates(&narrow, &narrow), rotates(&broad, &broad)), ("201".into(), "201".into()));
    assert_eq!(rotates(&of_anna("keeper"), &broad), "201");
    let ended = shop.ask("DELETE", &format!("/v1/keys/{}", &broad[..12])).bearer(&narrow).send();
    assert_eq!(ended.status, 204, "each ends the others");
}

/// A second admin approves of what an own role was when they looked at it.
#[test]
fn an_approval_names_what_own_roles_are() {
    let host = Host::start();
    let shop = host.shop();
    let anna = shop.with_bearer(&shop.key_of("anna", "admin"));
    let ben = shop.with_bearer(&shop.key_of("ben", "admin"));
    makes(&anna, "desk", "service", &["member:read"]).ok();
    let body = json!({"person_id": "carl", "name": "Carl", "roles": [{"role": "desk"}]});
    anna.post("/v1/invitations", &body).send().ok();
    let seen = || ben.get("/v1/staff/carl").send().ok()["waiting_id"].as_str().unwrap().to_owned();
    let approves =
        |id: &str| ben.post("/v1/staff/carl/approve", &json!({"waiting_id": id})).send().outcome();
    let first = seen();
    makes(&anna, "desk", "service", &["adjust:write", "member:read"]).ok();
    assert_eq!(approves(&first), "409 conflict");
    assert_eq!(approves(&seen()), "200");
}
