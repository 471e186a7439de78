//! Codes of Twilio, from its dictionary of errors.

use reach::ContactState::{Blocked, Invalid};

use crate::account::Vendor;
use crate::table::{HOUR, MINUTE, Table, closed, later, pause, refused, unknown, wait};

pub(crate) static TABLE: Table = Table {
    vendor: Vendor::Twilio,
    rows: &[
        wait("20429", 1, "asks for fewer requests"),
        wait("20503", MINUTE, "is not available"),
        wait("21611", MINUTE, "the sender's queue is full"),
        wait("30001", MINUTE, "the queue is full"),
        later("30022", MINUTE, "the sender asks for fewer messages"),
        wait("30023", HOUR, "the sender has sent what it may in a day"),
        unknown("20500", "failed inside"),
        pause("20003", "the account or its token is not taken"),
        pause("20005", "the account is not active"),
        pause("20008", "the account is for tests"),
        pause("20404", "there is no such account"),
        pause("21212", "the sender's number is none"),
        pause("21606", "the sender's number cannot send"),
        pause("21659", "the sender's number is not Twilio's"),
        pause("21660", "the sender's number is not of this account"),
        pause("21701", "there is no such messaging service"),
        pause("21703", "the messaging service has no sender"),
        pause("30002", "the account is suspended"),
        pause("30034", "the sender is not registered"),
        refused("21408", "that country is switched off"),
        refused("21608", "a trial account may not send there"),
        refused("21612", "there is no way to that number"),
        refused("21617", "the text is too long"),
        refused("21602", "the text is missing"),
        refused("30003", "the phone is not reached"),
        refused("30004", "the phone's owner or operator blocks it"),
        refused("30006", "a landline, or an operator that is not reached"),
        refused("30007", "the operator took it for spam"),
        refused("30008", "the operator gives no reason"),
        closed("21211", Invalid, "the number is none"),
        closed("21614", Invalid, "the number cannot get SMS"),
        closed("21635", Invalid, "the number is a landline"),
        closed("30005", Invalid, "the operator knows no such number"),
        closed("21610", Blocked, "the owner has answered STOP"),
    ],
};
