//! On schedule: decides which members of all programmes are told what today, by their playbooks.
//!
//! Exports `handle-cron-event`. What is decided stands in the database under a key, so a fire that
//! comes late, twice, or never does no harm.
#![expect(unsafe_code, reason = "the world is exported by functions of C")]

wit_bindgen::generate!({ path: "../../wit", world: "cron", generate_all });

struct Component;
export!(Component);

impl Guest for Component {
    fn handle_cron_event(_metadata: Metadata) -> Result<(), Error> {
        jobs::guest::touch().map_err(Error::Other)
    }
}
