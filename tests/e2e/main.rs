//! End-to-end tests: the real components in the real host. A file for each operation, and files on
//! subjects of all operations. Each file of this folder is a module: `build.rs` lists them.
//!
//! Every test has a host and databases of its own, so tests run side by side. When a host stops,
//! its books are audited (see the library).
#![cfg(test)]

include!(concat!(env!("OUT_DIR"), "/modules.rs"));
