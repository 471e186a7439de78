//! Strategies without effect: the interval of their lift misses zero in 5 of 100, and a lift of the
//! planned size is found in 80 of 100. Chance is a generator with a fixed seed.

use stats::{Lift, Side, needed};

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn happens(&mut self, rate: f64) -> bool {
        self.share() < rate
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }
}

/// A night of a strategy: a tenth of its members is held out, the others have a rate of
/// `base + lift`.
fn strategy(chance: &mut Chance, members: u64, base: f64, lift: f64) -> Lift {
    let (mut treated, mut held_out) = (Side::default(), Side::default());
    for _ in 0..members {
        let is_held_out = chance.happens(0.1);
        let side = if is_held_out { &mut held_out } else { &mut treated };
        side.members += 1;
        side.converted += u64::from(chance.happens(if is_held_out { base } else { base + lift }));
    }
    Lift::of(treated, held_out, 0).unwrap()
}

#[test]
fn of_1_000_strategies_without_effect_5_percent_seem_to_have_one() {
    let mut chance = Chance(20_261_130);
    let mut misses = 0;
    for _ in 0..1_000 {
        let members = chance.between(2_000.0, 12_000.0) as u64;
        let base = chance.between(0.03, 0.4);
        let lift = strategy(&mut chance, members, base, 0.0);
        misses += u32::from(!lift.difference.interval.holds(0.0));
    }
    println!("{misses} of 1,000 intervals miss zero");
    assert!((35..=65).contains(&misses), "{misses} of 1,000 intervals miss zero");
}

#[test]
fn a_lift_of_the_planned_size_is_found_in_80_percent() {
    let mut chance = Chance(7);
    let (base, lift) = (0.12, 0.04);
    let size = needed(base, lift, 0.1).unwrap();
    let members = (size.treated + size.held_out).ceil() as u64;
    let found = (0..1_000)
        .filter(|_| !strategy(&mut chance, members, base, lift).difference.interval.holds(0.0));
    let found = found.count();
    println!("{found} of 1,000 lifts are found");
    assert!((760..=840).contains(&found), "{found} of 1,000 lifts are found");
}
