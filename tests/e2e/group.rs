//! Programmes of a group: one person has the same names in each, and points can be exchanged
//! between them.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tests::{Answer, Ask, Host, Shop, at_once, count, load_until_killed};

/// Two programmes of a group: two miles are one night, and a night is two miles. The second has its
/// own key.
fn airline_and_hotel(host: &Host) -> (Shop, Shop) {
    let air = host.shop();
    let hotel = host.shop_with("hotel", |_| {});
    joins(&air, &air, "hotel", "2", "g");
    joins(&air, &hotel, "default", "0.5", "g");
    (air, hotel)
}

/// Makes a programme join a group and exchange points with another one, which takes them at its own
/// rate.
fn joins(operator: &Shop, shop: &Shop, other: &str, rate: &str, group: &str) {
    let path = format!("/v1/programmes/{}", shop.programme);
    let mut book = operator.get(&path).send().ok()["rulebook"].take();
    book["exchanges"] = json!({"offers": {other: {}}, "accepts": {other: {"rate": rate}}});
    let body = json!({"name": shop.programme, "group": group, "rulebook": book});
    assert_eq!(operator.put(&path, &body).send().outcome(), "200");
}

fn swaps(shop: &Shop, member: &str, to: &str, points: i64) -> Ask {
    shop.post(
        "/v1/exchanges",
        &json!({"member_id": member, "to_programme_id": to, "points": points}),
    )
}

/// The report for finance on exchanges with another programme: given, received for it there, taken,
/// given up for it there.
fn settled(shop: &Shop) -> Vec<(String, [i64; 4])> {
    let reported = shop.get("/v1/reports/exchanges").send().ok();
    let number = |with: &Json, side: &str, field: &str| with[side][field].as_i64().unwrap();
    let with = |with: &Json| {
        let [given, taken] = ["given", "taken"]
            .map(|side| [number(with, side, "points"), number(with, side, "points_there")]);
        (
            with["programme_id"].as_str().unwrap().to_owned(),
            [given[0], given[1], taken[0], taken[1]],
        )
    };
    reported["programmes"].as_array().unwrap().iter().map(with).collect()
}

/// The exchange account of the trial balance, whose sum must be zero.
fn exchanged_account(shop: &Shop) -> i64 {
    let balance = shop.get("/v1/reports/trial-balance").send().ok();
    assert_eq!(balance["sum"], 0);
    let accounts = balance["accounts"].as_array().unwrap();
    accounts
        .iter()
        .find(|account| account["account"] == "exchanged")
        .map_or(0, |account| account["points"].as_i64().unwrap())
}

#[test]
fn points_of_one_programme_become_points_of_another() {
    let host = Host::start_with(&["--clock", "2026-03-01T12:00:00+08:00"]);
    let (air, hotel) = airline_and_hotel(&host);
    air.buys("li", "o-1", 10_000).send().ok();
    assert_eq!(swaps(&air, "li", "hotel", 10).send().outcome(), "404 counterparty-not-found");
    hotel.does("li", "share").send().ok();
    let body = json!({"member_id": "li", "to_programme_id": "hotel", "points": 41, "reference": "x-1", "reason": "weekend", "channel": "app"});
    let first = air.post("/v1/exchanges", &body).key("k").send();
    assert_eq!(first.outcome(), "201 exchange -40 = 60", "20 there take 40");
    assert_eq!(
        first.ok()["entry"]["exchange"],
        json!({"programme_id": "hotel", "points": 20, "rate": "0.5"})
    );
    assert_eq!(first.ok()["follow_ups"], json!([]), "the other programme's books are not reported");
    air.post("/v1/exchanges", &body).key("k").send().assert_replays(&first);
    let got = hotel.all("/v1/members/li/entries", 10).remove(0);
    assert_eq!(
        [&got["kind"], &got["points"], &got["actor"], &got["cause"], &got["exchange"]],
        [
            &json!("exchange"),
            &json!(20),
            &json!("programme:default"),
            &first.ok()["entry"]["entry_id"],
            &json!({"programme_id": "default", "points": 40, "rate": "0.5"})
        ]
    );
    assert_eq!([&got["reference"], &got["channel"], &got["reason"]], [&Json::Null; 3]);
    // The points keep their end.
    let end = |shop: &Shop, at: usize| shop.member("li")["lots"][at]["expires_at"].clone();
    assert_eq!(end(&hotel, 1), end(&air, 0));
    for (ask, outcome) in [
        (air.post("/v1/exchanges", &body), "409 reference-already-used"),
        (swaps(&air, "li", "hotel", 61), "422 insufficient-points"),
        (swaps(&air, "li", "hotel", 1), "422 outside-limits"),
        (swaps(&air, "nobody", "hotel", 10), "404 member-not-found"),
        (swaps(&air, "li", "nowhere", 10), "422 not-offered"),
        (swaps(&air, "li", "default", 10), "422 not-offered"),
        (swaps(&air, "li", "a b", 0), "400 invalid-request /to_programme_id /points"),
        (swaps(&hotel, "li", "default", 10), "201 exchange -10 = 20"),
        (
            air.post(
                "/v1/exchanges?dry_run=true",
                &json!({"member_id": "li", "to_programme_id": "hotel", "points": 80}),
            ),
            "201 exchange -80 = 0",
        ),
        (air.get("/v1/exchanges"), "405 method-not-allowed"),
        (swaps(&air.with_bearer(&air.key("service")), "li", "hotel", 1), "403 forbidden"),
        (swaps(&air.with_bearer("acc_none"), "li", "hotel", 1), "401 unauthorized"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    assert_eq!((air.balance("li"), hotel.balance("li")), (80, 20));
    assert_eq!(settled(&air), [("hotel".to_owned(), [40, 20, 20, 10])]);
    assert_eq!(settled(&hotel), [("default".to_owned(), [10, 20, 20, 40])]);
    // 40 went out for other points and 20 came in: the account on the other side holds 20.
    assert_eq!((exchanged_account(&air), exchanged_account(&hotel)), (20, -10));
    // An exchange cannot be recovered like a redemption.
    let head = air.with_bearer(&air.key("department_head"));
    let recover = json!({"entry_ids": [first.ok()["entry"]["entry_id"]], "reason": "stolen"});
    assert_eq!(
        head.post("/v1/members/li/recover", &recover).send().outcome(),
        "404 reference-not-found"
    );
}

/// Rates by which points would grow on any way that comes back are neither published nor accepted
/// in a group.
#[test]
fn exchanges_in_a_group_create_no_points() {
    let host = Host::start();
    let (air, hotel) = airline_and_hotel(&host);
    let shop = host.shop_with("shop", |_| {});
    let book = |programme: &str, exchanges: Json| {
        let mut book =
            air.get(&format!("/v1/programmes/{programme}")).send().ok()["rulebook"].take();
        book["exchanges"] = exchanges;
        json!({"name": programme, "group": "g", "rulebook": book})
    };
    let puts = |programme: &str, exchanges: Json, query: &str| {
        let answer = air
            .put(&format!("/v1/programmes/{programme}{query}"), &book(programme, exchanges))
            .send();
        let detail = answer.json()["errors"][0]["detail"].as_str().unwrap_or_default().to_owned();
        (answer.outcome(), detail)
    };
    let refused = |way: &str| {
        (
            "400 invalid-request /rulebook/exchanges".to_owned(),
            format!("lets points grow on the way {way}"),
        )
    };
    // Forth and back.
    let more = json!({"offers": {"hotel": {}}, "accepts": {"hotel": {"rate": "2.000001"}}});
    for query in ["?dry_run=true", ""] {
        assert_eq!(puts("default", more.clone(), query), refused("default → hotel → default"));
    }
    // A ring of three, closed by the last to publish.
    let to = |programme: &str, from: &str, rate: &str| json!({"offers": {programme: {}}, "accepts": {from: {"rate": rate}}});
    assert_eq!(puts("default", to("hotel", "shop", "2"), "").0, "200");
    assert_eq!(puts("hotel", to("shop", "default", "2"), "").0, "200");
    assert_eq!(
        puts("shop", to("default", "hotel", "2"), ""),
        refused("shop → default → hotel → shop")
    );
    assert_eq!(puts("shop", to("default", "hotel", "0.25"), "").0, "200");
    // A draft, and an earlier version.
    let mut drafted = book("shop", to("default", "hotel", "0.3"))["rulebook"].take();
    shop.put("/v1/rulebook/drafts/more", &drafted).send().ok();
    let asked = shop.post("/v1/rulebook/publications", &json!({"draft": "more"})).send();
    assert_eq!(asked.outcome(), "400 invalid-request /draft");
    drafted["exchanges"] = to("default", "hotel", "0.2");
    shop.put("/v1/rulebook/drafts/less", &drafted).send().ok();
    assert_eq!(
        shop.post("/v1/rulebook/publications", &json!({"draft": "less"})).send().status,
        201
    );
    // Each exchange of a ring without gain succeeds.
    for programme in [&air, &hotel, &shop] {
        programme.buys("li", "o-1", 10_000).send().ok();
    }
    assert_eq!(swaps(&air, "li", "hotel", 50).send().outcome(), "201 exchange -50 = 50");
}

/// A programme without an agreement, or outside of the group, exchanges nothing, even if the other
/// side has agreed.
#[test]
fn both_must_agree_and_be_of_one_group() {
    let host = Host::start();
    let (air, hotel) = airline_and_hotel(&host);
    for shop in [&air, &hotel] {
        shop.buys("li", "o-1", 10_000).send().ok();
    }
    let mut book = air.get("/v1/programmes/hotel").send().ok()["rulebook"].take();
    let puts = |group: Option<&str>, book: &Json| {
        let body = json!({"name": "hotel", "group": group, "rulebook": book});
        let answer = air.put("/v1/programmes/hotel", &body).send();
        assert_eq!(answer.outcome(), "200");
        air.get("/v1/programmes/hotel").send().ok()["group"].take()
    };
    assert_eq!(swaps(&air, "li", "hotel", 10).send().outcome(), "201 exchange -10 = 90");
    let named = json!({"name": "hotel", "rulebook": book});
    assert_eq!(air.put("/v1/programmes/hotel", &named).send().outcome(), "200");
    assert_eq!(air.get("/v1/programmes/hotel").send().ok()["group"], "g", "an omitted field stays");
    let mut broken = book.clone();
    broken["currency"] = "cny".into();
    for group in [Json::Null, json!("other")] {
        let body = json!({"name": "hotel", "group": group, "rulebook": broken});
        let refused = air.put("/v1/programmes/hotel", &body).send();
        assert_eq!(refused.outcome(), "400 invalid-request /rulebook/currency");
        assert_eq!(
            air.get("/v1/programmes/hotel").send().ok()["group"],
            "g",
            "a refused request changes nothing"
        );
    }
    assert_eq!(puts(None, &book), Json::Null);
    let refused = swaps(&air, "li", "hotel", 10).send();
    assert_eq!(refused.outcome(), "422 not-offered");
    assert_eq!(refused.json()["offer"], "exchange");
    assert_eq!(puts(Some("other"), &book), "other");
    assert_eq!(swaps(&hotel, "li", "default", 10).send().outcome(), "422 not-offered");
    assert_eq!(puts(Some("g"), &book), "g");
    assert_eq!(swaps(&hotel, "li", "default", 10).send().outcome(), "201 exchange -10 = 95");
    book["exchanges"]["accepts"] = json!({});
    puts(Some("g"), &book);
    assert_eq!(swaps(&air, "li", "hotel", 10).send().outcome(), "422 not-offered");
    assert_eq!(swaps(&hotel, "li", "default", 10).send().outcome(), "201 exchange -10 = 85");
    // A frozen account receives nothing.
    let service = air.with_bearer(&air.key("service"));
    service.post("/v1/members/li/freeze", &json!({"side": "earning", "reason": "odd"})).send().ok();
    assert_eq!(swaps(&hotel, "li", "default", 10).send().outcome(), "409 member-frozen");
    let wrong = json!({"name": "hotel", "group": "no group", "rulebook": book});
    assert_eq!(
        air.put("/v1/programmes/hotel", &wrong).send().outcome(),
        "400 invalid-request /group"
    );
}

#[test]
fn a_person_is_known_by_her_names_in_the_whole_group() {
    let host = Host::start();
    let (air, hotel) = airline_and_hotel(&host);
    let names = |phone: &str| json!({"aliases": [format!("phone:{phone}")]});
    air.put("/v1/members/li", &names("+86138")).send().ok();
    assert_eq!(hotel.get("/v1/members/~phone:+86138").send().outcome(), "404 member-not-found");
    // The till of the hotel only knows her number: she gets an account under the id of the group.
    let bought = hotel.buys("~phone:+86138", "o-1", 1_000).send();
    assert_eq!(
        (bought.outcome().as_str(), &bought.ok()["entry"]["member_id"]),
        ("201 earn +10 = 10", &json!("li"))
    );
    assert_eq!(hotel.get("/v1/members/~phone:+86138").send().ok()["member_id"], "li");
    assert_eq!(
        hotel.get("/v1/members/~phone:+86138/entries").send().ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // Data that the airline has about her stays there.
    let shown = hotel.member("li");
    assert_eq!(
        (&shown["aliases"], &shown["attributes"]),
        (&json!(["phone:+86138"]), &json!({})),
        "{shown}"
    );
    assert_eq!(hotel.put("/v1/members/wang", &names("+86138")).send().outcome(), "409 alias-taken");
    assert_eq!(hotel.put("/v1/members/li", &names("+86138")).send().status, 200);
    air.buys("li", "o-1", 10_000).send().ok();
    // If only the airline had her number, it would not give access to her points in the hotel.
    let named = |phone: &str| hotel.redeems(&format!("~phone:{phone}"), 1).send().outcome();
    air.put("/v1/members/li", &json!({"aliases": ["phone:+86138", "phone:+86666"]})).send().ok();
    assert_eq!(
        (named("+86138").as_str(), named("+86666").as_str()),
        ("201 redeem -1 = 9", "404 member-not-found")
    );
    assert_eq!(hotel.get("/v1/members/~phone:+86666").send().outcome(), "404 member-not-found");
    let swap = swaps(&air, "~phone:+86138", "hotel", 10).send();
    assert_eq!(
        (swap.outcome().as_str(), &swap.ok()["entry"]["member_id"]),
        ("201 exchange -10 = 90", &json!("li"))
    );
    // A third programme with another person under that number cannot join.
    let shop = host.shop_with("shop", |_| {});
    shop.put("/v1/members/zhao", &names("+86138")).send().ok();
    let book = air.get("/v1/programmes/shop").send().ok()["rulebook"].take();
    let body = json!({"name": "shop", "group": "g", "rulebook": book});
    assert_eq!(
        air.put("/v1/programmes/shop", &body).send().outcome(),
        "400 invalid-request /group"
    );
    assert_eq!(
        air.put("/v1/programmes/shop?dry_run=true", &body).send().outcome(),
        "400 invalid-request /group"
    );
    shop.put("/v1/members/zhao", &names("+86139")).send().ok();
    assert_eq!(air.put("/v1/programmes/shop", &body).send().outcome(), "200");
    assert_eq!(air.put("/v1/members/li", &names("+86139")).send().outcome(), "409 alias-taken");
    // After the airline has erased her, programmes that she gave her number to still know her.
    assert_eq!(air.post("/v1/members/li/erase", &json!({"reason": "asked"})).send().status, 201);
    assert_eq!(hotel.get("/v1/members/~phone:+86138").send().ok()["member_id"], "li");
    assert_eq!(swaps(&hotel, "li", "default", 3).send().outcome(), "404 counterparty-not-found");
}

/// Twenty exchanges of the same points, in both directions at once, beside earns on both sides.
#[test]
fn races_over_the_same_points() {
    let host = Host::start_with(&["--instances", "3"]);
    let (air, hotel) = airline_and_hotel(&host);
    air.buys("li", "o-1", 10_000).send().ok();
    hotel.does("li", "check_in").send().ok();
    let answers = at_once(20, |_| swaps(&air, "li", "hotel", 100).send());
    assert_eq!(
        (count(&answers, "201 exchange -100 = 0"), count(&answers, "422 insufficient-points")),
        (1, 19)
    );
    assert_eq!((air.balance("li"), hotel.balance("li")), (0, 55));
    for member in ["a", "b"] {
        air.buys(member, member, 30_000).send().ok();
        hotel.buys(member, member, 30_000).send().ok();
    }
    let answers = at_once(16, |n| {
        let step = |i: usize| {
            let member = ["a", "b"][(n + i) % 2];
            match (n + i) % 4 {
                0 => swaps(&air, member, "hotel", 2 * (1 + i as i64)).send(),
                1 => swaps(&hotel, member, "default", 1 + i as i64).send(),
                2 => air.buys(member, &format!("a-{n}-{i}"), 1_000).send(),
                _ => hotel.redeems(member, 5).send(),
            }
        };
        (0..12).map(step).collect::<Vec<_>>()
    });
    let answers: Vec<Answer> = answers.into_iter().flatten().collect();
    for answer in &answers {
        let known = ["201", "422 insufficient-points", "503 busy"];
        assert!(
            known.iter().any(|known| answer.outcome().starts_with(known)),
            "{}",
            answer.outcome()
        );
    }
    assert!(count(&answers, "201 exchange") > 40);
    let [(_, [given, there, taken, given_there])] = settled(&air)[..] else {
        panic!("one partner")
    };
    assert_eq!(settled(&hotel), [("default".to_owned(), [given_there, taken, there, given])]);
    assert_eq!((there * 2, taken), (given, given_there * 2));
}

/// After a kill during exchanges, either both sides have an exchange or neither has it.
#[test]
fn no_half_of_an_exchange_survives_a_crash() {
    let mut host = Host::start();
    let (air, hotel) = airline_and_hotel(&host);
    for n in 0..8 {
        air.buys(&format!("m-{n}"), &format!("o-{n}"), 1_000_000).send().ok();
        hotel.does(&format!("m-{n}"), "check_in").send().ok();
    }
    let (mut air, mut hotel) = (air, hotel);
    let (mut answered, mut open) = (0, 0);
    for round in 0..6u32 {
        let ask = |shop: &Shop, client: usize, number: usize| {
            swaps(shop, &format!("m-{client}"), "hotel", 2)
                .key(format!("{round}-{client}-{number}"))
        };
        let time = Duration::from_millis(u64::from(150 + 17 * round));
        let sent =
            load_until_killed(&mut host, 8, time, |client, number| ask(&air, client, number));
        host.start_again();
        // A restarted host begins with the first clock, and the points would not be earned yet.
        host.clock(&format!("2026-03-10T1{round}:30:00+08:00"));
        (air, hotel) = (air.moved_to(host.address), hotel.moved_to(host.address));
        host.books().assert_sound();
        let number = |sql: &str| host.books().number(sql);
        let all = "SELECT count(*) FROM entry WHERE kind = 'exchange'";
        let before = number(all);
        for (client, at, answer) in &sent {
            let Some(answer) = answer else { continue };
            assert_eq!(answer.status, 201, "{}", answer.text());
            ask(&air, *client, *at).send().assert_replays(answer);
            answered += 1;
        }
        assert_eq!(number(all), before);
        for (client, at, _) in sent.iter().filter(|(_, _, answer)| answer.is_none()) {
            let settled = ask(&air, *client, *at).send();
            assert_eq!(settled.outcome().split(' ').next(), Some("201"), "{}", settled.text());
            open += 1;
        }
    }
    assert!(answered > 50 && open > 10, "{answered} answered, {open} open");
    let [(_, [given, there, ..])] = settled(&air)[..] else { panic!("one partner") };
    assert_eq!((given, there), ((answered + open) * 2, answered + open));
    assert_eq!(settled(&hotel), [("default".to_owned(), [0, 0, there, given])]);
}
