//! Random rulebooks: every kind of expiry policy, limit, cap, rounding, consumption order, ladder
//! basis, period and downgrade.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use ledger::Currency;
use rules::{
    ActionRule, ApprovalStep, ApprovalTotals, Approvals, Caps, Consumption, CouponRule, Document,
    Downgrade, Enrolment, Expiry, GiftPolicy, GrantRule, Limit, Multiples, Pending, Per,
    PointPrice, PurchaseCoupon, PurchaseRule, QualifyingPeriod, RedemptionRule, Returns, Reward,
    RewardKind, Risk, RoundUpTo, RoundingMode, ShortfallPolicy, StepUp, Suspicion, TierBasis,
    TierLevel, Tiers, Transfers, Velocity,
};

use crate::random::Random;

/// Zones, each with local days worth starting near: nights that skip or double midnight, month
/// ends, leap days, year ends.
pub const ZONES: &[(Tz, &[&str])] = &[
    (Tz::Asia__Shanghai, &["2026-12-31", "2028-02-29", "1991-04-14"]),
    (Tz::America__New_York, &["2026-03-08", "2026-11-01", "2027-12-31"]),
    (Tz::America__Sao_Paulo, &["2017-10-15", "2018-02-18", "2018-11-04"]),
    (Tz::America__Havana, &["2026-03-08", "2026-11-01"]),
    (Tz::Asia__Beirut, &["2026-03-29", "2026-10-25"]),
    (Tz::Africa__Cairo, &["2024-04-26", "2024-11-01"]),
    (Tz::Pacific__Apia, &["2011-12-30", "2012-02-29"]),
    (Tz::Asia__Kathmandu, &["2028-02-29"]),
    (Tz::America__St_Johns, &["2010-11-07", "2011-03-13", "2028-02-29"]),
    (Tz::Australia__Lord_Howe, &["2026-04-05", "2026-10-04"]),
    (Tz::America__Santiago, &["2026-04-05", "2026-09-06"]),
    (Tz::America__Nuuk, &["2026-03-29", "2026-10-25"]),
    (Tz::Europe__London, &["2026-03-29", "2028-01-31"]),
    (Tz::Pacific__Kiritimati, &["1994-12-31", "2026-01-31"]),
];

/// Currencies and their decimals.
pub const CURRENCIES: &[(&str, u32)] =
    &[("CNY", 2), ("CNY", 2), ("JPY", 0), ("BHD", 3), ("CLF", 4)];

const EVENTS: &[&str] = &["check_in", "review", "sign_up"];
const RATES: &[&str] = &["1", "0.1", "1.5", "0.333333", "2", "0.01", "0", "12.345678"];
const COUPONS: &[&str] = &["c1", "c2"];
const POLICIES: &[&str] = &["a", "b", "c"];

pub fn document(random: &mut Random, zone: Tz) -> Document {
    let mut document = Document {
        currency: random.pick(CURRENCIES).0.to_owned(),
        time_zone: zone.name().to_owned(),
        enrolment: if random.chance(20) { Enrolment::Explicit } else { Enrolment::Automatic },
        members: rules::Members::default(),
        accept_late_days: *random.pick(&[0, 1, 1, 7, 40]),
        purchase: PurchaseRule {
            points_per_unit: String::new(),
            growth_per_unit: String::new(),
            lines: None,
            points_per_day: cap(random),
            expiry: POLICIES[0].to_owned(),
            pending: None,
            coupon: None,
        },
        actions: EVENTS.iter().map(|event| ((*event).to_owned(), action(random))).collect(),
        caps: Caps { points_per_day: cap(random), budget: None },
        expiry: BTreeMap::new(),
        tiers: random.chance(80).then(|| tiers(random)),
        risk: risk(random),
        redemption: None,
        transfers: None,
        ..rules::default_document()
    };
    for charity in ["pandas", "trees"] {
        if charity == "pandas" || random.chance(50) {
            document.donations.insert(charity.to_owned(), bounds(random));
        }
    }
    for name in ["birthday", "welcome"] {
        if name == "birthday" || random.chance(50) {
            document.grants.insert(name.to_owned(), grant(random));
        }
    }
    republish(random, &mut document);
    document
}

fn grant(random: &mut Random) -> GrantRule {
    let points = *random.pick(&[0, 5, 40]);
    let coupon = points == 0 || random.chance(40);
    let per = *random.pick(&[Per::Day, Per::Month, Per::Year, Per::Lifetime]);
    GrantRule {
        points,
        expiry: Some((*random.pick(POLICIES)).to_owned()),
        coupon: coupon.then(|| (*random.pick(COUPONS)).to_owned()),
        limit: random.chance(50).then(|| Limit { times: random.between(1, 2), per }),
        budgets: vec![],
    }
}

/// Better prices than the common one.
fn prices(
    random: &mut Random,
    (points_per_unit, currency): (i64, &str),
    tiers: &[Vec<String>],
) -> Vec<PointPrice> {
    let unit = 10i64.pow(Currency::new(currency).unwrap().decimals());
    (0..*random.pick(&[0, 0, 1, 3]))
        .map(|_| {
            let points = *random.pick(&[1, 9, 100]);
            PointPrice {
                tiers: random.pick(tiers).clone(),
                from_points: *random.pick(&[1, 10, 15]),
                points,
                off_minor: points * unit / points_per_unit + random.between(1, 3),
            }
        })
        .collect()
}

fn bounds(random: &mut Random) -> Transfers {
    Transfers {
        min_points: *random.pick(&[1, 1, 5]),
        max_points: *random.pick(&[None, Some(40)]),
        points_per_day: *random.pick(&[None, Some(50)]),
        limit: *random.pick(&[None, Some(Limit { times: 2, per: Per::Day })]),
    }
}

/// Changes all that a merchant may change without counters and qualification losing their meaning.
pub fn republish(random: &mut Random, document: &mut Document) {
    document.rounding = *random.pick(&[RoundingMode::Down, RoundingMode::HalfUp]);
    document.consumption =
        *random.pick(&[Consumption::ExpiringFirst, Consumption::FirstInFirstOut]);
    document.purchase.points_per_unit = (*random.pick(RATES)).to_owned();
    document.purchase.growth_per_unit = (*random.pick(RATES)).to_owned();
    document.purchase.expiry = (*random.pick(POLICIES)).to_owned();
    document.purchase.pending = pending(random);
    document.expiry = POLICIES.iter().map(|name| ((*name).to_owned(), expiry(random))).collect();
    document.coupons = COUPONS.iter().map(|name| ((*name).to_owned(), coupon(random))).collect();
    document.redemption = random.chance(80).then(|| RedemptionRule {
        points_per_unit: *random.pick(&[1, 7, 100]),
        max_percent: *random.pick(&[1, 50, 100]),
        multiple_of: *random.pick(&[1, 1, 10]),
        min_points: *random.pick(&[1, 5]),
        max_points: *random.pick(&[None, Some(20)]),
        prices: vec![],
    });
    document.purchase.coupon = random.chance(30).then(|| PurchaseCoupon {
        coupon: (*random.pick(COUPONS)).to_owned(),
        from_minor: *random.pick(&[0, 5_000]),
    });
    document.reminders.days_before =
        random.pick(&[vec![7, 3, 1], vec![], vec![1], vec![30, 1, 1, 90], vec![2]]).clone();
    document.returns = Returns {
        shortfall: *random.pick(&[
            ShortfallPolicy::PendingOnly,
            ShortfallPolicy::WithinBalance,
            ShortfallPolicy::Debt,
        ]),
        grace_days: *random.pick(&[None, Some(0), Some(10)]),
        keep_qualification: random.chance(30),
        lower_tier: random.chance(50),
        free_caps: random.chance(50),
        gifts: *random.pick(&[GiftPolicy::Keep, GiftPolicy::TakeBack]),
    };
    let role = |random: &mut Random| {
        (*random.pick(&["approver", "department_head", "vice_president"])).to_owned()
    };
    document.approvals = Approvals {
        steps: vec![
            ApprovalStep { up_to: Some(50), roles: vec![role(random)] },
            ApprovalStep { up_to: None, roles: vec![role(random), role(random)] },
        ],
        days: *random.pick(&[1, 14]),
        reasons: random.pick(&[vec![], vec!["goodwill".to_owned()]]).clone(),
        totals: ApprovalTotals {
            member: multiples(random),
            requester: multiples(random),
            approver: multiples(random),
        },
    };
    let (basis, downgrade) = (
        random.next(),
        *random.pick(&[Downgrade::OneStep, Downgrade::ToQualified, Downgrade::Never]),
    );
    if let Some(tiers) = &mut document.tiers {
        tiers.downgrade = downgrade;
        tiers.gift_expiry = (*random.pick(POLICIES)).to_owned();
        tiers.levels = levels(&mut Random::new(basis), tiers.basis);
    }
    if let Some(redemption) = &mut document.redemption {
        let levels = || document.tiers.iter().flat_map(|tiers| &tiers.levels);
        let has_silver = levels().any(|level| level.id == "silver");
        let tiers = [vec![], if has_silver { vec!["silver".to_owned()] } else { vec![] }];
        let common = (redemption.points_per_unit, document.currency.as_str());
        redemption.prices = prices(random, common, &tiers);
    }
}

fn multiples(random: &mut Random) -> Multiples {
    let multiples = [None, None, Some(1), Some(3), Some(100)];
    Multiples { day: *random.pick(&multiples), month: *random.pick(&multiples) }
}

fn cap(random: &mut Random) -> Option<i64> {
    *random.pick(&[None, None, None, Some(0), Some(7), Some(100), Some(1_000_000_000)])
}

fn action(random: &mut Random) -> ActionRule {
    let per = *random.pick(&[Per::Day, Per::Day, Per::Month, Per::Year, Per::Lifetime]);
    ActionRule {
        points: random.below(30),
        growth: random.below(10),
        limit: random.chance(80).then(|| Limit { times: random.between(1, 3), per }),
        device_limit: random.chance(40).then(|| Limit {
            times: random.between(1, 2),
            per: *random.pick(&[Per::Hour, Per::Day, Per::Month]),
        }),
        expiry: (*random.pick(POLICIES)).to_owned(),
        pending: pending(random),
        coupon: random.chance(15).then(|| (*random.pick(COUPONS)).to_owned()),
    }
}

/// Counted is only what a rule asks for, so that the rules of velocity stay as they are.
fn step_up(random: &mut Random) -> Option<StepUp> {
    let above_points = *random.pick(&[None, Some(0), Some(10), Some(100)]);
    let new_device = above_points.is_none() || random.chance(50);
    random.chance(40).then_some(StepUp { above_points, new_device, ..StepUp::default() })
}

fn risk(random: &mut Random) -> Risk {
    let mut velocity = Vec::new();
    for event in ["purchase", "check_in"] {
        for per in [Per::Hour, Per::Day] {
            let then = *random.pick(&[Suspicion::Review, Suspicion::Review, Suspicion::Refuse]);
            let times = random.between(1, 4);
            velocity.extend(random.chance(15).then(|| Velocity {
                event: event.to_owned(),
                times,
                per,
                then,
            }));
        }
    }
    Risk {
        review_above_minor: *random.pick(&[
            None,
            None,
            None,
            None,
            Some(0),
            Some(3_000),
            Some(50_000),
        ]),
        review_above_points: *random.pick(&[None, None, None, None, None, Some(5), Some(400)]),
        velocity,
        step_up: step_up(random),
    }
}

fn coupon(random: &mut Random) -> CouponRule {
    let is_share = random.chance(50);
    CouponRule {
        off_minor: (!is_share).then(|| random.between(1, 5_000)),
        off_percent: is_share.then(|| random.between(1, 100)),
        max_off_minor: (is_share && random.chance(50)).then_some(700),
        min_minor: *random.pick(&[0, 0, 3_000]),
        expiry: (*random.pick(POLICIES)).to_owned(),
        categories: random.pick(&[vec![], vec![], vec!["BAKERY".to_owned()]]).clone(),
        channels: random.pick(&[vec![], vec![], vec![], vec!["app".to_owned()]]).clone(),
        stores: vec![],
        stacks: false,
    }
}

/// A small catalogue: something rare, and a coupon.
pub fn rewards(random: &mut Random) -> BTreeMap<String, Reward> {
    let reward = |points, coupon: Option<&str>| Reward {
        name: "a reward".to_owned(),
        description: None,
        kind: if coupon.is_some() { RewardKind::Coupon } else { RewardKind::Goods },
        points,
        points_by_tier: BTreeMap::new(),
        cash_minor: 0,
        stock: None,
        limit: None,
        from: None,
        until: None,
        tiers: vec![],
        coupon: coupon.map(str::to_owned),
        pools: vec![],
        offered: true,
    };
    let mut rare = reward(random.between(1, 20), None);
    rare.stock = Some(random.between(0, 6));
    rare.cash_minor = 990;
    if random.chance(50) {
        rare.points_by_tier = [("silver".to_owned(), random.between(1, 25))].into();
    }
    rare.limit =
        random.chance(50).then(|| Limit { times: 2, per: *random.pick(&[Per::Day, Per::Month]) });
    let mut coupon = reward(random.between(1, 5), Some("c1"));
    coupon.tiers =
        random.pick(&[vec![], vec![], vec!["silver".to_owned(), "gold".to_owned()]]).clone();
    let mut gone = reward(1, None);
    gone.offered = false;
    [("rare", rare), ("coupon", coupon), ("gone", gone)]
        .map(|(id, reward)| (id.to_owned(), reward))
        .into()
}

fn pending(random: &mut Random) -> Option<Pending> {
    let days = *random.pick(&[Some(0), Some(1), Some(7), Some(30), None]);
    random.chance(40).then_some(Pending { days })
}

fn expiry(random: &mut Random) -> Expiry {
    let round_up_to = *random.pick(&[
        None,
        None,
        Some(RoundUpTo::Month),
        Some(RoundUpTo::Quarter),
        Some(RoundUpTo::Half),
        Some(RoundUpTo::Year),
    ]);
    match random.below(8) {
        0 => Expiry::Never {},
        7 => Expiry::Sliding { days: *random.pick(&[0, 7, 30, 365]) },
        1 => Expiry::Days { days: random.below(4) as u32, round_up_to: None },
        2 => Expiry::Days { days: *random.pick(&[7, 30, 90, 365]), round_up_to },
        3 | 4 => Expiry::Months { months: *random.pick(&[0, 1, 1, 2, 12, 13]), round_up_to },
        _ => {
            let choices =
                [&["12-31"][..], &["02-29"], &["06-30", "12-31"], &["01-31", "03-08", "11-01"]];
            let dates = random.pick(&choices);
            let dates = dates.iter().map(|date| (*date).to_owned()).collect();
            Expiry::FixedDates { dates, min_days: *random.pick(&[0, 0, 1, 30, 365]) }
        }
    }
}

fn tiers(random: &mut Random) -> Tiers {
    let basis = *random.pick(&[
        TierBasis::Spend,
        TierBasis::Growth,
        TierBasis::Orders,
        TierBasis::AverageOrder,
    ]);
    let period = match random.below(4) {
        0 => QualifyingPeriod::Lifetime {},
        1 => QualifyingPeriod::CalendarYear {},
        _ => QualifyingPeriod::RollingMonths { months: *random.pick(&[1, 2, 3, 12]) },
    };
    let gift_expiry = POLICIES[0].to_owned();
    let grace_days = *random.pick(&[0, 0, 1, 40]);
    Tiers {
        basis,
        minimum_orders: None,
        period,
        lines: None,
        downgrade: Downgrade::OneStep,
        grace_days,
        gift_expiry,
        levels: Vec::new(),
    }
}

fn levels(random: &mut Random, basis: TierBasis) -> Vec<TierLevel> {
    let step = match basis {
        TierBasis::Spend => 30_000,
        TierBasis::Growth => 60,
        TierBasis::Orders => 4,
        TierBasis::AverageOrder => 5_000,
    };
    let (mut from, mut growth) = (0, 0);
    let names = ["member", "silver", "gold", "diamond"];
    let levels = names.into_iter().take(random.between(1, 4) as usize).map(|id| {
        let level = TierLevel {
            id: id.to_owned(),
            from,
            or_growth: (from > 0 && random.chance(30)).then_some(growth),
            multiplier: (*random.pick(&["1", "1.1", "1.5", "2.000001"])).to_owned(),
            gift_points: *random.pick(&[0, 5, 500]),
            gift_coupon: random.chance(30).then(|| (*random.pick(COUPONS)).to_owned()),
            benefits: Vec::new(),
        };
        from += random.between(1, step);
        growth += random.between(1, 60);
        level
    });
    levels.collect()
}
