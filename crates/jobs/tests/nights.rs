//! Sweeps, reminders and tier passes: twice, at once, killed anywhere, late, with the clock set
//! back. The books must always be the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use std::cell::{Cell, RefCell};

use jobs::{Job, WithoutNetwork};
use rules::{Enrolment, TierLevel};
use support::{Dying, Raced, World, action, members, purchase, short_lived};

const START: &str = "2026-01-10T10:00:00+08:00";
/// Lots of the start end at midnight of the 10th to the 11th of February.
const LAST_EVENING: &str = "2026-02-09T23:59:59+08:00";
const NIGHT: &str = "2026-02-10T00:00:05+08:00";

/// `count` members with 100 points that end at `NIGHT`, and 7 that end later.
fn world(count: usize) -> World {
    let world = World::new(START);
    world.publish(short_lived(30));
    world.earn(members(count), &purchase(10_000));
    world.set("2026-01-20T10:00:00+08:00").earn(members(count), &purchase(700));
    world
}

#[test]
fn a_sweep_records_each_due_change_once() {
    let world = world(1_300);
    assert_eq!(world.set(LAST_EVENING).run(Job::ExpireSweep).entries, 0);
    let report = world.set(NIGHT).run(Job::ExpireSweep);
    assert_eq!((report.done, report.members, report.entries), (true, 1_300, 1_300));
    assert_eq!((report.lots_expired, report.points_expired, report.failed), (1_300, 130_000, 0));
    let books = world.books();
    for job in [Job::ExpireSweep, Job::Activate, Job::TierUpgrade, Job::Night] {
        assert_eq!(world.run(job).entries, 0, "{job:?}");
    }
    assert_eq!(world.books(), books);
    world.assert_clean();
}

#[test]
fn a_bounded_sweep_goes_on_where_it_stopped() {
    let world = world(1_300);
    world.set(NIGHT);
    let run = |chunks| world.run_on(&world.sql, &WithoutNetwork, Job::ExpireSweep, chunks).unwrap();
    let first = run(1);
    assert_eq!((first.done, first.entries), (false, 500));
    assert_eq!((run(1).entries, run(1).entries), (500, 300));
    assert!(run(2).done);
    world.assert_clean();
}

#[test]
fn a_sweep_killed_at_any_statement_is_finished_by_the_next() {
    let calm = world(600);
    calm.set(NIGHT).run(Job::Night);
    for statements in 0..16 {
        let world = world(600);
        world.set(NIGHT);
        let dying = Dying { sql: &world.sql, statements_left: Cell::new(statements) };
        let killed = world.run_on(&dying, &WithoutNetwork, Job::Night, 9);
        assert!(killed.is_err() || statements > 9, "{statements}");
        assert!(world.run(Job::Night).done);
        assert_eq!(world.books(), calm.books(), "{statements}");
    }
}

#[test]
fn two_sweeps_at_once_do_no_harm() {
    let calm = world(1_100);
    calm.set(NIGHT).run(Job::ExpireSweep);
    // The rival does everything between our load and our commit, and again in the middle of the
    // commit.
    for mark in ["INSERT INTO posting", "json_each(?3)"] {
        let world = world(1_100);
        world.set(NIGHT);
        let rival = || {
            assert_eq!(
                world.run_on(&world.sql, &WithoutNetwork, Job::ExpireSweep, 2).unwrap().entries,
                1_000
            )
        };
        let raced = Raced { sql: &world.sql, mark, rival: RefCell::new(Some(rival)) };
        let report = world.run_on(&raced, &WithoutNetwork, Job::ExpireSweep, 9).unwrap();
        assert_eq!((report.done, report.entries), (true, 100), "{mark}");
        assert_eq!(world.books(), calm.books(), "{mark}");
        world.assert_clean();
    }
}

#[test]
fn two_processes_share_a_night() {
    let folder = std::env::temp_dir().join(format!("accrue-jobs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("default.db");
    let world = World::on(store::Native::open(&file).unwrap(), START);
    world.publish(short_lived(30));
    world.earn(members(2_000), &purchase(10_000));
    let written: u64 = std::thread::scope(|scope| {
        let night =
            || World::on(store::Native::open(&file).unwrap(), NIGHT).run(Job::Night).entries;
        let runs: Vec<_> = (0..2).map(|_| scope.spawn(night)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    });
    assert_eq!(
        (written, world.number("SELECT count(*) FROM entry WHERE kind = 'expire'")),
        (2_000, 2_000)
    );
    world.assert_clean();
    drop(world);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_run_a_month_late_writes_the_same_entries_later() {
    let (in_time, late) = (world(40), world(40));
    in_time.set(NIGHT).run(Job::ExpireSweep);
    in_time.set("2026-03-15T00:00:00+08:00").run(Job::ExpireSweep);
    let report = late.set("2026-03-15T00:00:00+08:00").run(Job::ExpireSweep);
    // Each lot in an entry of its own, as they ended on different days.
    assert_eq!((report.lots_expired, report.points_expired, report.entries), (80, 40 * 107, 80));
    let ends = "SELECT sum(occurred_at / 1000) FROM entry";
    assert_eq!(late.number(ends), in_time.number(ends), "dated by the end of its lot");
    assert_eq!(
        late.number("SELECT sum(points_in_lots) FROM member"),
        in_time.number("SELECT sum(points_in_lots) FROM member")
    );
    late.assert_clean();
}

#[test]
fn a_clock_set_back_undoes_and_repeats_nothing() {
    let world = world(10);
    world.set(NIGHT).run(Job::Night);
    let books = world.books();
    assert_eq!(world.set("2026-02-09T23:00:05+08:00").run(Job::Night).lots_expired, 0);
    world.set(NIGHT).run(Job::Night);
    assert_eq!(world.books(), books);
    world.assert_clean();
}

#[test]
fn members_with_nothing_due_leave_the_list() {
    let world = world(600);
    // Spending the lots that end first leaves some members with a due instant that is only a lower
    // bound.
    members(600).for_each(|member| world.redeem(&member, 100));
    world.sql.connection().execute("UPDATE member SET due_at = 1 WHERE no % 2 = 0", []).unwrap();
    let report = world.set(NIGHT).run(Job::ExpireSweep);
    assert_eq!((report.done, report.entries), (true, 0));
    assert_eq!(world.number("SELECT count(*) FROM member WHERE due_at <= 1770652805000"), 0);
    assert_eq!(world.run(Job::ExpireSweep).members, 0);
    world.assert_clean();
}

#[test]
fn an_unreadable_member_does_not_stop_the_night_of_others() {
    let world = world(30);
    world
        .sql
        .connection()
        .execute("UPDATE member SET qualification = 'x' WHERE id = 'm00007'", [])
        .unwrap();
    let report = world.set(NIGHT).run(Job::Night);
    assert_eq!((report.done, report.lots_expired), (true, 29));
    assert!(report.failed >= 1);
    assert!(report.last_failure.unwrap().contains("m00007"));
}

/// A member whose lots do not sum to the balance, which no reload can repair.
#[test]
fn an_inconsistent_member_does_not_stop_the_night_of_others() {
    let world = world(30);
    let spoil = "UPDATE lot SET remaining = remaining - 1 WHERE member_no = (SELECT no FROM member WHERE id = 'm00007')";
    world.sql.connection().execute(spoil, []).unwrap();
    let report = world.set(NIGHT).run(Job::Night);
    assert_eq!((report.done, report.lots_expired), (true, 29));
    assert!(report.failed >= 1);
    assert!(report.last_failure.unwrap().contains("m00007"));
}

#[test]
fn a_rulebook_published_in_mid_run_counts_from_there_on() {
    let world = world(700);
    world.set(NIGHT);
    let rival = || world.publish(|document| document.enrolment = Enrolment::Explicit);
    let raced = Raced { sql: &world.sql, mark: "json_each(?3)", rival: RefCell::new(Some(rival)) };
    let report = world.run_on(&raced, &WithoutNetwork, Job::ExpireSweep, 9).unwrap();
    assert_eq!((report.done, report.entries), (true, 700));
    let versions =
        world.texts("SELECT DISTINCT body ->> 'rulebook' || '' FROM entry WHERE kind = 'expire'");
    assert_eq!(versions, ["3"]);
}

#[test]
fn what_a_request_expired_first_is_not_swept_again() {
    let world = world(3);
    world.set(NIGHT);
    let rival = || world.redeem("m00001", 7);
    let mark = "INSERT INTO posting_of_expiry";
    let raced = Raced { sql: &world.sql, mark, rival: RefCell::new(Some(rival)) };
    let report = world.run_on(&raced, &WithoutNetwork, Job::ExpireSweep, 9).unwrap();
    assert_eq!((report.done, report.members, report.lots_expired, report.failed), (true, 3, 2, 0));
    let expired = "SELECT count(*) FROM entry WHERE kind = 'expire' AND points = -100";
    assert_eq!(world.number(expired), 3);
    world.assert_clean();
}

#[test]
fn a_member_is_warned_once_a_stage_and_day() {
    let world = world(600);
    for (now, warned) in [
        ("2026-02-02T23:59:00+08:00", 0),
        ("2026-02-03T00:05:00+08:00", 600),
        ("2026-02-03T00:05:00+08:00", 0),
        ("2026-02-03T18:00:00+08:00", 0),
        ("2026-02-04T00:05:00+08:00", 0),
        // The clock is an hour back, over midnight.
        ("2026-02-03T23:05:00+08:00", 0),
        // The run of the 7th never came; a late one catches up.
        ("2026-02-08T12:00:00+08:00", 600),
        ("2026-02-09T00:05:00+08:00", 600),
        ("2026-02-10T00:05:00+08:00", 0),
    ] {
        assert_eq!(world.set(now).run(Job::Remind).reminders, warned, "{now}");
    }
    let reported = world
        .texts("SELECT DISTINCT body ->> '$.reminder[0]' || '' FROM entry WHERE kind = 'remind'");
    assert_eq!(reported, ["100"]);
    world.assert_clean();
}

#[test]
fn a_bounded_pass_of_reminders_goes_on_and_a_new_day_begins_anew() {
    let world = world(1_200);
    let run = |chunks| world.run_on(&world.sql, &WithoutNetwork, Job::Remind, chunks).unwrap();
    world.set("2026-02-03T00:05:00+08:00");
    let first = run(1);
    assert_eq!((first.done, first.members, first.reminders), (false, 500, 500));
    assert_eq!(run(1).reminders, 500);
    // Killed and late: the others are warned the next day.
    world.set("2026-02-04T00:05:00+08:00");
    let rest = run(9);
    assert_eq!((rest.done, rest.members, rest.reminders), (true, 1_200, 200));
    assert_eq!(run(9).members, 0);
    // Other reminder days: today's pass runs again, but no member is warned twice on one day.
    world.publish(|document| document.reminders.days_before = vec![6]);
    assert_eq!((run(9).reminders, run(9).members), (1_000, 0));
    world.assert_clean();
}

#[test]
fn a_new_ladder_moves_members_up_in_one_resumable_pass() {
    let world = World::new(START);
    world.earn(members(1_200), &purchase(50_000));
    let run = |chunks| world.run_on(&world.sql, &WithoutNetwork, Job::TierUpgrade, chunks).unwrap();
    assert!(run(9).done);
    world.publish(|document| {
        let levels = &mut document.tiers.as_mut().unwrap().levels;
        let bronze = TierLevel {
            id: "bronze".into(),
            from: 40_000,
            or_growth: None,
            multiplier: "1".into(),
            gift_points: 10,
            gift_coupon: None,
            benefits: Vec::new(),
        };
        levels.insert(1, bronze);
    });
    let first = run(2);
    assert_eq!((first.done, first.tier_changes), (false, 500));
    let rest = run(9);
    assert_eq!((rest.done, rest.members, rest.tier_changes), (true, 700, 700));
    assert_eq!(run(9).members, 0);
    assert_eq!(
        world.number("SELECT count(*) FROM member WHERE tier = 'bronze' AND points_in_lots = 510"),
        1_200
    );
    world.assert_clean();
}

#[test]
fn a_tier_whose_time_is_over_is_closed() {
    let world = World::new(START);
    world.earn(members(520), &purchase(300_000));
    assert_eq!(world.number("SELECT count(*) FROM member WHERE tier = 'silver'"), 520);
    assert_eq!(world.set("2027-01-10T00:00:00+08:00").run(Job::TierUpgrade).tier_changes, 0);
    let report = world.set("2027-01-11T00:00:00+08:00").run(Job::TierUpgrade);
    assert_eq!((report.done, report.tier_changes), (true, 520));
    assert_eq!(world.number("SELECT count(*) FROM member WHERE tier = 'silver'"), 0);
    // Without a ladder no tier ends, and the job does not loop.
    world.publish(|document| document.tiers = None);
    assert!(world.run(Job::TierUpgrade).done);
    world.assert_clean();
}

#[test]
fn activations_come_before_expiries_and_reminders_last() {
    let world = World::new(START);
    world.publish(short_lived(30));
    world.earn(["m".to_owned()], &action("share"));
    world.earn(["m".to_owned()], &purchase(10_000));
    world.set("2026-02-03T00:05:00+08:00").run(Job::Night);
    world.set("2026-02-10T00:05:00+08:00").run(Job::Night);
    let kinds = world.texts("SELECT kind FROM entry ORDER BY no");
    assert_eq!(kinds, ["earn", "earn", "remind", "expire"]);
    assert_eq!(world.number("SELECT count(*) FROM entry WHERE body ->> 'actor' = 'job:night'"), 2);
}

/// A repeated request gets its first answer even a year later. After the retention everything
/// except entries is deleted.
#[test]
fn answers_are_kept_for_longer_than_a_year_and_not_for_ever() {
    let world = World::new("2026-01-10T10:00:00+08:00");
    world.publish(|document| document.retention.traces_days = 30);
    world.earn(["m".to_owned()], &purchase(100));
    let now = world.now.get().0;
    let write = |statement: &str| world.sql.connection().execute(statement, []).unwrap();
    for n in 0..1_200 {
        write(&format!(
            "INSERT INTO answering VALUES (1, 'earn:r{n}', '0123456789abcdef0123456789abcdef', 'refusal', 'i', NULL, 'b', {now})"
        ));
    }
    write(&format!(
        "INSERT INTO answering VALUES (1, 'draft:k', '0123456789abcdef0123456789abcdef', 'receipt', NULL, 200, '{{}}', {now})"
    ));
    write("INSERT INTO trace SELECT no, 1, member_no, 'phone', NULL FROM entry LIMIT 1");
    write(
        "INSERT INTO parked_event SELECT 1, 'shop', no, member_no, 'dead', 10, 0, 'answered 500' FROM entry LIMIT 1",
    );
    for (prefix, revoked) in [("gone", "0"), ("late", &now.to_string()), ("used", "NULL")] {
        write(&format!(
            "INSERT INTO api_key (prefix, programme_no, role, label, hash, created_at, revoked_at) VALUES ('{prefix}', 1, 'job', 'l', zeroblob(32), 0, {revoked})"
        ));
    }
    let kept = || {
        [
            "answer WHERE what = 'refusal'",
            "answer WHERE what = 'receipt'",
            "trace",
            "parked_event",
            "api_key",
            "entry",
        ]
        .map(|rows| world.number(&format!("SELECT count(*) FROM {rows}")))
    };
    let entries = kept()[5];
    assert_eq!(world.run(Job::Night).forgotten, 1, "the key that was revoked in 1970");
    assert_eq!(kept(), [1_200, 1, 1, 1, 2, entries]);
    world.set("2026-02-10T10:00:00+08:00");
    assert_eq!(world.run(Job::Night).forgotten, 1);
    assert_eq!(kept()[..5], [1_200, 1, 0, 1, 2]);
    // 399 days later.
    world.set("2027-02-13T10:00:00+08:00");
    assert_eq!(world.run(Job::ExpireSweep).forgotten, 0, "a year later all of it still holds");
    world.set("2027-02-15T10:00:00+08:00");
    assert_eq!(world.run(Job::ExpireSweep).forgotten, 1_203);
    let after = kept();
    assert_eq!(after[..5], [0, 0, 0, 0, 1]);
    assert!(after[5] >= entries, "no entry ever goes");
    world.assert_clean();
}
