//! Whose turn it is. Accounts stand in the order of their last turns, each once; when all of them
//! had one, they are listed again. So nobody waits for two turns of another account: not within a
//! run, where the list takes in what fell due meanwhile, nor from run to run, as turns are kept.

use std::collections::{BTreeSet, VecDeque};

use store::DueChannel;

/// Accounts that send side by side.
const SIDE_BY_SIDE: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Those that wait for their turn.
    queue: VecDeque<i64>,
    running: BTreeSet<i64>,
    /// Those that may not send for a moment.
    resting: BTreeSet<i64>,
    /// Those that sent all that could go in this run, or failed.
    over: BTreeSet<i64>,
    /// Whether no turn and no rest has ended since they were listed.
    is_new: bool,
}

impl Turns {
    /// Whether all that were listed had their turn, and more may be due.
    pub(super) fn asks(&self) -> bool {
        self.queue.is_empty() && !self.is_new
    }

    /// Takes a list, in its order.
    pub(super) fn list(&mut self, found: Vec<DueChannel>) {
        self.is_new = true;
        let others = [&self.running, &self.resting, &self.over];
        let waits = |no: &i64| others.iter().all(|other| !other.contains(no));
        self.queue = found.into_iter().map(|due| due.no).filter(waits).collect();
    }

    /// Whether nobody waits for a turn or rests.
    pub(super) fn is_done(&self) -> bool {
        self.queue.is_empty() && self.resting.is_empty()
    }

    /// The account whose turn begins now, where there is room for one.
    pub(super) fn next(&mut self) -> Option<i64> {
        if self.running.len() >= SIDE_BY_SIDE {
            return None;
        }
        let account_no = self.queue.pop_front()?;
        self.running.insert(account_no);
        Some(account_no)
    }

    pub(super) fn is_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// An account had its turn, and may have more to send.
    pub(super) fn ended(&mut self, account_no: i64) {
        self.running.remove(&account_no);
        self.is_new = false;
    }

    /// So, and may send again in a moment.
    pub(super) fn rests(&mut self, account_no: i64) {
        self.ended(account_no);
        self.resting.insert(account_no);
    }

    /// That moment has come.
    pub(super) fn rested(&mut self, account_no: i64) {
        self.resting.remove(&account_no);
        self.is_new = false;
    }

    /// It sent all that could go in this run, or failed.
    pub(super) fn is_over(&mut self, account_no: i64) {
        self.running.remove(&account_no);
        self.over.insert(account_no);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(turns: &mut Turns, numbers: impl IntoIterator<Item = i64>) {
        turns.list(numbers.into_iter().map(|no| DueChannel { no, turn: 0 }).collect());
    }

    fn all_next(turns: &mut Turns) -> Vec<i64> {
        std::iter::from_fn(|| turns.next()).collect()
    }

    #[test]
    fn each_stands_once_in_a_list_and_all_are_listed_again_after_it() {
        let mut turns = Turns::default();
        assert!(turns.asks());
        list(&mut turns, 1..=20);
        assert!(!turns.asks());
        assert_eq!(all_next(&mut turns), (1..=16).collect::<Vec<_>>());
        turns.ended(3);
        turns.is_over(4);
        turns.rests(5);
        assert!(!turns.asks(), "four of the list still wait");
        assert_eq!(all_next(&mut turns), [17, 18, 19]);
        turns.ended(17);
        assert_eq!(all_next(&mut turns), [20]);
        assert!(turns.asks());
        // 3 goes on, 4 is over, 5 rests, 6 sends, and 21 fell due meanwhile.
        turns.ended(7);
        list(&mut turns, [21, 4, 5, 6, 3]);
        assert_eq!(all_next(&mut turns), [21]);
        turns.ended(8);
        assert_eq!(all_next(&mut turns), [3]);
        assert!(!turns.is_done(), "5 rests");
        turns.rested(5);
        assert!(turns.asks() && turns.is_done() && turns.is_running());
    }
}
