//! Tiers: from what was earned, not from what is left.

use crate::support::{World, ask, buy, spend};
use rules::operations::Upgrade;

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
    assert_eq!(world.member.standing.lifetime.spend_minor, 200_100);
}
