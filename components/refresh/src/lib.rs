//! On schedule: brings the members of all programmes into tags and segments and out of them, and
//! counts for the cuts of scores.
//!
//! Exports `handle-cron-event`. What is due stands in the database, so a fire that comes late,
//! twice, or never does no harm.
#![expect(unsafe_code, reason = "the world is exported by functions of C")]

wit_bindgen::generate!({ path: "../../wit", world: "cron", generate_all });

struct Component;
export!(Component);

impl Guest for Component {
    fn handle_cron_event(_metadata: Metadata) -> Result<(), Error> {
        jobs::guest::refresh().map_err(Error::Other)
    }
}
