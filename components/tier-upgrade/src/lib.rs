//! On schedule, for every programme: closes tier periods, and after a new rulebook moves members up
//! whom it places higher.
//!
//! Exports `handle-cron-event`. An upgrade for a member's own earn happens inside that earn, not
//! here.
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
