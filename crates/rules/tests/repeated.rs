//! What was done by hand in one history and is repeated in another.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use ledger::{
    Absorbed, Context, Effects, Entry, EntryId, Journal, Kind, LotDraw, LotMoves, LotNumber,
    LotReturn, MemberId, ProgrammeId, Reference, Transferred, What, repeat,
};
use support::{World, at, buy};

#[test]
fn a_gift_is_repeated_with_what_there_is() {
    let mut world = World::new(|_| {});
    world.play(&[("2026-01-10T10:00:00+08:00", buy(&[10_000]), "earn 100")]);
    let now = at("2026-01-11T10:00:00+08:00");
    let context = Context {
        programme: ProgrammeId::new("p").unwrap(),
        spread: 1,
        rulebook_version: 1,
        now,
        first_id: EntryId(7),
        seed: ledger::Seed::default(),
    };
    let plain = || {
        let mut journal = Journal::new(world.member.clone(), context.clone());
        journal.post(journal.draft(What::Profile, ledger::Origin::default())).unwrap();
        let posted: Vec<Entry> = journal.entries().cloned().collect();
        posted[0].clone()
    };
    let repeated = |of: Entry| {
        let mut journal = Journal::new(world.member.clone(), context.clone());
        repeat(&mut journal, &of, false).unwrap();
        let member = journal.member().clone();
        let posted: Vec<Entry> = journal.entries().cloned().collect();
        (posted[0].clone(), member)
    };
    let lot = world.entries[0].lots.grants[0].clone();

    // As many points as were given then, though from the lots that are there now.
    let given = |points| Entry {
        what: What::Transfer(Transferred { other: MemberId::new("n").unwrap() }),
        lots: LotMoves {
            draws: vec![LotDraw { number: LotNumber(40), points }],
            ..LotMoves::default()
        },
        occurred_at: at("2026-01-09T10:00:00+08:00"),
        origin: ledger::Origin {
            reference: Reference::new("gift-1").ok(),
            actor: "key:a".into(),
            ..plain().origin
        },
        ..plain()
    };
    let (entry, member) = repeated(given(30));
    assert_eq!((entry.kind(), entry.points, member.balance), (Kind::Transfer, -30, 70));
    assert_eq!(entry.lots.draws, [LotDraw { number: lot.number, points: 30 }]);
    assert_eq!(
        (entry.occurred_at, entry.origin.actor.as_str()),
        (at("2026-01-09T10:00:00+08:00"), "key:a")
    );
    assert_eq!(entry.origin.reference, None, "the document is that of the other history");
    assert_eq!(repeated(given(500)).1.balance, 0, "not more than there are");

    // What was got, or put back, comes with the end that it had.
    let back = LotReturn { lot: lot.clone(), points: 4 };
    let count = ledger::Count { counter: "c".into(), period: 1, keep_from: 1, times: 2, points: 3 };
    let (entry, member) = repeated(Entry {
        what: What::Absorb(Absorbed {
            from: MemberId::new("n").unwrap(),
            carried: world.member.qualification.clone(),
            frozen: None,
        }),
        lots: LotMoves {
            grants: vec![ledger::LotGrant { points: 9, ..lot.clone() }],
            returns: vec![back],
            ..LotMoves::default()
        },
        effects: Effects { counts: vec![count.clone()], ..Effects::default() },
        ..plain()
    });
    assert_eq!(
        (entry.kind(), entry.points, member.balance),
        (Kind::Transfer, 13, 113),
        "the account stays open"
    );
    assert_eq!(
        entry.lots.grants.iter().map(|lot| (lot.number.0, lot.points)).collect::<Vec<_>>(),
        [(2, 9), (3, 4)]
    );
    assert!(entry.lots.grants.iter().all(|new| new.expires_at == lot.expires_at));
    assert_eq!((entry.effects.counts, member.counted("c", 1)), (vec![count], (2, 3)));
    assert_eq!(member.qualification.lifetime.orders, 2);

    // Nobody pays off a debt that is not there.
    let (entry, member) =
        repeated(Entry { lots: LotMoves { debt: -5, ..LotMoves::default() }, ..given(0) });
    assert_eq!((entry.lots.debt, member.balance), (0, 100));
}
