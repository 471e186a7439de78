//! A message that waits for room goes out when there is room: whatever it was that took it, and
//! whatever made it go.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use channels::HttpRequest;
use ledger::MemberId;
use reach::Channel;
use rules::operations::{Erase, Freeze, Merge, Restore};
use serde_json::{Value as Json, json};
use store::pause_channel;

use crate::outbox::{shop, sms_number, status, taken};
use crate::support::wait;
use crate::touch::{HOUR_MS, Shop};

/// Two weeks before the points end, which is in the next month.
const NIGHT: i64 = 16;
const NEXT_MONTH: &str = "1769911200000";

fn strategy(id: &str, channel: &str, priority: i64) -> Json {
    json!({"id": id, "priority": priority,
        "trigger": {"kind": "points_expiring", "days_before": 14}, "send": {"channels": [channel], "template": "news"}, "holdout_percent": 0})
}

fn caps(shop: &mut Shop, times: u32) {
    let caps = json!([{"times": times, "per": "month"}]);
    shop.messaging.playbook.caps = serde_json::from_value(caps).unwrap();
}

/// Pauses the account for push, or takes that back.
fn pause(shop: &Shop, why: Option<&str>) {
    let now = shop.world.now.get();
    assert!(wait(pause_channel(&shop.reach, 1, "push", (why, now))).unwrap());
}

/// At noon "low" waits by SMS until the next month, as "high" has the month's room, and waits for
/// its account. They were decided as it is now, or before there was a cap.
fn waiting(is_decided_so: bool) -> Shop {
    let mut high = strategy("high", "push", 5);
    high["stop_when"] = json!(["redeemed"]);
    let mut low = strategy("low", "sms", 0);
    low["send"]["template"] = json!("notice");
    let strategies = json!([high, low]);
    let mut shop = shop(json!({"holdout_percent": 0, "strategies": strategies}), 2);
    shop.gateway(Channel::Push);
    shop.gateway(Channel::Sms);
    pause(&shop, Some("for a look"));
    for member in ["m00", "m01"] {
        sms_number(&shop, member);
    }
    if is_decided_so {
        caps(&mut shop, 1);
    }
    shop.at_night(NIGHT);
    shop.night();
    caps(&mut shop, 1);
    shop.world.later(8 * HOUR_MS);
    assert!(sent(&shop, taken).is_empty());
    let due = shop.rows("SELECT DISTINCT due_at || '' FROM touch WHERE strategy = 'low'");
    assert_eq!(due, [NEXT_MONTH], "{:?}", shop.outcomes());
    shop.world.later(2 * HOUR_MS);
    assert!(sent(&shop, taken).is_empty());
    shop
}

/// What goes out until nothing is due, by the addresses.
fn sent(shop: &Shop, answers: impl Fn(&HttpRequest) -> channels::Heard + Copy) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..4 {
        all.extend(shop.send(answers));
        shop.world.later(60_000);
        shop.fold();
    }
    let to = |request: &HttpRequest| {
        let body: Json = serde_json::from_str(&request.body).unwrap();
        body["to"].as_str().unwrap().to_owned()
    };
    all.iter().filter(|request| request.url.contains("sms")).map(to).collect()
}

fn refuses_push(request: &HttpRequest) -> channels::Heard {
    status(if request.url.contains("push") { 422 } else { 200 })
}

fn write(shop: &Shop, text: &str) {
    assert!(shop.reach.connection().execute(text, []).unwrap() > 0, "{text}");
}

/// What takes the room away from the one who has it.
type Release = (&'static str, fn(&mut Shop));

/// What is settled as the message that has the room is asked.
const STOPS: [Release; 5] = [
    ("a redemption stops it", |shop| {
        shop.world.redeem("m00", 10);
        shop.fold();
    }),
    ("the member says no", |shop| {
        let no = shop.no("m00");
        write(
            shop,
            &format!(
                "INSERT INTO consent (programme_no, member_no, purpose, channel, decision, digest, at,
                 source, recorded_at, recorded_by) VALUES (1, {no}, 'marketing', 'push', 'withdrawn', '', 1, 'link', 1, 'test')"
            ),
        );
    }),
    ("the address is gone", |shop| {
        let no = shop.no("m00");
        write(shop, &format!("DELETE FROM contact WHERE member_no = {no} AND channel = 'push'"));
    }),
    ("the strategy is cancelled", |shop| {
        shop.messaging.playbook.strategies.remove(0);
    }),
    ("the account is frozen for a while", |shop| {
        let frozen = ledger::Frozen { earning: true, spending: true };
        shop.apply("m00", Freeze(frozen));
        shop.fold();
        pause(shop, None);
        shop.send(taken);
        shop.apply("m00", Restore(frozen));
        shop.fold();
        shop.world.later(60_000);
    }),
];

#[test]
fn a_stop_leaves_its_room_at_once() {
    for is_decided_so in [true, false] {
        for (what, release) in STOPS {
            let mut shop = waiting(is_decided_so);
            release(&mut shop);
            pause(&shop, None);
            let sent = sent(&shop, taken);
            let own = format!("+86138000000{:02}", shop.no("m00"));
            assert!(sent.contains(&own), "{what} {is_decided_so}: {sent:?} {:?}", shop.outcomes());
        }
        let shop = waiting(is_decided_so);
        pause(&shop, None);
        assert_eq!(sent(&shop, refuses_push).len(), 2, "the vendor refuses both");
        let shop = waiting(is_decided_so);
        pause(&shop, None);
        assert!(sent(&shop, taken).is_empty(), "it went out, and has the room");
        assert_eq!(shop.waiting(), 2);
    }
}

#[test]
fn what_nobody_sends_in_time_leaves_its_room() {
    let mut shop = waiting(true);
    // Its time ends before that of the one that waits.
    write(&shop, "UPDATE touch SET deadline_at = due_at + 14400000 WHERE strategy = 'high'");
    write(
        &shop,
        "UPDATE outbox SET until_at = (SELECT deadline_at FROM touch WHERE no = touch_no)
         WHERE channel = 'push'",
    );
    shop.world.later(2 * HOUR_MS);
    assert_eq!(sent(&shop, taken).len(), 2, "{:?}", shop.outcomes());
    // Nothing of the account that waits is left, and nothing goes out.
    shop = waiting(true);
    shop.apply("m00", Erase);
    shop.fold();
    pause(&shop, None);
    assert!(sent(&shop, taken).is_empty());
    let no = shop.no("m00");
    let left = shop.rows(&format!("SELECT strategy FROM touch WHERE member_no = {no}"));
    assert_eq!(left, [""; 0]);
}

#[test]
fn another_playbook_is_asked_on_the_next_day() {
    for is_decided_so in [true, false] {
        let mut shop = waiting(is_decided_so);
        caps(&mut shop, 2);
        assert!(sent(&shop, taken).is_empty());
        shop.world.later(20 * HOUR_MS);
        assert!(sent(&shop, taken).is_empty(), "before the time at which messages go out");
        shop.world.later(2 * HOUR_MS);
        assert_eq!(sent(&shop, taken).len(), 2, "{:?}", shop.outcomes());
        let due = "SELECT DISTINCT state || (due_at < sent_at) FROM touch WHERE strategy = 'low'";
        assert_eq!(shop.rows(due), ["sent1"]);
    }
}

#[test]
fn what_waits_for_room_is_asked_for_room_alone() {
    let shop = waiting(true);
    // For some days there is no address, and the account is frozen.
    let frozen = ledger::Frozen { earning: true, spending: true };
    shop.apply("m00", Freeze(frozen));
    write(&shop, "UPDATE contact SET state = 'bounced' WHERE channel = 'sms'");
    for _ in 0..3 {
        shop.world.later(24 * HOUR_MS);
        shop.fold();
        assert!(sent(&shop, taken).is_empty());
    }
    assert_eq!(shop.waiting(), 4, "{:?}", shop.outcomes());
    shop.apply("m00", Restore(frozen));
    write(&shop, "UPDATE contact SET state = 'open' WHERE channel = 'sms'");
    shop.fold();
    shop.world.later(72 * HOUR_MS);
    assert_eq!(sent(&shop, taken).len(), 2, "in the next month: {:?}", shop.outcomes());
}

#[test]
fn a_merger_leaves_the_room_of_what_does_not_go_again() {
    let shop = waiting(true);
    let [into, from] = ["m00", "m01"].map(|id| shop.no(id));
    // The other account had the message in the month before.
    write(
        &shop,
        &format!(
            "UPDATE touch SET state = 'sent', channel = 'push', sent_at = due_at - 2700000000
             WHERE strategy = 'high' AND member_no = {from}"
        ),
    );
    write(&shop, &format!("DELETE FROM touch WHERE strategy = 'low' AND member_no = {from}"));
    shop.apply("m00", Merge { from: MemberId::new("m01").unwrap() });
    shop.fold();
    assert_eq!(sent(&shop, taken), [format!("+86138000000{into:02}")], "{:?}", shop.outcomes());
}

#[test]
fn a_paused_account_and_a_spent_budget_store_no_wait() {
    let mut shop = waiting(true);
    caps(&mut shop, 2);
    // Nothing was asked while it was paused, so it goes as soon as somebody looks.
    pause(&shop, None);
    assert_eq!(shop.send(taken).len(), 2);
    // What had no budget is over, also when a later playbook has more.
    let mut low = strategy("low", "push", 0);
    low["budget"] = json!({"messages": 1, "per": "lifetime"});
    shop = crate::outbox::shop(json!({"holdout_percent": 0, "strategies": [low]}), 6);
    shop.gateway(Channel::Push);
    shop.at_night(NIGHT);
    shop.night();
    let of = |shop: &Shop, state: &str| {
        let rows = shop.rows(&format!(
            "SELECT count(*) || '' FROM touch WHERE coalesce(reason, state) = '{state}'"
        ));
        rows[0].parse::<i64>().unwrap()
    };
    assert_eq!((of(&shop, "due"), of(&shop, "budget")), (1, 3), "{:?}", shop.outcomes());
    shop.messaging.playbook.strategies[0].budget.as_mut().unwrap().messages = Some(2);
    shop.at_night(NIGHT + 1);
    shop.night();
    // One of those whose points end a day later has what was added.
    assert_eq!((of(&shop, "due"), of(&shop, "budget")), (2, 4), "{:?}", shop.outcomes());
}

#[test]
fn what_goes_later_has_no_room_in_the_same_run() {
    let mut low = strategy("low", "push", 0);
    low["send"]["template"] = json!("notice");
    // Its time ends with the day.
    low["until"] = json!("2026-01-26");
    let strategies = json!([strategy("high", "push", 5), low]);
    let mut shop = shop(json!({"holdout_percent": 0, "strategies": strategies}), 1);
    shop.gateway(Channel::Push);
    shop.at_night(NIGHT);
    shop.night();
    let caps = json!([{"times": 1, "per": "day"}]);
    shop.messaging.playbook.caps = serde_json::from_value(caps).unwrap();
    // In quiet hours one waits for the morning, for which the other one has no time.
    shop.world.later(8 * HOUR_MS + 42_000_000);
    assert!(shop.send(taken).is_empty());
    assert_eq!(shop.outcomes(), ["1 high -14 due ", "1 low -14 suppressed quiet_too_late"]);
}

/// "both" goes by push and SMS, and "high" by SMS; then a cap leaves SMS of a month to one.
fn both() -> Shop {
    let mut both = strategy("both", "push", 0);
    both["send"] = json!({"channels": ["push", "sms"], "template": "notice"});
    let strategies = json!([strategy("high", "sms", 5), both]);
    let mut shop = shop(json!({"holdout_percent": 0, "strategies": strategies}), 1);
    shop.gateway(Channel::Push);
    shop.gateway(Channel::Sms);
    sms_number(&shop, "m00");
    shop.at_night(NIGHT);
    shop.night();
    let caps = json!([{"channel": "sms", "times": 1, "per": "month"}]);
    shop.messaging.playbook.caps = serde_json::from_value(caps).unwrap();
    shop.world.later(8 * HOUR_MS);
    shop
}

#[test]
fn what_goes_by_several_channels_is_due_by_those_that_are_left() {
    let due = |shop: &Shop| shop.rows("SELECT due_at || '' FROM touch WHERE strategy = 'both'");
    // A vendor that is busy is tried again: it is due today.
    let shop = both();
    let busy = |request: &HttpRequest| status(if request.url.contains("push") { 503 } else { 200 });
    assert_eq!(sent(&shop, busy).len(), 1, "{:?}", shop.outcomes());
    assert!(due(&shop)[0].as_str() < "1769500000000", "{:?} {:?}", due(&shop), shop.outcomes());
    // What the vendor refuses leaves the other channel, which waits.
    let shop = both();
    assert_eq!(sent(&shop, refuses_push).len(), 1, "{:?}", shop.outcomes());
    assert_eq!(due(&shop), [NEXT_MONTH], "{:?}", shop.outcomes());
}

#[test]
fn what_a_channel_takes_a_day_later_counts_on_that_day() {
    let mut both = strategy("both", "push", 0);
    both["send"]["channels"] = json!(["push", "sms"]);
    let mut next = strategy("next", "push", 0);
    next["trigger"]["days_before"] = json!(13);
    next["send"]["template"] = json!("notice");
    let caps = json!([{"times": 1, "per": "day"}]);
    let strategies = json!([both, next]);
    let playbook = json!({"holdout_percent": 0, "caps": caps, "strategies": strategies});
    let shop = shop(playbook, 1);
    shop.gateway(Channel::Push);
    shop.gateway(Channel::Sms);
    sms_number(&shop, "m00");
    let pause = |why: Option<&str>| {
        let now = shop.world.now.get();
        assert!(wait(pause_channel(&shop.reach, 1, "sms", (why, now))).unwrap());
    };
    pause(Some("for a look"));
    let mut went = Vec::new();
    for night in NIGHT..NIGHT + 3 {
        shop.at_night(night);
        shop.night();
        shop.world.later(8 * HOUR_MS - 1_800_000);
        if night > NIGHT {
            pause(None);
        }
        went.push(shop.send(taken).len());
        shop.world.later(1_800_000);
        went.push(shop.send(taken).len());
    }
    // By push at 10:00; by SMS at 09:30 of the next day, which has its message then.
    assert_eq!(went, [0, 1, 1, 0, 0, 1], "{:?}", shop.outcomes());
}
