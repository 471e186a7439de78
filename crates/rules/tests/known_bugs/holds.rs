//! Holds: captured twice, spent by somebody else meanwhile, lost or kept for ever.

use crate::living;
use crate::support::{AnyOperation, World, aside, ask, at, buy, spend, told};
use rules::operations::{Capture, Release, ReturnScope, Settle};

/// What becomes of a hold, written as its outcome.
fn resolves(world: &mut World, now: &str, command: AnyOperation) -> String {
    world.run(at(now), &command, None)
}

#[test]
fn held_points_spent_by_another_till() {
    let mut world = World::new(living(30));
    world.play(&[
        ("2026-01-01T10:00:00+08:00", buy(&[3_000]), "earn 30"),
        ("2026-01-01T10:00:00+08:00", aside(20), "hold(20)"),
        ("2026-01-01T10:00:00+08:00", spend(11), "refused insufficient-points"),
        ("2026-01-01T10:00:00+08:00", aside(11), "refused insufficient-points"),
        ("2026-01-01T10:00:00+08:00", aside(4), "hold(4)"),
        ("2026-01-01T10:00:00+08:00", spend(6), "redeem -6"),
        ("2026-01-01T10:00:00+08:00", spend(1), "refused insufficient-points"),
        // Both holds are over after half an hour, in an entry each.
        ("2026-01-01T10:29:59.999+08:00", spend(1), "refused insufficient-points"),
        ("2026-01-01T10:30:00+08:00", spend(24), "release 0, release 0, redeem -24"),
    ]);
}

#[test]
fn a_hold_resolved_twice() {
    for (first, outcome) in [(None, "capture -20"), (Some(5), "capture -5")] {
        let mut world = World::new(living(30));
        let now = "2026-01-01T10:00:00+08:00";
        world.play(&[(now, buy(&[3_000]), "earn 30"), (now, aside(20), "hold(20)")]);
        let hold = world.last_hold();
        let capture = |points| ask(Capture { hold, points });
        assert_eq!(resolves(&mut world, now, capture(Some(21))), "refused more-than-left");
        assert_eq!(resolves(&mut world, now, capture(first)), outcome);
        for again in [capture(None), capture(Some(1)), ask(Release { hold })] {
            assert_eq!(resolves(&mut world, now, again), "refused hold-resolved");
        }
        // The rest came free at once.
        let rest = 30 - first.unwrap_or(20);
        assert_eq!(resolves(&mut world, now, spend(rest + 1)), "refused insufficient-points");
        assert_eq!(resolves(&mut world, now, spend(rest)), format!("redeem -{rest}"));
        world.audit();
    }
}

#[test]
fn a_hold_resolved_by_two_at_once() {
    let mut world = World::new(living(30));
    let now = at("2026-01-01T10:00:00+08:00");
    world.run(now, &buy(&[3_000]), None);
    world.run(now, &aside(20), None);
    let (hold, loaded) = (world.last_hold(), world.member.clone());
    let capture = ask(Capture { hold, points: None });
    let late = at("2026-01-01T10:30:00+08:00");
    let all =
        [(now, capture.clone()), (now, ask(Release { hold })), (late, ask(Settle)), (now, capture)];
    let decided: Vec<_> = all
        .iter()
        .map(|(now, command)| world.decide(&loaded, *now, command, None).unwrap())
        .collect();
    let written: Vec<bool> =
        decided.into_iter().map(|decided| world.commit(&loaded, decided, None)).collect();
    assert_eq!(written, [true, false, false, false]);
    world.audit();
}

#[test]
fn a_time_out_eating_the_points() {
    // Held points live as long as their hold, though their lot ends meanwhile; what comes free
    // after that expires.
    let setting = || {
        let mut world = World::new(living(0));
        world.play(&[
            ("2026-01-01T23:50:00+08:00", buy(&[3_000]), "earn 30"),
            ("2026-01-01T23:50:00+08:00", aside(20), "hold(20)"),
            ("2026-01-02T00:00:00+08:00", ask(Settle), "expire -10"),
            ("2026-01-02T00:00:00+08:00", ask(Settle), ""),
            ("2026-01-02T00:00:00+08:00", spend(1), "refused insufficient-points"),
        ]);
        assert_eq!(
            world.member.due_at,
            Some(at("2026-01-02T00:20:00+08:00")),
            "nothing to do before the hold's end"
        );
        world
    };
    let hold = setting().last_hold();
    for (now, command, outcome) in [
        ("2026-01-02T00:19:59.999+08:00", ask(Capture { hold, points: None }), "capture -20"),
        (
            "2026-01-02T00:10:00+08:00",
            ask(Capture { hold, points: Some(5) }),
            "capture -5, expire -15",
        ),
        ("2026-01-02T00:10:00+08:00", ask(Release { hold }), "release 0, expire -20"),
        ("2026-01-02T00:20:00+08:00", ask(Capture { hold, points: None }), "refused hold-resolved"),
        ("2026-01-02T00:20:00+08:00", ask(Settle), "release 0, expire -20"),
        ("2026-02-01T00:00:00+08:00", spend(1), "refused insufficient-points"),
        ("2026-02-01T00:00:00+08:00", buy(&[100]), "release 0, expire -20, earn 1"),
    ] {
        let mut world = setting();
        assert_eq!(world.run(at(now), &command, None), outcome, "{now} {command:?}");
        world.audit();
    }
}

#[test]
fn a_document_held_and_paid_twice() {
    let mut world = World::new(living(30));
    let now = at("2026-01-01T10:00:00+08:00");
    world.run(now, &buy(&[10_000]), Some("order-1"));
    assert_eq!(
        world.run(now, &aside(20), Some("order-1")),
        "hold(20)",
        "the order that earned may be paid with points"
    );
    assert_eq!(world.run(now, &aside(20), Some("order-1")), "refused reference-already-used");
    // A hold that was given up may be tried again, as by a shopper who comes back to the checkout.
    let hold = world.last_hold();
    assert_eq!(world.run(now, &ask(Release { hold }), None), "release 0");
    assert_eq!(world.run(now, &aside(20), Some("order-1")), "hold(20)");
    let hold = world.last_hold();
    assert_eq!(
        world.run(now, &ask(Capture { hold, points: None }), Some("order-1")),
        "capture -20"
    );
    for again in [aside(20), spend(20)] {
        assert_eq!(world.run(now, &again, Some("order-1")), "refused reference-already-used");
    }
    // Nor is a document paid directly while points are set aside for it.
    assert_eq!(world.run(now, &aside(20), Some("order-2")), "hold(20)");
    assert_eq!(world.run(now, &spend(20), Some("order-2")), "refused reference-already-used");
    world.audit();
}

#[test]
fn a_captured_hold_is_given_back_like_any_redemption() {
    let mut world = World::new(living(30));
    let now = "2026-01-01T10:00:00+08:00";
    world.play(&[(now, buy(&[3_000]), "earn 30"), (now, aside(20), "hold(20)")]);
    let hold = world.last_hold();
    world.play(&[(now, ask(Capture { hold, points: Some(15) }), "capture -15")]);
    let back = world.undo(None, Some(2), ReturnScope::Points(10));
    world.play(&[(now, back, "reverse 10")]);
    let back = world.undo(None, Some(2), ReturnScope::Rest);
    world.play(&[(now, back, "reverse 5")]);
    let back = world.undo(None, Some(2), ReturnScope::Rest);
    world.play(&[(now, back, "refused nothing-to-reverse"), (now, spend(30), "redeem -30")]);
    assert_eq!(told(&world.entries[2..5]), "capture -15, reverse 10, reverse 5");
}

/// Abandoned checkouts by the thousand would make the member's row, and the night that times them
/// out, grow without end.
#[test]
fn holds_without_end() {
    let mut world = World::new(living(30));
    let now = at("2026-01-01T10:00:00+08:00");
    world.run(now, &buy(&[100_000]), None);
    for _ in 0..100 {
        assert_eq!(world.run(now, &aside(1), None), "hold(1)");
    }
    assert_eq!(world.run(now, &aside(1), None), "refused too-many-open");
    assert_eq!(world.run(now, &spend(900), None), "redeem -900");
    let after = at("2026-01-01T10:30:00+08:00");
    assert_eq!(world.run(after, &ask(Settle), None).split(", ").count(), 100);
    assert_eq!(world.run(after, &aside(100), None), "hold(100)");
    world.audit();
}
