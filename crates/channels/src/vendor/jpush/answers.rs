//! Codes of JPush, from its pages on the push API (version 3) and on HTTP statuses.

use reach::ContactState::Invalid;

use crate::account::Vendor;
use crate::table::{HOUR, MINUTE, Table, doubted, pause, refused, unknown, wait};

pub(crate) static TABLE: Table = Table {
    vendor: Vendor::Jpush,
    rows: &[
        wait("2002", MINUTE, "asks for fewer requests"),
        wait("2008", HOUR, "the application has sent what it may in a day"),
        wait("HTTP 429", MINUTE, "asks for fewer requests"),
        wait("HTTP 503", MINUTE, "is not available"),
        unknown("1000", "failed inside"),
        unknown("1030", "was too slow inside"),
        unknown("HTTP 500", "failed inside"),
        unknown("HTTP 502", "failed inside"),
        unknown("HTTP 504", "was too slow inside"),
        pause("1004", "app_key or master_secret is not taken"),
        pause("1008", "there is no such app_key"),
        pause("1020", "wants https"),
        pause("2003", "the server's address is not on the list"),
        pause("2004", "the account may not do this"),
        pause("2006", "the application is too old for this"),
        pause("HTTP 401", "app_key or master_secret is not taken"),
        pause("HTTP 403", "the application may not send"),
        refused("1001", "wants POST"),
        refused("1002", "something is missing in the message"),
        refused("1003", "something in the message is wrong"),
        refused("1005", "the message is too large"),
        refused("1012", "the message goes to no such devices"),
        refused("HTTP 413", "the message is too large"),
        doubted("1011", Invalid, "the device is not known, or away for long"),
    ],
};
