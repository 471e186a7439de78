//! On schedule: closes tier periods, and after a new rulebook moves members up whom it places
//! higher, for every programme.
//!
//! Exports `handle-cron-event`. Upgrades for what a member does happen inside the earn, not here.
#![expect(unsafe_code, reason = "the world is exported by functions of C")]

use jobs::{Job, guest::fire};

wit_bindgen::generate!({ path: "../../wit", world: "cron", generate_all });

struct Component;
export!(Component);

impl Guest for Component {
    fn handle_cron_event(_metadata: Metadata) -> Result<(), Error> {
        fire(&[Job::TierUpgrade]).map_err(Error::Other)
    }
}
