//! All of these in one program: each program of its own would be compiled and linked with the whole
//! of what it tests.

mod approvals;
mod bounds;
mod calendar;
mod earning;
mod entries;
mod exchange;
mod joint;
mod matrix;
mod moving_in;
mod operations;
mod repeated;
mod risk;
mod rows;
mod settings;
mod spending;
mod step_up;
mod support;
