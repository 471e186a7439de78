//! On schedule: publishes the documents that are due, for every programme, then those of programmes
//! that follow one which has published.
//!
//! Exports `handle-cron-event`. An immediate publication is done by its request, not here.
#![expect(unsafe_code, reason = "the world is exported by functions of C")]

use jobs::guest::publish;

wit_bindgen::generate!({ path: "../../wit", world: "cron", generate_all });

struct Component;
export!(Component);

impl Guest for Component {
    fn handle_cron_event(_metadata: Metadata) -> Result<(), Error> {
        publish().map_err(Error::Other)
    }
}
