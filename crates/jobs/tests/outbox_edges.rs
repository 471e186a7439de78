//! What an attack on the outbox found: runs that die at the worst place, turns that pass, numbers
//! that come back, strategies that answer themselves.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::cell::{Cell, RefCell};

use crate::outbox::{body, by_two, given, shop, sms_number, status, taken, with_grants};
use crate::support::{Raced, purchase, wait};
use crate::touch::{Shop, ladder};
use channels::{Heard, HttpRequest};
use ledger::{MemberId, Timestamp};
use reach::{Channel, Purpose};
use rules::operations::Merge;
use serde_json::{Value as Json, json};
use store::{Error, Native, Rows, Sql, Value, pause_channel};

const HOUR_MS: i64 = 3_600_000;

/// A database on which statements with a mark fail, and that counts those with another one.
struct Failing<'a> {
    sql: &'a Native,
    mark: &'static str,
    counted: (&'static str, Cell<u32>),
}

impl<'a> Failing<'a> {
    fn at(sql: &'a Native, mark: &'static str) -> Self {
        Self { sql, mark, counted: ("FROM outbox WHERE programme_no", Cell::new(0)) }
    }
}

impl Sql for Failing<'_> {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        if !self.mark.is_empty() && statement.contains(self.mark) {
            return Err(Error::Database("killed".into()));
        }
        if statement.contains(self.counted.0) {
            self.counted.1.set(self.counted.1.get() + 1);
        }
        self.sql.query(statement, values).await
    }
}

fn channels_of(sent: &[HttpRequest]) -> Vec<&'static str> {
    sent.iter().map(|of| if of.url.contains("/push") { "push" } else { "sms" }).collect()
}

/// One member whose message is due by push, and by SMS where push cannot.
fn one_of_two() -> Shop {
    let shop = shop(by_two("first_possible"), 1);
    shop.gateway(Channel::Push);
    shop.gateway(Channel::Sms);
    sms_number(&shop, "m00");
    at_ten(&shop, 23);
    shop
}

/// A night, and 11:00 of its day.
fn at_ten(shop: &Shop, night: i64) {
    shop.at_night(night);
    shop.night();
    shop.world.later(9 * HOUR_MS);
}

fn row(channel: &str, template: &str) -> Json {
    json!({"id": channel, "trigger": {"kind": "points_expiring", "days_before": 7},
           "send": {"channels": [channel], "template": template}, "holdout_percent": 0})
}

fn ends(shop: &Shop, with: &str) {
    assert!(shop.outcomes()[0].ends_with(with), "{:?}", shop.outcomes());
    assert_eq!(shop.waiting(), 0);
}

#[test]
fn what_a_vendor_took_goes_by_no_other_channel() {
    let killed = |shop: &Shop| {
        let failing = Failing::at(&shop.reach, "INSERT INTO outbox_settle");
        shop.send_on(&failing, &shop.world.sql, taken).1
    };
    // The run dies before it can say so, and the channel has had its time.
    let late = one_of_two();
    let mut sent = killed(&late);
    let now = late.world.now.get();
    wait(pause_channel(&late.reach, 1, "push", (Some("for a look"), now))).unwrap();
    late.world.later(5 * HOUR_MS);
    sent.extend(late.send(taken));
    assert_eq!(channels_of(&sent), ["push"]);
    ends(&late, "sent push");
    // Or the address is closed meanwhile.
    let closed = one_of_two();
    let mut sent = killed(&closed);
    let text = "UPDATE contact SET state = 'bounced' WHERE channel = 'push'";
    closed.reach.connection().execute(text, []).unwrap();
    closed.world.later(61_000);
    sent.extend(closed.send(taken));
    assert_eq!(channels_of(&sent), ["push"]);
    ends(&closed, "sent push");
    // Or something stops it.
    let mut stopping = ladder();
    stopping["stop_when"] = json!(["redeemed"]);
    let stopped = shop(json!({"strategies": [stopping]}), 1);
    stopped.gateway(Channel::Push);
    at_ten(&stopped, 23);
    killed(&stopped);
    stopped.world.redeem("m00", 10);
    stopped.fold();
    stopped.world.later(61_000);
    assert!(stopped.send(taken).is_empty());
    ends(&stopped, "sent push");
}

#[test]
fn what_a_vendor_may_have_goes_by_no_other_channel() {
    // Its text cannot be written any more.
    let mut broken = one_of_two();
    let mut sent = broken.send(|_| Heard::Nothing);
    broken.template("notice", Purpose::Service, "券 {{ coupon.code }}");
    for _ in 0..2 {
        broken.world.later(HOUR_MS);
        sent.extend(broken.send(taken));
    }
    assert_eq!(channels_of(&sent), ["push"]);
    assert!(broken.outcomes()[0].contains("unknown push"), "{:?}", broken.outcomes());
    // Its account is removed while it is on its way.
    let removed = one_of_two();
    let failing = Failing::at(&removed.reach, "INSERT INTO wave_end");
    let (_, mut sent) = removed.send_on(&failing, &removed.world.sql, taken);
    let text = "DELETE FROM channel_account WHERE id = 'push'";
    removed.reach.connection().execute(text, []).unwrap();
    removed.world.later(5 * HOUR_MS);
    sent.extend(removed.send(taken));
    assert_eq!(channels_of(&sent), ["push"]);
    assert!(removed.outcomes()[0].contains("unknown push"), "{:?}", removed.outcomes());
}

#[test]
fn a_turn_that_passes_before_the_wave_takes_the_message_along() {
    let shop = one_of_two();
    let until: i64 = shop.rows("SELECT until_at || '' FROM outbox")[0].parse().unwrap();
    shop.world.now.set(Timestamp(until - 5));
    let sent = RefCell::new(Vec::new());
    let rival = || {
        shop.world.later(10);
        sent.borrow_mut().extend(shop.send(taken));
    };
    let raced = Raced {
        sql: &shop.reach,
        mark: "INSERT INTO wave_begin",
        rival: RefCell::new(Some(rival)),
    };
    let (report, own) = shop.send_on(&raced, &shop.world.sql, taken);
    report.unwrap();
    assert_eq!((channels_of(&own), channels_of(&sent.borrow())), (vec![], vec!["sms"]));
    ends(&shop, "sent sms");
}

#[test]
fn the_number_of_a_touch_that_is_gone_is_not_given_again() {
    let shop = shop(json!({"strategies": [row("push", "notice")]}), 5);
    shop.gateway(Channel::Push);
    at_ten(&shop, 23);
    assert_eq!(shop.send(taken).len(), 4);
    // The touch of m03, the last one, failed and goes: m00 has one for the same occasion. Its
    // attempt stays.
    let failed = "UPDATE touch SET state = 'failed' WHERE no = 4;
        UPDATE touch_delivery SET state = 'failed' WHERE touch_no = 4";
    shop.reach.connection().execute_batch(failed).unwrap();
    shop.apply("m00", Merge { from: MemberId::new("m03").unwrap() });
    shop.fold();
    assert_eq!(shop.outcomes().len(), 3);
    // m04 bought a day later.
    at_ten(&shop, 24);
    assert_eq!(shop.send(taken).len(), 1);
    assert_eq!(shop.rows("SELECT max(no) || '' FROM touch"), ["5"]);
    assert!(shop.outcomes().iter().all(|row| row.ends_with("sent push")));
}

#[test]
fn a_slow_account_costs_another_one_nothing() {
    let shop = shop(json!({"strategies": [row("push", "notice"), row("sms", "notice")]}), 60);
    shop.gateway(Channel::Push);
    shop.gateway(Channel::Sms);
    let slow =
        "UPDATE channel_account SET per_second = 1, burst = 1, left_milli = 1000 WHERE id = 'push'";
    shop.reach.connection().execute(slow, []).unwrap();
    for member in 0..60 {
        sms_number(&shop, &format!("m{member:02}"));
    }
    for night in 23..40 {
        shop.at_night(night);
        shop.night();
    }
    // All of them wait at once.
    let text = "UPDATE touch SET state = 'due', reason = NULL, due_at = 0, deadline_at = 9e15";
    shop.reach.connection().execute(text, []).unwrap();
    shop.reach.connection().execute("DELETE FROM outbox", []).unwrap();
    let text = "INSERT INTO outbox SELECT no, strategy, 1, 0, deadline_at, NULL, 0 FROM touch";
    shop.reach.connection().execute(text, []).unwrap();
    let count = |channel: &str| {
        shop.rows(&format!("SELECT count(*) || '' FROM outbox WHERE channel = '{channel}'"))[0]
            .parse::<usize>()
            .unwrap()
    };
    shop.world.later(9 * HOUR_MS);
    let (push, sms) = (count("push"), count("sms"));
    assert!(push > 55 && sms > 55, "{push} {sms}");
    shop.send(taken);
    assert_eq!(count("sms"), 0, "in the first run");
    assert!((1..55).contains(&(push - count("push"))), "one each second: {}", count("push"));
}

/// One member to whom a push and an SMS are due. The cap of one a day came after both were decided.
fn two_for_the_room_of_one() -> Shop {
    let strategies = json!([row("push", "notice"), row("sms", "news")]);
    let mut shop = shop(json!({"holdout_percent": 0, "strategies": strategies}), 1);
    shop.gateway(Channel::Push);
    shop.gateway(Channel::Sms);
    sms_number(&shop, "m00");
    shop.at_night(23);
    shop.night();
    let caps = json!([{"times": 1, "per": "day"}]);
    shop.messaging.playbook.caps = serde_json::from_value(caps).unwrap();
    shop.world.later(9 * HOUR_MS);
    shop
}

#[test]
fn what_a_vendor_may_have_counts_for_caps() {
    let shop = two_for_the_room_of_one();
    let no_answer = |request: &HttpRequest| match request.url.contains("/push") {
        true => Heard::Nothing,
        false => status(200),
    };
    let first = channels_of(&shop.send(no_answer));
    assert_eq!(first.len(), 1, "{first:?}");
    shop.world.later(60_000);
    let again = channels_of(&shop.send(taken));
    assert!(again.iter().all(|channel| *channel == first[0]), "{first:?} {again:?}");
}

#[test]
fn two_accounts_that_send_at_once_keep_a_cap() {
    let shop = two_for_the_room_of_one();
    // The first account has asked for the member, and the other one sends before its wave begins.
    let sent = RefCell::new(Vec::new());
    let rival = || sent.borrow_mut().extend(shop.send(taken));
    let raced = Raced {
        sql: &shop.reach,
        mark: "INSERT INTO wave_begin",
        rival: RefCell::new(Some(rival)),
    };
    let (report, own) = shop.send_on(&raced, &shop.world.sql, taken);
    report.unwrap();
    assert!(raced.rival.borrow().is_none());
    let mut sent = sent.take();
    sent.extend(own);
    assert_eq!(sent.len(), 1, "{:?}", channels_of(&sent));
    for _ in 0..3 {
        shop.world.later(60_000);
        sent.extend(shop.send(taken));
    }
    assert_eq!(sent.len(), 1, "{:?} {:?}", channels_of(&sent), shop.outcomes());
}

/// Both accounts of a member were told of the same. The one that goes was refused after an attempt
/// that nobody answered, or still waits for a second one.
#[test]
fn a_merger_drops_what_was_refused_and_keeps_what_may_have_gone() {
    for is_answered in [true, false] {
        let shop = shop(json!({"strategies": [ladder()]}), 2);
        shop.gateway(Channel::Push);
        at_ten(&shop, 23);
        let of = shop.no("m01");
        let id = shop.rows(&format!("SELECT no || '-push' FROM touch WHERE member_no = {of}"));
        let is_of = |request: &HttpRequest| request.header("webhook-id") == id[0];
        shop.send(|request| if is_of(request) { Heard::Nothing } else { status(200) });
        if is_answered {
            shop.world.later(61_000);
            assert_eq!(shop.send(|_| status(422)).len(), 1);
        }
        shop.apply("m00", Merge { from: MemberId::new("m01").unwrap() });
        shop.fold();
        let left = shop.rows("SELECT strategy FROM touch");
        assert_eq!(left.len(), if is_answered { 1 } else { 2 }, "{:?}", shop.outcomes());
    }
}

#[test]
fn a_channel_that_waits_for_room_keeps_its_turn() {
    let mut first = row("push", "news");
    first["priority"] = json!(5);
    let second = json!({"id": "second", "trigger": {"kind": "points_expiring", "days_before": 7},
        "send": {"channels": ["push", "sms"], "mode": "first_possible", "template": "notice"}});
    let mut shop = shop(json!({"holdout_percent": 0, "strategies": [first, second]}), 1);
    shop.gateway(Channel::Push);
    shop.gateway(Channel::Sms);
    sms_number(&shop, "m00");
    shop.at_night(23);
    shop.night();
    let caps = json!([{"times": 1, "per": "day"}]);
    shop.messaging.playbook.caps = serde_json::from_value(caps).unwrap();
    shop.world.later(8 * HOUR_MS);
    let mut sent = shop.send(taken);
    assert_eq!(channels_of(&sent), ["push"]);
    for _ in 0..30 {
        shop.world.later(HOUR_MS);
        sent.extend(shop.send(taken));
    }
    assert_eq!(channels_of(&sent), ["push", "push"], "{:?}", shop.outcomes());
}

#[test]
fn a_strategy_does_not_answer_itself() {
    let mut shop = with_grants(1);
    let playbook = json!({"holdout_percent": 0, "strategies": [
        {"id": "bonus", "trigger": {"kind": "balance_changed"}, "holdout_percent": 0,
         "action": {"grant": {"name": "wish"}, "set_attribute": {"name": "a", "value": "b"}}}]});
    shop.messaging.playbook = serde_json::from_value(playbook).unwrap();
    shop.night();
    shop.world.earn(["m00".to_owned()], &purchase(1_000));
    for _ in 0..8 {
        shop.night();
        shop.send(taken);
        shop.world.later(60_000);
    }
    assert_eq!(given(&shop).0, ["m00 1 5"]);
}

#[test]
fn a_long_row_that_is_not_wanted_any_more_is_settled_in_few_rounds() {
    let mut shop = shop(json!({"strategies": [row("push", "notice")]}), 30);
    shop.gateway(Channel::Push);
    for night in 23..29 {
        shop.at_night(night);
        shop.night();
    }
    shop.world.later(9 * HOUR_MS);
    shop.messaging.playbook.strategies.clear();
    // One that failed sends one at a time.
    let text = "UPDATE channel_account SET failures = 3";
    shop.reach.connection().execute(text, []).unwrap();
    let counting = Failing::at(&shop.reach, "");
    shop.send_on(&counting, &shop.world.sql, taken).0.unwrap();
    assert!(counting.counted.1.get() <= 5, "{}", counting.counted.1.get());
    assert_eq!(shop.waiting(), 0);
}

#[test]
fn a_text_tells_the_balance_with_what_was_granted() {
    let shop = with_grants(1);
    let sent = shop.send(taken);
    let text = body(&sent[0])["text"].as_str().unwrap().to_owned();
    assert!(text.contains("余额 105"), "{text}");
}

#[test]
fn a_report_of_an_earlier_attempt_counts() {
    let shop = one_of_two();
    let (touch, member) = (shop.rows("SELECT no || '' FROM touch")[0].clone(), shop.no("m00"));
    let account = &shop.rows("SELECT no || '' FROM channel_account WHERE id = 'push'")[0];
    for (attempt, state) in [(1, "failed"), (2, "retry")] {
        let text = format!(
            "INSERT INTO touch_delivery (programme_no, touch_no, member_no, channel, attempt, account_no, state,
             digest, started_at) VALUES (1, {touch}, {member}, 'push', {attempt}, {account}, '{state}', 'd', 1)"
        );
        shop.reach.connection().execute(&text, []).unwrap();
    }
    let mut sent = shop.send(taken);
    shop.world.later(10_000);
    sent.extend(shop.send(taken));
    assert_eq!(channels_of(&sent), ["sms"]);
    ends(&shop, "sent sms");
}
