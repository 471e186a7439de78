//! All of these in one program: each program of its own would be compiled and linked with the whole
//! of what it tests.

mod books;
mod bounds;
mod channels;
mod commands;
mod documents;
mod erasures;
mod gates;
mod gather;
mod groups;
mod identities;
mod kinds;
mod links;
mod loads;
mod mergers;
mod orders;
mod own_roles;
mod plans;
mod preparations;
mod reach;
mod returns;
mod sessions;
mod shared;
mod step_up;
mod support;
mod texts;
