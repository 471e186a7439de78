//! Groups of roles that several routes name. `admin` may call every route besides.

use crate::auth::Role;

/// The roles that may show members and what belongs to them.
pub(super) const READERS: &[Role] =
    &[Role::Storefront, Role::Service, Role::Marketing, Role::Finance];

/// The roles that may change what a till and the service desk change.
pub(super) const STAFF: &[Role] = &[Role::Storefront, Role::Service];

/// The roles that may pass a step of an approval.
pub(super) const APPROVERS: &[Role] = &[Role::Approver, Role::DepartmentHead, Role::VicePresident];

/// The service desk and the roles that may approve.
pub(super) const DESK: &[Role] =
    &[Role::Service, Role::Approver, Role::DepartmentHead, Role::VicePresident];

/// Every role but those of schedulers: who may know the rules, the catalogue and the stores.
pub(super) const PEOPLE: &[Role] = &[
    Role::Storefront,
    Role::Service,
    Role::Marketing,
    Role::Finance,
    Role::Approver,
    Role::DepartmentHead,
    Role::VicePresident,
];

/// The department that keeps the rules.
pub(super) const MARKETING: &[Role] = &[Role::Marketing];

/// The department that keeps the books.
pub(super) const FINANCE: &[Role] = &[Role::Finance];

/// Tills and shops.
pub(super) const STOREFRONT: &[Role] = &[Role::Storefront];

/// The roles of persons, who may end and replace their own keys and sessions.
pub(super) const EVERYBODY: &[Role] = &[
    Role::Storefront,
    Role::Marketing,
    Role::Finance,
    Role::Service,
    Role::Approver,
    Role::DepartmentHead,
    Role::VicePresident,
    Role::Job,
];

/// No role but `admin`.
pub(super) const ADMIN: &[Role] = &[];

pub(super) const DRAFT_READERS: &[Role] = &[Role::Marketing, Role::Finance];
