//! Tiers: from what was earned, not from what is left.

use crate::support::{World, ask, at, buy, spend};
use ledger::ProgrammeId;
use rules::operations::Upgrade;
use rules::{QualifyingPeriod, Replay, TierBasis};

#[test]
fn a_tier_from_the_balance_instead_of_what_was_earned() {
    let mut world = World::new(|_| {});
    world.play(&[
        ("2026-01-10T10:00:00+08:00", buy(&[150_000]), "earn 1500"),
        // Spending starves nothing, and is no spend either.
        ("2026-01-10T10:00:00+08:00", spend(1_500), "redeem -1500"),
        ("2026-01-11T10:00:00+08:00", ask(Upgrade), ""),
        ("2026-01-12T10:00:00+08:00", buy(&[49_999]), "earn 499"),
        ("2026-01-12T10:00:00+08:00", buy(&[1]), "earn 0, silver 500"),
        ("2026-01-12T10:00:00+08:00", ask(Upgrade), ""),
        ("2026-01-12T10:00:00+08:00", spend(999), "redeem -999"),
        ("2026-01-12T10:00:00+08:00", buy(&[100]), "earn 1"),
    ]);
    assert_eq!(world.member.qualification.lifetime.spend_minor, 200_100);
}

/// An average rises when a small order leaves its period: the job finds it, and so does a history
/// that is told again.
#[test]
fn a_level_that_time_alone_brought_is_forgotten_when_told_again() {
    let mut world = World::new(|document| {
        let tiers = document.tiers.as_mut().unwrap();
        tiers.basis = TierBasis::AverageOrder;
        tiers.period = QualifyingPeriod::RollingMonths { months: 3 };
    });
    world.play(&[
        ("2026-01-10T10:00:00+08:00", buy(&[1_000]), "earn 10"),
        ("2026-02-10T10:00:00+08:00", buy(&[300_000]), "earn 3000"),
        ("2026-02-11T10:00:00+08:00", buy(&[200_000]), "earn 2000"),
        ("2026-03-11T10:00:00+08:00", ask(Upgrade), ""),
        ("2026-04-15T10:00:00+08:00", ask(Upgrade), "silver 500"),
    ]);
    let programme = ProgrammeId::new("p").unwrap();
    let mut again = Replay::new(&world.book, programme, world.member.id.clone(), [].into());
    for entry in &world.entries {
        again.again(entry).unwrap();
    }
    let (_, member) = again.end(at("2026-04-16T10:00:00+08:00")).unwrap();
    assert_eq!((member.tier, member.balance), (world.member.tier, world.member.balance));
}
