//! From document to rulebook: every problem at once, each with a JSON pointer to its place.

use ledger::{KINDS, Zone};

use crate::condition::{Condition, Conditions, MAX_NAMED_TAGS, MAX_PUBLISHED, compile};
use crate::document::check::escape;
use crate::document::{Document, Problem};
use crate::rulebook::Rulebook;

/// The most nodes that all conditions have together, as often as they are asked: an event looks at
/// each of them, some once a line.
const MAX_NODES: usize = 5_000;

impl Rulebook {
    /// Validates a document, looks its zone up in the time zone database and reads its conditions.
    ///
    /// # Errors
    /// Every [`Problem`] found.
    pub fn new(document: &Document, version: i64) -> Result<Self, Vec<Problem>> {
        // What was published before a check was there goes on.
        let mut problems = Vec::new();
        for name in document.actions.keys() {
            // References are unique by event or kind, so an action must not bear the name of
            // another one.
            if name == "purchase" || KINDS.iter().any(|kind| kind.as_str() == name) {
                let detail = "is the name of something else than an action".to_owned();
                problems.push(Problem { pointer: format!("/actions/{}", escape(name)), detail });
            }
        }
        match document.clone().compile(document.time_zone.parse().ok(), &compile, (version, true)) {
            Ok(book) => {
                if book.asked().map(Condition::size).sum::<usize>() > MAX_NODES {
                    let detail = format!("ask for more than {MAX_NODES} things in all");
                    problems.push(Problem { pointer: "/rules".to_owned(), detail });
                }
                problems.extend(too_costly(&book));
                problems.extend(too_many_tags(&book));
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
        document: Document,
        zone: Option<Zone>,
        conditions: &Conditions,
        version: i64,
    ) -> Result<Self, Vec<Problem>> {
        let unread = || "was not read when the rulebook was published".to_owned();
        let read = |text: &str, scope| conditions.get(scope, text).cloned().ok_or_else(unread);
        document.compile(zone, &read, (version, false))
    }
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

/// More tags than are copied for each member.
fn too_many_tags(book: &Rulebook) -> Option<Problem> {
    let count = book.tags_named().len();
    (count > MAX_NAMED_TAGS).then(|| Problem {
        pointer: "/rules".to_owned(),
        detail: format!("look for {count} tags in all, and must for {MAX_NAMED_TAGS} at most"),
    })
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

    /// A price that is right, changed.
    fn price(document: &mut Document, change: impl FnOnce(&mut crate::PointPrice)) {
        let tiers = vec!["gold".to_owned()];
        let mut price = crate::PointPrice { tiers, from_points: 1, points: 100, off_minor: 101 };
        change(&mut price);
        document.redemption.as_mut().unwrap().prices = vec![price];
    }

    /// A grant that is right, changed.
    fn grant(document: &mut Document, change: impl FnOnce(&mut crate::GrantRule)) {
        let (of, per) = (crate::GrantBudgetOf::Programme, crate::Per::Month);
        let mut rule = crate::GrantRule {
            points: 5,
            expiry: Some("campaign".into()),
            coupon: None,
            limit: None,
            budgets: vec![crate::GrantBudget { of, times: 0, per }],
        };
        change(&mut rule);
        document.grants.insert("birthday".into(), rule);
    }

    fn step_up(document: &mut Document, above_points: Option<i64>, new_device: bool) {
        document.risk.step_up =
            Some(crate::StepUp { above_points, new_device, ..crate::StepUp::default() });
    }

    fn codes(document: &mut Document, codes_per_hour: i64) {
        document.risk.step_up = Some(crate::StepUp {
            above_points: None,
            new_device: true,
            codes_per_hour: Some(codes_per_hour),
        });
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
        let cases: [(Change, &str); 64] = [
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
            (|d| step_up(d, Some(-1), false), "/risk/step_up/above_points"),
            (|d| step_up(d, None, false), "/risk/step_up"),
            (|d| codes(d, 0), "/risk/step_up/codes_per_hour"),
            (|d| codes(d, 100_001), "/risk/step_up/codes_per_hour"),
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
            (|d| price(d, |price| price.points = 0), "/redemption/prices/0/points"),
            (|d| price(d, |price| price.from_points = 0), "/redemption/prices/0/from_points"),
            (|d| price(d, |price| price.off_minor = 99), "/redemption/prices/0/off_minor"),
            (
                |d| price(d, |price| price.tiers = vec!["gold".into(), "x".into()]),
                "/redemption/prices/0/tiers/1",
            ),
            (
                |d| {
                    price(d, |_| {});
                    let prices = &mut d.redemption.as_mut().unwrap().prices;
                    *prices = vec![prices[0].clone(); 21];
                },
                "/redemption/prices",
            ),
            (|d| grant(d, |rule| rule.points = -1), "/grants/birthday/points"),
            (|d| grant(d, |rule| rule.expiry = None), "/grants/birthday/expiry"),
            (|d| grant(d, |rule| rule.expiry = Some("x".into())), "/grants/birthday/expiry"),
            (|d| grant(d, |rule| rule.coupon = Some("x".into())), "/grants/birthday/coupon"),
            (|d| grant(d, |rule| rule.points = 0), "/grants/birthday"),
            (
                |d| {
                    grant(d, |rule| {
                        rule.limit = Some(crate::Limit { times: 0, per: crate::Per::Day })
                    })
                },
                "/grants/birthday/limit/times",
            ),
            (|d| grant(d, |rule| rule.budgets[0].times = -1), "/grants/birthday/budgets/0/times"),
            (
                |d| grant(d, |rule| rule.budgets[0].of = crate::GrantBudgetOf::Person),
                "/grants/birthday/budgets",
            ),
            (
                |d| grant(d, |rule| rule.budgets.push(rule.budgets[0])),
                "/grants/birthday/budgets/1/of",
            ),
            (
                |d| {
                    grant(d, |_| {});
                    let rule = d.grants.remove("birthday").unwrap();
                    d.grants = (0..101).map(|n| (format!("g{n}"), rule.clone())).collect();
                },
                "/grants",
            ),
            (
                |d| {
                    grant(d, |_| {});
                    let rule = d.grants.remove("birthday").unwrap();
                    d.grants.insert("Birth/day".into(), rule);
                },
                "/grants/Birth~1day",
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
        assert!(Rulebook::published(document, zone, &Conditions::default(), 1).is_ok());
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
