//! Counts some touches of a day: what went out, who followed it, what is credited to it, and what
//! the members of both sides did.

use std::collections::{BTreeMap, BTreeSet};

use ledger::EntryId;
use reach::playbook::{Attribution, Conversion};
use reach::touch::{Reason, State};
use reach::{By, Channel, Converted, Credit, Credits, Purpose, Seen, Sides, TakenBack, Touched};
use store::{
    Did, Error, ResultEntry, ResultMessage, ResultTouch, Sql, account_parts, conversions,
    result_logins, result_messages, result_visits,
};

use super::Span;
use super::figures::{Figures, Of};
use crate::customers::Databases;

/// Clicks and deliveries of so many days before may be the last ones before a conversion: as many
/// as a rule of attribution may have.
const BEFORE_DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;
/// Of a member so many of the last entries are looked at.
const ENTRIES: i64 = 500;

/// What touches are counted by.
pub(super) struct Counting<'a, 'c, L, R> {
    pub(super) databases: Databases<'a, 'c, L, R>,
    /// By the version of the playbook.
    pub(super) rules: &'a BTreeMap<i64, Attribution>,
    /// From the beginning of the day until the count.
    pub(super) span: Span,
}

/// What is known of the members of some touches.
#[derive(Default)]
struct Found {
    /// By member.
    credits: BTreeMap<i64, Credits>,
    /// By touch and channel.
    ways: BTreeMap<i64, BTreeMap<Channel, Way>>,
}

/// What became of a touch by one channel.
#[derive(Default)]
struct Way {
    messages: i64,
    is_delivered: bool,
    visits: i64,
    is_clicked: bool,
    cost_minor: Option<i64>,
}

impl Way {
    fn take(&mut self, message: &ResultMessage) {
        let is_taken = is_taken(&message.state);
        self.messages += i64::from(is_taken);
        self.is_delivered |= message.state == "delivered";
        if let Some(cost) = message.cost_minor.filter(|_| is_taken) {
            self.cost_minor = Some(self.cost_minor.unwrap_or(0).saturating_add(cost));
        }
    }
}

/// Whether a vendor took a message.
fn is_taken(state: &str) -> bool {
    matches!(state, "accepted" | "delivered" | "bounced")
}

impl<L: Sql, R: Sql> Counting<'_, '_, L, R> {
    /// Adds the touches to the figures.
    pub(super) async fn add(
        &self,
        touches: &[ResultTouch],
        figures: &mut Figures,
    ) -> Result<(), Error> {
        let found = self.find(touches).await?;
        let usual = Attribution::default();
        let nothing = Credits::default();
        // A member's credits, by member and version.
        let mut credited: BTreeMap<(i64, i64), Vec<Credit>> = BTreeMap::new();
        for touch in touches {
            let rule = self.rules.get(&touch.playbook_version).unwrap_or(&usual);
            let credits = found.credits.get(&touch.member_no).unwrap_or(&nothing);
            funnel(touch, found.ways.get(&touch.no), figures);
            let key = (touch.member_no, touch.playbook_version);
            let of_member = credited.entry(key).or_insert_with(|| credits.credits(rule));
            credit(touch, of_member, figures);
            self.sides(touch, rule, credits, figures);
        }
        Ok(())
    }

    /// All that is known of the members, of accounts that became part of them as well.
    async fn find(&self, touches: &[ResultTouch]) -> Result<Found, Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        let mut found = Found::default();
        let members: BTreeSet<i64> = touches.iter().map(|touch| touch.member_no).collect();
        let wholes: Vec<i64> = members.into_iter().collect();
        let (from, until) = self.span;
        let seen = (from.plus_ms(-BEFORE_DAYS * DAY_MS), until);
        let messages =
            reach.with_retries(async || result_messages(reach.sql, no, &wholes, seen).await);
        for message in messages.await? {
            let ways = found.ways.entry(message.touch_no).or_default();
            ways.entry(message.channel).or_default().take(&message);
            if matches!(message.state.as_str(), "accepted" | "delivered") && message.at < until {
                let touched = Touched { at: message.at, touch: message.touch_no };
                found.credits.entry(message.member_no).or_default().add(Seen::Delivered(touched));
            }
        }
        let visits = reach.with_retries(async || result_visits(reach.sql, no, &wholes, seen).await);
        for visit in visits.await? {
            let ways = found.ways.entry(visit.touch_no).or_default();
            let way = ways.entry(visit.channel).or_default();
            way.visits += 1;
            way.is_clicked |= visit.is_click;
            if visit.is_click {
                let touched = Touched { at: visit.at, touch: visit.touch_no };
                found.credits.entry(visit.member_no).or_default().add(Seen::Clicked(touched));
            }
        }
        let parts = reach.with_retries(async || account_parts(reach.sql, &wholes).await).await?;
        let all: Vec<i64> = wholes.iter().copied().chain(parts.keys().copied()).collect();
        let whole = |no: i64| parts.get(&no).copied().unwrap_or(no);
        let logins =
            reach.with_retries(async || result_logins(reach.sql, no, &all, self.span).await);
        for (number, (member_no, at)) in (1..).zip(logins.await?) {
            let login = Converted { kind: Conversion::Login, at, amount: 0 };
            let credits = found.credits.entry(whole(member_no)).or_default();
            credits.add(Seen::Converted(number, login));
        }
        let entries = ledger
            .with_retries(async || conversions(ledger.sql, &all, self.span, ENTRIES).await)
            .await?;
        let mut orders: BTreeMap<EntryId, Undone> = BTreeMap::new();
        for entry in entries {
            let credits = found.credits.entry(whole(entry.member_no)).or_default();
            see(&entry, &mut orders, credits);
        }
        Ok(found)
    }

    /// Counts the member for the side that it is on, where it counts by this touch.
    fn sides(
        &self,
        touch: &ResultTouch,
        rule: &Attribution,
        credits: &Credits,
        figures: &mut Figures,
    ) {
        if touch.purpose != Purpose::Marketing {
            return;
        }
        let reason = match touch.state {
            State::Suppressed(reason) => Some(reason),
            _ => None,
        };
        let (_, until) = self.span;
        let days = rule.days();
        let is_open = touch.planned_at.plus_ms(i64::from(days) * DAY_MS) > until;
        let is_left_alone = reason == Some(Reason::HoldoutProgramme);
        // Who is held out of all marketing is on no side of a strategy: it differs from the others
        // in more than that strategy.
        let of_strategy = (touch.is_first && !is_left_alone)
            .then_some((touch.strategy.as_str(), reason == Some(Reason::HoldoutStrategy)));
        let of_all = touch.is_first_of_all.then_some(("", is_left_alone));
        for (strategy, is_held_out) in of_strategy.into_iter().chain(of_all) {
            let side = if is_held_out { "held_out" } else { "treated" };
            if is_open {
                figures.add_open(strategy, side);
                continue;
            }
            let mut sides = Sides::default();
            sides.add(is_held_out, touch.planned_at, days, rule, credits);
            let outcomes = if is_held_out { sides.held_out } else { sides.treated };
            figures.add_side(strategy, side, &outcomes);
        }
    }
}

/// An order or a redemption that may come back.
struct Undone {
    no: i64,
    is_order: bool,
    units: i64,
    back: i64,
}

/// What an entry tells. What comes back of an entry that was not read is left out: that one
/// happened before.
fn see(entry: &ResultEntry, orders: &mut BTreeMap<EntryId, Undone>, credits: &mut Credits) {
    let mut did = |kind, amount, units| {
        credits.add(Seen::Converted(entry.no, Converted { kind, at: entry.at, amount }));
        let is_order = kind == Conversion::Order;
        orders.insert(entry.id, Undone { no: entry.no, is_order, units, back: 0 });
    };
    match entry.did {
        Did::Order { units, minor } => did(Conversion::Order, minor, units),
        Did::Redeem { points } => did(Conversion::Redeem, points, 0),
        Did::Back { of, units, minor, points } => {
            let Some(order) = orders.get_mut(&of) else { return };
            order.back = order.back.saturating_add(units);
            let back = if order.is_order {
                let is_whole = order.back >= order.units;
                TakenBack { of: order.no, amount: minor, is_whole }
            } else {
                TakenBack { of: order.no, amount: points, is_whole: false }
            };
            credits.add(Seen::TakenBack(entry.no, back));
        }
    }
}

/// Counts how far a touch came.
fn funnel(touch: &ResultTouch, ways: Option<&BTreeMap<Channel, Way>>, figures: &mut Figures) {
    let of = Of { strategy: &touch.strategy, node: touch.node };
    figures.add(of, "decided", 1);
    match touch.state {
        State::Suppressed(reason) => {
            figures.add(of, &format!("suppressed.{}", reason.as_str()), 1);
        }
        state => figures.add(of, state.as_str(), 1),
    }
    figures.add(of, "tasks", i64::from(touch.task.is_some()));
    figures.add(of, "tasks_done", i64::from(touch.task.as_deref() == Some("done")));
    let (mut messages, mut cost, mut visits) = (0, None, 0);
    let (mut is_delivered, mut is_clicked) = (false, false);
    for (channel, way) in ways.into_iter().flatten() {
        for (name, value) in [
            ("messages", way.messages),
            ("delivered", i64::from(way.is_delivered)),
            ("visits", way.visits),
            ("clicked", i64::from(way.is_clicked)),
            ("cost_minor", way.cost_minor.unwrap_or(0)),
        ] {
            figures.add_by(of, *channel, name, value);
        }
        messages += way.messages;
        visits += way.visits;
        is_delivered |= way.is_delivered;
        is_clicked |= way.is_clicked;
        if let Some(of_way) = way.cost_minor {
            cost = Some(of_way.saturating_add(cost.unwrap_or(0)));
        }
    }
    let went = matches!(touch.state, State::Sent | State::Unknown) || messages > 0;
    figures.add(of, "messages", messages);
    figures.add(of, "delivered", i64::from(is_delivered));
    figures.add(of, "visits", visits);
    figures.add(of, "clicked", i64::from(is_clicked));
    if went {
        figures.add(of, "cost_minor", cost.unwrap_or(touch.cost_minor));
        figures.add(of, "granted_points", touch.points);
    }
}

/// Counts what is credited to a touch.
fn credit(touch: &ResultTouch, credits: &[Credit], figures: &mut Figures) {
    let of = Of { strategy: &touch.strategy, node: touch.node };
    let mut has_converted = false;
    for credit in credits.iter().filter(|credit| credit.touch == touch.no) {
        has_converted = true;
        match credit.kind {
            Conversion::Redeem => {
                figures.add(of, "credited.redeem", 1);
                figures.add(of, "credited_points", credit.amount);
            }
            Conversion::Order => {
                figures.add(of, "credited.order", 1);
                figures.add(of, "credited_minor", credit.amount);
            }
            Conversion::Login => figures.add(of, "credited.login", 1),
        }
        figures.add(of, "credited.by_click", i64::from(credit.by == By::Click));
    }
    figures.add(of, "converted", i64::from(has_converted));
}
