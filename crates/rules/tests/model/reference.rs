//! The naive reference: one member as plain lists of all that ever happened, recounted from the
//! start for every question.
//!
//! Written from the product description, not from the code under test; it calls no function of
//! `ledger` or `rules`. It has no counters, no due instant, no caches and drops nothing.

use crate::steps::Command;
use chrono::{Duration, NaiveDate};
use chrono_tz::Tz;
use rules::{
    Consumption, Document, EarnEvent, Enrolment, Expiry, Pending, Per, Reward, RoundingMode,
};

use crate::calendar::{DAY_MS, date_of, expires_at, first_instant, month_index};
use crate::ladder::NaiveGift;
use crate::returns::{NaiveEarn, NaiveHold, NaiveLine, NaivePaid, NaiveRequest, NaiveSpend};
use crate::risk::{Brought, NaiveReview};
use crate::spending::{self, NaiveCoupon, NaiveDonation, NaiveTaken, NaiveUse};

/// Name of a line, units, amount, points.
pub type Line = (String, i64, i64, i64);
/// Lot number and points.
pub type Draws = Vec<(i64, i64)>;

/// What an entry must say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Said {
    pub kind: &'static str,
    pub points: i64,
    pub occurred_at: i64,
    /// In the order of consumption.
    pub draws: Draws,
    /// Points, earned, available, expires.
    pub grants: Vec<(i64, i64, i64, Option<i64>)>,
    pub activations: Vec<i64>,
    /// Lot, available, expires: of lots that were activated before their time.
    pub dates: Vec<(i64, i64, Option<i64>)>,
    pub tier: Option<(Option<String>, String, Option<i64>)>,
    /// All points, lots, first end.
    pub reminder: Option<(i64, Draws, i64)>,
    /// What the rules asked for, in 10⁻¹⁶ points.
    pub desired: i128,
    /// Spend, growth and orders for the ladder.
    pub qualifying: Option<(i64, i64, i64)>,
    /// Sequence number of the entry it resolves or undoes.
    pub corrects: Option<i64>,
    /// Until when, and which lots.
    pub held: Option<(i64, Draws)>,
    /// Lot and points.
    pub returns: Draws,
    /// Lines with units, amount and points; desired; expired.
    pub reversal: Option<(Vec<Line>, i64, i64)>,
    pub debt: i64,
    /// Kind and end of coupons that it issues, uses, ends or puts back.
    pub coupons: Vec<(String, Option<i64>)>,
    /// What a coupon takes off.
    pub off: Option<i64>,
    /// Reward, quantity, cash.
    pub taken: Option<(String, i64, i64)>,
    /// What the points are worth on an order.
    pub money: Option<i64>,
    /// Earning, spending.
    pub frozen: Option<(bool, bool)>,
    /// What waits for somebody to look at it: spend, growth and orders that are kept back.
    pub review: Option<Option<(i64, i64, i64)>>,
    /// Of an adjustment: who asked, then who approved.
    pub names: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct NaiveLot {
    pub number: i64,
    /// The event that brought it, or `tier_gift`.
    pub source: String,
    pub granted: i64,
    pub remaining: i64,
    pub earned_at: i64,
    pub available_at: i64,
    pub expires_at: Option<i64>,
    /// Was not available when it was granted, and nobody wrote down since that it is.
    pub awaits_activation: bool,
    /// How long it lives once it is available, as the rulebook said when it was granted.
    pub validity: Expiry,
    /// Points of it that expired.
    pub expired: i64,
}

/// An instant that no clock reaches: what waits for its activation is available then.
pub const NEVER: i64 = 253_402_300_799_999;

impl NaiveLot {
    pub fn spendable(&self, now: i64) -> bool {
        self.remaining > 0
            && self.available_at <= now
            && self.expires_at.is_none_or(|end| now < end)
    }
}

/// One accepted event.
#[derive(Debug, Clone)]
pub struct Happened {
    pub event: String,
    pub date: NaiveDate,
    pub granted: i64,
    pub spend: i64,
    pub growth: i64,
    pub orders: i64,
    /// How often it counts towards limits.
    pub times: i64,
    // How fast somebody was stays, whatever comes back.
    pub at: i64,
    pub device: Option<String>,
}

#[derive(Debug, Clone)]
pub struct NaiveTier {
    pub id: String,
    pub since: i64,
    pub until: Option<i64>,
    /// Why the member is on it, and what it would fall back to, the highest first.
    pub grounds: Vec<NaiveGround>,
}

/// What a level is held by.
#[derive(Debug, Clone)]
pub struct NaiveGround {
    pub id: String,
    /// When it was reached or kept.
    pub at: i64,
    pub until: Option<i64>,
    /// A day of the period that it was reached or kept for, and the last one that counts; none
    /// where no totals decided.
    pub period: Option<(NaiveDate, NaiveDate)>,
}

#[derive(Debug, Clone)]
pub struct Reference {
    pub zone: Tz,
    pub entries: i64,
    pub lots: Vec<NaiveLot>,
    pub log: Vec<Happened>,
    pub tier: Option<NaiveTier>,
    pub reminded_at: Option<i64>,
    /// Kind and reference of every entry that bears one, and its place.
    pub used: Vec<(u8, String, i64)>,
    /// The place of the entry that was asked for last.
    pub asked: i64,
    pub holds: Vec<NaiveHold>,
    /// Levels that were lost after a return, with their gifts kept.
    pub gifts_kept: Vec<String>,
    /// Levels whose gifts were taken back after a return, to be given when they are reached again.
    pub gifts_due: Vec<String>,
    /// Every gift ever given.
    pub gifts: Vec<NaiveGift>,
    pub requests: Vec<NaiveRequest>,
    /// Points by hand, each time: asked for, approved, or moved of the member; by whom, and when.
    pub by_hand: Vec<(&'static str, String, i64, i128)>,
    pub debt: i64,
    pub earned: Vec<NaiveEarn>,
    pub spent: Vec<NaiveSpend>,
    pub reviews: Vec<NaiveReview>,
    /// Earning, spending.
    pub frozen: (bool, bool),
    pub coupons: Vec<NaiveCoupon>,
    pub coupons_issued: usize,
    pub uses: Vec<NaiveUse>,
    pub taken: Vec<NaiveTaken>,
    pub given: Vec<NaiveDonation>,
    pub erased: bool,
    /// What the request at hand shows of the caller.
    pub shown: Brought,
}

pub type Outcome<T> = Result<T, &'static str>;

impl Reference {
    pub fn new(zone: Tz) -> Self {
        Self {
            zone,
            entries: 0,
            lots: vec![],
            log: vec![],
            tier: None,
            reminded_at: None,
            used: vec![],
            asked: 0,
            holds: vec![],
            gifts_kept: vec![],
            gifts_due: vec![],
            gifts: vec![],
            requests: vec![],
            by_hand: vec![],
            debt: 0,
            earned: vec![],
            spent: vec![],
            reviews: vec![],
            frozen: (false, false),
            coupons: vec![],
            coupons_issued: 0,
            uses: vec![],
            taken: vec![],
            given: vec![],
            erased: false,
            shown: Brought::default(),
        }
    }

    pub fn balance(&self) -> i128 {
        self.lots.iter().map(|lot| i128::from(lot.remaining)).sum::<i128>() - i128::from(self.debt)
    }

    pub fn spendable(&self, now: i64) -> i64 {
        self.lots.iter().filter(|lot| lot.spendable(now)).map(|lot| self.free(lot)).sum()
    }

    /// Does what is asked, or changes nothing and gives the refusal's name. `placed` is the number
    /// of the entry that placed the hold or made the request which the command names.
    pub fn carry_out(
        &mut self,
        book: &Document,
        command: &Command,
        reference: Option<&str>,
        (placed, actor, reward): (i64, &str, Option<&Reward>),
        now: i64,
    ) -> Outcome<Vec<Said>> {
        let mut next = self.clone();
        let said = next.attempt(book, command, reference, (placed, actor, reward), now)?;
        next.entries += said.len() as i64;
        // A hold may be tried again once it was given up; its capture is a redemption.
        let is_recorded = !matches!(
            command,
            Command::Hold { .. } | Command::PayWithPoints { minutes: Some(_), .. }
        );
        let asked = next.asked;
        next.used.extend(
            reference.filter(|_| is_recorded).map(|text| (number(command), text.to_owned(), asked)),
        );
        *self = next;
        Ok(said)
    }

    fn attempt(
        &mut self,
        book: &Document,
        command: &Command,
        reference: Option<&str>,
        (placed, actor, reward): (i64, &str, Option<&Reward>),
        now: i64,
    ) -> Outcome<Vec<Said>> {
        // A coupon is named by its place among those that are open before anything falls due.
        let coupon = usize::try_from(placed)
            .ok()
            .and_then(|at| self.coupons.get(at))
            .map(|coupon| coupon.id);
        let mut before = (self.balance(), i128::from(self.debt));
        // Nobody can tell by an answer whether the night has run.
        let mut said = self.settle(book, now);
        let needs_member = match command {
            Command::Settle | Command::Upgrade | Command::Remind | Command::Enrol => false,
            Command::Earn(_) => book.enrolment == Enrolment::Explicit,
            _ => true,
        };
        if needs_member && self.entries == 0 {
            return Err("member-not-found");
        }
        let is_job = matches!(command, Command::Settle | Command::Upgrade | Command::Remind);
        if self.erased {
            return if is_job { Ok(vec![]) } else { Err("member-erased") };
        }
        if matches!(command, Command::Activate(None) | Command::Reverse(None)) {
            return Err("reference-not-found");
        }
        if matches!(command, Command::RedeemReward { .. }) && reward.is_none() {
            return Err("reward-not-found");
        }
        if let Command::Capture { .. } | Command::Release { .. } = command
            && !self.holds.iter().any(|open| open.sequence == placed)
        {
            return Err("hold-resolved");
        }
        if matches!(command, Command::DecideAdjustment { .. })
            && !self.requests.iter().any(|open| open.sequence == placed)
        {
            return Err("request-resolved");
        }
        // docs/reference/api/grant.md: an occasion grants once, also after it was taken back.
        let is_spent =
            |sequence: &i64| matches!(command, Command::Grant { .. }) || !self.is_over(*sequence);
        if self.bearing(command, reference).iter().any(is_spent) {
            return Err("reference-already-used");
        }
        let spends = matches!(
            command,
            Command::Redeem { .. }
                | Command::Donate { .. }
                | Command::Hold { .. }
                | Command::PayLines { .. }
                | Command::RedeemReward { .. }
                | Command::PayWithPoints { .. }
                | Command::RedeemCoupon { .. }
                | Command::Capture { .. }
        );
        let earns = matches!(command, Command::Earn(_) | Command::Grant { .. });
        if (self.frozen.0 && earns) || (self.frozen.1 && spends) {
            return Err("member-frozen");
        }
        if let Command::Earn(event) = command {
            self.acceptable(book, event, reference, now)?;
        }
        let sequence = self.entries + said.len() as i64 + 1;
        self.asked = sequence;
        match command {
            Command::Earn(event) => {
                let before = self.bearing(command, reference);
                said.push(self.earn(book, event, (now, actor, &before), sequence)?);
                let occurred_at = event.occurred_at.map_or(now, |at| at.0);
                said.extend(self.upgrade_by(book, occurred_at, now, sequence + 1));
            }
            Command::Grant { name } => said.push(self.give(book, name, now, sequence)?),
            Command::Redeem { .. } if self.is_held(reference) => {
                return Err("reference-already-used");
            }
            Command::Redeem { points } => said.push(self.redeem(book, *points, now, sequence)?),
            Command::Donate { charity, points } => {
                said.push(self.donate(book, charity, *points, now, sequence)?);
            }
            Command::PayLines { .. } if self.is_held(reference) => {
                return Err("reference-already-used");
            }
            Command::PayLines { lines, .. } => {
                let paid = |(name, quantity, points): &(String, i64, i64)| NaivePaid {
                    name: name.clone(),
                    quantity: *quantity,
                    points: *points,
                    back: 0,
                    points_back: 0,
                };
                said.push(self.redeem(
                    book,
                    lines.iter().map(|line| line.2).sum(),
                    now,
                    sequence,
                )?);
                self.spent.last_mut().unwrap().lines = lines.iter().map(paid).collect();
            }
            Command::RedeemReward { reward: id, quantity } => {
                said.push(self.take_reward(
                    book,
                    (id, reward),
                    *quantity,
                    (now, reference),
                    sequence,
                )?);
            }
            Command::PayWithPoints { order, most, minutes } => {
                let (points, money) = self.deduction(book, order, *most, now)?;
                let mut spent = match minutes {
                    None if self.is_held(reference) => return Err("reference-already-used"),
                    None => {
                        let spent = self.redeem(book, points, now, sequence)?;
                        self.spent.last_mut().unwrap().is_money_off = true;
                        spent
                    }
                    Some(minutes) => self.hold(
                        book,
                        points,
                        now + i64::from(*minutes) * 60_000,
                        reference,
                        now,
                        sequence,
                    )?,
                };
                spent.money = Some(money);
                said.push(spent);
            }
            Command::RedeemCoupon { lines, .. } => {
                said.push(self.use_coupon(book, coupon, lines, now, sequence)?)
            }
            Command::CancelCoupon { .. } => said.push(self.cancel_coupon(coupon, now)?),
            Command::RestoreCoupon { .. } => said.push(self.restore_coupon(placed, now)?),
            Command::Hold { points, minutes } => {
                let until = now + i64::from(*minutes) * 60_000;
                said.push(self.hold(book, *points, until, reference, now, sequence)?);
            }
            Command::Capture { points, .. } => {
                said.push(self.capture(book, placed, *points, now, sequence)?)
            }
            Command::Release { .. } => said.push(self.release(placed, now)?),
            Command::RequestAdjustment(wish) => said.push(self.request(book, wish, now, sequence)?),
            Command::DecideAdjustment { verdict, by, role, .. } => {
                said.extend(self.decide(book, placed, *verdict, (&by.label, role), now)?);
            }
            Command::Reverse(wish) => {
                said.extend(self.reverse(book, wish.as_ref().unwrap(), now)?)
            }
            Command::Activate(wish) => {
                let lots = wish
                    .iter()
                    .flat_map(|wish| &wish.lots)
                    .map(|(lot, _)| lot.0)
                    .collect::<Vec<_>>();
                said.push(self.activate(&lots, now)?);
            }
            Command::Freeze(sides) => said.push(self.freeze(*sides, true, now)?),
            Command::Restore(sides) => said.push(self.freeze(*sides, false, now)?),
            Command::ApproveReview { .. } => {
                said.extend(self.approve_review(book, placed, actor, (now, sequence))?)
            }
            Command::RejectReview(wish) => {
                self.may_reject(placed, actor)?;
                said.extend(self.reverse(book, wish, now)?);
            }
            Command::Erase => said.extend(self.erase(now)),
            Command::Recover(stolen) => said.extend(self.recover(book, stolen, now)?),
            Command::Enrol => {
                said.push(Said { kind: "profile", occurred_at: now, ..Said::default() })
            }
            Command::Settle => {}
            Command::Upgrade => said.extend(self.upgrade(book, now, sequence)),
            Command::Remind => said.extend(self.remind(book, now)),
        }
        said.extend(self.expire(now));
        said.extend(self.repay(book, now));
        // docs/reference/api/README.md: a member has, or owes, 10^15 points at most, after each
        // entry.
        for entry in &said {
            before.0 += i128::from(entry.points);
            before.1 += i128::from(entry.debt);
            if before.0.abs() > 10i128.pow(15) || before.1 > 10i128.pow(15) {
                return Err("amount-out-of-range");
            }
        }
        // Points of a hold were asked about when they were set aside.
        if spends && !matches!(command, Command::Capture { .. }) {
            let asked = &said[(sequence - self.entries - 1) as usize];
            let held = asked.held.iter().flat_map(|(_, lots)| lots).map(|(_, points)| points);
            self.is_shown(book, held.sum::<i64>().max(-asked.points), now)?;
        }
        Ok(said)
    }

    fn acceptable(
        &self,
        book: &Document,
        event: &EarnEvent,
        reference: Option<&str>,
        now: i64,
    ) -> Outcome<()> {
        let action = book.actions.get(&event.event).map(|action| action.pending);
        let pending =
            if event.event == "purchase" { book.purchase.pending } else { action.flatten() };
        let occurred_at = event.occurred_at.map_or(now, |at| at.0);
        match () {
            () if event.event != "purchase" && !book.actions.contains_key(&event.event) => {
                Err("unknown-event")
            }
            () if reference.is_none() && pending == Some(Pending { days: None }) => {
                Err("reference-required")
            }
            () if occurred_at > now + 300_000 => Err("occurred-in-future"),
            () if occurred_at < now - i64::from(book.accept_late_days) * DAY_MS => {
                Err("occurred-too-long-ago")
            }
            () if event.lines.iter().any(|l| l.amount.currency.to_string() != book.currency) => {
                Err("currency-mismatch")
            }
            () => Ok(()),
        }
    }

    /// Everything that is open ends, and what is left is forfeited.
    fn erase(&mut self, now: i64) -> Vec<Said> {
        let holds: Vec<i64> = self.holds.iter().map(|hold| hold.sequence).collect();
        let mut said: Vec<Said> =
            holds.into_iter().filter_map(|placed| self.release(placed, now).ok()).collect();
        said.extend(
            self.lapse(i64::MAX).into_iter().map(|lapsed| Said { occurred_at: now, ..lapsed }),
        );
        let mut erased = Said {
            kind: "erase",
            occurred_at: now,
            debt: -self.debt,
            points: self.debt,
            ..Said::default()
        };
        for lot in self.lots.iter_mut().filter(|lot| lot.remaining > 0) {
            erased.draws.push((lot.number, lot.remaining));
            erased.points -= lot.remaining;
            lot.remaining = 0;
        }
        erased.coupons = spending::told(&self.coupons);
        (self.debt, self.erased, self.tier) = (0, true, None);
        self.coupons.clear();
        self.reviews.clear();
        said.push(erased);
        said
    }

    /// Whatever fell due until now, one instant after the other, as if somebody had looked at each
    /// of them.
    fn settle(&mut self, book: &Document, now: i64) -> Vec<Said> {
        let mut said = Vec::new();
        while let Some(at) = self.due(book).into_iter().filter(|at| *at <= now).min() {
            said.extend(self.settle_at(book, at));
        }
        said
    }

    /// Every instant at which something is to be written down.
    fn due(&self, book: &Document) -> Vec<i64> {
        let mut instants = Vec::new();
        for lot in self.lots.iter().filter(|lot| lot.remaining > 0) {
            instants.extend(lot.awaits_activation.then_some(lot.available_at));
            instants.extend(lot.expires_at.filter(|_| self.free(lot) > 0));
        }
        instants.extend(self.holds.iter().map(|hold| hold.until));
        instants.extend(self.requests.iter().map(|request| request.until));
        instants.extend(self.coupons.iter().filter_map(|coupon| coupon.ends));
        instants.extend(
            self.tier.as_ref().and_then(|tier| tier.until).filter(|_| book.tiers.is_some()),
        );
        instants
    }

    /// The night run's order: activations, ends of tiers, holds timed out, expiries, debts.
    fn settle_at(&mut self, book: &Document, now: i64) -> Vec<Said> {
        let mut activated = Said { kind: "activate", occurred_at: now, ..Said::default() };
        for lot in self.lots.iter_mut().filter(|lot| lot.remaining > 0) {
            if lot.awaits_activation && lot.available_at <= now {
                lot.awaits_activation = false;
                activated.activations.push(lot.number);
            }
        }
        let closed = self.close_tiers(book, now);
        let mut said = Vec::new();
        said.extend((!activated.activations.is_empty()).then_some(activated));
        said.extend(closed);
        said.extend(self.time_out(now));
        said.extend(self.lapse(now));
        said.extend(self.end_coupons(now));
        said.extend(self.expire(now));
        said.extend(self.repay(book, now));
        said
    }

    /// Whatever of these lots is pending can be spent from now on, and lives as long as it was
    /// promised.
    fn activate(&mut self, lots: &[i64], now: i64) -> Outcome<Said> {
        let mut said = Said { kind: "activate", occurred_at: now, ..Said::default() };
        let waits = |number: i64| self.reviews.iter().any(|open| open.lot == Some(number));
        if lots.iter().any(|lot| waits(*lot)) {
            return Err("under-review");
        }
        for lot in self.lots.iter_mut().filter(|lot| lots.contains(&lot.number)) {
            if lot.remaining > 0 && lot.awaits_activation {
                lot.awaits_activation = false;
                lot.available_at = now;
                lot.expires_at = expires_at(&lot.validity, now, self.zone);
                said.activations.push(lot.number);
                said.dates.push((lot.number, now, lot.expires_at));
            }
        }
        if said.activations.is_empty() { Err("nothing-pending") } else { Ok(said) }
    }

    /// The places of the entries that bear a reference.
    fn bearing(&self, command: &Command, reference: Option<&str>) -> Vec<i64> {
        let same = |(kind, text, _): &&(u8, String, i64)| {
            *kind == number(command) && Some(text.as_str()) == reference
        };
        self.used.iter().filter(same).map(|(.., sequence)| *sequence).collect()
    }

    /// Whether nothing is left of what an entry brought or took.
    fn is_over(&self, sequence: i64) -> bool {
        if let Some(earn) = self.earned.iter().find(|earn| earn.sequence == sequence) {
            let came_back = |line: &NaiveLine| line.back == line.quantity;
            return earn.undone && !earn.is_doubted && earn.lines.iter().all(came_back);
        }
        self.spent.iter().any(|spent| spent.sequence == sequence && spent.left.is_empty())
    }

    fn earn(
        &mut self,
        book: &Document,
        event: &EarnEvent,
        (now, actor, before): (i64, &str, &[i64]),
        sequence: i64,
    ) -> Outcome<Said> {
        let occurred_at = event.occurred_at.map_or(now, |at| at.0);
        let date = date_of(occurred_at, self.zone);
        let mut happened = Happened {
            event: event.event.clone(),
            date,
            granted: 0,
            spend: 0,
            growth: 0,
            orders: 0,
            times: 1,
            at: occurred_at,
            device: event.device.clone(),
        };
        let (desired, policy, pending, coupon, is_fast);
        if let Some(action) = book.actions.get(&event.event) {
            if let Some(limit) = action.limit {
                let same = |past: &&Happened| {
                    past.event == event.event && in_same(limit.per, past.date, date)
                };
                if self.log.iter().filter(same).map(|past| past.times).sum::<i64>() >= limit.times {
                    return Err("limit-reached");
                }
            }
            is_fast = self.is_fast(book, &event.event, occurred_at)?;
            self.on_device(book, &event.event, event.device.as_deref(), occurred_at)?;
            desired = i128::from(action.points) * 10i128.pow(16);
            happened.growth = action.growth;
            policy = &action.expiry;
            pending = action.pending;
            coupon = action.coupon.as_ref();
        } else {
            is_fast = self.is_fast(book, &event.event, occurred_at)?;
            let amounts = || event.lines.iter().map(|line| i128::from(line.amount.amount_minor));
            if amounts().any(|amount| amount < 0) {
                return Err("amount-out-of-range");
            }
            let spend: i128 = amounts().sum();
            happened.spend = whole(spend)?;
            happened.orders = 1;
            let units = 10i128.pow(16 - 12 - decimals(&book.currency));
            let multiplier =
                self.level(book).map_or(1_000_000, |level| millionths(&level.multiplier));
            desired = spend * millionths(&book.purchase.points_per_unit) * multiplier * units;
            happened.growth = whole(
                spend * millionths(&book.purchase.growth_per_unit) * 1_000_000 * units
                    / 10i128.pow(16),
            )?;
            policy = &book.purchase.expiry;
            pending = book.purchase.pending;
            let rule = book.purchase.coupon.as_ref();
            coupon = rule.filter(|rule| happened.spend >= rule.from_minor).map(|rule| &rule.coupon);
        }
        let half = if book.rounding == RoundingMode::HalfUp { 10i128.pow(16) / 2 } else { 0 };
        let mut granted = whole((desired + half) / 10i128.pow(16))?;
        if event.event == "purchase" {
            granted =
                granted.min(self.left_today(book.purchase.points_per_day, Some("purchase"), date));
        }
        granted = granted.min(self.left_today(book.caps.points_per_day, None, date));
        // What the member kept of the same order is not given again.
        let is_same = |earn: &&NaiveEarn| {
            before.contains(&earn.sequence) && self.log[earn.event].event == event.event
        };
        let earlier = || self.earned.iter().filter(is_same);
        granted = (granted - earlier().map(|earn| earn.let_go).sum::<i64>()).max(0);
        let coupon = coupon.filter(|name| !earlier().any(|earn| earn.coupons_kept.contains(name)));
        happened.granted = granted;
        let is_odd = is_fast || self.is_large(book, happened.spend, granted);
        let mut said =
            Said { kind: "earn", points: granted, occurred_at, desired, ..Said::default() };
        if book.tiers.is_none() {
            // Without a ladder nothing but growth counts.
            (happened.spend, happened.orders) = (0, 0);
        }
        if (happened.spend, happened.growth, happened.orders) != (0, 0, 0) {
            said.qualifying = Some((happened.spend, happened.growth, happened.orders));
        }
        let counted = said.qualifying;
        if is_odd {
            (happened.spend, happened.growth, happened.orders) = (0, 0, 0);
            said.review = Some(said.qualifying.take());
        }
        self.log.push(happened);
        self.sums_fit()?;
        said.dates = self.live_on(book, occurred_at, now);
        let mut promised = occurred_at.min(now);
        if granted > 0 {
            promised = match pending {
                None => promised,
                Some(Pending { days: Some(days) }) => {
                    first_instant(date + Duration::days(i64::from(days) + 1), self.zone)
                }
                Some(Pending { days: None }) => NEVER,
            };
            let available_at = if is_odd { NEVER } else { promised };
            // What could be spent at once can be when it was looked at, whatever the clock says
            // then.
            promised = if pending.is_none() { i64::MIN } else { promised };
            said.grants.push(self.grant(
                (granted, &event.event),
                occurred_at,
                available_at,
                &book.expiry[policy],
                now,
            ));
        }
        let coupons = match coupon {
            Some(name) if !is_odd => self.issue(book, name, 1, now),
            _ => Vec::new(),
        };
        said.coupons = spending::told(&coupons);
        let lot = (granted > 0).then_some(self.lots.len() as i64);
        if is_odd {
            let (actor, event) = (actor.to_owned(), self.log.len() - 1);
            self.reviews.push(NaiveReview {
                sequence,
                actor,
                lot,
                promised,
                kept_back: counted,
                event,
            });
        }
        self.earned.push(NaiveEarn {
            sequence,
            recorded_at: now,
            lot,
            granted,
            lines: shared(event, granted),
            event: self.log.len() - 1,
            qualifying: counted,
            undone: false,
            coupons_kept: coupons.iter().map(|coupon| coupon.name.clone()).collect(),
            coupons,
            expired_used: 0,
            let_go: 0,
            is_doubted: is_odd,
        });
        Ok(said)
    }

    /// docs/reference/rulebook.md#grants: the whole or nothing, no activity, no growth, and not
    /// under the cap of a day.
    fn give(&mut self, book: &Document, name: &str, now: i64, sequence: i64) -> Outcome<Said> {
        let rule = book.grants.get(name).ok_or("not-offered")?;
        let (source, date) = (format!("grant:{name}"), date_of(now, self.zone));
        if let Some(limit) = rule.limit {
            let same =
                |past: &&Happened| past.event == source && in_same(limit.per, past.date, date);
            let times: i64 = self.log.iter().filter(same).map(|past| past.times).sum();
            if times >= limit.times {
                return Err("limit-reached");
            }
        }
        if rule.coupon.is_some() && self.coupons.len() >= 100 {
            return Err("too-many-open");
        }
        self.log.push(Happened {
            event: source.clone(),
            date,
            granted: 0,
            spend: 0,
            growth: 0,
            orders: 0,
            times: 1,
            at: now,
            device: None,
        });
        let mut said =
            Said { kind: "grant", points: rule.points, occurred_at: now, ..Said::default() };
        if rule.points > 0 {
            let policy = &book.expiry[rule.expiry.as_ref().unwrap()];
            said.grants.push(self.grant((rule.points, &source), now, now, policy, now));
        }
        let lot = (rule.points > 0).then_some(self.lots.len() as i64);
        let coupon = rule.coupon.as_ref();
        let coupons = coupon.map_or_else(Vec::new, |name| self.issue(book, name, 1, now));
        said.coupons = spending::told(&coupons);
        self.earned.push(NaiveEarn {
            sequence,
            recorded_at: now,
            lot,
            granted: rule.points,
            lines: vec![],
            event: self.log.len() - 1,
            qualifying: None,
            undone: false,
            coupons_kept: coupons.iter().map(|coupon| coupon.name.clone()).collect(),
            coupons,
            expired_used: 0,
            let_go: 0,
            is_doubted: false,
        });
        Ok(said)
    }

    /// The ends of points that live for as long as the member is active move on.
    pub fn live_on(
        &mut self,
        book: &Document,
        active_at: i64,
        now: i64,
    ) -> Vec<(i64, i64, Option<i64>)> {
        let all: Vec<i64> = self.lots.iter().map(|lot| lot.number).collect();
        self.these_live_on(book, &all, active_at, now)
    }

    /// The same where points are spent or set aside: those that are taken whole keep their end.
    pub fn rest_lives_on(&mut self, book: &Document, now: i64) -> Vec<(i64, i64, Option<i64>)> {
        let rest: Vec<i64> =
            self.lots.iter().filter(|lot| self.free(lot) > 0).map(|lot| lot.number).collect();
        self.these_live_on(book, &rest, now, now)
    }

    fn these_live_on(
        &mut self,
        book: &Document,
        these: &[i64],
        active_at: i64,
        now: i64,
    ) -> Vec<(i64, i64, Option<i64>)> {
        let mut moved = Vec::new();
        for lot in self.lots.iter_mut().filter(|lot| these.contains(&lot.number)) {
            let name = match lot.source.as_str() {
                "purchase" => Some(&book.purchase.expiry),
                granted if granted.starts_with("grant:") => book
                    .grants
                    .get(&granted["grant:".len()..])
                    .and_then(|rule| rule.expiry.as_ref()),
                "tier_gift" => book.tiers.as_ref().map(|tiers| &tiers.gift_expiry),
                action => book.actions.get(action).map(|rule| &rule.expiry),
            };
            let Some(policy @ Expiry::Sliding { .. }) = name.map(|name| &book.expiry[name]) else {
                continue;
            };
            let (Some(before), Some(end)) =
                (lot.expires_at, expires_at(policy, active_at, self.zone))
            else {
                continue;
            };
            if lot.remaining > 0 && lot.available_at <= now && before > now && end > before {
                lot.expires_at = Some(end);
                moved.push((lot.number, lot.available_at, lot.expires_at));
            }
        }
        moved
    }

    /// What a cap leaves for a day; `event` when the cap is one event's own.
    fn left_today(&self, cap: Option<i64>, event: Option<&str>, date: NaiveDate) -> i64 {
        let Some(cap) = cap else { return i64::MAX };
        let today = self
            .log
            .iter()
            .filter(|past| past.date == date && event.is_none_or(|event| past.event == event));
        (cap - today.map(|past| past.granted).sum::<i64>()).max(0)
    }

    pub fn grant(
        &mut self,
        (points, source): (i64, &str),
        earned_at: i64,
        available_at: i64,
        validity: &Expiry,
        now: i64,
    ) -> (i64, i64, i64, Option<i64>) {
        let first_day = available_at.max(earned_at);
        let end =
            if available_at == NEVER { None } else { expires_at(validity, first_day, self.zone) };
        self.lots.push(NaiveLot {
            number: self.lots.len() as i64 + 1,
            source: source.to_owned(),
            granted: points,
            remaining: points,
            earned_at,
            available_at,
            expires_at: end,
            awaits_activation: available_at > now,
            validity: validity.clone(),
            expired: 0,
        });
        (points, earned_at, available_at, end)
    }

    /// A member who spends is active.
    pub fn redeem(
        &mut self,
        book: &Document,
        points: i64,
        now: i64,
        sequence: i64,
    ) -> Outcome<Said> {
        let spent = self.draw(book, points, now, sequence)?;
        Ok(Said { dates: self.rest_lives_on(book, now), ..spent })
    }

    pub fn draw(&mut self, book: &Document, points: i64, now: i64, sequence: i64) -> Outcome<Said> {
        if points > self.spendable(now) {
            return Err("insufficient-points");
        }
        let order = self.order(book, now);
        let draws = self.spend_from(&order, points);
        self.spent.push(NaiveSpend {
            sequence,
            points,
            left: draws.clone(),
            lines: vec![],
            is_money_off: false,
        });
        Ok(Said { kind: "redeem", points: -points, occurred_at: now, draws, ..Said::default() })
    }

    /// The lots that can be spent, in the order they are.
    pub fn order(&self, book: &Document, now: i64) -> Vec<i64> {
        let mut lots: Vec<&NaiveLot> = self.lots.iter().filter(|lot| lot.spendable(now)).collect();
        match book.consumption {
            Consumption::FirstInFirstOut => lots.sort_by_key(|lot| (lot.earned_at, lot.number)),
            Consumption::ExpiringFirst => {
                lots.sort_by_key(|lot| {
                    (lot.expires_at.is_none(), lot.expires_at, lot.earned_at, lot.number)
                });
            }
        }
        lots.into_iter().map(|lot| lot.number).collect()
    }

    /// A lot is told of once for each number of days it comes within; whatever is due goes into one
    /// reminder.
    fn remind(&mut self, book: &Document, now: i64) -> Option<Said> {
        let mut due: Vec<&NaiveLot> =
            self.lots.iter().filter(|lot| self.is_due(book, lot, now)).collect();
        due.sort_by_key(|lot| (lot.expires_at, lot.earned_at, lot.number));
        let points = due.iter().map(|lot| self.free(lot)).sum();
        let reminder = (
            points,
            due.iter().map(|l| (l.number, self.free(l))).collect(),
            due.first()?.expires_at?,
        );
        self.reminded_at = Some(now);
        Some(Said { kind: "remind", occurred_at: now, reminder: Some(reminder), ..Said::default() })
    }

    fn is_due(&self, book: &Document, lot: &NaiveLot, now: i64) -> bool {
        let stages = self.stages(book, lot);
        let news = |stage: &i64| {
            *stage <= now
                && *stage > lot.available_at
                && self.reminded_at.is_none_or(|last| *stage > last)
        };
        lot.spendable(now) && self.free(lot) > 0 && stages.iter().any(news)
    }

    /// The midnights at which a lot comes within one of the numbers of days.
    pub fn stages(&self, book: &Document, lot: &NaiveLot) -> Vec<i64> {
        let Some(end) = lot.expires_at else { return vec![] };
        let end_day = date_of(end, self.zone);
        let days = book.reminders.days_before.iter();
        days.map(|days| first_instant(end_day - Duration::days(i64::from(*days)), self.zone))
            .collect()
    }
}

/// Tells commands apart whose references do not clash.
fn number(command: &Command) -> u8 {
    match command {
        Command::Earn(_) => 0,
        Command::Redeem { .. }
        | Command::Hold { .. }
        | Command::PayLines { .. }
        | Command::RedeemReward { .. }
        | Command::PayWithPoints { .. }
        | Command::Capture { .. } => 1,
        Command::Reverse(_) => 4,
        Command::RequestAdjustment(_) => 5,
        Command::Activate(_) => 3,
        Command::Donate { .. } => 6,
        Command::Grant { .. } => 7,
        _ => 2,
    }
}

/// What falls to each line of an order: running sums, rounded down.
fn shared(event: &EarnEvent, granted: i64) -> Vec<NaiveLine> {
    let total: i128 = event.lines.iter().map(|line| i128::from(line.amount.amount_minor)).sum();
    let (mut sum, mut given) = (0i128, 0);
    let line = |line: &rules::Line| {
        sum += i128::from(line.amount.amount_minor);
        let upto = if total == 0 { 0 } else { (i128::from(granted) * sum / total) as i64 };
        let points = upto - given;
        given = upto;
        let (name, amount) = (line.line.clone(), line.amount.amount_minor);
        let quantity = line.quantity;
        NaiveLine {
            name,
            quantity,
            amount,
            points,
            back: 0,
            gone: (0, 0),
            refunded: 0,
            unborne: (0, 0),
        }
    };
    event.lines.iter().map(line).collect()
}

pub fn in_same(per: Per, a: NaiveDate, b: NaiveDate) -> bool {
    match per {
        Per::Hour | Per::Day => a == b,
        Per::Month => month_index(a) == month_index(b),
        Per::Year => month_index(a) / 12 == month_index(b) / 12,
        Per::Lifetime => true,
    }
}

pub fn whole(points: i128) -> Outcome<i64> {
    i64::try_from(points).map_err(|_| "amount-out-of-range")
}

pub fn decimals(currency: &str) -> u32 {
    crate::books::CURRENCIES.iter().find(|(code, _)| *code == currency).unwrap().1
}

/// Reads a plain decimal of at most six decimals.
pub fn millionths(text: &str) -> i128 {
    scaled(text, 6)
}

/// Reads a plain decimal into units of 10⁻ᵈᵉᶜⁱᵐᵃˡˢ.
pub fn scaled(text: &str, decimals: usize) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut units: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        units = units * 10 + i128::from(digit - b'0');
    }
    for _ in fraction.len()..decimals {
        units *= 10;
    }
    units
}
