//! Endpoints of webhooks.

use serde::{Deserialize, Serialize};

use super::roles::ADMIN;
use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::list("/v1/endpoints", "List webhook endpoints", ADMIN),
    Route::read("/v1/endpoints/{id}", "A webhook endpoint", ADMIN),
    Route::write("/v1/endpoints/{id}", "Send events to a URL; the secret is shown once", ADMIN)
        .by("PUT")
        .takes("EndpointBody", 16 * KIB)
        .answers(&[200, 201], "Object"),
    Route::write("/v1/endpoints/{id}", "Stop sending events to an endpoint", ADMIN)
        .by("DELETE")
        .answers(&[204], "Object"),
    Route::write(
        "/v1/endpoints/{id}/rotate",
        "Give an endpoint another secret; the one before signs beside it for a day",
        ADMIN,
    )
    .takes("Object", 16 * KIB)
    .or_none(),
    Route::list("/v1/endpoints/{id}/dead", "Events an endpoint did not take", ADMIN),
    Route::write("/v1/endpoints/{id}/replay", "Send dead events again", ADMIN)
        .takes("Object", 16 * KIB)
        .or_none(),
];

/// Where events are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EndpointBody {
    /// An https URL.
    pub url: String,
    /// Kinds of entries to send; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<String>>,
    /// `whsec_` and base64 of 24–64 bytes; made by the server when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}
