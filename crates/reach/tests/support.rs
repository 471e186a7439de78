//! What tests of touches share: a programme, a member, and both as decisions take them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Timestamp, Zone};
use reach::playbook::{Compiled, Known, KnownGrant, KnownTemplate, Playbook};
use reach::touch::{Coupon, Key, Left, Occasion, Recipient, State, Terms, Touch, decide};
use reach::{Channel, ContactState, Customer, Cuts, Decision, Facts, Purpose, Today};
use serde_json::Value;

/// A programme with templates `news` (marketing) and `notice` (service) for all channels, and a
/// grant `gift` of 50 points.
pub struct Programme {
    pub playbook: Playbook,
    pub compiled: Compiled,
    pub known: Known,
    pub shared_days: BTreeSet<i32>,
    pub cost_minor: BTreeMap<Channel, i64>,
    pub decided_through: i32,
    pub since: BTreeMap<String, Timestamp>,
}

/// A member that can be reached by all channels, for both purposes.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub facts: Facts,
    pub attributes: BTreeMap<String, String>,
    pub tags: Vec<&'static str>,
    pub cuts: Option<Cuts>,
    pub segments: BTreeSet<&'static str>,
    pub contacts: BTreeMap<Channel, ContactState>,
    pub consents: BTreeMap<(Purpose, Channel), Decision>,
    pub quiet: Option<(i64, i64)>,
    pub coupons: Vec<Coupon>,
    pub occasions: Vec<Occasion>,
    pub controls: BTreeSet<&'static str>,
    pub is_frozen: bool,
    pub is_erased: bool,
    pub touches: Vec<Touch>,
}

impl Programme {
    /// With that playbook, nobody held out unless it says so, and no quiet hours.
    pub fn new(mut playbook: Value) -> Self {
        let quiet_hours = playbook.get("quiet_hours").cloned().unwrap_or(Value::Null);
        playbook["quiet_hours"] = quiet_hours;
        let holdout = playbook.get("holdout_percent").cloned().unwrap_or(0.into());
        playbook["holdout_percent"] = holdout;
        for strategy in playbook["strategies"].as_array_mut().unwrap() {
            let holdout = strategy.get("holdout_percent").cloned().unwrap_or(0.into());
            strategy["holdout_percent"] = holdout;
        }
        let mut known = Known::default();
        for (id, purpose) in [("news", Purpose::Marketing), ("notice", Purpose::Service)] {
            let needs = Channel::ALL.iter().map(|channel| (*channel, [].into())).collect();
            known.templates.insert(id.to_owned(), KnownTemplate { purpose, needs });
        }
        known.grants.insert("gift".to_owned(), KnownGrant { points: 50, coupon: None });
        known.tiers.extend(["silver".to_owned(), "gold".to_owned()]);
        known.segments.insert("vip".to_owned());
        known.tags.insert("value/high".to_owned());
        known.coupons.insert("tea".to_owned());
        let playbook: Playbook = serde_json::from_value(playbook).unwrap();
        assert_eq!(playbook.check(&known), []);
        Self {
            compiled: playbook.compile().unwrap(),
            playbook,
            known,
            shared_days: BTreeSet::new(),
            cost_minor: BTreeMap::new(),
            decided_through: 0,
            since: BTreeMap::new(),
        }
    }

    pub fn terms(&self) -> Terms<'_> {
        Terms {
            playbook: &self.playbook,
            compiled: &self.compiled,
            version: 1,
            known: &self.known,
            salt: "salt",
            shared_days: &self.shared_days,
            cost_minor: &self.cost_minor,
            decided_through: self.decided_through,
            since: &self.since,
        }
    }

    /// What is decided about a person at an instant, as one line each: `strategy node cycle`, then
    /// `due …` with its local time or the reason.
    pub fn night(&self, person: &mut Person, now: Timestamp, zone: Zone) -> Vec<Touch> {
        self.night_with(person, now, zone, &mut Left::default())
    }

    pub fn night_with(
        &self,
        person: &mut Person,
        now: Timestamp,
        zone: Zone,
        left: &mut Left,
    ) -> Vec<Touch> {
        let new = decide(&self.terms(), &person.recipient(now, zone), left);
        person.touches.extend(new.clone());
        new
    }
}

impl Person {
    pub fn new(id: &str) -> Self {
        let all = Channel::ALL.iter().copied();
        let both = [Purpose::Marketing, Purpose::Service];
        let consents = all.clone().flat_map(|channel| both.map(|purpose| (purpose, channel)));
        Self {
            id: id.to_owned(),
            facts: Facts::default(),
            attributes: BTreeMap::new(),
            tags: vec![],
            cuts: None,
            segments: BTreeSet::new(),
            contacts: all.map(|channel| (channel, ContactState::Open)).collect(),
            consents: consents.map(|key| (key, Decision::Given)).collect(),
            quiet: None,
            coupons: vec![],
            occasions: vec![],
            controls: BTreeSet::new(),
            is_frozen: false,
            is_erased: false,
            touches: vec![],
        }
    }

    pub fn recipient(&self, now: Timestamp, zone: Zone) -> Recipient<'_> {
        Recipient {
            customer: Customer {
                id: &self.id,
                joined_at: None,
                attributes: &self.attributes,
                facts: &self.facts,
                tags: self.tags.clone(),
                home_store: "",
                cuts: self.cuts.as_ref(),
                now,
                today: Today::at(now, zone),
            },
            segments: self.segments.clone(),
            contacts: self.contacts.clone(),
            consents: self.consents.clone(),
            quiet: self.quiet,
            coupons: self.coupons.clone(),
            occasions: self.occasions.clone(),
            controls: self.controls.clone(),
            is_frozen: self.is_frozen,
            is_erased: self.is_erased,
            touches: &self.touches,
        }
    }
}

pub fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

pub fn shanghai() -> Zone {
    zone("Asia/Shanghai")
}

/// An instant by its local time in Shanghai: `2027-06-01 10:00`.
pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(&format!("{}:00+08:00", text.replace(' ', "T"))).unwrap()
}

/// The number of a day: `2027-06-01`.
pub fn day(text: &str) -> i32 {
    ledger::day_number(text.parse().unwrap())
}

/// A touch in a word: `strategy:node`, and when it is due by the clock of Shanghai, or why not.
pub fn told(touch: &Touch) -> String {
    let key = format!("{}:{}", touch.key.strategy, touch.key.node);
    match touch.state {
        State::Suppressed(reason) => format!("{key} {}", reason.as_str()),
        _ => format!("{key} {}", local(touch.due_at)),
    }
}

pub fn all_told(touches: &[Touch]) -> Vec<String> {
    touches.iter().map(told).collect()
}

pub fn local(at: Timestamp) -> String {
    let text = at.plus_ms(8 * 3_600_000).to_string();
    text[..16].replace('T', " ")
}

/// A touch that went out by its first channel.
pub fn sent(touch: &Touch, at: Timestamp) -> Touch {
    let channel = touch.channels.first().copied();
    Touch { state: State::Sent, sent_at: Some(at), channel, ..touch.clone() }
}

pub fn key(strategy: &str, node: i32, cycle: &reach::touch::Cycle) -> Key {
    Key { strategy: strategy.to_owned(), node, cycle: cycle.clone() }
}
