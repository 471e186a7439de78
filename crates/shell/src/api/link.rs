//! Links of messages, and the page that ends messages.

use serde::{Deserialize, Serialize};

use super::roles::{ADMIN, PEOPLE};
use crate::route::{KIB, Route};

/// The routes of the component.
pub const ROUTES: &[Route] = &[
    Route::read("/v1/link-settings", "Where links of messages may lead", PEOPLE),
    Route::write("/v1/link-settings", "Say where links of messages may lead", ADMIN)
        .by("PUT")
        .takes("LinkSettingsBody", 16 * KIB),
    Route::read("/l/{token}", "Follow the link of a message", &[])
        .public()
        .with_any_query()
        .answers(&[200, 302], "Html"),
    Route::read("/l/{token}", "Headers of a link; not counted as a click", &[])
        .by("HEAD")
        .public()
        .with_any_query()
        .answers(&[200, 302], "Html"),
    Route::write("/l/{token}", "Follow it by the button of the page", &[])
        .public()
        .with_any_query()
        .without_key()
        .answers(&[303], "Html"),
    Route::read("/u/{token}", "The page that ends messages", &[])
        .public()
        .with_any_query()
        .answers(&[200], "Html"),
    Route::read("/u/{token}", "Whether there is such a page", &[])
        .by("HEAD")
        .public()
        .with_any_query()
        .answers(&[200], "Html"),
    Route::write("/u/{token}", "End messages, by the page or in one click (RFC 8058)", &[])
        .public()
        .with_any_query()
        .without_key()
        .answers(&[200], "Html"),
];

/// Where links of messages may lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkSettingsBody {
    /// Hosts such as `shop.example`.
    pub hosts: Vec<String>,
    /// The merchant's own address before `/l/…`, such as `https://go.shop.example`; that of the
    /// installation when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
}
