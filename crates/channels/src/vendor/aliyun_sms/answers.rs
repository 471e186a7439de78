//! Codes of Alibaba Cloud SMS, from its pages on errors of the API (101346) and of receipts
//! (101347).

use reach::ContactState::{Blocked, Invalid};

use crate::account::Vendor;
use crate::table::{DAY, HOUR, MINUTE, Table, closed, later, pause, refused, unknown, wait};

pub(crate) static TABLE: Table = Table {
    vendor: Vendor::AliyunSms,
    rows: &[
        wait("Throttling*", 1, "asks for fewer requests"),
        wait("ServiceUnavailable", MINUTE, "is not available"),
        wait("isv.DAY_LIMIT_CONTROL", HOUR, "the account has sent what it may in a day"),
        wait("isv.MONTH_LIMIT_CONTROL", 6 * HOUR, "the account has sent what it may in a month"),
        unknown("isp.SYSTEM_ERROR", "failed inside"),
        unknown("isp.GATEWAY_ERROR", "failed inside"),
        unknown("isp.UNKNOWN*", "failed inside"),
        unknown("InternalError", "failed inside"),
        pause("isv.OUT_OF_SERVICE", "the account is out of money"),
        pause("isv.AMOUNT_NOT_ENOUGH", "the account is out of money"),
        pause("isv.ACCOUNT_NOT_EXISTS", "there is no such account"),
        pause("isv.ACCOUNT_ABNORMAL", "something is wrong with the account"),
        pause("isv.PRODUCT_UN_SUBSCRIPT", "the service is not switched on"),
        pause("isv.PRODUCT_UNSUBSCRIBE", "the service is not switched on"),
        pause("isp.RAM_PERMISSION_DENY", "the key may not send"),
        pause("isv.DENY_IP_RANGE", "the server's address may not send"),
        pause("isv.SMS_SIGN_ILLEGAL", "the signature is not allowed"),
        pause("isv.SMS_SIGNATURE_ILLEGAL", "the signature is not approved"),
        pause("isv.SMS_SIGNATURE_SCENE_ILLEGAL", "signature and template are of different kinds"),
        pause("isv.SIGN_STATE_ILLEGAL", "the signature cannot be used"),
        pause("isv.SMS_TEMPLATE_ILLEGAL", "the template is not approved"),
        pause("isv.EXTEND_CODE_ERROR", "two signatures have one extension"),
        pause("InvalidAccessKeyId*", "the key is not known"),
        pause("SignatureDoesNotMatch", "the secret is not that of the key"),
        pause("IncompleteSignature", "the signature is not whole"),
        pause("SignatureNonceUsed", "a request was repeated"),
        pause("Forbidden*", "the key may not send"),
        pause("InvalidTimeStamp*", "the clocks differ too much"),
        later("isv.BUSINESS_LIMIT_CONTROL", DAY, "the number has had what it may have today"),
        refused("isv.TEMPLATE_MISSING_PARAMETERS", "a parameter of the template is missing"),
        refused("isv.INVALID_PARAMETERS", "a parameter is wrong"),
        refused("isv.INVALID_JSON_PARAM", "the parameters are no JSON"),
        refused("isv.PARAM_LENGTH_LIMIT", "a parameter is too long"),
        refused("isv.PARAM_NOT_SUPPORT_URL", "a parameter holds a link"),
        refused("isv.BLACK_KEY_CONTROL_LIMIT", "a parameter holds a forbidden word"),
        refused("isv.SMS_CONTENT_ILLEGAL", "the text holds something forbidden"),
        refused("isv.DOMESTIC_NUMBER_NOT_SUPPORTED", "the template is for other countries"),
        refused("isv.MOBILE_COUNT_OVER_LIMIT", "there are too many numbers"),
        closed("isv.MOBILE_NUMBER_ILLEGAL", Invalid, "the number is none"),
        closed("isv.PHONE_NUMBER_ILLEGAL", Invalid, "the number is none"),
        closed("MOBILE_IN_BLACK", Blocked, "the number is on the operator's block list"),
        closed("USER_REJECT", Blocked, "the owner wants no such messages"),
    ],
};
