//! Makes the facts of members anew from all of their entries, a few members at a time.
//!
//! It folds up to the entry that the cursor stands at, and names the same count of writes as a fold
//! does. So a fold that goes on meanwhile and a rebuild never write over one another.

use std::collections::BTreeSet;

use futures::future::LocalBoxFuture;
use ledger::MemberId;
use reach::Batch;
use store::{Error, FoldStep, Sql, all_members, history_to_fold};

use super::{FoldReport, MAX_BYTES, PAGE, Run};
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
    while limit.take_chunk((ledger.now)()) {
        let members = ledger
            .with_retries(async || all_members(ledger.sql, programme_no, after, REBUILT).await)
            .await?;
        let is_short = i64::try_from(members.len()).is_ok_and(|count| count < REBUILT);
        if let Some(last) = run.anew(programme_no, &members).await? {
            after = last;
        }
        if members.last().is_none_or(|(_, last)| *last == after && is_short) {
            run.report.done = true;
            return Ok((run.report, None));
        }
    }
    Ok((run.report, Some(after)))
}

impl<L: Sql, R: Sql> Run<'_, '_, L, R> {
    /// Makes the facts of these members anew, as many of them as make a piece. The last one that is
    /// done; `None` where another run was faster.
    async fn anew(
        &mut self,
        programme_no: i64,
        members: &[(MemberId, i64)],
    ) -> Result<Option<i64>, Error> {
        let Some((_, first)) = members.first() else { return Ok(None) };
        let before = self.report.clone();
        let at = self.position().await?;
        let numbers: Vec<i64> = members.iter().map(|(_, no)| *no).collect();
        let states = self.states(&numbers).await?;
        let (mut step, mut bytes, mut last) = (FoldStep::default(), 0usize, *first);
        for (id, no) in members {
            last = *no;
            // The account that it became part of takes it over.
            if id.is_pool()
                || states
                    .get(no)
                    .is_none_or(|state| state.as_ref().is_ok_and(|state| state.is_merged))
            {
                continue;
            }
            let mut batch = Batch::default();
            let mut entries = 0;
            bytes = bytes.saturating_add(
                self.history(&mut batch, *no, at.entry_no, &mut entries, MAX_CHAIN).await?,
            );
            self.report.entries += entries;
            if entries > 0 && !batch.departed.iter().any(|departed| departed.member_no == *no) {
                batch.members.entry(*no).or_default();
            }
            let departed = batch.departed.iter().map(|departed| departed.member_no);
            let homes = departed.chain([*no]).map(|no| (no, programme_no)).collect();
            let made = self.step(batch, &BTreeSet::from([*no]), &homes).await?;
            step.known.extend(made.known);
            step.departed.extend(made.departed);
            if bytes >= MAX_BYTES {
                break;
            }
        }
        if self.write(at, at.entry_no, &step).await? {
            self.report.members += u64::try_from(step.known.len()).unwrap_or(0);
            return Ok(Some(last));
        }
        self.report = before;
        Ok(None)
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
            loop {
                let page = self
                    .ledger
                    .with_retries(async || {
                        history_to_fold(self.ledger.sql, member_no, last.as_ref(), until, PAGE)
                            .await
                    })
                    .await?;
                let is_last = i64::try_from(page.len()).is_ok_and(|count| count < PAGE);
                *entries += u64::try_from(page.len()).unwrap_or(0);
                for of in self.told(&page).await? {
                    bytes += page
                        .iter()
                        .find(|entry| entry.entry_no == of.entry_no)
                        .map_or(0, |entry| entry.bytes);
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
