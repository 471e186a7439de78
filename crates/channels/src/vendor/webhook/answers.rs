//! What a merchant's gateway may answer. It has statuses only.

use crate::account::Vendor;
use crate::table::{MINUTE, Table, pause, refused, unknown, wait};

pub(crate) static TABLE: Table = Table {
    vendor: Vendor::Webhook,
    rows: &[
        wait("HTTP 429", MINUTE, "asks for fewer requests"),
        wait("HTTP 503", MINUTE, "is not available"),
        unknown("HTTP 408", "was too slow"),
        unknown("HTTP 500", "failed inside"),
        unknown("HTTP 502", "failed inside"),
        unknown("HTTP 504", "was too slow inside"),
        pause("HTTP 401", "does not take the signature"),
        pause("HTTP 403", "does not take the signature"),
        pause("HTTP 404", "has nothing at this address"),
        pause("HTTP 405", "takes no posts at this address"),
        pause("HTTP 410", "is gone"),
        refused("HTTP 400", "does not take the message"),
        refused("HTTP 413", "the message is too large"),
        refused("HTTP 422", "does not take the message"),
    ],
};
