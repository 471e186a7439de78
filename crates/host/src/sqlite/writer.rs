//! The writer thread of one database. It takes every queued write, runs each in a savepoint of one
//! transaction, commits once, and only then answers. So many guests share one sync, and each write
//! is atomic, isolated and durable. Explicit transactions and DDL get the connection alone. A write
//! can break its group in a way that a savepoint cannot undo. Then the group, which has no answers
//! yet, is rolled back and each write runs on its own.

use super::{
    Allowance, Command, Error, IN_TRANSACTION, Job, LOST, NO_TRANSACTION, Outcome, Stop,
    TRANSACTION_LOST,
    checkpoint::{self, Checkpoints},
    statement,
};
use crate::metrics::DatabaseMetrics;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use rusqlite::{Connection, ErrorCode};
use std::{
    collections::VecDeque,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

/// Max writes in one commit: bounds how long the first of them waits.
const MAX_GROUP_SIZE: usize = 512;
/// No write joins the group after this time, for the same reason.
const MAX_GROUP_TIME: Duration = Duration::from_millis(50);
/// A write that fails sooner costs the others nothing, so it has no penalty.
const MAX_FREE_FAILURE_TIME: Duration = Duration::from_millis(50);
/// A guest that holds a transaction loses it after this long without a statement.
const IDLE_TRANSACTION: Duration = Duration::from_millis(if cfg!(test) { 200 } else { 5000 });

pub struct Writer {
    connection: Connection,
    commands: Receiver<Command>,
    /// Commands that arrived while another session had the connection; they come first.
    deferred: VecDeque<Command>,
    allowance: Allowance,
    metrics: DatabaseMetrics,
    /// Only with a write-ahead log.
    checkpoints: Option<Checkpoints>,
}

impl Writer {
    pub fn new(
        connection: Connection,
        commands: Receiver<Command>,
        allowance: Allowance,
        metrics: DatabaseMetrics,
        checkpoints: Option<Checkpoints>,
    ) -> Self {
        Self { connection, commands, deferred: VecDeque::new(), allowance, metrics, checkpoints }
    }

    /// Runs until `Stop`, or until the last handle of the database is gone.
    pub fn run(mut self) {
        while let Some(command) = self.deferred.pop_front().or_else(|| self.commands.recv().ok()) {
            match command {
                Command::Write(job) => self.group(job),
                Command::Alone(job) => self.alone(job),
                Command::Abandon(_) => {}
                Command::Stop => break,
            }
            if let Some(checkpoints) = &mut self.checkpoints {
                checkpoints.after_commit(&self.connection);
            }
        }
        checkpoint::finish(&self.connection);
    }

    /// Commits `first` and all writes queued behind it, usually at once. If one of them has to be
    /// left out, the rest takes another commit.
    fn group(&mut self, first: Job) {
        let mut jobs = VecDeque::from([first]);
        let mut grows = true;
        while !jobs.is_empty() {
            jobs = self.commit_together(jobs, grows);
            grows = false;
        }
    }

    /// Returns the writes that must run again, because SQLite rolled back the group when it stopped
    /// one of them. The stopped write has its answer. No further write joins the repeated group, so
    /// that another stopped write cannot delay it again.
    fn commit_together(&mut self, mut jobs: VecDeque<Job>, grows: bool) -> VecDeque<Job> {
        if let Err(error) = self.command("BEGIN IMMEDIATE") {
            let failure = statement::failure(&error, self.allowance);
            for job in jobs {
                self.answer(job, Err(failure.clone()));
            }
            return VecDeque::new();
        }
        let started = Instant::now();
        let mut done: Vec<(Job, Outcome)> = Vec::new();
        loop {
            let more = grows && done.len() < MAX_GROUP_SIZE && started.elapsed() < MAX_GROUP_TIME;
            let Some(job) =
                jobs.pop_front().or_else(|| if more { self.next_write() } else { None })
            else {
                break;
            };
            if let Err(refusal) = job.usage.may_write(job.text.is_proven()) {
                self.answer(job, Err(refusal));
                continue;
            }
            let outcome = self.in_savepoint(&job);
            if !self.connection.is_autocommit() {
                done.push((job, outcome));
                continue;
            }
            if matches!(outcome, Err(Error::Stopped(_) | Error::Full)) {
                self.answer(job, outcome);
                let mut again: VecDeque<Job> = done.into_iter().map(|(job, _)| job).collect();
                again.append(&mut jobs);
                return again;
            }
            // ON CONFLICT ROLLBACK, RAISE(ROLLBACK) or a failing disk ended the transaction of the
            // group.
            done.push((job, outcome));
            let rest = jobs.into_iter();
            self.one_by_one(done.into_iter().map(|(job, _)| job).chain(rest));
            return VecDeque::new();
        }
        let committing = Instant::now();
        let outcome = self.command("COMMIT");
        self.metrics.locked(started.elapsed());
        match outcome {
            Ok(()) => {
                self.metrics.commit_seconds.observe(committing.elapsed().as_secs_f64());
                self.metrics.group_size.observe(done.len() as f64);
                for (job, outcome) in done {
                    self.answer(job, outcome);
                }
            }
            // A deferred constraint: only separate commits show which write broke it.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                self.roll_back();
                self.one_by_one(done.into_iter().map(|(job, _)| job));
            }
            Err(error) => {
                self.roll_back();
                self.metrics.failed_commits.inc();
                tracing::error!(%error, group = done.len(), "commit failed");
                let failure = statement::failure(&error, self.allowance);
                for (job, _) in done {
                    self.answer(job, Err(failure.clone()));
                }
            }
        }
        VecDeque::new()
    }

    /// The next command if it is a write that may join the group.
    fn next_write(&mut self) -> Option<Job> {
        match self.deferred.pop_front().or_else(|| self.commands.try_recv().ok())? {
            Command::Write(job) => Some(job),
            other => {
                self.deferred.push_front(other);
                None
            }
        }
    }

    /// Runs in a savepoint, so that a failed statement leaves no change and the others stay
    /// untouched.
    fn in_savepoint(&self, job: &Job) -> Outcome {
        let fail = |error: rusqlite::Error| statement::failure(&error, self.allowance);
        self.command("SAVEPOINT one").map_err(fail)?;
        let outcome = self.run_one(job, self.allowance);
        if self.connection.is_autocommit() {
            return outcome;
        }
        if outcome.is_err() {
            self.command("ROLLBACK TO one").map_err(fail)?;
        }
        self.command("RELEASE one").map_err(fail)?;
        outcome
    }

    fn one_by_one(&mut self, jobs: impl Iterator<Item = Job>) {
        for job in jobs {
            self.metrics.group_size.observe(1.0);
            let outcome = self.run_one(&job, self.allowance);
            self.answer(job, outcome);
        }
    }

    /// Runs one write. If it took long without a result (it was stopped, filled the file, or failed
    /// in the end), its component gets a penalty.
    fn run_one(&self, job: &Job, allowance: Allowance) -> Outcome {
        let started = Instant::now();
        let outcome = statement::run(
            &self.connection,
            &job.text,
            &job.parameters,
            allowance,
            &job.request_state,
        );
        let took = started.elapsed();
        match &outcome {
            Err(error) if took > MAX_FREE_FAILURE_TIME => {
                job.text.record_stop();
                job.usage.record_stopped_write(took);
                tracing::warn!(
                    ?took,
                    ?error,
                    sql = excerpt(&job.text.sql),
                    "a long write came to nothing"
                );
            }
            Err(_) => {}
            Ok(_) => job.text.record_completion(took),
        }
        outcome
    }

    /// Runs a statement outside any group. If it opens a transaction, its session keeps the
    /// connection to the end of it, but no longer than one statement may take.
    fn alone(&mut self, job: Job) {
        let (session, usage) = (job.session.clone(), job.usage.clone());
        if session.transaction.load(Ordering::Acquire) == TRANSACTION_LOST {
            session.transaction.store(NO_TRANSACTION, Ordering::Release);
            return self.answer(job, Err(Error::Io(LOST.into())));
        }
        if let Err(refusal) = usage.may_write(job.text.is_proven()) {
            return self.answer(job, Err(refusal));
        }
        let started = Instant::now();
        self.run_for_session(job, started);
        while !self.connection.is_autocommit() {
            let left = self.allowance.time.saturating_sub(started.elapsed());
            match self.commands.recv_timeout(IDLE_TRANSACTION.min(left)) {
                Ok(Command::Alone(job)) if job.session.id == session.id => {
                    self.run_for_session(job, started)
                }
                Ok(Command::Abandon(id)) if id == session.id => self.roll_back(),
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    self.roll_back();
                    self.deferred.push_front(Command::Stop);
                }
                Ok(other) if !left.is_zero() => self.deferred.push_back(other),
                end => {
                    self.deferred.extend(end.ok());
                    tracing::warn!(
                        "rolled back a guest's transaction that was idle or open for too long"
                    );
                    self.roll_back();
                    session.transaction.store(TRANSACTION_LOST, Ordering::Release);
                }
            }
        }
        self.metrics.locked(started.elapsed());
        // A transaction that blocks the others to its deadline gets the penalty of a statement.
        if started.elapsed() >= self.allowance.time {
            usage.record_stopped_write(started.elapsed());
        }
    }

    /// Sets the session's state before it answers, so that the next statement takes the right path.
    fn run_for_session(&self, job: Job, started: Instant) {
        let max_time = self.allowance.time;
        let mut outcome = self.run_one(
            &job,
            Allowance { time: max_time.saturating_sub(started.elapsed()), ..self.allowance },
        );
        if !self.connection.is_autocommit() && started.elapsed() >= max_time {
            self.roll_back();
            outcome = Err(Error::Stopped(Stop::OutOfTime(max_time)));
        }
        let state = if self.connection.is_autocommit() { NO_TRANSACTION } else { IN_TRANSACTION };
        job.session.transaction.store(state, Ordering::Release);
        self.answer(job, outcome);
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.command("ROLLBACK")
        {
            tracing::error!(%error, "rollback failed");
        }
    }

    fn command(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// The caller may have gone; then the answer is dropped.
    fn answer(&self, job: Job, outcome: Outcome) {
        self.metrics.queued.dec();
        drop(job.reply.send(outcome.map_err(|error| self.explain(error))));
    }

    fn explain(&self, error: Error) -> Error {
        if error == Error::Full {
            tracing::error!("the disk is full");
        }
        error
    }
}

/// The start of a text, for the log.
fn excerpt(sql: &str) -> String {
    sql.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{
        Allowance, Bounds, Database, Rows, Session, Value,
        classify::{Class, Text},
    };
    use crate::metrics::Metrics;
    use futures::future::join_all;
    use std::{sync::Arc, time::Duration};

    const BOUNDS: Bounds = Bounds {
        read_time: Duration::from_secs(3),
        write_time: Duration::from_secs(1),
        statement_bytes: 64 * 1024 * 1024,
        file_bytes: 0,
    };

    struct Fixture {
        database: Database,
        metrics: Metrics,
        _folder: tempfile::TempDir,
    }

    async fn fixture() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let metrics = Metrics::new();
        let database = Database::open(
            &folder.path().join("test.db"),
            "test",
            2,
            BOUNDS,
            metrics.database("test"),
        )
        .unwrap();
        let fixture = Fixture { database, metrics, _folder: folder };
        for sql in [
            "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, parent INTEGER REFERENCES item DEFERRABLE INITIALLY DEFERRED)",
            "CREATE VIEW posting AS SELECT id, name FROM item",
            "CREATE TRIGGER posting_insert INSTEAD OF INSERT ON posting BEGIN
               SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM item WHERE id = new.id);
               INSERT INTO item (id, name) VALUES (new.id, new.name);
             END",
        ] {
            fixture.run(sql).await.unwrap();
        }
        fixture
    }

    impl Fixture {
        async fn run(&self, sql: &str) -> Result<Rows, String> {
            run(&self.database.session(), sql).await
        }

        fn groups(&self) -> u64 {
            let text = self.metrics.text().unwrap();
            let line = "accrue_write_group_size_count{database=\"test\"} ";
            text.lines().find_map(|found| found.strip_prefix(line)?.parse().ok()).unwrap()
        }

        async fn count(&self) -> i64 {
            match self.run("SELECT count(*) FROM item").await.unwrap().rows[0][0] {
                Value::Integer(count) => count,
                ref other => panic!("{other:?}"),
            }
        }
    }

    async fn run(session: &Session, sql: &str) -> Result<Rows, String> {
        session
            .execute(sql.into(), Vec::new(), &Arc::default())
            .await
            .map_err(|error| format!("{error:?}"))
    }

    #[tokio::test]
    async fn a_failed_statement_touches_no_other_of_its_group() {
        let fixture = fixture().await;
        let groups = || fixture.groups();
        let before = groups();
        let sql = |number: i64| match number % 5 {
            0 => "INSERT INTO item (id, name) VALUES (1, NULL)".to_owned(),
            1 => format!("INSERT INTO item (id, name) VALUES ({number}, 'a'), ({number}, 'twice')"),
            _ => format!("INSERT INTO item (id, name) VALUES ({number}, 'x') RETURNING id"),
        };
        let outcomes = join_all((0..500).map(|number| {
            let (fixture, sql) = (&fixture, sql(number));
            async move { fixture.run(&sql).await }
        }))
        .await;
        for (number, outcome) in (0..).zip(outcomes) {
            assert_eq!(outcome.is_ok(), number % 5 > 1, "{number}: {outcome:?}");
            if let Ok(rows) = outcome {
                assert_eq!(rows.rows, [[Value::Integer(number)]]);
            }
        }
        assert_eq!(fixture.count().await, 300);
        assert!(groups() - before < 250, "500 writes took {} commits", groups() - before);
    }

    #[tokio::test]
    async fn a_write_that_ends_the_transaction_of_its_group_fails_alone() {
        let fixture = fixture().await;
        fixture.run("INSERT INTO item (id, name) VALUES (0, 'first')").await.unwrap();
        let outcomes =
            join_all((1..=100).map(|number| {
                let fixture = &fixture;
                async move {
                    match number {
                        20 => {
                            fixture
                                .run("INSERT OR ROLLBACK INTO item (id, name) VALUES (0, 'again')")
                                .await
                        }
                        40 => fixture
                            .run("INSERT INTO item (id, name, parent) VALUES (40, 'orphan', 4000)")
                            .await,
                        _ => {
                            fixture
                                .run(&format!("INSERT INTO item (id, name) VALUES ({number}, 'x')"))
                                .await
                        }
                    }
                }
            }))
            .await;
        let failed: Vec<_> = (1..)
            .zip(&outcomes)
            .filter(|(_, outcome)| outcome.is_err())
            .map(|(number, _)| number)
            .collect();
        assert_eq!(failed, [20, 40]);
        assert_eq!(fixture.count().await, 99);
    }

    #[tokio::test]
    async fn an_ignored_posting_returns_no_row() {
        let fixture = fixture().await;
        let post = "INSERT INTO posting (id, name) VALUES (1, 'a'), (2, 'b') RETURNING id";
        assert_eq!(fixture.run(post).await.unwrap().rows.len(), 2);
        assert_eq!(fixture.run(post).await.unwrap().rows.len(), 0);
        assert_eq!(fixture.count().await, 2);
    }

    #[tokio::test]
    async fn an_answered_write_can_be_read() {
        let fixture = fixture().await;
        for number in 1..=200 {
            fixture.run(&format!("INSERT INTO item (name) VALUES ('{number}')")).await.unwrap();
            assert_eq!(fixture.count().await, number);
        }
    }

    /// A guest that reads synchronously blocks all requests of its instance, so it must not wait
    /// behind a report.
    #[tokio::test]
    async fn a_blocking_read_does_not_wait_for_long_reads() {
        const LONG: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n";
        let fixture = fixture().await;
        let reports: Vec<_> = (0..8)
            .map(|_| {
                let session = fixture.database.session();
                tokio::spawn(async move { run(&session, LONG).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let session = fixture.database.session();
        let found = session
            .execute_blocking("SELECT 'still'".into(), Vec::new(), &Arc::default())
            .await
            .unwrap();
        assert_eq!(found.rows, [[Value::Text("still".into())]]);
        assert!(
            reports.iter().any(|report| !report.is_finished()),
            "the reports were over too soon to tell"
        );
        for report in reports {
            report.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn ddl_runs_between_groups() {
        let fixture = fixture().await;
        let outcomes = join_all((1..=60).map(|number| {
            let fixture = &fixture;
            async move {
                match number % 20 {
                    0 => fixture.run(&format!("CREATE TABLE extra{number} (x)")).await,
                    1 => fixture.run("PRAGMA user_version = 7").await,
                    _ => {
                        fixture
                            .run(&format!("INSERT INTO item (id, name) VALUES ({number}, 'x')"))
                            .await
                    }
                }
            }
        }))
        .await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert_eq!(fixture.count().await, 54);
    }

    #[tokio::test]
    async fn a_transaction_has_the_connection_alone() {
        let fixture = fixture().await;
        let (one, other) = (fixture.database.session(), fixture.database.session());
        run(&one, "BEGIN").await.unwrap();
        run(&one, "INSERT INTO item (id, name) VALUES (1, 'one')").await.unwrap();
        assert_eq!(fixture.count().await, 0, "readers see committed rows");
        let waiting = tokio::spawn(async move {
            run(&other, "INSERT INTO item (id, name) VALUES (2, 'other')").await
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!waiting.is_finished());
        assert_eq!(
            run(&one, "SELECT id FROM item").await.unwrap().rows,
            [[Value::Integer(1)]],
            "it sees its own"
        );
        run(&one, "ROLLBACK").await.unwrap();
        waiting.await.unwrap().unwrap();
        assert_eq!(fixture.run("SELECT id FROM item").await.unwrap().rows, [[Value::Integer(2)]]);
        assert!(run(&one, "COMMIT").await.unwrap_err().contains("no transaction"));
    }

    #[tokio::test]
    async fn an_idle_transaction_is_rolled_back() {
        let fixture = fixture().await;
        let dropped = fixture.database.session();
        run(&dropped, "BEGIN").await.unwrap();
        run(&dropped, "INSERT INTO item (id, name) VALUES (1, 'x')").await.unwrap();
        drop(dropped);
        fixture.run("INSERT INTO item (id, name) VALUES (2, 'y')").await.unwrap();
        let silent = fixture.database.session();
        run(&silent, "BEGIN").await.unwrap();
        run(&silent, "INSERT INTO item (id, name) VALUES (3, 'z')").await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let lost = run(&silent, "INSERT INTO item (id, name) VALUES (4, 'z')").await;
        assert!(lost.unwrap_err().contains("rolled back"));
        assert_eq!(fixture.run("SELECT id FROM item").await.unwrap().rows, [[Value::Integer(2)]]);
        fixture.run("INSERT INTO item (id, name) VALUES (5, 'w')").await.unwrap();
    }

    #[tokio::test]
    async fn a_commit_that_fails_is_an_error_to_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection =
            super::super::connection::open_writer(&folder.path().join("full.db"), 0).unwrap();
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        // As with a failing disk: the commit turns into a rollback.
        connection.commit_hook(Some(|| true)).unwrap();
        let (commands, queue) = crossbeam_channel::unbounded();
        let metrics = Metrics::new().database("test");
        let allowance =
            Allowance { time: BOUNDS.write_time, bytes: BOUNDS.statement_bytes, writes: true };
        let replies: Vec<_> = (0..10)
            .map(|_| {
                let (reply, answer) = tokio::sync::oneshot::channel();
                let job = super::Job {
                    text: Text::new("INSERT INTO t VALUES (1)".into(), Class::Write).into(),
                    parameters: Vec::new(),
                    session: Default::default(),
                    usage: Default::default(),
                    request_state: Default::default(),
                    reply,
                };
                commands.send(super::Command::Write(job)).unwrap();
                answer
            })
            .collect();
        drop(commands);
        super::Writer::new(connection, queue, allowance, metrics, None).run();
        for answer in replies {
            assert!(answer.await.unwrap().is_err());
        }
    }
}
