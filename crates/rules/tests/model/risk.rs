//! The naive reference's freezes, limits per device, and earns that wait for somebody to look at
//! them.

use ledger::Timestamp;
use rules::operations::Stolen;
use rules::{Document, MemberProof, Per, SignedProof, Suspicion};

use crate::calendar::{date_of, expires_at};
use crate::random::Random;
use crate::reference::{Outcome, Reference, Said, in_same, whole};

/// An earn under review.
#[derive(Debug, Clone)]
pub struct NaiveReview {
    /// Sequence number of the earn.
    pub sequence: i64,
    pub actor: String,
    pub lot: Option<i64>,
    /// When its points could be spent if nobody found it odd.
    pub promised: i64,
    /// What it will add to the ladder: spend, growth, orders.
    pub kept_back: Option<(i64, i64, i64)>,
    /// Where it stands in the log.
    pub event: usize,
}

/// What a request shows of the caller.
#[derive(Debug, Clone, Copy, Default)]
pub struct Brought {
    pub is_new_device: bool,
    pub proof: MemberProof,
}

impl Brought {
    /// Mostly a proof that is good, or a history would hardly spend.
    pub fn by(random: &mut Random, now: i64) -> Self {
        let is_new_device = random.chance(20);
        let signed = |points, until, is_used| {
            MemberProof::Signed(SignedProof { points, until: Timestamp(until), is_used })
        };
        let proof = match random.below(100) {
            0..5 => MemberProof::Missing,
            5..8 => MemberProof::Unknown,
            8..11 => signed(1_000, now, false),
            11..14 => signed(1_000, now + 1, true),
            14..25 => signed(*random.pick(&[1, 10, 11, 100]), now + 1, false),
            _ => signed(i64::MAX, now + 1, false),
        };
        Self { is_new_device, proof }
    }
}

impl Reference {
    /// docs/reference/rulebook.md: a member who spends more than that, or from a new device, has to
    /// show a proof for as many points.
    pub fn is_shown(&self, book: &Document, points: i64, now: i64) -> Outcome<()> {
        let Some(rule) = book.risk.step_up else { return Ok(()) };
        let is_asked = rule.above_points.is_some_and(|most| points > most)
            || (rule.new_device && self.shown.is_new_device);
        let is_good = match self.shown.proof {
            MemberProof::Signed(proof) => {
                !proof.is_used && proof.until.0 > now && proof.points >= points
            }
            _ => false,
        };
        if points > 0 && is_asked && !is_good { Err("verification-needed") } else { Ok(()) }
    }

    fn in_period(&self, per: Per, a: i64, b: i64) -> bool {
        if per == Per::Hour {
            return a.div_euclid(3_600_000) == b.div_euclid(3_600_000);
        }
        in_same(per, date_of(a, self.zone), date_of(b, self.zone))
    }

    pub fn on_device(
        &self,
        book: &Document,
        event: &str,
        device: Option<&str>,
        at: i64,
    ) -> Outcome<()> {
        let limit = book.actions.get(event).and_then(|action| action.device_limit);
        let Some((device, limit)) = device.zip(limit) else { return Ok(()) };
        let same = self
            .log
            .iter()
            .filter(|past| past.event == event && past.device.as_deref() == Some(device));
        let times = same.filter(|past| self.in_period(limit.per, past.at, at)).count() as i64;
        if times >= limit.times { Err("device-limit-reached") } else { Ok(()) }
    }

    pub fn is_fast(&self, book: &Document, event: &str, at: i64) -> Outcome<bool> {
        let mut odd = false;
        for velocity in book.risk.velocity.iter().filter(|velocity| velocity.event == event) {
            let same = |past: &&crate::reference::Happened| {
                past.event == event && self.in_period(velocity.per, past.at, at)
            };
            if self.log.iter().filter(same).count() as i64 >= velocity.times {
                if velocity.then == Suspicion::Refuse {
                    return Err("limit-reached");
                }
                odd = true;
            }
        }
        Ok(odd)
    }

    pub fn is_large(&self, book: &Document, spend: i64, granted: i64) -> bool {
        let above = |most: Option<i64>, value: i64| most.is_some_and(|most| value > most);
        above(book.risk.review_above_minor, spend) || above(book.risk.review_above_points, granted)
    }

    fn open_review(&self, placed: i64, actor: &str) -> Outcome<usize> {
        let at = self
            .reviews
            .iter()
            .position(|open| open.sequence == placed)
            .ok_or("request-resolved")?;
        if self.reviews[at].actor == actor { Err("own-request") } else { Ok(at) }
    }

    pub fn approve_review(
        &mut self,
        book: &Document,
        placed: i64,
        actor: &str,
        (now, sequence): (i64, i64),
    ) -> Outcome<Vec<Said>> {
        let at = self.open_review(placed, actor)?;
        let review = self.reviews.remove(at);
        self.earned
            .iter_mut()
            .filter(|earn| earn.sequence == placed)
            .for_each(|earn| earn.is_doubted = false);
        let mut said =
            Said { kind: "approve", occurred_at: now, corrects: Some(placed), ..Said::default() };
        if let Some(lot) = review
            .lot
            .map(|number| &mut self.lots[number as usize - 1])
            .filter(|lot| lot.remaining > 0)
        {
            lot.available_at = review.promised.max(now);
            lot.expires_at = None;
            if lot.available_at < crate::reference::NEVER {
                lot.expires_at = expires_at(&lot.validity, lot.available_at, self.zone);
            }
            if lot.available_at <= now {
                lot.awaits_activation = false;
                said.activations.push(lot.number);
            }
            said.dates.push((lot.number, lot.available_at, lot.expires_at));
        }
        if let Some((spend, growth, orders)) = review.kept_back {
            let happened = &mut self.log[review.event];
            (happened.spend, happened.growth, happened.orders) = (spend, growth, orders);
            self.sums_fit()?;
        }
        said.qualifying = review.kept_back;
        let mut all = vec![said];
        all.extend(self.upgrade(book, now, sequence + 1));
        Ok(all)
    }

    pub fn may_reject(&self, placed: i64, actor: &str) -> Outcome<()> {
        self.open_review(placed, actor).map(drop)
    }

    pub fn sums_fit(&self) -> Outcome<()> {
        whole(self.log.iter().map(|past| i128::from(past.spend)).sum())?;
        whole(self.log.iter().map(|past| i128::from(past.growth)).sum()).map(drop)
    }

    pub fn freeze(&mut self, sides: ledger::Frozen, is_frozen: bool, now: i64) -> Outcome<Said> {
        let before = self.frozen;
        if sides.earning {
            self.frozen.0 = is_frozen;
        }
        if sides.spending {
            self.frozen.1 = is_frozen;
        }
        if self.frozen == before {
            return Err("nothing-to-change");
        }
        let kind = if is_frozen { "freeze" } else { "restore" };
        Ok(Said { kind, occurred_at: now, frozen: Some(self.frozen), ..Said::default() })
    }

    pub fn recover(&mut self, book: &Document, stolen: &[Stolen], now: i64) -> Outcome<Vec<Said>> {
        let mut said = Vec::new();
        for stolen in stolen {
            let sequence = stolen.redemption.entry.sequence.0;
            let at = self.spent.iter().position(|spend| spend.sequence == sequence).unwrap();
            let left: i64 = self.spent[at].left.iter().map(|(_, points)| points).sum();
            if left > 0 {
                said.push(self.give_back(book, at, (left, vec![]), now)?);
            }
        }
        if said.is_empty() { Err("nothing-to-reverse") } else { Ok(said) }
    }
}
