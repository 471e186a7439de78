//! Rehearsals: the reported entries are those that the night then writes, none is written before,
//! and the same question has one answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use std::collections::BTreeMap;

use jobs::{Job, JobContext, Rehearsal, WorkLimit, rehearse};
use ledger::Timestamp;
use rules::{Document, Limit, Per};
use serde_json::{Value as Json, json};
use store::programme;
use support::{World, action, at, members, purchase, wait};

const START: &str = "2026-01-10T10:00:00+08:00";
const NIGHT: &str = "2026-02-10T00:00:00+08:00";

fn ladder(document: &mut Document) {
    document.purchase.expiry = "short".into();
    document.expiry.insert("short".into(), rules::Expiry::Days { days: 30, round_up_to: None });
    document.reminders.days_before = vec![7, 2];
    let check_in = document.actions.get_mut("check_in").unwrap();
    check_in.pending = Some(rules::Pending { days: Some(30) });
    check_in.limit = Some(Limit { times: 1, per: Per::Day });
    let tiers = document.tiers.as_mut().unwrap();
    tiers.period = rules::QualifyingPeriod::RollingMonths { months: 1 };
    tiers.levels.truncate(2);
    tiers.levels[1].from = 50_000;
}

/// Members of every kind: with expiring points, with a due reminder, with points that become
/// spendable, with a tier that ends, and with nothing due.
fn world() -> World {
    let world = World::new(START);
    world.publish(ladder);
    world.earn(members(600), &purchase(10_000));
    world.earn((0..40).map(|n| format!("pending-{n}")), &action("check_in"));
    world.earn((0..30).map(|n| format!("silver-{n}")), &purchase(60_000));
    world
        .set("2026-01-12T10:00:00+08:00")
        .earn((0..20).map(|n| format!("warned-{n}")), &purchase(700));
    world
        .set("2026-02-05T10:00:00+08:00")
        .earn((0..10).map(|n| format!("idle-{n}")), &purchase(700));
    world.redeem("m00000", 40);
    world.set("2026-02-09T10:00:00+08:00").run(Job::Night);
    world.run(Job::TierUpgrade);
    world
}

fn part(
    world: &World,
    at: Option<Timestamp>,
    cursor: Option<&str>,
    chunks: u32,
) -> Option<Rehearsal> {
    let found = wait(programme(&world.sql, "default")).unwrap().unwrap().reference;
    let (now, fresh) = (|| world.now.get(), || world.fresh());
    let context = JobContext { sql: &world.sql, now: &now, fresh: &fresh };
    wait(rehearse(&context, found, at, cursor, WorkLimit::chunks(chunks))).unwrap()
}

/// All parts as one: the totals of the last, and every member.
fn whole(world: &World, chunks: u32) -> (BTreeMap<String, i64>, Vec<Json>) {
    let (mut cursor, mut members) = (None, Vec::new());
    loop {
        let found = part(world, None, cursor.as_deref(), chunks).unwrap();
        assert_eq!(found.at, at(NIGHT), "the coming midnight");
        members.extend(found.members);
        cursor = found.next;
        if cursor.is_none() {
            return (found.totals, members);
        }
    }
}

/// The entries from `after` on, in words, by member.
fn written(world: &World, after: i64) -> BTreeMap<String, Vec<String>> {
    let rows = world.texts(&format!(
        "SELECT m.id || ' ' || e.kind || ' ' || e.points FROM entry AS e JOIN member AS m ON m.no = e.member_no
         WHERE e.recorded_at >= {after} AND e.kind <> 'earn' ORDER BY m.id, e.sequence"
    ));
    let mut by_member: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        let (member, entry) = row.split_once(' ').unwrap();
        by_member.entry(member.to_owned()).or_default().push(entry.to_owned());
    }
    by_member
}

fn reported(members: &[Json]) -> BTreeMap<String, Vec<String>> {
    let entry = |entry: &Json| {
        let points =
            if entry["kind"] == "remind" { 0 } else { entry["points"].as_i64().unwrap_or(0) };
        format!("{} {points}", entry["kind"].as_str().unwrap())
    };
    let of = |member: &Json| {
        let entries = member["entries"].as_array().unwrap().iter().map(entry).collect();
        (member["member_id"].as_str().unwrap().to_owned(), entries)
    };
    members.iter().map(of).collect()
}

#[test]
fn the_night_writes_the_rehearsed_entries() {
    let world = world();
    let before = world.books();
    let (totals, members) = whole(&world, 100);
    assert_eq!(world.books(), before, "nothing is written");
    world.set("2026-02-10T00:00:00+08:00");
    let report = world.run(Job::Night);
    let night = at(NIGHT).0;
    assert_eq!(reported(&members), written(&world, night));
    let counted = |name: &str| u64::try_from(totals[name]).unwrap();
    assert_eq!(counted("lots_expired"), report.lots_expired);
    assert_eq!(totals["points_expired"], report.points_expired);
    assert_eq!(
        (counted("lots_activated"), counted("reminders")),
        (report.lots_activated, report.reminders)
    );
    assert_eq!(
        (totals["lots_expired"], totals["points_expired"]),
        (630, 600 * 100 - 40 + 30 * 600)
    );
    assert_eq!((totals["lots_activated"], totals["points_activated"]), (40, 200));
    assert_eq!(totals["failed"], 0);
    assert_eq!((totals["reminders"], totals["points_reminded"]), (20, 140));
    world.assert_clean();
}

#[test]
fn tiers_and_a_new_ladder_are_rehearsed_too() {
    let world = world();
    world.set("2026-02-10T12:00:00+08:00").run(Job::Night);
    world.publish(|document| {
        let tiers = document.tiers.as_mut().unwrap();
        tiers.levels[1].from = 600;
        tiers.levels[1].gift_points = 7;
    });
    let found = part(&world, None, None, 100).unwrap();
    assert_eq!(
        (found.at, found.rulebook_version, &found.next),
        (at("2026-02-11T00:00:00+08:00"), 3, &None)
    );
    // The member who bought in February is up. The member whose tier ends on the 10th of February
    // has bought nothing since.
    let before = world.books();
    let changes: Vec<(&str, &str)> = found
        .members
        .iter()
        .flat_map(|member| {
            member["entries"].as_array().unwrap().iter().map(move |entry| (member, entry))
        })
        .filter(|(_, entry)| entry["kind"] == "tier_change")
        .map(|(member, entry)| {
            (member["member_id"].as_str().unwrap(), entry["change"].as_str().unwrap())
        })
        .collect();
    assert_eq!(world.books(), before);
    let count = |prefix: &str, change: &str| {
        changes.iter().filter(|(id, what)| id.starts_with(prefix) && *what == change).count()
    };
    assert_eq!((count("idle-", "upgrade"), count("silver-", "downgrade")), (10, 30));
    assert_eq!((found.totals["tier_upgrades"], found.totals["tier_downgrades"]), (10, 30));
    assert_eq!((found.totals["gift_points"], found.totals["tier_renewals"]), (70, 0));
    world.set("2026-02-11T00:00:00+08:00").run(Job::Night);
    world.run(Job::TierUpgrade);
    assert_eq!(reported(&found.members), written(&world, found.at.0));
}

#[test]
fn one_question_has_one_answer_in_any_number_of_parts() {
    let world = world();
    let all = whole(&world, 100);
    assert_eq!(whole(&world, 100), all);
    assert_eq!(whole(&world, 1), all);
    let first = part(&world, None, None, 1).unwrap();
    let cursor = first.next.expect("there is more than one part");
    assert!(part(&world, None, Some("x"), 1).is_none());
    assert!(part(&world, Some(Timestamp(i64::MAX)), None, 1).is_none());
    // The rules have changed in between, so the totals so far would not match the rest.
    world.publish(|document| document.accept_late_days = 9);
    assert!(part(&world, None, Some(&cursor), 1).is_none());
}

#[test]
fn an_inconsistent_member_does_not_stop_the_rehearsal_of_others() {
    let world = world();
    world
        .sql
        .connection()
        .execute("UPDATE member SET points_in_lots = points_in_lots + 1 WHERE id = 'm00007'", [])
        .unwrap();
    let (totals, members) = whole(&world, 100);
    assert_eq!((totals["failed"], totals["lots_expired"]), (1, 629));
    assert!(members.contains(&json!({"member_id": "m00007", "failed": true})));
}
