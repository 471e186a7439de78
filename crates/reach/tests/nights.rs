//! A year of nights: random playbooks and members, against the naive reference. Jobs run late,
//! twice, or again after they were killed; messages that are due are asked for each hour.
//!
//! `ACCRUE_HISTORIES` runs another number of histories than 1,000, divided by 10 (one is a year of
//! hours). A failure tells the seed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

use std::collections::{BTreeMap, BTreeSet};

use ledger::Timestamp;
use reach::playbook::{Mode, Playbook};
use reach::touch::{
    Concern, Cycle, Happening, Left, Occasion, Reason, State, Touch, Verdict, decide, still_wanted,
};
use reach::{Channel, ContactState, Decision, Facts, Purpose};
use serde_json::{Value, json};

use crate::naive::{Book, DAY, HOUR, Known, MINUTE, Naive, Row, Spec, Waits, day_of, start};
use crate::random::Random;
use crate::support::{Person, Programme, shanghai};

const CHANNELS: [&str; 5] = ["sms", "email", "push", "wecom", "wechat"];
/// 2027-03-01.
const FIRST_DAY: i64 = 20_878;

fn histories() -> u64 {
    let told = std::env::var("ACCRUE_HISTORIES").map_or(1_000, |text| text.parse().unwrap());
    told / 10
}

fn some<T>(random: &mut Random, percent: i64, value: impl FnOnce(&mut Random) -> T) -> Option<T> {
    random.chance(percent).then(|| value(random))
}

fn channels(random: &mut Random) -> Vec<&'static str> {
    let mut all = CHANNELS.to_vec();
    random.shuffle(&mut all);
    all.truncate(random.between(1, 3) as usize);
    all
}

fn days(random: &mut Random, from: &[i64]) -> Vec<i64> {
    let mut days: Vec<i64> = from.iter().copied().filter(|_| random.chance(60)).collect();
    if days.is_empty() {
        days.push(*random.pick(from));
    }
    days
}

fn spec(random: &mut Random, place: i64) -> Spec {
    let is_sequence = random.chance(50);
    let (waits, can_be_sequence) = match random.below(8) {
        0 => (Waits::Within(random.between(1, 40)), false),
        1 => (Waits::Birthday(days(random, &[14, 7, 1, 0])), true),
        2 => (Waits::Tier(days(random, &[30, 15, 3])), true),
        3 => (Waits::Earn(days(random, &[0, 1, 4])), true),
        _ => (Waits::Points(days(random, &[30, 15, 7, 3, 1, 0])), true),
    };
    let is_sequence = can_be_sequence && (is_sequence || matches!(waits, Waits::Earn(_)));
    let waits = match waits {
        Waits::Points(days) if !is_sequence => Waits::Points(days[..1].to_vec()),
        Waits::Birthday(days) if !is_sequence => Waits::Birthday(days[..1].to_vec()),
        Waits::Tier(days) if !is_sequence => Waits::Tier(days[..1].to_vec()),
        waits => waits,
    };
    Spec {
        id: format!("s{place}"),
        waits,
        is_sequence,
        segment: some(random, 30, |random| *random.pick(&["buyers", "vip"])),
        when: some(random, 40, |random| {
            let all =
                ["member.orders >= 2", "member.balance > 150", "member.days_since_order > 30"];
            *random.pick(&all)
        }),
        template: random.pick::<&str>(&["news", "news", "notice"]),
        channels: channels(random),
        to_all: random.chance(50),
        nodes: BTreeMap::new(),
        priority: random.between(-2, 2),
        is_first: random.chance(40),
        stops_redeemed: random.chance(40),
        stops_ordered: random.chance(20),
        skip_hours: some(random, 40, |random| *random.pick(&[24, 72, 240])),
        holdout: *random.pick(&[0, 0, 10, 50]),
        spread: random.between(1, 4),
        within_hours: *random.pick(&[1, 12, 72, 200]),
        messages: some(random, 15, |random| random.between(0, 8)),
        cost: None,
        from: some(random, 10, |random| FIRST_DAY + random.below(200)),
        until: some(random, 10, |random| FIRST_DAY + 200 + random.below(200)),
    }
}

fn book(random: &mut Random) -> Book {
    let count = random.between(1, 6);
    let caps = random.below(4);
    let minute = |random: &mut Random| random.below(24 * 12) * 5;
    Book {
        salt: "salt",
        marketing: ["news"].into(),
        send_at: random.between(12, 42) * 30,
        quiet: some(random, 70, |random| {
            let from = minute(random);
            (from, (from + 5 + random.below(200) * 5) % 1_440)
        })
        .filter(|(from, until)| from != until),
        caps: (0..caps)
            .map(|_| {
                (
                    some(random, 40, |random| *random.pick(&CHANNELS)),
                    some(random, 40, |random| *random.pick(&["marketing", "service"])),
                    random.between(1, 4),
                    *random.pick(&["day", "week", "month"]),
                )
            })
            .collect(),
        holdout: *random.pick(&[0, 5, 50]),
        costs: BTreeMap::new(),
        specs: (0..count).map(|place| spec(random, place)).collect(),
        shared: BTreeSet::new(),
    }
}

fn time(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn text_of(day: i64) -> String {
    ledger::from_day_number(i32::try_from(day).unwrap()).to_string()
}

/// The document that says the same.
fn document(book: &Book) -> Value {
    let strategies: Vec<Value> = book.specs.iter().map(strategy).collect();
    let caps: Vec<Value> = book
        .caps
        .iter()
        .map(|(channel, purpose, times, per)| {
            json!({"channel": channel, "purpose": purpose, "times": times, "per": per})
        })
        .collect();
    json!({
        "send_at": time(book.send_at),
        "quiet_hours": book.quiet.map(|(from, until)| {
            json!({"from": time(from), "until": time(until)})
        }),
        "caps": caps,
        "holdout_percent": book.holdout,
        "segments": {"buyers": {"when": "member.orders >= 1"}},
        "strategies": strategies,
    })
}

fn strategy(spec: &Spec) -> Value {
    let (mut trigger, name, days) = match &spec.waits {
        Waits::Points(days) => (json!({"kind": "points_expiring"}), "days_before", days.clone()),
        Waits::Within(days) => {
            (json!({"kind": "points_expiring", "within_days": days}), "", vec![])
        }
        Waits::Birthday(days) => {
            (json!({"kind": "date", "attribute": "birthday"}), "days_before", days.clone())
        }
        Waits::Tier(days) => (json!({"kind": "tier_ending"}), "days_before", days.clone()),
        Waits::Coupon(days) => (json!({"kind": "coupon_expiring"}), "days_before", days.clone()),
        Waits::TierUp(days) => {
            (json!({"kind": "tier_changed", "direction": "up"}), "days_after", days.clone())
        }
        Waits::Earn(days) => {
            (json!({"kind": "entry", "entry": "earn"}), "days_after", days.clone())
        }
    };
    let mut sequence = Value::Null;
    if spec.is_sequence {
        let nodes: Vec<Value> = days.iter().map(|days| json!({name: days})).collect();
        sequence = json!({"nodes": nodes, "skip_after_response_hours": spec.skip_hours});
    } else if let Some(days) = days.first() {
        trigger[name] = json!(days);
    }
    let stops = [("redeemed", spec.stops_redeemed), ("ordered", spec.stops_ordered)];
    let stops: Vec<&str> =
        stops.iter().filter(|(_, stops)| *stops).map(|(name, _)| *name).collect();
    let mode = if spec.to_all { "all" } else { "first_possible" };
    json!({
        "id": spec.id, "trigger": trigger, "segment": spec.segment, "when": spec.when,
        "send": {"channels": spec.channels, "mode": mode, "template": spec.template,
                 "within_hours": spec.within_hours},
        "sequence": sequence, "stop_when": stops, "priority": spec.priority,
        "match": if spec.is_first { "first" } else { "all" },
        "spread_days": spec.spread, "holdout_percent": spec.holdout,
        "budget": spec.messages.map(|messages| json!({"messages": messages, "per": "lifetime"})),
        "from": spec.from.map(text_of), "until": spec.until.map(text_of),
    })
}

fn channel(name: &str) -> Channel {
    Channel::parse(name).unwrap()
}

/// The member as the product has it.
fn person(known: &Known, touches: &[Touch], now: i64) -> Person {
    let today = day_of(now);
    let ends = known.ends.range(today..).filter(|(_, points)| **points > 0);
    let ends: Vec<(i32, i64)> =
        ends.map(|(day, points)| (i32::try_from(*day).unwrap(), *points)).collect();
    let occasion = |(at, id): &(i64, String)| Occasion {
        at: Timestamp(*at),
        what: Happening::Entry { id: id.clone(), kind: "earn".to_owned(), points: 1, tier: None },
    };
    let purpose = |name: &str| Purpose::parse(name).unwrap();
    let told = |(of, by): &(&str, &str)| (purpose(of), channel(by));
    let decision = |given: bool| if given { Decision::Given } else { Decision::Withdrawn };
    let mut person = Person::new(&known.id);
    person.facts = Facts {
        orders_ever: known.orders,
        last_order_at: known.last_order.map(Timestamp),
        last_redeem_at: known.last_redeem.map(Timestamp),
        points: ends.iter().map(|(_, points)| points).sum(),
        ends,
        tier: known.tier_until.map(|_| "gold".to_owned()),
        tier_until: known.tier_until.map(Timestamp),
        ..Facts::default()
    };
    if let Some((month, day)) = known.birthday {
        person.attributes.insert("birthday".to_owned(), format!("1990-{month:02}-{day:02}"));
    }
    person.segments = if known.in_vip { ["vip"].into() } else { BTreeSet::new() };
    person.contacts =
        known.contacts.iter().map(|name| (channel(name), ContactState::Open)).collect();
    person.consents =
        known.consents.iter().map(|(of, given)| (told(of), decision(*given))).collect();
    person.quiet = known.quiet;
    person.occasions = known.earns.iter().map(occasion).collect();
    person.is_frozen = known.is_frozen;
    person.touches = touches.to_vec();
    person
}

/// A touch as the reference has it.
fn row(touch: &Touch) -> Row {
    let state = match touch.state {
        State::Suppressed(reason) => reason.as_str(),
        other => other.as_str(),
    };
    let name = |channel: &Channel| *CHANNELS.iter().find(|of| **of == channel.as_str()).unwrap();
    Row {
        strategy: touch.key.strategy.clone(),
        node: touch.key.node.into(),
        cycle: touch.key.cycle.to_string(),
        state: state.to_owned(),
        from: touch.from_at.0,
        due: touch.due_at.0,
        end: touch.deadline_at.0,
        channels: touch.channels.iter().map(name).collect(),
        to_all: touch.mode == Mode::All,
        template: if touch.template.as_deref() == Some("news") { "news" } else { "notice" },
        decided: touch.decided_at.0,
        sent: touch.sent_at.map(|at| (at.0, name(&touch.channel.unwrap()))),
        last: touch.last_at.map(|at| at.0),
        responded: touch.responded_at.map(|at| at.0),
    }
}

/// What happens to the member in an hour, mostly nothing.
fn live(random: &mut Random, known: &mut Known, now: i64, touches: &mut [Touch]) {
    let at = now - random.below(60) * MINUTE;
    match random.below(400) {
        0..=5 => {
            let last = *random.pick(&[3, 20, 31, 45, 90, 400]) + random.below(5);
            *known.ends.entry(day_of(at) + last).or_default() += random.between(1, 200);
            known.earns.push((at, format!("e-{at:015}")));
        }
        6..=7 => {
            known.last_redeem = Some(at);
            let mut points = random.between(1, 300);
            for (_, left) in known.ends.range_mut(day_of(at)..) {
                let taken = points.min(*left);
                *left -= taken;
                points -= taken;
            }
        }
        8..=9 => {
            known.last_order = Some(at);
            known.orders += 1;
        }
        10 => known.is_frozen = random.chance(30),
        11 => known.in_vip = !known.in_vip,
        12 => {
            let name = *random.pick(&CHANNELS);
            if !known.contacts.remove(name) {
                known.contacts.insert(name);
            }
        }
        13 => {
            let of = *random.pick(&["marketing", "service"]);
            known.consents.insert((of, *random.pick(&CHANNELS)), random.chance(60));
        }
        14 => {
            let until = start(day_of(now) + random.between(2, 60));
            known.tier_until = some(random, 80, |_| until);
        }
        15..=18 => {
            let mut sent = touches.iter_mut().filter(|touch| touch.state == State::Sent);
            if let Some(touch) = sent.next_back()
                && touch.responded_at.is_none()
                && touch.sent_at.is_some_and(|sent| sent.0 < at)
            {
                touch.responded_at = Some(Timestamp(at));
            }
        }
        _ => {}
    }
}

fn beginning(random: &mut Random) -> Known {
    let mut known = Known {
        id: format!("m-{}", random.below(1_000)),
        birthday: some(random, 80, |random| {
            *random.pick(&[(2, 29), (2, 28), (3, 1), (12, 31), (1, 1), (5, 17)])
        }),
        quiet: some(random, 20, |random| *random.pick(&[(0, 1_439), (1_380, 420), (720, 840)])),
        in_vip: random.chance(50),
        ..Known::default()
    };
    for name in CHANNELS {
        if random.chance(80) {
            known.contacts.insert(name);
        }
        for of in ["marketing", "service"] {
            if random.chance(80) {
                known.consents.insert((of, name), random.chance(90));
            }
        }
    }
    known
}

/// One history. Counts what came out, by states, so that the test knows that it tests something.
fn history(seed: u64, counts: &mut BTreeMap<String, usize>) {
    let mut random = Random::new(seed);
    let mut book = book(&mut random);
    let mut known = beginning(&mut random);
    for _ in 0..random.below(3) {
        book.shared.insert(FIRST_DAY + random.below(400));
    }
    let mut programme = Programme::new(document(&book));
    programme.shared_days = book.shared.iter().map(|day| i32::try_from(*day).unwrap()).collect();
    let text = serde_json::to_string(&programme.playbook).unwrap();
    assert_eq!(serde_json::from_str::<Playbook>(&text).unwrap(), programme.playbook);
    let run_hour = random.below(24);
    let mut naive = Naive { book, rows: vec![], used: BTreeMap::new(), through: FIRST_DAY - 1 };
    programme.decided_through = i32::try_from(naive.through).unwrap();
    let (mut touches, mut left) = (Vec::<Touch>::new(), Left::default());
    let mut redeems = Vec::new();
    let mut late = false;
    for hour in 0..366 * 24 {
        let now = FIRST_DAY * DAY - 8 * HOUR + hour * HOUR;
        let before = known.last_redeem;
        live(&mut random, &mut known, now, &mut touches);
        redeems.extend(known.last_redeem.filter(|_| known.last_redeem != before));
        let oldest = now - 60 * DAY;
        known.earns.retain(|(at, _)| *at > oldest);
        for (touch, row) in touches.iter().zip(&mut naive.rows) {
            row.responded = touch.responded_at.map(|at| at.0);
        }
        let is_time = hour % 24 == run_hour || (late && random.chance(10));
        if is_time && random.chance(12) {
            // The job does not run; it may later in the day, or on another day.
            late = true;
        } else if is_time {
            let context = format!("seed {seed}, hour {hour}, day {}", text_of(day_of(now)));
            let silent =
                run(&programme, &mut naive, &known, &mut touches, &mut left, now, &context);
            for reason in silent {
                *counts.entry(reason.as_str().to_owned()).or_default() += 1;
            }
            // Killed before it was written down that the day is done.
            late = random.chance(10);
            if !late {
                naive.through = day_of(now);
                programme.decided_through = i32::try_from(naive.through).unwrap();
            }
        }
        send(&programme, &mut naive, &known, &mut touches, (&mut random, now), seed);
    }
    never(&naive, &known, &touches, &redeems, seed);
    for touch in &touches {
        *counts.entry(row(touch).state).or_default() += 1;
    }
}

/// One run in both. Tells the reasons of those that a strategy was not for: nobody keeps these.
fn run(
    programme: &Programme,
    naive: &mut Naive,
    known: &Known,
    touches: &mut Vec<Touch>,
    left: &mut Left,
    now: i64,
    context: &str,
) -> Vec<Reason> {
    let asked = person(known, touches, now);
    let recipient = asked.recipient(Timestamp(now), shanghai());
    let mut new = decide(&programme.terms(), &recipient, left);
    let today = recipient.customer.today;
    let by_day = new.iter().any(|touch| !matches!(touch.key.cycle, Cycle::Entry(_)));
    assert!(!by_day || Concern::on(&programme.terms(), today).may(&asked.facts), "{context}");
    let expected = naive.run(known, now);
    let found: Vec<Row> = new.iter().map(row).collect();
    assert_eq!(found, expected, "{context}: {}", document(&naive.book));
    let keys: BTreeSet<_> = new.iter().chain(&*touches).map(|touch| &touch.key).collect();
    assert_eq!(keys.len(), new.len() + touches.len(), "{context}: a key comes once");
    promises(naive, known, &new, touches, now, context);
    let is_kept = |reason: Option<Reason>| !reason.is_some_and(Reason::is_not_for_the_member);
    let silent = new.iter().filter_map(Touch::reason).filter(|reason| !is_kept(Some(*reason)));
    let silent = silent.collect();
    new.retain(|touch| is_kept(touch.reason()));
    naive.rows.retain(|row| row.state != "condition" && row.state != "not_in_segment");
    touches.extend(new);
    // At once again: nothing new.
    let again = person(known, touches, now);
    let recipient = again.recipient(Timestamp(now), shanghai());
    let mut again = decide(&programme.terms(), &recipient, &mut left.clone());
    again.retain(|touch| is_kept(touch.reason()));
    assert_eq!(again, [], "{context}");
    silent
}

/// What holds whatever the reference says: each member whose points end gets a touch or a reason
/// for each node of a day that is decided, and what a cap refuses was taken by no lower priority.
fn promises(
    naive: &Naive,
    known: &Known,
    new: &[Touch],
    before: &[Touch],
    now: i64,
    context: &str,
) {
    let today = day_of(now);
    let all = || before.iter().chain(new);
    for spec in &naive.book.specs {
        let Waits::Points(days) = &spec.waits else { continue };
        let runs = |day: i64| {
            spec.from.is_none_or(|from| from <= day) && spec.until.is_none_or(|last| day <= last)
        };
        for (last, _) in known.ends.range(today..).filter(|(_, points)| **points > 0) {
            let cycle = Cycle::End(Timestamp(start(last + 1)));
            let oldest = naive.through.max(today - 31);
            for days in days.iter().filter(|days| {
                let day = *last - **days;
                oldest < day && day <= today && runs(day)
            }) {
                let is_one = |touch: &Touch| {
                    touch.key.strategy == spec.id
                        && i64::from(touch.key.node) == -days
                        && touch.key.cycle == cycle
                };
                assert!(all().any(is_one), "{context}: no reason for {} {days}", spec.id);
            }
        }
    }
    for refused in new.iter().filter(|touch| touch.reason() == Some(Reason::Frequency)) {
        let day = day_of(refused.due_at.0.max(now));
        let counts = |touch: &&Touch| {
            let is_out = touch.state == State::Sent;
            is_out || touch.state == State::Due && touch.priority >= refused.priority
        };
        let is_full = naive.book.caps.iter().any(|(_, _, times, per)| {
            let span = match *per {
                "day" => 0,
                "week" => 6,
                _ => 30,
            };
            let near = |touch: &&Touch| {
                let seen = day_of(touch.sent_at.unwrap_or(touch.due_at).0);
                (seen - day).abs() <= span
            };
            all().filter(counts).filter(near).count() as i64 >= *times
        });
        assert!(is_full, "{context}: {refused:?} was refused, and nobody has its room");
    }
}

/// What never goes out, in a year: marketing to a member who is left alone on that day, two
/// messages of one occasion at once, and one after what stops it.
fn never(naive: &Naive, known: &Known, touches: &[Touch], redeems: &[i64], seed: u64) {
    let sent = || touches.iter().filter_map(|touch| Some((touch, touch.sent_at?.0)));
    for (touch, at) in sent() {
        let is_out = naive.is_out(known, day_of(at));
        let is_marketing = touch.purpose == Purpose::Marketing;
        assert!(!(is_out && is_marketing), "seed {seed}: {touch:?} to one who is left alone");
        let is_own = |other: &Touch| {
            other.key.strategy == touch.key.strategy && other.key.cycle == touch.key.cycle
        };
        let is_twin = |(other, then): (&Touch, i64)| {
            is_own(other) && other.key != touch.key && (then - at).abs() < HOUR
        };
        assert!(!sent().any(is_twin), "seed {seed}: {touch:?} with another one");
        let spec = naive.book.specs.iter().find(|spec| spec.id == touch.key.strategy).unwrap();
        let stands =
            |one: &&Touch| is_own(one) && matches!(one.reason(), None | Some(Reason::Stopped));
        let since = touches.iter().filter(stands).map(|one| one.decided_at.0).min().unwrap();
        let is_stop = |redeem: &i64| since <= *redeem && *redeem <= at;
        let stop = redeems.iter().find(|redeem| spec.stops_redeemed && is_stop(redeem));
        assert_eq!(stop, None, "seed {seed}: {touch:?} went out after it");
    }
}

/// All that is due is asked for by its first channel, in both, and now and then what waits.
fn send(
    programme: &Programme,
    naive: &mut Naive,
    known: &Known,
    touches: &mut [Touch],
    (random, now): (&mut Random, i64),
    seed: u64,
) {
    for place in 0..touches.len() {
        let (from, due) = (touches[place].from_at.0, touches[place].due_at.0);
        let is_asked = due <= now || from <= now && random.chance(5);
        if touches[place].state != State::Due || !is_asked {
            continue;
        }
        let asked = person(known, touches, now);
        let recipient = asked.recipient(Timestamp(now), shanghai());
        let touch = &touches[place];
        let channel = naive.rows[place].channels[0];
        let verdict = still_wanted(&programme.terms(), &recipient, touch, Some(touch.channels[0]));
        let found = match verdict {
            Verdict::Send => Ok(now),
            Verdict::Later(at) => Ok(at.0),
            Verdict::Suppress(reason) => Err(reason.as_str()),
            Verdict::Over => Err("over"),
        };
        assert_eq!(
            found,
            naive.send((place, channel, due), known, now),
            "seed {seed}: {touch:?} at {now}"
        );
        let (touch, row) = (&mut touches[place], &mut naive.rows[place]);
        match verdict {
            Verdict::Send => {
                touch.state = State::Sent;
                touch.sent_at = Some(Timestamp(now));
                touch.channel = Some(touch.channels[0]);
                row.state = "sent".to_owned();
                row.sent = Some((now, row.channels[0]));
            }
            Verdict::Later(at) => {
                touch.due_at = at;
                row.due = at.0;
            }
            Verdict::Suppress(reason) => {
                touch.state = State::Suppressed(reason);
                row.state = reason.as_str().to_owned();
            }
            Verdict::Over => unreachable!(),
        }
    }
}

#[test]
fn a_year_of_nights_is_what_the_naive_reference_says() {
    let one = std::env::var("ACCRUE_HISTORY").ok().map(|text| text.parse().unwrap());
    let seeds = match one {
        Some(seed) => seed..seed + 1,
        None => 0..histories(),
    };
    let mut counts = BTreeMap::new();
    for seed in seeds {
        history(seed, &mut counts);
    }
    println!("{counts:?}");
    if one.is_none() && histories() >= 100 {
        let all = Reason::ALL.iter().map(|reason| reason.as_str()).chain(["sent"]);
        // Experiments and erased members have tests of their own.
        for state in all.filter(|state| !["arm_control", "erased"].contains(state)) {
            let count = counts.get(state).copied().unwrap_or(0);
            assert!(count >= 5, "{state}: {count} of {counts:?}");
        }
    }
}
