//! The Spin variables that jobs read, over the synchronous `fermyon:spin/variables`.

mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "package accrue:jobs; world settings { import fermyon:spin/variables@2.0.0; }",
        world: "accrue:jobs/settings",
        generate_all,
    });
}

use bindings::fermyon::spin::variables::get;

use seal::Seals;

use crate::{AddressPolicy, keep_seals};

/// The keys of `secrets_key`.
pub(super) fn seals() -> Seals {
    Seals::parse(&get("secrets_key").unwrap_or_default())
}

/// The address of the installation, where it is told.
pub(super) fn public_url() -> Option<String> {
    get("public_url").ok().filter(|url| !url.is_empty())
}

/// Stores the keys of `secrets_key` for this run, and reads `webhook_allow_http` and
/// `webhook_allow_private`. Each allows something only if it is `true`.
pub(super) fn address_policy() -> AddressPolicy {
    let is_true = |name: &str| get(name).is_ok_and(|value| value == "true");
    keep_seals(seals());
    AddressPolicy {
        allow_http: is_true("webhook_allow_http"),
        allow_private: is_true("webhook_allow_private"),
    }
}
