//! What a run of `touch` came to.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

/// The figures of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TouchReport {
    /// False if there is more to do: call again.
    pub done: bool,
    /// Members that the walk has seen.
    pub members: u64,
    /// Touches that were decided and are due.
    pub touches: u64,
    /// What is not told, by the reason. Those that the strategy was not for are counted, not kept.
    pub suppressed: BTreeMap<&'static str, u64>,
    /// Playbooks and programmes that could not be read. Nobody is told anything there.
    pub failed: u64,
    /// The last failure of these; for the log.
    pub last_failure: Option<String>,
}

impl TouchReport {
    pub(super) fn fail(&mut self, text: String) {
        self.failed += 1;
        self.last_failure = Some(text);
    }

    /// True if the run found nothing to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *self == Self { done: true, ..Self::default() }
    }

    /// The report as the API shows it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "job": "touch",
            "done": self.done,
            "members": self.members,
            "touches": self.touches,
            "suppressed": self.suppressed,
            "failed": self.failed,
        })
    }
}
