//! Makes the facts of members anew from all of their entries, a few members at a time.
//!
//! It folds up to the entry that the cursor stands at, and names the same count of writes as a fold
//! does. So a fold that goes on meanwhile and a rebuild never write over one another.
//!
//! Where the ledger has another history than facts were made of, a number may mean another account
//! than before. A rebuild then also opens accounts that are not closed any more, and forgets what
//! was told of accounts that the ledger does not know, or did not know yet at that time.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::LocalBoxFuture;
use ledger::Timestamp;
use reach::Batch;
use store::{
    Anew, Error, FoldStep, Sql, absorbed_members, all_members, history_to_fold, joined_members,
    known_members, older_members, rebuilds_due,
};

use super::told::PAGE;
use super::{FoldReport, MAX_BYTES, MAX_WRITTEN, Run};
use crate::context::{JobContext, WorkLimit};

/// Members that are made anew in one piece.
const REBUILT: i64 = 50;
/// Accounts that became part of one another: no chain is as long.
const MAX_CHAIN: u32 = 100;

/// Makes the facts of a programme's members anew from all of their entries, from the member after
/// that number on. Gives back where the next call goes on; `None` when all are done.
///
/// # Errors
/// As [`fold`](super::fold).
pub async fn rebuild<L: Sql, R: Sql>(
    ledger: &JobContext<'_, L>,
    reach: &JobContext<'_, R>,
    programme_no: i64,
    mut after: i64,
    mut limit: WorkLimit,
) -> Result<(FoldReport, Option<i64>), Error> {
    let mut run = Run::begin(ledger, reach, Some(programme_no)).await?;
    let mut next = Some(after);
    while limit.take_chunk((ledger.now)()) {
        match run.anew(programme_no, after).await? {
            Made::Nothing => {}
            Made::UpTo(last) => (after, next) = (last, Some(last)),
            Made::All => {
                (run.report.done, next) = (true, None);
                break;
            }
        }
    }
    run.tell_of_rebuilds().await?;
    Ok((run.report, next))
}

/// What a piece of a rebuild came to.
enum Made {
    /// Another run was faster.
    Nothing,
    /// All members up to that number.
    UpTo(i64),
    /// All that were left.
    All,
}

/// A piece of a rebuild, as far as it is worked out.
#[derive(Default)]
struct Rebuilt {
    step: FoldStep,
    /// Bytes of the entries that were read.
    bytes: usize,
    /// Accounts that are open, each with those that became part of it.
    open: Vec<(i64, Vec<i64>)>,
}

impl<L: Sql, R: Sql> Run<'_, '_, L, R> {
    /// Makes the facts of members after that number anew, as many of them as make a piece.
    async fn anew(&mut self, programme_no: i64, after: i64) -> Result<Made, Error> {
        let (ledger, reach) = (self.ledger, self.reach);
        let before = self.report.clone();
        self.failures.clear();
        let at = self.position().await?;
        if !self.check_history(at).await? {
            return Ok(Made::Nothing);
        }
        let due = reach.with_retries(async || rebuilds_due(reach.sql).await).await?;
        let is_due = due.contains_key(&programme_no);
        let members = ledger
            .with_retries(async || all_members(ledger.sql, programme_no, after, REBUILT).await)
            .await?;
        let mut known = Vec::new();
        if is_due {
            known = reach
                .with_retries(async || known_members(reach.sql, programme_no, after, REBUILT).await)
                .await?;
        }
        let numbers: Vec<i64> = members.iter().map(|(_, no)| *no).collect();
        // A list that is full may go on behind its last number.
        let is_full = |list: &&[i64]| i64::try_from(list.len()).is_ok_and(|count| count >= REBUILT);
        let full = [numbers.as_slice(), known.as_slice()].into_iter().filter(is_full);
        let mut to = full.filter_map(<[i64]>::last).min().copied();
        let (mut made, mut last) = (Rebuilt::default(), after);
        let until = at.entry_no;
        let absorbed = ledger
            .with_retries(async || absorbed_members(ledger.sql, &numbers, until).await)
            .await?;
        for (id, no) in members.iter().filter(|(_, no)| to.is_none_or(|to| *no <= to)) {
            if made.bytes >= MAX_BYTES || made.step.bytes() >= MAX_WRITTEN {
                to = Some(last);
                break;
            }
            last = *no;
            // The account that it became part of takes it over.
            if !id.is_pool() && !absorbed.contains(no) {
                self.member(&mut made, (programme_no, *no), until).await?;
            }
        }
        if is_due {
            known.retain(|no| to.is_none_or(|to| *no <= to));
            let lost = known.into_iter().filter(|no| !numbers.contains(no)).collect();
            let (open, lost) = self.known_since(programme_no, made.open, lost).await?;
            made.step.anew = Some(Anew { programme_no, from: after, to, open, lost });
        } else if members.is_empty() {
            return Ok(Made::All);
        }
        if self.write(at, (at.entry_no, at.hash), &made.step).await? {
            let written = made.step.members().count();
            self.report.members += u64::try_from(written).unwrap_or(0);
            self.count_failures();
            return Ok(to.map_or(Made::All, Made::UpTo));
        }
        self.report = before;
        Ok(Made::Nothing)
    }

    /// Makes the facts of a member anew, up to that entry.
    async fn member(
        &mut self,
        made: &mut Rebuilt,
        (programme_no, no): (i64, i64),
        until: i64,
    ) -> Result<(), Error> {
        let (mut batch, mut entries) = (Batch::default(), 0);
        let bytes = self.history(&mut batch, no, until, &mut entries, MAX_CHAIN).await?;
        made.bytes = made.bytes.saturating_add(bytes);
        self.report.entries += entries;
        let departed: Vec<i64> = batch.departed.iter().map(|of| of.member_no).collect();
        if !departed.contains(&no) {
            made.open.push((no, departed.clone()));
            if entries > 0 {
                batch.members.entry(no).or_default();
            }
        }
        let homes = departed.into_iter().chain([no]).map(|no| (no, programme_no)).collect();
        made.step.extend(self.step(batch, &BTreeSet::from([no]), &homes).await?);
        Ok(())
    }

    /// Since when the ledger knows accounts, by the first of those that are part of them; and with
    /// the `lost` ones those about whom something was told before.
    async fn known_since(
        &self,
        programme_no: i64,
        open: Vec<(i64, Vec<i64>)>,
        mut lost: Vec<i64>,
    ) -> Result<(Vec<(i64, Timestamp)>, Vec<i64>), Error> {
        let (ledger, reach) = (self.ledger, self.reach);
        let all: Vec<i64> =
            open.iter().flat_map(|(no, parts)| parts.iter().copied().chain([*no])).collect();
        let joined: BTreeMap<i64, Timestamp> = ledger
            .with_retries(async || joined_members(ledger.sql, programme_no, &all).await)
            .await?;
        let since = |(no, parts): (i64, Vec<i64>)| {
            let first = parts.iter().chain([&no]).filter_map(|no| joined.get(no)).min();
            Some((no, *first?))
        };
        let open: Vec<(i64, Timestamp)> = open.into_iter().filter_map(since).collect();
        let older = reach
            .with_retries(async || older_members(reach.sql, programme_no, &open).await)
            .await?;
        lost.extend(older);
        Ok((open, lost))
    }

    /// Folds all entries of an account up to that number, and of those that became part of it.
    /// Gives back the bytes of their bodies.
    fn history<'s>(
        &'s mut self,
        batch: &'s mut Batch,
        member_no: i64,
        until: i64,
        entries: &'s mut u64,
        chain: u32,
    ) -> LocalBoxFuture<'s, Result<usize, Error>> {
        Box::pin(async move {
            let (mut bytes, mut last) = (0usize, None);
            let most = i64::try_from(PAGE).unwrap_or(1);
            loop {
                let mut page = self
                    .ledger
                    .with_retries(async || {
                        history_to_fold(self.ledger.sql, member_no, last.as_ref(), until, most)
                            .await
                    })
                    .await?;
                let told = self.told(&page).await?;
                let is_last = page.len() < PAGE && told.len() == page.len();
                // What was left out comes with the next page.
                page.truncate(told.len());
                *entries += u64::try_from(told.len()).unwrap_or(0);
                for of in told {
                    bytes = bytes.saturating_add(of.bytes);
                    if let Some(failure) = of.failure {
                        self.fail(of.programme_no, failure);
                    }
                    let Some(happened) = &of.happened else { continue };
                    if let Some(other) = of.other_no.filter(|_| chain > 0) {
                        bytes += self.history(batch, other, until, entries, chain - 1).await?;
                    }
                    batch.apply(member_no, happened, of.other_no);
                }
                last = page.into_iter().next_back();
                if is_last || last.is_none() {
                    return Ok(bytes);
                }
            }
        })
    }
}
