//! All of these in one program: each program of its own would be compiled and linked with the whole
//! of what it tests.

mod behaviour;
mod deliver;
mod deliver_answers;
mod deliver_reports;
mod deliver_turns;
mod drain;
mod events;
mod fold;
mod follows;
mod in_force;
mod long_back_test;
mod many_entries;
#[path = "../../reach/tests/naive.rs"]
mod naive;
mod nights;
mod outbox;
mod outbox_changes;
mod outbox_edges;
mod promised;
#[expect(clippy::indexing_slicing, dead_code, reason = "helpers of tests fail as tests do")]
#[path = "../../rules/tests/model/random.rs"]
mod random;
mod refresh;
mod rehearsal;
mod reseal;
mod results;
mod results_edges;
mod results_settled;
mod sizes;
mod support;
mod tasks;
mod touch;
mod touch_back_test;
mod touch_rehearsal;
mod waits;
mod year;
