//! Variables that switch something on.

/// Whether a variable is `true`; everything else is not.
pub async fn is_true(variable: &str) -> bool {
    spin_sdk::variables::get(variable).await.is_ok_and(|value| value == "true")
}
