//! Delivery against receivers that accept, refuse, redirect, vanish and come back: at least once,
//! in order per member, under stable ids.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use jobs::{Job, Outbound, Reply, Report, Secret, sign};
use ledger::Timestamp;
use rules::operations::Enrol;
use seal::{NONCE, Place, Seals};
use store::{EndpointWish, put_endpoint};
use support::receiver::{Event, Receiver, status};
use support::{Dying, Raced, World, action, members, purchase, short_lived, wait};

const START: &str = "2026-01-10T10:00:00+08:00";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

fn world() -> World {
    let world = World::new(START);
    world.publish(|document| document.tiers = None);
    subscribe(&world, "shop", "https://shop.example.com/hooks", None);
    world
}

fn subscribe(world: &World, id: &str, url: &str, kinds: Option<&[String]>) -> Option<String> {
    let token = world.id().to_string();
    let wish = EndpointWish {
        id,
        url,
        kinds,
        secret: Some(SECRET),
        fresh_secret: "",
        before_until: Timestamp(0),
        token: &token,
    };
    wait(put_endpoint(&world.sql, 1, &wish, world.now.get(), None)).unwrap()
}

fn notify(world: &World, outbound: &impl Outbound) -> Report {
    world.run_on(&world.sql, outbound, Job::Notify, 10_000).unwrap()
}

fn earn(world: &World, member: &str) {
    world.earn([member.to_owned()], &purchase(100));
}

fn parked(world: &World) -> Vec<String> {
    world.texts(
        "SELECT m.id || '/' || e.sequence || ' ' || k.state || ' ' || k.attempts FROM parked_event AS k JOIN entry AS e ON e.no = k.entry_no
         JOIN member AS m ON m.no = e.member_no ORDER BY k.entry_no",
    )
}

fn endpoint(world: &World) -> store::Endpoint {
    wait(store::endpoint(&world.sql, 1, "shop")).unwrap().unwrap()
}

/// While a secret is being replaced, both secrets sign, and the earlier one ends. Sealed secrets
/// are opened. A secret that no key opens signs nothing.
#[test]
fn two_secrets_sign_for_a_day() {
    const OTHER: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    const KEY: &str = "a-key-that-seals-of-40-characters-length";
    let world = world();
    let receiver = Receiver::new(|_| status(204));
    let signed = |secrets: &[&str]| {
        earn(&world, "m");
        notify(&world, &receiver);
        let event = receiver.events().pop().unwrap();
        let by = |text: &&str| {
            sign(&Secret::parse(text).unwrap(), &event.id, event.timestamp, &event.raw)
        };
        assert_eq!(event.signature, secrets.iter().map(by).collect::<Vec<_>>().join(" "));
    };
    signed(&[SECRET]);
    let seals = Seals::parse(KEY);
    let sealed = seals.seal(OTHER, &Place::endpoint(1, "shop"), [7; NONCE]);
    let until = world.now.get().plus_ms(24 * HOUR);
    assert!(wait(store::rotate_secret(&world.sql, 1, "shop", &sealed, until)).unwrap());
    assert!(!wait(store::rotate_secret(&world.sql, 1, "none", &sealed, until)).unwrap());
    assert_eq!(wait(store::endpoint_secret(&world.sql, 1, "shop")).unwrap(), Some(sealed));
    jobs::keep_seals(seals);
    signed(&[OTHER, SECRET]);
    world.now.set(world.now.get().plus_ms(24 * HOUR - 1));
    signed(&[OTHER, SECRET]);
    world.now.set(world.now.get().plus_ms(1));
    signed(&[OTHER]);
    // The key is lost: no event is sent without a signature.
    jobs::keep_seals(Seals::default());
    earn(&world, "m");
    let sent = receiver.events().len();
    notify(&world, &receiver);
    assert_eq!(receiver.events().len(), sent);
    assert_eq!(endpoint(&world).disabled.unwrap().1, "its secret cannot be read");
}

#[test]
fn every_entry_arrives_once_and_in_order_per_member() {
    let world = world();
    for _ in 0..4 {
        world.earn(members(30), &purchase(100));
    }
    let receiver = Receiver::new(|_| status(204));
    let report = notify(&world, &receiver);
    assert_eq!((report.done, report.delivered, report.refused), (true, 120, 0));
    let mut last: HashMap<String, i64> = HashMap::new();
    for event in receiver.events() {
        assert_eq!(event.sequence, last.insert(event.member, event.sequence).unwrap_or(0) + 1);
    }
    assert_eq!(last.len(), 30);
    receiver.take();
    assert_eq!((notify(&world, &receiver).delivered, receiver.take().len()), (0, 0));
}

#[test]
fn an_event_is_signed_and_shaped_as_documented() {
    let world = world();
    world.earn(["anna".to_owned()], &action("check_in"));
    let receiver = Receiver::new(|_| status(200));
    notify(&world, &receiver);
    let event = receiver.events().pop().unwrap();
    assert_eq!(event.url, "https://shop.example.com/hooks");
    assert_eq!(
        event.id.replace('-', ""),
        world.texts("SELECT lower(hex(id)) FROM entry").pop().unwrap()
    );
    assert_eq!(event.timestamp, world.now.get().0 / 1000);
    let secret = Secret::parse(SECRET).unwrap();
    assert_eq!(event.signature, sign(&secret, &event.id, event.timestamp, &event.raw));
    assert_eq!(
        (event.kind.as_str(), event.body["timestamp"].as_str()),
        ("points.earned", Some("2026-01-10T02:00:00Z"))
    );
    assert_eq!(
        (&event.body["data"]["entry_id"], &event.body["data"]["points"]),
        (&event.id.into(), &5.into())
    );
}

#[test]
fn every_kind_has_a_type() {
    let world = world();
    world.publish(short_lived(30));
    let enrol = |member: &str| {
        let member = ledger::MemberId::new(member).unwrap();
        world.order(
            &[store::Submission::of_job(member, std::rc::Rc::new(Enrol), "test")],
            store::Lots::None,
        );
    };
    enrol("m");
    enrol("m");
    earn(&world, "m");
    world.earn(["m".to_owned()], &purchase(1_000));
    world.redeem("m", 2);
    world.set("2026-02-03T00:05:00+08:00").run(Job::Night);
    world.set("2026-02-10T00:05:00+08:00").run(Job::Night);
    let receiver = Receiver::new(|_| status(200));
    notify(&world, &receiver);
    let kinds: Vec<String> = receiver.events().into_iter().map(|event| event.kind).collect();
    let expected = [
        "member.registered",
        "member.updated",
        "points.earned",
        "points.earned",
        "points.redeemed",
        "points.expiring",
        "points.expired",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn an_endpoint_gets_only_its_kinds_and_no_earlier_events() {
    let world = World::new(START);
    world.publish(short_lived(30));
    earn(&world, "early");
    subscribe(
        &world,
        "shop",
        "https://shop.example.com/hooks",
        Some(&["redeem".to_owned(), "remind".to_owned()]),
    );
    world.earn(members(40), &purchase(10_000));
    world.redeem("m00003", 1);
    world.set("2026-02-03T00:05:00+08:00").run(Job::Remind);
    let receiver = Receiver::new(|_| status(200));
    let report = notify(&world, &receiver);
    assert_eq!((report.done, report.delivered), (true, 42));
    assert!(receiver.events().iter().all(|event| event.kind != "points.earned"));
    assert_eq!(
        world.number("SELECT (SELECT max(no) FROM entry) - position FROM endpoint_position"),
        0
    );
}

/// An endpoint gets a new address while a run still sends to the old one: the old address's answers
/// no longer count.
#[test]
fn a_repaired_endpoint_is_not_disabled_by_its_old_address() {
    let world = world();
    earn(&world, "m");
    let old = Receiver::new(|_| {
        subscribe(&world, "shop", "https://new.example.com/hooks", None);
        status(410)
    });
    notify(&world, &old);
    assert_eq!(endpoint(&world).url, "https://new.example.com/hooks");
    let new = Receiver::new(|_| status(204));
    notify(&world, &new);
    assert_eq!(new.events().len(), 1);
    assert!(parked(&world).is_empty());
}

#[test]
fn entries_of_another_programme_are_not_sent() {
    let world = world();
    let document = rules::default_document();
    let book = rules::Rulebook::new(&document, 1).unwrap();
    wait(store::publish(&world.sql, "other", "Other", 0, (&document, &book), 0, "test")).unwrap();
    let wish = EndpointWish {
        id: "shop",
        url: "https://other.example.com/",
        kinds: None,
        secret: Some(SECRET),
        fresh_secret: "",
        before_until: Timestamp(0),
        token: "t",
    };
    wait(put_endpoint(&world.sql, 2, &wish, world.now.get(), None)).unwrap();
    earn(&world, "m");
    let other = store::ProgrammeRef {
        no: 2,
        id: "other".into(),
        rulebook_version: 1,
        rulebook_digest: String::new(),
        spread: 1,
    };
    let (now, fresh) = (|| world.now.get(), || world.fresh());
    let context = jobs::JobContext { sql: &world.sql, now: &now, fresh: &fresh };
    let receiver = Receiver::new(|_| status(200));
    let run = jobs::run(
        &context,
        &receiver,
        support::OPEN,
        Job::Notify,
        other,
        jobs::WorkLimit::chunks(9),
    );
    assert_eq!((wait(run).unwrap().delivered, receiver.take().len()), (0, 0));
    assert_eq!(notify(&world, &receiver).delivered, 1);
}

#[test]
fn a_failed_event_delays_only_its_member() {
    let world = world();
    for _ in 0..3 {
        earn(&world, "bad");
        earn(&world, "good");
    }
    let up = Cell::new(false);
    let receiver =
        Receiver::new(
            |event: &Event| {
                if event.member == "bad" && !up.get() { status(500) } else { status(200) }
            },
        );
    assert!(notify(&world, &receiver).done);
    assert_eq!(receiver.take(), ["bad/1", "good/1", "good/2", "good/3"]);
    assert_eq!(parked(&world), ["bad/1 retry 1", "bad/2 waiting 0", "bad/3 waiting 0"]);
    // Not before its time, then in order, with the new events at the end.
    earn(&world, "bad");
    assert_eq!((notify(&world, &receiver).delivered, receiver.take()), (0, vec![]));
    up.set(true);
    world.later(7 * SECOND);
    notify(&world, &receiver);
    assert_eq!(receiver.take(), ["bad/1", "bad/2", "bad/3", "bad/4"]);
    assert_eq!((parked(&world), endpoint(&world).failures), (vec![], 0));
}

#[test]
fn an_event_is_retried_by_the_schedule_under_one_id_and_then_given_up() {
    let world = world();
    for member in ["bad", "bad", "good"] {
        earn(&world, member);
    }
    let receiver = Receiver::new(|event: &Event| {
        if event.sequence == 1 && event.member == "bad" { status(500) } else { status(200) }
    });
    notify(&world, &receiver);
    let minutes_waited = [
        5 * SECOND,
        5 * MINUTE,
        30 * MINUTE,
        2 * HOUR,
        5 * HOUR,
        10 * HOUR,
        14 * HOUR,
        20 * HOUR,
        24 * HOUR,
    ];
    for (index, wait_ms) in minutes_waited.into_iter().enumerate() {
        // Other members are served meanwhile, so the endpoint counts as up.
        earn(&world, "good");
        receiver.seen.borrow_mut().truncate(1);
        world.later(wait_ms - SECOND);
        notify(&world, &receiver);
        assert_eq!(receiver.events().len(), 2, "too early {index}");
        world.later(wait_ms / 5 + 2 * SECOND);
        earn(&world, "good");
        notify(&world, &receiver);
        let attempts: Vec<_> =
            receiver.events().into_iter().filter(|event| event.member == "bad").collect();
        assert_eq!(
            (attempts.len() > 1, &attempts[0].id),
            (true, &attempts[1].id),
            "attempt {index}"
        );
        assert_eq!(attempts[0].raw, attempts[1].raw);
        assert!(attempts[1].timestamp > attempts[0].timestamp);
    }
    // Ten attempts; then the event is dead, and the events behind it go on.
    assert_eq!(parked(&world), ["bad/1 dead 10"]);
    assert!(receiver.take().contains(&"bad/2".to_owned()));
    let dead = wait(store::dead_events(&world.sql, 1, "shop", 0, 10)).unwrap();
    assert_eq!(
        (dead.len(), dead[0].last_error.as_str(), dead[0].attempts),
        (1, "answered 500", 10)
    );
}

#[test]
fn dead_events_are_replayed_by_hand() {
    let world = world();
    for member in ["a", "a", "b", "c"] {
        earn(&world, member);
    }
    let bury = "INSERT INTO parked_event SELECT 1, 'shop', no, member_no, 'dead', 10, 0, 'gone' FROM entry";
    let receiver = Receiver::new(|_| status(200));
    notify(&world, &receiver);
    receiver.take();
    world.sql.connection().execute(bury, []).unwrap();
    assert_eq!(notify(&world, &receiver).delivered, 0);
    let dead = wait(store::dead_events(&world.sql, 1, "shop", 0, 10)).unwrap();
    let replay = |entry: Option<&str>| {
        wait(store::replay_dead(&world.sql, 1, "shop", entry, world.now.get())).unwrap()
    };
    assert_eq!(replay(Some(&dead[2].entry_id)), 1);
    notify(&world, &receiver);
    assert_eq!(receiver.take(), ["b/1"]);
    // All events, the two of one member in order.
    assert_eq!(replay(None), 3);
    assert_eq!(parked(&world), ["a/1 retry 0", "a/2 waiting 0", "c/1 retry 0"]);
    notify(&world, &receiver);
    assert_eq!(receiver.take(), ["a/1", "c/1", "a/2"]);
    assert_eq!((replay(None), parked(&world)), (0, vec![]));
}

#[test]
fn a_redirect_is_a_failure_and_never_followed() {
    let world = world();
    earn(&world, "m");
    let receiver = Receiver::new(|_| status(302));
    let report = notify(&world, &receiver);
    assert_eq!((report.delivered, report.refused, receiver.take().len()), (0, 1, 1));
    assert_eq!(parked(&world), ["m/1 retry 1"]);
}

#[test]
fn gone_disables_the_endpoint_until_it_is_put_again() {
    let world = world();
    world.earn(members(3), &purchase(100));
    let gone = Cell::new(true);
    let receiver = Receiver::new(|_| status(if gone.get() { 410 } else { 200 }));
    assert_eq!(notify(&world, &receiver).disabled, 1);
    assert_eq!(endpoint(&world).disabled.unwrap().1, "it answered 410 Gone");
    receiver.take();
    gone.set(false);
    world.later(HOUR);
    assert_eq!(notify(&world, &receiver).delivered, 0);
    assert_eq!(subscribe(&world, "shop", "https://shop.example.com/new", None), None);
    assert_eq!(notify(&world, &receiver).delivered, 3);
    assert_eq!(receiver.take(), ["m00000/1", "m00001/1", "m00002/1"]);
}

#[test]
fn retry_after_is_respected() {
    for (code, field, waits) in
        [(429, "120", true), (503, "120", true), (500, "120", false), (429, "soon", false)]
    {
        let world = world();
        earn(&world, "m");
        let busy = Cell::new(true);
        let slow_down = || Ok(Reply { status: code, retry_after: Some(field.to_owned()) });
        let receiver = Receiver::new(|_| if busy.get() { slow_down() } else { status(200) });
        notify(&world, &receiver);
        busy.set(false);
        earn(&world, "other");
        world.later(110 * SECOND);
        let delivered = notify(&world, &receiver).delivered;
        assert_eq!(delivered, if waits { 0 } else { 2 }, "{code} {field}");
        world.later(20 * SECOND);
        assert_eq!(delivered + notify(&world, &receiver).delivered, 2, "{code} {field}");
    }
}

#[test]
fn an_endpoint_that_is_down_keeps_its_events_at_the_cursor() {
    let world = world();
    world.earn(members(500), &purchase(100));
    let up = Cell::new(false);
    let receiver =
        Receiver::new(
            |_| if up.get() { status(200) } else { Err("connection refused".to_owned()) },
        );
    assert_eq!(notify(&world, &receiver).refused, 16);
    // The pauses grow, with one event at a time.
    let mut attempts = 0;
    for _ in 0..(3 * 24 * 6) {
        world.later(10 * MINUTE);
        attempts += notify(&world, &receiver).refused;
    }
    assert!((100..200).contains(&attempts), "{attempts}");
    assert!(parked(&world).len() < 250, "{}", parked(&world).len());
    assert!(endpoint(&world).failures > 5);
    receiver.take();
    up.set(true);
    world.later(36 * MINUTE);
    let report = notify(&world, &receiver);
    let dead = world.number("SELECT count(*) FROM parked_event WHERE state = 'dead'");
    assert!(report.done);
    // All events arrive, except those given up or with a later next attempt.
    world.later(30 * HOUR);
    let rest = notify(&world, &receiver);
    assert_eq!(i64::try_from(report.delivered + rest.delivered).unwrap() + dead, 500);
    assert_eq!(endpoint(&world).parked, 0);
}

#[test]
fn a_run_killed_at_any_statement_loses_nothing() {
    for statements in 0..14 {
        let world = world();
        world.earn(members(20), &purchase(100));
        world.earn(members(20), &purchase(200));
        let answer = |event: &Event| {
            status(if event.member == "m00004" && event.sequence == 1 { 500 } else { 200 })
        };
        let receiver = Receiver::new(answer);
        let dying = Dying { sql: &world.sql, statements_left: Cell::new(statements) };
        let killed = world.run_on(&dying, &receiver, Job::Notify, 100);
        assert!(killed.is_err() || statements > 9, "{statements}");
        // The lease of the dead run must run out first.
        assert_eq!(notify(&world, &receiver).delivered > 0, statements < 2, "{statements}");
        world.later(61 * SECOND);
        notify(&world, &receiver);
        world.later(10 * MINUTE);
        notify(&world, &Receiver::new(|_| status(200)));
        let sent = receiver.events();
        for member in members(20).filter(|member| member != "m00004") {
            let mut sequences: Vec<i64> =
                sent.iter().filter(|e| e.member == member).map(|e| e.sequence).collect();
            sequences.dedup();
            assert!(sequences.ends_with(&[1, 2]), "{statements} {member} {sequences:?}");
        }
        assert_eq!(parked(&world), Vec::<String>::new(), "{statements}");
    }
}

#[test]
fn two_runs_at_once_do_not_send_twice() {
    let world = world();
    world.earn(members(40), &purchase(100));
    let receiver = Receiver::new(|_| status(200));
    let rival = || assert_eq!(notify(&world, &receiver).delivered, 0);
    let raced =
        Raced { sql: &world.sql, mark: "INSERT INTO delivery", rival: RefCell::new(Some(rival)) };
    let report = world.run_on(&raced, &receiver, Job::Notify, 100).unwrap();
    assert_eq!((report.delivered, receiver.take().len()), (40, 40));
}

#[test]
fn a_run_that_lost_its_lease_writes_nothing() {
    let world = world();
    world.earn(members(20), &purchase(100));
    let receiver = Receiver::new(|_| status(200));
    // The first run hangs for longer than its lease; another one takes over and delivers
    // everything.
    let rival = || {
        world.later(61 * SECOND);
        assert_eq!(notify(&world, &receiver).delivered, 20);
        earn(&world, "late");
    };
    let raced =
        Raced { sql: &world.sql, mark: "INSERT INTO delivery", rival: RefCell::new(Some(rival)) };
    let report = world.run_on(&raced, &receiver, Job::Notify, 100).unwrap();
    assert_eq!((report.done, report.delivered), (true, 16));
    receiver.take();
    // The wave of the first run did not move the cursor back, so no event is sent a third time.
    notify(&world, &receiver);
    assert_eq!(receiver.take(), ["late/1"]);
}

#[test]
fn a_clock_set_back_does_not_keep_an_endpoint_waiting() {
    let world = world();
    earn(&world, "m");
    world
        .sql
        .connection()
        .execute("UPDATE endpoint SET leased_until = 9e15, retry_at = 9e15", [])
        .unwrap();
    assert_eq!(notify(&world, &Receiver::new(|_| status(200))).delivered, 1);
    earn(&world, "m");
    notify(&world, &Receiver::new(|_| status(500)));
    world.sql.connection().execute("UPDATE parked_event SET next_attempt_at = 9e15", []).unwrap();
    assert_eq!(notify(&world, &Receiver::new(|_| status(200))).delivered, 1);
}

#[test]
fn a_bounded_run_goes_on_where_it_stopped() {
    let world = world();
    subscribe(&world, "second", "https://second.example.com/", None);
    world.earn(members(100), &purchase(100));
    let receiver = Receiver::new(|_| status(200));
    let run = || world.run_on(&world.sql, &receiver, Job::Notify, 4).unwrap();
    let first = run();
    // Both endpoints get their share.
    assert_eq!((first.done, first.delivered), (false, 64));
    let mut delivered = first.delivered;
    while delivered < 200 {
        delivered += run().delivered;
    }
    assert!(run().done);
    assert_eq!(receiver.take().len(), 200);
}

#[test]
fn an_address_that_is_no_longer_allowed_is_not_called() {
    let world = world();
    subscribe(&world, "shop", "http://127.0.0.1:9/", None);
    earn(&world, "m");
    let receiver = Receiver::new(|_| status(200));
    let (now, fresh) = (|| world.now.get(), || world.fresh());
    let context = jobs::JobContext { sql: &world.sql, now: &now, fresh: &fresh };
    let programme = wait(store::programmes(&world.sql)).unwrap().remove(0);
    let run = jobs::run(
        &context,
        &receiver,
        Default::default(),
        Job::Notify,
        programme,
        jobs::WorkLimit::chunks(9),
    );
    assert_eq!((wait(run).unwrap().disabled, receiver.take().len()), (1, 0));
    assert_eq!(endpoint(&world).disabled.map(|(at, _)| at), Some(Timestamp(world.now.get().0)));
}

#[test]
fn removing_an_endpoint_takes_its_parked_events_along() {
    let world = world();
    earn(&world, "m");
    notify(&world, &Receiver::new(|_| status(500)));
    assert_eq!(parked(&world).len(), 1);
    assert!(wait(store::delete_endpoint(&world.sql, 1, "shop", &without_caller())).unwrap());
    assert_eq!(
        (
            parked(&world).len(),
            wait(store::delete_endpoint(&world.sql, 1, "shop", &without_caller())).unwrap()
        ),
        (0, false)
    );
}

fn without_caller() -> store::Who {
    store::Who { at: ledger::Timestamp(0), person: None, key: None, address: None }
}

/// Ends after this many polls.
async fn polls(mut count: u32) {
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        count = count.saturating_sub(1);
        if count == 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// Answers late for some receivers, and writes another event meanwhile.
struct Unequal<'a> {
    world: &'a World,
    sent: RefCell<Vec<(String, String, i64)>>,
}

impl Outbound for Unequal<'_> {
    async fn post_all(
        &self,
        posts: Vec<jobs::Post>,
        _timeout_ms: u32,
    ) -> Vec<Result<Reply, String>> {
        let is_slow = posts.iter().any(|post| post.url.contains("slow"));
        if is_slow {
            polls(500).await;
            earn(self.world, "late");
            polls(500).await;
        }
        for post in &posts {
            let body: serde_json::Value = serde_json::from_str(&post.body).unwrap();
            let text = |name: &str| body["data"][name].as_str().unwrap().to_owned();
            self.sent.borrow_mut().push((
                post.url.clone(),
                text("member_id"),
                body["data"]["sequence"].as_i64().unwrap(),
            ));
        }
        posts.iter().map(|_| status(if is_slow { 500 } else { 204 })).collect()
    }
}

/// While one receiver is slow, the other gets all old and new events, each member's in order.
#[test]
fn a_slow_receiver_does_not_delay_the_others() {
    let world = world();
    subscribe(&world, "aslow", "https://slow.example.com/hooks", None);
    for _ in 0..4 {
        world.earn(members(20), &purchase(100));
    }
    let outbound = Unequal { world: &world, sent: RefCell::default() };
    let found = wait(store::programme(&world.sql, "default")).unwrap().unwrap().reference;
    let (now, fresh) = (|| world.now.get(), || world.fresh());
    let context = jobs::JobContext { sql: &world.sql, now: &now, fresh: &fresh };
    let limit = jobs::WorkLimit::chunks(10_000);
    let mut run =
        std::pin::pin!(jobs::run(&context, &outbound, support::OPEN, Job::Notify, found, limit));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let report = (0..1_000_000).find_map(|_| match run.as_mut().poll(&mut context) {
        std::task::Poll::Ready(report) => Some(report.unwrap()),
        std::task::Poll::Pending => None,
    });
    assert_eq!(report.unwrap().delivered, 81);
    let sent = outbound.sent.borrow();
    let first_slow = sent.iter().position(|(url, ..)| url.contains("slow")).unwrap();
    assert_eq!(first_slow, 81, "all of the other one's went first");
    assert_eq!(sent[80].1, "late", "the event written meanwhile was sent, too");
    let mut last: HashMap<(&str, &str), i64> = HashMap::new();
    for (url, member, sequence) in sent.iter() {
        let before = last.insert((url, member), *sequence).unwrap_or(0);
        assert!(*sequence == before + 1 || url.contains("slow"), "{url} {member} {sequence}");
    }
}
