//! `/v1/segments`, their preview, and `/v1/rfm`.

use serde_json::{Value as Json, json};
use tests::{Answer, Host, Shop, purchase};

fn segment(kind: &str, when: Option<&str>) -> Json {
    let mut body = json!({"names": {"zh-CN": "细分", "en": "A segment"}, "kind": kind});
    if let Some(when) = when {
        body["when"] = json!(when);
    }
    body
}

fn puts(shop: &Shop, id: &str, body: &Json) -> Answer {
    shop.put(&format!("/v1/segments/{id}"), body).send()
}

fn members(shop: &Shop, id: &str) -> Vec<String> {
    let found = shop.all(&format!("/v1/segments/{id}/members"), 2);
    let mut ids: Vec<String> =
        found.iter().map(|member| member["member_id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

/// Members m-0 … m-4, who bought for 1,000, 2,000 … in the store of the east or the west.
fn shop_with_members(host: &Host) -> Shop {
    let shop = host.shop();
    for member in 0..5 {
        let mut body =
            purchase(&format!("m-{member}"), &format!("o-{member}"), 1_000 * (member + 1));
        body["store_id"] = json!(if member % 2 == 0 { "east-1" } else { "west-1" });
        shop.post("/v1/earn", &body).send().ok();
    }
    shop.runs("fold");
    shop.runs("refresh");
    shop
}

#[test]
fn the_three_kinds_of_segments() {
    let host = Host::start();
    let shop = shop_with_members(&host);
    let marketing = shop.with_bearer(&shop.key("marketing"));
    let rich = Some("member.spend_365 >= 3000");
    assert_eq!(puts(&marketing, "active", &segment("active", rich)).status, 201);
    assert_eq!(puts(&marketing, "passive", &segment("passive", rich)).status, 201);
    assert_eq!(puts(&marketing, "list", &segment("static", None)).status, 201);
    for (id, body, outcome) in [
        ("a.b", segment("static", None), "400 invalid-request id"),
        ("preview", segment("static", None), "405 method-not-allowed"),
        ("a", segment("static", rich), "400 invalid-request /when"),
        ("a", segment("active", None), "400 invalid-request /when"),
        ("a", segment("dynamic", rich), "400 invalid-request /kind"),
    ] {
        assert_eq!(puts(&marketing, id, &body).outcome(), outcome, "{id}");
    }
    // The passive one is asked, the active one kept.
    assert_eq!(members(&marketing, "passive"), ["m-2", "m-3", "m-4"]);
    assert_eq!(members(&marketing, "active"), [""; 0]);
    shop.runs("refresh");
    assert_eq!(members(&marketing, "active"), ["m-2", "m-3", "m-4"]);
    let added = marketing.post("/v1/segments/list/members", &json!({"add": ["m-0", "m-4"]})).send();
    assert_eq!(added.ok()["changed"], 2);
    assert_eq!(members(&marketing, "list"), ["m-0", "m-4"]);
    let to_active = marketing.post("/v1/segments/active/members", &json!({"add": ["m-0"]})).send();
    assert_eq!(to_active.outcome(), "400 invalid-request ");
    // A purchase brings a member in; an edit is a new version, and is evaluated anew.
    shop.buys("m-0", "o-9", 5_000).send().ok();
    shop.runs("fold");
    shop.runs("refresh");
    assert_eq!(members(&marketing, "active"), ["m-0", "m-2", "m-3", "m-4"]);
    let edited = puts(&marketing, "active", &segment("active", Some("member.spend_365 < 3000")));
    assert_eq!((edited.status, &edited.ok()["version"]), (200, &json!(2)));
    shop.runs("refresh");
    assert_eq!(members(&marketing, "active"), ["m-1"]);
    let log = marketing.all("/v1/segment-changes", 3);
    let log: Vec<String> = log
        .iter()
        .filter(|of| of["segment_id"] == "active")
        .map(|of| {
            format!("{} {}", of["change"].as_str().unwrap(), of["member_id"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        log,
        [
            "in m-2", "in m-3", "in m-4", "in m-0", "out m-0", "in m-1", "out m-2", "out m-3",
            "out m-4"
        ]
    );
    let own = marketing.get("/v1/members/m-4/segments").send().ok()["items"].clone();
    assert_eq!((own.as_array().unwrap().len(), &own[0]["segment_id"]), (1, &json!("list")));

    let body = json!({"when": "member.spend_365 >= 4000", "overlap": ["list", "passive"],
        "conditions": [{"field": "member.balance", "operator": "above", "values": ["0"]}]});
    let asked = marketing.post("/v1/segments/preview", &body).send().ok();
    assert_eq!(
        asked,
        json!({"members": 3, "of": 5, "share_per_10000": 6000, "sample": 1, "examples": ["m-0", "m-3", "m-4"],
            "overlaps": [{"segment_id": "list", "members": 2}, {"segment_id": "passive", "members": 3}], "reachable": {}})
    );
    for (body, outcome) in [
        (json!({}), "400 invalid-request /when"),
        (json!({"when": "1"}), "400 invalid-request /when"),
        (json!({"when": "true", "sample": 0}), "400 invalid-request /sample"),
        (json!({"when": "true", "overlap": ["x"]}), "400 invalid-request /overlap/0"),
        (
            json!({"conditions": [{"field": "x", "operator": "is", "values": ["1"]}]}),
            "400 invalid-request /conditions/0/field",
        ),
    ] {
        let answer = marketing.post("/v1/segments/preview", &body).send();
        assert_eq!(answer.outcome(), outcome, "{body}");
    }
    assert_eq!(marketing.ask("DELETE", "/v1/segments/list").send().status, 204);
    assert_eq!(marketing.get("/v1/segments/list").send().outcome(), "404 resource-not-found");
}

#[test]
fn scores_are_counted_once_a_day() {
    let host = Host::start();
    let early = host.shop().get("/v1/rfm").send().outcome();
    assert_eq!(early, "404 resource-not-found");
    let shop = shop_with_members(&host);
    let map = shop.get("/v1/rfm").send().ok();
    assert_eq!((&map["version"], &map["counted_on"]), (&json!(1), &json!("2026-03-10")));
    assert_eq!(map["cuts"]["members"], 5);
    let cells = map["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 25);
    assert_eq!(cells.iter().map(|cell| cell["members"].as_i64().unwrap()).sum::<i64>(), 5);
    assert_eq!(cells.iter().map(|cell| cell["spend_minor"].as_i64().unwrap()).sum::<i64>(), 15_000);
    let groups = map["groups"].as_array().unwrap();
    assert_eq!(groups.iter().map(|group| group["members"].as_i64().unwrap()).sum::<i64>(), 5);
    shop.runs("refresh");
    assert_eq!(shop.get("/v1/rfm").send().ok()["version"], 1);
    host.clock("2026-03-11T10:00:00+08:00");
    shop.runs("refresh");
    assert_eq!(shop.get("/v1/rfm").send().ok()["version"], 2);
}

/// A person of one region counts and sees its members alone.
#[test]
fn who_is_for_some_stores_sees_their_members_alone() {
    let host = Host::start();
    let shop = shop_with_members(&host);
    puts(&shop, "all", &segment("active", Some("member.orders >= 1"))).ok();
    puts(&shop, "asked", &segment("passive", Some("member.orders >= 1"))).ok();
    let tag = json!({"names": {"zh-CN": "手", "en": "By hand"}, "class": "basic", "kind": "static", "refresh": "manual", "use": "tests"});
    shop.put("/v1/tags/hand", &tag).send().ok();
    shop.runs("refresh");
    let body =
        json!({"role": "service", "label": "anna", "person_id": "anna", "stores": ["east-1"]});
    let made = shop.post("/v1/keys", &body).send().ok();
    let anna = shop.with_bearer(made["key"].as_str().unwrap());
    let east = ["m-0", "m-2", "m-4"];
    assert_eq!(members(&shop, "all").len(), 5);
    for id in ["all", "asked"] {
        assert_eq!(members(&anna, id), east, "{id}");
        assert_eq!(anna.get(&format!("/v1/segments/{id}")).send().ok()["members"], Json::Null);
    }
    let asked =
        anna.post("/v1/segments/preview", &json!({"when": "true", "overlap": ["all"]})).send().ok();
    assert_eq!((&asked["members"], &asked["of"]), (&json!(3), &json!(3)));
    assert_eq!((&asked["examples"], &asked["overlaps"][0]["members"]), (&json!(east), &json!(3)));
    let map = anna.get("/v1/rfm").send().ok();
    assert_eq!(map["cuts"], Json::Null);
    let cells = map["cells"].as_array().unwrap();
    assert_eq!(cells.iter().map(|cell| cell["spend_minor"].as_i64().unwrap()).sum::<i64>(), 9_000);
    assert_eq!(anna.get("/v1/members/m-1/segments").send().outcome(), "403 store-forbidden");
    assert_eq!(anna.get("/v1/members/m-0/segments").send().status, 200);
    assert_eq!(anna.get("/v1/segment-changes").send().outcome(), "403 forbidden");
    let gives = |member: &str| anna.post("/v1/tags/hand/members", &json!({"add": [member]})).send();
    assert_eq!(gives("m-1").outcome(), "403 store-forbidden");
    assert_eq!(gives("m-0").ok()["changed"], 1);
    // Whose home store is there is theirs, too.
    shop.put("/v1/members/m-1/preferences", &json!({"home_store_id": "east-1"})).send().ok();
    assert_eq!(anna.get("/v1/members/m-1/segments").send().status, 200);
}

/// Files as spreadsheets write them: what they mean is told first, and then done.
#[test]
fn a_file_of_members_is_understood_and_then_added() {
    let host = Host::start();
    let shop = host.shop();
    for number in 1..=20 {
        shop.put(&format!("/v1/members/m{number}"), &json!({})).send().ok();
    }
    shop.put("/v1/members/007001", &json!({})).send().ok();
    shop.put("/v1/members/m9", &json!({"aliases": ["phone:+8613800000009"]})).send().ok();
    let marketing = shop.with_bearer(&shop.key("marketing"));
    puts(&marketing, "list", &segment("static", None)).ok();
    puts(&marketing, "kept", &segment("active", Some("member.orders >= 1"))).ok();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/field-files");
    let sends = |id: &str, query: &str, file: &[u8], kind: &str| {
        let ask = marketing.ask("POST", &format!("/v1/segments/{id}/file?{query}"));
        ask.with("content-type", kind).body(file).send()
    };
    let told = |answer: &Answer| {
        let body = answer.json();
        if answer.status != 200 {
            return format!("{} {}", answer.status, body["errors"][0]["detail"].as_str().unwrap());
        }
        let rows = |of: &str, shown: fn(&Json) -> String| {
            let list: Vec<String> =
                body[of]["rows"].as_array().unwrap().iter().map(shown).collect();
            format!("{} [{}]", body[of]["count"], list.join(" "))
        };
        let (rows_of, found, already, added) =
            (&body["rows"], &body["found"], &body["already"], &body["added"]);
        format!(
            "{rows_of} {found} {already} {added}, {}, {}",
            rows("duplicates", |row| format!("{}={}", row["line"], row["first_line"])),
            rows("refused", |row| format!("{}:{}", row["line"], row["problem"].as_str().unwrap()))
        )
    };
    for (name, outcome) in [
        ("bom-crlf.csv", "2 2 0 2, 0 [], 0 []"),
        ("cr-only.csv", "2 2 0 2, 0 [], 0 []"),
        ("semicolon.csv", "5 5 0 5, 0 [], 0 []"),
        ("sep-line.csv", "2 2 0 2, 0 [], 0 []"),
        ("chinese-headers.csv", "2 2 0 2, 0 [], 0 []"),
        ("trailing-comma-header.csv", "2 2 0 2, 0 [], 0 []"),
        ("blank-tail.csv", "3 3 0 3, 0 [], 0 []"),
        ("multiline-evidence.csv", "3 3 0 3, 0 [], 0 []"),
        ("invisible-characters.csv", "5 5 0 5, 0 [], 0 []"),
        (
            "scientific-phones.csv",
            "3 0 0 0, 0 [], 3 [2:invalid-request 3:invalid-request 4:invalid-request]",
        ),
        ("leading-zeros.csv", "4 1 0 1, 2 [4=2 5=2], 1 [3:member-not-found]"),
    ] {
        let file = std::fs::read(folder.join(name)).unwrap();
        let answer = sends("list", "dry_run=true", &file, "text/csv");
        assert_eq!(told(&answer), outcome, "{name}");
        assert_eq!(answer.header("dry-run"), Some("true"), "{name}");
    }
    let gbk = std::fs::read(folder.join("gbk-evidence.csv")).unwrap();
    let refused = told(&sends("list", "dry_run=true", &gbk, "text/csv"));
    assert!(refused.contains("charset=gbk"), "{refused}");
    let read = told(&sends("list", "dry_run=true", &gbk, "text/csv; charset=gbk"));
    assert_eq!(read, "5 5 0 5, 0 [], 0 []");
    assert_eq!(members(&marketing, "list"), [""; 0], "nothing was written");
    // A plain text, with what people leave in it.
    let text = "m1\r\n\r\n m2 \r\nnobody\r\nm1\r\n~phone:+8613800000009\r\nm9\r\n";
    let dry = sends("list", "dry_run=true", text.as_bytes(), "text/plain");
    let outcome = "6 3 0 3, 2 [5=1 7=6], 1 [4:member-not-found]";
    assert_eq!(told(&dry), outcome);
    let first = marketing.ask("POST", "/v1/segments/list/file").body(text).key("file-1").send();
    assert_eq!(told(&first), outcome);
    assert_eq!(members(&marketing, "list"), ["m1", "m2", "m9"]);
    let again = marketing.ask("POST", "/v1/segments/list/file").body(text).key("file-1").send();
    assert!(again.is_replay());
    assert_eq!(again.text(), first.text());
    let other = marketing.ask("POST", "/v1/segments/list/file").body("m1\n").key("file-1").send();
    assert_eq!(other.outcome(), "422 idempotency-key-reused");
    assert_eq!(told(&sends("list", "", b"m2\nm3\n", "text/csv")), "2 2 1 1, 0 [], 0 []");
    assert_eq!(marketing.get("/v1/segments/list").send().ok()["members"], 4);
    for (id, file, outcome) in [
        ("list", "", "400 must be a line of headings and 1 to 50000 rows"),
        ("list", "a,b\n1,2\n", "400 lacks headings: member_id"),
        ("kept", "m1\n", "400 its condition decides who is in it"),
    ] {
        assert_eq!(told(&sends(id, "", file.as_bytes(), "text/csv")), outcome);
    }
    let gone = marketing.ask("POST", "/v1/segments/gone/file").body("m1\n").send();
    assert_eq!(gone.outcome(), "404 resource-not-found");
    let log = shop.get("/v1/audit-log?action=segment_file").send().ok();
    assert_eq!(log["items"][1]["after"], json!({"rows": 6, "new": 3}), "{log}");
    let made =
        json!({"role": "service", "label": "anna", "person_id": "anna", "stores": ["east-1"]});
    let made = shop.post("/v1/keys", &made).send().ok();
    let anna = shop.with_bearer(made["key"].as_str().unwrap());
    shop.put("/v1/members/m4/preferences", &json!({"home_store_id": "east-1"})).send().ok();
    let theirs = anna.ask("POST", "/v1/segments/list/file").body("m4\nm5\n").send();
    assert_eq!(told(&theirs), "2 1 0 1, 0 [], 1 [2:store-forbidden]");
}

/// More rows than one statement takes.
#[test]
fn a_long_list_comes_in_by_pieces() {
    let host = Host::start();
    let shop = host.shop();
    let events: Vec<Json> = (0..1_100)
        .map(|number| {
            let mut event = purchase(&format!("m-{number}"), &format!("o-{number}"), 100);
            event["idempotency_key"] = json!(format!("o-{number}"));
            event
        })
        .collect();
    for events in events.chunks(250) {
        shop.bulk(events);
    }
    puts(&shop, "long", &segment("static", None)).ok();
    let file: String = (0..1_300).map(|number| format!("m-{number}\n")).collect();
    let answer = shop.ask("POST", "/v1/segments/long/file").body(file).send().ok();
    assert_eq!(
        (&answer["rows"], &answer["added"], &answer["refused"]["count"]),
        (&json!(1_300), &json!(1_100), &json!(200))
    );
    assert_eq!(answer["refused"]["rows"][199]["line"], 1_300);
    assert_eq!(shop.get("/v1/segments/long").send().ok()["members"], 1_100);
}
