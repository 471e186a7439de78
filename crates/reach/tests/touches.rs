//! Which touches are decided, and why others are not: tables from the design.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

use ledger::{Timestamp, start_of_day};
use reach::playbook::Strategy;
use reach::touch::{
    Coupon, Cycle, Ended, Happening, Left, Occasion, Reason, State, TierMove, Touch, Uses, Verdict,
    decide, programme_bucket, settle, settles_on, still_wanted, strategy_bucket,
};
use reach::{Channel, ContactState, Decision, Family, Purpose, Today};
use serde_json::{Value, json};

use crate::support::{
    Person, Programme, all_told, at, day, key, local, sent, shanghai, told, zone,
};

/// The cycle of points whose last local day is this.
fn end_of(last_day: &str) -> Cycle {
    let next = last_day.parse::<chrono::NaiveDate>().unwrap().succ_opt().unwrap();
    Cycle::End(start_of_day(next, shanghai()))
}

fn with_points_until(last_day: &str) -> Person {
    let mut person = Person::new("m-1");
    person.facts.points = 100;
    person.facts.ends = vec![(day(last_day), 100)];
    person
}

fn warn(id: &str, days: u32) -> Value {
    json!({"id": id, "trigger": {"kind": "points_expiring", "days_before": days},
           "send": {"channels": ["push"], "template": "notice"}})
}

fn programme(strategies: Value) -> Programme {
    Programme::new(json!({"strategies": strategies}))
}

fn ladder(days: &[u32]) -> Value {
    let nodes: Vec<Value> = days.iter().map(|days| json!({"days_before": days})).collect();
    json!({"id": "ladder", "trigger": {"kind": "points_expiring"},
           "send": {"channels": ["push"], "template": "notice"}, "sequence": {"nodes": nodes}})
}

#[test]
fn names_of_reasons_and_states_come_back() {
    for reason in Reason::ALL {
        assert_eq!(Reason::parse(reason.as_str()), Some(reason));
        let state = State::Suppressed(reason);
        assert_eq!(State::parse("suppressed", Some(reason)), Some(state));
        assert_eq!(state.as_str(), "suppressed");
    }
    assert!(Reason::ALL.is_sorted());
    for state in [State::Due, State::Sending, State::Sent, State::Unknown, State::Failed] {
        assert_eq!(State::parse(state.as_str(), None), Some(state));
    }
    assert_eq!(State::parse("suppressed", None), None);
    assert_eq!(State::parse("lost", None), None);
}

/// docs/reference/playbook.md lists them in their order.
#[test]
fn the_reference_tells_reasons_and_triggers() {
    let page = include_str!("../../../docs/reference/playbook.md");
    let table = |from: &str, to: &str| {
        let part = page.split(from).nth(1).unwrap().split(to).next().unwrap();
        let rows = part.lines().filter_map(|line| line.strip_prefix("| `"));
        let names = rows.map(|row| row.split(" |").next().unwrap().replace('`', ""));
        names.flat_map(|row| row.split(", ").map(str::to_owned).collect::<Vec<_>>())
    };
    let reasons: Vec<String> = table("\n## Reasons", "\n## ").collect();
    assert_eq!(reasons, Reason::ALL.map(Reason::as_str));
    let kinds: Vec<String> = table("\n## Triggers", "\n## ").filter(|row| row != "kind").collect();
    assert_eq!(kinds.len(), 13);
    for kind in kinds {
        let document = json!({"kind": kind, "attribute": "birthday", "segment": "s", "tag": "t",
                              "behaviour": "b", "entry": "e", "at_least": 1});
        let error = serde_json::from_value::<reach::playbook::Trigger>(document).unwrap_err();
        // It is known, and only the fields of others are not.
        assert!(error.to_string().contains("unknown field"), "{kind}: {error}");
    }
}

/// Everything that can be wrong is wrong; then one thing after the other is put right, in the order
/// of the reasons.
#[test]
fn the_first_reason_that_holds_is_told() {
    let cycle = end_of("2027-06-20");
    let strategy = json!({
        "id": "s", "trigger": {"kind": "points_expiring"}, "segment": "nobody",
        "when": "member.orders > 0", "holdout_percent": 50, "stop_when": ["redeemed"],
        "budget": {"messages": 0, "per": "day"},
        "send": {"channels": ["sms", "email"], "template": "news"},
        "sequence": {"nodes": [{"days_before": 1}, {"days_before": 0}]},
    });
    let other = json!({"id": "other", "trigger": {"kind": "points_expiring", "days_before": 0},
                       "until": "2027-01-01",
                       "send": {"channels": ["push"], "template": "news"}});
    let mut playbook = json!({
        "holdout_percent": 50,
        "caps": [{"purpose": "marketing", "times": 1, "per": "month"}],
        "segments": {"nobody": {"when": "member.days < 0"}},
        "strategies": [strategy, other],
    });
    let is_out = |id: &&String| {
        programme_bucket("salt", day("2027-06-20"), id) < 5_000
            && strategy_bucket("salt", "s", id) < 5_000
    };
    let id = (0..100).map(|n| format!("m-{n}")).find(|id| is_out(&id)).unwrap();
    let mut person = Person { id, ..with_points_until("2027-06-20") };
    person.controls.insert("s");
    person.contacts.clear();
    person.consents.clear();
    // From 09:00 until 08:59, so that nothing opens before the points end.
    person.quiet = Some((540, 539));
    person.is_frozen = true;
    person.is_erased = true;
    person.facts.last_redeem_at = Some(at("2027-06-19 12:00"));
    let touch = |strategy: &str, node, sent_at: &str| Touch {
        key: key(strategy, node, &cycle),
        playbook_version: 1,
        purpose: Purpose::Marketing,
        priority: 0,
        from_at: at("2027-06-19 10:00"),
        due_at: at("2027-06-19 10:00"),
        deadline_at: at("2027-06-20 10:00"),
        mode: reach::playbook::Mode::All,
        channels: vec![Channel::Push],
        wait_hours: 24,
        template: Some("news".to_owned()),
        action: reach::playbook::Action::default(),
        uses: Uses::default(),
        decided_at: at("2027-06-19 02:00"),
        state: State::Sent,
        sent_at: Some(at(sent_at)),
        channel: None,
        last_at: None,
        responded_at: None,
    };
    person.touches = vec![
        Touch { template: Some("notice".to_owned()), ..touch("s", -1, "2027-06-19 10:00") },
        touch("other", 0, "2027-06-19 10:01"),
    ];
    let now = at("2027-06-20 02:00");
    // Nobody is left alone for a comparison that the strategy is not for: that is asked first.
    let mut order = Reason::ALL;
    order.sort_by_key(|reason| !reason.is_not_for_the_member());
    for reason in order {
        // Too late is another matter: then nobody asks whether there was room.
        if reason == Reason::Missed {
            continue;
        }
        let mut programme = Programme::new(playbook.clone());
        programme.decided_through = day("2027-06-19");
        let found =
            decide(&programme.terms(), &person.recipient(now, shanghai()), &mut Left::default());
        assert_eq!(all_told(&found), [format!("s:0 {}", reason.as_str())]);
        assert_eq!(found[0].due_at, at("2027-06-20 10:00"));
        match reason {
            Reason::HoldoutProgramme => playbook["holdout_percent"] = json!(0),
            Reason::HoldoutStrategy => playbook["strategies"][0]["holdout_percent"] = json!(0),
            Reason::ArmControl => person.controls.clear(),
            Reason::NotInSegment => {
                playbook["segments"]["nobody"]["when"] = json!("member.balance > 0");
            }
            Reason::Condition => person.facts.orders_ever = 1,
            Reason::Stopped => person.facts.last_redeem_at = Some(at("2027-06-19 01:59")),
            Reason::NoContact => {
                person.contacts.insert(Channel::Sms, ContactState::Open);
            }
            Reason::NoConsent => {
                person.consents.insert((Purpose::Marketing, Channel::Sms), Decision::Given);
            }
            Reason::Frequency => playbook["caps"] = json!([]),
            Reason::Budget => playbook["strategies"][0]["budget"]["messages"] = json!(1),
            Reason::QuietTooLate => person.quiet = None,
            Reason::DuplicateContent => {
                person.touches[1].sent_at = Some(at("2027-06-19 10:00"));
            }
            Reason::Missed => {}
            Reason::Frozen => person.is_frozen = false,
            Reason::Erased => person.is_erased = false,
        }
    }
    let mut programme = Programme::new(playbook);
    programme.decided_through = day("2027-06-19");
    let found = programme.night(&mut person, now, shanghai());
    assert_eq!(all_told(&found), ["s:0 2027-06-20 10:00"]);
    assert_eq!(found[0].channels, [Channel::Sms], "the other one has no address");
    assert_eq!(found[0].deadline_at, at("2027-06-21 00:00"));
}

#[test]
fn what_is_missed_says_so_before_frozen_and_after_consent() {
    let mut programme = programme(json!([ladder(&[3, 1])]));
    programme.decided_through = day("2027-06-16");
    let now = at("2027-06-19 02:00");
    for (is_frozen, has_contact, reason) in
        [(false, true, "missed"), (true, true, "missed"), (true, false, "no_contact")]
    {
        let mut person = Person { is_frozen, ..with_points_until("2027-06-20") };
        if !has_contact {
            person.contacts.clear();
        }
        let found = programme.night(&mut person, now, shanghai());
        assert_eq!(told(&found[0]), format!("ladder:-3 {reason}"));
    }
}

/// The ladder over a month of nights, one at 02:00 each; then the same with nights left out.
#[test]
fn a_ladder_goes_down_day_by_day_and_late_runs_tell_the_last_step_alone() {
    let strategies = json!([ladder(&[30, 15, 7, 3, 1])]);
    let nights = |left_out: &[&str]| {
        let mut programme = programme(strategies.clone());
        let mut person = with_points_until("2027-06-30");
        let mut found = Vec::new();
        programme.decided_through = day("2027-05-19");
        for today in day("2027-05-20")..=day("2027-07-05") {
            if left_out.iter().any(|text| day(text) == today) {
                continue;
            }
            let now = start_of_day(ledger::from_day_number(today), shanghai());
            let new = programme.night(&mut person, now.plus_ms(2 * 3_600_000), shanghai());
            found.extend(all_told(&new));
            assert_eq!(programme.night(&mut person, now.plus_ms(3 * 3_600_000), shanghai()), []);
            programme.decided_through = today;
        }
        found
    };
    let all = [
        "ladder:-30 2027-05-31 10:00",
        "ladder:-15 2027-06-15 10:00",
        "ladder:-7 2027-06-23 10:00",
        "ladder:-3 2027-06-27 10:00",
        "ladder:-1 2027-06-29 10:00",
    ];
    assert_eq!(nights(&[]), all);
    // A night left out: the step goes out with the next one, at once when its hour is over.
    let late = nights(&["2027-06-15"]);
    assert_eq!(late[1], "ladder:-15 2027-06-16 02:00");
    assert_eq!(late[2..], all[2..]);
    let three = nights(&["2027-06-27", "2027-06-28"]);
    assert_eq!(three[3..], ["ladder:-3 missed", "ladder:-1 2027-06-29 10:00"]);
    let out: Vec<String> = (20..=30).map(|day| format!("2027-06-{day}")).collect();
    let out: Vec<&str> = out.iter().map(String::as_str).collect();
    assert_eq!(nights(&out), all[..2], "what is over is nobody's message");
}

#[test]
fn each_end_is_an_occasion_of_its_own() {
    let mut person = with_points_until("2027-06-10");
    person.facts.ends =
        vec![(day("2027-06-08"), 5), (day("2027-06-10"), 7), (day("2027-06-12"), 0)];
    let mut other = warn("x", 5);
    other["send"]["template"] = json!("news");
    let mut programme = programme(json!([warn("w", 3), other]));
    programme.decided_through = day("2027-06-04");
    let found = programme.night(&mut person, at("2027-06-07 00:00"), shanghai());
    let found: Vec<_> = found.iter().map(|touch| (told(touch), touch.key.cycle.clone())).collect();
    assert_eq!(
        found,
        [
            ("w:-3 2027-06-07 00:00".to_owned(), end_of("2027-06-08")),
            ("w:-3 2027-06-07 10:00".to_owned(), end_of("2027-06-10")),
            ("x:-5 2027-06-07 00:00".to_owned(), end_of("2027-06-10")),
        ]
    );
}

/// Where everybody's points end at once, a member's messages move together by up to two days, and
/// all members are spread over three.
#[test]
fn a_shared_end_is_spread_over_days() {
    let mut counts = std::collections::BTreeMap::new();
    for n in 0..300 {
        let mut programme = programme(json!([ladder(&[7, 3])]));
        programme.shared_days.insert(day("2027-12-31"));
        let mut person = Person { id: format!("m-{n}"), ..with_points_until("2027-12-31") };
        let mut days = Vec::new();
        for today in day("2027-12-15")..=day("2027-12-31") {
            programme.decided_through = today - 1;
            let now = start_of_day(ledger::from_day_number(today), shanghai());
            let new = programme.night(&mut person, now, shanghai());
            days.extend(new.iter().map(|_| today - day("2027-12-31")));
        }
        assert_eq!(days[0] + 4, days[1], "{days:?}");
        *counts.entry(days[0]).or_insert(0) += 1;
    }
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [-9, -8, -7]);
    assert!(counts.values().all(|count| (70..130).contains(count)), "{counts:?}");
}

#[test]
fn within_days_is_the_first_day_that_fits() {
    let strategy = json!([{"id": "w", "trigger": {"kind": "points_expiring", "within_days": 30},
                           "when": "member.orders > 0",
                           "send": {"channels": ["push"], "template": "notice"}}]);
    for (orders_from, found_on) in [
        ("2027-01-01", Some("2027-05-31 10:00")),
        ("2027-06-10", Some("2027-06-10 10:00")),
        ("2027-06-30", Some("2027-06-30 10:00")),
        ("2027-07-01", None),
    ] {
        let mut programme = programme(strategy.clone());
        let mut person = with_points_until("2027-06-30");
        let mut found = Vec::new();
        for today in day("2027-05-20")..=day("2027-07-05") {
            programme.decided_through = today - 1;
            person.facts.orders_ever = i64::from(today >= day(orders_from));
            let now = start_of_day(ledger::from_day_number(today), shanghai());
            found.extend(all_told(&programme.night(&mut person, now, shanghai())));
        }
        let expected: Vec<String> = found_on.map(|at| format!("w:-30 {at}")).into_iter().collect();
        assert_eq!(found, expected, "{orders_from}");
    }
}

#[test]
fn quiet_hours_are_the_members_own_or_the_playbooks() {
    let happened = json!({"kind": "entry", "entry": "earn"});
    for (channels, template, own, now, due) in [
        (["push"], "notice", None, "2027-06-01 20:59", "2027-06-01 20:59"),
        (["push"], "notice", None, "2027-06-01 21:00", "2027-06-02 09:00"),
        (["push"], "notice", None, "2027-06-02 08:59", "2027-06-02 09:00"),
        (["push"], "notice", Some((1_380, 420)), "2027-06-01 22:59", "2027-06-01 22:59"),
        (["push"], "notice", Some((1_380, 420)), "2027-06-02 06:59", "2027-06-02 07:00"),
        // The night of marketing by SMS stands above what the member chose.
        (["sms"], "news", Some((1_380, 420)), "2027-06-01 22:00", "2027-06-02 08:00"),
        (["sms"], "news", Some((1_380, 420)), "2027-06-02 07:59", "2027-06-02 08:00"),
        (["sms"], "news", Some((1_380, 420)), "2027-06-01 21:59", "2027-06-01 21:59"),
        (["sms"], "notice", Some((1_380, 420)), "2027-06-01 22:00", "2027-06-01 22:00"),
        (["push"], "news", Some((1_380, 420)), "2027-06-01 22:00", "2027-06-01 22:00"),
        (["push"], "notice", Some((720, 840)), "2027-06-01 13:00", "2027-06-01 14:00"),
    ] {
        let programme = Programme::new(json!({
            "quiet_hours": {"from": "21:00", "until": "09:00"},
            "strategies": [{"id": "e", "trigger": happened,
                            "send": {"channels": channels, "template": template}}],
        }));
        let mut person = Person { quiet: own, ..Person::new("m-1") };
        person.occasions.push(earned("e-1", now));
        let found = programme.night(&mut person, at(now), shanghai());
        assert_eq!(all_told(&found), [format!("e:0 {due}")], "{channels:?} {template} {own:?}");
    }
}

#[test]
fn quiet_hours_that_outlast_a_message_suppress_it() {
    for (within_hours, found) in
        [(1, "e:0 quiet_too_late"), (12, "e:0 quiet_too_late"), (13, "e:0 2027-06-02 09:00")]
    {
        let programme = Programme::new(json!({
            "quiet_hours": {"from": "21:00", "until": "09:00"},
            "strategies": [{"id": "e", "trigger": {"kind": "entry", "entry": "earn"},
                            "send": {"channels": ["push"], "template": "notice",
                                     "within_hours": within_hours}}],
        }));
        let mut person = Person::new("m-1");
        person.occasions.push(earned("e-1", "2027-06-01 21:00"));
        let night = programme.night(&mut person, at("2027-06-01 21:00"), shanghai());
        assert_eq!(all_told(&night), [found], "{within_hours}");
    }
}

#[test]
fn a_day_has_its_hour_on_the_wall_clock_of_the_zone() {
    // Points end with 2027-03-16 and 2027-11-09; the clocks of New York change on 14 March and on
    // 7 November.
    for (last_day, days, due) in [
        ("2027-03-16", 3, "2027-03-13T15:00:00Z"),
        ("2027-03-16", 2, "2027-03-14T14:00:00Z"),
        ("2027-11-09", 3, "2027-11-06T14:00:00Z"),
        ("2027-11-09", 2, "2027-11-07T15:00:00Z"),
    ] {
        let zone = zone("America/New_York");
        let mut programme = programme(json!([warn("w", days)]));
        let mut person = with_points_until(last_day);
        let today = day(last_day) - i32::try_from(days).unwrap();
        programme.decided_through = today - 1;
        let now = start_of_day(ledger::from_day_number(today), zone);
        let found = programme.night(&mut person, now, zone);
        assert_eq!(found[0].due_at.to_string(), due);
        let end = start_of_day(ledger::from_day_number(day(last_day) + 1), zone);
        assert_eq!(found[0].key.cycle, Cycle::End(end));
        assert_eq!(found[0].deadline_at, end);
    }
}

#[test]
fn dates_come_each_year_and_the_leap_day_as_well() {
    let birthday = |days: u32| {
        let trigger = json!({"kind": "date", "attribute": "birthday", "days_before": days});
        json!([{"id": "b", "trigger": trigger,
                "send": {"channels": ["push"], "template": "news"}}])
    };
    for (told_as, days, first, last, expected) in [
        ("1990-05-17", 0, "2027-05-01", "2028-06-01", vec!["2027-05-17 2027", "2028-05-17 2028"]),
        ("05-17", 0, "2027-05-01", "2027-06-01", vec!["2027-05-17 2027"]),
        ("1990-01-03", 7, "2027-12-01", "2028-02-01", vec!["2027-12-27 2028"]),
        ("1992-02-29", 0, "2027-02-01", "2028-12-31", vec!["2027-02-28 2027", "2028-02-29 2028"]),
        ("02-29", 3, "2100-02-01", "2100-03-31", vec!["2100-02-25 2100"]),
        ("1990-02-30", 0, "2027-01-01", "2027-12-31", vec![]),
        ("May 17", 0, "2027-01-01", "2027-12-31", vec![]),
    ] {
        let mut programme = programme(birthday(days));
        let mut person = Person::new("m-1");
        person.attributes.insert("birthday".to_owned(), told_as.to_owned());
        let mut found = Vec::new();
        for today in day(first)..=day(last) {
            programme.decided_through = today - 1;
            let now = start_of_day(ledger::from_day_number(today), shanghai());
            for touch in programme.night(&mut person, now, shanghai()) {
                let Cycle::Date { year, .. } = touch.key.cycle else { panic!() };
                found.push(format!("{} {year}", &local(touch.due_at)[..10]));
            }
        }
        assert_eq!(found, expected, "{told_as} {days}");
    }
    // The night after it is too late to congratulate.
    let mut programme = programme(birthday(0));
    let mut person = Person::new("m-1");
    person.attributes.insert("birthday".to_owned(), "05-17".to_owned());
    programme.decided_through = day("2027-05-16");
    let found = programme.night(&mut person, at("2027-05-18 00:00"), shanghai());
    assert_eq!(all_told(&found), ["b:0 missed"]);
}

fn earned(id: &str, when: &str) -> Occasion {
    let what =
        Happening::Entry { id: id.to_owned(), kind: "earn".to_owned(), points: 120, tier: None };
    Occasion { at: at(when), what }
}

fn moved(to: &str, is_up: bool) -> Happening {
    Happening::Entry {
        id: "e-2".to_owned(),
        kind: "tier_change".to_owned(),
        points: 0,
        tier: Some(TierMove { to: to.to_owned(), is_up }),
    }
}

fn set(family: Family, name: &str, is_in: bool, score: Option<(Option<i64>, i64)>) -> Happening {
    Happening::Set { change_no: 9, family, name: name.to_owned(), is_in, score }
}

fn did(kind: &str) -> Happening {
    Happening::Behaviour { kind: kind.to_owned() }
}

#[test]
fn triggers_answer_what_they_ask_for_and_nothing_else() {
    let earn = || earned("e-1", "2027-06-01 12:00").what;
    let tag = |score| set(Family::Tag, "value/high", true, score);
    let today = Cycle::Day(day("2027-06-01"));
    let entry = |id: &str| Some(Cycle::Entry(id.to_owned()));
    let change = || Some(Cycle::Set(9));
    for (trigger, what, cycle) in [
        (json!({"kind": "entry", "entry": "earn"}), earn(), entry("e-1")),
        (json!({"kind": "entry", "entry": "redeem"}), earn(), None),
        (json!({"kind": "entry", "entry": "earn"}), did("earn"), None),
        (json!({"kind": "balance_changed"}), earn(), entry("e-1")),
        (json!({"kind": "balance_changed", "points_at_least": 120}), earn(), entry("e-1")),
        (json!({"kind": "balance_changed", "points_at_least": 121}), earn(), None),
        (json!({"kind": "balance_changed"}), moved("gold", true), None),
        (json!({"kind": "tier_changed"}), moved("gold", false), entry("e-2")),
        (json!({"kind": "tier_changed", "direction": "up"}), moved("gold", true), entry("e-2")),
        (json!({"kind": "tier_changed", "direction": "up"}), moved("gold", false), None),
        (json!({"kind": "tier_changed", "direction": "down"}), moved("silver", true), None),
        (json!({"kind": "tier_changed", "to": ["gold"]}), moved("gold", true), entry("e-2")),
        (json!({"kind": "tier_changed", "to": ["gold"]}), moved("silver", true), None),
        (json!({"kind": "tier_changed"}), earn(), None),
        (
            json!({"kind": "entered_segment", "segment": "vip"}),
            set(Family::Segment, "vip", true, None),
            change(),
        ),
        (
            json!({"kind": "entered_segment", "segment": "vip"}),
            set(Family::Segment, "vip", false, None),
            None,
        ),
        (
            json!({"kind": "entered_segment", "segment": "vip"}),
            set(Family::Tag, "vip", true, None),
            None,
        ),
        (
            json!({"kind": "left_segment", "segment": "vip"}),
            set(Family::Segment, "vip", false, None),
            change(),
        ),
        (
            json!({"kind": "left_segment", "segment": "vip"}),
            set(Family::Segment, "other", false, None),
            None,
        ),
        (json!({"kind": "tag_added", "tag": "value/high"}), tag(None), change()),
        (
            json!({"kind": "tag_added", "tag": "value/high"}),
            set(Family::Tag, "value/high", false, None),
            None,
        ),
        (
            json!({"kind": "score", "tag": "value/high", "at_least": 700}),
            tag(Some((Some(699), 700))),
            change(),
        ),
        (
            json!({"kind": "score", "tag": "value/high", "at_least": 700}),
            tag(Some((None, 900))),
            change(),
        ),
        (
            json!({"kind": "score", "tag": "value/high", "at_least": 700}),
            tag(Some((Some(700), 900))),
            None,
        ),
        (
            json!({"kind": "score", "tag": "value/high", "at_least": 700}),
            tag(Some((Some(1), 699))),
            None,
        ),
        (json!({"kind": "score", "tag": "value/high", "at_least": 700}), tag(None), None),
        (json!({"kind": "behaviour", "behaviour": "login"}), did("login"), Some(today.clone())),
        (json!({"kind": "behaviour", "behaviour": "login"}), did("view"), None),
    ] {
        let programme = programme(json!([{"id": "t", "trigger": trigger,
                                          "send": {"channels": ["push"], "template": "notice"}}]));
        let mut person = Person::new("m-1");
        person.occasions = vec![Occasion { at: at("2027-06-01 12:00"), what: what.clone() }];
        let found = programme.night(&mut person, at("2027-06-01 12:05"), shanghai());
        let cycles: Vec<Cycle> = found.iter().map(|touch| touch.key.cycle.clone()).collect();
        assert_eq!(cycles, cycle.into_iter().collect::<Vec<_>>(), "{trigger} {what:?}");
        assert!(found.iter().all(|touch| touch.due_at == at("2027-06-01 12:05")));
        assert_eq!(programme.night(&mut person, at("2027-06-01 12:06"), shanghai()), []);
    }
}

#[test]
fn behaviour_waits_for_what_may_follow() {
    let programme = programme(json!([{
        "id": "cart", "trigger": {"kind": "behaviour", "behaviour": "add_to_cart",
                                  "after_minutes": 60, "unless": "order"},
        "send": {"channels": ["push"], "template": "notice", "within_hours": 24},
    }]));
    for (what, now, expected) in [
        (vec![("add_to_cart", "12:00")], "2027-06-01 12:59", vec![]),
        (vec![("add_to_cart", "12:00")], "2027-06-01 13:00", vec!["cart:0 2027-06-01 13:00"]),
        (vec![("add_to_cart", "12:00")], "2027-06-01 15:00", vec!["cart:0 2027-06-01 15:00"]),
        (vec![("add_to_cart", "12:00"), ("order", "13:00")], "2027-06-01 15:00", vec![]),
        (
            vec![("add_to_cart", "12:00"), ("order", "13:01")],
            "2027-06-01 15:00",
            vec!["cart:0 stopped"],
        ),
        (
            vec![("order", "11:59"), ("add_to_cart", "12:00")],
            "2027-06-01 13:00",
            vec!["cart:0 2027-06-01 13:00"],
        ),
        // The second one is not cancelled; a third one of the day changes nothing.
        (
            vec![
                ("add_to_cart", "09:00"),
                ("order", "09:30"),
                ("add_to_cart", "12:00"),
                ("add_to_cart", "12:30"),
            ],
            "2027-06-01 13:30",
            vec!["cart:0 2027-06-01 13:30"],
        ),
        (vec![("add_to_cart", "12:00")], "2027-06-02 12:59", vec!["cart:0 2027-06-02 12:59"]),
        (vec![("add_to_cart", "12:00")], "2027-06-02 13:00", vec!["cart:0 missed"]),
    ] {
        let mut person = Person::new("m-1");
        person.occasions = what
            .iter()
            .map(|(kind, when)| Occasion { at: at(&format!("2027-06-01 {when}")), what: did(kind) })
            .collect();
        let found = programme.night(&mut person, at(now), shanghai());
        assert_eq!(all_told(&found), expected, "{what:?} {now}");
    }
}

/// What a member did on two days: kind (`order` is an entry), day and time.
fn acted(what: &[(&str, &str)]) -> Vec<Occasion> {
    let one = |(kind, when): &(&str, &str)| {
        let what = match *kind {
            "order" => Happening::Followed { by: "order".to_owned() },
            kind => did(kind),
        };
        Occasion { at: at(&format!("2027-06-{when}")), what }
    };
    what.iter().map(one).collect()
}

#[test]
fn nothing_follows_itself_and_midnight_ends_no_occasion() {
    let of = |unless: serde_json::Value| {
        let mut trigger = json!({"kind": "behaviour", "behaviour": "cart", "after_minutes": 60});
        for (name, value) in unless.as_object().unwrap() {
            trigger[name] = value.clone();
        }
        programme(json!([{"id": "cart", "trigger": trigger,
            "send": {"channels": ["push"], "template": "notice", "within_hours": 24}}]))
    };
    let (any, again, order) =
        (json!({}), json!({"unless": "cart"}), json!({"unless_entry": "order"}));
    for (unless, what, now, expected) in [
        (&again, &[("cart", "01 12:00")][..], "01 13:00", &["cart:0 2027-06-01 13:00"][..]),
        (&again, &[("cart", "01 12:00"), ("cart", "01 12:30")], "01 13:29", &[]),
        (
            &again,
            &[("cart", "01 12:00"), ("cart", "01 12:30")],
            "01 13:30",
            &["cart:0 2027-06-01 13:30"],
        ),
        (
            &any,
            &[("cart", "01 12:00"), ("cart", "01 12:30")],
            "01 13:00",
            &["cart:0 2027-06-01 13:00"],
        ),
        (&order, &[("cart", "01 12:00"), ("order", "01 13:00")], "01 13:00", &[]),
        (
            &order,
            &[("order", "01 11:59"), ("cart", "01 12:00")],
            "01 13:00",
            &["cart:0 2027-06-01 13:00"],
        ),
        (
            &any,
            &[("order", "01 12:30"), ("cart", "01 12:00")],
            "01 13:00",
            &["cart:0 2027-06-01 13:00"],
        ),
        (
            &any,
            &[("cart", "01 23:30"), ("cart", "02 00:30")],
            "02 01:30",
            &["cart:0 2027-06-02 01:30"],
        ),
        (
            &any,
            &[("cart", "01 23:30"), ("cart", "02 00:31")],
            "02 01:31",
            &["cart:0 2027-06-02 01:31", "cart:0 2027-06-02 01:31"],
        ),
    ] {
        let mut person = Person::new("m-1");
        person.occasions = acted(what);
        let now = at(&format!("2027-06-{now}"));
        let found = of(unless.clone()).night(&mut person, now, shanghai());
        assert_eq!(all_told(&found), expected, "{unless} {what:?}");
    }
    // What follows is no occasion of a strategy that asks for entries.
    let earned = programme(json!([{"id": "thanks", "trigger": {"kind": "entry", "entry": "earn"},
        "send": {"channels": ["push"], "template": "notice"}}]));
    let mut person = Person::new("m-1");
    person.occasions = acted(&[("order", "01 12:00")]);
    assert_eq!(earned.night(&mut person, at("2027-06-01 12:00"), shanghai()), []);
}

#[test]
fn a_sequence_goes_on_after_what_happened() {
    let mut programme = programme(json!([{
        "id": "hello", "trigger": {"kind": "entered_segment", "segment": "vip"},
        "send": {"channels": ["push"], "template": "notice"},
        "sequence": {"nodes": [{"days_after": 0}, {"days_after": 2}, {"days_after": 5}],
                     "skip_after_response_hours": 72},
    }]));
    let what = set(Family::Segment, "vip", true, None);
    let nights = |programme: &mut Programme, responded_at: Option<Timestamp>| {
        let mut person = Person::new("m-1");
        person.occasions = vec![Occasion { at: at("2027-06-01 15:30"), what: what.clone() }];
        let mut found = Vec::new();
        for (night, hour) in [("06-01", 16), ("06-02", 2), ("06-03", 2), ("06-05", 2), ("06-06", 2)]
        {
            let now = at(&format!("2027-{night} {hour:02}:00"));
            programme.decided_through = day(&format!("2027-{night}")) - 1;
            let new = programme.night(&mut person, now, shanghai());
            found.extend(all_told(&new));
            if let Some(first) = person.touches.first_mut() {
                first.responded_at = responded_at.filter(|at| *at < now);
            }
        }
        found
    };
    let all = ["hello:0 2027-06-01 16:00", "hello:2 2027-06-03 10:00", "hello:5 2027-06-06 10:00"];
    assert_eq!(nights(&mut programme, None), all);
    let responded = nights(&mut programme, Some(at("2027-06-01 20:00")));
    assert_eq!(responded, [all[0], "hello:2 stopped", all[2]]);
}

#[test]
fn a_schedule_has_days_and_the_last_one_is_told() {
    let strategy = |trigger: Value| {
        json!([{"id": "s", "trigger": trigger, "segment": "vip", "until": "2027-06-30",
                "send": {"channels": ["push"], "template": "notice"}}])
    };
    for (trigger, last_run, expected) in [
        // 2027-06-07 is a Monday.
        (json!({"kind": "schedule", "weekdays": [1, 3]}), "2027-06-06", vec!["2027-06-07 10:00"]),
        (json!({"kind": "schedule", "weekdays": [2]}), "2027-06-06", vec![]),
        (
            json!({"kind": "schedule", "month_days": [7], "at": "18:30"}),
            "2027-06-06",
            vec!["2027-06-07 18:30"],
        ),
        (json!({"kind": "schedule", "month_days": [7], "months": [5]}), "2027-06-06", vec![]),
        (
            json!({"kind": "schedule", "month_days": [7], "weekdays": [1]}),
            "2027-06-06",
            vec!["2027-06-07 10:00"],
        ),
        (json!({"kind": "schedule", "month_days": [7], "weekdays": [2]}), "2027-06-06", vec![]),
        (json!({"kind": "schedule"}), "2027-06-04", vec!["missed", "missed", "2027-06-07 10:00"]),
        (json!({"kind": "schedule", "weekdays": [6]}), "2027-06-04", vec!["2027-06-07 02:00"]),
        (json!({"kind": "schedule", "weekdays": [4]}), "2027-06-02", vec!["missed"]),
        (json!({"kind": "schedule", "weekdays": [4]}), "2027-06-03", vec![]),
    ] {
        let mut programme = programme(strategy(trigger.clone()));
        programme.decided_through = day(last_run);
        let mut person = Person::new("m-1");
        person.segments.insert("vip");
        let found = programme.night(&mut person, at("2027-06-07 02:00"), shanghai());
        let expected: Vec<String> = expected.iter().map(|of| format!("s:0 {of}")).collect();
        assert_eq!(all_told(&found), expected, "{trigger} {last_run}");
    }
}

#[test]
fn tiers_and_coupons_end_as_points_do() {
    let mut programme = programme(json!([
        {"id": "tier", "trigger": {"kind": "tier_ending", "days_before": 15},
         "send": {"channels": ["push"], "template": "notice"}},
        {"id": "coupon", "trigger": {"kind": "coupon_expiring", "days_before": 3, "coupon": "tea"},
         "send": {"channels": ["push"], "template": "notice"}},
    ]));
    let mut person = Person::new("m-1");
    person.facts.tier = Some("gold".to_owned());
    person.facts.tier_until = Some(at("2027-07-01 00:00"));
    let coupon = |id: &str, kind: &str, ends_at: &str| Coupon {
        id: id.to_owned(),
        kind: kind.to_owned(),
        ends_at: Some(at(ends_at)),
    };
    person.coupons = vec![
        coupon("c-1", "tea", "2027-06-19 00:00"),
        coupon("c-2", "cups", "2027-06-19 00:00"),
        coupon("c-3", "tea", "2027-06-20 00:00"),
        Coupon { ends_at: None, ..coupon("c-4", "tea", "2027-06-19 00:00") },
    ];
    programme.decided_through = day("2027-06-14");
    let found = programme.night(&mut person, at("2027-06-15 01:00"), shanghai());
    let cycles: Vec<String> = found.iter().map(|touch| touch.key.cycle.to_string()).collect();
    let until = at("2027-07-01 00:00").0;
    assert_eq!(cycles, [format!("tier:{until}"), "coupon:c-1".to_owned()]);
    assert_eq!(all_told(&found), ["tier:-15 2027-06-15 10:00", "coupon:-3 2027-06-15 10:00"]);
}

#[test]
fn caps_leave_room_to_the_highest_and_others_wait() {
    let mut low = warn("low", 20);
    let mut high = warn("high", 20);
    high["priority"] = json!(9);
    for (caps, found) in [
        (json!([]), ["high:-20 2027-06-10 10:00", "low:-20 2027-06-10 10:00"]),
        (
            json!([{"times": 1, "per": "day"}]),
            ["high:-20 2027-06-10 10:00", "low:-20 2027-06-11 10:00"],
        ),
        // 2027-06-10 is a Thursday.
        (
            json!([{"times": 1, "per": "week"}]),
            ["high:-20 2027-06-10 10:00", "low:-20 2027-06-14 10:00"],
        ),
        (
            json!([{"channel": "push", "times": 1, "per": "day"}, {"times": 1, "per": "week"}]),
            ["high:-20 2027-06-10 10:00", "low:-20 2027-06-14 10:00"],
        ),
        (json!([{"times": 1, "per": "month"}]), ["high:-20 2027-06-10 10:00", "low:-20 frequency"]),
        (
            json!([{"purpose": "marketing", "times": 1, "per": "month"}]),
            ["high:-20 2027-06-10 10:00", "low:-20 2027-06-10 10:00"],
        ),
        (
            json!([{"channel": "sms", "times": 1, "per": "month"}]),
            ["high:-20 2027-06-10 10:00", "low:-20 2027-06-10 10:00"],
        ),
    ] {
        low["send"]["template"] = json!("news");
        let mut programme =
            Programme::new(json!({"caps": caps, "strategies": [low.clone(), high.clone()]}));
        programme.decided_through = day("2027-06-09");
        let mut person = with_points_until("2027-06-30");
        let night = programme.night(&mut person, at("2027-06-10 02:00"), shanghai());
        assert_eq!(all_told(&night), found, "{caps}");
    }
}

#[test]
fn a_channel_counts_where_it_took_the_message() {
    let mut strategy = warn("w", 5);
    strategy["send"]["channels"] = json!(["wecom", "sms"]);
    strategy["send"]["mode"] = json!("first_possible");
    let caps = json!([{"channel": "sms", "times": 1, "per": "month"}]);
    let mut programme = Programme::new(json!({"caps": caps, "strategies": [strategy]}));
    let mut earlier = with_points_until("2027-06-10");
    programme.decided_through = day("2027-06-04");
    let night = programme.night(&mut earlier, at("2027-06-05 02:00"), shanghai());
    for (took, has_wecom, found) in [
        // It went out by SMS, so no other one does this month.
        (Channel::Sms, false, "w:-5 frequency"),
        (Channel::Wecom, false, "w:-5 2027-06-07 10:00"),
        (Channel::Sms, true, "w:-5 2027-06-07 10:00"),
    ] {
        let mut person = with_points_until("2027-06-12");
        let first = Touch { channel: Some(took), ..sent(&night[0], at("2027-06-05 10:00")) };
        person.touches = vec![first];
        if !has_wecom {
            person.contacts.remove(&Channel::Wecom);
        }
        programme.decided_through = day("2027-06-06");
        let night = programme.night(&mut person, at("2027-06-07 02:00"), shanghai());
        assert_eq!(all_told(&night), [found], "{took:?} {has_wecom}");
    }
}

/// docs/reference/playbook.md: it counts on the day of the last channel. A channel that is known to
/// have sent may be later than the others, which only may have.
#[test]
fn a_message_counts_when_its_last_channel_took_it() {
    let caps = json!([{"times": 1, "per": "day"}]);
    let mut programme = Programme::new(json!({"caps": caps, "strategies": [warn("w", 5)]}));
    let mut earlier = with_points_until("2027-06-10");
    programme.decided_through = day("2027-06-04");
    let night = programme.night(&mut earlier, at("2027-06-05 02:00"), shanghai());
    for (sent_at, last_at, found) in [
        ("2027-06-05 10:00", None, "w:-5 2027-06-07 10:00"),
        ("2027-06-05 10:00", Some("2027-06-07 03:00"), "w:-5 2027-06-08 10:00"),
        ("2027-06-07 01:00", Some("2027-06-06 10:00"), "w:-5 2027-06-08 10:00"),
    ] {
        let mut person = with_points_until("2027-06-12");
        person.touches = vec![Touch { last_at: last_at.map(at), ..sent(&night[0], at(sent_at)) }];
        programme.decided_through = day("2027-06-06");
        let night = programme.night(&mut person, at("2027-06-07 02:00"), shanghai());
        assert_eq!(all_told(&night), [found], "{sent_at} {last_at:?}");
    }
}

#[test]
fn strategies_that_share_an_occasion_give_way() {
    let row = |id: &str, days: u32, orders: i64| {
        let mut row = warn(id, days);
        row["match"] = json!("first");
        row["when"] = json!(format!("member.orders >= {orders}"));
        row
    };
    let run = |rows: Value, orders: &[(&str, i64)]| {
        let mut programme = programme(rows);
        let mut person = with_points_until("2027-06-30");
        let mut found = Vec::new();
        for (night, orders) in orders {
            programme.decided_through = day(night) - 1;
            person.facts.orders_ever = *orders;
            let now = at(&format!("{night} 02:00"));
            found.extend(all_told(&programme.night(&mut person, now, shanghai())));
        }
        found
    };
    // Both are due, and the first that fits goes out.
    let both = || json!([row("a", 7, 5), row("b", 7, 1)]);
    let due = "2027-06-23 10:00";
    assert_eq!(
        run(both(), &[("2027-06-23", 5)]),
        [format!("a:-7 {due}"), "b:-7 condition".to_owned()]
    );
    assert_eq!(
        run(both(), &[("2027-06-23", 1)]),
        ["a:-7 condition".to_owned(), format!("b:-7 {due}")]
    );
    // The first is due later, and the other one leaves the member to it.
    let later = || json!([row("a", 3, 5), row("b", 7, 1)]);
    assert_eq!(
        run(later(), &[("2027-06-23", 5), ("2027-06-27", 5)]),
        ["b:-7 condition", "a:-3 2027-06-27 10:00"]
    );
    // What has begun stays.
    assert_eq!(
        run(later(), &[("2027-06-23", 1), ("2027-06-27", 5)]),
        ["b:-7 2027-06-23 10:00", "a:-3 condition"]
    );
    // The first one's time is over, so it holds nobody back.
    let over = || json!([row("a", 7, 5), row("b", 3, 1)]);
    assert_eq!(
        run(over(), &[("2027-06-23", 1), ("2027-06-27", 5)]),
        ["a:-7 condition", "b:-3 2027-06-27 10:00"]
    );
    // A strategy that shares nothing goes out beside them.
    let mut beside = both();
    beside[1]["match"] = json!("all");
    beside[1]["send"]["template"] = json!("news");
    assert_eq!(run(beside, &[("2027-06-23", 5)]), [format!("a:-7 {due}"), format!("b:-7 {due}")]);
}

/// Two strategies may have the same text only where they also do the same.
#[test]
fn the_same_message_about_one_occasion_goes_out_once_in_a_day() {
    let run = |change: fn(&mut Value), days: u32| {
        let mut other = warn("b", days);
        change(&mut other);
        let mut programme = programme(json!([warn("a", 7), other]));
        programme.decided_through = day("2027-06-22");
        let mut person = with_points_until("2027-06-30");
        let mut found = Vec::new();
        for night in ["2027-06-23", "2027-06-24"] {
            programme.decided_through = day(night) - 1;
            let now = at(&format!("{night} 02:00"));
            found.extend(all_told(&programme.night(&mut person, now, shanghai())));
        }
        found[1].clone()
    };
    assert_eq!(run(|_| (), 7), "b:-7 duplicate_content");
    assert_eq!(run(|_| (), 6), "b:-6 2027-06-24 10:00", "a day later it is another message");
    let text: fn(&mut Value) = |other| other["send"]["template"] = json!("news");
    assert_eq!(run(text, 7), "b:-7 2027-06-23 10:00");
    let gift: fn(&mut Value) = |other| other["action"] = json!({"grant": {"name": "gift"}});
    assert_eq!(run(gift, 7), "b:-7 2027-06-23 10:00");
}

/// A member who is left alone for a row must not get the next one instead.
#[test]
fn a_row_that_holds_a_member_out_keeps_it_from_the_others() {
    let row = |id: &str, holdout: u32| {
        json!({"id": id, "trigger": {"kind": "points_expiring", "days_before": 7},
               "match": "first", "holdout_percent": holdout,
               "send": {"channels": ["push"], "template": "news"}})
    };
    let is_out = |id: &&String| strategy_bucket("salt", "a", id) < 5_000;
    let id = (0..100).map(|n| format!("m-{n}")).find(|id| is_out(&id)).unwrap();
    let mut programme = programme(json!([row("a", 50), row("b", 0)]));
    programme.decided_through = day("2027-06-22");
    let mut person = Person { id, ..with_points_until("2027-06-30") };
    let night = programme.night(&mut person, at("2027-06-23 02:00"), shanghai());
    assert_eq!(all_told(&night), ["a:-7 holdout_strategy", "b:-7 condition"]);
}

#[test]
fn service_goes_to_everybody_and_marketing_does_not() {
    let mut counts = [0, 0];
    for n in 0..2_000 {
        let mut strategies = [warn("news", 7), warn("notice", 7)];
        strategies[0]["send"]["template"] = json!("news");
        for strategy in &mut strategies {
            strategy["holdout_percent"] = json!(10);
        }
        let playbook = json!({"holdout_percent": 5, "strategies": strategies});
        let mut programme = Programme::new(playbook);
        programme.decided_through = day("2027-06-22");
        let mut person = Person { id: format!("m-{n}"), ..with_points_until("2027-06-30") };
        let night = programme.night(&mut person, at("2027-06-23 02:00"), shanghai());
        assert_eq!(night[1].reason(), None);
        match night[0].reason() {
            Some(Reason::HoldoutProgramme) => counts[0] += 1,
            Some(Reason::HoldoutStrategy) => counts[1] += 1,
            _ => {}
        }
    }
    // 5 %, and 10 % of the other 95 %.
    assert!((70..130).contains(&counts[0]), "{counts:?}");
    assert!((150..230).contains(&counts[1]), "{counts:?}");
}

#[test]
fn a_budget_is_used_up_member_by_member() {
    for (budget, mode, count) in [
        (json!({"messages": 5, "per": "day"}), "all", 2),
        (json!({"messages": 5, "per": "day"}), "first_possible", 5),
        (json!({"cost_minor": 100, "per": "day"}), "all", 7),
        (json!({"cost_minor": 100, "per": "day"}), "first_possible", 10),
        (json!({"points": 199, "per": "month"}), "all", 3),
        (json!({"points": 199, "messages": 2, "per": "month"}), "all", 1),
    ] {
        let mut strategy = warn("w", 7);
        strategy["budget"] = budget.clone();
        strategy["send"]["mode"] = json!(mode);
        strategy["send"]["channels"] = json!(["push", "sms"]);
        strategy["action"] = json!({"grant": {"name": "gift"}});
        let mut programme = programme(json!([strategy]));
        programme.cost_minor = [(Channel::Push, 4), (Channel::Sms, 10)].into();
        programme.decided_through = day("2027-06-22");
        let mut left = Left::default();
        let mut found = Vec::new();
        for n in 0..12 {
            let mut person = Person { id: format!("m-{n}"), ..with_points_until("2027-06-30") };
            let now = at("2027-06-23 02:00");
            let night = programme.night_with(&mut person, now, shanghai(), &mut left);
            found.push(night[0].reason());
        }
        let expected: Vec<_> =
            (0..12).map(|n| if n < count { None } else { Some(Reason::Budget) }).collect();
        assert_eq!(found, expected, "{budget} {mode}");
        // What was used before is not there any more.
        let mut left = Left::default();
        let used = Uses { messages: 5, cost_minor: 100, points: 199 };
        left.take(&programme.playbook.strategies[0], used);
        let mut person = with_points_until("2027-06-30");
        let night =
            programme.night_with(&mut person, at("2027-06-23 02:00"), shanghai(), &mut left);
        assert_eq!(night[0].reason(), Some(Reason::Budget));
    }
}

#[test]
fn a_strategy_runs_between_its_days() {
    for (from, until, count) in [
        (None, None, 1),
        (Some("2027-06-23"), Some("2027-06-23"), 1),
        (Some("2027-06-24"), None, 0),
        (None, Some("2027-06-22"), 0),
    ] {
        let mut strategy = warn("w", 7);
        strategy["from"] = json!(from);
        strategy["until"] = json!(until);
        let mut programme = programme(json!([strategy]));
        programme.decided_through = day("2027-06-22");
        let mut person = with_points_until("2027-06-30");
        let night = programme.night(&mut person, at("2027-06-23 02:00"), shanghai());
        assert_eq!(night.len(), count, "{from:?} {until:?}");
    }
}

#[test]
fn a_strategy_without_a_message_only_acts() {
    let strategy = json!({"id": "act", "trigger": {"kind": "entered_segment", "segment": "vip"},
                          "action": {"grant": {"name": "gift"}, "set_tag": "value/high"}});
    let programme = Programme::new(json!({
        "caps": [{"times": 1, "per": "day"}], "quiet_hours": {"from": "00:00", "until": "23:59"},
        "strategies": [strategy],
    }));
    let mut person = Person::new("m-1");
    person.contacts.clear();
    let what = set(Family::Segment, "vip", true, None);
    person.occasions = vec![Occasion { at: at("2027-06-01 03:00"), what }];
    let night = programme.night(&mut person, at("2027-06-01 03:00"), shanghai());
    assert_eq!(all_told(&night), ["act:0 2027-06-01 03:00"]);
    assert_eq!((night[0].channels.len(), &night[0].template), (0, &None));
    assert!(night[0].action.grant.is_some());
}

/// A touch that was decided in the night, and what may have happened until 10:00.
#[test]
fn what_happened_since_stops_a_message_that_is_due() {
    let strategy = json!({
        "id": "s", "trigger": {"kind": "points_expiring"}, "stop_when": ["redeemed", "ordered"],
        "send": {"channels": ["sms", "push"], "template": "news"},
        "sequence": {"nodes": [{"days_before": 7}, {"days_before": 3}],
                     "skip_after_response_hours": 72},
    });
    let playbook = |caps: Value| {
        Programme::new(json!({
            "caps": caps, "quiet_hours": {"from": "21:00", "until": "09:00"},
            "strategies": [strategy, warn("other", 5)],
        }))
    };
    let mut programme = playbook(json!([]));
    programme.decided_through = day("2027-06-22");
    let mut decided = with_points_until("2027-06-30");
    let night = programme.night(&mut decided, at("2027-06-23 02:00"), shanghai());
    assert_eq!(all_told(&night), ["s:-7 2027-06-23 10:00"]);
    let touch = night[0].clone();
    assert_eq!(touch.deadline_at, at("2027-06-27 10:00"));
    type Change = fn(&mut Person, &mut Programme);
    let cases: [(&str, Change, &str, &str); 21] = [
        ("nothing", |_, _| (), "2027-06-23 10:00", "send"),
        ("too early", |_, _| (), "2027-06-23 09:30", "2027-06-23 10:00"),
        ("late", |_, _| (), "2027-06-27 09:59", "send"),
        ("too late", |_, _| (), "2027-06-27 10:00", "missed"),
        ("quiet", |_, _| (), "2027-06-23 21:00", "2027-06-24 09:00"),
        (
            "quiet to the end",
            |p, _| p.quiet = Some((540, 539)),
            "2027-06-26 11:00",
            "2027-06-27 08:59",
        ),
        (
            "quiet over the end",
            |p, _| p.quiet = Some((1_200, 660)),
            "2027-06-26 20:00",
            "quiet_too_late",
        ),
        (
            "redeemed",
            |p, _| p.facts.last_redeem_at = Some(at("2027-06-23 09:00")),
            "2027-06-23 10:00",
            "stopped",
        ),
        (
            "redeemed before",
            |p, _| p.facts.last_redeem_at = Some(at("2027-06-23 01:59")),
            "2027-06-23 10:00",
            "send",
        ),
        (
            "ordered",
            |p, _| p.facts.last_order_at = Some(at("2027-06-23 09:00")),
            "2027-06-23 10:00",
            "stopped",
        ),
        ("spent", |p, _| p.facts.ends.clear(), "2027-06-23 10:00", "stopped"),
        ("less", |p, _| p.facts.ends[0].1 = 1, "2027-06-23 10:00", "send"),
        ("no address", |p, _| p.contacts.clear(), "2027-06-23 10:00", "no_contact"),
        (
            "bounced",
            |p, _| p.contacts.extend([(Channel::Sms, ContactState::Bounced)]),
            "2027-06-23 10:00",
            "no_contact",
        ),
        (
            "withdrawn",
            |p, _| {
                let key = (Purpose::Marketing, Channel::Sms);
                p.consents.insert(key, Decision::Withdrawn);
            },
            "2027-06-23 10:00",
            "no_consent",
        ),
        (
            "withdrawn elsewhere",
            |p, _| {
                let key = (Purpose::Marketing, Channel::Push);
                p.consents.insert(key, Decision::Withdrawn);
            },
            "2027-06-23 10:00",
            "send",
        ),
        ("frozen", |p, _| p.is_frozen = true, "2027-06-23 10:00", "frozen"),
        ("erased", |p, _| p.is_erased = true, "2027-06-23 10:00", "erased"),
        (
            "withdrawn from the playbook",
            |_, q| q.playbook.strategies.retain(|one| one.id != "s"),
            "2027-06-23 10:00",
            "stopped",
        ),
        (
            "another one went out today",
            |p, _| {
                let other = p.touches[0].clone();
                let other = Touch { key: key("other", -5, &other.key.cycle), ..other };
                p.touches.push(sent(&other, at("2027-06-23 09:55")));
            },
            "2027-06-23 10:00",
            "2027-06-24 10:00",
        ),
        (
            "another one is due today",
            |p, _| {
                let other = p.touches[0].clone();
                let other = Touch { key: key("other", -5, &other.key.cycle), ..other };
                p.touches.push(other);
            },
            "2027-06-23 10:00",
            "send",
        ),
    ];
    for (name, change, now, expected) in cases {
        let mut programme = playbook(json!([{"times": 1, "per": "day"}]));
        let mut person = decided.clone();
        change(&mut person, &mut programme);
        let recipient = person.recipient(at(now), shanghai());
        let verdict = still_wanted(&programme.terms(), &recipient, &touch, Some(Channel::Sms));
        let found = match verdict {
            Verdict::Send => "send".to_owned(),
            Verdict::Later(at) => local(at),
            Verdict::Suppress(reason) => reason.as_str().to_owned(),
            Verdict::Over => "over".to_owned(),
        };
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_response_to_an_earlier_step_leaves_out_the_next() {
    let mut strategy = ladder(&[7, 3, 1]);
    strategy["sequence"]["skip_after_response_hours"] = json!(96);
    let mut programme = programme(json!([strategy]));
    let mut person = with_points_until("2027-06-30");
    programme.decided_through = day("2027-06-22");
    programme.night(&mut person, at("2027-06-23 02:00"), shanghai());
    person.touches[0] = sent(&person.touches[0], at("2027-06-23 10:00"));
    person.touches[0].responded_at = Some(at("2027-06-23 11:00"));
    programme.decided_through = day("2027-06-26");
    programme.night(&mut person, at("2027-06-27 02:00"), shanghai());
    programme.decided_through = day("2027-06-28");
    programme.night(&mut person, at("2027-06-29 02:00"), shanghai());
    assert_eq!(
        all_told(&person.touches),
        ["ladder:-7 2027-06-23 10:00", "ladder:-3 stopped", "ladder:-1 2027-06-29 10:00"]
    );
}

#[test]
fn a_cycle_is_settled_where_a_message_went_out() {
    let mut strategy = ladder(&[7, 3]);
    strategy["sequence"]["settle"] = json!(true);
    let mut programme = programme(json!([strategy, warn("other", 7)]));
    programme.decided_through = day("2027-06-22");
    let mut person = with_points_until("2027-06-30");
    let night = programme.night(&mut person, at("2027-06-23 02:00"), shanghai());
    let ended = Ended { redeemed: 60, expired: 40 };
    let cycle = end_of("2027-06-30");
    let of = |touches: &[Touch]| settle("ladder", &cycle, touches, ended);
    assert_eq!(of(&night), None, "it is due, and nobody was told");
    let mut gone: Vec<Touch> =
        night.iter().map(|touch| sent(touch, at("2027-06-23 10:00"))).collect();
    let later = Touch { key: key("ladder", -3, &cycle), ..gone[0].clone() };
    gone.push(Touch { state: State::Unknown, responded_at: Some(at("2027-06-28 10:00")), ..later });
    let settled = of(&gone).unwrap();
    assert_eq!((settled.touched, settled.has_responded), (2, true));
    assert_eq!((settled.first_sent_at, settled.ended), (at("2027-06-23 10:00"), ended));
    assert_eq!(settle("ladder", &end_of("2027-07-01"), &gone, ended), None);
    assert_eq!(settle("other", &cycle, &gone[..1], ended), None, "of another strategy");
    // It is over on the last day of the points, whichever node it is.
    let today = Today::at(at("2027-06-23 02:00"), shanghai());
    let on = |place: usize, touch: &Touch| {
        settles_on(&programme.playbook.strategies[place], touch, today)
    };
    assert!(gone.iter().all(|touch| on(0, touch) == Some(day("2027-06-30"))));
    assert_eq!(on(1, &gone[0]), None, "it does not settle");
}

#[test]
fn what_does_not_end_is_over_with_its_last_message() {
    let nodes = json!([{"days_after": 0}, {"days_after": 3}, {"days_after": 10}]);
    let strategy = json!({"id": "hello", "trigger": {"kind": "entry", "entry": "earn"},
        "send": {"channels": ["push"], "template": "warn"}, "sequence": {"nodes": nodes, "settle": true}});
    let strategy: Strategy = serde_json::from_value(strategy).unwrap();
    let today = Today::at(at("2027-06-23 02:00"), shanghai());
    let mut programme = programme(json!([warn("other", 7)]));
    programme.decided_through = day("2027-06-22");
    let mut person = with_points_until("2027-06-30");
    let night = programme.night(&mut person, at("2027-06-23 02:00"), shanghai());
    for (node, due, deadline, over) in [
        (0, "2027-06-20 11:00", "2027-06-23 10:00", "2027-06-30"),
        (3, "2027-06-23 10:00", "2027-06-26 10:00", "2027-06-30"),
        // Three days make sense, until noon of the last.
        (10, "2027-06-30 10:00", "2027-07-03 10:00", "2027-07-03"),
    ] {
        let cycle = Cycle::Entry("e1".into());
        let touch = Touch {
            key: key("hello", node, &cycle),
            due_at: at(due),
            deadline_at: at(deadline),
            ..night[0].clone()
        };
        assert_eq!(settles_on(&strategy, &touch, today), Some(day(over)), "{node}");
    }
}
