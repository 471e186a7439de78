//! The query parameters that several routes share: names and JSON types.

/// Of lists.
pub const PAGE: &[(&str, &str)] = &[("limit", "integer"), ("cursor", "string")];
/// Of members.
pub const MEMBERS: &[(&str, &str)] = &[
    ("id", "string"),
    ("alias", "string"),
    ("tier", "string"),
    ("attribute", "string"),
    ("format", "string"),
    ("limit", "integer"),
    ("cursor", "string"),
];
/// Of the audit log.
pub const AUDIT: &[(&str, &str)] = &[
    ("person_id", "string"),
    ("key", "string"),
    ("action", "string"),
    ("subject", "string"),
    ("from", "string"),
    ("to", "string"),
    ("limit", "integer"),
    ("cursor", "string"),
];
/// Of traces.
pub const TRACE: &[(&str, &str)] = &[
    ("member_id", "string"),
    ("device_id", "string"),
    ("ip", "string"),
    ("actor", "string"),
    ("from", "string"),
    ("to", "string"),
    ("limit", "integer"),
    ("cursor", "string"),
];
/// Of rehearsals.
pub const REHEARSAL: &[(&str, &str)] = &[("dry_run", "boolean"), ("at", "string"), ("cursor", "string")];
/// Of commands.
pub const DRY_RUN: &[(&str, &str)] = &[("dry_run", "boolean")];
