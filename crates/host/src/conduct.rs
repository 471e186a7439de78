//! Records how much computing each sender's requests caused at one component. A sender is served in
//! the back room for some time if its requests compute long without a pause, or much for each
//! request. The back room has instances of its own, on threads that run when no other thread needs
//! the processor.
//!
//! Computing is sampled at the beginning of each epoch ([account.rs](account.rs)): a guest that
//! computes through it is charged. Sampling costs nothing between epochs. A sender is sampled in
//! proportion to how often and how long its requests compute.

use crate::caller::Id;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// A sender that computes this long without a pause goes to the back room.
pub const LONG: Duration = Duration::from_millis(20);
/// A sender also goes there if its requests compute this long on average. The average counts once
/// the sender has computed for `MIN_COMPUTED` in all.
const COSTLY: Duration = Duration::from_millis(5);
const MIN_COMPUTED: Duration = Duration::from_millis(200);
/// First stay in the back room after a long run. Each stay that follows within `SOON_MS` is twice
/// as long, up to an hour.
const STAY_MS: u64 = 20_000;
const MAX_STAY_MS: u64 = 3_600_000;
const SOON_MS: u64 = 600_000;
/// First stay of a sender whose requests cost much but pause. Each stay that follows soon is twice
/// as long, up to half a minute.
const SHORT_STAY_MS: u64 = 2_000;
const MAX_SHORT_STAY_MS: u64 = 32_000;
/// Requests at once in one instance for a new sender. Each request that ends well adds one.
const AT_FIRST: u32 = 2;
/// The first requests of a sender are served in the back room if the sender is new or had long
/// runs.
const PROBATION: u32 = 1;
/// Requests at once in the back room, for senders of long runs.
const IN_BACK_ROOM: u32 = 4;
/// Requests at once in one instance while another tenant is active, so that no request waits behind
/// many of another sender.
const BESIDE_OTHERS: u32 = 8;
/// A tenant is active if it sent a request within this time.
const RECENT_MS: u64 = 1_000;
/// Max senders in memory.
const MAX: usize = 8_192;

pub struct Conduct {
    started: Instant,
    senders: Mutex<HashMap<Id, Arc<Sender>>>,
    /// The last two different tenants, and when each sent its last request: milliseconds since the
    /// start plus one, 0 for never.
    recent_tenants: Mutex<[(Id, u64); 2]>,
}

pub struct Sender {
    pub id: Id,
    /// Requests that ended since the last long run, at most 4,096.
    proven: AtomicU32,
    requests: AtomicU32,
    computed_us: AtomicU64,
    after_long_runs: Stays,
    after_costly_requests: Stays,
    /// The last request, in milliseconds since the start of the component.
    seen: AtomicU64,
}

/// Stays in the back room for one reason.
#[derive(Default)]
struct Stays {
    /// In milliseconds since the start of the component.
    until: AtomicU64,
    /// How many stays followed soon after the one before.
    doubled: AtomicU32,
}

impl Stays {
    fn lasts(&self, now: u64) -> bool {
        self.until.load(Relaxed) > now
    }

    /// Begins a stay or prolongs it. A stay that begins soon after the last is twice as long.
    fn stay(&self, now: u64, first: u64, longest: u64) {
        let last = self.until.load(Relaxed);
        if last <= now {
            let is_soon = last > 0 && now - last < SOON_MS;
            self.doubled.store(
                if is_soon { self.doubled.load(Relaxed).saturating_add(1) } else { 0 },
                Relaxed,
            );
        }
        let length = first.saturating_mul(1 << self.doubled.load(Relaxed).min(16)).min(longest);
        self.until.fetch_max(now + length, Relaxed);
    }
}

impl Conduct {
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            senders: Mutex::default(),
            recent_tenants: Default::default(),
        }
    }

    /// Counts a request of this sender.
    pub fn request(&self, id: Id) -> Arc<Sender> {
        let now = self.now();
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        if senders.len() >= MAX && !senders.contains_key(&id) {
            let mut seen: Vec<u64> =
                senders.values().map(|sender| sender.seen.load(Relaxed)).collect();
            let middle = seen.len() / 2;
            let (_, median, _) = seen.select_nth_unstable(middle);
            let median = *median;
            senders.retain(|_, sender| sender.seen.load(Relaxed) > median || sender.stays(now));
            if senders.len() >= MAX {
                senders.clear();
            }
        }
        let sender = senders.entry(id).or_insert_with(|| Arc::new(Sender::new(id))).clone();
        drop(senders);
        sender.seen.store(now, Relaxed);
        sender.requests.fetch_add(1, Relaxed);
        sender
    }

    /// Whether this sender is served in the back room: for its past computing, or because it is
    /// new.
    pub fn is_in_back(&self, sender: &Sender) -> bool {
        sender.proven.load(Relaxed) < PROBATION || sender.stays(self.now())
    }

    /// Records that a guest computed this long for the sender, and how long without a pause until
    /// now.
    pub fn charge(&self, sender: &Sender, computed: Duration, without_a_pause: Duration) {
        let computed = microseconds(computed);
        let computed = sender.computed_us.fetch_add(computed, Relaxed).saturating_add(computed);
        let requests = sender.requests.load(Relaxed);
        if without_a_pause >= LONG {
            self.long_run(sender);
        }
        if computed >= microseconds(MIN_COMPUTED) {
            if u64::from(requests).saturating_mul(microseconds(COSTLY)) < computed {
                sender.after_costly_requests.stay(self.now(), SHORT_STAY_MS, MAX_SHORT_STAY_MS);
            }
            // Halves the past, so that new requests weigh more.
            sender.computed_us.store(computed / 2, Relaxed);
            sender.requests.store(requests / 2, Relaxed);
        }
    }

    fn long_run(&self, sender: &Sender) {
        let now = self.now();
        if !sender.after_long_runs.lasts(now) {
            sender.proven.store(0, Relaxed);
        }
        sender.after_long_runs.stay(now, STAY_MS, MAX_STAY_MS);
    }

    /// Records a request of a known tenant. Unknown callers do not count: one request a second
    /// would then slow down a tenant that is alone.
    pub fn record_tenant(&self, id: Id) {
        let now = self.now() + 1;
        let mut recent_tenants = self.recent_tenants();
        let [last, other] = &mut *recent_tenants;
        if last.0 != id {
            *other = *last;
        }
        *last = (id, now);
    }

    /// Whether another tenant was active lately.
    fn others_are_active(&self, id: Id) -> bool {
        let now = self.now();
        self.recent_tenants()
            .iter()
            .any(|(other, at)| *other != id && *at > 0 && now < at + RECENT_MS)
    }

    fn recent_tenants(&self) -> MutexGuard<'_, [(Id, u64); 2]> {
        self.recent_tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests of this sender one instance takes at once, out of `max`. A new sender gets
    /// few. A sender gets few while others are active, and never all.
    pub fn max_at_once(&self, sender: &Sender, max: u32) -> u32 {
        let max = (max - max / 4).max(1);
        let max = if self.others_are_active(sender.id) { max.min(BESIDE_OTHERS) } else { max };
        let allowance = AT_FIRST.saturating_add(sender.proven.load(Relaxed)).min(max);
        if sender.after_long_runs.lasts(self.now()) {
            allowance.min(IN_BACK_ROOM)
        } else {
            allowance
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Sender {
    fn new(id: Id) -> Self {
        Self {
            id,
            proven: AtomicU32::new(0),
            requests: AtomicU32::new(0),
            computed_us: AtomicU64::new(0),
            after_long_runs: Stays::default(),
            after_costly_requests: Stays::default(),
            seen: AtomicU64::new(0),
        }
    }

    /// Whether past computing keeps the sender in the back room.
    fn stays(&self, now: u64) -> bool {
        self.after_long_runs.lasts(now) || self.after_costly_requests.lasts(now)
    }

    pub fn record_end(&self) {
        if self.proven.load(Relaxed) < 4_096 {
            self.proven.fetch_add(1, Relaxed);
        }
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Duration = Duration::from_millis(10);

    fn proven(conduct: &Conduct, id: Id) -> Arc<Sender> {
        let sender = conduct.request(id);
        (0..PROBATION).for_each(|_| {
            assert!(conduct.is_in_back(&sender), "a new sender begins there");
            sender.record_end();
        });
        assert!(!conduct.is_in_back(&sender));
        sender
    }

    #[test]
    fn one_long_run_leads_to_the_back_room() {
        let conduct = Conduct::new();
        let (long, short) = (proven(&conduct, 1), proven(&conduct, 2));
        conduct.charge(&long, EPOCH, Duration::from_millis(19));
        assert!(!conduct.is_in_back(&long));
        conduct.charge(&long, EPOCH, LONG);
        assert!(conduct.is_in_back(&long) && conduct.is_in_back(&conduct.request(1)));
        assert!(!conduct.is_in_back(&short));
    }

    #[test]
    fn many_costly_requests_lead_there_too_and_many_cheap_ones_do_not() {
        let conduct = Conduct::new();
        for (id, requests, in_back) in [(1, 1, true), (2, 10, false)] {
            let sender = proven(&conduct, id);
            for _ in 0..100 {
                (0..requests).for_each(|_| drop(conduct.request(id)));
                conduct.charge(&sender, EPOCH, Duration::ZERO);
            }
            assert_eq!(
                conduct.is_in_back(&sender),
                in_back,
                "{requests} requests in 10 ms of computing"
            );
        }
    }

    #[test]
    fn a_stay_soon_after_the_last_is_twice_as_long() {
        let stays = Stays::default();
        let ends = |now| {
            stays.stay(now, 2_000, 7_000);
            stays.until.load(Relaxed)
        };
        assert_eq!(
            (ends(1_000), ends(2_500)),
            (3_000, 4_500),
            "a new reason during a stay prolongs it"
        );
        assert_eq!(
            (ends(5_000), ends(9_500), ends(17_000)),
            (9_000, 16_500, 24_000),
            "but no stay is longer than the longest"
        );
        assert_eq!(
            ends(24_000 + SOON_MS),
            26_000 + SOON_MS,
            "after a while nothing is held against it"
        );
    }

    #[test]
    fn a_new_sender_starts_with_few_requests_at_once() {
        let conduct = Conduct::new();
        let sender = conduct.request(1);
        let allowed = |max| conduct.max_at_once(&sender, max);
        assert_eq!((allowed(512), allowed(1)), (2, 1));
        (0..1_000).for_each(|_| sender.record_end());
        assert_eq!((allowed(512), allowed(4)), (384, 3), "never all");
        conduct.charge(&sender, EPOCH, LONG);
        assert_eq!(allowed(512), 2, "and anew after a long run");
        (0..1_000).for_each(|_| sender.record_end());
        assert_eq!(allowed(512), IN_BACK_ROOM);
    }

    #[test]
    fn a_sender_has_few_requests_at_once_while_others_are_active() {
        let conduct = Conduct::new();
        let (busy, till) = (conduct.request(1), conduct.request(2));
        for sender in [&busy, &till] {
            (0..1_000).for_each(|_| sender.record_end());
        }
        conduct.record_tenant(1);
        assert_eq!(conduct.max_at_once(&busy, 512), 384, "a stranger does not count");
        conduct.record_tenant(2);
        assert_eq!((conduct.max_at_once(&busy, 512), conduct.max_at_once(&till, 512)), (8, 8));
        // The other tenant stays remembered, however many requests the first one sends.
        (0..100).for_each(|_| conduct.record_tenant(1));
        assert_eq!((conduct.max_at_once(&busy, 512), conduct.max_at_once(&busy, 4)), (8, 3));
        let long_ago = |(id, at): &mut (Id, u64)| *at = if *id == 2 { 0 } else { *at };
        conduct.recent_tenants().iter_mut().for_each(long_ago);
        assert_eq!((conduct.max_at_once(&busy, 512), conduct.max_at_once(&till, 512)), (384, 8));
    }

    #[test]
    fn old_senders_are_dropped_except_those_in_the_back_room() {
        let conduct = Conduct::new();
        let long = conduct.request(7);
        conduct.charge(&long, EPOCH, LONG);
        for id in 0..3 * MAX as u64 {
            conduct.request(100 + id);
        }
        assert!(conduct.senders.lock().unwrap().len() <= MAX);
        assert!(conduct.is_in_back(&conduct.request(7)));
    }
}
