//! All of these in one program.

mod credit;
mod model;
mod playbook;
mod playbook_major;
mod support;
mod touches;
