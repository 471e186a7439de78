//! End-to-end tests: the real components in the real host. One file per operation, then files on
//! subjects of all operations.
//!
//! Every test has a host and databases of its own, so tests run side by side. When a host stops,
//! its books are audited (see the library).
#![cfg(test)]

mod activate;
mod adjust;
mod answers;
mod attacks;
mod audit_log;
mod back_tests;
mod bad_input;
mod bulk;
mod clock;
mod coupon;
mod crash;
mod earn;
mod erase;
mod events;
mod find;
mod freeze;
mod front;
mod group;
mod hold;
mod imports;
mod key;
mod member;
mod merge;
mod night;
mod openapi;
mod order;
mod pool;
mod programme;
mod publication;
mod races;
mod recipes;
mod recover;
mod redeem;
mod report;
mod returns;
mod reverse;
mod review;
mod reward;
mod rulebooks;
mod shoppers_day;
mod strangers;
mod transfer;
