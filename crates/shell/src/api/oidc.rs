//! Sign-in by a provider of OpenID Connect, or by WeCom.

use serde::{Deserialize, Serialize};

use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::read("/v1/oidc", "Show which providers sign persons in", &[]).public(),
    Route::write("/v1/oidc/sign-in", "Begin a visit to the provider", &[])
        .takes("OidcBody", 4 * KIB)
        .public()
        .without_key(),
    Route::read("/v1/oidc/callback", "Come back from the provider", &[])
        .public()
        .asks(&[("code", "string"), ("state", "string"), ("iss", "string"), ("error", "string")])
        .answers(&[303], "Object"),
];

/// What a visit to the provider is for: to sign in, to accept an invitation, or to be linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OidcBody {
    /// Whether it is a visit to WeCom, and not to the provider of OpenID Connect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wecom: bool,
    /// The programme of the person who signs in; `default` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme_id: Option<String>,
    /// The token of an invitation, to accept it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<String>,
    /// The `ticket` of `POST /v1/session/ticket`, to be linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}
