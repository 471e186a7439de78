//! How points are spent: by themselves, on something from the catalogue, on an order, and how
//! coupons are used.

use std::collections::HashSet;
use std::rc::Rc;

use ledger::{Currency, Entry, MemberId, Money};
use rules::operations::{
    CancelCoupon, Hold, PayLines, PayWithPoints, Redeem, RedeemCoupon, RedeemReward, RestoreCoupon,
};
use rules::{Line, Operation};
use store::Submission;

use crate::api::{
    CouponBody, CouponRestoreBody, DecisionBody, MoneyBody, PaidLineBody, RedeemBody,
};
use crate::check::{Check, MAX_AMOUNT};
use crate::earning::{MAX_LINES, fingerprint, line};
use crate::problem::Problem;

/// Thirty days.
const MAX_MINUTES: u32 = 43_200;

impl RedeemBody {
    /// Checks the values and makes a submission of it.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(&self, key: &str, actor: &str) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let member = check.id("/member_id", MemberId::new(self.member_id.as_str()));
        if self.hold.as_ref().is_some_and(|hold| !(1..=MAX_MINUTES).contains(&hold.minutes)) {
            check.wrong("/hold/minutes", "must be 1 to 43200");
        }
        let (reference, source) = check.document("redeem", self.reference.as_deref());
        let (channel, store) = (self.channel.as_ref(), self.store_id.as_ref());
        let origin = check.origin(actor, reference, self.reason.as_ref(), channel, store);
        let operation = self.operation(&mut check);
        let submission = member.zip(operation).map(|(member, operation)| {
            Submission::of(member, operation, origin)
                .under_key("redeem", key, fingerprint(self))
                .with_source(source)
        });
        check.done(submission)
    }

    fn operation(&self, check: &mut Check) -> Option<Rc<dyn Operation>> {
        let minutes = self.hold.as_ref().map(|hold| hold.minutes);
        if self.quantity.is_some() && self.reward_id.is_none() {
            check.wrong("/quantity", "goes with reward_id");
        }
        if self.max_points.is_some() && self.order.is_none() {
            check.wrong("/max_points", "goes with order");
        }
        if let (Some(lines), None, None) = (&self.lines, &self.reward_id, &self.order) {
            let lines = paid_lines(lines, self.points, check);
            return Some(Rc::new(PayLines { lines, minutes }));
        }
        if self.lines.is_some() {
            check.wrong("/lines", "goes with points");
        }
        match (self.points, &self.reward_id, &self.order) {
            (Some(points), None, None) => {
                check.points(points);
                Some(match minutes {
                    None => Rc::new(Redeem { points }),
                    Some(minutes) => Rc::new(Hold { points, minutes }),
                })
            }
            (None, Some(reward), None) => {
                if minutes.is_some() {
                    check.wrong("/hold", "a reward is taken at once");
                }
                check.text("/reward_id", Some(reward), 64);
                let quantity = self.quantity.unwrap_or(1);
                if !(1..=1_000_000).contains(&quantity) {
                    check.wrong("/quantity", "must be 1 to 1000000");
                }
                Some(Rc::new(RedeemReward { reward: reward.clone(), quantity }))
            }
            (None, None, Some(order)) => {
                if self.max_points.is_some_and(|most| !(1..=MAX_AMOUNT).contains(&most)) {
                    check.wrong("/max_points", "must be 1 to 1000000000000000");
                }
                let order = money("/order", order, check)?;
                Some(Rc::new(PayWithPoints { order, most: self.max_points, minutes }))
            }
            _ => {
                check.wrong(
                    "/points",
                    "exactly one of points (or lines), reward_id and order must be given",
                );
                None
            }
        }
    }
}

/// Lines that are paid with points: line, units, points.
fn paid_lines(
    bodies: &[PaidLineBody],
    points: Option<i64>,
    check: &mut Check,
) -> Vec<(String, i64, i64)> {
    if bodies.is_empty() || bodies.len() > MAX_LINES {
        check.wrong("/lines", "must be 1 to 500 lines");
    }
    let (mut names, mut lines, mut sum) = (HashSet::new(), Vec::new(), 0i64);
    for (index, line) in bodies.iter().take(MAX_LINES).enumerate() {
        let at = format!("/lines/{index}");
        check.text(&format!("{at}/line_id"), Some(&line.line_id), 64);
        if !(1..=1_000_000).contains(&line.quantity) {
            check.wrong(format!("{at}/quantity"), "must be 1 to 1000000");
        }
        if !(1..=MAX_AMOUNT).contains(&line.points) {
            check.wrong(format!("{at}/points"), "must be 1 to 1000000000000000");
        }
        if !names.insert(line.line_id.as_str()) {
            check.wrong(format!("{at}/line_id"), "is named before");
        }
        sum = sum.saturating_add(line.points);
        lines.push((line.line_id.clone(), line.quantity, line.points));
    }
    if points.is_some_and(|points| points != sum) {
        check.wrong("/points", "must be the sum of what the lines cost, or absent");
    }
    lines
}

pub(crate) fn money(at: &str, body: &MoneyBody, check: &mut Check) -> Option<Money> {
    if !(0..=MAX_AMOUNT).contains(&body.amount_minor) {
        check.wrong(format!("{at}/amount_minor"), "must be 0 to 1000000000000000");
    }
    let currency = Currency::new(&body.currency);
    if currency.is_none() {
        check.wrong(format!("{at}/currency"), "must be an ISO 4217 code of three capital letters");
    }
    Some(Money { amount_minor: body.amount_minor, currency: currency? })
}

impl CouponBody {
    /// Checks the values and makes a submission of it, for the member whose coupon it is.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(
        &self,
        code: &str,
        holder: &MemberId,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        if self.lines.is_empty() || self.lines.len() > MAX_LINES {
            check.wrong("/lines", "must be 1 to 500 lines");
        }
        let lines = self.lines.iter().take(MAX_LINES).enumerate();
        let lines: Vec<Line> =
            lines.filter_map(|(index, body)| line(index, body, &mut check)).collect();
        let (reference, source) = check.document("coupon", self.reference.as_deref());
        let origin =
            check.origin(actor, reference, None, self.channel.as_ref(), self.store_id.as_ref());
        let of = self.member_id.as_deref().and_then(|id| check.id("/member_id", MemberId::new(id)));
        let operation = RedeemCoupon { code: code.to_owned(), lines, of };
        let idem = Some((format!("coupon-redeem:{key}"), fingerprint(&(code, self))));
        let member = holder.clone();
        check.done(Some(Submission { idem, source, ..Submission::new(member, operation, origin) }))
    }
}

impl DecisionBody {
    /// Checks the values and makes a submission of it that takes this coupon away.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn cancel_coupon(
        &self,
        code: &str,
        holder: &MemberId,
        key: &str,
        actor: &str,
    ) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let origin = check.origin(actor, None, self.reason.as_ref(), None, None);
        let operation = CancelCoupon { code: code.to_owned() };
        let idem = Some((format!("coupon-cancel:{key}"), fingerprint(&(code, self))));
        let member = holder.clone();
        check.done(Some(Submission { idem, ..Submission::new(member, operation, origin) }))
    }
}

impl CouponRestoreBody {
    /// Checks the values and makes a submission of it, for the entry that used the coupon.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn submission(&self, used: Entry, key: &str, actor: &str) -> Result<Submission, Problem> {
        let mut check = Check::default();
        let origin = check.origin(actor, None, self.reason.as_ref(), None, None);
        let idem = Some((format!("coupon-restore:{key}"), fingerprint(self)));
        let member = used.member.clone();
        let operation = RestoreCoupon { used: Box::new(used) };
        check.done(Some(Submission { idem, ..Submission::new(member, operation, origin) }))
    }
}
