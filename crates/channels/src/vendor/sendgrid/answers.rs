//! Statuses of SendGrid, from its reference of `v3/mail/send`. It has no codes of its own.

use crate::account::Vendor;
use crate::table::{MINUTE, Table, pause, refused, unknown, wait};

pub(crate) static TABLE: Table = Table {
    vendor: Vendor::Sendgrid,
    rows: &[
        wait("HTTP 429", 1, "asks for fewer requests"),
        wait("HTTP 503", MINUTE, "is not available"),
        unknown("HTTP 500", "failed inside"),
        unknown("HTTP 502", "failed inside"),
        unknown("HTTP 504", "failed inside"),
        pause("HTTP 401", "the key is not taken, or the account is out of messages"),
        pause("HTTP 403", "the key may not send, or the sender is not verified"),
        pause("HTTP 404", "there is no such API"),
        pause("HTTP 405", "there is no such API"),
        refused("HTTP 400", "something in the message is wrong"),
        refused("HTTP 413", "the message is too large"),
    ],
};
