//! `/v1/staff` and `POST /v1/invitations`: who may let whom in.

use serde_json::{Value as Json, json};
use tests::{Host, Shop};

fn body(id: &str, roles: Json) -> Json {
    json!({"person_id": id, "name": "A Name", "roles": roles})
}

#[test]
fn what_is_wrong_with_a_person_is_told() {
    let host = Host::start();
    let shop = host.shop();
    for (what, body, outcome) in [
        ("no role", body("a", json!([])), "400 invalid-request /roles"),
        ("unknown role", body("a", json!([{"role": "root"}])), "400 invalid-request /roles/0/role"),
        (
            "a machine's role",
            body("a", json!([{"role": "job"}])),
            "400 invalid-request /roles/0/role",
        ),
        (
            "an admin of a store",
            body("a", json!([{"role": "admin", "stores": ["a"]}])),
            "400 invalid-request /roles/0/stores",
        ),
        (
            "no store",
            body("a", json!([{"role": "service", "stores": []}])),
            "400 invalid-request /roles/0/stores",
        ),
        (
            "no instant",
            body("a", json!([{"role": "service", "from": "soon"}])),
            "400 invalid-request /roles/0/from",
        ),
        (
            "backwards",
            body(
                "a",
                json!([{"role": "service", "from": "2026-04-01T00:00:00Z", "until": "2026-03-01T00:00:00Z"}]),
            ),
            "400 invalid-request /roles/0/until",
        ),
        (
            "twice",
            body("a", json!([{"role": "service"}, {"role": "service"}])),
            "400 invalid-request /roles/1",
        ),
        ("nobody", body("", json!([{"role": "service"}])), "400 invalid-request /person_id"),
        (
            "the operator",
            body("0perator", json!([{"role": "service"}])),
            "400 invalid-request /person_id",
        ),
        (
            "regions",
            body("a", json!([{"role": "service", "regions": ["/east"]}])),
            "400 invalid-request /roles/0/regions",
        ),
        (
            "another language",
            json!({"person_id": "a", "name": "A", "language": "fr", "roles": [{"role": "service"}]}),
            "400 invalid-request /language",
        ),
        (
            "no such programme",
            json!({"programme_id": "none", "person_id": "a", "name": "A", "roles": [{"role": "service"}]}),
            "404 resource-not-found",
        ),
    ] {
        assert_eq!(shop.post("/v1/invitations", &body).send().outcome(), outcome, "{what}");
    }
    assert_eq!(shop.get("/v1/staff").send().ok()["items"], json!([]), "nothing was written");
    assert_eq!(
        shop.post("/v1/invitations", &body("a", json!([{"role": "service"}]))).send().status,
        201
    );
    let service = shop.key("service");
    assert_eq!(shop.get("/v1/staff").bearer(&service).send().outcome(), "403 forbidden");
    let put = json!({"name": "B Name", "language": "en", "roles": [{"role": "marketing", "stores": ["s"]}]});
    let shown = shop.put("/v1/staff/A", &put).send().ok();
    assert_eq!(
        shown,
        json!({
            "person_id": "a", "name": "B Name", "language": "en", "state": "invited", "has_code": false, "waits": false, "waiting_id": null,
            "password_set_at": null, "invited_until": shown["invited_until"], "invited_by": "operator",
            "roles": [{"role": "marketing", "base": "marketing", "stores": ["s"], "regions": null, "from": null, "until": null, "waits": false,
                "by": "operator"}],
        })
    );
    assert!(shown["invited_until"].as_str().unwrap().starts_with("2026-03-13T02:00"));
    assert_eq!(shop.get("/v1/staff/a").send().ok(), shown);
    assert_eq!(shop.put("/v1/staff/nobody", &put).send().outcome(), "404 resource-not-found");
    // Persons whom only keys name are listed, too: one of them is made of the key above.
    let all = shop.all("/v1/staff", 1);
    let states: Vec<String> = all
        .iter()
        .map(|person| {
            format!(
                "{} {}",
                person["person_id"].as_str().unwrap(),
                person["state"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(states, ["a invited", "service none"]);
}

/// One admin alone gets nobody in, and gives nobody a role that decides.
#[test]
fn a_second_admin_approves() {
    let host = Host::start();
    let shop = host.shop();
    let (anna, ben) = (
        shop.with_bearer(&shop.key_of("anna", "admin")),
        shop.with_bearer(&shop.key_of("ben", "admin")),
    );
    let invited = anna
        .post("/v1/invitations", &body("carl", json!([{"role": "service"}, {"role": "approver"}])))
        .send()
        .ok();
    assert_eq!(invited["waits"], true);
    let path = format!("/v1/invitations/{}", invited["token"].as_str().unwrap());
    assert_eq!(host.ask("GET", &path).send().outcome(), "404 resource-not-found");
    let carl = anna.get("/v1/staff/carl").send().ok();
    assert_eq!(
        (&carl["waits"], &carl["roles"][0]["waits"], &carl["roles"][1]["waits"]),
        (&json!(true), &json!(false), &json!(true))
    );
    let approve = "/v1/staff/carl/approve";
    let seen = || json!({"waiting_id": anna.get("/v1/staff/carl").send().ok()["waiting_id"]});
    let approves = |by: &Shop, what: &Json| by.post(approve, what);
    let other = shop.with_bearer(&shop.key_of("Anna", "admin"));
    assert_eq!(approves(&anna, &seen()).send().outcome(), "403 own-request");
    assert_eq!(approves(&other, &seen()).send().outcome(), "403 own-request", "the same person");
    let nobody = shop.post("/v1/keys", &json!({"role": "storefront", "label": "till"})).send().ok();
    assert_eq!(
        approves(&shop, &seen()).bearer(nobody["key"].as_str().unwrap()).send().outcome(),
        "403 forbidden"
    );
    // What the admin saw is what counts, and nothing that another one put in its place.
    let before = seen();
    let again = json!([{"role": "service"}, {"role": "admin"}]);
    let replaced = anna.post("/v1/invitations", &body("carl", again)).send().ok();
    assert_eq!(approves(&ben, &before).send().outcome(), "409 conflict");
    for wrong in [json!({}), json!({"waiting_id": 1}), json!({"waiting_id": "x", "y": 1})] {
        assert_eq!(approves(&ben, &wrong).send().status, 400);
    }
    let path_of = |link: &Json| format!("/v1/invitations/{}", link["token"].as_str().unwrap());
    assert_eq!(host.ask("GET", &path_of(&replaced)).send().outcome(), "404 resource-not-found");
    anna.post("/v1/invitations", &body("carl", json!([{"role": "service"}, {"role": "approver"}])))
        .send()
        .ok();
    // A link that the approver asked for in the meantime is not let through with it.
    let seen_first = seen();
    let own = ben.ask("POST", "/v1/staff/carl/reset").send().ok();
    assert_eq!(approves(&ben, &seen_first).send().outcome(), "403 own-request");
    assert_eq!(host.ask("GET", &path_of(&own)).send().outcome(), "404 resource-not-found");
    let invited = anna
        .post("/v1/invitations", &body("carl", json!([{"role": "service"}, {"role": "approver"}])))
        .send()
        .ok();
    let path = path_of(&invited);
    let yes = seen();
    let approved = approves(&ben, &yes).key("yes").send();
    assert_eq!((approved.status, &approved.ok()["waits"]), (200, &json!(false)));
    assert_eq!(approves(&ben, &yes).key("yes").send().outcome(), "200 (again)");
    assert_eq!(approves(&ben, &yes).send().outcome(), "409 request-resolved");
    assert_eq!(host.ask("GET", &path).send().status, 200);
    // A role that decides waits; what was there before counts on, and other roles count at once.
    let put = json!({"name": "Carl", "roles": [{"role": "approver"}, {"role": "marketing"}, {"role": "department_head", "stores": ["a"]}]});
    let shown = ben.put("/v1/staff/carl", &put).send().ok();
    let waits: Vec<(&str, bool)> = shown["roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| (role["role"].as_str().unwrap(), role["waits"].as_bool().unwrap()))
        .collect();
    assert_eq!(waits, [("approver", false), ("marketing", false), ("department_head", true)]);
    assert_eq!(approves(&ben, &seen()).send().outcome(), "403 own-request");
    // The same again changes nothing: it still waits, and is still asked for by the first.
    let shown = anna.put("/v1/staff/carl", &put).send().ok();
    assert_eq!(
        (&shown["roles"][2]["waits"], &shown["roles"][2]["by"]),
        (&json!(true), &json!("ben"))
    );
    approves(&anna, &seen()).send().ok();
    // In all stores it is another role.
    let put = json!({"name": "Carl", "roles": [{"role": "department_head"}]});
    assert_eq!(anna.put("/v1/staff/carl", &put).send().ok()["roles"][0]["waits"], true);
    // A reset lets somebody in, too.
    assert_eq!(anna.ask("POST", "/v1/staff/carl/reset").send().ok()["waits"], true);
    let actions: Vec<String> = shop
        .all_with("/v1/audit-log", "subject=carl")
        .iter()
        .rev()
        .map(|row| {
            format!("{} {}", row["action"].as_str().unwrap(), row["person_id"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        actions,
        [
            "person_invited anna",
            "person_invited anna",
            "person_invited anna",
            "person_reset ben",
            "person_invited anna",
            "person_approved ben",
            "person_changed ben",
            "person_changed anna",
            "person_approved anna",
            "person_changed anna",
            "person_reset anna"
        ]
    );
}
