//! Bounds one statement: its time, its memory, and whether its request still waits. SQLite checks
//! the time every few hundred instructions. For memory it calls this file's allocator, which counts
//! on the thread that runs the statement. One count for all threads (SQLite's own) would cost a
//! lock at each allocation, and one statement would take the memory of another.
#![expect(unsafe_code, reason = "SQLite takes its allocator as C functions")]

use anyhow::{Result, ensure};
use rusqlite::{Connection, ffi};
use std::{
    cell::{Cell, RefCell},
    ffi::{c_int, c_void},
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

/// Virtual machine instructions between two checks of the clock.
const STEPS: c_int = 250;

/// Whether a request still waits for its statements.
#[derive(Default)]
pub struct RequestState(AtomicU8);

const LEFT: u8 = 1;
const OVER: u8 = 2;
const ANSWERED: u8 = 3;

impl RequestState {
    /// The client left. Its writes are still done; its reads stop.
    pub fn set_client_left(&self) {
        self.0.fetch_max(LEFT, Ordering::Relaxed);
    }

    /// The request was given up, or its instance has gone. It has no effect after
    /// [`RequestState::set_answered`].
    pub fn set_over(&self) {
        self.0.fetch_max(OVER, Ordering::Relaxed);
    }

    /// The guest has answered. Its statements after that run to their end.
    pub fn set_answered(&self) {
        self.0.store(ANSWERED, Ordering::Relaxed);
    }

    pub fn still_needs(&self, writes: bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            LEFT => writes,
            OVER => false,
            _ => true,
        }
    }
}

/// The limits of one statement.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    pub time: Duration,
    pub bytes: usize,
    pub writes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    OutOfTime(Duration),
    OutOfMemory(usize),
    RequestOver,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfTime(time) => {
                write!(f, "the statement was stopped: it ran longer than {time:?}")
            }
            Self::OutOfMemory(bytes) => {
                write!(f, "the statement was stopped: it needs more than {bytes} bytes of memory")
            }
            Self::RequestOver => {
                write!(f, "the statement was stopped: the request that asked for it is over")
            }
        }
    }
}

struct Running {
    /// Bytes that it took and did not return. They are counted also when no statement runs, without
    /// a bound.
    taken: Cell<i64>,
    max: Cell<i64>,
    until: Cell<Option<Instant>>,
    request_state: RefCell<Option<(Arc<RequestState>, bool)>>,
    request_is_over: Cell<bool>,
}

thread_local! {
    static RUNNING: Running = const {
        Running {
            taken: Cell::new(0),
            max: Cell::new(i64::MAX),
            until: Cell::new(None),
            request_state: RefCell::new(None),
            request_is_over: Cell::new(false),
        }
    };
}

/// Runs a statement within its allowance. [`reason`] finds from SQLite's error whether it was
/// stopped.
pub fn within<T>(
    allowance: Allowance,
    request_state: &Arc<RequestState>,
    run: impl FnOnce() -> T,
) -> T {
    RUNNING.with(|running| {
        running.taken.set(0);
        running.max.set(i64::try_from(allowance.bytes).unwrap_or(i64::MAX));
        running.until.set(Instant::now().checked_add(allowance.time));
        running.request_state.replace(Some((request_state.clone(), allowance.writes)));
        running.request_is_over.set(false);
        let outcome = run();
        running.max.set(i64::MAX);
        running.until.set(None);
        running.request_state.replace(None);
        outcome
    })
}

/// Returns the limit that an error of SQLite stands for, if any.
pub fn reason(error: &rusqlite::Error, allowance: Allowance) -> Option<Stop> {
    match error.sqlite_error_code()? {
        rusqlite::ErrorCode::OperationInterrupted
            if RUNNING.with(|running| running.request_is_over.get()) =>
        {
            Some(Stop::RequestOver)
        }
        rusqlite::ErrorCode::OperationInterrupted => Some(Stop::OutOfTime(allowance.time)),
        rusqlite::ErrorCode::OutOfMemory => Some(Stop::OutOfMemory(allowance.bytes)),
        _ => None,
    }
}

/// Makes SQLite check regularly whether the statement may go on.
pub fn watch(connection: &mut Connection) -> Result<()> {
    Ok(connection.progress_handler(STEPS, Some(must_stop))?)
}

fn must_stop() -> bool {
    RUNNING.with(|running| {
        let Some(until) = running.until.get() else { return false };
        if running
            .request_state
            .borrow()
            .as_ref()
            .is_some_and(|(request_state, writes)| !request_state.still_needs(*writes))
        {
            running.request_is_over.set(true);
            return true;
        }
        Instant::now() >= until
    })
}

/// SQLite's own allocator, below the counting one.
struct Below {
    take: unsafe extern "C" fn(c_int) -> *mut c_void,
    give: unsafe extern "C" fn(*mut c_void),
    resize: unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void,
    size: unsafe extern "C" fn(*mut c_void) -> c_int,
}

static BELOW: OnceLock<Option<Below>> = OnceLock::new();

/// Makes SQLite allocate through this file. Must come before the first connection of the process.
pub fn count_memory() -> Result<()> {
    let below = BELOW.get_or_init(|| {
        // SAFETY: the structure is plain data, which SQLite fills in.
        let mut methods: ffi::sqlite3_mem_methods = unsafe { std::mem::zeroed() };
        // SAFETY: GETMALLOC takes a pointer to such a structure.
        let code = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETMALLOC, &raw mut methods) };
        let below = Below {
            take: methods.xMalloc?,
            give: methods.xFree?,
            resize: methods.xRealloc?,
            size: methods.xSize?,
        };
        methods.xMalloc = Some(take);
        methods.xFree = Some(give);
        methods.xRealloc = Some(resize);
        // SAFETY: SQLite copies the structure; its functions live as long as the program. It
        // refuses once it has allocated.
        let refused = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const methods) };
        (code == ffi::SQLITE_OK && refused == ffi::SQLITE_OK).then_some(below)
    });
    ensure!(below.is_some(), "SQLite does not let its memory be counted");
    Ok(())
}

fn below() -> Option<&'static Below> {
    BELOW.get()?.as_ref()
}

/// Counts allocated (or freed) bytes. Returns false if they exceed the statement's limit.
fn count(bytes: i64) -> bool {
    // A thread that ends frees its memory after its thread-locals have gone.
    let counted = RUNNING.try_with(|running| {
        let taken = running.taken.get().saturating_add(bytes);
        if bytes > 0 && taken > running.max.get() {
            return false;
        }
        running.taken.set(taken);
        true
    });
    counted.unwrap_or(true)
}

unsafe extern "C" fn take(bytes: c_int) -> *mut c_void {
    let nothing = std::ptr::null_mut();
    let Some(below) = below() else { return nothing };
    if !count(i64::from(bytes)) {
        return nothing;
    }
    // SAFETY: SQLite asks for a size that its own allocator accepts. The size is read from a
    // pointer that this allocator returned.
    unsafe {
        let taken = (below.take)(bytes);
        let size = if taken.is_null() { 0 } else { i64::from((below.size)(taken)) };
        // The bytes of rounding up belong to the statement, too.
        count_anyway(size.saturating_sub(i64::from(bytes)));
        taken
    }
}

unsafe extern "C" fn give(taken: *mut c_void) {
    let Some(below) = below() else { return };
    // SAFETY: SQLite returns a pointer that it got from this allocator.
    unsafe {
        count_anyway(i64::from((below.size)(taken)).saturating_neg());
        (below.give)(taken);
    }
}

unsafe extern "C" fn resize(taken: *mut c_void, bytes: c_int) -> *mut c_void {
    let nothing = std::ptr::null_mut();
    let Some(below) = below() else { return nothing };
    // SAFETY: as above; if it fails, the allocation stays unchanged.
    unsafe {
        let before = i64::from((below.size)(taken));
        if !count(i64::from(bytes).saturating_sub(before)) {
            return nothing;
        }
        let resized = (below.resize)(taken, bytes);
        let after = if resized.is_null() { before } else { i64::from((below.size)(resized)) };
        count_anyway(after.saturating_sub(i64::from(bytes)));
        resized
    }
}

fn count_anyway(bytes: i64) {
    // See `count`.
    RUNNING
        .try_with(|running| running.taken.set(running.taken.get().saturating_add(bytes)))
        .unwrap_or_default();
}
