//! Bytes of request bodies that are held at one moment, over all connections: each body takes its
//! share as it arrives and gives it back when it is answered. Callers whose key no component has
//! answered for share a small part, so that they cannot keep out those who are known.

use crate::caller::Id;
use prometheus_client::metrics::gauge::Gauge;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Of all bytes, callers whose key is not known may hold one part in so many.
const STRANGERS: usize = 8;
/// Of what it may share in, one address may hold one part in so many.
const ADDRESSES: usize = 4;

/// What may be held, and what is.
pub struct Budget {
    most: usize,
    /// An address may hold one body of this size, however small its share is.
    largest: usize,
    held: Mutex<Held>,
    shown: Gauge,
}

#[derive(Default)]
struct Held {
    all: usize,
    strangers: usize,
    by_address: HashMap<Id, usize>,
}

/// Who is in the way of more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    Everybody,
    Address,
}

/// The bytes of one body; given back when this goes.
pub struct Share {
    budget: Arc<Budget>,
    place: Id,
    is_known: bool,
    bytes: usize,
}

impl Budget {
    pub fn new(most: usize, largest: usize, shown: Gauge) -> Arc<Self> {
        Arc::new(Self { most, largest, held: Mutex::default(), shown })
    }

    /// Nothing yet, for a body that is to arrive from there.
    pub fn share(self: &Arc<Self>, place: Id, is_known: bool) -> Share {
        Share { budget: self.clone(), place, is_known, bytes: 0 }
    }
}

impl Share {
    /// Takes so many more bytes, or none.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let budget = &self.budget;
        let mut held = budget.held.lock().unwrap_or_else(PoisonError::into_inner);
        let for_strangers = (budget.most / STRANGERS).max(budget.largest);
        let whole = if self.is_known { budget.most } else { for_strangers };
        let of_address = held.by_address.get(&self.place).copied().unwrap_or_default() + bytes;
        if of_address > (whole / ADDRESSES).max(budget.largest) {
            return Err(Full::Address);
        }
        if held.all + bytes > budget.most
            || (!self.is_known && held.strangers + bytes > for_strangers)
        {
            return Err(Full::Everybody);
        }
        held.all += bytes;
        held.strangers += if self.is_known { 0 } else { bytes };
        held.by_address.insert(self.place, of_address);
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
        held.strangers -= if self.is_known { 0 } else { self.bytes };
        if let Some(of_address) = held.by_address.get_mut(&self.place) {
            *of_address -= self.bytes;
            if *of_address == 0 {
                held.by_address.remove(&self.place);
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
    fn strangers_cannot_keep_out_who_is_known() {
        let budget = Budget::new(800, 10, Gauge::default());
        let mut strangers: Vec<Share> = (0..6).map(|place| budget.share(place, false)).collect();
        for share in strangers.iter_mut().take(4) {
            share.grow(25).unwrap();
            assert_eq!(share.grow(1), Err(Full::Address));
        }
        assert_eq!(strangers[4].grow(1), Err(Full::Everybody));
        let mut known: Vec<Share> = (10..14).map(|place| budget.share(place, true)).collect();
        for share in known.iter_mut().take(3) {
            share.grow(200).unwrap();
        }
        assert_eq!(known[0].grow(1), Err(Full::Address));
        assert_eq!(known[3].grow(101), Err(Full::Everybody));
        known[3].grow(100).unwrap();
        strangers.clear();
        known[3].grow(100).unwrap();
        drop(known);
        assert_eq!((budget.held.lock().unwrap().all, budget.shown.get()), (0, 0));
        assert!(budget.held.lock().unwrap().by_address.is_empty());
    }
}
