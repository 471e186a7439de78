//! A queue in which senders take turns. Each sender has its own line, and the queue serves the
//! heads of the lines in rotation. A full queue drops the last item of the longest line, so that no
//! sender can keep others out by queueing more.

use crate::caller::Id;
use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Notify;

pub struct FairQueue<T> {
    max_waiting: usize,
    lines: Mutex<Lines<T>>,
    changed: Notify,
    closed: AtomicBool,
}

struct Lines<T> {
    by_sender: HashMap<Id, VecDeque<T>>,
    /// Senders with waiting items, in the order of their turns.
    turns: VecDeque<Id>,
    waiting: usize,
}

impl<T> FairQueue<T> {
    pub fn new(max_waiting: usize) -> Self {
        let lines = Lines { by_sender: HashMap::new(), turns: VecDeque::new(), waiting: 0 };
        Self {
            max_waiting: max_waiting.max(1),
            lines: Mutex::new(lines),
            changed: Notify::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// Queues an item. Returns the item that a full queue drops for it, which may be the new one.
    pub fn push(&self, sender: Id, item: T) -> Option<T> {
        let mut lines = self.lines();
        let mut out = None;
        if lines.waiting >= self.max_waiting {
            let (longest, length) = lines.longest()?;
            if lines.by_sender.get(&sender).map_or(0, VecDeque::len) + 1 >= length {
                return Some(item);
            }
            out = lines.drop_last(longest);
        }
        lines.waiting += 1;
        let line = lines.by_sender.entry(sender).or_default();
        line.push_back(item);
        if line.len() == 1 {
            lines.turns.push_back(sender);
        }
        drop(lines);
        self.changed.notify_waiters();
        out
    }

    /// Takes the next item whose sender may be served, without waiting.
    pub fn try_next(&self, may: impl Fn(Id, &T) -> bool) -> Option<T> {
        let mut lines = self.lines();
        for _ in 0..lines.turns.len() {
            let sender = lines.turns.pop_front()?;
            let line = lines.by_sender.get_mut(&sender)?;
            let item = if line.front().is_some_and(|item| may(sender, item)) {
                line.pop_front()
            } else {
                None
            };
            if line.is_empty() {
                lines.by_sender.remove(&sender);
            } else {
                lines.turns.push_back(sender);
            }
            if item.is_some() {
                lines.waiting -= 1;
                return item;
            }
        }
        None
    }

    pub async fn next(&self, may: impl Fn(Id, &T) -> bool) -> T {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(item) = self.try_next(&may) {
                return item;
            }
            changed.await;
        }
    }

    /// Wakes the waiting tasks, because one of them may now be able to take an item.
    pub fn wake_all(&self) {
        self.changed.notify_waiters();
    }

    pub fn waiting(&self) -> usize {
        self.lines().waiting
    }

    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn lines(&self) -> MutexGuard<'_, Lines<T>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Lines<T> {
    fn longest(&self) -> Option<(Id, usize)> {
        self.by_sender
            .iter()
            .map(|(sender, line)| (*sender, line.len()))
            .max_by_key(|(_, length)| *length)
    }

    fn drop_last(&mut self, sender: Id) -> Option<T> {
        let line = self.by_sender.get_mut(&sender)?;
        let last = line.pop_back();
        if line.is_empty() {
            self.by_sender.remove(&sender);
            self.turns.retain(|turn| *turn != sender);
        }
        self.waiting -= usize::from(last.is_some());
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_take_turns() {
        let queue = FairQueue::new(100);
        for (sender, item) in [(1, "a"), (1, "b"), (1, "c"), (2, "x"), (3, "y"), (2, "z")] {
            assert_eq!(queue.push(sender, item), None);
        }
        let order: String = std::iter::from_fn(|| queue.try_next(|_, _| true)).collect();
        assert_eq!((order.as_str(), queue.waiting()), ("axybzc", 0));
    }

    #[test]
    fn a_sender_that_may_not_be_served_keeps_its_turn_and_blocks_no_other() {
        let queue = FairQueue::new(100);
        for (sender, item) in [(1, "a"), (1, "b"), (2, "x")] {
            queue.push(sender, item);
        }
        assert_eq!(queue.try_next(|sender, _| sender != 1), Some("x"));
        assert_eq!(queue.try_next(|sender, _| sender != 1), None);
        assert_eq!(
            (queue.try_next(|_, _| true), queue.try_next(|_, _| true), queue.waiting()),
            (Some("a"), Some("b"), 0)
        );
    }

    #[test]
    fn a_full_queue_costs_the_longest_line() {
        let queue = FairQueue::new(3);
        for item in ["a", "b", "c"] {
            assert_eq!(queue.push(1, item), None);
        }
        assert_eq!(queue.push(1, "d"), Some("d"), "the sender with the longest line is refused");
        assert_eq!(queue.push(2, "x"), Some("c"), "and makes room for others");
        assert_eq!(queue.push(2, "y"), Some("y"), "down to as many as they have");
        assert_eq!(queue.push(3, "z"), Some("b"));
        let order: String = std::iter::from_fn(|| queue.try_next(|_, _| true)).collect();
        assert_eq!(order, "axz");
    }

    #[tokio::test]
    async fn a_waiting_task_is_woken() {
        let queue = std::sync::Arc::new(FairQueue::new(3));
        let waiting = tokio::spawn({
            let queue = queue.clone();
            async move { queue.next(|sender, _| sender == 2).await }
        });
        tokio::task::yield_now().await;
        queue.push(1, "a");
        tokio::task::yield_now().await;
        queue.push(2, "x");
        assert_eq!(waiting.await.unwrap(), "x");
    }
}
