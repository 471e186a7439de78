//! `/v1/imports`: members from another system, in one file with one approval, and levels that are
//! set by hand.

use serde_json::{Value as Json, json};
use tests::{Answer, Host, Shop, at_once};

/// Card numbers, phones, balances with dates in several forms, a debt, tiers, birthdays in four
/// forms; the last row has lost its phone.
const VENDOR: &str =
    "card number,phone,balance,earned on,valid until,tier,tier until,birthday,member since
K-1001,+8613800000001,1250,2025-03-01,2026-03-31,gold,2026-12-31,1990-05-17,2016-08-02
K-1002,+8613800000002,80,46082,46477,member,,17/05/1985,2/8/2019
K-1003,+8613800000003,-30,31.12.2025,,silver,31/12/2026,1996-02-29,2021-01-15
K-1004,1.38E+10,\"12,400\",2025/11/5,2026/11/30,Gold ,2026-12-31,05-17,
";

struct Office {
    host: Host,
    shop: Shop,
    anna: Shop,
}

impl Office {
    fn open() -> Self {
        let host = Host::start_with(&["--clock", "2026-03-10T12:00:00+08:00"]);
        let shop = host.shop();
        let anna = shop.with_bearer(&shop.key_of("anna", "service"));
        Self { host, shop, anna }
    }

    fn hire(&self, name: &str, role: &str) -> Shop {
        self.shop.with_bearer(&self.shop.key_of(name, role))
    }

    fn stage(&self, file: impl AsRef<[u8]>) -> Answer {
        self.anna.ask("POST", "/v1/imports").with("content-type", "text/csv").body(file).send()
    }

    /// Stages a file, gets it approved, and books it to its end.
    fn import(&self, file: impl AsRef<[u8]>) -> Json {
        let staged = self.stage(file).ok();
        let (id, role) =
            (staged["import_id"].as_str().unwrap(), staged["waits_for"].as_str().unwrap());
        let other = self.hire(&format!("the {role}"), role);
        let approved = other.post(&format!("/v1/imports/{id}/approve"), &json!({})).send().ok();
        assert_eq!(approved["state"], "approved");
        self.book(id)
    }

    fn book(&self, id: &str) -> Json {
        loop {
            let import =
                self.anna.post(&format!("/v1/imports/{id}/continue"), &json!({})).send().ok();
            if import["state"] == "done" {
                return import;
            }
        }
    }
}

fn lines(rows: &[Json]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

#[test]
fn a_vendors_file_is_imported() {
    let office = Office::open();
    let asks = office.anna.ask("POST", "/v1/imports?dry_run=true").body(VENDOR);
    let report = asks.send().ok()["report"].take();
    for (name, is) in [
        ("rows", 4),
        ("members", 4),
        ("ready", 3),
        ("faulty", 1),
        ("lots", 2),
        ("points", 1_330),
        ("debt", 30),
    ] {
        assert_eq!(report[name], is, "{name}: {report}");
    }
    assert_eq!(report["faults"][0]["line"], 5);
    assert_eq!(
        (&report["faults"][0]["column"], &report["columns"]["phone"]["faulty"]),
        (&json!("phone"), &json!(1))
    );
    let leaks = lines(&[
        json!({"member_id": "m", "points": "13800000001", "13800000002": 1, "tier": 13_800_000_003_i64}),
    ]);
    let leaks = office.anna.ask("POST", "/v1/imports?dry_run=true").body(leaks).send().text();
    assert!(!leaks.contains("1380000000"), "no cell is repeated: {leaks}");
    assert!(
        report["share_clean"].as_f64().unwrap() > 0.9 && !report.to_string().contains("1.38"),
        "{report}"
    );
    assert_eq!(office.host.books().number("SELECT count(*) FROM import_row"), 0);

    let done = office.import(VENDOR);
    assert_eq!(done["members"], json!({"left": 0, "written": 3, "refused": 0}));
    let member = |id: &str| office.anna.member(id);
    let gold = member("K-1001");
    assert_eq!((&gold["balance"], &gold["tier"]["id"]), (&json!(1_250), &json!("gold")), "{gold}");
    assert_eq!(gold["tier"]["until"], "2026-12-31T16:00:00Z");
    assert_eq!(member("~phone:+8613800000002")["member_id"], "K-1002");
    assert_eq!(
        member("K-1002")["attributes"],
        json!({"birthday": "1985-05-17", "member_since": "2019-08-02"})
    );
    let owes = member("K-1003");
    assert_eq!((&owes["debt"], &owes["tier"]["id"]), (&json!(30), &json!("silver")), "{owes}");
    let lots = office.anna.all("/v1/members/K-1001/lots", 10);
    assert_eq!(lots[0]["earned_at"], "2025-02-28T16:00:00Z");
    assert_eq!(lots[0]["expires_at"], "2026-03-31T16:00:00Z");
    assert_eq!(office.anna.history("K-1001"), ["opening +1250 = 1250"]);

    // Their debt is paid by their earns; their points are spent and end on their day.
    office.shop.buys("K-1003", "o-1", 5_000).send().ok();
    // Silver earns 1.1 points per yuan.
    assert_eq!(office.shop.balance("K-1003"), 55 - 30);
    office.shop.redeems("K-1001", 250).send().ok();
    office.host.clock("2026-04-01T00:00:00+08:00");
    assert_eq!(office.shop.balance("K-1001"), 0);
    let books = office
        .shop
        .with_bearer(&office.shop.key("finance"))
        .get("/v1/reports/trial-balance")
        .send()
        .ok();
    let opening = books["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|account| account["account"] == "opening")
        .unwrap();
    assert_eq!(opening["points"], -1_300);
}

#[test]
fn lots_tags_and_totals_come_as_json() {
    let office = Office::open();
    office.shop.put("/v1/members/old", &json!({"attributes": {"city": "Suzhou"}})).send().ok();
    let rows = [
        json!({"member_id": "a", "lots": [{"points": 10, "valid_through": "2026-03-12"}, {"points": 5, "earned_on": "2024-01-01"}],
            "tags": ["vip", "wedding"], "aliases": ["phone:13800000009", "card:9"], "totals": {"spend_minor": 1_100_000}}),
        json!({"member_id": "old", "lots": [{"points": 7}], "debt": 3}),
        json!({"member_id": "nobody", "lots": [{"points": -7}], "tier": "platinium", "colour": "red"}),
    ];
    let staged = office.stage(lines(&rows)).ok();
    assert_eq!(
        staged["report"]["faults"].as_array().unwrap().len(),
        1,
        "an unknown field is reported first: {staged}"
    );
    assert_eq!(office.import(lines(&rows[..2]))["members"]["written"], 2);
    let a = office.anna.member("a");
    // 11,000 yuan this year give gold, without a gift.
    assert_eq!((&a["balance"], &a["tier"]["id"]), (&json!(15), &json!("gold")), "{a}");
    assert_eq!(a["attributes"], json!({"tags": "vip,wedding"}));
    let old = office.anna.member("old");
    assert_eq!(
        (&old["balance"], &old["debt"], &old["attributes"]["city"]),
        (&json!(4), &json!(0), &json!("Suzhou"))
    );
    assert_eq!(office.anna.history("old"), ["profile +0 = 0", "opening +4 = 4", "repay +0 = 4"]);
    // The job that moves members up finds nothing to do.
    office.shop.runs("night");
    assert_eq!(office.anna.history("a"), ["opening +15 = 15"]);
    office.host.clock("2026-03-13T00:00:00+08:00");
    assert_eq!(office.anna.member("a")["balance"], 5);
}

#[test]
fn an_import_is_approved_of_by_others_and_booked_once() {
    let office = Office::open();
    let [ben, carl, dora] =
        [("ben", "approver"), ("carl", "department_head"), ("dora", "vice_president")]
            .map(|(name, role)| office.hire(name, role));
    let rows: Vec<Json> =
        (0..600).map(|n| json!({"member_id": format!("m{n}"), "lots": [{"points": 5}]})).collect();
    let asks = office.anna.ask("POST", "/v1/imports").body(lines(&rows));
    let first = asks.send();
    let staged = first.ok();
    asks.send().assert_replays(&first);
    assert_eq!(
        (&staged["waits_for"], &staged["report"]["points"]),
        (&json!("department_head"), &json!(3_000))
    );
    let path = format!("/v1/imports/{}", staged["import_id"].as_str().unwrap());
    let own = office.shop.with_bearer(&office.shop.key_of("anna", "department_head"));
    let post = |caller: &Shop, verb: &str| {
        caller.post(&format!("{path}/{verb}"), &json!({})).send().outcome()
    };
    for (caller, verb, outcome) in [
        (&office.anna, "approve", "403 forbidden"),
        (&own, "approve", "403 own-request"),
        (&ben, "approve", "403 wrong-approver"),
        (&dora, "reject", "403 wrong-approver"),
        (&carl, "withdraw", "403 forbidden"),
        (&office.anna, "continue", "409 request-resolved"),
    ] {
        assert_eq!(post(caller, verb), outcome, "{verb}");
    }
    assert_eq!(
        office.shop.get("/v1/members/m1").bearer(&office.anna.bearer).send().outcome(),
        "404 member-not-found"
    );
    assert_eq!(carl.post(&format!("{path}/approve"), &json!({})).send().status, 200);
    assert_eq!(post(&carl, "approve"), "409 request-resolved");
    // Several calls continue at once: each row is booked once.
    at_once(4, |_| office.anna.post(&format!("{path}/continue"), &json!({})).send().ok());
    let done = office.book(staged["import_id"].as_str().unwrap());
    assert_eq!(done["members"], json!({"left": 0, "written": 600, "refused": 0}));
    let books = office.host.books();
    assert_eq!(books.number("SELECT count(*) FROM entry WHERE kind = 'opening'"), 600);
    assert_eq!(
        books.number("SELECT count(*) FROM import_row WHERE row IS NOT NULL"),
        0,
        "personal data is stored only once"
    );
    // A second file with the same members moves no points. It counts together with the first, so
    // many small files count as a large one.
    let small = office.stage(lines(&rows[..2])).ok();
    assert_eq!(small["waits_for"], "department_head", "10 points after 3,000");
    let again = office.import(lines(&rows[..2]));
    assert_eq!(again["members"], json!({"left": 0, "written": 0, "refused": 2}));
    let refused = office
        .anna
        .all(&format!("/v1/imports/{}/refused", again["import_id"].as_str().unwrap()), 1);
    assert_eq!(refused[1], json!({"line": 2, "member_id": "m1", "problem": "opening-exists"}));
    let log = office.shop.all("/v1/audit-log", 100);
    let did = |action: &str| log.iter().filter(|row| row["action"] == action).count();
    assert_eq!((did("import_asked"), did("import_decided")), (3, 2));
}

/// Levels are worth points, so they need a higher role than an approver. A number that one member
/// has in an old spelling cannot become another's.
#[test]
fn levels_need_a_head_and_names_one_owner() {
    let office = Office::open();
    for row in [
        json!({"member_id": "a", "tier": "silver"}),
        json!({"member_id": "a", "totals": {"orders": 1}}),
    ] {
        assert_eq!(office.stage(lines(&[row])).ok()["waits_for"], "department_head");
    }
    office
        .shop
        .put("/v1/members/first", &json!({"attributes": {}, "aliases": ["phone:13800000001"]}))
        .send()
        .ok();
    office
        .host
        .books()
        .write("UPDATE alias SET alias = 'phone:13800000001' WHERE alias LIKE 'phone:%'")
        .unwrap();
    let done = office
        .import(lines(&[json!({"member_id": "second", "aliases": ["phone:+8613800000001"]})]));
    let refused =
        office.anna.all(&format!("/v1/imports/{}/refused", done["import_id"].as_str().unwrap()), 5);
    assert_eq!(refused[0]["problem"], "alias-taken");
    // A withdrawal while booking ends the remaining rows, for example if the file is wrong.
    let rows: Vec<Json> = (0..1_200)
        .map(|n| json!({"member_id": format!("w{n}"), "lots": [{"points": 1}]}))
        .collect();
    let staged = office.stage(lines(&rows)).ok();
    let path = format!("/v1/imports/{}", staged["import_id"].as_str().unwrap());
    let role = staged["waits_for"].as_str().unwrap();
    office.hire("carl", role).post(&format!("{path}/approve"), &json!({})).send().ok();
    let some =
        office.anna.post(&format!("{path}/continue"), &json!({})).send().ok()["members"].take();
    assert_eq!(some, json!({"left": 200, "written": 1_000, "refused": 0}));
    let ended = office.anna.post(&format!("{path}/withdraw"), &json!({})).send().ok();
    assert_eq!((&ended["state"], &ended["members"]["left"]), (&json!("withdrawn"), &json!(0)));
    assert_eq!(
        office.anna.post(&format!("{path}/continue"), &json!({})).send().outcome(),
        "409 request-resolved"
    );
}

#[test]
fn a_file_that_comes_to_nothing_leaves_nothing() {
    let office = Office::open();
    let staged = office.stage(lines(&[json!({"member_id": "m", "lots": [{"points": 5}]})])).ok();
    let path = format!("/v1/imports/{}", staged["import_id"].as_str().unwrap());
    let withdrawn =
        office.anna.post(&format!("{path}/withdraw"), &json!({"reason": "wrong file"})).send().ok();
    assert_eq!(
        (&withdrawn["state"], &withdrawn["reason"]),
        (&json!("withdrawn"), &json!("wrong file"))
    );
    assert_eq!(office.host.books().number("SELECT count(*) FROM import_row"), 0);
    let staged = office.stage(lines(&[json!({"member_id": "gone", "lots": [{"points": 5}]})])).ok();
    office.shop.put("/v1/members/gone", &json!({"attributes": {}})).send().ok();
    office.shop.post("/v1/members/gone/erase", &json!({"reason": "asked"})).send().ok();
    assert_eq!(
        office.host.books().number("SELECT count(*) FROM import_row WHERE row IS NOT NULL"),
        0
    );
    let path = format!("/v1/imports/{}", staged["import_id"].as_str().unwrap());
    office.host.clock("2026-03-25T12:00:00+08:00");
    let late = office.hire("ben", "approver").post(&format!("{path}/approve"), &json!({})).send();
    assert_eq!(late.outcome(), "409 request-resolved");
    assert_eq!(office.anna.get(&path).send().ok()["state"], "lapsed");
    for (file, is) in [
        ("", "400 invalid-request"),
        ("member_id,points\n", "400 invalid-request"),
        ("member_id,colour\nm,red\n", "400 invalid-request"),
        ("points\n5\n", "400 invalid-request"),
        ("member_id,points\nm,1.5\n", "400 invalid-request"),
        (
            "member_id,points,birthday,tier until\nm,5,17/05/1985,05/17/2027\n",
            "400 invalid-request",
        ),
        ("{\"member_id\": 5}\n", "400 invalid-request"),
        ("{\n", "400 invalid-request"),
        ("member_id,points\n=1+1,5\n", "400 invalid-request"),
        ("member_id,points\n~phone:1,5\n", "400 invalid-request"),
        ("member_id,points,earned on\nm,5,202612\n", "400 invalid-request"),
    ] {
        assert_eq!(office.stage(file).outcome().trim_end(), is, "{file:?}");
    }
}

#[test]
fn a_level_is_set_by_hand_with_its_end() {
    let office = Office::open();
    let dora = office.hire("dora", "vice_president");
    office.shop.buys("m", "o-1", 250_000).send().ok();
    let path = "/v1/members/m/tier";
    let body =
        json!({"tier": "gold", "through": "2026-06-30", "reason": "status of another programme"});
    for (caller, body, outcome) in [
        (&office.anna, &body, "403 forbidden"),
        (&dora, &json!({"tier": "diamond", "reason": "x"}), "422 unknown-tier"),
        (
            &dora,
            &json!({"tier": "gold", "through": "2026-03-09", "reason": "x"}),
            "400 invalid-request /through",
        ),
        (&dora, &json!({"tier": "gold"}), "400 invalid-request "),
        (&dora, &json!({"tier": "member", "reason": "x"}), "409 tier-earned"),
        (&dora, &body, "201 tier_change +0 = 3000"),
        (&dora, &body, "409 nothing-to-change"),
    ] {
        assert_eq!(caller.put(path, body).send().outcome(), outcome, "{body}");
    }
    let tier = || office.anna.member("m")["tier"].take();
    assert_eq!((&tier()["id"], &tier()["until"]), (&json!("gold"), &json!("2026-06-30T16:00:00Z")));
    // A return takes back only points that an order gave.
    office.shop.returns("m", "o-1").send().ok();
    assert_eq!(tier()["id"], "gold");
    office.host.clock("2026-07-01T00:00:00+08:00");
    assert_ne!(tier()["id"], "gold");
}

/// The max number of rows of a file, in one request. It is booked in calls that each end long
/// before their time-out.
#[test]
fn twenty_thousand_members_are_imported() {
    let office = Office::open();
    let row = |n: usize| {
        format!("K-{n:05},{},2025-03-01,2099-03-31,gold,2099-12-31,+86139{n:08}\n", n % 500 + 1)
    };
    let head = "member_id,points,earned_on,valid_through,tier,tier_through,phone\n".to_owned();
    let file: String = std::iter::once(head.clone()).chain((0..20_000).map(row)).collect();
    let done = office.import(&file);
    assert_eq!(done["members"], json!({"left": 0, "written": 20_000, "refused": 0}));
    assert_eq!(office.anna.member("~phone:+8613900019999")["balance"], 500);
    let one_more: String = std::iter::once(head).chain((0..20_001).map(row)).collect();
    assert_eq!(office.stage(one_more).outcome().trim_end(), "400 invalid-request");
}
