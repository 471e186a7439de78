//! A bug of other systems: settings that are stored and never read. Each setting of the rulebook must change something.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a broken test stops the test")]

mod support;

use rules::{
    AdjustmentWish, Command, Consumption, Document, Downgrade, Enrolment, Expiry, Limit, Part, Pending, Per,
    PurchaseCoupon, QualifyingPeriod, RoundingMode, ShortfallPolicy, Suspicion, TierBasis, Velocity,
};
use support::{World, act, at, buy, happened, spend};

/// An order that is paid with points, brings a tier and comes back when the points are gone and their lots have ended.
fn returns(world: &mut World) -> Vec<String> {
    let mut outcomes = Vec::new();
    let mut run = |world: &mut World, now: &str, command| outcomes.push(world.run(at(now), &command, None));
    run(world, "2027-02-01T10:00:00+08:00", act("check_in"));
    run(world, "2027-02-01T10:00:00+08:00", spend(5));
    let redemption = world.entries.iter().rposition(|entry| entry.kind == ledger::Kind::Redeem);
    run(world, "2027-02-02T10:00:00+08:00", buy(&[300_000]));
    let earn = world.entries.iter().rposition(|entry| entry.kind == ledger::Kind::Earn);
    run(world, "2027-02-02T10:00:00+08:00", spend(2_000));
    let back = world.undo(earn, redemption, Part::Rest);
    run(world, "2027-05-02T10:00:00+08:00", back);
    outcomes.push(format!("{:?}", world.member.counters));
    let person = |name: &str| ledger::Person { actor: format!("key:{name}"), label: name.to_owned() };
    let wish =
        AdjustmentWish { points: 9, reason_code: "goodwill".into(), evidence: None, expiry: None, by: person("anna") };
    let mut run = |world: &mut World, now: &str, command| outcomes.push(world.run(at(now), &command, None));
    run(world, "2027-05-02T10:00:00+08:00", Command::Request(wish));
    let request = world.entries.last().map_or(ledger::EntryId(0), |entry| entry.id);
    let approve =
        Command::Decide { request, verdict: ledger::Verdict::Approve, by: person("ben"), role: "approver".into() };
    run(world, "2027-05-05T10:00:00+08:00", approve);
    outcomes
}

fn fast(times: i64, per: Per, then: Suspicion) -> Velocity {
    Velocity { event: "purchase".to_owned(), times, per, then }
}

/// What would come of a gift to somebody; counted when it would be made.
fn gift(world: &World, points: i64) -> String {
    let mut member = world.member.clone();
    let mut other = ledger::Member::new(ledger::MemberId::new("other").unwrap());
    let context = |member: &ledger::Member| ledger::Context {
        programme: ledger::ProgrammeId::new("p").unwrap(),
        rulebook_version: 1,
        now: at("2027-05-05T10:00:00+08:00"),
        first_id: ledger::EntryId(u128::from(member.sequence.0.unsigned_abs()) << 70),
    };
    let run = |member: &mut ledger::Member, command: &Command, others: Vec<ledger::Member>| {
        let recorded = rules::Recorded { others, ..rules::Recorded::default() };
        let origin = ledger::Origin::default();
        match rules::decide(&world.book, member.clone(), command, &origin, &recorded, context(member)).unwrap() {
            Ok(decided) => {
                *member = decided.member;
                "done".to_owned()
            }
            Err(refusal) => refusal.to_string(),
        }
    };
    run(&mut other, &act("share"), vec![]);
    run(&mut member, &buy(&[1_000_000]), vec![]);
    let give = Command::Transfer { to: other.id.clone(), points };
    [run(&mut member, &give, vec![other.clone()]), run(&mut member, &give, vec![other])].join(", ")
}

/// A coupon for every purchase, its terms changed.
fn with_coupon(document: &mut Document, change: impl FnOnce(&mut rules::CouponRule)) {
    document.purchase.coupon = Some(PurchaseCoupon { coupon: "ten".into(), from_minor: 0 });
    change(document.coupons.get_mut("ten").unwrap());
}

fn on_a_device(command: Command) -> Command {
    let Command::Earn(mut event) = command else { panic!("not an earn") };
    event.device = Some("d".to_owned());
    Command::Earn(event)
}

#[test]
fn a_setting_stored_but_never_read() {
    type Change = fn(&mut Document);
    fn tiers(document: &mut Document) -> &mut rules::Tiers {
        document.tiers.as_mut().unwrap()
    }
    let changes: [(&str, Change); 67] = [
        ("time_zone", |d| d.time_zone = "America/New_York".into()),
        ("rounding", |d| d.rounding = RoundingMode::HalfUp),
        ("enrolment", |d| d.enrolment = Enrolment::Explicit),
        ("consumption", |d| d.consumption = Consumption::FirstInFirstOut),
        ("accept_late_days", |d| d.accept_late_days = 1),
        ("points_per_unit", |d| d.purchase.points_per_unit = "3".into()),
        ("growth_per_unit", |d| d.purchase.growth_per_unit = "3".into()),
        ("purchase cap", |d| d.purchase.points_per_day = Some(10)),
        ("purchase expiry", |d| d.purchase.expiry = "campaign".into()),
        ("purchase pending", |d| d.purchase.pending = Some(Pending { days: Some(1) })),
        ("purchase pending until activated", |d| d.purchase.pending = Some(Pending { days: None })),
        ("action pending", |d| d.actions.get_mut("check_in").unwrap().pending = Some(Pending { days: Some(3) })),
        ("action points", |d| d.actions.get_mut("check_in").unwrap().points = 6),
        ("action growth", |d| d.actions.get_mut("check_in").unwrap().growth = 6),
        ("limit times", |d| d.actions.get_mut("check_in").unwrap().limit = Some(Limit { times: 2, per: Per::Day })),
        ("limit period", |d| d.actions.get_mut("check_in").unwrap().limit = Some(Limit { times: 1, per: Per::Month })),
        ("no limit", |d| d.actions.get_mut("check_in").unwrap().limit = None),
        ("action expiry", |d| d.actions.get_mut("check_in").unwrap().expiry = "shopping".into()),
        ("cap", |d| d.caps.points_per_day = Some(10)),
        ("expiry policy", |d| drop(d.expiry.insert("campaign".into(), Expiry::Never {}))),
        ("basis", |d| tiers(d).basis = TierBasis::Orders),
        ("period", |d| tiers(d).period = QualifyingPeriod::CalendarYear {}),
        ("downgrade", |d| tiers(d).downgrade = Downgrade::Never),
        ("gift_expiry", |d| tiers(d).gift_expiry = "shopping".into()),
        ("multiplier", |d| tiers(d).levels[1].multiplier = "3".into()),
        ("gift_points", |d| tiers(d).levels[1].gift_points = 1),
        ("reminders", |d| d.reminders.days_before = vec![2]),
        ("shortfall", |d| d.returns.shortfall = ShortfallPolicy::WithinBalance),
        ("grace_days", |d| d.returns.grace_days = Some(5)),
        ("keep_qualification", |d| d.returns.keep_qualification = true),
        ("lower_tier", |d| d.returns.lower_tier = true),
        ("free_caps", |d| d.returns.free_caps = true),
        ("approval step", |d| d.approvals.steps[0].up_to = Some(5)),
        ("approval roles", |d| d.approvals.steps[0].roles = vec!["vice_president".into()]),
        ("two approvals", |d| d.approvals.steps[0].roles.push("approver".into())),
        ("approval days", |d| d.approvals.days = 1),
        ("gift_coupon", |d| tiers(d).levels[1].gift_coupon = Some("ten".into())),
        ("action coupon", |d| d.actions.get_mut("share").unwrap().coupon = Some("ten".into())),
        ("purchase coupon", |d| d.purchase.coupon = Some(PurchaseCoupon { coupon: "ten".into(), from_minor: 0 })),
        ("purchase coupon from", |d| {
            d.purchase.coupon = Some(PurchaseCoupon { coupon: "ten".into(), from_minor: 150_000 });
        }),
        ("coupon off", |d| with_coupon(d, |c| c.off_minor = Some(9))),
        ("coupon percent", |d| with_coupon(d, |c| (c.off_minor, c.off_percent) = (None, Some(9)))),
        ("coupon percent at most", |d| {
            with_coupon(d, |c| (c.off_minor, c.off_percent, c.most_off_minor) = (None, Some(9), Some(1)));
        }),
        ("coupon minimum", |d| with_coupon(d, |c| c.minimum_minor = 1_000_000)),
        ("coupon expiry", |d| with_coupon(d, |c| c.expiry = "shopping".into())),
        ("coupon categories", |d| with_coupon(d, |c| c.categories = vec!["A".into()])),
        ("coupon channels", |d| with_coupon(d, |c| c.channels = vec!["app".into()])),
        ("coupon stores", |d| with_coupon(d, |c| c.stores = vec!["s1".into()])),
        ("no redemption", |d| d.redemption = None),
        ("redemption rate", |d| d.redemption.as_mut().unwrap().points_per_unit = 50),
        ("redemption share", |d| d.redemption.as_mut().unwrap().most_percent = 20),
        ("redemption multiple", |d| d.redemption.as_mut().unwrap().multiple_of = 7),
        ("redemption least", |d| d.redemption.as_mut().unwrap().least_points = 500),
        ("redemption most", |d| d.redemption.as_mut().unwrap().most_points = Some(110)),
        ("no transfers", |d| d.transfers = None),
        ("transfer least", |d| d.transfers.as_mut().unwrap().least_points = 30),
        ("transfer most", |d| d.transfers.as_mut().unwrap().most_points = Some(20)),
        ("transfers a day", |d| d.transfers.as_mut().unwrap().points_per_day = Some(24)),
        ("transfer limit", |d| d.transfers.as_mut().unwrap().limit = Some(Limit { times: 1, per: Per::Lifetime })),
        ("review_above_minor", |d| d.risk.review_above_minor = Some(250_000)),
        ("review_above_points", |d| d.risk.review_above_points = Some(2_900)),
        ("velocity", |d| d.risk.velocity = vec![fast(1, Per::Day, Suspicion::Review)]),
        ("velocity in another period", |d| d.risk.velocity = vec![fast(2, Per::Year, Suspicion::Review)]),
        ("velocity refused", |d| d.risk.velocity = vec![fast(1, Per::Day, Suspicion::Refuse)]),
        ("velocity in an hour", |d| d.risk.velocity = vec![fast(1, Per::Hour, Suspicion::Refuse)]),
        ("device_limit", |d| {
            d.actions.get_mut("share").unwrap().device_limit = Some(Limit { times: 1, per: Per::Day });
        }),
        ("reasons", |d| d.approvals.reasons = vec!["lost_receipt".into()]),
    ];
    // The outcomes and the end of a life in which every setting matters.
    let life = |change: &dyn Fn(&mut Document)| {
        let mut world = World::new(|document| {
            document.expiry.insert("campaign".into(), Expiry::Days { days: 20, round_up_to: None });
            let ten = r#"{"off_minor": 1000, "expiry": "campaign"}"#;
            document.coupons.insert("ten".into(), serde_json::from_str(ten).unwrap());
            change(document);
        });
        let mut outcomes = Vec::new();
        let amount = |amount_minor| {
            let Command::Earn(order) = buy(&[amount_minor]) else { panic!("not an order") };
            order.lines[0].amount
        };
        for (now, command) in [
            ("2026-01-10T10:00:00+08:00", happened("2026-01-07T10:00:00+08:00", act("check_in"))),
            ("2026-01-10T10:00:00+08:00", buy(&[199_950])),
            ("2026-01-10T10:00:00+08:00", act("check_in")),
            ("2026-01-10T22:00:00+08:00", act("check_in")),
            ("2026-01-11T10:00:00+08:00", buy(&[10_000])),
            ("2026-01-11T10:00:00+08:00", buy(&[1_100])),
            ("2026-01-11T10:00:00+08:00", on_a_device(act("share"))),
            ("2026-01-11T10:00:00+08:00", on_a_device(act("share"))),
            ("2026-01-12T10:00:00+08:00", Command::Deduct { order: amount(300), most: None, minutes: None }),
            ("2026-01-12T10:00:00+08:00", spend(300)),
            ("2026-01-28T10:00:00+08:00", Command::Remind),
            ("2027-01-12T10:00:00+08:00", Command::Settle),
        ] {
            outcomes.push(world.run(at(now), &command, None));
        }
        world.play(&[("2027-01-12T10:00:00+08:00", Command::Settle, "")]);
        outcomes.extend(returns(&mut world));
        outcomes.extend((0..2).map(|_| gift(&world, 25)));
        let code = world.member.coupons.first().map(|coupon| coupon.code.clone()).unwrap_or_default();
        let lines = match buy(&[5_000]) {
            Command::Earn(order) => order.lines,
            _ => vec![],
        };
        outcomes.push(world.run(
            at("2027-05-05T10:00:00+08:00"),
            &Command::RedeemCoupon { code, lines, of: None },
            None,
        ));
        let told = |entry: &ledger::Entry| format!("{:?} {:?} {:?}", entry.coupons, entry.discount, entry.deduction);
        outcomes.extend(world.entries.iter().map(told));
        world.audit();
        (
            outcomes,
            world.member.standing,
            world.member.lots,
            world.entries.into_iter().map(|e| (e.grants, e.draws)).collect::<Vec<_>>(),
        )
    };
    let plain = life(&|_| {});
    assert_eq!(plain, life(&|_| {}));
    for (setting, change) in changes {
        assert_ne!(plain, life(&change), "{setting} changes nothing");
    }
    assert_eq!(plain.0[1], "earn 1999", "{:?}", plain.0);
}

/// A kind of entry that a later version brings must not make a rulebook unreadable that was published before.
#[test]
fn a_reserved_name_is_refused_at_publication_only() {
    let mut document = rules::default_document();
    let rule = document.actions["share"].clone();
    document.actions.insert("hold".into(), rule);
    let zone = rules::Rulebook::new(&rules::default_document(), 1).unwrap().zone();
    let problems = rules::Rulebook::new(&document, 2).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.pointer.as_str()).collect::<Vec<_>>(), ["/actions/hold"]);
    assert!(rules::Rulebook::published(&document, Some(zone), &rules::Conditions::default(), 2).is_ok());
}
