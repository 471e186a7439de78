//! Codes of Firebase Cloud Messaging, from its reference `ErrorCode`, and of Google's tokens
//! (RFC 6749, 5.2).

use reach::ContactState::Invalid;

use crate::account::Vendor;
use crate::table::{MINUTE, Table, closed, doubted, pause, refused, renew, unknown, wait};

pub(crate) static TABLE: Table = Table {
    vendor: Vendor::Fcm,
    rows: &[
        wait("QUOTA_EXCEEDED", MINUTE, "asks for fewer messages"),
        wait("RESOURCE_EXHAUSTED", MINUTE, "asks for fewer messages"),
        wait("UNAVAILABLE", 10, "is not available"),
        unknown("INTERNAL", "failed inside"),
        unknown("UNSPECIFIED_ERROR", "gives no reason"),
        unknown("UNKNOWN", "gives no reason"),
        unknown("DEADLINE_EXCEEDED", "was too slow inside"),
        renew("UNAUTHENTICATED", "the token counts no more"),
        renew("HTTP 401", "the token counts no more"),
        pause("THIRD_PARTY_AUTH_ERROR", "the key of Apple or of web push is not taken"),
        pause("PERMISSION_DENIED", "the service account may not send"),
        pause("NOT_FOUND", "there is no such project"),
        pause("invalid_grant", "the private key, client_email or clock is not right"),
        pause("invalid_client", "there is no such service account"),
        pause("unauthorized_client", "the service account may not send"),
        pause("invalid_scope", "the service account may not send"),
        refused("INVALID_ARGUMENT", "something in the message is wrong"),
        closed("INVALID_ARGUMENT of the device", Invalid, "the device's token is none"),
        closed("UNREGISTERED", Invalid, "the app is no longer on the device"),
        doubted("SENDER_ID_MISMATCH", Invalid, "the device's token is of another project"),
    ],
};
