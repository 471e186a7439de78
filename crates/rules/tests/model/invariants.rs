//! Invariants 1–4, checked on the store's books after every step.
//!
//! What they say is told by the errors; none of them asks the reference.

use std::collections::BTreeMap;

use ledger::{Entry, Kind, Member, Timestamp, verify};

use crate::store::Store;

/// Sums that grow with the entries, so that a step costs no more late in a history than early.
#[derive(Default)]
pub struct Books {
    seen: usize,
    points: i128,
    accounts: BTreeMap<&'static str, i128>,
    /// Lot number → granted, left, available, expires, expired already.
    lots: BTreeMap<i64, BookedLot>,
    references: BTreeMap<(Kind, String), i64>,
}

struct BookedLot {
    granted: i64,
    left: i64,
    available_at: Timestamp,
    expires_at: Option<Timestamp>,
    expired: bool,
}

type Checked = Result<(), String>;

fn holds(condition: bool, what: impl Fn() -> String) -> Checked {
    if condition { Ok(()) } else { Err(what()) }
}

impl Books {
    /// Checks the entries that are new, then that everything still adds up.
    pub fn check(&mut self, store: &Store) -> Checked {
        while let Some(entry) = store.entries.get(self.seen) {
            let before = self.seen.checked_sub(1).map(|at| &store.entries[at]);
            self.seen += 1;
            self.chain(entry, before)?;
            self.account(entry)?;
            self.lots(entry)?;
        }
        self.totals(store)
    }

    /// 3: no gap, balances chain, hashes chain.
    fn chain(&mut self, entry: &Entry, before: Option<&Entry>) -> Checked {
        let (sequence, balance, head) =
            before.map_or((0, 0, Default::default()), |e| (e.sequence.0, e.balance_after, e.hash));
        holds(entry.sequence.0 == sequence + 1, || format!("sequence gap at {}", entry.sequence.0))?;
        holds(entry.balance_after == balance + entry.points, || format!("balance does not chain: {entry:?}"))?;
        holds(entry.previous_hash == head, || format!("hash does not chain: {entry:?}"))?;
        holds(entry.hash == entry.computed_hash(), || format!("hash is not of the entry: {entry:?}"))?;
        holds(entry.balance_after >= 0, || format!("balance below zero: {entry:?}"))
    }

    /// 1: what a member gains, the contra account loses. 4: a reference is borne by one entry of a kind.
    fn account(&mut self, entry: &Entry) -> Checked {
        self.points += i128::from(entry.points);
        match entry.kind.contra_account() {
            Some(account) => *self.accounts.entry(account).or_default() -= i128::from(entry.points),
            None => holds(entry.points == 0, || format!("moves points without a contra account: {entry:?}"))?,
        }
        if let Some(reference) = &entry.origin.reference {
            let times = self.references.entry((entry.kind, reference.as_str().to_owned())).or_default();
            *times += 1;
            holds(*times == 1, || format!("a second entry with the reference {reference}"))?;
        }
        let awarded: i64 = entry.awards.iter().map(|award| award.granted).sum();
        let granted: i64 = entry.grants.iter().map(|lot| lot.points).sum();
        holds(entry.kind != Kind::Earn || awarded == granted, || format!("awards are not the lots: {entry:?}"))?;
        lines(entry)
    }

    /// 2: within what was granted and within the window. 4: a lot expires once.
    fn lots(&mut self, entry: &Entry) -> Checked {
        let now = entry.recorded_at;
        for draw in &entry.draws {
            let lot = self.lots.get_mut(&draw.number.0).ok_or("drawn from a lot that was never granted")?;
            lot.left -= draw.points;
            holds(draw.points > 0 && (0..lot.granted).contains(&lot.left), || format!("lot over-drawn: {entry:?}"))?;
            let over = lot.expires_at.is_some_and(|end| end <= now);
            if entry.kind == Kind::Expire {
                holds(over && lot.left == 0 && !lot.expired, || format!("expired early, in part or twice: {entry:?}"))?;
                lot.expired = true;
            } else {
                holds(lot.available_at <= now && !over, || format!("drawn outside its window: {entry:?}"))?;
            }
        }
        for new in &entry.dates {
            let lot = self.lots.get_mut(&new.number.0).ok_or("new dates for a lot that was never granted")?;
            holds(lot.available_at > now && new.available_at == now, || format!("activated twice or late: {entry:?}"))?;
            (lot.available_at, lot.expires_at) = (new.available_at, new.expires_at);
        }
        for lot in &entry.grants {
            let (left, available_at, expires_at) = (lot.points, lot.available_at, lot.expires_at);
            let booked = BookedLot { granted: left, left, available_at, expires_at, expired: false };
            holds(left > 0, || format!("a lot without points: {entry:?}"))?;
            holds(self.lots.insert(lot.number.0, booked).is_none(), || format!("lot number twice: {entry:?}"))?;
        }
        Ok(())
    }

    /// 1 and 3: entries, balance, lots and contra accounts agree with the stored row and with a replay.
    fn totals(&self, store: &Store) -> Checked {
        let remaining: i128 = self.lots.values().map(|lot| i128::from(lot.left)).sum();
        let stored: i128 = store.replayed.lots.iter().map(|lot| i128::from(lot.remaining)).sum();
        let contra: i128 = self.accounts.values().sum();
        let balance = i128::from(store.row.balance);
        holds((self.points, remaining, stored, -contra) == (balance, balance, balance, balance), || {
            format!("entries {}, lots {remaining}/{stored}, contra {contra}, balance {balance}", self.points)
        })?;
        let (row, replayed) = (&store.row, &store.replayed);
        let (due, truly_due) = (row.due_at.map_or(i64::MAX, |at| at.0), replayed.due_at.map_or(i64::MAX, |at| at.0));
        holds(due <= truly_due, || format!("the row is due at {due}, its lots at {truly_due}"))?;
        let as_row =
            Member { lots: Vec::new(), lots_complete: row.lots_complete, due_at: row.due_at, ..replayed.clone() };
        holds(as_row == *row, || format!("the row {row:?} is not what the entries give {as_row:?}"))
    }
}

/// Lines share what the purchase earned, each within a point of its part.
fn lines(entry: &Entry) -> Checked {
    let spent: i128 = entry.lines.iter().map(|line| i128::from(line.amount_minor)).sum();
    let shared: i64 = entry.lines.iter().map(|line| line.granted).sum();
    holds(spent == 0 || shared == entry.points, || format!("lines do not share the points: {entry:?}"))?;
    for line in &entry.lines {
        let part = i128::from(entry.points) * i128::from(line.amount_minor);
        let distance = (part - i128::from(line.granted) * spent).abs();
        holds(line.granted >= 0 && distance <= spent, || format!("line {} has not its part: {entry:?}", line.line))?;
    }
    Ok(())
}

/// The audit finds nothing at the end of a history, and finds each of the ways to doctor it.
pub fn audit(store: &Store, tamper: usize) -> Checked {
    let stored = Member { lots: store.replayed.lots.clone(), ..store.row.clone() };
    let found = verify(&store.entries, &stored);
    holds(found.is_empty(), || format!("the audit finds {found:?}"))?;
    let Some(last) = store.entries.len().checked_sub(1) else { return Ok(()) };
    let (mut entries, mut doctored) = (store.entries.clone(), stored);
    match tamper % 6 {
        0 => drop(entries.remove(last)),
        1 => entries[last / 2].points += 1,
        2 => entries[last / 2].recorded_at.0 += 1,
        3 => doctored.balance += 1,
        4 => doctored.sequence.0 += 1,
        _ => entries.push(entries[last].clone()),
    }
    holds(!verify(&entries, &doctored).is_empty(), || format!("the audit overlooks doctoring {}", tamper % 6))
}
