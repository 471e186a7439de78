//! API keys.

use serde::{Deserialize, Serialize};

use super::roles::{ADMIN, EVERYBODY};
use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/keys", "List keys", ADMIN).asks(&[
        ("prefix", "string"),
        ("limit", "integer"),
        ("cursor", "string"),
    ]),
    Route::write("/v1/keys", "Make a key; shown once", ADMIN)
        .takes("KeyBody", 16 * KIB)
        .answers(&[201], "Object"),
    Route::write(
        "/v1/keys/{prefix}/approve",
        "Let a key count that waits for a second admin",
        ADMIN,
    ),
    Route::write("/v1/keys/{prefix}/rotate", "Make a key's successor; shown once", EVERYBODY)
        .answers(&[201], "Object")
        .own()
        .for_stores(),
    Route::write("/v1/keys/{prefix}", "Revoke a key at once", EVERYBODY)
        .by("DELETE")
        .answers(&[204], "Object")
        .own()
        .for_stores(),
];

/// A new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeyBody {
    /// storefront, marketing, finance, service, approver, department_head, vice_president, admin or
    /// job.
    pub role: String,
    /// What it is for, for people.
    pub label: String,
    /// Another programme than the caller's; for the operator only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme_id: Option<String>,
    /// Whose it is: the id of a person, 1 to 100 characters. Needed for the roles approver,
    /// department_head, vice_president and admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_id: Option<String>,
    /// From when on it counts no more, RFC 3339; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The stores that it is for, 1 to 100; all when absent. Not for the roles admin and job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stores: Option<Vec<String>>,
}
