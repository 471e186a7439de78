//! What a programme has published for messages.

use std::collections::BTreeMap;

use ledger::Timestamp;
use reach::Channel;
use reach::playbook::{KnownTemplate, Playbook};
use store::{Error, Sql, known_templates, message_costs, published_playbook, published_since};

/// What a programme has published for messages.
#[derive(Debug, Clone, Default)]
pub struct Messaging {
    /// The playbook in force.
    pub playbook: Playbook,
    /// Its version.
    pub version: i64,
    /// The programme's templates.
    pub templates: BTreeMap<String, KnownTemplate>,
    /// What a message costs by its channel, in minor units.
    pub cost_minor: BTreeMap<Channel, i64>,
    /// Since when each strategy is in force without a gap, by its id. Of one that is missing here,
    /// all that was heard counts, and all days that were not decided.
    pub since: BTreeMap<String, Timestamp>,
}

impl Messaging {
    /// What is in force in a programme.
    ///
    /// # Errors
    /// [`Error`] when a database fails or holds something unreadable.
    pub async fn published(
        ledger: &impl Sql,
        reach: &impl Sql,
        programme_no: i64,
    ) -> Result<Self, Error> {
        let found = published_playbook(ledger, programme_no).await?;
        let version = found.version();
        Self::of(ledger, reach, programme_no, (found.playbook, version)).await
    }

    /// The same with another playbook, as if it stood in for that version.
    ///
    /// # Errors
    /// As [`Messaging::published`].
    pub async fn of(
        ledger: &impl Sql,
        reach: &impl Sql,
        programme_no: i64,
        (playbook, version): (Playbook, i64),
    ) -> Result<Self, Error> {
        if playbook.strategies.is_empty() {
            return Ok(Self { playbook, version, ..Self::default() });
        }
        let ids: Vec<&str> = playbook.strategies.iter().map(|of| of.id.as_str()).collect();
        let since = published_since(ledger, programme_no, &ids).await?;
        let templates = known_templates(reach, programme_no).await?;
        let cost_minor = message_costs(reach, programme_no).await?;
        Ok(Self { playbook, version, templates, cost_minor, since })
    }

    /// Of strategies that were never published, as if they were at that instant.
    #[must_use]
    pub(super) fn published_at(mut self, at: Timestamp) -> Self {
        for strategy in &self.playbook.strategies {
            self.since.entry(strategy.id.clone()).or_insert(at);
        }
        self
    }
}
