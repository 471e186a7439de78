//! A member as the naive reference knows it: what it did and said, and what it was to be told.

use std::collections::{BTreeMap, BTreeSet};

use super::playbook::GRANTING;
use crate::naive::{DAY, HOUR, Known, MINUTE, Naive, day_of, start};

/// Accounts in the order in which they send.
pub const ACCOUNTS: [&str; 5] = ["push", "email", "wechat", "wecom", "sms"];

/// Where the member is reached by a channel.
#[derive(Debug, Clone)]
pub struct Contact {
    pub address: String,
    pub is_open: bool,
    /// The vendor takes nothing for it.
    pub refuses: bool,
}

/// A message that waits, by its channels.
#[derive(Debug, Clone)]
pub struct Post {
    pub key: (String, i64, String),
    pub waits: Vec<Wait>,
    pub wait_hours: i64,
    has_failed: bool,
}

/// How a message waits for a channel.
#[derive(Debug, Clone)]
pub struct Wait {
    pub channel: &'static str,
    /// When it is asked.
    pub ask: i64,
    /// Until when it is the channel's turn.
    pub until: i64,
    /// When it is to go out, as far as is known.
    pub planned: i64,
}

/// What the books of the ledger say of it.
#[derive(Debug, Clone, Default)]
pub struct Booked {
    /// When points end, and how many.
    pub lots: Vec<(i64, i64)>,
    pub tier_until: Option<i64>,
    pub coupons: BTreeMap<String, i64>,
}

pub struct Person {
    pub id: String,
    pub no: i64,
    pub is_gone: bool,
    pub orders: Vec<(i64, i64)>,
    pub redeems: Vec<i64>,
    pub logins: Vec<i64>,
    pub birthday: (u32, u32),
    pub contacts: BTreeMap<&'static str, Contact>,
    /// Purpose, channel, when, and whether it was a yes.
    pub said: Vec<(&'static str, &'static str, i64, bool)>,
    pub quiet: Option<(i64, i64)>,
    pub is_frozen: bool,
    pub ups: Vec<(i64, String)>,
    pub naive: Naive,
    pub posts: Vec<Post>,
    /// Touches for which something was given.
    pub given: BTreeSet<(String, i64, String)>,
}

/// What goes out: by which channel, to which address, and of which touch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    pub channel: &'static str,
    pub address: String,
    pub key: (String, i64, String),
}

impl Person {
    fn score(cuts: [i64; 4], value: i64) -> i64 {
        1 + cuts.iter().filter(|cut| value > **cut).count() as i64
    }

    /// Recency, frequency and money by the cuts in force.
    fn rfm(&self, now: i64, cuts: &[[i64; 4]; 3]) -> (i64, i64, i64) {
        let today = day_of(now);
        let Some(last) = self.orders.iter().map(|(at, _)| *at).max() else { return (1, 1, 1) };
        let of_year = || self.orders.iter().filter(|(at, _)| day_of(*at) > today - 365);
        let spend: i64 = of_year().map(|(_, spend)| spend).sum();
        let days = (today - day_of(last)).min(730);
        (
            6 - Self::score(cuts[0], days),
            Self::score(cuts[1], of_year().count() as i64),
            Self::score(cuts[2], spend),
        )
    }

    pub fn known(&self, now: i64, booked: &Booked, cuts: &[[i64; 4]; 3]) -> Known {
        let today = day_of(now);
        let mut known = Known {
            id: self.id.clone(),
            orders: self.orders.len() as i64,
            last_order: self.orders.iter().map(|(at, _)| *at).max(),
            last_redeem: self.redeems.iter().copied().max(),
            birthday: Some(self.birthday),
            tier_until: booked.tier_until,
            coupons: booked.coupons.clone(),
            ups: self.ups.clone(),
            quiet: self.quiet,
            is_frozen: self.is_frozen,
            ..Known::default()
        };
        for (end, points) in &booked.lots {
            *known.ends.entry(day_of(end - 1)).or_default() += points;
        }
        let open = self.contacts.iter().filter(|(_, contact)| contact.is_open);
        known.contacts = open.map(|(channel, _)| *channel).collect();
        for (purpose, channel, at, _) in &self.said {
            let last = self.said.iter().filter(|one| (one.0, one.1) == (*purpose, *channel));
            let last = last.map(|one| (one.2, !one.3)).max().unwrap();
            if last.0 == *at {
                known.consents.insert((purpose, channel), !last.1);
            }
        }
        let balance: i64 = known.ends.range(today..).map(|(_, points)| points).sum();
        let since = |last: Option<i64>| last.map_or(36_600, |at| today - day_of(at));
        let (r, f, m) = self.rfm(now, cuts);
        let holds = [
            ("high_value_active", r >= 4 && f >= 4 && m >= 4),
            ("mid_value", (2..=4).contains(&m) && r >= 3),
            ("low_value", m <= 2),
            ("sleeping", since(self.logins.iter().copied().max()) > 180),
            ("member.balance > 5000", balance > 5_000),
            ("member.days_since_order >= 90", since(known.last_order) >= 90),
        ];
        known.holds = holds.iter().filter(|(_, holds)| *holds).map(|(name, _)| *name).collect();
        known
    }

    /// A run of `touch` comes to the member. For how many messages it is not for the strategy.
    pub fn decide(&mut self, known: &Known, now: i64) -> BTreeMap<String, u64> {
        let new = self.naive.run(known, now);
        let mut silent = BTreeMap::new();
        for row in &new {
            if ["condition", "not_in_segment"].contains(&&*row.state) {
                *silent.entry(row.state.clone()).or_default() += 1;
            }
        }
        self.naive.rows.retain(|row| !["condition", "not_in_segment"].contains(&&*row.state));
        for row in new.into_iter().filter(|row| row.state == "due") {
            let count = row.channels.len() as i64;
            let hours = match (row.to_all, count) {
                (true, _) | (_, 1) => 24,
                // So that the last channel has some time.
                _ => 24.min(((row.end - row.due) / HOUR / count).max(1)),
            };
            let until = if row.to_all || count == 1 {
                row.end
            } else {
                row.end.min(row.due + hours * HOUR)
            };
            let channels = if row.to_all { &row.channels[..] } else { &row.channels[..1] };
            self.posts.push(Post {
                key: (row.strategy.clone(), row.node, row.cycle.clone()),
                waits: channels
                    .iter()
                    .map(|&channel| Wait { channel, ask: row.from, until, planned: row.due })
                    .collect(),
                wait_hours: hours,
                has_failed: false,
            });
        }
        silent
    }

    pub fn place(&self, key: &(String, i64, String)) -> usize {
        let is_one = |row: &crate::naive::Row| {
            (row.strategy.as_str(), row.node, row.cycle.as_str())
                == (key.0.as_str(), key.1, &*key.2)
        };
        self.naive.rows.iter().position(is_one).unwrap()
    }

    fn priority(&self, key: &(String, i64, String)) -> i64 {
        let specs = &self.naive.book.specs;
        specs.iter().find(|spec| spec.id == key.0).unwrap().priority
    }

    /// The post of a place goes on without a channel; at the end there is its outcome.
    fn pass(&mut self, at: usize, channel: &str, outcome: &str, now: i64) {
        let place = self.place(&self.posts[at].key);
        let post = &mut self.posts[at];
        let row = &mut self.naive.rows[place];
        post.waits.retain(|wait| wait.channel != channel);
        post.has_failed |= outcome == "failed";
        let own = row.channels.iter().position(|of| *of == channel).unwrap();
        if !row.to_all && row.state == "due" && row.end > now && own + 1 < row.channels.len() {
            let is_last = own + 2 == row.channels.len();
            let turn = now + post.wait_hours * HOUR;
            let until = if is_last { row.end } else { row.end.min(turn) };
            let channel = row.channels[own + 1];
            post.waits.push(Wait { channel, ask: now, until, planned: now });
        }
        // Of several channels, those that are left tell when it goes out.
        let left = post.waits.iter().map(|wait| wait.planned).min();
        if let Some(due) = left.filter(|_| row.to_all && row.state == "due") {
            let before = std::mem::replace(&mut row.due, due);
            if due > before {
                self.leave_room(at);
            }
        } else if left.is_none() && row.state == "due" {
            finish(row, if post.has_failed { "failed" } else { outcome }, now);
            self.leave_room(at);
        }
    }

    /// What does not go out, or later, leaves its room: others that wait for room are asked.
    fn leave_room(&mut self, at: usize) {
        for other in (0..self.posts.len()).filter(|other| *other != at) {
            let from = self.naive.rows[self.place(&self.posts[other].key)].from;
            let waits = self.posts[other].waits.iter_mut();
            waits.filter(|wait| wait.planned > from && wait.ask > from).for_each(|w| w.ask = from);
        }
    }

    /// The message waits for room by a channel until an instant, and is asked before.
    fn wait(&mut self, at: usize, channel: &str, until: i64, now: i64) {
        let place = self.place(&self.posts[at].key);
        // Then, or when the messages of the next day go out.
        let next_day = start(day_of(now) + 1) + self.naive.book.send_at * MINUTE;
        let ask = until.min(next_day);
        let (row, post) = (&mut self.naive.rows[place], &mut self.posts[at]);
        for wait in post.waits.iter_mut().filter(|wait| wait.channel == channel) {
            (wait.ask, wait.planned) = (ask, until);
            if wait.until < row.end {
                wait.until = row.end.min(ask + post.wait_hours * HOUR);
            }
        }
        let due = post.waits.iter().map(|wait| wait.planned).min().unwrap();
        if row.state == "due" {
            let before = std::mem::replace(&mut row.due, due);
            if due > before {
                self.leave_room(at);
            }
        }
    }

    /// Nothing of the touch goes out any more.
    fn end(&mut self, at: usize, reason: &str, now: i64) {
        let place = self.place(&self.posts[at].key);
        self.posts[at].waits.clear();
        let row = &mut self.naive.rows[place];
        if row.state == "due" {
            finish(row, reason, now);
            self.leave_room(at);
        }
    }

    /// Channels that had their time leave messages to the next one.
    pub fn leave_late(&mut self, now: i64) {
        for at in 0..self.posts.len() {
            for wait in self.posts[at].waits.clone() {
                if wait.until <= now {
                    self.pass(at, wait.channel, "missed", now);
                }
            }
        }
        self.posts.retain(|post| !post.waits.is_empty());
    }

    /// Facts do not know the member's last entries: what is due is asked again after 20 seconds.
    pub fn wait_for_facts(&mut self, now: i64) {
        let again = now + 20_000;
        for at in 0..self.posts.len() {
            let end = self.naive.rows[self.place(&self.posts[at].key)].end;
            let is_due = |wait: &&mut Wait| wait.ask <= now;
            let mut due = self.posts[at].waits.iter_mut().filter(is_due).peekable();
            if due.peek().is_some() && again >= end {
                self.end(at, "missed", now);
            } else {
                due.for_each(|wait| wait.ask = again);
            }
        }
        self.posts.retain(|post| !post.waits.is_empty());
    }

    /// A run sends what is due, those of `first` before others. True where the ledger wrote
    /// something of the member, so that the rest waits for the fold.
    pub fn send(
        &mut self,
        known: &Known,
        now: i64,
        first: &[(&'static str, (String, i64, String))],
        sent: &mut Vec<Message>,
    ) -> bool {
        let mut known = known.clone();
        for (channel, key) in first {
            let is_due = |post: &Post| {
                let mut waits = post.waits.iter();
                post.key == *key && waits.any(|wait| wait.channel == *channel && wait.ask <= now)
            };
            let Some(at) = self.posts.iter().position(is_due) else { continue };
            if self.send_one(at, channel, &mut known, now, sent) {
                return true;
            }
        }
        for channel in ACCOUNTS {
            loop {
                // The highest priority first, then the least time, then who waits longest.
                let due = |post: &Post| {
                    let own = post.waits.iter().find(|wait| wait.channel == channel)?;
                    let order = (-self.priority(&post.key), own.until.div_euclid(HOUR), own.ask);
                    (own.ask <= now).then_some(order)
                };
                let order =
                    (0..self.posts.len()).filter_map(|at| Some((due(&self.posts[at])?, at)));
                let Some((_, at)) = order.min() else { break };
                if self.send_one(at, channel, &mut known, now, sent) {
                    return true;
                }
            }
        }
        false
    }

    /// One message by one channel. True where the ledger wrote something.
    fn send_one(
        &mut self,
        at: usize,
        channel: &'static str,
        known: &mut Known,
        now: i64,
        sent: &mut Vec<Message>,
    ) -> bool {
        let place = self.place(&self.posts[at].key);
        let mut is_new = false;
        let own = self.posts[at].waits.iter().find(|wait| wait.channel == channel);
        let planned = own.unwrap().planned;
        match self.naive.send((place, channel, planned), known, now) {
            Ok(later) if later > now => self.wait(at, channel, later, now),
            Ok(_) => {
                let key = self.posts[at].key.clone();
                is_new = GRANTING.contains(&&*key.0) && self.given.insert(key.clone());
                let contact = self.contacts.get_mut(channel).unwrap();
                let address = contact.address.clone();
                sent.push(Message { channel, address, key });
                if contact.refuses {
                    // What the vendor of SMS says of a number closes it.
                    if channel == "sms" {
                        contact.is_open = false;
                        known.contacts.remove(channel);
                    }
                    self.pass(at, channel, "failed", now);
                } else {
                    let row = &mut self.naive.rows[place];
                    if row.state == "due" {
                        finish(row, "sent", now);
                        row.sent = Some((now, channel));
                    } else {
                        row.last = Some(now);
                    }
                    let post = &mut self.posts[at];
                    post.waits.retain(|wait| wait.channel != channel);
                }
            }
            Err(reason @ ("no_contact" | "no_consent" | "frequency" | "quiet_too_late")) => {
                self.pass(at, channel, reason, now);
            }
            Err(reason) => self.end(at, reason, now),
        }
        self.posts.retain(|post| !post.waits.is_empty());
        is_new
    }

    /// Another account becomes part of this one.
    pub fn absorb(&mut self, other: &mut Self) {
        other.is_gone = true;
        self.orders.append(&mut other.orders);
        self.redeems.append(&mut other.redeems);
        self.logins.append(&mut other.logins);
        self.said.append(&mut other.said);
        self.ups.append(&mut other.ups);
        for (channel, contact) in std::mem::take(&mut other.contacts) {
            self.contacts.entry(channel).or_insert(contact);
        }
        self.quiet = self.quiet.or(other.quiet);
        let has = |rows: &[crate::naive::Row], key: &(String, i64, String)| {
            rows.iter()
                .any(|row| (&row.strategy, &row.node, &row.cycle) == (&key.0, &key.1, &key.2))
        };
        // What went out stays, of both accounts, and what waits for the same occasion does not go.
        let went: Vec<crate::naive::Row> = other
            .naive
            .rows
            .iter()
            .filter(|row| ["sent", "unknown"].contains(&&*row.state))
            .cloned()
            .collect();
        let key = |row: &crate::naive::Row| (row.strategy.clone(), row.node, row.cycle.clone());
        let waits: Vec<_> =
            self.naive.rows.iter().filter(|row| row.state == "due").map(key).collect();
        let again = |of: &(String, i64, String)| waits.contains(of) && has(&went, of);
        if waits.iter().any(again) {
            self.naive.rows.retain(|row| !again(&key(row)));
            self.posts.retain(|post| !again(&post.key));
            self.leave_room(usize::MAX);
        }
        let own = self.naive.rows.clone();
        let stays = |of: &(String, i64, String)| !has(&own, of) || has(&went, of);
        let posts = std::mem::take(&mut other.posts);
        self.posts.extend(posts.into_iter().filter(|post| stays(&post.key)));
        let rows = std::mem::take(&mut other.naive.rows);
        let is_kept = |row: &crate::naive::Row| {
            !has(&own, &key(row)) || ["sent", "unknown"].contains(&&*row.state)
        };
        self.naive.rows.extend(rows.into_iter().filter(is_kept));
    }

    /// What the touches came to, as the database has it. Of messages by several channels, which
    /// one took it first is the same where one run came after the other.
    pub fn told(&self, was_disturbed: bool) -> Vec<String> {
        let tell = |row: &crate::naive::Row| {
            let goes = ["due", "sent", "unknown", "failed"].contains(&&*row.state);
            let state = if goes { row.state.clone() } else { format!("suppressed {}", row.state) };
            let channels = if row.state == "due" { row.channels.join(",") } else { String::new() };
            let is_one = !(was_disturbed && row.to_all && row.channels.len() > 1);
            let took = row.sent.filter(|_| is_one).map_or("", |(_, channel)| channel);
            format!(
                "{} {} {} {} {state} due {} until {} {channels} {took}",
                self.id, row.strategy, row.node, row.cycle, row.due, row.end
            )
        };
        self.naive.rows.iter().map(tell).collect()
    }
}

/// What had waited for longer, and found room, was due at its own time.
pub fn finish(row: &mut crate::naive::Row, state: &str, now: i64) {
    row.state = state.to_owned();
    row.due = if row.due > now { row.from } else { row.due };
}

/// The first instant of the programme's day.
pub fn midnight(day: i64) -> i64 {
    day * DAY - 8 * HOUR
}
