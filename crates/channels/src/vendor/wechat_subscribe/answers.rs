//! Codes of WeChat's mini-programmes, from its pages of global codes and of subscription messages.

use reach::ContactState::Invalid;

use crate::account::Vendor;
use crate::table::{HOUR, MINUTE, Table, doubted, pause, refused, renew, unknown, wait};

pub(crate) static TABLE: Table = Table {
    vendor: Vendor::WechatSubscribe,
    rows: &[
        // The consent may be used up already.
        unknown("-1", "is busy"),
        wait("45009", HOUR, "the programme has sent what it may in a day"),
        wait("45011", MINUTE, "asks for fewer requests"),
        wait("HTTP 429", MINUTE, "asks for fewer requests"),
        renew("40001", "the token is not taken"),
        renew("40014", "the token is not taken"),
        renew("42001", "the token is over"),
        renew("41001", "the token is missing"),
        pause("40002", "the kind of token is not taken"),
        pause("40013", "there is no such app_id"),
        pause("40125", "the secret is not that of app_id"),
        pause("40164", "the server's address is not on the programme's list"),
        pause("40243", "the secret is frozen"),
        pause("41002", "app_id is missing"),
        pause("41004", "the secret is missing"),
        pause("48001", "the programme may not send"),
        pause("50002", "the programme is frozen"),
        refused("40037", "there is no such template"),
        refused("41030", "there is no such page"),
        refused("43101", "the reader gave no consent, or it is used up"),
        refused("43107", "the reader has switched messages off"),
        refused("43108", "messages to this reader are not delivered at once"),
        refused("45168", "a parameter holds a forbidden word"),
        refused("47001", "the message cannot be read"),
        refused("47003", "a parameter is wrong"),
        doubted("40003", Invalid, "the openid is none of this programme"),
    ],
};
