//! What follows answers of vendors: for messages that share a request, for addresses, and for the
//! account.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use channels::{Answer, Heard};
use reach::{Channel, ContactState};
use serde_json::{Value as Json, json};
use store::{list_contacts, pause_channel};

use crate::deliver::{World, all_taken, answer, taken, tencent};
use crate::support::wait;

/// Numbers of a request to Tencent.
fn numbers(request: &channels::HttpRequest) -> Vec<String> {
    let body: Json = serde_json::from_str(&request.body).unwrap();
    let numbers = body["PhoneNumberSet"].as_array().unwrap().iter();
    numbers.map(|number| number.as_str().unwrap().to_owned()).collect()
}

/// Tencent refuses a request whole in which numbers of mainland China stand beside others.
#[test]
fn numbers_of_china_and_of_other_countries_share_no_request() {
    let world = World::new();
    tencent(&world);
    for no in 1..=100 {
        world.due([no], &format!("+86138{no:08}"));
    }
    world.due([101], "+85261234567");
    world.due([102], "+886912345678");
    let (report, sent) = world.run(all_taken);
    assert_eq!((report.accepted, report.failed), (102, 0));
    let mut sizes = Vec::new();
    for (_, request) in &sent {
        let numbers = numbers(request);
        let mainland = numbers.iter().filter(|number| number.starts_with("+86")).count();
        assert!(mainland == 0 || mainland == numbers.len(), "{numbers:?}");
        sizes.push(numbers.len());
    }
    sizes.sort_unstable();
    assert_eq!(sizes, [2, 100]);
}

/// An official account of WeChat, and members with an address there.
fn wechat(members: i64) -> World {
    let world = World::new();
    let settings = json!({"app_id": "wx1"});
    world.put("wx", "wechat_template", Channel::Wechat, &settings, &json!({"app_secret": "s"}));
    for no in 1..=members {
        world.has_address(Channel::Wechat, 100 + no, &format!("d{no}"));
    }
    world
}

/// Gives a token, and this code to each message.
fn says(code: impl Fn(&str) -> i64) -> impl Fn(&channels::HttpRequest) -> Heard {
    move |request| match request.url.contains("stable_token") {
        true => answer(200, json!({"access_token": "tok", "expires_in": 7_200})),
        false => {
            let body: Json = serde_json::from_str(&request.body).unwrap();
            let code = code(body["touser"].as_str().unwrap());
            answer(200, json!({"errcode": code, "errmsg": "m", "msgid": 7}))
        }
    }
}

fn closed(world: &World, members: i64) -> i64 {
    let state = |no: &i64| wait(list_contacts(&world.reach, 1, 100 + no)).unwrap()[0].state;
    let closed = (1..=members).filter(|no| state(no) != ContactState::Open).count();
    i64::try_from(closed).unwrap()
}

fn resume(world: &World, id: &str) {
    let now = world.now.get();
    assert!(wait(pause_channel(&world.reach, 1, id, (None, now))).unwrap());
}

/// The account has another app_id than the one by which the members are known.
#[test]
fn one_wrong_setting_pauses_the_account_and_closes_no_address() {
    let world = wechat(40);
    for no in 1..=40 {
        world.due([no], &format!("openid{no}"));
    }
    let (report, sent) = world.run(says(|_| 40_003));
    assert_eq!((report.paused, report.failed, sent.len()), (1, 0, 17), "a token and one wave");
    let (why, _) = world.account("wx").paused.unwrap();
    assert_eq!(why, "the openid is none of this account (40003)");
    assert_eq!(closed(&world, 40), 0);
    // The right app_id: all of them go out.
    let settings = json!({"app_id": "wx2"});
    world.put("wx", "wechat_template", Channel::Wechat, &settings, &json!({"app_secret": "s"}));
    let (report, _) = world.run(says(|_| 0));
    assert_eq!((report.accepted, closed(&world, 40)), (40, 0));
}

#[test]
fn an_address_is_closed_where_others_are_reached() {
    let world = wechat(16);
    for no in 1..=16 {
        world.due([no], &format!("openid{no}"));
    }
    let (report, _) = world.run(says(|to| if to == "openid16" { 0 } else { 40_003 }));
    assert_eq!((report.paused, report.accepted, report.failed), (0, 1, 15));
    assert_eq!(closed(&world, 16), 15);
}

/// Messages come one at a time: the third member in a row is one too many.
#[test]
fn a_row_of_members_over_several_waves_pauses_as_well() {
    let world = wechat(12);
    let one = |no: i64, code: i64| {
        world.due([no], &format!("openid{no}"));
        let report = world.run(says(move |_| code)).0;
        world.now.set(world.now.get().plus_ms(1_000));
        (report.accepted, report.failed, report.paused)
    };
    assert_eq!([one(1, 40_003), one(2, 40_003)], [(0, 1, 0); 2]);
    assert_eq!(one(3, 40_003), (0, 0, 1));
    assert_eq!(closed(&world, 12), 2);
    // A person who lets it send again unchanged says that the addresses are wrong.
    resume(&world, "wx");
    let (report, _) = world.run(says(|_| 40_003));
    assert_eq!((report.failed, report.paused, closed(&world, 12)), (1, 0, 3));
    assert_eq!(one(4, 40_003), (0, 1, 0));
    // Once somebody was reached it is in doubt again.
    assert_eq!(one(5, 0), (1, 0, 0));
    assert_eq!([one(6, 40_003), one(7, 40_003)], [(0, 1, 0); 2]);
    assert_eq!(one(8, 40_003), (0, 0, 1));
    // A code that is of the address alone closes it, however often.
    let world = wechat(12);
    for no in 1..=12 {
        world.due([no], &format!("openid{no}"));
    }
    let (report, _) = world.run(says(|_| 43_004));
    assert_eq!((report.failed, report.paused, closed(&world, 12)), (12, 0, 12));
}

/// What one number has had today says nothing of the account.
#[test]
fn limits_of_numbers_rest_no_account() {
    let world = World::new().sms();
    world.due(1..=30, "+8613812345678");
    for (due, _) in world.book.due.borrow_mut().values_mut() {
        due.deadline = due.deadline.plus_ms(48 * 3_600_000);
    }
    let limit = || answer(200, json!({"Code": "isv.BUSINESS_LIMIT_CONTROL"}));
    let (report, sent) = world.run(|_| limit());
    // All of them were tried at once: nobody rests meanwhile.
    assert_eq!((report.again, sent.len()), (30, 30));
    let account = world.account("sms");
    assert_eq!((account.failures, account.rests_until.0), (0, 0));
    world.due([31], "+8613812345679");
    assert_eq!(world.run(|_| taken()).0.accepted, 1);
    // Tencent has sent to other countries what it may: those of China go on.
    let world = World::new();
    tencent(&world);
    world.due([1], "+85261234567");
    for no in 2..=20 {
        world.due([no], &format!("+86138{no:08}"));
    }
    let (report, _) = world.run(|request| match numbers(request)[0].starts_with("+86") {
        true => all_taken(request),
        false => {
            let code = "LimitExceeded.AppGlobalDailyLimit";
            answer(200, json!({"Response": {"Error": {"Code": code}}}))
        }
    });
    assert_eq!((report.accepted, report.again), (19, 1));
    assert_eq!(world.account("sms").rests_until.0, 0);
    // What concerns the account still rests it.
    let headers = vec![("retry-after".to_owned(), "120".to_owned())];
    let busy = Answer { status: 503, headers, body: String::new() };
    world.due([21], "+8613800000021");
    world.run(|_| Heard::Answer(busy.clone()));
    assert!(world.account("sms").rests_until.0 > world.now.get().0);
}

/// Tencent answers 200 to everything: a code of the whole request is a refusal that is seen.
#[test]
fn a_refusal_under_200_is_not_unknown() {
    let failed = |code: &str| answer(200, json!({"Response": {"Error": {"Code": code}}}));
    for (code, paused, again, unknown) in [
        ("IpNotInWhitelist", 1, 120, 0),
        ("SomethingNew", 1, 120, 0),
        ("ServiceUnavailable", 0, 120, 0),
        ("InternalError.Timeout", 0, 0, 120),
    ] {
        let world = World::new();
        tencent(&world);
        for no in 1..=120 {
            world.due([no], &format!("+86138{no:08}"));
        }
        let (report, sent) = world.run(|_| failed(code));
        assert_eq!(
            (report.paused, report.again, report.unknown),
            (paused, again, unknown),
            "{code}"
        );
        assert_eq!((report.failed, sent.len()), (0, 1), "{code}");
        if unknown == 0 {
            if paused == 1 {
                resume(&world, "sms");
            }
            world.now.set(world.now.get().plus_ms(3_600_000));
            assert_eq!(world.run(all_taken).0.accepted, 120, "{code}");
        }
    }
}
