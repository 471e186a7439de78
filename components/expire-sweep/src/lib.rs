//! On schedule: writes down what the clock has decided: activations, ends of tiers, expiries, in
//! this order, for every programme.
//!
//! Exports `handle-cron-event`. What is due is found in the database, so a fire that comes late,
//! twice, or never does no harm.
#![expect(unsafe_code, reason = "the world is exported by functions of C")]

use jobs::{Job, guest::fire};

wit_bindgen::generate!({ path: "../../wit", world: "cron", generate_all });

struct Component;
export!(Component);

impl Guest for Component {
    fn handle_cron_event(_metadata: Metadata) -> Result<(), Error> {
        fire(&[Job::ExpireSweep]).map_err(Error::Other)
    }
}
