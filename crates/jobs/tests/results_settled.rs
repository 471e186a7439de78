//! How occasions ended that a strategy settles: counted by the job, against the books.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops the test")]

use crate::results::{FIRST_DAY, HOUR_MS, Planted, SENT, Shop, after_hours, name, ten_o_clock};
use crate::support::{purchase, short_lived, wait};
use jobs::Job;
use ledger::Timestamp;
use store::result_figures;

/// Points of three ends, messages about them, redemptions before and after, and the night that
/// takes what is left: what is told is what the books say.
#[test]
fn occasions_are_settled_on_the_day_on_which_they_end() {
    let shop = Shop::new(0);
    shop.world.publish(short_lived(20));
    // Before anything is planned: points that end with the 30th of January.
    shop.world.earn((0..6).map(name), &purchase(10_000));
    let end = shop.world.number("SELECT max(expires_at) FROM lot");
    let cycle = format!("end:{end}");
    let last_day = FIRST_DAY + 20;
    assert_eq!(ten_o_clock(last_day + 1).0 - 10 * HOUR_MS, end, "the day before the end");
    let ladder = |node: i32, state| Planted {
        strategy: "ladder",
        node,
        cycle: &cycle,
        state,
        day: last_day + node,
        ..SENT
    };
    let settles = |no: i64| {
        shop.write(&format!(
            "UPDATE touch SET settles_day = {last_day}, decided_at = planned_at WHERE no = {no}"
        ));
        no
    };
    for member in 0..4 {
        settles(shop.plant(&name(member), ladder(-7, "sent")));
    }
    // A second message to one, which a third stopped; one that nobody knows of; one was not told.
    settles(shop.plant(&name(1), ladder(-3, "sent")));
    let stopped = Planted { reason: Some("stopped"), ..ladder(-1, "suppressed") };
    settles(shop.plant(&name(1), stopped));
    settles(shop.plant(&name(3), ladder(-3, "unknown")));
    let alone = Planted { reason: Some("no_contact"), ..ladder(-7, "suppressed") };
    settles(shop.plant(&name(4), alone));
    // Another strategy about the same, which does not settle; another occasion of the same one.
    shop.plant(&name(0), Planted { strategy: "row", ..ladder(-7, "sent") });
    settles(shop.plant(&name(5), Planted { cycle: "end:9999999999999", ..ladder(-7, "sent") }));
    shop.write("UPDATE touch SET settles_day = 99999 WHERE cycle = 'end:9999999999999'");
    // Before the first message, after it, and what came back.
    let redeem = |day: i32, member: usize, points: i64| {
        shop.redeems(&name(member), points, after_hours(ten_o_clock(day), 1))
    };
    redeem(last_day - 8, 0, 10);
    redeem(last_day - 6, 0, 20);
    redeem(last_day - 5, 1, 100);
    let undone = redeem(last_day - 4, 2, 30);
    redeem(last_day - 4, 2, 5);
    let back = after_hours(ten_o_clock(last_day - 3), 1);
    shop.takes_back(&name(2), shop.spent(&undone), back);
    // The night takes what is left. A late job, and what is earned and spent after the end, change
    // nothing.
    shop.world.now.set(Timestamp(end + 3 * HOUR_MS));
    shop.world.run(Job::ExpireSweep);
    shop.world.earn([name(0)], &purchase(10_000));
    redeem(last_day + 2, 0, 50);
    shop.night(60);
    let figures = |strategy: &str, day: i32| {
        let found = wait(result_figures(&shop.reach, 1, strategy, (day, day))).unwrap();
        let whole = found.get(&(String::new(), String::new())).cloned().unwrap_or_default();
        ["ended", "ended.messages", "ended.responded", "ended.spent", "ended.expired"]
            .map(|name| whole.get(name).copied().unwrap_or(0))
    };
    // Four occasions: messages 1 + 2 + 1 + 2; spent 20, 100, 5 and 0; left of 100 each 70, 0, 95
    // and 100.
    assert_eq!(figures("ladder", last_day), [4, 6, 0, 125, 265]);
    for day in [last_day - 7, last_day - 3, last_day - 1, last_day + 1] {
        assert_eq!(figures("ladder", day), [0; 5], "{day}");
    }
    assert_eq!(figures("row", last_day), [0; 5]);
    // The books say the same of what ended.
    let ended = "SELECT -sum(points) FROM entry WHERE kind = 'expire' AND member_no IN
        (SELECT no FROM member WHERE id IN ('m0000', 'm0001', 'm0002', 'm0003'))";
    assert!(shop.world.number(ended) == 265, "{}", shop.world.number(ended));
}
