//! Sign-in, sessions, and the invitations by which a person gets in for the first time.

use serde::{Deserialize, Serialize};

use super::roles::EVERYBODY;
use crate::route::{KIB, Route};

/// The routes of the component. None takes an `Idempotency-Key`: an answer that holds a secret is
/// not kept.
pub const ROUTES: &[Route] = &[
    Route::write("/v1/sign-in", "Begin a session", &[])
        .takes("SignInBody", 4 * KIB)
        .public()
        .without_key(),
    Route::write("/v1/sign-out", "End the session", &[])
        .answers(&[204], "Object")
        .public()
        .without_key(),
    Route::read("/v1/session", "Show the session", EVERYBODY).own().for_stores(),
    Route::write("/v1/session/role", "Act in another role", EVERYBODY)
        .takes("SessionRoleBody", 4 * KIB)
        .own()
        .for_stores()
        .without_key(),
    Route::write("/v1/session/password", "Choose another password", EVERYBODY)
        .takes("OwnPasswordBody", 4 * KIB)
        .own()
        .for_stores()
        .without_key(),
    Route::write("/v1/session/recovery-codes", "Make new recovery codes", EVERYBODY)
        .takes("ProofBody", 4 * KIB)
        .own()
        .for_stores()
        .without_key(),
    Route::write("/v1/session/code", "Set up one-time codes anew", EVERYBODY)
        .takes("ProofBody", 4 * KIB)
        .own()
        .for_stores()
        .without_key(),
    Route::write("/v1/session/code/confirm", "Let the new one-time codes count", EVERYBODY)
        .takes("OwnCodeBody", KIB)
        .own()
        .for_stores()
        .without_key(),
    Route::write("/v1/session/ticket", "Ask to be linked with a provider", EVERYBODY)
        .takes("ProofBody", 4 * KIB)
        .own()
        .for_stores()
        .without_key(),
    Route::read("/v1/invitations/{token}", "Show whom an invitation is for", &[]).public(),
    Route::write("/v1/invitations/{token}/code", "Set up one-time codes", &[])
        .public()
        .without_key(),
    Route::write("/v1/invitations/{token}/accept", "Choose a password and begin a session", &[])
        .takes("AcceptBody", 4 * KIB)
        .public()
        .without_key(),
];

/// The person who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignInBody {
    /// The programme; `default` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme_id: Option<String>,
    /// The person.
    pub person_id: String,
    /// Their password.
    pub password: String,
    /// The code that the app on their phone shows, or a recovery code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Which role a person acts in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SessionRoleBody {
    /// One of the roles that the person has now.
    pub role: String,
}

/// What an invited person chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AcceptBody {
    /// A password of 12 to 128 characters.
    pub password: String,
    /// The code that the app on their phone shows, where codes were set up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// By what a person proves in a session that it is them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProofBody {
    /// Their password.
    pub password: String,
    /// The code that the app on their phone shows, or a recovery code; for a person with codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Another password of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OwnPasswordBody {
    /// The password until now.
    pub password: String,
    /// The code that the app on their phone shows, or a recovery code; for a person with codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// A password of 12 to 128 characters.
    pub new_password: String,
}

/// The first code of a phone that is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OwnCodeBody {
    /// The code that the app shows for the new secret.
    pub code: String,
}
