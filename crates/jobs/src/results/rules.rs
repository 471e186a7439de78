//! The rules of attribution of a programme: by the version of the playbook, and by the instant.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use ledger::Timestamp;
use reach::playbook::Attribution;
use store::{Error, Sql, attribution_of, playbook_instants};

use super::Span;
use crate::context::JobContext;

/// So many of the last versions are known. What was done before them goes by the oldest of these.
const VERSIONS: i64 = 500;

/// The rules that were read.
#[derive(Default)]
pub(super) struct Rules {
    /// By version.
    of: BTreeMap<i64, Attribution>,
    /// Versions and since when they are in force, in order.
    since: Option<Vec<(i64, Timestamp)>>,
    /// What holds without a playbook.
    usual: Attribution,
}

impl Rules {
    /// Reads the rules of these versions, and of all that were in force within a span.
    pub(super) async fn read<L: Sql>(
        &mut self,
        ledger: &JobContext<'_, L>,
        programme_no: i64,
        mut versions: BTreeSet<i64>,
        (from, before): Span,
    ) -> Result<(), Error> {
        if self.since.is_none() {
            let instants = async || playbook_instants(ledger.sql, programme_no, VERSIONS).await;
            self.since = Some(ledger.with_retries(instants).await?);
        }
        versions.extend(self.version_at(from));
        let within = |(_, since): &&(i64, Timestamp)| *since > from && *since < before;
        let within = self.since.iter().flatten().filter(within);
        versions.extend(within.map(|(version, _)| *version));
        for version in versions {
            if let Entry::Vacant(place) = self.of.entry(version) {
                let rule = async || attribution_of(ledger.sql, programme_no, version).await;
                place.insert(ledger.with_retries(rule).await?);
            }
        }
        Ok(())
    }

    /// The version in force at an instant: the highest that was published by then.
    fn version_at(&self, at: Timestamp) -> Option<i64> {
        let since = self.since.as_deref().unwrap_or_default();
        let last = since.iter().rev().find(|(_, since)| *since <= at);
        last.or(since.first()).map(|(version, _)| *version)
    }

    /// The rule of a version.
    pub(super) fn of(&self, version: i64) -> &Attribution {
        self.of.get(&version).unwrap_or(&self.usual)
    }

    /// The rule in force at an instant.
    pub(super) fn at(&self, at: Timestamp) -> &Attribution {
        self.version_at(at).map_or(&self.usual, |version| self.of(version))
    }
}
