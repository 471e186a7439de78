//! Codes of WeCom, from its page of global codes and that of sending messages.

use reach::ContactState::Invalid;

use crate::account::Vendor;
use crate::table::{HOUR, MINUTE, Table, doubted, pause, refused, renew, wait};

pub(crate) static TABLE: Table = Table {
    vendor: Vendor::WecomApp,
    rows: &[
        wait("-1", 10, "is busy"),
        wait("45009", MINUTE, "asks for fewer requests"),
        wait("45033", 10, "asks for fewer requests at once"),
        wait("45047", HOUR, "the application has sent what it may in a day"),
        wait("HTTP 429", MINUTE, "asks for fewer requests"),
        renew("40014", "the token is not taken"),
        renew("42001", "the token is over"),
        renew("41001", "the token is missing"),
        pause("40001", "the secret is not that of the application"),
        pause("40013", "there is no such corp_id"),
        pause("40056", "there is no such agent_id"),
        pause("41004", "the secret is missing"),
        pause("48002", "the application may not send"),
        pause("50001", "the address of a link is not trusted"),
        pause("60011", "the application may not see this member"),
        pause("60020", "the server's address is not on the application's list"),
        pause("301002", "the secret may not use this application"),
        refused("40008", "the kind of message is not taken"),
        refused("40058", "something in the message is wrong"),
        refused("44004", "the text is empty"),
        refused("45002", "the text is too long"),
        refused("45003", "the title is too long"),
        refused("45004", "the text of the card is too long"),
        refused("45008", "the message is too large"),
        refused("unlicenseduser", "the member has no licence for this application"),
        doubted("invaliduser", Invalid, "the company has no such member"),
        doubted("40003", Invalid, "the id is none"),
        doubted("60111", Invalid, "the company has no such member"),
        doubted("81013", Invalid, "the company has no such member, or the application none"),
        doubted("82001", Invalid, "the company has no such member"),
    ],
};
