//! How senders behaved at one component: what their requests made guests compute. Whoever lets a guest compute long without a pause, or much for each
//! request, is served in the back room for some time: by instances of their own, on threads that run when nobody else needs the processor.
//!
//! Computing is measured by the beat of the epochs: a guest that computes when one begins is charged for it. That costs nothing between beats, and
//! those who compute often or long are met in proportion.

use crate::caller::Id;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// So much computing without a pause makes a sender one for the back room.
pub const LONG: Duration = Duration::from_millis(20);
/// Beats after which the average counts, and how many requests there must be for each of them at least: so that 5 ms for each are too many.
const OFTEN: u32 = 20;
const REQUESTS_PER_BEAT: u32 = 2;
/// First stay in the back room after a long run; each that follows soon is twice as long, up to an hour.
const STAY_MS: u64 = 20_000;
const LONGEST_STAY_MS: u64 = 3_600_000;
const SOON_MS: u64 = 600_000;
/// The stay of a sender whose requests cost much, but pause.
const SHORT_STAY_MS: u64 = 2_000;
/// Requests at once in one instance: for senders that are new, and for each that ended well.
const AT_FIRST: u32 = 2;
/// So many requests of a sender that is new, or had long runs, are served in the back room.
const PROBATION: u32 = 1;
/// Requests at once there, for senders of long runs.
const IN_BACK_ROOM: u32 = 4;
/// Senders that are remembered.
const MOST: usize = 8_192;

/// The senders of one component.
pub struct Conduct {
    started: Instant,
    senders: Mutex<HashMap<Id, Arc<Sender>>>,
}

/// What is known of one of them.
pub struct Sender {
    pub id: Id,
    /// Requests that ended since the last long run, up to some thousand.
    proven: AtomicU32,
    requests: AtomicU32,
    beats: AtomicU32,
    /// Stays after long runs, one soon after the other.
    stays: AtomicU32,
    /// In milliseconds since the start of the component.
    back_until: AtomicU64,
    /// The same, for long runs alone.
    long_until: AtomicU64,
    seen: AtomicU64,
}

impl Conduct {
    pub fn new() -> Self {
        Self { started: Instant::now(), senders: Mutex::default() }
    }

    /// Counts a request of this sender.
    pub fn request(&self, id: Id) -> Arc<Sender> {
        let now = self.now();
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        if senders.len() >= MOST && !senders.contains_key(&id) {
            let mut seen: Vec<u64> = senders.values().map(|sender| sender.seen.load(Relaxed)).collect();
            let middle = seen.len() / 2;
            let (_, median, _) = seen.select_nth_unstable(middle);
            let median = *median;
            senders.retain(|_, sender| sender.seen.load(Relaxed) > median || sender.back_until.load(Relaxed) > now);
            if senders.len() >= MOST {
                senders.clear();
            }
        }
        let sender = senders.entry(id).or_insert_with(|| Arc::new(Sender::new(id))).clone();
        drop(senders);
        sender.seen.store(now, Relaxed);
        sender.requests.fetch_add(1, Relaxed);
        sender
    }

    /// Whether this sender is served in the back room: for what it did, or because nothing is known of it yet.
    pub fn is_in_back(&self, sender: &Sender) -> bool {
        sender.proven.load(Relaxed) < PROBATION || sender.back_until.load(Relaxed) > self.now()
    }

    /// A guest computes for this sender when an epoch begins, and has computed so much without a pause.
    pub fn charge(&self, sender: &Sender, computed: Duration) {
        let beats = sender.beats.fetch_add(1, Relaxed) + 1;
        let requests = sender.requests.load(Relaxed);
        if computed >= LONG {
            self.long_run(sender);
        }
        if beats >= OFTEN {
            if requests < beats.saturating_mul(REQUESTS_PER_BEAT) {
                sender.back_until.fetch_max(self.now() + SHORT_STAY_MS, Relaxed);
            }
            // The past counts half.
            sender.beats.store(beats / 2, Relaxed);
            sender.requests.store(requests / 2, Relaxed);
        }
    }

    /// Long runs during a stay prolong it; one soon after it makes the next twice as long.
    fn long_run(&self, sender: &Sender) {
        let (now, last) = (self.now(), sender.long_until.load(Relaxed));
        if last <= now {
            let is_soon = last > 0 && now - last < SOON_MS;
            sender.stays.store(if is_soon { sender.stays.load(Relaxed) + 1 } else { 0 }, Relaxed);
            sender.proven.store(0, Relaxed);
        }
        let stay = STAY_MS.saturating_mul(1 << sender.stays.load(Relaxed).min(16)).min(LONGEST_STAY_MS);
        sender.long_until.fetch_max(now + stay, Relaxed);
        sender.back_until.fetch_max(now + stay, Relaxed);
    }

    /// How many requests of this sender one instance takes at once, of `most`: few until it is known how they behave, and never all.
    pub fn allowance(&self, sender: &Sender, most: u32) -> u32 {
        let allowance = AT_FIRST.saturating_add(sender.proven.load(Relaxed)).min((most - most / 4).max(1));
        if sender.long_until.load(Relaxed) > self.now() { allowance.min(IN_BACK_ROOM) } else { allowance }
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
            beats: AtomicU32::new(0),
            stays: AtomicU32::new(0),
            back_until: AtomicU64::new(0),
            long_until: AtomicU64::new(0),
            seen: AtomicU64::new(0),
        }
    }

    /// A request of it has ended.
    pub fn ended(&self) {
        if self.proven.load(Relaxed) < 4_096 {
            self.proven.fetch_add(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: Duration = Duration::from_millis(1);

    fn proven(conduct: &Conduct, id: Id) -> Arc<Sender> {
        let sender = conduct.request(id);
        (0..PROBATION).for_each(|_| {
            assert!(conduct.is_in_back(&sender), "who is new begins there");
            sender.ended();
        });
        assert!(!conduct.is_in_back(&sender));
        sender
    }

    #[test]
    fn one_long_run_leads_to_the_back_room() {
        let conduct = Conduct::new();
        let (long, short) = (proven(&conduct, 1), proven(&conduct, 2));
        conduct.charge(&long, Duration::from_millis(19));
        assert!(!conduct.is_in_back(&long));
        conduct.charge(&long, LONG);
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
                conduct.charge(&sender, BEAT);
            }
            assert_eq!(conduct.is_in_back(&sender), in_back, "{requests} requests in 10 ms of computing");
        }
    }

    #[test]
    fn who_is_new_starts_with_few_at_once() {
        let conduct = Conduct::new();
        let sender = conduct.request(1);
        let allowed = |most| conduct.allowance(&sender, most);
        assert_eq!((allowed(512), allowed(1)), (2, 1));
        (0..1_000).for_each(|_| sender.ended());
        assert_eq!((allowed(512), allowed(4)), (384, 3), "never all");
        conduct.charge(&sender, LONG);
        assert_eq!(allowed(512), 2, "and anew after a long run");
        (0..1_000).for_each(|_| sender.ended());
        assert_eq!(allowed(512), IN_BACK_ROOM);
    }

    #[test]
    fn a_crowd_is_forgotten_but_for_those_in_the_back_room() {
        let conduct = Conduct::new();
        let long = conduct.request(7);
        conduct.charge(&long, LONG);
        for id in 0..3 * MOST as u64 {
            conduct.request(100 + id);
        }
        assert!(conduct.senders.lock().unwrap().len() <= MOST);
        assert!(conduct.is_in_back(&conduct.request(7)));
    }
}
