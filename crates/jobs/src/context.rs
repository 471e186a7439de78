//! The inputs of every job: the database, the clock and fresh ids; the limit of one call; and a
//! programme with its rules.

use std::rc::Rc;

use ledger::{Fresh, Timestamp};
use rules::Rulebook;
use store::{Error, ProgrammeRef, Sql, parse_rulebook, rulebook_text};

/// Max attempts of a step that fails.
const ATTEMPTS: u32 = 4;

/// The database, the clock and fresh ids of a run.
pub struct JobContext<'a, S> {
    /// The database.
    pub sql: &'a S,
    /// The clock.
    pub now: &'a dyn Fn() -> Timestamp,
    /// Gives fresh ids (UUID, version 7), and what salts are made of.
    pub fresh: &'a dyn Fn() -> Fresh,
}

impl<S: Sql> JobContext<'_, S> {
    /// Retries a step that fails because of other writers or a short outage of the database. Steps
    /// can be repeated.
    pub(crate) async fn with_retries<T>(
        &self,
        step: impl AsyncFn() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut attempt = 1;
        loop {
            match step().await {
                Err(Error::Busy | Error::Full | Error::Database(_)) if attempt < ATTEMPTS => {
                    self.sql.pause(attempt).await
                }
                outcome => return outcome,
            }
            attempt += 1;
        }
    }
}

/// The remaining work of one call: a number of chunks, and an instant after which none begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkLimit {
    chunks: u32,
    until: Timestamp,
}

impl WorkLimit {
    /// A limit of this many chunks.
    #[must_use]
    pub fn chunks(chunks: u32) -> Self {
        Self { chunks, until: Timestamp(i64::MAX) }
    }

    /// The same, and no chunk begins after `until`.
    #[must_use]
    pub fn until(self, until: Timestamp) -> Self {
        Self { until, ..self }
    }

    /// Takes one chunk. False if none is left.
    pub(crate) fn take_chunk(&mut self, now: Timestamp) -> bool {
        let is_left = self.chunks > 0 && now <= self.until;
        self.chunks = self.chunks.saturating_sub(1);
        is_left
    }

    /// Takes more for the last chunk, which was a large one.
    pub(crate) fn take_more(&mut self, chunks: u32) {
        self.chunks = self.chunks.saturating_sub(chunks);
    }

    /// Whether the time is over.
    pub(crate) fn is_over(self, now: Timestamp) -> bool {
        now > self.until
    }

    pub(crate) fn left(self) -> u32 {
        self.chunks
    }

    /// The same, and no chunk begins after `until` either.
    pub(crate) fn not_after(self, until: Timestamp) -> Self {
        Self { until: self.until.min(until), ..self }
    }

    /// Takes up to this many chunks as a limit of their own.
    pub(crate) fn split(&mut self, chunks: u32) -> Self {
        let chunks = chunks.min(self.chunks);
        self.chunks -= chunks;
        Self { chunks, ..*self }
    }

    /// Returns the unused chunks of a part.
    pub(crate) fn give_back(&mut self, part: Self) {
        self.chunks = self.chunks.saturating_add(part.chunks);
    }
}

/// A programme with its published rules.
#[derive(Debug, Clone)]
pub(crate) struct ActiveProgramme {
    pub(crate) programme: ProgrammeRef,
    pub(crate) book: Rc<Rulebook>,
}

impl ActiveProgramme {
    pub(crate) async fn open<S: Sql>(
        context: &JobContext<'_, S>,
        programme: ProgrammeRef,
    ) -> Result<Self, Error> {
        let version = programme.rulebook_version;
        let text = context
            .with_retries(async || rulebook_text(context.sql, programme.no, version).await)
            .await?;
        Ok(Self { book: Rc::new(parse_rulebook(&text, version)?), programme })
    }
}
