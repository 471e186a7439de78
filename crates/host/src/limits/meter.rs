//! The buckets of one kind of sender, bounded in number.

use super::quota::{Quota, Standing};
use crate::caller::Id;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

const PARTS: usize = 16;
/// Max senders whose buckets are kept, in each part. Those that have spent least are dropped first:
/// a full bucket is no different from none.
const MAX: usize = 4_096;

/// The spent part of each sender's buckets: an instant for each quota.
type Spent = HashMap<Id, Box<[u64]>>;

#[derive(Default)]
pub struct Meter {
    parts: [Mutex<Spent>; PARTS],
}

/// A refused request: which quota is used up, and how that quota stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    pub index: usize,
    pub standing: Standing,
}

impl Meter {
    /// Takes one from all of the sender's buckets, or from none.
    pub fn spend(&self, id: Id, quotas: &[Quota], now: u64) -> Result<(), Exceeded> {
        if quotas.is_empty() {
            return Ok(());
        }
        self.with(id, |spent| {
            let known = spent.get(&id).filter(|known| known.len() == quotas.len());
            let mut after = vec![0; quotas.len()].into_boxed_slice();
            for (index, (quota, next)) in quotas.iter().zip(after.iter_mut()).enumerate() {
                let until = known.and_then(|known| known.get(index)).copied().unwrap_or_default();
                *next = quota.spend(until, now).map_err(|standing| Exceeded { index, standing })?;
            }
            if spent.len() >= MAX && !spent.contains_key(&id) {
                evict(spent, now);
            }
            spent.insert(id, after);
            Ok(())
        })
    }

    /// Whether one more request would pass. It is not counted.
    pub fn would_pass(&self, id: Id, quotas: &[Quota], now: u64) -> Result<(), Exceeded> {
        self.with(id, |spent| {
            let Some(known) = spent.get(&id).filter(|known| known.len() == quotas.len()) else {
                return Ok(());
            };
            for (index, (quota, until)) in quotas.iter().zip(known.iter()).enumerate() {
                quota.spend(*until, now).map_err(|standing| Exceeded { index, standing })?;
            }
            Ok(())
        })
    }

    fn with<R>(&self, id: Id, act: impl FnOnce(&mut Spent) -> R) -> R {
        let index = usize::try_from(id % 16).unwrap_or_default();
        match self.parts.get(index) {
            Some(part) => act(&mut part.lock().unwrap_or_else(PoisonError::into_inner)),
            None => act(&mut Spent::new()),
        }
    }
}

fn evict(spent: &mut Spent, now: u64) {
    let last = |until: &[u64]| until.iter().copied().max().unwrap_or_default();
    spent.retain(|_, until| last(until) > now);
    if spent.len() >= MAX {
        let mut ends: Vec<u64> = spent.values().map(|until| last(until)).collect();
        let middle = ends.len() / 2;
        let (_, median, _) = ends.select_nth_unstable(middle);
        let median = *median;
        spent.retain(|_, until| last(until) > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sender_has_buckets_of_its_own() {
        let quotas: Vec<Quota> =
            ["3/1s", "4/1d"].iter().map(|text| text.parse().unwrap()).collect();
        let (meter, second) = (Meter::default(), 1_000_000_000);
        for _ in 0..3 {
            meter.spend(1, &quotas, second).unwrap();
        }
        assert_eq!(meter.spend(1, &quotas, second).unwrap_err().index, 0);
        meter.spend(2, &quotas, second).unwrap();
        meter.spend(1, &quotas, 5 * second).unwrap();
        let refused = meter.spend(1, &quotas, 10 * second).unwrap_err();
        assert_eq!((refused.index, refused.standing.remaining), (1, 0), "the day's quota is spent");
        assert!(
            meter.would_pass(1, &quotas, 10 * second).is_err()
                && meter.would_pass(2, &quotas, 10 * second).is_ok()
        );
        meter.spend(2, &quotas, 10 * second).unwrap();
    }

    #[test]
    fn made_up_senders_neither_fill_memory_nor_reset_others() {
        let quotas = ["100/1d".parse().unwrap()];
        let meter = Meter::default();
        for _ in 0..100 {
            meter.spend(7, &quotas, 1).unwrap();
        }
        for id in 0..3 * 16 * MAX as Id {
            let _outcome = meter.spend(1_000 + id, &quotas, 2);
        }
        assert!(meter.parts.iter().all(|part| part.lock().unwrap().len() <= MAX));
        assert!(meter.spend(7, &quotas, 3).is_err(), "the sender that has spent the most is kept");
    }
}
