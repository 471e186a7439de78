//! Invariants 1–4, checked on the store's books after every step.
//!
//! What they say is told by the errors; none of them asks the reference.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Adjustment, Entry, EntryId, Kind, Member, Reservation, Timestamp, verify};

use crate::store::Store;

/// Sums that grow with the entries, so that a step costs no more late in a history than early.
#[derive(Default)]
pub struct Books {
    seen: usize,
    points: i128,
    accounts: BTreeMap<&'static str, i128>,
    /// By lot number.
    lots: BTreeMap<i64, BookedLot>,
    /// The entry that bears a reference.
    references: BTreeMap<(Kind, String), EntryId>,
    /// Units of order lines that have not come back, of entries that something undid.
    units: BTreeMap<EntryId, BTreeMap<String, i64>>,
    /// Entries of which something was undone.
    touched: BTreeSet<EntryId>,
    holds: BTreeMap<EntryId, Reservation>,
    /// Points of an earn or a redemption that were not reversed.
    reversible: BTreeMap<EntryId, i64>,
    debt: i128,
    /// Open requests: who asked, who approved, roles that have to.
    requests: BTreeMap<EntryId, Adjustment>,
}

struct BookedLot {
    granted: i64,
    left: i64,
    available_at: Timestamp,
    expires_at: Option<Timestamp>,
    held: i64,
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
            self.resolve(entry)?;
            self.undo(entry)?;
            self.adjust(entry)?;
            self.lots(entry)?;
        }
        self.totals(store)
    }

    /// 3: no gap, balances chain, hashes chain.
    fn chain(&mut self, entry: &Entry, before: Option<&Entry>) -> Checked {
        let (sequence, balance, head) =
            before.map_or((0, 0, Default::default()), |e| (e.sequence.0, e.balance_after, e.hash));
        holds(entry.sequence.0 == sequence + 1, || {
            format!("sequence gap at {}", entry.sequence.0)
        })?;
        holds(entry.balance_after == balance + entry.points, || {
            format!("balance does not chain: {entry:?}")
        })?;
        holds(entry.previous_hash == head, || format!("hash does not chain: {entry:?}"))?;
        holds(entry.hash == entry.computed_hash().unwrap(), || {
            format!("hash is not of the entry: {entry:?}")
        })?;
        self.debt += i128::from(entry.lots.debt);
        let lots = i128::from(entry.balance_after) + self.debt;
        holds(self.debt >= 0 && lots >= 0, || {
            format!("below zero, though not as a debt: {entry:?}")
        })
    }

    /// 1: what a member gains, the contra account loses. 4: a reference is borne by one entry of a
    /// kind.
    fn account(&mut self, entry: &Entry) -> Checked {
        self.points += i128::from(entry.points);
        match entry.kind().contra_account() {
            Some(account) => *self.accounts.entry(account).or_default() -= i128::from(entry.points),
            None => holds(entry.points == 0, || {
                format!("moves points without a contra account: {entry:?}")
            })?,
        }
        let kind = if entry.kind() == Kind::Capture { Kind::Redeem } else { entry.kind() };
        if let Some(reference) = entry.origin.reference.as_ref().filter(|_| kind != Kind::Hold) {
            let before = self.references.insert((kind, reference.as_str().to_owned()), entry.id);
            // It may be recorded again once all of it was undone.
            let is_over = before.is_none_or(|id| self.is_undone(id));
            holds(is_over, || format!("a second entry with the reference {reference}"))?;
        }
        let awarded: i64 = entry.awards().iter().map(|award| award.granted).sum();
        let granted: i64 = entry.lots.grants.iter().map(|lot| lot.points).sum();
        holds(entry.kind() != Kind::Earn || awarded == granted, || {
            format!("awards are not the lots: {entry:?}")
        })?;
        lines(entry)
    }

    /// 4: one hold, one resolution, within its time.
    fn resolve(&mut self, entry: &Entry) -> Checked {
        if let Some(reservation) = entry.reservation() {
            for lot in &reservation.lots {
                let booked = self
                    .lots
                    .get_mut(&lot.number.0)
                    .ok_or("a hold on a lot that was never granted")?;
                booked.held += lot.points;
                let in_time = booked.available_at <= entry.recorded_at
                    && booked.expires_at.is_none_or(|end| entry.recorded_at < end);
                holds(lot.points > 0 && booked.held <= booked.left && in_time, || {
                    format!("holds too much: {entry:?}")
                })?;
            }
            self.holds.insert(entry.id, reservation.clone());
        }
        if !matches!(entry.kind(), Kind::Capture | Kind::Release) {
            return Ok(());
        }
        let hold = entry
            .corrects()
            .and_then(|id| self.holds.remove(&id))
            .ok_or("a hold that is not open is resolved")?;
        let mut drawn = entry.lots.draws.iter().map(|draw| draw.points).sum::<i64>();
        holds(drawn == 0 || entry.recorded_at < hold.until, || {
            format!("captured late: {entry:?}")
        })?;
        for lot in &hold.lots {
            self.lots.get_mut(&lot.number.0).ok_or("a held lot is gone")?.held -= lot.points;
            let taken = entry
                .lots
                .draws
                .iter()
                .find(|draw| draw.number == lot.number)
                .map_or(0, |draw| draw.points);
            drawn -= taken;
            holds(taken <= lot.points, || {
                format!("captures more of a lot than it held: {entry:?}")
            })?;
        }
        holds(drawn == 0, || format!("captures other lots: {entry:?}"))
    }

    /// No entry is undone beyond what it said, and a reversal never is.
    fn undo(&mut self, entry: &Entry) -> Checked {
        let kinds = [
            Kind::Earn,
            Kind::Grant,
            Kind::Redeem,
            Kind::Donate,
            Kind::Capture,
            Kind::CouponRedeem,
            Kind::TierChange,
        ];
        if kinds.contains(&entry.kind()) {
            self.reversible.insert(entry.id, entry.points.abs());
        }
        if entry.kind() == Kind::Earn {
            let units =
                entry.lines().iter().map(|line| (line.line.clone(), line.quantity)).collect();
            self.units.insert(entry.id, units);
        }
        let Some(reversal) = entry.reversal() else { return Ok(()) };
        let left = entry
            .corrects()
            .and_then(|id| self.reversible.get_mut(&id))
            .ok_or("undoes what cannot be undone")?;
        *left -= reversal.desired;
        if let Some(id) = entry.corrects() {
            self.touched.insert(id);
            for line in &reversal.lines {
                if let Some(units) = self.units.get_mut(&id) {
                    *units.entry(line.line.clone()).or_default() -= line.quantity;
                }
            }
        }
        let moved = entry.points.abs();
        holds(*left >= 0 && moved <= reversal.desired, || {
            format!("undoes more than there was: {entry:?}")
        })
    }

    /// Whether nothing is left of an entry.
    fn is_undone(&self, id: EntryId) -> bool {
        let no_units =
            self.units.get(&id).is_none_or(|units| units.values().all(|left| *left == 0));
        self.touched.contains(&id)
            && no_units
            && self.reversible.get(&id).is_none_or(|left| *left == 0)
    }

    /// Nothing is adjusted but what was asked for, by people who are all different.
    fn adjust(&mut self, entry: &Entry) -> Checked {
        let Some(adjustment) = entry.adjustment() else { return Ok(()) };
        let mut people: Vec<&str> =
            adjustment.approvals.iter().map(|approval| approval.by.label.as_str()).collect();
        people.push(&adjustment.by.label);
        people.sort_unstable();
        holds(people.windows(2).all(|two| two[0] != two[1]), || {
            format!("decided by the same person: {entry:?}")
        })?;
        if entry.kind() == Kind::AdjustmentRequest {
            self.requests.insert(entry.id, adjustment.clone());
            return Ok(());
        }
        let open = entry
            .corrects()
            .and_then(|id| self.requests.get_mut(&id))
            .ok_or("decides on what is not open")?;
        let roles: Vec<&String> =
            adjustment.approvals.iter().map(|approval| &approval.role).collect();
        let in_order = roles.iter().zip(&open.terms.steps).all(|(role, step)| *role == step);
        holds(open.terms == adjustment.terms && in_order, || {
            format!("not what was asked for: {entry:?}")
        })?;
        holds(entry.kind() == Kind::Lapse || entry.recorded_at < open.terms.until, || {
            format!("late: {entry:?}")
        })?;
        let all = roles.len() == open.terms.steps.len();
        holds(entry.kind() != Kind::Adjust || (all && entry.points == open.terms.points), || {
            format!("adjusted without approval: {entry:?}")
        })?;
        if entry.kind() != Kind::Approve {
            self.requests.remove(&entry.corrects().unwrap());
        }
        Ok(())
    }

    /// 2: within what was granted and within the window; what is held stays.
    fn lots(&mut self, entry: &Entry) -> Checked {
        // What fell due has the effect of that instant, whenever it is written down.
        let fell_due = match entry.kind() {
            Kind::Expire | Kind::Repay | Kind::CouponExpire | Kind::Lapse => true,
            Kind::Activate => entry.lots.dates.is_empty(),
            _ => false,
        };
        let now = if fell_due { entry.occurred_at } else { entry.recorded_at };
        holds(!fell_due || now <= entry.recorded_at, || {
            format!("fell due in the future: {entry:?}")
        })?;
        for draw in &entry.lots.draws {
            let lot = self
                .lots
                .get_mut(&draw.number.0)
                .ok_or("drawn from a lot that was never granted")?;
            lot.left -= draw.points;
            holds(draw.points > 0 && (lot.held..lot.granted).contains(&lot.left), || {
                format!("over-drawn: {entry:?}")
            })?;
            let over = lot.expires_at.is_some_and(|end| end <= now);
            let in_time = match entry.kind() {
                Kind::Expire => over && lot.left == lot.held,
                Kind::Capture | Kind::Erase => true,
                Kind::Reverse => !over,
                _ => lot.available_at <= now && !over,
            };
            holds(in_time, || format!("drawn outside its window, or expired in part: {entry:?}"))?;
        }
        for back in &entry.lots.returns {
            let lot = self
                .lots
                .get_mut(&back.lot.number.0)
                .ok_or("points back to a lot that was never granted")?;
            lot.left += back.points;
            let same = (lot.granted, lot.available_at, lot.expires_at)
                == (back.lot.points, back.lot.available_at, back.lot.expires_at);
            holds(same && back.points > 0 && lot.left <= lot.granted, || {
                format!("over-filled: {entry:?}")
            })?;
        }
        for new in &entry.lots.dates {
            let lot = self
                .lots
                .get_mut(&new.number.0)
                .ok_or("new dates for a lot that was never granted")?;
            let in_time = new.available_at == now
                || (entry.kind() == Kind::Approve && new.available_at > now);
            let lives_on = matches!(
                entry.kind(),
                Kind::Earn | Kind::Redeem | Kind::Donate | Kind::Hold | Kind::Capture
            ) && lot.available_at == new.available_at
                && lot.expires_at.is_some_and(|before| {
                    before > now && new.expires_at.is_some_and(|end| end > before)
                });
            let is_activated = lot.available_at > now && in_time;
            holds(is_activated || lives_on, || {
                format!("activated twice or late, or never to end: {entry:?}")
            })?;
            (lot.available_at, lot.expires_at) = (new.available_at, new.expires_at);
        }
        for lot in &entry.lots.grants {
            let (left, available_at, expires_at) = (lot.points, lot.available_at, lot.expires_at);
            let booked = BookedLot { granted: left, left, available_at, expires_at, held: 0 };
            holds(left > 0, || format!("a lot without points: {entry:?}"))?;
            holds(self.lots.insert(lot.number.0, booked).is_none(), || {
                format!("lot number twice: {entry:?}")
            })?;
        }
        Ok(())
    }

    /// 1 and 3: entries, balance, lots and contra accounts agree with the stored row and with a
    /// replay.
    fn totals(&self, store: &Store) -> Checked {
        let remaining: i128 = self.lots.values().map(|lot| i128::from(lot.left)).sum();
        let stored: i128 = store.replayed.lots.iter().map(|lot| i128::from(lot.remaining)).sum();
        let contra: i128 = self.accounts.values().sum();
        let balance = i128::from(store.row.balance);
        let (debt, owed) = (self.debt, i128::from(store.row.debt));
        let in_lots = balance + debt;
        holds(
            (self.points, -contra, remaining, stored, owed)
                == (balance, balance, in_lots, in_lots, debt),
            || {
                let (points, lots) = (self.points, format!("{remaining}/{stored}"));
                format!(
                    "entries {points}, lots {lots}, contra {contra}, balance {balance}, debt {debt}/{owed}"
                )
            },
        )?;
        let (row, replayed) = (&store.row, &store.replayed);
        let (due, truly_due) =
            (row.due_at.map_or(i64::MAX, |at| at.0), replayed.due_at.map_or(i64::MAX, |at| at.0));
        holds(due <= truly_due, || format!("the row is due at {due}, its lots at {truly_due}"))?;
        let as_row = Member {
            lots: Vec::new(),
            lots_complete: row.lots_complete,
            due_at: row.due_at,
            ..replayed.clone()
        };
        holds(as_row == *row, || format!("the row {row:?} is not what the entries give {as_row:?}"))
    }
}

/// Lines share what the purchase earned, each within a point of its part.
fn lines(entry: &Entry) -> Checked {
    if entry.kind() != Kind::Earn {
        // Of a redemption that named its lines they are what each cost.
        let paid: i64 = entry.lines().iter().map(|line| line.granted).sum();
        return holds(entry.lines().is_empty() || paid == entry.points, || {
            format!("lines do not pay it: {entry:?}")
        });
    }
    let spent: i128 = entry.lines().iter().map(|line| i128::from(line.amount_minor)).sum();
    let shared: i64 = entry.lines().iter().map(|line| line.granted).sum();
    holds(spent == 0 || shared == entry.points, || {
        format!("lines do not share the points: {entry:?}")
    })?;
    for line in entry.lines() {
        let part = i128::from(entry.points) * i128::from(line.amount_minor);
        let distance = (part - i128::from(line.granted) * spent).abs();
        holds(line.granted >= 0 && distance <= spent, || {
            format!("line {} has not its part: {entry:?}", line.line)
        })?;
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
    holds(!verify(&entries, &doctored).is_empty(), || {
        format!("the audit overlooks doctoring {}", tamper % 6)
    })
}
