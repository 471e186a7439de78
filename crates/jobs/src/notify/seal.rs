//! The keys of this run, which open the secrets that sign events.

use std::cell::RefCell;

use channels::WebhookSecret as Secret;
use seal::{Place, Seals};

thread_local! {
    /// They come from a variable.
    static OURS: RefCell<Seals> = RefCell::default();
}

/// Uses these keys for all deliveries of this instance.
pub fn keep_seals(seals: Seals) {
    OURS.set(seals);
}

/// The secret that signs the events of an endpoint, opened from its stored form.
pub(super) fn open_secret(stored: &str, (programme_no, id): (i64, &str)) -> Option<Secret> {
    let place = Place::endpoint(programme_no, id);
    OURS.with_borrow(|seals| Secret::parse(&seals.open(stored, &place)?))
}
