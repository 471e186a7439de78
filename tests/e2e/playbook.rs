//! `/v1/playbook`: drafts, their publication by the routes of the rulebook's, versions and groups.

use serde_json::{Value as Json, json};
use tests::{Answer, Host, Shop, at_once, count};

const PATH: &str = "/v1/playbook";
const DECISIONS: &str = "/v1/rulebook/publications";

/// A strategy that tags members of a segment when their tier changes: a minor change.
fn playbook(strategies: &[&str]) -> Json {
    let strategy = |id: &&str| {
        json!({"id": id, "segment": "vip", "trigger": {"kind": "tier_changed", "to": ["gold"]},
            "action": {"set_tag": "service"}})
    };
    json!({"strategies": strategies.iter().map(strategy).collect::<Vec<_>>()})
}

fn defines(shop: &Shop) {
    let names = json!({"zh-CN": "名称", "en": "A name"});
    let tag = json!({"names": names, "class": "behaviour", "kind": "static", "refresh": "manual", "use": "tests"});
    assert_eq!(shop.put("/v1/tags/service", &tag).send().status, 201);
    let segment = json!({"names": names, "kind": "static"});
    assert_eq!(shop.put("/v1/segments/vip", &segment).send().status, 201);
}

/// A shop with the tag and the segment that its playbooks name, and its marketing.
fn opened(host: &Host) -> (Shop, Shop) {
    let shop = host.shop();
    defines(&shop);
    let marketing = shop.with_bearer(&shop.key("marketing"));
    (shop, marketing)
}

fn keeps(shop: &Shop, name: &str, document: &Json) -> Answer {
    shop.put(&format!("{PATH}/drafts/{name}"), document).send()
}

fn asks(shop: &Shop, name: &str, body: &Json) -> Answer {
    shop.post(&format!("{PATH}/drafts/{name}/publication"), body).send()
}

fn decides(shop: &Shop, publication: &Json, verdict: &str) -> Answer {
    let id = publication["publication_id"].as_str().unwrap();
    shop.ask("POST", &format!("{DECISIONS}/{id}/{verdict}")).send()
}

fn stands(shop: &Shop, publication: &Json) -> Json {
    let id = publication["publication_id"].as_str().unwrap();
    shop.get(&format!("{DECISIONS}/{id}")).send().ok()
}

fn in_force(shop: &Shop) -> Json {
    shop.get(PATH).send().ok()
}

fn pointers(problems: &Json) -> Vec<&str> {
    problems.as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect()
}

#[test]
fn a_draft_is_kept_with_its_faults() {
    let host = Host::start();
    let (shop, marketing) = opened(&host);
    let other = host.shop_with("other", |_| {});
    let mut document = playbook(&["gold", "gold"]);
    document["strategies"][1]["segment"] = json!("nobody");
    document["strategies"][1]["trigger"]["to"] = json!(["platinum"]);
    document["strategies"][1]["action"] = json!({"set_tag": "none", "grant": {"name": "none"}});
    document["strategies"][1]["send"] = json!({"channels": ["sms"], "template": "none"});
    let kept = keeps(&marketing, "spring", &document);
    assert_eq!(kept.status, 201, "{}", kept.text());
    assert_eq!(
        pointers(&kept.ok()["problems"]),
        [
            "/strategies/1/id",
            "/strategies/1/segment",
            "/strategies/1/trigger/to/0",
            "/strategies/1/action/grant",
            "/strategies/1/action/set_tag",
            "/strategies/1/send/template",
        ]
    );
    let found = marketing.get(&format!("{PATH}/drafts/spring")).send().ok();
    assert_eq!(found["problems"], kept.ok()["problems"]);
    assert_eq!(found["playbook"]["strategies"][1]["segment"], "nobody");
    assert_eq!(asks(&marketing, "spring", &json!({})).outcome(), "400 invalid-request /draft");

    // Conditions are read once all names are right.
    let mut unread = playbook(&["gold"]);
    unread["strategies"][0]["when"] = json!("member.nonsense == 1");
    let problems = keeps(&marketing, "spring", &unread).ok()["problems"].take();
    assert_eq!(pointers(&problems), ["/strategies/0/when"]);

    for (name, document, outcome) in [
        ("spring", json!({"strategy": []}), "400 invalid-request /strategy"),
        ("spring", json!({"holdout_percent": "five"}), "400 invalid-request /holdout_percent"),
        ("a%20b", json!({}), "400 invalid-request draft"),
    ] {
        assert_eq!(keeps(&marketing, name, &document).outcome(), outcome, "{name} {document}");
    }
    assert_eq!(keeps(&marketing, "spring", &playbook(&["gold"])).ok()["problems"], json!([]));
    let changes = marketing.get(&format!("{PATH}/drafts/spring/diff")).send().ok();
    assert_eq!(
        (&changes["base_version"], &changes["major_changes"], &changes["changes"][0]["pointer"]),
        (&json!(0), &json!([]), &json!("/strategies"))
    );

    // Two editors have read one revision. Nothing of the second one's is kept.
    let over = |revision: &str, strategy: &str| {
        let path = format!("{PATH}/drafts/spring?revision={revision}");
        marketing.put(&path, &playbook(&[strategy])).send()
    };
    let revision =
        marketing.get(&format!("{PATH}/drafts/spring")).send().ok()["revision"].to_string();
    let first = over(&revision, "silver").ok();
    assert_eq!(first["revision"].to_string(), (revision.parse::<i64>().unwrap() + 1).to_string());
    for (revision, outcome) in [
        (revision.as_str(), "409 conflict"),
        ("0", "409 conflict"),
        ("-1", "400 invalid-request ?revision"),
        ("x", "400 invalid-request ?revision"),
    ] {
        assert_eq!(over(revision, "gold").outcome(), outcome, "{revision}");
    }
    let kept = marketing.get(&format!("{PATH}/drafts/spring")).send().ok();
    assert_eq!(kept["playbook"]["strategies"][0]["id"], "silver");
    let fresh = format!("{PATH}/drafts/fresh");
    let answers = at_once(6, |at| {
        marketing.put(&format!("{fresh}?revision=0"), &json!({"holdout_percent": at})).send()
    });
    assert_eq!(count(&answers, "409 conflict"), 5);
    marketing.ask("DELETE", &fresh).send();

    // Neither the drafts of rulebooks nor those of other programmes are among them.
    let book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    let of_rulebook = "/v1/rulebook/drafts/spring";
    let unknown = marketing.put(&format!("{of_rulebook}?revision=1"), &book).send();
    assert_eq!(unknown.outcome(), "409 conflict");
    let kept = marketing.put(&format!("{of_rulebook}?revision=0"), &book).send().ok();
    assert_eq!(kept["revision"], 1);
    let listed = |path: &str| marketing.all(path, 1).len();
    assert_eq!((listed("/v1/playbook/drafts"), listed("/v1/rulebook/drafts")), (1, 1));
    let of_other = |path: &str| other.get(&format!("{PATH}{path}")).send().outcome();
    assert_eq!(other.all("/v1/playbook/drafts", 9).len(), 0);
    assert_eq!(of_other("/drafts/spring"), "404 resource-not-found");
    assert_eq!(of_other("/drafts/spring/diff"), "404 resource-not-found");
    assert_eq!(asks(&other, "spring", &json!({})).outcome(), "404 resource-not-found");
    let storefront = shop.with_bearer(&shop.key("storefront"));
    assert_eq!(storefront.get(PATH).send().outcome(), "403 forbidden");

    let drop = || marketing.ask("DELETE", &format!("{PATH}/drafts/spring")).send();
    assert_eq!((drop().status, drop().outcome()), (204, "404 resource-not-found".to_owned()));
    assert_eq!((listed("/v1/playbook/drafts"), listed("/v1/rulebook/drafts")), (0, 1));
}

#[test]
fn minor_changes_are_published_by_marketing_alone() {
    let host = Host::start_with(&["--clock", "2026-03-01T12:00:00+08:00"]);
    let (shop, marketing) = opened(&host);
    let other = host.shop_with("other", |_| {});
    let empty = shop.get(PATH).send();
    let shown = empty.ok();
    assert_eq!(
        (&shown["version"], &shown["published_at"], &shown["published_by"], &shown["problems"]),
        (&json!(0), &Json::Null, &Json::Null, &json!([]))
    );
    assert_eq!(shown["playbook"]["holdout_percent"], 5, "the default is told");
    keeps(&marketing, "spring", &playbook(&["gold"])).ok();
    let path = format!("{PATH}/drafts/spring/publication");
    let ask = marketing.post(&path, &json!({"base_version": 0}));
    let done = ask.send();
    let body = done.ok();
    assert_eq!(
        (&body["state"], &body["document"], &body["playbook_version"], &body["major_changes"]),
        (&json!("published"), &json!("playbook"), &json!(1), &json!([]))
    );
    assert!(body.get("rulebook_version").is_none(), "{body}");
    ask.send().assert_replays(&done);
    let found = shop.get(PATH).send();
    let by = format!("publication:{}", body["publication_id"].as_str().unwrap());
    assert_eq!((&found.ok()["version"], &found.ok()["published_by"]), (&json!(1), &json!(by)));
    assert_eq!(found.ok()["playbook"]["strategies"][0]["id"], "gold");
    let tag = |answer: &Answer| answer.header("etag").unwrap().to_owned();
    assert_ne!(tag(&empty), tag(&found));
    assert_eq!(tag(&shop.get(PATH).send()), tag(&found));
    // What decides about points is what it was, and so is every other programme.
    assert_eq!(shop.get("/v1/programmes/default").send().ok()["rulebook_version"], 1);
    assert_eq!(in_force(&other)["version"], 0);
    assert_eq!(other.get(&format!("{PATH}/versions/1")).send().outcome(), "404 resource-not-found");
    assert_eq!(other.all(DECISIONS, 9).len(), 0);
    assert_eq!(decides(&other, &body, "reject").outcome(), "404 resource-not-found");

    for (name, body, outcome) in [
        ("spring", json!({}), "409 nothing-to-change"),
        ("spring", json!({"base_version": 0}), "409 conflict"),
        ("none", json!({}), "404 resource-not-found"),
        ("spring", json!({"at": "tomorrow"}), "400 invalid-request /at"),
        ("spring", json!({"at": "2026-02-01T12:00:00+08:00"}), "400 invalid-request /at"),
        ("spring", json!({"draft": "spring"}), "400 invalid-request /draft"),
    ] {
        assert_eq!(asks(&marketing, name, &body).outcome(), outcome, "{name} {body}");
    }

    // At its time, by the schedule, what the draft was when it was asked for. A body is not needed.
    keeps(&marketing, "next", &playbook(&["gold", "silver"])).ok();
    let later = asks(&marketing, "next", &json!({"at": "2026-03-02T00:00:00+08:00"})).ok();
    keeps(&marketing, "next", &playbook(&[])).ok();
    let now = marketing.ask("POST", &format!("{PATH}/drafts/next/publication")).send().ok();
    assert_eq!((&later["state"], &now["state"]), (&json!("planned"), &json!("published")));
    assert_eq!(stands(&marketing, &later)["state"], "superseded");
    keeps(&marketing, "next", &playbook(&["gold", "silver"])).ok();
    let later = asks(&marketing, "next", &json!({"at": "2026-03-02T00:00:00+08:00"})).ok();
    // A rulebook that is published meanwhile supersedes no playbook.
    let mut book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    book["purchase"]["points_per_unit"] = json!("2");
    shop.put("/v1/programmes/default", &json!({"name": "Default", "rulebook": book})).send().ok();
    host.clock("2026-03-02T00:00:00+08:00");
    assert_eq!((host.fire("publish"), in_force(&shop)["version"].clone()), (200, json!(3)));
    assert_eq!(stands(&marketing, &later)["playbook_version"], 3);
    let versions = shop.all(&format!("{PATH}/versions"), 1);
    assert_eq!(
        versions.iter().map(|one| one["version"].as_i64().unwrap()).collect::<Vec<_>>(),
        [3, 2, 1]
    );
    let version = |path: &str| shop.get(&format!("{PATH}/versions/{path}")).send();
    assert_eq!(version("1").ok()["playbook"]["strategies"].as_array().unwrap().len(), 1);
    let changes = |path: &str| {
        let found = version(path).ok();
        (found["from"].clone(), found["to"].clone(), found["changes"].as_array().unwrap().len())
    };
    assert_eq!(changes("3/diff"), (json!(2), json!(3), 1));
    assert_eq!(changes("3/diff?from=3"), (json!(3), json!(3), 0));
    assert_eq!(changes("1/diff"), (json!(0), json!(1), 1));
    for (path, outcome) in [
        ("4", "404 resource-not-found"),
        ("0", "404 resource-not-found"),
        ("one", "400 invalid-request version"),
        ("3/diff?from=9", "404 resource-not-found"),
    ] {
        assert_eq!(version(path).outcome(), outcome, "{path}");
    }
}

/// A draft that was made from an older version would take back what was published since.
#[test]
fn a_draft_of_an_older_version_is_a_conflict() {
    let host = Host::start();
    let (_, marketing) = opened(&host);
    let base = |answer: &Answer| answer.ok()["base_version"].clone();
    assert_eq!(base(&keeps(&marketing, "ours", &playbook(&["gold"]))), 0);
    assert_eq!(base(&keeps(&marketing, "theirs", &playbook(&["silver"]))), 0);
    assert_eq!(asks(&marketing, "theirs", &json!({})).ok()["playbook_version"], 1);
    for body in [json!({}), json!({"base_version": 1}), json!({"base_version": 0})] {
        assert_eq!(asks(&marketing, "ours", &body).outcome(), "409 conflict", "{body}");
    }
    // Another change of the same draft changes nothing of that.
    assert_eq!(base(&keeps(&marketing, "ours", &playbook(&["gold", "more"]))), 0);
    assert_eq!(asks(&marketing, "ours", &json!({})).outcome(), "409 conflict");
    let path = |version: &str| format!("{PATH}/drafts/ours?base_version={version}");
    for version in ["2", "-1", "one", ""] {
        let refused = marketing.put(&path(version), &playbook(&["gold"])).send().outcome();
        assert_eq!(refused, "400 invalid-request ?base_version", "{version}");
    }
    let mended = marketing.put(&path("1"), &playbook(&["silver", "gold"])).send();
    assert_eq!((mended.status, base(&mended)), (200, json!(1)));
    assert_eq!(base(&marketing.get(&format!("{PATH}/drafts/ours")).send()), 1);
    assert_eq!(asks(&marketing, "ours", &json!({})).ok()["playbook_version"], 2);
    // What was published goes on from there.
    let listed = marketing.all(&format!("{PATH}/drafts"), 9);
    let bases: Vec<_> = listed.iter().map(|one| one["base_version"].clone()).collect();
    assert_eq!(bases, [2, 1]);
    assert_eq!(asks(&marketing, "ours", &json!({})).outcome(), "409 nothing-to-change");
    keeps(&marketing, "ours", &playbook(&["silver"])).ok();
    assert_eq!(asks(&marketing, "ours", &json!({})).ok()["playbook_version"], 3);
}

#[test]
fn major_changes_need_a_second_person() {
    let host = Host::start_with(&["--clock", "2026-03-01T12:00:00+08:00"]);
    let (shop, marketing) = opened(&host);
    let [approver, head] =
        ["approver", "department_head"].map(|role| shop.with_bearer(&shop.key(role)));
    let mut document = playbook(&["gold"]);
    document["holdout_percent"] = json!(0);
    keeps(&marketing, "all", &document).ok();
    let waiting = asks(&marketing, "all", &json!({})).ok();
    assert_eq!(
        (&waiting["state"], &waiting["waits_for"], &waiting["major_changes"]),
        (&json!("waiting"), &json!("department_head"), &json!(["/holdout_percent"]))
    );
    // A person who decides finds it in the one list, and sees what was asked for, not what the
    // draft became.
    keeps(&marketing, "all", &playbook(&[])).ok();
    let listed = head.all(DECISIONS, 9);
    assert_eq!((listed.len(), &listed[0]["document"]), (1, &json!("playbook")));
    assert_eq!(head.all_with(DECISIONS, "document=playbook").len(), 1);
    assert_eq!(head.all_with(DECISIONS, "document=rulebook").len(), 0);
    let unknown = head.get(&format!("{DECISIONS}?document=book")).send();
    assert_eq!(unknown.outcome(), "400 invalid-request ?document");
    let seen = stands(&head, &waiting);
    assert_eq!(pointers(&seen["changes"]), ["/holdout_percent", "/strategies"]);
    assert_eq!((&seen["playbook"]["holdout_percent"], seen.get("rulebook")), (&json!(0), None));
    for (name, caller, verdict, outcome) in [
        ("another role", &approver, "approve", "403 wrong-approver"),
        ("an admin is no department head", &shop, "approve", "403 wrong-approver"),
        ("marketing has no say", &marketing, "approve", "403 forbidden"),
        ("another person's request", &shop, "withdraw", "403 not-yours"),
    ] {
        assert_eq!(decides(caller, &waiting, verdict).outcome(), outcome, "{name}");
    }
    assert_eq!((host.fire("publish"), in_force(&shop)["version"].clone()), (200, json!(0)));
    assert_eq!(decides(&head, &waiting, "approve").ok()["state"], "published");
    assert_eq!(in_force(&shop)["playbook"]["holdout_percent"], 0);
    assert_eq!(decides(&head, &waiting, "reject").outcome(), "409 request-resolved");

    // One's own request is never one's own to approve, whichever key is used.
    document["caps"] = json!([{"times": 1, "per": "day"}]);
    let [zoe, same] =
        ["marketing", "department_head"].map(|role| shop.with_bearer(&shop.key_of("zoe", role)));
    keeps(&zoe, "own", &document).ok();
    let own = asks(&zoe, "own", &json!({})).ok();
    assert_eq!(own["major_changes"], json!(["/caps"]));
    assert_eq!(decides(&same, &own, "approve").outcome(), "403 own-request");
    assert_eq!(decides(&head, &own, "reject").ok()["state"], "rejected");
    // Of two that wait, the one that is approved first supersedes the other.
    let [first, second] = [0, 1].map(|_| asks(&zoe, "own", &json!({})).ok());
    assert_eq!(decides(&head, &first, "approve").ok()["playbook_version"], 2);
    assert_eq!(stands(&head, &second)["state"], "superseded");
    assert_eq!(decides(&head, &second, "approve").outcome(), "409 request-resolved");
    // Without a person there is nobody to hold a request against.
    let made = json!({"role": "marketing", "label": "machine"});
    let machine = shop.post("/v1/keys", &made).send().ok()["key"].as_str().unwrap().to_owned();
    let refused = asks(&shop.with_bearer(&machine), "all", &json!({}));
    assert_eq!(refused.outcome(), "403 person-needed");

    let rows = shop.all("/v1/audit-log", 50);
    let of = |action: &str| rows.iter().filter(|row| row["action"] == action).count();
    assert_eq!((of("playbook_published"), of("rulebook_published")), (2, 0));
    let asked = rows.iter().find(|row| row["action"] == "publication_asked").unwrap();
    assert_eq!(asked["after"]["document"], "playbook");
}

/// What a playbook names is looked for when it is asked for, and told when it is gone later.
#[test]
fn what_is_gone_is_told() {
    let host = Host::start();
    let (shop, marketing) = opened(&host);
    keeps(&marketing, "spring", &playbook(&["gold"])).ok();
    let segment = "/v1/segments/vip";
    shop.ask("DELETE", segment).send();
    assert_eq!(asks(&marketing, "spring", &json!({})).outcome(), "400 invalid-request /draft");
    let names = json!({"zh-CN": "名称", "en": "A name"});
    let passive = json!({"names": names, "kind": "passive", "when": "member.balance > 0"});
    assert_eq!(shop.put(segment, &passive).send().status, 201);
    let refused = asks(&marketing, "spring", &json!({})).outcome();
    assert_eq!(refused, "400 invalid-request /draft", "nobody is told which members come into it");
    shop.ask("DELETE", segment).send();
    assert_eq!(shop.put(segment, &json!({"names": names, "kind": "static"})).send().status, 201);
    assert_eq!(asks(&marketing, "spring", &json!({})).ok()["state"], "published");
    let before = shop.get(PATH).send();
    assert_eq!(before.ok()["problems"], json!([]));
    shop.ask("DELETE", segment).send();
    let after = shop.get(PATH).send();
    assert_eq!(pointers(&after.ok()["problems"]), ["/strategies/0/segment"]);
    assert_ne!(before.header("etag"), after.header("etag"));
}

#[test]
fn a_subsidiary_follows_the_playbook_of_its_group() {
    let host = Host::start();
    let (group, marketing) = opened(&host);
    let south = host.shop_with("south", |_| {});
    let publishes = |shop: &Shop, document: &Json| {
        keeps(shop, "draft", document).ok();
        assert_eq!(asks(shop, "draft", &json!({})).ok()["state"], "published", "{document}");
    };
    let mut own = playbook(&["own"]);
    own["send_at"] = json!("11:00");
    defines(&south);
    publishes(&south, &own);
    let book = group.get("/v1/programmes/default").send().ok()["rulebook"].take();
    let follow = json!({"name": "South", "inherits": "default", "rulebook": book});
    group.put("/v1/programmes/south", &follow).send().ok();
    let mut groups = playbook(&["gold", "silver"]);
    groups["send_at"] = json!("09:00");
    groups["attribution"] = json!({"click_days": 9});
    publishes(&marketing, &groups);
    assert_eq!(host.fire("publish"), 200);
    let found = in_force(&south);
    let ids = |playbook: &Json| {
        let strategies = playbook["strategies"].as_array().unwrap();
        strategies.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&found["playbook"]), ["gold", "silver", "own"]);
    assert_eq!(
        (&found["playbook"]["send_at"], &found["playbook"]["attribution"]["click_days"]),
        (&json!("11:00"), &json!(9))
    );
    assert_eq!(
        (&found["version"], &found["published_by"], &found["inherits"]),
        (&json!(2), &json!("inherited:default:1"), &json!("default"))
    );
    assert_eq!(
        found["inheritance"],
        json!({"version": 1, "overrides": ["/send_at", "/strategies/own", "/strategies"], "problems": null})
    );
    assert!(in_force(&group).get("inherits").is_none());
    assert_eq!(
        (host.fire("publish"), in_force(&south)["version"].clone()),
        (200, json!(2)),
        "once"
    );

    // What the group takes away goes there, too. The rulebook stays what it was.
    publishes(&marketing, &playbook(&["gold"]));
    assert_eq!(host.fire("publish"), 200);
    let found = in_force(&south)["playbook"].take();
    assert_eq!(ids(&found), ["gold", "own"]);
    assert_eq!(found["attribution"]["click_days"], 7);
    assert_eq!(south.get("/v1/programmes/south").send().ok()["rulebook_version"], 2);
    // Standing alone, it keeps what there is.
    let alone = json!({"name": "South", "inherits": null, "rulebook": book});
    group.put("/v1/programmes/south", &alone).send().ok();
    publishes(&marketing, &playbook(&[]));
    assert_eq!(host.fire("publish"), 200);
    assert_eq!(ids(&in_force(&south)["playbook"]), ["gold", "own"]);
}

/// One key is one publication, whatever is repeated, and the key of the other document's is another
/// request.
#[test]
fn a_publication_is_asked_for_once() {
    let host = Host::start();
    let (shop, marketing) = opened(&host);
    let mut document = playbook(&["gold"]);
    document["quiet_hours"] = Json::Null;
    keeps(&marketing, "calls", &document).ok();
    let path = format!("{PATH}/drafts/calls/publication");
    let ask = marketing.post(&path, &json!({})).key("k");
    let ids = tests::at_once(8, |_| ask.send().ok()["publication_id"].clone());
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    // The answer was lost.
    host.books().write("DELETE FROM answer WHERE what = 'receipt'").unwrap();
    assert_eq!(ask.send().ok()["publication_id"], ids[0]);
    let book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    marketing.put("/v1/rulebook/drafts/calls", &book).send().ok();
    let other = marketing.post(DECISIONS, &json!({"draft": "calls"})).key("k").send();
    assert_eq!(other.outcome(), "422 idempotency-key-reused");
    host.books().write("DELETE FROM answer WHERE what = 'receipt'").unwrap();
    let other = marketing.post(DECISIONS, &json!({"draft": "calls"})).key("k").send();
    assert_eq!(other.outcome(), "422 idempotency-key-reused", "by the publication itself, too");
    assert_eq!(marketing.all(DECISIONS, 9).len(), 1);
}
