//! Whose turn it is: many accounts of several programmes, slow vendors, and a settable clock.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use channels::{Heard, HttpRequest, Message};
use jobs::{
    AddressPolicy, DeliverReport, DeliverSettings, Due, DueTouch, JobContext, SettledTouch,
    Touches, Vendors, WorkLimit, deliver,
};
use ledger::{Fresh, Timestamp};
use reach::Channel;
use seal::{NONCE, Place, Seals};
use serde_json::{Value as Json, json};
use store::{ChannelAccount, ChannelWish, Error, Native, begin_reach, pause_channel, put_channel};

use crate::deliver::{World, answer, taken};
use crate::support::wait;

const START: Timestamp = Timestamp(1_773_108_000_000);
const CHANNELS: [Channel; 4] = [Channel::Sms, Channel::Email, Channel::Push, Channel::Wecom];

/// Merchants with a gateway for each channel, on one clock.
struct Street {
    reach: Native,
    now: Cell<Timestamp>,
    ids: Cell<u128>,
    /// Messages that wait, by programme and channel.
    waiting: RefCell<BTreeMap<(i64, &'static str), Vec<i64>>>,
    /// Whose waves began, in their order.
    waves: RefCell<Vec<(i64, &'static str)>>,
    last: Cell<i64>,
}

impl Touches for Street {
    async fn due(&self, account: &ChannelAccount, most: usize) -> Result<Due, Error> {
        let key = (account.programme_no, account.channel.as_str());
        let waiting = self.waiting.borrow().get(&key).cloned().unwrap_or_default();
        if !waiting.is_empty() {
            self.waves.borrow_mut().push(key);
        }
        let deadline = self.now.get().plus_ms(86_400_000);
        let touch = |no: &i64| DueTouch {
            touch_no: *no,
            member_no: *no,
            digest: format!("d{no}"),
            deadline,
            message: Message {
                to: address(account.channel),
                text: "t".into(),
                ..Message::default()
            },
        };
        let touches: Vec<DueTouch> = waiting.iter().take(most).map(touch).collect();
        let is_all = touches.len() == waiting.len();
        Ok(Due { touches, known_attempt: i64::MAX, is_all })
    }

    async fn settle(
        &self,
        account: &ChannelAccount,
        touches: &[(i64, SettledTouch)],
        _now: Timestamp,
    ) -> Result<(), Error> {
        let key = (account.programme_no, account.channel.as_str());
        for (no, settled) in touches {
            assert_eq!(*settled, SettledTouch::Sent);
            self.waiting.borrow_mut().get_mut(&key).unwrap().retain(|other| other != no);
            let text = format!("DELETE FROM outbox WHERE touch_no = {no}");
            self.reach.connection().execute(&text, []).unwrap();
        }
        Ok(())
    }
}

fn address(channel: Channel) -> String {
    match channel {
        Channel::Email => "ann@mail.example".into(),
        Channel::Sms | Channel::Phone => "+8613812345678".into(),
        _ => "ann".into(),
    }
}

/// Takes everything, after so long; and what happens meanwhile.
struct Slow<'a> {
    street: &'a Street,
    ms: i64,
    meanwhile: Box<dyn Fn(usize) + 'a>,
    sent: Cell<usize>,
}

impl Vendors for Slow<'_> {
    async fn send_all(&self, requests: Vec<HttpRequest>, _timeout_ms: u32) -> Vec<Heard> {
        self.sent.set(self.sent.get() + 1);
        (self.meanwhile)(self.sent.get());
        self.rest(u32::try_from(self.ms).unwrap()).await;
        requests.iter().map(|_| answer(200, Json::Null)).collect()
    }

    async fn rest(&self, ms: u32) {
        self.street.now.set(self.street.now.get().plus_ms(i64::from(ms)));
    }
}

impl Street {
    /// Each programme has an account for each of so many channels, and the last one is alone.
    fn new(programmes: i64, channels: usize) -> Self {
        let reach = Native::in_memory().unwrap();
        wait(begin_reach(&reach, &reach)).unwrap();
        let street = Self {
            reach,
            now: Cell::new(START),
            ids: Cell::new(1),
            waiting: RefCell::default(),
            waves: RefCell::default(),
            last: Cell::new(0),
        };
        for programme_no in 1..=programmes {
            for channel in &CHANNELS[..channels] {
                street.opens(programme_no, *channel);
            }
        }
        street
    }

    fn opens(&self, programme_no: i64, channel: Channel) {
        let id = channel.as_str();
        let settings = json!({"url": "https://g.example/x", "channel": id});
        let secrets = json!({"signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
        let place = Place::channel(programme_no, id);
        let secrets = World::seals().seal(&secrets.to_string(), &place, [7; NONCE]);
        let wish = ChannelWish {
            id,
            vendor: "webhook",
            channel,
            settings: &settings,
            secrets: Some(&secrets),
            rank: 1,
            per_second: 10_000,
            burst: 10_000,
            message_cost_minor: 0,
        };
        wait(put_channel(&self.reach, programme_no, &wish, (START, "anna"), 50)).unwrap().unwrap();
    }

    fn waits(&self, programme_no: i64, channel: Channel, count: i64) {
        let id = channel.as_str();
        for _ in 0..count {
            self.last.set(self.last.get() + 1);
            let no = self.last.get();
            let text = format!(
                "INSERT INTO outbox (touch_no, channel, programme_no, due_at, until_at, priority)
                 VALUES ({no}, '{id}', {programme_no}, 0, {}, 0)",
                i64::MAX
            );
            self.reach.connection().execute(&text, []).unwrap();
            self.waiting.borrow_mut().entry((programme_no, id)).or_default().push(no);
        }
    }

    fn is_waiting(&self, programme_no: i64, channel: Channel) -> bool {
        let waiting = self.waiting.borrow();
        waiting.get(&(programme_no, channel.as_str())).is_some_and(|of| !of.is_empty())
    }

    fn run(&self, ms: i64, meanwhile: impl Fn(usize)) -> DeliverReport {
        let now = || self.now.get();
        let fresh = || {
            self.ids.set(self.ids.get() + 1);
            Fresh::new(self.now.get(), self.ids.get().to_be_bytes(), [3; 16])
        };
        let context = JobContext { sql: &self.reach, now: &now, fresh: &fresh };
        let seals: Seals = World::seals();
        let policy = AddressPolicy::default();
        let random = || Some([9; NONCE]);
        let settings = DeliverSettings { seals: &seals, policy, public_url: None, random: &random };
        let vendors = Slow { street: self, ms, meanwhile: Box::new(meanwhile), sent: Cell::new(0) };
        let limit = WorkLimit::chunks(10_000).until(self.now.get().plus_ms(50_000));
        let report = wait(deliver(&context, (self, &vendors), &settings, None, limit)).unwrap();
        assert_eq!(report.last_failure, None);
        report
    }
}

/// Waves in a row of one account are a turn: the most turns of any account in a list.
fn most_turns(waves: &[(i64, &'static str)]) -> usize {
    let mut turns: BTreeMap<(i64, &str), usize> = BTreeMap::new();
    for (place, wave) in waves.iter().enumerate() {
        if place == 0 || waves[place - 1] != *wave {
            *turns.entry(*wave).or_default() += 1;
        }
    }
    turns.into_values().max().unwrap_or(0)
}

/// Four merchants with four slow vendors each and a long row of messages; a fifth one has one
/// message. It waits for one turn of each of the others, over however many runs.
#[test]
fn nobody_waits_for_two_turns_of_another_account() {
    let street = Street::new(4, 4);
    street.opens(5, Channel::Sms);
    for programme in 1..=4 {
        for channel in CHANNELS {
            street.waits(programme, channel, 500);
        }
    }
    street.waits(5, Channel::Sms, 1);
    let mut runs = 0;
    while street.is_waiting(5, Channel::Sms) && runs < 20 {
        let report = street.run(8_000, |_| {});
        assert!(!report.done, "there is more to send");
        runs += 1;
    }
    // Eight seconds a wave in a run of 50: what is one after another here takes three runs.
    assert!(!street.is_waiting(5, Channel::Sms) && runs <= 3, "after {runs} runs");
    let before = street.waves.borrow().iter().position(|wave| *wave == (5, "sms")).unwrap();
    assert_eq!((before, most_turns(&street.waves.borrow()[..before])), (16, 1));
    // And so on: after some more runs all of the others had as many turns as each other.
    for _ in 0..16 {
        street.run(8_000, |_| {});
    }
    let waves = street.waves.borrow();
    let mut counts: BTreeMap<(i64, &str), usize> = BTreeMap::new();
    waves.iter().for_each(|wave| *counts.entry(*wave).or_default() += 1);
    counts.remove(&(5, "sms"));
    let (least, most) = (counts.values().min().unwrap(), counts.values().max().unwrap());
    assert!(counts.len() == 16 && most - least <= 1, "{counts:?}");
}

/// What falls due while others send waits for one turn of each as well.
#[test]
fn who_comes_in_the_middle_of_a_run_waits_for_one_turn_of_each() {
    let street = Street::new(3, 2);
    street.opens(9, Channel::Push);
    for programme in 1..=3 {
        street.waits(programme, Channel::Sms, 2_000);
        street.waits(programme, Channel::Email, 2_000);
    }
    let (begins, ends) = (Cell::new(0), Cell::new(0));
    street.run(20, |sent| {
        let waves = street.waves.borrow().len();
        if sent == 40 {
            street.waits(9, Channel::Push, 1);
            begins.set(waves);
        }
        if ends.get() == 0 && street.waves.borrow().last() == Some(&(9, "push")) {
            ends.set(waves);
        }
    });
    assert!(begins.get() > 0 && ends.get() > begins.get());
    let waves = street.waves.borrow();
    assert_eq!(most_turns(&waves[begins.get()..ends.get()]), 1);
    // It had a turn before, too, where nothing was due: all messages go in the end.
    drop(waves);
    assert!(street.run(20, |_| {}).done);
    assert!(street.waiting.borrow().values().all(Vec::is_empty));
}

/// A person pauses an account while a wave of it is out.
#[test]
fn a_pause_stops_a_run_on_its_way() {
    let world = World::new().sms();
    world.due(1..=100, "+8613812345678");
    let pauses = || {
        let now = world.now.get();
        wait(pause_channel(&world.reach, 1, "sms", (Some("for a look"), now))).unwrap();
    };
    let (report, sent) = world.run(|_| {
        pauses();
        taken()
    });
    // What was on its way arrives, and nothing else goes.
    assert_eq!((report.accepted, sent.len()), (16, 16));
    assert_eq!(world.account("sms").paused.unwrap().0, "for a look");
    assert!(world.states(17).is_empty() && !world.book.settled.borrow().contains_key(&17));
    assert!(world.run(|_| taken()).1.is_empty());
    wait(pause_channel(&world.reach, 1, "sms", (None, world.now.get()))).unwrap();
    assert_eq!(world.run(|_| taken()).0.accepted, 84);
}
