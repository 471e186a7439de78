//! On schedule: counts what the strategies of all programmes brought.
//!
//! Exports `handle-cron-event`. Each count makes the figures of a day anew from rows, so a fire
//! that comes late, twice, or never does no harm.
#![expect(unsafe_code, reason = "the world is exported by functions of C")]

wit_bindgen::generate!({ path: "../../wit", world: "cron", generate_all });

struct Component;
export!(Component);

impl Guest for Component {
    fn handle_cron_event(_metadata: Metadata) -> Result<(), Error> {
        jobs::guest::results().map_err(Error::Other)
    }
}
