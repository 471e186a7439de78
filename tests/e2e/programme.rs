//! `/v1/programmes`: publishing rulebooks, and the separation of programmes.

use serde_json::{Value as Json, json};
use tests::{Host, Shop};

#[test]
fn a_new_rulebook_counts_from_its_publication() {
    let host = Host::start();
    let shop = host.shop();
    let mut found = shop.get("/v1/programmes/default").send().ok();
    assert_eq!(found["rulebook_version"], 1);
    shop.buys("m", "o-1", 1_000).send().ok();
    let mut body = json!({"name": found["name"], "rulebook": found["rulebook"].take()});
    let publish = |body: &Json| {
        shop.put("/v1/programmes/default", body).send().ok()["rulebook_version"].clone()
    };
    assert_eq!(publish(&body), 1, "the document that is published already is no new version");
    body["rulebook"]["purchase"]["points_per_unit"] = "2.5".into();
    assert_eq!(publish(&body), 2);
    assert_eq!(publish(&body), 2);
    let earned = shop.buys("m", "o-2", 1_000).send();
    assert_eq!(
        (earned.outcome().as_str(), &earned.json()["entry"]["rulebook_version"]),
        ("201 earn +25 = 35", &json!(2))
    );
    body["rulebook"]["purchase"]["points_per_unit"] = "1".into();
    assert_eq!(publish(&body), 3, "back to the first text is a version of its own");
    assert_eq!(shop.buys("m", "o-3", 1_000).send().outcome(), "201 earn +10 = 45");
}

/// A rulebook from before a country changed its clocks is published again with the new ones.
#[test]
fn republishing_lists_the_moved_offsets() {
    let host = Host::start();
    let shop = host.shop();
    let path = "/v1/programmes/default/republish";
    let republish = |query: &str| shop.post(&format!("{path}{query}"), &json!({})).send().ok();
    assert_eq!(
        (republish("")["moves"].clone(), republish("")["rulebook_version"].clone()),
        (json!([]), json!(1))
    );
    // An older edition had expected another hour from 2030 on.
    let older = "UPDATE rulebook SET document = replace(document, '\"zone\":[28800,[]]', '\"zone\":[28800,[[1900000000,32400]]]')";
    assert_eq!(host.books().write(older), Ok(1));
    let moves = json!([{"from": "2030-03-17T17:46:40Z", "until": null, "before": "+09:00", "after": "+08:00"}]);
    let shown = |answer: Json| (answer["moves"].clone(), answer["rulebook_version"].clone());
    assert_eq!(shown(republish("?dry_run=true")), (moves.clone(), json!(1)));
    let first = shop.post(path, &json!({})).key("a").send();
    assert_eq!(shown(first.ok()), (moves, json!(2)));
    shop.post(path, &json!({})).key("a").send().assert_replays(&first);
    assert_eq!(shown(republish("")), (json!([]), json!(2)), "it is published by now");
    let other = host.shop_with("other", |_| {});
    assert_eq!(other.post(path, &json!({})).send().outcome().split(' ').next(), Some("403"));
}

/// A late retry must not undo a publication that a colleague made in between.
#[test]
fn a_publication_is_done_once_under_its_key() {
    let host = Host::start();
    let shop = host.shop();
    let rulebook = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    let with_rate = |rate: &str| {
        let mut body = json!({"name": "Default programme", "rulebook": rulebook});
        body["rulebook"]["purchase"]["points_per_unit"] = rate.into();
        shop.put("/v1/programmes/default", &body)
    };
    let first = with_rate("2").key("a").send();
    assert_eq!((first.status, &first.json()["rulebook_version"]), (200, &json!(2)));
    assert_eq!(with_rate("3").key("b").send().ok()["rulebook_version"], 3);
    with_rate("2").key("a").send().assert_replays(&first);
    assert_eq!(with_rate("4").key("a").send().outcome(), "422 idempotency-key-reused");
    assert_eq!(shop.get("/v1/programmes/default").send().ok()["rulebook_version"], 3);
}

type Change<'a> = &'a dyn Fn(&mut Json);

#[test]
fn a_refused_rulebook_names_the_faulty_place() {
    let host = Host::start();
    let shop = host.shop();
    let book = shop.get("/v1/programmes/default").send().ok()["rulebook"].take();
    let before = host.books().snapshot();
    let changed = |change: Change| {
        let mut body = json!({"name": "x", "rulebook": book});
        change(&mut body);
        shop.put("/v1/programmes/default", &body)
    };
    let rows: [(Change, &str); 12] = [
        (&|b| b["name"] = "".into(), "400 invalid-request /name"),
        (&|b| b["rulebook"]["format"] = 2.into(), "400 invalid-request /rulebook/format"),
        (&|b| b["rulebook"]["currency"] = "yuan".into(), "400 invalid-request /rulebook/currency"),
        (
            &|b| b["rulebook"]["time_zone"] = "Mars/Base".into(),
            "400 invalid-request /rulebook/time_zone",
        ),
        (
            &|b| b["rulebook"]["purchase"]["points_per_unit"] = "-1".into(),
            "400 invalid-request /rulebook/purchase/points_per_unit",
        ),
        (
            &|b| b["rulebook"]["purchase"]["points_per_unit"] = 1.5.into(),
            "400 invalid-request /rulebook/purchase/points_per_unit",
        ),
        (
            &|b| b["rulebook"]["purchase"]["expiry"] = "gone".into(),
            "400 invalid-request /rulebook/purchase/expiry",
        ),
        (
            &|b| b["rulebook"]["tiers"]["levels"][0]["from"] = 5.into(),
            "400 invalid-request /rulebook/tiers/levels/0/from",
        ),
        (
            &|b| b["rulebook"]["actions"]["check_in"]["limit"]["times"] = 0.into(),
            "400 invalid-request /rulebook/actions/check_in/limit/times",
        ),
        (&|b| b["rulebook"]["typo"] = 1.into(), "400 invalid-request /rulebook/typo"),
        (
            &|b| {
                b["rulebook"]["actions"]["purchase"] = b["rulebook"]["actions"]["check_in"].clone()
            },
            "400 invalid-request /rulebook/actions/purchase",
        ),
        (&|b| b["rulebook"] = Json::Null, "400 invalid-request /rulebook"),
    ];
    for (change, outcome) in rows {
        assert_eq!(changed(change).send().outcome(), outcome);
    }
    assert_eq!(
        shop.put("/v1/programmes/No!", &json!({"name": "x", "rulebook": book})).send().outcome(),
        "400 invalid-request programme_id"
    );
    assert_eq!(host.books().snapshot(), before);
}

/// The same members, orders and keys in two programmes are different ones.
#[test]
fn programmes_share_nothing() {
    let host = Host::start();
    let (one, other) = (
        host.shop(),
        host.shop_with("other", |book| book["purchase"]["points_per_unit"] = "3".into()),
    );
    for (ask, outcome) in [
        (one.buys("m", "o-1", 1_000).key("k"), "201 earn +10 = 10"),
        (other.buys("m", "o-1", 1_000).key("k"), "201 earn +30 = 30"),
        (other.redeems("m", 25).key("r"), "201 redeem -25 = 5"),
        (one.redeems("m", 25).key("r"), "422 insufficient-points"),
        (other.buys("only-here", "o-2", 1_000), "201 earn +30 = 30"),
        (one.get("/v1/members/only-here"), "404 member-not-found"),
        (one.get("/v1/members/only-here/entries"), "404 member-not-found"),
        (one.get("/v1/members/only-here/lots"), "404 member-not-found"),
        (one.redeems("only-here", 1), "404 member-not-found"),
        (one.get("/v1/reports/audit?member_id=only-here"), "404 resource-not-found"),
        (other.get("/v1/programmes/default"), "404 resource-not-found"),
        (one.get("/v1/programmes/other"), "200"),
        (other.put("/v1/programmes/other", &json!({"name": "mine", "rulebook": {}})), "403 forbidden"),
        (other.post("/v1/keys", &json!({"role": "admin", "label": "x", "programme_id": "default"})), "403 forbidden"),
        (
            one.post("/v1/keys", &json!({"role": "admin", "label": "x", "person_id": "x", "programme_id": "nowhere"})),
            "404 resource-not-found",
        ),
    ] {
        assert_eq!(ask.send().outcome(), outcome, "{ask:?}");
    }
    let prefix = other.all("/v1/keys", 50)[0]["prefix"].as_str().unwrap().to_owned();
    assert_eq!(
        one.ask("DELETE", &format!("/v1/keys/{prefix}")).send().outcome(),
        "404 resource-not-found"
    );
    assert_eq!(
        one.ask("POST", &format!("/v1/keys/{prefix}/rotate")).send().outcome(),
        "404 resource-not-found"
    );
}

fn rulebook_of(shop: &Shop, id: &str) -> Json {
    shop.get(&format!("/v1/programmes/{id}")).send().ok()
}

/// A group and its subsidiaries: a subsidiary follows the group in every part that it has not
/// changed itself, whichever way the group publishes.
#[test]
fn a_subsidiary_follows_the_group() {
    let host = Host::start_with(&["--clock", "2026-03-01T12:00:00+08:00"]);
    let group = host.shop();
    let put = |id: &str, inherits: Option<&str>, rulebook: &Json| {
        group
            .put(
                &format!("/v1/programmes/{id}"),
                &json!({"name": id, "inherits": inherits, "rulebook": rulebook}),
            )
            .send()
    };
    let base = rulebook_of(&group, "default")["rulebook"].take();
    let mut own = base.clone();
    own["purchase"]["points_per_unit"] = "3".into();
    own["tiers"]["levels"][1]["gift_points"] = 77.into();
    let south = host.shop_with("south", |_| {});
    assert_eq!(put("south", Some("default"), &own).outcome(), "200");
    assert_eq!(put("north", Some("default"), &base).outcome(), "201");
    for (id, inherits, outcome) in [
        ("west", Some("nowhere"), "400 invalid-request /inherits"),
        ("west", Some("west"), "400 invalid-request /inherits"),
        ("west", Some("south"), "400 invalid-request /inherits"),
        ("default", Some("south"), "400 invalid-request /inherits"),
    ] {
        assert_eq!(put(id, inherits, &base).outcome(), outcome, "{id} {inherits:?}");
    }
    let found = rulebook_of(&south, "south");
    assert_eq!(
        (&found["inherits"], &found["inheritance"]["problems"]),
        (&json!("default"), &Json::Null)
    );
    assert_eq!(
        found["inheritance"]["overrides"],
        json!(["/purchase/points_per_unit", "/tiers/levels/silver/gift_points"])
    );
    assert_eq!(south.buys("li", "a", 1_000).send().ok()["entry"]["points"], 30);

    // The group publishes by PUT: the changes of south stay, all other parts follow at once.
    let mut next = base.clone();
    next["purchase"]["points_per_unit"] = "2".into();
    next["tiers"]["levels"][1]["from"] = 5_000.into();
    next["actions"]["check_in"]["points"] = 9.into();
    assert_eq!(put("default", None, &next).outcome(), "200");
    let found = rulebook_of(&south, "south")["rulebook"].take();
    assert_eq!(
        (
            &found["purchase"]["points_per_unit"],
            &found["tiers"]["levels"][1]["from"],
            &found["actions"]["check_in"]["points"]
        ),
        (&json!("3"), &json!(5_000), &json!(9))
    );
    assert_eq!(found["tiers"]["levels"][1]["gift_points"], 77);
    assert_eq!(rulebook_of(&group, "north")["rulebook"], next);
    let bought = south.buys("li", "b", 5_000).send().ok();
    assert_eq!(
        (&bought["entry"]["points"], &bought["follow_ups"][0]["points"]),
        (&json!(150), &json!(77))
    );
    let versions = south.all("/v1/programmes/south/rulebooks", 10);
    assert_eq!(versions[0]["published_by"], "inherited:default:2");
    assert_eq!(host.fire("publish"), 200);
    assert_eq!(south.all("/v1/programmes/south/rulebooks", 10), versions, "followed once");

    // A publication of marketing reaches the subsidiary by the schedule.
    let marketing = group.with_bearer(&group.key("marketing"));
    next["actions"]["check_in"]["points"] = 11.into();
    marketing.put("/v1/rulebook/drafts/eleven", &next).send().ok();
    let asked =
        marketing.post("/v1/rulebook/publications", &json!({"draft": "eleven"})).send().ok();
    let head = group.with_bearer(&group.key("department_head"));
    let path =
        format!("/v1/rulebook/publications/{}/approve", asked["publication_id"].as_str().unwrap());
    assert_eq!(head.ask("POST", &path).send().ok()["state"], "published");
    assert_eq!(host.fire("publish"), 200);
    assert_eq!(rulebook_of(&south, "south")["rulebook"]["actions"]["check_in"]["points"], 11);

    // A conflict is reported and changes nothing: south names an expiry that the group has removed.
    own = rulebook_of(&south, "south")["rulebook"].take();
    own["purchase"]["expiry"] = "campaign".into();
    assert_eq!(put("south", Some("default"), &own).outcome(), "200");
    let before = rulebook_of(&south, "south")["rulebook_version"].clone();
    next["expiry"] = json!({"shopping": next["expiry"]["shopping"]});
    next["actions"] = json!({});
    next["tiers"]["gift_expiry"] = "shopping".into();
    assert_eq!(put("default", None, &next).outcome(), "200");
    let found = rulebook_of(&south, "south");
    assert_eq!(
        (&found["rulebook_version"], &found["inheritance"]["problems"][0]["pointer"]),
        (&before, &json!("/purchase/expiry"))
    );
    assert_eq!(rulebook_of(&group, "north")["rulebook"], next, "the others follow");
    assert_eq!(host.fire("publish"), 200, "nor is it tried again for nothing");
    // Once either side fixes the conflict, following continues.
    own["purchase"]["expiry"] = "shopping".into();
    assert_eq!(put("south", Some("default"), &own).outcome(), "200");
    assert_eq!(rulebook_of(&south, "south")["inheritance"]["problems"], Json::Null);

    // Agreements of the group are not agreements of its subsidiaries, and theirs are no overrides.
    next["exchanges"] = json!({"offers": {"north": {}}, "accepts": {"north": {"rate": "2"}}});
    own["exchanges"] =
        json!({"offers": {}, "accepts": {"default": {"rate": "0.5", "expiry": null}}});
    assert_eq!(put("south", Some("default"), &own).outcome(), "200");
    assert_eq!(put("default", None, &next).outcome(), "200");
    assert_eq!(rulebook_of(&group, "north")["rulebook"]["exchanges"], base["exchanges"]);
    let found = rulebook_of(&south, "south");
    assert_eq!(found["rulebook"]["exchanges"], own["exchanges"]);
    let overrides = found["inheritance"]["overrides"].as_array().unwrap();
    assert!(
        !overrides.iter().any(|pointer| pointer.as_str().unwrap().starts_with("/exchanges")),
        "{overrides:?}"
    );

    // Without the field the programme keeps following, and with null it stands alone.
    let body = json!({"name": "south", "rulebook": own});
    assert_eq!(group.put("/v1/programmes/south", &body).send().outcome(), "200");
    assert_eq!(rulebook_of(&south, "south")["inherits"], "default");
    assert_eq!(put("south", None, &own).outcome(), "200");
    next["accept_late_days"] = 3.into();
    assert_eq!(put("default", None, &next).outcome(), "200");
    assert_ne!(rulebook_of(&south, "south")["rulebook"]["accept_late_days"], 3);
    assert!(rulebook_of(&south, "south").get("inherits").is_none());
    // Each programme keeps its own members.
    assert_eq!(group.get("/v1/members/li").send().outcome(), "404 member-not-found");
}

/// Ids of entries tell the home of their member, so a programme keeps the spread it was made with.
#[test]
fn members_of_a_programme_are_spread_over_its_homes() {
    use sha2::{Digest, Sha256};
    let host = Host::start();
    let shop = host.shop();
    let mut found = shop.get("/v1/programmes/default").send().ok();
    assert_eq!(found["spread"], 1);
    let mut body = json!({"name": "Wide", "rulebook": found["rulebook"].take()});
    let mut put = |spread: Json| {
        body["spread"] = spread;
        let answer = shop.put("/v1/programmes/wide", &body).send();
        let pointer = answer.json()["errors"][0]["pointer"].clone();
        (answer.status, pointer, answer.json()["admin_key"]["key"].clone())
    };
    for spread in [0, 65_537] {
        assert_eq!(put(spread.into()), (400, "/spread".into(), Json::Null));
    }
    let (status, _, key) = put(4_096.into());
    assert_eq!(status, 201);
    assert_eq!(put(4_095.into()).0, 400, "it is never changed");
    assert_eq!(put(4_096.into()).0, 200);
    let shop = host.shop().moved_to(host.address).with_bearer(key.as_str().unwrap());
    assert_eq!(shop.get("/v1/programmes/wide").send().ok()["spread"], 4_096);
    for (shop, spread) in [(shop, 4_096), (host.shop(), 1)] {
        for member in ["anna", "ben", "cleo"] {
            let earned = shop.does(member, "check_in").send().ok();
            let id = earned["entry"]["entry_id"].as_str().unwrap().replace('-', "");
            let told = (u128::from_str_radix(&id, 16).unwrap() >> 46) & 0xFFFF;
            let digest: [u8; 32] = Sha256::digest(member).into();
            let home = u64::from_be_bytes(digest[..8].try_into().unwrap()) % spread;
            assert_eq!(told, u128::from(home), "{member} of {spread}");
        }
    }
}
