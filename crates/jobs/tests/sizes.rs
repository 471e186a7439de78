//! Figures rather than checks; run with
//! `cargo test --release -p jobs --test all sizes -- --ignored --nocapture --test-threads 1`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use std::time::Instant;

use jobs::{Job, JobContext, WorkLimit};
use serde_json::{Value as Json, json};
use store::Native;
use support::figures::{Timed, fill_facts, size};
use support::{World, at, members, purchase, short_lived, wait};

use crate::results;
use crate::touch::{Shop, messaging};

/// Peak memory of this process, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}

fn on_disk(name: &str) -> (World, std::path::PathBuf) {
    let folder = std::env::temp_dir().join(format!("accrue-sizes-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let world = World::on(
        store::Native::open(&folder.join("default.db")).unwrap(),
        "2026-01-10T10:00:00+08:00",
    );
    world.publish(short_lived(30));
    (world, folder)
}

#[test]
#[ignore = "a figure: takes a minute"]
fn a_night_over_many_members() {
    let (world, folder) = on_disk("night");
    for _ in 0..5 {
        world.earn(members(20_000), &purchase(10_000));
    }
    world.set("2026-01-20T10:00:00+08:00");
    for _ in 0..5 {
        world.earn(members(20_000), &purchase(10_000));
    }
    let before = peak_mib();
    let started = Instant::now();
    let report = world.set("2026-02-10T00:00:05+08:00").run(Job::Night);
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "night: {} lots expired of {} members in {seconds:.1} s, {:.0} lots/s, peak {} MiB (before {before})",
        report.lots_expired,
        report.members,
        report.lots_expired as f64 / seconds,
        peak_mib()
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
#[ignore = "a figure: takes a minute"]
fn one_member_with_a_hundred_thousand_lots() {
    let (world, folder) = on_disk("lots");
    for _ in 0..200 {
        world.earn((0..500).map(|_| "m".to_owned()), &purchase(100));
    }
    let before = peak_mib();
    let started = Instant::now();
    let report = world.set("2026-02-10T00:00:05+08:00").run(Job::ExpireSweep);
    println!(
        "one member: {} lots expired in {:.1} s, {} entries, peak {} MiB (before {before}), {:?}",
        report.lots_expired,
        started.elapsed().as_secs_f64(),
        report.entries,
        peak_mib(),
        report.last_failure
    );
    std::fs::remove_dir_all(folder).unwrap();
}

/// The most that a component may take, of members who do very much: 500 in one piece, who log in 32
/// times a day for a month, with 500 orders each.
#[test]
#[ignore = "a figure: measures the whole process"]
fn a_count_of_busy_members_stays_within_64_mib() {
    let shop = results::Shop::new(500);
    for member in 0..500 {
        shop.plant(&results::name(member), results::SENT);
    }
    let at = results::ten_o_clock(results::FIRST_DAY).0;
    let counted = |most: i64| {
        format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most})")
    };
    shop.write(&format!(
        "{} INSERT INTO behaviour (programme_no, day, key, member_no, kind, occurred_at)
         SELECT 1, 0, t.member_no || '/' || i, t.member_no, 'login', {at} + i * 2678400 FROM touch AS t, n",
        counted(1_000)
    ));
    let orders = format!(
        "{} INSERT INTO entry (programme_no, member_no, sequence, id, kind, points, balance_after, occurred_at, recorded_at, hash, body)
         SELECT e.programme_no, e.member_no, 100 + i, randomblob(16), 'earn', e.points, e.balance_after, {at} + i, {at} + i, randomblob(32), e.body
         FROM entry AS e, n WHERE e.kind = 'earn'",
        counted(500)
    );
    shop.world.sql.connection().execute_batch(&orders).unwrap();
    // From here on the peak is that of the count.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak_mib();
    let report = shop.night(31);
    let after = peak_mib();
    println!(
        "results: {} touches counted, {} MiB (before {before})",
        report.touches,
        after - before
    );
    assert!(after - before <= 64, "{} MiB", after - before);
}

/// The points of all members end at one midnight: what a node of the ladder costs, run by run.
#[test]
#[ignore = "a figure: MEMBERS of 100,000, SPREAD_DAYS of 1"]
fn a_day_on_which_all_points_end() {
    let (members, spread) = (size("MEMBERS", 100_000), size("SPREAD_DAYS", 1));
    let nodes: Vec<Json> = [30, 15].map(|days| json!({"days_before": days})).to_vec();
    let ladder = json!({"id": "ladder", "trigger": {"kind": "points_expiring"}, "spread_days": spread,
        "send": {"channels": ["push", "sms"], "template": "notice"}, "sequence": {"nodes": nodes}});
    let (world, folder) = on_disk("cliff");
    let end = "2026-03-01T00:00:00+08:00";
    world.publish(|document| {
        let dates = rules::Expiry::FixedDates { dates: vec!["03-01".into()], min_days: 0 };
        document.expiry.insert("short".into(), dates);
    });
    world.earn(["m".to_owned()], &purchase(10_000));
    let copies = format!(
        "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {members})
         INSERT INTO member SELECT i, programme_no, 'm' || i, sequence, head, points_in_lots, debt, lots_granted,
           joined_at, tier, tier_since, tier_until, qualification, counters, state, due_at, reminded_at
         FROM n, member WHERE no = 1"
    );
    world.sql.connection().execute(&copies, []).unwrap();
    let shop = Shop {
        world,
        reach: Native::open(&folder.join("reach.db")).unwrap(),
        messaging: messaging(json!({"strategies": [ladder]})),
    };
    wait(store::begin_reach(&shop.reach, &shop.reach)).unwrap();
    let today = reach::Today::at(shop.world.now.get(), "Asia/Shanghai".parse().unwrap()).day;
    fill_facts(&shop.reach, members, today, shop.world.now.get().0);
    let (ends_on, ends_at) = (today + 50, at(end).0);
    let one_end = format!(
        "UPDATE facts SET known = json_set(known, '$.ends', json_array(json_array({ends_on}, 100))), next_expiry_at = {ends_at}"
    );
    shop.reach.connection().execute(&one_end, []).unwrap();
    for channel in ["push", "sms"] {
        let contacts = format!(
            "INSERT INTO contact SELECT 1, member_no, '{channel}', 'x', 'd' || member_no, 'open', NULL, 0, 'test' FROM facts"
        );
        shop.reach.connection().execute(&contacts, []).unwrap();
        let consents = format!(
            "INSERT INTO consent (programme_no, member_no, purpose, channel, decision, digest, at, source, recorded_at, recorded_by)
             SELECT 1, member_no, 'marketing', '{channel}', 'given', '', 0, 'form', 0, 'test' FROM facts"
        );
        shop.reach.connection().execute(&consents, []).unwrap();
    }
    for day in ["2026-01-29", "2026-01-30", "2026-02-14"] {
        shop.world.set(&format!("{day}T02:00:00+08:00"));
        let timed = Timed::begin(&shop.reach);
        let (now, fresh) = (|| shop.world.now.get().plus_ms(timed.ms()), || shop.world.fresh());
        let ledger = JobContext { sql: &shop.world.sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &timed, now: &now, fresh: &fresh };
        let messaging = async |_| Ok(shop.messaging.clone());
        let report =
            wait(jobs::touch(&ledger, &reach, None, messaging, WorkLimit::chunks(u32::MAX)))
                .unwrap();
        assert!(report.done && report.failed == 0, "{report:?}");
        timed.print(
            day,
            report.touches,
            &format!(
                "touches, {:?} suppressed, {} members seen",
                report.suppressed, report.members
            ),
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}
