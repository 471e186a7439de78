//! Codes of WeChat official accounts, from its pages of global codes and of template messages.
//! 43101 is on none of them: developers report it since readers can switch a template off. 45065 is
//! on the page of messages to many.

use reach::ContactState::{Blocked, Invalid};

use crate::account::Vendor;
use crate::table::{HOUR, MINUTE, Table, accepted, closed, doubted, pause, refused, renew, wait};

pub(crate) static TABLE: Table = Table {
    vendor: Vendor::WechatTemplate,
    rows: &[
        accepted("45065", "was taken before under this id"),
        wait("-1", 10, "is busy"),
        wait("45009", HOUR, "the account has sent what it may in a day"),
        wait("45011", MINUTE, "asks for fewer requests"),
        wait("HTTP 429", MINUTE, "asks for fewer requests"),
        renew("40001", "the token is not taken"),
        renew("40014", "the token is not taken"),
        renew("42001", "the token is over"),
        renew("41001", "the token is missing"),
        pause("40002", "the kind of token is not taken"),
        pause("40013", "there is no such app_id"),
        pause("40125", "the secret is not that of app_id"),
        pause("40164", "the server's address is not on the account's list"),
        pause("40243", "the secret is frozen"),
        pause("41002", "app_id is missing"),
        pause("41004", "the secret is missing"),
        pause("48001", "the account may not send"),
        pause("48004", "the account is banned from sending"),
        pause("50002", "the account is frozen"),
        pause("61024", "the account wants another token"),
        refused("40037", "there is no such template"),
        refused("41028", "the template is missing"),
        refused("43101", "the reader has switched this template off"),
        refused("44002", "the message is empty"),
        refused("45002", "the message is too long"),
        refused("47001", "the message cannot be read"),
        refused("47003", "a parameter is wrong"),
        doubted("-41000", Invalid, "the openid is none of this account"),
        doubted("40003", Invalid, "the openid is none of this account"),
        closed("43004", Blocked, "the reader does not follow the account"),
        closed("43019", Blocked, "the reader is on the account's block list"),
        closed("48002", Blocked, "the reader has switched messages off"),
        closed("50005", Blocked, "the reader does not follow the account"),
    ],
};
