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

use jobs::Job;
use support::{World, members, purchase, short_lived};

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

/// Touches of a day on which the points of very many members end, and the outbox beside them.
#[test]
#[ignore = "a figure: takes a minute"]
fn touches_that_are_decided_at_once() {
    let touch = |member_no: i64| store::DecidedTouch {
        member_no,
        touch: reach::touch::Touch {
            key: reach::touch::Key {
                strategy: "ladder".into(),
                node: -7,
                cycle: reach::touch::Cycle::parse("end:1798732800000").unwrap(),
            },
            playbook_version: 1,
            purpose: reach::Purpose::Service,
            priority: 0,
            due_at: ledger::Timestamp(1_798_000_000_000),
            deadline_at: ledger::Timestamp(1_798_300_000_000),
            mode: reach::playbook::Mode::All,
            channels: vec![reach::Channel::Push],
            wait_hours: 24,
            template: Some("notice".into()),
            action: reach::playbook::Action::default(),
            uses: reach::touch::Uses { messages: 1, cost_minor: 5, points: 0 },
            decided_at: ledger::Timestamp(1_797_900_000_000),
            state: reach::touch::State::Due,
            sent_at: None,
            channel: None,
            responded_at: None,
        },
        period: None,
        planned: reach::touch::Planned {
            at: ledger::Timestamp(1_798_000_000_000),
            is_compared: true,
        },
        planned_day: 20_810,
    };
    for with_outbox in [true, false] {
        let (_, folder) = on_disk("cliff");
        let reach = store::Native::open(&folder.join("reach.db")).unwrap();
        support::wait(store::begin_reach(&reach, &reach)).unwrap();
        if !with_outbox {
            reach.connection().execute("DROP TRIGGER touch_waits", []).unwrap();
        }
        let (started, mut longest) = (Instant::now(), std::time::Duration::ZERO);
        for piece in 0..500 {
            let rows: Vec<_> = (0..1_000).map(|at| touch(piece * 1_000 + at)).collect();
            let begun = Instant::now();
            support::wait(store::put_touches(&reach, 1, &rows)).unwrap();
            longest = longest.max(begun.elapsed());
        }
        println!(
            "500,000 touches, outbox {with_outbox}: {:.1} s, longest write of 1,000 {longest:?}",
            started.elapsed().as_secs_f64()
        );
        std::fs::remove_dir_all(folder).unwrap();
    }
}
