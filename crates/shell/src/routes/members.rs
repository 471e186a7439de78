//! Members.

use super::{ADMIN, APPROVERS, DESK, READERS, STAFF};
use crate::auth::Role;
use crate::route::{KIB, PAGE, Route};

const SETTERS: &[Role] = &[Role::DepartmentHead, Role::VicePresident];
const LISTERS: &[Role] = &[Role::Service, Role::Marketing, Role::Finance];
const IMPORTERS: &[Role] = &[Role::Service, Role::Marketing];
const IMPORT_READERS: &[Role] = &[
    Role::Service,
    Role::Marketing,
    Role::Finance,
    Role::Approver,
    Role::DepartmentHead,
    Role::VicePresident,
];
const BOOKERS: &[Role] =
    &[Role::Service, Role::Marketing, Role::Approver, Role::DepartmentHead, Role::VicePresident];

/// One member.
pub const MEMBER: &[Route] = &[
    Route::read("/v1/members/{id}", "Balance by the clock, tier and projection", READERS)
        .for_stores(),
    Route::command(
        "/v1/members/{id}",
        "Change the attributes and names that are named",
        STAFF,
        "MemberPatchBody",
    )
    .by("PATCH")
    .if_match(),
    Route::command(
        "/v1/members/{id}",
        "Register a member or replace its attributes",
        STAFF,
        "MemberBody",
    )
    .by("PUT")
    .if_match(),
    Route::command(
        "/v1/members/{id}/tier",
        "Set a level by hand, with its end",
        SETTERS,
        "TierBody",
    )
    .by("PUT")
    .for_all_stores(),
    Route::list("/v1/members/{id}/entries", "A member's history, newest first", READERS)
        .for_stores(),
    Route::read(
        "/v1/members/{id}/lots",
        "Open lots in the order they will be spent, and what they add up to, read at one instant",
        READERS,
    )
    .asks(PAGE)
    .answers(&[200], "LotsPage")
    .for_stores(),
    Route::read("/v1/members/{id}/coupons", "Coupons that can be used", READERS)
        .answers(&[200], "Page")
        .for_stores(),
    Route::read("/v1/members/{id}/export", "Everything that is kept of a person", &[Role::Service])
        .asks(&[("cursor", "string")]),
];

/// Members, entries and orders when nobody knows whose they are.
pub const FIND: &[Route] = &[
    Route::list(
        "/v1/members",
        "Members by the beginning of an id or a name, by tier and attribute; format=jsonl or csv is a page of an export",
        LISTERS,
    )
    .asks(&[
        ("id", "string"),
        ("alias", "string"),
        ("tier", "string"),
        ("attribute", "string"),
        ("format", "string"),
        ("limit", "integer"),
        ("cursor", "string"),
    ]),
    Route::read("/v1/entries/{id}", "An entry, whosever it is", READERS).answers(&[200], "Entry"),
    Route::read("/v1/orders", "What is recorded under a reference, in whichever store", READERS)
        .asks(&[("reference", "string"), ("store_id", "string"), ("event", "string")])
        .answers(&[200], "Page"),
];

/// Two accounts of one person.
pub const MERGE: &[Route] = &[Route::command(
    "/v1/members/{id}/merge",
    "Take over all that another member has",
    DESK,
    "MergeBody",
)
.for_all_stores()];

/// Forgetting a person.
pub const ERASE: &[Route] =
    &[Route::command("/v1/members/{id}/erase", "Forget whose an account is", ADMIN, "EraseBody")
        .for_all_stores()];

/// Members of another system.
pub const IMPORT: &[Route] = &[
    Route::list("/v1/imports", "Imports, newest first", IMPORT_READERS),
    Route::write(
        "/v1/imports",
        "Stage a file of members from another system: a table, or ImportRowBody a line",
        IMPORTERS,
    )
    .takes("ImportRowBody", 2048 * KIB)
    .asks(&[("dry_run", "boolean"), ("date_order", "string")])
    .answers(&[200, 201], "Object"),
    Route::read("/v1/imports/{id}", "An import, its report and how far it is", IMPORT_READERS),
    Route::list("/v1/imports/{id}/refused", "Rows of an import that were refused", IMPORT_READERS),
    Route::write("/v1/imports/{id}/approve", "Approve of an import", APPROVERS)
        .takes("DecisionBody", 8 * KIB)
        .or_none(),
    Route::write("/v1/imports/{id}/reject", "Turn an import down", APPROVERS)
        .takes("DecisionBody", 8 * KIB)
        .or_none(),
    Route::write("/v1/imports/{id}/withdraw", "Take one's own import back", IMPORTERS)
        .takes("DecisionBody", 8 * KIB)
        .or_none(),
    Route::write("/v1/imports/{id}/continue", "Book the next rows of an import", BOOKERS)
        .without_key(),
];
