//! The bytes of entries: what is stored and hashed, pinned for every kind. A change of `bodies.txt`
//! is a change of the format, which is free only before a release.
#![expect(clippy::unwrap_used, reason = "a broken test stops the test")]

use std::collections::BTreeMap;

use ledger::{
    Absorbed, Adjustment, AdjustmentRequested, AdjustmentTerms, Approval, Award, Claim,
    ClaimPeriod, ClosedInto, Columns, Concern, Count, Coupon, CouponRedeemed, CouponTerms,
    Discount, Earned, Effects, Entry, EntryId, Exact, Exchange, Exchanged, FreezeChanged, Frozen,
    Granted, Hash, Held, HoldEnded, KINDS, Kind, LineAward, LineReturn, LotDates, LotDraw,
    LotGrant, LotMoves, LotNumber, LotReturn, MemberId, Opened, Origin, Person, PointsPayment,
    PoolChange, PoolChanged, PoolInvited, ProgrammeId, Qualification, Qualifying, Rate, Redeemed,
    Reference, Reminded, Reminder, RequestDecided, Reservation, Reversal, Reversed, Review,
    ReviewApproved, RewardTaken, Seed, Sequence, SkippedRules, Tally, TierChanged, TierMove,
    Timestamp, Totals, Transferred, Undone, What,
};
use proptest::prelude::*;

const PINNED: &str = include_str!("bodies.txt");

fn text(text: &str) -> String {
    text.to_owned()
}

fn member(id: &str) -> MemberId {
    MemberId::new(id).unwrap()
}

fn draw() -> Vec<LotDraw> {
    vec![LotDraw { number: LotNumber(1), points: 3 }, LotDraw { number: LotNumber(2), points: 4 }]
}

fn grant() -> LotGrant {
    LotGrant {
        number: LotNumber(3),
        points: 128,
        source: text("purchase"),
        earned_at: Timestamp(1_767_225_600_000),
        available_at: Timestamp(1_767_830_400_000),
        expires_at: Some(Timestamp(1_798_761_600_000)),
    }
}

fn lots() -> LotMoves {
    LotMoves {
        grants: vec![grant(), LotGrant { number: LotNumber(4), expires_at: None, ..grant() }],
        draws: draw(),
        activations: draw(),
        dates: vec![LotDates {
            number: LotNumber(1),
            available_at: Timestamp(8),
            expires_at: Some(Timestamp(9)),
        }],
        returns: vec![LotReturn { lot: grant(), points: 5 }],
        debt: -2,
    }
}

fn qualifying() -> Qualifying {
    Qualifying { month: 20_454, keep_from: 20_089, spend_minor: 12_800, growth: 128, orders: 1 }
}

fn effects() -> Effects {
    let terms = CouponTerms {
        off_minor: 500,
        off_percent: 0,
        max_off_minor: Some(900),
        min_minor: 5_000,
        categories: vec![text("shoes")],
        channels: vec![text("app")],
        stores: vec![text("s1")],
        stacks: true,
    };
    let coupon = Coupon {
        code: text("0123456789ABCDEF"),
        name: text("fifty"),
        terms: terms.clone(),
        expires_at: Some(Timestamp(9)),
    };
    let plain = CouponTerms { stacks: false, max_off_minor: None, ..terms };
    Effects {
        counts: vec![Count {
            counter: text("rule:base"),
            period: 20_500,
            keep_from: -1,
            times: 1,
            points: 128,
        }],
        qualifying: Some(qualifying()),
        tallies: vec![Tally {
            subject: text("device"),
            name: text("day"),
            period: 20_500,
            keep_from: 20_499,
            amount: 1,
            most: Some(3),
        }],
        coupons: vec![coupon.clone(), Coupon { terms: plain, expires_at: None, ..coupon }],
    }
}

fn line(name: &str) -> LineAward {
    LineAward {
        line: text(name),
        quantity: 2,
        amount_minor: 12_800,
        granted: 128,
        sku: Some(text("A-1")),
        category: None,
    }
}

fn plain_line() -> LineAward {
    LineAward { sku: None, ..line("2") }
}

fn award() -> Vec<Award> {
    let base = Award {
        rule: text("base"),
        desired: Exact::parse("128.5").unwrap(),
        granted: 128,
        tags: vec![],
    };
    let tags = vec![text("value/high"), text("vip")];
    vec![base, Award { rule: text("rule:vip"), desired: Exact::whole(5), granted: 5, tags }]
}

fn review() -> Review {
    Review { reason: text("amount"), qualifying: Some(qualifying()) }
}

fn person(name: &str) -> Person {
    Person { actor: format!("key:{name}"), label: text(name) }
}

fn adjustment(undoes: Option<Undone>, concern: Option<Concern>) -> Adjustment {
    Adjustment {
        terms: AdjustmentTerms {
            points: 5,
            reason_code: text("goodwill"),
            expires_at: Some(Timestamp(9)),
            steps: vec![text("approver"), text("admin")],
            until: Timestamp(10),
            undoes,
            concern,
        },
        evidence: Some(text("ticket \"7\"")),
        by: person("ann"),
        approvals: vec![Approval { by: person("ben"), role: text("approver"), at: Timestamp(11) }],
    }
}

fn decided() -> RequestDecided {
    RequestDecided { request: EntryId(8), adjustment: adjustment(None, None) }
}

fn tier() -> TierMove {
    let claim =
        Claim { tier: text("gold"), at: Timestamp(5), until: Some(Timestamp(6)), period: None };
    TierMove {
        from: Some(text("silver")),
        to: text("gold"),
        until: Some(Timestamp(9)),
        claims: vec![
            Claim { period: Some(ClaimPeriod::Days(20_089, 20_454)), ..claim.clone() },
            Claim { period: Some(ClaimPeriod::Lifetime), until: None, ..claim.clone() },
            claim,
        ],
    }
}

fn payment() -> Option<PointsPayment> {
    Some(PointsPayment { order_minor: 12_800, wished: Some(200), money_minor: 200 })
}

/// Everything that entries say, each thing with all of its fields filled.
fn everything() -> Vec<(&'static str, What)> {
    let (corrects, totals) = (EntryId(8), Totals { spend_minor: 1, growth: 2, orders: 3 });
    let undone = Undone { entry: EntryId(9), lot: LotNumber(7) };
    let frozen = Frozen { earning: true, spending: false };
    vec![
        ("opening", What::Opening(Opened { tier: Some(tier()) })),
        (
            "earn",
            What::Earn(Earned {
                event: text("purchase"),
                awards: award(),
                skipped: vec![SkippedRules { reason: text("when"), rules: vec![text("birthday")] }],
                lines: vec![line("1"), plain_line()],
                uncounted: vec![text("2")],
                review: Some(review()),
            }),
        ),
        (
            "grant",
            What::Grant(Granted { grant: text("birthday"), strategy: Some(text("birthdays")) }),
        ),
        (
            "redeem",
            What::Redeem(Redeemed {
                lines: vec![LineAward { granted: -7, ..line("1") }],
                reward: Some(RewardTaken {
                    reward: text("mug"),
                    version: 2,
                    quantity: 1,
                    cash_minor: 100,
                }),
                payment: payment(),
                on_behalf_of: Some(member("n")),
            }),
        ),
        (
            "hold",
            What::Hold(Held {
                reservation: Reservation { until: Timestamp(9), lots: draw() },
                lines: vec![plain_line()],
                payment: payment(),
            }),
        ),
        ("capture", What::Capture(HoldEnded { hold: corrects })),
        ("release", What::Release(HoldEnded { hold: corrects })),
        (
            "reverse",
            What::Reverse(Reversed {
                corrects,
                reversal: Reversal {
                    lines: vec![LineReturn {
                        line: text("1"),
                        quantity: 1,
                        amount_minor: 6_400,
                        points: 64,
                    }],
                    desired: 64,
                    expired: 4,
                },
                review: Some(review()),
                merged: Some(member("n")),
            }),
        ),
        ("repay", What::Repay),
        (
            "request",
            What::AdjustmentRequest(AdjustmentRequested {
                adjustment: adjustment(None, Some(Concern::Merge(member("n")))),
            }),
        ),
        (
            "approve",
            What::Approve(RequestDecided {
                request: corrects,
                adjustment: adjustment(None, Some(Concern::Recover(vec![EntryId(1), EntryId(2)]))),
            }),
        ),
        ("approve of a review", What::ApproveReview(ReviewApproved { earn: corrects })),
        ("reject", What::Reject(decided())),
        ("withdraw", What::Withdraw(decided())),
        ("lapse", What::Lapse(decided())),
        (
            "adjust",
            What::Adjust(RequestDecided {
                request: corrects,
                adjustment: adjustment(Some(undone), None),
            }),
        ),
        ("transfer", What::Transfer(Transferred { other: member("n") })),
        (
            "exchange",
            What::Exchange(Exchanged {
                exchange: Exchange {
                    programme: ProgrammeId::new("q").unwrap(),
                    points: 7,
                    rate: Rate::parse("0.5").unwrap(),
                },
            }),
        ),
        ("merge of what is closed", What::CloseInto(ClosedInto { into: member("n") })),
        (
            "merge of what stays",
            What::Absorb(Absorbed {
                from: member("n"),
                carried: Qualification { lifetime: totals, months: vec![(20_454, totals)] },
                frozen: Some(frozen),
            }),
        ),
        (
            "pool",
            What::Pool(PoolChanged {
                other: MemberId::of_pool("home").unwrap(),
                pool: PoolChange { is_pool: true, joins: false },
            }),
        ),
        (
            "pool with an invitation",
            What::Invite(PoolInvited { guest: member("n"), until: Timestamp(9) }),
        ),
        ("erase", What::Erase),
        ("expire", What::Expire),
        ("activate", What::Activate),
        ("tier_change", What::TierChange(TierChanged { tier: tier(), awards: award() })),
        (
            "coupon_redeem",
            What::CouponRedeem(CouponRedeemed {
                discount: Discount { order_minor: 12_800, off_minor: 500 },
            }),
        ),
        ("coupon_cancel", What::CouponCancel),
        ("coupon_expire", What::CouponExpire),
        ("freeze", What::Freeze(FreezeChanged { frozen })),
        ("restore", What::Restore(FreezeChanged { frozen })),
        ("profile", What::Profile),
        (
            "remind",
            What::Remind(Reminded {
                reminder: Reminder { points: 7, lots: draw(), first_expires_at: Timestamp(9) },
            }),
        ),
    ]
}

/// An entry in which every field holds something.
fn full(what: What) -> Entry {
    let entry = Entry {
        id: EntryId(0x0192_f3a0_7c1d_7abc_8000_0000_0000_0007),
        programme: ProgrammeId::new("p").unwrap(),
        member: member("m-1"),
        sequence: Sequence(12),
        points: -3,
        balance_after: 1_000,
        occurred_at: Timestamp(1_767_225_600_000),
        recorded_at: Timestamp(1_767_225_601_000),
        origin: Origin {
            actor: text("key:abcd"),
            channel: Some(text("app")),
            store: Some(text("上海")),
            reference: Some(Reference::new("order-1").unwrap()),
            reason: Some(text("why\nnot \\ \"so\"")),
        },
        rulebook_version: 3,
        cause: Some(EntryId(7)),
        lots: lots(),
        effects: effects(),
        what,
        texts: None,
        previous_hash: Hash([0xa5; 32]),
        hash: Hash::default(),
    };
    sealed(entry)
}

fn sealed(mut entry: Entry) -> Entry {
    entry.seal_texts(&Seed([0x5e; 32])).unwrap();
    entry.hash = entry.computed_hash().unwrap();
    entry
}

/// As [`Entry::read`], with the texts of this entry.
fn read(entry: &Entry, body: &str) -> Result<Entry, ledger::Unreadable> {
    let texts = entry.texts.as_ref().and_then(|texts| texts.stored.clone());
    Entry::read(columns(entry), body, texts)
}

fn columns(entry: &Entry) -> Columns {
    Columns {
        programme: entry.programme.clone(),
        member: entry.member.clone(),
        sequence: entry.sequence,
        id: entry.id,
        kind: entry.kind(),
        points: entry.points,
        balance_after: entry.balance_after,
        occurred_at: entry.occurred_at,
        recorded_at: entry.recorded_at,
        previous_hash: entry.previous_hash,
        hash: entry.hash,
    }
}

/// An entry of which nothing is said that need not be.
fn bare(entry: &Entry) -> Entry {
    sealed(Entry {
        origin: Origin { actor: text("job:night"), ..Origin::default() },
        cause: None,
        lots: LotMoves::default(),
        effects: Effects::default(),
        ..entry.clone()
    })
}

/// What is pinned of an entry: its body, its texts, its hash.
type Pinned = (String, Option<String>, String);

/// By the names of the entries, which begin with their kinds.
fn pinned() -> BTreeMap<String, Pinned> {
    let lines: Vec<&str> = PINNED.lines().collect();
    let block = |block: &[&str]| {
        let [name, body, texts, hash] = block.try_into().unwrap();
        let texts = Some(text(texts)).filter(|texts| !texts.is_empty());
        (text(name), (text(body), texts, text(hash)))
    };
    lines.chunks(4).map(block).collect()
}

#[test]
fn every_kind_has_the_bytes_that_are_pinned() {
    let pinned = pinned();
    for (name, what) in everything() {
        let entry = full(what);
        let bare = bare(&entry);
        for (name, entry) in [(name.to_owned(), &entry), (format!("{name}, bare"), &bare)] {
            let texts = entry.texts.as_ref().and_then(|texts| texts.stored.clone());
            let hash = entry.computed_hash().unwrap().to_string();
            let found = (entry.body().unwrap(), texts, hash);
            assert_eq!(pinned.get(&name), Some(&found), "the bytes of {name} have changed");
        }
    }
}

/// Whatever made the entries, their bytes are read and written again, with the same hash.
#[test]
fn what_is_pinned_is_read_and_written_again() {
    for (name, (body, texts, hash)) in pinned() {
        let kind = name.split([' ', ',']).next().and_then(Kind::parse).unwrap();
        let columns = Columns { kind, ..columns(&full(What::Profile)) };
        let entry = Entry::read(columns, &body, texts.clone()).unwrap();
        assert_eq!(entry.body().unwrap(), body, "{name}");
        assert_eq!(entry.texts.as_ref().and_then(|texts| texts.stored.clone()), texts, "{name}");
        assert!(entry.texts.as_ref().is_none_or(|texts| texts.are_sound()), "{name}");
        assert_eq!(entry.computed_hash().unwrap().to_string(), hash, "{name}");
        assert_eq!(entry.kind().row().corrects, entry.corrects().is_some(), "{name}");
    }
}

#[test]
fn every_kind_is_pinned() {
    let pinned = pinned();
    for kind in KINDS {
        for end in ["", ", bare"] {
            let is_one = |name: &String| {
                let of = name.strip_suffix(", bare").unwrap_or(name).split(' ').next();
                of == Some(kind.as_str()) && name.ends_with(", bare") != end.is_empty()
            };
            assert!(pinned.keys().any(is_one), "{}{end} is not pinned", kind.as_str());
        }
    }
}

#[test]
fn what_is_written_is_read_and_written_again() {
    for (name, what) in everything() {
        let full = full(what);
        let mut erased = full.clone();
        erased.clear_texts();
        assert_eq!(erased.body().unwrap(), full.body().unwrap(), "{name}");
        for entry in [bare(&full), erased, full] {
            let body = entry.body().unwrap();
            let read = read(&entry, &body).unwrap();
            assert_eq!(read.computed_hash().unwrap(), entry.hash, "{name}");
            assert_eq!(read, entry, "{name}");
            assert_eq!(read.body().unwrap(), body, "{name}");
        }
    }
}

/// Every value of a body matters: another one is another entry, or none.
#[test]
fn no_value_of_a_body_is_passed_over() {
    for (name, what) in everything() {
        let entry = full(what);
        let body: serde_json::Value = serde_json::from_str(&entry.body().unwrap()).unwrap();
        let mut changed = 0;
        for path in leaves(&body, "") {
            let mut other = body.clone();
            let leaf = other.pointer_mut(&path).unwrap();
            *leaf = match leaf.clone() {
                serde_json::Value::Number(number) => (number.as_i64().unwrap() + 1).into(),
                serde_json::Value::Bool(is) => (!is).into(),
                serde_json::Value::String(text) => format!("{text}x").into(),
                serde_json::Value::Null => 1.into(),
                other => panic!("{other}"),
            };
            let other = other.to_string();
            if let Ok(read) = read(&entry, &other) {
                assert_ne!(read, entry, "{name}: {path} is passed over");
                assert_ne!(read.computed_hash().unwrap(), entry.hash, "{name}: {path}");
            }
            assert_ne!(entry.hash_over(&other), entry.hash, "{name}: {path}");
            changed += 1;
        }
        assert!(changed > 60, "{name}: {changed}");
    }
}

fn leaves(value: &serde_json::Value, path: &str) -> Vec<String> {
    match value {
        serde_json::Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| leaves(value, &format!("{path}/{name}")))
            .collect(),
        serde_json::Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, value)| leaves(value, &format!("{path}/{index}")))
            .collect(),
        _ => vec![path.to_owned()],
    }
}

#[test]
fn every_column_is_under_the_hash() {
    type Change = fn(&mut Entry);
    let changes: [(&str, Change); 10] = [
        ("previous hash", |e| e.previous_hash = Hash([1; 32])),
        ("id", |e| e.id.0 += 1),
        ("programme", |e| e.programme = ProgrammeId::new("q").unwrap()),
        ("member", |e| e.member = member("n")),
        ("sequence", |e| e.sequence.0 += 1),
        ("kind", |e| e.what = What::Profile),
        ("points", |e| e.points += 1),
        ("balance_after", |e| e.balance_after += 1),
        ("occurred_at", |e| e.occurred_at.0 += 1),
        ("recorded_at", |e| e.recorded_at.0 += 1),
    ];
    let entry = full(What::Expire);
    let body = entry.body().unwrap();
    for (column, change) in changes {
        let mut other = entry.clone();
        change(&mut other);
        assert_ne!(other.hash_over(&body), entry.hash, "{column} is not under the hash");
    }
}

/// A kind says what it must say, and nothing that another kind says.
#[test]
fn a_body_of_another_shape_is_not_read() {
    let says: BTreeMap<&str, What> = everything().into_iter().collect();
    let of = |name: &str| -> (Entry, serde_json::Value) {
        let entry = bare(&full(says[name].clone()));
        let body = serde_json::from_str(&entry.body().unwrap()).unwrap();
        (entry, body)
    };
    let is_read = |entry: &Entry, body: &serde_json::Value| read(entry, &body.to_string()).is_ok();
    for (kind, field) in [
        ("capture", "corrects"),
        ("release", "corrects"),
        ("reverse", "corrects"),
        ("reverse", "reversal"),
        ("adjust", "corrects"),
        ("adjust", "adjustment"),
        ("request", "adjustment"),
        ("reject", "adjustment"),
        ("approve", "corrects"),
        ("grant", "grant"),
        ("hold", "reservation"),
        ("transfer", "counterparty"),
        ("exchange", "exchange"),
        ("merge of what stays", "counterparty"),
        ("pool", "pool"),
        ("tier_change", "tier"),
        ("freeze", "frozen"),
        ("coupon_redeem", "discount"),
        ("remind", "reminder"),
        ("earn", "event"),
        ("earn", "actor"),
        ("earn", "rulebook"),
    ] {
        let (entry, mut body) = of(kind);
        assert!(is_read(&entry, &body), "{kind}");
        body.as_object_mut().unwrap().remove(field).unwrap();
        assert!(!is_read(&entry, &body), "{kind} without {field}");
    }
    for (kind, other, field) in [
        ("redeem", "hold", "reservation"),
        ("redeem", "coupon_redeem", "discount"),
        ("redeem", "earn", "review"),
        ("redeem", "reverse", "reversal"),
        ("earn", "request", "adjustment"),
        ("earn", "redeem", "deduction"),
        ("capture", "redeem", "reward"),
        ("expire", "reverse", "corrects"),
        ("profile", "freeze", "frozen"),
        ("transfer", "merge of what stays", "carried"),
        ("approve of a review", "pool with an invitation", "invitation"),
        ("tier_change", "earn", "lines"),
        ("opening", "exchange", "exchange"),
        ("hold", "pool", "pool"),
        ("redeem", "grant", "strategy"),
    ] {
        let ((entry, mut body), (_, from)) = (of(kind), of(other));
        body[field] = from[field].clone();
        assert!(!is_read(&entry, &body), "{kind} with {field}");
    }
    for (name, _) in everything() {
        let (entry, mut body) = of(name);
        body["later"] = 1.into();
        assert!(!is_read(&entry, &body), "{name} with a field of a later version");
        let twice = entry.body().unwrap().replacen('{', r#"{"actor":"x","#, 1);
        assert!(read(&entry, &twice).is_err(), "{name} with a field twice");
    }
    let (entry, _) = of("earn");
    for text in ["", "{}", "[]", "null", "{\"actor\":1}", "{\"actor\":\"a\",\"rulebook\":1.5}"] {
        assert!(read(&entry, text).is_err(), "{text}");
    }
}

/// What generic readers ask of an entry is found in every kind that says it.
#[test]
fn readers_find_what_is_written() {
    for (name, what) in everything() {
        let entry = full(what);
        let body: serde_json::Value = serde_json::from_str(&entry.body().unwrap()).unwrap();
        for (field, is_found) in [
            ("event", entry.event().is_some()),
            ("strategy", entry.strategy().is_some()),
            ("awards", !entry.awards().is_empty()),
            ("skipped", !entry.skipped().is_empty()),
            ("lines", !entry.lines().is_empty()),
            ("uncounted", !entry.uncounted().is_empty()),
            ("review", entry.review().is_some()),
            ("tier", entry.tier().is_some()),
            ("reminder", entry.reminder().is_some()),
            ("corrects", entry.corrects().is_some()),
            ("counterparty", entry.counterparty().is_some()),
            ("reservation", entry.reservation().is_some()),
            ("reversal", entry.reversal().is_some()),
            ("adjustment", entry.adjustment().is_some()),
            ("frozen", entry.frozen().is_some()),
            ("discount", entry.discount().is_some()),
            ("reward", entry.reward().is_some()),
            ("deduction", entry.payment().is_some()),
            ("pool", entry.pool().is_some()),
            ("invitation", entry.invitation().is_some()),
            ("carried", entry.carried().is_some()),
            ("exchange", entry.exchange().is_some()),
        ] {
            assert_eq!(is_found, body.get(field).is_some(), "{name}: {field}");
        }
    }
}

#[test]
fn free_texts_of_every_kind_can_be_taken_out() {
    for (name, what) in everything() {
        let mut entry = full(what);
        let (body, sealed) = (entry.body().unwrap(), entry.clone());
        assert!(!body.contains("why") && !body.contains("ticket"), "{name}: {body}");
        let stored = sealed.texts.as_ref().unwrap().stored.clone().unwrap();
        assert!(stored.contains("why"), "{name}: {stored}");
        assert_eq!(stored.contains("ticket"), entry.adjustment().is_some(), "{name}: {stored}");
        entry.clear_texts();
        let left = format!("{entry:?}");
        assert!(!left.contains("why") && !left.contains("ticket"), "{name}: {left}");
        assert!(entry.texts.as_ref().is_some_and(|texts| texts.are_erased() && texts.are_sound()));
        assert_eq!((entry.body().unwrap(), entry.computed_hash().unwrap()), (body, sealed.hash));
    }
}

#[test]
fn an_entry_without_texts_has_no_digest() {
    let entry = bare(&full(What::Expire));
    assert_eq!(entry.texts, None);
    assert!(!entry.body().unwrap().contains("texts"));
}

/// Stored texts are those that the body seals, of a shape that the ledger writes.
#[test]
fn texts_of_another_shape_are_not_read() {
    let (expire, adjust) = (full(What::Expire), full(What::Adjust(decided())));
    let with = |entry: &Entry, stored: Option<&str>| {
        Entry::read(columns(entry), &entry.body().unwrap(), stored.map(str::to_owned))
    };
    let is_sound = |read: Entry| read.texts.unwrap().are_sound();
    for (stored, is_read) in [
        (r#"{"salt":"00","reason":"other"}"#, true),
        (r#"{"salt":"00","evidence":"other"}"#, false),
        (r#"{"salt":"00","reason":"other","more":1}"#, false),
        (r#"{"reason":"other"}"#, false),
        ("other", false),
    ] {
        let read = with(&expire, Some(stored));
        assert_eq!(read.is_ok(), is_read, "{stored}");
        assert!(!read.is_ok_and(is_sound), "{stored}");
    }
    assert!(with(&adjust, Some(r#"{"salt":"00","evidence":"other"}"#)).is_ok());
    let unsealed = bare(&expire);
    assert!(with(&unsealed, None).is_ok());
    assert!(with(&unsealed, Some(r#"{"salt":"00","reason":"other"}"#)).is_err());
}

proptest! {
    #[test]
    fn texts_and_numbers_come_back(
        texts in proptest::collection::vec(".{0,12}", 8),
        numbers in proptest::collection::vec(any::<i64>(), 8),
        days in proptest::collection::vec(any::<i32>(), 3),
        at in 0usize..40,
    ) {
        let all = everything();
        let mut entry = full(all[at % all.len()].1.clone());
        entry.origin = Origin {
            actor: texts[0].clone(),
            channel: Some(texts[1].clone()),
            store: None,
            reference: None,
            reason: Some(texts[2].clone()),
        };
        entry.lots.grants[0].source = texts[3].clone();
        entry.lots.grants[0].points = numbers[0];
        entry.lots.grants[0].expires_at = Some(Timestamp(numbers[1]));
        entry.lots.debt = numbers[2];
        entry.rulebook_version = numbers[3];
        entry.effects.counts[0].counter = texts[4].clone();
        entry.effects.counts[0].period = days[0];
        entry.effects.tallies[0].most = Some(numbers[4]);
        entry.effects.coupons[0].terms.categories = texts[5..].to_vec();
        entry.effects.qualifying = Some(Qualifying { month: days[1], keep_from: days[2], ..qualifying() });
        entry = sealed(entry);
        let body = entry.body().unwrap();
        let read = read(&entry, &body).unwrap();
        prop_assert_eq!(&read, &entry);
        prop_assert_eq!(read.body().unwrap(), body);
    }
}
