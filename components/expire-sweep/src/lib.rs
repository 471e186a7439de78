//! On schedule: records what is due by the clock, for every programme: activations, ends of tiers,
//! expiries, in this order.
//!
//! Exports `handle-cron-event`. The database determines what is due, so a fire that comes late,
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
