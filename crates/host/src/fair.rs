//! A queue in which senders take turns: each has a line of its own, and the heads of the lines are
//! served round and round. When it is full, the longest line loses its last, so that nobody can
//! keep others out by queueing more.

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
    most: usize,
    lines: Mutex<Lines<T>>,
    changed: Notify,
    closed: AtomicBool,
}

struct Lines<T> {
    by_sender: HashMap<Id, VecDeque<T>>,
    /// Senders who have somebody waiting, in the order of their turns.
    turns: VecDeque<Id>,
    waiting: usize,
}

impl<T> FairQueue<T> {
    pub fn new(most: usize) -> Self {
        let lines = Lines { by_sender: HashMap::new(), turns: VecDeque::new(), waiting: 0 };
        Self {
            most: most.max(1),
            lines: Mutex::new(lines),
            changed: Notify::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// Queues; gives back who had to go for it, which may be the one that came.
    pub fn push(&self, sender: Id, item: T) -> Option<T> {
        let mut lines = self.lines();
        let mut out = None;
        if lines.waiting >= self.most {
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

    /// The next whose sender may be served, at once or not at all.
    pub fn take(&self, may: impl Fn(Id, &T) -> bool) -> Option<T> {
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

    /// Waits for one.
    pub async fn next(&self, may: impl Fn(Id, &T) -> bool) -> T {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(item) = self.take(&may) {
                return item;
            }
            changed.await;
        }
    }

    /// Whoever waits may be able to take one now.
    pub fn look_again(&self) {
        self.changed.notify_waiters();
    }

    pub fn waiting(&self) -> usize {
        self.lines().waiting
    }

    /// Nobody comes any more.
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
        let order: String = std::iter::from_fn(|| queue.take(|_, _| true)).collect();
        assert_eq!((order.as_str(), queue.waiting()), ("axybzc", 0));
    }

    #[test]
    fn who_may_not_be_served_now_keeps_the_place_and_holds_up_nobody() {
        let queue = FairQueue::new(100);
        for (sender, item) in [(1, "a"), (1, "b"), (2, "x")] {
            queue.push(sender, item);
        }
        assert_eq!(queue.take(|sender, _| sender != 1), Some("x"));
        assert_eq!(queue.take(|sender, _| sender != 1), None);
        assert_eq!(
            (queue.take(|_, _| true), queue.take(|_, _| true), queue.waiting()),
            (Some("a"), Some("b"), 0)
        );
    }

    #[test]
    fn a_full_queue_costs_the_longest_line() {
        let queue = FairQueue::new(3);
        for item in ["a", "b", "c"] {
            assert_eq!(queue.push(1, item), None);
        }
        assert_eq!(queue.push(1, "d"), Some("d"), "who queues most is told so");
        assert_eq!(queue.push(2, "x"), Some("c"), "and makes room for others");
        assert_eq!(queue.push(2, "y"), Some("y"), "down to as many as they have");
        assert_eq!(queue.push(3, "z"), Some("b"));
        let order: String = std::iter::from_fn(|| queue.take(|_, _| true)).collect();
        assert_eq!(order, "axz");
    }

    #[tokio::test]
    async fn whoever_waits_is_woken() {
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
