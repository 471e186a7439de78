//! What a run costs: time, processor time, writes, memory. For measurements, which other builds
//! disturb: processor time tells more than time does.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use store::{Error, Native, Rows, Sql, Value};

/// A number from the environment, for the size of a measurement.
pub fn size(name: &str, default: i64) -> i64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Processor time of this thread so far.
fn processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0))
}

/// Peak memory of this process, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}

/// Times the statements of a run.
pub struct Timed<'a> {
    sql: &'a Native,
    begun: Instant,
    processor: Duration,
    changes: u64,
    statements: Cell<u64>,
    writes: RefCell<Vec<(Duration, Duration)>>,
}

impl<'a> Timed<'a> {
    pub fn begin(sql: &'a Native) -> Self {
        Self {
            sql,
            begun: Instant::now(),
            processor: processor(),
            changes: sql.connection().total_changes(),
            statements: Cell::new(0),
            writes: RefCell::default(),
        }
    }

    /// Milliseconds since it began, for a clock that runs.
    pub fn ms(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_millis()).unwrap()
    }

    /// Prints the figures of a run that did so many of something.
    pub fn print(self, what: &str, done: u64, of: &str) {
        let (all, busy) = (self.begun.elapsed(), processor().saturating_sub(self.processor));
        let writes = self.writes.into_inner();
        let nth = |of: fn(&(Duration, Duration)) -> Duration, part: usize| {
            let mut sorted: Vec<Duration> = writes.iter().map(of).collect();
            sorted.sort();
            let at = (sorted.len() * part / 1_000).min(sorted.len().saturating_sub(1));
            sorted.get(at).copied().unwrap_or_default()
        };
        let ms = |of: Duration| format!("{:.1}", of.as_secs_f64() * 1_000.0);
        println!(
            "{what}: {done} {of} in {:.1} s, {:.1} s of processor ({:.0} a second of it)\n  {} statements, {} writes, {} rows changed\n  a write: median {} ms, 99 % {} ms, longest {} ms; of processor {}, {}, {} ms\n  peak memory of the process {} MiB",
            all.as_secs_f64(),
            busy.as_secs_f64(),
            done as f64 / busy.as_secs_f64().max(0.001),
            self.statements.get(),
            writes.len(),
            self.sql.connection().total_changes() - self.changes,
            ms(nth(|of| of.0, 500)),
            ms(nth(|of| of.0, 990)),
            ms(nth(|of| of.0, 1_000)),
            ms(nth(|of| of.1, 500)),
            ms(nth(|of| of.1, 990)),
            ms(nth(|of| of.1, 1_000)),
            peak_mib(),
        );
    }
}

impl Sql for Timed<'_> {
    async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Rows, Error> {
        self.statements.set(self.statements.get() + 1);
        if statement.starts_with("SELECT") || statement.starts_with("WITH") {
            return self.sql.query(statement, values).await;
        }
        let (begun, processor_then) = (Instant::now(), processor());
        let rows = self.sql.query(statement, values).await;
        let busy = processor().saturating_sub(processor_then);
        self.writes.borrow_mut().push((begun.elapsed(), busy));
        rows
    }
}

/// Facts of so many members of programme 1, as half a year of orders leaves them: up to six days
/// with an order, two categories, points that end.
pub fn fill_facts(reach: &Native, members: i64, day: i32, now: i64) {
    let fill = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {members})
         INSERT INTO facts (programme_no, member_no, known, next_expiry_at, last_order_at)
         SELECT 1, i, json_object('orders_ever', i % 13, 'spend_ever_minor', i % 13 * 5000,
           'days', json((SELECT json_group_array(json_array({day} - 30 * o.back - n.i % 29, 1, 100 + n.i * 7919 % 50000, 0)) FROM
             (SELECT 12 AS back UNION ALL SELECT 9 UNION ALL SELECT 6 UNION ALL SELECT 3 UNION ALL SELECT 1 UNION ALL SELECT 0) AS o
             WHERE n.i % 13 > o.back)),
           'categories', json_object('digital', json_array(json_array({day} - i % 29, i * 7919 % 50000)),
             'food', json_array(json_array({day} - 40, 2000))),
           'points', i % 700, 'ends', json_array(json_array({day} + i % 90, i % 700))),
           {now} + i % 90 * 86400000,
           CASE WHEN i % 13 > 0 THEN {now} - (i % 29) * 86400000 END
         FROM n"
    );
    reach.connection().execute(&fill, []).unwrap();
}
