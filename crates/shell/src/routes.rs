//! Every route of the API, a list for each component, in files by the chapters of
//! `docs/reference/api`. Of two routes that fit a request the first one counts; the order within a
//! path is that of the header `allow`.

mod approval;
mod members;
mod operation;
mod rules;
mod spending;

pub use approval::{ADJUST, AUDIT_LOG, FREEZE, RECOVER, REVIEW, TRACE};
pub use members::{ERASE, FIND, IMPORT, MEMBER, MERGE};
pub use operation::{ENDPOINT, FRONT, JOB, KEY, REPORT};
pub use rules::{BACK_TEST, DRAFT, PROGRAMME, PUBLICATION};
pub use spending::{
    ACTIVATE, COUPON, EARN, EXCHANGE, HOLD, POOL, REDEEM, REVERSE, REWARD, TRANSFER,
};

use crate::auth::Role;
use crate::route::Route;

/// The lists by the names of their components.
pub const ALL: &[(&str, &[Route])] = &[
    ("activate", ACTIVATE),
    ("adjust", ADJUST),
    ("audit-log", AUDIT_LOG),
    ("back-test", BACK_TEST),
    ("coupon", COUPON),
    ("draft", DRAFT),
    ("earn", EARN),
    ("endpoint", ENDPOINT),
    ("erase", ERASE),
    ("exchange", EXCHANGE),
    ("find", FIND),
    ("freeze", FREEZE),
    ("front", FRONT),
    ("hold", HOLD),
    ("import", IMPORT),
    ("job", JOB),
    ("key", KEY),
    ("member", MEMBER),
    ("merge", MERGE),
    ("pool", POOL),
    ("programme", PROGRAMME),
    ("publication", PUBLICATION),
    ("recover", RECOVER),
    ("redeem", REDEEM),
    ("report", REPORT),
    ("reverse", REVERSE),
    ("review", REVIEW),
    ("reward", REWARD),
    ("trace", TRACE),
    ("transfer", TRANSFER),
];

/// Who may show members and what belongs to them.
const READERS: &[Role] = &[Role::Storefront, Role::Service, Role::Marketing, Role::Finance];
/// Who may change what a till and the service desk change.
const STAFF: &[Role] = &[Role::Storefront, Role::Service];
/// Who may pass a step of an approval.
const APPROVERS: &[Role] = &[Role::Approver, Role::DepartmentHead, Role::VicePresident];
/// The service desk and who may approve.
const DESK: &[Role] = &[Role::Service, Role::Approver, Role::DepartmentHead, Role::VicePresident];
/// The department that keeps the rules.
const MARKETING: &[Role] = &[Role::Marketing];
/// The department that keeps the books.
const FINANCE: &[Role] = &[Role::Finance];
/// Tills and shops.
const STOREFRONT: &[Role] = &[Role::Storefront];
/// No role but `admin`.
const ADMIN: &[Role] = &[];
