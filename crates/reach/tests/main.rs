//! All of these in one program.

mod credit;
mod large;
mod many;
mod model;
mod naive;
mod nights;
mod playbook;
mod playbook_major;
mod promises;
#[expect(clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]
#[path = "../../rules/tests/model/random.rs"]
mod random;
mod support;
mod touch_edges;
mod touches;
