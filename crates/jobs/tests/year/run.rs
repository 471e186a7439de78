//! Runs of the jobs, with all that goes wrong, and the same in the reference.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use channels::{Answer, Heard, HttpRequest};
use jobs::{JobContext, WorkLimit, fold};
use serde_json::{Value as Json, json};

use super::life::{Got, Owner, Year, text_of};
use super::person::ACCOUNTS;
use crate::naive::{HOUR, MINUTE, day_of};
use crate::outbox::status;
use crate::support::{Dying, Raced, wait};

/// A run that found a lease, or facts that are behind, is tried again after so long.
const AGAIN_MS: i64 = 70_000;

impl Year {
    /// A minute in which all jobs run, until nothing is left that is due.
    pub fn tick(&mut self) {
        let start = self.now();
        self.erase_waiting();
        if (self.has_erased || self.random.chance(30)) && self.shop.waiting() > 0 {
            // Messages go before the last entries are folded. What waits when a run is killed
            // takes less room than what went out, so nothing goes wrong here.
            let trouble = std::mem::take(&mut self.trouble);
            // A channel whose turn comes goes with the next run.
            (0..3).for_each(|_| self.send());
            self.trouble = trouble;
        }
        self.set(start + 1_000);
        self.touch();
        for round in 1..9 {
            let due = format!(
                "SELECT touch_no || '' FROM outbox WHERE due_at <= {}",
                self.now() + 60_000
            );
            let is_due = !self.shop.rows(&due).is_empty() || self.has_due();
            if !is_due {
                break;
            }
            assert!(round < 8, "seed {}: {} stays due", self.seed, text_of(start));
            self.send();
            self.set(start + 1_000 + round * AGAIN_MS);
            self.fold();
        }
        // All touches of a year are many: each night, and now and then.
        let is_night = (start + 8 * HOUR).rem_euclid(24 * HOUR) < 9 * HOUR;
        if self.random.chance(5) || is_night || self.is_watched {
            self.compare();
        }
    }

    /// Whether the reference has something to send.
    fn has_due(&self) -> bool {
        let now = self.now();
        let posts = self.people.iter().flat_map(|person| &person.posts);
        posts.flat_map(|post| &post.waits).any(|wait| wait.ask <= now || wait.until <= now)
    }

    fn fold(&mut self) {
        let world = &self.shop.world;
        let (now, fresh) = (|| world.now.get(), || world.fresh());
        let ledger = JobContext { sql: &world.sql, now: &now, fresh: &fresh };
        if self.trouble.killed && self.random.chance(10) {
            let statements_left = Cell::new(self.random.below(30) as u32);
            let dying = Dying { sql: &self.shop.reach, statements_left };
            let reach = JobContext { sql: &dying, now: &now, fresh: &fresh };
            let _killed = wait(fold(&ledger, &reach, None, WorkLimit::chunks(10_000)));
        }
        self.shop.fold();
        if self.trouble.twice {
            self.shop.fold();
        }
        self.has_erased = false;
        self.folded = self.shop.world.number("SELECT max(no) FROM entry");
    }

    /// Decides, in both.
    fn touch(&mut self) {
        self.fold();
        let (shop, limit) = (&self.shop, || WorkLimit::chunks(10_000));
        if self.trouble.killed && self.random.chance(20) {
            let statements_left = Cell::new(self.random.below(70) as u32);
            let dying = Dying { sql: &shop.reach, statements_left };
            let _killed = shop.run_on(&dying, limit());
        }
        if self.trouble.rivals && self.random.chance(20) {
            let marks = ["INTO touch_decided", "touch_run_step", "touch_cursor", "touch_rest"];
            let mark = *self.random.pick(&marks);
            let rival = || drop(shop.run_on(&shop.reach, limit()).unwrap());
            let raced = Raced { sql: &shop.reach, mark, rival: RefCell::new(Some(rival)) };
            shop.run_on(&raced, limit()).unwrap();
        }
        let mut told = BTreeMap::new();
        for _ in 0..1 + i64::from(self.trouble.twice) {
            let report = shop.run_on(&shop.reach, limit()).unwrap();
            assert!(report.done && report.failed == 0, "{report:?}");
            for (reason, count) in report.suppressed {
                *told.entry(reason.to_owned()).or_default() += count;
            }
        }
        let now = self.now();
        if self.heard.is_none() {
            // Before the first run of a programme no day is open.
            self.through = day_of(now) - 1;
        }
        let concerned = self.hear();
        let is_walk = self.through < day_of(now) && (now + 8 * HOUR) % (24 * HOUR) >= 60 * MINUTE;
        let mut used = self.used.remove(&month_of(now)).unwrap_or_default();
        let mut silent = BTreeMap::new();
        // Those to whom something happened come first.
        let all = 0..if is_walk { self.people.len() } else { 0 };
        for place in concerned.iter().copied().chain(all) {
            if self.people[place].is_gone {
                continue;
            }
            let booked = self.booked(self.people[place].no);
            let person = &mut self.people[place];
            person.naive.through = self.through;
            let known = person.known(now, &booked, &super::life::CUTS);
            std::mem::swap(&mut person.naive.used, &mut used);
            for (reason, count) in person.decide(&known, now) {
                *silent.entry(reason).or_default() += count;
            }
            std::mem::swap(&mut person.naive.used, &mut used);
        }
        self.used.insert(month_of(now), used);
        // For whom a strategy is not is counted, and not kept.
        let mut reasons = self.reasons.borrow_mut();
        for reason in ["not_in_segment", "condition"] {
            let [found, expected] = [&told, &silent].map(|of| of.get(reason).copied().unwrap_or(0));
            assert!(
                self.was_disturbed || found == expected,
                "seed {} at {}: {found} {reason}, not {expected}",
                self.seed,
                text_of(now)
            );
            *reasons.entry(reason.to_owned()).or_default() += found as usize;
        }
        drop(reasons);
        if is_walk {
            self.through = day_of(now);
        }
    }

    /// Sends, in both.
    fn send(&mut self) {
        let now = self.now();
        let behind = self.behind();
        let before = self.got.len();
        let shop = &self.shop;
        let got = RefCell::new(Vec::new());
        let gateway = |request: &HttpRequest| {
            let (one, answer) = read(request, now);
            got.borrow_mut().push(one);
            answer
        };
        // The reference knows no turns: each run begins with the first account.
        let in_order = || {
            let text = "UPDATE channel_account SET turn = 0";
            shop.reach.connection().execute(text, []).unwrap();
        };
        in_order();
        if self.trouble.killed && self.random.chance(25) {
            let statements = self.random.below(120) as u32;
            let dying = |sql| Dying { sql, statements_left: Cell::new(statements) };
            let _killed = match self.random.chance(20) {
                true => shop.send_on(&shop.reach, &dying(&shop.world.sql), gateway),
                false => shop.send_on(&dying(&shop.reach), &shop.world.sql, gateway),
            };
            self.set(now);
        }
        if self.trouble.rivals && self.random.chance(25) {
            let marks = [
                "INSERT INTO wave_begin",
                "INSERT INTO wave_end",
                "INSERT INTO outbox_settle",
                "FROM outbox WHERE programme_no",
                "UPDATE channel_account",
            ];
            let mark = *self.random.pick(&marks);
            in_order();
            let rival = || drop(shop.send_on(&shop.reach, &shop.world.sql, gateway).0.unwrap());
            let raced = Raced { sql: &shop.reach, mark, rival: RefCell::new(Some(rival)) };
            shop.send_on(&raced, &shop.world.sql, gateway).0.unwrap();
            self.set(now);
        }
        for _ in 0..1 + i64::from(self.trouble.twice) {
            in_order();
            let report = shop.send_on(&shop.reach, &shop.world.sql, gateway).0.unwrap();
            assert!(report.last_failure.is_none(), "seed {}: {report:?}", self.seed);
            self.set(now);
        }
        if self.has_erased {
            let erased = "SELECT reason FROM touch WHERE reason = 'erased'";
            self.note(self.shop.rows(erased));
        }
        let mut got = got.into_inner();
        self.got.append(&mut got);
        self.own(before);
        for person in &mut self.people {
            if !person.is_gone {
                person.leave_late(now);
            }
        }
        for place in 0..self.people.len() {
            if self.people[place].is_gone {
                continue;
            }
            if behind.contains(&self.people[place].no) {
                self.people[place].wait_for_facts(now);
                continue;
            }
            let is_due = |wait: &super::person::Wait| wait.ask <= now;
            if !self.people[place].posts.iter().any(|post| post.waits.iter().any(is_due)) {
                continue;
            }
            let booked = self.booked(self.people[place].no);
            let person = &mut self.people[place];
            let known = person.known(now, &booked, &super::life::CUTS);
            // Of two that may go, runs that were disturbed may have come to either one first.
            let is_own = |got: &&Got| self.owners[&got.touch_no].member == place;
            let of = |got: &Got| (got.channel, self.owners[&got.touch_no].key.clone());
            let first: Vec<_> = match self.was_disturbed {
                true => self.got[before..].iter().filter(is_own).map(of).collect(),
                false => Vec::new(),
            };
            person.send(&known, now, &first, &mut self.sent);
        }
        if self.was_killed {
            self.adopt_unknown();
        }
    }

    /// Members with entries that facts do not know.
    fn behind(&self) -> BTreeSet<i64> {
        let text = format!("SELECT DISTINCT member_no || '' FROM entry WHERE no > {}", self.folded);
        self.shop.world.texts(&text).iter().map(|no| no.parse().unwrap()).collect()
    }

    /// Remembers whose touches went out.
    fn own(&mut self, from: usize) {
        for got in &mut self.got[from..] {
            if let Some(owner) = self.owners.get(&got.touch_no) {
                (got.member, got.quiet) = (owner.member, self.people[owner.member].quiet);
                continue;
            }
            let text = format!(
                "SELECT json_array(member_no, strategy, node, cycle) FROM touch WHERE no = {}",
                got.touch_no
            );
            let row: Json = serde_json::from_str(&self.shop.rows(&text)[0]).unwrap();
            let no = row[0].as_i64().unwrap();
            let member = self.people.iter().position(|person| person.no == no).unwrap();
            (got.member, got.quiet) = (member, self.people[member].quiet);
            let text = |at: usize| row[at].as_str().unwrap().to_owned();
            let key = (text(1), row[2].as_i64().unwrap(), text(3));
            self.owners.insert(got.touch_no, Owner { member, key });
        }
    }

    /// Of SMS that were on their way when a run was killed nobody knows what became. So it is in
    /// the reference as well, which knows no runs.
    fn adopt_unknown(&mut self) {
        // Of two accounts that became one, both may have a touch about the same occasion.
        let text = "SELECT json_array(t.member_no, t.strategy, t.node, t.cycle, count(DISTINCT t.no)) FROM touch_delivery AS d
            JOIN touch AS t ON t.no = d.touch_no WHERE d.channel = 'sms' AND d.state = 'unknown' AND t.state = 'unknown'
            GROUP BY t.member_no, t.strategy, t.node, t.cycle";
        for row in self.shop.rows(text) {
            let row: Json = serde_json::from_str(&row).unwrap();
            let no = row[0].as_i64().unwrap();
            let is_one = |person: &&mut super::person::Person| person.no == no && !person.is_gone;
            let Some(person) = self.people.iter_mut().find(is_one) else {
                continue;
            };
            let text = |at: usize| row[at].as_str().unwrap();
            let is_one = |one: &&mut crate::naive::Row| {
                (&*one.strategy, one.node, &*one.cycle)
                    == (text(1), row[2].as_i64().unwrap(), text(3))
            };
            let (known, others): (Vec<_>, Vec<_>) =
                person.naive.rows.iter_mut().filter(is_one).partition(|one| one.state == "unknown");
            let more = (row[4].as_u64().unwrap() as usize).saturating_sub(known.len());
            let went =
                |one: &&mut crate::naive::Row| ["sent", "failed", "due"].contains(&&*one.state);
            let told = format!("{others:?}");
            let mut went = others.into_iter().filter(went);
            for _ in 0..more {
                let Some(one) = went.next() else {
                    panic!("seed {}: {row} of an SMS, but {told}", self.seed)
                };
                let now = self.shop.world.now.get().0;
                super::person::finish(one, "unknown", now);
                one.sent = one.sent.or(Some((now, "sms")));
            }
        }
        self.doubt();
    }

    /// Nobody knows either that the number is none; and what another channel took counts for caps
    /// now, as it may have gone.
    fn doubt(&mut self) {
        let text = "SELECT json_array(d.touch_no, t.member_no, t.strategy, t.node, t.cycle) FROM touch_delivery AS d
            JOIN touch AS t ON t.no = d.touch_no WHERE d.channel = 'sms' AND d.state = 'unknown'";
        let now = self.now();
        for row in self.shop.rows(text) {
            let row: Json = serde_json::from_str(&row).unwrap();
            let number = |at: usize| row[at].as_i64().unwrap();
            let is_one = |person: &&mut super::person::Person| person.no == number(1);
            let Some(person) = self.people.iter_mut().find(is_one) else { continue };
            if !self.doubted.insert(number(0)) {
                continue;
            }
            if let Some(contact) = person.contacts.get_mut("sms") {
                contact.is_open = true;
            }
            let is_one = |one: &&mut crate::naive::Row| {
                let own = (&*one.strategy, one.node, &*one.cycle);
                own == (row[2].as_str().unwrap(), number(3), row[4].as_str().unwrap())
            };
            let went = |one: &&mut crate::naive::Row| {
                one.to_all && one.sent.is_some_and(|(at, took)| at < now && took != "sms")
            };
            let rows = person.naive.rows.iter_mut().filter(is_one).filter(went);
            rows.for_each(|one| one.last = Some(now));
        }
    }

    /// Remembers that messages were suppressed for these reasons.
    fn note(&self, reasons: Vec<String>) {
        let mut counts = self.reasons.borrow_mut();
        reasons.into_iter().for_each(|reason| *counts.entry(reason).or_default() += 1);
    }

    /// Touches of both, one by one.
    pub fn compare(&self) {
        let text = "SELECT json_array(member_no, strategy, node, cycle, state, reason, due_at, deadline_at, channels, channel, error, mode) FROM touch";
        let mut errors = BTreeSet::new();
        let (mut found, mut reasons) = (Vec::new(), Vec::new());
        for row in self.shop.rows(text) {
            let row: Json = serde_json::from_str(&row).unwrap();
            let no = row[0].as_i64().unwrap();
            let person = self.people.iter().find(|person| person.no == no).unwrap();
            if person.is_gone {
                continue;
            }
            let text = |at: usize| row[at].as_str().unwrap_or_default();
            let state = match text(5) {
                "" => text(4).to_owned(),
                reason => format!("{} {reason}", text(4)),
            };
            errors.insert(text(10).to_owned());
            reasons.extend(row[5].as_str().map(str::to_owned));
            let all: Vec<String> = serde_json::from_str(text(8)).unwrap();
            let channels = if text(4) == "due" { all.join(",") } else { String::new() };
            let is_one = !(self.was_disturbed && text(11) == "all" && all.len() > 1);
            let took = if is_one { text(9) } else { "" };
            found.push(format!(
                "{} {} {} {} {state} due {} until {} {channels} {}",
                person.id,
                text(1),
                row[2],
                text(3),
                row[6],
                row[7],
                took
            ));
        }
        self.note(reasons);
        let mut expected: Vec<String> =
            self.people.iter().flat_map(|person| person.told(self.was_disturbed)).collect();
        found.sort();
        expected.sort();
        if found != expected {
            let only = |one: &[String], other: &[String]| {
                let other: BTreeSet<&String> = other.iter().collect();
                one.iter().filter(|row| !other.contains(row)).cloned().collect::<Vec<_>>()
            };
            let waits =
                "SELECT json_array(t.member_no, t.strategy, o.channel, o.due_at, o.until_at)
                FROM outbox AS o JOIN touch AS t ON t.no = o.touch_no";
            let waits = self.shop.rows(waits);
            let member = only(&found, &expected).into_iter().chain(only(&expected, &found)).next();
            let member = member.unwrap().split(' ').next().unwrap().to_owned() + " ";
            let all: Vec<&String> = found.iter().filter(|row| row.starts_with(&member)).collect();
            panic!(
                "seed {} {:?} at {}:\n  found    {:#?}\n  expected {:#?}\n  errors {errors:?}\n  waits {waits:?}\n  all of the first {all:#?}",
                self.seed,
                self.trouble,
                text_of(self.now()),
                only(&found, &expected),
                only(&expected, &found)
            );
        }
    }
}

/// The month of an instant, for budgets.
fn month_of(at: i64) -> String {
    ledger::from_day_number(i32::try_from(day_of(at)).unwrap()).to_string()[..7].to_owned()
}

/// Whether the address tells that its vendor takes nothing for it.
pub fn is_refused(address: &str) -> bool {
    let mark = match address.rsplit_once('-') {
        Some((_, mark)) => mark.trim_end_matches("@shop.example"),
        None => &address.trim_start_matches('+').trim_start_matches("86")[3..5],
    };
    mark.parse::<i64>().unwrap() % 2 == 1
}

/// What a vendor got, and what it answers.
fn read(request: &HttpRequest, at: i64) -> (Got, Heard) {
    let ok = |body: Json| {
        Heard::Answer(Answer { status: 200, headers: Vec::new(), body: body.to_string() })
    };
    if let Some((_, channel)) = request.url.split_once("https://g.example/") {
        let channel = ACCOUNTS.iter().find(|of| **of == channel).unwrap();
        let body: Json = serde_json::from_str(&request.body).unwrap();
        let id = request.header("webhook-id").split_once('-').unwrap().0.parse().unwrap();
        let address = body["to"].as_str().unwrap().to_owned();
        let is_bad = is_refused(&address);
        let text = body["text"].as_str().unwrap().to_owned();
        let got = Got { at, channel, touch_no: id, member: 0, address, text, quiet: None };
        return (got, if is_bad { status(422) } else { status(200) });
    }
    let all = format!("{}&{}", request.url, request.body).replace('?', "&");
    let part = |name: &str| {
        let found = all.split('&').find_map(|part| part.strip_prefix(&format!("{name}=")));
        found.unwrap_or_else(|| panic!("{name} of {all}")).replace("%2B", "+")
    };
    let address = part("PhoneNumbers");
    let id = part("OutId").split_once('-').unwrap().0.parse().unwrap();
    let answer = match is_refused(&address) {
        true => json!({"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "no"}),
        false => json!({"Code": "OK", "BizId": "b"}),
    };
    let (channel, text) = ("sms", part("TemplateParam"));
    (Got { at, channel, touch_no: id, member: 0, address, text, quiet: None }, ok(answer))
}
