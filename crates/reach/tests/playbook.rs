//! The playbook as a document: the example that ships, and what cannot be published.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

use reach::playbook::{EXAMPLE, Known, KnownGrant, KnownTemplate, Playbook};
use reach::{Channel, Purpose};
use serde_json::{Value, json};

/// The table of four rows, as the design has it: the example has all of this, and more beside it.
const FOUR_ROWS: &str = r#"
{"segments": {
  "high_value_active": {"name": {"zh-CN": "高价值活跃用户"},
                        "when": "rfm.r >= 4 && rfm.f >= 4 && rfm.m >= 4"},
  "mid_value":         {"name": {"zh-CN": "中价值普通用户"}, "when": "rfm.m in [2, 3, 4] && rfm.r >= 3"},
  "low_value":         {"name": {"zh-CN": "低价值临期用户"}, "when": "rfm.m <= 2"},
  "sleeping":          {"name": {"zh-CN": "沉睡用户"},       "when": "member.days_since_login > 180"}},
 "strategies": [
  {"id": "row_1", "segment": "high_value_active",
   "trigger": {"kind": "points_expiring", "days_before": 30}, "when": "member.balance > 5000",
   "action": {"recommend": {"from": ["viewed", "favourited"], "points_at_least": 2000, "count": 3},
              "grant": {"coupon": "redeem_exclusive"}},
   "send": {"channels": ["push", "sms"], "mode": "all", "template": "expiry_wished"}},
  {"id": "row_2", "segment": "mid_value", "trigger": {"kind": "points_expiring", "days_before": 15},
   "action": {"recommend": {"from": ["popular"], "count": 5}},
   "send": {"channels": ["email"], "template": "expiry_popular"}},
  {"id": "row_3", "segment": "low_value",
   "trigger": {"kind": "points_expiring", "days_before": 7},
   "when": "member.days_since_order >= 90",
   "action": {"recommend": {"from": ["pool:daily_goods"], "points_at_most": 100,
                            "with_cash": true, "count": 1}},
   "send": {"channels": ["sms"], "template": "top_up"}},
  {"id": "row_4", "segment": "sleeping", "trigger": {"kind": "points_expiring", "within_days": 30},
   "action": {"recommend": {"from": ["pool:welcome_back"], "count": 1}},
   "send": {"channels": ["wecom", "sms"], "mode": "first_possible", "template": "recall"}},
  {"id": "expiry_ladder", "trigger": {"kind": "points_expiring", "days_before": 30},
   "sequence": {"nodes": [{"days_before": 30, "channels": ["wechat"]},
                          {"days_before": 15, "channels": ["email"]},
                          {"days_before": 7, "channels": ["push"]},
                          {"days_before": 3, "channels": ["sms"]},
                          {"days_before": 1, "channels": ["push", "sms"],
                           "mode": "first_possible"}],
                "settle": true},
   "stop_when": ["redeemed", "cycle_empty", "ordered"]}]}"#;

/// What the example names.
fn known() -> Known {
    let mut known = Known::default();
    for (id, purpose) in [
        ("expiry_wished", Purpose::Marketing),
        ("expiry_popular", Purpose::Marketing),
        ("top_up", Purpose::Marketing),
        ("recall", Purpose::Marketing),
        ("expiry_reminder", Purpose::Service),
        ("birthday", Purpose::Marketing),
        ("tier_ending", Purpose::Service),
        ("tier_up", Purpose::Service),
        ("coupon_ending", Purpose::Service),
    ] {
        let needs = Channel::ALL.iter().map(|channel| (*channel, [].into())).collect();
        known.templates.insert(id.to_owned(), KnownTemplate { purpose, needs });
    }
    for coupon in ["redeem_exclusive", "birthday_gift", "tier_sprint"] {
        let grant = KnownGrant { points: 0, coupon: Some(coupon.to_owned()) };
        known.grants.insert(format!("gift_{coupon}"), grant);
        known.coupons.insert(coupon.to_owned());
    }
    known.tiers.insert("gold".to_owned());
    known.segments.insert("members-of-2026".to_owned());
    known.tags.insert("value/high".to_owned());
    known
}

/// Everything in `part` stands in `whole`, too. Lists of objects with ids are compared by them.
fn assert_within(part: &Value, whole: &Value, at: &str) {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            for (name, value) in part {
                let found = whole.get(name).unwrap_or_else(|| panic!("{at}/{name} is missing"));
                assert_within(value, found, &format!("{at}/{name}"));
            }
        }
        (Value::Array(part), Value::Array(whole)) if part.iter().all(|v| v["id"].is_string()) => {
            for value in part {
                let found = whole.iter().find(|other| other["id"] == value["id"]).unwrap();
                assert_within(value, found, &format!("{at}/{}", value["id"]));
            }
        }
        (Value::Array(part), Value::Array(whole)) => {
            assert_eq!(part.len(), whole.len(), "{at}");
            for (part, whole) in part.iter().zip(whole) {
                assert_within(part, whole, at);
            }
        }
        _ => assert_eq!(part, whole, "{at}"),
    }
}

fn example() -> Value {
    serde_json::from_str(EXAMPLE).unwrap()
}

fn faults_of(document: &Value) -> Vec<(String, String)> {
    let playbook: Playbook = serde_json::from_value(document.clone()).unwrap();
    playbook.check(&known()).into_iter().map(|fault| (fault.path, fault.detail)).collect()
}

#[test]
fn the_example_has_the_four_rows_and_the_ladder_literally() {
    assert_within(&serde_json::from_str(FOUR_ROWS).unwrap(), &example(), "");
    let ids: Vec<Value> =
        example()["strategies"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    let ready_made = ["birthday", "tier_sprint", "tier_up", "coupon_ending"];
    for id in ready_made {
        assert!(ids.contains(&json!(id)), "{id}");
    }
    let named = |one: &Value| one["name"]["zh-CN"].is_string() && one["name"]["en"].is_string();
    assert!(example()["strategies"].as_array().unwrap().iter().all(named));
    assert!(example()["segments"].as_object().unwrap().values().all(named));
}

#[test]
fn the_example_can_be_published_and_comes_back_as_it_was() {
    let playbook: Playbook = serde_json::from_str(EXAMPLE).unwrap();
    assert_eq!(playbook.check(&known()), []);
    let text = serde_json::to_string(&playbook).unwrap();
    assert_eq!(serde_json::from_str::<Playbook>(&text).unwrap(), playbook);
    assert_within(&example(), &serde_json::from_str(&text).unwrap(), "");
    let compiled = playbook.compile().unwrap();
    assert_eq!(compiled.segments.len(), 4);
    assert_eq!(compiled.strategies.keys().collect::<Vec<_>>(), ["row_1", "row_3"]);
}

#[test]
fn an_empty_document_is_a_playbook_that_tells_nobody_anything() {
    let empty: Playbook = serde_json::from_value(json!({})).unwrap();
    assert_eq!(empty, Playbook::default());
    assert_eq!(empty.check(&Known::default()), []);
    let text = serde_json::to_string(&empty).unwrap();
    assert_eq!(serde_json::from_str::<Playbook>(&text).unwrap(), empty);
}

#[test]
fn what_no_part_knows_is_refused() {
    let strategy = |trigger: Value| json!({"strategies": [{"id": "a", "trigger": trigger}]});
    for document in [
        json!({"colour": 1}),
        json!({"strategies": [{"id": "a", "trigger": {"kind": "date", "attribute": "b"}, "x": 1}]}),
        strategy(json!({"kind": "points_expiring", "days_before": 1, "days": 1})),
        strategy(json!({"kind": "tier_ending", "days_after": 1})),
        strategy(json!({"kind": "full_moon"})),
        json!({"quiet_hours": {"from": "9pm", "until": "09:00"}}),
        json!({"caps": [{"channel": "pigeon", "times": 1, "per": "day"}]}),
        json!({"caps": [{"times": 1, "per": "fortnight"}]}),
    ] {
        assert!(serde_json::from_value::<Playbook>(document.clone()).is_err(), "{document}");
    }
}

/// A document that can be published, with one part changed; each of these is refused at that place
/// alone.
#[test]
fn each_bound_is_told_with_its_place() {
    let base = || {
        json!({
            "segments": {"s": {"when": "member.orders > 1"}},
            "strategies": [{
                "id": "a", "segment": "s", "trigger": {"kind": "tier_ending", "days_before": 15},
                "action": {"grant": {"name": "gift_tier_sprint"}},
                "send": {"channels": ["sms"], "template": "tier_ending"},
            }, {
                "id": "b", "trigger": {"kind": "tier_changed"},
                "sequence": {"nodes": [
                    {"days_after": 0, "template": "tier_up", "channels": ["push"]},
                    {"days_after": 3, "template": "tier_up", "channels": ["sms", "push"]},
                ]},
            }],
        })
    };
    assert_eq!(faults_of(&base()), []);
    let a = "/strategies/0";
    let b = "/strategies/1";
    let long = "长".repeat(41);
    let channels = json!(["sms", "sms"]);
    for (place, value, at) in [
        ("/holdout_percent".to_owned(), json!(51), None),
        ("/quiet_hours".to_owned(), json!({"from": "09:00", "until": "09:00"}), Some("/until")),
        ("/caps".to_owned(), json!([{"times": 0, "per": "day"}]), Some("/0/times")),
        ("/caps".to_owned(), json!(vec![json!({"times": 1, "per": "day"}); 21]), None),
        ("/attribution".to_owned(), json!({"click_days": 31}), Some("/click_days")),
        (
            "/attribution".to_owned(),
            json!({"conversions": ["order", "order"]}),
            Some("/conversions"),
        ),
        ("/segments/s".to_owned(), json!({}), Some("/when")),
        ("/segments/s/when".to_owned(), json!("member.nonsense > 1"), None),
        ("/segments/s/when".to_owned(), json!("event.hour > 1"), None),
        (
            "/segments/s".to_owned(),
            json!({"conditions": [{"field": "member.orders", "operator": "is", "values": ["x"]}]}),
            Some("/conditions/0/values"),
        ),
        (format!("{a}/id"), json!("Row 1"), None),
        (format!("{a}/id"), json!("b"), Some("+/strategies/1/id")),
        (format!("{a}/name"), json!({"zh-CN": long}), Some("/zh-CN")),
        (format!("{a}/name"), json!({"en": "two\nlines"}), Some("/en")),
        (format!("{a}/from"), json!("2027-02-30"), None),
        (format!("{a}/segment"), json!("nobody"), None),
        (format!("{a}/trigger"), json!({"kind": "tier_ending"}), Some("/days_before")),
        (
            format!("{a}/trigger"),
            json!({"kind": "tier_ending", "days_before": 366}),
            Some("/days_before"),
        ),
        (format!("{a}/trigger"), json!({"kind": "points_expiring"}), None),
        (
            format!("{a}/trigger"),
            json!({"kind": "points_expiring", "days_before": 1, "within_days": 1}),
            None,
        ),
        (
            format!("{a}/trigger"),
            json!({"kind": "points_expiring", "within_days": 0}),
            Some("/within_days"),
        ),
        (format!("{a}/trigger"), json!({"kind": "tier_changed", "to": ["bronze"]}), Some("/to/0")),
        (
            format!("{a}/trigger"),
            json!({"kind": "coupon_expiring", "days_before": 1, "coupon": "none"}),
            Some("/coupon"),
        ),
        (
            format!("{a}/trigger"),
            json!({"kind": "balance_changed", "points_at_least": 0}),
            Some("/points_at_least"),
        ),
        (
            format!("{a}/trigger"),
            json!({"kind": "entered_segment", "segment": "s"}),
            Some("/segment"),
        ),
        (format!("{a}/trigger"), json!({"kind": "tag_added", "tag": "no/such"}), Some("/tag")),
        (
            format!("{a}/trigger"),
            json!({"kind": "behaviour", "behaviour": "add_to_cart", "unless": "order"}),
            Some("/after_minutes"),
        ),
        (
            format!("{a}/trigger"),
            json!({"kind": "behaviour", "behaviour": "view", "after_minutes": 43_201}),
            Some("/after_minutes"),
        ),
        (format!("{a}/trigger"), json!({"kind": "entry", "entry": "ern"}), Some("/entry")),
        (format!("{a}/trigger"), json!({"kind": "schedule", "weekdays": [8]}), Some("/weekdays/0")),
        (
            format!("{a}/trigger"),
            json!({"kind": "score", "tag": "value/high", "at_least": 0}),
            Some("/at_least"),
        ),
        (format!("{a}/when"), json!("member.orders + 1"), None),
        (format!("{a}/when"), json!("rfm.r > "), None),
        (format!("{a}/action"), json!({"grant": {"coupon": "unknown"}}), Some("/grant")),
        (
            format!("{a}/action"),
            json!({"grant": {"coupon": "tier_sprint", "name": "gift_tier_sprint"}}),
            Some("/grant"),
        ),
        (
            format!("{a}/action"),
            json!({"recommend": {"from": ["pool:Daily"]}}),
            Some("/recommend/from/0"),
        ),
        (format!("{a}/action"), json!({"recommend": {"from": []}}), Some("/recommend/from")),
        (
            format!("{a}/action"),
            json!({"recommend": {"from": ["viewed"], "count": 11}}),
            Some("/recommend/count"),
        ),
        (
            format!("{a}/action"),
            json!({"recommend": {"from": ["viewed"], "points_at_least": 9, "points_at_most": 8}}),
            Some("/recommend/points_at_most"),
        ),
        (format!("{a}/action"), json!({"set_tag": "no/such"}), Some("/set_tag")),
        (
            format!("{a}/action"),
            json!({"task": {"to": "store", "name": "s-1", "text": {"en": "Call"}}}),
            Some("/task/name"),
        ),
        (
            format!("{a}/action"),
            json!({"task": {"to": "role", "text": {"en": "Call"}}}),
            Some("/task/name"),
        ),
        (
            format!("{a}/action"),
            json!({"task": {"to": "role", "name": "storefront", "text": {"en": "Call"}}}),
            Some("/task/name"),
        ),
        (
            format!("{a}/action"),
            json!({"task": {"to": "person", "name": "", "text": {"en": "Call"}}}),
            Some("/task/name"),
        ),
        (format!("{a}/action"), json!({"task": {"to": "store", "text": {}}}), Some("/task/text")),
        (
            format!("{a}/action"),
            json!({"task": {"to": "store", "text": {"zh-CN": "打".repeat(201)}}}),
            Some("/task/text/zh-CN"),
        ),
        (
            format!("{a}/action"),
            json!({"task": {"to": "store", "text": {"en": "Call"}, "due_in_hours": 721}}),
            Some("/task/due_in_hours"),
        ),
        (
            format!("{a}/trigger"),
            json!({"kind": "behaviour", "behaviour": "view", "unless_entry": "order"}),
            Some("/after_minutes"),
        ),
        (
            format!("{a}/trigger"),
            json!({"kind": "behaviour", "behaviour": "view", "after_minutes": 5,
                   "unless_entry": "orders"}),
            Some("/unless_entry"),
        ),
        (
            format!("{a}/action"),
            json!({"set_attribute": {"name": "", "value": "x"}}),
            Some("/set_attribute/name"),
        ),
        (format!("{a}/send/channels"), json!([]), None),
        (format!("{a}/send/channels"), channels, None),
        (format!("{a}/send/channels"), json!(["phone"]), Some("/0")),
        (format!("{a}/send/template"), json!("unknown"), None),
        (format!("{a}/send/wait_hours"), json!(0), None),
        (format!("{a}/send/within_hours"), json!(721), None),
        (format!("{a}/stop_when"), json!(["ordered", "ordered"]), None),
        (format!("{a}/priority"), json!(1_001), None),
        (format!("{a}/spread_days"), json!(0), None),
        (format!("{a}/budget"), json!({"per": "day"}), None),
        (format!("{a}/budget"), json!({"messages": -1, "per": "day"}), Some("/messages")),
        (format!("{a}/holdout_percent"), json!(51), None),
        (format!("{a}/owner"), json!(""), None),
        (format!("{b}/sequence/nodes"), json!([]), None),
        (format!("{b}/sequence/nodes/0/days_before"), json!(1), Some("^")),
        (format!("{b}/sequence/nodes/1/days_after"), json!(0), Some("^^")),
        (format!("{b}/sequence/skip_after_response_hours"), json!(0), None),
        (format!("{b}/sequence/nodes/0/template"), json!("unknown"), None),
        (format!("{b}/sequence/nodes/0/channels"), json!(["phone"]), Some("/0")),
    ] {
        let mut document = base();
        put(&mut document, &place, value.clone());
        let up = |times: usize| place.rsplitn(times + 1, '/').last().unwrap().to_owned();
        let expected = match at {
            None => place.clone(),
            Some("^") => up(1),
            Some("^^") => up(2),
            Some(at) => match at.strip_prefix('+') {
                Some(whole) => whole.to_owned(),
                None => format!("{place}{at}"),
            },
        };
        let found: Vec<String> = faults_of(&document).into_iter().map(|(path, _)| path).collect();
        assert_eq!(found, [expected], "{place} = {value}");
    }
    for (place, at) in [
        ("/strategies/0/segment", None),
        (
            "/strategies/1/sequence/nodes/0/template",
            Some("/strategies/1/sequence/nodes/0/template"),
        ),
    ] {
        let mut document = base();
        let (parent, name) = place.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
        let found: Vec<String> = faults_of(&document).into_iter().map(|(path, _)| path).collect();
        assert_eq!(found, at.into_iter().collect::<Vec<_>>(), "without {place}");
    }
}

fn put(document: &mut Value, place: &str, value: Value) {
    let (parent, name) = place.rsplit_once('/').unwrap();
    match document.pointer_mut(parent) {
        Some(Value::Object(parent)) => drop(parent.insert(name.to_owned(), value)),
        Some(Value::Array(parent)) => parent[name.parse::<usize>().unwrap()] = value,
        _ => panic!("{place}"),
    }
}

#[test]
fn what_does_nothing_or_is_for_everybody_by_mistake_is_refused() {
    for (strategy, at) in [
        (json!({"id": "a", "trigger": {"kind": "tier_changed"}}), "/strategies/0"),
        (
            json!({"id": "a", "trigger": {"kind": "schedule"},
                   "send": {"channels": ["sms"], "template": "recall"}}),
            "/strategies/0/segment",
        ),
        (
            json!({"id": "a", "trigger": {"kind": "points_expiring", "days_before": 7},
                   "send": {"template": "recall"},
                   "sequence": {"nodes": [{"days_before": 30, "channels": ["sms"]}]}}),
            "/strategies/0/trigger/days_before",
        ),
        (
            json!({"id": "a", "from": "2027-02-01", "until": "2027-01-31",
                   "trigger": {"kind": "tier_changed"},
                   "send": {"channels": ["sms"], "template": "recall"}}),
            "/strategies/0/until",
        ),
    ] {
        let faults = faults_of(&json!({"strategies": [strategy]}));
        assert_eq!(faults.iter().map(|(path, _)| path).collect::<Vec<_>>(), [at], "{faults:?}");
    }
    let trigger = json!({"kind": "tier_changed"});
    let one = json!({"id": "a", "trigger": trigger, "action": {"set_tag": "value/high"}});
    let many: Vec<Value> = (0..201)
        .map(|place| {
            let mut one = one.clone();
            one["id"] = json!(format!("s{place}"));
            one
        })
        .collect();
    assert_eq!(faults_of(&json!({"strategies": many[1..]})), []);
    let faults = faults_of(&json!({"strategies": many}));
    assert_eq!(faults, [("/strategies".to_owned(), "must be at most 200".to_owned())]);
}

/// By the table of variables: what a strategy cannot bring, no text of it may show.
#[test]
fn a_template_shows_what_its_strategy_knows() {
    let by_trigger = [
        (json!({"kind": "points_expiring", "days_before": 7}), "points expires_on days_left"),
        (json!({"kind": "tier_ending", "days_before": 7}), "expires_on days_left"),
        (json!({"kind": "coupon_expiring", "days_before": 7}), "coupon expires_on days_left"),
        (json!({"kind": "date", "attribute": "birthday"}), "expires_on days_left"),
        (json!({"kind": "entry", "entry": "earn"}), "points"),
        (json!({"kind": "balance_changed"}), "points"),
        (json!({"kind": "tier_changed"}), ""),
    ];
    let actions = [
        (json!({}), ""),
        (json!({"grant": {"name": "wish"}}), "coupon"),
        (json!({"grant": {"name": "points"}}), ""),
        (json!({"recommend": {"from": ["popular"]}}), "rewards"),
    ];
    for (trigger, given) in by_trigger {
        for (action, more) in &actions {
            for need in
                ["points", "expires_on", "days_left", "rewards", "coupon", "link", "unsubscribe"]
            {
                let mut known = known();
                let coupon = |coupon: Option<&str>| KnownGrant {
                    points: 5,
                    coupon: coupon.map(str::to_owned),
                };
                known.grants.insert("wish".to_owned(), coupon(Some("tea")));
                known.grants.insert("points".to_owned(), coupon(None));
                let needs = [(Channel::Push, [need.to_owned()].into())].into();
                let template = KnownTemplate { purpose: Purpose::Service, needs };
                known.templates.insert("shows".to_owned(), template);
                let playbook: Playbook = serde_json::from_value(json!({"strategies": [
                    {"id": "s", "trigger": trigger, "action": action,
                     "send": {"channels": ["push"], "template": "shows"}}]}))
                .unwrap();
                let faults: Vec<String> =
                    playbook.check(&known).into_iter().map(|fault| fault.path).collect();
                let is_given = ["link", "unsubscribe"].contains(&need)
                    || given.split(' ').chain(more.split(' ')).any(|of| of == need);
                let expected: &[&str] =
                    if is_given { &[] } else { &["/strategies/0/send/template"] };
                assert_eq!(faults, expected, "{trigger} {action} {need}");
            }
        }
    }
}

#[test]
fn what_nobody_hears_of_is_told() {
    let strategy = |id: &str, trigger: Value| json!({"id": id, "trigger": trigger, "action": {"set_tag": "value/high"}});
    let playbook: Playbook = serde_json::from_value(json!({"strategies": [
        strategy("a", json!({"kind": "tier_changed"})),
        strategy("b", json!({"kind": "behaviour", "behaviour": "login"})),
        strategy("c", json!({"kind": "score", "tag": "value/high", "at_least": 700})),
        strategy("d", json!({"kind": "tag_added", "tag": "value/high"})),
    ]}))
    .unwrap();
    let unheard: Vec<String> = playbook.unheard().into_iter().map(|fault| fault.path).collect();
    assert_eq!(unheard, ["/strategies/2/trigger/kind"]);
    let example: Playbook = serde_json::from_str(EXAMPLE).unwrap();
    assert_eq!(example.unheard(), []);
}
