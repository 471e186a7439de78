//! A bug of other systems: settings that are stored and never read. Each field of the schema must
//! change something.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use std::collections::BTreeSet;

use rules::operations::{
    DecideAdjustment, Donate, Earn, Exchange, Grant, NewAdjustment, PayWithPoints, RedeemCoupon,
    Remind, RequestAdjustment, ReturnScope, Settle, Transfer,
};
use rules::{
    Consumption, Document, Downgrade, EarnEvent, Enrolment, Expiry, Limit, Pending, Per,
    PurchaseCoupon, QualifyingPeriod, RoundingMode, Rulebook, ShortfallPolicy, Suspicion,
    TierBasis, Velocity,
};
use serde_json::{Value as Json, json};
use support::{AnyOperation, World, act, action, ask, at, buy, happened, purchase, spend};

/// An order that is paid with points, brings a tier and comes back when the points are gone and
/// their lots have ended.
fn returns(world: &mut World) -> Vec<String> {
    let mut outcomes = Vec::new();
    let mut run =
        |world: &mut World, now: &str, command| outcomes.push(world.run(at(now), &command, None));
    run(world, "2027-02-01T10:00:00+08:00", act("check_in"));
    run(world, "2027-02-01T10:00:00+08:00", spend(5));
    let redemption = world.entries.iter().rposition(|entry| entry.kind() == ledger::Kind::Redeem);
    run(world, "2027-02-02T10:00:00+08:00", buy(&[300_000]));
    let earn = world.entries.iter().rposition(|entry| entry.kind() == ledger::Kind::Earn);
    run(world, "2027-02-02T10:00:00+08:00", spend(2_000));
    let back = world.undo(earn, redemption, ReturnScope::Rest);
    run(world, "2027-05-02T10:00:00+08:00", back);
    outcomes.push(format!("{:?}", world.member.counters));
    let person =
        |name: &str| ledger::Person { actor: format!("key:{name}"), label: name.to_owned() };
    let wish = NewAdjustment {
        points: 9,
        reason_code: "goodwill".into(),
        evidence: None,
        expiry: None,
        by: person("anna"),
        undoes: None,
    };
    let mut run =
        |world: &mut World, now: &str, command| outcomes.push(world.run(at(now), &command, None));
    run(world, "2027-05-02T10:00:00+08:00", ask(RequestAdjustment(wish)));
    let request = world.entries.last().map_or(ledger::EntryId(0), |entry| entry.id);
    let approve = ask(DecideAdjustment {
        request,
        verdict: ledger::ApprovalVerdict::Approve,
        by: person("ben"),
        role: "approver".into(),
    });
    run(world, "2027-05-05T10:00:00+08:00", approve);
    outcomes
}

fn fast(times: i64, per: Per, then: Suspicion) -> Velocity {
    Velocity { event: "purchase".to_owned(), times, per, then }
}

fn step_up(above_points: Option<i64>, new_device: bool) -> Option<rules::StepUp> {
    Some(rules::StepUp { above_points, new_device, ..rules::StepUp::default() })
}

/// A decision about the member on a day of May 2027.
fn context(programme: &str, member: &ledger::Member, day: u32) -> ledger::Context {
    ledger::Context {
        programme: ledger::ProgrammeId::new(programme).unwrap(),
        spread: 1,
        rulebook_version: 1,
        now: at(&format!("2027-05-{day:02}T10:00:00+08:00")),
        first_id: ledger::EntryId(u128::from(member.sequence.0.unsigned_abs()) << 70),
        seed: ledger::Seed::default(),
    }
}

/// What would come of a gift to somebody, made on two days.
fn gift(world: &World, give: &AnyOperation) -> String {
    let mut member = world.member.clone();
    let mut other = ledger::Member::new(ledger::MemberId::new("other").unwrap());
    let run = |member: &mut ledger::Member,
               command: &AnyOperation,
               others: Vec<ledger::Member>,
               day: u32| {
        let recorded = rules::PriorRecords { others, ..rules::PriorRecords::default() };
        let origin = ledger::Origin::default();
        let context = context("p", member, day);
        let case = rules::Case { book: &world.book, origin: &origin, recorded: &recorded, context };
        match rules::decide(&**command, &case, member.clone()) {
            Ok(decided) => {
                *member = decided.member;
                "done".to_owned()
            }
            Err(stop) => stop.refusal().unwrap().to_string(),
        }
    };
    run(&mut other, &act("share"), vec![], 5);
    run(&mut member, &buy(&[1_000_000]), vec![], 5);
    [run(&mut member, give, vec![other.clone()], 5), run(&mut member, give, vec![other], 6)]
        .join(", ")
}

/// What would come of an exchange for points of another programme that runs by the same rulebook,
/// on two days and twice on the second.
fn exchanged(world: &World, points: i64) -> Vec<String> {
    let id = |name: &str| ledger::ProgrammeId::new(name).unwrap();
    let with = rules::operations::Partner {
        programme: id("there"),
        spread: 1,
        book: std::rc::Rc::new(world.book.clone()),
        gains: false,
    };
    let mut member = world.member.clone();
    let mut there = ledger::Member::new(member.id.clone());
    let run =
        |programme: &str, member: &mut ledger::Member, command: &AnyOperation, others, day: u32| {
            let context = context(programme, member, day);
            let recorded = rules::PriorRecords { others, ..rules::PriorRecords::default() };
            let origin = ledger::Origin::default();
            let case =
                rules::Case { book: &world.book, origin: &origin, recorded: &recorded, context };
            match rules::decide(&**command, &case, member.clone()) {
                Ok(decided) => {
                    *member = decided.member;
                    let grants =
                        |posting: &ledger::Posting| format!("{:?}", posting.entry.lots.grants);
                    decided.decision.postings.iter().map(grants).collect()
                }
                Err(stop) => stop.refusal().unwrap().to_string(),
            }
        };
    run("there", &mut there, &act("share"), vec![], 5);
    run("p", &mut member, &buy(&[1_000_000]), vec![], 5);
    let swap = ask(Exchange { with: Some(with), points });
    [5, 6, 6].map(|day| run("p", &mut member, &swap, vec![there.clone()], day)).to_vec()
}

/// What would come of a grant by two persons, by the first on two days.
fn granted(world: &World) -> Vec<String> {
    let (mut member, mut tallies) = (world.member.clone(), Vec::new());
    let mut run = |command: &AnyOperation, by: &str, day: u32| {
        let context = context("p", &member, day);
        let tallies_so_far = counted(&tallies);
        let recorded =
            rules::PriorRecords { tallies: tallies_so_far, ..rules::PriorRecords::default() };
        let origin = ledger::Origin { actor: by.to_owned(), ..ledger::Origin::default() };
        let case = rules::Case { book: &world.book, origin: &origin, recorded: &recorded, context };
        match rules::decide(&**command, &case, member.clone()) {
            Ok(decided) => {
                let told = |posting: &ledger::Posting| {
                    let coupons = posting.entry.effects.coupons.iter();
                    let coupons: Vec<&str> = coupons.map(|coupon| coupon.name.as_str()).collect();
                    format!("{:?} {coupons:?}", posting.entry.lots.grants)
                };
                let postings = decided.decision.postings;
                tallies.extend(postings.iter().flat_map(|one| one.entry.effects.tallies.clone()));
                member = decided.member;
                postings.iter().map(told).collect()
            }
            Err(stop) => stop.refusal().unwrap().to_string(),
        }
    };
    run(&act("share"), "till", 5);
    let grant = |by: &str| {
        let (grant, by) = ("birthday".to_owned(), by.to_owned());
        ask(Grant { grant, strategy: None, store: None, by, at_most: None })
    };
    [("anna", 5), ("anna", 6), ("ben", 6)].map(|(by, day)| run(&grant(by), by, day)).to_vec()
}

/// What counters of the programme stand at.
fn counted(tallies: &[ledger::Tally]) -> Vec<ledger::Counted> {
    tallies.iter().fold(Vec::new(), |mut counted: Vec<ledger::Counted>, tally| {
        match counted.iter_mut().find(|c| {
            (&c.subject, &c.name, c.period) == (&tally.subject, &tally.name, tally.period)
        }) {
            Some(same) => same.amount += tally.amount,
            None => counted.push(ledger::Counted {
                subject: tally.subject.clone(),
                name: tally.name.clone(),
                period: tally.period,
                amount: tally.amount,
            }),
        }
        counted
    })
}

/// A coupon for every purchase, its terms changed.
fn with_coupon(document: &mut Document, change: impl FnOnce(&mut rules::CouponRule)) {
    document.purchase.coupon = Some(PurchaseCoupon { coupon: "ten".into(), from_minor: 0 });
    change(document.coupons.get_mut("ten").unwrap());
}

/// Where budgets stand after the first purchases, and which of them are nearly spent.
fn budgets(world: &World) -> Vec<(rules::BudgetState, bool)> {
    let tallies: Vec<ledger::Tally> =
        world.entries.iter().flat_map(|entry| entry.effects.tallies.clone()).collect();
    let counted = counted(&tallies);
    let states = world.book.budget_states(&counted, at("2026-01-10T10:00:00+08:00"));
    states.into_iter().map(|state| (state.clone(), state.is_red())).collect()
}

fn on_a_device(event: EarnEvent) -> AnyOperation {
    ask(Earn(EarnEvent { device: Some("d".to_owned()), ..event }))
}

#[test]
fn a_setting_stored_but_never_read() {
    type Change = fn(&mut Document);
    fn tiers(document: &mut Document) -> &mut rules::Tiers {
        document.tiers.as_mut().unwrap()
    }
    let changes: [(&str, Change); 79] = [
        ("time_zone", |d| d.time_zone = "America/New_York".into()),
        ("rounding", |d| d.rounding = RoundingMode::HalfUp),
        ("enrolment", |d| d.enrolment = Enrolment::Explicit),
        ("members.id_patterns[]", |d| d.members.id_patterns = vec!["card-####".into()]),
        ("members.country_code", |d| d.members.country_code = Some("49".into())),
        ("consumption", |d| d.consumption = Consumption::FirstInFirstOut),
        ("accept_late_days", |d| d.accept_late_days = 1),
        ("purchase.points_per_unit", |d| d.purchase.points_per_unit = "3".into()),
        ("purchase.growth_per_unit", |d| d.purchase.growth_per_unit = "3".into()),
        ("purchase.points_per_day", |d| d.purchase.points_per_day = Some(10)),
        ("purchase.expiry", |d| d.purchase.expiry = "campaign".into()),
        ("purchase.pending.days", |d| d.purchase.pending = Some(Pending { days: Some(1) })),
        ("purchase.pending.days", |d| d.purchase.pending = Some(Pending { days: None })),
        ("actions{}.pending.days", |d| {
            d.actions.get_mut("check_in").unwrap().pending = Some(Pending { days: Some(3) })
        }),
        ("actions{}.points", |d| d.actions.get_mut("check_in").unwrap().points = 6),
        ("actions{}.growth", |d| d.actions.get_mut("check_in").unwrap().growth = 6),
        ("actions{}.limit.times", |d| {
            d.actions.get_mut("check_in").unwrap().limit = Some(Limit { times: 2, per: Per::Day })
        }),
        ("actions{}.limit.per", |d| {
            d.actions.get_mut("check_in").unwrap().limit = Some(Limit { times: 1, per: Per::Month })
        }),
        ("actions{}.limit", |d| d.actions.get_mut("check_in").unwrap().limit = None),
        ("actions{}.expiry", |d| d.actions.get_mut("check_in").unwrap().expiry = "shopping".into()),
        ("caps.points_per_day", |d| d.caps.points_per_day = Some(10)),
        ("expiry{}.policy", |d| drop(d.expiry.insert("campaign".into(), Expiry::Never {}))),
        ("tiers.basis", |d| tiers(d).basis = TierBasis::Orders),
        ("tiers.period.kind", |d| tiers(d).period = QualifyingPeriod::CalendarYear {}),
        ("tiers.downgrade", |d| tiers(d).downgrade = Downgrade::Never),
        ("tiers.gift_expiry", |d| tiers(d).gift_expiry = "shopping".into()),
        ("tiers.levels[].multiplier", |d| tiers(d).levels[1].multiplier = "3".into()),
        ("tiers.levels[].gift_points", |d| tiers(d).levels[1].gift_points = 1),
        ("reminders.days_before[]", |d| d.reminders.days_before = vec![2]),
        ("returns.shortfall", |d| d.returns.shortfall = ShortfallPolicy::WithinBalance),
        ("returns.grace_days", |d| d.returns.grace_days = Some(5)),
        ("returns.keep_qualification", |d| d.returns.keep_qualification = true),
        ("returns.lower_tier", |d| d.returns.lower_tier = true),
        ("returns.free_caps", |d| d.returns.free_caps = true),
        ("returns.gifts", |d| d.returns.gifts = rules::GiftPolicy::Keep),
        ("approvals.steps[].up_to", |d| d.approvals.steps[0].up_to = Some(5)),
        ("approvals.steps[].roles[]", |d| {
            d.approvals.steps[0].roles = vec!["vice_president".into()]
        }),
        ("approvals.steps[].roles[]", |d| d.approvals.steps[0].roles.push("approver".into())),
        ("approvals.days", |d| d.approvals.days = 1),
        ("approvals.totals.member.day", |d| d.approvals.totals.member.day = Some(0)),
        ("approvals.totals.member.month", |d| d.approvals.totals.member.month = Some(0)),
        ("approvals.totals.requester.day", |d| d.approvals.totals.requester.day = Some(0)),
        ("approvals.totals.requester.month", |d| d.approvals.totals.requester.month = Some(0)),
        ("approvals.totals.approver.day", |d| d.approvals.totals.approver.day = Some(0)),
        ("approvals.totals.approver.month", |d| d.approvals.totals.approver.month = Some(0)),
        ("tiers.levels[].gift_coupon", |d| tiers(d).levels[1].gift_coupon = Some("ten".into())),
        ("actions{}.coupon", |d| d.actions.get_mut("share").unwrap().coupon = Some("ten".into())),
        ("purchase.coupon", |d| {
            d.purchase.coupon = Some(PurchaseCoupon { coupon: "ten".into(), from_minor: 0 })
        }),
        ("purchase.coupon.from_minor", |d| {
            d.purchase.coupon = Some(PurchaseCoupon { coupon: "ten".into(), from_minor: 150_000 });
        }),
        ("coupons{}.off_minor", |d| with_coupon(d, |c| c.off_minor = Some(9))),
        ("coupons{}.off_percent", |d| {
            with_coupon(d, |c| (c.off_minor, c.off_percent) = (None, Some(9)))
        }),
        ("coupons{}.max_off_minor", |d| {
            with_coupon(d, |c| {
                (c.off_minor, c.off_percent, c.max_off_minor) = (None, Some(9), Some(1))
            });
        }),
        ("coupons{}.min_minor", |d| with_coupon(d, |c| c.min_minor = 1_000_000)),
        ("coupons{}.expiry", |d| with_coupon(d, |c| c.expiry = "shopping".into())),
        ("coupons{}.categories[]", |d| with_coupon(d, |c| c.categories = vec!["A".into()])),
        ("coupons{}.channels[]", |d| with_coupon(d, |c| c.channels = vec!["app".into()])),
        ("coupons{}.stores[]", |d| with_coupon(d, |c| c.stores = vec!["s1".into()])),
        ("coupons{}.stacks", |d| with_coupon(d, |c| c.stacks = true)),
        ("redemption", |d| d.redemption = None),
        ("redemption.points_per_unit", |d| d.redemption.as_mut().unwrap().points_per_unit = 50),
        ("redemption.max_percent", |d| d.redemption.as_mut().unwrap().max_percent = 20),
        ("redemption.multiple_of", |d| d.redemption.as_mut().unwrap().multiple_of = 7),
        ("redemption.min_points", |d| d.redemption.as_mut().unwrap().min_points = 500),
        ("redemption.max_points", |d| d.redemption.as_mut().unwrap().max_points = Some(110)),
        ("transfers", |d| d.transfers = None),
        ("transfers.min_points", |d| d.transfers.as_mut().unwrap().min_points = 30),
        ("transfers.max_points", |d| d.transfers.as_mut().unwrap().max_points = Some(20)),
        ("transfers.points_per_day", |d| d.transfers.as_mut().unwrap().points_per_day = Some(24)),
        ("transfers.limit", |d| {
            d.transfers.as_mut().unwrap().limit = Some(Limit { times: 1, per: Per::Lifetime })
        }),
        ("risk.review_above_minor", |d| d.risk.review_above_minor = Some(250_000)),
        ("risk.review_above_points", |d| d.risk.review_above_points = Some(2_900)),
        ("risk.step_up.above_points", |d| d.risk.step_up = step_up(Some(0), false)),
        ("risk.step_up.new_device", |d| d.risk.step_up = step_up(None, true)),
        ("risk.velocity[]", |d| d.risk.velocity = vec![fast(1, Per::Day, Suspicion::Review)]),
        ("risk.velocity[]", |d| d.risk.velocity = vec![fast(2, Per::Year, Suspicion::Review)]),
        ("risk.velocity[]", |d| d.risk.velocity = vec![fast(1, Per::Day, Suspicion::Refuse)]),
        ("risk.velocity[]", |d| d.risk.velocity = vec![fast(1, Per::Hour, Suspicion::Refuse)]),
        ("actions{}.device_limit", |d| {
            d.actions.get_mut("share").unwrap().device_limit =
                Some(Limit { times: 1, per: Per::Day });
        }),
        ("approvals.reasons[]", |d| d.approvals.reasons = vec!["lost_receipt".into()]),
    ];
    // The outcomes and the end of a life in which every setting matters.
    let life = |change: &dyn Fn(&mut Document)| {
        let mut world = World::new(|document| {
            document.expiry.insert("campaign".into(), Expiry::Days { days: 20, round_up_to: None });
            let ten = r#"{"off_minor": 1000, "expiry": "campaign"}"#;
            document.coupons.insert("ten".into(), serde_json::from_str(ten).unwrap());
            change(document);
        });
        world.is_new_device = true;
        let mut outcomes = Vec::new();
        let amount = |amount_minor| {
            let order = purchase(&[amount_minor]);
            order.lines[0].amount
        };
        for (now, command) in [
            (
                "2026-01-10T10:00:00+08:00",
                happened("2026-01-07T10:00:00+08:00", action("check_in")),
            ),
            ("2026-01-10T10:00:00+08:00", buy(&[199_950])),
            ("2026-01-10T10:00:00+08:00", act("check_in")),
            ("2026-01-10T22:00:00+08:00", act("check_in")),
            ("2026-01-11T10:00:00+08:00", buy(&[10_000])),
            ("2026-01-11T10:00:00+08:00", buy(&[1_100])),
            ("2026-01-11T10:00:00+08:00", on_a_device(action("share"))),
            ("2026-01-11T12:00:00+08:00", on_a_device(action("share"))),
            (
                "2026-01-12T10:00:00+08:00",
                ask(PayWithPoints { order: amount(300), most: None, minutes: None }),
            ),
            ("2026-01-12T10:00:00+08:00", spend(300)),
            ("2026-01-28T10:00:00+08:00", ask(Remind)),
            ("2027-01-12T10:00:00+08:00", ask(Settle)),
        ] {
            outcomes.push(world.run(at(now), &command, None));
        }
        world.play(&[("2027-01-12T10:00:00+08:00", ask(Settle), "")]);
        outcomes.push(format!("{:?}", budgets(&world)));
        outcomes.extend(rules::normalised("phone:13800000000", world.book.country_code()));
        outcomes.extend(returns(&mut world));
        let other = ledger::MemberId::new("other").unwrap();
        outcomes.push(gift(&world, &ask(Transfer { to: other, points: 25 })));
        outcomes.extend(granted(&world));
        outcomes.push(gift(&world, &ask(Donate { charity: "pandas".into(), points: 25 })));
        outcomes.extend(exchanged(&world, 25));
        let code =
            world.member.coupons.first().map(|coupon| coupon.code.clone()).unwrap_or_default();
        let lines = purchase(&[5_000]).lines;
        outcomes.push(world.run(
            at("2027-05-05T10:00:00+08:00"),
            &ask(RedeemCoupon { code, lines, of: None }),
            None,
        ));
        let told = |entry: &ledger::Entry| {
            format!("{:?} {:?} {:?}", entry.effects.coupons, entry.discount(), entry.payment())
        };
        outcomes.extend(world.entries.iter().map(told));
        world.audit();
        (
            outcomes,
            world.member.qualification,
            world.member.lots,
            world.entries.into_iter().map(|e| (e.lots.grants, e.lots.draws)).collect::<Vec<_>>(),
        )
    };
    let plain = life(&|_| {});
    assert_eq!(plain, life(&|_| {}));
    let mut tested = BTreeSet::new();
    for (setting, change) in changes {
        assert_ne!(plain, life(&change), "{setting} changes nothing");
        tested.insert(setting.to_owned());
    }
    assert_eq!(plain.0[1], "earn 1999", "{:?}", plain.0);
    for (field, base, pointer, value) in settings_of_settings() {
        let document = |changed: bool| {
            let (base, pointer, value) = (base.clone(), pointer.to_owned(), value.clone());
            move |document: &mut Document| {
                let mut json = serde_json::to_value(&*document).unwrap();
                merge(&mut json, &base);
                if changed {
                    *json.pointer_mut(&pointer).unwrap_or_else(|| panic!("{pointer}")) =
                        value.clone();
                }
                *document = serde_json::from_value(json)
                    .unwrap_or_else(|error| panic!("{pointer}: {error}"));
            }
        };
        assert_ne!(life(&document(false)), life(&document(true)), "{field} changes nothing");
        tested.insert(field.to_owned());
    }
    // A document of another format is none.
    let mut other = rules::default_document();
    other.format = 2;
    assert!(Rulebook::new(&other, 1).is_err());
    tested.insert("format".to_owned());
    // What a publication needs is no part of anybody's life: the store's `major_changes` has a
    // table, and its end-to-end test asks for both.
    for (field, value) in [("major", json!(["/teirs"])), ("role", json!("nobody"))] {
        let mut other = serde_json::to_value(rules::default_document()).unwrap();
        other["publication"][field] = value;
        assert!(Rulebook::new(&serde_json::from_value(other).unwrap(), 1).is_err(), "{field}");
    }
    tested.extend(["publication.major[]".to_owned(), "publication.role".to_owned()]);
    // Nor is how many codes go out: the store's tests of verifications ask for that.
    let codes = |codes_per_hour: Option<i64>| {
        let mut other = rules::default_document();
        let step_up = rules::StepUp { codes_per_hour, ..step_up(Some(0), false).unwrap() };
        other.risk.step_up = Some(step_up);
        Rulebook::new(&other, 1).unwrap().codes_per_hour()
    };
    assert_eq!([codes(None), codes(Some(7))], [1_000, 7]);
    tested.insert("risk.step_up.codes_per_hour".to_owned());
    // Nor is how long answers are kept: the night's tests ask for that.
    for (field, wrong, right) in [("answers_days", 365, 366), ("traces_days", 0, 1)] {
        let with = |days: u32| {
            let mut other = serde_json::to_value(rules::default_document()).unwrap();
            other["retention"] = json!({field: days});
            Rulebook::new(&serde_json::from_value(other).unwrap(), 1)
        };
        assert!(with(wrong).is_err(), "{field}");
        assert_ne!(with(right).unwrap().retention(), rules::Retention::default());
        tested.insert(format!("retention.{field}"));
    }
    // What a level gives besides points is for tills to apply: the member's view shows it.
    let benefit = json!({"kind": "discount", "percent_off": "2.5", "from_minor": 100, "names": {"en": "2.5 % off"}});
    for (field, wrong) in [
        ("kind", json!("gift")),
        ("kind", json!("service")),
        ("percent_off", json!("0")),
        ("percent_off", json!("100.5")),
        ("percent_off", json!(null)),
        ("from_minor", json!(-1)),
        ("names{}", json!({"fr": "x"})),
        ("names{}", json!({"en": ""})),
        ("names{}", json!({"en": "a\nb"})),
    ] {
        let with = |benefit: &Json| {
            let mut other = serde_json::to_value(rules::default_document()).unwrap();
            other["tiers"]["levels"][1]["benefits"] = json!([benefit]);
            Rulebook::new(&serde_json::from_value(other).map_err(|_| Vec::new())?, 1)
        };
        let mut other = benefit.clone();
        other[field.trim_end_matches("{}")] = wrong;
        assert!(with(&benefit).is_ok() && with(&other).is_err(), "{field}");
        tested.insert(format!("tiers.levels[].benefits[].{field}"));
    }
    let untested: Vec<String> =
        fields().into_iter().filter(|field| !tested.contains(field)).collect();
    assert_eq!(untested, Vec::<String>::new(), "fields of the schema that no change here is about");
}

/// Fields that matter where another setting makes them: what that is, where the field is, another
/// value.
fn settings_of_settings() -> Vec<(&'static str, Json, &'static str, Json)> {
    let rule = |part: Json| {
        let mut rule =
            json!({"id": "a", "event": "purchase", "award": {"kind": "fixed", "points": 7}});
        merge(&mut rule, &part);
        // Null stands for "not told".
        for (name, value) in part.as_object().unwrap() {
            rule[name] = value.clone();
        }
        json!({"rules": [rule]})
    };
    let row =
        json!([{"field": "order.amount_minor", "operator": "at_least", "values": ["100000"]}]);
    let award = |award: Json| rule(json!({"award": award}));
    let bounds = json!({"min_points": 1, "max_points": 1000, "points_per_day": 1000, "limit": {"times": 2, "per": "lifetime"}});
    let swap = json!({"exchanges": {"offers": {"there": bounds}, "accepts": {"p": {"rate": "1.5", "expiry": "shopping"}}}});
    let once = json!({"min_points": 1, "max_points": 1000, "points_per_day": 1000, "limit": {"times": 1, "per": "lifetime"}});
    let giving = json!({"donations": {"pandas": once}});
    let grants = |part: Json| {
        let mut grant = json!({"points": 7, "expiry": "campaign"});
        merge(&mut grant, &part);
        json!({"grants": {"birthday": grant}})
    };
    let limited_grant = || grants(json!({"limit": {"times": 1, "per": "lifetime"}}));
    let shared_grant = || {
        grants(
            json!({"budgets": [{"of": "programme", "times": 9, "per": "year"}, {"of": "person", "times": 1, "per": "lifetime"}]}),
        )
    };
    let priced = || {
        let tiers = ["member", "silver"];
        json!({"redemption": {"prices": [{"tiers": tiers, "from_points": 1, "points": 90, "off_minor": 100}]}})
    };
    let brackets = json!({"kind": "brackets", "brackets": [{"from_minor": 0, "points_per_unit": "1"}, {"from_minor": 10_000, "points_per_unit": "2"}]});
    let two = |groups: Json, group: Json| {
        let rule = |id: &str, points: i64| json!({"id": id, "event": "purchase", "award": {"kind": "fixed", "points": points}, "group": group, "priority": 1});
        json!({"groups": groups, "rules": [rule("a", 7), rule("b", 9)]})
    };
    let capped = rule(json!({"caps": [{"points": 10, "per": "day", "of": "member"}]}));
    let limited = rule(json!({"limit": {"times": 1, "per": "day"}}));
    let fixed = json!({"expiry": {"campaign": {"policy": "fixed_dates", "dates": ["12-31"], "min_days": 0, "days": null, "round_up_to": null}}});
    let budget =
        json!({"caps": {"budget": {"points": 2_500, "per": "lifetime", "red_line_percent": 90}}});
    let velocity = json!({"risk": {"velocity": [{"event": "purchase", "times": 1, "per": "day", "then": "review"}]}});
    let coupons = json!({"coupons": {"five": {"off_minor": 500, "expiry": "campaign"}}, "purchase": {"coupon": {"coupon": "ten", "from_minor": 0}}});
    vec![
        ("currency", json!({}), "/currency", json!("USD")),
        ("purchase.lines", json!({}), "/purchase/lines", json!("line.amount_minor < 100000")),
        ("purchase.coupon.coupon", coupons, "/purchase/coupon/coupon", json!("five")),
        (
            "actions{}.device_limit.times",
            json!({"actions": {"share": {"device_limit": {"times": 1, "per": "day"}}}}),
            "/actions/share/device_limit/times",
            json!(2),
        ),
        (
            "actions{}.device_limit.per",
            json!({"actions": {"share": {"device_limit": {"times": 1, "per": "day"}}}}),
            "/actions/share/device_limit/per",
            json!("hour"),
        ),
        ("rules[].id", rule(json!({"expiry": "shopping"})), "/rules/0/id", json!("b")),
        ("rules[].event", rule(json!({})), "/rules/0/event", json!("share")),
        ("rules[].from", rule(json!({"from": null})), "/rules/0/from", json!("2026-01-11")),
        ("rules[].until", rule(json!({"until": null})), "/rules/0/until", json!("2026-01-10")),
        (
            "rules[].when",
            rule(json!({"when": null})),
            "/rules/0/when",
            json!("order.amount_minor > 100000"),
        ),
        (
            "rules[].conditions[].field",
            rule(json!({"conditions": row})),
            "/rules/0/conditions/0/field",
            json!("member.spend_minor"),
        ),
        (
            "rules[].conditions[].operator",
            rule(json!({"conditions": row})),
            "/rules/0/conditions/0/operator",
            json!("below"),
        ),
        (
            "rules[].conditions[].values[]",
            rule(json!({"conditions": row})),
            "/rules/0/conditions/0/values/0",
            json!("1000"),
        ),
        (
            "rules[].conditions[].all[]",
            rule(json!({"conditions": [{"all": row}]})),
            "/rules/0/conditions/0/all/0/values/0",
            json!("1000"),
        ),
        (
            "rules[].conditions[].any[]",
            rule(json!({"conditions": [{"any": row}]})),
            "/rules/0/conditions/0/any/0/values/0",
            json!("1000"),
        ),
        (
            "rules[].conditions[].none[]",
            rule(json!({"conditions": [{"none": row}]})),
            "/rules/0/conditions/0/none/0/operator",
            json!("below"),
        ),
        (
            "rules[].lines",
            rule(json!({"lines": null})),
            "/rules/0/lines",
            json!("line.amount_minor > 100000"),
        ),
        (
            "rules[].award.kind",
            rule(json!({})),
            "/rules/0/award",
            json!({"kind": "multiplier", "times": "2"}),
        ),
        (
            "rules[].award.points",
            award(json!({"kind": "each", "points": 7})),
            "/rules/0/award/points",
            json!(8),
        ),
        (
            "rules[].award.points_per_unit",
            award(json!({"kind": "rate", "points_per_unit": "1"})),
            "/rules/0/award/points_per_unit",
            json!("2"),
        ),
        (
            "rules[].award.times",
            award(json!({"kind": "multiplier", "times": "2"})),
            "/rules/0/award/times",
            json!("3"),
        ),
        (
            "rules[].award.brackets[].from_minor",
            award(brackets.clone()),
            "/rules/0/award/brackets/1/from_minor",
            json!(20_000),
        ),
        (
            "rules[].award.brackets[].points_per_unit",
            award(brackets),
            "/rules/0/award/brackets/1/points_per_unit",
            json!("3"),
        ),
        ("rules[].growth", rule(json!({"growth": 0})), "/rules/0/growth", json!(5)),
        ("rules[].coupon", rule(json!({"coupon": null})), "/rules/0/coupon", json!("ten")),
        ("rules[].limit.times", limited.clone(), "/rules/0/limit/times", json!(2)),
        ("rules[].limit.per", limited, "/rules/0/limit/per", json!("lifetime")),
        ("rules[].caps[].points", capped.clone(), "/rules/0/caps/0/points", json!(8)),
        ("rules[].caps[].per", capped.clone(), "/rules/0/caps/0/per", json!("lifetime")),
        ("rules[].caps[].of", capped, "/rules/0/caps/0/of", json!("programme")),
        ("rules[].expiry", rule(json!({"expiry": null})), "/rules/0/expiry", json!("campaign")),
        (
            "rules[].pending.days",
            rule(json!({"pending": {"days": 1}})),
            "/rules/0/pending/days",
            json!(3),
        ),
        ("rules[].group", two(json!({"g": "best_of"}), json!("g")), "/rules/0/group", json!(null)),
        (
            "rules[].priority",
            two(json!({"g": "exclusive"}), json!("g")),
            "/rules/1/priority",
            json!(2),
        ),
        ("groups{}", two(json!({"g": "best_of"}), json!("g")), "/groups/g", json!("sum")),
        ("caps.budget.points", budget.clone(), "/caps/budget/points", json!(2_400)),
        ("caps.budget.per", budget.clone(), "/caps/budget/per", json!("day")),
        ("caps.budget.red_line_percent", budget, "/caps/budget/red_line_percent", json!(100)),
        ("expiry{}.days", json!({}), "/expiry/campaign/days", json!(30)),
        ("expiry{}.round_up_to", json!({}), "/expiry/campaign/round_up_to", json!("month")),
        ("expiry{}.months", json!({}), "/expiry/shopping/months", json!(6)),
        ("expiry{}.dates[]", fixed.clone(), "/expiry/campaign/dates/0", json!("06-30")),
        ("expiry{}.min_days", fixed, "/expiry/campaign/min_days", json!(366)),
        ("tiers.lines", json!({}), "/tiers/lines", json!("line.amount_minor < 100000")),
        ("tiers.grace_days", json!({}), "/tiers/grace_days", json!(40)),
        (
            "tiers.minimum_orders",
            json!({"tiers": {"basis": "average_order", "minimum_orders": 1}}),
            "/tiers/minimum_orders",
            json!(2),
        ),
        ("tiers.period.months", json!({}), "/tiers/period/months", json!(1)),
        ("tiers.levels[].id", json!({}), "/tiers/levels/1/id", json!("argent")),
        ("tiers.levels[].from", json!({}), "/tiers/levels/1/from", json!(150_000)),
        ("tiers.levels[].or_growth", json!({}), "/tiers/levels/1/or_growth", json!(5)),
        ("risk.velocity[].event", velocity.clone(), "/risk/velocity/0/event", json!("share")),
        ("risk.velocity[].times", velocity.clone(), "/risk/velocity/0/times", json!(2)),
        ("risk.velocity[].per", velocity.clone(), "/risk/velocity/0/per", json!("year")),
        ("risk.velocity[].then", velocity, "/risk/velocity/0/then", json!("refuse")),
        (
            "transfers.limit.times",
            json!({"transfers": {"limit": {"times": 1, "per": "lifetime"}}}),
            "/transfers/limit/times",
            json!(2),
        ),
        (
            "transfers.limit.per",
            json!({"transfers": {"limit": {"times": 1, "per": "lifetime"}}}),
            "/transfers/limit/per",
            json!("day"),
        ),
        ("redemption.prices[].tiers[]", priced(), "/redemption/prices/0/tiers/1", json!("gold")),
        (
            "redemption.prices[].from_points",
            priced(),
            "/redemption/prices/0/from_points",
            json!(9_999_999),
        ),
        ("redemption.prices[].points", priced(), "/redemption/prices/0/points", json!(80)),
        ("redemption.prices[].off_minor", priced(), "/redemption/prices/0/off_minor", json!(110)),
        ("donations{}.min_points", giving.clone(), "/donations/pandas/min_points", json!(26)),
        ("donations{}.max_points", giving.clone(), "/donations/pandas/max_points", json!(24)),
        (
            "donations{}.points_per_day",
            giving.clone(),
            "/donations/pandas/points_per_day",
            json!(24),
        ),
        ("donations{}.limit", giving.clone(), "/donations/pandas/limit", json!(null)),
        ("donations{}.limit.times", giving.clone(), "/donations/pandas/limit/times", json!(2)),
        ("donations{}.limit.per", giving.clone(), "/donations/pandas/limit/per", json!("day")),
        ("grants{}.points", grants(json!({})), "/grants/birthday/points", json!(8)),
        ("grants{}.expiry", grants(json!({})), "/grants/birthday/expiry", json!("shopping")),
        (
            "grants{}.coupon",
            grants(json!({"coupon": "ten"})),
            "/grants/birthday/coupon",
            json!(null),
        ),
        ("grants{}.limit", limited_grant(), "/grants/birthday/limit", json!(null)),
        ("grants{}.limit.times", limited_grant(), "/grants/birthday/limit/times", json!(2)),
        ("grants{}.limit.per", limited_grant(), "/grants/birthday/limit/per", json!("day")),
        ("grants{}.budgets[].of", shared_grant(), "/grants/birthday/budgets/1/of", json!("store")),
        ("grants{}.budgets[].times", shared_grant(), "/grants/birthday/budgets/1/times", json!(2)),
        ("grants{}.budgets[].per", shared_grant(), "/grants/birthday/budgets/1/per", json!("day")),
        (
            "exchanges.offers{}.min_points",
            swap.clone(),
            "/exchanges/offers/there/min_points",
            json!(26),
        ),
        (
            "exchanges.offers{}.max_points",
            swap.clone(),
            "/exchanges/offers/there/max_points",
            json!(24),
        ),
        (
            "exchanges.offers{}.points_per_day",
            swap.clone(),
            "/exchanges/offers/there/points_per_day",
            json!(30),
        ),
        ("exchanges.offers{}.limit", swap.clone(), "/exchanges/offers/there/limit", json!(null)),
        (
            "exchanges.offers{}.limit.times",
            swap.clone(),
            "/exchanges/offers/there/limit/times",
            json!(1),
        ),
        (
            "exchanges.offers{}.limit.per",
            swap.clone(),
            "/exchanges/offers/there/limit/per",
            json!("day"),
        ),
        ("exchanges.accepts{}.rate", swap.clone(), "/exchanges/accepts/p/rate", json!("1.6")),
        ("exchanges.accepts{}.expiry", swap, "/exchanges/accepts/p/expiry", json!("campaign")),
    ]
}

/// RFC 7396.
fn merge(target: &mut Json, patch: &Json) {
    let Json::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in patch {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut target[name], value);
        }
    }
}

/// Every field of the schema that holds a value: `rules[].award.points`.
fn fields() -> BTreeSet<String> {
    let schema = schemars::schema_for!(Document).to_value();
    let mut found = BTreeSet::new();
    walk(&schema, &schema, "", &[], &mut found);
    assert!(found.len() > 100, "{found:?}");
    found
}

/// A shape within itself, such as a group of conditions, is a field by itself.
fn walk(root: &Json, schema: &Json, path: &str, of: &[&str], found: &mut BTreeSet<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        if of.contains(&reference) {
            found.insert(path.to_owned());
            return;
        }
        let shape = root.pointer(reference.trim_start_matches('#')).unwrap();
        return walk(root, shape, path, &[of, &[reference]].concat(), found);
    }
    let (mut is_leaf, below) =
        (
            true,
            |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") },
        );
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        is_leaf = false;
        walk(root, field, &below(name), of, found);
    }
    if schema["additionalProperties"].is_object() {
        is_leaf = false;
        walk(root, &schema["additionalProperties"], &format!("{path}{{}}"), of, found);
    }
    if schema["items"].is_object() {
        is_leaf = false;
        walk(root, &schema["items"], &format!("{path}[]"), of, found);
    }
    for one in
        ["anyOf", "oneOf"].iter().flat_map(|kind| schema[kind].as_array().into_iter().flatten())
    {
        // Alternatives of an enumeration, and "or null", are values of the field itself.
        if one["type"] != "null" && one.get("const").is_none() && one.get("enum").is_none() {
            is_leaf = false;
            walk(root, one, path, of, found);
        }
    }
    if is_leaf {
        found.insert(path.to_owned());
    }
}

/// A kind of entry that a later version brings must not make a rulebook unreadable that was
/// published before.
#[test]
fn a_reserved_name_is_refused_at_publication_only() {
    let mut document = rules::default_document();
    let rule = document.actions["share"].clone();
    document.actions.insert("hold".into(), rule);
    let zone = rules::Rulebook::new(&rules::default_document(), 1).unwrap().zone();
    let problems = rules::Rulebook::new(&document, 2).unwrap_err();
    assert_eq!(
        problems.iter().map(|problem| problem.pointer.as_str()).collect::<Vec<_>>(),
        ["/actions/hold"]
    );
    assert!(
        rules::Rulebook::published(document, Some(zone), &rules::Conditions::default(), 2).is_ok()
    );
}
