//! The books on disk, and the audit over HTTP.

use std::{net::SocketAddr, path::Path};

use rusqlite::{Connection, OpenFlags};

use crate::http::Ask;

/// The database file, opened beside the running host.
pub struct Books(Connection);

impl Books {
    pub(crate) fn open(file: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        Self(connection)
    }

    pub fn number(&self, sql: &str) -> i64 {
        self.0.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub fn text(&self, sql: &str) -> String {
        self.0.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The id of one entry, as the API shows it.
    pub fn entry_id(&self, sql: &str) -> String {
        let bytes: [u8; 16] = self
            .0
            .query_row(sql, [], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        let digits = format!("{:032x}", u128::from_be_bytes(bytes));
        [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| digits[part].to_owned()).join("-")
    }

    /// Writes past the engine; returns SQLite's error, if any.
    pub fn write(&self, sql: &str) -> Result<usize, String> {
        self.0.execute(sql, []).map_err(|error| error.to_string())
    }

    /// All counts that a refused request must not change.
    pub fn snapshot(&self) -> Vec<i64> {
        let counts = [
            "entry",
            "answer WHERE what = 'refusal'",
            "member",
            "lot",
            "profile",
            "programme",
            "rulebook",
            "endpoint",
            "parked_event",
            "tally",
            "trace",
            "alias",
            "reward",
            "coupon",
            "review",
            "draft",
            "playbook",
            "publication_request",
            "back_test",
            "inheritance",
            "programme_group",
        ];
        let mut numbers: Vec<i64> = counts
            .iter()
            .map(|table| self.number(&format!("SELECT count(*) FROM {table}")))
            .collect();
        for sum in [
            "SELECT coalesce(sum(points), 0) FROM entry",
            "SELECT coalesce(sum(points_in_lots - debt), 0) FROM member",
            "SELECT count(*) FROM member WHERE state IS NOT NULL",
            "SELECT coalesce(sum(remaining), 0) FROM lot",
            "SELECT count(*) FROM api_key WHERE revoked_at IS NULL",
        ] {
            numbers.push(self.number(sum));
        }
        numbers
    }

    /// The file is intact, and the first four invariants hold in plain SQL, independent of the
    /// engine's own audit.
    pub fn assert_sound(&self) {
        assert_eq!(self.text("PRAGMA integrity_check"), "ok");
        for (what, sql) in [
            ("no foreign key dangles", "SELECT count(*) FROM pragma_foreign_key_check"),
            (
                "entries, balance and lots of each member agree",
                "SELECT count(*) FROM member AS m WHERE
                   m.points_in_lots - m.debt <> (SELECT coalesce(sum(points), 0) FROM entry WHERE member_no = m.no)
                   OR m.points_in_lots <> (SELECT coalesce(sum(remaining), 0) FROM lot WHERE member_no = m.no)",
            ),
            (
                "every lot is between 0 and its granted points",
                "SELECT count(*) FROM lot WHERE remaining NOT BETWEEN 0 AND granted",
            ),
            (
                "sequences have no gap",
                "SELECT count(*) FROM member AS m WHERE (m.sequence, m.sequence, 1) <>
                   (SELECT count(*), max(sequence), min(sequence) FROM entry WHERE member_no = m.no)",
            ),
            (
                "balances chain",
                "SELECT count(*) FROM (SELECT balance_after - points AS before,
                   lag(balance_after, 1, 0) OVER (PARTITION BY member_no ORDER BY sequence) AS last FROM entry)
                 WHERE before <> last",
            ),
            (
                "no hold is resolved twice",
                "SELECT count(*) FROM (SELECT 1 FROM entry WHERE kind IN ('capture', 'release')
                   GROUP BY corrects HAVING count(*) > 1)",
            ),
            (
                "no entry is undone beyond its points",
                "SELECT count(*) FROM (SELECT corrects AS id, sum(json_extract(body, '$.reversal[1]')) AS undone
                   FROM entry WHERE kind = 'reverse' GROUP BY 1) AS back JOIN entry ON entry.id = back.id WHERE undone > abs(points)",
            ),
            (
                "exchanges have two sides that say the same",
                "SELECT (SELECT count(*) FROM entry WHERE kind = 'exchange' AND points < 0) - count(*)
                   + (SELECT count(*) FROM entry WHERE kind = 'exchange' AND points > 0) - count(*)
                   FROM entry AS got JOIN entry AS given ON given.id = got.cause
                   WHERE got.kind = 'exchange' AND given.kind = 'exchange' AND got.programme_no <> given.programme_no
                   AND json_extract(given.body, '$.exchange[1]') = got.points
                   AND json_extract(got.body, '$.exchange[1]') = -given.points",
            ),
            (
                "a key is an effect or has a kept answer",
                "SELECT count(*) FROM claim AS c LEFT JOIN answer AS a ON a.programme_no = c.programme_no AND a.name = c.name
                   WHERE c.kind = 'key' AND (c.entry_no IS NULL) <> (a.name IS NOT NULL)",
            ),
        ] {
            assert_eq!(self.number(sql), 0, "{what}");
        }
    }
}

/// Follows the audit page by page; no page may show a violation.
pub(crate) fn assert_clean(address: SocketAddr, key: &str) {
    let mut cursor = String::new();
    loop {
        let page = Ask::new(address, "GET", &format!("/v1/reports/audit?limit=200{cursor}"))
            .bearer(key)
            .send()
            .ok();
        assert_eq!(page["clean"], true, "{page}");
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return,
        }
    }
}
