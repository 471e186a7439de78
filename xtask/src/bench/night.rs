//! `cargo xtask bench night`: the night run over many lots, with lots a second and the host's peak memory.

use crate::workspace::Workspace;
use anyhow::{Result, bail};

pub struct Size {
    pub members: usize,
    pub lots_per_member: usize,
    pub due_per_cent: usize,
}

pub fn run(_workspace: &Workspace, _size: &Size) -> Result<()> {
    bail!("bench night is not built yet")
}
