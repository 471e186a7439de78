//! Waits for several answers of the host at once, although all calls block. Only this file of a
//! cron component does so.
//!
//! A future that has to wait registers its pollables here. When no other future can go on, one
//! `poll` of the host waits for all of them.

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

/// Runs a future to its end. `None` if it waits and has registered nothing.
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
            // The future may drop the resources behind its pollables as soon as it runs on.
            drop(pollables);
            is_over.set(true);
            waker.wake();
        }
    }
}

/// Waits until one of these pollables, or of any other waiting future, is ready. Every waiting
/// future then checks again.
pub(super) async fn wait(pollables: Vec<Pollable>) {
    let is_over = Rc::new(Cell::new(false));
    let _guard = RemoveOnDrop(is_over.clone());
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

/// Removes the pollables of a future when it is dropped.
struct RemoveOnDrop(Rc<Cell<bool>>);

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        WAITING.with_borrow_mut(|waiting| waiting.retain(|one| !Rc::ptr_eq(&one.is_over, &self.0)));
    }
}

/// Whether a waker asked to poll the future again.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
