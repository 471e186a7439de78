//! From a published strategy to a message at a gateway, and back: the whole chain in the host.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tests::{CALLING, Host, Received, Receiver, SEALED, Shop, at_once};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) MicroMessenger/8.0.60";

/// A host that may call receivers on this machine, at noon in Shanghai.
struct Chain {
    host: Host,
    shop: Shop,
    gateway: Receiver,
}

/// The bodies of docs/recipes/reach-people.md, in their order: what stands before each, and itself.
fn recipe() -> Vec<(String, Json)> {
    let page = include_str!("../../docs/recipes/reach-people.md");
    let step = |part: &str| {
        let json = part.split("```json\n").nth(1)?.split("```").next()?;
        let name = part.split("```json").next()?.rsplit('`').nth(1)?;
        Some((name.to_owned(), serde_json::from_str(json).unwrap()))
    };
    page.split("\n**").filter_map(step).collect()
}

impl Chain {
    fn start(members: &[&str]) -> Self {
        Self::start_with(members, |_| {})
    }

    /// With another playbook than that of the recipe.
    fn start_with(members: &[&str], change: impl FnOnce(&mut Json)) -> Self {
        let host = Host::start_with(
            &[&["--clock", "2026-03-10T12:00:00+08:00"][..], &CALLING, &SEALED].concat(),
        );
        let mut steps = recipe();
        let playbook = steps.iter_mut().find(|(call, _)| call.starts_with("PUT /v1/playbook/"));
        change(&mut playbook.unwrap().1);
        let book = |whole: &mut Json| {
            for (part, of) in steps[0].1.as_object().unwrap() {
                for (name, value) in of.as_object().unwrap() {
                    whole[part][name] = value.clone();
                }
            }
        };
        let shop = host.shop_with("spring", book);
        let chain = Self { host, shop, gateway: Receiver::start() };
        for (call, body) in &steps[1..] {
            chain.takes(call, body.clone());
        }
        for member in members {
            chain.joins(member);
        }
        // The first run hears from here on.
        chain.runs();
        chain
    }

    /// A step of the recipe, with the gateway of this test.
    fn takes(&self, call: &str, mut body: Json) {
        let (method, path) = call.split_once(' ').unwrap();
        if path.starts_with("/v1/members/") {
            return;
        }
        if path.starts_with("/v1/channels/") {
            body["settings"]["url"] = json!(self.gateway.url());
        }
        let ask =
            if method == "PUT" { self.shop.put(path, &body) } else { self.shop.post(path, &body) };
        let answer = ask.send();
        assert!((200..300).contains(&answer.status), "{call}: {}", answer.text());
        let told = if answer.status == 204 { Json::Null } else { answer.ok() };
        if let Some(problems) = told["problems"].as_array() {
            assert!(problems.is_empty(), "{call}: {problems:?}");
        }
        if told["state"] == "waiting" {
            let id = told["publication_id"].as_str().unwrap();
            let path = format!("/v1/rulebook/publications/{id}/approve");
            let head = self.shop.with_bearer(&self.shop.key(told["waits_for"].as_str().unwrap()));
            assert_eq!(head.ask("POST", &path).send().ok()["state"], "published");
        }
    }

    fn joins(&self, member: &str) {
        self.shop.does(member, "check_in").send().ok();
        let path = format!("/v1/members/{member}/contacts/push");
        let told = self.shop.put(&path, &json!({"address": format!("token-of-{member}")})).send();
        assert!((200..300).contains(&told.status), "{}", told.text());
    }

    /// What the schedule does within a minute.
    fn runs(&self) {
        for component in ["fold", "touch", "deliver"] {
            assert_eq!(self.host.fire(component), 200, "{component}: {}", self.host.log());
        }
    }

    fn messages(&self) -> Vec<Json> {
        let read = |received: &Received| {
            assert!(received.is_signed_with(SECRET));
            received.event()
        };
        let mut messages: Vec<Json> = self.gateway.take().iter().map(read).collect();
        messages.sort_by_key(|message| message["to"].as_str().map(str::to_owned));
        messages
    }

    fn touches(&self) -> String {
        let text = "SELECT coalesce(group_concat(state || ' ' || coalesce(channel, reason, error, ''), ', ' ORDER BY no), '') FROM touch";
        self.host.reach().text(text)
    }
}

#[test]
fn a_purchase_brings_a_message_with_its_coupon_and_a_click() {
    let chain = Chain::start(&["ann", "bob"]);
    let shop = &chain.shop;
    shop.buys("ann", "o1", 10_000).send().ok();
    chain.runs();
    let messages = chain.messages();
    assert_eq!(messages.len(), 1, "{} {}", chain.touches(), chain.host.log());
    let (message, text) = (&messages[0], messages[0]["text"].as_str().unwrap());
    assert_eq!(
        (message["to"].as_str(), message["channel"].as_str()),
        (Some("token-of-ann"), Some("push"))
    );
    assert!(text.starts_with("会员，谢谢。"), "{text}");
    assert_eq!(chain.touches(), "sent push");
    assert_eq!(chain.host.reach().number("SELECT cost_minor FROM touch"), 1, "as the account says");
    // The coupon that the text names is the member's, granted once.
    let code = text.split("券 ").nth(1).unwrap().split('，').next().unwrap();
    let coupon = shop.get(&format!("/v1/coupons/{code}")).send().ok();
    assert_eq!((&coupon["member_id"], &coupon["state"]), (&json!("ann"), &json!("open")));
    let grants = "SELECT count(*) FROM entry WHERE kind = 'grant'";
    assert_eq!(chain.host.books().number(grants), 1);
    // The link leads on, and the click of a person is counted.
    let token = text.split("https://go.shop.example/l/").nth(1).unwrap();
    let visit = chain.host.ask("GET", &format!("/l/{token}")).with("user-agent", PHONE).send();
    assert_eq!(
        (visit.status, visit.header("location")),
        (302, Some("https://shop.example/thanks"))
    );
    // Nothing goes out again, whatever runs.
    for _ in 0..3 {
        chain.runs();
    }
    assert!(chain.messages().is_empty());
    assert_eq!(chain.host.books().number(grants), 1);
    // No address, no text and no secret is in the database or in the log.
    let reach = chain.host.reach();
    for table in ["touch", "touch_delivery", "outbox", "contact", "channel_account"] {
        let found = format!(
            "SELECT coalesce(group_concat(t), '') FROM (SELECT json_array(*) AS t FROM {table})"
        );
        let columns =
            reach.text(&format!("SELECT group_concat(name) FROM pragma_table_info('{table}')"));
        let all = reach.text(&found.replace('*', &columns));
        for secret in ["token-of-ann", "MDEyMzQ1", "会员，谢谢"] {
            assert!(!all.contains(secret), "{table}: {all}");
        }
    }
    for secret in ["token-of-ann", "MDEyMzQ1", code] {
        assert!(!chain.host.log().contains(secret), "{secret}");
    }
}

#[test]
fn a_gateway_that_fails_gets_the_same_message_later() {
    let chain = Chain::start(&["ann"]);
    chain.gateway.answer_next(&[503]);
    chain.shop.buys("ann", "o1", 10_000).send().ok();
    chain.runs();
    let first = chain.messages();
    assert_eq!((first.len(), chain.touches().as_str()), (1, "due "));
    chain.host.clock("2026-03-10T12:05:00+08:00");
    chain.runs();
    let second = chain.messages();
    assert_eq!((second.len(), chain.touches().as_str()), (1, "sent push"));
    assert_eq!((&first[0]["id"], &first[0]["text"]), (&second[0]["id"], &second[0]["text"]));
}

#[test]
fn who_withdraws_or_leaves_in_between_gets_nothing() {
    let chain = Chain::start(&["ann", "bob", "cid"]);
    for (place, member) in ["ann", "bob", "cid"].into_iter().enumerate() {
        chain.shop.buys(member, &format!("o{place}"), 10_000).send().ok();
    }
    assert_eq!((chain.host.fire("fold"), chain.host.fire("touch")), (200, 200));
    assert_eq!(chain.touches(), "due , due , due ");
    let withdrawn = json!({"purpose": "service", "channel": "push", "decision": "withdrawn",
        "occurred_at": "2026-03-10T03:59:00Z", "source": "call"});
    let told = chain.shop.post("/v1/members/ann/consents", &withdrawn).send();
    assert!((200..300).contains(&told.status), "{}", told.text());
    let erased = chain.shop.post("/v1/members/bob/erase", &json!({"reason": "request 1"})).send();
    assert!((200..300).contains(&erased.status), "{}", erased.text());
    chain.runs();
    let to: Vec<Json> = chain.messages().iter().map(|message| message["to"].clone()).collect();
    assert_eq!(to, ["token-of-cid"], "{}", chain.touches());
    assert_eq!(chain.touches(), "suppressed no_consent, sent push");
    assert_eq!(chain.host.reach().number("SELECT count(*) FROM outbox"), 0);
}

/// Two schedules at once, as where a platform starts a run anew while the last one goes on.
#[test]
fn two_runners_send_each_message_once() {
    let names: Vec<String> = (0..8).map(|place| format!("m{place}")).collect();
    let chain = Chain::start(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for member in &names {
        chain.shop.buys(member, &format!("o-{member}"), 10_000).send().ok();
    }
    for component in ["fold", "touch", "deliver", "deliver"] {
        for status in at_once(3, |_| chain.host.fire(component)) {
            assert_eq!(status, 200, "{component}: {}", chain.host.log());
        }
    }
    let messages = chain.messages();
    let ids: BTreeSet<&str> = messages.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!((messages.len(), ids.len()), (8, 8), "{}", chain.touches());
    assert_eq!(chain.touches(), ["sent push"; 8].join(", "));
    let grants = "SELECT count(*) FROM entry WHERE kind = 'grant'";
    assert_eq!(chain.host.books().number(grants), 8);
}

#[test]
fn a_redemption_between_decision_and_sending_stops_the_message() {
    let chain = Chain::start_with(&["ann", "bob"], |playbook| {
        playbook["strategies"][0]["stop_when"] = json!(["redeemed"]);
    });
    for member in ["ann", "bob"] {
        chain.shop.buys(member, &format!("o-{member}"), 10_000).send().ok();
    }
    assert_eq!((chain.host.fire("fold"), chain.host.fire("touch")), (200, 200));
    assert_eq!(chain.touches(), "due , due ");
    chain.shop.redeems("ann", 10).send().ok();
    // The redemption is not folded yet: the message waits for what it may say.
    assert_eq!(chain.host.fire("deliver"), 200);
    let to = |chain: &Chain| -> Vec<Json> {
        chain.messages().iter().map(|message| message["to"].clone()).collect()
    };
    assert_eq!(to(&chain), ["token-of-bob"], "{}", chain.touches());
    chain.host.clock("2026-03-10T12:05:00+08:00");
    chain.runs();
    assert!(to(&chain).is_empty());
    assert_eq!(chain.touches(), "suppressed stopped, sent push");
    let grants = "SELECT count(*) FROM entry WHERE kind = 'grant'";
    assert_eq!(chain.host.books().number(grants), 1, "what is stopped grants nothing");
}
