//! Codes of Alibaba Cloud DirectMail, from its page on `SingleSendMail`.

use reach::ContactState::Invalid;

use crate::account::Vendor;
use crate::table::{HOUR, MINUTE, Table, closed, pause, refused, unknown, wait};

pub(crate) static TABLE: Table = Table {
    vendor: Vendor::DirectMail,
    rows: &[
        wait("Throttling*", 1, "asks for fewer requests"),
        wait("ServiceUnavailable", MINUTE, "is not available"),
        wait("InvalidSendMail.Spam", HOUR, "the account has used its quota or is limited"),
        unknown("InternalError", "failed inside"),
        pause("InvalidMailAddress.NotFound", "there is no such sender"),
        pause("InvalidMailAddressStatus.Malformed", "the sender is frozen"),
        pause("InvalidMailAddressSendType.Malformed", "the sender may not send this kind"),
        pause("InvalidMailAddressDomain.Malformed", "the sender's domain is not verified"),
        pause("InvalidFromAlias.Malformed", "from_name is not taken"),
        pause("InvalidTagName.Malformed", "there is no such tag"),
        pause("InvalidAccessKeyId*", "the key is not known"),
        pause("SignatureDoesNotMatch", "the secret is not that of the key"),
        pause("IncompleteSignature", "the signature is not whole"),
        pause("SignatureNonceUsed", "a request was repeated"),
        pause("Forbidden*", "the key may not send"),
        pause("NoPermission", "the key may not send"),
        pause("InvalidTimeStamp*", "the clocks differ too much"),
        refused("InvalidBody", "the text is not taken"),
        refused("InvalidSubject.Malformed", "the subject is too long"),
        closed("InvalidToAddress", Invalid, "the address is none"),
        closed("InvalidToAddress.Spam", Invalid, "the address is known not to exist"),
    ],
};
