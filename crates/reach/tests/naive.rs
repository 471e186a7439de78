//! A naive reference of touches, written from the design: straight loops over strategies, days and
//! minutes, and no code of the product. The zone is eight hours east of UTC all year.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate};
use sha2::{Digest, Sha256};

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// The local day of an instant.
pub fn day_of(at: i64) -> i64 {
    (at + 8 * HOUR).div_euclid(DAY)
}

/// The first instant of a local day.
pub fn start(day: i64) -> i64 {
    day * DAY - 8 * HOUR
}

fn minute_of(at: i64) -> i64 {
    (at + 8 * HOUR).rem_euclid(DAY) / MINUTE
}

fn date(day: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + Days::new(day.try_into().unwrap())
}

/// What a strategy waits for.
#[expect(dead_code, reason = "the tests that share this file wait for different things")]
#[derive(Debug, Clone, PartialEq)]
pub enum Waits {
    /// Points that end: days before, from the most.
    Points(Vec<i64>),
    /// Points that end within so many days.
    Within(i64),
    /// The birthday: days before.
    Birthday(Vec<i64>),
    /// The tier's end: days before.
    Tier(Vec<i64>),
    /// A coupon's end: days before.
    Coupon(Vec<i64>),
    /// An earn: days after.
    Earn(Vec<i64>),
    /// A higher tier: days after.
    TierUp(Vec<i64>),
}

#[derive(Debug, Clone)]
pub struct Spec {
    pub id: String,
    pub waits: Waits,
    pub is_sequence: bool,
    pub segment: Option<&'static str>,
    pub when: Option<&'static str>,
    pub template: &'static str,
    pub channels: Vec<&'static str>,
    pub to_all: bool,
    /// Of nodes that have their own: channels, and whether it goes by all of them.
    pub nodes: BTreeMap<i64, (Vec<&'static str>, bool)>,
    pub priority: i64,
    pub is_first: bool,
    pub stops_redeemed: bool,
    pub stops_ordered: bool,
    pub skip_hours: Option<i64>,
    pub holdout: u64,
    pub spread: i64,
    pub within_hours: i64,
    /// The budget: messages, and what they cost.
    pub messages: Option<i64>,
    pub cost: Option<i64>,
    pub from: Option<i64>,
    pub until: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct Book {
    pub salt: &'static str,
    /// Templates of marketing; all others are for service.
    pub marketing: BTreeSet<&'static str>,
    pub send_at: i64,
    pub quiet: Option<(i64, i64)>,
    pub caps: Vec<(Option<&'static str>, Option<&'static str>, i64, &'static str)>,
    pub holdout: u64,
    /// What a message costs by its channel.
    pub costs: BTreeMap<&'static str, i64>,
    pub specs: Vec<Spec>,
    pub shared: BTreeSet<i64>,
}

/// What is known of the member at an instant.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub id: String,
    pub ends: BTreeMap<i64, i64>,
    pub orders: i64,
    pub last_order: Option<i64>,
    pub last_redeem: Option<i64>,
    pub birthday: Option<(u32, u32)>,
    pub tier_until: Option<i64>,
    pub coupons: BTreeMap<String, i64>,
    pub earns: Vec<(i64, String)>,
    /// Entries that brought a higher tier.
    pub ups: Vec<(i64, String)>,
    pub in_vip: bool,
    /// Segments and conditions that hold, beside those that are worked out here.
    pub holds: BTreeSet<&'static str>,
    pub contacts: BTreeSet<&'static str>,
    /// What was said of marketing and of service.
    pub consents: BTreeMap<(&'static str, &'static str), bool>,
    pub quiet: Option<(i64, i64)>,
    pub is_frozen: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub strategy: String,
    pub node: i64,
    pub cycle: String,
    /// `due`, `sent`, or the reason.
    pub state: String,
    /// Its own time.
    pub from: i64,
    pub due: i64,
    pub end: i64,
    pub channels: Vec<&'static str>,
    pub to_all: bool,
    pub template: &'static str,
    pub decided: i64,
    pub sent: Option<(i64, &'static str)>,
    /// When another channel took it as well.
    pub last: Option<i64>,
    pub responded: Option<i64>,
}

#[derive(Clone)]
pub struct Naive {
    pub book: Book,
    pub rows: Vec<Row>,
    /// What strategies have used of their budgets: messages, and what they cost.
    pub used: BTreeMap<String, (i64, i64)>,
    /// The last day that was decided.
    pub through: i64,
}

/// A node that is looked at: its days, its day, when it is due, its end, and its day for those who
/// are not told earlier.
type Node = (i64, i64, i64, i64, i64);

fn digest(text: &str) -> u64 {
    u64::from_be_bytes(Sha256::digest(text.as_bytes())[..8].try_into().unwrap())
}

impl Spec {
    /// The channels of a node, and whether it goes by all of them.
    fn step(&self, node: i64) -> (&[&'static str], bool) {
        let own = self.nodes.get(&node);
        own.map_or((&self.channels, self.to_all), |(channels, to_all)| (channels, *to_all))
    }
}

impl Book {
    fn purpose(&self, template: &str) -> &'static str {
        if self.marketing.contains(template) { "marketing" } else { "service" }
    }
}

impl Row {
    fn goes(&self) -> bool {
        ["due", "sent", "unknown"].contains(&&*self.state)
    }

    fn may_have_gone(&self) -> bool {
        self.state == "sent" || self.state == "unknown"
    }

    fn seen(&self) -> i64 {
        self.last.max(self.sent.map(|(at, _)| at)).unwrap_or(self.due)
    }
}

impl Naive {
    /// One run of the job: what it adds.
    pub fn run(&mut self, known: &Known, now: i64) -> Vec<Row> {
        let before = self.rows.len();
        let mut specs = self.book.specs.clone();
        specs.sort_by_key(|spec| -spec.priority);
        for spec in &specs {
            for (cycle, nodes) in self.cycles(spec, known, now) {
                for (place, node) in nodes.iter().enumerate() {
                    if !self.is_to_decide(spec, &cycle, *node, now) {
                        continue;
                    }
                    let is_missed = Self::is_missed(spec, known, (&cycle, &nodes, place), now);
                    let found = self.ask(&specs, spec, &cycle, *node, is_missed, known, now);
                    let (own, to_all) = spec.step(node.0);
                    let is_silent = matches!(spec.waits, Waits::Within(_));
                    if is_silent && matches!(&found, Err("not_in_segment" | "condition")) {
                        continue;
                    }
                    let (state, due, channels) = match found {
                        Ok((due, channels)) => {
                            let uses = self.uses(&channels, to_all);
                            let used = self.used.entry(spec.id.clone()).or_default();
                            *used = (used.0 + uses.0, used.1 + uses.1);
                            ("due", due, channels)
                        }
                        Err(reason) => (reason, node.2, own.to_vec()),
                    };
                    self.rows.push(Row {
                        strategy: spec.id.clone(),
                        node: node.0,
                        cycle: cycle.clone(),
                        state: state.to_owned(),
                        from: node.2.max(now),
                        due,
                        end: node.3,
                        channels,
                        to_all,
                        template: spec.template,
                        decided: now,
                        sent: None,
                        last: None,
                        responded: None,
                    });
                }
            }
        }
        self.rows[before..].to_vec()
    }

    fn is_missed(
        spec: &Spec,
        known: &Known,
        (cycle, nodes, place): (&str, &[Node], usize),
        now: i64,
    ) -> bool {
        let node = nodes[place];
        let is_passed = nodes.get(place + 1).is_some_and(|next| next.1 <= day_of(now));
        let is_late = node.3 <= now || node.2 >= node.3;
        let happened = match spec.waits {
            Waits::Earn(_) => &known.earns,
            Waits::TierUp(_) => &known.ups,
            _ => &Vec::new(),
        };
        let own = happened.iter().find(|(_, id)| format!("entry:{id}") == cycle);
        let earns_again = node.1 < day_of(now)
            && own.is_some_and(|own| {
                happened.iter().filter(|(at, id)| (*at, id) > (own.0, &own.1)).any(|(at, _)| {
                    if node.0 == 0 { *at <= now } else { day_of(*at) + node.0 <= day_of(now) }
                })
            });
        is_passed || is_late || earns_again
    }

    fn has_row(&self, spec: &Spec, cycle: &str, node: i64) -> bool {
        let is_one = |row: &Row| row.strategy == spec.id && row.cycle == *cycle && row.node == node;
        self.rows.iter().any(is_one)
    }

    fn is_to_decide(&self, spec: &Spec, cycle: &str, node: Node, now: i64) -> bool {
        node.1 <= day_of(now) && self.is_open(spec, cycle, node, now)
    }

    /// Whether the job may still come to it, be it today or later.
    fn is_open(&self, spec: &Spec, cycle: &str, node: Node, now: i64) -> bool {
        let is_by_day = !matches!(spec.waits, Waits::Within(_) | Waits::Earn(_) | Waits::TierUp(_));
        let oldest = self.through.max(day_of(now) - 31);
        !(self.has_row(spec, cycle, node.0)
            || is_by_day && node.4 <= oldest
            || spec.from.is_some_and(|from| node.4 < from)
            || spec.until.is_some_and(|until| node.4 > until))
    }

    /// The occasions of a strategy, by the day, each with its nodes by the day.
    fn cycles(&self, spec: &Spec, known: &Known, now: i64) -> Vec<(String, Vec<Node>)> {
        let mut found = self.all_cycles(spec, known, now);
        let last = spec.until.map_or(i64::MAX, |until| start(until + 1));
        for (_, nodes) in &mut found {
            nodes.iter_mut().for_each(|node| node.3 = node.3.min(last));
        }
        found
    }

    fn all_cycles(&self, spec: &Spec, known: &Known, now: i64) -> Vec<(String, Vec<Node>)> {
        let today = day_of(now);
        let mut found = Vec::new();
        match &spec.waits {
            Waits::Points(days) => {
                for (&last, &points) in known.ends.range(today..) {
                    if points > 0 {
                        let cycle = format!("end:{}", start(last + 1));
                        found.push(self.before(spec, known, cycle, last, days, start(last + 1)));
                    }
                }
            }
            Waits::Tier(days) => {
                if let Some(until) = known.tier_until.filter(|until| *until > now) {
                    let cycle = format!("tier:{until}");
                    found.push(self.before(spec, known, cycle, day_of(until - 1), days, until));
                }
            }
            Waits::Birthday(days) => {
                let Some((month, day)) = known.birthday else { return found };
                // Only last year, this one and the next are looked at.
                for year in date(today).year() - 1..=date(today).year() + 1 {
                    let of = NaiveDate::from_ymd_opt(year, month, day)
                        .unwrap_or_else(|| NaiveDate::from_ymd_opt(year, 2, 28).unwrap());
                    let date_day = (of - date(0)).num_days();
                    if (today - 31..today + 400).contains(&date_day) {
                        let cycle = format!("date:birthday:{year}");
                        let end = start(date_day + 1);
                        let nodes = self.steps(spec, date_day, days, 0, end);
                        found.push((cycle, nodes));
                    }
                }
            }
            Waits::Within(days) => {
                for (&last, &points) in known.ends.range(today..) {
                    if points > 0 {
                        let cycle = format!("end:{}", start(last + 1));
                        let late = self.spread(spec, known, &cycle, last);
                        let opens = (last - days + late).min(last);
                        let opens = opens.min(spec.until.unwrap_or(last)).max(last - days);
                        let on = opens.max(today);
                        let at = start(on) + self.book.send_at * MINUTE;
                        found.push((cycle, vec![(-days, on, at, start(last + 1), on)]));
                    }
                }
            }
            Waits::Coupon(days) => {
                for (code, &until) in known.coupons.iter().filter(|(_, until)| **until > now) {
                    let cycle = format!("coupon:{code}");
                    found.push(self.before(spec, known, cycle, day_of(until - 1), days, until));
                }
            }
            Waits::Earn(days) | Waits::TierUp(days) => {
                let is_up = matches!(spec.waits, Waits::TierUp(_));
                let mut earns = if is_up { known.ups.clone() } else { known.earns.clone() };
                earns.sort();
                for (at, id) in earns {
                    let due = |days: i64| match days {
                        0 => at,
                        days => start(day_of(at) + days) + self.book.send_at * MINUTE,
                    };
                    let mut nodes = Vec::new();
                    for (place, offset) in days.iter().enumerate() {
                        let mut end = due(*offset) + spec.within_hours * HOUR;
                        if let Some(next) = days.get(place + 1) {
                            end = end.min(due(*next));
                        }
                        let day = day_of(at) + offset;
                        nodes.push((*offset, day, due(*offset), end, day));
                    }
                    found.push((format!("entry:{id}"), nodes));
                }
            }
        }
        found
    }

    fn spread(&self, spec: &Spec, known: &Known, cycle: &str, last: i64) -> i64 {
        if spec.spread <= 1 || !self.book.shared.contains(&last) {
            return 0;
        }
        (digest(&format!("{}\n{cycle}", known.id)) % spec.spread as u64) as i64
    }

    fn before(
        &self,
        spec: &Spec,
        known: &Known,
        cycle: String,
        last: i64,
        days: &[i64],
        end: i64,
    ) -> (String, Vec<Node>) {
        let early = self.spread(spec, known, &cycle, last);
        let nodes = self.steps(spec, last, days, early, end);
        (cycle, nodes)
    }

    fn steps(&self, spec: &Spec, last: i64, days: &[i64], early: i64, end: i64) -> Vec<Node> {
        let day = |days: &i64| {
            let own = last - days;
            (own - early).max(spec.from.map_or(i64::MIN, |from| from.min(own)))
        };
        let due = |days: &i64| start(day(days)) + self.book.send_at * MINUTE;
        let end_of = |place: usize| days.get(place + 1).map_or(end, |next| due(next).min(end));
        days.iter()
            .enumerate()
            .map(|(place, days)| (-days, day(days), due(days), end_of(place), last - days))
            .collect()
    }

    fn is_for(&self, spec: &Spec, known: &Known, now: i64) -> Result<(), &'static str> {
        let today = day_of(now);
        let is_in = match spec.segment {
            None => true,
            Some("buyers") => known.orders >= 1,
            Some("vip") => known.in_vip,
            Some(other) => known.holds.contains(other),
        };
        if !is_in {
            return Err("not_in_segment");
        }
        let balance: i64 = known.ends.range(today..).map(|(_, points)| points).sum();
        let holds = match spec.when {
            None => true,
            Some("member.orders >= 2") => known.orders >= 2,
            Some("member.balance > 150") => balance > 150,
            Some("member.days_since_order > 30") => {
                known.last_order.is_none_or(|at| today - day_of(at) > 30)
            }
            Some(other) => known.holds.contains(other),
        };
        if holds { Ok(()) } else { Err("condition") }
    }

    fn is_stopped(
        &self,
        spec: &Spec,
        known: &Known,
        (cycle, node): (&str, i64),
        (due, at): (i64, i64),
    ) -> bool {
        let own: Vec<&Row> = self
            .rows
            .iter()
            .filter(|row| row.strategy == spec.id && row.cycle == *cycle)
            .filter(|row| row.goes() || ["stopped", "failed"].contains(&&*row.state))
            .collect();
        let since = own.iter().map(|row| row.decided).min();
        let happened = |last: Option<i64>| {
            last.is_some_and(|at| at > due || since.is_some_and(|since| at >= since))
        };
        if spec.stops_redeemed && happened(known.last_redeem)
            || spec.stops_ordered && happened(known.last_order)
        {
            return true;
        }
        let Some(hours) = spec.skip_hours.filter(|_| spec.is_sequence) else { return false };
        own.iter()
            .filter(|row| row.node < node)
            .filter_map(|row| row.responded)
            .any(|response| response + hours * HOUR > at)
    }

    /// Channels of the strategy that reach the member.
    fn reaches(
        &self,
        known: &Known,
        template: &str,
        channels: &[&'static str],
    ) -> Result<Vec<&'static str>, &'static str> {
        let mut open = Vec::new();
        let mut has_address = false;
        for channel in channels {
            if !known.contacts.contains(channel) {
                continue;
            }
            has_address = true;
            let said = known.consents.get(&(self.book.purpose(template), *channel));
            let may = match self.book.purpose(template) {
                "marketing" => said == Some(&true),
                _ => said != Some(&false),
            };
            if may {
                open.push(*channel);
            }
        }
        match (open.is_empty(), has_address) {
            (false, _) => Ok(open),
            (true, true) => Err("no_consent"),
            (true, false) => Err("no_contact"),
        }
    }

    fn is_quiet(&self, known: &Known, template: &str, channels: &[&str], at: i64) -> bool {
        let minute = minute_of(at);
        let within = |(from, until): (i64, i64)| {
            if from < until {
                minute >= from && minute < until
            } else {
                minute >= from || minute < until
            }
        };
        let is_night = self.book.purpose(template) == "marketing"
            && channels.contains(&"sms")
            && within((22 * 60, 8 * 60));
        known.quiet.or(self.book.quiet).is_some_and(within) || is_night
    }

    /// Whether a cap has no room for a message at an instant, beside these rows.
    fn is_full(&self, rows: &[&Row], template: &str, counted: &[&'static str], at: i64) -> bool {
        self.book.caps.iter().any(|(channel, of, times, per)| {
            let fits = |template: &str, channels: &[&'static str]| {
                of.is_none_or(|of| of == self.book.purpose(template))
                    && channel.is_none_or(|channel| channels.contains(&channel))
            };
            let same = |other: i64| {
                let (a, b) = (date(day_of(at)), date(day_of(other)));
                match *per {
                    "day" => a == b,
                    "week" => a.iso_week() == b.iso_week(),
                    _ => (a.year(), a.month()) == (b.year(), b.month()),
                }
            };
            let count = rows
                .iter()
                .filter(|row| {
                    let counted = match (row.to_all, row.sent) {
                        (true, _) => row.channels.clone(),
                        (false, Some((_, channel))) => vec![channel],
                        (false, None) => vec![row.channels[0]],
                    };
                    fits(row.template, &counted) && same(row.seen())
                })
                .count();
            fits(template, counted) && count as i64 >= *times
        })
    }

    /// Minute by minute, and day by day where a cap is full.
    fn first_free(
        &self,
        from: i64,
        end: i64,
        quiet: &dyn Fn(i64) -> bool,
        full: &dyn Fn(i64) -> bool,
    ) -> Option<i64> {
        let mut at = from;
        let mut quiet_minutes = 0;
        while at < end && quiet_minutes < 3_000 {
            if quiet(at) {
                at = (at.div_euclid(MINUTE) + 1) * MINUTE;
                quiet_minutes += 1;
            } else if full(at) {
                while at < end && full(at) {
                    at = start(day_of(at) + 1) + self.book.send_at * MINUTE;
                }
                quiet_minutes = 0;
            } else {
                return Some(at);
            }
        }
        None
    }

    #[expect(clippy::too_many_arguments, reason = "one straight list of questions")]
    fn ask(
        &self,
        specs: &[Spec],
        spec: &Spec,
        cycle: &str,
        node: Node,
        is_missed: bool,
        known: &Known,
        now: i64,
    ) -> Result<(i64, Vec<&'static str>), &'static str> {
        let (days, due_day, due, end, _) = node;
        self.is_for(spec, known, now)?;
        if spec.is_first && self.is_taken(specs, spec, cycle, known, now) {
            return Err("condition");
        }
        self.is_left_alone(spec, known, due_day)?;
        let from = due.max(now);
        if self.is_stopped(spec, known, (cycle, days), (due, from)) {
            return Err("stopped");
        }
        let (own, to_all) = spec.step(days);
        let channels = self.reaches(known, spec.template, own)?;
        if is_missed {
            return Err("missed");
        }
        let priority = |row: &Row| self.spec_of(row).priority;
        let goes = |row: &&Row| row.goes();
        let takes = |row: &&Row| row.may_have_gone() || priority(row) >= spec.priority;
        let rows: Vec<&Row> = self.rows.iter().filter(goes).filter(takes).collect();
        let (_, some) = self
            .route((spec, to_all), known, (&rows, &channels), (from, end), false)
            .ok_or("frequency")?;
        let used = self.used.get(&spec.id).copied().unwrap_or_default();
        let has_budget = |channels: &[&'static str]| {
            let uses = self.uses(channels, to_all);
            spec.messages.is_none_or(|messages| used.0 + uses.0 <= messages)
                && spec.cost.is_none_or(|cost| used.1 + uses.1 <= cost)
        };
        if !has_budget(&some) {
            return Err("budget");
        }
        let (at, channels) = self
            .route((spec, to_all), known, (&rows, &channels), (from, end), true)
            .ok_or("quiet_too_late")?;
        if !has_budget(&channels) {
            return Err("budget");
        }
        let is_twin = |row: &Row| {
            row.strategy != spec.id
                && row.cycle == *cycle
                && row.template == spec.template
                && (row.seen() - at).abs() < DAY
        };
        if self.rows.iter().filter(goes).any(is_twin) {
            return Err("duplicate_content");
        }
        if known.is_frozen {
            return Err("frozen");
        }
        self.is_left_alone(spec, known, day_of(at))?;
        Ok((at, channels))
    }

    /// A message for each channel, or one that the dearest may take.
    fn uses(&self, channels: &[&'static str], to_all: bool) -> (i64, i64) {
        let costs = channels.iter().map(|channel| self.book.costs.get(channel).copied());
        let costs = costs.map(Option::unwrap_or_default);
        match to_all {
            true => (channels.len() as i64, costs.sum()),
            false => (1, costs.max().unwrap_or(0)),
        }
    }

    fn spec_of(&self, row: &Row) -> &Spec {
        self.book.specs.iter().find(|spec| spec.id == row.strategy).unwrap()
    }

    /// Whether the programme leaves the member alone on a day.
    pub fn is_out(&self, known: &Known, day: i64) -> bool {
        let of = date(day);
        let quarter =
            format!("{}/{}Q{}\n{}", self.book.salt, of.year(), of.month().div_ceil(3), known.id);
        digest(&quarter) % 10_000 < self.book.holdout * 100
    }

    fn is_left_alone(&self, spec: &Spec, known: &Known, day: i64) -> Result<(), &'static str> {
        if self.book.purpose(spec.template) == "service" {
            return Ok(());
        }
        if self.is_out(known, day) {
            return Err("holdout_programme");
        }
        let is_out = self.is_out_of(&spec.id, spec.holdout, &known.id);
        if is_out { Err("holdout_strategy") } else { Ok(()) }
    }

    /// Whether a strategy leaves the member alone.
    pub fn is_out_of(&self, strategy: &str, percent: u64, member: &str) -> bool {
        digest(&format!("{}/{strategy}\n{member}", self.book.salt)) % 10_000 < percent * 100
    }

    /// When a message goes out, and by which channels: those that wait for no cap, or else the
    /// first that has room.
    fn route(
        &self,
        (spec, to_all): (&Spec, bool),
        known: &Known,
        (rows, channels): (&[&Row], &[&'static str]),
        (from, end): (i64, i64),
        asks_hours: bool,
    ) -> Option<(i64, Vec<&'static str>)> {
        let free = |from: i64, channel: &'static str, asks_caps: bool| {
            let full = |at: i64| asks_caps && self.is_full(rows, spec.template, &[channel], at);
            let quiet = |at: i64| asks_hours && self.is_quiet(known, spec.template, &[channel], at);
            self.first_free(from, end, &quiet, &full)
        };
        let first = channels.iter().filter_map(|channel| free(from, channel, true)).min()?;
        for from in [from, first] {
            let mut found = vec![];
            for channel in channels {
                let at = free(from, channel, true);
                if at == free(from, channel, false) {
                    found.extend(at.map(|at| (at, *channel)));
                }
            }
            let at = if to_all {
                found.iter().map(|(at, _)| *at).min()
            } else {
                found.first().map(|(at, _)| *at)
            };
            if let Some(at) = at {
                return Some((at, found.into_iter().map(|(_, channel)| channel).collect()));
            }
        }
        None
    }

    /// Whether of the strategies that share occasions another one has this one.
    fn is_taken(&self, specs: &[Spec], spec: &Spec, cycle: &str, known: &Known, now: i64) -> bool {
        let own_place = specs.iter().position(|other| other.id == spec.id).unwrap();
        for (place, other) in specs.iter().enumerate() {
            if !other.is_first || other.id == spec.id {
                continue;
            }
            let is_for = self.is_for(other, known, now).is_ok();
            // Service does not wait for marketing that the member does not get.
            let yields = self.book.purpose(spec.template) == "service"
                && self.book.purpose(other.template) != "service";
            for row in self.rows.iter().filter(|r| r.strategy == other.id && r.cycle == *cycle) {
                match row.state.as_str() {
                    "not_in_segment" | "condition" => {}
                    "holdout_programme" | "holdout_strategy" if yields => {}
                    _ => return true,
                }
            }
            if place < own_place && is_for {
                for (other_cycle, nodes) in self.cycles(other, known, now) {
                    let may_come = |(at, node): (usize, &Node)| {
                        let is_out = self.is_left_alone(other, known, node.1).is_err();
                        !Self::is_missed(other, known, (cycle, &nodes, at), now)
                            && self.is_open(other, cycle, *node, now)
                            && !(yields && is_out)
                    };
                    if other_cycle == *cycle && nodes.iter().enumerate().any(may_come) {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Whether a row goes out now by a channel: `Ok(now)`, later, or why not. One that waits for
    /// room until it is due and has none yet waits on, whatever else there is.
    pub fn send(
        &self,
        (place, channel, due): (usize, &'static str, i64),
        known: &Known,
        now: i64,
    ) -> Result<i64, &'static str> {
        let row = &self.rows[place];
        if now < due {
            match self.free((row, channel), known, now) {
                Ok(at) if at == now => {}
                later => return Ok(later.unwrap_or(due)),
            }
        }
        let spec = self.spec_of(row);
        let (kind, value) = row.cycle.split_once(':').unwrap();
        let is_over = match kind {
            "end" | "tier" => value.parse::<i64>().unwrap() <= now,
            "coupon" => row.end <= now,
            _ => false,
        };
        let is_gone = match kind {
            _ if is_over => false,
            "end" => {
                let last = day_of(value.parse::<i64>().unwrap() - 1);
                known.ends.get(&last).is_none_or(|points| *points == 0)
            }
            "coupon" => !known.coupons.contains_key(value),
            "tier" => known.tier_until != Some(value.parse().unwrap()),
            _ => false,
        };
        if is_gone || self.is_stopped(spec, known, (&row.cycle, row.node), (row.due, now)) {
            return Err("stopped");
        }
        self.reaches(known, row.template, &[channel])?;
        let others = || self.rows.iter().filter(|other| *other != row);
        let is_later = |other: &Row| {
            other.strategy == row.strategy && other.cycle == row.cycle && other.node > row.node
        };
        if now >= row.end || others().any(|o| is_later(o) && o.goes() && o.due <= now) {
            return Err("missed");
        }
        let at = self.free((row, channel), known, now)?;
        if known.is_frozen {
            return Err("frozen");
        }
        let is_out =
            self.book.purpose(row.template) == "marketing" && self.is_out(known, day_of(at));
        if is_out { Err("holdout_programme") } else { Ok(at) }
    }

    /// When a row has room by a channel.
    fn free(
        &self,
        (row, channel): (&Row, &'static str),
        known: &Known,
        now: i64,
    ) -> Result<i64, &'static str> {
        let channel = [channel];
        let is_first = |other: &&Row| {
            let is_higher = self.spec_of(other).priority > self.spec_of(row).priority;
            other.may_have_gone() || other.state == "due" && other.end > now && is_higher
        };
        let others = self.rows.iter().filter(|other| *other != row);
        let sent: Vec<&Row> = others.filter(is_first).collect();
        let full = |at: i64| self.is_full(&sent, row.template, &channel, at);
        let from = row.from.max(now);
        self.first_free(from, row.end, &|_| false, &full).ok_or("frequency")?;
        let quiet = |at: i64| self.is_quiet(known, row.template, &channel, at);
        self.first_free(from, row.end, &quiet, &full).ok_or("quiet_too_late")
    }
}
