//! All of these in one program: each program of its own would be compiled and linked with the whole
//! of what it tests.

mod deliver;
mod events;
mod fold;
mod nights;
mod outbox;
mod outbox_edges;
mod refresh;
mod rehearsal;
mod reseal;
mod results;
mod sizes;
mod support;
mod touch;
mod touch_rehearsal;
