//! What is stored sealed: the keys of the variable `secrets_key`, and how texts are sealed with
//! them. Every component that seals or opens goes through here.

use seal::{NONCE, Place, Seals};
use serde_json::json;

use crate::problem::Problem;

/// The keys that the operator gave.
pub async fn seals() -> Seals {
    Seals::parse(&spin_sdk::variables::get("secrets_key").await.unwrap_or_default())
}

/// Seals a text for its place. `what` it is, in the log where there is no key.
///
/// # Errors
/// [`Problem::Internal`] where the host gives no randomness.
pub async fn sealed_text(text: &str, place: &Place, what: &str) -> Result<String, Problem> {
    let (seals, nonce) = (seals().await, random::<NONCE>()?);
    if seals.is_empty() {
        let message = format!(
            "{what} is stored in the clear: set the variable secrets_key to 32 characters or more"
        );
        eprintln!("{}", json!({"level": "warn", "message": message}));
    }
    Ok(seals.seal(text, place, nonce))
}

/// Opens what is stored. `None` where no key opens it there.
pub async fn opened_text(stored: &str, place: &Place) -> Option<String> {
    seals().await.open(stored, place)
}

/// Random bytes.
///
/// # Errors
/// [`Problem::Internal`] where the host gives none.
pub fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], Problem> {
    let mut random = [0u8; LENGTH];
    getrandom::fill(&mut random)
        .map_err(|_| Problem::Internal("the host gives no randomness".to_owned()))?;
    Ok(random)
}
