//! What makes a playbook one that can be published: its bounds, and that all it names is there.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::given::gives;
use super::{Known, Names, Node, Playbook, Send, Sequence, Strategy, Trigger};
use crate::contact::Channel;
use crate::playbook::strategy::MAX_STRATEGIES;
use crate::touch::ORDER;

const MAX_SEGMENTS: usize = 100;
const MAX_CAPS: usize = 20;
const MAX_NODES: usize = 10;
/// The most days that anything looks ahead or back.
pub(crate) const MAX_DAYS: u32 = 365;
/// The most minutes after a behaviour: 30 days.
const MAX_MINUTES: u32 = 43_200;
/// The most points, messages or minor units that a number names.
pub(super) const MAX_AMOUNT: i64 = 1_000_000_000_000;

/// What is wrong with a playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as an RFC 6901 JSON pointer.
    pub path: String,
    /// What, for people.
    pub detail: String,
}

impl Fault {
    pub(crate) fn new(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { path: path.into(), detail: detail.into() }
    }
}

impl Playbook {
    /// All that is wrong with the document, in its order; conditions last.
    #[must_use]
    pub fn check(&self, known: &Known) -> Vec<Fault> {
        self.faults(Some(known))
    }

    /// All that is wrong with it whatever the programme has: as [`Playbook::check`], but for names
    /// of templates, grants and the like.
    #[must_use]
    pub fn check_alone(&self) -> Vec<Fault> {
        self.faults(None)
    }

    fn faults(&self, known: Option<&Known>) -> Vec<Fault> {
        let mut check = Check { known, playbook: self, faults: Vec::new() };
        check.settings();
        check.most("/segments", self.segments.len(), MAX_SEGMENTS);
        for (id, segment) in &self.segments {
            let at = format!("/segments/{}", escape(id));
            check.id(&at, id);
            check.names(&format!("{at}/name"), &segment.name);
            if segment.when.is_none() && segment.conditions.is_empty() {
                check.fault(format!("{at}/when"), "needs a condition, here or in conditions");
            }
        }
        check.most("/strategies", self.strategies.len(), MAX_STRATEGIES);
        let mut ids = BTreeSet::new();
        for (place, strategy) in self.strategies.iter().enumerate() {
            let at = format!("/strategies/{place}");
            if !ids.insert(strategy.id.as_str()) {
                check.fault(format!("{at}/id"), "is the id of another strategy");
            }
            check.strategy(&at, strategy);
        }
        let mut faults = check.faults;
        // Reading conditions takes time, so a document of too many parts is not read.
        if faults.is_empty() {
            faults.extend(self.compile().err().into_iter().flatten());
        }
        faults
    }
}

pub(super) struct Check<'a> {
    /// `None` where it does not matter what the programme has.
    known: Option<&'a Known>,
    playbook: &'a Playbook,
    faults: Vec<Fault>,
}

impl Check<'_> {
    pub(super) fn fault(&mut self, path: impl Into<String>, detail: impl Into<String>) {
        self.faults.push(Fault::new(path, detail));
    }

    fn most(&mut self, path: &str, count: usize, most: usize) {
        if count > most {
            self.fault(path, format!("must be at most {most}"));
        }
    }

    pub(super) fn number(&mut self, path: String, number: i64, least: i64, most: i64) {
        if !(least..=most).contains(&number) {
            self.fault(path, format!("must be {least} to {most}"));
        }
    }

    fn days(&mut self, path: String, days: u32, least: u32) {
        self.number(path, days.into(), least.into(), MAX_DAYS.into());
    }

    pub(super) fn text(&mut self, path: String, text: &str, most: usize) {
        let count = text.chars().take(most + 1).count();
        if count == 0 || count > most || text.chars().take(most).any(char::is_control) {
            self.fault(path, format!("must have 1 to {most} characters, none of control"));
        }
    }

    pub(super) fn id(&mut self, path: &str, id: &str) {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if id.is_empty() || id.len() > 40 || !id.chars().all(allowed) {
            self.fault(path, "a name must have 1 to 40 of a–z, 0–9 and _");
        }
    }

    fn names(&mut self, path: &str, names: &Names) {
        self.names_of(path, names, 40, 60);
    }

    pub(super) fn names_of(&mut self, path: &str, names: &Names, zh: usize, en: usize) {
        if let Some(text) = &names.zh {
            self.text(format!("{path}/zh-CN"), text, zh);
        }
        if let Some(text) = &names.en {
            self.text(format!("{path}/en"), text, en);
        }
    }

    pub(super) fn knows(&self, has: impl FnOnce(&Known) -> bool) -> bool {
        self.known.is_none_or(has)
    }

    pub(super) fn named(&mut self, path: String, is_known: bool, what: &str) {
        if !is_known {
            self.fault(path, format!("names no {what}"));
        }
    }

    pub(super) fn distinct<T: Ord>(&mut self, path: &str, items: &[T]) {
        if items.iter().collect::<BTreeSet<_>>().len() < items.len() {
            self.fault(path, "must not name one twice");
        }
    }

    fn settings(&mut self) {
        let playbook = self.playbook;
        self.most("/caps", playbook.caps.len(), MAX_CAPS);
        for (place, cap) in playbook.caps.iter().enumerate() {
            self.number(format!("/caps/{place}/times"), cap.times.into(), 1, 100);
        }
        if playbook.quiet_hours.is_some_and(|hours| hours.from == hours.until) {
            self.fault("/quiet_hours/until", "must differ from the time they begin at");
        }
        self.number("/holdout_percent".to_owned(), playbook.holdout_percent.into(), 0, 50);
        let attribution = &playbook.attribution;
        self.number("/attribution/click_days".to_owned(), attribution.click_days.into(), 0, 30);
        let days = attribution.delivery_days.into();
        self.number("/attribution/delivery_days".to_owned(), days, 0, 30);
        self.distinct("/attribution/conversions", &attribution.conversions);
    }

    fn strategy(&mut self, at: &str, strategy: &Strategy) {
        self.id(&format!("{at}/id"), &strategy.id);
        self.names(&format!("{at}/name"), &strategy.name);
        let from = self.date(&format!("{at}/from"), strategy.from.as_ref());
        let until = self.date(&format!("{at}/until"), strategy.until.as_ref());
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            self.fault(format!("{at}/until"), "must not be before the first day");
        }
        if let Some(id) = &strategy.segment {
            let is_known = self.playbook.segments.contains_key(id)
                || self.knows(|known| known.segments.contains(id));
            self.named(format!("{at}/segment"), is_known, "segment");
        }
        self.trigger(at, strategy);
        self.action(&format!("{at}/action"), &strategy.action);
        if let Some(send) = &strategy.send {
            self.send(&format!("{at}/send"), send);
        }
        match &strategy.sequence {
            Some(sequence) => self.sequence(at, strategy, sequence),
            None => match &strategy.send {
                Some(send) => self.message(
                    (&format!("{at}/send/channels"), &send.channels),
                    (&format!("{at}/send/template"), &send.template),
                    &gives(&strategy.trigger, &strategy.action, self.known),
                ),
                None if strategy.action.is_none() => {
                    self.fault(at, "does nothing: needs send or an action");
                }
                None => {}
            },
        }
        self.distinct(&format!("{at}/stop_when"), &strategy.stop_when);
        self.number(format!("{at}/priority"), strategy.priority, -1_000, 1_000);
        self.number(format!("{at}/spread_days"), strategy.spread_days.into(), 1, 10);
        self.number(format!("{at}/holdout_percent"), strategy.holdout_percent.into(), 0, 50);
        if let Some(owner) = &strategy.owner {
            self.text(format!("{at}/owner"), owner, 100);
        }
        if let Some(budget) = &strategy.budget {
            let parts = [
                ("messages", budget.messages),
                ("cost_minor", budget.cost_minor),
                ("points", budget.points),
            ];
            for (name, amount) in parts {
                self.number(format!("{at}/budget/{name}"), amount.unwrap_or(0), 0, MAX_AMOUNT);
            }
            if parts.iter().all(|(_, amount)| amount.is_none()) {
                self.fault(format!("{at}/budget"), "needs messages, cost_minor or points");
            }
        }
    }

    fn date(&mut self, path: &str, text: Option<&String>) -> Option<NaiveDate> {
        let read = local_day(text?);
        if read.is_none() {
            self.fault(path, "must be a day, YYYY-MM-DD");
        }
        read
    }

    fn trigger(&mut self, of: &str, strategy: &Strategy) {
        let at = &format!("{of}/trigger");
        let is_sequence = strategy.sequence.is_some();
        if let Some(days) = strategy.trigger.days_before() {
            self.days(format!("{at}/days_before"), days, 0);
        }
        match &strategy.trigger {
            Trigger::PointsExpiring { days_before, within_days } => {
                if let Some(days) = within_days {
                    self.days(format!("{at}/within_days"), *days, 1);
                    if is_sequence {
                        self.fault(format!("{at}/within_days"), "does not go with a sequence");
                    }
                }
                if days_before.is_some() && within_days.is_some() {
                    self.fault(at, "has days_before or within_days, not both");
                } else if days_before.is_none() && within_days.is_none() && !is_sequence {
                    self.fault(at, "needs days_before or within_days");
                }
            }
            Trigger::TierEnding { days_before } => self.before(at, *days_before, is_sequence),
            Trigger::TierChanged { to, .. } => {
                self.distinct(&format!("{at}/to"), to);
                for (place, tier) in to.iter().enumerate() {
                    let is_known = self.knows(|known| known.tiers.contains(tier));
                    self.named(format!("{at}/to/{place}"), is_known, "tier of the rulebook");
                }
            }
            Trigger::CouponExpiring { days_before, coupon } => {
                self.before(at, *days_before, is_sequence);
                if let Some(coupon) = coupon {
                    let is_known = self.knows(|known| known.coupons.contains(coupon));
                    self.named(format!("{at}/coupon"), is_known, "kind of coupon of the rulebook");
                }
            }
            Trigger::BalanceChanged { points_at_least } => {
                self.number(format!("{at}/points_at_least"), *points_at_least, 1, MAX_AMOUNT);
            }
            Trigger::EnteredSegment { segment } | Trigger::LeftSegment { segment } => {
                let is_known = self.knows(|known| known.segments.contains(segment));
                let what = "segment whose members the programme keeps";
                self.named(format!("{at}/segment"), is_known, what);
            }
            Trigger::TagAdded { tag } => {
                self.named(
                    format!("{at}/tag"),
                    self.knows(|known| known.tags.contains(tag)),
                    "tag",
                );
            }
            Trigger::Score { tag, at_least } => {
                self.named(
                    format!("{at}/tag"),
                    self.knows(|known| known.tags.contains(tag)),
                    "tag",
                );
                self.number(format!("{at}/at_least"), *at_least, 1, 1_000);
            }
            Trigger::Behaviour { behaviour, after_minutes, unless, unless_entry } => {
                self.id(&format!("{at}/behaviour"), behaviour);
                let minutes = i64::from(*after_minutes);
                self.number(format!("{at}/after_minutes"), minutes, 0, MAX_MINUTES.into());
                if let Some(kind) = unless {
                    self.id(&format!("{at}/unless"), kind);
                }
                if let Some(entry) = unless_entry {
                    let is_known = entry == ORDER || ledger::Kind::parse(entry).is_some();
                    self.named(format!("{at}/unless_entry"), is_known, "kind of entries");
                }
                if *after_minutes == 0 && (unless.is_some() || unless_entry.is_some()) {
                    self.fault(format!("{at}/after_minutes"), "must be told with unless");
                }
            }
            Trigger::Entry { entry } => {
                let is_known = ledger::Kind::parse(entry).is_some();
                self.named(format!("{at}/entry"), is_known, "kind of entries");
            }
            Trigger::Date { attribute, .. } => {
                self.text(format!("{at}/attribute"), attribute, 64);
            }
            Trigger::Schedule { weekdays, month_days, months, .. } => {
                for (name, days, most) in [
                    ("weekdays", weekdays, 7),
                    ("month_days", month_days, 31),
                    ("months", months, 12),
                ] {
                    self.distinct(&format!("{at}/{name}"), days);
                    for (place, day) in days.iter().enumerate().take(32) {
                        self.number(format!("{at}/{name}/{place}"), (*day).into(), 1, most);
                    }
                }
                if strategy.segment.is_none() {
                    self.fault(format!("{of}/segment"), "must be told with a schedule");
                }
            }
        }
    }

    fn before(&mut self, at: &str, days: Option<u32>, is_sequence: bool) {
        if days.is_none() && !is_sequence {
            self.fault(format!("{at}/days_before"), "must be told without a sequence");
        }
    }

    fn send(&mut self, at: &str, send: &Send) {
        self.number(format!("{at}/wait_hours"), send.wait_hours.into(), 1, 168);
        self.number(format!("{at}/within_hours"), send.within_hours.into(), 1, 720);
    }

    /// A message by those channels, with that template, each with its place.
    fn message(
        &mut self,
        (channels_at, channels): (&str, &[Channel]),
        (template_at, template): (&str, &str),
        given: &[&str],
    ) {
        if channels.is_empty() {
            self.fault(channels_at, "must have one channel or more");
        }
        self.distinct(channels_at, channels);
        let known = self.known.and_then(|known| known.templates.get(template));
        let is_known = self.known.is_none() || known.is_some();
        self.named(template_at.to_owned(), is_known, "template");
        for (place, channel) in channels.iter().enumerate().take(Channel::ALL.len()) {
            if *channel == Channel::Phone {
                self.fault(format!("{channels_at}/{place}"), "messages do not go by calls");
                continue;
            }
            let Some(known) = known else { continue };
            let name = channel.as_str();
            let Some(needs) = known.needs.get(channel) else {
                let detail = format!("the template has no text for {name}");
                self.fault(format!("{channels_at}/{place}"), detail);
                continue;
            };
            let lacks = needs.iter().find(|need| !given.contains(&need.as_str()));
            if let Some(need) = lacks {
                let detail = format!("its text for {name} shows {need}, which is not known here");
                self.fault(template_at, detail);
            }
        }
    }

    fn sequence(&mut self, of: &str, strategy: &Strategy, sequence: &Sequence) {
        let at = format!("{of}/sequence");
        if !(1..=MAX_NODES).contains(&sequence.nodes.len()) {
            self.fault(format!("{at}/nodes"), format!("must be 1 to {MAX_NODES}"));
            return;
        }
        if let Some(hours) = sequence.skip_after_response_hours {
            self.number(format!("{at}/skip_after_response_hours"), hours.into(), 1, 720);
        }
        let is_ahead = strategy.trigger.is_ahead();
        for (place, node) in sequence.nodes.iter().enumerate() {
            self.node(&format!("{at}/nodes/{place}"), is_ahead, strategy, node);
        }
        let days = sequence.nodes.iter().map(Node::offset_days).collect::<Vec<_>>();
        if !days.is_sorted_by(|one, next| one < next) {
            self.fault(format!("{at}/nodes"), "must be in order of time, each on its own day");
        }
        let told = strategy.trigger.days_before();
        let first = sequence.nodes.first().and_then(|node| node.days_before);
        if told.is_some() && told != first {
            let detail = "must be the days of the first node, or not told";
            self.fault(format!("{of}/trigger/days_before"), detail);
        }
    }

    fn node(&mut self, at: &str, is_ahead: bool, strategy: &Strategy, node: &Node) {
        let (told, other, name) = if is_ahead {
            (node.days_before, node.days_after, "days_before")
        } else {
            (node.days_after, node.days_before, "days_after")
        };
        match (told, other) {
            (Some(days), None) => self.days(format!("{at}/{name}"), days, 0),
            _ => self.fault(at, format!("needs {name} alone, as its trigger does")),
        }
        if let Some(action) = &node.action {
            self.action(&format!("{at}/action"), action);
        }
        let send = strategy.send.as_ref();
        let of_strategy = send.map_or(&[][..], |send| &send.channels);
        let channels = if node.channels.is_empty() { of_strategy } else { &node.channels };
        let template = node.template.as_deref().or(send.map(|send| send.template.as_str()));
        match template {
            Some(template) => {
                let action = node.action.as_ref().unwrap_or(&strategy.action);
                self.message(
                    (&format!("{at}/channels"), channels),
                    (&format!("{at}/template"), template),
                    &gives(&strategy.trigger, action, self.known),
                );
            }
            None if !node.channels.is_empty() => {
                self.fault(format!("{at}/template"), "must be told, here or in send");
            }
            None if node.action.as_ref().unwrap_or(&strategy.action).is_none() => {
                self.fault(at, "does nothing: needs a message or an action");
            }
            None => {}
        }
    }
}

/// Reads `YYYY-MM-DD`.
pub(crate) fn local_day(text: &str) -> Option<NaiveDate> {
    if text.len() == 10 { text.parse().ok() } else { None }
}

/// RFC 6901: `~` and `/` inside a step of a pointer.
pub(crate) fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}
