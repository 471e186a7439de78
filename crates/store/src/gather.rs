//! Writes of one instance that meet in one statement.
//!
//! On a host without group commit each write is a commit of its own, with its syncs, and all
//! connections wait for one lock. So the requests of an instance note their postings here, and one
//! of them writes what is there. What arrives meanwhile is in the next statement.
//!
//! A request that has to wait leaves a bell. Dropping a bell rings it, so nobody waits for a
//! request that has ended.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use crate::Error;
use crate::commit::{PostingRows, Written};

/// Rows that one statement takes; a single request may bring more.
const MAX_ROWS: usize = 512;

/// The postings that wait in an instance, with bells of the type `B`.
#[derive(Debug)]
pub struct Gather<B>(RefCell<State<B>>);

#[derive(Debug)]
struct State<B> {
    last: u64,
    waiting: VecDeque<(Ticket, PostingRows)>,
    is_writing: bool,
    outcomes: HashMap<Ticket, Written>,
    bells: HashMap<Ticket, B>,
}

/// One request's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Ticket(u64);

impl<B> Default for Gather<B> {
    fn default() -> Self {
        Self(RefCell::new(State {
            last: 0,
            waiting: VecDeque::new(),
            is_writing: false,
            outcomes: HashMap::new(),
            bells: HashMap::new(),
        }))
    }
}

impl<B> Gather<B> {
    /// Has rows of the view `posting` written, alone or with those of other requests, and returns
    /// the ids of the entries that are written. `others` waits for requests that are about to post,
    /// `write` sends one statement. `bell` makes a bell, and what waits until it is dropped.
    ///
    /// # Errors
    /// What `write` returns.
    pub async fn post<R: Future>(
        &self,
        rows: PostingRows,
        others: impl AsyncFn(),
        write: impl AsyncFn(PostingRows) -> Written,
        bell: impl Fn() -> (B, R),
    ) -> Written {
        let ticket = self.note(rows);
        loop {
            if let Some(outcome) = self.0.borrow_mut().outcomes.remove(&ticket) {
                return outcome;
            }
            if let Some(mut turn) = self.turn() {
                others().await;
                turn.take();
                turn.write(&write).await;
                continue;
            }
            let (bell, rung) = bell();
            self.0.borrow_mut().bells.insert(ticket, bell);
            rung.await;
        }
    }

    fn note(&self, rows: PostingRows) -> Ticket {
        let mut state = self.0.borrow_mut();
        state.last += 1;
        let ticket = Ticket(state.last);
        state.waiting.push_back((ticket, rows));
        ticket
    }

    /// The right to write, unless another request has it.
    fn turn(&self) -> Option<Turn<'_, B>> {
        let was_writing = std::mem::replace(&mut self.0.borrow_mut().is_writing, true);
        (!was_writing).then(|| Turn { gather: self, batch: VecDeque::new() })
    }
}

/// The one write that is under way.
struct Turn<'a, B> {
    gather: &'a Gather<B>,
    batch: VecDeque<(Ticket, PostingRows)>,
}

impl<B> Turn<'_, B> {
    /// Takes what waits, in its order.
    fn take(&mut self) {
        let mut state = self.gather.0.borrow_mut();
        let mut count = 0;
        while let Some((_, rows)) = state.waiting.front() {
            count += rows.len();
            if count > MAX_ROWS && !self.batch.is_empty() {
                break;
            }
            self.batch.extend(state.waiting.pop_front());
        }
    }

    /// Writes the batch in one statement. Where the database refuses what is in it, each request is
    /// written alone, so that one does not fail with another.
    async fn write(mut self, write: &impl AsyncFn(PostingRows) -> Written) {
        let all = self.batch.iter().flat_map(|(_, rows)| rows.iter().cloned()).collect();
        let outcome = write(all).await;
        let is_refused =
            outcome.as_ref().is_err_and(|error| !matches!(error, Error::Busy | Error::Full));
        let one_by_one = is_refused && self.batch.len() > 1;
        while let Some((ticket, rows)) = self.batch.front().cloned() {
            let own = if one_by_one { write(rows).await } else { outcome.clone() };
            self.batch.pop_front();
            self.settle(ticket, own);
        }
    }

    fn settle(&self, ticket: Ticket, outcome: Written) {
        let bell = {
            let mut state = self.gather.0.borrow_mut();
            state.outcomes.insert(ticket, outcome);
            state.bells.remove(&ticket)
        };
        drop(bell);
    }
}

impl<B> Drop for Turn<'_, B> {
    /// Passes the turn on. A request whose rows were sent but have no outcome finds out by loading
    /// again.
    fn drop(&mut self) {
        while let Some((ticket, _)) = self.batch.pop_front() {
            self.settle(ticket, Ok(Rc::default()));
        }
        let bell = {
            let mut state = self.gather.0.borrow_mut();
            state.is_writing = false;
            let next = state.waiting.front().map(|(ticket, _)| *ticket);
            next.and_then(|ticket| state.bells.remove(&ticket))
        };
        drop(bell);
    }
}
