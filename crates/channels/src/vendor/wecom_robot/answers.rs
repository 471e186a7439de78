//! Codes of WeCom's robots, from its page on them.

use crate::account::Vendor;
use crate::table::{MINUTE, Table, pause, refused, wait};

pub(crate) static TABLE: Table = Table {
    vendor: Vendor::WecomRobot,
    rows: &[
        wait("-1", 10, "is busy"),
        wait("45009", MINUTE, "asks for at most 20 messages a minute"),
        wait("45033", 10, "asks for fewer requests at once"),
        wait("130101", 10 * MINUTE, "asks for at most 20 messages a minute"),
        wait("HTTP 429", MINUTE, "asks for fewer requests"),
        pause("93000", "the key is none: the robot may have left the group"),
        pause("93004", "the robot is switched off"),
        pause("93008", "the robot is not in the group"),
        refused("40008", "the kind of message is not taken"),
        refused("40058", "something in the message is wrong"),
        refused("44004", "the text is empty"),
        refused("45002", "the text is too long"),
    ],
};
