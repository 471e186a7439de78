//! Proofs that it is the member who spends: each is used once, and a device is known from what came
//! from it before.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use crate::support;

use ledger::{Refusal, Timestamp};
use rules::{Document, StepUp};
use store::{
    BegunVerification, ClientInfo, Native, NewVerification, Outcome, SentProof, Sql, Submission,
    VerificationLimits, begin_reach, begin_verification, confirm_verification, dry_run,
    forget_verifications, try_verification, verification_wait,
};
use support::{World, act, buy, hold, redeem, release, told, wait};

const MINUTE: i64 = 60_000;

fn world(above_points: Option<i64>, new_device: bool) -> World {
    let step_up = StepUp { above_points, new_device, ..StepUp::default() };
    let world = World::with_rules(|book: &mut Document| book.risk.step_up = Some(step_up));
    world.one(buy("m", "k0", "o0", 100_000));
    world
}

fn with(submission: Submission, id: &str, points: i64, until: Timestamp) -> Submission {
    let proof = Some(SentProof::Signed { id: id.to_owned(), points, until });
    Submission { proof, ..submission }
}

fn from(submission: Submission, device: &str) -> Submission {
    let client = Some(ClientInfo { device: Some(device.to_owned()), ip: None });
    Submission { client, ..submission }
}

fn proof_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Refused { refusal: Refusal::VerificationNeeded { proof, .. }, .. } => proof,
        _ => "-",
    }
}

#[test]
fn a_proof_is_used_once_and_a_request_repeated() {
    let world = world(Some(50), false);
    let until = world.now.get().plus_ms(10 * MINUTE);
    let proved = |key: &str, id: &str, points: i64| with(redeem("m", key, points), id, 60, until);
    // The refusal is not kept under the key: the same request goes again with a proof.
    assert_eq!(proof_of(&world.one(redeem("m", "a", 60))), "missing");
    assert_eq!(world.number("SELECT count(*) FROM answer"), 0);
    let unread = SentProof::Unread("x".to_owned());
    let unread = Submission { proof: Some(unread), ..redeem("m", "a", 60) };
    assert_eq!(proof_of(&world.one(unread)), "unknown");
    assert_eq!(proof_of(&world.one(proved("a", "v1", 61))), "fewer");
    assert_eq!(told(&world.one(proved("a", "v1", 60))), "redeem -60");
    assert_eq!(proof_of(&world.one(proved("b", "v1", 60))), "used");
    assert_eq!(told(&world.one(proved("b", "v2", 60))), "redeem -60");
    // A repetition hears the first answer, whatever became of its proof.
    world.now.set(until);
    assert_eq!(told(&world.one(proved("a", "v1", 60))), "again: redeem -60");
    assert_eq!(told(&world.one(redeem("m", "a", 60))), "again: redeem -60");
    assert_eq!(proof_of(&world.one(proved("c", "v3", 60))), "expired");
    assert_eq!(world.number("SELECT count(*) FROM claim WHERE kind = 'proof'"), 2);
    let audit = wait(store::audit(&world.sql, world.programme.no, None, 0, 100)).unwrap();
    assert!(audit.violations.is_empty(), "{:?}", audit.violations);
}

/// Both are decided before either is written: the second is skipped by the commit, and refused.
#[test]
fn of_two_at_once_with_one_proof_one_is_written() {
    let world = world(Some(50), false);
    let until = world.now.get().plus_ms(MINUTE);
    let orders = ["a", "b"].map(|key| with(redeem("m", key, 60), "v1", 100, until));
    let outcomes = world.run(&orders);
    assert_eq!((told(&outcomes[0]).as_str(), proof_of(&outcomes[1])), ("redeem -60", "used"));
    assert_eq!(world.number("SELECT points_in_lots FROM member"), 1_000 - 60);
    // What fell due is written with the command, or not at all.
    world.one(act("m", "k1", "sign_up"));
    world.at("2026-04-20T10:00:00+08:00");
    let later = world.now.get().plus_ms(MINUTE);
    let outcomes = world.run(&["c", "d"].map(|key| with(redeem("m", key, 60), "v2", 100, later)));
    assert_eq!(told(&outcomes[0]), "expire -100, redeem -60");
    assert_eq!(proof_of(&outcomes[1]), "used");
}

/// A repetition that was loaded before the first request was written hears its answer, too.
#[test]
fn a_repetition_at_once_is_not_told_that_its_proof_was_used() {
    let world = world(Some(50), false);
    let until = world.now.get().plus_ms(MINUTE);
    let order = with(redeem("m", "a", 60), "v1", 60, until);
    let scope = store::Scope::Programme(world.programme.no);
    let loads = || {
        let wanted = [order.wanted()];
        wait(store::load(&world.sql, scope, &wanted, order.lots())).unwrap().unwrap().2
    };
    let loaded = loads();
    assert_eq!(told(&world.one(order.clone())), "redeem -60");
    let mut executor = store::Executor {
        sql: &world.sql,
        programme: &world.programme,
        book: &world.book,
        now: world.now.get(),
        fresh: || support::fresh(1 << 61),
        abroad: None,
        in_flight: None,
    };
    let outcomes =
        wait(store::execute(&mut executor, std::slice::from_ref(&order), loaded)).unwrap();
    assert_eq!(told(&outcomes[0]), "again: redeem -60");
    // With another key it is another request.
    let other = with(redeem("m", "b", 60), "v1", 60, until);
    assert_eq!(proof_of(&world.one(other)), "used");
}

#[test]
fn what_needs_no_proof_uses_none_up() {
    let world = world(Some(50), false);
    let until = world.now.get().plus_ms(MINUTE);
    let of = |submission| with(submission, "v1", 60, until);
    assert_eq!(told(&world.one(of(redeem("m", "a", 50)))), "redeem -50");
    assert_eq!(told(&world.one(of(redeem("m", "b", 5_000)))), "insufficient-points");
    // A dry run uses none up either.
    let order = of(redeem("m", "c", 60));
    let ids = || support::fresh(1 << 60);
    let mut executor = store::Executor {
        sql: &world.sql,
        programme: &world.programme,
        book: &world.book,
        now: world.now.get(),
        fresh: ids,
        abroad: None,
        in_flight: None,
    };
    let scope = store::Scope::Programme(world.programme.no);
    for (order, outcome) in [(redeem("m", "c", 60), "verification-needed"), (order, "redeem -60")] {
        let wanted = [order.wanted()];
        let (_, _, loaded) =
            wait(store::load(&world.sql, scope, &wanted, order.lots())).unwrap().unwrap();
        let outcomes = wait(dry_run(&mut executor, &[order], loaded)).unwrap();
        assert_eq!(told(&outcomes[0]), outcome);
    }
    assert_eq!(world.number("SELECT count(*) FROM claim WHERE kind = 'proof'"), 0);
    assert_eq!(told(&world.one(of(hold("m", "d", "o1", 60)))), "hold +0");
    let placed = world.last_hold();
    assert_eq!(told(&world.one(release("m", "e", placed))), "release +0");
    assert_eq!(proof_of(&world.one(of(redeem("m", "f", 60)))), "used");
}

#[test]
fn a_device_is_known_from_the_last_hundred_entries() {
    let world = world(None, true);
    let spends = |key: &str, device: &str| proof_of(&world.one(from(redeem("m", key, 1), device)));
    assert_eq!(told(&world.one(redeem("m", "a", 1))), "redeem -1", "no device is told");
    assert_eq!(spends("b", "phone"), "missing");
    world.one(from(buy("m", "k1", "o1", 1_000), "phone"));
    world.one(from(buy("n", "k2", "o2", 1_000), "other"));
    assert_eq!(
        spends("b1", "phone"),
        "missing",
        "what costs the member nothing counts a day later"
    );
    world.now.set(world.now.get().plus_ms(24 * 60 * MINUTE - 1));
    assert_eq!(spends("b2", "phone"), "missing");
    world.now.set(world.now.get().plus_ms(1));
    assert_eq!(spends("c", "phone"), "-");
    assert_eq!(spends("d", "other"), "missing", "it is another member's");
    // With a proof the device becomes one of the member's.
    let until = world.now.get().plus_ms(MINUTE);
    let proved = with(from(redeem("m", "e", 1), "tablet"), "v1", 1, until);
    assert_eq!(told(&world.one(proved)), "redeem -1");
    assert_eq!(spends("f", "tablet"), "-");
    // Entries without a device do not count, and the 101st is forgotten.
    for n in 0..98 {
        world.one(from(buy("m", &format!("l{n}"), &format!("p{n}"), 1_000), "till-app"));
        world.one(buy("m", &format!("x{n}"), &format!("q{n}"), 1_000));
    }
    assert_eq!(spends("g", "phone"), "missing");
    assert_eq!(spends("h", "tablet"), "-", "the 99th and 100th");
}

const LIMITS: VerificationLimits = VerificationLimits { member: 2, programme: 3 };

struct Codes(Native);

impl Codes {
    fn new() -> Self {
        let sql = Native::in_memory().unwrap();
        wait(begin_reach(&sql, &sql)).unwrap();
        Self(sql)
    }

    fn begins(&self, member: i64, id: &str, at: i64) -> bool {
        let until = Timestamp(at + 5 * MINUTE);
        let new = NewVerification { id, digest: "d", points: 60, until };
        self.begun(member, &new, at) == BegunVerification::Now
    }

    fn begun(&self, member: i64, new: &NewVerification<'_>, at: i64) -> BegunVerification {
        wait(begin_verification(&self.0, (1, member), new, Timestamp(at), LIMITS)).unwrap()
    }

    fn tries(&self, member: i64, id: &str, at: i64) -> Option<i64> {
        let tried = wait(try_verification(&self.0, (1, member), id, Timestamp(at), 5)).unwrap();
        tried.map(|tried| tried.tries)
    }

    fn number(&self) -> i64 {
        let text = "SELECT count(*) FROM verification";
        self.0.connection().query_row(text, [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn a_code_is_kept_once() {
    let codes = Codes::new();
    let first = NewVerification { id: "a", digest: "d", points: 60, until: Timestamp(500) };
    assert_eq!(codes.begun(7, &first, 10), BegunVerification::Now);
    let again = NewVerification { digest: "e", until: Timestamp(900), ..first };
    assert_eq!(codes.begun(7, &again, 20), BegunVerification::Before(Timestamp(500)));
    assert!(codes.begins(7, "b", 20));
    // Also where no other code would go.
    assert_eq!(codes.begun(7, &again, 30), BegunVerification::Before(Timestamp(500)));
    let third = NewVerification { id: "c", ..first };
    assert_eq!(codes.begun(7, &third, 30), BegunVerification::Refused);
    let tried = wait(try_verification(&codes.0, (1, 7), "a", Timestamp(40), 5)).unwrap();
    assert_eq!(tried.unwrap().digest, "d", "the code that was sent");
}

#[test]
fn codes_of_an_hour_are_limited() {
    const HOUR: i64 = 60 * MINUTE;
    let codes = Codes::new();
    let waits = |member: i64, at: i64| {
        let until = verification_wait(&codes.0, (1, member), Timestamp(at), LIMITS);
        wait(until).unwrap().map(|until| until.0)
    };
    assert!(codes.begins(7, "a", 10) && codes.begins(7, "b", 20));
    assert_eq!((codes.begins(7, "c", 30), waits(7, 30)), (false, Some(10 + HOUR)));
    assert_eq!(waits(8, 30), None);
    assert!(codes.begins(8, "c", 30));
    assert_eq!((codes.begins(9, "d", 40), waits(9, 40)), (false, Some(10 + HOUR)));
    assert!(!codes.begins(7, "e", 9 + HOUR));
    assert!(codes.begins(7, "e", 10 + HOUR), "the first one is an hour old");
    assert_eq!(codes.number(), 4);
    let forgets =
        |at: i64, most| wait(forget_verifications(&codes.0, Timestamp(at), most)).unwrap();
    assert_eq!((forgets(9, 9), forgets(30, 2), forgets(30, 2), codes.number()), (0, 2, 1, 1));
}

#[test]
fn tries_are_counted_and_time_runs_out() {
    let codes = Codes::new();
    assert!(codes.begins(7, "a", 0) && codes.begins(8, "b", 0));
    for (member, id) in [(8, "a"), (7, "b"), (7, "c")] {
        assert_eq!(codes.tries(member, id, 1), None, "{member} {id}");
    }
    let tries: Vec<_> = (0..7).map(|at| codes.tries(7, "a", at)).collect();
    assert_eq!(tries, [Some(1), Some(2), Some(3), Some(4), Some(5), None, None]);
    assert_eq!(codes.tries(8, "b", 5 * MINUTE - 1), Some(1));
    assert_eq!(codes.tries(8, "b", 5 * MINUTE), None);
    let confirms = |id: &str, at: i64| {
        wait(confirm_verification(&codes.0, (1, 8), id, Timestamp(at))).unwrap().map(|at| at.0)
    };
    assert_eq!((confirms("b", 3), confirms("b", 4), confirms("a", 4)), (Some(3), Some(3), None));
}

/// Nothing is left of an erased member, and a code of a merged account counts no more.
#[test]
fn a_closed_account_has_no_codes() {
    let codes = Codes::new();
    assert!(codes.begins(7, "a", 0) && codes.begins(8, "b", 0));
    for (member, into) in [(7, "NULL"), (8, "9")] {
        let text = format!(
            "INSERT INTO departed (member_no, programme_no, into_no, at) VALUES ({member}, 1, {into}, 1)"
        );
        wait(codes.0.query(&text, vec![])).unwrap();
    }
    assert_eq!(codes.number(), 0);
    assert!(!codes.begins(7, "c", 1) && !codes.begins(8, "d", 1));
    assert_eq!(codes.number(), 0);
}
