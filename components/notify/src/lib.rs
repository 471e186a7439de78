//! On schedule: writes today's reminders, then sends entries to the webhook endpoints, for every
//! programme.
//!
//! Exports `handle-cron-event`. Reminders are entries, so they are sent like any other. Needs
//! outbound HTTP; reads the variables `webhook_allow_http` and `webhook_allow_private`.
#![expect(unsafe_code, reason = "the world is exported by functions of C")]

use jobs::{Job, guest::fire};

wit_bindgen::generate!({ path: "../../wit", world: "cron", generate_all });

struct Component;
export!(Component);

impl Guest for Component {
    fn handle_cron_event(_metadata: Metadata) -> Result<(), Error> {
        fire(&[Job::Remind, Job::Notify]).map_err(Error::Other)
    }
}
