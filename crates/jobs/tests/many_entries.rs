//! Members with thousands of entries in a minute: runs of `touch` decide about them in pieces, and
//! nothing else than at once.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken test stops the test"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::support::{purchase, wait};
use crate::touch::{HOUR_MS, Shop};
use jobs::{JobContext, WorkLimit, touch};
use serde_json::{Value as Json, json};
use store::{Error, Rows, Sql, Value};

pub(crate) fn strategies(count: usize) -> Json {
    let one = |place: usize| {
        json!({"id": format!("s{place}"), "trigger": {"kind": "entry", "entry": "earn"},
               "send": {"channels": ["push"], "template": "notice"}})
    };
    json!({"quiet_hours": null, "strategies": (0..count).map(one).collect::<Vec<_>>()})
}

/// Counts statements by a mark in their text.
struct Counting<'a, S> {
    sql: &'a S,
    marks: RefCell<BTreeMap<&'static str, u64>>,
}

impl<S: Sql> Sql for Counting<'_, S> {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        for mark in ["CROSS JOIN touch AS t", "INTO touch_decided"] {
            if statement.contains(mark) {
                *self.marks.borrow_mut().entry(mark).or_default() += 1;
            }
        }
        self.sql.query(statement, values).await
    }
}

#[test]
fn thousands_of_entries_of_a_minute_are_decided_in_pieces() {
    let (entries, count) = (1_700, 4);
    let of_one = |limit: Option<u32>| {
        let shop = Shop::new(strategies(count), 2);
        shop.at_night(40);
        shop.world.later(10 * HOUR_MS);
        shop.night();
        shop.world.earn((0..entries).map(|_| "m01".to_owned()), &purchase(100));
        shop.world.earn(["m00".to_owned()], &purchase(100));
        shop.fold();
        let reach = Counting { sql: &shop.reach, marks: RefCell::default() };
        let mut runs = 0;
        loop {
            let report = shop.run_on(&reach, WorkLimit::chunks(limit.unwrap_or(1_000))).unwrap();
            assert_eq!(report.failed, 0, "{report:?}");
            runs += 1;
            assert!(runs < 50);
            if report.done {
                break;
            }
        }
        let marks = reach.marks.take();
        let asked = "SELECT count(*) || '' FROM touch_occasion WHERE ask_at IS NOT NULL";
        assert_eq!(shop.rows(asked), ["0"]);
        (shop.touches(), runs, marks)
    };
    let (whole, runs, marks) = of_one(None);
    assert_eq!((whole.len(), runs), ((entries + 1) * count, 1));
    // Two pieces for the one and one for the other, and not one for each 250 entries.
    assert_eq!(marks["CROSS JOIN touch AS t"], 3, "{marks:?}");
    let (parts, runs, _) = of_one(Some(3));
    assert!(runs > 1, "{runs}");
    assert_eq!(parts, whole);
}

#[test]
fn a_run_for_one_programme_decides_in_pieces_as_well() {
    let shop = Shop::new(strategies(4), 1);
    shop.at_night(40);
    shop.world.later(10 * HOUR_MS);
    shop.night();
    shop.world.earn((0..1_700).map(|_| "m00".to_owned()), &purchase(100));
    shop.fold();
    // Heard by all, but not decided: the limit ends after the entries.
    assert!(!shop.run_on(&shop.reach, WorkLimit::chunks(2)).unwrap().done);
    let (now, fresh) = (|| shop.world.now.get(), || shop.world.fresh());
    let ledger = JobContext { sql: &shop.world.sql, now: &now, fresh: &fresh };
    let reach = JobContext { sql: &shop.reach, now: &now, fresh: &fresh };
    let mut runs = 0;
    loop {
        let messaging = async |_| Ok(shop.messaging.clone());
        let limit = WorkLimit::chunks(1);
        let report = wait(touch(&ledger, &reach, Some(1), messaging, limit)).unwrap();
        runs += 1;
        if report.done {
            break;
        }
        assert!(runs < 9, "{report:?}");
    }
    assert_eq!(shop.touches().len(), 1_700 * 4);
}
