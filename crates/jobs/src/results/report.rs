//! What a run of `results` came to.

use serde_json::{Value as Json, json};

/// The figures of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResultReport {
    /// False if there is more to do: call again.
    pub done: bool,
    /// Days that were counted, each time they were.
    pub days: u64,
    /// Touches of them.
    pub touches: u64,
    /// Programmes that could not be counted.
    pub failed: u64,
    /// The last failure of these; for the log.
    pub last_failure: Option<String>,
}

impl ResultReport {
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
            "job": "results",
            "done": self.done,
            "days": self.days,
            "touches": self.touches,
            "failed": self.failed,
        })
    }
}
