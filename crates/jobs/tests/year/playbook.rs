//! The ready-made playbook, as its tables and the page of reference tell it: by hand, so that
//! reading the document wrong is found as well.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use reach::Channel;
use reach::playbook::Playbook;
use serde_json::{Value as Json, json};

use crate::naive::{Book, Spec, Waits};

/// What ships.
pub const EXAMPLE: &str = include_str!("../../../reach/src/playbook/example.json");

/// Templates, and whether they are for marketing.
pub const TEMPLATES: [(&str, bool); 11] = [
    ("last_day", true),
    ("points_note", false),
    ("expiry_wished", true),
    ("expiry_popular", true),
    ("top_up", true),
    ("recall", true),
    ("expiry_reminder", false),
    ("birthday", true),
    ("tier_ending", true),
    ("tier_up", false),
    ("coupon_ending", false),
];

/// What a message costs by its channel, in minor units.
pub const COSTS: [(Channel, &str, i64); 3] =
    [(Channel::Push, "push", 1), (Channel::Email, "email", 2), (Channel::Sms, "sms", 9)];

/// The ready-made playbook, and some strategies more: one says again what the ladder says, one has
/// a budget, and two have little time.
pub fn document(has_more: bool) -> Playbook {
    let mut document: Json = serde_json::from_str(EXAMPLE).unwrap();
    let again = json!({"id": "again", "priority": -5,
        "trigger": {"kind": "points_expiring", "days_before": 7},
        "send": {"channels": ["push", "wecom"], "mode": "first_possible",
                 "template": "expiry_reminder"}});
    let note = json!({"id": "points_note", "priority": 3,
        "trigger": {"kind": "points_expiring", "days_before": 20},
        "send": {"channels": ["push", "email", "sms"], "template": "points_note"},
        "budget": {"messages": 40, "cost_minor": 150, "per": "month"}});
    let last = json!({"id": "last_day", "priority": -10,
        "trigger": {"kind": "points_expiring", "days_before": 0},
        "send": {"channels": ["push", "sms"], "mode": "first_possible", "template": "last_day"}});
    let soon = json!({"id": "up_soon", "priority": 1,
        "trigger": {"kind": "tier_changed", "direction": "up"},
        "send": {"channels": ["push", "wecom"], "template": "points_note", "within_hours": 11}});
    if has_more {
        document["strategies"].as_array_mut().unwrap().extend([again, note, last, soon]);
    }
    serde_json::from_value(document).unwrap()
}

/// Strategies that give something, each once for a touch.
pub const GRANTING: [&str; 3] = ["row_1", "birthday", "tier_sprint"];

fn spec(id: &str, waits: Waits, (channels, to_all): (&[&'static str], bool)) -> Spec {
    Spec {
        id: id.to_owned(),
        waits,
        is_sequence: false,
        segment: None,
        when: None,
        template: "",
        channels: channels.to_vec(),
        to_all,
        nodes: BTreeMap::new(),
        priority: 0,
        is_first: false,
        stops_redeemed: false,
        stops_ordered: false,
        skip_hours: None,
        holdout: 10,
        spread: 3,
        within_hours: 72,
        messages: None,
        cost: None,
        from: None,
        until: None,
    }
}

fn row(
    (id, place): (&str, i64),
    waits: Waits,
    send: (&[&'static str], bool),
    (segment, when): (&'static str, Option<&'static str>),
    template: &'static str,
) -> Spec {
    let priority = 50 - 10 * place;
    let segment = Some(segment);
    Spec { segment, when, template, priority, is_first: true, ..spec(id, waits, send) }
}

fn ladder() -> Spec {
    let node = |days: i64, channels: &[&'static str], to_all| (-days, (channels.to_vec(), to_all));
    Spec {
        is_sequence: true,
        template: "expiry_reminder",
        nodes: BTreeMap::from([
            node(30, &["wechat"], true),
            node(15, &["email"], true),
            node(7, &["push"], true),
            node(3, &["sms"], true),
            node(1, &["push", "sms"], false),
        ]),
        stops_redeemed: true,
        stops_ordered: true,
        skip_hours: Some(72),
        ..spec("expiry_ladder", Waits::Points(vec![30, 15, 7, 3, 1]), (&[], true))
    }
}

/// The four rows, the ladder, and what comes with it.
pub fn book(has_more: bool) -> Book {
    let mut specs = vec![
        row(
            ("row_1", 1),
            Waits::Points(vec![30]),
            (&["push", "sms"], true),
            ("high_value_active", Some("member.balance > 5000")),
            "expiry_wished",
        ),
        row(
            ("row_2", 2),
            Waits::Points(vec![15]),
            (&["email"], true),
            ("mid_value", None),
            "expiry_popular",
        ),
        row(
            ("row_3", 3),
            Waits::Points(vec![7]),
            (&["sms"], true),
            ("low_value", Some("member.days_since_order >= 90")),
            "top_up",
        ),
        row(
            ("row_4", 4),
            Waits::Within(30),
            (&["wecom", "sms"], false),
            ("sleeping", None),
            "recall",
        ),
        ladder(),
        Spec {
            template: "birthday",
            priority: 60,
            ..spec("birthday", Waits::Birthday(vec![0]), (&["wechat", "push", "sms"], false))
        },
        Spec {
            template: "tier_ending",
            priority: 50,
            ..spec("tier_sprint", Waits::Tier(vec![15]), (&["push", "sms"], false))
        },
        Spec {
            template: "tier_up",
            priority: 70,
            ..spec("tier_up", Waits::TierUp(vec![0]), (&["wechat", "push", "sms"], false))
        },
        Spec {
            template: "coupon_ending",
            priority: 5,
            ..spec("coupon_ending", Waits::Coupon(vec![3]), (&["wechat", "push"], false))
        },
    ];
    if has_more {
        specs.extend([
            Spec {
                template: "expiry_reminder",
                priority: -5,
                ..spec("again", Waits::Points(vec![7]), (&["push", "wecom"], false))
            },
            Spec {
                template: "points_note",
                priority: 3,
                messages: Some(40),
                cost: Some(150),
                ..spec("points_note", Waits::Points(vec![20]), (&["push", "email", "sms"], true))
            },
            Spec {
                template: "last_day",
                priority: -10,
                ..spec("last_day", Waits::Points(vec![0]), (&["push", "sms"], false))
            },
            Spec {
                template: "points_note",
                priority: 1,
                within_hours: 11,
                ..spec("up_soon", Waits::TierUp(vec![0]), (&["push", "wecom"], true))
            },
        ]);
    }
    Book {
        salt: "default",
        marketing: TEMPLATES.iter().filter(|(_, is_one)| *is_one).map(|(id, _)| *id).collect(),
        send_at: 600,
        quiet: Some((21 * 60, 9 * 60)),
        caps: vec![
            (None, Some("marketing"), 1, "day"),
            (Some("sms"), Some("marketing"), 4, "month"),
        ],
        holdout: 5,
        costs: COSTS.iter().map(|(_, channel, cost)| (*channel, *cost)).collect(),
        specs,
        shared: month_ends(),
    }
}

/// The rulebook has a policy that rounds up to months: points of very many may end with each.
fn month_ends() -> BTreeSet<i64> {
    let of = |year: i32, month: u32| NaiveDate::from_ymd_opt(year, month, 1).unwrap();
    let days = (2026..2029).flat_map(|year| (1..13).map(move |month| of(year, month)));
    days.map(|day| (day - of(1970, 1)).num_days() - 1).collect()
}
