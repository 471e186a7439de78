//! How occasions ended that a strategy settles: messages, points spent, points that ended.

use std::collections::BTreeMap;

use ledger::Timestamp;
use reach::touch::{Cycle, Ended, State, Touch, settle};
use store::{Did, Error, ResultEntry, ResultTouch, Sql, conversions, expiries, touches_of_members};

use super::count::{ACCOUNTS, Counting, ENTRIES};
use super::figures::Figures;

const YEAR_MS: i64 = 366 * 86_400_000;

/// What accounts did and lost, by the members that they are or became part of.
#[derive(Default)]
struct Books {
    /// Redemptions, and what came back of them as negative points, by when they happened.
    spent: BTreeMap<i64, Vec<(Timestamp, i64)>>,
    /// Points that ended, by the instant.
    expired: BTreeMap<(i64, Timestamp), i64>,
}

impl<L: Sql, R: Sql> Counting<'_, '_, L, R> {
    /// Counts occasions that ended on the day, by the last touch about each.
    pub(super) async fn settle(
        &self,
        touches: &[ResultTouch],
        figures: &mut Figures,
    ) -> Result<(), Error> {
        let mut last: BTreeMap<i64, Vec<&ResultTouch>> = BTreeMap::new();
        for touch in touches.iter().filter(|touch| touch.is_last) {
            last.entry(touch.member_no).or_default().push(touch);
        }
        if last.is_empty() {
            return Ok(());
        }
        let (reach, no) = (self.databases.reach, self.databases.programme_no);
        for accounts in self.groups(last.keys().copied().collect()).await? {
            let mut members: Vec<i64> = accounts.iter().map(|(_, whole)| *whole).collect();
            members.dedup();
            let told = async || touches_of_members(reach.sql, no, &members).await;
            let told = reach.with_retries(told).await?;
            let ended = members.iter().flat_map(|of| last.get(of).into_iter().flatten());
            let ends = ended.filter_map(|touch| match touch.cycle {
                Cycle::End(at) => Some(at),
                _ => None,
            });
            let books = self.books(&accounts, ends.collect()).await?;
            for member in members {
                let touches = told.get(&member).map(Vec::as_slice).unwrap_or_default();
                for touch in last.get(&member).into_iter().flatten() {
                    let ended = books.ended(touch, touches, self.day_end);
                    let settled = settle(&touch.strategy, &touch.cycle, touches, ended);
                    if let Some(settled) = settled {
                        figures.add_settled(&settled);
                    }
                }
            }
        }
        Ok(())
    }

    /// What accounts spent within a year, and what of their points ended at these instants.
    async fn books(
        &self,
        accounts: &[(i64, i64)],
        mut ends: Vec<Timestamp>,
    ) -> Result<Books, Error> {
        let ledger = self.databases.ledger;
        let (_, until) = self.span;
        let since = self.day_end.plus_ms(-YEAR_MS);
        ends.sort();
        ends.dedup();
        let mut books = Books::default();
        for accounts in accounts.chunks(ACCOUNTS) {
            let wholes: BTreeMap<i64, i64> = accounts.iter().copied().collect();
            let all: Vec<i64> = wholes.keys().copied().collect();
            let whole = |account: i64| wholes.get(&account).copied().unwrap_or(account);
            let entries = async || conversions(ledger.sql, &all, (since, until), ENTRIES).await;
            let mut redeemed = BTreeMap::new();
            for entry in ledger.with_retries(entries).await? {
                if let Some(spent) = spent(&entry, &mut redeemed) {
                    books.spent.entry(whole(entry.member_no)).or_default().push(spent);
                }
            }
            if ends.is_empty() {
                continue;
            }
            let found = async || expiries(ledger.sql, &all, &ends, ENTRIES).await;
            for (account, at, points) in ledger.with_retries(found).await? {
                let sum = books.expired.entry((whole(account), at)).or_default();
                *sum = sum.saturating_add(points);
            }
        }
        Ok(books)
    }
}

impl Books {
    /// How the occasion of a touch ended for its member, whose touches these are.
    fn ended(&self, touch: &ResultTouch, touches: &[Touch], day_end: Timestamp) -> Ended {
        let is_own = |of: &&Touch| {
            let is_one = of.key.strategy == touch.strategy && of.key.cycle == touch.cycle;
            is_one && matches!(of.state, State::Sent | State::Unknown)
        };
        let first = touches.iter().filter(is_own).map(|of| of.decided_at).min();
        let end = match touch.cycle {
            Cycle::End(at) | Cycle::Tier(at) => at,
            _ => day_end,
        };
        let within = |at: Timestamp| first.is_some_and(|first| first <= at) && at < end;
        let spent = self.spent.get(&touch.member_no).into_iter().flatten();
        let spent = spent.filter(|(at, _)| within(*at));
        let expired = match touch.cycle {
            Cycle::End(at) => self.expired.get(&(touch.member_no, at)).copied().unwrap_or(0),
            _ => 0,
        };
        Ended { redeemed: spent.fold(0, |sum, (_, points)| sum.saturating_add(*points)), expired }
    }
}

/// What a redemption spent, and when; of what came back of one the same with the other sign, at the
/// time of the redemption.
fn spent(
    entry: &ResultEntry,
    redeemed: &mut BTreeMap<ledger::EntryId, Timestamp>,
) -> Option<(Timestamp, i64)> {
    match entry.did {
        Did::Redeem { points } => {
            redeemed.insert(entry.id, entry.at);
            Some((entry.at, points))
        }
        Did::Back { of, points, .. } => redeemed.get(&of).map(|at| (*at, points.saturating_neg())),
        Did::Order { .. } => None,
    }
}
