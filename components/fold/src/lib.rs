//! On schedule: folds what is new in the books of all programmes into facts of their members, and
//! deletes behaviour whose time is over.
//!
//! Exports `handle-cron-event`. The cursor stands in one row beside the facts, so a fire that comes
//! late, twice, or never does no harm.
#![expect(unsafe_code, reason = "the world is exported by functions of C")]

wit_bindgen::generate!({ path: "../../wit", world: "cron", generate_all });

struct Component;
export!(Component);

impl Guest for Component {
    fn handle_cron_event(_metadata: Metadata) -> Result<(), Error> {
        jobs::guest::fold().map_err(Error::Other)
    }
}
