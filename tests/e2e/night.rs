//! Jobs, by schedule and over HTTP: twice, at once, killed in the middle, late or never. The books
//! must be the same.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tests::{Host, Shop, at_once};

const MEMBERS: usize = 60;
const MIDNIGHT: &str = "2026-04-10T00:00:00+08:00";

/// Members with points of 30 days, half of them due at midnight of 10 April, some spent in part.
fn host_before_the_night(arguments: &[&str]) -> (Host, Shop) {
    let host = Host::start_with(arguments);
    let shop = host.shop_with("short", |book| {
        book["expiry"]["shopping"] = json!({"policy": "days", "days": 30});
    });
    buy_all(&shop, "due", 0..MEMBERS / 2);
    shop.redeems("m-3", 4).send().ok();
    shop.redeems("m-4", 10).send().ok();
    host.clock("2026-03-20T10:00:00+08:00");
    buy_all(&shop, "later", MEMBERS / 3..MEMBERS);
    (host, shop)
}

fn buy_all(shop: &Shop, order: &str, members: std::ops::Range<usize>) {
    let event = |n: usize| {
        let mut event = tests::purchase(&format!("m-{n}"), &format!("{order}-{n}"), 1_000);
        event["idempotency_key"] = format!("{order}-{n}").into();
        event
    };
    for outcome in shop.bulk(&members.map(event).collect::<Vec<_>>()) {
        assert!(outcome.starts_with("201 earn +10"), "{outcome}");
    }
}

/// One way through a night.
type Night = fn(&Host, &Shop);

/// Every member's history, as lines.
fn books(shop: &Shop) -> Vec<Vec<String>> {
    (0..MEMBERS).map(|n| shop.history(&format!("m-{n}"))).collect()
}

fn after_the_night(arguments: &[&str], night: impl FnOnce(&Host, &Shop)) -> Vec<Vec<String>> {
    let (host, shop) = host_before_the_night(arguments);
    host.clock(MIDNIGHT);
    night(&host, &shop);
    books(&shop)
}

#[test]
fn the_schedule_and_the_route_write_the_same_books() {
    let expected = after_the_night(&[], |host, _| assert_eq!(host.fire("expire-sweep"), 200));
    assert_eq!(expected[0], ["earn +10 = 10", "expire -10 = 0"]);
    assert_eq!(expected[3], ["earn +10 = 10", "redeem -4 = 6", "expire -6 = 0"]);
    assert_eq!(expected[4], ["earn +10 = 10", "redeem -10 = 0"]);
    assert_eq!(expected[25], ["earn +10 = 10", "earn +10 = 20", "expire -10 = 10"]);
    assert_eq!(expected[50], ["earn +10 = 10"]);
    let rows: [(&str, Night); 6] = [
        ("over HTTP", |_, shop| drop(shop.runs("expire-sweep"))),
        ("the whole night", |_, shop| drop(shop.runs("night"))),
        ("twice", |host, shop| {
            assert_eq!((host.fire("expire-sweep"), host.fire("expire-sweep")), (200, 200));
            drop(shop.runs("night"));
        }),
        ("at once", |host, shop| {
            at_once(8, |n| {
                if n % 2 == 0 {
                    assert_eq!(host.fire("expire-sweep"), 200)
                } else {
                    drop(shop.runs("night"))
                }
            });
        }),
        ("with tiers first", |host, _| {
            assert_eq!((host.fire("tier-upgrade"), host.fire("expire-sweep")), (200, 200))
        }),
        ("an hour back and again", |host, shop| {
            drop(shop.runs("night"));
            host.clock("2026-04-09T23:00:00+08:00");
            drop(shop.runs("night"));
            host.clock(MIDNIGHT);
            drop(shop.runs("night"));
        }),
    ];
    for (what, night) in rows {
        let found = after_the_night(&[], night);
        // Reminders are entries of their own; only the points must agree.
        let found: Vec<Vec<String>> = found
            .into_iter()
            .map(|lines| lines.into_iter().filter(|line| !line.starts_with("remind")).collect())
            .collect();
        assert_eq!(found, expected, "{what}");
    }
}

/// Killed at some moment of the sweep, ten times, then run to its end.
#[test]
fn a_sweep_killed_in_the_middle_goes_on() {
    let (mut host, shop) = host_before_the_night(&[]);
    host.clock(MIDNIGHT);
    let mut swept = 0;
    for round in 0..10 {
        let shop = shop.moved_to(host.address);
        std::thread::scope(|scope| {
            // The request ends with the host.
            scope.spawn(|| drop(shop.ask("POST", "/v1/jobs/night").try_send()));
            host.kill_after(Duration::from_millis(round * 3));
        });
        host.start_again();
        host.clock(MIDNIGHT);
        let before = swept;
        swept = host.books().number("SELECT count(*) FROM entry WHERE kind = 'expire'");
        assert!(swept >= before);
    }
    let shop = shop.moved_to(host.address);
    shop.runs("night");
    // One of the thirty members spent all points.
    assert_eq!(host.books().number("SELECT count(*) FROM entry WHERE kind = 'expire'"), 29);
    assert_eq!(shop.runs("night")["entries"], 0, "nothing is left to do");
}

/// Members keep earning and spending while the sweep runs.
#[test]
fn a_sweep_under_load() {
    let (host, shop) = host_before_the_night(&["--instances", "4"]);
    host.clock(MIDNIGHT);
    at_once(12, |worker| {
        for n in 0..20 {
            let member = format!("m-{}", (worker * 5 + n) % MEMBERS);
            match worker % 4 {
                0 => drop(shop.runs("night")),
                1 => assert_eq!(
                    shop.buys(&member, &format!("w-{worker}-{n}"), 1_000).send().status,
                    201
                ),
                2 => drop(shop.redeems(&member, 3).send()),
                _ => assert_eq!(host.fire("expire-sweep"), 200),
            }
        }
    });
    let unswept =
        "SELECT count(*) FROM member WHERE due_at <= unixepoch('2026-04-09 16:00:00') * 1000";
    assert_eq!(host.books().number(unswept), 0);
}

#[test]
fn a_night_that_runs_a_month_late_expires_every_due_lot() {
    let (host, shop) = host_before_the_night(&[]);
    host.clock("2026-05-20T12:00:00+08:00");
    let report = shop.runs("night");
    // Thirty lots of the first day minus the spent one, and forty of the second.
    assert_eq!((&report["lots_expired"], &report["points_expired"]), (&json!(69), &json!(686)));
    assert!((0..MEMBERS).all(|n| shop.balance(&format!("m-{n}")) == 0));
}

#[test]
fn reminders_come_once_a_day() {
    let (host, shop) = host_before_the_night(&[]);
    let reminded = |instant: &str| {
        host.clock(instant);
        shop.runs("night");
        shop.runs("remind");
        host.books().number("SELECT count(*) FROM entry WHERE kind = 'remind'")
    };
    for (instant, reminders) in [
        ("2026-04-02T12:00:00+08:00", 0),
        ("2026-04-03T00:00:00+08:00", 29),
        ("2026-04-03T23:00:00+08:00", 29),
        ("2026-04-07T12:00:00+08:00", 58),
        ("2026-04-09T12:00:00+08:00", 87),
        ("2026-04-10T00:00:00+08:00", 87),
    ] {
        assert_eq!(reminded(instant), reminders, "{instant}");
    }
    let newest = shop.get("/v1/members/m-0/entries?limit=2").send().ok()["items"].take();
    assert_eq!(
        (&newest[0]["kind"], &newest[1]["reminder"]["points"]),
        (&json!("expire"), &json!(10))
    );
}

#[test]
fn requests_for_jobs_are_validated() {
    let (host, shop) = host_before_the_night(&[]);
    let night = shop.ask("POST", "/v1/jobs/night");
    for (ask, outcome) in [
        (shop.ask("POST", "/v1/jobs/afternoon"), "404 resource-not-found"),
        (night.clone().without("idempotency-key"), "200"),
        (shop.ask("POST", "/v1/jobs/night?x=1"), "400 invalid-request ?x"),
        (shop.get("/v1/jobs/night"), "405 method-not-allowed"),
        (night.clone().bearer(&shop.key("storefront")), "403 forbidden"),
        (night.bearer(&shop.key("job")), "200"),
    ] {
        assert_eq!(ask.send().outcome(), outcome);
    }
    for component in ["nothing", "earn", ""] {
        assert_eq!(host.fire(component), 404, "{component}");
    }
    let report: Json = shop.runs("activate");
    assert_eq!((&report["job"], &report["entries"]), (&json!("activate"), &json!(0)));
}

/// A rehearsal shows the entries of the coming night to the permitted roles, and writes none.
#[test]
fn the_coming_night_can_be_rehearsed() {
    let (host, shop) = host_before_the_night(&["--clock", "2026-03-10T10:00:00+08:00"]);
    host.clock("2026-04-09T23:00:00+08:00");
    let [marketing, storefront] =
        ["marketing", "storefront"].map(|role| shop.with_bearer(&shop.key(role)));
    let path = "/v1/jobs/night?dry_run=true";
    let before = host.books().snapshot();
    let rehearse = |path: &str| marketing.post(path, &json!({})).without("idempotency-key").send();
    let reported = rehearse(path).ok();
    assert_eq!(
        (&reported["at"], &reported["done"], &reported["next"]),
        (&json!("2026-04-09T16:00:00Z"), &json!(true), &Json::Null)
    );
    assert_eq!(rehearse(path).ok(), reported, "the same question, the same answer");
    for (path, outcome) in [
        ("/v1/jobs/night?dry_run=maybe", "400 invalid-request ?dry_run"),
        ("/v1/jobs/night?dry_run=true&at=tomorrow", "400 invalid-request ?at"),
        ("/v1/jobs/night?dry_run=true&at=2026-04-01T00:00:00Z", "400 invalid-request ?at"),
        ("/v1/jobs/night?dry_run=true&at=2099-04-01T00:00:00Z", "400 invalid-request ?at"),
        ("/v1/jobs/night?dry_run=true&cursor=x", "400 invalid-request ?cursor"),
        ("/v1/jobs/night?dry_run=true&limit=3", "400 invalid-request ?limit"),
    ] {
        assert_eq!(rehearse(path).outcome(), outcome, "{path}");
    }
    assert_eq!(storefront.post(path, &json!({})).send().outcome(), "403 forbidden");
    assert_eq!(
        marketing.post("/v1/jobs/night", &json!({})).send().outcome(),
        "403 forbidden",
        "to see is not to do"
    );
    assert_eq!(host.books().snapshot(), before);

    host.clock(MIDNIGHT);
    let done = shop.runs("night");
    for count in ["lots_expired", "points_expired", "lots_activated", "reminders"] {
        assert_eq!(reported["totals"][count], done[count], "{count}");
    }
    assert_eq!(reported["totals"]["points_expired"], 30 * 10 - 14);
}
