//! Limits and caps: counted on the wrong day, forgotten too early, or kept for ever.

use crate::support::{World, act, action, at, buy, happened, purchase};
use rules::{Limit, Per};

#[test]
fn a_cut_award_that_hides_what_was_desired() {
    let mut world = World::new(|document| document.caps.points_per_day = Some(100));
    world.play(&[
        ("2026-01-10T10:00:00+08:00", buy(&[9_050]), "earn 90"),
        ("2026-01-10T10:00:00+08:00", buy(&[9_050]), "earn 10"),
        ("2026-01-10T23:59:59+08:00", act("check_in"), "earn 0"),
        ("2026-01-11T00:00:00+08:00", buy(&[9_050]), "earn 90"),
        // Reported on the 11th, it counts under the cap of its own day.
        (
            "2026-01-11T00:00:00+08:00",
            happened("2026-01-10T23:59:59+08:00", purchase(&[9_050])),
            "earn 0",
        ),
        ("2026-01-11T00:00:00+08:00", buy(&[9_050]), "earn 10"),
    ]);
    let awards = world.entries.iter().flat_map(|entry| entry.awards());
    let awards: Vec<(String, i64)> =
        awards.map(|award| (award.desired.to_string(), award.granted)).collect();
    assert_eq!(awards[1], ("90.5".to_owned(), 10));
    assert_eq!(awards[2], ("5".to_owned(), 0));
}

#[test]
fn a_check_in_on_the_wrong_day() {
    let mut world = World::new(|_| {});
    world.play(
        &[
            ("2026-01-10T23:59:59+08:00", act("check_in"), "earn 5"),
            // The same day in UTC, the next one for the programme.
            ("2026-01-11T00:00:00+08:00", act("check_in"), "earn 5"),
            ("2026-01-11T00:00:00+08:00", act("check_in"), "refused limit-reached"),
            (
                "2026-01-12T12:00:00+08:00",
                happened("2026-01-10T12:00:00+08:00", action("check_in")),
                "refused limit-reached",
            ),
            (
                "2026-01-12T12:00:00+08:00",
                happened("2026-01-09T12:00:00+08:00", action("check_in")),
                "earn 5",
            ),
            ("2026-01-12T12:00:00+08:00", act("check_in"), "earn 5"),
            ("2027-06-01T12:00:00+08:00", act("sign_up"), "expire -20, earn 100"),
            ("2037-06-01T12:00:00+08:00", act("sign_up"), "expire -100, refused"),
        ][..6],
    );
}

#[test]
fn a_limit_forgotten_before_the_last_late_event() {
    // Twenty-four hours before 00:30 on the day after a night of 23 hours is 23:30 of the day
    // before yesterday.
    let mut world = World::new(|document| {
        document.time_zone = "America/New_York".into();
        document.accept_late_days = 1;
    });
    world.play(&[
        ("2026-03-07T23:40:00-05:00", act("check_in"), "earn 5"),
        ("2026-03-09T00:10:00-04:00", act("check_in"), "earn 5"),
        (
            "2026-03-09T00:30:00-04:00",
            happened("2026-03-07T23:45:00-05:00", action("check_in")),
            "refused limit-reached",
        ),
    ]);
    // A server's clock set back over midnight.
    let mut world = World::new(|document| document.accept_late_days = 0);
    world.play(&[
        ("2026-01-10T23:50:00+08:00", act("check_in"), "earn 5"),
        ("2026-01-11T00:00:00+08:00", act("check_in"), "earn 5"),
        ("2026-01-10T23:55:00+08:00", act("check_in"), "refused limit-reached"),
    ]);
}

#[test]
fn a_limit_forgotten_when_the_rulebook_changes() {
    let book = |per| {
        World::new(|d| d.actions.get_mut("sign_up").unwrap().limit = Some(Limit { times: 1, per }))
            .book
    };
    let mut world = World::new(|_| {});
    for (per, now, outcome) in [
        (Per::Lifetime, "2026-01-10T10:00:00+08:00", "earn 100"),
        (Per::Day, "2026-01-11T10:00:00+08:00", "earn 100"),
        (Per::Day, "2026-01-11T11:00:00+08:00", "refused limit-reached"),
        (Per::Month, "2026-01-12T10:00:00+08:00", "earn 100"),
        (Per::Lifetime, "2026-01-13T10:00:00+08:00", "refused limit-reached"),
        (Per::Lifetime, "2027-01-13T10:00:00+08:00", "refused limit-reached"),
    ] {
        world.book = book(per);
        assert_eq!(world.run(at(now), &act("sign_up"), None), outcome, "{per:?} {now}");
    }
    world.audit();
}

#[test]
fn a_row_that_grows_with_every_day() {
    let mut world = World::new(|_| {});
    let start = at("2026-01-10T10:00:00+08:00");
    for day in 0..800 {
        world.run(start.plus_ms(day * 86_400_000), &act("check_in"), None);
        world.run(start.plus_ms(day * 86_400_000), &buy(&[100]), None);
    }
    // Seven days may be late, today and a day to spare: of check-ins, and of the cap over all.
    assert!(world.member.counters.len() <= 2 * 9, "{} counters", world.member.counters.len());
    // The months of a tier, those that it was reached by, and this one.
    assert!(
        world.member.qualification.months.len() <= 25,
        "{} months",
        world.member.qualification.months.len()
    );
    world.audit();
}
