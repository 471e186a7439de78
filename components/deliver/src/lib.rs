//! On schedule: sends the messages that are due, by the accounts of their channels.
//!
//! Exports `handle-cron-event`. A message is written down before it goes. So a fire that comes
//! late, twice, or never, or is killed, sends nothing twice that must not go twice.
#![expect(unsafe_code, reason = "the world is exported by functions of C")]

wit_bindgen::generate!({ path: "../../wit", world: "cron", generate_all });

struct Component;
export!(Component);

impl Guest for Component {
    fn handle_cron_event(_metadata: Metadata) -> Result<(), Error> {
        jobs::guest::deliver().map_err(Error::Other)
    }
}
