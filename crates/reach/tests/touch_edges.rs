//! Edges of the decision: who is compared with whom, what a stop takes back, what late jobs and
//! edited playbooks do, and what caps of one channel leave to the others.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use ledger::start_of_day;
use reach::Channel;
use reach::touch::{
    Coupon, Happening, Occasion, State, Touch, Verdict, programme_bucket, still_wanted,
    strategy_bucket,
};
use serde_json::{Value, json};

use crate::support::{Person, Programme, all_told, at, day, local, sent, shanghai};

fn with_points_until(id: &str, last_day: &str) -> Person {
    let mut person = Person::new(id);
    person.facts.points = 100;
    person.facts.ends = vec![(day(last_day), 100)];
    person
}

fn warn(id: &str, days: u32, more: Value) -> Value {
    let mut strategy = json!({
        "id": id, "trigger": {"kind": "points_expiring", "days_before": days},
        "send": {"channels": ["push"], "template": "notice"}
    });
    strategy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    strategy
}

fn ladder(days: &[u32], more: Value) -> Value {
    let nodes: Vec<Value> = days.iter().map(|days| json!({"days_before": days})).collect();
    let mut strategy = warn("ladder", 0, more);
    strategy["trigger"] = json!({"kind": "points_expiring"});
    strategy["sequence"] = json!({"nodes": nodes});
    strategy
}

fn programme(strategies: Value) -> Programme {
    Programme::new(json!({"strategies": strategies}))
}

/// One run at 02:00 of that day; the days before it are decided.
fn night(programme: &mut Programme, person: &mut Person, on: &str) -> Vec<String> {
    programme.decided_through = day(on) - 1;
    all_told(&programme.night(person, at(&format!("{on} 02:00")), shanghai()))
}

fn verdict(programme: &Programme, person: &Person, touch: &Touch, now: &str) -> String {
    let recipient = person.recipient(at(now), shanghai());
    let channel = touch.channels.first().copied().unwrap_or(Channel::Push);
    told(still_wanted(&programme.terms(), &recipient, touch, Some(channel)))
}

fn told(verdict: Verdict) -> String {
    match verdict {
        Verdict::Send => "send".to_owned(),
        Verdict::Later(at) => local(at),
        Verdict::Suppress(reason) => reason.as_str().to_owned(),
        Verdict::Over => "over".to_owned(),
    }
}

/// A member that the strategy holds out, of 50 %.
fn held_out(strategy: &str) -> String {
    let is_out = |id: &String| strategy_bucket("salt", strategy, id) < 5_000;
    (0..1_000).map(|n| format!("m-{n}")).find(is_out).unwrap()
}

fn earned(id: &str, when: &str) -> Occasion {
    let what =
        Happening::Entry { id: id.to_owned(), kind: "earn".to_owned(), points: 5, tier: None };
    Occasion { at: at(when), what }
}

fn did(kind: &str, when: &str) -> Occasion {
    Occasion { at: at(when), what: Happening::Behaviour { kind: kind.to_owned() } }
}

#[test]
fn nobody_is_held_out_of_a_strategy_that_is_not_for_them() {
    let marketing = json!({"segment": "vip", "holdout_percent": 50, "match": "first",
                           "send": {"channels": ["push"], "template": "news"}});
    let next = json!({"match": "first", "priority": -1});
    let mut programme = programme(json!([warn("row_1", 30, marketing), warn("row_2", 15, next)]));
    for (days_in, expected) in [
        // Never in the segment, and into it only when the first row's time is over.
        (vec![], ["row_1:-30 not_in_segment", "row_2:-15 2027-06-15 10:00"]),
        (vec!["2027-06-15"], ["row_1:-30 not_in_segment", "row_2:-15 2027-06-15 10:00"]),
        // Held out, whether or not it leaves the segment later: service goes out all the same.
        (vec!["2027-05-31"], ["row_1:-30 holdout_strategy", "row_2:-15 2027-06-15 10:00"]),
    ] {
        let mut person = with_points_until(&held_out("row_1"), "2027-06-30");
        let mut found = Vec::new();
        for on in ["2027-05-31", "2027-06-15"] {
            person.segments = if days_in.contains(&on) { ["vip"].into() } else { [].into() };
            found.extend(night(&mut programme, &mut person, on));
        }
        assert_eq!(found, expected, "{days_in:?}");
    }
}

#[test]
fn marketing_that_is_withheld_keeps_marketing_back_and_no_service() {
    let row = |template: &str, holdout: u32, priority: i64| {
        json!({"holdout_percent": holdout, "match": "first", "priority": priority,
               "send": {"channels": ["push"], "template": template}})
    };
    for (template, expected) in
        [("notice", "plain:-7 2027-06-23 10:00"), ("news", "plain:-7 condition")]
    {
        // The first row still has a node to come, which would be withheld as well.
        let mut promo = ladder(&[7, 3], row("news", 50, 2));
        promo["id"] = json!("promo");
        let mut programme = programme(json!([promo, warn("plain", 7, row(template, 0, 1))]));
        let mut person = with_points_until(&held_out("promo"), "2027-06-30");
        let found = night(&mut programme, &mut person, "2027-06-23");
        assert_eq!(found, ["promo:-7 holdout_strategy", expected]);
    }
}

#[test]
fn a_stop_is_final() {
    let stops = json!({"stop_when": ["redeemed"]});
    let mut programme = programme(json!([ladder(&[30, 15, 7], stops)]));
    for (redeemed, expected) in [
        ("2027-05-31 01:59", ["ladder:-15 2027-06-15 10:00", "ladder:-7 2027-06-23 10:00"]),
        // At the very instant of the decision, and before the first message went out.
        ("2027-05-31 02:00", ["ladder:-15 stopped", "ladder:-7 stopped"]),
        ("2027-05-31 05:00", ["ladder:-15 stopped", "ladder:-7 stopped"]),
    ] {
        let mut person = with_points_until("m-1", "2027-06-30");
        night(&mut programme, &mut person, "2027-05-31");
        person.facts.last_redeem_at = Some(at(redeemed));
        let recipient = person.recipient(at("2027-05-31 10:00"), shanghai());
        let asked =
            still_wanted(&programme.terms(), &recipient, &person.touches[0], Some(Channel::Push));
        match asked {
            Verdict::Suppress(reason) => person.touches[0].state = State::Suppressed(reason),
            _ => person.touches[0] = sent(&person.touches[0], at("2027-05-31 10:00")),
        }
        let mut found = night(&mut programme, &mut person, "2027-06-15");
        found.extend(night(&mut programme, &mut person, "2027-06-23"));
        assert_eq!(found, expected, "{redeemed}");
    }
}

#[test]
fn a_message_that_waits_gives_its_room_to_a_higher_priority() {
    let tagged = json!({"priority": -900, "action": {"set_tag": "value/high"}});
    let mut birthday = warn("urgent", 0, json!({"priority": 1000}));
    birthday["trigger"] = json!({"kind": "date", "attribute": "birthday"});
    let mut programme = Programme::new(json!({
        "caps": [{"times": 1, "per": "day"}],
        "strategies": [warn("top", 10, json!({"priority": 900})), warn("low", 10, tagged), birthday],
    }));
    let mut person = with_points_until("m-1", "2027-06-30");
    person.attributes.insert("birthday".to_owned(), "1990-06-21".to_owned());
    let first = night(&mut programme, &mut person, "2027-06-20");
    assert_eq!(first, ["top:-10 2027-06-20 10:00", "low:-10 2027-06-21 10:00"]);
    person.touches[0] = sent(&person.touches[0], at("2027-06-20 10:00"));
    let second = night(&mut programme, &mut person, "2027-06-21");
    assert_eq!(second, ["urgent:0 2027-06-21 10:00"]);
    let (low, urgent) = (person.touches[1].clone(), person.touches[2].clone());
    assert_eq!(verdict(&programme, &person, &urgent, "2027-06-21 10:00"), "send");
    assert_eq!(verdict(&programme, &person, &low, "2027-06-21 10:00"), "2027-06-22 10:00");
    // What will never go out any more takes no room.
    person.touches[2].deadline_at = at("2027-06-21 10:00");
    assert_eq!(verdict(&programme, &person, &low, "2027-06-21 10:00"), "send");
}

/// A day becomes shared, the strategy begins, or it was published: a member who would have been
/// told earlier than others is told all the same.
#[test]
fn a_spread_node_leaves_nobody_out() {
    let nights = |id: &str, from: Option<&str>, first: &str, shared_from: &str| {
        let mut programme = programme(json!([warn("s", 7, json!({"from": from}))]));
        let mut person = with_points_until(id, "2027-12-31");
        for today in day(first)..=day("2027-12-31") {
            if today >= day(shared_from) {
                programme.shared_days.insert(day("2027-12-31"));
            }
            programme.decided_through = today - 1;
            let now = start_of_day(ledger::from_day_number(today), shanghai());
            programme.night(&mut person, now, shanghai());
        }
        person.touches
    };
    let mut days = std::collections::BTreeSet::new();
    for n in 0..60 {
        let id = format!("m-{n}");
        for (from, first, shared_from) in [
            (Some("2027-12-24"), "2027-12-01", "2027-12-01"),
            (None, "2027-12-24", "2027-12-01"),
            (None, "2027-12-01", "2027-12-24"),
        ] {
            let found = nights(&id, from, first, shared_from);
            assert_eq!(found.len(), 1, "{id} {from:?} {first} {shared_from}");
            assert!(found[0].due_at >= at(&format!("{} 00:00", from.unwrap_or("2027-12-22"))));
        }
        days.insert(local(nights(&id, None, "2027-12-01", "2027-12-01")[0].due_at));
    }
    assert_eq!(days.len(), 3, "{days:?}");
}

#[test]
fn messages_do_not_pile_up_where_sending_is_late() {
    let mut schedule = warn("s", 0, json!({"segment": "vip"}));
    schedule["trigger"] = json!({"kind": "schedule"});
    let mut programme = programme(json!([schedule]));
    let mut person = Person::new("m-1");
    person.segments.insert("vip");
    for on in ["2027-06-07", "2027-06-08", "2027-06-09"] {
        night(&mut programme, &mut person, on);
    }
    let touches = person.touches.clone();
    let of = |now: &str| -> Vec<String> {
        touches.iter().map(|touch| verdict(&programme, &person, touch, now)).collect()
    };
    assert_eq!(of("2027-06-09 11:00"), ["missed", "missed", "send"]);
    assert_eq!(of("2027-06-09 09:00"), ["missed", "send", "2027-06-09 10:00"]);
}

#[test]
fn a_node_that_comes_into_the_playbook_later_overtakes_the_one_before_it() {
    let mut before = programme(json!([ladder(&[30, 15], json!({}))]));
    let mut person = with_points_until("m-1", "2027-06-30");
    night(&mut before, &mut person, "2027-05-31");
    let mut after = programme(json!([ladder(&[30, 28, 15], json!({}))]));
    assert_eq!(night(&mut after, &mut person, "2027-06-02"), ["ladder:-28 2027-06-02 10:00"]);
    let touches = person.touches.clone();
    assert_eq!(verdict(&after, &person, &touches[0], "2027-06-02 09:59"), "send");
    assert_eq!(verdict(&after, &person, &touches[0], "2027-06-02 10:00"), "missed");
    assert_eq!(verdict(&after, &person, &touches[1], "2027-06-02 10:00"), "send");
}

#[test]
fn what_happened_before_a_strategy_was_published_is_no_occasion() {
    let mut strategy = warn("e", 0, json!({}));
    strategy["trigger"] = json!({"kind": "entry", "entry": "earn"});
    strategy["send"]["within_hours"] = json!(720);
    let mut programme = programme(json!([strategy]));
    let mut person = Person::new("m-1");
    person.occasions =
        (1..=5).map(|n| earned(&format!("e{n}"), &format!("2027-06-0{n} 12:00"))).collect();
    // Of what nobody came to on its day, the last is told.
    programme.since.insert("e".to_owned(), at("2027-06-04 12:00"));
    let late = night(&mut programme, &mut person.clone(), "2027-06-20");
    assert_eq!(late, ["e:0 missed", "e:0 2027-06-20 02:00"]);
    programme.since.insert("e".to_owned(), at("2027-06-19 12:00"));
    assert_eq!(night(&mut programme, &mut person, "2027-06-20"), Vec::<String>::new());
    // Of one day, each is.
    person.occasions = vec![earned("e6", "2027-06-20 01:00"), earned("e7", "2027-06-20 01:30")];
    let found = night(&mut programme, &mut person, "2027-06-20");
    assert_eq!(found, ["e:0 2027-06-20 02:00", "e:0 2027-06-20 02:00"]);
}

/// It makes no difference whether a job keeps what was not for the member.
#[test]
fn what_was_not_for_the_member_is_asked_anew() {
    let mut strategy = warn("e", 0, json!({"when": "member.balance > 150"}));
    strategy["trigger"] = json!({"kind": "entry", "entry": "earn"});
    for keeps in [true, false] {
        let mut programme = programme(json!([strategy]));
        let mut person = with_points_until("m-1", "2027-12-31");
        person.occasions = vec![earned("e1", "2027-06-01 12:00")];
        programme.decided_through = day("2027-05-31");
        let first = programme.night(&mut person, at("2027-06-01 13:00"), shanghai());
        assert_eq!(all_told(&first), ["e:0 condition"]);
        if !keeps {
            person.touches.clear();
        }
        person.facts.points = 200;
        person.facts.ends = vec![(day("2027-12-31"), 200)];
        let found = night(&mut programme, &mut person, "2027-06-02");
        assert_eq!(found, ["e:0 2027-06-02 02:00"], "{keeps}");
    }
}

#[test]
fn a_sequence_counts_from_the_day_of_its_first_message() {
    let mut cart = warn("cart", 0, json!({}));
    cart["trigger"] =
        json!({"kind": "behaviour", "behaviour": "add_to_cart", "after_minutes": 2880});
    cart["sequence"] = json!({"nodes": [{"days_after": 0}, {"days_after": 1}, {"days_after": 3}]});
    let programme = programme(json!([cart]));
    let mut person = Person::new("m-1");
    person.occasions = vec![did("add_to_cart", "2027-06-01 12:00")];
    let mut found = Vec::new();
    for now in ["06-02 02:00", "06-03 02:00", "06-03 12:00", "06-04 02:00", "06-06 02:00"] {
        let new = programme.night(&mut person, at(&format!("2027-{now}")), shanghai());
        found.extend(all_told(&new));
    }
    assert_eq!(
        found,
        ["cart:0 2027-06-03 12:00", "cart:1 2027-06-04 10:00", "cart:3 2027-06-06 10:00"]
    );
}

#[test]
fn what_follows_before_a_message_is_sent_stops_it() {
    let mut cart = warn("cart", 0, json!({"stop_when": ["ordered"]}));
    cart["trigger"] = json!({"kind": "behaviour", "behaviour": "add_to_cart",
                             "after_minutes": 30, "unless": "checkout"});
    let programme = Programme::new(json!({
        "quiet_hours": {"from": "21:00", "until": "09:00"}, "strategies": [cart],
    }));
    let mut person = Person::new("m-1");
    person.occasions = vec![did("add_to_cart", "2027-06-01 20:50")];
    let new = programme.night(&mut person, at("2027-06-01 21:25"), shanghai());
    assert_eq!(all_told(&new), ["cart:0 2027-06-02 09:00"]);
    assert_eq!(verdict(&programme, &person, &new[0], "2027-06-02 09:00"), "send");
    person.occasions.push(did("checkout", "2027-06-01 22:00"));
    assert_eq!(verdict(&programme, &person, &new[0], "2027-06-02 09:00"), "stopped");
    // The job comes late, and the order was there before it.
    let mut late = Person::new("m-1");
    late.occasions = vec![did("add_to_cart", "2027-06-01 20:50")];
    late.facts.last_order_at = Some(at("2027-06-01 21:25"));
    let new = programme.night(&mut late, at("2027-06-02 02:00"), shanghai());
    assert_eq!(all_told(&new), ["cart:0 stopped"]);
    // An order before the message was due is what the condition may ask for, and stops nothing.
    let mut before = Person::new("m-1");
    before.occasions = vec![did("add_to_cart", "2027-06-01 20:50")];
    before.facts.last_order_at = Some(at("2027-06-01 21:20"));
    let new = programme.night(&mut before, at("2027-06-02 02:00"), shanghai());
    assert_eq!(all_told(&new), ["cart:0 2027-06-02 09:00"]);
}

#[test]
fn nothing_goes_out_after_the_strategys_last_day() {
    let ends = json!({"until": "2027-06-10", "action": {"set_tag": "value/high"}});
    let mut programme = Programme::new(json!({
        "caps": [{"times": 1, "per": "week"}],
        "strategies": [warn("a", 20, json!({"priority": 5})), warn("b", 20, ends)],
    }));
    let mut person = with_points_until("m-1", "2027-06-30");
    let found = night(&mut programme, &mut person, "2027-06-10");
    assert_eq!(found, ["a:-20 2027-06-10 10:00", "b:-20 frequency"]);
    assert_eq!(person.touches[1].deadline_at, at("2027-06-11 00:00"));
}

#[test]
fn the_next_channel_has_time_before_the_deadline() {
    let by_two = json!({"send": {"channels": ["wecom", "sms"], "mode": "first_possible",
                                 "template": "notice"}});
    for (days, hours) in [(&[2, 1][..], 12), (&[9, 0][..], 24)] {
        let mut programme = programme(json!([ladder(days, by_two.clone())]));
        let mut person = with_points_until("m-1", "2027-06-30");
        let on = if days[0] == 2 { "2027-06-28" } else { "2027-06-21" };
        night(&mut programme, &mut person, on);
        assert_eq!(person.touches[0].wait_hours, hours);
    }
}

#[test]
fn a_coupon_that_ends_before_its_hour_is_too_late() {
    let mut coupon = warn("c", 0, json!({}));
    coupon["trigger"] = json!({"kind": "coupon_expiring", "days_before": 0});
    let mut programme = programme(json!([coupon]));
    let mut person = Person::new("m-1");
    let ends_at = Some(at("2027-06-30 09:00"));
    person.coupons = vec![Coupon { id: "c1".to_owned(), kind: "tea".to_owned(), ends_at }];
    assert_eq!(night(&mut programme, &mut person, "2027-06-30"), ["c:0 missed"]);
}

#[test]
fn a_full_channel_leaves_the_message_to_the_others() {
    let by = |channels: &[&str], mode: &str| json!({"send": {"channels": channels, "mode": mode, "template": "notice"}});
    for (channels, mode, expected, by_which) in [
        (&["push", "sms"][..], "all", "w:-7 2027-06-23 10:00", vec![Channel::Push]),
        (&["sms", "email"], "first_possible", "w:-7 2027-06-23 10:00", vec![Channel::Email]),
        (&["sms"], "all", "w:-7 frequency", vec![Channel::Sms]),
        (&["sms"], "first_possible", "w:-7 frequency", vec![Channel::Sms]),
    ] {
        let mut programme = Programme::new(json!({
            "caps": [{"channel": "sms", "times": 1, "per": "month"}],
            "strategies": [warn("w", 7, by(channels, mode))],
        }));
        let mut person = with_points_until("m-1", "2027-06-30");
        let mut earlier = {
            let mut other = person.clone();
            programme.decided_through = day("2027-06-22");
            let now = at("2027-06-23 02:00");
            programme.night(&mut other, now, shanghai())[0].clone()
        };
        earlier.key.strategy = "old".to_owned();
        // It went by the second of its channels: that one counts.
        earlier.mode = reach::playbook::Mode::FirstPossible;
        earlier.channels = vec![Channel::Wecom, Channel::Sms];
        let went = sent(&earlier, at("2027-06-02 10:00"));
        person.touches = vec![Touch { channel: Some(Channel::Sms), ..went }];
        let found = night(&mut programme, &mut person, "2027-06-23");
        assert_eq!(found, [expected], "{channels:?} {mode}");
        assert_eq!(person.touches[1].channels, by_which, "{channels:?} {mode}");
    }
}

/// Marketing by SMS waits for the morning, the other channel does not.
#[test]
fn each_channel_has_its_own_hours() {
    let both = json!({"send": {"channels": ["push", "sms"], "template": "news"}});
    let mut programme =
        Programme::new(json!({"send_at": "07:00", "strategies": [warn("w", 7, both)]}));
    let mut person = with_points_until("m-1", "2027-06-30");
    let found = night(&mut programme, &mut person, "2027-06-23");
    assert_eq!(found, ["w:-7 2027-06-23 07:00"]);
    let recipient = person.recipient(at("2027-06-23 07:00"), shanghai());
    let of = |channel| {
        told(still_wanted(&programme.terms(), &recipient, &person.touches[0], Some(channel)))
    };
    assert_eq!(
        (of(Channel::Push), of(Channel::Sms)),
        ("send".to_owned(), "2027-06-23 08:00".to_owned())
    );
}

#[test]
fn what_is_over_is_not_sent_again() {
    let by = |mode: &str| json!({"send": {"channels": ["sms", "push"], "mode": mode, "template": "notice"}});
    for (mode, state, channel, sms, push) in [
        ("all", State::Due, None, "send", "send"),
        ("all", State::Sending, None, "send", "send"),
        ("all", State::Sent, Some(Channel::Sms), "over", "send"),
        ("all", State::Unknown, Some(Channel::Sms), "over", "send"),
        ("all", State::Sent, None, "over", "over"),
        ("first_possible", State::Sent, Some(Channel::Sms), "over", "over"),
        ("first_possible", State::Unknown, None, "over", "over"),
        ("first_possible", State::Sending, None, "send", "send"),
        ("first_possible", State::Failed, None, "over", "over"),
        ("all", State::Suppressed(reach::touch::Reason::Stopped), None, "stopped", "stopped"),
    ] {
        let mut programme = programme(json!([warn("w", 5, by(mode))]));
        let mut person = with_points_until("m-1", "2027-06-30");
        night(&mut programme, &mut person, "2027-06-25");
        person.touches[0] = Touch { state, channel, ..person.touches[0].clone() };
        let recipient = person.recipient(at("2027-06-25 10:01"), shanghai());
        let of =
            |by| told(still_wanted(&programme.terms(), &recipient, &person.touches[0], Some(by)));
        assert_eq!(
            (of(Channel::Sms).as_str(), of(Channel::Push).as_str()),
            (sms, push),
            "{mode} {state:?}"
        );
    }
}

/// A message that is being sent today counts today, whenever it was due.
#[test]
fn what_is_on_its_way_takes_room() {
    let mut programme = Programme::new(json!({
        "caps": [{"times": 1, "per": "day"}], "strategies": [warn("w", 5, json!({}))],
    }));
    let mut person = with_points_until("m-1", "2027-06-30");
    night(&mut programme, &mut person, "2027-06-25");
    let touch = person.touches[0].clone();
    for (state, sent_at, expected) in [
        (State::Sending, None, "2027-06-26 10:00"),
        (State::Unknown, Some("2027-06-25 09:59"), "2027-06-26 10:00"),
        (State::Sent, Some("2027-06-25 09:59"), "2027-06-26 10:00"),
        (State::Sent, Some("2027-06-24 10:00"), "send"),
        (State::Failed, None, "send"),
    ] {
        let mut other = touch.clone();
        other.key.strategy = "x".to_owned();
        other.due_at = at("2027-06-24 10:00");
        other.state = state;
        other.sent_at = sent_at.map(at);
        person.touches = vec![touch.clone(), other];
        assert_eq!(verdict(&programme, &person, &touch, "2027-06-25 10:01"), expected, "{state:?}");
    }
}

/// 2027-03-31 is the last day of a quarter: a cap moves the second message into the next one.
#[test]
fn the_holdout_of_the_quarter_in_which_it_goes_out_counts() {
    let out = |id: &String, on: &str| programme_bucket("salt", day(on), id) < 500;
    let id = (0..10_000)
        .map(|n| format!("m-{n}"))
        .find(|id| out(id, "2027-04-01") && !out(id, "2027-03-31"))
        .unwrap();
    let news = json!({"send": {"channels": ["push"], "template": "news"}});
    let mut programme = Programme::new(json!({
        "holdout_percent": 5, "caps": [{"times": 1, "per": "day"}],
        "strategies": [warn("a", 10, json!({"priority": 5})), warn("b", 10, news)],
    }));
    let mut person = with_points_until(&id, "2027-04-10");
    let found = night(&mut programme, &mut person, "2027-03-31");
    assert_eq!(found, ["a:-10 2027-03-31 10:00", "b:-10 holdout_programme"]);
    // One that was decided for the old quarter and is sent in the new one.
    let mut late = person.touches[1].clone();
    late.state = State::Due;
    assert_eq!(verdict(&programme, &person, &late, "2027-03-31 10:00"), "holdout_programme");
    person.touches.clear();
    assert_eq!(verdict(&programme, &person, &late, "2027-03-31 10:00"), "send");
    assert_eq!(verdict(&programme, &person, &late, "2027-04-01 10:00"), "holdout_programme");
}

#[test]
fn a_job_that_was_away_for_weeks_still_tells_and_after_a_month_no_more() {
    for (on, expected) in [
        ("2027-06-30", vec!["w:-60 2027-06-30 02:00"]),
        ("2027-07-01", vec!["w:-60 2027-07-01 02:00"]),
        ("2027-07-02", vec![]),
    ] {
        let mut programme = programme(json!([warn("w", 60, json!({}))]));
        let mut person = with_points_until("m-1", "2027-07-31");
        programme.decided_through = day("2027-05-31");
        let now = at(&format!("{on} 02:00"));
        assert_eq!(all_told(&programme.night(&mut person, now, shanghai())), expected, "{on}");
    }
}
