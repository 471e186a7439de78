//! `/v1/adjustments`: one person requests them, others decide, in the order and with the roles of
//! the rulebook.

use serde_json::{Value as Json, json};
use tests::{Ask, Host, Shop, at_once};

/// A programme with its staff.
struct Office {
    host: Host,
    shop: Shop,
}

impl Office {
    fn open() -> Self {
        let host = Host::start();
        let shop = host.shop();
        shop.buys("m", "o-1", 10_000).send().ok();
        Self { host, shop }
    }

    /// A person with a key of their own.
    fn hire(&self, name: &str, role: &str) -> Shop {
        self.shop.with_bearer(&self.shop.key_of(name, role))
    }
}

fn asks(caller: &Shop, points: i64) -> Ask {
    let body = json!({"member_id": "m", "points": points, "reason_code": "goodwill", "evidence": "ticket 7"});
    caller.post("/v1/adjustments", &body)
}

fn id(answer: &tests::Answer) -> String {
    answer.ok()["entry"]["entry_id"].as_str().unwrap().to_owned()
}

fn decides(caller: &Shop, request: &str, verdict: &str) -> Ask {
    caller.post(&format!("/v1/adjustments/{request}/{verdict}"), &json!({}))
}

/// Wrong role, own request, twice, too late: each has its problem, and writes no entry.
#[test]
fn every_wrong_decision_has_its_problem() {
    let office = Office::open();
    let [anna, ben, carl, dora] = [
        ("anna", "service"),
        ("ben", "approver"),
        ("carl", "approver"),
        ("dora", "vice_president"),
    ]
    .map(|(name, role)| office.hire(name, role));
    let head = office.hire("emil", "department_head");
    let small = id(&asks(&anna, 500).send());
    let own = id(&asks(&ben, 10).send());
    let large = id(&asks(&anna, 501).send());
    let entries = || office.host.books().number("SELECT count(*) FROM entry");
    let before = entries();
    for (ask, outcome) in [
        (decides(&anna, &small, "approve"), "403 forbidden"),
        (decides(&office.shop, &small, "approve"), "403 wrong-approver"),
        (decides(&dora, &small, "approve"), "403 wrong-approver"),
        (decides(&dora, &small, "reject"), "403 wrong-approver"),
        (decides(&ben, &large, "approve"), "403 wrong-approver"),
        (decides(&ben, &own, "approve"), "403 own-request"),
        (decides(&ben, &own, "reject"), "403 own-request"),
        (decides(&ben, &small, "withdraw"), "403 not-yours"),
        (decides(&ben, "00000000-0000-7000-8000-000000000000", "approve"), "404 request-not-found"),
        (decides(&ben, "x", "approve"), "404 request-not-found"),
        (
            ben.post(&format!("/v1/adjustments/{small}/approve"), &json!({"points": 5})),
            "400 invalid-request /points",
        ),
        (decides(&ben, &small, "sign"), "404 route-not-found"),
        (ben.get(&format!("/v1/adjustments/{small}/approve")), "405 method-not-allowed"),
        (decides(&ben, &small, "approve?dry_run=true"), "201 adjust +500 = 600, approve +0 = 100"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!(entries(), before);
    let approve = decides(&ben, &small, "approve").key("a-1");
    let first = approve.send();
    assert_eq!(first.outcome(), "201 adjust +500 = 600, approve +0 = 100");
    approve.send().assert_replays(&first);
    for (ask, outcome) in [
        (decides(&carl, &small, "approve"), "409 request-resolved"),
        (decides(&carl, &small, "reject"), "409 request-resolved"),
        (decides(&anna, &small, "withdraw"), "409 request-resolved"),
        (decides(&head, &large, "reject"), "201 reject +0 = 600"),
        (decides(&head, &large, "approve"), "409 request-resolved"),
        (decides(&ben, &own, "withdraw"), "201 withdraw +0 = 600"),
        (decides(&carl, &own, "approve"), "409 request-resolved"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    // The entry that moved the points names all of these persons.
    let adjust = &first.ok()["entry"];
    assert_eq!(adjust["adjustment"]["requested_by"]["name"], "anna");
    assert_eq!(adjust["adjustment"]["approvals"][0]["by"]["name"], "ben");
    assert_eq!(
        (&adjust["adjustment"]["evidence"], &adjust["corrects"]),
        (&json!("ticket 7"), &json!(small))
    );
    let reported = |id: &str| {
        anna.get(&format!("/v1/adjustments/{id}")).send().ok()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        [reported(&small), reported(&large), reported(&own)],
        ["approved", "rejected", "withdrawn"]
    );
}

#[test]
fn a_request_lapses_by_the_clock() {
    let office = Office::open();
    let (anna, ben) = (office.hire("anna", "service"), office.hire("ben", "approver"));
    let request = id(&asks(&anna, 50).send());
    let open = || anna.all("/v1/adjustments", 10);
    assert_eq!(
        (open()[0]["request_id"].clone(), open()[0]["waits_for"].clone()),
        (json!(request), json!("approver"))
    );
    let reported = anna.get(&format!("/v1/adjustments/{request}")).send().ok();
    office.host.clock(reported["adjustment"]["until"].as_str().unwrap());
    assert_eq!(open(), Vec::<Json>::new());
    assert_eq!(anna.get(&format!("/v1/adjustments/{request}")).send().ok()["state"], "lapsed");
    assert_eq!(decides(&ben, &request, "approve").send().outcome(), "409 request-resolved");
    assert_eq!(office.shop.runs("night")["requests_lapsed"], 1);
    assert_eq!(decides(&ben, &request, "approve").send().outcome(), "409 request-resolved");
    assert_eq!(office.shop.history("m"), ["earn +100 = 100", "request +0 = 100", "lapse +0 = 100"]);
}

/// Two steps, sixteen approvers at once over several instances: each step is passed once, the
/// points move once.
#[test]
fn approvers_at_once() {
    let host = Host::start_with(&["--instances", "4"]);
    let shop = host.shop_with("steps", |book| {
        book["approvals"] = json!({"steps": [{"roles": ["approver", "approver"]}]});
    });
    shop.buys("m", "o-1", 10_000).send().ok();
    let office = Office { shop, host };
    let anna = office.hire("anna", "service");
    let people: Vec<Shop> =
        (0..16).map(|n| office.hire(&format!("approver-{n}"), "approver")).collect();
    for round in 0..3 {
        let request = id(&asks(&anna, 10).send());
        let answers = at_once(16, |n| decides(&people[n], &request, "approve").send().outcome());
        let won: Vec<&String> =
            answers.iter().filter(|outcome| outcome.starts_with("201 ")).collect();
        let moved = won.iter().filter(|outcome| outcome.contains("adjust +10")).count();
        let late = answers.iter().filter(|outcome| *outcome == "409 request-resolved").count();
        assert_eq!((won.len(), moved, late), (2, 1, 14), "{answers:?}");
        assert_eq!(office.shop.balance("m"), 110 + 10 * round);
    }
}

#[test]
fn a_file_of_requests() {
    let office = Office::open();
    office.shop.buys("n", "o-2", 5_000).send().ok();
    let anna = office.hire("anna", "service");
    let file = "member_id, points, reason_code, evidence, expiry, reference\n\
        m, 30, offline_event, list 4 row 1, campaign, fair-1\n\
        n, -10, correction, , , fair-2\n\
        nobody, 5, goodwill, , , \n\
        m, 0, goodwill, , , \n\
        m, 5.5, goodwill, , , \n\
        m, 5, goodwill, , for_ever, \n\
        m, 7, goodwill, , , fair-1\n";
    let send = |path: &str, key: &str| {
        let answer = anna.ask("POST", path).key(key).body(file).send().ok();
        let outcome = |one: &Json| {
            let kind = one["body"]["type"]
                .as_str()
                .map(|kind| kind.rsplit(':').next().unwrap().to_owned());
            format!(
                "{} {}{}",
                one["status"],
                kind.unwrap_or_default(),
                if one["replayed"] == true { " again" } else { "" }
            )
        };
        answer["outcomes"].as_array().unwrap().iter().map(outcome).collect::<Vec<_>>()
    };
    let entries = office.host.books().snapshot();
    let dry = send("/v1/adjustments/batch?dry_run=true", "dry");
    let expected = [
        "201 ",
        "201 ",
        "404 member-not-found",
        "400 invalid-request",
        "400 invalid-request",
        "422 unknown-policy",
    ];
    assert_eq!(dry[..6], expected);
    assert_eq!(dry[6], "409 reference-already-used", "each sees those before it");
    assert_eq!(office.host.books().snapshot(), entries);
    let first = send("/v1/adjustments/batch", "file-1");
    assert_eq!(first[..6], expected);
    assert_eq!(first[6], "409 reference-already-used");
    // A repeat changes nothing; under another key its documents are already in use.
    let again = send("/v1/adjustments/batch", "file-1");
    assert_eq!(
        (again[0].as_str(), again[1].as_str(), again[2].as_str()),
        ("201  again", "201  again", "404 member-not-found again")
    );
    let other = send("/v1/adjustments/batch", "file-2");
    assert_eq!(
        (other[0].as_str(), other[1].as_str()),
        ("409 reference-already-used", "409 reference-already-used")
    );
    assert_eq!(anna.all("/v1/adjustments", 1).len(), 2);
    for (body, outcome) in [
        (String::new(), "400 invalid-request "),
        ("member_id,points,reason_code\n".to_owned(), "400 invalid-request "),
        ("\u{0}\u{1}\n\u{2}".to_owned(), "400 invalid-request "),
        (
            format!("member_id,points,reason_code\n{}", "m,1,g\n".repeat(501)),
            "400 invalid-request ",
        ),
    ] {
        assert_eq!(anna.ask("POST", "/v1/adjustments/batch").body(body).send().outcome(), outcome);
    }
}

#[test]
fn points_are_taken_only_if_they_are_there() {
    let office = Office::open();
    let (anna, ben) = (office.hire("anna", "service"), office.hire("ben", "approver"));
    let request = id(&asks(&anna, -150).send());
    let approve = |key: &str| decides(&ben, &request, "approve").key(key).send().outcome();
    assert_eq!(approve("1"), "422 insufficient-points");
    office.shop.buys("m", "o-2", 5_000).send().ok();
    assert_eq!(approve("1"), "422 insufficient-points (again)");
    assert_eq!(approve("2"), "201 adjust -150 = 0, approve +0 = 150");
}

#[test]
fn bad_requests() {
    let office = Office::open();
    let anna = office.hire("anna", "service");
    let ask = |fields: &Json| {
        let mut body = json!({"member_id": "m", "points": 5, "reason_code": "goodwill"});
        fields.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        anna.post("/v1/adjustments", &body).send().outcome()
    };
    for (fields, outcome) in [
        (json!({"points": 0}), "400 invalid-request /points"),
        (json!({"points": 1.5}), "400 invalid-request /points"),
        (json!({"points": 1_000_000_000_000_001_i64}), "400 invalid-request /points"),
        (json!({"reason_code": ""}), "400 invalid-request /reason_code"),
        (json!({"evidence": ""}), "400 invalid-request /evidence"),
        (json!({"reference": " "}), "400 invalid-request /reference"),
        (json!({"approved": true}), "400 invalid-request /approved"),
        (json!({"member_id": "nobody"}), "404 member-not-found"),
        (json!({"expiry": "x"}), "422 unknown-policy"),
    ] {
        assert_eq!(ask(&fields), outcome, "{fields}");
    }
    for role in ["storefront", "finance", "job"] {
        let other = office.hire(role, role);
        assert_eq!(asks(&other, 5).send().outcome(), "403 forbidden", "{role}");
    }
}

/// Files as spreadsheets write them: each row is read correctly with its line, or the whole file is
/// refused.
#[test]
fn files_as_spreadsheets_write_them() {
    let office = Office::open();
    for number in 1..=20 {
        office.shop.put(&format!("/v1/members/m{number}"), &json!({})).send().ok();
    }
    office.shop.put("/v1/members/007001", &json!({})).send().ok();
    let anna = office.hire("anna", "service");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/field-files");
    let send = |name: &str, charset: Option<&str>| {
        let body = std::fs::read(folder.join(name)).unwrap();
        let ask = anna.ask("POST", "/v1/adjustments/batch").body(body);
        let answer = match charset {
            None => ask.send(),
            Some(charset) => {
                ask.with("content-type", format!("text/csv; charset={charset}")).send()
            }
        };
        if answer.status != 200 {
            return format!(
                "{} {}",
                answer.status,
                answer.json()["errors"][0]["detail"].as_str().unwrap()
            );
        }
        let shown = |outcome: &Json| format!("{}:{}", outcome["line"], outcome["status"]);
        answer.json()["outcomes"]
            .as_array()
            .unwrap()
            .iter()
            .map(shown)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let all = |lines: std::ops::RangeInclusive<u64>| {
        lines.map(|line| format!("{line}:201")).collect::<Vec<_>>().join(" ")
    };
    for (name, outcome) in [
        ("bom-crlf.csv", all(2..=3)),
        ("cr-only.csv", all(2..=3)),
        ("semicolon.csv", all(2..=6)),
        ("sep-line.csv", all(3..=4)),
        ("chinese-headers.csv", all(2..=3)),
        ("trailing-comma-header.csv", all(2..=3)),
        ("ragged-trailing.csv", all(2..=21)),
        ("blank-tail.csv", all(2..=4)),
        ("multiline-evidence.csv", "2:201 4:201 5:201".to_owned()),
        ("invisible-characters.csv", all(2..=6)),
        ("scientific-phones.csv", "2:400 3:400 4:400".to_owned()),
        ("leading-zeros.csv", "2:201 3:404 4:201 5:201".to_owned()),
    ] {
        assert_eq!(send(name, None), outcome, "{name}");
    }
    let gbk = send("gbk-evidence.csv", None);
    assert!(gbk.starts_with("400 ") && gbk.contains("charset=gbk"), "{gbk}");
    assert_eq!(send("gbk-evidence.csv", Some("gbk")), all(2..=6));
    let read: Vec<Json> = anna.all("/v1/members/m2/entries", 200);
    let evidence: Vec<&str> =
        read.iter().filter_map(|entry| entry["adjustment"]["evidence"].as_str()).collect();
    assert!(evidence.contains(&"门店线下活动"), "{evidence:?}");
    assert!(evidence.contains(&"she said \"sorry\""), "{evidence:?}");
    let unknown = send("migration-balances.csv", None);
    assert!(
        unknown.starts_with("400 has headings that are not known: card number, phone, balance"),
        "{unknown}"
    );
}

/// 270 requests of 500 points, each within an approver's limit, at once over several instances:
/// only as many pass as the daily limit allows.
#[test]
fn many_small_requests_do_not_exceed_the_limit_of_an_approver() {
    let host = Host::start_with(&["--instances", "4"]);
    let shop = host.shop();
    let office = Office { shop, host };
    let people: Vec<Shop> = (0..9).map(|n| office.hire(&format!("clerk-{n}"), "service")).collect();
    let ben = office.hire("ben", "approver");
    let requests: Vec<String> = (0..27)
        .map(|n| {
            office.shop.does(&format!("m-{n}"), "check_in").send().ok();
            let body =
                json!({"member_id": format!("m-{n}"), "points": 500, "reason_code": "goodwill"});
            id(&people[n % 9].post("/v1/adjustments", &body).send())
        })
        .collect();
    let outcomes = at_once(27, |n| decides(&ben, &requests[n], "approve").send().outcome());
    let moved = outcomes.iter().filter(|outcome| outcome.contains("adjust +500")).count();
    let refused = outcomes.iter().filter(|outcome| *outcome == "422 approvals-exceeded").count();
    assert_eq!((moved, refused), (10, 17), "{outcomes:?}");
    // A person who requests more than 5,000 in a day needs a department head.
    let anna = office.hire("anna", "service");
    let steps = |n: usize| {
        office.shop.does(&format!("m-{n}"), "check_in").send().ok();
        let body = json!({"member_id": format!("m-{n}"), "points": 500, "reason_code": "goodwill"});
        anna.post("/v1/adjustments", &body).send().ok()["entry"]["adjustment"]["steps"][0].clone()
    };
    let asked: Vec<Json> = (100..111).map(steps).collect();
    assert!(asked[..10].iter().all(|step| *step == "approver"), "{asked:?}");
    assert_eq!(asked[10], "department_head");
}
