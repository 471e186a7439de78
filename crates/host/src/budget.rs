//! Bounds the bytes of request bodies in memory, over all connections. Each body takes its share as
//! it arrives and returns it when it is answered. Callers without a verified key share a small
//! part, so that they cannot keep out verified callers. A key is verified once a component has
//! answered for it.

use crate::caller::Id;
use prometheus_client::metrics::gauge::Gauge;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Callers without a verified key may hold one part in so many of all bytes.
const UNVERIFIED_PART: usize = 8;
/// One address may hold one part in so many of the bytes that are open to it.
const ADDRESS_PART: usize = 4;

pub struct Budget {
    max_bytes: usize,
    /// An address may always hold one body of this size, however small its share is.
    max_body: usize,
    held: Mutex<Held>,
    shown: Gauge,
}

#[derive(Default)]
struct Held {
    all: usize,
    unverified: usize,
    by_address: HashMap<Id, usize>,
}

/// Which limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    Total,
    Address,
}

/// The bytes of one body, returned on drop.
pub struct Share {
    budget: Arc<Budget>,
    address_id: Id,
    is_known: bool,
    bytes: usize,
}

impl Budget {
    pub fn new(max_bytes: usize, max_body: usize, shown: Gauge) -> Arc<Self> {
        Arc::new(Self { max_bytes, max_body, held: Mutex::default(), shown })
    }

    /// An empty share, for a body that is about to arrive from this address.
    pub fn share(self: &Arc<Self>, address_id: Id, is_known: bool) -> Share {
        Share { budget: self.clone(), address_id, is_known, bytes: 0 }
    }
}

impl Share {
    /// Takes all of these bytes or none.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let budget = &self.budget;
        let mut held = budget.held.lock().unwrap_or_else(PoisonError::into_inner);
        let max_unverified = (budget.max_bytes / UNVERIFIED_PART).max(budget.max_body);
        let available = if self.is_known { budget.max_bytes } else { max_unverified };
        let of_address = held.by_address.get(&self.address_id).copied().unwrap_or_default() + bytes;
        if of_address > (available / ADDRESS_PART).max(budget.max_body) {
            return Err(Full::Address);
        }
        if held.all + bytes > budget.max_bytes
            || (!self.is_known && held.unverified + bytes > max_unverified)
        {
            return Err(Full::Total);
        }
        held.all += bytes;
        held.unverified += if self.is_known { 0 } else { bytes };
        held.by_address.insert(self.address_id, of_address);
        self.bytes += bytes;
        budget.shown.inc_by(amount(bytes));
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut held = self.budget.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all -= self.bytes;
        self.budget.shown.dec_by(amount(self.bytes));
        held.unverified -= if self.is_known { 0 } else { self.bytes };
        if let Some(of_address) = held.by_address.get_mut(&self.address_id) {
            *of_address -= self.bytes;
            if *of_address == 0 {
                held.by_address.remove(&self.address_id);
            }
        }
    }
}

fn amount(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unverified_callers_cannot_keep_out_verified_ones() {
        let budget = Budget::new(800, 10, Gauge::default());
        let mut unverified: Vec<Share> =
            (0..6).map(|address_id| budget.share(address_id, false)).collect();
        for share in unverified.iter_mut().take(4) {
            share.grow(25).unwrap();
            assert_eq!(share.grow(1), Err(Full::Address));
        }
        assert_eq!(unverified[4].grow(1), Err(Full::Total));
        let mut known: Vec<Share> =
            (10..14).map(|address_id| budget.share(address_id, true)).collect();
        for share in known.iter_mut().take(3) {
            share.grow(200).unwrap();
        }
        assert_eq!(known[0].grow(1), Err(Full::Address));
        assert_eq!(known[3].grow(101), Err(Full::Total));
        known[3].grow(100).unwrap();
        unverified.clear();
        known[3].grow(100).unwrap();
        drop(known);
        assert_eq!((budget.held.lock().unwrap().all, budget.shown.get()), (0, 0));
        assert!(budget.held.lock().unwrap().by_address.is_empty());
    }
}
