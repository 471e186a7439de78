//! Counts some touches of a day: what went out, which members followed it, what is credited to it,
//! and what the members of both sides did.

use std::collections::BTreeMap;

use ledger::{EntryId, Timestamp};
use reach::playbook::{Attribution, Conversion};
use reach::touch::{Reason, State};
use reach::{By, Channel, Converted, Credit, Credits, Purpose, Seen, Sides, TakenBack};
use store::{
    Did, Error, ResultEntry, ResultTouch, Sql, account_parts, conversions, result_clicks,
    result_deliveries, result_logins, result_messages, result_visits,
};

use super::Span;
use super::figures::{Figures, Of};
use super::rules::Rules;
use crate::customers::Databases;

/// Clicks and deliveries of so many days before may be the last ones before a conversion: as many
/// as a rule of attribution may have.
const BEFORE_DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;
/// Of a member so many of the last entries are looked at.
pub(super) const ENTRIES: i64 = 500;
/// So many of the last deliveries, clicks and logins: as many as credits keep.
const SEEN: i64 = 2_000;
/// So many of the last accounts that became part of it.
const PARTS: i64 = 100;
/// Accounts of which all that was seen is read at once. With 500 entries and 2,000 logins,
/// deliveries and clicks of each that is about 20 MiB.
pub(super) const ACCOUNTS: usize = 50;

/// What touches are counted by.
pub(super) struct Counting<'a, 'c, L, R> {
    pub(super) databases: Databases<'a, 'c, L, R>,
    pub(super) rules: &'a Rules,
    /// From the beginning of the day until the count.
    pub(super) span: Span,
    /// When the day ends.
    pub(super) day_end: Timestamp,
    /// Local days from the one to the other.
    pub(super) after_days: u32,
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

/// By touch and channel.
type Ways = BTreeMap<i64, BTreeMap<Channel, Way>>;

/// An account, and the member that it is or became part of.
type Account = (i64, i64);

impl<L: Sql, R: Sql> Counting<'_, '_, L, R> {
    /// Adds the touches to the figures.
    pub(super) async fn add(
        &self,
        touches: &[ResultTouch],
        figures: &mut Figures,
    ) -> Result<(), Error> {
        self.settle(touches, figures).await?;
        let ways = self.ways(touches).await?;
        let mut of_members: BTreeMap<i64, Vec<&ResultTouch>> = BTreeMap::new();
        for touch in touches.iter().filter(|touch| touch.is_of_day) {
            funnel(touch, ways.get(&touch.no), figures);
            of_members.entry(touch.member_no).or_default().push(touch);
        }
        for accounts in self.groups(of_members.keys().copied().collect()).await? {
            for (member_no, credits) in self.seen(&accounts).await? {
                let credited = credits.credits_by(|at| self.rules.at(at));
                for touch in of_members.get(&member_no).into_iter().flatten() {
                    credit(touch, &credited, figures);
                    self.sides(touch, self.rules.of(touch.playbook_version), &credits, figures);
                }
            }
        }
        Ok(())
    }

    /// What became of the touches.
    async fn ways(&self, touches: &[ResultTouch]) -> Result<Ways, Error> {
        let Databases { reach, programme_no: no, .. } = self.databases;
        let numbers: Vec<i64> = touches.iter().map(|touch| touch.no).collect();
        let (_, until) = self.span;
        let mut ways = Ways::new();
        let messages =
            reach.with_retries(async || result_messages(reach.sql, no, &numbers, until).await);
        for of in messages.await? {
            let way = ways.entry(of.touch_no).or_default().entry(of.channel).or_default();
            (way.messages, way.is_delivered) = (of.taken, of.is_delivered);
            way.cost_minor = of.cost_minor;
        }
        let visits =
            reach.with_retries(async || result_visits(reach.sql, no, &numbers, until).await);
        for of in visits.await? {
            let way = ways.entry(of.touch_no).or_default().entry(of.channel).or_default();
            (way.visits, way.is_clicked) = (of.visits, of.clicks > 0);
        }
        Ok(ways)
    }

    /// The members with the accounts that became part of them, in groups of [`ACCOUNTS`] or those
    /// of one member more: what is read of a group is in memory at once.
    pub(super) async fn groups(&self, members: Vec<i64>) -> Result<Vec<Vec<Account>>, Error> {
        let Databases { reach, .. } = self.databases;
        let parts =
            reach.with_retries(async || account_parts(reach.sql, &members, PARTS).await).await?;
        let mut parts_of: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (part, whole) in parts {
            parts_of.entry(whole).or_default().push(part);
        }
        let (mut groups, mut group) = (Vec::new(), Vec::new());
        for whole in members {
            // Parts go first: what a part ordered may come back to the whole.
            let parts = parts_of.remove(&whole).unwrap_or_default();
            group.extend(parts.into_iter().chain([whole]).map(|account| (account, whole)));
            if group.len() >= ACCOUNTS {
                groups.push(std::mem::take(&mut group));
            }
        }
        groups.push(group);
        Ok(groups)
    }

    /// What was seen of the members of a group.
    async fn seen(&self, group: &[Account]) -> Result<BTreeMap<i64, Credits>, Error> {
        let mut found: BTreeMap<i64, Credits> = BTreeMap::new();
        found.extend(group.iter().map(|(_, whole)| (*whole, Credits::default())));
        let (mut orders, mut logins) = (BTreeMap::new(), 0);
        for accounts in group.chunks(ACCOUNTS) {
            let wholes: BTreeMap<i64, i64> = accounts.iter().copied().collect();
            let mut add = |account: i64, seen: Seen| {
                let whole = wholes.get(&account).copied().unwrap_or(account);
                found.entry(whole).or_default().add(seen);
            };
            self.see(accounts, (&mut orders, &mut logins), &mut add).await?;
        }
        Ok(found)
    }

    /// Tells what is seen of up to [`ACCOUNTS`] accounts.
    async fn see(
        &self,
        accounts: &[Account],
        (orders, logins): (&mut BTreeMap<EntryId, Undone>, &mut i64),
        add: &mut impl FnMut(i64, Seen),
    ) -> Result<(), Error> {
        let Databases { ledger, reach, programme_no: no } = self.databases;
        let all: Vec<i64> = accounts.iter().map(|(account, _)| *account).collect();
        let (from, until) = self.span;
        let seen = (from.plus_ms(-BEFORE_DAYS * DAY_MS), until);
        let deliveries = async || result_deliveries(reach.sql, no, &all, seen, SEEN).await;
        for of in reach.with_retries(deliveries).await? {
            if of.touched.at < until {
                add(of.member_no, Seen::Delivered(of.touched));
            }
        }
        let clicks = async || result_clicks(reach.sql, no, &all, seen, SEEN).await;
        for of in reach.with_retries(clicks).await? {
            add(of.member_no, Seen::Clicked(of.touched));
        }
        let told = async || result_logins(reach.sql, no, &all, self.span, SEEN).await;
        for (member_no, at) in reach.with_retries(told).await? {
            *logins += 1;
            let login = Converted { kind: Conversion::Login, at, amount: 0 };
            add(member_no, Seen::Converted(*logins, login));
        }
        let entries = async || conversions(ledger.sql, &all, self.span, ENTRIES).await;
        for entry in ledger.with_retries(entries).await? {
            if let Some(seen) = read_entry(&entry, orders) {
                add(entry.member_no, seen);
            }
        }
        Ok(())
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
        let days = rule.days();
        // Local days: those with a change of the clock have other hours.
        let is_open = days >= self.after_days;
        let is_left_alone = reason == Some(Reason::HoldoutProgramme);
        // A member who is held out of all marketing is on no side of a strategy: it differs from
        // the others in more than that strategy.
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
fn read_entry(entry: &ResultEntry, orders: &mut BTreeMap<EntryId, Undone>) -> Option<Seen> {
    let mut did = |kind, amount, units| {
        let is_order = kind == Conversion::Order;
        orders.insert(entry.id, Undone { no: entry.no, is_order, units, back: 0 });
        Some(Seen::Converted(entry.no, Converted { kind, at: entry.at, amount }))
    };
    match entry.did {
        Did::Order { units, minor } => did(Conversion::Order, minor, units),
        Did::Redeem { points } => did(Conversion::Redeem, points, 0),
        Did::Back { of, units, minor, points } => {
            let order = orders.get_mut(&of)?;
            order.back = order.back.saturating_add(units);
            let back = if order.is_order {
                let is_whole = order.back >= order.units;
                TakenBack { of: order.no, amount: minor, is_whole }
            } else {
                TakenBack { of: order.no, amount: points, is_whole: false }
            };
            Some(Seen::TakenBack(entry.no, back))
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
        let cost = cost.unwrap_or(touch.cost_minor);
        figures.add(of, "cost_minor", cost);
        if touch.purpose == Purpose::Marketing {
            figures.add_cost_of_all(cost);
        }
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
