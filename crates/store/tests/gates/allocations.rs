//! Counts the heap allocations of each thread. SQLite has an allocator of its own, so what it takes
//! is not among them.
#![expect(unsafe_code, reason = "an allocator is unsafe to implement")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::Sub;

/// The allocations of a thread so far.
#[derive(Clone, Copy, Default)]
pub struct Allocations {
    pub count: u64,
    /// Bytes asked for; those given back are not subtracted.
    pub bytes: u64,
}

impl Sub for Allocations {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { count: self.count - earlier.count, bytes: self.bytes - earlier.bytes }
    }
}

thread_local! {
    static SO_FAR: Cell<Allocations> = const { Cell::new(Allocations { count: 0, bytes: 0 }) };
    static IS_PAUSED: Cell<bool> = const { Cell::new(false) };
}

/// The allocations of this thread so far.
pub fn so_far() -> Allocations {
    SO_FAR.get()
}

/// Runs what belongs to the measuring and not to what is measured.
pub fn uncounted<T>(run: impl FnOnce() -> T) -> T {
    let was_paused = IS_PAUSED.replace(true);
    let result = run();
    IS_PAUSED.set(was_paused);
    result
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

/// A thread that ends allocates and has no counters any more, so a failed access counts nothing.
fn note(bytes: usize) {
    if IS_PAUSED.try_with(Cell::get).unwrap_or(true) {
        return;
    }
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let add = |counter: &Cell<Allocations>| {
        let Allocations { count, bytes: before } = counter.get();
        counter.set(Allocations { count: count + 1, bytes: before.saturating_add(bytes) });
    };
    SO_FAR.try_with(add).unwrap_or(());
}

// SAFETY: each call is handed on to the system's allocator as it came. Counting neither allocates
// nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller keeps the contract of this method, which is that of the other.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size.saturating_sub(layout.size()));
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}
