//! Tables for the tier ladder: upgrades in the earn, ends of tiers, projections.

use ledger::{Context, Currency, EntryId, MemberId, Money, ProgrammeId};

use super::*;
use crate::document::{Document, Limit, Per};
use crate::operations::{Earn, Redeem, Settle};
use crate::{Case, EarnEvent, Line, Operation, PriorRecords, decide, default_document, projection};

struct World {
    book: Rulebook,
    member: Member,
    ids: EntryId,
}

impl World {
    fn new(change: impl FnOnce(&mut Document)) -> Self {
        let mut document = default_document();
        document.accept_late_days = 3_000;
        change(&mut document);
        let book = Rulebook::new(&document, 1).unwrap();
        Self { book, member: Member::new(MemberId::new("m").unwrap()), ids: EntryId(1) }
    }

    fn run(&mut self, now: &str, operation: &dyn Operation) -> Vec<(String, i64)> {
        let context = Context {
            programme: ProgrammeId::new("p").unwrap(),
            spread: 1,
            rulebook_version: 1,
            now: Timestamp::parse(now).unwrap(),
            first_id: self.ids,
            seed: ledger::Seed::default(),
        };
        let case = Case {
            book: &self.book,
            origin: &Origin::default(),
            recorded: &PriorRecords::default(),
            context,
        };
        let decided = decide(operation, &case, self.member.clone()).unwrap();
        self.member = decided.member;
        self.ids = EntryId(self.ids.0 + 100);
        decided
            .decision
            .postings
            .iter()
            .map(|p| {
                (
                    p.entry
                        .tier()
                        .as_ref()
                        .map_or(p.entry.kind().as_str().to_owned(), |t| t.to.clone()),
                    p.entry.points,
                )
            })
            .collect()
    }

    fn buy(&mut self, now: &str, amount_minor: i64) -> Vec<(String, i64)> {
        let amount = Money { amount_minor, currency: Currency::new("CNY").unwrap() };
        let lines = vec![Line { line: "1".into(), sku: None, category: None, quantity: 1, amount }];
        self.run(
            now,
            &Earn(EarnEvent { event: "purchase".into(), occurred_at: None, lines, device: None }),
        )
    }

    fn tier(&self) -> Option<(&str, Option<String>)> {
        self.member.tier.as_ref().map(|t| (t.id.as_str(), t.until.map(|u| u.to_string())))
    }
}

fn names(rows: &[(&str, i64)]) -> Vec<(String, i64)> {
    rows.iter().map(|(name, points)| ((*name).to_owned(), *points)).collect()
}

#[test]
fn the_earn_that_crosses_the_line_upgrades_with_the_gift() {
    let mut world = World::new(|_| {});
    assert_eq!(world.buy("2026-01-10T00:00:00Z", 199_999), names(&[("earn", 1999)]));
    assert_eq!(world.tier(), None);
    assert_eq!(world.buy("2026-01-11T00:00:00Z", 1), names(&[("earn", 0), ("silver", 500)]));
    assert_eq!(world.tier(), Some(("silver", Some("2027-01-11T16:00:00Z".into()))));
    // The multiplier counts from the next purchase on, and redeeming does not lower the tier.
    assert_eq!(world.buy("2026-01-12T00:00:00Z", 10_000), names(&[("earn", 110)]));
    world.run("2026-01-12T00:00:00Z", &Redeem { points: 2000 });
    assert_eq!(world.tier().map(|t| t.0), Some("silver"));
}

#[test]
fn one_big_purchase_gets_the_gifts_of_every_level_passed() {
    let mut world = World::new(|_| {});
    assert_eq!(
        world.buy("2026-01-10T00:00:00Z", 1_000_000),
        names(&[("earn", 10_000), ("gold", 2_500)])
    );
}

#[test]
fn tiers_end_as_the_rulebook_says() {
    use QualifyingPeriod as Q;
    // period, downgrade, spent in (month, amount)…, checked at → tier and until when
    type Case<'a> = (Q, Downgrade, &'a [(&'a str, i64)], &'a str, (&'a str, Option<&'a str>));
    let gold = [("2026-03-10T00:00:00Z", 1_000_000)];
    let cases: [Case; 8] = [
        (
            Q::RollingMonths { months: 12 },
            Downgrade::OneStep,
            &gold,
            "2027-03-10T15:59:59Z",
            ("gold", Some("2027-03-10T16:00:00Z")),
        ),
        (
            Q::RollingMonths { months: 12 },
            Downgrade::OneStep,
            &gold,
            "2027-03-10T16:00:00Z",
            ("silver", Some("2028-03-10T16:00:00Z")),
        ),
        (
            Q::RollingMonths { months: 12 },
            Downgrade::ToQualified,
            &gold,
            "2027-03-10T16:00:00Z",
            ("member", None),
        ),
        (
            Q::RollingMonths { months: 12 },
            Downgrade::Never,
            &gold,
            "2027-03-10T16:00:00Z",
            ("gold", Some("2028-03-10T16:00:00Z")),
        ),
        // Late by a year and a day: the same steps as if every night had run.
        (
            Q::RollingMonths { months: 12 },
            Downgrade::OneStep,
            &gold,
            "2028-03-11T16:00:00Z",
            ("member", None),
        ),
        (
            Q::CalendarYear {},
            Downgrade::OneStep,
            &gold,
            "2027-12-31T15:59:59Z",
            ("gold", Some("2027-12-31T16:00:00Z")),
        ),
        // Qualified again in 2027: kept through 2028, whenever the run comes.
        (
            Q::CalendarYear {},
            Downgrade::ToQualified,
            &[("2026-03-10T00:00:00Z", 1_000_000), ("2027-12-31T15:59:59Z", 1_000_000)],
            "2028-02-10T00:00:00Z",
            ("gold", Some("2028-12-31T16:00:00Z")),
        ),
        (Q::Lifetime {}, Downgrade::OneStep, &gold, "2060-01-01T00:00:00Z", ("gold", None)),
    ];
    for (period, downgrade, spent, now, (tier, until)) in cases {
        let mut world = World::new(|d| {
            let tiers = d.tiers.as_mut().unwrap();
            (tiers.period, tiers.downgrade) = (period, downgrade);
        });
        for (at, amount) in spent {
            world.buy(at, *amount);
        }
        world.run(now, &Settle);
        assert_eq!(
            world.tier(),
            Some((tier, until.map(str::to_owned))),
            "{period:?} {downgrade:?} {now}"
        );
        assert!(world.run(now, &Settle).is_empty(), "a second run finds nothing to do");
    }
}

/// What keeps a tier without grace keeps it with grace, and what is bought in the grace counts as
/// well.
#[test]
fn grace_makes_the_period_longer() {
    use QualifyingPeriod as Q;
    const GOLD: i64 = 1_000_000;
    // period, bought at, before the end and after it → tier and until when
    type Case<'a> = (Q, &'a [&'a str], &'a str, (&'a str, &'a str), &'a str, (&'a str, &'a str));
    let cases: [Case; 4] = [
        // Qualified again in 2026, and bought nothing in January 2027.
        (
            Q::CalendarYear {},
            &["2025-03-10T00:00:00Z", "2026-06-10T00:00:00Z"],
            "2027-01-30T15:59:59Z",
            ("gold", "2027-01-30T16:00:00Z"),
            "2027-01-30T16:00:00Z",
            ("gold", "2028-01-30T16:00:00Z"),
        ),
        // The grace itself counts.
        (
            Q::CalendarYear {},
            &["2025-03-10T00:00:00Z", "2027-01-30T15:00:00Z"],
            "2027-01-30T15:59:59Z",
            ("gold", "2027-01-30T16:00:00Z"),
            "2027-01-30T16:00:00Z",
            ("gold", "2028-01-30T16:00:00Z"),
        ),
        (
            Q::CalendarYear {},
            &["2025-03-10T00:00:00Z"],
            "2027-01-30T15:59:59Z",
            ("gold", "2027-01-30T16:00:00Z"),
            "2027-01-30T16:00:00Z",
            ("silver", "2028-01-30T16:00:00Z"),
        ),
        // The period ends on 10 January 2027 and begins with February 2026.
        (
            Q::RollingMonths { months: 12 },
            &["2026-01-10T00:00:00Z", "2026-02-03T00:00:00Z"],
            "2027-02-09T15:59:59Z",
            ("gold", "2027-02-09T16:00:00Z"),
            "2027-02-09T16:00:00Z",
            ("gold", "2028-02-09T16:00:00Z"),
        ),
    ];
    for (period, bought, last, (kept, until), end, (tier, next)) in cases {
        let mut world = World::new(|d| {
            let tiers = d.tiers.as_mut().unwrap();
            (tiers.period, tiers.grace_days) = (period, 30);
            (tiers.levels[1].from, tiers.levels[2].from) = (GOLD / 10, GOLD);
        });
        for at in bought {
            world.buy(at, GOLD);
        }
        world.run(last, &Settle);
        assert_eq!(world.tier(), Some((kept, Some(until.to_owned()))), "{period:?} {bought:?}");
        let keep = projection(&world.book, &world.member, Timestamp::parse(last).unwrap())
            .unwrap()
            .keep
            .unwrap();
        assert_eq!(keep.missing == 0, tier == kept, "{period:?} {bought:?}");
        world.run(end, &Settle);
        assert_eq!(world.tier(), Some((tier, Some(next.to_owned()))), "{period:?} {bought:?}");
    }
}

/// A tier does not remember which grace is in its end.
#[test]
fn another_grace_makes_no_year_longer() {
    for (before, after, until) in [
        (30, 0, "2027-12-31T16:00:00Z"),
        (0, 30, "2028-01-30T16:00:00Z"),
        (30, 10, "2028-01-10T16:00:00Z"),
    ] {
        let grace = |days| {
            move |d: &mut Document| {
                let tiers = d.tiers.as_mut().unwrap();
                (tiers.period, tiers.grace_days) = (QualifyingPeriod::CalendarYear {}, days);
            }
        };
        let mut world = World::new(grace(before));
        world.buy("2025-03-10T00:00:00Z", 1_000_000);
        world.book = World::new(grace(after)).book;
        world.run("2027-02-10T00:00:00Z", &Settle);
        assert_eq!(world.tier(), Some(("silver", Some(until.to_owned()))), "{before} {after}");
    }
}

#[test]
fn growth_and_orders_qualify_too() {
    for (basis, upgraded) in [(TierBasis::Growth, true), (TierBasis::Orders, false)] {
        let mut world = World::new(|d| {
            let tiers = d.tiers.as_mut().unwrap();
            tiers.basis = basis;
            tiers.levels.truncate(2);
            tiers.levels[1].from = 2;
            d.actions.get_mut("check_in").unwrap().limit = Some(Limit { times: 1, per: Per::Day });
        });
        let check_in = Earn(EarnEvent {
            event: "check_in".into(),
            occurred_at: None,
            lines: vec![],
            device: None,
        });
        world.run("2026-01-10T00:00:00Z", &check_in);
        world.run("2026-01-11T00:00:00Z", &check_in);
        assert_eq!(world.tier().is_some(), upgraded, "{basis:?}");
    }
}

#[test]
fn the_projection_says_what_is_missing() {
    let mut world = World::new(|_| {});
    world.buy("2026-01-10T00:00:00Z", 150_000);
    let now = Timestamp::parse("2026-01-10T00:00:01Z").unwrap();
    let at = projection(&world.book, &world.member, now).unwrap();
    assert_eq!(
        (at.tier.as_str(), at.value, at.next.as_ref().map(|g| g.missing), at.keep.is_some()),
        ("member", 150_000, Some(50_000), false)
    );
    world.buy("2026-06-10T00:00:00Z", 60_000);
    let at =
        projection(&world.book, &world.member, Timestamp::parse("2026-07-01T00:00:00Z").unwrap())
            .unwrap();
    let keep = at.keep.unwrap();
    // On 2027-06-10 the months from July 2026 on count: nothing spent so far does.
    assert_eq!((keep.tier.as_str(), keep.missing), ("silver", 200_000));
    assert_eq!(at.next.map(|g| (g.tier, g.missing)), Some(("gold".into(), 790_000)));
}

#[test]
fn old_months_are_dropped() {
    let mut world = World::new(|_| {});
    world.buy("2024-01-10T00:00:00Z", 100);
    world.buy("2026-01-10T00:00:00Z", 100);
    let first = |world: &World| world.member.qualification.months.first().map(|(month, _)| *month);
    // A tier of twelve months may be taken back for as long as it lasts, by the twelve months
    // before it.
    assert_eq!(first(&world), NaiveDate::from_ymd_opt(2024, 1, 1).map(day_number));
    world.buy("2026-02-10T00:00:00Z", 100);
    assert_eq!(first(&world), NaiveDate::from_ymd_opt(2026, 1, 1).map(day_number));
    assert_eq!(world.member.qualification.lifetime.spend_minor, 300);
}

#[test]
fn an_average_counts_from_so_many_orders_on() {
    let mut world = World::new(|document| {
        let tiers = document.tiers.as_mut().unwrap();
        tiers.basis = TierBasis::AverageOrder;
        tiers.minimum_orders = Some(3);
    });
    let at = |world: &World, now: &str| {
        let at = projection(&world.book, &world.member, Timestamp::parse(now).unwrap()).unwrap();
        let next = at.next.unwrap();
        (at.value, next.missing, next.missing_orders)
    };
    let now = "2026-01-10T00:00:00Z";
    assert_eq!(at(&world, now), (0, 200_000, Some(3)));
    world.buy(now, 400_000);
    assert_eq!(at(&world, now), (400_000, 0, Some(2)));
    world.buy(now, 100_000);
    // 599,999 in three orders: 199,999.67 each.
    world.buy(now, 99_999);
    assert_eq!((at(&world, now), world.tier()), ((199_999, 1, Some(0)), None));
    let bought = world.buy(now, 200_001);
    assert_eq!(bought, names(&[("earn", 2_000), ("silver", 500)]), "800,000 in four orders");
    // A cheap order lowers nobody before the end.
    world.buy(now, 100);
    assert_eq!(world.tier().map(|tier| tier.0), Some("silver"));
    // Too few orders within a year keep no level.
    world.buy("2027-01-05T00:00:00Z", 900_000);
    world.run("2027-01-10T16:00:00Z", &Settle);
    assert_eq!(world.tier().map(|tier| tier.0), Some("member"));
}
