//! An account that is slow: what goes first, how fast, and what becomes of what comes too late.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use crate::outbox::taken;
use crate::touch::{DAY_MS, Shop};
use ledger::Timestamp;
use reach::{Channel, Purpose};
use serde_json::{Value as Json, json};

/// 2026-01-19, a Monday.
const MONDAY: i64 = 9;
const MEMBERS: usize = 40;
const MINUTE_MS: i64 = 60_000;

/// Three strategies that come on Mondays at 10:00: one goes before the others, and of these the
/// last one has the least time.
fn mondays(quiet_from: &str) -> Json {
    let row = |id: &str, priority: i64, within_hours: u32| {
        json!({"id": id, "priority": priority, "segment": "buyers",
               "trigger": {"kind": "schedule", "weekdays": [1], "at": "10:00"},
               "send": {"channels": ["push"], "template": id, "within_hours": within_hours}})
    };
    json!({"quiet_hours": {"from": quiet_from, "until": "09:00"},
           "segments": {"buyers": {"when": "member.orders >= 1"}},
           "strategies": [row("long", 0, 72), row("first", 5, 72), row("short", 0, 1)]})
}

/// Its account sends a message a second, and after a rest so many at once. What the rehearsal of
/// the evening before tells of it stands beside.
fn slow(quiet_from: &str, burst: i64) -> (Shop, Json) {
    let mut shop = Shop::new(json!({}), MEMBERS);
    for template in ["long", "first", "short"] {
        shop.template(template, Purpose::Service, "hello");
    }
    shop.messaging.playbook = serde_json::from_value(mondays(quiet_from)).unwrap();
    shop.gateway(Channel::Push);
    let speed = format!(
        "UPDATE channel_account SET per_second = 1, burst = {burst}, left_milli = {burst}000"
    );
    shop.reach.connection().execute(&speed, []).unwrap();
    shop.at_night(MONDAY - 1);
    shop.fold();
    let told = shop.rehearse(None).to_json(true)["accounts"].take();
    shop.at_night(MONDAY);
    shop.night();
    (shop, told)
}

impl Shop {
    fn at(&self, text: &str) {
        self.world.now.set(Timestamp::parse(text).unwrap());
    }

    /// Runs, one after the other, until an instant. What went when, in order: strategies and
    /// instants.
    fn drained(&self, until: &str) -> Vec<(String, i64)> {
        let until = Timestamp::parse(until).unwrap();
        while self.world.now.get() < until {
            self.send(taken);
            self.world.later(1_000);
        }
        let gone = "SELECT t.strategy || ' ' || d.started_at FROM touch_delivery AS d
            JOIN touch AS t ON t.no = d.touch_no WHERE d.state = 'accepted' ORDER BY d.no";
        let read = |row: String| {
            let (strategy, at) = row.split_once(' ').unwrap();
            (strategy.to_owned(), at.parse().unwrap())
        };
        self.rows(gone).into_iter().map(read).collect()
    }

    fn ends(&self) -> Vec<String> {
        self.rows(
            "SELECT strategy || ' ' || state || ' ' || coalesce(reason, '') || ' ' || count(*)
             FROM touch GROUP BY strategy, state, reason ORDER BY 1",
        )
    }
}

fn count(gone: &[(String, i64)], of: &str) -> usize {
    gone.iter().filter(|(strategy, _)| strategy == of).count()
}

/// In no span of time more goes than what was left of the burst and what the time brings.
fn assert_no_faster(gone: &[(String, i64)], burst: i64) {
    for (place, (_, first)) in gone.iter().enumerate() {
        for (count, (_, last)) in gone[place..].iter().enumerate() {
            let sent = i64::try_from(count).unwrap() + 1;
            let may = burst * 1_000 + (last - first);
            assert!(sent * 1_000 <= may, "{sent} from {first} to {last}");
        }
    }
}

#[test]
fn a_late_run_sends_in_order_what_is_still_in_time() {
    let (shop, told) = slow("21:00", 3);
    // Had the job run, all would be in time.
    assert_eq!((&told[0]["late"], &told[0]["seconds"]), (&json!(0), &json!(3 * MEMBERS)));
    // The job did not run: a minute is left of the hour that one of the strategies has.
    shop.at("2026-01-19T10:59:00+08:00");
    let gone = shop.drained("2026-01-19T11:10:00+08:00");
    let hour = Timestamp::parse("2026-01-19T11:00:00+08:00").unwrap().0;
    let short = count(&gone, "short");
    assert!((20..=23).contains(&short), "{short}: a minute, the burst, and those that go before");
    let (first, rest) = gone.split_at(MEMBERS);
    assert!(first.iter().all(|(strategy, _)| strategy == "first"), "{first:?}");
    let (soon, later) = rest.split_at(short);
    assert!(soon.iter().all(|(strategy, at)| strategy == "short" && *at < hour), "{soon:?}");
    assert_eq!(count(later, "long"), MEMBERS);
    assert!(later.iter().all(|(_, at)| *at >= hour - 1_000));
    assert_no_faster(&gone, 3);
    let ends = [
        format!("first sent  {MEMBERS}"),
        format!("long sent  {MEMBERS}"),
        format!("short sent  {short}"),
        format!("short suppressed missed {}", MEMBERS - short),
    ];
    assert_eq!(shop.ends(), ends);
    // A second between two, after those of the burst.
    let spent = gone.last().unwrap().1 - gone[0].1;
    let least = i64::try_from(gone.len()).unwrap() * 1_000 - 3_000;
    assert!((least - 1_000..least + 5_000).contains(&spent), "{spent}");
}

#[test]
fn what_quiet_hours_stop_goes_after_them_or_is_too_late() {
    let (shop, told) = slow("10:01", 1);
    shop.at("2026-01-19T10:00:00+08:00");
    let quiet = shop.world.now.get().0 + MINUTE_MS;
    let gone = shop.drained("2026-01-19T10:03:00+08:00");
    let short = count(&gone, "short");
    assert!((18..=20).contains(&short), "{short}");
    assert!(gone.iter().all(|(_, at)| *at < quiet), "{gone:?}");
    let waiting = shop.ends();
    assert!(waiting.contains(&format!("long due  {MEMBERS}")), "{waiting:?}");
    assert!(
        waiting.contains(&format!("short suppressed quiet_too_late {}", MEMBERS - short)),
        "{waiting:?}"
    );
    shop.at("2026-01-20T09:00:00+08:00");
    let gone = shop.drained("2026-01-20T09:02:00+08:00");
    let (first, last) = (&gone[gone.len() - MEMBERS], gone.last().unwrap());
    assert_eq!((first.0.as_str(), first.1), ("long", quiet - MINUTE_MS + DAY_MS - 60 * MINUTE_MS));
    assert!(last.1 - first.1 < 45_000, "{last:?}");
    // The rehearsal told it, but for the second or two that the job is slower.
    assert_eq!(told[1], Json::Null, "one channel");
    let (late, at) = (told[0]["late"].as_i64().unwrap(), told[0]["drained_at"].as_str().unwrap());
    assert!((late - i64::try_from(MEMBERS - short).unwrap()).abs() <= 2, "{late}");
    assert!((0..5_000).contains(&(last.1 - Timestamp::parse(at).unwrap().0)), "{at}");
    let known = json!({"channel": "push", "account": "push", "is_paused": false, "per_second": 1, "messages": 120, "seconds": 120});
    for (field, value) in known.as_object().unwrap() {
        assert_eq!(&told[0][field], value, "{field}");
    }
    assert_no_faster(&gone, 1);
}
