//! What the next entries tell: read from the ledger, with what they undo and whom they concern.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Hash;
use reach::{Happened, Undone};
use store::{
    EntryKey, Error, FoldedEntry, Sql, entries_to_fold, member_numbers, undone, undone_by,
};

use super::{MAX_BYTES, Run};

/// Entries that one statement reads, each as large as an order may be.
pub(super) const PAGE: usize = 100;
/// Orders that one statement reads to undo them.
const ORDERS: usize = 50;

/// What an entry tells, and of whom.
pub(super) struct Told {
    pub(super) entry_no: i64,
    pub(super) hash: Hash,
    pub(super) programme_no: i64,
    pub(super) member_no: i64,
    pub(super) is_pool: bool,
    pub(super) bytes: usize,
    pub(super) happened: Option<Happened>,
    pub(super) other_no: Option<i64>,
    pub(super) failure: Option<String>,
}

impl<L: Sql, R: Sql> Run<'_, '_, L, R> {
    /// The next entries, as many as make a piece.
    pub(super) async fn entries(&self, mut after: i64) -> Result<Vec<FoldedEntry>, Error> {
        let (mut entries, mut bytes) = (Vec::new(), 0usize);
        while entries.len() < self.pace.size() && bytes < MAX_BYTES {
            let most = PAGE.min(self.pace.size() - entries.len());
            let rows = i64::try_from(most).unwrap_or(1);
            let page = self
                .ledger
                .with_retries(async || entries_to_fold(self.ledger.sql, after, rows).await)
                .await?;
            let is_last = page.len() < most;
            after = page.last().map_or(after, |last| last.entry_no);
            bytes = page.iter().fold(bytes, |sum, entry| sum.saturating_add(entry.bytes));
            entries.extend(page);
            if is_last {
                break;
            }
        }
        Ok(entries)
    }

    /// What entries tell. Those that cannot be read tell nothing, and say so. Where what they undo
    /// is too large, the rest is left for the next piece.
    pub(super) async fn told(&mut self, entries: &[FoldedEntry]) -> Result<Vec<Told>, Error> {
        let (mut undone, entries) = self.undone(entries).await?;
        let mut told = Vec::with_capacity(entries.len());
        for of in entries {
            let (mut happened, mut failure) = (None, None);
            let today = self.today(of.programme_no).await?;
            match (&of.entry, today) {
                (Ok(None), Some(_)) => {}
                (Ok(Some(entry)), Some(today)) => {
                    let undone = undone_by(of).map(|key| undone.get_mut(&key));
                    if matches!(undone, Some(None)) {
                        failure = Some(format!("entry {}: undoes nothing", of.entry_no));
                    }
                    happened = Happened::of(entry, undone.flatten(), today);
                }
                // A closed account takes what is known of it along, whatever the rules are.
                (Err(_), _) if of.is_erasure => happened = Some(Happened::Erased),
                (Ok(Some(entry)), None) if Happened::of_account(entry).is_some() => {
                    happened = Happened::of_account(entry);
                }
                (_, None) => {
                    let what = "the rulebook of its programme is unreadable";
                    failure = Some(format!("entry {}: {what}", of.entry_no));
                }
                (Err(error), _) => failure = Some(format!("entry {}: {error}", of.entry_no)),
            }
            told.push(Told {
                entry_no: of.entry_no,
                hash: of.hash,
                programme_no: of.programme_no,
                member_no: of.member_no,
                is_pool: of.is_pool,
                bytes: of.bytes,
                happened,
                other_no: None,
                failure,
            });
        }
        let mut others = Vec::new();
        for (place, of) in told.iter().enumerate() {
            if let Some(other) = of.happened.as_ref().and_then(Happened::other) {
                others.push((place, (of.programme_no, other.clone())));
            }
        }
        let wanted: Vec<_> = others.iter().map(|(_, (no, id))| (*no, id)).collect();
        let numbers = self
            .ledger
            .with_retries(async || member_numbers(self.ledger.sql, &wanted).await)
            .await?;
        for ((place, _), number) in others.iter().zip(numbers) {
            if let Some(of) = told.get_mut(*place) {
                of.other_no = number;
            }
        }
        Ok(told)
    }

    /// What the reversals among these entries undo, each order read once; and those of the entries
    /// that it was read for.
    async fn undone<'e>(
        &self,
        entries: &'e [FoldedEntry],
    ) -> Result<(BTreeMap<EntryKey, Undone>, &'e [FoldedEntry]), Error> {
        let mut seen = BTreeSet::new();
        let firsts: Vec<(usize, &FoldedEntry)> = entries
            .iter()
            .enumerate()
            .filter(|(_, of)| undone_by(of).is_some_and(|key| seen.insert(key)))
            .collect();
        let (mut found, mut bytes) = (BTreeMap::new(), 0usize);
        for orders in firsts.chunks(ORDERS) {
            if let Some((place, _)) = orders.first()
                && bytes >= MAX_BYTES
            {
                return Ok((found, entries.get(..*place).unwrap_or(entries)));
            }
            let reversals: Vec<&FoldedEntry> = orders.iter().map(|(_, of)| *of).collect();
            let (more, size) = self
                .ledger
                .with_retries(async || undone(self.ledger.sql, &reversals).await)
                .await?;
            found.extend(more);
            bytes = bytes.saturating_add(size);
        }
        Ok((found, entries))
    }
}
