//! End-to-end tests: the real components in the real host. One file a verb, then files for what concerns all of them.
//!
//! Every test has a host and databases of its own, so tests run side by side; when a host goes, its books are audited (see the library).
#![cfg(test)]

mod bulk;
mod earn;
mod front;
mod key;
mod member;
mod programme;
mod redeem;
mod report;
