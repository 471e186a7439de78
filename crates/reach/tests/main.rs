//! All of these in one program.

mod model;
mod playbook;
mod playbook_major;
