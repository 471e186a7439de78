//! Another `secrets_key`: every sealed text of both databases is sealed by the new one, and the old
//! one can go.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a broken test stops the test"
)]

use crate::support;

use std::cell::Cell;

use jobs::{JobContext, ResealReport, WorkLimit, reseal};
use seal::{NONCE, Place, Seals};
use store::{Native, begin_reach};
use support::{World, wait};

const OLD: &str = "the-key-before-of-at-least-32-characters";
const NEW: &str = "the-key-after-of-at-least-32-characters";

struct Sealing {
    world: World,
    reach: Native,
    nonces: Cell<u8>,
}

impl Sealing {
    fn new() -> Self {
        let (world, reach) =
            (World::new("2026-03-10T10:00:00+08:00"), Native::in_memory().unwrap());
        wait(begin_reach(&reach, &world.sql)).unwrap();
        Self { world, reach, nonces: Cell::new(0) }
    }

    fn run(&self, seals: &Seals, cursor: Option<&str>, chunks: u32) -> Option<ResealReport> {
        let (now, fresh) = (|| self.world.now.get(), || self.world.fresh());
        let ledger = JobContext { sql: &self.world.sql, now: &now, fresh: &fresh };
        let reach = JobContext { sql: &self.reach, now: &now, fresh: &fresh };
        let nonce = || {
            self.nonces.set(self.nonces.get().wrapping_add(1));
            Some([self.nonces.get(); NONCE])
        };
        let limit = WorkLimit::chunks(chunks);
        wait(reseal((&ledger, &reach), seals, &nonce, cursor, limit)).unwrap()
    }

    /// Every stored text with its place, in the order of the run.
    fn stored(&self) -> Vec<(Place, String)> {
        let mut found = Vec::new();
        let mut read = |sql: &Native, text: &str, place: &dyn Fn(i64, String, String) -> Place| {
            let mut rows = sql.connection().prepare(text).unwrap();
            let rows = rows.query_map([], |row| {
                Ok((place(row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?))
            });
            found.extend(rows.unwrap().map(Result::unwrap));
        };
        let (books, reach) = (&self.world.sql, &self.reach);
        let endpoint = |no, id: String, _| Place::endpoint(no, &id);
        read(books, "SELECT programme_no, id, '', secret FROM endpoint", &endpoint);
        read(books, "SELECT programme_no, id, '', secret_before FROM endpoint", &endpoint);
        read(books, "SELECT programme_no, kid, '', secret FROM qr_key", &|no, kid: String, _| {
            Place::qr_key(no, &kid)
        });
        let person = |no, folded: String, _| Place::person(no, &folded);
        read(books, "SELECT programme_no, folded, '', totp FROM credential", &person);
        read(books, "SELECT programme_no, folded, '', next_totp FROM credential", &person);
        read(books, "SELECT programme_no, folded, '', totp FROM invitation", &person);
        read(reach, "SELECT 0, name, '', value FROM reach_secret", &|_, name: String, _| {
            Place::database(&name)
        });
        read(
            reach,
            "SELECT programme_no, cast(member_no AS TEXT), channel, address FROM contact",
            &|no, _, channel: String| Place::contact(no, &channel),
        );
        read(
            reach,
            "SELECT programme_no, id, '', secrets FROM channel_account",
            &|no, id: String, _| Place::channel(no, &id),
        );
        read(
            reach,
            "SELECT programme_no, id, '', callback_secret FROM channel_account",
            &|no, id: String, _| Place::callback(no, &id),
        );
        read(
            reach,
            "SELECT programme_no, id, channel, address FROM test_address",
            &|no, _, channel: String| Place::contact(no, &channel),
        );
        found
    }

    /// One of each sort, and 450 addresses.
    fn fill(&self, seals: &Seals) {
        let seal = |text: &str, place: Place| seals.seal(text, &place, [9; NONCE]);
        let books = self.world.sql.connection();
        let endpoint = |text| seal(text, Place::endpoint(1, "shop"));
        let insert = |text: &str, values: &[&str]| {
            books.execute(text, rusqlite::params_from_iter(values)).unwrap();
        };
        insert(
            "INSERT INTO endpoint (programme_no, id, url, secret, secret_before, lease, created_at) VALUES (1, 'shop', 'u', ?1, ?2, '', 0)",
            &[&endpoint("one"), &endpoint("two")],
        );
        insert(
            "INSERT INTO qr_key (kid, programme_no, store, label, secret, created_at, created_by, who) VALUES ('k', 1, 's', 'l', ?1, 0, 'a', '{\"at\":0}')",
            &[&seal("three", Place::qr_key(1, "k"))],
        );
        let person = |text| seal(text, Place::person(1, "anna"));
        insert(
            "INSERT INTO credential (programme_no, folded, totp, totp_step, recovery, set_at, next_totp) VALUES (1, 'anna', ?1, 0, '[]', 0, ?2)",
            &[&person("four"), &person("five")],
        );
        insert(
            "INSERT INTO invitation (programme_no, folded, hash, created_at, created_by, expires_at, waits, totp) VALUES (1, 'anna', zeroblob(32), 0, 'a', 0, 0, ?1)",
            &[&person("six")],
        );
        let reach = self.reach.connection();
        reach
            .execute(
                "INSERT INTO reach_secret VALUES ('contact_digests', ?1)",
                [seal("seven", Place::database("contact_digests"))],
            )
            .unwrap();
        reach
            .execute(
                "INSERT INTO channel_account (programme_no, id, vendor, channel, settings, secrets, callback_secret, rank, per_second, burst, left_milli, left_at, updated_at, updated_by) VALUES (1, 'sms', 'twilio', 'sms', '{}', ?1, ?2, 1, 1, 1, 0, 0, 0, 'a')",
                [seal("ten", Place::channel(1, "sms")), seal("eleven", Place::callback(1, "sms"))],
            )
            .unwrap();
        reach
            .execute(
                "INSERT INTO test_address VALUES (1, 'anna', 'push', ?1, 'd', 0, 'a')",
                [seal("twelve", Place::contact(1, "push"))],
            )
            .unwrap();
        for member in 0..450 {
            let (channel, text) =
                if member % 2 == 0 { ("sms", "eight") } else { ("email", "nine") };
            reach
                .execute(
                    "INSERT INTO contact VALUES (1, ?1, ?2, ?3, 'd', 'open', NULL, 0, 'a')",
                    rusqlite::params![member, channel, seal(text, Place::contact(1, channel))],
                )
                .unwrap();
        }
    }
}

#[test]
fn the_old_key_can_go_when_all_is_sealed_anew() {
    for before in [OLD, ""] {
        let sealing = Sealing::new();
        sealing.fill(&Seals::parse(before));
        let (both, new) = (Seals::parse(&format!("{NEW},{OLD}")), Seals::parse(NEW));
        let texts = |seals: &Seals| -> Vec<Option<String>> {
            sealing.stored().iter().map(|(place, text)| seals.open(text, place)).collect()
        };
        let first = texts(&both);
        assert_eq!(first.len(), 460);
        assert!(first.iter().all(Option::is_some));
        let report = sealing.run(&both, None, 1_000).unwrap();
        assert_eq!((report.rows, report.sealed, report.unopened), (458, 458, 0), "{before}");
        assert_eq!(report.cursor, None);
        assert_eq!(texts(&new), first, "{before}");
        assert!(sealing.stored().iter().all(|(_, text)| Seals::is_sealed(text)));
        // Nothing is left to do.
        let again = sealing.run(&both, None, 1_000).unwrap();
        assert_eq!((again.rows, again.sealed), (458, 0));
    }
}

#[test]
fn a_run_goes_on_where_the_last_one_ended() {
    let sealing = Sealing::new();
    sealing.fill(&Seals::parse(OLD));
    let both = Seals::parse(&format!("{NEW},{OLD}"));
    let (mut cursor, mut rows, mut calls) = (None, 0, 0);
    loop {
        let report = sealing.run(&both, cursor.as_deref(), 1).unwrap();
        (rows, calls) = (rows + report.rows, calls + 1);
        cursor = report.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((rows, calls), (458, 11));
    let new = Seals::parse(NEW);
    assert!(sealing.stored().iter().all(|(place, text)| new.open(text, place).is_some()));
    for wrong in ["", "x", "W10", "WzksMSwiYSIsIiJd", "WzUsMSwiYSIsIiJd"] {
        assert_eq!(sealing.run(&both, Some(wrong), 1), None, "{wrong}");
    }
}

/// An operator who loses a key loses nothing more by this: what no key opens stays, and is counted.
#[test]
fn what_no_key_opens_stays() {
    let sealing = Sealing::new();
    sealing.fill(&Seals::parse(OLD));
    let before = sealing.stored();
    let report = sealing.run(&Seals::parse(NEW), None, 1_000).unwrap();
    assert_eq!((report.sealed, report.unopened), (0, 460));
    assert_eq!(sealing.stored(), before);
}
