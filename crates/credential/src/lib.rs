//! How a person proves who they are: passwords, one-time codes and recovery codes.
//!
//! Pure: time and chance are given. It knows no HTTP and no database, and nothing about loyalty.
//! Only the component `sign-in` links it, as argon2 takes 19 MiB of memory.
#![deny(missing_docs)]

pub mod password;
pub mod proof;
pub mod random;
pub mod totp;
