//! The keys by which the tills of a store sign receipts.

use ledger::Timestamp;
use serde::{Deserialize, Serialize};

use super::roles::ADMIN;
use crate::check::Check;
use crate::problem::Problem;
use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/qr-keys", "List the keys by which tills sign receipts", ADMIN).asks(&[
        ("store_id", "string"),
        ("limit", "integer"),
        ("cursor", "string"),
    ]),
    Route::write("/v1/qr-keys", "Make a key for the tills of a store; shown once", ADMIN)
        .takes("QrKeyBody", 16 * KIB)
        .answers(&[201], "Object"),
    Route::write("/v1/qr-keys/{kid}/retire", "Let a key sign no more, or report it leaked", ADMIN)
        .takes("QrKeyRetirementBody", 16 * KIB)
        .or_none(),
];

/// A new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QrKeyBody {
    /// The store of the registry whose tills get it.
    pub store_id: String,
    /// What it is for, for people.
    pub label: String,
}

impl QrKeyBody {
    /// Checks the values.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] with every place that is wrong.
    pub fn check(&self) -> Result<(), Problem> {
        let mut check = Check::default();
        check.text("/store_id", Some(&self.store_id), 64);
        check.text("/label", Some(&self.label), 100);
        check.done(Some(()))
    }
}

/// Why a key is retired.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QrKeyRetirementBody {
    /// From when on somebody else may have had it, RFC 3339; nobody when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compromised_from: Option<String>,
}

impl QrKeyRetirementBody {
    /// The instant, which is not in the future.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`].
    pub fn leaked_at(&self, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
        let at = self.compromised_from.as_deref().map(Timestamp::parse);
        let mut check = Check::default();
        if at.is_some_and(|at| at.is_none_or(|at| at > now)) {
            check.wrong(
                "/compromised_from",
                "must be RFC 3339 with an offset, and not in the future",
            );
        }
        check.done(Some(at.flatten()))
    }
}
