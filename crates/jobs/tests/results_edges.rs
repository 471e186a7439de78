//! Results of members with very much, of accounts that became one, of programmes that fail, and of
//! days on which something changes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use std::cell::Cell;

use jobs::WorkLimit;
use ledger::{MemberId, Timestamp};
use rules::operations::Merge;
use serde_json::json;
use store::{
    Error, Native, Rows, Sql, Value, account_parts, result_clicks, result_deliveries,
    result_logins, result_sums,
};

use crate::results::{
    DAY_MS, FIRST_DAY, HELD_OUT, Planted, SENT, Shop, after_hours, name, ten_o_clock,
};
use crate::support::wait;

/// Of each row, these many copies with numbers `i`.
fn counted(copies: usize) -> String {
    format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {copies})")
}

/// So many logins of each member with a touch, so many milliseconds apart.
fn log_in_often(shop: &Shop, times: usize, every_ms: i64) {
    let at = ten_o_clock(FIRST_DAY).0;
    shop.write(&format!(
        "{} INSERT INTO behaviour (programme_no, day, key, member_no, kind, occurred_at)
         SELECT 1, 0, t.member_no || '/' || i, t.member_no, 'login', {at} + i * {every_ms} FROM touch AS t, n",
        counted(times)
    ));
}

#[test]
fn of_a_member_so_much_is_read_and_no_more() {
    let shop = Shop::new(2);
    let at = ten_o_clock(FIRST_DAY).0;
    let (touch, other) = (shop.plant("m0000", SENT), shop.plant("m0001", SENT));
    let members = ["m0000", "m0001"].map(|member| shop.no(member));
    let span = (Timestamp(at), Timestamp(at + 31 * DAY_MS));
    log_in_often(&shop, 3_000, 1);
    let logins = wait(result_logins(&shop.reach, 1, &members, span, 100)).unwrap();
    assert_eq!(logins.len(), 200);
    assert_eq!(logins[..100].iter().map(|(_, at)| at.0).min(), Some(at + 2_901), "the last ones");
    // All at the same instant, and none of another kind.
    shop.write(&format!("UPDATE behaviour SET occurred_at = {at}"));
    assert_eq!(wait(result_logins(&shop.reach, 1, &members, span, 100)).unwrap().len(), 200);
    shop.write("UPDATE behaviour SET kind = 'view'");
    assert_eq!(wait(result_logins(&shop.reach, 1, &members, span, 100)).unwrap(), []);

    shop.write(&format!(
        "{} INSERT INTO touch_delivery (programme_no, touch_no, member_no, channel, attempt, account_no, state, digest, started_at)
         SELECT 1, no, member_no, 'sms', i, 1, 'accepted', '', {at} + i FROM touch, n",
        counted(300)
    ));
    let got = wait(result_deliveries(&shop.reach, 1, &members, span, 100)).unwrap();
    assert_eq!(got.len(), 200);
    assert_eq!(got.iter().map(|of| of.touched.at.0).min(), Some(at + 201));

    for touch in [touch, other] {
        let link = shop.link(touch);
        shop.write(&format!(
            "{} INSERT INTO click (link_no, no, at, is_pressed, network) SELECT {link}, i, {at} + i, 0, '' FROM n",
            counted(150)
        ));
    }
    let clicks = wait(result_clicks(&shop.reach, 1, &members, span, 100)).unwrap();
    assert_eq!(clicks.len(), 200);
    assert_eq!(clicks.iter().map(|of| of.touched.at.0).min(), Some(at + 51));

    shop.write(&format!(
        "{} INSERT INTO departed (programme_no, member_no, into_no, at) SELECT 1, 1000 + i, {}, 0 FROM n",
        counted(150),
        members[0]
    ));
    let parts = wait(account_parts(&shop.reach, &members, 100)).unwrap();
    assert_eq!((parts.len(), parts.keys().min()), (100, Some(&1_051)));
}

/// Remembers the most rows that a statement answered.
struct Widest<'a> {
    sql: &'a Native,
    rows: Cell<usize>,
}

impl Sql for Widest<'_> {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        let rows = self.sql.query(statement, values).await?;
        self.rows.set(self.rows.get().max(rows.len()));
        Ok(rows)
    }
}

/// What is in memory at once does not grow with the members of a day. What it comes to in MiB is in
/// `sizes.rs`.
#[test]
fn a_count_reads_some_members_at_a_time() {
    let shop = Shop::new(400);
    for member in 0..400 {
        shop.plant(&name(member), SENT);
    }
    log_in_often(&shop, 60, 1_000);
    shop.world.now.set(Timestamp(ten_o_clock(FIRST_DAY).0 + 8 * DAY_MS));
    let widest = Widest { sql: &shop.reach, rows: Cell::new(0) };
    let report = shop.run_on(&widest, WorkLimit::chunks(1_000)).unwrap();
    assert!(report.done && report.touches == 800, "{report:?}");
    assert_eq!(shop.side("row", "treated").members(), 400);
    // Of 50 members; the touches are 400.
    assert_eq!(widest.rows.get(), 50 * 60);
}

/// Accounts of one member are read in several pieces.
#[test]
fn of_many_accounts_that_became_one_all_counts() {
    let shop = Shop::new(71);
    let at = ten_o_clock(FIRST_DAY);
    shop.plant("m0000", SENT);
    for member in 0..71 {
        shop.buys(&name(member), 1_000, after_hours(at, 1));
        shop.log_in(&name(member), after_hours(at, 2));
    }
    let whole = shop.no("m0000");
    for member in 1..71 {
        let part = shop.no(&name(member));
        shop.write(&format!("INSERT INTO departed VALUES ({part}, 1, {whole}, 0, 0)"));
    }
    shop.night(8);
    assert_eq!(shop.side("row", "treated").orders(), 71);
}

/// A database in which a statement of one programme is stopped, as the host does past its deadline
/// or its memory.
struct Stopped<'a> {
    sql: &'a Native,
    programme_no: i64,
    mark: &'static str,
}

impl Sql for Stopped<'_> {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        let is_its = matches!(values.first(), Some(Value::Integer(no)) if *no == self.programme_no);
        if is_its && statement.contains(self.mark) {
            return Err(Error::Database("out of memory".into()));
        }
        self.sql.query(statement, values).await
    }
}

#[test]
fn a_programme_that_cannot_be_counted_costs_no_other() {
    let shop = Shop::new(2);
    let other = "
        INSERT INTO programme (no, id, name, rulebook_version, rulebook_digest, created_at)
          SELECT 2, 'other', name, rulebook_version, rulebook_digest, created_at FROM programme WHERE no = 1;
        INSERT INTO rulebook SELECT 2, version, document, published_at, published_by, who FROM rulebook WHERE programme_no = 1;";
    shop.world.sql.connection().execute_batch(other).unwrap();
    shop.plant("m0000", SENT);
    let other = shop.plant("m0001", SENT);
    shop.write(&format!("UPDATE touch SET programme_no = 2 WHERE no = {other}"));
    shop.world.now.set(Timestamp(ten_o_clock(FIRST_DAY).0 + DAY_MS));
    for (programme_no, counted) in [(1, 2), (2, 1)] {
        shop.write("DELETE FROM touch_result; DELETE FROM touch_result_run");
        let stopped = Stopped { sql: &shop.reach, programme_no, mark: "CROSS JOIN behaviour" };
        // Whichever comes first.
        for minute in 0..6 {
            shop.world.later(minute * 60_000);
            let report = shop.run_on(&stopped, WorkLimit::chunks(1_000)).unwrap();
            assert_eq!((report.done, report.failed), (true, 1), "{report:?}");
            assert_eq!(report.last_failure.unwrap().contains("other"), programme_no == 2);
        }
        let decided = |no| wait(result_sums(&shop.reach, no, (FIRST_DAY, FIRST_DAY))).unwrap();
        assert_eq!(decided(counted)["row"]["decided"], 1);
        assert!(decided(programme_no).is_empty());
    }
}

/// Publishes a version of the playbook with so many days after a click.
fn click_days(shop: &Shop, version: i64, days: u32, since: Timestamp) {
    let document = json!({"attribution": {"click_days": days, "delivery_days": 3}}).to_string();
    let text = "INSERT INTO playbook VALUES (1, ?1, ?2, ?3, 'test')";
    shop.world.sql.connection().execute(text, (version, document, since.0)).unwrap();
}

/// Two messages that different versions decided: the first one is clicked, and the second delivered
/// two days later. An order after 60 hours.
#[test]
fn an_order_is_credited_once_whatever_is_published() {
    let at = ten_o_clock(FIRST_DAY);
    let credited = |before, then, since| {
        let shop = Shop::new(1);
        click_days(&shop, 1, before, Timestamp(0));
        click_days(&shop, 2, then, since);
        let one = shop.plant("m0000", SENT);
        shop.deliver(one, at);
        shop.visit(shop.link(one), after_hours(at, 1), None);
        let two = shop.plant("m0000", Planted { strategy: "other", day: FIRST_DAY + 2, ..SENT });
        shop.write(&format!("UPDATE touch SET playbook_version = 2 WHERE no = {two}"));
        shop.deliver(two, after_hours(at, 48));
        shop.buys("m0000", 10_000, after_hours(at, 60));
        shop.night(12);
        ["row", "other"].map(|of| shop.figure(of, "credited.order"))
    };
    let (before, after) = (after_hours(at, 40), after_hours(at, 61));
    assert_eq!(credited(7, 1, before), [0, 1]);
    assert_eq!(credited(1, 7, before), [1, 0]);
    // What is published later changes nothing.
    assert_eq!(credited(7, 1, after), [1, 0]);
    assert_eq!(credited(1, 7, after), [0, 1]);
    assert_eq!(credited(1, 7, after_hours(at, 60)), [1, 0], "from that instant on");
}

#[test]
fn all_marketing_has_the_cost_of_its_strategies() {
    let shop = Shop::new(4);
    shop.plant("m0000", SENT);
    shop.plant("m0001", Planted { strategy: "other", ..SENT });
    shop.plant("m0002", HELD_OUT);
    let service = shop.plant("m0003", Planted { strategy: "service", ..SENT });
    shop.write(&format!("UPDATE touch SET purpose = 'service' WHERE no = {service}"));
    shop.night(8);
    let cost = |strategy: &str| shop.figure(strategy, "cost_minor");
    assert_eq!(["row", "other", "service", ""].map(cost), [5, 5, 5, 10]);
    // It has sides and that, and nothing of single messages.
    assert_eq!(["decided", "messages"].map(|of| shop.figure("", of)), [0, 0]);
}

/// 30 days of 24 hours after 23:30 end in the 31st local day where a night of them has 23 hours.
#[test]
fn who_is_written_to_late_before_summer_time_counts() {
    let members = |days: u32, at: &str, nights: i32| {
        let shop = Shop::new(1);
        shop.world.publish(|document| document.time_zone = "Europe/Berlin".into());
        click_days(&shop, 1, days, Timestamp(0));
        let touch = shop.plant("m0000", Planted { day: FIRST_DAY + 59, ..SENT });
        let at = Timestamp::parse(at).unwrap().0;
        shop.write(&format!(
            "UPDATE touch SET planned_at = {at}, due_at = {at} WHERE no = {touch}"
        ));
        shop.night(59 + nights);
        ["members", "open"].map(|of| shop.figure("row", &format!("treated.{of}")))
    };
    let late = "2026-03-10T23:30:00+01:00";
    assert_eq!(members(30, late, 33), [1, 0]);
    assert_eq!(members(30, late, 9), [0, 1]);
    assert_eq!(members(7, late, 9), [1, 0]);
    assert_eq!(members(8, "2026-03-10T00:00:00+01:00", 9), [0, 1]);
    assert_eq!(members(8, late, 33), [1, 0]);
}

fn merges(shop: &Shop, from: &str, into: &str) {
    shop.apply(into, Merge { from: MemberId::new(from).unwrap() });
    shop.fold();
}

/// Accounts that got the message of one occasion before they became one.
#[test]
fn what_went_to_accounts_that_became_one_stays() {
    let shop = Shop::new(3);
    let at = ten_o_clock(FIRST_DAY);
    for (member, hours) in [("m0000", 0), ("m0001", 1), ("m0002", 2)] {
        let touch = shop.plant(member, SENT);
        shop.deliver(touch, after_hours(at, hours));
        shop.visit(shop.link(touch), after_hours(at, 3 + hours), None);
    }
    shop.buys("m0000", 1_000, after_hours(at, 7));
    shop.night(2);
    let told = || {
        let figures =
            ["decided", "messages", "delivered", "clicked", "cost_minor", "credited.order"];
        figures.map(|of| shop.figure("row", of))
    };
    let before = told();
    assert_eq!(before, [3, 3, 3, 3, 15, 1]);
    // One after the other, into the one that is merged itself then.
    merges(&shop, "m0002", "m0001");
    merges(&shop, "m0001", "m0000");
    shop.night(9);
    assert_eq!(told(), before);
    assert_eq!(shop.side("row", "treated").members(), 1);
    // Nobody is left of the others.
    let text = format!("SELECT count(*) FROM touch WHERE member_no = {}", shop.no("m0000"));
    let touches: i64 = shop.reach.connection().query_row(&text, [], |row| row.get(0)).unwrap();
    assert_eq!(touches, 3);
}

/// Of two touches about the same occasion, one does not go out a second time.
#[test]
fn what_waits_of_accounts_that_became_one_goes_out_once() {
    let due = Planted { state: "due", ..SENT };
    let left_alone = Planted { reason: Some("no_contact"), state: "suppressed", ..SENT };
    // Of the whole and of the part: those that are left, and messages that wait.
    for (of_whole, of_part, states, waiting) in [
        (due, SENT, vec!["sent"], 0),
        (SENT, due, vec!["sent"], 0),
        (due, due, vec!["due"], 1),
        (left_alone, SENT, vec!["suppressed", "sent"], 0),
        (SENT, left_alone, vec!["sent"], 0),
        (left_alone, due, vec!["suppressed"], 0),
    ] {
        let shop = Shop::new(2);
        shop.plant("m0000", of_whole);
        shop.plant("m0001", of_part);
        merges(&shop, "m0001", "m0000");
        let mut prepared =
            shop.reach.connection().prepare("SELECT state FROM touch ORDER BY no").unwrap();
        let left: Vec<String> =
            prepared.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(left, states);
        let text = "SELECT count(*) FROM outbox";
        let rows: i64 = shop.reach.connection().query_row(text, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, waiting);
    }
    // What a vendor may have goes on, and the other one does not begin.
    let shop = Shop::new(2);
    shop.plant("m0000", due);
    let touch = shop.plant("m0001", due);
    shop.write(&format!(
        "INSERT INTO touch_delivery (programme_no, touch_no, member_no, channel, attempt, account_no, state, digest, started_at)
         SELECT 1, no, member_no, 'sms', 1, 1, 'again', '', 0 FROM touch WHERE no = {touch}"
    ));
    merges(&shop, "m0001", "m0000");
    let waits = "SELECT group_concat(touch_no) FROM outbox";
    let waits: String = shop.reach.connection().query_row(waits, [], |row| row.get(0)).unwrap();
    assert_eq!(waits, touch.to_string());
}

/// A member counts once a quarter, by whichever days a report asks for.
#[test]
fn a_member_counts_once_for_each_quarter_of_a_report() {
    let shop = Shop::new(1);
    // 2026-12-31, 2027-02-01 and 2027-04-01.
    let (first, last) = (FIRST_DAY + 355, FIRST_DAY + 355 + 91);
    for (day, cycle) in [(first, "end:1"), (first + 32, "end:2"), (last, "end:3")] {
        shop.plant("m0000", Planted { day, cycle, ..SENT });
    }
    shop.night(500);
    for (from, to, times) in
        [(first, last, 3), (first, last - 1, 2), (first + 1, last, 2), (first + 1, last - 1, 1)]
    {
        let sums = wait(result_sums(&shop.reach, 1, (from, to))).unwrap();
        assert_eq!(sums["row"]["treated.members"], times, "{from} {to}");
    }
}
