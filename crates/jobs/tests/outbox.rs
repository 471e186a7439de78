//! What goes out of the outbox: decided touches, real statements, fakes in place of vendors.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::support::{Dying, Raced, purchase, wait};
use crate::touch::{Shop, ladder};
use channels::{Answer, Heard, HttpRequest};
use jobs::{
    AddressPolicy, DeliverReport, DeliverSettings, JobContext, Outbox, OutboxSettings, Vendors,
    WorkLimit, link_key,
};
use ledger::{Frozen, Timestamp};
use reach::playbook::KnownTemplate;
use reach::{Channel, Family, Purpose, Refresh};
use rules::GrantRule;
use rules::operations::{Erase, Freeze};
use seal::{NONCE, Place, Seals};
use serde_json::{Value as Json, json};
use store::{
    ChannelWish, Error, LinkSettings, Native, SetWish, Sql, begin_reach, pause_channel,
    put_channel, put_link_settings, put_set, put_template,
};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A vendor that answers by a script, on a clock that goes on while it is waited for.
struct Post<'a> {
    now: &'a Cell<Timestamp>,
    answers: Box<dyn Fn(&HttpRequest) -> Heard + 'a>,
    sent: RefCell<Vec<HttpRequest>>,
}

impl Vendors for Post<'_> {
    async fn send_all(&self, requests: Vec<HttpRequest>, _timeout_ms: u32) -> Vec<Heard> {
        let heard = requests.iter().map(|request| (self.answers)(request)).collect();
        self.sent.borrow_mut().extend(requests);
        self.now.set(self.now.get().plus_ms(20));
        heard
    }

    async fn rest(&self, ms: u32) {
        self.now.set(self.now.get().plus_ms(i64::from(ms)));
    }
}

pub fn status(status: u16) -> Heard {
    Heard::Answer(Answer { status, headers: Vec::new(), body: "{}".to_owned() })
}

pub fn taken(_: &HttpRequest) -> Heard {
    status(200)
}

impl Shop {
    pub fn account(
        &self,
        id: &str,
        vendor: &str,
        channel: Channel,
        settings: &Json,
        secrets: &Json,
    ) {
        let secrets =
            Seals::default().seal(&secrets.to_string(), &Place::channel(1, id), [7; NONCE]);
        let secrets = Some(secrets.as_str());
        let (rank, per_second, burst) = (1, 1_000, 1_000);
        let wish = ChannelWish {
            id,
            vendor,
            channel,
            settings,
            secrets,
            rank,
            per_second,
            burst,
            message_cost_minor: 0,
        };
        wait(put_channel(&self.reach, 1, &wish, (self.world.now.get(), "anna"), 50)).unwrap();
    }

    pub fn gateway(&self, channel: Channel) {
        let name = channel.as_str();
        let settings = json!({"url": format!("https://g.example/{name}"), "channel": name});
        self.account(name, "webhook", channel, &settings, &json!({"signing_secret": SECRET}));
    }

    pub fn sms(&self) {
        let settings = json!({"access_key_id": "k", "sign_name": "s"});
        self.account(
            "sms",
            "aliyun_sms",
            Channel::Sms,
            &settings,
            &json!({"access_key_secret": "s"}),
        );
    }

    /// A template with this text for each channel.
    pub fn template(&mut self, id: &str, purpose: Purpose, body: &str) {
        let link = (body.contains("link")).then_some("https://shop.example/rewards");
        let with = |title: &str| json!({"zh-CN": {"title": title, "body": body, "link": link}});
        let sms = json!({"zh-CN": {"body": body, "vendor_template_id": "SMS_1",
            "parameters": [{"name": "balance", "value": "{{ balance }}"}]}});
        let texts = json!({"push": with("news"), "wecom": with(""), "wechat": with(""),
            "email": with("news"), "sms": sms});
        let document = json!({"purpose": purpose.as_str(), "texts": texts}).to_string();
        let by = (self.world.now.get(), "anna");
        wait(put_template(&self.reach, 1, (id, &document, "{}"), by, (500, None)))
            .unwrap()
            .unwrap();
        let needs = Channel::ALL.iter().map(|channel| (*channel, [].into())).collect();
        self.messaging.templates.insert(id.to_owned(), KnownTemplate { purpose, needs });
    }

    pub fn send_on<R: Sql>(
        &self,
        reach: &R,
        ledger: &impl Sql,
        answers: impl Fn(&HttpRequest) -> Heard,
    ) -> (Result<DeliverReport, Error>, Vec<HttpRequest>) {
        let (now, fresh) = (|| self.world.now.get(), || self.world.fresh());
        let ledger = JobContext { sql: ledger, now: &now, fresh: &fresh };
        let reach = JobContext { sql: reach, now: &now, fresh: &fresh };
        let seals = Seals::default();
        let key = wait(link_key(&reach, &seals, ([5; 32], [6; NONCE])));
        let Ok(Some(links)) = key else {
            return (Err(Error::Corrupt("no key of links")), Vec::new());
        };
        let settings =
            OutboxSettings { seals: &seals, links, public_url: Some("https://a.example".into()) };
        let messaging = async |_| Ok(self.messaging.clone());
        let outbox = Outbox::new(&ledger, &reach, messaging, &settings);
        let post =
            Post { now: &self.world.now, answers: Box::new(answers), sent: RefCell::default() };
        let policy = AddressPolicy::default();
        let random = || Some([9; NONCE]);
        let settings = DeliverSettings { seals: &seals, policy, public_url: None, random: &random };
        let limit = WorkLimit::chunks(10_000).until(now().plus_ms(50_000));
        let report = wait(outbox.send(&post, &settings, limit));
        (report, post.sent.into_inner())
    }

    /// A run. What it sent.
    pub fn send(&self, answers: impl Fn(&HttpRequest) -> Heard) -> Vec<HttpRequest> {
        let (report, sent) = self.send_on(&self.reach, &self.world.sql, answers);
        let report = report.unwrap();
        assert!(report.last_failure.is_none(), "{report:?}");
        sent
    }

    /// Of each touch: member, strategy, state and why.
    pub fn outcomes(&self) -> Vec<String> {
        self.rows(
            "SELECT member_no || ' ' || strategy || ' ' || node || ' ' || state || ' ' ||
             coalesce(channel, reason, error, '') FROM touch ORDER BY member_no, strategy, node",
        )
    }

    pub fn waiting(&self) -> usize {
        self.rows("SELECT touch_no || ' ' || channel FROM outbox").len()
    }
}

/// Members with an account for push, in the night before the first node of the ladder.
pub fn shop(playbook: Json, members: usize) -> Shop {
    let mut shop = Shop::new(playbook, members);
    shop.template(
        "notice",
        Purpose::Service,
        "{{ points }} 分 {{ expires_on }} 到期，还有 {{ days_left }} 天",
    );
    shop.template("news", Purpose::Marketing, "余额 {{ balance }}，拒收请回复R");
    shop
}

pub fn body(request: &HttpRequest) -> Json {
    serde_json::from_str(&request.body).unwrap()
}

#[test]
fn what_is_due_goes_out_once_and_says_what_is_so() {
    let shop = shop(json!({"strategies": [ladder()]}), 8);
    shop.gateway(Channel::Push);
    let mut sent = Vec::new();
    for night in 20..45 {
        shop.at_night(night);
        shop.night();
        assert!(shop.send(taken).is_empty(), "quiet hours");
        for _ in 0..3 {
            shop.world.later(9 * HOUR_MS);
            sent.extend(shop.send(taken));
        }
    }
    // Eight members, three nodes each; the first ones earned on 10 January, for 30 days.
    assert_eq!(sent.len(), 24);
    let first = body(&sent[0]);
    assert_eq!(first["text"], "100 分 2026-02-09 到期，还有 7 天", "{first}");
    assert_eq!(first["to"], "x", "the address");
    let ids: std::collections::BTreeSet<&str> =
        sent.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!(ids.len(), 24);
    assert!(shop.outcomes().iter().all(|row| row.ends_with("sent push")), "{:?}", shop.outcomes());
    assert_eq!(shop.waiting(), 0);
    shop.world.assert_clean();
}

#[test]
fn a_redemption_between_decision_and_sending_stops_it() {
    let mut ladder = ladder();
    ladder["stop_when"] = json!(["redeemed"]);
    let shop = shop(json!({"strategies": [ladder]}), 2);
    shop.gateway(Channel::Push);
    shop.at_night(23);
    shop.night();
    shop.world.later(9 * HOUR_MS);
    shop.world.redeem("m00", 10);
    // The redemption is not folded yet: nobody knows whether the message still makes sense.
    assert_eq!(shop.send(taken).len(), 1, "of m01 alone");
    let no = shop.no("m00");
    assert_eq!(shop.outcomes()[0], format!("{no} ladder -7 due "));
    shop.fold();
    shop.world.later(21_000);
    assert!(shop.send(taken).is_empty());
    assert_eq!(shop.outcomes()[0], format!("{no} ladder -7 suppressed stopped"));
    assert_eq!(shop.waiting(), 0);
}

#[test]
fn what_changed_since_the_decision_counts() {
    let playbook = json!({"strategies": [
        {"id": "row", "trigger": {"kind": "points_expiring", "days_before": 7},
         "send": {"channels": ["push"], "template": "news"}, "holdout_percent": 0}],
        "holdout_percent": 0});
    let shop = shop(playbook, 4);
    shop.gateway(Channel::Push);
    shop.at_night(23);
    shop.night();
    let (m00, m01, m02, m03) = (shop.no("m00"), shop.no("m01"), shop.no("m02"), shop.no("m03"));
    let change = |text: String| assert_eq!(shop.reach.connection().execute(&text, []).unwrap(), 1);
    change(format!(
        "INSERT INTO consent (programme_no, member_no, purpose, channel, decision, digest, at, source,
         recorded_at, recorded_by) VALUES (1, {m00}, 'marketing', 'push', 'withdrawn', '', 9, 'form', 9, 'test')"
    ));
    change(format!("DELETE FROM contact WHERE member_no = {m01}"));
    shop.apply("m02", Freeze(Frozen { earning: true, spending: true }));
    shop.apply("m03", Erase);
    shop.world.later(9 * HOUR_MS);
    // Erased in the ledger, and not yet here: nothing goes out, and nothing stays.
    assert!(shop.send(taken).is_empty());
    shop.fold();
    shop.world.later(HOUR_MS);
    assert!(shop.send(taken).is_empty());
    assert_eq!(
        shop.outcomes(),
        [
            format!("{m00} row -7 suppressed no_consent"),
            format!("{m01} row -7 suppressed no_contact"),
            format!("{m02} row -7 suppressed frozen"),
        ]
    );
    let left = shop.rows(&format!(
        "SELECT touch_no || '' FROM outbox UNION ALL SELECT no || '' FROM touch WHERE member_no = {m03}"
    ));
    assert_eq!(left, [""; 0]);
}

pub fn by_two(mode: &str) -> Json {
    json!({"strategies": [
        {"id": "row", "trigger": {"kind": "points_expiring", "days_before": 7},
         "send": {"channels": ["push", "sms"], "mode": mode, "template": "notice", "wait_hours": 5}}]})
}

pub fn sms_number(shop: &Shop, member: &str) {
    shop.told(member, "sms");
    let no = shop.no(member);
    let text = format!(
        "UPDATE contact SET address = '+86138000000{no:02}' WHERE member_no = {no} AND channel = 'sms'"
    );
    shop.reach.connection().execute(&text, []).unwrap();
}

fn channels_of(sent: &[HttpRequest]) -> Vec<&'static str> {
    let name =
        |request: &HttpRequest| if request.url.contains("g.example/push") { "push" } else { "sms" };
    let mut names: Vec<&str> = sent.iter().map(name).collect();
    names.sort_unstable();
    names
}

#[test]
fn all_channels_take_a_message_or_the_first_that_can() {
    let sms = |_: &HttpRequest| {
        Heard::Answer(Answer {
            status: 200,
            headers: Vec::new(),
            body: json!({"Code": "OK", "BizId": "b"}).to_string(),
        })
    };
    let answers = |refuses_push: bool| {
        move |request: &HttpRequest| match request.url.contains("g.example") {
            true if refuses_push => status(422),
            true => status(200),
            false => sms(request),
        }
    };
    for (mode, refuses_push, gone, outcome) in [
        ("all", false, &["push", "sms"][..], "sent push"),
        ("all", true, &["push", "sms"], "sent sms"),
        ("first_possible", false, &["push"], "sent push"),
        ("first_possible", true, &["push", "sms"], "sent sms"),
    ] {
        let shop = shop(by_two(mode), 1);
        shop.gateway(Channel::Push);
        shop.sms();
        sms_number(&shop, "m00");
        shop.at_night(23);
        shop.night();
        shop.world.later(9 * HOUR_MS);
        let mut sent = shop.send(answers(refuses_push));
        shop.world.later(60_000);
        sent.extend(shop.send(answers(refuses_push)));
        assert_eq!(channels_of(&sent), gone, "{mode} {refuses_push}");
        assert!(shop.outcomes()[0].ends_with(outcome), "{mode} {:?}", shop.outcomes());
        assert_eq!(shop.waiting(), 0);
        shop.world.later(10 * HOUR_MS);
        assert!(shop.send(answers(false)).is_empty());
    }
}

#[test]
fn a_channel_that_does_not_come_to_it_leaves_it_to_the_next() {
    let shop = shop(by_two("first_possible"), 1);
    shop.gateway(Channel::Push);
    shop.gateway(Channel::Sms);
    sms_number(&shop, "m00");
    shop.at_night(23);
    shop.night();
    let now = shop.world.now.get();
    wait(pause_channel(&shop.reach, 1, "push", (Some("for a look"), now))).unwrap();
    shop.world.later(9 * HOUR_MS);
    assert!(shop.send(taken).is_empty(), "push has five hours from 10:00 on");
    shop.world.later(4 * HOUR_MS - 1_000);
    assert!(shop.send(taken).is_empty());
    shop.world.later(2_000);
    assert_eq!(shop.send(taken).len(), 1);
    assert!(shop.outcomes()[0].ends_with("sent sms"), "{:?}", shop.outcomes());
    // A channel without an account is not waited for.
    let without = shop_without_push();
    without.world.later(9 * HOUR_MS);
    assert_eq!(without.send(taken).len(), 1);
    assert!(without.outcomes()[0].ends_with("sent sms"));
}

fn shop_without_push() -> Shop {
    let shop = shop(by_two("first_possible"), 1);
    shop.gateway(Channel::Sms);
    sms_number(&shop, "m00");
    shop.at_night(23);
    shop.night();
    shop
}

#[test]
fn what_nobody_can_send_is_missed_at_its_deadline() {
    let shop = shop(json!({"strategies": [ladder()]}), 1);
    shop.at_night(23);
    shop.night();
    shop.world.later(20 * HOUR_MS);
    assert!(shop.send(taken).is_empty());
    assert!(shop.outcomes()[0].ends_with("due "));
    // The next node is due on the fourth day after.
    shop.world.later(4 * DAY_MS);
    assert!(shop.send(taken).is_empty());
    assert!(shop.outcomes()[0].ends_with("suppressed missed"), "{:?}", shop.outcomes());
    assert_eq!(shop.waiting(), 0);
}

#[test]
fn two_messages_to_a_member_know_of_each_other() {
    let strategy = |id: &str, priority: i64| {
        json!({"id": id, "trigger": {"kind": "points_expiring", "days_before": 7}, "priority": priority,
               "send": {"channels": ["push"], "template": "notice"}})
    };
    let mut strategies = vec![strategy("a", 1), strategy("b", 2)];
    strategies[1]["send"]["template"] = json!("news");
    strategies[1]["holdout_percent"] = json!(0);
    let playbook = json!({"strategies": strategies, "holdout_percent": 0});
    let mut shop = shop(playbook, 1);
    shop.gateway(Channel::Push);
    shop.at_night(23);
    shop.night();
    // A cap that came after both were decided for the same instant.
    let caps = json!([{"times": 1, "per": "day"}]);
    shop.messaging.playbook.caps = serde_json::from_value(caps).unwrap();
    shop.world.later(9 * HOUR_MS);
    for _ in 0..5 {
        shop.send(taken);
        shop.world.later(60_000);
    }
    let sent = shop.rows("SELECT strategy FROM touch WHERE state = 'sent'");
    assert_eq!(sent, ["b"], "the one of the higher priority");
}

fn granting() -> Json {
    json!({"holdout_percent": 0, "strategies": [
        {"id": "row", "trigger": {"kind": "points_expiring", "days_before": 7}, "holdout_percent": 0,
         "action": {"grant": {"name": "wish"}, "set_tag": "warned"},
         "send": {"channels": ["push"], "template": "news"}}]})
}

pub fn with_grants(members: usize) -> Shop {
    let mut shop = shop(json!({}), members);
    shop.world.publish(|document| {
        let name = "ten_off".to_owned();
        let coupon = json!({"off_minor": 1_000, "expiry": "short"});
        document.coupons.insert(name.clone(), serde_json::from_value(coupon).unwrap());
        let rule: GrantRule =
            serde_json::from_value(json!({"points": 5, "expiry": "short", "coupon": name}))
                .unwrap();
        document.grants.insert("wish".to_owned(), rule);
    });
    let wish = SetWish {
        family: Family::Tag,
        name: "warned".into(),
        kind: "static".into(),
        document: "{}".into(),
        condition: None,
        refresh: Refresh::Manual,
        lives_days: Some(30),
        is_exclusive: false,
    };
    wait(put_set(&shop.reach, 1, &wish, (shop.world.now.get(), "test"), 500)).unwrap();
    shop.template(
        "news",
        Purpose::Marketing,
        "券码 {{ coupon.code }}，{{ link }} 余额 {{ balance }}，拒收请回复R",
    );
    shop.messaging.playbook = serde_json::from_value(granting()).unwrap();
    let settings = LinkSettings {
        hosts: vec!["shop.example".into()],
        base: Some("https://go.shop.example".into()),
        at: Timestamp(0),
        by: "anna".into(),
    };
    wait(put_link_settings(&shop.reach, 1, &settings)).unwrap();
    shop.gateway(Channel::Push);
    shop.at_night(23);
    shop.night();
    shop.world.later(9 * HOUR_MS);
    shop
}

/// Coupons, points of grants, and tags, member by member.
pub fn given(shop: &Shop) -> (Vec<String>, Vec<String>) {
    let grants = "SELECT m.id || ' ' || count(*) || ' ' || sum(e.points) FROM entry AS e
        JOIN member AS m ON m.no = e.member_no WHERE e.kind = 'grant' GROUP BY m.no";
    (shop.world.texts(grants), shop.rows("SELECT member_no || '' FROM set_member ORDER BY 1"))
}

#[test]
fn a_grant_is_made_before_the_message_that_names_it_and_once() {
    let shop = with_grants(3);
    let sent = shop.send(taken);
    assert_eq!(sent.len(), 3);
    let text = body(&sent[0])["text"].as_str().unwrap().to_owned();
    let code = text.split(['，', ' ']).nth(1).unwrap();
    let holders = "SELECT m.id FROM member AS m WHERE m.state LIKE '%";
    assert_eq!(shop.world.texts(&format!("{holders}{code}%'")), ["m00"], "{text}");
    assert!(text.contains("https://go.shop.example/l/"), "{text}");
    let (grants, tags) = given(&shop);
    assert_eq!(grants, ["m00 1 5", "m01 1 5", "m02 1 5"]);
    assert_eq!(tags.len(), 3);
    shop.world.assert_clean();
}

#[test]
fn a_message_whose_grant_is_refused_does_not_go_out() {
    let shop = with_grants(3);
    shop.world.publish(|document| {
        let rule: GrantRule =
            serde_json::from_value(json!({"points": 5, "expiry": "short", "coupon": "ten_off",
            "budgets": [{"of": "programme", "times": 2, "per": "lifetime"}]}))
            .unwrap();
        document.grants.insert("wish".to_owned(), rule);
    });
    assert_eq!(shop.send(taken).len(), 2);
    let ends: Vec<String> = shop.outcomes().iter().map(|row| row[2..].to_owned()).collect();
    assert_eq!(ends[2], "row -7 suppressed budget", "{ends:?}");
    assert_eq!(given(&shop).0.len(), 2);
}

#[test]
fn a_run_that_is_killed_anywhere_gives_once_and_sends_once() {
    let whole = with_grants(2);
    whole.send(taken);
    let expected = (given(&whole).0, whole.outcomes());
    for statements in 0..90 {
        for of_ledger in [false, true] {
            let shop = with_grants(2);
            let dying = |sql| Dying { sql, statements_left: Cell::new(statements) };
            let (_, mut sent) = match of_ledger {
                true => shop.send_on(&shop.reach, &dying(&shop.world.sql), taken),
                false => shop.send_on(&dying(&shop.reach), &shop.world.sql, taken),
            };
            // Facts follow, then later runs, when the lease is over.
            for _ in 0..4 {
                shop.fold();
                shop.world.later(61_000);
                sent.extend(shop.send(taken));
            }
            let at = format!("{statements} {of_ledger}");
            assert_eq!((given(&shop).0, shop.outcomes()), expected, "{at}");
            assert_eq!(shop.waiting(), 0, "{at}");
            // The gateway takes an id once; a message that went twice has the same id and text.
            let mut texts: BTreeMap<String, Json> = BTreeMap::new();
            for request in &sent {
                let id = request.header("webhook-id").to_owned();
                let text = body(request)["text"].clone();
                let first = texts.entry(id).or_insert_with(|| text.clone());
                assert_eq!(
                    first.to_string().split('余').next(),
                    text.to_string().split('余').next(),
                    "{at}"
                );
            }
            assert_eq!(texts.len(), 2, "{at}");
        }
    }
}

#[test]
fn an_sms_never_goes_twice_wherever_a_run_is_killed() {
    for statements in 0..60 {
        let shop = shop(
            json!({"strategies": [
            {"id": "row", "trigger": {"kind": "points_expiring", "days_before": 7},
             "send": {"channels": ["sms"], "template": "notice"}}]}),
            3,
        );
        shop.sms();
        for member in ["m00", "m01", "m02"] {
            sms_number(&shop, member);
        }
        shop.at_night(23);
        shop.night();
        shop.world.later(9 * HOUR_MS);
        let ok = |_: &HttpRequest| {
            let body = json!({"Code": "OK", "BizId": "b"}).to_string();
            Heard::Answer(Answer { status: 200, headers: Vec::new(), body })
        };
        let dying = Dying { sql: &shop.reach, statements_left: Cell::new(statements) };
        let (_, mut sent) = shop.send_on(&dying, &shop.world.sql, ok);
        for _ in 0..3 {
            shop.world.later(61_000);
            sent.extend(shop.send(ok));
        }
        let mut numbers: Vec<&str> =
            sent.iter().filter_map(|request| request.url.split("PhoneNumbers=").nth(1)).collect();
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup_by_key(|rest| rest.split('&').next().unwrap_or_default().to_owned());
        assert_eq!(numbers.len(), count, "{statements}: {sent:?}");
        let states = shop.rows("SELECT DISTINCT state FROM touch");
        assert!(states.iter().all(|state| state == "sent" || state == "unknown"), "{states:?}");
        assert_eq!(shop.waiting(), 0, "{statements}");
    }
}

#[test]
fn a_number_that_is_none_is_closed_wherever_a_run_is_killed() {
    let mut seen = std::collections::BTreeSet::new();
    for statements in 0..60 {
        let row = json!({"id": "row", "trigger": {"kind": "points_expiring", "days_before": 7},
            "send": {"channels": ["sms"], "template": "notice"}});
        let shop = shop(json!({"strategies": [row]}), 1);
        shop.sms();
        sms_number(&shop, "m00");
        shop.at_night(23);
        shop.night();
        shop.world.later(9 * HOUR_MS);
        let none = |_: &HttpRequest| {
            let body = json!({"Code": "isv.MOBILE_NUMBER_ILLEGAL"}).to_string();
            Heard::Answer(Answer { status: 200, headers: Vec::new(), body })
        };
        let dying = Dying { sql: &shop.reach, statements_left: Cell::new(statements) };
        drop(shop.send_on(&dying, &shop.world.sql, none));
        for _ in 0..3 {
            shop.world.later(61_000);
            shop.send(none);
        }
        // Nobody knows what the vendor said to a run that could not write it.
        let both = "SELECT t.state || ' ' || k.state FROM touch AS t JOIN contact AS k
            ON k.member_no = t.member_no AND k.channel = 'sms'";
        seen.extend(shop.rows(both));
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["failed invalid", "unknown open"]);
}

#[test]
fn two_runs_at_once_do_what_one_does() {
    let whole = with_grants(3);
    whole.send(taken);
    for mark in
        ["INSERT INTO wave_begin", "INSERT INTO outbox_settle", "FROM outbox WHERE programme_no"]
    {
        let shop = with_grants(3);
        let sent = RefCell::new(Vec::new());
        let rival = || sent.borrow_mut().extend(shop.send(taken));
        let raced = Raced { sql: &shop.reach, mark, rival: RefCell::new(Some(rival)) };
        let (report, own) = shop.send_on(&raced, &shop.world.sql, taken);
        report.unwrap();
        assert!(raced.rival.borrow().is_none(), "{mark}");
        assert_eq!(sent.borrow().len() + own.len(), 3, "{mark}");
        assert_eq!(
            (given(&shop).0, shop.outcomes()),
            (given(&whole).0, whole.outcomes()),
            "{mark}"
        );
    }
}

#[test]
fn a_strategy_without_a_message_acts() {
    let mut shop = with_grants(2);
    let mut playbook = granting();
    playbook["strategies"][0].as_object_mut().unwrap().remove("send");
    playbook["strategies"][0]["id"] = json!("alone");
    playbook["strategies"][0]["action"]["set_attribute"] = json!({"name": "wave", "value": "1"});
    shop.messaging.playbook = serde_json::from_value(playbook).unwrap();
    for table in ["touch_run", "touch_rest"] {
        shop.reach.connection().execute(&format!("DELETE FROM {table}"), []).unwrap();
    }
    shop.reach.connection().execute("DELETE FROM touch", []).unwrap();
    shop.night();
    for _ in 0..3 {
        assert!(shop.send(taken).is_empty());
        shop.fold();
        shop.world.later(60_000);
    }
    let (grants, tags) = given(&shop);
    assert_eq!((grants, tags.len()), (vec!["m00 1 5".to_owned(), "m01 1 5".to_owned()], 2));
    let told = "SELECT count(*) FROM profile WHERE attributes LIKE '%\"wave\":\"1\"%'";
    assert_eq!(shop.world.number(told), 2);
    assert!(
        shop.outcomes().iter().all(|row| row.ends_with("alone -7 sent ")),
        "{:?}",
        shop.outcomes()
    );
    shop.world.assert_clean();
}

#[test]
fn rewards_are_those_that_the_member_may_have_and_can_pay() {
    let reward = |points: i64, more: Json| {
        let mut reward = json!({"name": format!("r{points}"), "points": points});
        reward.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        reward
    };
    let catalogue = [
        ("a", reward(10, json!({"pools": ["daily"]}))),
        ("b", reward(20, json!({"cash_minor": 990}))),
        ("c", reward(30, json!({"stock": 0}))),
        ("d", reward(40, json!({"offered": false}))),
        ("e", reward(50, json!({"tiers": ["gold"]}))),
        ("f", reward(99, json!({"pools": ["daily"]}))),
        // More than the member has.
        ("g", reward(101, json!({"pools": ["daily"]}))),
    ];
    for (recommend, shown) in [
        (json!({"from": ["popular"], "count": 5}), "r10r20r99"),
        (json!({"from": ["popular"], "count": 2}), "r10r20"),
        (json!({"from": ["pool:daily"], "count": 5}), "r10r99"),
        (json!({"from": ["pool:daily", "popular"], "count": 5}), "r10r99r20"),
        (
            json!({"from": ["popular"], "points_at_least": 15, "points_at_most": 98, "count": 5}),
            "r20",
        ),
        (json!({"from": ["popular"], "with_cash": true, "count": 5}), "r20"),
        (json!({"from": ["viewed", "favourited"], "count": 5}), "r99r20"),
        (json!({"from": ["favourited", "popular"], "count": 2}), "r20r10"),
        (json!({"from": ["pool:none"], "count": 5}), "-"),
    ] {
        let mut shop = shop(
            json!({"strategies": [
            {"id": "row", "trigger": {"kind": "points_expiring", "days_before": 7},
             "action": {"recommend": recommend}, "send": {"channels": ["push"], "template": "notice"}}]}),
            1,
        );
        let text = "{% for reward in rewards %}{{ reward.name }}{% else %}-{% endfor %}";
        let text =
            text.replace("{% else %}-{% endfor %}", "{% endfor %}{% if not rewards %}-{% endif %}");
        shop.template("notice", Purpose::Service, &text);
        shop.gateway(Channel::Push);
        for (id, reward) in &catalogue {
            let text =
                format!("INSERT INTO reward VALUES (1, '{id}', 1, '{reward}', 0, 'test', NULL)");
            shop.world.sql.connection().execute(&text, []).unwrap();
        }
        let (no, before) = (shop.no("m00"), shop.world.now.get().plus_ms(-HOUR_MS));
        for (place, (kind, item)) in
            [("favourite", "b"), ("view", "c"), ("view", "f"), ("view", "nothing")]
                .into_iter()
                .enumerate()
        {
            let row = store::BehaviourRow {
                programme_no: 1,
                member_no: no,
                key: format!("k{place}"),
                day: i32::try_from(before.0 / DAY_MS).unwrap(),
                kind: kind.into(),
                item: Some(item.into()),
                category: None,
                value_minor: None,
                occurred_at: before.0 + i64::try_from(place).unwrap(),
                channel: None,
                session: None,
            };
            wait(store::report_behaviour(&shop.reach, &[row])).unwrap();
        }
        shop.at_night(23);
        shop.night();
        shop.world.later(9 * HOUR_MS);
        let sent = shop.send(taken);
        assert_eq!(body(&sent[0])["text"], shown, "{recommend}");
    }
}

#[test]
fn a_text_that_cannot_be_written_says_why() {
    for (body, why) in
        [("券 {{ coupon.code }} 拒收请回复R", "the template: "), ("{{ points }} {{ link }}", "")]
    {
        let mut shop = shop(json!({"strategies": [ladder()]}), 1);
        shop.template("notice", Purpose::Service, body);
        shop.gateway(Channel::Push);
        shop.at_night(23);
        shop.night();
        shop.world.later(9 * HOUR_MS);
        let sent = shop.send(taken);
        assert_eq!(sent.is_empty(), !why.is_empty(), "{body}");
        let expected =
            if why.is_empty() { "sent push".to_owned() } else { format!("failed {why}") };
        assert!(shop.outcomes()[0].contains(&expected), "{:?}", shop.outcomes());
        assert_eq!(shop.waiting(), 0);
    }
}

#[test]
fn a_programme_without_a_second_file_works_as_well() {
    let both = Native::in_memory().unwrap();
    wait(store::migrate(&both)).unwrap();
    wait(begin_reach(&both, &both)).unwrap();
    let _bought = purchase(1);
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'outbox'";
    let count: i64 = both.connection().query_row(tables, [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
}
