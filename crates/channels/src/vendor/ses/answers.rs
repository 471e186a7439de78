//! Errors of Amazon SES, version 2, from its reference of `SendEmail` and of common errors.

use crate::account::Vendor;
use crate::table::{HOUR, MINUTE, Table, pause, refused, unknown, wait};

pub(crate) static TABLE: Table = Table {
    vendor: Vendor::Ses,
    rows: &[
        wait("TooManyRequestsException", 1, "asks for fewer messages"),
        wait("ThrottlingException", 1, "asks for fewer requests"),
        wait("Throttling", 1, "asks for fewer requests"),
        wait("LimitExceededException", HOUR, "the account has sent what it may in a day"),
        wait("ServiceUnavailable", MINUTE, "is not available"),
        unknown("InternalFailure", "failed inside"),
        unknown("InternalServiceErrorException", "failed inside"),
        pause("AccountSuspendedException", "the account is suspended"),
        pause("SendingPausedException", "sending is switched off"),
        pause("MailFromDomainNotVerifiedException", "the sender's domain is not verified"),
        pause("NotFoundException", "the configuration set does not exist"),
        pause("AccessDeniedException", "the key may not send"),
        pause("AccessDenied", "the key may not send"),
        pause("UnrecognizedClientException", "the key is not known"),
        pause("InvalidClientTokenId", "the key is not known"),
        pause("InvalidSignatureException", "the secret is not that of the key"),
        pause("SignatureDoesNotMatch", "the secret is not that of the key"),
        pause("IncompleteSignature*", "the signature is not whole"),
        pause("MissingAuthenticationToken*", "the signature is missing"),
        pause("ExpiredToken*", "the key is over"),
        pause("RequestExpired", "the clocks differ too much"),
        pause("OptInRequired", "the service is not switched on"),
        refused("MessageRejected", "the message is not taken"),
        refused("BadRequestException", "something in the message is wrong"),
    ],
};
