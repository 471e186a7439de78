//! How a person proves who they are: passwords, one-time codes, recovery codes, and what a provider
//! says about them.
//!
//! Pure: time and chance are given. It knows no HTTP and no database, and nothing about loyalty.
//! Only the components `sign-in` and `oidc` link it, as argon2 takes 19 MiB of memory.
#![deny(missing_docs)]

pub mod id_token;
pub mod password;
pub mod proof;
pub mod random;
pub mod totp;
pub mod wecom;
