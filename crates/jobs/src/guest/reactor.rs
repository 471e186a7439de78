//! Waits for several answers of the host at once, in a world whose calls block: the only place of a
//! cron component that does.
//!
//! A future that has to wait leaves its pollables here. When nothing else can go on, one `poll` of
//! the host waits for all of them.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use wasip2::io::poll::{Pollable, poll};

struct Waiting {
    pollables: Vec<Pollable>,
    waker: Waker,
    is_over: Rc<Cell<bool>>,
}

thread_local! {
    static WAITING: RefCell<Vec<Waiting>> = const { RefCell::new(Vec::new()) };
}

/// Runs a future to its end. `None` when it waits for something that nobody will tell it of.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(done);
        }
        if woken.0.swap(false, Ordering::Relaxed) {
            continue;
        }
        let waiting = WAITING.take();
        if waiting.is_empty() {
            return None;
        }
        let pollables: Vec<&Pollable> = waiting.iter().flat_map(|one| &one.pollables).collect();
        let _which = poll(&pollables);
        for Waiting { pollables, waker, is_over } in waiting {
            // What they were made of may go as soon as the future runs on.
            drop(pollables);
            is_over.set(true);
            waker.wake();
        }
    }
}

/// Waits until one of them, or of those that others wait for, is ready: whoever waits looks again.
pub(super) async fn wait(pollables: Vec<Pollable>) {
    let is_over = Rc::new(Cell::new(false));
    let _left = Left(is_over.clone());
    let mut pollables = Some(pollables);
    poll_fn(|context| {
        if let Some(pollables) = pollables.take() {
            let (waker, is_over) = (context.waker().clone(), is_over.clone());
            WAITING.with_borrow_mut(|waiting| waiting.push(Waiting { pollables, waker, is_over }));
        }
        if is_over.get() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Takes what a future waits for back when it is dropped.
struct Left(Rc<Cell<bool>>);

impl Drop for Left {
    fn drop(&mut self) {
        WAITING.with_borrow_mut(|waiting| waiting.retain(|one| !Rc::ptr_eq(&one.is_over, &self.0)));
    }
}

/// Whether somebody asked for another look.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
