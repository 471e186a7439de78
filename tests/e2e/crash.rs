//! Repeated `kill -9` under load: an answered request took effect once, an unanswered one
//! completely or not at all.

use std::time::Duration;

use serde_json::json;
use tests::{Answer, Ask, Host, Shop, load_until_killed, purchase};

const ROUNDS: u32 = 20;
const CLIENTS: usize = 16;

/// A repeatable request, and its answer before the crash.
type Sent = (Request, Option<Answer>);
/// Client, number, round.
type Request = (usize, usize, u32);

/// Earns, redemptions, profiles and bulks of ten members, which the clients share so that they
/// collide.
fn ask(shop: &Shop, (client, number, round): Request) -> Ask {
    let name = format!("{round}-{client}-{number}");
    let member = format!("m-{}", number % 10);
    let ask = match number % 5 {
        0 | 1 => shop.buys(&member, &name, 1_000),
        2 => shop.redeems(&member, 7),
        3 => shop.put(&format!("/v1/members/{member}"), &json!({"attributes": {"last": name}})),
        _ => {
            let events = (0..20).map(|n| {
                let mut event =
                    purchase(&format!("m-{}", (number + n) % 10), &format!("{name}-{n}"), 100);
                event["idempotency_key"] = format!("{name}-{n}").into();
                event
            });
            shop.post("/v1/earn/bulk", &json!({"events": events.collect::<Vec<_>>()}))
        }
    };
    ask.key(name)
}

#[test]
fn twenty_crashes_under_load() {
    let mut host = Host::start();
    let (mut answered, mut open) = (0, 0);
    for round in 0..ROUNDS {
        // Each round is killed some milliseconds later, so at another point of a commit.
        let (shop, time) = (host.shop(), Duration::from_millis(u64::from(200 + 13 * round)));
        let sent = load_until_killed(&mut host, CLIENTS, time, |client, number| {
            ask(&shop, (client, number, round))
        });
        let sent: Vec<Sent> = sent
            .into_iter()
            .map(|(client, number, answer)| ((client, number, round), answer))
            .collect();
        host.start_again();
        let shop = host.shop();
        assert_eq!(host.books().text("PRAGMA integrity_check"), "ok");
        let entries = || host.books().number("SELECT count(*) FROM entry");
        let before = entries();
        for (request, answer) in sent.iter().filter(|(_, answer)| answer.is_some()) {
            replays(&ask(&shop, *request).send(), answer.as_ref().unwrap());
            answered += operations(*request);
        }
        assert_eq!(entries(), before, "round {round}: something answered was not there");
        for (request, _) in sent.iter().filter(|(_, answer)| answer.is_none()) {
            let settled = ask(&shop, *request).send();
            assert!([200, 201, 404, 422].contains(&settled.status), "{}", settled.outcome());
            replays(&ask(&shop, *request).send(), &settled);
            open += operations(*request);
        }
    }
    assert!(
        answered > 1_000 && open > 50,
        "too little load to show anything: {answered} answered, {open} open"
    );
    println!(
        "{ROUNDS} crashes: {answered} answered operations found again, {open} open ones settled"
    );
}

/// The number of operations in a request.
fn operations((_, number, _): Request) -> usize {
    if number % 5 == 4 { 20 } else { 1 }
}

/// Whether both answers have the same text. A bulk answer marks each outcome instead of the whole.
fn replays(again: &Answer, first: &Answer) {
    if first.json().get("outcomes").is_none() {
        return again.assert_replays(first);
    }
    let bodies = |answer: &Answer| -> Vec<_> {
        let outcomes = answer.json()["outcomes"].as_array().unwrap().clone();
        outcomes
            .into_iter()
            .map(|mut outcome| (outcome["status"].clone(), outcome["body"].take()))
            .collect()
    };
    assert_eq!(bodies(again), bodies(first));
    assert!(
        again.json()["outcomes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|outcome| outcome["replayed"] == true)
    );
}

/// Kills the host during publications and earns. Versions must be complete and without gaps, and
/// every entry must be worth the points of the version that it carries. The first client publishes
/// by `PUT`, the second by drafts; all others earn.
#[test]
fn crashes_between_publications() {
    let mut host = Host::start();
    let template = host.shop().get("/v1/programmes/default").send().ok()["rulebook"].take();
    let book = |rate: usize| {
        let mut book = template.clone();
        book["purchase"]["points_per_unit"] = rate.to_string().into();
        book
    };
    let ask = |shop: &Shop, client: usize, number: usize, round: u32| {
        let name = format!("{round}-{client}-{number}");
        let ask = match client {
            0 => {
                let body = json!({"name": "Default", "rulebook": book(1 + number % 7)});
                shop.put("/v1/programmes/default", &body)
            }
            1 if number.is_multiple_of(2) => {
                shop.put("/v1/rulebook/drafts/next", &book(8 + number % 7))
            }
            1 => shop.post("/v1/rulebook/publications", &json!({"draft": "next"})),
            _ => shop.buys(&name, &name, 1_000),
        };
        ask.key(name)
    };
    let (mut published, mut open) = (0, 0);
    for round in 0..8 {
        let (shop, time) = (host.shop(), Duration::from_millis(u64::from(200 + 17 * round)));
        let sent = load_until_killed(&mut host, 6, time, |client, number| {
            ask(&shop, client, number, round)
        });
        host.start_again();
        let shop = host.shop();
        let books = host.books();
        assert_eq!(books.text("PRAGMA integrity_check"), "ok");
        books.assert_sound();
        let versions = shop.all("/v1/programmes/default/rulebooks", 100);
        let numbers: Vec<i64> =
            versions.iter().map(|version| version["version"].as_i64().unwrap()).collect();
        let newest = numbers[0];
        assert_eq!(numbers, (1..=newest).rev().collect::<Vec<_>>(), "round {round}");
        assert_eq!(shop.get("/v1/programmes/default").send().ok()["rulebook_version"], newest);
        let wrong = "SELECT count(*) FROM entry AS e WHERE e.kind = 'earn' AND e.points IS NOT 10 * (
            SELECT CAST(json_extract(r.document, '$.document.purchase.points_per_unit') AS INTEGER) FROM rulebook AS r
            WHERE r.programme_no = e.programme_no AND r.version = json_extract(e.body, '$.rulebook'))";
        assert_eq!(books.number(wrong), 0, "round {round}");
        for (client, number, answer) in &sent {
            let again = ask(&shop, *client, *number, round).send();
            match answer {
                Some(answer) if answer.status < 300 => again.assert_replays(answer),
                // Another version was published first, or the document is already published.
                Some(answer) => {
                    assert_eq!((answer.status, *client < 2), (409, true), "{}", answer.outcome())
                }
                None => {
                    assert!(
                        again.status < 300 || (again.status == 409 && *client < 2),
                        "{}",
                        again.outcome()
                    );
                    open += 1;
                }
            }
            published += usize::from(
                *client < 2 && answer.as_ref().is_some_and(|answer| answer.status < 300),
            );
        }
    }
    assert!(published > 50 && open > 10, "{published} published, {open} open");
}
