//! The naive reference's catalogue, coupons, and orders paid with points.

use chrono::NaiveDate;
use rules::{CouponRule, Document, Line, Reward};

use crate::calendar::{date_of, expires_at};
use crate::reference::{Outcome, Reference, Said, decimals, in_same};

#[derive(Debug, Clone, PartialEq)]
pub struct NaiveCoupon {
    /// Counts all coupons ever issued.
    pub id: usize,
    pub name: String,
    pub ends: Option<i64>,
    pub rule: CouponRule,
}

/// What was given to a charity, and what of it came back.
#[derive(Debug, Clone)]
pub struct NaiveDonation {
    pub sequence: i64,
    pub charity: String,
    pub date: NaiveDate,
    pub points: i64,
    pub back: i64,
}

/// What was taken of a reward and has not come back.
#[derive(Debug, Clone)]
pub struct NaiveTaken {
    /// Sequence number of the redemption.
    pub sequence: i64,
    pub reward: String,
    pub quantity: i64,
    pub date: NaiveDate,
    pub coupons: Vec<NaiveCoupon>,
    /// Points for one.
    pub one: i64,
}

/// The use of a coupon.
#[derive(Debug, Clone)]
pub struct NaiveUse {
    pub sequence: i64,
    pub coupon: NaiveCoupon,
    pub undone: bool,
}

/// What an entry tells of coupons.
pub fn told(coupons: &[NaiveCoupon]) -> Vec<(String, Option<i64>)> {
    coupons.iter().map(|coupon| (coupon.name.clone(), coupon.ends)).collect()
}

impl Reference {
    /// As many coupons of that kind as the member has room for.
    pub fn issue(&mut self, book: &Document, name: &str, times: i64, now: i64) -> Vec<NaiveCoupon> {
        let rule = &book.coupons[name];
        let ends = expires_at(&book.expiry[&rule.expiry], now, self.zone);
        let mut issued = Vec::new();
        for _ in 0..times {
            if self.coupons.len() < 100 {
                let coupon = NaiveCoupon {
                    id: self.coupons_issued,
                    name: name.to_owned(),
                    ends,
                    rule: rule.clone(),
                };
                self.coupons_issued += 1;
                self.coupons.push(coupon.clone());
                issued.push(coupon);
            }
        }
        issued
    }

    pub fn end_coupons(&mut self, now: i64) -> Option<Said> {
        let is_over = |coupon: &NaiveCoupon| coupon.ends.is_some_and(|end| end <= now);
        let (over, open): (Vec<_>, Vec<_>) = self.coupons.drain(..).partition(is_over);
        self.coupons = open;
        (!over.is_empty()).then(|| Said {
            kind: "coupon_expire",
            occurred_at: now,
            coupons: told(&over),
            ..Said::default()
        })
    }

    fn remove(&mut self, coupon: Option<usize>) -> Outcome<NaiveCoupon> {
        let at = self
            .coupons
            .iter()
            .position(|open| Some(open.id) == coupon)
            .ok_or("coupon-resolved")?;
        Ok(self.coupons.remove(at))
    }

    pub fn use_coupon(
        &mut self,
        book: &Document,
        coupon: Option<usize>,
        lines: &[Line],
        now: i64,
        sequence: i64,
    ) -> Outcome<Said> {
        let coupon = self.remove(coupon)?;
        if lines.iter().any(|line| line.amount.currency.to_string() != book.currency) {
            return Err("currency-mismatch");
        }
        let rule = &coupon.rule;
        // The model's orders come from no channel and no store.
        if !rule.channels.is_empty() || !rule.stores.is_empty() {
            return Err("coupon-conditions");
        }
        let counts = |line: &&Line| {
            rule.categories.is_empty()
                || line.category.as_ref().is_some_and(|name| rule.categories.contains(name))
        };
        let sum = |lines: Vec<&Line>| -> i128 {
            lines.iter().map(|line| i128::from(line.amount.amount_minor.max(0))).sum()
        };
        let (all, counted) =
            (sum(lines.iter().collect()), sum(lines.iter().filter(counts).collect()));
        if !lines.iter().any(|line| counts(&line)) {
            return Err("coupon-conditions");
        }
        if all > i128::from(i64::MAX) {
            return Err("amount-out-of-range");
        }
        if counted < i128::from(rule.min_minor) {
            return Err("coupon-conditions");
        }
        let share = counted * i128::from(rule.off_percent.unwrap_or(0)) / 100;
        let share = share.min(rule.max_off_minor.map_or(i128::MAX, i128::from));
        let off = share.max(i128::from(rule.off_minor.unwrap_or(0))).min(counted);
        if off == 0 {
            return Err("coupon-conditions");
        }
        self.uses.push(NaiveUse { sequence, coupon: coupon.clone(), undone: false });
        Ok(Said {
            kind: "coupon_redeem",
            occurred_at: now,
            coupons: told(&[coupon]),
            off: Some(off as i64),
            ..Said::default()
        })
    }

    pub fn cancel_coupon(&mut self, coupon: Option<usize>, now: i64) -> Outcome<Said> {
        let coupon = self.remove(coupon)?;
        Ok(Said {
            kind: "coupon_cancel",
            occurred_at: now,
            coupons: told(&[coupon]),
            ..Said::default()
        })
    }

    pub fn restore_coupon(&mut self, placed: i64, now: i64) -> Outcome<Said> {
        let at = self.uses.iter().position(|used| used.sequence == placed).unwrap();
        let used = self.uses[at].clone();
        if used.undone {
            return Err("nothing-to-reverse");
        }
        if used.coupon.ends.is_some_and(|end| end <= now) {
            return Err("coupon-resolved");
        }
        if self.coupons.len() >= 100 {
            return Err("too-many-open");
        }
        self.uses[at].undone = true;
        self.coupons.push(used.coupon.clone());
        Ok(Said {
            kind: "reverse",
            occurred_at: now,
            corrects: Some(placed),
            coupons: told(&[used.coupon]),
            reversal: Some((vec![], 0, 0)),
            ..Said::default()
        })
    }

    pub fn take_reward(
        &mut self,
        book: &Document,
        (id, reward): (&str, Option<&Reward>),
        quantity: i64,
        (now, reference): (i64, Option<&str>),
        sequence: i64,
    ) -> Outcome<Said> {
        let reward = reward.ok_or("reward-not-found")?;
        if !reward.offered {
            return Err("reward-unavailable");
        }
        if !reward.tiers.is_empty()
            && !self.level(book).is_some_and(|level| reward.tiers.contains(&level.id))
        {
            return Err("tier-required");
        }
        let of_it = |taken: &&NaiveTaken| taken.reward == id;
        let before: i64 = self.taken.iter().filter(of_it).map(|taken| taken.quantity).sum();
        if reward.stock.is_some_and(|stock| before + quantity > stock) {
            return Err("out-of-stock");
        }
        let today = date_of(now, self.zone);
        if let Some(limit) = reward.limit {
            let same = self
                .taken
                .iter()
                .filter(of_it)
                .filter(|taken| in_same(limit.per, taken.date, today));
            if same.map(|taken| taken.quantity).sum::<i64>() + quantity > limit.times {
                return Err("limit-reached");
            }
        }
        if self.is_held(reference) {
            return Err("reference-already-used");
        }
        if reward.coupon.is_some() && self.coupons.len() as i64 + quantity > 100 {
            return Err("too-many-open");
        }
        let own = self.level(book).and_then(|level| reward.points_by_tier.get(&level.id));
        let one = *own.unwrap_or(&reward.points);
        let mut said = self.redeem(book, one * quantity, now, sequence)?;
        let coupons =
            reward.coupon.as_ref().map_or(Vec::new(), |name| self.issue(book, name, quantity, now));
        said.coupons = told(&coupons);
        said.taken = Some((id.to_owned(), quantity, reward.cash_minor * quantity));
        self.taken.push(NaiveTaken {
            sequence,
            reward: id.to_owned(),
            quantity,
            date: today,
            coupons,
            one,
        });
        Ok(said)
    }

    pub fn donate(
        &mut self,
        book: &Document,
        charity: &str,
        points: i64,
        now: i64,
        sequence: i64,
    ) -> Outcome<Said> {
        let bounds = book.donations.get(charity).ok_or("not-offered")?;
        let today = date_of(now, self.zone);
        let before: Vec<&NaiveDonation> =
            self.given.iter().filter(|given| given.charity == charity).collect();
        // What came back may be given again.
        let kept = |given: &&&NaiveDonation| given.points - given.back;
        let on_day = before.iter().filter(|given| given.date == today);
        let given_today: i64 = on_day.map(|given| kept(&given)).sum();
        let left = bounds.points_per_day.map(|most| (most - given_today).max(0));
        let most = [bounds.max_points, left].into_iter().flatten().min();
        if points < bounds.min_points || most.is_some_and(|most| points > most) {
            return Err("outside-limits");
        }
        if let Some(limit) = bounds.limit {
            let same = before.iter().filter(|given| in_same(limit.per, given.date, today));
            if same.filter(|given| kept(given) > 0).count() as i64 >= limit.times {
                return Err("limit-reached");
            }
        }
        let said = self.redeem(book, points, now, sequence)?;
        let (charity, date) = (charity.to_owned(), today);
        self.given.push(NaiveDonation { sequence, charity, date, points, back: 0 });
        Ok(Said { kind: "donate", ..said })
    }

    /// What comes with points that are given back: coupons that must be there, and a place in the
    /// stock.
    pub fn untake(&mut self, sequence: i64, pieces: i64) -> Outcome<Vec<NaiveCoupon>> {
        let Some(at) = self.taken.iter().position(|taken| taken.sequence == sequence) else {
            return Ok(vec![]);
        };
        let mut coupons = Vec::new();
        if !self.taken[at].coupons.is_empty() {
            // The last ones that are still there, one a piece.
            let open = self.taken[at]
                .coupons
                .iter()
                .filter(|coupon| self.coupons.contains(coupon))
                .cloned();
            let open: Vec<NaiveCoupon> = open.collect();
            let first = open.len().checked_sub(pieces as usize).ok_or("coupon-resolved")?;
            coupons = open[first..].to_vec();
        }
        self.coupons.retain(|open| !coupons.contains(open));
        self.taken[at].quantity -= pieces;
        Ok(coupons)
    }

    /// Points and money for an order.
    pub fn deduction(
        &self,
        book: &Document,
        order: &ledger::Money,
        most_wished: Option<i64>,
        now: i64,
    ) -> Outcome<(i64, i64)> {
        let rule = book.redemption.as_ref().ok_or("not-offered")?;
        if order.currency.to_string() != book.currency {
            return Err("currency-mismatch");
        }
        let share = i128::from(order.amount_minor) * i128::from(rule.max_percent) / 100;
        let mut most = i128::from(self.spendable(now));
        for bound in [most_wished, rule.max_points].into_iter().flatten() {
            most = most.min(i128::from(bound));
        }
        // docs/reference/rulebook.md#redemption: of all prices that the member's level and so many
        // points have, the best one. As points and money.
        let tier = self.level(book).map(|level| level.id.clone());
        let price = |points: i128| {
            let common = (i128::from(rule.points_per_unit), 10i128.pow(decimals(&book.currency)));
            let has = |price: &&rules::PointPrice| {
                points >= price.from_points.into()
                    && (price.tiers.is_empty()
                        || tier.as_ref().is_some_and(|id| price.tiers.contains(id)))
            };
            let others = rule.prices.iter().filter(has);
            let others = others.map(|price| (price.points.into(), price.off_minor.into()));
            others.fold(
                common,
                |best: (i128, i128), price: (i128, i128)| {
                    if price.1 * best.0 > best.1 * price.0 { price } else { best }
                },
            )
        };
        let worth = |points: i128| points * price(points).1 / price(points).0;
        let fits = |points: i128| points * price(points).1 <= share * price(points).0;
        // More points never take less off: the most steps that fit are found by halving.
        let step = i128::from(rule.multiple_of);
        let (mut low, mut high) = (0, most / step);
        while low < high {
            let middle = (low + high + 1) / 2;
            if fits(middle * step) { low = middle } else { high = middle - 1 }
        }
        let mut points = low * step;
        // Not one step more than it takes for the same money.
        while points > 0 && worth(points - step) == worth(points) {
            points -= step;
        }
        if points < i128::from(rule.min_points) || worth(points) == 0 {
            return Err("below-minimum");
        }
        Ok((points as i64, worth(points) as i64))
    }
}
