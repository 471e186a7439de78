//! Rehearses the coming night: decides by the same rules which entries the jobs would write at an
//! instant, and writes none.
//!
//! A rehearsal visits every member for whom something could be due by then, some hundred members
//! per call. Its cursor holds the position and the totals so far, so that nothing is stored. The
//! same books and the same instant always give the same answer.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::{
    Context, Entry, EntryId, Fault, Kind, Member, MemberId, Origin, ProgrammeId, Stop, Timestamp,
    local_date, start_of_day,
};
use rules::operations::{Remind, Settle, Upgrade};
use rules::{Case, Operation, PriorRecords, decide};
use serde_json::{Map, Value as Json, json};
use store::{
    Error, LoadRequest, Lots, ProgrammeRef, Scope, Sql, Submission, expiring_members, load,
    nothing_due, tiers_alone,
};

use crate::chunk::{MAX_MEMBERS, groups};
use crate::context::{ActiveProgramme, JobContext, WorkLimit};
use crate::remind::horizon;
use crate::tier_upgrade::is_pass_open;

/// The totals over all members, in the order of the night.
const TOTALS: [&str; 18] = [
    "members",
    "affected",
    "lots_activated",
    "points_activated",
    "tier_upgrades",
    "tier_renewals",
    "tier_downgrades",
    "gift_points",
    "gift_coupons",
    "holds_timed_out",
    "requests_lapsed",
    "coupons_expired",
    "lots_expired",
    "points_expired",
    "points_repaid",
    "reminders",
    "points_reminded",
    "failed",
];

/// The max distance of a rehearsed night: a year and a day.
const MAX_AHEAD_MS: i64 = 367 * 24 * 3600 * 1000;

/// A part of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// The rehearsed instant.
    pub at: Timestamp,
    /// The published rulebook.
    pub rulebook_version: i64,
    /// The totals so far, from the first part on.
    pub totals: BTreeMap<String, i64>,
    /// Members of this part for whom the night would write entries.
    pub members: Vec<Json>,
    /// The cursor of the next part; `None` after the last member.
    pub next: Option<String>,
}

impl Rehearsal {
    /// The rehearsal as the API shows it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "job": "night",
            "dry_run": true,
            "at": self.at.to_string(),
            "rulebook_version": self.rulebook_version,
            "done": self.next.is_none(),
            "totals": self.totals,
            "members": self.members,
            "next": self.next,
        })
    }
}

#[derive(Debug, Clone, Copy)]
struct Night {
    now: Timestamp,
    at: Timestamp,
    /// Whether the pass of a new ladder is still to move members up.
    is_pass_open: bool,
}

/// The next members of a rehearsal. List 0 has members with something due, list 1 members whose
/// tier ends, and list 2 all others that a new ladder may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    list: u8,
    after: (i64, i64),
}

/// Rehearses the night of `at`, by default that of the coming local midnight, or continues at
/// `cursor`. It stops after the last member or at the work limit.
///
/// # Errors
/// `Ok(None)` for an instant more than a year away, for an invalid cursor, and for a cursor of
/// another rulebook than the published one. [`Error`] when the database fails.
pub async fn rehearse<S: Sql>(
    context: &JobContext<'_, S>,
    programme: ProgrammeRef,
    at: Option<Timestamp>,
    cursor: Option<&str>,
    mut limit: WorkLimit,
) -> Result<Option<Rehearsal>, Error> {
    let active = ActiveProgramme::open(context, programme).await?;
    let rulebook_version = active.book.version();
    let at = at.unwrap_or_else(|| {
        let tomorrow = local_date((context.now)(), active.book.zone()).succ_opt();
        tomorrow.map_or((context.now)(), |day| start_of_day(day, active.book.zone()))
    });
    let begin = (
        at,
        Position { list: 0, after: (i64::MIN, 0) },
        TOTALS.map(|name| (name.to_owned(), 0)).into(),
    );
    let Some((at, position, totals)) =
        cursor.map_or(Some(begin), |text| read(text, rulebook_version))
    else {
        return Ok(None);
    };
    let now = (context.now)().0;
    if !(now - MAX_AHEAD_MS..=now + MAX_AHEAD_MS).contains(&at.0) {
        return Ok(None);
    }
    let mut part = Rehearsal { at, rulebook_version, totals, members: Vec::new(), next: None };
    let night =
        Night { now: (context.now)(), at, is_pass_open: is_pass_open(context, &active).await? };
    let mut position = Some(position);
    while let Some(here) = position {
        if !limit.take_chunk((context.now)()) {
            part.next = Some(write(&part, here));
            return Ok(Some(part));
        }
        let (members, next) = next_members(context, &active, night, here).await?;
        for group in groups(context, active.programme.no, &members).await? {
            rehearse_group(context, &active, night, group, &mut part).await?;
        }
        position = next;
    }
    Ok(Some(part))
}

/// The next members, and the position after them.
async fn next_members<S: Sql>(
    context: &JobContext<'_, S>,
    active: &ActiveProgramme,
    Night { at, is_pass_open, .. }: Night,
    Position { list, after }: Position,
) -> Result<(Vec<MemberId>, Option<Position>), Error> {
    let no = active.programme.no;
    let due = active.book.longest_reminder_days().map_or(at, |days| horizon(at, days));
    let found: Vec<(MemberId, (i64, i64))> = match list {
        0 => {
            context
                .with_retries(async || {
                    expiring_members(context.sql, no, due, after, MAX_MEMBERS).await
                })
                .await?
        }
        1 if active.book.levels().is_empty() => Vec::new(),
        1 => {
            context
                .with_retries(async || {
                    tiers_alone(context.sql, no, (at, due), after, MAX_MEMBERS).await
                })
                .await?
        }
        _ if !is_pass_open => Vec::new(),
        _ => {
            let found = context
                .with_retries(async || {
                    nothing_due(context.sql, no, (at, due), after.1, MAX_MEMBERS).await
                })
                .await?;
            found.into_iter().map(|(member, no)| (member, (0, no))).collect()
        }
    };
    let is_more = i64::try_from(found.len()).unwrap_or(0) == MAX_MEMBERS;
    let next = match found.last() {
        Some((_, last)) if is_more => Some(Position { list, after: *last }),
        _ if list < 2 => Some(Position { list: list + 1, after: (i64::MIN, 0) }),
        _ => None,
    };
    Ok((found.into_iter().map(|(member, _)| member).collect(), next))
}

async fn rehearse_group<S: Sql>(
    context: &JobContext<'_, S>,
    active: &ActiveProgramme,
    night: Night,
    group: &[MemberId],
    part: &mut Rehearsal,
) -> Result<(), Error> {
    let whole = context.with_retries(async || loaded(context, active, group).await).await;
    let members = match whole {
        Ok(members) => members,
        Err(Error::Corrupt(_) | Error::Fault(_)) => {
            // One inconsistent member does not stop the rehearsal for the others.
            let mut members = Vec::new();
            for member in group {
                match context
                    .with_retries(async || {
                        loaded(context, active, std::slice::from_ref(member)).await
                    })
                    .await
                {
                    Err(Error::Corrupt(_) | Error::Fault(_)) => part.fail(member),
                    found => members.extend(found?),
                }
            }
            members
        }
        Err(error) => return Err(error),
    };
    for member in members {
        let id = member.id.clone();
        match entries(active, night, member) {
            Ok((entries, balance)) => part.add_member(&id, &entries, balance, active),
            Err(_) => part.fail(&id),
        }
    }
    Ok(())
}

async fn loaded<S: Sql>(
    context: &JobContext<'_, S>,
    active: &ActiveProgramme,
    members: &[MemberId],
) -> Result<Vec<Member>, Error> {
    let wanted: Vec<LoadRequest> = members
        .iter()
        .map(|member| Submission::new(member.clone(), Settle, Origin::default()).wanted())
        .collect();
    let found =
        load(context.sql, Scope::Programme(active.programme.no), &wanted, Lots::All).await?;
    let (_, _, loaded) = found.ok_or(Error::Corrupt("programme"))?;
    Ok(loaded.into_iter().map(|loaded| loaded.member).collect())
}

/// The entries that the night would write for a member, and the balance after them.
fn entries(
    active: &ActiveProgramme,
    Night { now, at, is_pass_open }: Night,
    mut member: Member,
) -> Result<(Vec<Entry>, i64), Fault> {
    if member.exists() && !member.lots_complete {
        return Err(Fault::Unbalanced);
    }
    let programme = ProgrammeId::new(active.programme.id.as_str()).map_err(|_| Fault::Draft)?;
    let (mut entries, origin, recorded) = (Vec::new(), Origin::default(), PriorRecords::default());
    let upgrade = Some(&Upgrade as &dyn Operation).filter(|_| is_pass_open);
    // A new ladder does not wait until the night: its pass runs every quarter of an hour.
    let at_once =
        upgrade.into_iter().flat_map(|upgrade| [(now, &Settle as &dyn Operation), (now, upgrade)]);
    for (now, operation) in at_once.chain([(at, &Settle as &dyn Operation), (at, &Remind)]) {
        let of_member = Context {
            programme: programme.clone(),
            spread: 1,
            rulebook_version: active.book.version(),
            now,
            first_id: EntryId(entries.len() as u128 + 1),
            seed: ledger::Seed::default(),
        };
        let case =
            Case { book: &active.book, origin: &origin, recorded: &recorded, context: of_member };
        let decided = decide(operation, &case, member).map_err(|stop| match stop {
            Stop::Fault(fault) => fault,
            // No caller requested the night's operations, so a refusal is a fault.
            Stop::Refused(_) => Fault::Draft,
        })?;
        entries.extend(decided.decision.postings.into_iter().map(|posting| posting.entry));
        member = decided.member;
    }
    Ok((entries, member.balance))
}

impl Rehearsal {
    fn add(&mut self, name: &str, amount: i64) {
        if let Some(total) = self.totals.get_mut(name) {
            *total = total.saturating_add(amount);
        }
    }

    fn fail(&mut self, member: &MemberId) {
        self.add("members", 1);
        self.add("failed", 1);
        self.members.push(json!({"member_id": member.as_str(), "failed": true}));
    }

    fn add_member(
        &mut self,
        member: &MemberId,
        entries: &[Entry],
        balance: i64,
        active: &ActiveProgramme,
    ) {
        self.add("members", 1);
        if entries.is_empty() {
            return;
        }
        self.add("affected", 1);
        let shown: Vec<Json> = entries.iter().map(|entry| self.shown(entry, active)).collect();
        self.members
            .push(json!({"member_id": member.as_str(), "balance": balance, "entries": shown}));
    }

    /// An entry without the values that are unknown in advance: its id, its hash, codes of coupons.
    fn shown(&mut self, entry: &Entry, active: &ActiveProgramme) -> Json {
        let mut shown = Map::new();
        shown.insert("kind".to_owned(), entry.kind().as_str().into());
        let drawn = |entry: &Entry| entry.lots.draws.iter().map(|draw| draw.points).sum::<i64>();
        // The number of lots instead of a list: a part must fit into an instance, however many lots
        // there are.
        match entry.kind() {
            Kind::Activate => {
                self.add("lots_activated", length(&entry.lots.activations));
                self.add(
                    "points_activated",
                    entry.lots.activations.iter().map(|lot| lot.points).sum(),
                );
                let points: i64 = entry.lots.activations.iter().map(|lot| lot.points).sum();
                shown.insert("activated".to_owned(), points.into());
                shown.insert("lots".to_owned(), entry.lots.activations.len().into());
            }
            Kind::Expire => {
                self.add("lots_expired", length(&entry.lots.draws));
                self.add("points_expired", drawn(entry));
                shown.insert("points".to_owned(), entry.points.into());
                shown.insert("lots".to_owned(), entry.lots.draws.len().into());
            }
            Kind::TierChange => {
                let gift: i64 = entry.lots.grants.iter().map(|lot| lot.points).sum();
                self.add("gift_points", gift);
                self.add("gift_coupons", length(&entry.effects.coupons));
                if let Some(moved) = entry.tier() {
                    let rank = |tier: Option<&String>| {
                        active
                            .book
                            .levels()
                            .iter()
                            .position(|level| Some(&level.id) == tier)
                            .unwrap_or(0)
                    };
                    let change = match rank(Some(&moved.to)).cmp(&rank(moved.from.as_ref())) {
                        std::cmp::Ordering::Greater => "upgrade",
                        std::cmp::Ordering::Equal => "renewal",
                        std::cmp::Ordering::Less => "downgrade",
                    };
                    self.add(&format!("tier_{change}s"), 1);
                    shown.insert("change".to_owned(), change.into());
                    shown.insert("from".to_owned(), json!(moved.from));
                    shown.insert("to".to_owned(), json!(moved.to));
                    shown.insert("until".to_owned(), json!(moved.until.map(|at| at.to_string())));
                }
                shown.insert("points".to_owned(), gift.into());
            }
            Kind::Remind => {
                self.add("reminders", 1);
                if let Some(reminder) = entry.reminder() {
                    self.add("points_reminded", reminder.points);
                    shown.insert("points".to_owned(), reminder.points.into());
                    shown.insert(
                        "first_expires_at".to_owned(),
                        reminder.first_expires_at.to_string().into(),
                    );
                    shown.insert("lots".to_owned(), reminder.lots.len().into());
                }
            }
            Kind::Repay => {
                self.add("points_repaid", drawn(entry));
                shown.insert("points".to_owned(), drawn(entry).into());
            }
            Kind::Release => self.add("holds_timed_out", 1),
            Kind::Lapse => self.add("requests_lapsed", 1),
            Kind::CouponExpire => self.add("coupons_expired", length(&entry.effects.coupons)),
            // The night writes no other kinds.
            _ => {}
        }
        Json::Object(shown)
    }
}

fn length<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

type Cursor = (i64, i64, u8, i64, i64, Vec<i64>);

fn write(part: &Rehearsal, Position { list, after }: Position) -> String {
    let totals = TOTALS.map(|name| part.totals.get(name).copied().unwrap_or(0)).to_vec();
    let cursor: Cursor = (part.at.0, part.rulebook_version, list, after.0, after.1, totals);
    URL_SAFE_NO_PAD.encode(json!(cursor).to_string())
}

fn read(text: &str, rulebook_version: i64) -> Option<(Timestamp, Position, BTreeMap<String, i64>)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (at, version, list, due, no, totals): Cursor = serde_json::from_slice(&bytes).ok()?;
    let is_one = version == rulebook_version && list <= 2 && totals.len() == TOTALS.len();
    let totals = TOTALS.into_iter().map(str::to_owned).zip(totals).collect();
    is_one.then_some((Timestamp(at), Position { list, after: (due, no) }, totals))
}
