//! From document to rulebook: every problem at once, each with a JSON pointer to its place.

use std::collections::BTreeMap;

use ledger::{Currency, ExpiryPolicy, KINDS, Rate, Rounding, Shortfall, Zone};

use crate::condition::{Condition, Conditions, MAX_PUBLISHED, Scope, compile};
use crate::document::{
    Document, Limit, Pending, QualifyingPeriod, Retention, Returns, RoundingMode, ShortfallPolicy,
    Tiers,
};
use crate::rulebook::{Action, Availability, Ladder, Level, Purchase, ReturnRules, Rulebook};

/// Something in a document that cannot be a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as an RFC 6901 JSON pointer.
    pub pointer: String,
    /// What is wrong, for people.
    pub detail: String,
}

/// The most points one rule, gift or cap may name: far above any real programme, far below what
/// sums can count.
const MAX_POINTS: i64 = 1_000_000_000;
/// The most days or months a policy may name (about a hundred years).
const MAX_DAYS: u32 = 36_600;
/// The most nodes that all conditions have together, as often as they are asked: an event looks at
/// each of them, some once a line.
const MAX_NODES: usize = 5_000;

impl Rulebook {
    /// Validates a document, looks its zone up in the time zone database and reads its conditions.
    ///
    /// # Errors
    /// Every [`Problem`] found.
    pub fn new(document: &Document, version: i64) -> Result<Self, Vec<Problem>> {
        // What was published before these bounds were there goes on.
        let mut problems = Vec::new();
        for name in document.actions.keys() {
            // References are unique by event or kind, so an action must not bear the name of
            // another one.
            if name == "purchase" || KINDS.iter().any(|kind| kind.as_str() == name) {
                let detail = "is the name of something else than an action".to_owned();
                problems.push(Problem { pointer: format!("/actions/{}", escape(name)), detail });
            }
        }
        problems.extend(never_met(document));
        match Self::checked(document, document.time_zone.parse().ok(), &compile, version) {
            Ok(book) => {
                if book.asked().map(Condition::size).sum::<usize>() > MAX_NODES {
                    let detail = format!("ask for more than {MAX_NODES} things in all");
                    problems.push(Problem { pointer: "/rules".to_owned(), detail });
                }
                problems.extend(too_costly(&book));
                if problems.is_empty() { Ok(book) } else { Err(problems) }
            }
            Err(found) => Err(found.into_iter().chain(problems).collect()),
        }
    }

    /// As [`Rulebook::new`] with a zone and conditions that were found before: how published
    /// rulebooks are read without the database and without a reader of CEL.
    ///
    /// # Errors
    /// Every [`Problem`] found, in the order of the document.
    pub fn published(
        document: &Document,
        zone: Option<Zone>,
        conditions: &Conditions,
        version: i64,
    ) -> Result<Self, Vec<Problem>> {
        let unread = || "was not read when the rulebook was published".to_owned();
        let read = |text: &str, scope| conditions.get(scope, text).cloned().ok_or_else(unread);
        Self::checked(document, zone, &read, version)
    }

    fn checked(
        document: &Document,
        zone: Option<Zone>,
        read: Read<'_>,
        version: i64,
    ) -> Result<Self, Vec<Problem>> {
        let mut check = Check {
            problems: Vec::new(),
            policies: BTreeMap::new(),
            read,
            conditions: Conditions::default(),
        };
        if document.format != 1 {
            check.problem("/format", "must be 1");
        }
        let currency = Currency::new(&document.currency);
        if currency.is_none() {
            check.problem("/currency", "must be an ISO 4217 code of three capital letters");
        }
        let zone = zone.filter(|zone| zone.name() == document.time_zone);
        if zone.is_none() {
            check.problem("/time_zone", "must be an IANA time zone such as Asia/Shanghai");
        }
        check.members(&document.members);
        check.days("/accept_late_days", document.accept_late_days);
        check.policies = document
            .expiry
            .iter()
            .map(|(name, policy)| (name.clone(), expiry::policy(name, policy, &mut check.problems)))
            .collect();
        let purchase = Purchase {
            points_per_unit: check
                .rate("/purchase/points_per_unit", &document.purchase.points_per_unit),
            growth_per_unit: check
                .rate("/purchase/growth_per_unit", &document.purchase.growth_per_unit),
            lines: check.condition(
                "/purchase/lines",
                Scope::Line,
                document.purchase.lines.as_ref(),
            ),
            points_per_day: check.cap("/purchase/points_per_day", document.purchase.points_per_day),
            expiry: check.policy("/purchase/expiry", &document.purchase.expiry),
            availability: check.availability("/purchase/pending", document.purchase.pending),
            coupon: document.purchase.coupon.clone(),
        };
        let actions = document.actions.iter().map(|(name, rule)| {
            let at = format!("/actions/{}", escape(name));
            check.name(&at, name);
            check.points(&format!("{at}/points"), rule.points);
            check.points(&format!("{at}/growth"), rule.growth);
            check.limit(&format!("{at}/limit"), rule.limit);
            check.limit(&format!("{at}/device_limit"), rule.device_limit);
            let expiry = check.policy(&format!("{at}/expiry"), &rule.expiry);
            let availability = check.availability(&format!("{at}/pending"), rule.pending);
            let (limit, device_limit) = (rule.limit, rule.device_limit);
            (
                name.clone(),
                Action {
                    points: rule.points,
                    growth: rule.growth,
                    limit,
                    device_limit,
                    expiry,
                    availability,
                    coupon: rule.coupon.clone(),
                },
            )
        });
        let actions = actions.collect();
        let rules = check.rules(document);
        check.budget(document.caps.budget);
        let points_per_day = check.cap("/caps/points_per_day", document.caps.points_per_day);
        let ladder = document.tiers.as_ref().map(|tiers| check.ladder(tiers));
        let mut reminder_days = document.reminders.days_before.clone();
        if reminder_days.len() > 10 || reminder_days.iter().any(|days| !(1..=90).contains(days)) {
            check.problem("/reminders/days_before", "must be at most 10 numbers from 1 to 90");
        }
        reminder_days.sort_unstable();
        reminder_days.dedup();
        let returns = check.returns(document.returns);
        check.approvals(&document.approvals);
        check.publication(&document.publication);
        check.risk(&document.risk, document);
        check.spending(document);
        check.retention(document.retention);
        let accepts = check.exchanges(&document.exchanges);
        let asks_for_standing = check.conditions.iter().any(Condition::asks_for_standing);
        match (currency, zone) {
            (Some(currency), Some(zone)) if check.problems.is_empty() => Ok(Self {
                version,
                currency,
                zone,
                rounding: match document.rounding {
                    RoundingMode::Down => Rounding::Down,
                    RoundingMode::HalfUp => Rounding::HalfUp,
                },
                enrolment: document.enrolment,
                members: document.members.clone(),
                consumption: document.consumption,
                accept_late_days: document.accept_late_days,
                purchase,
                actions,
                rules,
                asks_for_standing,
                conditions: check.conditions,
                points_per_day,
                budget: document.caps.budget,
                ladder,
                reminder_days,
                returns,
                approvals: document.approvals.clone(),
                risk: document.risk.clone(),
                coupons: document.coupons.clone(),
                redemption: document.redemption,
                transfers: document.transfers,
                offers: document.exchanges.offers.clone(),
                accepts,
                retention: document.retention,
                policies: check.policies,
            }),
            _ => Err(check.problems),
        }
    }
}

mod approvals;
mod earning;
mod expiry;
mod members;
mod publication;
mod risk;
mod spending;

/// How the text of a condition becomes one.
type Read<'a> = &'a dyn Fn(&str, Scope) -> Result<Condition, String>;

struct Check<'a> {
    problems: Vec<Problem>,
    policies: BTreeMap<String, ExpiryPolicy>,
    read: Read<'a>,
    conditions: Conditions,
}

/// Conditions that take too many steps for one event: tells the place whose share is largest.
fn too_costly(book: &Rulebook) -> Option<Problem> {
    let (event, steps) = book.condition_steps();
    if steps <= MAX_PUBLISHED {
        return None;
    }
    let (pointer, own) = book.asked_for(&event).into_iter().max_by_key(|(_, own)| *own)?;
    let detail = format!(
        "has conditions that take up to {own} steps for one event; all of {event} take up to {steps}, and must take {MAX_PUBLISHED} at most"
    );
    Some(Problem { pointer, detail })
}

/// Bounds of gifts and exchanges that no number of points is within.
fn never_met(document: &Document) -> impl Iterator<Item = Problem> {
    let offers = document.exchanges.offers.iter();
    let offers =
        offers.map(|(programme, rule)| (format!("/exchanges/offers/{}", escape(programme)), rule));
    let all = document.transfers.iter().map(|rule| ("/transfers".to_owned(), rule)).chain(offers);
    let none =
        all.filter(|(_, rule)| rule.points_per_day.is_some_and(|most| most < rule.min_points));
    none.map(|(at, _)| Problem {
        pointer: format!("{at}/points_per_day"),
        detail: "must not be less than min_points".to_owned(),
    })
}

impl Check<'_> {
    fn problem(&mut self, pointer: &str, detail: &str) {
        self.problems.push(Problem { pointer: pointer.to_owned(), detail: detail.to_owned() });
    }

    /// A year and a day at least: a request that is sent again a year later must hear what it
    /// heard.
    fn retention(&mut self, retention: Retention) {
        if !(366..=MAX_DAYS).contains(&retention.answers_days) {
            self.problem("/retention/answers_days", "must be 366 to 36600");
        }
        if !(1..=MAX_DAYS).contains(&retention.traces_days) {
            self.problem("/retention/traces_days", "must be 1 to 36600");
        }
    }

    fn limit(&mut self, pointer: &str, limit: Option<Limit>) {
        if limit.is_some_and(|limit| !(1..=1_000_000).contains(&limit.times)) {
            self.problem(&format!("{pointer}/times"), "must be 1 to 1000000");
        }
    }

    fn rate(&mut self, pointer: &str, text: &str) -> Rate {
        Rate::parse(text).unwrap_or_else(|error| {
            self.problem(pointer, &error.to_string());
            Rate::ONE
        })
    }

    fn points(&mut self, pointer: &str, points: i64) {
        if !(0..=MAX_POINTS).contains(&points) {
            self.problem(pointer, "must be 0 to 1000000000");
        }
    }

    fn cap(&mut self, pointer: &str, cap: Option<i64>) -> Option<i64> {
        if let Some(points) = cap {
            self.points(pointer, points);
        }
        cap
    }

    fn days(&mut self, pointer: &str, days: u32) {
        if days > MAX_DAYS {
            self.problem(pointer, "must be at most 36600");
        }
    }

    fn name(&mut self, pointer: &str, name: &str) {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || name.len() > 40 || !name.chars().all(allowed) {
            self.problem(pointer, "a name must have 1 to 40 of a–z, 0–9 and _");
        }
    }

    fn policy(&mut self, pointer: &str, name: &str) -> ExpiryPolicy {
        self.policies.get(name).cloned().unwrap_or_else(|| {
            self.problem(pointer, "names no policy of /expiry");
            ExpiryPolicy::Never
        })
    }

    fn availability(&mut self, pointer: &str, pending: Option<Pending>) -> Availability {
        match pending {
            None => Availability::AtOnce,
            Some(Pending { days: None }) => Availability::OnActivation,
            Some(Pending { days: Some(days) }) => {
                self.days(&format!("{pointer}/days"), days);
                Availability::After(ExpiryPolicy::Days { days, round_up_to: None })
            }
        }
    }

    fn returns(&mut self, returns: Returns) -> ReturnRules {
        let Returns { shortfall, grace_days, keep_qualification, lower_tier, free_caps, gifts } =
            returns;
        self.days("/returns/grace_days", grace_days.unwrap_or(0));
        ReturnRules {
            shortfall: match shortfall {
                ShortfallPolicy::PendingOnly => Shortfall::PendingOnly,
                ShortfallPolicy::WithinBalance => Shortfall::WithinBalance,
                ShortfallPolicy::Debt => Shortfall::Debt,
            },
            grace: grace_days.map(|days| ExpiryPolicy::Days { days, round_up_to: None }),
            keep_qualification,
            lower_tier,
            free_caps,
            gifts,
        }
    }

    fn ladder(&mut self, tiers: &Tiers) -> Ladder {
        if let QualifyingPeriod::RollingMonths { months } = tiers.period
            && !(1..=36).contains(&months)
        {
            self.problem("/tiers/period/months", "must be 1 to 36");
        }
        if tiers.levels.is_empty() || tiers.levels.len() > 20 {
            self.problem("/tiers/levels", "must have 1 to 20 levels");
        }
        let mut before: Option<i64> = None;
        let mut growth_before = 0;
        let mut names: Vec<&str> = Vec::new();
        let mut levels = Vec::new();
        for (index, level) in tiers.levels.iter().enumerate() {
            let at = format!("/tiers/levels/{index}");
            self.name(&format!("{at}/id"), &level.id);
            if names.contains(&level.id.as_str()) {
                self.problem(&format!("{at}/id"), "is the name of another level");
            }
            match before {
                None if level.from != 0 => {
                    self.problem(&format!("{at}/from"), "the first level must start at 0")
                }
                Some(below) if level.from <= below => {
                    self.problem(&format!("{at}/from"), "must be more than the level below")
                }
                _ => {}
            }
            before = Some(level.from);
            if let Some(growth) = level.or_growth {
                self.points(&format!("{at}/or_growth"), growth);
                if index == 0 || growth <= growth_before {
                    self.problem(
                        &format!("{at}/or_growth"),
                        "must be more than that of the level below, and not on the first",
                    );
                }
                growth_before = growth;
            }
            names.push(&level.id);
            let multiplier = self.rate(&format!("{at}/multiplier"), &level.multiplier);
            if multiplier < Rate::ONE || multiplier.millionths() > 1_000_000_000 {
                self.problem(&format!("{at}/multiplier"), "must be 1 to 1000");
            }
            self.points(&format!("{at}/gift_points"), level.gift_points);
            let (gift_points, gift_coupon) = (level.gift_points, level.gift_coupon.clone());
            levels.push(Level {
                id: level.id.clone(),
                from: level.from,
                or_growth: level.or_growth,
                multiplier,
                gift_points,
                gift_coupon,
            });
        }
        let gift_expiry = self.policy("/tiers/gift_expiry", &tiers.gift_expiry);
        let lines = self.condition("/tiers/lines", Scope::Line, tiers.lines.as_ref());
        if tiers.grace_days > 366 {
            self.problem("/tiers/grace_days", "must be at most 366");
        }
        let Tiers { basis, period, downgrade, grace_days, .. } = *tiers;
        Ladder { basis, period, lines, downgrade, grace_days, gift_expiry, levels }
    }
}

/// RFC 6901: `~` and `/` inside a pointer's step.
fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::default_document;

    #[test]
    fn the_default_is_valid() {
        assert!(Rulebook::new(&default_document(), 1).is_ok());
    }

    fn accepted(rate: &str) -> crate::Accepted {
        crate::Accepted { rate: rate.to_owned(), expiry: None }
    }

    fn with_coupon(document: &mut Document, change: impl FnOnce(&mut crate::CouponRule)) {
        let mut rule = crate::CouponRule {
            off_minor: Some(1),
            off_percent: None,
            max_off_minor: None,
            min_minor: 0,
            expiry: "campaign".to_owned(),
            categories: vec![],
            channels: vec![],
            stores: vec![],
            stacks: false,
        };
        change(&mut rule);
        document.coupons.insert("ten".to_owned(), rule);
    }

    fn fast(event: &str, times: i64) -> crate::Velocity {
        crate::Velocity {
            event: event.to_owned(),
            times,
            per: crate::Per::Day,
            then: crate::Suspicion::Review,
        }
    }

    #[test]
    fn every_problem_has_its_place() {
        type Change = fn(&mut Document);
        let cases: [(Change, &str); 44] = [
            (|d| d.format = 2, "/format"),
            (|d| d.currency = "yuan".into(), "/currency"),
            (|d| d.time_zone = "Mars/Olympus".into(), "/time_zone"),
            (|d| d.accept_late_days = 40_000, "/accept_late_days"),
            (|d| d.purchase.points_per_unit = "-1".into(), "/purchase/points_per_unit"),
            (|d| d.purchase.growth_per_unit = "1e9".into(), "/purchase/growth_per_unit"),
            (|d| d.purchase.points_per_day = Some(-1), "/purchase/points_per_day"),
            (|d| d.purchase.expiry = "none".into(), "/purchase/expiry"),
            (
                |d| d.purchase.pending = Some(crate::Pending { days: Some(40_000) }),
                "/purchase/pending/days",
            ),
            (|d| d.actions.get_mut("share").unwrap().points = -5, "/actions/share/points"),
            (
                |d| {
                    d.actions.get_mut("share").unwrap().limit =
                        Some(crate::Limit { times: 0, per: crate::Per::Day })
                },
                "/actions/share/limit/times",
            ),
            (|d| d.caps.points_per_day = Some(i64::MAX), "/caps/points_per_day"),
            (
                |d| {
                    let bad = crate::Expiry::FixedDates {
                        dates: vec!["12-31".into(), "02-30".into()],
                        min_days: 0,
                    };
                    d.expiry.insert("a/b".into(), bad);
                },
                "/expiry/a~1b/dates/1",
            ),
            (|d| d.tiers.as_mut().unwrap().levels[0].from = 1, "/tiers/levels/0/from"),
            (|d| d.tiers.as_mut().unwrap().levels[2].from = 5, "/tiers/levels/2/from"),
            (
                |d| d.tiers.as_mut().unwrap().levels[1].multiplier = "0.5".into(),
                "/tiers/levels/1/multiplier",
            ),
            (
                |d| d.tiers.as_mut().unwrap().levels[0].or_growth = Some(5),
                "/tiers/levels/0/or_growth",
            ),
            (
                |d| {
                    let levels = &mut d.tiers.as_mut().unwrap().levels;
                    (levels[1].or_growth, levels[2].or_growth) = (Some(9), Some(9));
                },
                "/tiers/levels/2/or_growth",
            ),
            (|d| d.reminders.days_before = vec![0], "/reminders/days_before"),
            (
                |d| {
                    let limit = Some(crate::Limit { times: 0, per: crate::Per::Hour });
                    d.actions.get_mut("share").unwrap().device_limit = limit;
                },
                "/actions/share/device_limit/times",
            ),
            (|d| d.risk.review_above_minor = Some(-1), "/risk/review_above_minor"),
            (|d| d.risk.review_above_points = Some(-1), "/risk/review_above_points"),
            (
                |d| d.actions.get_mut("share").unwrap().coupon = Some("x".into()),
                "/actions/share/coupon",
            ),
            (
                |d| d.tiers.as_mut().unwrap().levels[1].gift_coupon = Some("x".into()),
                "/tiers/levels/1/gift_coupon",
            ),
            (
                |d| {
                    d.purchase.coupon =
                        Some(crate::PurchaseCoupon { coupon: "x".into(), from_minor: 0 })
                },
                "/purchase/coupon/coupon",
            ),
            (|d| with_coupon(d, |c| c.off_percent = Some(5)), "/coupons/ten"),
            (|d| with_coupon(d, |c| c.off_minor = Some(0)), "/coupons/ten/off_minor"),
            (
                |d| with_coupon(d, |c| (c.off_minor, c.off_percent) = (None, Some(101))),
                "/coupons/ten/off_percent",
            ),
            (|d| with_coupon(d, |c| c.max_off_minor = Some(5)), "/coupons/ten/max_off_minor"),
            (|d| with_coupon(d, |c| c.expiry = "x".into()), "/coupons/ten/expiry"),
            (|d| with_coupon(d, |c| c.channels = vec![String::new()]), "/coupons/ten/channels"),
            (|d| d.redemption.as_mut().unwrap().max_percent = 101, "/redemption/max_percent"),
            (|d| d.transfers.as_mut().unwrap().min_points = 0, "/transfers/min_points"),
            (|d| d.transfers.as_mut().unwrap().min_points = 20_000, "/transfers/max_points"),
            (
                |d| {
                    d.transfers.as_mut().unwrap().limit =
                        Some(crate::Limit { times: 0, per: crate::Per::Day })
                },
                "/transfers/limit/times",
            ),
            (
                |d| drop(d.exchanges.accepts.insert("a".into(), accepted("0"))),
                "/exchanges/accepts/a/rate",
            ),
            (
                |d| drop(d.exchanges.accepts.insert("a".into(), accepted("-1"))),
                "/exchanges/accepts/a/rate",
            ),
            (
                |d| drop(d.exchanges.accepts.insert("a b/c".into(), accepted("1"))),
                "/exchanges/accepts/a b~1c",
            ),
            (
                |d| {
                    let accepted = crate::Accepted { expiry: Some("x".into()), ..accepted("1") };
                    d.exchanges.accepts.insert("a".into(), accepted);
                },
                "/exchanges/accepts/a/expiry",
            ),
            (
                |d| {
                    let offer = crate::Transfers { min_points: 0, ..d.transfers.unwrap() };
                    d.exchanges.offers.insert("a".into(), offer);
                },
                "/exchanges/offers/a/min_points",
            ),
            (
                |d| {
                    d.exchanges.offers =
                        (0..101).map(|n| (format!("p{n}"), d.transfers.unwrap())).collect()
                },
                "/exchanges/offers",
            ),
            (|d| d.risk.velocity = vec![fast("dance", 1)], "/risk/velocity/0/event"),
            (|d| d.risk.velocity = vec![fast("purchase", 0)], "/risk/velocity/0/times"),
            (
                |d| d.risk.velocity = vec![fast("purchase", 1), fast("purchase", 2)],
                "/risk/velocity/1",
            ),
        ];
        for (change, pointer) in cases {
            let mut document = default_document();
            change(&mut document);
            let problems = Rulebook::new(&document, 1).err().unwrap_or_default();
            assert_eq!(problems.iter().map(|p| p.pointer.as_str()).collect::<Vec<_>>(), [pointer]);
        }
    }

    /// Bounds that came later are asked of new documents only: what was published before them goes
    /// on.
    #[test]
    fn bounds_that_nothing_meets_are_no_new_rules() {
        let mut document = default_document();
        let bounds = crate::Transfers {
            min_points: 5,
            points_per_day: Some(4),
            ..document.transfers.unwrap()
        };
        document.transfers = Some(bounds);
        document.exchanges.offers.insert("a".into(), bounds);
        let problems = Rulebook::new(&document, 1).err().unwrap_or_default();
        let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(pointers, ["/transfers/points_per_day", "/exchanges/offers/a/points_per_day"]);
        let zone = document.time_zone.parse().ok();
        assert!(Rulebook::published(&document, zone, &Conditions::default(), 1).is_ok());
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let mut document = default_document();
        document.format = 9;
        document.currency.clear();
        document.reminders.days_before = vec![0];
        assert_eq!(Rulebook::new(&document, 1).err().map(|p| p.len()), Some(3));
    }
}
