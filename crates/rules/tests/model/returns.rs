//! The naive reference's holds, returns, debts and adjustments by hand.

use ledger::ApprovalVerdict;
use rules::operations::{NewAdjustment, ReturnScope, ToReverse};
use rules::{Document, Multiples, ShortfallPolicy};

use crate::calendar::{DAY_MS, date_of, expires_at, month_index};
use crate::reference::{Draws, NaiveLot, Outcome, Reference, Said};

#[derive(Debug, Clone)]
pub struct NaiveHold {
    /// Sequence number of the entry that placed it.
    pub sequence: i64,
    pub until: i64,
    pub lots: Draws,
    pub reference: Option<String>,
}

#[derive(Debug, Clone)]
pub struct NaiveRequest {
    pub sequence: i64,
    pub points: i64,
    pub ends: Option<i64>,
    pub steps: Vec<String>,
    pub until: i64,
    pub by: String,
    pub approved_by: Vec<String>,
}

/// What an earn said, and what has come back of it.
#[derive(Debug, Clone)]
pub struct NaiveEarn {
    pub sequence: i64,
    pub recorded_at: i64,
    pub lot: Option<i64>,
    pub granted: i64,
    pub lines: Vec<NaiveLine>,
    /// Where it stands in the log.
    pub event: usize,
    /// Spend, growth and orders it brought the ladder.
    pub qualifying: Option<(i64, i64, i64)>,
    pub undone: bool,
    /// Coupons it brought.
    pub coupons: Vec<crate::spending::NaiveCoupon>,
    /// Points of its lot that expired and were set against a return.
    pub expired_used: i64,
    /// Points that nobody had any more when it came back, and that are not owed.
    pub let_go: i64,
    /// Names of its coupons that were not taken away again.
    pub coupons_kept: Vec<String>,
    /// Found odd, and never approved.
    pub is_doubted: bool,
}

#[derive(Debug, Clone)]
pub struct NaiveLine {
    pub name: String,
    pub quantity: i64,
    pub amount: i64,
    pub points: i64,
    /// Units that came back.
    pub back: i64,
    /// Money and points that went back, with units and without.
    pub gone: (i64, i64),
    /// Money that ever went back without goods.
    pub refunded: i64,
    /// Money and points that went back without goods, and that no unit has borne since.
    pub unborne: (i64, i64),
}

/// A line that was paid with points.
#[derive(Debug, Clone)]
pub struct NaivePaid {
    pub name: String,
    pub quantity: i64,
    pub points: i64,
    pub back: i64,
    pub points_back: i64,
}

/// What was drawn for a redemption and has not come back.
#[derive(Debug, Clone)]
pub struct NaiveSpend {
    pub sequence: i64,
    pub points: i64,
    pub left: Draws,
    /// The lines that it paid, where they were named.
    pub lines: Vec<NaivePaid>,
    /// The points took money off the order.
    pub is_money_off: bool,
}

/// The first `part` of `total` equal parts of `of`.
pub fn first_of(of: i64, part: i128, total: i128) -> i64 {
    if total == 0 { 0 } else { (i128::from(of) * part / total) as i64 }
}

/// Points in all, and of each line its place, units and points.
type Shares = (i64, Vec<(usize, i64, i64)>);

impl Reference {
    pub fn free(&self, lot: &NaiveLot) -> i64 {
        let kept = self
            .holds
            .iter()
            .flat_map(|hold| &hold.lots)
            .filter(|(number, _)| *number == lot.number);
        lot.remaining - kept.map(|(_, points)| points).sum::<i64>()
    }

    /// Takes points from lots in the order given, until there are enough; says which.
    pub fn spend_from(&mut self, order: &[i64], mut points: i64) -> Draws {
        let mut draws = Draws::new();
        for number in order {
            let free = self.free(&self.lots[*number as usize - 1]);
            let taken = points.min(free);
            if taken > 0 {
                self.lots[*number as usize - 1].remaining -= taken;
                points -= taken;
                draws.push((*number, taken));
            }
        }
        draws
    }

    pub fn hold(
        &mut self,
        book: &Document,
        points: i64,
        until: i64,
        reference: Option<&str>,
        now: i64,
        sequence: i64,
    ) -> Outcome<Said> {
        if self.is_held(reference) {
            return Err("reference-already-used");
        }
        if self.holds.len() >= 100 {
            return Err("too-many-open");
        }
        // What would be drawn, without drawing it.
        let lots = self.clone().draw(book, points, now, 0)?.draws;
        self.holds.push(NaiveHold {
            sequence,
            until,
            lots: lots.clone(),
            reference: reference.map(str::to_owned),
        });
        let dates = self.rest_lives_on(book, now);
        Ok(Said {
            kind: "hold",
            occurred_at: now,
            dates,
            held: Some((until, lots)),
            ..Said::default()
        })
    }

    /// Whether points are set aside for a document.
    pub fn is_held(&self, reference: Option<&str>) -> bool {
        reference.is_some() && self.holds.iter().any(|hold| hold.reference.as_deref() == reference)
    }

    pub fn capture(
        &mut self,
        book: &Document,
        placed: i64,
        points: Option<i64>,
        now: i64,
        sequence: i64,
    ) -> Outcome<Said> {
        let at =
            self.holds.iter().position(|hold| hold.sequence == placed).ok_or("hold-resolved")?;
        let held: i64 = self.holds[at].lots.iter().map(|(_, points)| points).sum();
        let points = points.unwrap_or(held);
        if points > held {
            return Err("more-than-left");
        }
        let hold = self.holds.remove(at);
        let (mut missing, mut draws) = (points, Draws::new());
        for (number, held) in hold.lots {
            let taken = held.min(missing);
            missing -= taken;
            if taken > 0 {
                self.lots[number as usize - 1].remaining -= taken;
                draws.push((number, taken));
            }
        }
        self.spent.push(NaiveSpend {
            sequence,
            points,
            left: draws.clone(),
            lines: vec![],
            is_money_off: false,
        });
        let corrects = Some(placed);
        let dates = self.rest_lives_on(book, now);
        Ok(Said {
            kind: "capture",
            points: -points,
            occurred_at: now,
            draws,
            dates,
            corrects,
            ..Said::default()
        })
    }

    pub fn release(&mut self, placed: i64, now: i64) -> Outcome<Said> {
        let at =
            self.holds.iter().position(|hold| hold.sequence == placed).ok_or("hold-resolved")?;
        self.holds.remove(at);
        Ok(Said { kind: "release", occurred_at: now, corrects: Some(placed), ..Said::default() })
    }

    pub fn time_out(&mut self, now: i64) -> Vec<Said> {
        let over: Vec<i64> =
            self.holds.iter().filter(|hold| hold.until <= now).map(|hold| hold.sequence).collect();
        over.into_iter().filter_map(|placed| self.release(placed, now).ok()).collect()
    }

    /// A request, with the approvals that the rulebook wants for its size.
    pub fn request(
        &mut self,
        book: &Document,
        wish: &NewAdjustment,
        now: i64,
        sequence: i64,
    ) -> Outcome<Said> {
        let approvals = &book.approvals;
        if !approvals.reasons.is_empty() && !approvals.reasons.contains(&wish.reason_code) {
            return Err("unknown-reason");
        }
        let policy = wish.expiry.as_ref().unwrap_or(&book.purchase.expiry);
        let policy = book.expiry.get(policy).ok_or("unknown-policy")?;
        let size = i128::from(wish.points).abs();
        let totals = approvals.totals;
        let step = approvals.steps.iter().find(|step| {
            let is_good = |most: i64| {
                size <= i128::from(most)
                    && self.is_within(totals.requester, ("asked", &wish.by.label), size, most, now)
                    && self.is_within(totals.member, ("moved", ""), size, most, now)
            };
            step.up_to.is_none_or(is_good)
        });
        self.by_hand.push(("asked", wish.by.label.clone(), now, size));
        self.requests.push(NaiveRequest {
            sequence,
            points: wish.points,
            ends: if wish.points > 0 { expires_at(policy, now, self.zone) } else { None },
            steps: step.unwrap().roles.clone(),
            until: now + i64::from(approvals.days) * DAY_MS,
            by: wish.by.label.clone(),
            approved_by: vec![],
        });
        Ok(Said {
            kind: "request",
            occurred_at: now,
            names: vec![wish.by.label.clone()],
            ..Said::default()
        })
    }

    /// Whether what there was of it this day and month, with this, is no more than the multiples of
    /// what a step is good for.
    fn is_within(
        &self,
        multiples: Multiples,
        of: (&str, &str),
        size: i128,
        most: i64,
        now: i64,
    ) -> bool {
        let day = |at: i64| date_of(at, self.zone);
        let month = |at: i64| month_index(day(at));
        let sum = |same: &dyn Fn(i64) -> bool| -> i128 {
            let found = self
                .by_hand
                .iter()
                .filter(|(what, who, at, _)| (*what, who.as_str()) == of && same(*at));
            // Each counts for no more than a million millions.
            found
                .map(|(.., points)| *points)
                .chain([size])
                .map(|points| points.min(1_000_000_000_000))
                .sum()
        };
        let fits = |multiple: Option<i64>, sum: i128| {
            multiple.is_none_or(|m| sum <= i128::from(most) * i128::from(m))
        };
        fits(multiples.day, sum(&|at| day(at) == day(now)))
            && fits(multiples.month, sum(&|at| month(at) == month(now)))
    }

    pub fn decide(
        &mut self,
        book: &Document,
        asked: i64,
        verdict: ApprovalVerdict,
        (name, role): (&str, &str),
        now: i64,
    ) -> Outcome<Vec<Said>> {
        let at = self
            .requests
            .iter()
            .position(|open| open.sequence == asked)
            .ok_or("request-resolved")?;
        let mut open = self.requests[at].clone();
        let kind = match verdict {
            ApprovalVerdict::Withdraw if open.by != name => return Err("not-yours"),
            ApprovalVerdict::Withdraw => "withdraw",
            _ if open.by == name => return Err("own-request"),
            _ if open.approved_by.iter().any(|other| other == name) => {
                return Err("already-approved");
            }
            _ if open.steps[open.approved_by.len()] != role => return Err("wrong-approver"),
            ApprovalVerdict::Reject => "reject",
            ApprovalVerdict::Approve => "approve",
        };
        if verdict == ApprovalVerdict::Approve {
            let (size, totals) = (i128::from(open.points).abs(), book.approvals.totals);
            let same = book.approvals.steps.iter().filter(|step| step.roles == open.steps);
            let ends: Vec<Option<i64>> = same.map(|step| step.up_to).collect();
            let is_last = open.approved_by.len() + 1 == open.steps.len();
            if !ends.contains(&None) {
                let most =
                    ends.into_iter().flatten().max().unwrap_or(0).max(i64::try_from(size).unwrap());
                let is_within =
                    self.is_within(totals.approver, ("approved", name), size, most, now)
                        && (!is_last
                            || self.is_within(totals.member, ("moved", ""), size, most, now));
                if !is_within {
                    return Err("approvals-exceeded");
                }
            }
            self.by_hand.push(("approved", name.to_owned(), now, size));
            if is_last {
                self.by_hand.push(("moved", String::new(), now, size));
            }
            open.approved_by.push(name.to_owned());
        }
        let names =
            || std::iter::once(&open.by).chain(&open.approved_by).cloned().collect::<Vec<_>>();
        let corrects = Some(asked);
        let mut said =
            vec![Said { kind, occurred_at: now, corrects, names: names(), ..Said::default() }];
        if verdict == ApprovalVerdict::Approve && open.approved_by.len() < open.steps.len() {
            self.requests[at] = open;
            return Ok(said);
        }
        self.requests.remove(at);
        if verdict == ApprovalVerdict::Approve {
            let mut adjust = Said {
                kind: "adjust",
                points: open.points,
                occurred_at: now,
                corrects,
                ..Said::default()
            };
            adjust.names = names();
            if open.points > 0 {
                adjust.grants.push(self.grant_until(open.points, now, open.ends));
            } else {
                adjust.draws = self.draw(book, -open.points, now, 0)?.draws;
            }
            said.push(adjust);
        }
        Ok(said)
    }

    pub fn lapse(&mut self, now: i64) -> Vec<Said> {
        let (over, open) = self.requests.drain(..).partition(|request| request.until <= now);
        self.requests = open;
        let said = |request: NaiveRequest| Said {
            kind: "lapse",
            occurred_at: now,
            corrects: Some(request.sequence),
            names: std::iter::once(request.by).chain(request.approved_by).collect(),
            ..Said::default()
        };
        let over: Vec<NaiveRequest> = over;
        over.into_iter().map(said).collect()
    }

    fn grant_until(
        &mut self,
        points: i64,
        now: i64,
        ends: Option<i64>,
    ) -> (i64, i64, i64, Option<i64>) {
        let (granted, earned_at, available_at, _) =
            self.grant((points, "adjustment"), now, now, &rules::Expiry::Never {}, now);
        self.lots.last_mut().unwrap().expires_at = ends;
        (granted, earned_at, available_at, ends)
    }

    pub fn expire(&mut self, now: i64) -> Option<Said> {
        let mut said = Said { kind: "expire", occurred_at: now, ..Said::default() };
        for at in 0..self.lots.len() {
            let free = self.free(&self.lots[at]);
            let lot = &mut self.lots[at];
            if free > 0 && lot.expires_at.is_some_and(|end| end <= now) {
                lot.remaining -= free;
                lot.expired += free;
                said.draws.push((lot.number, free));
                said.points -= free;
            }
        }
        (!said.draws.is_empty()).then_some(said)
    }

    pub fn repay(&mut self, book: &Document, now: i64) -> Option<Said> {
        let order = self.order(book, now);
        let draws = self.spend_from(&order, self.debt);
        let paid: i64 = draws.iter().map(|(_, points)| points).sum();
        self.debt -= paid;
        (paid > 0).then_some(Said {
            kind: "repay",
            occurred_at: now,
            draws,
            debt: -paid,
            ..Said::default()
        })
    }

    /// The spent side first, then the earned one.
    pub fn reverse(&mut self, book: &Document, wish: &ToReverse, now: i64) -> Outcome<Vec<Said>> {
        let earn = wish.earn.as_ref().map(|earn| earn.sequence.0);
        let earn =
            earn.and_then(|sequence| self.earned.iter().position(|earn| earn.sequence == sequence));
        let spend = wish.redemption.as_ref().map(|redemption| redemption.entry.sequence.0);
        let spend = spend
            .and_then(|sequence| self.spent.iter().position(|spend| spend.sequence == sequence));
        // A line that only the redemption knows concerns the spent side alone.
        let only_paid = |name: &str| {
            let is_paid =
                spend.is_some_and(|at| self.spent[at].lines.iter().any(|line| line.name == name));
            is_paid
                && earn.is_some_and(|at| self.earned[at].lines.iter().all(|line| line.name != name))
        };
        let part = match &wish.part {
            ReturnScope::Lines(lines) | ReturnScope::LinesFor(lines, _) => ReturnScope::Lines(
                lines.iter().filter(|(name, _)| !only_paid(name)).cloned().collect(),
            ),
            other => other.clone(),
        };
        let back = earn.map(|at| back_of(book, &self.earned[at], &part)).transpose()?;
        let given = match spend {
            Some(at) => self.to_give(at, earn.zip(back.as_deref()), &wish.part)?,
            None => (0, vec![]),
        };
        let is_open = earn.zip(back.as_ref()).is_some_and(|(at, back)| {
            let earn = &self.earned[at];
            if earn.lines.is_empty() { !earn.undone } else { !back.is_empty() }
        });
        if given.0 == 0 && !is_open {
            return Err("nothing-to-reverse");
        }
        let mut said = Vec::new();
        if let Some(at) = spend.filter(|_| given.0 > 0) {
            match self.give_back(book, at, given, now) {
                Ok(back) => said.push(back),
                // The reward stays taken, and the goods come back all the same.
                Err("coupon-resolved") if is_open => {}
                Err(refusal) => return Err(refusal),
            }
        }
        if let (Some(at), Some(back), true) = (earn, back, is_open) {
            let before = self.clone();
            said.push(self.claw_back(book, at, &back, now));
            let order = (self.earned[at].recorded_at, self.log[self.earned[at].event].date);
            let has_lowered = said.last().is_some_and(|said| said.qualifying.is_some());
            said.extend(self.take_gifts(book, &before, order.0, now));
            if book.returns.lower_tier && has_lowered {
                said.extend(self.lower(book, &before, order, now));
            }
        }
        Ok(said)
    }

    /// How many points come back, and for which units of lines that they had paid.
    fn to_give(
        &self,
        at: usize,
        earn: Option<(usize, &[Back])>,
        part: &ReturnScope,
    ) -> Outcome<Shares> {
        let spend = &self.spent[at];
        let left: i64 = spend.left.iter().map(|(_, points)| points).sum();
        let within = |points: i64| {
            if left > 0 && points > left {
                Err("more-than-left")
            } else {
                Ok((points.min(left), vec![]))
            }
        };
        let taken = self.taken.iter().find(|taken| taken.sequence == spend.sequence);
        let earn = earn.map(|(at, back)| (&self.earned[at], back));
        let wishes = match part {
            ReturnScope::Rest => return Ok((left, vec![])),
            ReturnScope::Money(_) => {
                return if earn.is_some() { Ok((0, vec![])) } else { Err("reference-not-found") };
            }
            ReturnScope::Points(points) => return within(*points),
            ReturnScope::Pieces(pieces) => return within(pieces * taken.ok_or("whole-only")?.one),
            ReturnScope::Lines(wishes) | ReturnScope::LinesFor(wishes, _) => wishes,
        };
        let chosen = if let ReturnScope::LinesFor(_, points) = part { Some(*points) } else { None };
        if let (Some((earn, back)), Some(_)) = (earn, taken) {
            return Ok((if is_all(earn, back) { left } else { 0 }, vec![]));
        }
        if !spend.lines.is_empty() {
            return self.paid_lines(spend, left, earn, (wishes, chosen));
        }
        let Some((earn, back)) = earn else { return Err("unknown-line") };
        if let Some(points) = chosen {
            return within(points);
        }
        if is_all(earn, back) {
            return Ok((left, vec![]));
        }
        let now = |at: usize| {
            back.iter().filter(|back| back.at == at).map(|back| back.units).sum::<i64>()
        };
        let gifts: Vec<usize> =
            (0..earn.lines.len()).filter(|at| earn.lines[*at].amount == 0).collect();
        let price: i128 = earn.lines.iter().map(|line| i128::from(line.amount)).sum();
        let upto = if !(gifts.is_empty() || spend.is_money_off && price > 0) {
            // Lines without a price are what the points bought.
            let units = |at: &usize| (earn.lines[*at].back + now(*at), earn.lines[*at].quantity);
            match gifts.as_slice() {
                [line] => first_of(spend.points, units(line).0.into(), units(line).1.into()),
                _ if gifts.iter().map(units).all(|(back, all)| back == all) => spend.points,
                _ if gifts.iter().all(|at| now(*at) == 0) => spend.points - left,
                _ => return Err("points-needed"),
            }
        } else {
            let worth = |at: usize| {
                let line = &earn.lines[at];
                i128::from(first_of(
                    line.amount,
                    (line.back + now(at)).into(),
                    line.quantity.into(),
                ))
            };
            first_of(spend.points, (0..earn.lines.len()).map(worth).sum(), price)
        };
        Ok(((upto - (spend.points - left)).clamp(0, left), vec![]))
    }

    /// Lines that points paid: each gives its own back, unit by unit; or as many as were chosen,
    /// what falls to the units first.
    fn paid_lines(
        &self,
        spend: &NaiveSpend,
        left: i64,
        earn: Option<(&NaiveEarn, &[Back])>,
        (wishes, chosen): (&[(String, i64)], Option<i64>),
    ) -> Outcome<Shares> {
        let mut found: Vec<(usize, i64, i64)> = Vec::new();
        let mut rooms = Vec::new();
        for (name, wished) in wishes {
            let in_order =
                earn.and_then(|(earn, _)| earn.lines.iter().find(|line| line.name == *name));
            let Some(at) = spend.lines.iter().position(|line| line.name == *name) else {
                if in_order.is_some() { continue } else { return Err("unknown-line") }
            };
            let line = &spend.lines[at];
            let (back, all) =
                in_order.map_or((line.back, line.quantity), |line| (line.back, line.quantity));
            if *wished > all - back {
                return Err("more-than-left");
            }
            let room = line.points - line.points_back;
            let upto = |units: i64| first_of(line.points, units.into(), all.into());
            let own = if back + wished == all {
                room
            } else {
                (upto(back + wished) - upto(back)).clamp(0, room)
            };
            found.push((at, *wished, own));
            rooms.push(room);
        }
        let mut most = chosen.unwrap_or(left).min(left);
        for (_, _, points) in &mut found {
            *points = most.min(*points);
            most -= *points;
        }
        if let Some(chosen) = chosen {
            for ((_, _, points), room) in found.iter_mut().zip(rooms) {
                let more = (room - *points).clamp(0, most);
                *points += more;
                most -= more;
            }
            if chosen > found.iter().map(|line| line.2).sum() {
                return Err("more-than-left");
            }
        }
        Ok((found.iter().map(|line| line.2).sum(), found))
    }

    /// Point by point from the end of what was drawn.
    pub fn give_back(
        &mut self,
        book: &Document,
        at: usize,
        (points, paid): (i64, Vec<(usize, i64, i64)>),
        now: i64,
    ) -> Outcome<Said> {
        let sequence = self.spent[at].sequence;
        let corrects = Some(sequence);
        let one =
            self.taken.iter().find(|taken| taken.sequence == sequence).map_or(1, |taken| taken.one);
        if points % one != 0 {
            return Err("whole-only");
        }
        let coupons = self.untake(sequence, points / one)?;
        if let Some(given) = self.given.iter_mut().find(|given| given.sequence == sequence) {
            given.back += points;
        }
        let mut lines = Vec::new();
        for (line, units, points) in paid {
            let line = &mut self.spent[at].lines[line];
            line.back += units;
            line.points_back += points;
            lines.push((line.name.clone(), units, 0, points));
        }
        let mut said = Said { kind: "reverse", occurred_at: now, corrects, ..Said::default() };
        let (mut missing, mut expired) = (points, 0);
        while missing > 0 {
            let (number, left) = self.spent[at].left.pop().unwrap();
            let back = left.min(missing);
            missing -= back;
            if left > back {
                self.spent[at].left.push((number, left - back));
            }
            let lot = &mut self.lots[number as usize - 1];
            if book.returns.grace_days.is_some() && lot.expires_at.is_some_and(|end| end <= now) {
                expired += back;
            } else {
                lot.remaining += back;
                said.points += back;
                said.returns.push((number, back));
            }
        }
        if let Some(days) = book.returns.grace_days.filter(|_| expired > 0) {
            let validity = rules::Expiry::Days { days, round_up_to: None };
            said.grants.push(self.grant((expired, "grace"), now, now, &validity, now));
            said.points += expired;
        }
        said.reversal = Some((lines, points, expired));
        said.coupons = crate::spending::told(&coupons);
        Ok(said)
    }

    /// Takes points from a lot first, then from others, as the rulebook says; tells from which, and
    /// what is owed now.
    pub fn take_back(
        &mut self,
        book: &Document,
        lot: Option<i64>,
        points: i64,
        now: i64,
    ) -> (Draws, i64) {
        let policy = book.returns.shortfall;
        let mut order = Vec::new();
        if let Some(lot) = lot.map(|number| &self.lots[number as usize - 1]) {
            let is_over = lot.expires_at.is_some_and(|end| end <= now);
            if !is_over && (lot.available_at > now || policy != ShortfallPolicy::PendingOnly) {
                order.push(lot.number);
            }
        }
        if policy != ShortfallPolicy::PendingOnly {
            let others = self.order(book, now);
            order.extend(others.into_iter().filter(|number| Some(*number) != lot));
        }
        let draws = self.spend_from(&order, points);
        let missing = points - draws.iter().map(|(_, points)| points).sum::<i64>();
        let held: i64 =
            self.holds.iter().flat_map(|hold| &hold.lots).map(|(_, points)| points).sum();
        let debt = match policy {
            ShortfallPolicy::Debt => missing,
            ShortfallPolicy::WithinBalance => missing.min(held),
            ShortfallPolicy::PendingOnly => 0,
        };
        self.debt += debt;
        (draws, debt)
    }

    fn claw_back(&mut self, book: &Document, at: usize, back: &[Back], now: i64) -> Said {
        let earn = self.earned[at].clone();
        let before: i128 = earn.lines.iter().map(|line| i128::from(line.gone.0)).sum();
        let after = before + back.iter().map(|back| i128::from(back.amount)).sum::<i128>();
        let total = earn.lines.iter().map(|line| i128::from(line.amount)).sum();
        let all = is_all(&earn, back);
        let told =
            |back: &Back| (earn.lines[back.at].name.clone(), back.units, back.amount, back.points);
        let lines: Vec<_> = back.iter().map(told).collect();
        let desired = if earn.lines.is_empty() {
            earn.granted
        } else {
            lines.iter().map(|line| line.3).sum()
        };
        let gone = earn.lot.map_or(0, |number| self.lots[number as usize - 1].expired);
        let back_before: i64 = earn.lines.iter().map(|line| line.gone.1).sum();
        let excused = if all {
            gone
        } else {
            first_of(gone, (back_before + desired).into(), earn.granted.into())
        };
        let expired = (excused - earn.expired_used).max(0).min(desired);
        let (draws, debt) = self.take_back(book, earn.lot, desired - expired, now);
        let taken: i64 = draws.iter().map(|(_, points)| points).sum();
        let part = |whole: i64| {
            let upto = if all { whole } else { first_of(whole, after, total) };
            upto - first_of(whole, before, total)
        };
        let under_review = self.reviews.iter().position(|open| open.sequence == earn.sequence);
        let counted = earn.qualifying.filter(|_| !book.returns.keep_qualification);
        let mut review = None;
        if let Some(open) = under_review {
            let kept_back = &mut self.reviews[open].kept_back;
            if let (Some(left), Some((spend, growth, orders))) = (kept_back.as_mut(), counted) {
                let less = (part(spend), part(growth), if all { orders } else { 0 });
                *left = (left.0 - less.0, left.1 - less.1, left.2 - less.2);
            }
            review = Some(*kept_back).filter(|_| !all);
            if all {
                self.reviews.remove(open);
            }
        }
        let happened = &mut self.log[earn.event];
        let mut qualifying = None;
        if let Some((spend, growth, orders)) = counted.filter(|_| under_review.is_none()) {
            let less = (-part(spend), -part(growth), if all { -orders } else { 0 });
            (happened.spend, happened.growth, happened.orders) =
                (happened.spend + less.0, happened.growth + less.1, happened.orders + less.2);
            qualifying = Some(less).filter(|less| *less != (0, 0, 0));
        }
        if book.returns.free_caps {
            // What a grant gives counts in no cap, so it frees none.
            if !happened.event.starts_with("grant:") {
                happened.granted -= desired;
            }
            happened.times -= i64::from(all);
        }
        let mut coupons = earn.coupons.clone();
        coupons.retain(|coupon| all && self.coupons.contains(coupon));
        self.coupons.retain(|open| !coupons.contains(open));
        let earn = &mut self.earned[at];
        earn.let_go += desired - expired - taken - debt;
        if all {
            earn.coupons_kept = Vec::new();
            let stayed = earn.coupons.iter().filter(|coupon| !coupons.contains(coupon));
            earn.coupons_kept.extend(stayed.map(|coupon| coupon.name.clone()));
        }
        earn.expired_used += expired;
        earn.undone = true;
        for back in back {
            let line = &mut earn.lines[back.at];
            line.gone = (line.gone.0 + back.amount, line.gone.1 + back.points);
            if back.units == 0 {
                line.refunded += back.amount;
                line.unborne = (line.unborne.0 + back.amount, line.unborne.1 + back.points);
            } else {
                // What the units gave back less than they would have is what they bore.
                let all = line.back + back.units;
                let would = |whole: i64| upto(line, whole, all) - upto(line, whole, line.back);
                let bore = (would(line.amount) - back.amount, would(line.points) - back.points);
                line.unborne = (line.unborne.0 - bore.0, line.unborne.1 - bore.1);
                line.back += back.units;
            }
        }
        Said {
            kind: "reverse",
            points: -taken - debt,
            occurred_at: now,
            draws,
            qualifying,
            corrects: Some(earn.sequence),
            reversal: Some((lines, desired, expired)),
            review,
            coupons: crate::spending::told(&coupons),
            debt,
            ..Said::default()
        }
    }
}

/// What goes back of a line: units, or money without goods.
#[derive(Debug, Clone, Copy)]
struct Back {
    at: usize,
    units: i64,
    amount: i64,
    points: i64,
}

/// What goes back of an order's lines.
fn back_of(book: &Document, earn: &NaiveEarn, part: &ReturnScope) -> Outcome<Vec<Back>> {
    if let ReturnScope::Money(wishes) = part {
        return refunded(book, earn, wishes);
    }
    let ReturnScope::Lines(wishes) = part else {
        let open =
            (0..earn.lines.len()).filter(|at| earn.lines[*at].quantity > earn.lines[*at].back);
        return Ok(open
            .map(|at| unit_back(earn, at, earn.lines[at].quantity - earn.lines[at].back))
            .collect());
    };
    let place = |name: &String| earn.lines.iter().position(|line| line.name == *name);
    if wishes.iter().any(|(name, _)| place(name).is_none()) {
        return Err("unknown-line");
    }
    if !wishes.is_empty() && earn.lines.iter().all(|line| line.back == line.quantity) {
        return Err("nothing-to-reverse");
    }
    let mut found = Vec::new();
    for (name, units) in wishes {
        let at = place(name).unwrap();
        if *units > earn.lines[at].quantity - earn.lines[at].back {
            return Err("more-than-left");
        }
        found.push(unit_back(earn, at, *units));
    }
    Ok(found)
}

fn upto(line: &NaiveLine, whole: i64, units: i64) -> i64 {
    first_of(whole, units.into(), line.quantity.into())
}

/// Of the units that are left each bears its part of what went back without goods; the last of them
/// bear the rest.
fn unit_back(earn: &NaiveEarn, at: usize, units: i64) -> Back {
    let line = &earn.lines[at];
    let left = line.quantity - line.back;
    let part = |whole: i64, gone: i64, unborne: i64| {
        if units == left {
            return whole - gone;
        }
        let bears = first_of(unborne, units.into(), left.into());
        (upto(line, whole, line.back + units) - upto(line, whole, line.back) - bears)
            .clamp(0, whole - gone)
    };
    let amount = part(line.amount, line.gone.0, line.unborne.0);
    Back { at, units, amount, points: part(line.points, line.gone.1, line.unborne.1) }
}

/// Money without goods: of each line its points in proportion, and with the last of its money the
/// last of its points.
fn refunded(
    book: &Document,
    earn: &NaiveEarn,
    wishes: &[(Option<String>, ledger::Money)],
) -> Outcome<Vec<Back>> {
    if wishes.iter().any(|(_, money)| money.currency.to_string() != book.currency) {
        return Err("currency-mismatch");
    }
    if earn.lines.iter().all(|line| line.back == line.quantity) {
        return Err("nothing-to-reverse");
    }
    let mut back = Vec::new();
    for (name, money) in wishes {
        let meant = (0..earn.lines.len())
            .filter(|at| name.as_ref().is_none_or(|name| earn.lines[*at].name == *name));
        let meant: Vec<usize> = meant.collect();
        if meant.is_empty() && name.is_some() {
            return Err("unknown-line");
        }
        let left = |at: usize| earn.lines[at].amount - earn.lines[at].gone.0;
        let all: i64 = meant.iter().map(|at| left(*at)).sum();
        if money.amount_minor > all {
            return Err("more-than-left");
        }
        let mut sum = 0;
        for at in meant {
            let before = first_of(money.amount_minor, sum, all.into());
            sum += i128::from(left(at));
            let amount = first_of(money.amount_minor, sum, all.into()) - before;
            let line = &earn.lines[at];
            let of = |refunded: i64| first_of(line.points, refunded.into(), line.amount.into());
            let room = line.points - line.gone.1;
            let points = (of(line.refunded + amount) - of(line.refunded)).clamp(0, room);
            let points = if amount == left(at) { room } else { points };
            if amount > 0 {
                back.push(Back { at, units: 0, amount, points });
            }
        }
    }
    Ok(back)
}

fn is_all(earn: &NaiveEarn, back: &[Back]) -> bool {
    let mut lines = earn.lines.clone();
    back.iter().for_each(|back| lines[back.at].back += back.units);
    lines.iter().all(|line| line.back == line.quantity)
}
